# SPDX-License-Identifier: GPL-3.0-or-later
"""A subtitle file's times from where people speak: real sound, real voice detection, and speech that was made up."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy
import pytest

from subtitle_editor.core.cli import main
from subtitle_editor.core.cues import Cue
from subtitle_editor.core.errors.media import MediaError, MediaNotFoundError, NoSuchTrackError
from subtitle_editor.core.speech import syncing
from subtitle_editor.core.subtitles import reading, writing
from tests.core.speech_kit import SPEECH, clip, silence, truth, write

pytestmark = pytest.mark.timeout(120)


def talk(seed: int, minutes: float = 20.0) -> tuple[list[Cue], Any]:
    """Sentences as people say them, and where a voice is heard: sometimes also where no subtitle is."""
    rng = random.Random(seed)
    cues: list[Cue] = []
    speech = numpy.zeros(int(minutes * 60 / syncing.STEP) + 1, bool)
    time = 2.0
    while time < minutes * 60 - 10:
        length = rng.uniform(0.8, 5.0)
        speech[int(time / syncing.STEP) : int((time + length) / syncing.STEP)] = True
        if rng.random() > 0.1:
            cues.append(Cue(time, time + length + rng.uniform(0.0, 0.6), "x"))
        time += length + rng.choice([0.3, 0.8, 2.0, 6.0])
    return cues, speech


@pytest.mark.parametrize("shift", [0.0, 0.4, -7.25, 93.1, -240.0])
@pytest.mark.parametrize("factor", [Fraction(1), Fraction(25, 24), Fraction(24, 25), Fraction(24000, 25025)])
def test_shift_and_speed_are_found(shift: float, factor: Fraction) -> None:
    cues, speech = talk(1)
    wrong = [Cue(max(0.0, (c.start - shift) / factor), max(0.1, (c.end - shift) / factor), "x") for c in cues]
    wrong = [cue for cue in wrong if cue.start > 0]
    found = syncing.fit([Cue(float(c.start), float(c.end), "x") for c in wrong], speech)
    assert found is not None and found.is_certain
    assert found.factor == factor
    assert found.shift == pytest.approx(shift, abs=0.1)


def test_subtitles_of_another_film_are_not_certain() -> None:
    cues, _ = talk(1)
    _, speech = talk(2)
    found = syncing.fit(cues, speech)
    assert found is None or not found.is_certain


def test_nothing_fits_nothing() -> None:
    cues, speech = talk(1, 1.0)
    assert syncing.fit([], speech) is None
    assert syncing.fit(cues, numpy.zeros(100, bool)) is None


def test_without_other_speeds_only_the_shift_is_looked_for() -> None:
    cues, speech = talk(3)
    found = syncing.fit([cue.shifted(-5.0) for cue in cues if cue.start > 5], speech, 600.0, syncing.FACTORS[:1])
    assert found is not None and found.factor == 1 and found.shift == pytest.approx(5.0, abs=0.1)


def recording(path: Path) -> list[Cue]:
    """Real speech with pauses of many lengths."""
    rng = random.Random(7)
    cues: list[Cue] = []
    parts: list[Any] = []
    time = 0.0
    for name in ["hello", "late", "colours", "numbers", "british", "long"] * 2:
        cues += [Cue(start + time, end + time, text) for start, end, text in truth(name)]
        parts += [clip(name), silence(rng.uniform(0.2, 7.0))]
        time = sum(len(part) for part in parts) / 16000
    write(path, *parts)
    return cues


def test_the_command_line(tmp_path: Path) -> None:
    cues = recording(tmp_path / "film.wav")
    late = [cue.shifted(12.3) for cue in cues]
    writing.save_cues(tmp_path / "late.srt", late)
    words = [tmp_path / "film.wav", tmp_path / "late.srt", "-o", tmp_path / "right.srt", "--json"]
    command = [sys.executable, "-m", "subtitle_editor", "sync", *map(str, words)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=100)
    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    assert last["shift"] == pytest.approx(-12.3, abs=0.15) and last["scale"] == 1.0
    found = reading.load(tmp_path / "right.srt").cues
    assert [cue.text for cue in found] == [cue.text for cue in cues]
    assert max(abs(a.start - b.start) for a, b in zip(found, cues, strict=True)) < 0.2
    # Another film's: nothing is written.
    other, _ = talk(9, 2.0)
    writing.save_cues(tmp_path / "other.srt", other)
    words[1:4] = [tmp_path / "other.srt", "-o", tmp_path / "none.srt"]
    command = [sys.executable, "-m", "subtitle_editor", "sync", *map(str, words)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=100)
    assert done.returncode == 1 and json.loads(done.stdout.splitlines()[-1])["error"] == "sync_uncertain"
    assert not (tmp_path / "none.srt").exists()
    (tmp_path / "empty.srt").touch()
    assert main.main(["sync", str(tmp_path / "film.wav"), str(tmp_path / "empty.srt"), "-o", "x.srt"]) == 2


def test_media_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(MediaNotFoundError):
        syncing.speech_of(tmp_path / "none.wav")
    (tmp_path / "letter.wav").write_text("Dear Sir", encoding="utf-8")
    with pytest.raises(MediaError):
        syncing.speech_of(tmp_path / "letter.wav")
    with pytest.raises(NoSuchTrackError, match="It has: 1"):
        syncing.speech_of(SPEECH / "hello.flac", track="3")
