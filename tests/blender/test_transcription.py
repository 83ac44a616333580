# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech to TEXT strips with a real, tiny Whisper model and real Blender."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.core.events import CueFound, Event, Finished, TranscriptionProgress
from subtitle_editor.sequencer import compat, strips

from .conftest import SPEECH

pytestmark = pytest.mark.timeout(120)


def add_sound(name: str, start: int = 1) -> Any:
    editor = compat.editor_of(bpy.context.scene)
    strip = compat.strips_of(editor).new_sound("Voice", str(SPEECH / name), 1, start)
    editor.active_strip = strip
    return strip


def spoken(name: str) -> list[dict[str, Any]]:
    data = json.loads((SPEECH / name).with_suffix(".json").read_text(encoding="utf-8"))
    return list(data["utterances"])


def words(texts: Any) -> list[str]:
    return " ".join(texts).lower().replace("\n", " ").replace(".", "").replace(",", "").split()


@pytest.fixture
def installed(ready: Any) -> Any:
    """The scene's settings, with the model downloaded. Its word times are not to be relied on (see its README)."""
    ready.use_word_times = False
    assert bpy.ops.subtitle.download_model() == {"FINISHED"}
    return ready


def test_the_words_that_were_spoken_lie_where_they_were_spoken(installed: Any) -> None:
    from subtitle_editor.operators import session

    events: list[Event] = []
    session.listeners.append(events.append)
    add_sound("hello.flac", start=100)
    try:
        assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    finally:
        session.listeners.remove(events.append)
    bpy.context.scene.frame_start = 100
    cues, _ = strips.cues_of(bpy.context.scene)
    expected = spoken("hello.flac")
    assert words(cue.text for cue in cues) == words(line["text"] for line in expected)
    assert [cue.start for cue in cues] == pytest.approx([line["start"] for line in expected], abs=0.3)
    assert [cue.end for cue in cues] == pytest.approx([line["end"] for line in expected], abs=0.3)
    kinds = {type(event) for event in events}
    assert {TranscriptionProgress, CueFound, Finished} <= kinds
    assert session.state.transcription is None
    assert all(strip.channel == 2 for strip, *_ in strips.text_strips(bpy.context.scene))


def test_only_the_used_part_is_transcribed(installed: Any) -> None:
    strip = add_sound("colours.flac", start=1)
    first, last = 5.3, 9.5  # From before "close the left window" to after "yes please".
    compat.set_edges(strip, 1 + round(first * 24), 1 + round(last * 24))
    assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    cues, _ = strips.cues_of(bpy.context.scene)
    assert words(cue.text for cue in cues) == words(["close the left window", "yes please"])
    assert cues[0].start == pytest.approx(5.912, abs=0.3)
    for _, start, end in strips.text_strips(bpy.context.scene):
        assert compat.left(strip) <= start < end <= compat.right(strip)


def test_without_the_model_it_says_so(ready: Any) -> None:
    add_sound("hello.flac")
    with pytest.raises(RuntimeError, match="tiny is not downloaded yet"):
        bpy.ops.subtitle.transcribe()


def test_without_a_strip_the_poll_says_so(installed: Any) -> None:
    with pytest.raises(RuntimeError, match="Select one sound or movie strip"):
        bpy.ops.subtitle.transcribe()


def test_missing_media(installed: Any) -> None:
    add_sound("gone.flac")
    with pytest.raises(RuntimeError, match=r"gone\.flac does not exist"):
        bpy.ops.subtitle.transcribe()


def test_not_media(installed: Any, tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("This is no sound.", encoding="utf-8")
    editor = compat.editor_of(bpy.context.scene)
    editor.active_strip = compat.strips_of(editor).new_sound("Voice", str(tmp_path / "text.wav"), 1, 1)
    with pytest.raises(RuntimeError, match="cannot be read as sound"):
        bpy.ops.subtitle.transcribe()


def test_cancel_keeps_what_was_found(installed: Any) -> None:
    from subtitle_editor.operators import session

    def cancel(event: Event) -> None:
        if isinstance(event, CueFound):
            bpy.ops.subtitle.cancel_transcription()

    add_sound("long.flac")
    session.listeners.append(cancel)
    try:
        # Finished when at least one subtitle was kept: the strips are worth an undo step.
        assert bpy.ops.subtitle.transcribe() == {"FINISHED"}
    finally:
        session.listeners.remove(cancel)
    assert strips.cues_of(bpy.context.scene)[0]
    assert session.state.transcription is None


def test_to_a_subtitle_file(installed: Any, tmp_path: Path) -> None:
    add_sound("hello.flac")
    bpy.ops.subtitle.transcribe()
    assert bpy.ops.subtitle.export_file(filepath=str(tmp_path / "out.srt")) == {"FINISHED"}
    assert "hello blender" in (tmp_path / "out.srt").read_text(encoding="utf-8").lower()
