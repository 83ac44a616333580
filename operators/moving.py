# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator that brings models from the long folder that Blender has for them on Windows to the short one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system.long_paths import reachable
from ..core.system.task import Task
from ..core.text import Text
from ..core.units import human_size, short_path
from ..session import settings, shelf
from ..translations import iface, translated
from .tasks import TaskOperator

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.events import ProgressReport
    from ..core.system.control import Control

_Result = set[str]


class SUBTITLE_OT_move_models(TaskOperator, bpy.types.Operator):
    """Move the models to the folder that is now the usual one: its path is shorter, and it stays on this computer"""

    bl_idname = "subtitle.move_models"
    bl_label = "Move Models"

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if settings.models_may_move() is None:
            cls.poll_message_set(translated("The models are in the usual folder, or where the preferences say"))
            return False
        return True

    def invoke(self, context: Context, event: Event) -> _Result:
        used, _ = shelf.disk_use()
        title = Text("Move the models?")
        target = settings.models_may_move()
        if settings.default_models_dir() == target:
            former = short_path(settings.blenders_models_dir())
            message = Text("What is left in {former} goes to {folder}", former=former, folder=short_path(target))
        else:
            message = Text("{size} go to {folder}", size=human_size(used), folder=short_path(target or ""))
        operator: Any = self
        return set(
            context.window_manager.invoke_confirm(
                operator, event, title=iface(title), message=iface(message), confirm_text="Move", icon="INFO"
            )
        )

    def prepare(self, context: Context) -> Task:
        source, target = settings.blenders_models_dir(), settings.models_may_move()
        if target is None:
            raise SubtitleEditorError(Text("The models are in the usual folder, or where the preferences say"))

        def work(control: Control, report: ProgressReport, job: str) -> int:
            from ..core.library import moving

            try:
                return moving.move(reachable(source), reachable(target), control, report, job)
            finally:
                # Also after a cancel or an error, and when Blender has ended the operator: some may have been moved.
                settings.forget_default_models_dir()

        return Task(Text("Moving models"), work)

    def succeeded(self, _context: Context, result: int) -> None:
        if result:
            folder = settings.blenders_models_dir()
            text = Text(
                "{number} stay in {folder}: the other folder has them already. Delete them there for the space.",
                number=result, folder=folder,
            )  # fmt: skip
            self.report({"WARNING"}, translated(text))
        self.report({"INFO"}, translated("The models were moved"))


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_move_models,))
