# SPDX-License-Identifier: GPL-3.0-or-later
"""The panel Style says that a chosen font lacks letters, after it was read on a thread, and takes it back."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from tests.core.picture.little_font import made

from .conftest import Pictures
from .test_look import language
from .test_timeline import film
from .window import Window

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]

FILM = "1\n00:00:01,000 --> 00:00:02,000\nLatin\n\n2\n00:00:03,000 --> 00:00:04,000\nسلام\n"
TOLD = "[str(one.told) for one in part('session.survey').current().lacking]"


def open_style(window: Window) -> None:
    """Have the panel Style be open, and first."""
    window.run(
        "kind = part('panels.styles').SUBTITLE_PT_style\n"
        "names = {name: getattr(kind, name) for name in ('draw', 'poll', 'bl_label')}\n"
        "bpy.utils.unregister_class(kind)\n"
        "names |= {'bl_idname': 'SUBTITLE_PT_open', 'bl_options': set(), 'bl_order': 0}\n"
        "bpy.utils.register_class(type('SUBTITLE_PT_open', kind.__bases__, names))\n"
    )
    window.run("show_sidebar()")


@pytest.mark.parametrize("code", ["en_US", "de_DE", "fa_IR"])
def test_a_font_that_lacks_letters_is_named(fresh: Window, user: Path, picture: Pictures, code: str) -> None:
    film(fresh, user, FILM)
    language(fresh, code)
    open_style(fresh)
    path = fresh.blender.inside(made(user / "little.ttf", string.ascii_letters))
    fresh.run(
        f"font = bpy.data.fonts.load({path!r}); font.name = 'Little'\n"
        "texts = [s for s in bpy.context.scene.sequence_editor.strips if s.type == 'TEXT']\n"
        "for strip in texts: strip.font = font\n"
        "bpy.context.scene.sequence_editor.active_strip = texts[0]\n"
        "bpy.ops.ed.undo_push(message='font')"
    )
    fresh.wait(f"len({TOLD}) == 1 and 'Little' in {TOLD}[0]")
    fresh.rest()
    picture("lacking")
    fresh.run("for strip in texts: strip.font = None\nbpy.ops.ed.undo_push(message='none')")
    fresh.wait(f"{TOLD} == []")
