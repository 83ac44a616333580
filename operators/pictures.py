# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles to pictures and back: draw, put on the timeline, bring after what was edited, styles, unused files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ..core.errors.base import SubtitleEditorError
from ..core.system.task import Task
from ..core.text import Text, counted
from ..sequencer import compat, strips
from ..session import choices, pictures, state, waker
from ..session import track as tracks
from ..translations import iface, translated
from .aside import AsideOperator
from .editing import has_strips
from .slow import LongOperator
from .tasks import TaskOperator

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.picture.style import Style
    from .unbaking import Unbaking

_Result = set[str]

SLICE = 0.05
"""Seconds of making strips between two looks at the window."""


def may_change(cls: Any, context: Context) -> bool:
    """For the poll of what changes texts or their pictures: not while pictures are being drawn."""
    if not has_strips(cls, context):
        return False
    if pictures.at_work or any(task.label == pictures.LABEL for task in state.now.tasks):
        cls.poll_message_set(translated("Subtitles are being drawn already"))
        return False
    return True


class BakeOperator(TaskOperator):
    """Mix-in: draws on a thread, then makes strips a few at a time."""

    if TYPE_CHECKING:
        bl_label: str
        report: Any
        _job: Any
        _placing: Any
        _timer: Any

    _job = _placing = _timer = None
    _scene = 0

    selected = False
    again = False

    def prepare(self, context: Context) -> Task:
        scene = compat.scene_of(context)
        self._scene = scene.session_uid
        self._job = pictures.job(scene, selected=self.selected, again=self.again)
        task: Task = self._job.task
        return task

    def succeeded(self, context: Context, result: Any) -> _Result:
        scene = compat.scene_by_uid(self._scene)
        if scene is None:
            raise strips.SceneGoneError(len(self._job.sources))
        from ..sequencer import baked

        self._placing = baked.Placing(scene, result, self._job.sources, only=self._job.only)
        if bpy.app.background or context.window is None:
            self._placing.step()
            return self._told()
        pictures.at_work.add(self._scene)
        self._timer = waker.add_timer(context.window)
        self._show(context)
        return {"RUNNING_MODAL"}

    def modal(self, context: Context, event: Event) -> _Result:
        """Called by Blender for each event. While strips are made the window takes no other input: an undo then would
        take away strips that have no step of their own yet."""
        if self._timer is None:
            return super().modal(context, event)
        if event.type == "ESC" and event.value == "PRESS":
            self._leave(context)
            numbers = {"done": self._placing.done, "number": self._placing.number}
            text = Text("Stopped: {done} of {number} subtitles are pictures. Bake Changed makes the rest.", **numbers)
            self.report({"WARNING"}, translated(text))
            return {"FINISHED"}
        if event.type != "TIMER":
            return {"RUNNING_MODAL"}
        try:
            is_done = self._placing.step(SLICE)
        except SubtitleEditorError as error:
            # What is made is right, the rest is for the next time.
            self._leave(context)
            self.report({"WARNING"}, translated(str(error)))
            return {"FINISHED"}
        except BaseException:
            self._leave(context)
            raise
        if not is_done:
            self._show(context)
            return {"RUNNING_MODAL"}
        self._leave(context)
        return self._told()

    def _show(self, context: Context) -> None:
        text = Text("{what}: {share}. Escape stops it.", what=Text(self.bl_label), share=f"{self._placing.share:.0%}")
        context.workspace.status_text_set(translated(text))

    def cancel(self, context: Context) -> None:
        super().cancel(context)
        # Blender also calls this when a dialog is left without a choice.
        if self._timer is not None:
            self._leave(context)

    def _leave(self, context: Context) -> None:
        waker.remove_timer(self._timer)
        self._timer = None
        pictures.at_work.discard(self._scene)
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        tracks.touched()

    def _end(self, context: Context) -> _Result:
        try:
            return super()._end(context)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}

    def _told(self) -> _Result:
        result, placing = self._job.task.result, self._placing
        tracks.touched()
        scene = compat.scene_by_uid(self._scene)
        if scene is not None:
            pictures.note_fonts(scene, result.problems)
        for problem in list(dict.fromkeys(problem.message for problem in result.problems))[:3]:
            self.report({"WARNING"}, translated(problem))
        if inner := self._job.inner + placing.freed:
            text = Text("Inside meta strips, and still text: {subtitles}.", subtitles=counted(inner))
            self.report({"WARNING"}, translated(text))
        if placing.late:
            text = Text(
                "Edited meanwhile, and still text: {subtitles}. Use Bake Changed.", subtitles=counted(placing.late)
            )
            self.report({"WARNING"}, translated(text))
        numbers = {"number": placing.done, "made": result.made, "strips": placing.made}
        text = Text("{number} subtitles are pictures: {made} files and {strips} strips are new", **numbers)
        self.report({"INFO"}, translated(text))
        return {"FINISHED"}


class SUBTITLE_OT_bake(BakeOperator, bpy.types.Operator):
    """Draw subtitles in the chosen style as pictures, in every script, and show these instead of the text strips"""

    bl_idname = "subtitle.bake"
    bl_label = "Bake"
    bl_options = {"REGISTER", "UNDO"}

    selected: BoolProperty(  # type: ignore[valid-type]
        name="Selected Only", description="Draw the selected subtitles only", default=False
    )

    @classmethod
    def poll(cls, context: Context) -> bool:
        return may_change(cls, context)


class SUBTITLE_OT_bake_changed(BakeOperator, bpy.types.Operator):
    """Bring the pictures after their subtitles: what was edited, moved, cut, copied, added or deleted since"""

    bl_idname = "subtitle.bake_changed"
    bl_label = "Bake Changed"
    bl_options = {"REGISTER", "UNDO"}

    again = True

    @classmethod
    def poll(cls, context: Context) -> bool:
        return may_change(cls, context)


class SUBTITLE_OT_bake_and_render(BakeOperator, bpy.types.Operator):
    """Bring the pictures after their subtitles, then render the film"""

    bl_idname = "subtitle.bake_and_render"
    bl_label = "Bake and Render"
    bl_options = {"REGISTER", "UNDO"}

    again = True

    @classmethod
    def poll(cls, context: Context) -> bool:
        return may_change(cls, context)

    def _told(self) -> _Result:
        super()._told()
        bpy.ops.render.render("INVOKE_DEFAULT", animation=True)
        return {"FINISHED"}


class SUBTITLE_OT_back_to_text(LongOperator, bpy.types.Operator):
    """Show text strips again and take their pictures off the timeline. The files stay"""

    bl_idname = "subtitle.back_to_text"
    bl_label = "Back to Text"
    bl_options = {"REGISTER", "UNDO"}

    selected: BoolProperty(  # type: ignore[valid-type]
        name="Selected Only", description="Only the selected subtitles or pictures", default=False
    )

    if TYPE_CHECKING:
        _work: Unbaking
        _scene: int

    @classmethod
    def poll(cls, context: Context) -> bool:
        return may_change(cls, context)

    def execute(self, context: Context) -> _Result:
        from .unbaking import Unbaking

        scene = compat.scene_of(context)
        self._scene = scene.session_uid
        result = self.begin(Unbaking(scene, selected=self.selected))
        if result == {"RUNNING_MODAL"}:
            # No render draws them anew meanwhile.
            pictures.at_work.add(self._scene)
        tracks.touched()
        return result

    def told(self, _result: int) -> _Result:
        count = self._work.done
        if self._work.locked:
            text = Text("Locked, and so still pictures: {subtitles}", subtitles=counted(self._work.locked))
            self.report({"WARNING"}, translated(text))
        text = Text("Text again: {subtitles}", subtitles=counted(count))
        if self._work.removed and not count:
            text = Text("Pictures taken off whose subtitles are gone: {number}", number=self._work.removed)
        self.report({"INFO"}, translated(text))
        return {"FINISHED"} if count or self._work.removed else {"CANCELLED"}

    def stopped(self) -> _Result:
        numbers = {"done": self._work.done, "number": self._work.number}
        text = Text("Stopped: {done} of {number} subtitles are text again. Back to Text does the rest.", **numbers)
        self.report({"WARNING"}, translated(text))
        return {"FINISHED"} if self._work.done or self._work.removed else {"CANCELLED"}

    def _leave(self, context: Context) -> None:
        pictures.at_work.discard(self._scene)
        super()._leave(context)


_unused: list[str] = []
"""The pictures that the question is about."""


class SUBTITLE_OT_delete_unused_pictures(AsideOperator, TaskOperator, bpy.types.Operator):
    """Delete pictures in this scene's folder that no strip shows any more"""

    bl_idname = "subtitle.delete_unused_pictures"
    bl_label = "Delete Unused Pictures"

    is_looked: BoolProperty(default=False, options={"HIDDEN", "SKIP_SAVE"})  # type: ignore[valid-type]

    if TYPE_CHECKING:
        _asked: Any

    _asked = None

    @classmethod
    def poll(cls, context: Context) -> bool:
        return may_change(cls, context)

    def invoke(self, context: Context, event: Event) -> _Result:
        if not self.is_looked:
            try:
                look = pictures.looking_for_orphans(compat.scene_of(context))
            except SubtitleEditorError as error:
                return self.went_wrong(context, error)
            return self.aside(context, Text("Looking for unused pictures"), look, self._ask)
        operator: Any = self
        self._asked = list(_unused)
        title = Text("Delete unused pictures?")
        message = Text("{number} files that no strip of this file shows.", number=len(self._asked))
        return set(
            context.window_manager.invoke_confirm(
                operator, event, title=iface(title), message=iface(message), confirm_text="Delete", icon="WARNING"
            )
        )

    def _ask(self, _context: Context, found: list[str]) -> _Result:
        if not found:
            self.report({"INFO"}, translated(Text("Every picture in the folder is shown somewhere")))
            return {"CANCELLED"}
        _unused[:] = found
        return self.anew("INVOKE_DEFAULT", is_looked=True)

    def prepare(self, context: Context) -> Task:
        scene = compat.scene_of(context)
        folder, look, asked = pictures.folder_of(scene), pictures.looking_for_orphans(scene), self._asked

        def work(_control: Any, _report: Any, _job: str) -> int:
            from ..core.picture import baking
            from ..core.system import files as disk

            try:
                return baking.remove(folder, look() if asked is None else asked)
            except OSError as error:
                raise disk.disk_error(folder, error) from error

        return Task(Text("Deleting unused pictures"), work)

    def succeeded(self, _context: Context, result: int) -> None:
        self.report({"INFO"}, translated(Text("{number} files deleted", number=result)))


# Styles


class SUBTITLE_OT_choose_style(bpy.types.Operator):
    """Draw subtitles in this style from now on"""

    bl_idname = "subtitle.choose_style"
    bl_label = "Choose Style"
    bl_options = {"REGISTER", "UNDO"}

    name: StringProperty(name="Style", default="default")  # type: ignore[valid-type]

    def execute(self, context: Context) -> _Result:
        choices.of(compat.scene_of(context)).picture_style = self.name
        return {"FINISHED"}


NO_BOX = "none"
"""An item without an id would be a heading, which cannot be chosen."""


def offered(style: Style) -> dict[str, Any]:
    """What the dialog of *Save Style As* offers for a style."""
    color = tuple(int(style.color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return {"font": style.font, "size": style.size, "color": color, "box": style.box or NO_BOX}


class SUBTITLE_OT_save_style(bpy.types.Operator):
    """Keep the chosen style under another name, as a file that can be edited and given to others"""

    bl_idname = "subtitle.save_style"
    bl_label = "Save Style As"

    name: StringProperty(name="Name", description="Letters, digits and hyphens", default="mine")  # type: ignore[valid-type]
    font: StringProperty(name="Font", description="A family; empty: the first that has the letters")  # type: ignore[valid-type]
    size: bpy.props.FloatProperty(  # type: ignore[valid-type]
        name="Size", description="Share of the picture's height", default=0.05, min=0.005, max=0.5, precision=3
    )
    color: bpy.props.FloatVectorProperty(  # type: ignore[valid-type]
        name="Color", subtype="COLOR_GAMMA", size=3, default=(1, 1, 1), min=0, max=1
    )
    box: EnumProperty(  # type: ignore[valid-type]
        name="Box",
        items=((NO_BOX, "None", ""), ("line", "Behind Each Line", ""), ("block", "Behind All Lines", "")),
    )

    def invoke(self, context: Context, _event: Event) -> _Result:
        try:
            found = pictures.style_of(compat.scene_of(context))
        except (SubtitleEditorError, OSError):
            found = None
        for key, value in offered(found).items() if found is not None else ():
            setattr(self, key, value)
        self.name = pictures.offered_name(compat.scene_of(context))
        operator: Any = self
        return set(context.window_manager.invoke_props_dialog(operator))

    def execute(self, context: Context) -> _Result:
        import dataclasses

        from ..core.picture import style

        scene = compat.scene_of(context)
        try:
            base = pictures.style_of(scene) or style.DEFAULT
            color = "#" + "".join(f"{round(part * 255):02x}" for part in self.color)
            changes = {"font": self.font, "size": round(self.size, 6), "color": color + base.color[7:]}
            changes["box"] = "" if self.box == NO_BOX else self.box
            mine = dataclasses.replace(base, name=self.name.strip(), label="", **changes)
            path = pictures.save(scene, mine)
        except SubtitleEditorError as error:
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        except OSError as error:
            from ..core.system import files as disk

            self.report({"ERROR"}, translated(str(disk.disk_error(pictures.own_styles(), error))))
            return {"CANCELLED"}
        self.report({"INFO"}, translated(Text("Saved as {path}", path=path)))
        return {"FINISHED"}


class SUBTITLE_OT_plain_view(bpy.types.Operator):
    """Show the scene's colours as they are (view transform Standard), so that white subtitles are white"""

    bl_idname = "subtitle.plain_view"
    bl_label = "Set to Standard"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: Context) -> _Result:
        pictures.show_plainly(compat.scene_of(context))
        return {"FINISHED"}


class SUBTITLE_OT_reload_styles(bpy.types.Operator):
    """Read your own styles again, after a file was edited or added"""

    bl_idname = "subtitle.reload_styles"
    bl_label = "Read Styles Again"

    def execute(self, _context: Context) -> _Result:
        pictures.read_styles_soon()
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_bake,
        SUBTITLE_OT_bake_changed,
        SUBTITLE_OT_bake_and_render,
        SUBTITLE_OT_back_to_text,
        SUBTITLE_OT_delete_unused_pictures,
        SUBTITLE_OT_choose_style,
        SUBTITLE_OT_save_style,
        SUBTITLE_OT_reload_styles,
        SUBTITLE_OT_plain_view,
    )
)
