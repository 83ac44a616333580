# SPDX-License-Identifier: GPL-3.0-or-later
"""`transcribe` as a script meets it: many files, options, and every way to be stopped. Real child, real model."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.cli import main
from subtitle_editor.core.subtitles import reading
from tests.core.speech_kit import MODEL, SPEECH, beeps, clip, ffmpeg, needs_ffmpeg, silence, write
from tests.hub.server import LoopbackHub

pytestmark = pytest.mark.timeout(300)

ROUNDS = 20 if os.environ.get("SUBTITLE_EDITOR_LONG_TESTS") else 2
posix = pytest.mark.skipif(os.name == "nt", reason="sends signals")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A models folder with the test model under the name of tiny."""
    folder = tmp_path_factory.mktemp("models")
    with LoopbackHub() as hub:
        hub.add_model("Systran/faster-whisper-tiny", {path.name: path for path in MODEL.iterdir()})
        assert main.main(["models", "download", "tiny", "--models-dir", str(folder), "--endpoint", hub.endpoint]) == 0
    yield folder


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five minutes."""
    names = ["hello", "long", "late", "colours", "numbers", "british"] * 5
    parts = [part for name in names for part in (clip(name), silence(0.6))]
    return write(tmp_path_factory.mktemp("media") / "talk.wav", *parts)


def words(models: Path, *more: str | Path) -> list[str]:
    common = ["-m", "tiny", "--models-dir", models, "--json", "--language", "en", "--device", "cpu", "--threads", "1"]
    return [sys.executable, "-m", "subtitle_editor", "transcribe", *map(str, [*more, *common])]


def run(models: Path, *more: str | Path) -> tuple[int, list[dict[str, Any]]]:
    done = subprocess.run(words(models, *more), capture_output=True, encoding="utf-8", timeout=250)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def table(records: list[dict[str, Any]]) -> dict[str, str]:
    assert records[-1]["event"] == "summary"
    return {Path(row["media"]).name: row["state"] for row in records[-1]["films"]}


# Many


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    films = tmp_path / "films"
    (films / "inner").mkdir(parents=True)
    write(films / "a.wav", clip("hello"))
    write(films / "b.flac", clip("late"))
    (films / "bad.mp4").write_bytes(b"no film")
    (films / "notes.txt").write_text("no film either", encoding="utf-8")
    write(films / "inner" / "c.wav", clip("numbers"))
    return films


def test_one_bad_file_stops_no_other(models: Path, folder: Path) -> None:
    code, records = run(models, folder)
    assert code == 1
    assert table(records) == {"a.wav": "done", "b.flac": "done", "bad.mp4": "failed"}
    assert {path.name for path in folder.rglob("*.srt")} == {"a.srt", "b.srt"}
    assert reading.load(folder / "a.srt").cues[0].text == "hello blender"
    failed = [row for row in records if row["event"] == "failed"]
    assert [(row["error"], Path(row["media"]).name) for row in failed] == [("media_unreadable", "bad.mp4")]
    heard = [row for row in records if row["event"] == "cue"]
    assert {Path(row["media"]).name for row in heard} == {"a.wav", "b.flac"}


def test_recursive_into_another_folder(models: Path, folder: Path, tmp_path: Path) -> None:
    (folder / "bad.mp4").unlink()
    out = tmp_path / "out"
    code, records = run(models, folder, "--recursive", "--out-dir", out, "--suffix", ".en.vtt")
    assert code == 0 and set(table(records).values()) == {"done"}
    found = {path.relative_to(out).as_posix() for path in out.rglob("*.vtt")}
    assert found == {"a.en.vtt", "b.en.vtt", "inner/c.en.vtt"}


def test_what_has_subtitles_is_left_alone(models: Path, folder: Path) -> None:
    (folder / "a.srt").write_text("precious", encoding="utf-8")
    code, records = run(models, folder / "a.wav", folder / "b.flac", "--skip-existing")
    assert code == 0 and table(records) == {"a.wav": "skipped", "b.flac": "done"}
    code, records = run(models, folder / "a.wav", folder / "b.flac")
    assert code == 1 and table(records) == {"a.wav": "failed", "b.flac": "failed"}
    assert (folder / "a.srt").read_text(encoding="utf-8") == "precious"


def test_a_file_that_comes_to_its_place_while_it_is_heard_is_not_lost(models: Path, tmp_path: Path) -> None:
    write(tmp_path / "a.wav", clip("hello"), silence(0.5), clip("numbers"))
    target, user = tmp_path / "a.srt", tmp_path / "user"
    given = (tmp_path / "a.wav", "--user-dir", user)
    with subprocess.Popen(words(models, *given), stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdout is not None
        assert process.stdout.readline()  # It is past its beginning.
        target.write_text("precious", encoding="utf-8")
        records = [json.loads(line) for line in process.stdout.read().splitlines()]
    assert process.returncode == 1 and target.read_text(encoding="utf-8") == "precious"
    assert [row["error"] for row in records if row["event"] == "failed"] == ["output_not_written"]
    (kept,) = (user / "recovered").iterdir()
    assert str(kept) in records[-2]["hint"] + records[-1].get("hint", "")
    assert reading.load(kept).cues[0].text.startswith("hello blender")
    target.unlink()
    code, _ = run(models, *given)
    assert code == 0 and reading.load(target).cues[0].text.startswith("hello blender")


def test_two_of_one_name_do_not_write_over_each_other(models: Path, folder: Path) -> None:
    write(folder / "a.flac", clip("numbers"))
    code, _ = run(models, folder / "a.wav", folder / "a.flac")
    assert code == 0
    assert {path.name for path in folder.glob("*.srt")} == {"a.wav.srt", "a.flac.srt"}


def test_films_whose_subtitles_would_be_one_file_are_refused_before_the_work(
    models: Path, folder: Path, tmp_path: Path
) -> None:
    """By capitals, too: two folders have what one of macOS or Windows may not."""
    first = folder / "a.wav"
    for name in ("a.wav", "A.wav"):
        second = write(folder / "inner" / name, clip("numbers"))
        assert run(models, first, second, "--out-dir", tmp_path / "out")[0] == 2
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        ("a", "b", "-o", "c.srt"), ("a", "--suffix", ".docx"), ("a", "-o", "x.doc"), ("a", "--to", "1", "--from", "2"),
        ("a", "--vad-threshold", "2"), ("a", "--device", "tpu"), ("a", "--temperature", "9"), ("a", "--beam-size", "0"),
        ("a", "--glossary", "none.txt"), ("a", "--unfinished", "perhaps"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_usage(models: Path, wrong: tuple[str, ...]) -> None:
    assert run(models, *wrong)[0] == 2


def test_a_folder_without_films_is_usage(models: Path, tmp_path: Path) -> None:
    assert run(models, tmp_path)[0] == 2


# A film's own options


def test_a_toml_beside_the_film(models: Path, folder: Path) -> None:
    (folder / "a.toml").write_text('to = 1.9\nprofile = "bbc"\n', encoding="utf-8")
    (folder / "b.toml").write_text('volume = "loud"\n', encoding="utf-8")
    code, records = run(models, folder / "a.wav", folder / "b.flac")
    assert code == 1 and table(records) == {"a.wav": "done", "b.flac": "failed"}
    assert [cue.text for cue in reading.load(folder / "a.srt").cues] == ["hello blender"]
    assert any("volume" in row.get("message", "") for row in records if row["event"] == "failed")


@needs_ffmpeg
def test_the_track(models: Path, tmp_path: Path) -> None:
    beeps(tmp_path / "beeps.wav", [1.0], 8.0)
    film = tmp_path / "film.mkv"
    inputs = ["-i", tmp_path / "beeps.wav", "-i", SPEECH / "hello.flac", "-map", "0:a", "-map", "1:a", "-c:a", "flac"]
    ffmpeg(*inputs, "-metadata:s:a:1", "language=ger", "-disposition:a:0", "default", film)
    code, records = run(models, film, "-o", tmp_path / "a.srt")
    assert code == 0 and not any("hello" in row["text"] for row in records[-1]["cues"])
    code, records = run(models, film, "-o", tmp_path / "b.srt", "--track", "de")
    assert code == 0 and records[-1]["cues"][0]["text"] == "hello blender"
    code, records = run(models, film, "-o", tmp_path / "c.srt", "--track", "3")
    assert code == 1 and records[-1]["error"] == "no_such_track" and "2 ger" in records[-1]["hint"]


@pytest.mark.parametrize(
    "options",
    [
        ("--no-vad",), ("--no-words",), ("--beam-size", "1"), ("--batch-size", "4"), ("--temperature", "0"),
        ("--suppress-numerals",), ("--vad-min-silence-duration-ms", "300"), ("--compute-type", "float32"),
    ],
)  # fmt: skip
def test_options_that_leave_the_words_as_they_are(models: Path, tmp_path: Path, options: tuple[str, ...]) -> None:
    write(tmp_path / "a.wav", clip("hello"), silence(3.0), clip("late"))
    code, records = run(models, tmp_path / "a.wav", *options)
    heard = " ".join(row["text"].replace("\n", " ") for row in records[-1]["cues"])
    assert code == 0
    assert heard.startswith("hello blender please start the subtitle download the cat sits on a table")


def test_words_have_times_unless_told_otherwise(models: Path, tmp_path: Path) -> None:
    for name, options in (("with", ()), ("without", ("--no-words",))):
        _, records = run(models, SPEECH / "hello.flac", "-o", tmp_path / f"{name}.json", *options)
        assert all(("words" in row) == (name == "with") for row in records if row["event"] == "cue")


def test_a_model_that_cannot_translate_says_so_at_once(models: Path, tmp_path: Path) -> None:
    """The test model by the shape of turbo: large-v3's ears and four layers to write with."""
    from subtitle_editor.core.speech import model as models_of_speech

    class Ears:
        is_multilingual, n_mels = True, 128

    class Turbo:
        model = Ears()

    (tmp_path / "config.json").write_text('{"alignment_heads": [[2, 4], [3, 14]]}', encoding="utf-8")
    assert not models_of_speech.translates(str(tmp_path), Turbo())
    (tmp_path / "config.json").write_text('{"alignment_heads": [[7, 0], [25, 6]]}', encoding="utf-8")
    assert models_of_speech.translates(str(tmp_path), Turbo())
    assert run(models, SPEECH / "hello.flac", "-o", tmp_path / "a.srt", "--task", "translate")[0] == 0


# Being stopped


def start(models: Path, media: Path, user: Path, *more: str | Path) -> subprocess.Popen[str]:
    command = words(models, media, "--user-dir", user, *more)
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")


def hear(process: subprocess.Popen[str], count: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        count -= json.loads(line)["event"] == "cue"
        if count <= 0:
            return
    raise AssertionError("it ended before")


@pytest.fixture(scope="module")
def whole(models: Path, talk: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("whole") / "talk.srt"
    assert run(models, talk, "-o", target)[0] == 0
    return target.read_text(encoding="utf-8")


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_keeps_what_was_heard_and_the_same_command_goes_on(
    models: Path, talk: Path, whole: str, tmp_path: Path, number: signal.Signals
) -> None:
    media = tmp_path / "talk.wav"
    media.write_bytes(talk.read_bytes())
    user, target = tmp_path / "user", tmp_path / "talk.srt"
    process = start(models, media, user)
    hear(process, 8)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert json.loads(out.splitlines()[-1])["event"] == "cancelled"
    part = reading.load(target).cues
    assert len(part) >= 7
    code, records = run(models, media, "--user-dir", user)
    assert code == 0 and target.read_text(encoding="utf-8") == whole
    assert any("Going on at" in row["message"] for row in records if row["event"] == "notice")
    assert not list((user / "heard").iterdir()), "what is safe in a file is kept nowhere else"


@posix
def test_kill_and_continue_to_the_same_bytes(models: Path, talk: Path, whole: str, tmp_path: Path) -> None:
    rng = random.Random(5)
    user, target = tmp_path / "user", tmp_path / "out.srt"
    for _ in range(ROUNDS):
        process = start(models, talk, user, "-o", target)
        time.sleep(1.5 + rng.random() * 3)
        process.kill()
        process.communicate(timeout=60)
    assert run(models, talk, "--user-dir", user, "-o", target)[0] == 0
    assert target.read_text(encoding="utf-8") == whole


@posix
def test_what_was_heard_can_be_taken_or_thrown_away(models: Path, talk: Path, whole: str, tmp_path: Path) -> None:
    user, target = tmp_path / "user", tmp_path / "out.srt"
    for _ in range(2):
        process = start(models, talk, user, "-o", target)
        hear(process, 9)
        process.kill()
        process.communicate(timeout=60)
        if not target.exists():
            code, records = run(models, talk, "--user-dir", user, "-o", target, "--unfinished", "take")
            assert code == 0 and len(records[-1]["cues"]) >= 8
            assert run(models, talk, "--user-dir", user, "-o", target, "--unfinished", "take")[0] == 2
    code, records = run(models, talk, "--user-dir", user, "-o", target, "--unfinished", "fresh")
    assert code == 0 and target.read_text(encoding="utf-8") == whole
    assert not any(row["event"] == "notice" for row in records)


@posix
def test_a_file_that_was_changed_is_not_written_over(models: Path, talk: Path, tmp_path: Path) -> None:
    media = tmp_path / "talk.wav"
    media.write_bytes(talk.read_bytes())
    user, target = tmp_path / "user", tmp_path / "talk.srt"
    process = start(models, media, user)
    hear(process, 8)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    target.write_text("edited by hand", encoding="utf-8")
    assert run(models, media, "--user-dir", user)[0] == 2
    assert target.read_text(encoding="utf-8") == "edited by hand"


@posix
def test_the_rest_waits_when_one_is_interrupted(models: Path, talk: Path, tmp_path: Path) -> None:
    write(tmp_path / "z.wav", clip("hello"))
    command = words(models, talk, tmp_path / "z.wav", "--user-dir", tmp_path / "user", "--out-dir", tmp_path / "out")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    hear(process, 5)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert table([json.loads(out.splitlines()[-1])]) == {"talk.wav": "cancelled", "z.wav": "waiting"}


@posix
def test_what_cannot_be_written_goes_to_the_recovered_folder(models: Path, tmp_path: Path) -> None:
    """The folder goes away while it listens."""
    out, user = tmp_path / "out", tmp_path / "user"
    out.mkdir()
    process = start(models, SPEECH / "long.flac", user, "-o", out / "a.srt")
    assert process.stdout is not None
    process.stdout.readline()
    out.rmdir()
    lines = [json.loads(line) for line in process.communicate(timeout=60)[0].splitlines()]
    assert process.returncode == 1
    told = next(row for row in lines if row.get("error") == "output_not_written")
    (kept,) = (user / "recovered").iterdir()
    assert str(kept) in told["hint"] and reading.load(kept).cues[-1].text == "hello world"


def test_a_damaged_film_says_so_and_keeps_the_rest(models: Path, talk: Path, tmp_path: Path) -> None:
    data = talk.read_bytes()
    (tmp_path / "cut.wav").write_bytes(data[: len(data) // 10])
    code, records = run(models, tmp_path / "cut.wav")
    assert code == 1 and records[-1]["event"] == "failed" and records[-1]["error"] == "media_incomplete"
    assert len(records[-1]["cues"]) > 3 and (tmp_path / "cut.srt").is_file()


def test_a_glossary(models: Path, tmp_path: Path) -> None:
    from subtitle_editor.core.speech import glossary

    path = tmp_path / "names.txt"
    path.write_text("\ufeffDunja  # the heroine\n\nOttakring\nDunja\n", encoding="utf-8")
    assert glossary.read(path) == ["Dunja", "Ottakring"]
    (tmp_path / "notepad.txt").write_text("Dunja\nÖtscher", encoding="utf-16")
    assert glossary.read(tmp_path / "notepad.txt") == ["Dunja", "Ötscher"]
    code, _ = run(models, SPEECH / "hello.flac", "-o", tmp_path / "a.srt", "--glossary", path, "--hotwords", "cat")
    assert code == 0
