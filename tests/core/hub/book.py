# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests with the second hub share: a repository like Systran's, and a download from start to end."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

from subtitle_editor.core.catalog.entries import Catalog, Entry, Source
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.events import End, Event, Failed
from subtitle_editor.core.hub.tokens import Token
from tests.hub_by_the_book.server import Hub, Seen

REPO = "Systran/faster-whisper-tiny"
_bytes = random.Random(7).randbytes
MODEL = _bytes(2_500_000)
TOKENIZER = _bytes(2_203_239)
"""As long as Systran's: large, and not in LFS."""
VOCABULARY = _bytes(460_000)
FILES = {"config.json": b'{"a": 1}', "tokenizer.json": TOKENIZER, "vocabulary.txt": VOCABULARY, "model.bin": MODEL}
WANTED = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")
ENTRY = Entry("tiny", "Tiny", "speech-to-text", 1, (Source(REPO, allow=WANTED),))


def stock(hub: Hub) -> str:
    """Put the repository into a hub; the answer is its commit."""
    return hub.add(REPO).commit({**FILES, "README.md": b"# Tiny\n"}, lfs=("*.bin",))


def download(
    endpoint: str,
    folder: Path,
    entry: Entry = ENTRY,
    said: Callable[[Event], object] = lambda event: None,
    revision: str | None = None,
    **options: Any,
) -> End:
    """Download with a manager; how it ended."""
    manager = DownloadManager(folder, endpoint=endpoint, catalog=Catalog((entry,)), **options)
    try:
        job = manager.enqueue(entry.id, revision)
        manager.wait(job, 60)
        ends = []
        for event in manager.drain():
            said(event)
            ends += [event] if isinstance(event, End) else []
        [end] = ends
        return end
    finally:
        manager.shutdown()


def code_of(end: End) -> str:
    """The code of the error that a download ended with; empty if it succeeded."""
    return end.error.code if isinstance(end, Failed) else ""


def contents(folder: Path) -> dict[str, bytes]:
    """The files of the one snapshot below a models folder."""
    [snapshot] = folder.glob("*s--*/snapshots/*")
    return {path.relative_to(snapshot).as_posix(): path.read_bytes() for path in snapshot.rglob("*") if path.is_file()}


def token(value: str = "hf_good") -> Token:
    """A token that the hub knows as Ada's."""
    return Token(value)


def asked_for(path: str) -> Callable[[Seen], bool]:
    """Whether a request is for a file, on either host: by the end of its path."""
    return lambda seen: seen.path.endswith(path)
