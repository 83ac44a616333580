# SPDX-License-Identifier: GPL-3.0-or-later
"""Which subtitles have letters that the font chosen for them has not: Blender draws a box for each, of which nobody
hears before the film is rendered. And fonts whose file is not there, for which Blender draws its own.

What a font has is read on a thread; in background, where timers never tick, at once. Main thread, but for the reading.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import bpy

from ..core.text import Text, counted
from ..sequencer import compat
from ..sequencer.compat import Strip

SHOWN = 4
"""Letters of each font that are named."""
AGAIN = 5.0
"""Seconds until it is looked whether a font's file is still what it was."""
_SOON = 0.1
"""Seconds until it is looked whether a thread is done."""
_PIECE = 50
"""Subtitles between two rests."""
_BUILT_IN = "<builtin>"
"""What Blender calls the file of the font of its text objects, which TEXT strips do not draw."""


class Lacking(NamedTuple):
    """What is wrong with one font of the track."""

    font: str
    subtitles: int
    """Those with letters that it has not; where its file is not there, all that have it."""
    letters: tuple[str, ...] = ()
    """Some of these letters; none where its file is not there."""

    @property
    def told(self) -> Text:
        """What to say of it."""
        about = {"font": self.font, "subtitles": counted(self.subtitles)}
        if not self.letters:
            return Text("The file of the font {font} is not there. Blender draws its own font: {subtitles}.", **about)
        return Text("The font {font} lacks letters, and Blender draws boxes: {subtitles}.", **about)

    @property
    def named(self) -> str:
        """The letters, to be shown in a line of their own; what nobody would see by its number."""
        return "  ".join(char if char.isprintable() else f"U+{ord(char):04X}" for char in self.letters)


class _Font(NamedTuple):
    """What a font file was when it was looked at last."""

    letters: frozenset[str] | None
    """None: nobody can say."""
    is_there: bool
    stamp: object
    looked: float = 0.0


_Key = tuple[int, str, int]


class _Known:
    def __init__(self) -> None:
        self.fonts: dict[_Key, _Font] = {}
        self.looking: set[_Key] = set()
        self.found: deque[tuple[_Key, _Font]] = deque()
        """What threads have read."""
        self.tell: Callable[[], None] = lambda: None


_known = _Known()


def look(strips: Iterable[Strip], found: list[Lacking], tell: Callable[[], None]) -> Iterator[None]:
    """Put into `found` what is wrong with the fonts of some subtitles, bit by bit. Muted ones are not drawn. `tell` is
    called when it is worth to look again, because a thread has read a font."""
    _known.tell = tell
    fonts: dict[int, _Font | None] = {}
    wrong: dict[int, Lacking] = {}
    for number, strip in enumerate(strips):
        if (font := strip.font) is not None and not strip.mute:
            uid = font.session_uid
            if uid not in fonts:
                fonts[uid] = _of(font)
            known = fonts[uid]
            lost = _lost(strip.text, known)
            if lost or (known is not None and not known.is_there):
                before = wrong.get(uid) or Lacking(font.name, 0)
                letters = tuple(dict.fromkeys((*before.letters, *lost)))[:SHOWN]
                wrong[uid] = Lacking(before.font, before.subtitles + 1, letters)
        if number % _PIECE == 0:
            yield
    found += wrong.values()


def _lost(text: str, font: _Font | None) -> list[str]:
    """The letters that boxes are drawn for: all that it has not, also those that nobody sees elsewhere; of control
    characters Blender draws nothing."""
    if font is None or font.letters is None or compat.looks_in_others():
        return []
    known = font.letters
    return [char for char in text if char not in known and char >= " "]


def _of(font: bpy.types.VectorFont) -> _Font | None:
    """What is known of a font's file; None at first. A thread looks at it."""
    path = bpy.path.abspath(font.filepath, library=font.library)
    packed: Any = font.packed_file
    key = font.session_uid, path, packed.size if packed is not None else 0
    known = _known.fonts.get(key)
    is_old = known is None or (packed is None and time.monotonic() - known.looked > AGAIN)
    if is_old and key not in _known.looking and font.filepath != _BUILT_IN:
        _known.looking.add(key)
        work = threading.Thread(
            target=_read,
            args=(key, path, packed.data if packed is not None else None, known, _known.found),
            name="letters of a font",
            daemon=True,
        )
        work.start()
        if bpy.app.background:
            work.join()
            _take()
        elif not bpy.app.timers.is_registered(_take):
            bpy.app.timers.register(_take, first_interval=_SOON, persistent=True)
    return _known.fonts.get(key)


def _read(key: _Key, path: str, packed: bytes | None, before: _Font | None, told: deque[tuple[_Key, _Font]]) -> None:
    """On a thread."""
    import logging
    import os

    from ..core.picture import coverage

    found = _Font(None, True, None)
    try:
        if packed is None:
            state = os.stat(path)
            found = found._replace(stamp=(state.st_mtime_ns, state.st_size))
        if before is not None and before.stamp == found.stamp:
            found = before
        else:
            found = found._replace(letters=coverage.letters(path, packed))
    except FileNotFoundError:
        found = _Font(None, False, None)
    except Exception:  # What FreeType reads and HarfBuzz does not, such as Type 1; or what nobody reads.
        logging.getLogger(__name__).info("nobody knows the letters of %s", path, exc_info=True)
    finally:
        told.append((key, found))


def _take() -> float | None:
    """Called by Blender while fonts are read: take what threads have found."""
    is_news = False
    while _known.found:
        key, found = _known.found.popleft()
        before = _known.fonts.get(key)
        is_news |= before is None or before[:2] != found[:2]
        _known.fonts[key] = found._replace(looked=time.monotonic())
        _known.looking.discard(key)
    if is_news and not bpy.app.background:
        _known.tell()
    return _SOON if _known.looking else None


def forget() -> None:
    """Know nothing any more."""
    global _known
    if bpy.app.timers.is_registered(_take):
        bpy.app.timers.unregister(_take)
    _known = _Known()
