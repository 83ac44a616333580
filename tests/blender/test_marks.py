# SPDX-License-Identifier: GPL-3.0-or-later
"""What is drawn over the timeline: where, in which colour, and that it is gone where a strip has moved."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest

from subtitle_editor.core.cues import Word
from subtitle_editor.core.subtitles.document import Cue
from subtitle_editor.sequencer import bulk, compat
from subtitle_editor.session import marks, survey

from .test_editing import extent, put, scene, strip

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.timeout(60)]

VIEW = marks.View(first=1, last=241, bottom=0, top=8, width=2400, height=800, rate=24, zero=1)
"""Ten pixels a frame, a hundred a channel."""


def drawn(view: marks.View = VIEW, cuts: list[int] | None = None) -> dict[Any, list[list[float]]]:
    found = survey.read_now()
    known = marks._known(found)
    assert known is not None
    left = bulk.column(
        compat.strips_of(scene().sequence_editor), compat.edge_names(compat.strips_of(scene().sequence_editor))[0]
    )
    found.cuts = cuts or []
    shapes = marks.shapes(known, known.still(left), view, found)
    return {shape.color: np.round(shape.boxes, 1).tolist() for shape in shapes if len(shape.boxes)}


def test_problems_doubts_words_and_cuts_are_where_they_belong() -> None:
    words = (Word(4.0, 4.5, "sure"), Word(5.0, 5.5, "so", 0.2))
    put(Cue(0, 2, "fine"), Cue(2.5, 3.5, "two  spaces"), Cue(4, 6, "sure so", words))
    found = drawn(cuts=[25, 9999])
    assert found[marks.PROBLEM] == [[600, 205, 840, 217]]
    assert found[marks.DOUBT] == [[1200, 217, 1320, 223]]
    assert found[marks.WORD] == [[960, 205, 961, 230], [1200, 205, 1201, 230]]
    assert found[marks.CUT] == [[240, 0, 241, 800]]


def test_a_doubtful_subtitle_has_its_own_colour_where_words_have_no_room() -> None:
    words = (Word(0.0, 1.0, "sure"), Word(1.0, 2.0, "so", 0.2))
    put(Cue(0, 2, "sure so", words))
    far = marks.View(first=1, last=240001, bottom=0, top=8, width=2400, height=800, rate=24, zero=1)
    assert drawn(far) == {marks.DOUBT: [[0, 205, 1, 217]]}


def test_only_what_is_in_view_is_drawn() -> None:
    put(*(Cue(n * 10.0, n * 10.0 + 2, "two  spaces") for n in range(50)))
    assert len(drawn()[marks.PROBLEM]) == 1
    everything = marks.View(first=1, last=12001, bottom=0, top=8, width=2400, height=800, rate=24, zero=1)
    assert len(drawn(everything)[marks.PROBLEM]) == 50


def test_a_strip_that_has_moved_since_has_no_marks_until_it_was_read_again() -> None:
    put(Cue(0, 2, "two  spaces"), Cue(3, 5, "two  more"))
    found = survey.read_now()
    known = marks._known(found)
    assert known is not None
    compat.set_edges(strip(1), 200, 240)
    left = bulk.column(compat.strips_of(scene().sequence_editor), compat.edge_names([strip(1)])[0])
    boxes = [shape.boxes for shape in marks.shapes(known, known.still(left), VIEW, found)]
    assert [len(one) for one in boxes] == [1]
    compat.strips_of(scene().sequence_editor).new_effect(
        name="other", type="COLOR", channel=9, frame_start=1, **extent(1, 20)
    )
    assert drawn()[marks.PROBLEM] == [[0, 205, 480, 217], [1990, 205, 2390, 217]]


def test_inside_a_meta_strip_nothing_is_painted_over_the_other_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    put(Cue(0, 2, "two  spaces"), Cue(3, 5, "inside"))
    painted: list[int] = []
    # There is no window to paint on, and no view.
    monkeypatch.setattr(marks, "_view", lambda *_: VIEW)
    monkeypatch.setattr(marks, "_paint", lambda found: painted.append(len(found)))
    meta = compat.strips_of(scene().sequence_editor).new_meta(name="meta", channel=5, frame_start=1)
    strip(1).move_to_meta(meta)
    survey.read_now()
    marks.draw()
    assert painted == [1]
    scene().sequence_editor.display_stack(meta)
    marks.draw()
    assert painted == [1]
    survey.read_now()
    marks.draw()
    assert painted == [1, 0]
    scene().sequence_editor.display_stack(None)
    marks.draw()
    assert painted == [1, 0]
    survey.read_now()
    marks.draw()
    assert painted == [1, 0, 1]


def test_triangles_cover_a_rectangle() -> None:
    corners = marks.triangles(np.array([[1, 2, 5, 4]], dtype=np.float32)).tolist()
    assert corners == [[1, 2], [5, 2], [5, 4], [1, 2], [5, 4], [1, 4]]


def test_off_nothing_is_called_and_on_it_is(addon: Any) -> None:
    assert marks._handle is None
    addon.show_marks = True
    assert marks._handle is not None
    addon.show_marks = False
    assert marks._handle is None
    addon.show_marks = True
    bpy.ops.preferences.addon_disable(module="subtitle_editor")
    assert marks._handle is None
    bpy.ops.preferences.addon_enable(module="subtitle_editor")
