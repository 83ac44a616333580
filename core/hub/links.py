# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots, linked as huggingface_hub links them; and files from addresses of their own, kept in the same way.

So everything that looks after repositories (find, verify, repair, delete, count) looks after direct files too. What the
hub tells about a repository, the catalogue tells of them: sizes and hashes. The commit is made up of them.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
from pathlib import Path

from ..catalog.entries import Source
from ..library.layout import repository_folder
from ..library.listing import listing, published, write_listing
from ..system.files import disk_error, is_same, remove, replace
from .kept import Kept, planned
from .plan import Plan, PlannedFile, links_supported, size_on_disk

log = logging.getLogger(__name__)


def plan(source: Source, models_dir: Path) -> Plan:
    """What is to be fetched of direct files, without a request. Raises FolderNotWritableError, NoSpaceError."""
    folder, commit = repository_folder(models_dir, source), source.revision or ""
    linking, kept = links_supported(models_dir), Kept(folder)
    files = []
    for link in source.links:
        blob = folder / "blobs" / link.sha256
        file = PlannedFile(link.path, link.size, link.sha256, link.sha256, link.url, blob, False)
        files.append(planned(file, folder / "snapshots" / commit, linking, kept))
    return Plan(source, commit, folder, tuple(files))


def finish(plan: Plan) -> Path:
    """Link the files, which are all there, into the snapshot, and write the listing beside it; return the snapshot.

    Raises NoSpaceError, FolderNotWritableError.
    """
    try:
        for file in plan.files:
            _link(plan, file)
    except OSError as error:
        raise disk_error(plan.folder, error) from error
    _keep_listing(plan)
    return plan.snapshot


def _keep_listing(plan: Plan) -> None:
    """Write the listing, unless it is there. Never raises: the files are all there, and can be used without."""
    known = published(plan.folder, plan.commit)
    if known is not None and all(file.path in known for file in plan.files):
        return
    # Of a mirror that lists names alone each entry knows its own files.
    files = {**(known or {}), **(listing(plan.source) if plan.source.links else plan.listing)}
    try:
        write_listing(plan.folder, plan.commit, files, made_up=plan.source.is_direct)
    except OSError as error:
        log.warning("the listing of %s is not kept: %s", plan.source.repo, error)


def _link(plan: Plan, file: PlannedFile) -> None:
    place = plan.snapshot.joinpath(*file.path.split("/"))
    if size_on_disk(place) == file.size and _leads_to(place, file.target):
        return
    if file.target == place or size_on_disk(file.target) != file.size:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file.target))  # Somebody has removed it.
    place.parent.mkdir(parents=True, exist_ok=True)
    way = os.path.relpath(file.target, place.parent)
    with contextlib.suppress(FileExistsError):
        place.symlink_to(way)  # Nothing to rename, so no program to wait for, one file after the other.
        return
    beside = place.with_name(f".{secrets.token_hex(8)}.tmp")
    beside.symlink_to(way)
    try:
        replace(beside, place)  # Another program may do the same at this moment.
    except OSError:
        remove(beside)
        raise


def _leads_to(place: Path, target: Path) -> bool:
    if place == target:  # Not asked of the disk: some give a file another number each time.
        return True
    try:
        return is_same(place, target)
    except OSError:
        return True  # There is no blob, only this: on a disk without links, for example.
