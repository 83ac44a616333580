# SPDX-License-Identifier: GPL-3.0-or-later
"""Where somebody speaks: Silero's voice activity model, which faster-whisper brings, and what follows from it."""

from __future__ import annotations

import dataclasses
import importlib.util
from typing import Any

from .sound import FRAME, RATE

RUN_UP = 64
"""Frames (two seconds) that the model hears first, so that a block begins as if the sound before it had been heard."""

_LOUD = 0.1
"""A peak from which on a block is heard as it is: -20 dB of full scale."""
_FAINTEST = 0.0002
"""A peak below which there is nothing but the noise of the last bits."""
_MOST_GAIN = 100.0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class VoiceOptions:
    """Names and defaults are faster-whisper's (`VadOptions`)."""

    threshold: float = 0.5
    """A frame is speech from this probability on."""
    neg_threshold: float | None = None
    """And silence below this one; None: 0.15 less than `threshold`."""
    min_speech_duration_ms: int = 0
    """Shorter speech is not heard."""
    min_silence_duration_ms: int = 2000
    """Shorter silence is heard along with the speech around it."""
    speech_pad_ms: int = 400
    """Of the silence on each side of speech, so much is heard too."""

    @property
    def silence_below(self) -> float:
        """The probability below which a frame is silence."""
        return max(self.threshold - 0.15, 0.01) if self.neg_threshold is None else self.neg_threshold


def available() -> bool:
    """Whether this machine can tell speech from silence: onnxruntime is missing on some."""
    return importlib.util.find_spec("onnxruntime") is not None


def probabilities(block: Any, before: Any) -> Any:
    """How likely somebody speaks, for each frame of `block` (the last may be short); `before` is the sound before it.

    The same block after the same sound gives the same numbers, wherever listening began.
    """
    import numpy

    if not block.any():
        # A hole in the clock, or a day of nothing: there is no need to listen.
        return numpy.zeros(-(-len(block) // FRAME), numpy.float32)
    from faster_whisper.vad import get_vad_model

    run_up = before[-RUN_UP * FRAME :]
    run_up = run_up[len(run_up) % FRAME :]
    tail = -len(block) % FRAME
    sound = numpy.concatenate([run_up, block, numpy.zeros(tail, numpy.float32)])
    sound *= _gain(float(numpy.abs(block).max(initial=0.0)))
    return numpy.asarray(get_vad_model()(sound)).reshape(-1)[len(run_up) // FRAME :]


def audible(sound: Any) -> Any:
    """Sound that is quiet all through, louder: Whisper's spectrum ends at -100 dB, where a distant voice is cut up."""
    import numpy

    return sound * numpy.float32(_gain(float(numpy.abs(sound).max(initial=0.0))))


def _gain(peak: float) -> float:
    """How much louder a model hears what is quiet all through: it takes a whisper far away for silence."""
    return min(_LOUD / peak, _MOST_GAIN) if _FAINTEST < peak < _LOUD else 1.0


def loudness(block: Any) -> Any:
    """The mean square of each frame of `block`."""
    import numpy

    tail = -len(block) % FRAME
    padded = numpy.concatenate([block, numpy.zeros(tail, numpy.float32)]) if tail else block
    return numpy.square(padded.reshape(-1, FRAME)).mean(axis=1)


def frames(milliseconds: float) -> int:
    """So many milliseconds in whole frames.

    >>> frames(2000)
    62
    """
    return int(milliseconds * RATE / 1000) // FRAME
