# SPDX-License-Identifier: GPL-3.0-or-later
"""The test's ear and voice inside Blender: run by `blender --python`, it carries out what the test process sends.

One JSON object a line over a loopback socket: `{"code": ...}` comes, `{"value": ...}` or `{"error": ...}` goes back.
Code runs on the main thread, from an app timer, as an add-on's would; a generator is driven one step a tick, so that
Blender works between its steps. What a user does is not sent here: that is done with the mouse (see window.py).
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import os
import socket
import time
import traceback
import types
from collections.abc import Iterator
from typing import Any

import bpy

MODULE = "bl_ext.user_default.subtitle_editor"
TICK = 0.02
STEP = 13
"""Pixels between two places that are looked at for a button, at interface scale 1: a button is 20 high."""


class Agent:
    """The connection, and the code under way."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port))
        self._socket.setblocking(False)
        self._received = b""
        self._running: Iterator[Any] | None = None
        self._names: dict[str, Any] = {**globals()}

    def tick(self) -> float | None:
        """Called by Blender; None, and with it the end of the timer, when the test has hung up."""
        if self._running is not None:
            self._step()
            return TICK / 2
        try:
            data = self._socket.recv(1 << 16)
        except BlockingIOError:
            return TICK
        except OSError:
            return None
        if not data:
            return None
        self._received += data
        while b"\n" in self._received:
            line, self._received = self._received.split(b"\n", 1)
            self._running = self._statements(json.loads(line)["code"])
            self._step()
        return TICK

    def _statements(self, code: str) -> Iterator[None]:
        """Carry out a piece of code, over as many ticks as the generators in it need; the value of its last line."""
        value = None
        for statement in ast.parse(code).body:
            if isinstance(statement, ast.Expr):
                value = eval(compile(ast.Expression(statement.value), "<test>", "eval"), self._names)
                if inspect.isgenerator(value):
                    value = yield from value
            else:
                exec(compile(ast.Module([statement], []), "<test>", "exec"), self._names)
        return value

    def _step(self) -> None:
        assert self._running is not None
        try:
            next(self._running)
        except StopIteration as end:
            self._running = None
            self._send({"value": end.value})
        except BaseException:  # SystemExit too: the test is told, and decides.
            self._running = None
            self._send({"error": traceback.format_exc()})

    def _send(self, answer: dict[str, Any]) -> None:
        self._socket.setblocking(True)
        self._socket.sendall(json.dumps(answer, default=repr).encode() + b"\n")
        self._socket.setblocking(False)


# The window


def window(number: int = 0) -> bpy.types.Window:
    """A window of Blender's, the first one unless said otherwise."""
    return bpy.context.window_manager.windows[number]


def sequencer(number: int = 0) -> bpy.types.Area:
    """The sequencer of that window: its largest area is made one if there is none."""
    areas = window(number).screen.areas
    found = [area for area in areas if area.type == "SEQUENCE_EDITOR"]
    area = max(found or areas, key=lambda area: area.width * area.height)
    if area.type != "SEQUENCE_EDITOR":
        area.type = "SEQUENCE_EDITOR"
    return area


def region(kind: str = "UI", area: bpy.types.Area | None = None) -> bpy.types.Region:
    """A region of the sequencer, its sidebar unless said otherwise."""
    return next(region for region in (area or sequencer()).regions if region.type == kind)


def show_sidebar(number: int = 0) -> Iterator[None]:
    """Open our tab of the sequencer's sidebar, as N and a click would."""
    area = sequencer(number)
    workspace = window(number).workspace
    # From 5.0 the sequencer shows a scene of the workspace's, none at first.
    if hasattr(workspace, "sequencer_scene"):
        workspace.sequencer_scene = window(number).scene
    area.spaces.active.show_region_ui = True
    yield
    yield
    region("UI", area).active_panel_category = "Subtitles"
    area.tag_redraw()
    for _ in range(10):
        yield


def box(kind: str = "UI") -> tuple[int, int, int, int]:
    """Left, top, width and height of a region on the screen, counted from the top as X does."""
    found = region(kind)
    return found.x, window().height - found.y - found.height, found.width, found.height


def buttons(wanted: str | None = None) -> Iterator[None]:
    """What the mouse finds on the sidebar from top to bottom: (x, y, text) of each button on the screen.

    The text is the Python command of an operator's button, the data path of a property's. `wanted`: stop at the first
    that contains it.
    """
    found: list[tuple[int, int, str]] = []
    side = region()
    scale = bpy.context.preferences.system.ui_scale
    step = int(STEP * scale)
    # The middle, where wide buttons are; the small ones at the right, beside scroll bar and tabs; the left half.
    right = [side.width - int((49 + 21 * number) * scale) for number in range(4)]
    columns = [side.width // 2, *right, side.width // 4, int(20 * scale)]
    for column in columns if wanted else [side.width // 4, right[0]]:
        x = side.x + column
        for y in range(side.y + side.height - step, side.y, -step):
            window().cursor_warp(x, y)
            yield
            yield
            text = _under_the_mouse(side)
            if text and (not found or found[-1][2] != text):
                found.append((x, window().height - y, text))
                if wanted and wanted in text:
                    # Not its edge.
                    return [(x, window().height - y + step // 3, text)]
    return [] if wanted else found


def _under_the_mouse(side: bpy.types.Region) -> str:
    manager = bpy.context.window_manager
    with bpy.context.temp_override(window=window(), area=sequencer(), region=side):
        for copy, given in (
            (bpy.ops.ui.copy_python_command_button, {}),
            (bpy.ops.ui.copy_data_path_button, {"full_path": True}),
        ):
            manager.clipboard = ""
            try:
                if copy.poll() and copy(**given) == {"FINISHED"} and manager.clipboard:
                    return manager.clipboard
            except RuntimeError:
                continue
    return ""


class Recorder:
    """Stands before a layout, or a panel, and hands everything on to it; keeps what is written there.

    `UILayout.introspect()` would tell the same. It drops a reference too many, and Blender crashes some calls later.
    """

    def __init__(self, real: Any, seen: list[str]) -> None:
        object.__setattr__(self, "_real", real)
        object.__setattr__(self, "_seen", seen)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._real, name, value)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._real, name)
        if isinstance(value, bpy.types.UILayout):
            return Recorder(value, self._seen)
        if inspect.ismethod(value) and not isinstance(self._real, bpy.types.UILayout):
            return types.MethodType(value.__func__, self)  # A panel's own helper: it shall see our layout.
        if not callable(value) or not isinstance(self._real, bpy.types.UILayout):
            return value
        return lambda *args, **kwargs: self._call(name, value, args, kwargs)

    def _call(self, name: str, method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        text = kwargs.get("text")
        args = tuple(one._real if isinstance(one, Recorder) else one for one in args)
        if text is None and name == "prop":
            text = args[0].bl_rna.properties[args[1]].name
        if text:
            self._seen.append(str(text))
        if name == "prop" and isinstance(value := getattr(args[0], args[1]), str):
            self._seen.append(value)
        result = method(*args, **kwargs)
        if isinstance(result, tuple):  # panel() gives two
            return tuple(Recorder(one, self._seen) if isinstance(one, bpy.types.UILayout) else one for one in result)
        return Recorder(result, self._seen) if isinstance(result, bpy.types.UILayout) else result


def redraw() -> None:
    """Have everything in the first window drawn again."""
    for area in window().screen.areas:
        area.tag_redraw()


def settle() -> Iterator[None]:
    """Wait until panels have slid to their places and what was changed is on the screen."""
    for _ in range(20):
        yield
    redraw()
    for _ in range(5):
        yield


def texts() -> Iterator[None]:
    """What our panels show, in order: the texts of labels, bars, buttons, fields and list rows, as they are drawn."""
    seen: list[str] = []
    kinds = (bpy.types.Panel, bpy.types.AddonPreferences)
    panels = [found for kind in kinds for found in kind.__subclasses__() if found.__module__.startswith(MODULE)]
    lists = [found for found in bpy.types.UIList.__subclasses__() if found.__module__.startswith(MODULE)]
    originals = [(found, name, getattr(found, name)) for found in panels for name in ("draw", "draw_header")
                 if name in vars(found)]  # fmt: skip
    originals += [(found, "draw_item", found.draw_item) for found in lists]
    for found, name, original in originals:
        setattr(found, name, _recorded(original, seen))
    try:
        # A redraw may be under way: what it has drawn is not all.
        yield
        seen.clear()
        redraw()
        for _ in range(4):
            yield
    finally:
        for found, name, original in originals:
            setattr(found, name, original)
    redraw()
    return seen


def _recorded(original: Any, seen: list[str]) -> Any:
    if original.__name__ == "draw_item":
        # Blender counts the arguments: there must be as many.
        def draw_item(self, context, layout, data, item, icon, active, name, index=0, flag=0):  # type: ignore
            original(self, context, Recorder(layout, seen), data, item, icon, active, name, index, flag)

        return draw_item

    def draw(self, context):  # type: ignore[no-untyped-def]
        original(Recorder(self, seen), context)

    return draw


# The add-on


def part(name: str) -> Any:
    """A module of the extension: part("session.pump")."""
    return importlib.import_module(f"{MODULE}.{name}")


def preferences() -> Any:
    """The extension's preferences."""
    return bpy.context.preferences.addons[MODULE].preferences


def enable() -> None:
    """Enable the extension, as the check mark in the preferences does."""
    bpy.ops.preferences.addon_enable(module=MODULE)


def allow(endpoint: str, models: str) -> None:
    """Allow online access, and fill in the preferences: this hub, this folder."""
    bpy.context.preferences.system.use_online_access = True
    ours = preferences()
    ours.endpoint_preset = "custom"
    ours.endpoint = endpoint
    ours.models_folder = models


def choose(model: str) -> Iterator[None]:
    """Choose a model in the list, as a click on its line would, and for the transcription."""
    view = part("session.choices").view_of(bpy.context.window_manager)
    view.show_missing = True
    bpy.context.scene.subtitle_editor.model = model
    for _ in range(200):
        for index in range(len(view.models)):
            view.model_index = index
            row = part("session.shelf").chosen()
            if row is not None and row.id == model:
                return
        yield
    raise LookupError(f"{model} is not in the list of {len(view.models)}")


def jobs() -> list[tuple[str, str, str]]:
    """Id, model and state of each download that has not ended, in the order of their turn."""
    return [(record.id, record.model, record.state.value) for record in part("session.state").jobs()]


def arrived() -> int:
    """Bytes of the download that is under way, as the panel counts them."""
    state = part("session.state")
    return max((state.progress(record).bytes_done for record in state.jobs() if record.is_live), default=0)


def again() -> Iterator[None]:
    """Pause the download that is under way, and go on with it: over a new connection, which has the hub's new rate."""
    job = next(job for job, _, state in jobs() if state == "downloading")
    area = sequencer()
    with bpy.context.temp_override(window=window(), area=area, region=region("WINDOW", area)):
        bpy.ops.subtitle.pause_download(job=job)
    while (job, "paused") not in [(job, state) for job, _, state in jobs()]:
        yield
    with bpy.context.temp_override(window=window(), area=area, region=region("WINDOW", area)):
        bpy.ops.subtitle.resume_download("INVOKE_DEFAULT", job=job)


heard: list[tuple[float, str, dict[str, Any]]] = []
"""Each event of each job since `listen()`: when (time.monotonic), the name of its class, its fields."""


def listen() -> None:
    """Keep what jobs say."""
    heard.clear()
    part("session.state").listeners.append(_hear)


def _hear(event: Any) -> None:
    names = getattr(event, "__dataclass_fields__", {})
    heard.append((time.monotonic(), type(event).__name__, {name: str(getattr(event, name)) for name in names}))


def ended(kind: str) -> float:
    """When the last event of this class was heard; 0.0 before that."""
    return max((when for when, name, _ in heard if name == kind), default=0.0)


def start() -> None:
    """Connect, and listen for as long as the test does."""
    agent = Agent(int(os.environ["SUBTITLE_EDITOR_AGENT"]))
    bpy.app.timers.register(agent.tick, first_interval=TICK, persistent=True)


if __name__ == "__main__":
    start()
