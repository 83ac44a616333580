# SPDX-License-Identifier: GPL-3.0-or-later
"""Make the speech clips beside this script, and the .json files that say what is spoken when.

Run by hand, with espeak-ng on the machine and numpy and soundfile installed:

    python tests/data/speech/make.py

Only words that the tiny model in ../tiny_whisper knows. Two or more utterances a clip: of a window with a single
one, faster-whisper reports the window's start as the segment's.
"""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import numpy as np
import soundfile

RATE = 16000
HERE = Path(__file__).parent
GAPS = (0.5, 0.8, 1.1, 0.7, 0.9)
"""Seconds of silence before the first, the second, ... utterance, over and over."""

CLIPS: dict[str, tuple[str, list[str]]] = {
    "hello": ("en-us", ["hello blender", "please start the subtitle download", "the cat sits on a table"]),
    "numbers": ("en-us", ["one two three four", "five six seven", "nine eight two", "no zero"]),
    "colours": (
        "en-us+f4",
        ["open the red window", "a green world and a blue dog", "close the left window", "yes please", "stop"],
    ),
    "long": (
        "en-us",
        [
            "please open the blender window and start the model",
            "yes open the green window and stop the red model",
            "no cancel the download please",
            "hello world",
        ],
    ),
    "british": ("en-gb", ["please cancel the download", "the world sits on a table", "stop the model"]),
    "late": ("en-us", ["hello world", "yes start the blue model", "no cancel the download"]),
}


def speak(text: str, voice: str) -> np.ndarray:
    """The sound of `text`, 16 kHz, trimmed to what can be heard."""
    command = ["espeak-ng", "-v", voice, "-s", "150", "--stdout", text]
    wav = subprocess.run(command, check=True, capture_output=True).stdout
    samples, rate = soundfile.read(io.BytesIO(wav))
    samples = resample(samples, rate)
    loud = np.flatnonzero(np.abs(samples) > 0.01 * np.abs(samples).max())
    return samples[loud[0] : loud[-1] + 1]


def resample(samples: np.ndarray, rate: int) -> np.ndarray:
    """To 16 kHz, by cutting the spectrum."""
    count = round(len(samples) * RATE / rate)
    spectrum = np.fft.rfft(samples)[: count // 2 + 1]
    return np.fft.irfft(spectrum, count) * (count / len(samples))


def make(name: str, voice: str, sentences: list[str]) -> None:
    """`name`.flac and `name`.json."""
    parts: list[np.ndarray] = []
    spoken: list[dict[str, object]] = []
    position = 0
    for index, text in enumerate(sentences):
        silence = np.zeros(round(GAPS[index % len(GAPS)] * RATE))
        # The one clip whose speech begins late: a transcriber that cuts leading silence gets its times wrong.
        if name == "late" and index == 1:
            silence = np.zeros(5 * RATE)
        sound = speak(text, voice)
        start = position + len(silence)
        position = start + len(sound)
        parts += [silence, sound]
        spoken.append({"start": round(start / RATE, 3), "end": round(position / RATE, 3), "text": text})
    samples = np.concatenate([*parts, np.zeros(RATE)])
    samples *= 0.5 / np.abs(samples).max()
    soundfile.write(HERE / f"{name}.flac", samples.astype(np.float32), RATE, subtype="PCM_16")
    truth = {"voice": voice, "duration": round(len(samples) / RATE, 3), "utterances": spoken}
    (HERE / f"{name}.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    for clip, (clip_voice, clip_sentences) in CLIPS.items():
        make(clip, clip_voice, clip_sentences)
