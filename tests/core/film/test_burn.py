# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles on the pictures of real films."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import av
import numpy
import pytest

from subtitle_editor.core.cli.main import main
from subtitle_editor.core.cues import Cue
from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.errors.film import ContainerError, FilmNotWrittenError, NoFilmError
from subtitle_editor.core.errors.media import MediaUnreadableError
from subtitle_editor.core.film.burn import burn
from subtitle_editor.core.film.overlay import FORMATS, Frames, Overlay
from subtitle_editor.core.picture.fonts import Fonts, blender_folder
from subtitle_editor.core.picture.paint import Painted
from subtitle_editor.core.picture.style import DEFAULT
from subtitle_editor.core.subtitles.document import Document, Kind
from tests.core.speech_kit import ffmpeg, needs_ffmpeg

FONTS = Fonts(blender=blender_folder())
needs_fonts = pytest.mark.skipif(blender_folder() is None, reason="no Blender whose fonts could be used")
pytestmark = [needs_ffmpeg, needs_fonts, pytest.mark.timeout(120)]

SUBTITLES = Document((Cue(0.4, 0.8, "Over it"),))
LARGE = dataclasses.replace(DEFAULT, size=0.14)
"""So large that there are pixels inside of the letters."""
GREY = ("-f", "lavfi", "-i", "color=0x405060:s=320x180:r=25:d=1.2")
SOUND = ("-f", "lavfi", "-i", "sine=d=1.2:r=48000")


def made(path: Path, *more: object) -> Path:
    ffmpeg(*GREY, *SOUND, "-pix_fmt", "yuv420p", *more, path)
    return path


def frames(path: Path) -> list[tuple[float, Any]]:
    """The time of each picture and its pixels, as a player shows them."""
    with av.open(str(path)) as film:
        found = []
        for frame in film.decode(film.streams.video[0]):
            pixels = frame.to_ndarray(format="rgb24").astype(int)
            found.append((float(frame.pts * frame.time_base), numpy.rot90(pixels, round(frame.rotation / 90))))
        return found


def sound(path: Path) -> list[bytes]:
    with av.open(str(path)) as film:
        return [bytes(packet) for packet in film.demux(film.streams.audio[0]) if packet.size]


def brightness(path: Path) -> Any:
    """That of the first picture, 0 to 255, as it is stored."""
    with av.open(str(path)) as film:
        return next(film.decode(film.streams.video[0])).to_ndarray(format="gray").astype(int)


def length(path: Path) -> float:
    with av.open(str(path)) as film:
        return (film.duration or 0) / 1e6


def lit(pixels: Any) -> tuple[int, int, int, int]:
    """The rectangle of what is white: left, top, right, bottom."""
    rows, columns = numpy.nonzero(pixels.min(axis=2) > 180)
    return columns.min(), rows.min(), columns.max() + 1, rows.max() + 1


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("film.mp4", ("-c:v", "libx264", "-c:a", "aac")),
        ("film.mkv", ("-c:v", "libx264", "-c:a", "flac")),
        ("film.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus")),
    ],
)
def test_there_is_a_subtitle_where_and_when_it_should_be_and_nothing_else(
    tmp_path: Path, name: str, codecs: tuple[str, ...]
) -> None:
    film, target = made(tmp_path / name, *codecs), tmp_path / f"out-{name}"
    done = burn(film, SUBTITLES, target, LARGE, FONTS)
    before, after = frames(film), frames(target)
    assert done.frames == len(before) == len(after) == 30 and done.problems == done.findings == ()
    assert [at for at, _ in after] == pytest.approx([at for at, _ in before], abs=0.0015)
    assert sound(target) == sound(film)
    assert length(target) == pytest.approx(length(film), abs=0.03)
    for (at, was), (_, now) in zip(before, after, strict=True):
        changed = numpy.abs(was - now).max(axis=2)
        if 0.41 < at < 0.79:
            left, top, right, bottom = lit(now)
            assert abs((left + right) / 2 - 160) < 3 and 140 < top < bottom < 175 and right - left > 40
            changed[top - 12 : bottom + 12, left - 12 : right + 12] = 0
        elif not (at < 0.38 or at > 0.82):
            continue
        assert changed.max() < 14 and changed.mean() < 3


def turn(plain: Path, turned: Path, angle: int) -> None:
    """The same film with a note that players turn it against the clock."""
    with av.open(str(plain)) as film, av.open(str(turned), "w") as out:
        stream = out.add_stream_from_template(film.streams.video[0], opaque=True)
        stream.set_display_rotation(angle)
        for packet in film.demux(film.streams.video[0]):
            if packet.size:
                packet.stream = stream
                out.mux(packet)


def test_a_film_that_was_turned(tmp_path: Path) -> None:
    """A phone held upright stores its pictures lying, and players turn them."""
    plain, turned = made(tmp_path / "plain.mp4", "-c:v", "libx264"), tmp_path / "turned.mp4"
    for angle in (90, 180, 270):
        turn(plain, turned, angle)
        burn(turned, SUBTITLES, tmp_path / "out.mp4", LARGE, FONTS, overwrite=True)
        seen = tmp_path / "seen.png"
        ffmpeg("-ss", "0.6", "-i", tmp_path / "out.mp4", "-frames:v", "1", seen)
        (_, pixels), = frames(seen)  # fmt: skip
        assert pixels.shape[:2] == ((180, 320) if angle == 180 else (320, 180))
        left, top, right, bottom = lit(pixels)
        assert abs((left + right) / 2 - pixels.shape[1] / 2) < 4
        assert top > pixels.shape[0] * 0.7 and right - left > 1.5 * (bottom - top)


def test_pixels_that_are_not_square(tmp_path: Path) -> None:
    film = made(tmp_path / "wide.mp4", "-c:v", "libx264", "-vf", "scale=160:180,setsar=2")
    burn(film, SUBTITLES, tmp_path / "out.mp4", LARGE, FONTS)
    burn(made(tmp_path / "square.mp4", "-c:v", "libx264"), SUBTITLES, tmp_path / "square-out.mp4", LARGE, FONTS)
    narrow = lit(dict(frames(tmp_path / "out.mp4"))[0.6])
    usual = lit(dict(frames(tmp_path / "square-out.mp4"))[0.6])
    assert narrow[0] * 2 == pytest.approx(usual[0], abs=4) and narrow[2] * 2 == pytest.approx(usual[2], abs=4)
    assert (narrow[1], narrow[3]) == pytest.approx((usual[1], usual[3]), abs=1)
    with av.open(str(tmp_path / "out.mp4")) as out:
        assert out.streams.video[0].sample_aspect_ratio == 2


def test_pictures_of_uneven_length_keep_their_times(tmp_path: Path) -> None:
    uneven = ("-vf", "settb=1/1000,select='not(eq(mod(n\\,4)\\,1))',setpts='PTS+mod(N,3)*4'", "-fps_mode", "vfr")
    film, target = made(tmp_path / "x.mkv", "-c:v", "libx264", *uneven), tmp_path / "y.mkv"
    burn(film, SUBTITLES, target, LARGE, FONTS)
    times = [at for at, _ in frames(film)]
    assert len(set(numpy.diff(times).round(3))) > 1
    assert [at for at, _ in frames(target)] == times


@pytest.mark.parametrize(
    ("format", "range_", "curve", "white"),
    [
        ("yuv444p", "tv", "bt709", 235),
        ("yuv420p10le", "tv", "bt709", 235),
        ("yuvj420p", "pc", "bt709", 255),
        ("yuv420p10le", "tv", "smpte2084", 143),
    ],
)
def test_how_pictures_are_stored_stays(tmp_path: Path, format: str, range_: str, curve: str, white: int) -> None:
    film, target = tmp_path / "x.mkv", tmp_path / "y.mkv"
    stored = ("-vf", f"scale=out_range={range_}", "-pix_fmt", format, "-color_range", range_, "-color_trc", curve)
    ffmpeg(*GREY, "-c:v", "libx264", *stored, film)
    done = burn(film, SUBTITLES, target, LARGE, FONTS)
    assert done.findings == ()
    with av.open(str(target)) as out:
        frame = next(frame for frame in out.decode(video=0) if frame.time and frame.time > 0.5)
        assert frame.format.name.replace("yuvj", "yuv") == format.replace("yuvj", "yuv")
        bits = 10 if "10" in format else 8
        kind = numpy.uint8 if bits == 8 else numpy.uint16
        bright = numpy.frombuffer(frame.planes[0], kind).max() >> (bits - 8)
    assert bright == pytest.approx(white, abs=6)


def test_a_picture_on_each_kind_of_frame() -> None:
    """The colours that come out are those that were put on, half of them where the alpha is half, at odd places too."""
    red = numpy.zeros((21, 33, 4), numpy.uint8)
    red[..., 0], red[..., 3] = 255, 255
    half = red.copy()
    half[..., 3] = 128
    for format in FORMATS:
        full = "j" in format
        frame = av.VideoFrame(96, 64, format)
        for plane in frame.planes:
            numpy.frombuffer(plane, numpy.uint8)[:] = 0
        black = av.VideoFrame.from_ndarray(numpy.zeros((64, 96, 3), numpy.uint8), format="rgb24")
        frame = black.reformat(format=format, dst_colorspace="ITU601", dst_color_range="JPEG" if full else "MPEG")
        overlay = Overlay(Frames(96, 64, format, full, (0.299, 0.114)))
        overlay.lay(frame, [Painted(red, 3, 5), Painted(half, 51, 33), Painted(red, 90, 60)])
        rgb = frame.reformat(
            format="rgb24", src_colorspace="ITU601", src_color_range="JPEG" if full else "MPEG", dst_color_range="JPEG"
        ).to_ndarray()
        assert rgb[15, 15] == pytest.approx((255, 0, 0), abs=4), format
        assert rgb[43, 65] == pytest.approx((128, 0, 0), abs=4), format
        assert rgb[63, 95] == pytest.approx((255, 0, 0), abs=40), format
        assert rgb[50, 10] == pytest.approx((0, 0, 0), abs=2), format


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "prores_ks"])
def test_damage_at_the_end_of_a_film_costs_the_damaged_pictures_only(tmp_path: Path, codec: str) -> None:
    """A decoder with several threads notices it when all of the film was read."""
    film, hurt, target = made(tmp_path / "x.mkv", "-c:v", codec), tmp_path / "hurt.mkv", tmp_path / "y.mkv"
    spoil(film, hurt, -2)
    with av.open(str(hurt)) as read:
        read.streams.video[0].codec_context.thread_count = 1
        known = [packet.pts for packet in read.demux(read.streams.video[0]) if packet.size]
        spoilt = known[-2]
    done = burn(hurt, SUBTITLES, target, LARGE, FONTS)
    times = [round(at * 1000) for at, _ in frames(target)]
    assert done.frames == 29
    assert [at - times[0] for at in times] == sorted(at - known[0] for at in set(known) - {spoilt})
    (finding,) = [one for one in done.findings if one.kind is Kind.BROKEN]
    assert str(finding).startswith("1 of its pictures")


def spoil(film: Path, target: Path, which: int) -> None:
    """Put nonsense in place of one packet of a film's pictures."""
    with av.open(str(film)) as read, av.open(str(target), "w") as out:
        stream = read.streams.video[0]
        copy = out.add_stream_from_template(stream, opaque=True)
        packets = [packet for packet in read.demux(stream) if packet.size]
        for number, packet in enumerate(packets):
            if number - len(packets) == which:
                nonsense = av.Packet(bytes(packet.size))
                nonsense.pts, nonsense.dts, nonsense.duration = packet.pts, packet.dts, packet.duration
                nonsense.time_base = packet.time_base
                packet = nonsense
            packet.stream = copy
            out.mux(packet)


def test_cancelled_and_refused(tmp_path: Path) -> None:
    film = made(tmp_path / "x.mp4", "-c:v", "libx264")
    only_sound = tmp_path / "x.wav"
    ffmpeg(*SOUND, only_sound)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    asked = iter([False] * 25 + [True])
    with pytest.raises(JobCancelled):
        burn(film, SUBTITLES, tmp_path / "y.mp4", cancelled=lambda: next(asked))
    with pytest.raises(FilmNotWrittenError, match="is the film that is read"):
        burn(film, SUBTITLES, film, overwrite=True)
    with pytest.raises(NoFilmError):
        burn(only_sound, SUBTITLES, tmp_path / "y.mp4")
    with pytest.raises(ContainerError, match="WebM takes no aac"):
        burn(film, SUBTITLES, tmp_path / "y.webm")
    with pytest.raises(ContainerError, match="WebM takes no h264"):
        burn(film, SUBTITLES, tmp_path / "y.webm", codec="h264")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_file_that_comes_to_its_place_meanwhile_is_not_lost(tmp_path: Path) -> None:
    film, target = made(tmp_path / "x.mp4", "-c:v", "libx264"), tmp_path / "y.mp4"

    def come(_fraction: float) -> None:
        target.write_bytes(b"precious")

    with pytest.raises(FilmNotWrittenError, match="has come there meanwhile"):
        burn(film, SUBTITLES, target, LARGE, FONTS, come)
    assert target.read_bytes() == b"precious" and len(frames(tmp_path / "y (2).mp4")) == 30


def test_pictures_in_a_codec_that_nobody_knows(tmp_path: Path) -> None:
    film = made(tmp_path / "film.mkv", "-c:v", "libx264")
    data = film.read_bytes()
    assert b"V_MPEG4/ISO/AVC" in data
    film.write_bytes(data.replace(b"V_MPEG4/ISO/AVC", b"V_NOBODYS/CODEC"))
    with pytest.raises(MediaUnreadableError, match="pictures"):
        burn(film, SUBTITLES, tmp_path / "out.mkv", fonts=FONTS)
    assert not (tmp_path / "out.mkv").exists()


def test_a_quality_that_an_encoder_does_not_know_is_no_fault_of_the_disk(tmp_path: Path) -> None:
    film = made(tmp_path / "x.mkv", "-c:v", "libx264")
    with pytest.raises(FilmNotWrittenError, match="out of range"):
        burn(film, SUBTITLES, tmp_path / "y.mkv", codec="vp9", crf=99)
    assert [path.name for path in tmp_path.iterdir()] == ["x.mkv"]
    assert main(["burn", str(film), str(film), "-o", str(tmp_path / "y.mkv"), "--crf", "99"]) == 2


@pytest.mark.parametrize(("depth", "codec"), [("yuv420p", "ffv1"), ("yuv420p10le", "ffv1"), ("yuv444p", "libx264")])
def test_pictures_of_an_odd_size(tmp_path: Path, depth: str, codec: str) -> None:
    """H.264 takes no half samples of colour: such a film gets an edge of one pixel, which is told."""
    film, target = tmp_path / "x.mkv", tmp_path / "y.mp4"
    crop = f"format={depth},crop=161:91:0:0:exact=1"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=162x92:r=25:d=0.6", "-vf", crop, "-c:v", codec, film)
    done = burn(film, SUBTITLES, target, LARGE, FONTS)
    before, after = brightness(film), brightness(target)
    if depth == "yuv444p":
        assert after.shape == (91, 161) and not done.findings
        return
    assert after.shape == (92, 162) and numpy.abs(before - after[:91, :161]).mean() < 4
    assert numpy.abs(after[90] - after[91]).mean() < 6 and numpy.abs(after[:, 160] - after[:, 161]).mean() < 6
    told = [finding.message for finding in done.findings]
    assert told == [
        "Its pictures of 161 x 91 pixels have their last ones twice and are 162 x 92 now: H.264 takes even sizes."
    ]


@pytest.mark.parametrize(("size", "depth"), [("33x31", "yuv420p"), ("63x47", "yuv420p"), ("33x31", "yuv420p10le")])
def test_small_pictures_of_an_odd_size(tmp_path: Path, size: str, depth: str) -> None:
    """Their rows are filled up to more than twice their width."""
    film, target = tmp_path / "x.mkv", tmp_path / "y.mkv"
    wide, high = (int(number) for number in size.split("x"))
    crop = f"format={depth},crop={wide}:{high}:0:0:exact=1"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=0.2", "-vf", crop, "-c:v", "ffv1", film)
    burn(film, Document((Cue(50.0, 60.0, "Later"),)), target, LARGE, FONTS)
    before, after = brightness(film), brightness(target)
    assert after.shape == (high + 1, wide + 1) and numpy.abs(before - after[:high, :wide]).mean() < 6


@pytest.mark.parametrize(("order", "mode"), [("tff", "interleave_top"), ("bff", "interleave_bottom")])
def test_fields_stay_what_they_are(tmp_path: Path, order: str, mode: str) -> None:
    """Of an interlaced film each player weaves or shows them one after the other; which is the first one counts."""
    film = tmp_path / "x.mkv"
    woven = ("-vf", f"tinterlace=mode={mode},setfield={order}", "-flags", "+ildct+ilme", "-x264opts", f"{order}=1")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=160x96:r=50:d=0.6", *woven, "-c:v", "libx264", film)
    for name in ("y.mkv", "y.mov"):
        done = burn(film, SUBTITLES, tmp_path / name, LARGE, FONTS)
        assert done.findings == ()
        assert fields(tmp_path / name) == fields(film) == ["1", "1" if order == "tff" else "0"]
        off = [
            numpy.abs(one - other).mean()
            for (_, one), (_, other) in zip(*map(frames, (film, tmp_path / name)), strict=True)
        ]
        assert len(off) == 15 and max(off[:10]) < 2 < off[12]
    (told,) = burn(film, SUBTITLES, tmp_path / "y.webm", LARGE, FONTS).findings
    assert str(told).startswith("Its pictures are interlaced, which VP9 does not know:")


def fields(path: Path) -> list[str]:
    """Whether the first picture has two, and whether the upper one is the first, by another program."""
    command = ["ffprobe", "-v", "error", "-select_streams", "v", "-read_intervals", "%+#1", "-show_entries"]
    command += ["frame=interlaced_frame,top_field_first", "-of", "csv=p=0", str(path)]
    return (
        subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip(",\n").split(",")
    )


def test_what_is_not_on_the_film_is_told(tmp_path: Path) -> None:
    """Its transparency, and subtitles that begin after its end."""
    film = tmp_path / "x.webm"
    source = "color=red@0.5:s=160x90:r=25:d=0.4,format=yuva420p"
    ffmpeg("-f", "lavfi", "-i", source, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", film)
    late = Document((Cue(0.1, 9.0, "Seen"), Cue(0.4, 0.8, "Late"), Cue(60.0, 61.0, "Later")))
    told = [finding.message for finding in burn(film, late, tmp_path / "y.mkv", LARGE, FONTS).findings]
    assert sorted(told) == [
        "Places that one could see through are not transparent any more.",
        "Subtitles that begin after its end are not on it: 2.",
    ]


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film, target = made(tmp_path / "x.mp4", "-c:v", "libx264"), tmp_path / "y.mkv"
    subtitles = tmp_path / "x.fa.srt"
    subtitles.write_text("1\n00:00:00,400 --> 00:00:00,800\nسلام\n", encoding="utf-8")
    words = ["burn", str(film), str(subtitles), "-o", str(target), "--json", "--user-dir", str(tmp_path / "user")]
    assert main([*words, "--style", "box", "--codec", "av1", "--crf", "40"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["event"], last["frames"], last["problems"]) == ("finished", 30, 0)
    with av.open(str(target)) as out:
        assert out.streams.video[0].codec_context.codec.canonical_name == "av1"
    assert main(words) == 1
    assert main([*words, "--overwrite", "--style", "none-such"]) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["error"] == "style"


@pytest.mark.skipif(os.name == "nt", reason="a signal that ends a process at once there")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_and_leaves_nothing(tmp_path: Path, number: int, code: int) -> None:
    film, subtitles, folder = tmp_path / "x.mkv", tmp_path / "x.srt", tmp_path / "out"
    ffmpeg("-f", "lavfi", "-i", "color=s=320x180:r=25:d=100", "-c:v", "mpeg4", film)
    subtitles.write_text("1\n00:00:00,000 --> 00:01:40,000\nOver it\n")
    folder.mkdir()
    command = [sys.executable, "-m", "subtitle_editor", "burn", film, subtitles, "-o", folder / "y.mkv", "--json"]
    process = subprocess.Popen(
        [str(word) for word in (*command, "--user-dir", tmp_path / "user")], stdout=subprocess.PIPE, text=True
    )
    try:
        while not list(folder.glob(".y.mkv*")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert json.loads(out.splitlines()[-1])["event"] == "cancelled"
    assert process.returncode == code
    assert list(folder.iterdir()) == []
