# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits while the film plays, and what is not drawn anew because nothing of it has changed."""

from __future__ import annotations

from typing import Any

import bpy
import pytest

from subtitle_editor.sequencer import bulk, compat, cue, sounds
from subtitle_editor.session import playing, survey
from subtitle_editor.session import track as tracks


def test_a_picture_of_the_film_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(playing, "plays", lambda: True)
    monkeypatch.setattr(playing.time, "monotonic", lambda: now[0])
    scene, pauses = bpy.context.scene, playing.Pauses()
    scene.frame_current = 5
    pauses.is_now()
    scene.frame_current = 6
    assert not pauses.is_now(), "the picture of frame 6 is not drawn yet"
    assert pauses.is_now()
    for frame in range(7, 12):
        now[0] += 0.04
        scene.frame_current = frame
        assert not pauses.is_now()
    now[0] += 0.1
    scene.frame_current = 12
    assert pauses.is_now(), "there was no time for a quarter of a second"


def test_nothing_waits_while_nothing_plays() -> None:
    pauses = playing.Pauses()
    for frame in (5, 6, 7):
        bpy.context.scene.frame_current = frame
        assert pauses.is_now()


@pytest.fixture
def film(addon: Any) -> Any:
    scene = bpy.context.scene
    collection = compat.strips_of(compat.editor_of(scene))
    for number in range(6):
        strip = compat.new_text(collection, f"s{number}", 1, 1 + 50 * number, 41 + 50 * number)
        strip.text, strip[cue.MARK] = f"Double  space {number}", cue.PLAIN
    tracks.enter(scene, 1, 1, "Film")
    yield scene
    survey.reader.reset()


def test_only_what_has_changed_is_shown_anew(film: Any) -> None:
    first = survey.read_now()
    assert first.problems
    film.frame_current = 20
    again = survey.read_now()
    assert again is not first and again.says_as(first)
    strips = compat.strips_shown(film)
    compat.set_edges(strips[2], compat.left(strips[2]) + 2, compat.right(strips[2]))
    moved = survey.read_now()
    assert not moved.says_as(again), "marks on the timeline go with the strips"
    strips[3].text = "Single space"
    written = survey.read_now()
    assert not written.says_as(moved) and len(written.problems) < len(moved.problems)
    strips.remove(strips[5])
    assert not survey.read_now().says_as(written)


def test_what_is_heard_is_found_among_thousands_of_subtitles_without_a_look_at_them(film: Any) -> None:
    collection = compat.strips_shown(film)
    takes = "length" in collection.bl_rna.functions["new_effect"].parameters
    made = [
        collection.new_effect(
            name=f"colour{number}", type="COLOR", channel=5, frame_start=1 + number * 10,
            **({"length": 5} if takes else {"frame_end": 6 + number * 10}),
        )
        for number in range(bulk.FEW + 4)
    ]  # fmt: skip
    assert {strip.name for strip in bulk.no_texts(collection)} == {strip.name for strip in made}
    for strip in made[3:]:
        collection.remove(strip)
    assert [strip.name for strip in bulk.no_texts(collection)] == ["colour0", "colour1", "colour2"]
    assert sounds.chosen(film, whole=True) == []
