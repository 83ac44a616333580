# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles as pictures in Blender: which style, which folder, which fonts; what draws them on a thread of its own.

Main thread, but for the work itself, which knows nothing of Blender.
"""

from __future__ import annotations

import itertools
import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.picture.names import AS_IN_FILE
from ..core.system.user_folder import STYLES
from ..core.text import Text
from . import choices, screen, settings
from . import track as tracks

if TYPE_CHECKING:
    from ..core.picture.baking import Result
    from ..core.picture.fonts import Fonts
    from ..core.picture.render import Problem
    from ..core.picture.style import Style
    from ..core.system.control import Control
    from ..core.system.task import Task
    from ..sequencer.baked import Source

LABEL = Text("Drawing subtitles")


class NoFolderError(SubtitleEditorError):
    """There is no place where the pictures could lie."""

    code = "no_picture_folder"

    def __init__(self) -> None:
        super().__init__(
            Text("The pictures need a folder, and this file has none yet."),
            Text("Save the file first, or choose a folder in the panel Pictures."),
        )


class StyleExistsError(SubtitleEditorError):
    """A style that is to be saved would take the place of another one."""

    code = "style_exists"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            Text('You have a style "{name}" already.', name=name),
            Text("Take another name; or choose that style first, then saving changes it."),
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


class _Known:
    def __init__(self) -> None:
        self.presets: Mapping[str, Style] = {}
        self.own: Mapping[str, Style] = {}
        self.wrong: tuple[str, ...] = ()


known = _Known()
"""The built-in styles, the user's own ones and what is wrong with their files, as they were read last."""


_reader: threading.Thread | None = None
"""The thread that was asked last to read them."""
_taking = threading.Lock()
"""Held for a moment by whoever says what is known, and for no look at the disk."""
_looked = False
"""Whether they were read, or are being read, since Blender started."""
_SOON = 0.05
"""Seconds between two looks at whether the thread has read them."""


def watch() -> None:
    """Somebody looks at styles: have them read if they never were. Takes no time."""
    if not _looked:
        read_styles_soon()


def read_styles_soon() -> None:
    """Read all styles on a thread, and show what has come of it."""
    global _reader, _looked
    _looked = True
    _reader = threading.Thread(target=_read_styles, args=(own_styles(),), name="styles", daemon=True)
    _reader.start()
    if not bpy.app.background and not bpy.app.timers.is_registered(_show_styles):
        bpy.app.timers.register(_show_styles, first_interval=_SOON, persistent=True)


def _show_styles() -> float | None:
    """Called by Blender while they are read, and after it."""
    if _reader is not None and _reader.is_alive():
        return _SOON
    screen.redraw()
    return None


def _read_styles(folder: Path) -> None:
    from ..core.picture import style

    known.presets = style.presets()
    found, wrong = style.load(folder)
    with _taking:
        # What was saved or asked for since, this one may not have seen.
        if threading.current_thread() is _reader:
            known.own, known.wrong = found, tuple(str(error) for error in wrong)


def styles() -> dict[str, Style]:
    """All styles by name, own ones last. Reads memory only."""
    return {**known.presets, **known.own}


def style_of(scene: bpy.types.Scene) -> Style | None:
    """The style that was chosen; None: the one of the file. Raises StyleError for one that is gone."""
    from ..core.picture import style

    name = choices.of(scene).picture_style
    if name == AS_IN_FILE:
        return None
    found = styles().get(name)
    return found if found is not None else style.find(name, own_styles())


def offered_name(scene: bpy.types.Scene) -> str:
    """What the next style is called: as the chosen one where it is the user's own, else a name that is free."""
    from ..core.picture import style

    chosen, (own, _) = choices.of(scene).picture_style, style.load(own_styles())
    if chosen in own:
        return chosen
    there = {*style.presets(), *(path.stem for path in own_styles().glob("*.toml"))}
    names = itertools.chain(["mine"], (f"mine-{number}" for number in itertools.count(2)))
    return next(name for name in names if name not in there)


def own_styles() -> Path:
    """The folder of the user's own styles, which need not be there."""
    return settings.user_dir() / STYLES


def save(scene: bpy.types.Scene, mine: Style) -> Path:
    """Keep a style and choose it. Returns its file. Raises StyleExistsError, StyleError and OSError."""
    global _reader
    from ..core.picture import style

    folder = own_styles()
    own, wrong = style.load(folder)
    is_there = mine.name in own or (folder / f"{mine.name}.toml").exists()
    if is_there and not (mine.name in own and mine.name == choices.of(scene).picture_style):
        raise StyleExistsError(mine.name)
    path = style.save(mine, folder)
    with _taking:
        _reader = None
        known.own, known.wrong = {**own, mine.name: mine}, tuple(str(error) for error in wrong)
    choices.of(scene).picture_style = mine.name
    return path


def label_of(name: str) -> str:
    """What a menu shows for a style's name. Reads memory only."""
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
    from ..core.system.names import is_inner_path

    name = re.sub(r"[^\w.-]+", "_", scene).strip(".") or "Scene"
    return name if is_inner_path(name, windows=True) else f"{name}_"


def fonts() -> Fonts:
    """Blender's fonts, then the system's."""
    from ..core.picture.fonts import Fonts

    utils: Any = bpy.utils  # The stubs do not know system_resource.
    found = utils.system_resource("DATAFILES", path="fonts")
    return Fonts(blender=Path(found) if found else None)


# Baking

at_work: set[int] = set()
"""The scenes, by `session_uid`, whose pictures are being put on the timeline."""


_replaced: dict[int, tuple[str, tuple[str, ...]]] = {}
"""By the `session_uid` of a scene: the style that its subtitles were drawn in last, and what of its fonts to say."""


def note_fonts(scene: bpy.types.Scene, problems: Sequence[Problem]) -> None:
    """Remember which fonts were not there when its subtitles were drawn."""
    found = tuple(problem.message for problem in problems if problem.kind == "font")
    _replaced[scene.session_uid] = choices.of(scene).picture_style, found


def replaced_fonts(scene: bpy.types.Scene) -> tuple[str, ...]:
    """What to say of fonts that were not there when the subtitles were drawn last, in the style that is chosen."""
    style, found = _replaced.get(scene.session_uid, ("", ()))
    return found if style == choices.of(scene).picture_style else ()


class Job(NamedTuple):
    """What is baked: read from Blender before, put back into it after."""

    task: Task
    sources: Sequence[Source]
    inner: int
    """Subtitles inside meta strips, which stay text."""
    only: bool


def job(scene: bpy.types.Scene, *, selected: bool = False, again: bool = False) -> Job:
    """The task that draws what is to be drawn. Raises SubtitleEditorError."""
    # Here, not above: none of this is needed to register.
    from ..core.system.task import Task
    from ..sequencer import baked, files

    found = baked.sources(scene, selected=selected, again=again)
    if not found.wanted and not (again and baked.has_any(scene)):
        raise NothingToDrawError
    folder, style, letters = folder_of(scene), style_of(scene), fonts()
    document = files.document_of(scene)[0].with_cues(source.cue for source in found.listed)
    size = scene.render.resolution_x, scene.render.resolution_y
    known = {channel: track.language for track in tracks.tracks(scene) for channel in track.channels}
    languages = [known.get(source.channel, "") for source in found.listed]

    def work(control: Control, _report: Any, _job: str) -> Result:
        from ..core.picture import baking
        from ..core.system import files as disk

        try:
            return baking.bake(
                document, folder, *size, style, letters, languages=languages, only=found.wanted, report=task.share,
                stopped=lambda: control.cancelled,
            )  # fmt: skip
        except OSError as error:
            raise disk.disk_error(folder, error) from error

    task = Task(LABEL, work)
    return Job(task, found.listed, found.inner, selected)


def looking_for_orphans(scene: bpy.types.Scene) -> Callable[[], list[str]]:
    """What finds the files of a scene's folder that no strip shows now; it reads the disk, on any thread. Raises
    NoFolderError, and it what `disk_error` makes of an OSError."""
    from ..sequencer import baked

    folder = folder_of(scene)
    in_use = baked.files_in_use(str(folder))

    def look() -> list[str]:
        from ..core.picture import baking
        from ..core.system import files as disk

        try:
            return [name for name in baking.files_of(folder) if name not in in_use]
        except OSError as error:
            raise disk.disk_error(folder, error) from error

    return look


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
    from ..sequencer import baked

    if isinstance(scene, bpy.types.Scene) and baked.has_any(scene):
        bring_after(scene)


def bring_after(scene: bpy.types.Scene) -> None:
    """*Bake Changed*, here and now. What goes wrong is printed: a render goes on."""
    from ..sequencer import baked

    try:
        one = job(scene, again=True)
        one.task.run()
        if one.task.error is not None:
            raise one.task.error
        baked.Placing(scene, one.task.result, one.sources).step()
    except SubtitleEditorError as error:
        print(f"Subtitle Editor: {error}")


def register() -> None:
    """Called by the package."""
    at_work.clear()
    _replaced.clear()
    bpy.app.handlers.render_init.append(_before_render)


def unregister() -> None:
    """Called by the package."""
    global _looked
    if _before_render in bpy.app.handlers.render_init:
        bpy.app.handlers.render_init.remove(_before_render)
    if bpy.app.timers.is_registered(_show_styles):
        bpy.app.timers.unregister(_show_styles)
    _looked = False
