# SPDX-License-Identifier: GPL-3.0-or-later
"""How much a subtitle file is too early or too late for a film, and whether it runs too fast: by where people speak.

The method is that of ffsubsync: speech and subtitles are two rows of yes and no, and the shift at which they agree best
is found by one Fourier transform, for each speed that subtitles are known to have been made for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cues import Cue
from ..errors.base import JobCancelled
from ..errors.packages import LibraryMissingError
from ..text import Text
from . import media_errors, voice
from .sound import FRAME, RATE, Sound
from .wire import ChildError

if TYPE_CHECKING:
    Progress = Callable[[float], None]

STEP = FRAME / RATE
"""Seconds of a frame."""
# Film, its NTSC rate and PAL: a subtitle file made for one of them runs too fast or too slow with the others.
_RATES = (Fraction(24), Fraction(24000, 1001), Fraction(25))
FACTORS: tuple[Fraction, ...] = tuple(
    sorted({to / other for to in _RATES for other in _RATES}, key=lambda factor: (factor != 1, factor))
)
"""What all times may have to be multiplied by; 1 first."""
_BETTER = 1.03
"""How much better another speed than the file's own must fit to be believed."""
_APART = 2.0
"""Seconds from the best shift from which on another one is a rival."""
_CLEAR, _AGREE = 1.15, 0.4
"""What is enough to be certain. True fits of speech reach 0.6 and more, the best of wrong ones 0.3."""
_NEAR = 1.0
"""Seconds between a subtitle's begin and that of speech for the two to belong together."""


@dataclasses.dataclass(frozen=True, slots=True)
class Sync:
    """What is to be done with all times: multiply by `factor`, then add `shift` seconds."""

    shift: float
    factor: Fraction
    confidence: float
    """How much better this fits than any other shift; 1.0: not at all."""
    agreement: float
    """The correlation of speech and subtitles there: 1.0 where both are always the same, about 0 by chance."""

    @property
    def is_certain(self) -> bool:
        """Whether it is worth believing."""
        return self.confidence >= _CLEAR and self.agreement >= _AGREE


def speech_of(media: Path, track: str = "", moved: Progress | None = None, cancelled: Callable[[], bool] = bool) -> Any:
    """Whether somebody speaks, a truth for each frame of the media. `moved` is told the seconds that were heard.

    Raises MediaError, LibraryMissingError without voice detection, JobCancelled.
    """
    import numpy

    if not voice.available():
        raise LibraryMissingError("onnxruntime")
    try:
        found, before, seconds = [], numpy.zeros(0, numpy.float32), 0.0
        for block in Sound(str(media.absolute()), track=track).blocks():
            if cancelled():
                raise JobCancelled
            found.append(voice.probabilities(block, before) >= voice.VoiceOptions().threshold)
            before, seconds = block, seconds + len(block) / RATE
            if moved is not None:
                moved(seconds)
    except ChildError as error:
        raise media_errors.error_of(media, error.code, Text(error.reason, **error.fields), error.fields) from error
    return numpy.concatenate(found) if found else numpy.zeros(0, bool)


def fit(cues: Sequence[Cue], speech: Any, most: float = 600.0, factors: Sequence[Fraction] = FACTORS) -> Sync | None:
    """How the cues fit the speech best, with shifts of at most `most` seconds; None where either has nothing."""
    if not cues or not speech.any():
        return None
    tries = [(factor, *_best_shift(cues, speech, factor, most)) for factor in factors]
    own = tries[0]
    factor, shift, score, rival = max(tries, key=lambda tried: tried[2])
    if factor != own[0] and score < own[2] * _BETTER:
        factor, shift, score, rival = own
    if score <= 0:
        return None
    shift = _refined(cues, speech, factor, shift)
    confidence = score / rival if rival > 0 else 99.0
    return Sync(round(shift, 3), factor, confidence, _agreement(cues, speech, factor, shift))


def _agreement(cues: Sequence[Cue], speech: Any, factor: Fraction, shift: float) -> float:
    """The correlation over the time of all subtitles, also those that would lie outside of the film."""
    import numpy

    begin = min(cue.start for cue in cues) * float(factor) + shift
    moved = [cue.shifted(-cues[0].start) for cue in cues]
    shown = _shown([Cue(max(0.0, cue.start), max(0.0, cue.end), "") for cue in moved], factor)
    heard = numpy.zeros(len(shown))
    first = round((cues[0].start * float(factor) + shift) / STEP)
    inside = speech[max(0, first) : max(0, first + len(shown))]
    heard[max(0, -first) : max(0, -first) + len(inside)] = inside[: max(0, len(shown) - max(0, -first))]
    if begin + len(shown) * STEP <= 0 or not heard.any() or not shown.any():
        return 0.0
    return float(numpy.corrcoef(shown, heard)[0, 1])


def _best_shift(cues: Sequence[Cue], speech: Any, factor: Fraction, most: float) -> tuple[float, float, float]:
    """The shift in seconds, how well it fits, and how well the best one fits that is not the same."""
    import numpy

    shown = _shown(cues, factor)
    size = 1 << int(numpy.ceil(numpy.log2(len(shown) + len(speech) + 1)))
    heard = numpy.fft.rfft(speech - speech.mean(), size)
    told = numpy.fft.rfft(shown - shown.mean(), size)
    fits = numpy.fft.irfft(heard * numpy.conj(told), size)
    reach = min(int(most / STEP), size // 2 - 1)
    shifts = numpy.arange(-reach, reach + 1)
    scores = fits[shifts]
    best = int(scores.argmax())
    others = numpy.abs(shifts - shifts[best]) > _APART / STEP
    rival = float(scores[others].max()) if others.any() else 0.0
    return float(shifts[best] * STEP), float(scores[best]), rival


def _shown(cues: Sequence[Cue], factor: Fraction) -> Any:
    import numpy

    scale = float(factor) / STEP
    shown = numpy.zeros(int(max(cue.end for cue in cues) * scale) + 2)
    for cue in cues:
        shown[max(0, round(cue.start * scale)) : max(0, round(cue.end * scale))] = 1.0
    return shown


def _refined(cues: Sequence[Cue], speech: Any, factor: Fraction, shift: float) -> float:
    """The shift by the begins alone, which are exact where ends linger: the median of what is near."""
    import numpy

    begins = numpy.flatnonzero(numpy.diff(numpy.concatenate([[False], speech]).astype(numpy.int8)) == 1) * STEP
    off = []
    for cue in cues:
        time = cue.start * float(factor) + shift
        nearest = begins[numpy.abs(begins - time).argmin()] - time
        if abs(nearest) <= _NEAR:
            off.append(nearest)
    return shift + float(numpy.median(off)) if len(off) >= 3 else shift
