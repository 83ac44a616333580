# SPDX-License-Identifier: GPL-3.0-or-later
"""MacCaption's MCC: closed captions frame by frame, as packets of ancillary data (SMPTE ST 334-2) in hexadecimal
digits, with letters in place of bytes that come often.

Of each packet the captions of CEA-608 are taken, which stand in it beside those of CEA-708 and say the same, and read
as SCC has them.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from fractions import Fraction

from ...text import Text
from ..document import Document, Kind, quoted
from ..lines import lines_of
from ..times import NTSC, from_timecode
from . import scc
from .base import Findings, Format, Source

HEAD = "mcc.head"
"""Of a document's `extra`: the lines of the head, as they came."""

_LINE = re.compile(r"(\d{1,3}):(\d\d):(\d\d)[:;.,](\d\d)(?:\.\d{1,2})?\s+(\S+)\s*$")
_RATE = re.compile(r"Time Code Rate\s*=\s*(\d{2})(DF)?\s*$", re.IGNORECASE)
_RATES = {24: Fraction(24000, 1001), 30: NTSC, 60: 2 * NTSC}
"""Frames a second where the number is rounded."""
_SHORT = {
    **{chr(ord("G") + count): (count + 1) * "FA0000" for count in range(9)},
    "P": "FB8080", "Q": "FC8080", "R": "FD8080", "S": "9669", "T": "6101", "U": "E1000000", "Z": "00",
}  # fmt: skip
"""Letters that stand for bytes."""
_LONG = str.maketrans(_SHORT)
_NO_DIGITS = re.compile(r"[^0-9A-Fa-f]+")
_FIRST_PART = 10
"""Where behind its heads a packet begins that is a time code (0x71) or captions (0x72)."""
_TIME_CODE_BYTES = 5
_FIELDS = {0xFC: 0, 0xFD: 1}
"""The first byte of a triplet that holds a pair of bytes of CEA-608, and of which field of the picture."""
_EMPTY = 0x8080
_LONGEST_GAP = 2
"""Frames between two pairs of one line of SCC."""
_HEAD_LINE = re.compile(r"//|[A-Za-z][\w ]{2,30}=")


def read(source: Source) -> Document:
    """Channel 1, or that of the options' track. Raises SubtitleFileError where there are captions of CEA-708 only."""
    findings = Findings()
    head: list[str] = []
    has_packets = False
    frames: list[tuple[int, int, _Pairs]] = []
    for frame in _frames(source.text, head, findings):
        has_packets = True
        if any(frame[2]):
            frames.append(frame)
    field = next((field for field in (0, 1) if any(pairs[field] for _, _, pairs in frames)), None)
    if field is None and has_packets:
        raise source.broken(Text("its captions are those of CEA-708 only, which cannot be read"))
    text = _as_scc([(number, frame, pairs[field]) for number, frame, pairs in frames] if field is not None else [])
    document = scc.read(dataclasses.replace(source, text=text))
    extra = {**document.extra, HEAD: "\n".join(head)} if head else document.extra
    return dataclasses.replace(document, extra=extra).with_findings(findings.done())


_Pairs = tuple[list[int], list[int]]


def _frames(text: str, head: list[str], findings: Findings) -> Iterator[tuple[int, int, _Pairs]]:
    """Of each line with a packet its number, the frame at 29.97 a second, and the pairs of both fields."""
    rate, drops = NTSC, False
    for number, line in enumerate(lines_of(text), 1):
        stripped = line.strip("\ufeff \t")
        match = _LINE.match(stripped)
        if match is None:
            if found := _RATE.match(stripped):
                rate, drops = _RATES.get(int(found[1]), Fraction(max(1, int(found[1])))), found[2] is not None
            if _HEAD_LINE.match(stripped):
                head.append(stripped)
            else:
                findings.stray(number, stripped)
            continue
        hours, minutes, seconds, count = (int(match[index]) for index in range(1, 5))
        time = from_timecode(hours, minutes, seconds, count, rate, drops)
        yield number, round(time * NTSC), _pairs(_bytes(match[5], number, findings))


def _bytes(said: str, number: int, findings: Findings) -> bytes:
    digits = said.translate(_LONG)
    for match in _NO_DIGITS.finditer(digits):
        message = Text('"{text}" is no code of captions; it was left out.', text=quoted(match[0]))
        findings.add(Kind.BROKEN, message, number, match[0])
    plain = _NO_DIGITS.sub("", digits)
    return bytes.fromhex(plain[: len(plain) // 2 * 2])


def _pairs(packet: bytes) -> _Pairs:
    """The pairs of bytes of CEA-608 in a packet, by field, those that say nothing left out."""
    fields: _Pairs = ([], [])
    start = _FIRST_PART + (_TIME_CODE_BYTES if packet[_FIRST_PART : _FIRST_PART + 1] == b"\x71" else 0)
    if packet[start : start + 1] != b"\x72" or start + 1 >= len(packet):
        return fields
    for at in range(start + 2, min(start + 2 + 3 * (packet[start + 1] & 0x1F), len(packet) - 2), 3):
        field = _FIELDS.get(packet[at])
        pair = packet[at + 1] << 8 | packet[at + 2]
        if field is not None and pair & 0x7F7F:
            fields[field].append(pair)
    return fields


def _as_scc(frames: list[tuple[int, int, list[int]]]) -> str:
    """The lines of SCC that say the same, each in the line of the file where it begins."""
    lines: list[str] = []
    following = -1
    for number, frame, pairs in frames:
        if not pairs:
            continue
        gap = frame - following
        if lines and 0 <= gap <= _LONGEST_GAP:
            lines[-1] += f" {_EMPTY:04x}" * gap
        else:
            lines += [""] * (number - len(lines) - 1)
            lines.append(f"{_clock(frame)}\t")
        lines[-1] += "".join(f" {pair:04x}" for pair in pairs)
        following = frame + len(pairs)
    return "\n".join(lines)


def _clock(frame: int) -> str:
    seconds, rest = divmod(frame, 30)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}:{rest:02}"


FORMAT = Format(
    id="mcc",
    label="MCC (closed captions)",
    suffixes=(".mcc",),
    sign=re.compile(r"\AFile Format=MacCaption_MCC", re.IGNORECASE),
    read=read,
)
