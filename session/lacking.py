# SPDX-License-Identifier: GPL-3.0-or-later
"""Which subtitles have letters that the font chosen for them has not: Blender draws a box for each, of which nobody
hears before the film is rendered. And fonts whose file is not there, for which Blender draws its own.

What a font has is read on a thread; in background, where timers never tick, at once. Main thread, but for the reading.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import bpy

from ..core.system.logs import log
from ..core.text import Text, counted
from ..sequencer import compat
from ..sequencer.compat import Strip
from .looking import Looking

SHOWN = 4
"""Letters of each font that are named."""
AGAIN = 5.0
"""Seconds until it is looked whether a font's file is still what it was."""
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
_Wanted = tuple[str, bytes | None, _Font | None]
"""Where a font's file is, its bytes if it is packed, and what it was before."""


class _Known:
    def __init__(self) -> None:
        self.fonts: dict[_Key, _Font] = {}
        self.wanted: dict[_Key, _Wanted] = {}
        """What is to be read, and what is being read."""
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
    if _known.wanted and _looking.look is None:
        wanted = dict(_known.wanted)
        _looking.begin(lambda: {key: _read(*what) for key, what in wanted.items()})


def _lost(text: str, font: _Font | None) -> list[str]:
    """The letters that boxes are drawn for: all that it has not, also those that nobody sees elsewhere; of control
    characters Blender draws nothing."""
    if font is None or font.letters is None or compat.looks_in_others():
        return []
    known = font.letters
    return [char for char in text if char not in known and char >= " "]


def _of(font: bpy.types.VectorFont) -> _Font | None:
    """What is known of a font's file; in a window None at first."""
    path = bpy.path.abspath(font.filepath, library=font.library)
    packed: Any = font.packed_file
    key = font.session_uid, path, packed.size if packed is not None else 0
    known = _known.fonts.get(key)
    is_old = known is None or (packed is None and time.monotonic() - known.looked > AGAIN)
    if is_old and key not in _known.wanted and font.filepath != _BUILT_IN:
        _known.wanted[key] = path, packed.data if packed is not None else None, known
        if bpy.app.background:
            _take({key: _read(*_known.wanted[key])})
    return _known.fonts.get(key)


def _read(path: str, packed: bytes | None, before: _Font | None) -> _Font:
    """What a font's file is. On a thread."""
    from ..core.picture import coverage

    found = _Font(None, True, None)
    try:
        if packed is None:
            state = os.stat(path)
            found = found._replace(stamp=(state.st_mtime_ns, state.st_size))
        if before is not None and before.stamp == found.stamp:
            return before
        return found._replace(letters=coverage.letters(path, packed))
    except FileNotFoundError:
        return _Font(None, False, None)
    except Exception:  # What FreeType reads and HarfBuzz does not, such as Type 1; or what nobody reads.
        log(__name__).info("nobody knows the letters of %s", path, exc_info=True)
        return found


def _take(found: dict[_Key, _Font]) -> None:
    """Take what was read."""
    is_news = False
    for key, font in found.items():
        before = _known.fonts.get(key)
        is_news |= before is None or before[:2] != font[:2]
        _known.fonts[key] = font._replace(looked=time.monotonic())
        _known.wanted.pop(key, None)
    # Others may have come while these were read.
    if (is_news or _known.wanted) and not bpy.app.background:
        _known.tell()


_looking = Looking("letters of fonts", _take)


def forget() -> None:
    """Know nothing any more."""
    global _known
    _looking.forget()
    _known = _Known()
