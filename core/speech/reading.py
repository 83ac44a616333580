# SPDX-License-Identifier: GPL-3.0-or-later
"""From a media file to decoded audio frames and their times. Whatever breaks costs its own packet and no more."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import io
import math
import os
from collections.abc import Iterator
from typing import Any

from . import chains, stated, tracks
from .decoding import Damage, in_usual_order, packets
from .jumps import Jumps
from .wire import ChildError, first_line

SEEK_FROM = 10.0
"""Before this many seconds it is not worth seeking: reading from the start is exact in every container."""
PREROLL = 2.0
"""Seconds decoded and thrown away after a seek: MP3, AAC and Opus need a run-up."""
_HOPELESS = 200
"""Packets in a row that fail before a track counts as one that does not decode (4 s of most codecs)."""
_TICKS = 1_000_000
"""Of a container's clock in a second (AV_TIME_BASE)."""
_UNTIMED = ("mp3", "aac", "ac3", "eac3", "dts", "dtshd", "truehd", "loas", "amr")
"""Demuxers without a clock: FFmpeg adds up packets, so a stretch that it could not read would vanish. There the place
in the file tells."""
_HEADERS_TELL = ("mov", "matroska", "wav", "w64", "flac", "aiff", "caf", "avi", "asf")
"""Demuxers whose duration was written when the file was made, and is not guessed from what is there."""


@dataclasses.dataclass(slots=True)
class Piece:
    """One decoded frame."""

    frame: Any
    time: float | None
    """Seconds of the media; None: it follows the frame before."""
    lost: float = 0.0
    """Seconds that could not be read or decoded just before it."""
    restarts: bool = False
    """A clock of its own begins here: the next stream of a chain."""
    channels: tuple[str, ...] = ()
    """FFmpeg's names of its channels, where they are in an order of the file's own; empty: the frame says."""


_ENCRYPTED = ("enca", "drms", "aavd")
"""What MP4 calls encrypted sound: the standard, Apple's music, Audible's books."""


def open_media(path: str, part: io.RawIOBase | None = None) -> Any:
    """The container. A name is a file whatever it looks like (`12:30.wav`), and what is inside reaches no network.

    Raises ChildError.
    """
    import av

    # An absolute path has no colon before its first slash, so FFmpeg takes it for no address.
    name: Any = part or os.path.abspath(path)
    try:
        if part is None and not os.path.getsize(name):
            raise ChildError("media_empty", "")
        if part is None and _needs_bytes(name):
            name = open(name, "rb")  # noqa: SIM115 (the container's from now on)
        return av.open(name, mode="r", metadata_errors="ignore", options={"protocol_whitelist": "file"})
    except FileNotFoundError as error:
        raise ChildError("media_not_found", "") from error
    except av.FFmpegError as error:
        if part is None and stated.has_no_index(name):
            raise ChildError("media_unreadable", "its index is missing: what recorded it never finished") from error
        reason, number = error.strerror or first_line(error), str(error.errno or 0)
        raise ChildError("media_unreadable", "{reason}", reason=reason, number=number) from error
    except (OSError, ValueError) as error:
        number = str(getattr(error, "errno", None) or 0)
        raise ChildError("media_unreadable", "{reason}", reason=first_line(error), number=number) from error


def _needs_bytes(path: str) -> bool:
    """A name that is no UTF-8, which FFmpeg's own opening cannot take."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _counts_from_zero(format: str, stream: Any) -> bool:
    """Whether a track's length is the time of its end: Microsoft's containers say one length for all tracks, and of
    Opus in Ogg, as the radio sends it, FFmpeg (8.0) does not take the begin away."""
    return format == "asf" or (format == "ogg" and stream.codec_context.name == "opus")


class Reader:
    """The frames of one audio track, from `start` seconds of the media on.

    Second 0 is where the file begins, also in containers whose clock begins elsewhere (MPEG-TS).
    """

    def __init__(self, path: str, wanted: str = "", start: float = 0.0) -> None:
        """Opens the file. Raises ChildError: missing, no media, no such track."""
        self._path = path
        self._start = start
        self._container = open_media(path)
        with contextlib.ExitStack() as undo:
            undo.callback(self._container.close)
            audio = list(self._container.streams.audio)
            self._streams = tracks.choose(audio, wanted)
            self._links = chains.links(path) if self._container.format.name == "ogg" else []
            undo.pop_all()
        self.described = tracks.described(audio) if len(audio) > 1 else ""
        """The audio tracks, where there are several."""
        self.number = 1 + audio.index(self._streams[0])
        """Of the one that is heard, from 1."""
        self.zero = (self._container.start_time or 0) / _TICKS
        self.format = str(self._container.format.name).split(",")[0]
        self.untimed = self.format in _UNTIMED
        self.reached = 0.0
        """Seconds of the media up to which packets were read, whether or not they could be decoded."""
        self.lost_at_end = 0.0
        """Seconds of packets after the last frame that did not decode."""
        self._failed = False
        """Whether the last packets of a track did not decode."""

    @property
    def count(self) -> int:
        """How many tracks there are to choose from."""
        return len(self._streams)

    def close(self) -> None:
        """Let go of the file."""
        self._container.close()

    @property
    def claimed(self) -> float | None:
        """How long the media should be, as far as anything says; seconds."""
        if len(self._links) > 1:
            return self._of_all_links
        stream = self._streams[0]
        if stream.duration and stream.time_base:
            begin = 0 if _counts_from_zero(self.format, stream) else stream.start_time or 0
            return float((begin + stream.duration) * stream.time_base) - self.zero
        duration = self._container.duration
        return duration / _TICKS if duration else None

    @functools.cached_property
    def _of_all_links(self) -> float:
        total = 0.0
        for begin, end in self._links:
            with (
                contextlib.suppress(ChildError),
                open(self._path, "rb") as file,
                contextlib.closing(open_media(self._path, chains.Slice(file, begin, end))) as container,
            ):
                total += (container.duration or 0) / _TICKS
        return total

    def cut_off(self, heard: float) -> float | None:
        """Where the file should have ended, when it ends at least two seconds and 2 % before that; else None.

        To be asked after the last frame, which ended at `heard` seconds.
        """
        claimed, end = self._trusted(), max(heard, self.reached)
        if claimed is not None and self.format == "avi" and stated.is_whole_avi(self._path):
            return None
        if claimed is None or claimed - end <= max(2.0, 0.02 * claimed):
            return None
        return None if self._goes_on(claimed, end) else claimed

    def _trusted(self) -> float | None:
        match self.format:
            case "mp3":
                return stated.counted(self._path, self._streams[0].rate)
            case "wav":
                return stated.by_wave(self._path)
            case "asf":
                return stated.by_asf(self._path)
        if self.format not in _HEADERS_TELL:
            return None
        tagged = self._streams[0].metadata.get("DURATION", "")
        if tagged:
            with contextlib.suppress(ValueError):
                hours, minutes, seconds = tagged.split(":")
                return int(hours) * 3600 + int(minutes) * 60 + float(seconds) - self.zero
        return self.claimed

    def _goes_on(self, claimed: float, end: float) -> bool:
        """Whether another track, the picture, is there until the end: then the sound is just shorter."""
        import av

        with contextlib.suppress(av.FFmpegError, OSError):
            self._container.seek(int((claimed - 1.0 + self.zero) * _TICKS), backward=True)
            for packet in self._container.demux():
                if packet.pts is not None and packet.time_base:
                    time = float(packet.pts * packet.time_base) - self.zero
                    if time > max(end + 1.0, claimed - 5.0):
                        return True
        return False

    def pieces(self) -> Iterator[Piece]:
        """The frames of the first track that decodes. Raises ChildError when none does, or none can be opened."""
        if len(self._links) > 1:
            yield from self._chained()
            return
        numbers = {stream.index: number for number, stream in enumerate(self._container.streams.audio, 1)}
        for stream in self._streams:
            decoded = False
            self.number = numbers[stream.index]
            for piece in self._of(self._container, stream, seek=True, give_up=stream is not self._streams[-1]):
                decoded = True
                yield piece
            if decoded or (self._start and not self._failed):
                return
            self._reopen()
        if not self._failed:
            return  # Without a packet, or one that gives a sample, it is empty and not damaged.
        if self._is_encrypted():
            raise ChildError("media_protected", "")
        raise ChildError("media_unreadable", "no part of its sound can be decoded")

    def _is_encrypted(self) -> bool:
        """Whether the first packet of the sound says so (Common Encryption), or the track does (shops' own)."""
        import av

        with contextlib.suppress(av.FFmpegError, OSError, ValueError):
            stream = self._streams[0]
            # FFmpeg makes no context for a codec that it does not know.
            if stream.codec_context is not None and stream.codec_context.codec_tag in _ENCRYPTED:
                return True
            packet = next(self._container.demux(stream), None)
            told = packet.iter_sidedata() if packet is not None else ()
            return any("encryption" in str(side.data_type).lower() for side in told)
        return False

    def _reopen(self) -> None:
        """From the beginning again, for the next track: after a failure a demuxer is at its end."""
        indices = [stream.index for stream in self._streams]
        self._container.close()
        self._container = open_media(self._path)
        self._streams[:] = [self._container.streams[index] for index in indices]

    def _chained(self) -> Iterator[Piece]:
        """Each stream of a chain by itself: FFmpeg gives up where the second has another rate or other channels."""
        for begin, end in self._links:
            with open(self._path, "rb") as file:
                try:
                    container = open_media(self._path, chains.Slice(file, begin, end))
                except ChildError:
                    continue  # A damaged link; the others are worth having.
                with contextlib.closing(container):
                    first = True
                    for stream in container.streams.audio[:1]:
                        for piece in self._of(container, stream, seek=False, give_up=False):
                            piece.restarts, first = first, False
                            yield piece

    def _of(self, container: Any, stream: Any, seek: bool, give_up: bool) -> Iterator[Piece]:
        with contextlib.suppress(AttributeError, ValueError):
            stream.thread_type = "AUTO"
        channels = in_usual_order(stream.codec_context)
        damage = Damage(self._path, self.zero, self.untimed)
        if seek and self._start > SEEK_FROM:
            self._seek(container)
        jumps, jumped = Jumps(self.format), math.inf
        for packet in packets(container, stream, damage):
            if jumps.is_one(packet):
                jumped = packet.pts
            for frame in damage.decode(packet):
                # A decoder with several threads gives the frames of earlier packets first.
                restarts = frame.pts is not None and frame.pts >= jumped
                yield Piece(frame, self._time(frame), damage.take(), restarts, channels)
                jumped = math.inf if restarts else jumped
            self.reached = max(self.reached, damage.reached)
            if give_up and damage.failures > _HOPELESS:
                break
        else:
            self.lost_at_end = damage.take()
        self._failed = self._failed or damage.failures > 0

    def _seek(self, container: Any) -> None:
        import av

        # A container without an index: reading from the start finds the place too.
        with contextlib.suppress(av.FFmpegError, OSError):
            container.seek(int((self._start - PREROLL + self.zero) * _TICKS), backward=True)

    def _time(self, frame: Any) -> float | None:
        return None if frame.time is None else float(frame.time) - self.zero
