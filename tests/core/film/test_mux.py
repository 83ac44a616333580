# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles put into real films as tracks."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import pytest

from subtitle_editor.core.cli.main import main
from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.errors.film import ContainerError, FilmNotWrittenError
from subtitle_editor.core.errors.media import MediaNotFoundError, MediaUnreadableError
from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.film import soft
from subtitle_editor.core.film.mux import add, mux
from subtitle_editor.core.markup import BOLD, COLOR, ITALIC, Span
from subtitle_editor.core.subtitles import reading, tracks
from subtitle_editor.core.subtitles.document import Cue, Document
from subtitle_editor.core.subtitles.formats.base import ReadOptions
from tests.core.speech_kit import ffmpeg, needs_ffmpeg

pytestmark = [needs_ffmpeg, pytest.mark.timeout(60)]

SAMPLES = Path(__file__).parents[2] / "data" / "subtitles" / "samples"
GERMAN = "1\n00:00:00,500 --> 00:00:01,000\n<i>eins</i> & {zwei}\nZeilen\n\n2\n00:00:01,250 --> 00:00:01,750\nשלום\n"
ENGLISH = '1\n00:00:00,250 --> 00:00:01,500\n<font color="#ff0000">one</font> <b>two</b>\n'
CODECS = {
    ".mp4": ("libx264", "aac"),
    ".mov": ("mpeg4", "pcm_s16le"),
    ".mkv": ("libx264", "flac"),
    ".webm": ("libvpx", "libopus"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def films(folder: Path) -> dict[str, Path]:
    made = {}
    for suffix, (picture, sound) in CODECS.items():
        made[suffix] = folder / f"film{suffix}"
        ffmpeg(
            "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2:r=48000", "-c:v", picture,
            "-c:a", sound, "-b:v", "100k", "-metadata:s:a:0", "language=jpn", "-metadata", "title=A film", made[suffix],
        )  # fmt: skip
    return made


@pytest.fixture(scope="module")
def files(folder: Path) -> tuple[Path, Path]:
    german, english = folder / "x.de.srt", folder / "x.en-GB.forced.srt"
    german.write_text(GERMAN, encoding="utf-8")
    english.write_text(ENGLISH, encoding="utf-8")
    return german, english


def given(path: Path, language: str = "", **more: Any) -> soft.Subtitles:
    return dataclasses.replace(soft.of_file(path, reading.load(path), language), **more)


def shown(document: Document) -> list[tuple[float, float, str]]:
    return [(cue.start, cue.end, cue.text) for cue in document.cues]


def packets(path: Path, kind: str) -> list[tuple[bytes, float]]:
    """What is in the streams of a kind, and when from the first on."""
    with av.open(str(path)) as film:
        found = [
            (bytes(packet), float(packet.pts * packet.time_base))
            for packet in film.demux([stream for stream in film.streams if stream.type == kind])
            if packet.size
        ]
    return [(data, round(time - found[0][1], 2)) for data, time in found]


def probed(path: Path) -> list[dict[str, Any]]:
    command = ["ffprobe", "-v", "error", "-show_streams", "-of", "json", str(path)]
    return list(json.loads(subprocess.run(command, capture_output=True, check=True, timeout=60).stdout)["streams"])


TWO = [(0.5, 1.0, "eins & {zwei}\nZeilen"), (1.25, 1.75, "שלום")]


@pytest.mark.parametrize(
    ("suffix", "codec"), [(".mp4", "mov_text"), (".mov", "mov_text"), (".mkv", "subrip"), (".webm", "webvtt")]
)
def test_tracks_come_out_again_and_the_film_is_as_it_was(
    tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path], suffix: str, codec: str
) -> None:
    target = tmp_path / f"out{suffix}"
    done = mux(films[suffix], [given(files[0]), given(files[1], default=True)], target)
    assert done.tracks == 2
    german, english = tracks.listed(target)
    code = "deu" if suffix == ".mp4" else "ger"
    assert (german.codec, german.language, german.default, german.forced) == (codec, code, False, False)
    assert (english.language, english.default, english.forced) == ("eng", True, suffix != ".mov")
    late = 0.01  # WebM's sound begins before its picture, and so all is later by that.
    for number, expected in ((1, TWO), (2, [(0.25, 1.5, "one two")])):
        document = tracks.read(target, ReadOptions(track=number))
        assert [text for *_, text in shown(document)] == [text for *_, text in expected]
        times = [time for cue in document.cues for time in (cue.start, cue.end)]
        assert times == pytest.approx([time for *both, _ in expected for time in both], abs=late)
    assert Span(0, 4, ITALIC) in tracks.read(target, ReadOptions(track=1)).cues[0].spans
    looks = set(tracks.read(target, ReadOptions(track=2)).cues[0].spans)
    assert Span(4, 7, BOLD) in looks
    assert (Span(0, 3, COLOR, "#ff0000") in looks) is (suffix != ".webm")
    told = {
        ".webm": ["1 colour cannot be written as WebVTT."],
        ".mov": ["QuickTime does not say whether subtitles are forced or for the deaf."],
    }
    assert [str(finding) for _, finding in done.findings] == told.get(suffix, [])
    for kind in ("video", "audio"):
        assert packets(target, kind) == packets(films[suffix], kind)
    streams = probed(target)
    assert [stream["codec_name"] for stream in streams[2:]] == [codec, codec]
    assert streams[1]["tags"]["language"] == "jpn"
    assert [stream["disposition"]["default"] for stream in streams[2:]] == [0, 1]


def test_tracks_that_were_there_stay(tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path]) -> None:
    first, second = tmp_path / "first.mkv", tmp_path / "second.mkv"
    ass = SAMPLES / "ass.ass"
    mux(films[".mkv"], [given(ass, "fa", title="Signs", default=True)], first)
    mux(first, [given(files[0])], second)
    there, new = tracks.listed(second)
    assert (there.codec, there.language, there.title, there.default) == ("ass", "per", "Signs", True)
    assert (new.codec, new.default) == ("subrip", False)
    assert tracks.read(second, ReadOptions(track=1)).styles == reading.load(ass).styles
    assert {data for data, _ in packets(first, "subtitle")} < {data for data, _ in packets(second, "subtitle")}
    other = tmp_path / "third.mkv"
    mux(first, [given(files[0], default=True)], other)
    assert [track.default for track in tracks.listed(other)] == [False, True]
    mux(first, [given(files[0])], other, keep_default=False, overwrite=True)
    assert [track.default for track in tracks.listed(other)] == [False, False]


def test_from_one_kind_of_film_into_another(tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path]) -> None:
    """A text track that the new kind cannot hold becomes one that it can."""
    mkv, mp4 = tmp_path / "a.mkv", tmp_path / "b.mp4"
    mux(films[".mp4"], [given(files[0], title="Gehörlose", for_deaf=True)], mkv)
    mux(mkv, [given(files[1])], mp4)
    there, new = tracks.listed(mp4)
    assert (there.codec, there.language, new.language) == ("mov_text", "deu", "eng")
    cues = tracks.read(mp4, ReadOptions(track=1)).cues
    assert [cue.text for cue in cues] == [text for *_, text in TWO]
    with av.open(str(mp4)) as film:  # AAC begins before second 0, and Matroska has no times before that.
        begin = film.streams.video[0].start_time * film.streams.video[0].time_base
    assert [cue.start - float(begin) for cue in cues] == pytest.approx([0.5, 1.25], abs=0.002)
    assert probed(mp4)[2]["disposition"]["hearing_impaired"] == 1
    assert packets(mp4, "video") == packets(films[".mp4"], "video")
    with pytest.raises(ContainerError, match="WebM takes no h264"):
        mux(mkv, [given(files[0])], tmp_path / "c.webm")
    assert sorted(tmp_path.iterdir()) == [mkv, mp4]


def test_a_track_without_subtitles_that_finds_no_place_is_said(
    tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path]
) -> None:
    mp4, mkv = tmp_path / "a.mp4", tmp_path / "b.mkv"
    short = ("-map", "0", "-map", "1", "-c", "copy", "-c:s", "mov_text", "-t", "0.2")
    ffmpeg("-i", films[".mp4"], "-i", files[0], *short, mp4)
    assert [track.codec for track in tracks.listed(mp4)] == ["mov_text"]
    done = mux(mp4, [given(files[1])], mkv)
    assert done.tracks == 1 and [str(finding) for path, finding in done.findings if path == mp4] == [
        "A track without subtitles was left out."
    ]


def test_subtitles_at_the_same_time_are_joined_for_mp4(tmp_path: Path, films: dict[str, Path]) -> None:
    cues = (
        Cue(0, 1, "a", spans=(Span(0, 1, BOLD),)),
        Cue(0.5, 1.5, "b", spans=(Span(0, 1, ITALIC),)),
        Cue(1.5, 1.8, "c"),
    )
    target = tmp_path / "o.mp4"
    mux(films[".mp4"], [soft.Subtitles(Path("x.srt"), Document(cues))], target)
    document = tracks.read(target)
    assert shown(document) == [(0, 0.5, "a"), (0.5, 1.0, "a\nb"), (1.0, 1.5, "b"), (1.5, 1.8, "c")]
    assert set(document.cues[1].spans) == {Span(0, 1, BOLD), Span(2, 3, ITALIC)}


@pytest.mark.parametrize("kind", ["jpg", "png"])
def test_a_cover_stays_one(kind: str, films: dict[str, Path], files: tuple[Path, Path], tmp_path: Path) -> None:
    """It is no film of one picture in Matroska, no empty one in MP4, and not lost anywhere without a word."""
    cover, film = tmp_path / f"cover.{kind}", tmp_path / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=32x32:d=0.04", "-frames:v", "1", cover)
    ffmpeg(
        "-i", films[".mp4"], "-i", cover, "-map", "0", "-map", "1", "-c", "copy",
        "-disposition:v:1", "attached_pic", film,
    )  # fmt: skip
    there, back, none = tmp_path / "there.mkv", tmp_path / "back.mp4", tmp_path / "none.mov"
    for source, target in ((film, there), (there, back)):
        assert mux(source, [given(files[0])], target).findings == ()
        assert [data for data, _ in packets(target, "audio")] == [data for data, _ in packets(source, "audio")]
        with av.open(str(target)) as new:
            (one,) = [stream for stream in new.streams.video if int(stream.disposition) & 1024]
            assert bytes(next(new.demux(one))) == cover.read_bytes()
    (finding,) = mux(film, [given(files[0])], none).findings
    assert str(finding[1]).startswith("Its cover was left out")
    before = film.read_bytes()
    add(film, [given(files[0])])
    assert cover.read_bytes() in film.read_bytes() != before


@pytest.mark.parametrize(("suffix", "language"), [(".mov", "fra"), (".mkv", "fre"), (".mp4", "fra")])
def test_a_sound_keeps_its_language(
    suffix: str, language: str, films: dict[str, Path], files: tuple[Path, Path], tmp_path: Path
) -> None:
    """Each kind of film has its own letters for it."""
    source = tmp_path / "source.mkv"
    ffmpeg("-i", films[".mp4"], "-map", "0", "-c", "copy", "-metadata:s:a:0", "language=fre", source)
    mux(source, [given(files[0])], tmp_path / f"out{suffix}")
    (tags,) = [stream["tags"] for stream in probed(tmp_path / f"out{suffix}") if stream["codec_type"] == "audio"]
    assert tags["language"] == language


def test_a_language_that_quicktime_has_no_code_for(
    tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path]
) -> None:
    done = mux(films[".mov"], [given(files[0], "haw"), given(files[0], "fr")], tmp_path / "x.mov")
    assert [str(finding) for _, finding in done.findings] == ["QuickTime has no code for haw."]
    assert [track.language for track in tracks.listed(tmp_path / "x.mov")] == ["", "fra"]


def test_a_clock_that_begins_late(tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path]) -> None:
    """Second 0 is where the film begins, which in a broadcast is some time of the day."""
    ts, target = tmp_path / "x.ts", tmp_path / "x.mkv"
    ffmpeg("-i", films[".mp4"], "-c", "copy", "-output_ts_offset", "1000", ts)
    mux(ts, [given(files[0])], target)
    with av.open(str(target)) as film:
        assert (film.start_time or 0) / 1e6 == pytest.approx(0, abs=0.05)
        assert (film.duration or 0) / 1e6 == pytest.approx(2, abs=0.2)
    assert [cue.start for cue in tracks.read(target).cues] == pytest.approx([0.5, 1.25], abs=0.03)


def test_a_second_name_of_the_film_is_the_film(
    tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path]
) -> None:
    film, link = tmp_path / "film.mp4", tmp_path / "link.mp4"
    film.write_bytes(films[".mp4"].read_bytes())
    os.link(film, link)
    with pytest.raises(FilmNotWrittenError, match="is the film that is read"):
        mux(film, [given(files[0])], link, overwrite=True)
    assert link.read_bytes() == film.read_bytes() == films[".mp4"].read_bytes()
    assert sorted(tmp_path.iterdir()) == [film, link]


def test_what_is_refused(tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path]) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(films[".mp4"].read_bytes())
    other = tmp_path / "other.mp4"
    other.write_bytes(b"precious")
    empty, broken = tmp_path / "empty.srt", tmp_path / "broken.mkv"
    empty.write_text("")
    broken.write_bytes(b"\x1a\x45\xdf\xa3" + bytes(500))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    one = [given(files[0])]
    with pytest.raises(FilmNotWrittenError, match="is the film that is read"):
        mux(film, one, film, overwrite=True)
    with pytest.raises(FilmNotWrittenError, match="it exists"):
        mux(film, one, other)
    with pytest.raises(FilmNotWrittenError, match="no such folder"):
        mux(film, one, tmp_path / "none" / "x.mp4")
    with pytest.raises(ContainerError, match=r"\.avi"):
        mux(film, one, tmp_path / "x.avi")
    with pytest.raises(MediaNotFoundError):
        mux(tmp_path / "none.mp4", one, tmp_path / "x.mp4")
    with pytest.raises(MediaUnreadableError):
        mux(broken, one, tmp_path / "x.mp4")
    with pytest.raises(SubtitleFileError, match="no subtitles in it"):
        mux(film, [soft.of_file(empty, Document())], tmp_path / "x.mp4")
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    mux(film, one, other, overwrite=True)
    assert shown(tracks.read(other)) == TWO


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_a_film_that_was_cut_off(tmp_path: Path, files: tuple[Path, Path], suffix: str) -> None:
    """A copy that was interrupted: what is there is taken, and it is said."""
    whole, cut, target = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}", tmp_path / f"out{suffix}"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=12", "-c:v", "mpeg4", "-movflags", "+faststart", whole)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    done = mux(cut, [given(files[0])], target)
    (finding,) = [str(finding) for path, finding in done.findings if path == cut]
    assert "not whole" in finding and "12 s" in finding
    there = packets(target, "video")
    assert 50 < len(there) < 250
    assert there[:-1] == packets(whole, "video")[: len(there) - 1], "the last one may be cut itself"
    whole_again = mux(whole, [given(files[0])], target, overwrite=True)
    assert whole_again.findings == ()


def test_cancelled_leaves_nothing(tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path]) -> None:
    asked: Iterator[bool] = iter([False] * 20 + [True])
    seen: list[float] = []
    with pytest.raises(JobCancelled):
        mux(films[".mkv"], [given(files[0])], tmp_path / "x.mkv", seen.append, lambda: next(asked))
    assert list(tmp_path.iterdir()) == [] and 0 < seen[-1] < 1

    def interrupt(_fraction: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        mux(films[".mp4"], [given(files[0])], tmp_path / "x.mp4", interrupt)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm"])
def test_into_the_film_itself_and_again_after_an_edit(
    tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path], suffix: str
) -> None:
    film, link = tmp_path / f"film{suffix}", tmp_path / f"link{suffix}"
    shutil.copy(films[suffix], film)
    film.chmod(0o640)
    link.symlink_to(film)
    pictures = packets(film, "video"), packets(film, "audio")
    first, second = given(files[0], title="Deutsch", default=True), given(files[1], title="English")
    assert add(link, [first]).tracks == 1
    assert add(link, [second]).tracks == 2
    edited = dataclasses.replace(first, document=Document((Cue(0.5, 1, "eins allein"),)))
    done = add(link, [edited])
    assert (done.tracks, done.findings) == (2, ())
    assert link.is_symlink() and film.stat().st_mode & 0o777 == 0o640
    assert (packets(film, "video"), packets(film, "audio")) == pictures
    found = {track.language: track for track in tracks.listed(film)}
    assert len(found) == 2
    german = found.pop("deu" if suffix == ".mp4" else "ger")
    assert german.default and not found["eng"].default
    texts = [cue.text for cue in tracks.read(film, ReadOptions(track=german.number)).cues]
    assert texts == ["eins allein"]
    assert sorted(tmp_path.iterdir()) == [film, link]


def test_a_film_that_would_lose_something_stays_as_it_is(
    tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path]
) -> None:
    film = tmp_path / "film.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=12", "-c:v", "mpeg4", film)
    whole = film.read_bytes()
    film.write_bytes(whole[: len(whole) // 3])
    with pytest.raises(FilmNotWrittenError, match=r"would lose something \(It ends after"):
        add(film, [given(files[0])])
    assert film.read_bytes() == whole[: len(whole) // 3]
    film.write_bytes(whole)
    asked = iter([False] * 5 + [True])
    with pytest.raises(JobCancelled):
        add(film, [given(files[0])], cancelled=lambda: next(asked))
    assert film.read_bytes() == whole and list(tmp_path.iterdir()) == [film]


def test_a_film_that_is_rendered_anew_meanwhile_stays(
    tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path]
) -> None:
    film = tmp_path / "film.mp4"
    shutil.copy(films[".mp4"], film)
    with pytest.raises(FilmNotWrittenError, match="changed meanwhile"):
        add(film, [given(files[0])], lambda fraction: film.write_bytes(b"new") if fraction > 0.9 else None)
    assert film.read_bytes() == b"new" and list(tmp_path.iterdir()) == [film]


def come_to(target: Path) -> None:
    target.write_bytes(b"precious")


@pytest.mark.parametrize("linked", [True, False], ids=["links", "no links"])
def test_a_file_that_comes_to_its_place_meanwhile_is_not_lost(
    tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path], linked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, taken = tmp_path / "out.mkv", tmp_path / "out (2).mkv"
    taken.write_bytes(b"another")

    def no_link(*_: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if not linked:  # As on exFAT.
        monkeypatch.setattr(os, "link", no_link)
    with pytest.raises(FilmNotWrittenError, match="has come there meanwhile") as caught:
        mux(films[".mkv"], [given(files[0])], target, lambda _fraction: come_to(target))
    kept = tmp_path / "out (3).mkv"
    assert str(kept) in str(caught.value) and len(tracks.listed(kept)) == 1
    assert (target.read_bytes(), taken.read_bytes()) == (b"precious", b"another")
    assert sorted(tmp_path.iterdir()) == sorted([target, taken, kept])
    mux(films[".mkv"], [given(files[0])], target, overwrite=True)
    assert len(tracks.listed(target)) == 1


@pytest.mark.skipif(os.name == "nt", reason="no limit to the size of files there")
def test_a_disk_that_takes_no_more(tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path]) -> None:
    import resource

    limit = films[".mov"].stat().st_size // 2
    command = [
        sys.executable,
        "-m",
        "subtitle_editor",
        "mux",
        films[".mov"],
        files[0],
        "-o",
        tmp_path / "x.mov",
        "--json",
    ]
    result = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=60, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        env={**os.environ, "SUBTITLE_EDITOR_USER_DIR": str(tmp_path / "user")},
    )  # fmt: skip
    last = json.loads(result.stdout.splitlines()[-1])
    assert (result.returncode, last["event"], last["error"]) == (1, "failed", "film_not_written"), result.stderr
    assert "no file as large" in last["message"]
    assert [path.name for path in tmp_path.iterdir() if path.name != "user"] == []


def test_the_command_line(
    tmp_path: Path, films: dict[str, Path], files: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    target, user = tmp_path / "x.mp4", ["--user-dir", str(tmp_path / "user"), "--json"]
    words = ["mux", str(films[".mp4"]), *map(str, files), "-o", str(target), *user]
    assert main([*words, "--language", "Persian", "--default", "1"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["event"], last["output"], last["tracks"], last["losses"]) == ("finished", str(target), 2, [])
    assert [(track.language, track.default) for track in tracks.listed(target)] == [("fas", True), ("eng", False)]
    assert main(words) == 1
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["error"] == "film_not_written"
    assert main([*words, "--overwrite", "--default", "3"]) == 2
    assert main([*words, "--overwrite", *["--language", "de"] * 3]) == 2
    assert main([*words, "--language", "Klingon"]) == 2
    assert [track.language for track in tracks.listed(target)] == ["fas", "eng"]


@pytest.mark.parametrize(
    ("name", "language", "forced", "for_deaf"),
    [
        ("film.srt", "", False, False),
        ("film.de.srt", "de", False, False),
        ("film.ger.sdh.srt", "ger", False, True),
        ("a.film.pt-BR.forced.srt", "pt-BR", True, False),
        ("film.English.srt", "en", False, False),
        ("film.Forced.français.srt", "fr", False, False),
        ("film.2019.srt", "", False, False),
        ("de.srt", "", False, False),
    ],
)
def test_names_that_say_the_language(name: str, language: str, forced: bool, for_deaf: bool) -> None:
    said = soft.of_file(Path(name), Document())
    assert (said.language, said.forced, said.for_deaf) == (language, forced, for_deaf)
