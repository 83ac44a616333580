# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles into the pictures of a film. These are decoded and encoded again; sound and all else is copied."""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import itertools
import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from ..errors.film import ContainerError, NoFilmError
from ..errors.media import MediaUnreadableError
from ..picture.fonts import Fonts
from ..picture.render import Problem, Renderer
from ..picture.style import Style
from ..subtitles.document import Document, Finding, Kind
from ..text import Text
from . import containers, copying, output
from .overlay import FORMATS, MATRICES, Frames, Overlay

ENCODERS: dict[str, tuple[str, dict[str, str], int]] = {
    "h264": ("libx264", {"preset": "medium"}, 18),
    "vp9": ("libvpx-vp9", {"b": "0", "deadline": "good", "cpu-used": "4", "row-mt": "1"}, 28),
    "av1": ("libsvtav1", {"preset": "8"}, 28),
}
"""For each codec FFmpeg's encoder, its options, and the quality (`crf`) that is hard to tell from the original."""
_HAVE_FIELDS = ("h264",)
"""Codecs that know of pictures of two fields, one after the other."""
_FULL = 2
"""FFmpeg's number of the range that uses all values (AVCOL_RANGE_JPEG)."""
_WHITE = {16: 0.58, 18: 0.75}
"""The signal of graphics' white in HDR, PQ and HLG, by FFmpeg's number of the curve. Source: ITU-R BT.2408, table 1."""


@dataclasses.dataclass(frozen=True, slots=True)
class Burnt:
    """What came of it."""

    frames: int
    """How many pictures the film has."""
    problems: tuple[Problem, ...]
    """What could not be drawn."""
    findings: tuple[Finding, ...]
    """What is not in the new film as it was in the old one."""


def codec_of(target: Path, source: str = "") -> str:
    """The codec for a film: that of its source where we have it and the kind of film takes it, else the usual one."""
    if containers.of(target).muxer == "webm":
        return source if source in ("vp9", "av1") else "vp9"
    return "h264"


def burn(
    media: Path,
    document: Document,
    target: Path,
    style: Style | None = None,
    fonts: Fonts | None = None,
    told: copying.Told = lambda _fraction: None,
    cancelled: Callable[[], bool] = bool,
    *,
    language: str = "",
    codec: str = "",
    crf: int | None = None,
    overwrite: bool = False,
) -> Burnt:
    """Write `media` with the subtitles on its pictures to `target`, whose ending says the kind of film. Times, size,
    shape, turn, bits and colours of the pictures stay. `codec` is one of `ENCODERS`, empty: as `codec_of` says.

    Raises MediaError, NoFilmError, FilmNotWrittenError, ContainerError, FolderNotWritableError and JobCancelled; then
    nothing is written. Any thread.
    """
    container = containers.of(target)
    with copying.opened(media) as film:
        output.check(media, target, overwrite=overwrite)
        stream = _pictures(media, film)
        chosen = codec or codec_of(target, str(stream.codec_context.codec.canonical_name))
        looks = _looks(media, stream.index, chosen)
        renderer = Renderer(document, *looks.shown, style, fonts, language=language)
        with output.written(target, container, overwrite=overwrite) as out:
            encoder = _encoder(out, target, container, stream, looks, chosen, crf)
            copy = copying.prepared(media, film, out, target, container, [stream])
            with output.writing(target):
                out.start_encoding()
            mixer = copying.Mixer(out, target, copy.packets)
            run = _Run(media, target, stream, encoder, renderer, Overlay(looks), mixer, cancelled)
            streams = [stream, *(film.streams[index] for index in copy.streams)]
            for packet in copying.packets(media, film, streams, told, cancelled):
                if packet.stream.index == stream.index:
                    run.decode(packet)
                else:
                    packet.stream = copy.streams[packet.stream.index]
                    run.mixer.add(packet)
            run.end()
            copy.findings += copying.cut_off(film, run.mixer.reached)
            copy.findings += _after_its_end(document, run.reached)
            if not run.frames:
                raise MediaUnreadableError(media, Text("no part of its pictures can be decoded"))
    return Burnt(run.frames, tuple(renderer.problems), (*copy.findings, *run.findings(stream, looks)))


def _after_its_end(document: Document, reached: float) -> Iterator[Finding]:
    if count := sum(1 for cue in document.cues if cue.start >= reached):
        message = Text("Subtitles that begin after its end are not on it: {number}.", number=count)
        yield Finding(Kind.NOT_WRITTEN, message)


def _pictures(media: Path, film: Any) -> Any:
    """The film's pictures; a cover is none. Raises NoFilmError, MediaUnreadableError where nobody knows their codec."""
    for stream in film.streams.video:
        if not copying.is_cover(stream):
            if stream.codec_context is None:
                raise MediaUnreadableError(media, Text("no part of its pictures can be decoded"))
            stream.thread_type = "AUTO"
            return stream
    raise NoFilmError(media)


def _looks(media: Path, index: int, codec: str) -> Frames:
    """How the frames are stored and shown, by the first one. Raises MediaUnreadableError."""
    import av

    with copying.opened(media) as film:
        for packet in film.demux(film.streams[index]):
            with contextlib.suppress(av.FFmpegError):
                for frame in packet.decode():
                    return _looks_of(frame, film.streams[index], codec)
    raise MediaUnreadableError(media, Text("no part of its pictures can be decoded"))


def _looks_of(frame: Any, stream: Any, codec: str) -> Frames:
    import av

    known = {str(one.name) for one in av.Codec(ENCODERS[codec][0], "w").video_formats or ()}
    name = str(frame.format.name)
    format = name if name in FORMATS and name in known else "yuv420p"
    usual = 1 if frame.width >= 1280 or frame.height > 576 else 6
    aspect = stream.sample_aspect_ratio
    return Frames(
        frame.width,
        frame.height,
        format,
        full_range=frame.color_range == _FULL or "yuvj" in name,
        matrix=MATRICES.get(frame.colorspace, MATRICES[usual]),
        white=_WHITE.get(frame.color_trc, 1.0),
        turned=round(frame.rotation / 90) % 4,
        stretch=float(aspect) if aspect else 1.0,
        interlaced=bool(frame.interlaced_frame),
    )


def _encoder(out: Any, target: Path, container: Any, stream: Any, looks: Frames, codec: str, crf: int | None) -> Any:
    import av

    name, options, usual = ENCODERS[codec]
    said = {**options, "crf": str(usual if crf is None else crf)}
    if codec == "av1":
        os.environ.setdefault("SVT_LOG", "1")  # Errors only: it writes two pages for each film.
    width, height = _encoded_size(looks, codec)
    try:
        made = out.add_stream(name, rate=_rate(stream), options=said, width=width, height=height)
    except ValueError as error:
        raise ContainerError(
            target, Text("{container} takes no {codec}", container=container.label, codec=codec)
        ) from error
    context, source = made.codec_context, stream.codec_context
    context.pix_fmt = looks.format
    context.time_base = made.time_base = stream.time_base
    context.thread_count = os.cpu_count() or 1
    if looks.interlaced and codec in _HAVE_FIELDS:
        # Which field is the first, each frame says; a container says it once more.
        context.flags |= av.codec.context.Flags.interlaced_dct | av.codec.context.Flags.interlaced_me
        context.field_order = source.field_order
    context.color_range = _FULL if looks.full_range else source.color_range
    context.colorspace = source.colorspace or 6
    context.color_primaries, context.color_trc = source.color_primaries, source.color_trc
    if stream.sample_aspect_ratio:
        context.sample_aspect_ratio = stream.sample_aspect_ratio
    if looks.turned:
        made.set_display_rotation(looks.turned * 90)
    copying.as_it_was(stream, made, container)
    return made


def _rate(stream: Any) -> Fraction:
    """Pictures a second, as far as that is known."""
    rate: Fraction = stream.average_rate or stream.guessed_rate or Fraction(25)
    return rate


def _encoded_size(looks: Frames, codec: str) -> tuple[int, int]:
    """The size of what is encoded: H.264 takes only whole samples of colour."""
    across, down, _ = FORMATS[looks.format] if codec == "h264" else (1, 1, 8)
    return looks.width + looks.width % across, looks.height + looks.height % down


def _widened(frame: Any, width: int, height: int) -> Any:
    """A frame with its last column and row once more, so that it has that size."""
    import av
    import numpy

    made: Any = av.VideoFrame(width, height, frame.format.name)
    kind = numpy.dtype("<u2") if frame.format.components[0].bits > 8 else numpy.uint8
    for old, new in zip(frame.planes, made.planes, strict=True):
        samples = numpy.frombuffer(old, kind).reshape(old.height, -1)[:, : old.width]
        rows = numpy.frombuffer(new, kind).reshape(new.height, -1)
        edges = (0, new.height - old.height), (0, new.width - old.width)
        rows[:, : new.width] = numpy.pad(samples, edges, "edge")
    made.pts, made.time_base, made.duration = frame.pts, frame.time_base, frame.duration
    return made


def _decoded(stream: Any, packet: Any) -> list[Any] | None:
    """The frames of a packet, or without one all that are left; None where it is damaged."""
    import av

    try:
        return list(stream.codec_context.decode(packet))
    except av.error.EOFError:
        return []
    except av.FFmpegError as error:  # Of data that is none decoders say this and that.
        if error.errno == errno.ENOMEM:
            raise
        return None


class _Run:
    """Frames from the old film to the new one."""

    def __init__(
        self, media: Path, target: Path, stream: Any, encoder: Any, renderer: Renderer, overlay: Overlay,
        mixer: copying.Mixer, cancelled: Callable[[], bool],
    ) -> None:  # fmt: skip
        self.frames = 0
        self.mixer = mixer
        self._media = media
        self._target = target
        self._cancelled = cancelled
        self._lost = 0
        self._stream = stream
        self._encoder = encoder
        self._renderer = renderer
        self._overlay = overlay
        self._last: int | None = None
        self.reached = 0.0
        """The end of the last picture, in seconds."""
        self._durations: dict[int, int] = {}
        self._rate = _rate(stream)
        self._size = encoder.codec_context.width, encoder.codec_context.height

    def decode(self, packet: Any) -> None:
        """One packet of pictures. Raises what `writing` does. One that is damaged is counted."""
        frames = _decoded(self._stream, packet)
        self._lost += frames is None
        for frame in frames or ():
            self._add(frame)

    def end(self) -> None:
        """What decoder and encoder still have. Raises what `writing` does and `copying.packets`."""
        frames = _decoded(self._stream, None)
        for frame in frames or ():
            self._add(frame)
        if frames is None:
            self._once_more()
        self._encode(None)
        self.mixer.done()

    def _once_more(self) -> None:
        """The last pictures: where one of them is damaged, a decoder with several threads gives up the others too."""
        import av

        with copying.opened(self._media) as film:
            stream = film.streams[self._stream.index]
            stream.codec_context.thread_count = 1
            last = -1 if self._last is None else self._last
            with contextlib.suppress(av.FFmpegError):  # One that cannot be sought in is read from its beginning.
                film.seek(max(0, last) + round(copying.first_time(film) / stream.time_base), stream=stream)
            found = copying.packets(self._media, film, [stream], lambda _fraction: None, self._cancelled)
            for packet in itertools.chain(found, (None,)):
                frames = _decoded(stream, packet)
                self._lost += frames is None and (packet is None or (packet.pts or 0) > last)
                for frame in frames or ():
                    if frame.pts is not None and frame.pts > last:
                        self._add(frame)

    def findings(self, stream: Any, looks: Frames) -> Iterator[Finding]:
        """What has changed besides the subtitles."""
        if self._lost:
            message = Text("{number} of its pictures are damaged and could not be taken over.", number=self._lost)
            yield Finding(Kind.BROKEN, message)
        name = str(stream.codec_context.pix_fmt)
        if name != looks.format:
            message = Text("Its pictures were stored as {format} and are {other} now.", format=name, other=looks.format)
            yield Finding(Kind.NOT_WRITTEN, message)
        if looks.interlaced and self._encoder.codec.name not in {ENCODERS[codec][0] for codec in _HAVE_FIELDS}:
            message = Text(
                "Its pictures are interlaced, which {codec} does not know: players will show combs in what moves."
                " Choose H.264 and .mp4, .mov or .mkv to keep their fields.",
                codec=self._encoder.codec.canonical_name.upper(),
            )  # fmt: skip
            yield Finding(Kind.NOT_WRITTEN, message)
        if stream.metadata.get("alpha_mode") == "1" or any(
            one.is_alpha for one in stream.codec_context.format.components
        ):
            yield Finding(Kind.NOT_WRITTEN, Text("Places that one could see through are not transparent any more."))
        if self._size != (looks.width, looks.height):
            message = Text(
                "Its pictures of {old} pixels have their last ones twice and are {new} now: H.264 takes even sizes.",
                old=f"{looks.width} x {looks.height}", new="{} x {}".format(*self._size),
            )  # fmt: skip
            yield Finding(Kind.NOT_WRITTEN, message)

    def _add(self, frame: Any) -> None:
        looks = self._overlay.frames
        pts, duration = frame.pts, frame.duration
        if (frame.width, frame.height, frame.format.name) != (looks.width, looks.height, looks.format):
            frame = frame.reformat(width=looks.width, height=looks.height, format=looks.format)
        # Those that the decoder still had at the end come without a clock.
        frame.pts, frame.time_base, frame.duration = pts, self._stream.time_base, duration
        if frame.pts is None or (self._last is not None and frame.pts <= self._last):
            frame.pts = (self._last or 0) + 1
        self._last = frame.pts
        pictures = self._renderer.at(float(frame.pts * frame.time_base))
        if pictures:
            frame.make_writable()
            self._overlay.lay(frame, pictures)
        frame.pict_type = 0  # The encoder chooses anew.
        self.frames += 1
        if frame.duration:
            self._durations[frame.pts] = frame.duration
        length = frame.duration or 1 / (self._rate * frame.time_base)
        self.reached = max(self.reached, float((frame.pts + length) * frame.time_base))
        self._encode(frame if self._size == (frame.width, frame.height) else _widened(frame, *self._size))

    def _encode(self, frame: Any) -> None:
        with output.writing(self._target):
            packets = self._encoder.encode(frame)
        for packet in packets:
            if not packet.duration:
                packet.duration = self._durations.get(packet.pts, 0)
            self._durations.pop(packet.pts, None)
            self.mixer.add(packet)
