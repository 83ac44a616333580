# SPDX-License-Identifier: GPL-3.0-or-later
"""What operators that change or measure many subtitles share: they show how far they are, and can be stopped.

Moving one strip takes Blender half a millisecond among 10,000, in Blender 4.2 two. An edit that is done within a moment
is done at once, as is every edit in background; a longer one goes on in steps, and Escape puts back what it has moved.
Until then the window takes no other input: what is half moved is nothing to edit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text
from ..sequencer import bulk, compat
from ..session import track as tracks
from ..session import waker
from ..translations import translated
from .editing import CueOperator, nothing_chosen, numbers_in

if TYPE_CHECKING:
    from bpy.types import Context, Event

    from ..core.subtitles.track import Edited, Rules
    from ..sequencer.track import Changed, Excerpt, Row, Steps

_Result = set[str]

AT_ONCE = 0.5
"""Seconds that an edit may take before it is shown how far it is."""
SLICE = 0.1
"""Seconds between two pictures of that."""


class StripsGoneError(SubtitleEditorError):
    """A script has made or removed strips while an edit was under way."""

    code = "strips_gone"

    def __init__(self) -> None:
        super().__init__(
            Text("A script has made or removed strips meanwhile. All subtitles are where they were."),
            Text("Do it again."),
        )


class Work:
    """Something under way on the strips that the sequencer shows of a scene. Raises SubtitleEditorError from any step.

    Call `turn_back` to stop it.
    """

    changes = True
    """Whether anything is to be put back when it is stopped."""

    def __init__(self, scene: bpy.types.Scene, steps: Generator[int, None, Any], total: int) -> None:
        """`total`: how many steps there are at most. What the steps return is its result, which is never None."""
        self._scene = scene
        self._count = len(self._strips())
        self._steps = steps
        self._done, self._total = 0, max(1, total)
        self.is_turned_back = False
        """It was stopped, and puts back what it has changed."""

    @property
    def share(self) -> float:
        """How much is done, 0.0 to 1.0."""
        return min(1.0, self._done / self._total)

    def _strips(self) -> Any:
        return compat.strips_shown(self._scene)

    def go_on(self, seconds: float) -> Any | None:
        """Go on for about so long; the result, once all is done."""
        # Blender says nothing of a strip that is gone: to ask one for its place reads what is no longer its memory.
        if len(self._strips()) != self._count:
            raise StripsGoneError
        until = time.monotonic() + seconds
        while True:
            try:
                next(self._steps)
            except StopIteration as end:
                return end.value
            self._done += 1
            if time.monotonic() >= until:
                self._count = len(self._strips())
                return None

    def turn_back(self) -> None:
        """Put back what was changed, in steps as well."""
        self._steps.close()
        self._count = len(self._strips())
        self._steps, total = self._back()
        self._done, self._total = 0, max(1, total)
        self.is_turned_back = True

    def put_back(self) -> None:
        """The same, all of it now: nothing that is half done may stay behind."""
        self.turn_back()
        self.go_on(math.inf)

    def _back(self) -> tuple[Generator[int, None, Any], int]:
        """The steps of putting back, and how many there are at most."""
        raise NotImplementedError


class Moving(Work):
    """An edit under way, which moves strips until its last step."""

    def __init__(self, row: Row, steps: Steps, total: int) -> None:
        """`total`: how many strips it moves at most."""
        names = [strip.name for strip in row.strips(range(len(row)))]
        edges = zip(row.left.tolist(), row.right.tolist(), strict=True)
        self._before = dict(zip(names, edges, strict=True))
        self._channels = dict(zip(names, row.table.channel[row.order].tolist(), strict=True))
        super().__init__(row.scene, steps, total)

    def _back(self) -> tuple[Steps, int]:
        collection = self._strips()
        away = {
            strip.name: before
            for strip in collection
            if (before := self._before.get(strip.name)) not in (None, (compat.left(strip), compat.right(strip)))
        }
        elsewhere = sum(self._channels.get(strip.name, strip.channel) != strip.channel for strip in collection)
        return _back(collection, away, self._channels), len(away) + elsewhere


def _back(collection: Any, edges: dict[str, tuple[int, int]], channels: dict[str, int]) -> Steps:
    from ..sequencer.track import Changed

    yield from bulk.moving(collection, edges)
    # Last, when nothing is in their way any more.
    elsewhere = [strip for strip in collection if channels.get(strip.name, strip.channel) != strip.channel]
    for done, strip in enumerate(elsewhere, len(edges) + 1):
        strip.channel = channels[strip.name]
        yield done
    return Changed()


class LongOperator:
    """Mix-in of an operator that may take long: then it shows how far it is, and Escape stops it."""

    if TYPE_CHECKING:  # Blender evaluates what is annotated in its classes when it registers them.
        bl_label: str
        options: bpy.types.OperatorOptions
        report: Callable[[set[str], str], None]
        _work: Work
        _timer: bpy.types.Timer | None

    _timer = None

    def told(self, result: Any) -> _Result:
        """Say what has come of it, and what of that is to be undone."""
        raise NotImplementedError

    def begin(self, work: Work) -> _Result:
        """Do it, and go on as a modal operator where it is not done within a moment. Raises SubtitleEditorError."""
        context = bpy.context
        self._work = work
        # Adjust Last Operation goes on with what an operator has left as soon as it returns.
        at_once = bpy.app.background or context.window is None or self.options.is_repeat
        result = work.go_on(math.inf if at_once else AT_ONCE)
        if result is not None:
            return self.told(result)
        self._timer = waker.add_timer(context.window)
        context.window_manager.modal_handler_add(self)  # type: ignore[arg-type]
        self._show(context)
        return {"RUNNING_MODAL"}

    def modal(self, context: Context, event: Event) -> _Result:
        """Called by Blender for each event while it goes on."""
        is_stopped = event.type == "ESC" and event.value == "PRESS" and not self._work.is_turned_back
        if event.type != "TIMER" and not is_stopped:
            return {"RUNNING_MODAL"}
        try:
            if is_stopped:
                self._work.turn_back()
                return {"RUNNING_MODAL"}
            result = self._gone_on()
        except SubtitleEditorError as error:
            self._leave(context)
            self.report({"ERROR"}, translated(str(error)))
            return {"CANCELLED"}
        except BaseException:
            self._leave(context)  # A script may have removed the scene: nothing must stay grey for that.
            raise
        if result is None:
            self._show(context)
            return {"RUNNING_MODAL"}
        self._leave(context)
        return self.stopped() if self._work.is_turned_back else self.told(result)

    def _gone_on(self) -> Any:
        try:
            return self._work.go_on(SLICE)
        except SubtitleEditorError:
            self._work.put_back()
            raise

    def stopped(self) -> _Result:
        """Say what has become of what was done, once all is put back."""
        self.report({"INFO"}, translated(Text("Stopped. All subtitles are where they were.")))
        return {"CANCELLED"}

    def _show(self, context: Context) -> None:
        what, percent = Text(self.bl_label), f"{self._work.share:.0%}"
        if self._work.is_turned_back:
            text = Text("Putting all back: {share}", share=percent)
        elif self._work.changes:
            text = Text("{what}: {share}. Escape stops it and puts all back.", what=what, share=percent)
        else:
            text = Text("{what}: {share}. Escape stops it.", what=what, share=percent)
        context.workspace.status_text_set(translated(text))

    def cancel(self, context: Context) -> None:
        """Blender ends the operator: another file is loaded, the window closes, or Blender quits."""
        # Blender also calls this when a dialog is left without a choice.
        if self._timer is not None:
            # Where only the window closes, the film goes on.
            try:
                self._work.put_back()
            finally:
                self._leave(context)

    def _leave(self, context: Context) -> None:
        if self._timer is not None:
            waker.remove_timer(self._timer)
            self._timer = None
        if context.workspace is not None:
            context.workspace.status_text_set(None)
        tracks.touched()


class SlowOperator(LongOperator, CueOperator):
    """Mix-in of an operator that may change very many subtitles of the active track."""

    def slowly(self, row: Row, steps: Steps, total: int) -> _Result:
        """Do the steps of an edit of a row that moves `total` strips at most. Raises SubtitleEditorError."""
        return self.begin(Moving(row, steps, total))

    def told(self, changed: Changed) -> _Result:
        return CueOperator.told(self, changed)


class ScopeOperator(SlowOperator):
    """Mix-in of an operator that changes many subtitles by one rule."""

    if TYPE_CHECKING:
        which: str

    same_channel = True
    """Whether neighbours matter, which are those on the same channel."""

    def many(self, some: Excerpt, places: list[int], rules: Rules) -> Edited:
        """What an edit makes of some subtitles. Raises SubtitleEditorError."""
        raise NotImplementedError

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        wanted = numbers_in(scene, row, self.which)
        if not wanted:
            raise nothing_chosen()
        return self.slowly(row, self.steps(scene, row, rules, wanted), len(wanted))

    def steps(self, scene: bpy.types.Scene, row: Row, rules: Rules, wanted: list[int]) -> Steps:
        """The edit, in steps."""
        from ..sequencer.track import applying

        if not self.same_channel or len(row.channels) == 1:
            first, last = max(0, wanted[0] - 1), min(len(row), wanted[-1] + 2)
            some = row.part(first, last)
            return (yield from some.applying(self.many(some, [some.place(number) for number in wanted], rules)))
        names = {strip.name for strip in row.strips(wanted)}
        edits = []
        for channel in row.channels:
            some = row.lane(channel).all()
            places = [place for place, strip in enumerate(some.strips) if strip.name in names]
            edits.append((some, self.many(some, places, rules)))
        # Of all channels together: what is stopped has done none of them.
        return (yield from applying(edits))
