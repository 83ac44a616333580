# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the scan of a models folder takes: `python3 dev.py bench library`.

Makes 200 installed models (four files each, linked to blobs, with listing and marks; every tenth is a bundle of two
repositories) and scans them. Prints the time beside that of a bare `os.walk` with a stat of each file over the same
folder, in turns: what the disk alone costs.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from _measure import median

from subtitle_editor.core.catalog import entries as catalog
from subtitle_editor.core.catalog import reading
from subtitle_editor.core.library import layout
from subtitle_editor.core.library import marks as library_marks
from subtitle_editor.core.library import status as library

FILES = {"config.json": 2_000, "tokenizer.json": 2_000, "vocabulary.txt": 2_000, "model.bin": 100_000}


def make_models(folder: Path, count: int) -> list[catalog.Entry]:
    """`count` installed models, each in a repository of its own, or in two."""
    tiny = reading.load().get("tiny")
    entries = []
    for number in range(count):
        names = [f"bench/model-{number}", f"bench/more-{number}"][: 1 if number % 10 else 2]
        sources = tuple(dataclasses.replace(tiny.sources[0], repo=name) for name in names)
        entries.append(dataclasses.replace(tiny, id=f"model-{number}", sources=sources))
        for source in sources:
            make_model(layout.repository_folder(folder, source))
    return entries


def make_model(folder: Path) -> None:
    """One repository as huggingface_hub lays it out, with the marks of a verified download."""
    commit = hashlib.sha1(folder.name.encode(), usedforsecurity=False).hexdigest()
    snapshot = folder / "snapshots" / commit
    for place in (folder / "blobs", folder / "refs", folder / "trees", snapshot):
        place.mkdir(parents=True)
    (folder / "refs" / "main").write_text(commit, encoding="utf-8")
    marks, listing = library_marks.Marks(), {}
    for name, size in FILES.items():
        blob = hashlib.sha256(name.encode()).hexdigest()
        (folder / "blobs" / blob).write_bytes(bytes(size))
        os.symlink(f"../../blobs/{blob}", snapshot / name)
        marks.set(snapshot, name, (snapshot / name).stat(), True)
        listing[name] = {"size": size, "blob_id": blob, "lfs_sha256": blob, "lfs_size": size}
    text = json.dumps({"format_version": 1, "files": listing})
    (folder / "trees" / f"{commit}.json").write_text(text, encoding="utf-8")
    library_marks.write(folder, marks)


def walk(folder: Path) -> int:
    """Every file's size, with nothing made of it."""
    return sum(os.stat(os.path.join(root, name)).st_size for root, _, names in os.walk(folder) for name in names)


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        entries = make_models(folder, options.models)
        found = library.scan(folder, entries)
        states = sorted({status.state for status in found.values()})
        ours, bare = [], []
        for _ in range(options.rounds):
            ours.append(timed(lambda: library.scan(folder, entries)))
            bare.append(timed(lambda: walk(folder)))
    print(f"{options.models} models ({', '.join(states)}): scan {median(ours) * 1000:.1f} ms, the slowest of")
    print(f"{options.rounds} {max(ours) * 1000:.1f} ms; bare walk {median(bare) * 1000:.1f} ms; ", end="")
    print(f"ratio {median(ours) / median(bare):.2f}")


if __name__ == "__main__":
    main()
