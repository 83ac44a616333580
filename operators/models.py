# SPDX-License-Identifier: GPL-3.0-or-later
"""Operators on models that are on the disk, or could be: verify, repair, delete, update, use.

What reads or removes gigabytes, or asks the hub, is a task on a thread. Nothing here touches the .blend, so there is
nothing to undo, except the choice of the scene's model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import StringProperty

from ..core.catalog.kinds import SPEECH_TO_TEXT
from ..core.errors.base import SubtitleEditorError
from ..core.system.task import Task
from ..core.text import Text
from ..core.units import human_size
from ..sequencer import compat
from ..session import choices, pump, shelf, state
from ..session import downloads as manager
from ..session.downloads import follow
from ..session.settings import Settings, get
from ..session.shelf import record_of
from ..translations import iface, translated
from .account import open_path
from .downloads import FollowingOperator, OnlineOperator, model_property
from .tasks import TaskOperator

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.catalog.entries import Entry
    from ..core.events import ProgressReport
    from ..core.system.control import Control

_Result = set[str]

_END_OF_JOB = 10.0
"""Seconds that a cancelled download gets to let go of its files."""


def entry_for(operator: Any) -> Entry:
    """The model that an operator was called for; without an id the one chosen in the list.

    Raises SubtitleEditorError.
    """
    row = shelf.chosen()
    model = operator.model or (row.id if row else "")
    if not model:
        raise SubtitleEditorError(Text("No model is chosen."), Text("Choose one in the panel Models."))
    entry = state.entries().get(model)
    return entry if not entry.alias_of else state.entries().get(entry.alias_of)


def _idle(entry: Entry) -> None:
    """Raises SubtitleEditorError while something else works on the model."""
    task = next((task for task in state.now.tasks if task.model == entry.id), None)
    if task is not None:
        raise SubtitleEditorError(
            Text("{name} is in use: {what}.", name=entry.name, what=task.label), Text("Wait for it, or cancel it.")
        )


class ModelTask(TaskOperator):
    """Mix-in of an operator that works on the files of one model."""

    if TYPE_CHECKING:
        model: str

    def prepare(self, context: Context) -> Task:
        entry = entry_for(self)
        _idle(entry)
        return self.task(entry, get(context))

    def task(self, entry: Entry, settings: Settings) -> Task:
        """The work, made of plain values."""
        raise NotImplementedError


class DeletingTask(ModelTask):
    """Mix-in of an operator that deletes: it asks first, and says what."""

    def question(self, entry: Entry) -> tuple[Text, Text]:
        """The title and the text of the dialog."""
        raise NotImplementedError

    def invoke(self, context: Context, event: Event) -> _Result:
        try:
            entry = entry_for(self)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        # What the panel shows may be of another moment than the click: the model is fixed now.
        self.model = entry.id
        title, message = (iface(text) for text in self.question(entry))
        operator: Any = self
        return set(
            context.window_manager.invoke_confirm(
                operator, event, title=title, message=message, confirm_text="Delete", icon="WARNING"
            )
        )


class SUBTITLE_OT_verify_model(ModelTask, bpy.types.Operator):
    """Read every file of a model and compare it with what was published. Needs no network"""

    bl_idname = "subtitle.verify_model"
    bl_label = "Verify"

    model: model_property()  # type: ignore[valid-type]

    def task(self, entry: Entry, settings: Settings) -> Task:
        def work(control: Control, report: ProgressReport, job: str) -> Any:
            from ..core.library import verifying

            return verifying.verify(settings.models_dir, entry, control, report, job)

        return Task(Text("Verifying {name}", name=entry.name), work, entry.id)

    def succeeded(self, _context: Context, result: Any) -> None:
        if not result.remembered:
            self.report({"INFO"}, translated("The result cannot be remembered: the folder cannot be written"))
        bad = (*result.damaged, *result.missing)
        if bad:
            from ..core.errors.models import ModelDamagedError

            error = ModelDamagedError(self.model, bad, result.text_links)
            anew = Text("Not as published: {files}. Repair fetches them again", files=", ".join(bad))
            self.report({"WARNING"}, translated(error.message if error.lost_links else anew))
        elif result.unknown:
            names = ", ".join(result.unknown)
            self.report(
                {"INFO"}, translated(Text("Nobody kept the hashes of {files}: they cannot be compared", files=names))
            )
        else:
            self.report({"INFO"}, translated(Text("{number} files are as they should be", number=len(result.verified))))


class SUBTITLE_OT_repair_model(OnlineOperator, ModelTask, bpy.types.Operator):
    """Verify a model, and download again only the files that are damaged or missing"""

    bl_idname = "subtitle.repair_model"
    bl_label = "Repair"

    model: model_property()  # type: ignore[valid-type]

    def task(self, entry: Entry, settings: Settings) -> Task:
        self._entry = entry

        def work(control: Control, report: ProgressReport, job: str) -> bool:
            from ..core.library import removing, verifying

            found = verifying.verify(settings.models_dir, entry, control, report, job)
            if found.damaged:
                removing.remove_damaged(settings.models_dir, entry, found.damaged)
            return bool(found.damaged or found.missing)

        return Task(Text("Verifying {name}", name=entry.name), work, entry.id)

    def succeeded(self, _context: Context, result: bool) -> _Result | None:
        if not result:
            self.report({"INFO"}, translated(Text("{name}: there is nothing to repair", name=self._entry.name)))
            return None
        from ..core.library.status import SAME

        ops: Any = bpy.ops
        try:
            # The same commit again: a repair is no update.
            ops.subtitle.download_model("INVOKE_DEFAULT", model=self._entry.id, revision=SAME)
        except RuntimeError as error:  # What an operator reports as an error arrives as this.
            self.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
            return {"CANCELLED"}
        return None


class SUBTITLE_OT_delete_model(DeletingTask, bpy.types.Operator):
    """Delete a model's files from this computer. It can be downloaded again"""

    bl_idname = "subtitle.delete_model"
    bl_label = "Delete"

    model: model_property()  # type: ignore[valid-type]

    def question(self, entry: Entry) -> tuple[Text, Text]:
        found = shelf.status(entry.id)
        size = human_size((found.installed.size if found.installed else found.bytes_done) + found.partials)
        return (
            Text("Delete {name}?", name=entry.name),
            Text("{size} become free. What other models share stays.", size=size),
        )

    def task(self, entry: Entry, settings: Settings) -> Task:
        def work(_control: Control, _report: ProgressReport, _job: str) -> int:
            from ..core.library import removing

            return removing.delete(settings.models_dir, entry)

        self._name = entry.name
        return Task(Text("Deleting {name}", name=entry.name), work, entry.id)

    def succeeded(self, _context: Context, result: int) -> None:
        self.report({"INFO"}, translated(Text("{name}: {size} freed", name=self._name, size=human_size(result))))


class SUBTITLE_OT_delete_former(DeletingTask, bpy.types.Operator):
    """Delete the versions of a model that updates have taken the place of. The newest one stays"""

    bl_idname = "subtitle.delete_former"
    bl_label = "Delete Former Versions"

    model: model_property()  # type: ignore[valid-type]

    def question(self, entry: Entry) -> tuple[Text, Text]:
        size = human_size(shelf.status(entry.id).former)
        return (
            Text("Delete the former versions of {name}?", name=entry.name),
            Text("{size} become free. The newest version stays.", size=size),
        )

    def task(self, entry: Entry, settings: Settings) -> Task:
        def work(_control: Control, _report: ProgressReport, _job: str) -> int:
            from ..core.library import removing

            return removing.delete_former(settings.models_dir, entry)

        self._name = entry.name
        return Task(Text("Deleting former versions of {name}", name=entry.name), work, entry.id)

    def succeeded(self, _context: Context, result: int) -> None:
        self.report({"INFO"}, translated(Text("{name}: {size} freed", name=self._name, size=human_size(result))))


class SUBTITLE_OT_discard_partial(DeletingTask, bpy.types.Operator):
    """Delete what an interrupted download has left. The next download then starts from the beginning"""

    bl_idname = "subtitle.discard_partial"
    bl_label = "Discard Partial Download"

    model: model_property()  # type: ignore[valid-type]

    def question(self, entry: Entry) -> tuple[Text, Text]:
        found = shelf.status(entry.id)
        size = human_size(found.partials if found.installed else found.bytes_done)
        return (
            Text("Delete the partial download of {name}?", name=entry.name),
            Text("{size} would have to be downloaded again.", size=size),
        )

    def task(self, entry: Entry, settings: Settings) -> Task:
        record = record_of(entry.id)
        downloads = state.now.manager
        if record is not None and downloads is not None and not record.elsewhere:
            follow(record.id)
            downloads.cancel(record.id)

        def work(_control: Control, _report: ProgressReport, _job: str) -> int:
            from ..core.library import removing, status

            if record is not None and downloads is not None:
                # It holds the files until it has ended.
                downloads.wait(record.id, _END_OF_JOB)
            if status.status(settings.models_dir, entry).installed is None:
                # Whole files of an unfinished download are part of what it left.
                return removing.delete(settings.models_dir, entry)
            return removing.discard(settings.models_dir, entry)

        self._name = entry.name
        return Task(Text("Deleting the partial download of {name}", name=entry.name), work, entry.id)

    def succeeded(self, _context: Context, result: int) -> None:
        self.report({"INFO"}, translated(Text("{name}: {size} freed", name=self._name, size=human_size(result))))


class SUBTITLE_OT_check_updates(OnlineOperator, TaskOperator, bpy.types.Operator):
    """Ask the hub whether installed models have changed since they were downloaded. Downloads nothing"""

    bl_idname = "subtitle.check_updates"
    bl_label = "Check for Updates"

    model: StringProperty(  # type: ignore[valid-type]
        name="Model", description="Catalogue id; empty: all that are installed", options={"SKIP_SAVE"}
    )

    def prepare(self, context: Context) -> Task:
        settings = get(context)
        known = state.entries()
        if self.model:
            chosen = [entry_for(self)]
        else:
            chosen = [entry for entry in known if not entry.alias_of and shelf.status(entry.id).state.usable]
        if not chosen:
            raise SubtitleEditorError(Text("No model is installed."), Text("Download one first."))

        def work(control: Control, _report: ProgressReport, _job: str) -> tuple[list[str], list[str]]:
            return _ask(chosen, settings, control)

        return Task(Text("Checking for updates"), work, self.model)

    def succeeded(self, _context: Context, result: tuple[list[str], list[str]]) -> None:
        found, failed = result
        for message in failed:
            self.report({"WARNING"}, translated(message))
        if found:
            self.report({"INFO"}, translated(Text("Updates: {names}", names=", ".join(found))))
        elif not failed:
            self.report({"INFO"}, translated("Everything is up to date"))


def _ask(entries: list[Entry], settings: Settings, control: Control) -> tuple[list[str], list[str]]:
    """The names of the models that have changed, and what went wrong with others. On a worker thread."""
    from ..core.hub import updates
    from ..core.hub.client import Hub

    hub = Hub(settings.endpoint, settings.token)
    found: list[str] = []
    failed: list[str] = []
    for entry in entries:
        try:
            ask = bound(updates.check_updates, hub, settings.models_dir, entry)
            if control.apart(ask, "hub request") is not None:
                found.append(entry.name)
        except SubtitleEditorError as error:
            failed.append(Text("{name}: {error}", name=entry.name, error=str(error)))
    return found, failed


def bound(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    return lambda: function(*arguments)


class SUBTITLE_OT_update_model(FollowingOperator, bpy.types.Operator):
    """Download the newest revision of a model. Files that have not changed are not fetched again"""

    bl_idname = "subtitle.update_model"
    bl_label = "Update"

    model: model_property()  # type: ignore[valid-type]

    def start(self, context: Context) -> tuple[str, str]:
        entry = entry_for(self)
        if not shelf.status(entry.id).state.usable:
            from ..core.errors.models import ModelNotInstalledError

            raise ModelNotInstalledError(entry.id)
        from ..core.library.status import NEWEST

        return manager.start(entry.id, get(context), NEWEST), entry.id


class SUBTITLE_OT_open_model_folder(bpy.types.Operator):
    """Open the folder of a model, or the models folder when the model is not installed"""

    bl_idname = "subtitle.open_model_folder"
    bl_label = "Open Folder"

    model: model_property()  # type: ignore[valid-type]

    def execute(self, context: Context) -> _Result:
        settings = get(context)
        folder = settings.models_dir
        if self.model:
            found = shelf.installed(self.model)
            folder = found.path if found else folder
        if not folder.is_dir():
            self.report(
                {"INFO"}, translated(Text("{folder} does not exist yet: no model was downloaded", folder=folder))
            )
            return {"CANCELLED"}
        return open_path(self, folder)


class SUBTITLE_OT_view_on_hub(OnlineOperator, bpy.types.Operator):
    """Open the page of a model in the web browser"""

    bl_idname = "subtitle.view_on_hub"
    bl_label = "View on the Hub"

    model: model_property()  # type: ignore[valid-type]

    def execute(self, context: Context) -> _Result:
        try:
            url = _page(entry_for(self), get(context))
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        if not bpy.app.background:
            bpy.ops.wm.url_open(url=url)
        self.report({"INFO"}, url)
        return {"FINISHED"}


def _page(entry: Entry, settings: Settings) -> str:
    from ..core.addresses import without_login

    # The hub that is asked, which may be a mirror where the Hub itself cannot be reached.
    return f"{without_login(settings.endpoint)}/{entry.sources[0].page}" if entry.sources else entry.homepage


class SUBTITLE_OT_use_model(bpy.types.Operator):
    """Transcribe this scene with this model"""

    bl_idname = "subtitle.use_model"
    bl_label = "Use for Transcription"
    bl_options = {"UNDO"}

    model: model_property()  # type: ignore[valid-type]

    def execute(self, context: Context) -> _Result:
        try:
            entry = entry_for(self)
            if entry.kind != SPEECH_TO_TEXT:
                raise SubtitleEditorError(
                    Text("{name} does not turn speech into text.", name=entry.name), Text("Choose a speech model.")
                )
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        choices.of(compat.scene_of(context)).model = entry.download_id
        return {"FINISHED"}


class SUBTITLE_OT_refresh_models(bpy.types.Operator):
    """Look at the models folder again: another program may have changed it"""

    bl_idname = "subtitle.refresh_models"
    bl_label = "Refresh"

    def execute(self, _context: Context) -> _Result:
        pump.refresh_soon()
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_verify_model,
        SUBTITLE_OT_repair_model,
        SUBTITLE_OT_delete_model,
        SUBTITLE_OT_delete_former,
        SUBTITLE_OT_discard_partial,
        SUBTITLE_OT_check_updates,
        SUBTITLE_OT_update_model,
        SUBTITLE_OT_open_model_folder,
        SUBTITLE_OT_view_on_hub,
        SUBTITLE_OT_use_model,
        SUBTITLE_OT_refresh_models,
    )
)
