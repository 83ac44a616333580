# SPDX-License-Identifier: GPL-3.0-or-later
"""The sound of a file as Whisper hears it: 16 kHz, mono, in blocks, each sample where the file's clock says.

Nothing is longer in memory than a block: a film of any length takes the same.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

from . import tracks
from .mixing import Mixer
from .reading import Piece, Reader
from .wire import ChildError

RATE = 16000
"""Samples per second that Whisper hears."""
FRAME = 512
"""Samples that voice activity is measured in."""
BLOCK = 4000 * FRAME
"""Samples of a block: 128 seconds."""

_JITTER = 0.05
"""Seconds that a clock may be off before it is believed: containers round to a millisecond, recorders to a packet."""
_RESTART = 10.0
"""Seconds that a clock may jump back before it is another clock rather than sound that overlaps."""
_LONGEST_HOLE = 600.0
"""Seconds. A longer jump is believed only where it stays inside the length that the file states."""
_HOLE_TOLD = 0.5
"""Seconds of a hole that are worth telling."""


@dataclasses.dataclass(slots=True)
class Loss:
    """What a file could not give. Times in seconds of the media."""

    damaged: list[tuple[float, float]] = dataclasses.field(default_factory=list)
    """Where sound could not be read or decoded: when, and for how long."""
    holes: list[tuple[float, float]] = dataclasses.field(default_factory=list)
    """Where the file's clock jumps over something that nobody knows of."""
    cut_off: float | None = None
    """When the file should have ended, if it ends before that."""
    reached: float = 0.0
    """When it ended, or the part that was asked for did."""

    @property
    def seconds(self) -> float:
        """Damaged sound in all."""
        return sum(length for _, length in self.damaged)

    @property
    def grave(self) -> bool:
        """Whether what was heard must not pass for the whole: the end is missing, or a tenth of it."""
        return self.cut_off is not None or self.seconds > max(2.0, 0.1 * self.reached)


class Sound:
    """The chosen part of a media file's sound. Iterate over `blocks()` once."""

    def __init__(self, path: str, start: float = 0.0, end: float | None = None, track: str = "") -> None:
        """Opens the file. `track`: see `tracks.choose`. Raises ChildError."""
        self.loss = Loss()
        self._start = start
        self._end = end
        self._readers = [Reader(path, track, start)]
        if track == tracks.ALL:
            count = self._readers[0].count
            self._readers[0].close()
            self._readers = [Reader(path, str(number), start) for number in range(1, count + 1)]
        self.tracks = self._readers[0].described if track in ("", tracks.FIRST) else ""
        """Those that there are to choose from, where there are several and none was asked for."""
        self.total = self._total()
        """Seconds of the part, as far as the file says; None when it does not."""

    @property
    def number(self) -> int:
        """That of the track that is heard, from 1."""
        return self._readers[0].number

    def _total(self) -> float | None:
        claimed = [reader.claimed for reader in self._readers]
        known = max((seconds for seconds in claimed if seconds is not None), default=None)
        if self._end is not None:
            known = self._end if known is None else min(self._end, known)
        return None if known is None else max(0.0, known - self._start)

    def blocks(self) -> Iterator[Any]:
        """Arrays of 32-bit floats, each `BLOCK` samples long but the last; the first begins at the part's start.

        Raises ChildError when nothing can be decoded.
        """
        try:
            lines = [_Line(reader, self._start, self._end, self.loss) for reader in self._readers]
            yield from lines[0].blocks() if len(lines) == 1 else _mixed([line.blocks() for line in lines])
            self.loss.cut_off = next((cut for line in lines if (cut := line.cut_off()) is not None), None)
        finally:
            for reader in self._readers:
                reader.close()


def _mixed(sources: list[Iterator[Any]]) -> Iterator[Any]:
    """Block by block the sum of all tracks, within full scale. A track that does not decode is left out."""
    import numpy

    while sources:
        blocks = []
        for source in list(sources):
            try:
                block = next(source, None)
            except ChildError:
                block = None
            if block is None:
                sources.remove(source)
            else:
                blocks.append(block)
        if blocks:
            mix = numpy.zeros(max(len(block) for block in blocks), numpy.float32)
            for block in blocks:
                mix[: len(block)] += block
            yield numpy.clip(mix, -1.0, 1.0)


class _Line:
    """Puts the pieces of one track onto the line of time: holes become silence, overlaps are cut."""

    def __init__(self, reader: Reader, start: float, end: float | None, loss: Loss) -> None:
        self._reader = reader
        self._loss = loss
        self._first = round(start * RATE)
        self._last = None if end is None else max(self._first, round(end * RATE))
        self._out = _Blocks()
        self._at = self._first
        """The sample of the media that comes next."""
        self._stretch = _Stretch()
        self._offset = 0.0
        """Seconds by which the clock of the pieces is behind the media's, after a restart."""
        self._origin = 0.0

    def blocks(self) -> Iterator[Any]:
        seen = False
        for piece in self._reader.pieces():
            yield from self._take(piece, is_first=not seen)
            seen = True
            if self._last is not None and self._at >= self._last:
                break
        yield from self._append(self._stretch.flush())
        if self._reader.lost_at_end:
            self._loss.damaged.append((self._at / RATE, self._reader.lost_at_end))
        self._loss.reached = max(self._loss.reached, self._at / RATE)
        yield from self._out.rest()

    def cut_off(self) -> float | None:
        """When the file should have ended, if that is after its end and inside the part that was asked for."""
        if self._last is not None and self._at >= self._last:
            return None
        return self._reader.cut_off(self._at / RATE)

    def _take(self, piece: Piece, is_first: bool) -> Iterator[Any]:
        frame = piece.frame
        have = self._stretch.next_at
        want = have if piece.time is None or (self._reader.untimed and have is not None) else piece.time + self._offset
        if want is None:
            want = 0.0
        if is_first:
            self._origin = want
        elif have is not None:
            want = self._believed(piece, have, want)
        if piece.lost:
            begin = want - piece.lost if have is None else have
            self._loss.damaged.append((max(0.0, begin), max(piece.lost, want - begin)))
        if not self._stretch.fits(frame, want):
            yield from self._append(self._stretch.flush())
            self._stretch = _Stretch(want)
        yield from self._append(self._stretch.put(frame, piece.channels, self._loss))

    def _believed(self, piece: Piece, have: float, want: float) -> float:
        """When the piece is heard, in seconds of the media; `have` would be without any gap."""
        if self._reader.untimed:
            return have + piece.lost
        jump = want - have
        if abs(jump) <= _JITTER and not piece.restarts:
            return want
        total = self._reader.claimed
        back_at_start = jump < -_JITTER and want - self._origin < 0.5
        beyond = jump > _LONGEST_HOLE and (total is None or want > total + 1.0)
        # FLAC counts its frames: where the count goes back, files were put one after the other.
        counted_anew = self._reader.format == "flac" and jump < -_JITTER
        if piece.restarts or back_at_start or counted_anew or jump < -_RESTART or beyond:
            self._offset += have - want
            self._origin = have
            return have
        if jump > _HOLE_TOLD and not piece.lost:
            self._loss.holes.append((have, jump))
        return want

    def _append(self, sounds: list[tuple[int, Any]]) -> Iterator[Any]:
        """Samples with the place of each first; what is already there is cut, what is missing is silence."""
        for place, samples in sounds:
            if place < self._at:
                samples = samples[self._at - place :]
                place = self._at
            if self._last is not None:
                samples = samples[: max(0, self._last - place)]
                place = min(place, self._last)
            yield from self._out.silence(place - self._at)
            yield from self._out.put(samples)
            self._at = place + len(samples)


class _Stretch:
    """Sound of one format without a gap, on its way through one resampler."""

    def __init__(self, start: float | None = None) -> None:
        self._format: tuple[Any, ...] | None = None
        self._resampler: Any = None
        self._begin = 0.0 if start is None else start
        self._fed = 0.0
        self._made = 0
        self._empty = start is None
        self._mixer = Mixer(())

    @property
    def next_at(self) -> float | None:
        """Seconds of the media where the next frame lies if nothing is between; None before the first."""
        return None if self._empty else self._begin + self._fed

    def fits(self, frame: Any, want: float) -> bool:
        """Whether the frame goes on with it: the same format, and where the last one ended."""
        have = self.next_at
        if have is None or (self._format is not None and self._format != _format(frame)):
            return False
        return abs(want - have) <= _JITTER

    def put(self, frame: Any, channels: tuple[str, ...], loss: Loss) -> list[tuple[int, Any]]:
        """What comes out for one frame, with its place. A frame that cannot be resampled is a loss, no more.

        `channels`: their names, where the frame does not have them.
        """
        import av

        length = frame.samples / frame.sample_rate
        begin, self._fed = self._begin + self._fed, self._fed + length
        frame.pts = None  # The clock was read; the resampler would stumble over it.
        try:
            if self._resampler is None:
                self._format = _format(frame)
                self._mixer = Mixer(channels or [channel.name for channel in frame.layout.channels])
                # Not by planes: PyAV has room for eight of them, and writes beyond.
                self._resampler = av.AudioResampler(format="flt", layout=frame.layout, rate=RATE)
            return self._placed(self._resampler.resample(frame))
        except (av.FFmpegError, ValueError, MemoryError):
            loss.damaged.append((begin, length))
            self._resampler = None
            self._begin, self._fed, self._made = self._begin + self._fed, 0.0, 0
            return []

    def flush(self) -> list[tuple[int, Any]]:
        """What is still inside."""
        import av

        resampler, self._resampler = self._resampler, None
        if resampler is None:
            return []
        with contextlib.suppress(av.FFmpegError, ValueError):
            return self._placed(resampler.resample(None))
        return []

    def _placed(self, frames: list[Any]) -> list[tuple[int, Any]]:
        import numpy

        placed = []
        for frame in frames:
            # Of what recorders write in floats some are no numbers.
            channels = numpy.nan_to_num(frame.to_ndarray(), nan=0.0, posinf=1.0, neginf=-1.0)
            samples = self._mixer.mixed(channels.reshape(-1, frame.layout.nb_channels).T)
            placed.append((round(self._begin * RATE) + self._made, samples))
            self._made += len(samples)
        return placed


def _format(frame: Any) -> tuple[Any, ...]:
    return frame.format.name, frame.layout.name, frame.sample_rate


class _Blocks:
    """Samples in, blocks of the same length out."""

    def __init__(self) -> None:
        self._parts: list[Any] = []
        self._count = 0

    def put(self, samples: Any) -> Iterator[Any]:
        while len(samples):
            part = samples[: BLOCK - self._count]
            samples = samples[len(part) :]
            self._parts.append(part)
            self._count += len(part)
            if self._count == BLOCK:
                yield from self.rest()

    def silence(self, count: int) -> Iterator[Any]:
        import numpy

        while count > 0:
            part = min(count, BLOCK)
            count -= part
            yield from self.put(numpy.zeros(part, numpy.float32))

    def rest(self) -> Iterator[Any]:
        import numpy

        if self._count:
            parts, self._parts, self._count = self._parts, [], 0
            yield numpy.concatenate(parts)
