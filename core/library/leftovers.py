# SPDX-License-Identifier: GPL-3.0-or-later
"""What other programs have left unfinished in a models folder: Hugging Face's own downloads, broken off.

huggingface_hub fetches into `blobs/<hash>.<random>.incomplete`, begins anew each time and, when it is killed, never
looks at the old one again: gigabytes that nobody lists. Ours are `library.own_partials`, which a download goes on with.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import stat
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..system import files
from ..system.locks import is_locked
from ..text import plain

SUFFIX = ".incomplete"

_QUIET = 60.0
"""Seconds without a change after which nobody is taken to be writing."""

_LOCKS = ".locks"
"""Below the models folder: where huggingface_hub locks a blob while it fetches it."""

_KINDS = ("models--", "datasets--", "spaces--")


@dataclasses.dataclass(frozen=True, slots=True)
class Leftover:
    """One unfinished file of another program."""

    path: Path
    repo: str
    """As the command line names it: `owner/name`, `datasets/owner/name`."""
    size: int
    """Bytes."""
    changed: float
    """Unix seconds."""
    in_use: bool
    """Somebody writes it, or did a moment ago."""

    def as_dict(self) -> dict[str, object]:
        """As `models leftovers --json` prints it."""
        return {
            "path": plain(os.path.abspath(self.path)),
            "repository": self.repo,
            "size": self.size,
            "changed": round(self.changed, 3),
            "in_use": self.in_use,
        }


def find(models_dir: Path) -> tuple[Leftover, ...]:
    """All of them, the largest first. Never raises: what cannot be read is not there. Not for `draw()`."""
    found = [one for folder in _repositories(models_dir) for one in _of(models_dir, folder)]
    return tuple(sorted(found, key=lambda one: (-one.size, one.path)))


def remove(models_dir: Path, leftovers: Iterable[Leftover]) -> tuple[int, tuple[Leftover, ...]]:
    """Delete them: the bytes freed, and those that stay because they are in use now.

    Only what `find` would find again is touched. Raises FolderNotWritableError.
    """
    freed, kept = 0, []
    there = {one.path: one for one in find(models_dir)}
    for one in leftovers:
        now = there.get(one.path)
        if now is None:
            continue
        if now.in_use:
            kept.append(now)
            continue
        try:
            files.remove(now.path)
        except OSError as error:
            raise files.disk_error(now.path.parent, error) from error
        freed += now.size
    return freed, tuple(kept)


def _repositories(models_dir: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return [path for path in models_dir.iterdir() if path.name.startswith(_KINDS) and not path.is_symlink()]
    return []


def _of(models_dir: Path, folder: Path) -> Iterator[Leftover]:
    kind, *words = folder.name.split("--")
    repo = "/".join(words if kind == "models" else [kind, *words])
    for root, _, names in files.tree(folder):
        for name in names:
            path = Path(root, name)
            if not name.endswith(SUFFIX):
                continue
            with contextlib.suppress(OSError):
                state = path.lstat()
                if stat.S_ISREG(state.st_mode):
                    lock = models_dir / _LOCKS / folder.name / f"{name.split('.')[0]}.lock"
                    in_use = abs(time.time() - state.st_mtime) < _QUIET or is_locked(lock)
                    yield Leftover(path, repo, state.st_size, state.st_mtime, in_use)
