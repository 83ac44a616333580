# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles as a track of a film: in the form that its container takes, and what that form cannot say."""

from __future__ import annotations

import dataclasses
import io
import itertools
import struct
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors.subtitles import SubtitleFileError
from ..languages import NAMES
from ..markup import BOLD, COLOR, ITALIC, UNDERLINE, Span
from ..speech.naming import language_code, three_letters
from ..speech.tracks import two_letters
from ..subtitles import writing
from ..subtitles.document import Cue, Document, Finding, Kind
from ..subtitles.formats import subrip, substation, webvtt_writing
from ..subtitles.formats.base import Format, WriteOptions
from ..subtitles.formats.webvtt_text import CLASS
from ..subtitles.losses import losses_of
from ..text import Text
from .containers import Container

if TYPE_CHECKING:
    import av.container
    import av.packet

TIMED_TEXT = Format(
    id="mov_text", label="3GPP Timed Text", suffixes=(), keeps=frozenset({BOLD, ITALIC, UNDERLINE, COLOR})
)
"""Of MP4 and QuickTime. Not one of the registry: there are no files of it alone."""
_WEBVTT = dataclasses.replace(webvtt_writing.FORMAT, keeps=webvtt_writing.FORMAT.keeps - {COLOR, CLASS})
"""Inside a film it has no style sheet, which colours would stand in."""
_LONGEST = 0xFFFF
"""Bytes of a text there."""
_MILLISECONDS = Fraction(1, 1000)
_HEADER = b"""[Script Info]
ScriptType: v4.00+
PlayResX: 384
PlayResY: 288

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, \
StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Sans-Serif,18,&Hffffff,&Hffffff,&H0,&H0,0,0,0,0,100,100,0,0,1,1,0,2,10,10,10,0

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
"""What FFmpeg makes the description of a track of Timed Text from: its own defaults."""


@dataclasses.dataclass(frozen=True, slots=True)
class Subtitles:
    """What becomes one track of a film."""

    path: Path
    """Where they come from, for messages."""
    document: Document
    language: str = ""
    """A BCP 47 tag, or a container's three letters; empty where nobody knows."""
    title: str = ""
    default: bool = False
    """Whether players show it unless told otherwise."""
    forced: bool = False
    """Whether it holds only what has to be shown always."""
    for_deaf: bool = False
    """Whether it says sounds too (SDH)."""


_MARKS = {"forced": "forced", "foreign": "forced", "sdh": "for_deaf", "cc": "for_deaf", "hi": "for_deaf"}
"""What stands in names of files, and the field of `Subtitles` that it means."""


def of_file(path: Path, document: Document, language: str = "") -> Subtitles:
    """The subtitles of a file; what is not said is told by its content, or by its name as players read it:
    `film.de.srt`, `film.pt-BR.forced.srt`, `film.English.srt`."""
    marks: dict[str, bool] = {}
    named = ""
    for part in reversed(path.stem.split(".")[1:]):
        if part.lower() in _MARKS and _MARKS[part.lower()] not in marks:
            marks[_MARKS[part.lower()]] = True
            continue
        named = part if two_letters(part) in NAMES else language_code(part, countries=False) or ""
        break
    language = language or document.language or named
    return Subtitles(path, document, language, forced=marks.get("forced", False), for_deaf=marks.get("for_deaf", False))


class Track:
    """Subtitles made ready for one kind of container."""

    def __init__(self, subtitles: Subtitles, container: Container) -> None:
        """Raises SubtitleFileError for none."""
        self.subtitles = subtitles
        self.findings: tuple[Finding, ...] = ()
        """What the film will not say."""
        self._container = container
        self._source: Any = None
        document = subtitles.document
        if not document.cues:
            raise SubtitleFileError(subtitles.path, Text("there are no subtitles in it"))
        self._packets = self._timed_text() if container.is_mp4 else self._text()
        if container.muxer == "mov" and (subtitles.forced or subtitles.for_deaf):
            message = Text("QuickTime does not say whether subtitles are forced or for the deaf.")
            self.findings = (*self.findings, Finding(Kind.NOT_WRITTEN, message))

    def _text(self) -> list[av.packet.Packet[Any]]:
        """Those of Matroska and WebM, as FFmpeg cuts a file of them into packets."""
        import av

        format = _format(self.subtitles.document, self._container)
        data, self.findings = _rendered(self.subtitles, format)
        self._source = av.open(io.BytesIO(data), format=_DEMUXERS[format.id])
        return [packet for packet in self._source.demux() if packet.pts is not None and packet.size]

    def _timed_text(self) -> list[av.packet.Packet[Any]]:
        import av

        document, findings = writing.ready(self.subtitles.document, TIMED_TEXT)
        losses = losses_of(document, TIMED_TEXT)
        self.findings = (*findings, losses) if losses else tuple(findings)
        packets = []
        for cue in one_at_a_time(document.cues):
            if len(cue.text.encode("utf-8")) > _LONGEST:
                reason = Text("one of its texts is too long for this kind of film")
                raise SubtitleFileError(self.subtitles.path, reason, Text("Shorten it, or write a .mkv."))
            packet = av.Packet(timed_text(cue))
            packet.pts = packet.dts = round(cue.start * 1000)
            packet.duration = max(1, round(cue.end * 1000) - packet.pts)
            packet.time_base = _MILLISECONDS
            packets.append(packet)
        return packets

    def add_to(self, out: av.container.OutputContainer) -> list[av.packet.Packet[Any]]:
        """Make its stream in a film that is not begun yet. Returns its packets, in order of time."""
        import av

        stream: Any
        if self._source is not None:
            stream = out.add_stream_from_template(self._source.streams[0], opaque=True)
        else:
            stream = out.add_stream("mov_text")
            stream.codec_context.subtitle_header = _HEADER
            stream.codec_context.time_base = stream.time_base = _MILLISECONDS
        said = self.subtitles
        if said.language:
            stream.metadata["language"] = code(said.language, self._container)
        if said.title:
            stream.metadata[title_of(self._container)] = said.title
        kinds = av.stream.Disposition
        flags = ((said.default, kinds.default), (said.forced, kinds.forced), (said.for_deaf, kinds.hearing_impaired))
        stream.disposition = sum(flag.value for on, flag in flags if on)
        for packet in self._packets:
            packet.stream = stream
        return self._packets


_QUICKTIME = {"fre": "fra", "rum": "ron", "cze": "ces", "slo": "slk"}
"""Where its codes, as FFmpeg names them, are not those of ISO 639-2/B."""


def title_of(container: Container) -> str:
    """The metadata that holds a track's title."""
    return "handler_name" if container.is_mp4 else "title"


def code(language: str, container: Container) -> str:
    """A language as the container has it."""
    found = three_letters(language, books=container.muxer != "mp4") or "und"
    return _QUICKTIME.get(found, found) if container.muxer == "mov" else found


_DEMUXERS = {"srt": "srt", "ass": "ass", "vtt": "webvtt"}


def _format(document: Document, container: Container) -> Format:
    if container.muxer == "webm" or document.format == "vtt":
        return _WEBVTT
    return substation.ASS if document.format in ("ass", "ssa") else subrip.FORMAT


def _rendered(subtitles: Subtitles, format: Format) -> tuple[bytes, tuple[Finding, ...]]:
    document = subtitles.document
    if format is not _WEBVTT:
        return writing.rendered(subtitles.path, document, format.id)
    fit, findings = writing.ready(document, format)
    losses = losses_of(fit, format)
    plain = fit.with_cues(
        dataclasses.replace(cue, spans=tuple(span for span in cue.spans if span.kind not in (COLOR, CLASS)))
        for cue in fit.cues
    )
    text = webvtt_writing.write(plain, format, WriteOptions())
    return text.encode("utf-8"), (*findings, losses) if losses else tuple(findings)


# 3GPP Timed Text


def one_at_a_time(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Cues that follow each other, for a track that shows one at a time: where several are shown, one has the text of
    all, from above: the earlier ones first."""
    edges = sorted({round(edge, 3) for cue in cues for edge in (cue.start, cue.end)})
    waiting = sorted(cues, key=lambda cue: cue.start)
    shown: list[Cue] = []
    last: Cue | None = None
    for begin, end in itertools.pairwise(edges):
        while waiting and round(waiting[0].start, 3) <= begin:
            shown.append(waiting.pop(0))
        shown = [cue for cue in shown if round(cue.end, 3) > begin]
        if not shown:
            continue
        joined = _joined(shown, begin, end)
        if last is not None and last.end == begin and (last.text, last.spans) == (joined.text, joined.spans):
            last = dataclasses.replace(last, end=end)
            continue
        if last is not None:
            yield last
        last = joined
    if last is not None:
        yield last


def _joined(cues: Sequence[Cue], begin: float, end: float) -> Cue:
    text, spans = "", []
    for cue in cues:
        text += "\n" if text else ""
        spans += [span._replace(start=span.start + len(text), end=span.end + len(text)) for span in cue.spans]
        text += cue.text
    return Cue(begin, end, text, spans=tuple(spans))


def timed_text(cue: Cue) -> bytes:
    """One packet of it: a length, the text, and a box with the looks of its letters (3GPP TS 26.245)."""
    text = cue.text.encode("utf-8")
    rows = b"".join(_styles(cue))
    box = struct.pack(">I4sH", 10 + len(rows), b"styl", len(rows) // 12) + rows if rows else b""
    return struct.pack(">H", len(text)) + text + box


_FACES = {BOLD: 1, ITALIC: 2, UNDERLINE: 4}


def _styles(cue: Cue) -> Iterator[bytes]:
    """The letters from one change of looks to the next, where they are not the usual ones."""
    spans = [span for span in cue.spans if span.kind in _FACES or (span.kind == COLOR and _color(span) is not None)]
    edges = sorted({edge for span in spans for edge in (span.start, span.end)})
    for start, end in itertools.pairwise(edges):
        over = [span for span in spans if span.start <= start and end <= span.end]
        if over:
            face = sum({_FACES[span.kind] for span in over if span.kind in _FACES})
            color = next((found for span in reversed(over) if (found := _color(span))), b"\xff\xff\xff")
            yield struct.pack(">HHHBB", start, end, 1, face, 18) + color + b"\xff"


def _color(span: Span) -> bytes | None:
    if span.kind != COLOR or len(span.value) < 7 or not span.value.startswith("#"):
        return None
    try:
        return bytes.fromhex(span.value[1:7])
    except ValueError:
        return None
