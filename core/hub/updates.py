# SPDX-License-Identifier: GPL-3.0-or-later
"""Which models have a newer version on the hub."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from ..catalog.entries import Entry
from ..errors.models import ModelNotInstalledError
from ..library import listing as listings
from ..library import marks as library_marks
from ..library import status
from ..library.layout import repository_folder
from .client import Hub
from .plan import Plan


def check_updates(hub: Hub, models_dir: Path, entry: Entry) -> library_marks.Newer | None:
    """Ask the hub whether a model has changed since it was installed; None if not. `status` remembers the answer,
    unless the folder cannot be written.

    Only the entry's own files count: a repository often changes nothing but its README. Blocks on the network and
    raises what `Hub.plan` raises, and ModelNotInstalledError.
    """
    if status.find(models_dir, entry) is None:
        raise ModelNotInstalledError(entry.id)
    found: list[library_marks.Newer] = []
    for source in entry.sources:
        folder = repository_folder(models_dir, source)
        snapshot = status.newest_snapshot(folder, source)
        plan = hub.plan(source, models_dir)
        newer = _difference(plan, snapshot) if snapshot else None
        marks = library_marks.read(folder)
        if marks.newer != newer:
            marks.newer = newer
            library_marks.remember(folder, marks)
        found += [newer] if newer else []
    return dataclasses.replace(found[0], size=sum(newer.size for newer in found)) if found else None


def _difference(plan: Plan, snapshot: Path) -> library_marks.Newer | None:
    if plan.commit == snapshot.name:
        return None
    listing = listings.published(plan.folder, snapshot.name)
    if listing is None:
        return library_marks.Newer(plan.commit, plan.bytes_total - plan.bytes_present)
    old = {name: file.digest for name, file in listing.items()}
    changed = [file for file in plan.files if old.get(file.path) != file.blob]
    gone = [name for name in old if plan.source.wants(name)]
    if not changed and set(gone) == {file.path for file in plan.files}:
        return None
    return library_marks.Newer(plan.commit, sum(file.size for file in changed if not file.present))
