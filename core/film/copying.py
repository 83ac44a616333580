# SPDX-License-Identifier: GPL-3.0-or-later
"""The streams of one film in another, packet by packet: nothing is decoded."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors.base import JobCancelled
from ..errors.film import ContainerError
from ..subtitles import tracks
from ..subtitles.document import Document, Finding, Kind
from ..subtitles.formats.base import ReadOptions
from ..system import media
from ..text import Text
from ..units import human_duration
from . import soft
from .containers import Container
from .output import writing
from .soft import Subtitles, Track

if TYPE_CHECKING:
    import av.container

Told = Callable[[float], None]
"""Told how much is done, 0.0 to 1.0."""
_HEADS_TELL = ("mov", "matroska", "avi", "asf")
"""Demuxers whose duration was written when the film was made, and is not guessed from what is there."""
_OF_THE_FILE = ("major_brand", "minor_version", "compatible_brands", "encoder")
"""Metadata about how the film was written, not about the film."""


def opened(path: Path) -> av.container.InputContainer:
    """The film to read. Raises MediaNotFoundError, MediaUnreadableError."""
    # Times that a container leaves out are made.
    return media.opened(path, container_options={"fflags": "+genpts"})


@dataclasses.dataclass(slots=True)
class Copy:
    """What goes from one film into another."""

    streams: dict[int, Any] = dataclasses.field(default_factory=dict)
    """The new stream of each that is copied, by the old one's index."""
    packets: list[Any] = dataclasses.field(default_factory=list)
    """Those that are put in: of subtitles, and of a cover."""
    findings: list[Finding] = dataclasses.field(default_factory=list)
    """What is not in the new film as it was in the old one."""


def prepared(path: Path, film: Any, out: Any, target: Path, container: Container, leave: Sequence[Any] = ()) -> Copy:
    """Make the streams of `film` in `out`, but those in `leave`. Text that the container cannot hold as it is is put in
    as subtitles that it can. Raises ContainerError."""
    copy = Copy()
    out.metadata.update({key: value for key, value in film.metadata.items() if key not in _OF_THE_FILE})
    with contextlib.suppress(ValueError, LookupError):
        out.set_chapters(film.chapters())
    left = {stream.index for stream in leave}
    numbers = {stream.index: number for number, stream in enumerate(film.streams.subtitles, 1)}
    for stream in film.streams:
        if stream.index in left:
            continue
        if is_cover(stream):
            _cover(film, stream, out, container, copy)
        elif (added := _added(stream, out, container)) is not None:
            as_it_was(stream, added, container)
            copy.streams[stream.index] = added
        elif stream.index in numbers and tracks.is_text(stream):
            read = tracks.read(path, ReadOptions(track=numbers[stream.index], keep_rolling=True))
            _converted(path, stream, read.moved(-float(first_time(film))), out, container, copy)
        elif stream.type in ("video", "audio", "subtitle"):
            raise ContainerError(target, _cannot(container, stream))
        elif not (container.is_mp4 and "timecode" in stream.metadata):  # There its muxer makes it from the metadata.
            kind = stream.metadata.get("filename") or stream.metadata.get("handler_name") or stream.type
            message = Text("{what} is no picture, sound or subtitles, and was left out.", what=kind)
            copy.findings.append(Finding(Kind.NOT_WRITTEN, message))
    return copy


def _name(stream: Any) -> str:
    context = stream.codec_context
    return "" if context is None else str(getattr(context.codec, "canonical_name", "") or context.name)


def _cannot(container: Container, stream: Any) -> str:
    name = _name(stream) or "?"
    return Text("{container} takes no {codec}", container=container.label, codec=name)


def _added(stream: Any, out: Any, container: Container) -> Any:
    """The stream's copy; None where the container has no place for it."""
    if stream.type == "data" or (container.codecs is not None and _name(stream) not in container.codecs):
        return None
    if stream.type == "attachment":
        return out.add_stream_from_template(stream) if container.muxer == "matroska" else None
    try:
        return out.add_stream_from_template(stream, opaque=True)
    except ValueError:
        return None


def as_it_was(stream: Any, added: Any, container: Container) -> None:
    """Names and flags of a stream for its copy."""
    added.metadata.update(
        {key: value for key, value in stream.metadata.items() if key not in ("encoder", "DURATION", "duration")}
    )
    if (language := stream.metadata.get("language", "und")) != "und":
        added.metadata["language"] = soft.code(language, container)
    added.disposition = stream.disposition


def is_cover(stream: Any) -> bool:
    """Whether a stream is one picture that is shown in place of the film, as in a list of films."""
    return stream.type == "video" and bool(stream.disposition & type(stream.disposition).attached_pic)


_COVERS = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
"""By codec what the file of a cover is called in Matroska, and its kind."""


def _cover(film: Any, stream: Any, out: Any, container: Container, copy: Copy) -> None:
    """The film's cover: an attachment of Matroska, and a stream of one packet without a time in MP4. It comes before
    all that is read of a film, so that nothing else is passed over."""
    import av

    name, kind = _COVERS.get(_name(stream), ("", ""))
    packet = None
    with contextlib.suppress(av.FFmpegError):
        packet = next(iter(film.demux(stream)), None)
    if not name or packet is None or not packet.size or container.muxer not in ("matroska", "mp4"):
        message = Text("Its cover was left out: {container} has no place for it.", container=container.label)
        copy.findings.append(Finding(Kind.NOT_WRITTEN, message))
    elif container.muxer == "matroska":
        said = stream.metadata
        out.add_attachment(said.get("filename", name), said.get("mimetype", kind), bytes(packet))
    else:
        added = out.add_stream_from_template(stream, opaque=True)
        added.disposition = stream.disposition
        packet.stream, packet.pts, packet.dts = added, 0, 0
        packet.time_base = Fraction(1, 1000)
        copy.packets.append(packet)


def _converted(path: Path, stream: Any, document: Document, out: Any, container: Container, copy: Copy) -> None:
    """A subtitle track as one that the container takes."""
    kinds, flags = type(stream.disposition), stream.disposition
    subtitles = Subtitles(
        path,
        document,
        language=stream.metadata.get("language", ""),
        title=stream.metadata.get("title", ""),
        default=bool(flags & kinds.default),
        forced=bool(flags & kinds.forced),
        for_deaf=bool(flags & kinds.hearing_impaired),
    )
    if not document.cues:
        message = Text("A track without subtitles was left out.")
        copy.findings.append(Finding(Kind.NOT_WRITTEN, message))
        return
    track = Track(subtitles, container)
    copy.packets += track.add_to(out)
    copy.findings += track.findings


# Packets


def first_time(film: Any) -> Fraction:
    """Where the film begins on its own clock, in seconds: second 0 of its subtitles; those before it count as 0."""
    return Fraction(max(0, film.start_time or 0), 1_000_000)


def packets(path: Path, film: Any, streams: Sequence[Any], told: Told, cancelled: Callable[[], bool]) -> Iterator[Any]:
    """The packets of some streams, from second 0 on. Raises MediaUnreadableError, JobCancelled."""
    import av

    zero = first_time(film)
    total = (film.duration or 0) / 1_000_000
    reading = film.demux(streams)
    while True:
        if cancelled():
            raise JobCancelled
        try:
            packet = next(reading, None)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise media.unreadable(path, error) from error
        if packet is None:
            return
        if packet.size == 0 or (packet.dts is None and packet.pts is None):
            continue
        if zero:
            moved = round(zero / packet.time_base)
            packet.dts = None if packet.dts is None else packet.dts - moved
            packet.pts = None if packet.pts is None else packet.pts - moved
        if total:
            told(min(1.0, max(0.0, _time(packet)) / total))
        yield packet


def _time(packet: Any) -> float:
    return float((packet.dts if packet.dts is not None else packet.pts) * packet.time_base)


def cut_off(film: Any, reached: float) -> Iterator[Finding]:
    """What is to be told of a film whose last packet came at `reached` seconds, long before its own head says."""
    total = (film.duration or 0) / 1_000_000
    if str(film.format.name).split(",")[0] in _HEADS_TELL and total - reached > max(2.0, 0.02 * total):
        message = Text(
            "It ends after {reached}, but says that it lasts {total}: it is damaged, or not whole.",
            reached=human_duration(reached),
            total=human_duration(total),
        )
        yield Finding(Kind.BROKEN, message)


class Mixer:
    """Puts packets into a film in order of time: those that are given, and those of subtitles between them."""

    def __init__(self, out: Any, target: Path, waiting: Sequence[Any]) -> None:
        self._out = out
        self._target = target
        self.reached = 0.0
        """Seconds up to which the film was read."""
        self._waiting = sorted(waiting, key=_time, reverse=True)

    def add(self, packet: Any) -> None:
        """Raises what `writing` does."""
        self.reached = max(self.reached, _time(packet))
        self._up_to(self.reached)
        self._write(packet)

    def done(self) -> None:
        """The subtitles that are left: those after the film's end."""
        self._up_to(float("inf"))

    def _up_to(self, time: float) -> None:
        while self._waiting and _time(self._waiting[-1]) <= time:
            self._write(self._waiting.pop())

    def _write(self, packet: Any) -> None:
        with writing(self._target):
            self._out.mux_one(packet)
