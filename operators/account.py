# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators of the preferences: the token, the folders, the log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ..core.system import user_folder
from ..core.system.task import Task
from ..core.text import Text
from ..session import state
from ..session.settings import TOKEN_PAGE, forget_token, get, token, user_dir
from ..translations import translated
from .downloads import OnlineOperator
from .tasks import TaskOperator

if TYPE_CHECKING:
    from bpy.types import Context

    from ..core.events import ProgressReport
    from ..core.system.control import Control

_Result = set[str]


class SUBTITLE_OT_test_token(OnlineOperator, TaskOperator, bpy.types.Operator):
    """Ask the hub whose token this is"""

    bl_idname = "subtitle.test_token"
    bl_label = "Test Token"

    @classmethod
    def poll(cls, context: Context) -> bool:
        if not super().poll(context):
            return False
        if not token(context):
            cls.poll_message_set(translated("There is no token to test; none is needed"))
            return False
        return True

    def prepare(self, context: Context) -> Task:
        # What was changed outside of Blender, by a login on the command line, counts from now on.
        forget_token()
        settings = get(context)
        state.now.account = None

        def work(control: Control, _report: ProgressReport, _job: str) -> state.Account:
            from ..core.errors.hub import HubError
            from ..core.hub.client import Hub

            try:
                hub = Hub(settings.endpoint, settings.token)
                return state.Account(name=control.apart(hub.whoami, "hub request"))
            except HubError as error:
                return state.Account(problem=str(error))

        return Task(Text("Testing the token"), work)

    def succeeded(self, _context: Context, result: state.Account) -> None:
        state.now.account = result
        if result.problem:
            self.report({"ERROR"}, translated(result.problem))
        else:
            self.report({"INFO"}, translated(Text("The token belongs to {name}", name=result.name)))


class SUBTITLE_OT_open_token_page(bpy.types.Operator):
    """Open the page where a free hub token is made. None is needed; one raises the rate limits"""

    bl_idname = "subtitle.open_token_page"
    bl_label = "Get a Token"
    bl_options = {"INTERNAL"}

    def execute(self, _context: Context) -> _Result:
        bpy.ops.wm.url_open(url=TOKEN_PAGE)
        return {"FINISHED"}


class SUBTITLE_OT_open_user_folder(bpy.types.Operator):
    """Open the folder where this add-on keeps the list of downloads, the log and your own catalogue"""

    bl_idname = "subtitle.open_user_folder"
    bl_label = "Open User Folder"

    def execute(self, _context: Context) -> _Result:
        return open_path(self, user_dir())


class SUBTITLE_OT_open_log(bpy.types.Operator):
    """Open the log file of this add-on. It holds no secrets"""

    bl_idname = "subtitle.open_log"
    bl_label = "Open Log"

    def execute(self, _context: Context) -> _Result:
        path = user_dir() / user_folder.LOG
        if not path.exists():
            self.report({"INFO"}, translated("There is no log yet: it begins with the first download"))
            return {"CANCELLED"}
        return open_path(self, path)


def open_path(operator: bpy.types.Operator, path: Path) -> _Result:
    """Show a file or folder in the system's own program. In background nobody would see it: only its path is told."""
    if not bpy.app.background:
        bpy.ops.wm.path_open(filepath=str(path))
    operator.report({"INFO"}, str(path))
    return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (SUBTITLE_OT_test_token, SUBTITLE_OT_open_token_page, SUBTITLE_OT_open_user_folder, SUBTITLE_OT_open_log)
)
