# SPDX-License-Identifier: GPL-3.0-or-later
"""EBU STL (Tech 3264): the subtitles of European broadcasters, in blocks of 128 bytes.

The blocks are read here, their letters decoded by ttconv. ttconv's own reader leaves out what begins before the
programme or has no length, moves what overlaps, shows comments, and glues words that a code stands between.
"""

from __future__ import annotations

import dataclasses
import math
import re
import struct
import unicodedata
from collections.abc import Iterator
from fractions import Fraction

from ...markup import BACKGROUND, COLOR, ITALIC, UNDERLINE, Placing, Span
from ...text import Text
from ..document import Cue, Document, Kind, quoted
from ..times import from_timecode
from .base import Findings, Format, Source
from .settling import Row, settled
from .tags import TextBuilder

HEAD = "stl.head"
"""Of a document's `extra`: the fields of the first block that say something, by their names in the standard."""

_HEAD_SIZE, _BLOCK_SIZE = 1024, 128
_BLOCK = struct.Struct("<BHB B4B4B BBB 112s")
_RATES = {
    b"STL23.01": Fraction(24000, 1001),
    b"STL24.01": Fraction(24),
    b"STL25.01": Fraction(25),
    b"STL29.01": Fraction(30000, 1001),
    b"STL30.01": Fraction(30),
    b"STL50.01": Fraction(50),
}
_FIELDS = (
    ("CCT", 12, 14), ("LC", 14, 16), ("OPT", 16, 48), ("OET", 48, 80), ("TPT", 80, 112), ("TET", 112, 144),
    ("TN", 144, 176), ("TCD", 176, 208), ("SLR", 208, 224), ("CD", 224, 230), ("RD", 230, 236), ("TCP", 256, 264),
    ("TCF", 264, 272), ("CO", 274, 277), ("PUB", 277, 309), ("EN", 309, 341), ("ECD", 341, 373), ("UDA", 448, 1024),
)  # fmt: skip
_TELETEXT = b"12"
_LAST, _USER_DATA = 0xFF, 0xFE
_BLOCK_HEAD = 16
"""Bytes of a block in front of its text."""
_UNUSED = b"\x8f"
_MOST_LINES = 23
"""Rows that a screen of teletext has (EBU Tech 3264)."""


@dataclasses.dataclass(slots=True)
class _Block:
    """A subtitle: one block of text, or several that belong together."""

    index: int
    number: int
    cumulative: int
    begin: tuple[int, int, int, int]
    end: tuple[int, int, int, int]
    row: int
    justified: int
    comment: bool
    text: bytes


def read(source: Source) -> Document:
    """Raises SubtitleFileError for a file that ends inside its first block."""
    data = source.data
    if len(data) < _HEAD_SIZE:
        raise source.broken(Text("the file ends in the middle of its head"))
    findings = Findings()
    rate = _RATES.get(data[3:11])
    if rate is None:
        rate = source.options.fps or Fraction(25)
        message = Text(
            "the file says frames in a way that is not known; {rate:g} a second were taken.", rate=float(rate)
        )
        findings.add(Kind.RATE, message, quote=_latin(data[3:11]))
    page = data[12:14]
    rows: list[Row] = []
    hidden: list[Cue] = []
    for block in _blocks(data, findings):
        row = _row(block, rate, page, data[11:12] in (b"1", b"2"), findings)
        if block.comment and row.cue.text:
            hidden.append(
                dataclasses.replace(row.cue, start=row.start or 0.0, end=max(row.end or 0.0, row.start or 0.0))
            )
            findings.add(Kind.HIDDEN, Text("a comment, which nobody sees."), cue=str(block.number), quote=row.cue.text)
        elif block.cumulative in (2, 3) and rows and _has_room(rows[-1], findings):
            _grow(rows, row)
        elif row.cue.text:
            rows.append(row)
    cues = settled(rows, findings)
    head = {name: text for name, start, end in _FIELDS if (text := _latin(data[start:end]).strip())}
    return Document(
        tuple(cues),
        language=_language(data[14:16]),
        fps=rate,
        hidden=tuple(hidden),
        extra={HEAD: head},
        findings=findings.done(),
    )


def _latin(data: bytes) -> str:
    """Letters of the head: in the code page that it names, nearly always one of these."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]+", " ", data.decode("cp850", errors="replace"))


def _blocks(data: bytes, findings: Findings) -> Iterator[_Block]:
    text = b""
    for index, start in enumerate(range(_HEAD_SIZE, len(data), _BLOCK_SIZE)):
        raw = data[start : start + _BLOCK_SIZE]
        if len(raw) < _BLOCK_SIZE:
            if not raw.strip(b"\0\x8f \x1a\r\n"):
                return
            has_text = len(raw) > _BLOCK_HEAD and raw[3] == _LAST
            message = Text("the file ends in the middle of a block.")
            findings.add(Kind.BROKEN, message, quote="" if has_text else _latin(raw))
            if not has_text:
                return
            raw = raw.ljust(_BLOCK_SIZE, _UNUSED)
        _, number, extension, cumulative, *rest = _BLOCK.unpack(raw)
        begin, end, (row, justified, comment), field = rest[:4], rest[4:8], rest[8:11], rest[11]
        if extension == _USER_DATA:
            findings.add(
                Kind.HIDDEN, Text("data of the program that made the file, which nobody sees."), quote=_latin(field)
            )
            continue
        text += field.rstrip(_UNUSED)
        if extension == _LAST:
            yield _Block(index, number, cumulative, tuple(begin), tuple(end), row, justified, comment == 1, text)
            text = b""
    if text:
        findings.add(Kind.BROKEN, Text("the file ends in the middle of a block."), quote=_latin(text))


def _row(block: _Block, rate: Fraction, page: bytes, teletext: bool, findings: Findings) -> Row:
    text, spans = _Field(page, teletext).read(block.text)
    if "\ufffd" in text:
        message = Text('"{text}" has letters that its code page does not have.', text=quoted(text))
        findings.add(Kind.CHARACTERS, message, cue=str(block.number))
    column = {1: 0, 3: 2}.get(block.justified, 1)
    rows = 23 if teletext else 99
    height = 0 if block.row == 0 or (not teletext and block.row > 11) else 2 if block.row <= rows // 3 else 0
    if teletext and rows // 3 < block.row <= rows * 2 // 3:
        height = 1
    cue = Cue(0.0, 0.0, text, spans=spans, placing=Placing(height * 3 + column + 1), name=str(block.number))
    return Row(_seconds(block.begin, rate), _seconds(block.end, rate), cue)


def _seconds(time: tuple[int, int, int, int], rate: Fraction) -> float | None:
    hours, minutes, seconds, frames = time
    if minutes > 59 or seconds > 59 or frames >= max(math.ceil(rate), 25):
        return None
    return float(from_timecode(hours, minutes, seconds, frames, rate))


_PAGES = {b"01": "iso8859_5", b"02": "iso8859_6", b"03": "iso8859_7", b"04": "iso8859_8"}
_COLORS = ("#000000", "#ff0000", "#00ff00", "#ffff00", "#0000ff", "#ff00ff", "#00ffff", "#ffffff")
_MARKS = {
    0xC1: "\u0300", 0xC2: "\u0301", 0xC3: "\u0302", 0xC4: "\u0303", 0xC5: "\u0304", 0xC6: "\u0306", 0xC7: "\u0307",
    0xC8: "\u0308", 0xCA: "\u030a", 0xCB: "\u0327", 0xCD: "\u030b", 0xCE: "\u0328", 0xCF: "\u030c",
}  # fmt: skip
"""Marks of ISO 6937, which stand in front of their letters there."""
_NEW_LINE, _BLACK, _NEW_BACKGROUND = 0x8A, 0x1C, 0x1D
_SWITCHES = {0x80: (ITALIC, True), 0x81: (ITALIC, False), 0x82: (UNDERLINE, True), 0x83: (UNDERLINE, False)}


class _Field:
    """The text of a subtitle, byte by byte. Codes of teletext take the room of a letter on the screen."""

    def __init__(self, page: bytes, teletext: bool) -> None:
        self._page = page
        self._teletext = teletext
        self._letters = bytearray()
        self._builder = TextBuilder()
        self._color = "#ffffff"
        self._apart = True
        """Whether nothing stands before this on its line, or a space."""

    def read(self, field: bytes) -> tuple[str, tuple[Span, ...]]:
        for code in field:
            if 0x20 <= code <= 0x7F or code >= 0xA0:
                if code != 0x20 or not self._apart:
                    self._letters.append(code)
                self._apart = code == 0x20
            else:
                self._flush()
                self._code(code)
        self._flush()
        return self._builder.done()

    def _flush(self) -> None:
        if self._letters:
            self._builder.text(_decoded(bytes(self._letters), self._page))
            self._letters.clear()

    def _code(self, code: int) -> None:
        builder = self._builder
        if code == _NEW_LINE:
            builder.text("\n")
            self._apart = True
            if self._teletext:
                builder.close_all()
                self._color = "#ffffff"
        elif code in _SWITCHES:
            kind, is_on = _SWITCHES[code]
            builder.close(kind)
            if is_on:
                builder.open(kind, (kind, ""))
        elif code < 0x20:
            if not self._apart:
                builder.text(" ")
                self._apart = True
            self._colors(code)

    def _colors(self, code: int) -> None:
        if code < len(_COLORS):
            self._color = _COLORS[code]
            self._builder.close(COLOR)
            if code != 7:
                self._builder.open(COLOR, (COLOR, self._color))
        elif code in (_BLACK, _NEW_BACKGROUND):
            self._builder.close(BACKGROUND)
            if code == _NEW_BACKGROUND:
                self._builder.open(BACKGROUND, (BACKGROUND, self._color))


def _decoded(letters: bytes, page: bytes) -> str:
    if page in _PAGES:
        return letters.decode(_PAGES[page], errors="replace")
    from ttconv.stl import iso6937

    found = str(iso6937.decode(letters, errors="replace")[0])
    return found if "\ufffd" not in found else "".join(_letters_one_by_one(letters))


def _letters_one_by_one(letters: bytes) -> Iterator[str]:
    """Letters under marks that the standard does not put over them get these all the same."""
    from ttconv.stl import iso6937

    at = 0
    while at < len(letters):
        mark = _MARKS.get(letters[at]) if at + 1 < len(letters) else None
        size = 1 if mark is None else 2
        found = str(iso6937.decode(letters[at : at + size], errors="replace")[0])
        if mark is not None and "\ufffd" in found:
            base = str(iso6937.decode(letters[at + 1 : at + 2], errors="replace")[0])
            found = unicodedata.normalize("NFC", base + mark)
        yield found
        at += size


def _has_room(row: Row, findings: Findings) -> bool:
    """Whether more can be put below a subtitle: not where it fills the screen, and a file could fill the memory."""
    if row.cue.text.count("\n") + 1 < _MOST_LINES:
        return True
    message = Text("more lines are put below each other than fit on a screen; what follows stands alone.")
    findings.add(Kind.BROKEN, message, cue=row.cue.name)
    return False


def _grow(rows: list[Row], row: Row) -> None:
    """A subtitle that is put below the one before, which stays: shown together from then on."""
    before = rows[-1]
    if row.start is not None and before.end is not None and before.start is not None and row.start > before.start:
        both = dataclasses.replace(before.cue.joined(row.cue), name=row.cue.name)
        end = max(before.end, row.end or row.start)
        before.end = min(before.end, row.start)
        rows.append(Row(row.start, end, both))
    else:
        before.cue = before.cue.joined(row.cue)
        before.end = max((end for end in (before.end, row.end) if end is not None), default=None)


def _language(code: bytes) -> str:
    from ttconv.stl.datafile import _LC_BCP47_MAP

    return str(_LC_BCP47_MAP.get(code.upper(), ""))


FORMAT = Format(
    id="stl",
    label="EBU STL",
    suffixes=(".stl",),
    magic=re.compile(rb"[0-9A-Za-z ]{3}STL\d\d\.\d\d", re.DOTALL),
    read=read,
)
