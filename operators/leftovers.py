# SPDX-License-Identifier: GPL-3.0-or-later
"""The operator on what other programs have left unfinished in the models folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system.task import Task
from ..core.text import Text
from ..core.units import human_size
from ..session import pump, shelf
from ..session.settings import get
from ..translations import iface, translated
from .tasks import TaskOperator

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.events import ProgressReport
    from ..core.system.control import Control

_Result = set[str]


class SUBTITLE_OT_delete_leftovers(TaskOperator, bpy.types.Operator):
    """Delete unfinished downloads that other programs have left in the models folder and never look at again"""

    bl_idname = "subtitle.delete_leftovers"
    bl_label = "Delete Leftovers"

    if TYPE_CHECKING:
        _asked: Any

    _asked = None
    """The leftovers that the question was about: nothing else is deleted."""

    @classmethod
    def poll(cls, _context: Context) -> bool:
        if not shelf.leftovers():
            cls.poll_message_set(translated("Other programs have left nothing unfinished here"))
            return False
        return True

    def invoke(self, context: Context, event: Event) -> _Result:
        self._asked = shelf.leftovers()
        size = human_size(sum(one.size for one in self._asked))
        title = Text("Delete unfinished downloads of other programs?")
        message = Text("{number} files, {size}. What a program writes now stays.", number=len(self._asked), size=size)
        operator: Any = self
        return set(
            context.window_manager.invoke_confirm(
                operator, event, title=iface(title), message=iface(message), confirm_text="Delete", icon="WARNING"
            )
        )

    def prepare(self, context: Context) -> Task:
        folder, asked = get(context).models_dir, self._asked or shelf.leftovers()
        if not asked:
            raise SubtitleEditorError(Text("Other programs have left nothing unfinished here"))

        def work(_control: Control, _report: ProgressReport, _job: str) -> tuple[int, int]:
            from ..core.library import leftovers

            freed, kept = leftovers.remove(folder, asked)
            return freed, len(kept)

        return Task(Text("Deleting leftovers"), work)

    def succeeded(self, _context: Context, result: tuple[int, int]) -> None:
        freed, kept = result
        pump.refresh_soon()
        if kept:
            self.report({"WARNING"}, translated(Text("{number} files stay: they are in use", number=kept)))
        self.report({"INFO"}, translated(Text("{size} freed", size=human_size(freed))))


register, unregister = bpy.utils.register_classes_factory((SUBTITLE_OT_delete_leftovers,))
