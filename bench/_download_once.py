# SPDX-License-Identifier: GPL-3.0-or-later
"""One whole download in a process of its own, for bench/download.py to time: ours, or `snapshot_download`'s.

python bench/_download_once.py ours|hub|imports ENDPOINT FOLDER CONNECTIONS
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

REPO = "bench/big"


def ours(endpoint: str, folder: Path, connections: int) -> None:
    """Everything a user's click does: plan, disk check, transfer, SHA-256, finish."""
    from subtitle_editor.core.catalog import Catalog, Entry, Source
    from subtitle_editor.core.download_manager import DownloadManager
    from subtitle_editor.core.events import End, Failed

    entry = Entry(id="bench", name="Bench", kind="bench", size=0, sources=(Source(REPO),))
    manager = DownloadManager(folder, endpoint=endpoint, catalog=Catalog((entry,)), connections=connections)
    job = manager.enqueue("bench")
    while True:
        ended = manager.wait(job, 0.1)
        for event in manager.drain():
            if isinstance(event, Failed):
                raise event.error
            if isinstance(event, End):
                assert ended
                return


def hub(endpoint: str, folder: Path) -> None:
    """huggingface_hub alone, over plain HTTP as our files are."""
    os.environ.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1")
    from huggingface_hub import snapshot_download

    snapshot_download(REPO, cache_dir=folder, endpoint=endpoint, token=False)


def imports() -> None:
    """The floor for memory: the interpreter with all that a download imports, and no download."""
    import huggingface_hub.hf_api  # noqa: F401
    import truststore  # noqa: F401
    import urllib3  # noqa: F401
    from huggingface_hub import snapshot_download  # noqa: F401

    from subtitle_editor.core import download_manager, transfer_http, transfer_work  # noqa: F401


if __name__ == "__main__":
    which, endpoint, folder, connections = sys.argv[1:5]
    match which:
        case "ours":
            ours(endpoint, Path(folder), int(connections))
        case "hub":
            hub(endpoint, Path(folder))
        case "imports":
            imports()
