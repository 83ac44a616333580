# SPDX-License-Identifier: GPL-3.0-or-later
"""Strips are made a few at a time, while the user goes on working: whatever they do meanwhile, no subtitle is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.cues import Cue
from subtitle_editor.sequencer import compat, strips

from .test_transcription import add_sound, begin, hear

pytestmark = pytest.mark.timeout(120)

CUES = [Cue(float(number), number + 0.9, f"Subtitle {number}") for number in range(40)]
TEXTS = [cue.text for cue in CUES]


def written(scene: bpy.types.Scene) -> list[str]:
    return sorted((cue.text for cue in strips.cues_of(scene)[0]), key=lambda text: int(text.split()[-1]))


def writer(scene: bpy.types.Scene) -> strips.Writer:
    rate = strips.rate_of(scene)
    placed = strips.place(CUES, lambda seconds: scene.frame_start + rate.seconds_to_frame(seconds))
    return strips.Writer(scene, placed, 0)


def some(making: strips.Writer, least: int) -> None:
    while making.made < least:
        assert not making.step(0.0)


def test_a_renamed_scene_gets_the_rest(addon: Any) -> None:
    scene = bpy.context.scene
    making = writer(scene)
    some(making, 5)
    scene.name = "Renamed while strips are made"
    # Another one takes the name over, as Blender's own menu makes it.
    bpy.data.scenes.new("Scene")
    assert making.step()
    assert written(scene) == TEXTS and making.made == len(CUES)


def test_an_undo_takes_none_away(addon: Any) -> None:
    """Undo is for what the user did, and goes back to before the first strips: they are no step of their own yet."""
    scene = bpy.context.scene
    scene.frame_end = 2000
    compat.editor_of(scene)
    bpy.ops.ed.undo_push(message="before")
    making = writer(scene)
    some(making, 7)
    scene.frame_end = 3000
    bpy.ops.ed.undo_push(message="the user works on")
    some(making, 15)
    bpy.ops.ed.undo()
    assert len(written(bpy.context.scene)) < 15, "undo did nothing: the test shows nothing"
    assert making.step()
    assert written(bpy.context.scene) == TEXTS
    assert making.made == len(CUES) and making.fraction == 1.0


def test_what_the_user_deletes_stays_deleted(addon: Any) -> None:
    scene = bpy.context.scene
    making = writer(scene)
    some(making, 6)
    all_strips = compat.strips_of(compat.editor_of(scene))
    for strip in [strip for strip in all_strips if strip.text in TEXTS[2:6]]:
        all_strips.remove(strip)
    assert making.step()
    assert written(scene) == TEXTS[:2] + TEXTS[6:]


def test_a_deleted_scene_is_said(addon: Any) -> None:
    scene = bpy.context.scene
    making = writer(scene)
    some(making, 3)
    bpy.ops.scene.new(type="EMPTY")
    bpy.data.scenes.remove(scene)
    with pytest.raises(strips.SceneGoneError):
        making.step()


@pytest.fixture
def installed(ready: Any) -> Any:
    ready.use_word_times = False
    assert bpy.ops.subtitle.download_model() == {"FINISHED"}
    return ready


def test_a_transcription_whose_scene_is_deleted_in_the_middle_is_kept_in_a_file(
    installed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from subtitle_editor.session import transcription
    from subtitle_editor.session.state import now

    monkeypatch.setattr(transcription, "SLICE", 0.0)  # One strip at a time.
    add_sound("long.flac")
    scene = bpy.context.scene
    run = begin(scene)
    while not run.made:
        run.wait(0.05)
        run.listen()
        run.write()
    assert not run.done, "all at once: the test shows nothing"
    bpy.ops.scene.new(type="EMPTY")
    bpy.data.scenes.remove(scene)
    while not run.over:
        run.wait(0.05)
        run.listen()
    heard = [cue.text.split()[0] for cue in run.end.cues]
    run.write()
    now.transcription = None
    assert run.done
    kept = now.recovered[0]
    assert heard and kept.number > 1
    text = kept.path.read_text(encoding="utf-8")
    assert all(word in text for word in heard)
    # It is said, too, where the operator reports its end: the panel may be closed.
    assert any(str(kept.path) in notice for notice in run.notices)


@pytest.mark.parametrize("stem", ["n" * 250, "漢" * 83, "e\u0301" * 82 + "🎬", "a" * 240 + " " * 10])
def test_a_long_name_does_not_cost_the_subtitles(installed: Any, tmp_path: Path, stem: str) -> None:
    from subtitle_editor.session.state import now

    from .conftest import SPEECH

    sound = tmp_path / f"{stem}.flac"
    assert len(sound.name.encode()) <= 255
    sound.write_bytes((SPEECH / "long.flac").read_bytes())
    editor = compat.editor_of(bpy.context.scene)
    editor.active_strip = compat.strips_of(editor).new_sound("Voice", str(sound), 1, 1)
    run = begin(bpy.context.scene)
    hear(run, 2)
    run.abandon()
    now.transcription = None
    kept = now.recovered[0]
    assert kept.number >= 1 and "-->" in kept.path.read_text(encoding="utf-8")
    assert kept.path.name.startswith(stem[:20].strip()) and len(kept.path.name.encode()) <= 255


def test_two_in_one_second_do_not_replace_each_other(installed: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    from subtitle_editor.session.state import now

    monkeypatch.setattr(time, "strftime", lambda *_: "2026-01-01 00-00-00")
    add_sound("long.flac")
    paths = []
    for _ in range(2):
        run = begin(bpy.context.scene)
        hear(run, 1)
        run.abandon()
        now.transcription = None
        paths.append(now.recovered[0].path)
    assert paths[0] != paths[1] and all(path.stat().st_size for path in paths)


def test_an_import_goes_on_in_a_renamed_scene(addon: Any, tmp_path: Path) -> None:
    from subtitle_editor.core.subtitles import writing

    writing.save_cues(tmp_path / "in.srt", CUES)
    assert bpy.ops.subtitle.import_file(filepath=str(tmp_path / "in.srt")) == {"FINISHED"}
    assert written(bpy.context.scene) == TEXTS
