# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators of the preferences for graphics cards: try them, fetch what they need, take the model that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ..core.system.task import Task
from ..core.text import Text
from ..core.units import human_size
from ..sequencer import compat
from ..session import choices, state
from ..session import downloads as manager
from ..session.settings import get, of
from ..translations import iface, translated
from .downloads import FollowingOperator
from .tasks import TaskOperator

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.events import ProgressReport
    from ..core.speech.survey import Card
    from ..core.system.control import Control

_Result = set[str]


class SUBTITLE_OT_check_cards(TaskOperator, bpy.types.Operator):
    """Try each graphics card with a second of sound, in a process of its own: what works, what is missing, what fits"""

    bl_idname = "subtitle.check_cards"
    bl_label = "Check Graphics Cards"

    def prepare(self, context: Context) -> Task:
        models_dir, known = get(context).models_dir, state.entries()

        def work(control: Control, _report: ProgressReport, _job: str) -> list[Card]:
            from ..core.library import runtimes
            from ..core.speech import survey

            return control.apart(lambda: survey.cards(runtimes.cuda(models_dir, known)), "graphics cards")

        return Task(Text("Trying the graphics cards"), work)

    def succeeded(self, _context: Context, result: list[Card]) -> None:
        state.now.cards = tuple(result)
        working = [card.name for card in result if card.works]
        if working:
            self.report({"INFO"}, translated(Text("{name} can listen", name=", ".join(working))))
        elif result:
            self.report({"WARNING"}, translated("No graphics card can listen yet: the preferences say why"))
        else:
            self.report({"INFO"}, translated("There is no graphics card of NVIDIA's, or no driver for it"))


class SUBTITLE_OT_download_cublas(FollowingOperator, bpy.types.Operator):
    """Download what NVIDIA's graphics cards need to listen, from NVIDIA. Nothing of the system is changed"""

    bl_idname = "subtitle.download_cublas"
    bl_label = "Download cuBLAS"

    def invoke(self, context: Context, _event: Event) -> _Result:
        # The licence is shown first.
        confirm = iface("Accept and Download")
        return set(context.window_manager.invoke_props_dialog(self, width=420, confirm_text=confirm))

    def draw(self, _context: Context) -> None:
        """The dialog: what it is, whose, and under which licence."""
        # Here, not above: it is not needed to register.
        from ..core.catalog.entries import CUBLAS

        entry = state.entries().get(CUBLAS)
        layout = self.layout
        layout.label(text=f"{entry.name}, {human_size(entry.size)}", translate=False)
        layout.label(text=iface(Text("Licence: {name}", name=entry.licence)), translate=False)
        layout.operator("wm.url_open", text=iface("Read the Licence"), icon="URL").url = entry.homepage

    def start(self, context: Context) -> tuple[str, str]:
        from ..core.catalog.entries import CUBLAS

        return manager.start(CUBLAS, get(context), None), CUBLAS


class SUBTITLE_OT_use_advice(bpy.types.Operator):
    """Choose the model and the precision that fit this graphics card's free memory best"""

    bl_idname = "subtitle.use_advice"
    bl_label = "Use"
    bl_options = {"INTERNAL", "UNDO"}

    card: bpy.props.IntProperty(name="Card", description="CUDA's number of the card", min=0)  # type: ignore[valid-type]

    def execute(self, context: Context) -> _Result:
        card = next((card for card in state.now.cards or () if card.number == self.card), None)
        found = card.advice if card is not None else None
        preferences = of(context)
        if found is None or preferences is None:
            return {"CANCELLED"}
        preferences.compute_type = found.compute_type
        preferences.device, preferences.device_number = "auto", 0
        if self.card:  # Automatic takes the first one.
            preferences.device, preferences.device_number = "cuda", self.card
        choices.of(compat.scene_of(context)).model = found.model
        self.report({"INFO"}, translated(Text("{model} as {type}", model=found.model, type=found.compute_type)))
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (SUBTITLE_OT_check_cards, SUBTITLE_OT_download_cublas, SUBTITLE_OT_use_advice)
)
