# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be transcribed, and how."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from .voice import VoiceOptions


def written_in(task: str, spoken: str) -> str:
    """The language of the text that a task makes of what is `spoken`: subtitles are shaped by it.

    >>> written_in("transcribe", "ja"), written_in("translate", "ja")
    ('ja', 'en')
    """
    return "en" if task == "translate" else spoken


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptionRequest:
    """What to transcribe, and how. Times in seconds of the media file."""

    media: Path
    known: Path | None = None
    """What its journal calls the media where that is a copy which is there for now only; it names what is in it."""
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
    track: str = ""
    """Of several audio tracks: its number from 1, its language, `first`, `all` (mixed); empty: the default one."""
    words: bool = True
    """Measure the time of each word: without, one subtitle in thirty begins half a second late."""
    device: str = "auto"
    """`cpu`, `cuda`, `cuda:1`, or `auto`: the graphics card when it works, else the processor."""
    libraries: Path | None = None
    """A folder with CUDA's libraries for the graphics card, asked before the system's."""
    compute_type: str = "default"
    """CTranslate2's: `default` (as the model was saved), `auto`, `int8`, `float16`, ..."""
    vad: bool = True
    """Skip what is not speech: Whisper invents phrases over silence and music."""
    voice: VoiceOptions = dataclasses.field(default_factory=VoiceOptions)
    """What counts as speech."""
    beam_size: int = 5
    temperature: tuple[float, ...] = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
    """The next one is tried where the text repeats itself or the model is unsure. Above 0 it draws at random, in the
    same way each time."""
    batch_size: int = 1
    """Windows heard at once: faster on a graphics card, without second tries at another temperature."""
    multilingual: bool = False
    """Find the language anew for each window: for films in which several are spoken."""
    patience: float = 1.0
    repetition_penalty: float = 1.0
    """Above 1: what was said becomes less likely again."""
    no_repeat_ngram_size: int = 0
    """No run of so many words twice in a window; 0: any."""
    compression_ratio_threshold: float = 2.4
    """A text that packs better than this repeats itself: the next temperature is tried."""
    log_prob_threshold: float = -1.0
    """A text less likely than this is tried again at the next temperature."""
    no_speech_threshold: float = 0.6
    """A window more likely without speech than this, and unlikely as text, gives none."""
    prompt: str = ""
    """What was said before, or names and spellings to expect, at the begin of each window."""
    hotwords: str = ""
    """Words to expect everywhere."""
    suppress_numerals: bool = False
    """Write numbers as words."""
    threads: int = 0
    """Processor threads; 0: CTranslate2 decides."""

    def written_in(self, spoken: str) -> str:
        """The language of the text, where `spoken` is what is heard."""
        return written_in(self.task, spoken)

    @property
    def decides(self) -> dict[str, Any]:
        """What the text depends on besides the media and the model, as plain values. Not where it is computed: what
        was begun on a graphics card may be continued without one."""
        data = dataclasses.asdict(self)
        for name in ("media", "known", "model_path", "device", "libraries", "compute_type", "threads"):
            del data[name]
        return data | {"temperature": list(self.temperature)}
