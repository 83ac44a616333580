# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over the Sequencer's timeline: problems and doubtful words of subtitles, when each word is said, cuts.

What is known of all subtitles is the survey's; a redraw looks at those in view only. While this is off, Blender calls
nothing. Main thread.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import bpy

from ..sequencer import bulk, compat
from ..sequencer.strips import clock_of
from . import settings, survey

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]
    Ints = NDArray[np.int32]

BOTTOM, TOP = 0.05, 0.95
"""Where a strip lies within its channel (STRIP_OFSBOTTOM and STRIP_OFSTOP in Blender's source)."""
EDGE = 0.12
"""How high the bar is that says that something is wrong, in channels."""
WORDS_FROM = 30.0
"""Pixels of a subtitle's width from which on its words can be told apart."""
MOST = 400
"""Subtitles whose words are drawn: more have no room on any screen."""

PROBLEM = 0.95, 0.25, 0.2, 0.9
DOUBT = 1.0, 0.7, 0.1, 0.9
WORD = 1.0, 1.0, 1.0, 0.45
CUT = 0.3, 0.8, 1.0, 0.6

Color = tuple[float, float, float, float]


class Known(NamedTuple):
    """The subtitles of a survey as rows of numbers, in order of time."""

    order: Ints
    """In Blender's collection, of `total` strips."""
    total: int
    left: Ints
    right: Ints
    channel: Ints
    wrong: Ints
    """2 with a problem, 1 where only words are doubtful."""

    def still(self, left: Ints) -> Any:
        """Which of them are where they were; `left` of all strips of the collection as it is now."""
        return left[self.order] == self.left


class Shape(NamedTuple):
    """Rectangles in one colour, each `(left, bottom, right, top)` in pixels."""

    color: Color
    boxes: Floats


def shapes(known: Known, there: Any, view: View, found: survey.Survey) -> Iterator[Shape]:
    """Everything to draw in a view. `there`: which of the subtitles are where the survey has seen them."""
    import numpy as np

    inside = there & (known.right > view.first) & (known.left < view.last)
    for wrong, color in ((1, DOUBT), (2, PROBLEM)):
        rows = np.flatnonzero(inside & (known.wrong == wrong))
        if len(rows):
            low = known.channel[rows] + BOTTOM
            yield Shape(color, view.boxes(known.left[rows], low, known.right[rows], low + EDGE))
    seen = np.flatnonzero(inside & ((known.right - known.left) * view.frame_width >= WORDS_FROM))[:MOST]
    yield from _words(known, seen, view, found)
    if found.cuts:
        frames = np.array([cut for cut in found.cuts if view.first <= cut <= view.last], dtype=np.float32)
        ends = np.full(len(frames), view.bottom, np.float32), np.full(len(frames), view.top, np.float32)
        yield Shape(CUT, view.boxes(frames, ends[0], frames, ends[1], thick=1.0))


def _words(known: Known, rows: Any, view: View, found: survey.Survey) -> Iterator[Shape]:
    """A tick where each word begins, and a bar under the words that the model was not sure of."""
    import numpy as np

    from ..core.subtitles.quality import DOUBTFUL

    ticks: list[tuple[float, float]] = []
    doubtful: list[tuple[float, float, float]] = []
    for row in rows.tolist():
        channel = float(known.channel[row])
        for word in found.cues[row].words:
            start = view.frame(word.start)
            ticks.append((start, channel))
            if word.probability < DOUBTFUL:
                doubtful.append((start, view.frame(word.end), channel))
    if ticks:
        at, channel = np.array(ticks, dtype=np.float32).T
        yield Shape(WORD, view.boxes(at, channel + BOTTOM, at, channel + BOTTOM + 0.25, thick=1.0))
    if doubtful:
        left, right, channel = np.array(doubtful, dtype=np.float32).T
        low = channel + BOTTOM + EDGE
        yield Shape(DOUBT, view.boxes(left, low, right, low + 0.06))


class View(NamedTuple):
    """The part of a timeline that a region shows."""

    first: float
    """The first frame, and the last."""
    last: float
    bottom: float
    """The lowest channel, and the highest."""
    top: float
    width: float
    """Pixels."""
    height: float
    rate: float
    zero: int
    """Frames a second, and the frame of second 0."""

    @property
    def frame_width(self) -> float:
        """Pixels of a frame."""
        return self.width / max(1e-6, self.last - self.first)

    def frame(self, seconds: float) -> float:
        """Where a time lies, not rounded."""
        return self.zero + seconds * self.rate

    def boxes(self, left: Any, low: Any, right: Any, high: Any, thick: float = 0.0) -> Floats:
        """Frames and channels as pixels; `thick`: at least so wide."""
        import numpy as np

        across = np.stack([left, right]).astype(np.float32)
        up = np.stack([low, high]).astype(np.float32)
        x = (across - self.first) * self.frame_width
        y = (up - self.bottom) * (self.height / max(1e-6, self.top - self.bottom))
        x[1] = np.maximum(x[1], x[0] + max(1.0, thick))
        return np.stack([x[0], y[0], x[1], y[1]], axis=1)


def triangles(boxes: Floats) -> Floats:
    """The corners of two triangles for each rectangle."""
    corners = boxes[:, [0, 1, 2, 1, 2, 3, 0, 1, 2, 3, 0, 3]]
    found: Floats = corners.reshape(-1, 2)
    return found


# Drawing

_handle: Any = None
_last: tuple[survey.Survey, Known] | None = None


def _known(found: survey.Survey) -> Known | None:
    """The survey's subtitles as numbers: made once for each survey."""
    global _last
    if found.row is None:
        return None
    if _last is None or _last[0] is not found:
        import numpy as np

        wrong = np.zeros(len(found.names), np.int32)
        for number, name in enumerate(found.names):
            if problems := found.by_name.get(name):
                wrong[number] = 1 if all(problem.rule == "unsure" for problem in problems) else 2
        index, count, left, right, channel = found.row
        _last = found, Known(index, count, left, right, channel, wrong)
    return _last[1]


def draw() -> None:
    """Called by Blender for each redraw of a timeline, while this is on."""
    context = bpy.context
    scene, region, space = compat.scene_of(context), context.region, context.space_data
    if scene is None or scene.sequence_editor is None or not getattr(space, "show_overlays", True):
        return
    found = survey.current()
    if found.meta != compat.open_meta(scene):
        return  # Other strips are shown than were read, at the same frames and on the same channels.
    known = _known(found)
    collection = compat.strips_shown(scene)
    view = _view(region, scene)
    if known is None or known.total != len(collection) or not known.total:
        return
    left = bulk.column(collection, compat.edge_names(collection)[0], count=known.total)
    _paint(list(shapes(known, known.still(left), view, found)))


def _view(region: Any, scene: bpy.types.Scene) -> View:
    to_view = region.view2d.region_to_view
    (first, bottom), (last, top) = to_view(0, 0), to_view(region.width, region.height)
    clock = clock_of(scene)
    return View(first, last, bottom, top, region.width, region.height, float(clock.rate), clock.zero)


def _paint(found: list[Shape]) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    gpu.state.blend_set("ALPHA")
    for shape in found:
        if len(shape.boxes):
            corners: Any = triangles(shape.boxes)
            batch = batch_for_shader(shader, "TRIS", {"pos": corners})
            shader.uniform_float("color", shape.color)
            batch.draw(shader)
    gpu.state.blend_set("NONE")


def apply(context: bpy.types.Context) -> None:
    """Switch it on or off, as the preferences say."""
    found = settings.of(context)
    wanted = found is not None and found.show_marks
    if wanted and _handle is None:
        _switch_on()
    elif not wanted:
        _switch_off()
    _redraw()


def _redraw() -> None:
    manager = bpy.context.window_manager
    for window in manager.windows if manager else ():
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                area.tag_redraw()


def _switch_on() -> None:
    global _handle
    space: Any = bpy.types.SpaceSequenceEditor
    _handle = space.draw_handler_add(draw, (), "WINDOW", "POST_PIXEL")
    survey.listeners.append(_redraw)


def _switch_off() -> None:
    global _handle, _last
    _last = None
    if _handle is not None:
        space: Any = bpy.types.SpaceSequenceEditor
        space.draw_handler_remove(_handle, "WINDOW")
        survey.listeners.remove(_redraw)
        _handle = None


def register() -> None:
    """Called by the package."""
    apply(bpy.context)


def unregister() -> None:
    """Called by the package."""
    _switch_off()
