# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle tracks inside films: MKV, WebM, MP4, MOV and whatever else FFmpeg opens.

Their packets are taken as they lie in the film and read by our own readers, for FFmpeg's decoders turn everything into
SubStation and lose what that cannot say. Tracks of pictures are listed and called what they are.
"""

from __future__ import annotations

import dataclasses
import re
import struct
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors.subtitles import SubtitleFileError
from ..markup import BELOW, BOLD, COLOR, ITALIC, UNDERLINE, Span
from ..system import media
from ..text import Text
from .document import Cue, Document, Finding, Kind
from .formats import subrip, subrip_text, substation, ttml_writing, webvtt_places, webvtt_text, webvtt_writing
from .formats.base import Findings, Format, ReadOptions, Source
from .formats.settling import Row, settled
from .formats.tags import tidied_text
from .times import clock

if TYPE_CHECKING:
    import av.container
    import av.packet

FILM = re.compile(rb"\x1a\x45\xdf\xa3|....ftyp|....moov|RIFF....AVI ", re.DOTALL)
"""How files begin that have pictures, sound and maybe subtitles in them."""

_PICTURES = {
    "hdmv_pgs_subtitle": "PGS", "pgssub": "PGS", "dvd_subtitle": "VobSub", "dvdsub": "VobSub",
    "dvb_subtitle": "DVB", "dvbsub": "DVB", "xsub": "XSUB", "dvb_teletext": "teletext",
}  # fmt: skip
_MOST_BYTES = 64 * 1024 * 1024
"""Of the text of one track: as much as of a subtitle file."""


@dataclasses.dataclass(frozen=True, slots=True)
class Track:
    """One subtitle track of a film."""

    number: int
    """Counted from 1 among the film's subtitle tracks: what `--track` takes."""
    codec: str
    """FFmpeg's name of it (`subrip`, `ass`, `mov_text`, `hdmv_pgs_subtitle`)."""
    language: str
    """As the film says it, mostly three letters; empty where it says none."""
    title: str
    default: bool
    """Whether players show it unless told otherwise."""
    forced: bool
    """Whether it holds only what has to be shown always, such as signs."""

    @property
    def is_text(self) -> bool:
        """Whether it can be read: pictures of text cannot."""
        return self.codec in _READERS

    def as_dict(self) -> dict[str, Any]:
        """As the command line prints it with `--json`."""
        return {**dataclasses.asdict(self), "text": self.is_text}

    def __str__(self) -> str:
        what = _PICTURES.get(self.codec)
        kind = Text("{codec}, pictures", codec=what) if what else self.codec
        said = ", ".join(part for part in (self.language, self.title) if part)
        if said:
            return Text("track {number} ({kind}): {title}", number=self.number, kind=kind, title=said)
        return Text("track {number} ({kind})", number=self.number, kind=kind)


def is_film(path: Path) -> bool:
    """Whether a file begins like a film; False where it cannot be read."""
    try:
        with open(path, "rb") as file:
            return FILM.match(file.read(64)) is not None
    except (OSError, ValueError):
        return False


def listed(path: Path) -> tuple[Track, ...]:
    """The subtitle tracks of a film, whether they can be read or not. Reads its head only.

    Raises MediaNotFoundError and MediaUnreadableError.
    """
    with media.opened(path) as container:
        return tuple(_track(number, stream) for number, stream in enumerate(container.streams.subtitles, 1))


def read(path: Path, options: ReadOptions | None = None) -> Document:
    """The subtitles of a track: the options' track, else the first in their language, else the film's default.

    Reads the whole film once, without decoding it. Raises MediaNotFoundError and MediaUnreadableError for what is no
    film, SubtitleFileError where there is no track to read.
    """
    options = options or ReadOptions()
    with media.opened(path) as container:
        streams = list(container.streams.subtitles)
        tracks = [_track(number, stream) for number, stream in enumerate(streams, 1)]
        track = _chosen(path, tracks, options)
        stream = streams[track.number - 1]
        context = stream.codec_context
        header = bytes(context.extradata or b"") if context is not None else b""
        format, reader = _READERS[track.codec]
        packets = list(_packets(path, container, stream))
    source = Source(path, format, "", options=options)
    document = reader(source, header, packets)
    if not document.cues and not document.hidden:
        document = document.with_findings([Finding(Kind.EMPTY, Text("There are no subtitles in the track."))])
    others = [each for each in tracks if each is not track]
    if others:
        findings = Findings()
        listing = "; ".join(str(each) for each in others)
        findings.add(Kind.HIDDEN, Text("the film has more subtitles: {tracks}.", tracks=listing))
        document = document.with_findings(findings.done())
    return dataclasses.replace(document, format=format.id, language=document.language or _tag(track.language))


def is_text(stream: Any) -> bool:
    """Whether a stream of subtitles can be read: pictures of text cannot."""
    return _track(0, stream).is_text


_SAME = {"srt": "subrip", "ssa": "ass", "text": "subrip"}


def _track(number: int, stream: Any) -> Track:
    context = stream.codec_context
    # FFmpeg has no decoder for TTML, and of what films hold for that alone.
    codec = "ttml" if context is None else str(getattr(context.codec, "canonical_name", "") or context.name)
    metadata = stream.metadata
    flags, kinds = stream.disposition, type(stream.disposition)
    language = metadata.get("language", "")
    return Track(
        number,
        _SAME.get(codec, codec),
        "" if language == "und" else language,
        metadata.get("title", ""),
        bool(flags & kinds.default),
        bool(flags & kinds.forced),
    )


def _chosen(path: Path, tracks: list[Track], options: ReadOptions) -> Track:
    if not tracks:
        raise SubtitleFileError(
            path,
            Text("there are no subtitle tracks in this film"),
            Text("What is part of its pictures cannot be read. Transcribe its sound instead."),
        )
    if options.track is not None:
        wanted = [track for track in tracks if track.number == options.track]
    elif options.track_language:
        wanted = _in_order(track for track in tracks if _is(track.language, options.track_language))
    else:
        spoken = [track for track in tracks if options.language and _is(track.language, options.language)]
        wanted = _in_order(spoken or tracks)
    listing = "; ".join(str(track) for track in tracks)
    if not wanted and options.track_language:
        reason = Text("it has no subtitle track in {language}", language=options.track_language)
        raise SubtitleFileError(path, reason, Text("Choose one of: {tracks}.", tracks=listing))
    if not wanted:
        reason = Text("it has no subtitle track {number}", number=options.track)
        raise SubtitleFileError(path, reason, Text("Choose one of: {tracks}.", tracks=listing))
    if not wanted[0].is_text:
        reason = Text("its subtitles are pictures, which cannot be read as text")
        raise SubtitleFileError(path, reason, Text("It has: {tracks}.", tracks=listing))
    return wanted[0]


def _in_order(tracks: Iterable[Track]) -> list[Track]:
    """Those first that most want to read."""
    return sorted(tracks, key=lambda track: (not track.is_text, not track.default, track.forced))


def _is(language: str, wanted: str) -> bool:
    """Whether three letters of a film and a BCP 47 tag are the same language, as far as their letters say it."""
    return bool(language) and _tag(wanted.split("-")[0]) == _tag(language.split("-")[0])


def _tag(language: str) -> str:
    """A film's three letters as BCP 47 has them: two where there are two."""
    return _TWO_LETTERS.get(language.lower(), language.lower())


# ISO 639-2, both of its lists, for the languages that films are subtitled in.
_TWO_LETTERS: dict[str, str] = {
    "eng": "en", "ger": "de", "deu": "de", "fre": "fr", "fra": "fr", "spa": "es", "ita": "it", "por": "pt", "rus": "ru",
    "jpn": "ja", "chi": "zh", "zho": "zh", "kor": "ko", "ara": "ar", "per": "fa", "fas": "fa", "heb": "he", "tur": "tr",
    "pol": "pl", "cze": "cs", "ces": "cs", "dut": "nl", "nld": "nl", "swe": "sv", "nor": "no", "nob": "nb", "dan": "da",
    "fin": "fi", "hun": "hu", "gre": "el", "ell": "el", "rum": "ro", "ron": "ro", "ukr": "uk", "bul": "bg", "hrv": "hr",
    "srp": "sr", "slo": "sk", "slk": "sk", "slv": "sl", "hin": "hi", "tha": "th", "vie": "vi", "ind": "id", "cat": "ca",
}  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class _Packet:
    start: float
    end: float | None
    data: bytes
    name: str = ""
    settings: str = ""
    """What stands above and behind the times of WebVTT."""


def _packets(path: Path, container: av.container.InputContainer, stream: Any) -> Iterator[_Packet]:
    import av

    total = 0
    try:
        for packet in container.demux(stream):
            data = bytes(packet)
            if packet.pts is None or not data:
                continue
            total += len(data)
            if total > _MOST_BYTES:
                raise SubtitleFileError(path, Text("its track is too large for subtitles"))
            base: Fraction = packet.time_base or Fraction(1, 1000)
            end = float((packet.pts + packet.duration) * base) if packet.duration else None
            beside = {side.data_type: bytes(side) for side in packet.iter_sidedata()}
            name, settings = (beside.get(key, b"").decode(errors="replace") for key in _BESIDE)
            yield _Packet(float(packet.pts * base), end, data, name, settings)
    except av.FFmpegError as error:
        raise media.unreadable(path, error) from error


_BESIDE = ("webvtt_identifier", "webvtt_settings")


# One reader for each kind of track

_Read = Callable[[Source, bytes, list[_Packet]], Document]


def _decoded(data: bytes, findings: Findings) -> str:
    text = data.decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if "\ufffd" in text:
        findings.add(
            Kind.CHARACTERS, Text("Some characters are not valid {encoding}; they were replaced.", encoding="utf-8")
        )
    return text


def _each(one: Callable[[_Packet, Findings], Cue]) -> _Read:
    """A track whose packets are texts, each read by `one`."""

    def read_all(source: Source, header: bytes, packets: list[_Packet]) -> Document:
        findings = Findings()
        rows = [Row(packet.start, packet.end, one(packet, findings)) for packet in packets]
        shown = [row for row in rows if row.cue.text]
        return Document(tuple(settled(shown, findings)), findings=findings.done())

    return read_all


def _subrip(packet: _Packet, findings: Findings) -> Cue:
    text, spans, placing, speaker = subrip_text.read_text(_decoded(packet.data, findings), findings, 0)
    return Cue(0.0, 0.0, text, spans=spans, placing=placing, speaker=speaker)


def _webvtt(packet: _Packet, findings: Findings) -> Cue:
    text, spans, speaker = webvtt_text.read_text(_decoded(packet.data, findings), findings, 0)
    placing = webvtt_places.placing_of(packet.settings) if packet.settings else BELOW
    extra = {subrip.SETTINGS: packet.settings} if packet.settings else {}
    return Cue(0.0, 0.0, text, spans=spans, speaker=speaker, placing=placing, name=packet.name, extra=extra)


def _substation(source: Source, header: bytes, packets: list[_Packet]) -> Document:
    """The head and the lines of a SubStation file: Matroska keeps the order of the lines as their first field."""
    findings = Findings()
    lines: list[tuple[int, str]] = []
    for index, packet in enumerate(packets):
        order, _, rest = _decoded(packet.data, findings).replace("\n", "\\N").partition(",")
        layer, _, fields = rest.partition(",")
        start, end = (clock(time, ".", 2, 1) for time in (packet.start, packet.end or packet.start))
        place = int(order) if order.isascii() and order.isdigit() and len(order) < 10 else index
        lines.append((place, f"Dialogue: {layer},{start},{end},{fields}"))
    head = _decoded(header, findings).split("[Events]")[0].rstrip()
    names = "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text"
    text = "\n".join([head, "", "[Events]", names, *(line for _, line in sorted(lines, key=lambda line: line[0])), ""])
    document = substation.read(dataclasses.replace(source, text=text))
    return document.with_findings(findings.done())


def _ttml(source: Source, header: bytes, packets: list[_Packet]) -> Document:
    """Each packet is a whole document, its times those of the film."""
    assert ttml_writing.FORMAT.read is not None
    findings = Findings()
    if packets and b"<" not in packets[0].data[:200].replace(b"\0", b""):
        raise source.broken(Text("its track is of a kind that is not known"))
    documents = [
        ttml_writing.FORMAT.read(dataclasses.replace(source, text=_decoded(packet.data, findings)))
        for packet in packets
    ]
    if not documents:
        return Document()
    cues: dict[tuple[float, float, str], Cue] = {}
    for document in documents:
        cues.update(((cue.start, cue.end, cue.text), cue) for cue in document.cues)
    ordered = sorted(cues.values(), key=lambda cue: cue.start)
    noted = [finding for document in documents for finding in document.findings]
    return documents[0].with_cues(ordered).with_findings([*findings.done(), *noted[len(documents[0].findings) :]])


_FACES = ((1, BOLD), (2, ITALIC), (4, UNDERLINE))


def _timed_text(source: Source, header: bytes, packets: list[_Packet]) -> Document:
    """3GPP Timed Text (`tx3g`), of MP4 and MOV: a length, the text, and boxes with the looks of its letters."""
    findings = Findings()
    rows = []
    for packet in packets:
        cue = timed_text(packet.data, findings)
        if cue.text:
            rows.append(Row(packet.start, packet.end, cue))
    return Document(tuple(settled(rows, findings)), findings=findings.done())


def timed_text(data: bytes, findings: Findings) -> Cue:
    """One packet of it, without times."""
    if len(data) < 2:
        return Cue(0.0, 0.0, "")
    length = int.from_bytes(data[:2], "big")
    raw = data[2 : 2 + length]
    encoding = "utf-16" if raw[:2] in (b"\xfe\xff", b"\xff\xfe") else "utf-8"
    text = raw.decode(encoding, errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    spans: list[Span] = []
    place = 2 + length
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if size < 8:
            break
        if data[place + 4 : place + 8] == b"styl":
            spans += _styles(data[place + 8 : place + size])
        place += size
    tidy, moved = tidied_text(text, spans)
    if "\ufffd" in tidy:
        findings.add(
            Kind.CHARACTERS, Text("Some characters are not valid {encoding}; they were replaced.", encoding=encoding)
        )
    return Cue(0.0, 0.0, tidy, spans=moved)


def _styles(box: bytes) -> Iterator[Span]:
    count = int.from_bytes(box[:2], "big")
    for index in range(count):
        entry = box[2 + 12 * index : 14 + 12 * index]
        if len(entry) < 12:
            return
        start, end, _, face, _, red, green, blue, _ = struct.unpack(">HHHBBBBBB", entry)
        if start >= end:
            continue
        yield from (Span(start, end, kind) for bit, kind in _FACES if face & bit)
        if (red, green, blue) != (255, 255, 255):
            yield Span(start, end, COLOR, f"#{red:02x}{green:02x}{blue:02x}")


_READERS: dict[str, tuple[Format, _Read]] = {
    "subrip": (subrip.FORMAT, _each(_subrip)),
    "webvtt": (webvtt_writing.FORMAT, _each(_webvtt)),
    "ass": (substation.ASS, _substation),
    "mov_text": (subrip.FORMAT, _timed_text),
    "ttml": (ttml_writing.FORMAT, _ttml),
}
"""How the tracks of each codec are read, and as which format."""
