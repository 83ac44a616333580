# SPDX-License-Identifier: GPL-3.0-or-later
"""A known text gets its times from what was heard, whatever is missing on either side."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.cli import main
from subtitle_editor.core.cues import Cue, Word
from subtitle_editor.core.speech.aligning import align, plain
from subtitle_editor.core.subtitles import reading
from tests.core.speech_kit import MODEL, clip, silence, truth, write
from tests.hub.server import LoopbackHub

pytestmark = pytest.mark.timeout(120)


def heard(*said: tuple[float, str]) -> list[Cue]:
    """Segments as a model hears them: each text from its second on, a word in 0.4 s."""
    cues = []
    for start, text in said:
        words = tuple(Word(start + n * 0.4, start + n * 0.4 + 0.35, word) for n, word in enumerate(text.split()))
        cues.append(Cue(start, words[-1].end, text, words))
    return cues


def text(*lines: str) -> list[Cue]:
    return [Cue(0.0, 0.0, line) for line in lines]


def test_each_line_lies_where_it_is_spoken() -> None:
    found = align(
        text("Hello, Blender!", "Please start\nthe download."),
        heard((5.0, "hello blender please"), (9.0, "start the download")),
    )
    assert [(one.cue.start, round(one.cue.end, 2)) for one in found] == [(5.0, 5.75), (pytest.approx(5.8), 10.15)]
    assert [one.cue.text for one in found] == ["Hello, Blender!", "Please start\nthe download."]
    assert [one.confidence for one in found] == [1.0, 1.0]


def test_what_was_never_spoken_moves_nothing_else() -> None:
    lines = text("one two three four", "a line that somebody has cut", "five six seven eight")
    found = align(lines, heard((3.0, "one two three four"), (20.0, "five six seven eight")))
    assert found[0].cue.start == 3.0 and found[2].cue.start == 20.0
    assert found[1].confidence == 0.0 and found[0].cue.end <= found[1].cue.start < found[1].cue.end <= 20.0
    assert all(word.guessed for word in found[1].cue.words)


def test_what_was_never_written_moves_nothing() -> None:
    said = heard(
        (1.0, "well you know"), (3.0, "one two three four"), (8.0, "as I said before"), (20.0, "five six seven")
    )
    found = align(text("one two three four", "five six seven"), said)
    assert [one.cue.start for one in found] == [3.0, 20.0]


def test_words_heard_a_little_wrongly_are_the_same_words() -> None:
    (found,) = align(text("the subtitle downloads quickly"), heard((2.0, "the subtitled download quickly")))
    assert found.confidence == 1.0 and found.cue.start == 2.0


def test_a_note_that_cannot_be_heard_lies_between() -> None:
    found = align(text("one two three", "♪ ♪", "four five six"), heard((3.0, "one two three"), (9.0, "four five six")))
    assert found[0].cue.end <= found[1].cue.start <= found[1].cue.end <= found[2].cue.start == 9.0


def test_scripts_without_spaces() -> None:
    words = tuple(Word(2.0 + n * 0.3, 2.25 + n * 0.3, char, glued=n > 0) for n, char in enumerate("今天天气很好"))
    found = align(text("今天天气", "很好。"), [Cue(2.0, 4.0, "今天天气很好", words)])
    assert [one.cue.start for one in found] == [2.0, pytest.approx(3.2)]


def test_case_accents_and_apostrophes() -> None:
    assert plain("L’Élève,") == plain("l'eleve") and plain("...") == ""


@given(
    st.lists(st.text("abc ♪", max_size=12), max_size=8), st.lists(st.text("abc ", min_size=1, max_size=12), max_size=8)
)
def test_order_and_text_are_kept_whatever_comes(lines: list[str], said: list[str]) -> None:
    spoken = heard(*((10.0 * number, sentence) for number, sentence in enumerate(said) if sentence.strip()))
    found = align(text(*lines), spoken)
    assert [one.cue.text for one in found] == lines
    clock = 0.0
    for one in found:
        assert clock <= one.cue.start <= one.cue.end and 0.0 <= one.confidence <= 1.0
        clock = one.cue.end
        assert all(a.start <= a.end <= b.start for a, b in zip(one.cue.words, one.cue.words[1:], strict=False))


def test_a_film_takes_seconds() -> None:
    rng = random.Random(1)
    words = ["the", "a", "and", "to"] * 50 + [f"word{number}" for number in range(3000)]
    said = [" ".join(rng.choice(words) for _ in range(8)) for _ in range(1200)]
    began = time.process_time()
    found = align(text(*said), heard(*((number * 5.0, sentence) for number, sentence in enumerate(said))))
    assert time.process_time() - began < 60.0
    assert [one.cue.start for one in found] == [number * 5.0 for number in range(1200)]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("models")
    with LoopbackHub() as hub:
        hub.add_model("Systran/faster-whisper-tiny", {path.name: path for path in MODEL.iterdir()})
        assert main.main(["models", "download", "tiny", "--models-dir", str(folder), "--endpoint", hub.endpoint]) == 0
    yield folder


def test_the_command_line(models: Path, tmp_path: Path) -> None:
    """A script against real speech: two films' worth of clips, one line that nobody says, one sentence left out."""
    write(tmp_path / "film.wav", clip("hello"), silence(4.0), clip("long"))
    spoken = truth("hello") + [(a + 12.06, b + 12.06, said) for a, b, said in truth("long")]
    spoken = [(a, b, said) for a, b, said in spoken if said != "no cancel the download please"]
    lines = [said.capitalize() + "." for _, _, said in spoken]
    lines.insert(3, "Nobody ever says this line aloud.")
    (tmp_path / "script.txt").write_text("\n".join(lines), encoding="utf-8")
    words = ["align", tmp_path / "film.wav", tmp_path / "script.txt", "-o", tmp_path / "a.srt", "-m", "tiny", "--json"]
    words += ["--models-dir", models, "--language", "en", "--device", "cpu", "--user-dir", tmp_path / "user"]
    command = [sys.executable, "-m", "subtitle_editor", *map(str, words)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=100)
    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    cues = reading.load(tmp_path / "a.srt").cues
    assert [cue.text for cue in cues] == lines
    offset = len(clip("hello")) / 16000 + 4.0 - 12.06
    for (start, _, said), cue in zip(spoken, [*cues[:3], *cues[4:]], strict=True):
        assert cue.start == pytest.approx(start + (offset if start > 9 else 0.0), abs=0.4), said
    assert last["cues"][3]["confidence"] < 0.5 <= last["cues"][0]["confidence"]
    (tmp_path / "other.txt").write_text("Quite another text\nwithout any word of it", encoding="utf-16")
    command[command.index("tiny")] = str(MODEL)
    command[command.index(str(tmp_path / "script.txt"))] = str(tmp_path / "other.txt")
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=100)
    assert done.returncode == 1 and json.loads(done.stdout.splitlines()[-1])["error"] == "sync_uncertain"
