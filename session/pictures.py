# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles as pictures in Blender: which style, which folder, which fonts; what draws them on a thread of its own.

Main thread, but for the work itself, which knows nothing of Blender.
"""

from __future__ import annotations

import dataclasses
import os
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system.names import is_inner_path
from ..core.system.task import Task
from ..core.text import Text
from ..sequencer import baked, files
from . import choices, settings
from . import track as tracks

if TYPE_CHECKING:
    from ..core.picture.baking import Result
    from ..core.picture.fonts import Fonts
    from ..core.picture.style import Style
    from ..core.system.control import Control
    from ..sequencer.baked import Source

OWN_STYLES = "styles"
"""Folder of a user's own styles, in the user's folder; the command line has the same."""
LABEL = Text("Drawing subtitles")
AS_IN_FILE = "file"
"""The style that a file brought along, instead of one of the list."""


class NoFolderError(SubtitleEditorError):
    """There is no place where the pictures could lie."""

    code = "no_picture_folder"

    def __init__(self) -> None:
        super().__init__(
            Text("The pictures need a folder, and this file has none yet."),
            Text("Save the file first, or choose a folder in the panel Pictures."),
        )


class NothingToDrawError(SubtitleEditorError):
    """There is no subtitle to be made a picture of."""

    code = "nothing_to_draw"

    def __init__(self) -> None:
        super().__init__(
            Text("There are no subtitles here that could become pictures."),
            Text("Import or write some, or select those that are meant."),
        )


# Styles


@dataclasses.dataclass(slots=True)
class _Known:
    own: Mapping[str, Style] = dataclasses.field(default_factory=dict)
    wrong: tuple[str, ...] = ()


known = _Known()
"""The user's own styles and what is wrong with their files, as they were read last."""


def read_styles_soon() -> None:
    """Read the user's own styles on a thread."""
    folder = settings.user_dir() / OWN_STYLES
    threading.Thread(target=_read_styles, args=(folder,), name="styles", daemon=True).start()


def _read_styles(folder: Path) -> None:
    from ..core.picture import style

    found, wrong = style.load(folder)
    known.own, known.wrong = found, tuple(str(error) for error in wrong)


def styles() -> dict[str, Style]:
    """All styles by name, own ones last."""
    from ..core.picture import style

    return {**style.presets(), **known.own}


def style_of(scene: bpy.types.Scene) -> Style | None:
    """The style that was chosen; None: the one of the file. Raises StyleError for one that is gone."""
    from ..core.picture import style

    name = choices.of(scene).picture_style
    if name == AS_IN_FILE:
        return None
    found = styles().get(name)
    return found if found is not None else style.find(name, settings.user_dir() / OWN_STYLES)


def label_of(name: str) -> str:
    """What a menu shows for a style's name."""
    if name == AS_IN_FILE:
        return Text("As in the File")
    found = styles().get(name)
    return Text(found.title) if found is not None else name


# Folder and fonts


def folder_of(scene: bpy.types.Scene) -> Path:
    """Where a scene's pictures lie. Raises NoFolderError."""
    given = choices.of(scene).picture_folder
    if not given:
        if not bpy.data.filepath:
            raise NoFolderError
        given = f"//{Path(bpy.data.filepath).stem} subtitles/{_folder_name(scene.name)}"
    elif given.startswith("//") and not bpy.data.filepath:
        raise NoFolderError
    # Links and the letters of network drives stay: strips shall lie by the file as the user sees both.
    return Path(os.path.abspath(bpy.path.abspath(given)))


def _folder_name(scene: str) -> str:
    """A scene's name as one that a folder can have everywhere.

    >>> _folder_name("Act 1: Café"), _folder_name("Scene."), _folder_name("aux")
    ('Act_1_Café', 'Scene', 'aux_')
    """
    name = re.sub(r"[^\w.-]+", "_", scene).strip(".") or "Scene"
    return name if is_inner_path(name, windows=True) else f"{name}_"


def fonts() -> Fonts:
    """Blender's fonts, then the system's."""
    from ..core.picture.fonts import Fonts

    utils: Any = bpy.utils  # The stubs do not know system_resource.
    found = utils.system_resource("DATAFILES", path="fonts")
    return Fonts(blender=Path(found) if found else None)


# Baking


@dataclasses.dataclass(slots=True)
class Job:
    """What is baked: read from Blender before, put back into it after."""

    task: Task
    sources: list[Source]
    inner: int
    """Subtitles inside meta strips, which stay text."""
    only: bool


def job(scene: bpy.types.Scene, *, selected: bool = False, again: bool = False) -> Job:
    """The task that draws what is to be drawn. Raises SubtitleEditorError."""
    found, inner = baked.sources(scene, selected=selected, again=again)
    if not found and not (again and baked.has_any(scene)):
        raise NothingToDrawError
    folder, style, letters = folder_of(scene), style_of(scene), fonts()
    document = files.document_of(scene)[0].with_cues(source.cue for source in found)
    size = scene.render.resolution_x, scene.render.resolution_y
    track = tracks.active(scene)
    language = track.language if track is not None else ""

    def work(control: Control, _report: Any, _job: str) -> Result:
        from ..core.picture import baking
        from ..core.system import files as disk

        try:
            return baking.bake(
                document, folder, *size, style, letters, language=language, report=task.share,
                stopped=lambda: control.cancelled,
            )  # fmt: skip
        except OSError as error:
            raise disk.disk_error(folder, error) from error

    task = Task(LABEL, work)
    return Job(task, found, inner, selected)


def orphans(scene: bpy.types.Scene) -> list[str]:
    """The files of a scene's folder that no strip shows. Reads the disk. Raises NoFolderError."""
    from ..core.picture import baking

    folder = folder_of(scene)
    in_use = baked.files_in_use(str(folder))
    return [name for name in baking.files_of(folder) if name not in in_use]


# What greys white


def greys(scene: bpy.types.Scene) -> str:
    """The scene's view transform, where it shows white as grey (AgX, Filmic); empty where it does not."""
    view: Any = scene.view_settings
    return "" if view.view_transform in ("Standard", "Raw", "None") else str(view.view_transform)


def show_plainly(scene: bpy.types.Scene) -> None:
    """Show colours as they are."""
    view: Any = scene.view_settings
    view.view_transform = "Standard"


# Before a render


@bpy.app.handlers.persistent
def _before_render(scene: Any, *_: object) -> None:
    """Bring pictures after their subtitles before a render without a window: there a handler runs where strips may be
    changed. In a window the render has a thread of its own; *Bake and Render* is for that."""
    found = settings.of(bpy.context)
    if found is None or not found.bake_before_render or not bpy.app.background:
        return
    if isinstance(scene, bpy.types.Scene) and baked.has_any(scene):
        bring_after(scene)


def bring_after(scene: bpy.types.Scene) -> None:
    """*Bake Changed*, here and now. What goes wrong is printed: a render goes on."""
    try:
        one = job(scene, again=True)
        one.task.run()
        if one.task.error is not None:
            raise one.task.error
        for _ in baked.Placing(scene, one.task.result, one.sources).steps():
            pass
    except SubtitleEditorError as error:
        print(f"Subtitle Editor: {error}")


def register() -> None:
    """Called by the package."""
    bpy.app.handlers.render_init.append(_before_render)
    read_styles_soon()


def unregister() -> None:
    """Called by the package."""
    if _before_render in bpy.app.handlers.render_init:
        bpy.app.handlers.render_init.remove(_before_render)
