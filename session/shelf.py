# SPDX-License-Identifier: GPL-3.0-or-later
"""What the models panel shows: read from the disk on a thread, filtered into rows, kept until something changes.

`draw()` reads what is kept here, never the disk, but for the catalogue if it is asked for before the first look has
read it. Everything runs on the main thread, except `_Look.run`.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system.logs import log
from . import choices
from .settings import Settings, get
from .state import jobs, now

if TYPE_CHECKING:
    from ..core.catalog.entries import Catalog, Entry
    from ..core.downloads.record import JobRecord
    from ..core.errors.catalog import CatalogError
    from ..core.events import State
    from ..core.library.leftovers import Leftover
    from ..core.library.rows import Details, Row
    from ..core.library.states import Installed, Status


class _Shelf:
    def __init__(self) -> None:
        self.known: Catalog | None = None
        self.statuses: dict[str, Status] = {}
        """Catalogue id to what is on the disk, as of the last look."""
        self.used: int = 0
        """Bytes that the models folder takes."""
        self.free: int | None = None
        """Bytes that are free there."""
        self.leftovers: tuple[Leftover, ...] = ()
        self.details: Details | None = None
        """Of the chosen model, as of the last look."""
        self.rows: tuple[Row, ...] = ()
        """The lines of the list."""
        self.hidden: int = 0
        """How many models the switch "missing" hides."""
        self.history: tuple[JobRecord, ...] = ()
        self.chosen: str = ""
        """The id of the chosen model: it stays chosen when the rows change."""
        self.pending: str = ""
        """The id of a model to choose as soon as it is among the rows."""
        self.looked_for: str = ""
        """The model whose details the last look has read, or tried to."""
        self.look: _Look | None = None
        self.again: bool = False
        """Look once more when the running look is done: something changed meanwhile."""
        self.writing: bool = False
        """The chosen line is being set by us."""


_shelf = _Shelf()


# For draw()


def rows() -> tuple[Row, ...]:
    """The lines of the list."""
    return _shelf.rows


def hidden() -> int:
    """How many models that the filter would show are hidden, because nothing of them is on the disk."""
    return _shelf.hidden


def chosen() -> Row | None:
    """The chosen row, if any is shown."""
    return next((row for row in _shelf.rows if row.id == _shelf.chosen), None)


def details(model: str) -> Details | None:
    """All about the chosen model; None until the disk has answered."""
    found = _shelf.details
    return found if found is not None and found.entry.id == model else None


def status(model: str) -> Status:
    """What is on the disk of a model, as of the last look."""
    found = _shelf.statuses.get(download_id(model))
    if found is not None:
        return found
    from ..core.library.states import ModelState, Status

    return Status(ModelState.MISSING)


def installed(model: str) -> Installed | None:
    """The complete model on the disk, as of the last look; None if it cannot be used as it is."""
    found = status(model)
    return found.installed if found.state.usable else None


def past_jobs() -> tuple[JobRecord, ...]:
    """The lines of the history."""
    return _shelf.history


def leftovers() -> tuple[Leftover, ...]:
    """What other programs have left unfinished in the models folder, as of the last look."""
    return _shelf.leftovers


def disk_use() -> tuple[int, int | None]:
    """Bytes that the models folder takes, and that are free there, if that is known."""
    return _shelf.used, _shelf.free


def problems() -> tuple[CatalogError, ...]:
    """What is wrong with the user's own catalogue."""
    return _shelf.known.problems if _shelf.known else ()


def entry_of(model: str) -> Entry | None:
    """The catalogue's entry, as of the last look."""
    try:
        return _known().get(model)
    except SubtitleEditorError:
        return None


def name_of(model: str) -> str:
    """What people call a model; its id when the catalogue no longer has it."""
    entry = entry_of(model)
    return entry.name if entry else model


def download_id(model: str) -> str:
    """The id under which a model is downloaded; its own when the catalogue no longer has it."""
    entry = entry_of(model)
    return entry.download_id if entry else model


def _known() -> Catalog:
    if _shelf.known is None:
        from ..core.catalog import reading

        _shelf.known = reading.load(get(bpy.context).user_catalog)
    return _shelf.known


# The disk


class _Look(threading.Thread):
    """One look at the disk. Made on the main thread; its results are there when it has ended."""

    def __init__(self, settings: Settings, wanted: str) -> None:
        super().__init__(name="subtitle models", daemon=True)
        self.known: Catalog | None = None
        self.statuses: dict[str, Status] = {}
        self.used = 0
        self.free: int | None = None
        self.leftovers: tuple[Leftover, ...] = ()
        self.details: Details | None = None
        self.recommended = ""
        """The speech model for this machine."""
        self.folder = settings.models_dir
        self._user_catalog = settings.user_catalog
        self.wanted = wanted

    def run(self) -> None:
        """Never raises: what cannot be read is not there."""
        try:
            self._read()
        except Exception:  # The top of a thread: nobody else would ever see it.
            log(__name__).exception("the models folder %s could not be read", self.folder)

    def _read(self) -> None:
        # Here, not above: they are not needed to register.
        from ..core.catalog import reading
        from ..core.library import layout, leftovers
        from ..core.library import rows as model_list
        from ..core.library import status as library
        from ..core.speech import fitting
        from ..core.system import machine
        from ..core.system.files import free_space

        known = reading.load(self._user_catalog)
        self.recommended = fitting.for_processor(machine.memory(), machine.cores())
        self.statuses = library.scan(self.folder, [entry for entry in known if not entry.alias_of])
        self.known = known
        entry = next((entry for entry in known if entry.id == self.wanted), None)
        if entry is not None:
            self.details = model_list.details(self.folder, entry, known)
        self.used = layout.usage(self.folder)
        self.leftovers = leftovers.find(self.folder)
        self.free = free_space(self.folder)


def look_now() -> None:
    """Look at the disk on this thread."""
    look = _Look(get(bpy.context), _shelf.chosen)
    look.run()
    _take(look)


def look_again() -> None:
    """Have the look that is under way followed by another."""
    _shelf.again = True


def step() -> bool:
    """Begin a look, or take what it found; whether all is done. Called by a timer, again until then."""
    if _shelf.look is None:
        _shelf.again = False
        _shelf.look = _Look(get(bpy.context), _shelf.chosen)
        _shelf.look.start()
        return False
    if _shelf.look.is_alive():
        return False
    _take(_shelf.look)
    _shelf.look = None
    return not _shelf.again


def is_stale() -> bool:
    """Whether another model was chosen since the last look, so that its details have to be read."""
    return bool(_shelf.chosen) and _shelf.chosen != _shelf.looked_for


def _take(look: _Look) -> None:
    _shelf.looked_for = look.wanted
    if look.known is None:
        return
    _shelf.known, _shelf.statuses = look.known, look.statuses
    _shelf.used, _shelf.free = look.used, look.free
    _shelf.leftovers = look.leftovers
    _shelf.details = look.details
    choices.offer(look.known, {model for model, found in look.statuses.items() if found.state.usable}, look.recommended)


# The lists


def rebuild(jobs: Sequence[JobRecord], history: Sequence[JobRecord]) -> None:
    """Make the rows anew: after a look, a change of the filter, or a job that changed its state. Memory only."""
    manager = bpy.context.window_manager
    if manager is None:  # Blender quits.
        return
    # Here, not above: it is not needed to register.
    from ..core.library import rows as model_list

    view = choices.view_of(manager)
    states: dict[str, State] = {download_id(record.model): record.state for record in jobs}
    kind = "" if view.kind == choices.ALL_KINDS else view.kind
    found = model_list.rows(_known(), _shelf.statuses, states, model_list.Filter(kind, view.search, view.show_missing))
    _shelf.rows, _shelf.hidden = found.rows, found.hidden
    _shelf.history = tuple(history)
    ids = [row.id for row in _shelf.rows]
    if [item.name for item in view.models] != ids:
        view.models.clear()
        for model in ids:
            view.models.add().name = model
    _resize(view.history, len(history))
    if _shelf.pending in ids:
        _shelf.chosen, _shelf.pending = _shelf.pending, ""
    if _shelf.chosen not in ids:
        _shelf.chosen = ids[min(max(view.model_index, 0), len(ids) - 1)] if ids else ""
    if ids and view.model_index != ids.index(_shelf.chosen):
        _shelf.writing = True
        view.model_index = ids.index(_shelf.chosen)
        _shelf.writing = False


def _resize(items: Any, length: int) -> None:
    while len(items) > length:
        items.remove(len(items) - 1)
    while len(items) < length:
        items.add()


def choose(model: str) -> None:
    """Make a model the chosen one when the rows are made next, or later, if it is not among them yet."""
    _shelf.pending = model


def line_chosen() -> bool:
    """The user chose a line: whether that is another model, so that its details have to be read."""
    index = choices.view_of(bpy.context.window_manager).model_index
    if _shelf.writing or not 0 <= index < len(_shelf.rows):
        return False
    before, _shelf.chosen = _shelf.chosen, _shelf.rows[index].id
    return before != _shelf.chosen


def reset() -> None:
    """Forget everything; the add-on is being disabled."""
    global _shelf
    _shelf = _Shelf()


def record_of(model: str) -> JobRecord | None:
    """The job, not yet ended, that fetches `model` or the model that it is another name of. Memory only."""
    wanted = download_id(model)
    return next((record for record in jobs() if download_id(record.model) == wanted), None)


def job_of(model: str) -> str | None:
    """The id of that job. Memory only."""
    record = record_of(model)
    return record.id if record is not None else None


def message_of(model: str) -> str:
    """What went wrong with this model's last download; empty when nothing did."""
    return now.messages.get(download_id(model), "")
