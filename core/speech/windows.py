# SPDX-License-Identifier: GPL-3.0-or-later
"""Cuts sound into the windows that the model hears, each at most 30 seconds, at silence wherever there is some.

Each window stands alone: what is heard in it depends on its sound and on nothing before it. So a transcription can
stop after any window and go on there, another day and in another process, to the same text.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from . import voice
from .sound import BLOCK, FRAME, RATE
from .voice import VoiceOptions

LONGEST = 934
"""Frames of a window: just under the 30 seconds that the model takes."""
_FULL = 750
"""Frames (24 s) from which on a pause ends the window: the next one is then not worth waiting for."""
_SEARCH = 312
"""Frames (10 s) at the end of a window in which the best place for a cut is looked for."""
_BREATH = 3
"""Frames (96 ms) of silence where speech may be cut, as Silero's own cutting does."""
_WIDEST = BLOCK // FRAME
"""Frames from a window's begin to its end, silence included: so often at least somebody hears how far it is."""
_VOICE = 0.5
"""Probability of a voice."""
_SMOOTH = 9
"""Frames (0.3 s) over which loudness is averaged where only loudness tells."""


@dataclasses.dataclass(slots=True)
class Window:
    """Some sound to be heard at once. Positions in samples from the begin of the part."""

    begin: int
    end: int
    spans: list[tuple[int, int]]
    """What of it is heard, in order; none where nobody speaks."""
    speaking: bool
    """Whether it had to end inside of speech."""
    audio: Any
    """The sound of the spans, one after the other."""
    voiced: Any = None
    """For each frame of `audio` whether there is a voice; None where nobody can tell."""

    def original(self, seconds: float, *, is_end: bool = False) -> float:
        """When in the part something lies that was heard `seconds` after the window's first sample."""
        left = round(seconds * RATE)
        for number, (begin, end) in enumerate(self.spans):
            length = end - begin
            if left < length or (is_end and left == length) or number == len(self.spans) - 1:
                return min(begin + left, end) / RATE
            left -= length
        return self.begin / RATE


class Tape:
    """The sound around the window in hand, with what is known of each frame; pulls blocks as they are needed."""

    def __init__(self, blocks: Iterator[Any], skip: int, detect: bool) -> None:
        """Frames before sample `skip` are passed over unlistened: they were heard before."""
        self._blocks = blocks
        self._detect = detect
        self._skip = skip
        self._sound: Any = None
        self._first = 0
        self._speech: Any = None
        self._loud: Any = None
        self._read = 0
        self.ended = False
        """Whether all blocks have been read."""
        self._before: Any = None

    @property
    def frames(self) -> int:
        """How many frames of the part are read; the last may be short once it has ended."""
        return -(-self._read // FRAME)

    @property
    def samples(self) -> int:
        """The same in samples."""
        return self._read

    def reach(self, frame: int) -> bool:
        """Read until frame `frame` is there. Whether it is: not so behind the end."""
        while self.frames <= frame and not self.ended:
            self._pull()
        return frame < self.frames

    def speech(self, first: int, last: int) -> Any:
        """The probabilities of frames `first` up to `last`."""
        return self._speech[first - self._first : last - self._first]

    def voiced(self, first: int, last: int) -> Any:
        """Whether there is a voice in frames `first` up to `last`; None where nothing tells."""
        return self.speech(first, last) >= _VOICE if self._detect else None

    def loud(self, first: int, last: int) -> Any:
        """The loudness of frames `first` up to `last`."""
        return self._loud[first - self._first : last - self._first]

    def sound(self, begin: int, end: int) -> Any:
        """Samples `begin` up to `end`."""
        return self._sound[begin - self._first * FRAME : end - self._first * FRAME]

    def forget(self, frame: int) -> None:
        """What lies before that frame is not asked for again."""
        gone = frame - self._first
        if gone > 0 and self._sound is not None:
            self._sound = self._sound[gone * FRAME :].copy()
            self._speech, self._loud = self._speech[gone:].copy(), self._loud[gone:].copy()
            self._first = frame

    def _pull(self) -> None:
        import numpy

        block = next(self._blocks, None)
        if block is None:
            self.ended = True
            return
        begin, self._read = self._read, self._read + len(block)
        before, self._before = self._before, block
        if self._read <= self._skip:
            self._first = self._read // FRAME
            return
        if before is None:
            before = numpy.zeros(0, numpy.float32)
        loud = voice.loudness(block)
        speech = voice.probabilities(block, before) if self._detect else loud
        if self._sound is None:
            self._first = begin // FRAME
            self._sound, self._speech, self._loud = block, speech, loud
        else:
            self._sound = numpy.concatenate([self._sound, block])
            self._speech = numpy.concatenate([self._speech, speech])
            self._loud = numpy.concatenate([self._loud, loud])


def cut(tape: Tape, options: VoiceOptions | None, begin: int = 0, speaking: bool = False) -> Iterator[Window]:
    """Windows from sample `begin` on, each beginning where the last one ended. With `options` None all is heard.

    `begin` and `speaking` are those of a window's end, or nothing for the first.
    """
    frame = -(-begin // FRAME)
    while tape.reach(frame):
        tape.forget(frame)
        found = _Cutter(tape, options, frame, speaking).cut() if options else _whole(tape, frame)
        yield found
        frame, speaking = -(-found.end // FRAME), found.speaking


def _whole(tape: Tape, first: int) -> Window:
    """A window of all there is, ended at the quietest place of its last ten seconds."""
    last = first + LONGEST
    last = _quietest(tape, last - _SEARCH, last) if tape.reach(last) else tape.frames
    return _window(tape, first, last, [(first, last)], speaking=False)


def _quietest(tape: Tape, first: int, last: int) -> int:
    """The frame in the middle of the quietest stretch."""
    import numpy

    loud = numpy.convolve(tape.loud(first, last), numpy.ones(_SMOOTH), mode="valid")
    return first + int(loud.argmin()) + _SMOOTH // 2


def _window(tape: Tape, first: int, last: int, spans: list[tuple[int, int]], speaking: bool) -> Window:
    import numpy

    limit = tape.samples
    placed = [(begin * FRAME, min(end * FRAME, limit)) for begin, end in spans]
    parts = [tape.sound(begin, end) for begin, end in placed]
    audio = numpy.concatenate(parts) if parts else numpy.zeros(0, numpy.float32)
    voices = [tape.voiced(begin, min(end, tape.frames)) for begin, end in spans]
    voiced = numpy.concatenate(voices) if voices and voices[0] is not None else None
    return Window(first * FRAME, min(last * FRAME, limit), placed, speaking, audio, voiced)


class _Cutter:
    """Finds one window: spans of speech by Silero's rules (two thresholds, shortest silence, padding) until it is
    full. Positions in frames.
    """

    def __init__(self, tape: Tape, options: VoiceOptions, first: int, speaking: bool) -> None:
        self._tape = tape
        self._options = options
        self._first = first
        self._speaking = speaking
        self._pad = voice.frames(options.speech_pad_ms)
        self._silence = max(1, voice.frames(options.min_silence_duration_ms))
        self._spans: list[tuple[int, int]] = []
        self._heard = 0
        self._raw_end = first
        """Where the last span ended before it was padded."""

    def cut(self) -> Window:
        position = self._first
        while True:
            start = self._next_speech(position)
            if start is None:
                return self._close()
            if self._spans and (self._heard >= _FULL or start - self._first > _WIDEST):
                return self._close()
            begin = self._begin_of(start)
            end, quiet = self._end_of(start, begin)
            if end is None:
                return self._full(start, begin)
            self._raw_end = quiet
            if quiet - start >= voice.frames(self._options.min_speech_duration_ms) or self._speaking:
                self._spans.append((begin, end))
                self._heard += end - begin
            self._speaking = False
            position = quiet

    def _next_speech(self, position: int) -> int | None:
        """The next frame that is speech; None when there is none near enough, or at all."""
        if self._speaking:
            return position
        while self._tape.reach(position) and position - self._first <= _WIDEST:
            last = min(self._tape.frames, self._first + _WIDEST + 1)
            found = (self._tape.speech(position, last) >= self._options.threshold).nonzero()[0]
            if len(found):
                return position + int(found[0])
            position = last
        return None

    def _begin_of(self, start: int) -> int:
        """Where to begin to hear speech that begins at `start`; two that are close share the silence between them."""
        if not self._spans:
            return max(self._first, start - self._pad)
        gap = start - self._raw_end
        if gap >= 2 * self._pad:
            return start - self._pad
        middle = self._raw_end + gap // 2
        begin, end = self._spans[-1]
        self._spans[-1] = (begin, middle)
        self._heard += middle - end
        return middle

    def _end_of(self, start: int, begin: int) -> tuple[int | None, int]:
        """Where the span ends, padded and not. None: the window is full before."""
        quiet: int | None = None
        frame = start
        while self._tape.reach(frame):
            if self._heard + frame - begin >= LONGEST:
                return None, frame
            probability = float(self._tape.speech(frame, frame + 1)[0])
            if probability >= self._options.threshold:
                quiet = None
            elif probability < self._options.silence_below:
                quiet = frame if quiet is None else quiet
                if frame - quiet >= self._silence:
                    break
            frame += 1
        else:
            quiet = frame
        return min(quiet + self._pad, self._tape.frames, begin + LONGEST - self._heard), quiet

    def _full(self, start: int, begin: int) -> Window:
        """The window is full inside of speech: cut at a breath, else before this speech, else where it is quietest."""
        last = begin + LONGEST - self._heard
        first = max(start + 1, last - _SEARCH)
        breath = self._breath(first, last)
        speaking = False
        if breath is None:
            if self._heard >= _SEARCH:
                return self._close()
            breath, speaking = _quietest(self._tape, max(first, last - _SEARCH), last), True
        self._spans.append((begin, breath))
        return _window(self._tape, self._first, breath, self._spans, speaking)

    def _breath(self, first: int, last: int) -> int | None:
        """The middle of the longest silence between two frames; the later one of two. None where there is none."""
        import numpy

        quiet = self._tape.speech(first, last) < self._options.silence_below
        edges = numpy.flatnonzero(numpy.diff(numpy.concatenate([[False], quiet, [False]]).astype(numpy.int8)))
        runs = edges.reshape(-1, 2)
        if not len(runs):
            return None
        lengths = runs[:, 1] - runs[:, 0]
        best = len(lengths) - 1 - int(lengths[::-1].argmax())
        return first + int(runs[best].sum()) // 2 if lengths[best] >= _BREATH else None

    def _close(self) -> Window:
        """End after the last span, or, where nobody spoke, as far as was looked, less what the next would pad."""
        if self._spans:
            return _window(self._tape, self._first, self._spans[-1][1], self._spans, speaking=False)
        if self._tape.ended and self._tape.frames - self._first <= _WIDEST:
            last = self._tape.frames
        else:
            last = self._first + _WIDEST - self._pad
        return _window(self._tape, self._first, last, [], speaking=False)
