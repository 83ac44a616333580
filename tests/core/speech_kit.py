# SPDX-License-Identifier: GPL-3.0-or-later
"""Sound for tests: clips whose words are known, put together, encoded and damaged by ffmpeg and by hand."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest
import soundfile

DATA = Path(__file__).parents[1] / "data"
MODEL = DATA / "tiny_whisper" / "model"
SPEECH = DATA / "speech"
RATE = 16000

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg makes the media for this test")


def clip(name: str) -> Any:
    """The samples of a clip, 16-bit."""
    return soundfile.read(SPEECH / f"{name}.flac", dtype="int16")[0]


def truth(name: str) -> list[tuple[float, float, str]]:
    """What is spoken in a clip and when."""
    data = json.loads((SPEECH / f"{name}.json").read_text(encoding="utf-8"))
    return [(row["start"], row["end"], row["text"]) for row in data["utterances"]]


def later(spoken: Sequence[tuple[float, float, str]], seconds: float) -> list[tuple[float, float, str]]:
    """The same, later."""
    return [(start + seconds, end + seconds, text) for start, end, text in spoken]


def silence(seconds: float) -> Any:
    """So much of it."""
    return numpy.zeros(round(seconds * RATE), numpy.int16)


def write(path: Path, *parts: Any) -> Path:
    """The parts one after the other as a sound file of 16 kHz."""
    soundfile.write(path, numpy.concatenate(parts), RATE)
    return path


def ffmpeg(*arguments: object) -> None:
    """Run ffmpeg, which overwrites."""
    command = ["ffmpeg", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, timeout=100)


def beeps(path: Path, times: Sequence[float], length: float) -> Path:
    """A tone of 0.1 s at each of the times, in silence: what shows where a sample has come to lie."""
    samples = numpy.zeros(round(length * RATE))
    tone = 0.5 * numpy.sin(numpy.arange(RATE // 10) * 2 * numpy.pi * 1000 / RATE)
    for time in times:
        samples[round(time * RATE) : round(time * RATE) + len(tone)] = tone
    soundfile.write(path, samples, RATE)
    return path


def heard_beeps(samples: Any) -> list[float]:
    """When the tones begin, in seconds."""
    loud = numpy.abs(samples) > 0.1
    at = numpy.flatnonzero(loud)
    starts = [at[0], *at[1:][numpy.diff(at) > RATE // 20]] if len(at) else []
    return [round(float(start) / RATE, 2) for start in starts]
