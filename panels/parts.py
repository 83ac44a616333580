# SPDX-License-Identifier: GPL-3.0-or-later
"""What the panels share."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bpy.types import Context, UILayout

Icon = Literal["NONE", "BLANK1", "ERROR", "INTERNET_OFFLINE"]

_PIXELS_PER_CHARACTER = 7.5
"""The mean width of a letter of Blender's interface font at scale 1."""


class SubtitlePanel:
    """A panel in the tab "Subtitles" of the Sequencer's sidebar."""

    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "Subtitles"


def wrapped(layout: UILayout, context: Context, text: str, icon: Icon = "NONE") -> None:
    """A text over as many lines as the sidebar's width asks for: labels do not wrap by themselves."""
    scale = context.preferences.system.ui_scale or 1.0
    width = context.region.width if context.region else 260
    characters = max(16, int(width / (_PIXELS_PER_CHARACTER * scale)) - 6)
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(text, characters)):
        column.label(text=line, icon="BLANK1" if number and icon != "NONE" else icon)
