# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on in other languages, through Blender's own tables: its Preferences > Interface > Translation decide.

A language is a file `xx.po` here, which a translator edits, and a module `xx.py`, which `python3 dev.py strings
--write` makes of it: what Blender can take as it is, with Persian already in the order in which it is drawn.

Blender translates constant labels, tooltips and reports by itself. The functions here are for what is composed at run
time: a Text is looked up by its template, any other text as it is. What they return is ready to draw and not to be
cut or joined any more. Translating twice does no harm. Main thread only.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import bpy

from ..core.right_to_left import drawn, lines
from ..core.text import Text

LANGUAGES = ("de", "fa")
"""Where Blender's "de_DE" has no texts, it takes those of "de"."""

_loaded = ""
"""The language that Blender has been given."""


def translated(text: str) -> str:
    """An error, notice or report in the user's language; English where there is no translation."""
    return drawn(_looked_up(text, bpy.app.translations.pgettext_rpt))


def iface(text: str) -> str:
    """As `translated()`, for labels: Blender has a switch of its own for them."""
    return drawn(_looked_up(text, bpy.app.translations.pgettext_iface))


def iface_lines(text: str, characters: int) -> list[str]:
    """As `iface()`, in lines of at most `characters`: labels do not wrap by themselves."""
    return lines(_looked_up(text, bpy.app.translations.pgettext_iface), characters)


def _looked_up(text: str, look_up: Callable[[str], str]) -> str:
    return text.translated(look_up) if isinstance(text, Text) else look_up(text)


def _load() -> None:
    """Give Blender the language that it speaks now, and none that it does not: reading one takes some milliseconds."""
    global _loaded
    language = bpy.app.translations.locale.partition("_")[0]
    if language == _loaded:
        return
    bpy.app.translations.unregister(__name__)
    _loaded = language
    if language in LANGUAGES:
        texts = importlib.import_module(f".{language}", __name__).TEXTS
        bpy.app.translations.register(__name__, {language: texts})


def register() -> None:
    """Called by the package."""
    _load()
    key: Any = (bpy.types.PreferencesView, "language")
    # Its owner is any object; without PERSISTENT it would end when another file is opened.
    bpy.msgbus.subscribe_rna(key=key, owner=_load, args=(), notify=_load, options={"PERSISTENT"})


def unregister() -> None:
    """Called by the package."""
    global _loaded
    bpy.msgbus.clear_by_owner(_load)
    bpy.app.translations.unregister(__name__)
    _loaded = ""
