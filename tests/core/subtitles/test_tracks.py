# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle tracks inside real films."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from subtitle_editor.core.errors.media import MediaNotFoundError, MediaUnreadableError
from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.markup import BOLD, COLOR, ITALIC, UNDERLINE, Span
from subtitle_editor.core.subtitles import reading, tracks, writing
from subtitle_editor.core.subtitles.document import Document, Kind
from subtitle_editor.core.subtitles.formats.base import ReadOptions
from tests.core.speech_kit import ffmpeg, needs_ffmpeg

pytestmark = needs_ffmpeg

SAMPLES = Path(__file__).parents[2] / "data" / "subtitles" / "samples"
PICTURE = ("-f", "lavfi", "-i", "color=black:s=64x64:d=2")
SRT = "1\n00:00:00,500 --> 00:00:01,000\n<i>one</i> & <b>two</b>\nlines\n\n2\n00:00:01,250 --> 00:00:01,750\nשלום\n"


def film(path: Path, *files: Path, codecs: str = "copy", languages: tuple[str, ...] = ()) -> Path:
    sources = [part for file in files for part in ("-i", file)]
    maps = [part for index in range(len(files) + 1) for part in ("-map", index)]
    said = [part for index, one in enumerate(languages) for part in (f"-metadata:s:s:{index}", f"language={one}")]
    ffmpeg(
        *PICTURE, *sources, *maps, "-c:v", "libvpx" if path.suffix == ".webm" else "mpeg4", "-c:s", codecs, *said, path
    )
    return path


@pytest.fixture
def srt(tmp_path: Path) -> Path:
    path = tmp_path / "in.srt"
    path.write_text(SRT, encoding="utf-8")
    return path


def shown(document: Document) -> list[tuple[float, float, str]]:
    return [(cue.start, cue.end, cue.text) for cue in document.cues]


TWO = [(0.5, 1.0, "one & two\nlines"), (1.25, 1.75, "שלום")]


@pytest.mark.parametrize(
    ("name", "codec", "format"),
    [
        ("film.mkv", "subrip", "srt"),
        ("film.mkv", "ass", "ass"),
        ("film.webm", "webvtt", "vtt"),
        ("film.mp4", "mov_text", "srt"),
        ("film.mov", "mov_text", "srt"),
        ("film.mp4", "ttml", "ttml"),
    ],
)
def test_tracks_of_text(tmp_path: Path, srt: Path, name: str, codec: str, format: str) -> None:
    path = film(tmp_path / name, srt, codecs=codec)
    document = reading.load(path)
    assert shown(document) == TWO
    assert document.format == format
    looks = {span for span in document.cues[0].spans if span.kind in (ITALIC, BOLD)}
    if codec != "ttml":  # FFmpeg's writer of TTML drops it.
        assert looks == {Span(0, 3, ITALIC), Span(6, 9, BOLD)}


def test_a_substation_track_is_the_file_that_was_put_in(tmp_path: Path) -> None:
    document = tracks.read(film(tmp_path / "film.mkv", SAMPLES / "ass.ass"))
    original = reading.load(SAMPLES / "ass.ass")
    by_text = {cue.text: cue for cue in document.cues}
    assert by_text.keys() == {cue.text for cue in original.cues}
    assert all(by_text[cue.text].spans == cue.spans for cue in original.cues)
    assert document.styles == original.styles


def test_several_tracks_are_listed_and_chosen(tmp_path: Path, srt: Path) -> None:
    path = film(tmp_path / "film.mkv", SAMPLES / "ass.ass", srt, languages=("ger", "eng"))
    first, second = tracks.listed(path)
    assert [(track.number, track.codec, track.language, track.is_text) for track in (first, second)] == [
        (1, "ass", "ger", True),
        (2, "subrip", "eng", True),
    ]
    assert str(second) == "track 2 (subrip): eng"
    assert tracks.read(path).format == "ass"
    assert shown(tracks.read(path, ReadOptions(track=2))) == TWO
    english = reading.load(path, options=ReadOptions(language="en"))
    assert shown(english) == TWO
    assert english.language == "en"
    (finding,) = [finding for finding in english.findings if finding.kind is Kind.HIDDEN]
    assert "track 1 (ass): ger" in str(finding)
    for language in ("de", "ger", "deu", "de-AT"):
        assert tracks.read(path, ReadOptions(track_language=language)).language == "de"
    with pytest.raises(SubtitleFileError, match="no subtitle track in fr") as missing:
        tracks.read(path, ReadOptions(track_language="fr"))
    assert "ger" in str(missing.value)
    with pytest.raises(SubtitleFileError, match="no subtitle track 3"):
        tracks.read(path, ReadOptions(track=3))


def test_the_film_says_which_track_is_its_choice(tmp_path: Path, srt: Path) -> None:
    plain, path = film(tmp_path / "plain.mkv", SAMPLES / "ass.ass", srt), tmp_path / "film.mkv"
    ffmpeg(
        "-i", plain, "-map", "0", "-c", "copy", "-disposition:s:0", "forced", "-disposition:s:1", "default", path
    )  # fmt: skip
    first, second = tracks.listed(path)
    assert [(track.default, track.forced) for track in (first, second)] == [(False, True), (True, False)]
    assert shown(tracks.read(path)) == TWO


def pgs(path: Path) -> Path:
    """Two pictures of Blu-ray subtitles, empty ones."""

    def segment(time: int, kind: int, data: bytes) -> bytes:
        return b"PG" + struct.pack(">IIBH", time, 0, kind, len(data)) + data

    what = struct.pack(">HHBHBBBB", 64, 64, 0x10, 0, 0x80, 0, 0, 0)
    where = b"\x01" + struct.pack(">BHHHH", 0, 0, 0, 32, 8)
    path.write_bytes(
        segment(9000, 0x16, what) + segment(9000, 0x17, where) + segment(9000, 0x80, b"") + segment(90000, 0x16, what)
        + segment(90000, 0x80, b"")
    )  # fmt: skip
    return path


def test_tracks_of_pictures_are_called_what_they_are(tmp_path: Path, srt: Path) -> None:
    pictures = pgs(tmp_path / "in.sup")
    path = film(tmp_path / "film.mkv", pictures, languages=("eng",))
    (track,) = tracks.listed(path)
    assert (track.codec, track.is_text) == ("hdmv_pgs_subtitle", False)
    with pytest.raises(SubtitleFileError, match="pictures") as caught:
        reading.load(path)
    assert "PGS" in str(caught.value.hint)
    both = film(tmp_path / "both.mkv", pictures, srt)
    assert shown(reading.load(both)) == TWO
    with pytest.raises(SubtitleFileError, match="pictures"):
        reading.load(both, options=ReadOptions(track=1))


def test_films_without_tracks_and_what_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    ffmpeg(*PICTURE, "-c:v", "mpeg4", path)
    assert tracks.listed(path) == ()
    with pytest.raises(SubtitleFileError, match="no subtitle tracks"):
        reading.load(path)
    with pytest.raises(MediaNotFoundError):
        tracks.listed(tmp_path / "none.mkv")
    broken = tmp_path / "broken.mkv"
    broken.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(500))
    with pytest.raises(MediaUnreadableError):
        reading.load(broken)


def test_boxes_of_timed_text_that_lie() -> None:
    """Lengths and places beyond the text, a box without an end: the text is what it says."""
    from subtitle_editor.core.subtitles.formats.base import Findings

    style = struct.pack(">HHHBBBBBB", 2, 900, 1, 7, 18, 255, 0, 0, 255)
    box = struct.pack(">I4sH", 8 + 2 + len(style), b"styl", 1) + style
    cue = tracks.timed_text(struct.pack(">H", 4) + b"abcd" + box + struct.pack(">I", 3) + b"styl", Findings())
    assert cue.text == "abcd"
    assert set(cue.spans) == {Span(2, 4, BOLD), Span(2, 4, ITALIC), Span(2, 4, UNDERLINE), Span(2, 4, COLOR, "#ff0000")}
    assert tracks.timed_text(b"\xff\xffab", Findings()).text == "ab"
    assert tracks.timed_text(b"\0", Findings()).text == ""


def test_a_webvtt_track_keeps_names_and_places_and_one_without_subtitles_is_told(tmp_path: Path) -> None:
    source = tmp_path / "in.vtt"
    first = "intro\n00:00:00.500 --> 00:00:01.000 line:10% align:start\n<v Ann>one\n\n"
    source.write_text(f"WEBVTT\n\n{first}00:00:01.000 --> 00:00:01.500\ntwo\n", encoding="utf-8")
    document = reading.load(film(tmp_path / "film.mkv", source, codecs="copy"))
    assert writing.rendered(Path("out.vtt"), document)[0].decode() == source.read_text(encoding="utf-8")
    source.write_text("WEBVTT\n\n", encoding="utf-8")
    nothing = reading.load(film(tmp_path / "nothing.mkv", source, codecs="copy"))
    assert [finding.kind for finding in nothing.findings] == [Kind.EMPTY]
