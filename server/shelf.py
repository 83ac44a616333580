# SPDX-License-Identifier: GPL-3.0-or-later
"""What is on the disk, as of the last look: asking costs no disk, however often it is done.

A look is taken when the last one is older than `LASTS` seconds and somebody asks, and whenever something was changed
here. On the event loop's thread, but for the looks themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..core.catalog import reading
from ..core.catalog.entries import Catalog, Entry
from ..core.catalog.kinds import DATASET
from ..core.catalog.search import folded, searchable
from ..core.library import layout, rows, status
from ..core.library.states import ModelState, Status
from ..core.system.files import free_space
from ..core.text import Text
from . import answers
from .languages import said

log = logging.getLogger(__name__)

LASTS = 10.0
"""Seconds that a look is good for: so long another program's changes may stay unseen. A slow one is good for longer."""

_SHARE = 20.0
"""A look may take one twentieth of the time."""


@dataclasses.dataclass(frozen=True, eq=False)
class View:
    """One look: the catalogue, the states, and answers made of them."""

    known: Catalog
    statuses: Mapping[str, Status]
    used: int
    free: int | None
    taken: float
    """When, Unix seconds."""
    _kept: dict[tuple[str, ...], bytes] = dataclasses.field(default_factory=dict)

    def kept(self, key: tuple[str, ...], make: Callable[[], Any]) -> bytes:
        """A finished answer, made at the first question."""
        if key not in self._kept:
            if len(self._kept) > 500:  # Searches are as many as there are words.
                self._kept.clear()
            self._kept[key] = answers.encoded({"success": True, "data": make()})
        return self._kept[key]

    def row(self, entry: Entry, language: str) -> dict[str, Any]:
        """A model as `models list --json` prints it."""
        found = self.statuses.get(entry.download_id) or Status(ModelState.MISSING, bytes_total=entry.size)
        data = rows.as_dict(entry, found)
        data["description"] = said(Text(entry.description), language) if _is_plain(entry) else entry.description
        data["state"] = found.state.value
        data.setdefault("path", None)
        data.setdefault("revision", None)
        return data

    def rows(self, wanted: Wanted, language: str) -> list[dict[str, Any]]:
        """The models that fit, in the catalogue's order."""
        words = folded(wanted.search).split()
        found = []
        for entry in self.known:
            status = self.statuses.get(entry.download_id)
            state = status.state if status else ModelState.MISSING
            if (
                (wanted.datasets is not None and wanted.datasets != (entry.kind == DATASET))
                or wanted.kind not in ("", entry.kind)
                or (wanted.installed and not state.usable)
                or (wanted.missing and state.usable)
                or not all(word in searchable(entry) for word in words)
            ):
                continue
            found.append(self.row(entry, language))
        return found

    def installed(self) -> list[dict[str, Any]]:
        """What can be used, or is damaged: without what the catalogue says of it."""
        found = []
        for entry in self.known:
            status = self.statuses.get(entry.id)
            if entry.alias_of or status is None or status.installed is None:
                continue
            found.append(
                {
                    "id": entry.id,
                    "name": entry.name,
                    "kind": entry.kind,
                    "state": status.state.value,
                    "size": status.installed.size,
                    "path": str(status.installed.path.absolute()),
                    "revision": status.installed.revision,
                    "update": status.newer.commit if status.newer else None,
                }
            )
        return found


def _is_plain(entry: Entry) -> bool:
    """Whether a description may be taken for a template: braces in a user's own may be anything."""
    return not set(entry.description) & set("{}")


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """A filter."""

    kind: str = ""
    search: str = ""
    installed: bool = False
    missing: bool = False
    datasets: bool | None = None
    """Only datasets, or only what is none."""

    @property
    def key(self) -> tuple[str, ...]:
        """Under which an answer is kept."""
        return tuple(str(value) for value in dataclasses.astuple(self))


class Shelf:
    """Takes the looks, one at a time, each on a thread."""

    def __init__(self, models_dir: Path, user_catalog: Path, changed: Callable[[], None]) -> None:
        """`changed` is called when a look has found something else than the one before it."""
        self._models_dir = models_dir
        self._user_catalog = user_catalog
        self._changed = changed
        self._view: View | None = None
        self._good_until = 0.0
        self._look: asyncio.Task[View] | None = None
        self._again = False

    async def view(self, fresh: bool = False) -> View:
        """What is on the disk; at once, except at the first question and when it has to be `fresh`."""
        if self._view is None:
            return await asyncio.shield(self._looking())
        if fresh:
            self._again = self._look is not None
            while self._look is not None or self._again:
                await asyncio.shield(self._looking())
            return await asyncio.shield(self._looking())
        if time.monotonic() > self._good_until:
            self._looking()
        return self._view

    def stale(self) -> None:
        """Something was changed: look soon."""
        if self._look is not None:
            self._again = True
        else:
            self._looking()

    async def close(self) -> None:
        """Wait for the look that is under way."""
        if self._look is not None:
            with contextlib.suppress(Exception):
                await self._look

    def _looking(self) -> asyncio.Task[View]:
        if self._look is None:
            self._again = False
            self._look = asyncio.create_task(self._take())
        return self._look

    async def _take(self) -> View:
        began = time.monotonic()
        try:
            view = await asyncio.to_thread(read, self._models_dir, self._user_catalog)
        finally:
            self._look = None
        old, self._view = self._view, view
        took = time.monotonic() - began
        self._good_until = time.monotonic() + max(LASTS, took * _SHARE)
        if old is None or old.statuses != view.statuses or old.known is not view.known:
            self._changed()
        if self._again:
            self._looking()
        return view


def read(models_dir: Path, user_catalog: Path) -> View:
    """Look at the disk now. Blocks; never raises for what cannot be read: that is not there."""
    known = reading.load(user_catalog)
    statuses = status.scan(models_dir, (entry for entry in known if not entry.alias_of))
    used = layout.usage(models_dir)
    return View(known, statuses, used, free_space(models_dir), time.time())
