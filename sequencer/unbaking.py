# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles that were baked shown as text again. Main thread."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import bpy

from . import compat
from .baked import as_text, collections_of, id_of, is_picture
from .compat import Strip
from .cue import BAKED


class Unbaking:
    """Show subtitles as text again, also inside of metas, and take their pictures off the timeline. The files stay."""

    def __init__(self, scene: bpy.types.Scene, *, selected: bool = False) -> None:
        """`selected`: only those of which the text or the picture is selected. What is locked stays as it is, and what
        belongs to it. Changes nothing yet."""
        self.done = 0
        """Subtitles that are text again."""
        self.removed = 0
        """Pictures that were taken off, also those whose text is gone."""
        self.locked = 0
        """Subtitles that stay pictures, because something of them is locked."""
        self._texts: dict[str, list[Strip]] = {}
        self._pictures: dict[str, list[tuple[Any, Strip]]] = {}
        """What is to be removed, and from where. By the ids of the subtitles, as the texts are."""
        editor = scene.sequence_editor
        if editor is not None:
            self._stay = {_given(strip) for strip, stays in compat.with_locks(editor) if stays} - {""}
            self._find_texts(editor, selected)
            for collection in collections_of(editor):
                self._find_pictures(collection, selected)

    @property
    def number(self) -> int:
        """How many subtitles there are to do."""
        return sum(map(len, self._texts.values()))

    @property
    def total(self) -> int:
        """How many steps there are."""
        return len(self._texts.keys() | self._pictures.keys())

    def steps(self) -> Generator[int, None, int]:
        """Do it, a subtitle and its pictures a step; how many are text again."""
        for number, given in enumerate(dict.fromkeys((*self._texts, *self._pictures)), 1):
            yield number
            for strip in self._texts.get(given, ()):
                as_text(strip)
                self.done += 1
            for collection, strip in self._pictures.get(given, ()):
                collection.remove(strip)
                self.removed += 1
        return self.done

    def _find_texts(self, owner: Any, selected: bool) -> None:
        collection = compat.strips_of(owner)
        chosen = {id_of(strip) for strip in collection if is_picture(strip) and strip.select}
        for strip in collection:
            if strip.type == "META":
                self._find_texts(strip, selected and not strip.select)
            elif strip.type == "TEXT" and BAKED in strip:
                given = str(strip[BAKED])
                if selected and not strip.select and given not in chosen:
                    continue
                if given in self._stay:
                    self.locked += 1
                else:
                    self._texts.setdefault(given, []).append(strip)

    def _find_pictures(self, collection: Any, selected: bool) -> None:
        names = {strip.name for found in self._texts.values() for strip in found}
        baked = (strip for strip in collection if strip.type == "TEXT" and BAKED in strip)
        stay = self._stay | {str(strip[BAKED]) for strip in baked if strip.name not in names}
        for strip in collection:
            if is_picture(strip) and id_of(strip) not in stay and (not selected or id_of(strip) in self._texts):
                self._pictures.setdefault(id_of(strip), []).append((collection, strip))


def _given(strip: Strip) -> str:
    """The id of the subtitle that a text or a picture is of; empty for others."""
    if is_picture(strip):
        return id_of(strip)
    return str(strip[BAKED]) if strip.type == "TEXT" and BAKED in strip else ""
