# SPDX-License-Identifier: GPL-3.0-or-later
"""Which seconds of a media are heard when: compared with what Blender itself plays, by rendering its sound."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy
import pytest
import soundfile

from subtitle_editor.core.cues import Cue, Word
from subtitle_editor.core.speech import tracks
from subtitle_editor.core.speech.sound import Sound
from subtitle_editor.sequencer import compat, dna, packed, sounds
from subtitle_editor.sequencer.sounds import UncertainTimingError
from tests.core.speech_kit import beeps, ffmpeg, heard_beeps, needs_ffmpeg

pytestmark = pytest.mark.timeout(120)

TIMES = [0.5 + 1.5 * number for number in range(12)]


@pytest.fixture(autouse=True)
def _fresh(empty: None) -> Iterator[None]:
    bpy.context.scene.render.fps, bpy.context.scene.frame_start, bpy.context.scene.frame_end = 24, 1, 700
    yield


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    return beeps(tmp_path / "tones.wav", TIMES, 18.5)


def collection() -> Any:
    return compat.strips_of(compat.editor_of(bpy.context.scene))


def add(path: Path, channel: int = 1, start: int = 1) -> Any:
    strip = collection().new_sound("Voice", str(path), channel, start)
    compat.editor_of(bpy.context.scene).active_strip = strip
    return strip


def played(tmp_path: Path) -> list[float]:
    """When Blender itself plays a tone, in seconds from the first frame."""
    path = tmp_path / "mix.wav"
    try:
        bpy.ops.sound.mixdown(filepath=str(path), container="WAV", codec="PCM", mixrate=16000, format="S16")
    except RuntimeError as error:
        pytest.skip(f"this Blender has no sound: {error}")
    samples, _ = soundfile.read(path)
    return heard_beeps(samples if samples.ndim == 1 else samples[:, 0])


def told(uses: list[sounds.MediaUse]) -> list[float]:
    """When the tones should be heard by what we say."""
    zero = bpy.context.scene.frame_start
    tones = [Cue(time, time + 0.1, "x", (Word(time, time + 0.1, "x"),)) for time in TIMES]
    return sorted(cue.start for use in uses for cue in use.on_timeline(tones, zero))


def operate(name: str, **options: Any) -> None:
    """An operator of the sequencer, which wants its editor."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    if hasattr(bpy.context.workspace, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = bpy.context.scene
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, screen=window.screen, area=area, region=region):
        getattr(bpy.ops.sequencer, name)(**options)


def select(*strips: Any) -> None:
    for strip in collection():
        strip.select = any(strip == one for one in strips)
    if strips:
        compat.editor_of(bpy.context.scene).active_strip = strips[0]


def retime(strip: Any, first: int, second: int, moved: int) -> None:
    """Two keys, and the second one moved: another speed between them and after."""
    select(strip)
    operate("retiming_key_add", timeline_frame=first)
    operate("retiming_key_add", timeline_frame=second)
    strip.retiming_keys[2].timeline_frame = moved


def assert_as_played(tmp_path: Path, uses: list[sounds.MediaUse], within: float = 0.08) -> None:
    heard, said = played(tmp_path), told(uses)
    assert len(heard) == len(said), (heard, said)
    assert numpy.abs(numpy.array(heard) - numpy.array(said)).max() < within, (heard, said)


def test_plain_and_cut_and_moved(tones: Path, tmp_path: Path) -> None:
    strip = add(tones, start=30)
    compat.set_edges(strip, 60, 300)
    assert_as_played(tmp_path, sounds.media_uses(bpy.context.scene))


def test_a_frame_rate_changed_afterwards(tones: Path, tmp_path: Path) -> None:
    add(tones)
    bpy.context.scene.render.fps = 30
    assert_as_played(tmp_path, sounds.media_uses(bpy.context.scene))


@pytest.mark.parametrize("moved", [201, 225, 231, 281])
def test_retimed_in_the_middle(tones: Path, tmp_path: Path, moved: int) -> None:
    """150 %, and so little more or less than 100 % that it was once taken for none."""
    strip = add(tones)
    retime(strip, 121, 241, moved)
    assert_as_played(tmp_path, sounds.media_uses(bpy.context.scene))


def test_cut_into_pieces_and_one_of_them_retimed(tones: Path, tmp_path: Path) -> None:
    """The order in which people work: each piece keeps its own words."""
    first = add(tones)
    second = first.split(frame=150, split_method="SOFT")
    third = second.split(frame=300, split_method="SOFT")
    second = next(strip for strip in collection() if compat.left(strip) == 150)
    third = next(strip for strip in collection() if compat.left(strip) == 300)
    select(second)
    operate("retiming_segment_speed_set", speed=150.0)
    select(*collection())
    uses = sounds.media_uses(bpy.context.scene)
    assert len(uses) == 3 and third is not None
    assert_as_played(tmp_path, uses)


def test_retimed_and_then_cut(tones: Path, tmp_path: Path) -> None:
    strip = add(tones)
    retime(strip, 121, 241, 201)
    strip.split(frame=160, split_method="SOFT")
    select(*collection())
    assert_as_played(tmp_path, sounds.media_uses(bpy.context.scene), 0.1)


def test_a_gradual_change_of_speed_is_refused(tones: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strip = add(tones)
    retime(strip, 121, 241, 201)
    keys = dna.retiming(strip)
    assert keys is not None and not any(key.ramp for key in keys)
    ramps = [dataclasses.replace(key, ramp=number in (1, 2)) for number, key in enumerate(keys)]
    monkeypatch.setattr(dna, "retiming", lambda strip: ramps)
    with pytest.raises(UncertainTimingError, match="gradually"):
        sounds.media_uses(bpy.context.scene)
    compat.set_edges(strip, 210, 400)
    assert sounds.media_uses(bpy.context.scene), "where it is not seen it does no harm"


def test_what_the_keys_say_is_only_believed_where_it_fits(tones: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strip = add(tones)
    retime(strip, 121, 241, 201)
    layout = dna._layout()
    assert layout is not None
    monkeypatch.setattr(dna, "_layout", lambda: dataclasses.replace(layout, count=layout.count + 4))
    with pytest.raises(UncertainTimingError, match="does not tell"):
        sounds.media_uses(bpy.context.scene)


# Metas and scenes


def test_a_meta_from_outside_and_its_trimmed_edges(tones: Path, tmp_path: Path) -> None:
    inner = add(tones)
    meta = collection().new_meta("Meta", 2, 1)
    inner.move_to_meta(meta)
    compat.set_edges(meta, 100, 300)
    select(meta)
    uses = sounds.media_uses(bpy.context.scene)
    assert [use.name for use in uses] == ["Meta"]
    assert_as_played(tmp_path, uses)


def test_a_meta_that_is_retimed_is_refused(tones: Path) -> None:
    inner = add(tones)
    meta = collection().new_meta("Meta", 2, 1)
    inner.move_to_meta(meta)
    compat.set_edges(meta, 1, 400)
    if not hasattr(meta, "retiming_keys"):
        pytest.skip("this Blender retimes no metas")
    retime(meta, 121, 241, 201)
    select(meta)
    with pytest.raises(UncertainTimingError, match="as a whole"):
        sounds.media_uses(bpy.context.scene)


def test_the_sounds_of_a_scene_strip(tones: Path, tmp_path: Path) -> None:
    inner = bpy.data.scenes.new("Inner")
    inner.render.fps, inner.frame_start, inner.frame_end = 24, 1, 500
    compat.strips_of(compat.editor_of(inner)).new_sound("Voice", str(tones), 1, 10)
    strip = collection().new_scene("Scene", inner, 1, 50)
    strip.scene_input = "SEQUENCER"
    compat.set_edges(strip, 70, 300)
    select(strip)
    assert_as_played(tmp_path, sounds.media_uses(bpy.context.scene))


@pytest.mark.parametrize("fps", [30, 12])
def test_the_sounds_of_a_scene_strip_of_another_frame_rate(tones: Path, tmp_path: Path, fps: int) -> None:
    """Its pictures come frame by frame, and its sound in real time."""
    inner = bpy.data.scenes.new("Inner")
    inner.render.fps, inner.frame_start, inner.frame_end = fps, 11, 600
    compat.strips_of(compat.editor_of(inner)).new_sound("Voice", str(tones), 1, 11 + fps)
    strip = collection().new_scene("Scene", inner, 1, 50)
    strip.scene_input = "SEQUENCER"
    assert_as_played(tmp_path, sounds.media_uses(bpy.context.scene, True))
    compat.set_edges(strip, 120, 290)
    assert_as_played(tmp_path, sounds.media_uses(bpy.context.scene, True))
    strip.volume = 0.0
    with pytest.raises(sounds.MediaError, match="not muted"):
        sounds.media_uses(bpy.context.scene, True)


def test_muted_strips_and_channels_are_not_heard(tones: Path) -> None:
    first, second, third = add(tones, 1), add(tones, 2), add(tones, 3)
    second.mute = True
    bpy.context.scene.sequence_editor.channels[3].mute = True
    select(first, second, third)
    assert [use.channel for use in sounds.media_uses(bpy.context.scene)] == [1]
    first.mute = True
    with pytest.raises(sounds.MediaError, match="not muted"):
        sounds.media_uses(bpy.context.scene)


@needs_ffmpeg
def test_of_a_film_and_its_sound_the_sound_is_heard(tones: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:d=18:r=24", "-i", tones, "-c:v", "mpeg4", "-c:a", "aac", film)
    picture = collection().new_movie("Film", str(film), 2, 1)
    sound = collection().new_sound("Film sound", str(film), 1, 1)
    select(picture, sound)
    assert [use.name for use in sounds.media_uses(bpy.context.scene)] == ["Film sound"]
    select(picture)
    assert [use.name for use in sounds.media_uses(bpy.context.scene)] == ["Film"]


@needs_ffmpeg
@pytest.mark.parametrize("in_meta", [False, True])
def test_a_film_whose_sound_was_muted_for_another_recording_is_not_heard(
    tones: Path, tmp_path: Path, in_meta: bool
) -> None:
    film = tmp_path / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:d=18:r=24", "-i", tones, "-c:v", "mpeg4", "-c:a", "aac", film)
    picture, sound = collection().new_movie("Film", str(film), 2, 1), add(film)
    sound.mute = True
    assert [use.name for use in sounds.media_uses(bpy.context.scene, True)] == ["Film"], "nothing else is there"
    recorder = add(tones, channel=3)
    if in_meta:
        meta = collection().new_meta("Meta", 4, 1)
        for strip in (picture, sound, recorder):
            strip.move_to_meta(meta)
        compat.set_edges(meta, 1, 400)
    assert [use.path for use in sounds.media_uses(bpy.context.scene, True)] == [tones]


@needs_ffmpeg
def test_a_film_that_plays_backwards_is_refused(tones: Path, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "color=s=64x64:d=18:r=24", "-i", tones, "-c:v", "mpeg4", "-c:a", "aac", film)
    picture = collection().new_movie("Film", str(film), 2, 1)
    picture.use_reverse_frames = True
    with pytest.raises(UncertainTimingError, match="backwards"):
        sounds.media_uses(bpy.context.scene, True)
    sound = add(film)
    assert [use.name for use in sounds.media_uses(bpy.context.scene, True)] == [sound.name]


def decoded(uses: list[sounds.MediaUse], track: str = "") -> list[float]:
    """When the tones should be heard by what we say, wherever they are in the file as it is decoded."""
    found = []
    for use in uses:
        samples = numpy.concatenate(list(Sound(str(use.path), track=track).blocks()))
        times = heard_beeps(samples / numpy.abs(samples).max())
        tones = [Cue(time, time + 0.1, "x", (Word(time, time + 0.1, "x"),)) for time in times]
        found += [cue.start for cue in use.on_timeline(tones, bpy.context.scene.frame_start)]
    return sorted(found)


@needs_ffmpeg
@pytest.mark.parametrize(
    ("suffix", "codec", "picture", "late", "retimed"),
    [
        ("mkv", "pcm_s16le", 20, 1.5, False), ("mp4", "aac", 20, 1.5, True), ("mp4", "aac", 60, 0.0, True),
        ("mov", "pcm_s16le", 5, 0.0, True), ("mkv", "pcm_s16le", 60, 1.5, True),
    ],
)  # fmt: skip
def test_sound_later_and_shorter_than_its_film(
    tones: Path, tmp_path: Path, suffix: str, codec: str, picture: int, late: float, retimed: bool
) -> None:
    film = tmp_path / f"film.{suffix}"
    inputs = ["-f", "lavfi", "-i", f"color=s=64x64:d={picture}:r=24", "-itsoffset", late, "-i", tones]
    ffmpeg(*inputs, "-map", "0", "-map", "1", "-c:v", "mpeg4", "-c:a", codec, film)
    strip = add(film, start=20)
    if retimed:
        retime(strip, 60, 200, 170)
    heard, said = played(tmp_path), decoded(sounds.media_uses(bpy.context.scene))
    assert len(heard) == len(said) == len(TIMES)
    assert numpy.abs(numpy.array(heard) - numpy.array(said)).max() < 0.08, (heard, said)


@needs_ffmpeg
def test_of_several_tracks_the_first_is_what_blender_plays(tones: Path, tmp_path: Path) -> None:
    other = beeps(tmp_path / "other.wav", [1.0], 18.5)
    flags = ["-disposition:a:0", 0, "-disposition:a:1", "default"]
    ffmpeg("-i", tones, "-i", other, "-map", "0", "-map", "1", "-c:a", "flac", *flags, tmp_path / "two.mkv")
    add(tmp_path / "two.mkv")
    heard, uses = played(tmp_path), sounds.media_uses(bpy.context.scene)
    assert len(decoded(uses)) == 1 and decoded(uses, tracks.FIRST) == pytest.approx(heard, abs=0.08)


def test_a_picture_that_stands_still_over_sound_is_refused(tones: Path) -> None:
    strip = add(tones)
    select(strip)
    bpy.context.scene.frame_current = 100
    if not hasattr(bpy.ops.sequencer, "retiming_freeze_frame_add"):
        pytest.skip("this Blender has none")
    operate("retiming_freeze_frame_add", duration=48)
    with pytest.raises(UncertainTimingError, match="stands still"):
        sounds.media_uses(bpy.context.scene)


def test_what_was_made_silent_is_not_heard(tones: Path) -> None:
    strip, other = add(tones), add(tones, channel=2)
    strip.volume = 0.0
    assert [use.channel for use in sounds.media_uses(bpy.context.scene, True)] == [other.channel]
    strip.keyframe_insert("volume", frame=1)
    assert len(sounds.media_uses(bpy.context.scene, True)) == 2


def test_a_packed_sound(tones: Path, tmp_path: Path) -> None:
    strip = add(tones)
    strip.sound.pack()
    tones.unlink()
    (use,) = sounds.media_uses(bpy.context.scene)
    assert use.path.name == tones.name and not use.path.exists(), "the main thread writes nothing"
    packed.write(packed.waiting())
    samples, _ = soundfile.read(use.path)
    assert heard_beeps(samples) == TIMES
    (again,) = sounds.media_uses(bpy.context.scene)
    assert again.path == use.path and packed.waiting() == {}, "there is one copy, which is made once"
    assert use.known is not None and not use.known.is_absolute()
    assert sounds.files_heard(bpy.context.scene, {use.known}) == {use.known}
    other = use.known.parent.with_name("0" * 24 + "-5") / tones.name
    assert packed.known_of(strip, {other}) is None and sounds.uses_of(bpy.context.scene, other) == []
    assert [one.path for one in sounds.uses_of(bpy.context.scene, use.known)] == [use.path]


def test_a_packed_sound_that_is_retimed_is_opened_to_see_how_long_it_is(tones: Path) -> None:
    strip = add(tones)
    retime(strip, 121, 241, 201)
    (before,) = sounds.media_uses(bpy.context.scene)
    strip.sound.pack()
    tones.unlink()
    (use,) = sounds.media_uses(bpy.context.scene)
    assert use.path.is_file() and use.stretches == before.stretches and len(use.stretches) > 1


def test_a_packed_sound_by_a_hostile_name_stays_in_its_folder(tones: Path) -> None:
    strip = add(tones)
    strip.sound.pack()
    strip.sound.filepath = "//a\\..\\nul"
    (use,) = sounds.media_uses(bpy.context.scene)
    assert use.path.name == "sound" and Path(bpy.app.tempdir) in use.path.parents


def test_of_a_sentence_that_a_cut_goes_through_the_words_inside(tones: Path) -> None:
    strip = add(tones)
    compat.set_edges(strip, 1 + 48, 1 + 96)
    (use,) = sounds.media_uses(bpy.context.scene)
    spoken = [Word(1.0 + number * 0.5, 1.4 + number * 0.5, f"w{number}") for number in range(8)]
    (cue,) = use.on_timeline([Cue(1.0, 5.0, " ".join(word.text for word in spoken), tuple(spoken))], 1)
    assert cue.text == "w2 w3 w4 w5" and cue.start == pytest.approx(2.0) and cue.end <= 4.0
