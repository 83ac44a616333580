# SPDX-License-Identifier: GPL-3.0-or-later
"""Every sample where the file's clock says, whatever the file is like. Real media, made by ffmpeg and then damaged."""

from __future__ import annotations

import os
import shutil
import tracemalloc
from pathlib import Path
from typing import Any

import numpy
import pytest
import soundfile

from subtitle_editor.core.speech import tracks
from subtitle_editor.core.speech.sound import BLOCK, Sound
from subtitle_editor.core.speech.wire import ChildError
from tests.core.speech_kit import RATE, SPEECH, beeps, clip, ffmpeg, heard_beeps, needs_ffmpeg, silence, write

pytestmark = pytest.mark.timeout(120)

TIMES = [0.5 + 1.5 * number for number in range(12)]


def sound_of(path: Path | str, start: float = 0.0, end: float | None = None, track: str = "") -> tuple[Any, Sound]:
    sound = Sound(str(path), start, end, track)
    blocks = list(sound.blocks())
    assert all(len(block) == BLOCK for block in blocks[:-1])
    return numpy.concatenate([numpy.zeros(0, numpy.float32), *blocks]), sound


def refused(path: Path, **changes: Any) -> ChildError:
    with pytest.raises(ChildError) as caught:
        sound_of(path, **changes)
    return caught.value


def close(found: list[float], wanted: list[float], within: float = 0.06) -> bool:
    return len(found) == len(wanted) and all(abs(a - b) <= within for a, b in zip(found, wanted, strict=True))


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return beeps(tmp_path_factory.mktemp("tones") / "tones.wav", TIMES, 18.5)


CODECS = {
    "mp3": ["-c:a", "libmp3lame"], "m4a": ["-c:a", "aac"], "opus": ["-c:a", "libopus"], "mkv": ["-c:a", "aac"],
    "ts": ["-c:a", "mp2"], "flac": ["-c:a", "flac"], "ogg": ["-c:a", "libvorbis"], "aac": ["-c:a", "aac"],
    "avi": ["-c:a", "pcm_s16le"], "wma": ["-c:a", "wmav2"],
}  # fmt: skip


@needs_ffmpeg
@pytest.mark.parametrize("suffix", CODECS)
@pytest.mark.parametrize("start", [0.0, 11.2])
def test_every_codec_from_the_start_and_from_the_middle(tones: Path, tmp_path: Path, suffix: str, start: float) -> None:
    path = tmp_path / f"a.{suffix}"
    ffmpeg("-i", tones, "-ar", 48000, "-ac", 2, *CODECS[suffix], path)
    samples, sound = sound_of(path, start)
    # MP3 and raw AAC seek by estimate.
    assert close(heard_beeps(samples), [time - start for time in TIMES if time >= start], 0.12)
    assert not sound.loss.grave and not sound.loss.damaged and sound.total is not None


# The clock


@needs_ffmpeg
@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ogg"])
def test_a_hole_in_the_clock_is_silence(tones: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"hole.{suffix}"
    codec = ["-c:a", "libvorbis"] if suffix == "ogg" else ["-c:a", "aac"]
    select = "aselect='lt(t,4)+gt(t,9)'"
    ffmpeg("-i", tones, "-af", select, *codec, path)
    samples, sound = sound_of(path)
    assert close(heard_beeps(samples), [time for time in TIMES if not 3.9 < time < 9.1], 0.08)
    if suffix != "mp4":  # There the file's own clock has it, as a longer frame.
        assert len(sound.loss.holes) == 1 and abs(sound.loss.holes[0][1] - 5.0) < 0.2


@needs_ffmpeg
def test_from_inside_a_hole(tones: Path, tmp_path: Path) -> None:
    path = tmp_path / "hole.mkv"
    ffmpeg("-i", tones, "-af", "aselect='lt(t,4)+gt(t,14.5)'", "-c:a", "aac", path)
    samples, _ = sound_of(path, 12.0)
    assert close(heard_beeps(samples), [time - 12.0 for time in TIMES if time > 14.5], 0.08)


@needs_ffmpeg
def test_many_small_holes_do_not_add_up(tmp_path: Path) -> None:
    """A recorder that drops a packet now and then: 20 ms a second, which nobody would hear, is a second a minute."""
    times = [float(second) for second in range(1, 60, 7)]
    source = beeps(tmp_path / "tones.wav", times, 60)
    path = tmp_path / "drops.mkv"
    ffmpeg("-i", source, "-ar", 48000, "-af", "asetnsamples=960,aselect='gt(mod(n,25),0)'", "-c:a", "pcm_s16le", path)
    samples, _ = sound_of(path)
    assert close(heard_beeps(samples), times, 0.08)


@needs_ffmpeg
def test_an_overlap_is_cut(tones: Path, tmp_path: Path) -> None:
    """A recording in two files of which the second begins 0.7 s early: that is heard once, and nothing moves."""
    ffmpeg("-t", 8.9, "-i", tones, "-c:a", "mp2", tmp_path / "1.ts")
    ffmpeg("-ss", 8.2, "-i", tones, "-c:a", "mp2", "-output_ts_offset", 8.2, tmp_path / "2.ts")
    path = tmp_path / "both.ts"
    path.write_bytes((tmp_path / "1.ts").read_bytes() + (tmp_path / "2.ts").read_bytes())
    assert close(heard_beeps(sound_of(path)[0]), TIMES, 0.08)


@needs_ffmpeg
@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts"])
def test_sound_that_begins_after_the_picture(tones: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film.{suffix}"
    picture = ["-f", "lavfi", "-i", "color=s=64x64:d=20:r=25"]
    codecs = ["-c:v", "mpeg2video" if suffix == "ts" else "mpeg4", "-c:a", "aac"]
    ffmpeg(*picture, "-itsoffset", 2.25, "-i", tones, "-map", "0:v", "-map", "1:a", *codecs, path)
    samples, _ = sound_of(path)
    assert close(heard_beeps(samples), [time + 2.25 for time in TIMES], 0.1)


@needs_ffmpeg
def test_a_picture_of_variable_frame_rate(tones: Path, tmp_path: Path) -> None:
    path = tmp_path / "phone.mp4"
    picture = ["-f", "lavfi", "-i", "testsrc=s=64x64:d=18:r=30"]
    select = ["-vf", "select='gt(random(1),0.5)'", "-fps_mode", "vfr"]
    ffmpeg(*picture, "-i", tones, "-map", "0:v", "-map", "1:a", *select, "-c:v", "mpeg4", "-c:a", "aac", path)
    assert close(heard_beeps(sound_of(path)[0]), TIMES)


# Formats that change


@needs_ffmpeg
@pytest.mark.parametrize("suffix", ["ogg", "opus", "ts", "aac", "mp3"])
def test_files_put_one_after_the_other(tmp_path: Path, suffix: str) -> None:
    """A chain, with another rate and other channels from the second part on."""
    beeps(tmp_path / "one.wav", [0.5, 2.0], 4.0)
    beeps(tmp_path / "two.wav", [1.0, 3.0], 4.0)
    codec = {"ogg": "libvorbis", "opus": "libopus", "ts": "mp2", "aac": "aac", "mp3": "libmp3lame"}[suffix]
    first, second = tmp_path / f"1.{suffix}", tmp_path / f"2.{suffix}"
    ffmpeg("-i", tmp_path / "one.wav", "-ar", 48000, "-c:a", codec, first)
    ffmpeg("-i", tmp_path / "two.wav", "-ar", 48000 if suffix == "opus" else 44100, "-ac", 2, "-c:a", codec, second)
    chain = tmp_path / f"chain.{suffix}"
    chain.write_bytes(first.read_bytes() + second.read_bytes())
    samples, sound = sound_of(chain)
    assert close(heard_beeps(samples), [0.5, 2.0, 5.0, 7.0], 0.2)
    assert not sound.loss.grave


@needs_ffmpeg
def test_flac_put_together_without_encoding_it_anew(tmp_path: Path) -> None:
    """Its frames count from 0 in each part, and the last one of each says anything."""
    beeps(tmp_path / "one.wav", [0.5, 2.0], 4.1)
    ffmpeg("-i", tmp_path / "one.wav", tmp_path / "one.flac")
    (tmp_path / "list").write_text("file one.flac\n" * 3, encoding="utf-8")
    ffmpeg("-f", "concat", "-i", tmp_path / "list", "-c", "copy", tmp_path / "all.flac")
    samples, sound = sound_of(tmp_path / "all.flac")
    assert close(heard_beeps(samples), [0.5, 2.0, 4.6, 6.1, 8.7, 10.2]) and not sound.loss.holes


@needs_ffmpeg
@pytest.mark.parametrize("second", [3, 10800], ids=["earlier", "hours later"])
def test_broadcasts_put_together_go_on_without_the_hours_between(tones: Path, tmp_path: Path, second: int) -> None:
    """FFmpeg takes the earlier clock for one that has run over, 26 hours later."""
    for name, more in (
        ("a.ts", ["-t", 9, "-output_ts_offset", 5000]),
        ("b.ts", ["-ss", 9, "-output_ts_offset", second]),
    ):
        ffmpeg(*more[:2], "-i", tones, *more[2:], "-ar", 48000, "-c:a", "mp2", tmp_path / name)
    both = (tmp_path / "a.ts").read_bytes() + (tmp_path / "b.ts").read_bytes()
    (tmp_path / "both.ts").write_bytes(both)
    samples, sound = sound_of(tmp_path / "both.ts")
    assert close(heard_beeps(samples), TIMES, 0.12) and not sound.loss.holes and len(samples) < 20 * RATE


@needs_ffmpeg
@pytest.mark.parametrize(("name", "codec"), [("a.opus", "libopus"), ("a.ogg", "libvorbis"), ("a.oga", "flac")])
def test_a_radio_that_was_joined_hours_after_its_beginning(tones: Path, tmp_path: Path, name: str, codec: str) -> None:
    ffmpeg("-i", tones, "-ar", 48000, "-c:a", codec, "-output_ts_offset", 5000, tmp_path / name)
    samples, sound = sound_of(tmp_path / name)
    assert close(heard_beeps(samples), TIMES) and not sound.loss.holes
    assert codec == "flac" or sound.total == pytest.approx(18.5, abs=0.2)


@needs_ffmpeg
def test_an_hour_without_sound_in_a_broadcast_is_believed_where_there_are_pictures(tones: Path, tmp_path: Path) -> None:
    """The clock is not the track's own: the picture is recorded meanwhile."""
    picture = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=1:d=820"]
    late = ["-itsoffset", 800, "-i", tones]
    ffmpeg(*picture, "-i", tones, *late, "-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg2video", "-c:a", "mp2",
           "-ar", 48000, tmp_path / "three.ts")  # fmt: skip
    whole = (tmp_path / "three.ts").read_bytes()
    # The second sound under the first one's number: a track that is silent for a quarter of an hour.
    packets = bytearray(whole)
    for at in range(0, len(packets), 188):
        if (packets[at + 1] & 0x1F) << 8 | packets[at + 2] == 0x102:
            packets[at + 2] = 0x01
    (tmp_path / "one.ts").write_bytes(packets)
    samples, _ = sound_of(tmp_path / "one.ts")
    assert close(heard_beeps(samples), [*TIMES, *(800 + time for time in TIMES)], 0.12)


@needs_ffmpeg
def test_a_chain_of_the_same_format(tmp_path: Path) -> None:
    beeps(tmp_path / "one.wav", [0.5, 2.0], 4.0)
    ffmpeg("-i", tmp_path / "one.wav", "-c:a", "libvorbis", tmp_path / "1.ogg")
    chain = tmp_path / "chain.ogg"
    chain.write_bytes((tmp_path / "1.ogg").read_bytes() * 3)
    samples, sound = sound_of(chain)
    assert close(heard_beeps(samples), [0.5, 2.0, 4.5, 6.0, 8.5, 10.0])
    assert sound.total == pytest.approx(12.0, abs=0.1)
    assert close(heard_beeps(sound_of(chain, 4.0, 8.2)[0]), [0.5, 2.0])


# Damage


def damaged(source: Path, target: Path, first: float, last: float) -> Path:
    data = bytearray(source.read_bytes())
    begin, end = int(len(data) * first), int(len(data) * last)
    data[begin:end] = bytes(end - begin)
    target.write_bytes(data)
    return target


@needs_ffmpeg
@pytest.mark.parametrize("suffix", ["mp3", "opus", "mkv", "m4a", "ts", "flac", "ogg"])
def test_damage_costs_its_own_place_alone(tmp_path: Path, suffix: str) -> None:
    rng = numpy.random.default_rng(3)
    times = [0.5 + 1.5 * number for number in range(20)]
    tones, _ = soundfile.read(beeps(tmp_path / "tones.wav", times, 31))
    # Noise, so that a codec of variable rate spends as much on each second.
    soundfile.write(tmp_path / "noisy.wav", tones + 0.01 * rng.standard_normal(len(tones)), RATE)
    codec = CODECS["m4a" if suffix == "mp4" else suffix]
    ffmpeg("-i", tmp_path / "noisy.wav", *codec, tmp_path / f"whole.{suffix}")
    path = damaged(tmp_path / f"whole.{suffix}", tmp_path / f"bad.{suffix}", 0.4, 0.5)
    samples, sound = sound_of(path)
    # No tone begins near 10.25 or 20.75, so that a codec's delay takes none across.
    found = [time for time in heard_beeps(samples) if time < 10.25 or time > 20.75]
    assert close(found, [time for time in times if time < 10.25 or time > 20.75], 0.25)
    assert sound.loss.damaged or sound.loss.holes


@needs_ffmpeg
@pytest.mark.parametrize("suffix", ["mp3", "flac", "mkv"])
def test_a_file_cut_off_says_so(tones: Path, tmp_path: Path, suffix: str) -> None:
    ffmpeg("-i", tones, *CODECS[suffix], tmp_path / f"whole.{suffix}")
    data = (tmp_path / f"whole.{suffix}").read_bytes()
    (tmp_path / f"cut.{suffix}").write_bytes(data[: int(len(data) * 0.65)])
    _, sound = sound_of(tmp_path / f"cut.{suffix}")
    assert sound.loss.cut_off == pytest.approx(18.5, abs=0.3) and sound.loss.grave
    assert not sound_of(tmp_path / f"whole.{suffix}")[1].loss.grave
    # Of a part that is there nothing is missing.
    assert not sound_of(tmp_path / f"cut.{suffix}", 0.0, 3.0)[1].loss.grave


def test_a_wave_file_cut_off_says_so(tones: Path, tmp_path: Path) -> None:
    data = tones.read_bytes()
    (tmp_path / "cut.wav").write_bytes(data[: int(len(data) * 0.65)])
    samples, sound = sound_of(tmp_path / "cut.wav")
    assert len(samples) == pytest.approx(0.65 * 18.5 * RATE, abs=RATE)
    assert sound.loss.grave


@needs_ffmpeg
@pytest.mark.parametrize("suffix", ["mkv", "mp4"])
def test_sound_shorter_than_its_film_is_whole(tones: Path, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film.{suffix}"
    picture = ["-f", "lavfi", "-i", "color=s=64x64:d=40:r=25"]
    ffmpeg(*picture, "-i", tones, "-map", "0:v", "-map", "1:a", "-c:v", "mpeg4", "-c:a", "aac", path)
    assert not sound_of(path)[1].loss.grave


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "codecs"),
    [("film.wmv", ["-c:v", "wmv2", "-c:a", "wmav2"]), ("film.avi", ["-c:v", "mpeg4", "-c:a", "mp3"])],
)
def test_sound_that_begins_late_is_not_called_cut_off(
    tones: Path, tmp_path: Path, name: str, codecs: list[str]
) -> None:
    """Their heads say when it ends, or one that is longer than it is."""
    picture = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=18"]
    inputs = [*picture, "-itsoffset", 3, "-i", tones, "-map", "0:v", "-map", "1:a"]
    ffmpeg(*inputs, *codecs, "-ar", 44100, tmp_path / name)
    _, sound = sound_of(tmp_path / name)
    assert sound.loss.cut_off is None
    if name == "film.wmv":
        whole = (tmp_path / name).read_bytes()
        (tmp_path / "half.wmv").write_bytes(whole[: len(whole) // 2])
        assert sound_of(tmp_path / "half.wmv")[1].loss.cut_off == pytest.approx(21.5, abs=0.2)


@needs_ffmpeg
def test_random_damage_never_raises(tmp_path: Path) -> None:
    rng = numpy.random.default_rng(7)
    write(tmp_path / "a.wav", clip("long"), silence(1.0), clip("hello"))
    for suffix in ("mp3", "m4a", "ogg", "mkv", "ts", "flac", "aac"):
        ffmpeg("-i", tmp_path / "a.wav", *CODECS[suffix], tmp_path / f"a.{suffix}")
        whole = (tmp_path / f"a.{suffix}").read_bytes()
        for _ in range(6):
            data = bytearray(whole)
            for place in rng.integers(0, len(data), 30):
                data[place] = int(rng.integers(0, 256))
            (tmp_path / f"bad.{suffix}").write_bytes(data)
            try:
                samples, _ = sound_of(tmp_path / f"bad.{suffix}")
            except ChildError as error:
                assert error.code in ("media_unreadable", "no_audio")
            else:
                assert len(samples) < 600 * RATE


def test_what_is_no_media(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("Dear Sir or Madam", encoding="utf-8")
    assert refused(tmp_path / "letter.wav").code == "media_unreadable"
    assert refused(tmp_path / "none.wav").code == "media_not_found"


# Tracks


@pytest.fixture
def two_tracks(tmp_path: Path) -> Path:
    """English first, German second and the default."""
    beeps(tmp_path / "one.wav", [1.0], 6.0)
    beeps(tmp_path / "two.wav", [4.0], 6.0)
    path = tmp_path / "film.mkv"
    inputs = ["-i", tmp_path / "one.wav", "-i", tmp_path / "two.wav", "-map", "0:a", "-map", "1:a", "-c:a", "aac"]
    tags = ["-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger"]
    ffmpeg(*inputs, *tags, "-disposition:a:0", 0, "-disposition:a:1", "default", path)
    return path


@needs_ffmpeg
@pytest.mark.parametrize(
    ("track", "wanted"),
    [("", [4.0]), ("1", [1.0]), ("2", [4.0]), ("en", [1.0]), ("deu", [4.0]), ("de", [4.0]), ("all", [1.0, 4.0])],
)
def test_the_track(two_tracks: Path, track: str, wanted: list[float]) -> None:
    assert close(heard_beeps(sound_of(two_tracks, track=track)[0]), wanted, 0.08)


@needs_ffmpeg
@pytest.mark.parametrize("track", ["3", "0", "fr"])
def test_a_track_that_is_not_there(two_tracks: Path, track: str) -> None:
    error = refused(two_tracks, track=track)
    assert error.code == "no_such_track"
    assert error.fields == {"wanted": track, "tracks": "1 eng, 2 ger"}


@pytest.mark.parametrize("track", ["-1", "-", "_"])
def test_a_track_of_no_language_is_nobodys(track: str) -> None:
    assert refused(SPEECH / "hello.flac", track=track).code == "no_such_track"


@needs_ffmpeg
def test_commentary_is_not_the_films_sound(tmp_path: Path) -> None:
    beeps(tmp_path / "one.wav", [1.0], 6.0)
    beeps(tmp_path / "two.wav", [4.0], 6.0)
    path = tmp_path / "film.mkv"
    inputs = ["-i", tmp_path / "one.wav", "-i", tmp_path / "two.wav", "-map", "0:a", "-map", "1:a", "-c:a", "aac"]
    ffmpeg(*inputs, "-disposition:a:0", "comment", "-disposition:a:1", 0, path)
    assert close(heard_beeps(sound_of(path)[0]), [4.0], 0.08)


@needs_ffmpeg
def test_the_first_track_that_decodes(two_tracks: Path, tmp_path: Path) -> None:
    """The default track in a codec that nobody knows: the other one is heard."""
    path = tmp_path / "broken.mkv"
    first, default, rest = two_tracks.read_bytes().split(b"A_AAC")
    path.write_bytes(first + b"A_AAC" + default + b"A_XYZ" + rest)
    assert close(heard_beeps(sound_of(path)[0]), [1.0], 0.08)
    assert refused(path, track="2").code == "media_unreadable"


@needs_ffmpeg
def test_speech_in_the_centre_of_six_channels(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    beeps(tmp_path / "centre.wav", [2.0], 5.0)
    ffmpeg("-i", tmp_path / "centre.wav", "-af", "pan=5.1|FC=c0", "-c:a", "ac3", "-b:a", "448k", path)
    samples, _ = sound_of(path)
    assert close(heard_beeps(samples), [2.0], 0.08)


@needs_ffmpeg
@pytest.mark.parametrize(
    "channels",
    [
        "5.1|FL=c0|FR=-1*c0", "2.1|FL=c0|FR=-1*c0", "5.1|LFE=c0", "7.1|BL=c0|BR=-1*c0", "hexadecagonal|TBR=c0",
    ],
)  # fmt: skip
def test_channels_that_cancel_each_other_out_or_are_left_out_of_mixes(tmp_path: Path, channels: str) -> None:
    path = tmp_path / "film.mov"
    beeps(tmp_path / "mono.wav", [2.0], 5.0)
    ffmpeg("-i", tmp_path / "mono.wav", "-af", f"pan={channels}", "-c:a", "pcm_s16le", path)
    samples, _ = sound_of(path)
    assert close(heard_beeps(samples / numpy.abs(samples).max()), [2.0]) and numpy.abs(samples).max() > 0.01


def test_a_rumble_does_not_take_the_place_of_what_is_said(tmp_path: Path) -> None:
    """Sound on the channel for deep tones alone, 30 dB louder than the voice in the centre."""
    seconds = numpy.arange(5 * RATE) / RATE
    channels = numpy.zeros((5 * RATE, 6))
    channels[:, 3] = 0.9 * numpy.sin(2 * numpy.pi * 40 * seconds)
    channels[2 * RATE : 3 * RATE, 2] = 0.03 * numpy.sin(2 * numpy.pi * 1000 * seconds[:RATE])
    soundfile.write(tmp_path / "six.wav", channels, RATE, format="WAVEX")
    ffmpeg("-channel_layout", "5.1", "-i", tmp_path / "six.wav", "-c:a", "pcm_s16le", tmp_path / "film.mov")
    samples, _ = sound_of(tmp_path / "film.mov")
    spectrum = numpy.abs(numpy.fft.rfft(samples[2 * RATE : 3 * RATE]))
    assert int(spectrum.argmax()) == 1000


def beside(path: Path, right: Any, left: Any) -> Any:
    """What is heard of a recording whose channels are these."""
    soundfile.write(path, numpy.stack([left, right], axis=1), RATE, subtype="FLOAT")
    return sound_of(path)[0]


@pytest.mark.parametrize("kind", ["hum", "noise", "timecode"])
def test_what_is_always_as_loud_on_one_channel_is_left_out_beside_speech(tmp_path: Path, kind: str) -> None:
    left = clip("hello") / 32768
    seconds, random = numpy.arange(len(left)) / RATE, numpy.random.default_rng(1)
    right = {
        "hum": 0.8 * numpy.sin(2 * numpy.pi * 50 * seconds),
        "noise": random.normal(0, 0.3, len(left)),
        "timecode": 0.5 * numpy.sign(random.normal(size=len(left) // 3 + 1)).repeat(3)[: len(left)],
    }[kind]
    for number, channels in enumerate(((right, left), (left, right))):
        samples = beside(tmp_path / f"{number}.wav", *channels)
        rest = slice(int(1.5 * RATE), None)
        assert numpy.corrcoef(samples[rest], left[rest])[0, 1] > 0.99


def test_music_and_speech_on_two_channels_are_both_heard(tmp_path: Path) -> None:
    left, right = clip("hello") / 32768, clip("colours")[: len(clip("hello"))] / 32768
    assert numpy.abs(beside(tmp_path / "a.wav", right, left) - (left + right) / 2).max() < 0.001


def test_floats_far_above_full_scale_and_those_that_are_none(tmp_path: Path) -> None:
    """Recorders of 32-bit floats need no level: it was cut off at full scale."""
    plain = (clip("hello") / 32768).astype(numpy.float32)
    loud = plain * 50
    loud[100:110] = numpy.nan
    loud[200] = numpy.inf
    samples = beside(tmp_path / "a.wav", loud, loud)
    rest = slice(5 * RATE, 7 * RATE)
    assert numpy.corrcoef(samples[rest], plain[rest])[0, 1] > 0.999 and numpy.abs(samples).max() <= 1.0


@needs_ffmpeg
@pytest.mark.parametrize(("order", "place"), [(121, 2), (122, 4), (123, 1), (124, 0)], ids=["ABC", "B", "film", "D"])
def test_channels_in_an_order_of_the_files_own(tmp_path: Path, order: int, place: int) -> None:
    """QuickTime's MPEG 5.1 A to D; the one of cinemas ends in the channel for deep tones, and so do B and D."""
    channels = numpy.random.default_rng(1).integers(-40, 40, (4 * RATE, 6)).astype(numpy.int16)
    channels[:, place] += soundfile.read(beeps(tmp_path / "mono.wav", [1.0], 4.0), dtype="int16")[0] // 8
    channels[:, 3 if order == 121 else 5] = 16000 * numpy.sin(numpy.arange(4 * RATE) * 2 * numpy.pi * 40 / RATE)
    soundfile.write(tmp_path / "six.wav", channels, RATE, format="WAVEX")
    ffmpeg("-channel_layout", "5.1", "-i", tmp_path / "six.wav", "-c:a", "pcm_s16le", tmp_path / "film.mov")
    whole = bytearray((tmp_path / "film.mov").read_bytes())
    at = whole.index(b"chan") + 8
    whole[at : at + 4] = (order << 16 | 6).to_bytes(4, "big")
    (tmp_path / "film.mov").write_bytes(whole)
    for _ in range(3):
        samples, _ = sound_of(tmp_path / "film.mov")
        assert close(heard_beeps(samples / numpy.abs(samples).max()), [1.0])


@pytest.mark.parametrize("count", [3, 8, 10, 12, 24])
def test_a_recorder_with_many_channels_and_one_microphone(tmp_path: Path, count: int) -> None:
    channels = numpy.zeros((3 * RATE, count), numpy.int16)
    channels[:, count - 2] = soundfile.read(beeps(tmp_path / "mono.wav", [1.0], 3.0), dtype="int16")[0]
    soundfile.write(tmp_path / "many.wav", channels, RATE)
    samples, _ = sound_of(tmp_path / "many.wav")
    assert close(heard_beeps(samples / numpy.abs(samples).max()), [1.0])


@needs_ffmpeg
def test_a_track_without_a_packet_is_empty_and_not_damaged(tmp_path: Path) -> None:
    beeps(tmp_path / "one.wav", [1.0], 3.0)
    picture = ["-f", "lavfi", "-i", "testsrc=s=64x48:r=5:d=3", "-f", "lavfi", "-i", "anullsrc=d=0.0001"]
    ffmpeg(*picture, "-c:v", "mpeg4", "-c:a", "aac", tmp_path / "empty.mp4")
    assert len(sound_of(tmp_path / "empty.mp4")[0]) == 0
    tracks_of = ["-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg4", "-c:a", "aac"]
    ffmpeg(*picture, "-i", tmp_path / "one.wav", *tracks_of, "-disposition:a:0", "default", tmp_path / "second.mp4")
    samples, sound = sound_of(tmp_path / "second.mp4")
    assert close(heard_beeps(samples), [1.0], 0.08) and (sound.number, sound.tracks) == (2, "1, 2")


@needs_ffmpeg
def test_a_recording_that_was_never_finished_says_so(tones: Path, tmp_path: Path) -> None:
    ffmpeg("-i", tones, "-c:a", "aac", tmp_path / "whole.mp4")
    whole = (tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "crashed.mp4").write_bytes(whole[: whole.index(b"moov") - 4])
    assert "never finished" in refused(tmp_path / "crashed.mp4").reason


@pytest.mark.parametrize("code", ["en", "eng", "ENG", "en-US", "en_GB"])
def test_languages_of_tracks(code: str) -> None:
    assert tracks.two_letters(code) == "en"


# Names


@pytest.mark.skipif(os.name == "nt", reason="no such names on Windows")
@pytest.mark.parametrize(
    "name", ["12:30.wav", "file:x.wav", "http:x.wav", "-", "%03d.wav", "a?b#c.wav", "pipe:0", "ü.wav"]
)
def test_odd_names_are_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    shutil.copy(SPEECH / "hello.flac", tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert len(sound_of(name)[0]) == len(clip("hello"))


@pytest.mark.skipif(os.name == "nt" or os.uname().sysname == "Darwin", reason="names there are text")
def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.flac")
    shutil.copy(SPEECH / "hello.flac", name)
    assert len(sound_of(name)[0]) == len(clip("hello"))


def test_a_playlist_reaches_no_network(tmp_path: Path) -> None:
    (tmp_path / "a.m3u8").write_text(
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n", encoding="utf-8"
    )
    assert refused(tmp_path / "a.m3u8").code in ("media_unreadable", "no_audio")


# Memory


def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    import subprocess
    import sys

    def peak(minutes: int) -> int:
        path = tmp_path / f"{minutes}.flac"
        with soundfile.SoundFile(path, "w", RATE, 1, subtype="PCM_16") as file:
            for _ in range(minutes * 60 // 8):
                file.write(clip("hello"))
        script = (
            "import resource, sys; from subtitle_editor.core.speech.sound import Sound\n"
            "count = sum(len(block) for block in Sound(sys.argv[1]).blocks())\n"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
        )
        done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, check=True, text=True)
        return int(done.stdout)

    assert peak(40) - peak(8) < 20_000, "kibibytes"
    assert not tracemalloc.is_tracing()


@needs_ffmpeg
def test_what_is_encrypted_and_what_is_empty_is_called_that(tones: Path, tmp_path: Path) -> None:
    """Converting, which is what a damaged file needs, helps neither."""
    locked = tmp_path / "locked.mp4"
    key = ("-encryption_key", "76a6c65c5ea762046bd749a2e632ccbb", "-encryption_kid", "a7e61c373e219033c21091fa607bf3b8")
    ffmpeg("-i", tones, "-c:a", "aac", "-encryption_scheme", "cenc-aes-ctr", *key, locked)
    assert refused(locked).code == "media_protected"
    (tmp_path / "empty.mp4").touch()
    assert refused(tmp_path / "empty.mp4").code == "media_empty"
