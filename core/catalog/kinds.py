# SPDX-License-Identifier: GPL-3.0-or-later
"""The kinds of things that can be downloaded."""

from __future__ import annotations

SPEECH_TO_TEXT = "speech-to-text"
TEXT_TO_SPEECH = "text-to-speech"
LANGUAGE = "language"
DATASET = "dataset"
IMAGE = "image"
RUNTIME = "runtime"

KIND_NAMES: dict[str, str] = {
    SPEECH_TO_TEXT: "Speech to text",
    TEXT_TO_SPEECH: "Text to speech",
    LANGUAGE: "Language",
    DATASET: "Dataset",
    IMAGE: "Image",
    RUNTIME: "Runtime library",
}
"""The kinds there are, in the order they are shown in: the word that is kept and the name that people read."""
