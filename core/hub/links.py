# SPDX-License-Identifier: GPL-3.0-or-later
"""Files from addresses of their own, kept on the disk as huggingface_hub keeps those of a repository.

So everything that looks after repositories (find, verify, repair, delete, count) looks after these too. What the hub
tells about a repository, the catalogue tells here: sizes and hashes. The commit is made up of them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..catalog.entries import Source
from ..library.layout import repository_folder
from ..library.listing import write_listing

if TYPE_CHECKING:
    from .plan import Plan

from ..library.listing import listing


def plan(source: Source, models_dir: Path) -> Plan:
    """What is to be fetched, without a request. Raises FolderNotWritableError, NoSpaceError."""
    from .plan import Plan, PlannedFile, links_supported

    folder, commit = repository_folder(models_dir, source), source.revision or ""
    linking = links_supported(models_dir)
    files = []
    for link in source.links:
        in_snapshot = folder.joinpath("snapshots", commit, *link.path.split("/"))
        target = folder / "blobs" / link.sha256 if linking else in_snapshot
        present = any(_size(path) == link.size for path in (target, in_snapshot))
        files.append(PlannedFile(link.path, link.size, link.sha256, link.sha256, link.url, target, present))
    return Plan(source, commit, folder, tuple(files))


def finish(plan: Plan) -> Path:
    """Link the files, which are all there, into the snapshot, and write the listing beside it. Raises OSError."""
    for file in plan.files:
        place = plan.snapshot.joinpath(*file.path.split("/"))
        place.parent.mkdir(parents=True, exist_ok=True)
        if _size(place) != file.size:
            place.unlink(missing_ok=True)
            place.symlink_to(os.path.relpath(file.target, place.parent))
    write_listing(plan.folder, plan.commit, listing(plan.source), made_up=True)
    return plan.snapshot


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
