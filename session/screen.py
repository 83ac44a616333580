# SPDX-License-Identifier: GPL-3.0-or-later
"""Showing what runs: sidebars, preferences and status bars, no oftener than the drawing can bear."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import bpy

from ..core.text import Text
from ..sequencer import compat
from ..translations import translated
from . import shelf
from .state import now

TAB = "Subtitles"
"""What the tab of our panels is called."""

DRAWN, LONGEST = 0.1, 0.5
"""What only moves on is drawn so often that it takes this share of the time at most, but once in so many seconds in any
case. Without a graphics card a sidebar takes 50 ms, all of them the user's. What begins and ends is drawn at once."""


def redraw() -> None:
    """Redraw the sidebars and preferences that show jobs, and nothing else."""
    manager = bpy.context.window_manager
    # None while Blender quits.
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            kind = {"SEQUENCE_EDITOR": "UI", "PREFERENCES": "WINDOW"}.get(area.type)
            for region in area.regions:
                if region.type == kind:
                    region.tag_redraw()


def sidebars() -> Iterator[bpy.types.Region]:
    """The sidebars of Sequencers in which our tab is open."""
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR" and getattr(area.spaces.active, "show_region_ui", True):
                for region in area.regions:
                    # Blender 4.2 does not say which tab is open.
                    if region.type == "UI" and getattr(region, "active_panel_category", TAB) == TAB:
                        yield region


def reveal() -> None:
    """Bring the playhead into the timeline's view, a moment later: whoever went to a subtitle wants to see it."""
    if not bpy.app.background and not bpy.app.timers.is_registered(_reveal):
        bpy.app.timers.register(_reveal, first_interval=0.0)


def _reveal() -> None:
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            space: Any = area.spaces.active
            if area.type != "SEQUENCE_EDITOR" or space.view_type == "PREVIEW":
                continue
            regions: dict[str, bpy.types.Region] = {region.type: region for region in area.regions}
            with bpy.context.temp_override(window=window, area=area, region=regions["WINDOW"]):
                if not _sees(regions, compat.scene_of(bpy.context).frame_current):
                    bpy.ops.sequencer.view_frame()


def _sees(regions: dict[str, bpy.types.Region], frame: int) -> bool:
    """Whether a frame is between the edges of the timeline that the sidebar does not lie over."""
    timeline, sidebar = regions["WINDOW"], regions.get("UI")
    right = timeline.x + timeline.width
    if sidebar is not None and sidebar.width > 1 and sidebar.x < right:
        right = max(timeline.x + 1, sidebar.x)
    first = timeline.view2d.region_to_view(0, 0)[0]
    last = timeline.view2d.region_to_view(right - timeline.x, 0)[0]
    return bool(first <= frame < last)


def show() -> None:
    """The sidebars, the preferences, the status bars."""
    now.stale, now.shown = False, time.monotonic()
    redraw()
    # In background there is nobody to read it, and timers never tick.
    if not bpy.app.background:
        show_status(_status())
        if not bpy.app.timers.is_registered(drawn):
            bpy.app.timers.register(drawn, persistent=True)


def drawn() -> None:
    """An app timer without delay: it comes after the drawing, and so tells how long that took."""
    now.rest = min((time.monotonic() - now.shown) / DRAWN, LONGEST)


def show_status(text: str | None) -> None:
    """Have the status bars say this, beside what they say anyway: `status_text_set` would take Blender's hints on keys
    and mouse buttons away for hours.
    """
    if text == now.status:
        return
    now.status = text
    # No tag reaches a status bar; this is one of the things that it listens to.
    key: Any = (bpy.types.Window, "view_layer")
    bpy.msgbus.publish_rna(key=key)


def _draw_status(self: bpy.types.Header, _context: bpy.types.Context) -> None:
    if now.status:
        self.layout.label(text=now.status, icon="TIME", translate=False)


def register() -> None:
    """Called by the package."""
    bpy.types.STATUSBAR_HT_header.append(_draw_status)


def unregister() -> None:
    """Called by the package."""
    bpy.types.STATUSBAR_HT_header.remove(_draw_status)


def _status() -> str | None:
    """One line for all that runs; None when nothing does."""
    # Here, not above: it is not needed to register.
    from ..core.downloads import words

    # Told as part of the transcription that waits for it.
    apart = now.transcription.job if now.transcription is not None else None
    manager, jobs = now.manager, now.followed - {apart}
    moving = [progress for job in jobs if manager is not None and (progress := manager.progress(job))]
    lines = [translated(words.status(shelf.name_of(progress.model), progress)) for progress in moving]
    lines += [f"{translated(task.label)}  {task.fraction:.0%}" for task in now.tasks]
    if now.transcription is not None:
        lines.append(translated(Text("Transcribing: {state}", state=now.transcription.text)))
    if now.unwritten:
        lines.insert(0, translated(now.unwritten))
    if len(lines) > 2:
        lines[2:] = [f"+{len(lines) - 2}"]
    return "   ".join(lines) or None
