# SPDX-License-Identifier: GPL-3.0-or-later
"""The reading rules that there are to choose from: the built-in ones, and the user's own from their file.

The file is read when somebody first asks. What is added, changed or removed in the preferences holds at once and is
written on a thread, a change a moment later: a field is changed many times while a number is dragged. One thread writes
at a time, what is wanted when it begins: what was removed is not brought back by one that began before. What cannot be
written is told, holds all the same, and is tried again with the next change, and at the end. Main thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.subtitles.profiles import AUTO, DEFAULT_PROFILE, FOLLOWING, PROFILES
from ..core.system import user_folder
from ..core.system.logs import log
from . import screen, settings, state
from .choices import Item, number

if TYPE_CHECKING:
    from ..core.subtitles.own_profiles import Own
    from ..core.subtitles.profiles import Profile

SOON = 0.5
"""Seconds after the last change until it is written."""
PATIENCE = 2.0
"""Seconds that a disk may take before it is told that nothing is written, and that anybody waits for it."""

problem: str = ""
"""What was wrong with the file, or with writing it; for the preferences."""

_own: dict[str, Profile] | None = None
_items: list[Item] = []
"""Blender keeps no reference to the texts of a dynamic enum."""
_following: list[Item] = []
_kept: list[Item] = []
"""All items there ever were: a menu may be open while they change."""
_waiting: dict[str, Profile | None] = {}
"""Changed, and not known to be written; None: removed."""
_writer: _Writer | None = None
_untried = False
"""Something was changed since a writer began last."""


listeners: list[Callable[[], None]] = []
"""Called when a profile has changed."""


def _tell() -> None:
    for told in listeners:
        told()


def path() -> Path:
    """The file of the user's own."""
    return settings.user_dir() / user_folder.PROFILES


def own() -> Mapping[str, Profile]:
    """The user's own. Reads the disk the first time."""
    if _own is None:
        from ..core.subtitles import own_profiles

        _take(own_profiles.read(path()))
    assert _own is not None
    return _own


def known() -> dict[str, Profile]:
    """All of them by name."""
    return {**PROFILES, **own()}


def of(name: str) -> Profile:
    """The profile of a name; the default one where a file of somebody else names one that is not here."""
    if name == AUTO:
        return FOLLOWING
    return PROFILES.get(name) or own().get(name) or DEFAULT_PROFILE


def resolved(name: str, language: str) -> str:
    """The profile of that name, or the name of the one for the language."""
    from ..core.subtitles.profiles import resolved

    return resolved(of(name), language).name


def items(_self: Any = None, _context: Any = None) -> list[Item]:
    """For an enum that chooses one."""
    if not _items:
        _offer()
    return _items


def items_following(_self: Any = None, _context: Any = None) -> list[Item]:
    """The same, and first of all the one for the language that is spoken."""
    if not _items:
        _offer()
    return _following


def _take(found: Own) -> None:
    global _own, problem
    # What could not be written holds all the same.
    both = {**found.profiles, **_waiting}
    _own = {name: profile for name, profile in both.items() if profile is not None}
    problem = found.problems[0] if found.problems else ""
    _offer()


def _offer() -> None:
    _kept.extend(_items)
    _items[:] = [(name, one.label, one.summary, "NONE", number(name)) for name, one in known().items()]
    _kept.extend(_following)
    text = "The rules for the language that is spoken: Netflix's for English, Chinese, Japanese, Korean, and the others"
    _following[:] = [(AUTO, FOLLOWING.label, text, "NONE", number(AUTO)), *_items]


def add(profile: Profile) -> None:
    """Take a new one in, to be written at once. In background that is waited for: raises SubtitleEditorError, and
    nothing is changed then. In a window, and where the disk does not answer, it holds, and `problem` says what went
    wrong."""
    _want(profile.name, profile, 0.0)
    if bpy.app.background:
        _or_else(profile.name, None)
    _tell()


def remove(name: str) -> None:
    """Forget one of the user's own; tracks that have it get the one it was copied from. As `add`."""
    before = of(name)
    base = of(before.base).name
    users = [
        item
        for scene in bpy.data.scenes
        for item in (scene.subtitle_editor, *scene.subtitle_editor.tracks)  # type: ignore[attr-defined]
        if item.profile == name
    ]
    _want(name, None, 0.0)
    if bpy.app.background:
        _or_else(name, before)
    for item in users:
        item.profile = base
    _tell()


def change(profile: Profile) -> None:
    """Have one of the user's own be so from now on; it is written a moment later."""
    _want(profile.name, profile, SOON)
    _tell()
    if bpy.app.background:
        flush()


def _want(name: str, profile: Profile | None, wait: float) -> None:
    """Have the file hold this one, or none of this name. It holds from now on; `wait`: seconds until it is written."""
    global _untried
    _hold(name, profile)
    _waiting[name] = profile
    _untried = True
    if bpy.app.background:
        return
    if bpy.app.timers.is_registered(_write_soon):
        bpy.app.timers.unregister(_write_soon)
    bpy.app.timers.register(_write_soon, first_interval=wait, persistent=True)


def _hold(name: str, profile: Profile | None) -> None:
    own()
    assert _own is not None
    if profile is None:
        _own.pop(name, None)
    else:
        _own[name] = profile
    _offer()


def _or_else(name: str, before: Profile | None) -> None:
    """Write what waits; where that fails, have it as before. Raises SubtitleEditorError then."""
    from ..core.errors.disk import NotYetWrittenError

    error = flush()
    # A disk that does not answer may still take it: that holds, and `problem` says so.
    if error is not None and not isinstance(error, NotYetWrittenError):
        _waiting.pop(name, None)
        _hold(name, before)
        raise error


_file = threading.Lock()
"""Held by the thread that writes: one that the extension was disabled under may still be at it."""


class _Writer:
    """Writes profiles on a thread. What cannot be written waits for the next one."""

    def __init__(self, where: Path, profiles: dict[str, Profile | None]) -> None:
        self.profiles = profiles
        self.error: SubtitleEditorError | None = None
        self.began = time.monotonic()
        self._where = where
        self.thread = threading.Thread(target=self._write, name="profiles", daemon=True)
        self.thread.start()

    def _write(self) -> None:
        from ..core.subtitles import own_profiles

        try:
            with _file:
                own_profiles.change(self._where, self.profiles)
        except SubtitleEditorError as error:
            self.error = error
            log(__name__).warning("%s", error)


def _write_soon() -> float | None:
    """Called by Blender a moment after a change, and until that is written."""
    if _writer is not None and _writer.thread.is_alive():
        if time.monotonic() > _writer.began + PATIENCE:
            _say_not_yet()
        return SOON
    _end_writing()
    if not _untried:
        return None
    _begin_writing()
    return SOON


def _begin_writing() -> None:
    global _writer, _untried
    _untried = False
    _writer = _Writer(path(), dict(_waiting))


def _end_writing() -> SubtitleEditorError | None:
    """Take in what the writer has done; what went wrong."""
    global _writer
    if _writer is None:
        return None
    writer, _writer = _writer, None
    if writer.error is None:
        for name, profile in writer.profiles.items():
            if name in _waiting and _waiting[name] is profile:
                del _waiting[name]
    _say(writer.error)
    return writer.error


def _say(error: SubtitleEditorError | None) -> None:
    """Have the preferences and the status bar show what is not on the disk, and why; None: all is."""
    global problem
    said = str(error or "")
    if problem == state.now.unwritten == said:
        return
    problem = state.now.unwritten = said
    screen.show()


def _say_not_yet() -> SubtitleEditorError:
    from ..core.errors.disk import NotYetWrittenError  # Here, not above: it is not needed to register.

    error = NotYetWrittenError(path())
    if problem != str(error):
        log(__name__).warning("%s", error)
    _say(error)
    return error


def flush(seconds: float | None = None) -> SubtitleEditorError | None:
    """Write what waits, and wait for it so long at most, else PATIENCE: at the end, and in background. What went wrong;
    NotYetWrittenError where the disk does not answer. What is not on the disk then still waits."""
    if bpy.app.timers.is_registered(_write_soon):
        bpy.app.timers.unregister(_write_soon)
    deadline = time.monotonic() + (PATIENCE if seconds is None else seconds)
    if _is_over(deadline):
        _end_writing()
        if not _waiting:
            return None
        _begin_writing()
        if _is_over(deadline):
            return _end_writing()
    return _say_not_yet()


def _is_over(deadline: float) -> bool:
    """Wait for the writer; whether it has come to its end."""
    if _writer is not None:
        _writer.thread.join(max(0.0, deadline - time.monotonic()))
    return _writer is None or not _writer.thread.is_alive()


def begin_to_end() -> None:
    """Have what waits written from now on, without waiting for it: `forget` follows."""
    if _writer is not None and _writer.thread.is_alive():
        return
    _end_writing()
    if _waiting:
        _begin_writing()


def forget(seconds: float | None = None) -> None:
    """Write what waits, wait for it as `flush`, and know nothing. What the disk does not take by then is said in
    the log; its thread goes on for as long as the process does."""
    global _own, problem, _writer
    error = flush(seconds)
    if error is not None and _waiting:
        labels = ", ".join(name if profile is None else profile.label for name, profile in _waiting.items())
        log(__name__).error("not written: %s", labels)
        if _untried:  # By a thread that waits for the one which the disk does not answer.
            _begin_writing()
    _own, problem, _writer = None, "", None
    state.now.unwritten = ""
    _waiting.clear()
    _items.clear()
