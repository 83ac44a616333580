# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators for models that we do not offer or cannot fetch: from a folder, and the user's own from the hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, StringProperty

from ..core.errors.base import SubtitleEditorError
from ..core.system.task import Task
from ..core.text import Text
from ..core.units import human_size
from ..session import choices, pump, shelf
from ..session.settings import Settings, get
from ..translations import translated
from .downloads import OnlineOperator, model_property
from .models import ModelTask, bound, entry_for
from .tasks import TaskOperator

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.catalog.entries import Entry
    from ..core.events import ProgressReport
    from ..core.system.control import Control

_Result = set[str]


class SUBTITLE_OT_import_model(ModelTask, bpy.types.Operator):
    """Copy a model from a folder, for a computer without network. The folder stays as it is"""

    bl_idname = "subtitle.import_model"
    bl_label = "Import from Folder"

    model: model_property()  # type: ignore[valid-type]
    directory: StringProperty(  # type: ignore[valid-type]
        name="Folder", description="The folder with the model's files", subtype="DIR_PATH", options={"SKIP_SAVE"}
    )
    filter_folder: BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]

    def invoke(self, context: Context, _event: Event) -> _Result:
        try:
            self.model = entry_for(self).id
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def task(self, entry: Entry, settings: Settings) -> Task:
        folder = Path(bpy.path.abspath(self.directory))
        self._name = entry.name

        def work(control: Control, report: ProgressReport, job: str) -> Any:
            from ..core.library.importing import import_folder

            return import_folder(settings.models_dir, folder, entry, control, report, job)

        return Task(Text("Importing {name}", name=entry.name), work, entry.id)

    def succeeded(self, _context: Context, result: Any) -> None:
        self.report(
            {"INFO"}, translated(Text("{name}: {size} imported", name=self._name, size=human_size(result.size)))
        )


class SUBTITLE_OT_add_model(OnlineOperator, TaskOperator, bpy.types.Operator):
    """Add a model of your own from the hub to the list, such as a fine-tuned Whisper. Downloads nothing yet"""

    bl_idname = "subtitle.add_model"
    bl_label = "Add from Hub"

    address: StringProperty(  # type: ignore[valid-type]
        name="Repository", description="OWNER/NAME, or the address of its page", options={"SKIP_SAVE"}
    )
    id: StringProperty(  # type: ignore[valid-type]
        name="Id", description="What to call it in scripts; empty: made from its name", options={"SKIP_SAVE"}
    )

    def invoke(self, context: Context, _event: Event) -> _Result:
        return set(
            context.window_manager.invoke_props_dialog(self, width=400, title="Add from Hub", confirm_text="Add")
        )

    def draw(self, _context: Context) -> None:
        """The dialog."""
        self.layout.activate_init = True
        self.layout.prop(self, "address", text="", placeholder="OWNER/NAME, or the address of its page")

    def prepare(self, context: Context) -> Task:
        settings = get(context)
        text, wanted = self.address.strip(), self.id.strip() or None
        if not text:
            raise SubtitleEditorError(Text("No repository was named."), Text("Give OWNER/NAME or its address."))

        def work(control: Control, _report: ProgressReport, _job: str) -> Entry:
            from ..core.catalog import own
            from ..core.hub import look
            from ..core.hub.client import Hub

            hub = Hub(settings.endpoint, settings.token)
            found = control.apart(bound(look.inspect, hub, text), "hub request")
            return own.add(settings.user_catalog, found, wanted)

        return Task(Text("Looking at {address}", address=text[:80]), work)

    def succeeded(self, context: Context, result: Entry) -> None:
        view = choices.view_of(context.window_manager)
        shelf.choose(result.id)
        # It is missing until it was downloaded, and must be seen.
        view.search, view.kind, view.show_missing = "", result.kind, True
        pump.refresh_soon()
        self.report({"INFO"}, translated(Text("{name} is on the list", name=result.name)))


class SUBTITLE_OT_remove_model(TaskOperator, bpy.types.Operator):
    """Take a model of your own off the list. Its files, if it was downloaded, stay"""

    bl_idname = "subtitle.remove_model"
    bl_label = "Remove from List"

    model: model_property()  # type: ignore[valid-type]

    def invoke(self, context: Context, event: Event) -> _Result:
        return set(context.window_manager.invoke_confirm(self, event))

    def prepare(self, context: Context) -> Task:
        entry = entry_for(self)
        if not entry.own:
            raise SubtitleEditorError(Text("{name} is built in and stays on the list.", name=entry.name))
        self._name = entry.name
        file = get(context).user_catalog

        def work(_control: Control, _report: ProgressReport, _job: str) -> None:
            # The file may be long, and another program may hold it.
            from ..core.catalog import own

            own.remove(file, entry.id)

        return Task(Text("Taking {name} off the list", name=entry.name), work, entry.id)

    def succeeded(self, _context: Context, _result: Any) -> None:
        pump.refresh_soon()
        self.report({"INFO"}, translated(Text("{name} is off the list", name=self._name)))


register, unregister = bpy.utils.register_classes_factory(
    (SUBTITLE_OT_import_model, SUBTITLE_OT_add_model, SUBTITLE_OT_remove_model)
)
