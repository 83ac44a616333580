# SPDX-License-Identifier: GPL-3.0-or-later
"""Translations in real Blender without a window. Its Python module knows no language but English: see tests/gui."""

from __future__ import annotations

import importlib
import re
import sys

import bpy
import pytest

from subtitle_editor.core.errors.network import OnlineAccessError
from subtitle_editor.core.text import Text


def test_no_language_is_read_that_nobody_speaks(addon: bpy.types.AddonPreferences) -> None:
    assert bpy.app.translations.locale == ""
    assert not [name for name in sys.modules if re.fullmatch(r"subtitle_editor\.translations\.\w\w", name)]


def test_english_stays_as_it_is(addon: bpy.types.AddonPreferences) -> None:
    from subtitle_editor.translations import iface, iface_lines, translated

    whole = str(OnlineAccessError())
    assert translated(whole) == iface(whole) == whole
    assert iface(Text("{done} of {total}", done=1, total=2)) == "1 of 2"
    assert iface("") == "" and iface_lines("", 20) == []
    assert iface_lines(Text("{a} {b}", a="one", b="two three"), 8) == ["one two", "three"]


def test_names_from_right_to_left_are_made_ready(addon: bpy.types.AddonPreferences) -> None:
    from subtitle_editor.translations import iface, iface_lines

    assert iface("حذف") == iface(iface("حذف")) == "ﻑﺬﺣ"
    assert iface_lines("حذف انصراف", 8) == ["ﻑﺬﺣ", "ﻑﺍﺮﺼﻧﺍ"]


@pytest.mark.parametrize("code", ["de", "fa"])
def test_blender_takes_every_key(addon: bpy.types.AddonPreferences, code: str) -> None:
    texts = importlib.import_module(f"subtitle_editor.translations.{code}").TEXTS
    contexts = bpy.app.translations.contexts
    assert {context for context, _ in texts} == {contexts.default, contexts.operator_default}
    bpy.app.translations.register("test", {code: texts})
    bpy.app.translations.unregister("test")
