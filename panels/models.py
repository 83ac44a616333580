# SPDX-License-Identifier: GPL-3.0-or-later
"""Panel: which model, and is it here?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from .. import properties
from ..core.errors import OnlineAccessError
from ..core.units import human_size
from ..operators import downloads, session
from ..sequencer import compat
from .parts import SubtitlePanel, wrapped

if TYPE_CHECKING:
    from bpy.types import Context, UILayout


class SUBTITLE_PT_model(SubtitlePanel, bpy.types.Panel):
    """Choose a speech model and fetch it."""

    bl_idname = "SUBTITLE_PT_model"
    bl_label = "Model"

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        layout = self.layout
        settings = properties.of(compat.scene_of(context))
        layout.prop(settings, "model", text="")
        job = session.job_of(settings.model)
        if job is not None:
            _draw_job(layout, job)
        elif found := session.installed(settings.model):
            layout.label(text=f"Installed  ({human_size(found.size)})", icon="CHECKMARK")
        else:
            _draw_missing(layout, context, settings.model)


def _draw_job(layout: UILayout, job: str) -> None:
    progress = session.state.progress.get(job)
    column = layout.column(align=True)
    row = column.row(align=True)
    if progress is None:
        row.progress(factor=0.0, text="Queued")
    else:
        row.progress(factor=progress.fraction, text=downloads.headline(progress))
    row.operator("subtitle.cancel_download", text="", icon="CANCEL")
    if progress is not None:
        for line in downloads.details(progress):
            column.label(text=line)


def _draw_missing(layout: UILayout, context: Context, model: str) -> None:
    if message := session.message_of(model):
        wrapped(layout, context, message, icon="ERROR")
    if not bpy.app.online_access:
        wrapped(layout, context, str(OnlineAccessError()), icon="INTERNET_OFFLINE")
    layout.operator("subtitle.download_model", text="Download", icon="IMPORT")


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_PT_model,))
