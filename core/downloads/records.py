# SPDX-License-Identifier: GPL-3.0-or-later
"""What a download leaves behind for the library: what it is going to fetch, and what it has compared.

Called by the thread that downloads. What cannot be remembered is no reason for a download to fail.
"""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from ..hub.plan import LARGE, Plan, PlannedFile
from ..library import layout, listing, status
from ..library import marks as library_marks
from ..system.files import disk_error, is_same, write

log = logging.getLogger(__name__)


def record_plan(plan: Plan) -> None:
    """Remember what a download is going to fetch, so that an interrupted one is known file by file. Never raises."""
    files = {file.path: listing.Published(file.size, file.blob) for file in plan.files}
    planned = library_marks.Planned(plan.commit, files)
    try:
        marks = library_marks.read(plan.folder)
        if marks.planned != planned:
            marks.planned = planned
            library_marks.write(plan.folder, marks)
    except OSError as error:
        log.info("the plan of %s is not remembered: %s", plan.source.repo, error)


def record_file(plan: Plan, file: PlannedFile) -> None:
    """Remember that a file arrived and has the published hash: the download may be interrupted before the last one.

    Never raises.
    """
    if not file.has_hash:
        return
    try:
        marks = library_marks.read(plan.folder)
        marks.set(plan.snapshot, file.path, file.target.stat(), True)
        library_marks.write(plan.folder, marks)
    except OSError as error:
        log.info("the check of %s is not remembered: %s", file.path, error)


def record_download(plan: Plan) -> None:
    """Remember what a finished download has compared: files on their way, small ones that were there now.

    What was there before the download keeps the mark it had. Never raises: the download has succeeded all the same.
    """
    try:
        marks = library_marks.read(plan.folder)
        for file in plan.files:
            path = plan.snapshot / file.path
            if file.has_hash and (not file.present or _was_copied(file, path)):
                # It was compared when it came, or it would not be there.
                marks.set(plan.snapshot, file.path, path.stat(), True)
            elif file.has_hash and file.size < LARGE and not plan.source.is_direct:
                # Reading what is small costs nothing.
                like = listing.Published(file.size, file.blob)
                digest, found = listing.digest(path, like, lambda _: None)
                marks.set(plan.snapshot, file.path, found, digest == file.blob)
            else:
                _carry_over(marks, plan, file.path)
        if marks.newer and marks.newer.commit == plan.commit:
            marks.newer = None
        marks.planned = None
        library_marks.write(plan.folder, marks)
    except OSError as error:
        log.info("the check of %s is not remembered: %s", plan.source.repo, error)


def _was_copied(file: PlannedFile, path: Path) -> bool:
    """Whether the file is a copy of one in another version, which was compared while it was copied. A link, or a second
    name of the other, is none."""
    try:
        return file.origin is not None and not path.is_symlink() and path.stat().st_nlink == 1
    except OSError:
        return False


def _carry_over(marks: library_marks.Marks, plan: Plan, name: str) -> None:
    """A file that another snapshot, or another name, shares was compared with the same hash there."""
    found = (plan.snapshot / name).stat()
    if marks.of(plan.commit, name, found):
        return
    for commit, rows in list(marks.files.items()):
        for other, mark in list(rows.items()):
            if mark.whole and (mark.size, mark.mtime_ns) == (found.st_size, found.st_mtime_ns):
                with contextlib.suppress(OSError):
                    if is_same(plan.folder / "snapshots" / commit / other, plan.snapshot / name):
                        marks.set(plan.snapshot, name, found, True)
                        return


def record_revision(plan: Plan) -> None:
    """Note that the branch or tag stands for the plan's commit, as huggingface_hub does: other programs find it so.

    Raises FolderNotWritableError, NoSpaceError where the snapshot would not be found without the note. Where it is, a
    model whose bytes are all there is no failure for the lack of a few more.
    """
    name = plan.source.revision or "main"
    if name == plan.commit or layout.read_ref(plan.folder, name) == plan.commit:
        return
    try:
        _write_ref(plan, name)
    except OSError as error:
        found = status.newest_snapshot(plan.folder, plan.source)
        if found is None or found.name != plan.commit:
            raise disk_error(plan.folder, error) from error
        log.warning("%s of %s is not noted: %s", name, plan.source.repo, error)


def _write_ref(plan: Plan, name: str) -> None:
    ref = plan.folder.joinpath("refs", *name.split("/"))
    ref.parent.mkdir(parents=True, exist_ok=True)
    write(ref, plan.commit.encode())
