# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be transcribed, and how."""

from __future__ import annotations

import dataclasses
from pathlib import Path


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionRequest:
    """What to transcribe, and how. Times in seconds of the media file."""

    media: Path
    model_path: Path
    """A folder with a CTranslate2 Whisper model. Never a name: nothing is looked up or downloaded."""
    model_id: str = ""
    """What events call the model."""
    language: str | None = None
    """A code such as `en`; None: the model listens and decides."""
    task: str = "transcribe"
    """`transcribe`, or `translate` into English."""
    start: float = 0.0
    end: float | None = None
    """None: to the end of the file."""
    words: bool = False
    """Measure the time of each word: needed for good line breaks, takes a little longer."""
    device: str = "auto"
    """`cpu`, `cuda`, or `auto`: the graphics card when it works, else the processor."""
    compute_type: str = "default"
    """CTranslate2's: `default` (as the model was saved), `auto`, `int8`, `float16`, ..."""
    vad: bool = True
    """Skip what is not speech: Whisper invents phrases over silence and music."""
    beam_size: int = 5
    prompt: str = ""
    """Names and spellings to expect."""
    threads: int = 0
    """Processor threads; 0: CTranslate2 decides."""
