# SPDX-License-Identifier: GPL-3.0-or-later
"""One whole download in a process of its own, for bench/download.py to time: ours, or `snapshot_download`'s.

python bench/_download_once.py ours|hub|imports ENDPOINT FOLDER CONNECTIONS
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

REPO = "bench/big"


def ours(endpoint: str, folder: Path, connections: int) -> None:
    """Everything a user's click does: plan, disk check, transfer, SHA-256, finish."""
    from subtitle_editor.core.catalog.entries import Catalog, Entry, Source
    from subtitle_editor.core.download_manager import DownloadManager
    from subtitle_editor.core.events import End, Failed

    entry = Entry(id="bench", name="Bench", kind="bench", size=0, sources=(Source(REPO),))
    manager = DownloadManager(folder, endpoint=endpoint, catalog=Catalog((entry,)), connections=connections)
    job = manager.enqueue("bench")
    while True:
        manager.wait(job, 0.1)
        for event in manager.drain():
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, End):
                return


def hub(endpoint: str, folder: Path) -> None:
    """huggingface_hub alone, over plain HTTP as our files are."""
    from huggingface_hub import snapshot_download

    snapshot_download(REPO, cache_dir=folder, endpoint=endpoint, token=False)


def peak() -> int:
    """The most memory that was resident, in bytes.

    The system's figure for an ended child may be that of the process that started it, from before it became this one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Print the seconds and processor seconds of the job alone, as JSON: in Blender, Python runs already."""
    began, busy = time.perf_counter(), time.process_time()
    yield
    seconds, cpu = time.perf_counter() - began, time.process_time() - busy
    print(json.dumps({"seconds": seconds, "cpu": cpu, "memory": peak()}))


def imports() -> None:
    """The floor for memory: the interpreter with all that a download imports, and no download."""
    import huggingface_hub.hf_api  # noqa: F401
    import truststore  # noqa: F401
    import urllib3  # noqa: F401
    from huggingface_hub import snapshot_download  # noqa: F401

    from subtitle_editor.core.transfer import http, work  # noqa: F401


if __name__ == "__main__":
    which, endpoint, folder, connections = sys.argv[1:5]
    os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
    imports()
    with told():
        match which:
            case "ours":
                ours(endpoint, Path(folder), int(connections))
            case "hub":
                hub(endpoint, Path(folder))
