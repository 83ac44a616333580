# SPDX-License-Identifier: GPL-3.0-or-later
"""From a media file to decoded audio frames and their times. Whatever breaks costs its own packet and no more."""

from __future__ import annotations

import contextlib
import ctypes
import dataclasses
import functools
import io
import os
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO

from . import stated, tracks
from .jumps import Jumps
from .wire import ChildError, first_line

SEEK_FROM = 10.0
"""Before this many seconds it is not worth seeking: reading from the start is exact in every container."""
PREROLL = 2.0
"""Seconds decoded and thrown away after a seek: MP3, AAC and Opus need a run-up."""
_HOPELESS = 200
"""Packets in a row that fail before a track counts as one that does not decode (4 s of most codecs)."""
_STUCK = 50
"""Failures in a row to read on before the rest of the file counts as unreadable."""
_FAR = 1 << 24
"""Bytes to look through for the next good packet."""
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
            self._links = _chain(path) if self._container.format.name == "ogg" else []
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
            # Microsoft's containers say one length, from their beginning, for all tracks.
            begin = 0 if self.format == "asf" else stream.start_time or 0
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
                contextlib.closing(open_media(self._path, _Slice(file, begin, end))) as container,
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
                    container = open_media(self._path, _Slice(file, begin, end))
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
        channels = _in_usual_order(stream.codec_context)
        damage = _Damage(self._path, self.zero, self.untimed)
        if seek and self._start > SEEK_FROM:
            self._seek(container)
        jumps, restarts = Jumps(self.format), False
        for packet in _packets(container, stream, damage):
            restarts = restarts or jumps.is_one(packet)
            for frame in damage.decode(packet):
                yield Piece(frame, self._time(frame), damage.take(), restarts, channels)
                restarts = False
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


def _in_usual_order(codec: Any) -> tuple[str, ...]:
    """Have what is decoded in no order of the file's own, such as that of cinemas (left, centre, right ...), and give
    the names of the channels in that order; nothing where it is a usual one.

    PyAV (18.1) gives the map of such an order to each frame and to what describes its layout, and both free it.
    """
    layout = codec.layout if codec is not None else None
    if layout is None or not _is_own_order(layout):
        return ()
    names = tuple(channel.name for channel in layout.channels)
    codec.layout = f"{len(names)} channels"
    return names


def _is_own_order(layout: Any) -> bool:
    """Whether it has a map; one that has is never freed from now on: whoever it was taken from frees the map."""
    if "(" not in layout.name.partition(" channels ")[2]:
        return False
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(layout))
    return True


class _Damage:
    """Decodes packets, and adds up what of them is lost until the next frame that is not."""

    def __init__(self, path: str, zero: float, untimed: bool) -> None:
        self._path = path
        self._zero = zero
        self._untimed = untimed
        self._lost = 0.0
        self._skipped = 0
        """Bytes that the demuxer passed over and left out of its positions."""
        self._unsure = False
        """A packet failed: the demuxer may have passed over more after it."""
        self._bytes = 0
        self._seconds = 0.0
        self.failures = 0
        """In a row."""
        self.reached = 0.0

    def take(self) -> float:
        """Seconds lost since the last call."""
        lost, self._lost = self._lost, 0.0
        return lost

    def decode(self, packet: Any) -> list[Any]:
        """The packet's frames; none where it does not decode, which is noted."""
        import av

        if packet.pts is not None and packet.time_base:
            self.reached = max(self.reached, float(packet.pts * packet.time_base) - self._zero + _duration(packet))
        if self._untimed and self._unsure:
            self._find(packet)
        try:
            frames = list(packet.decode())
        except (av.FFmpegError, ValueError, MemoryError):  # One bad packet is a click; players go on, and so do we.
            self.failures += 1
            self._unsure = True
            self._lost += max(_duration(packet), self._as_seconds(packet.size) if self._untimed else 0.0)
            return []
        for frame in frames:
            _is_own_order(frame.layout)  # Of a decoder that says so by itself.
        if frames:
            self.failures = 0
            self._bytes += packet.size
            self._seconds += sum(frame.samples / frame.sample_rate for frame in frames)
        return frames

    def _as_seconds(self, size: int) -> float:
        return size / self._bytes * self._seconds if self._bytes else 0.0

    def _find(self, packet: Any) -> None:
        """Where a packet really lies: what lies between it and the one before was sound."""
        self._unsure = False
        if packet.pos is None or packet.pos < 0 or packet.size < 16:
            return
        expected = packet.pos + self._skipped
        with contextlib.suppress(OSError), open(self._path, "rb") as file:
            file.seek(expected)
            missing = file.read(_FAR).find(bytes(packet)[:32])
            if missing > 0:
                self._skipped += missing
                self._lost += self._as_seconds(missing)


def _duration(packet: Any) -> float:
    if packet.duration and packet.time_base:
        return float(packet.duration * Fraction(packet.time_base))
    return 0.0


def _packets(container: Any, stream: Any, damage: _Damage) -> Iterator[Any]:
    """The stream's packets. An error while reading is read past, as long as something comes after it."""
    import av

    stuck = 0
    packets = container.demux(stream)
    while stuck < _STUCK:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except (av.FFmpegError, OSError, ValueError):
            # A generator that raised is at its end; the demuxer is not.
            packets = container.demux(stream)
            stuck += 1
            continue
        stuck = 0
        yield packet


# Ogg


class _Slice(io.RawIOBase):
    """A part of a file as a file."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        self._file = file
        self._begin = begin
        self._end = end
        file.seek(begin)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left = self._end - self._file.tell()
        return self._file.read(left if size < 0 else max(0, min(size, left)))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: self._begin, os.SEEK_CUR: self._file.tell(), os.SEEK_END: self._end}[whence]
        self._file.seek(max(self._begin, base + offset))
        return self.tell()

    def tell(self) -> int:
        return self._file.tell() - self._begin


def _chain(path: str) -> list[tuple[int, int]]:
    """Where in an Ogg file each of the streams that follow one another lies, in bytes."""
    begins: list[int] = []
    heads = False
    with contextlib.suppress(OSError), open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        position = 0
        while position < size:
            file.seek(position)
            header = file.read(27)
            if header[:4] != b"OggS" or len(header) < 27:
                position = _next_page(file, position + 1)
                continue
            begins_stream = bool(header[5] & 2)
            if begins_stream and not heads:
                begins.append(position)
            heads = begins_stream
            position += 27 + header[26] + sum(file.read(header[26]))
        return list(zip(begins, [*begins[1:], size], strict=True))
    return []


def _next_page(file: BinaryIO, position: int) -> int:
    """Where the next page may begin, after damage."""
    while True:
        file.seek(position)
        block = file.read(65536)
        found = block.find(b"OggS")
        if found >= 0:
            return position + found
        if len(block) < 65536:
            return position + len(block) + 27
        position += len(block) - 3
