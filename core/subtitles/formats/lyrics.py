# SPDX-License-Identifier: GPL-3.0-or-later
"""Lyrics of Kugou (KRC), QQ Music (QRC) and NetEase (YRC), as they are after decoding: `[begin,length]` in thousandths
before each line, and the times of each word before it or behind it.

KRC counts its words' `<begin,length,0>` from the beginning of the line, QRC's `(begin,length)` stands behind each word
and YRC's `(begin,length,0)` before it. QRC may stand inside of XML; YRC has credits as lines of JSON.
"""

from __future__ import annotations

import dataclasses
import html
import json
import re

from ...cues import new_cue
from ..document import Cue, Document
from ..lines import lines_of
from .base import Findings, Format, Source, is_too_long
from .lrc import of_words
from .settling import Row, as_row, settled
from .tags import tidied_text

TAGS = "lyrics.tags"
"""Of a document's `extra`: `[ti:...]` and its like, and what stands around the lyrics in XML, as they came."""

_LINE = re.compile(r"\s*\[(\d{1,9}),(\d{1,9})\](.*)$")
_BEFORE = re.compile(r"<(\d{1,9}),(\d{1,9})(?:,-?\d{1,9})?>|\((\d{1,9}),(\d{1,9}),-?\d{1,9}\)")
"""Times of a word in front of it: from the beginning of the line, or of all."""
_BEHIND = re.compile(r"\((\d{1,9}),(\d{1,9})\)")
_TAG = re.compile(r"\s*\[\s*[a-zA-Z#][\w -]*+\s*:.*\]\s*$")
_CONTENT = re.compile(r"LyricContent=\"([^\"]*)(?:\"|\Z)")


def read(source: Source) -> Document:
    """Never raises."""
    findings = Findings()
    rows: list[Row | Cue] = []
    text, kept = _unwrapped(source.text)
    for number, line in enumerate(lines_of(text), 1):
        if match := _LINE.match(line):
            rows.append(_row(match, number, findings))
        elif _TAG.match(line):
            kept.append(line.strip())
        elif credit := _credit(line, number):
            rows.append(credit)
        else:
            findings.stray(number, line.strip("\ufeff \t"))
    extra = {TAGS: "\n".join(kept)} if kept else {}
    return Document(tuple(settled(_with_ends(rows), findings)), extra=extra, findings=findings.done())


def _unwrapped(text: str) -> tuple[str, list[str]]:
    """The lyrics inside of XML, in the lines where they stand there, and what stands around them."""
    match = _CONTENT.search(text)
    if match is None:
        return text, []
    above = text.count("\n", 0, match.start())
    around = [text[: match.start(1)], text[match.end(1) :]]
    return "\n" * above + html.unescape(match[1]), [part.strip() for part in around if part.strip()]


def _row(match: re.Match[str], number: int, findings: Findings) -> Row | Cue:
    start, length, raw = int(match[1]), int(match[2]), match[3]
    end = start + length
    if is_too_long(raw, "<("):
        findings.too_long(number)
        timed = []
    else:
        timed = _timed(raw, start)
    if timed:
        cue = of_words(start / 1000, number, [*timed, (max(end / 1000, timed[-1][0]), "")])
    else:
        cue = new_cue(start / 1000, end / 1000, tidied_text(raw)[0], line=number)
    cue = dataclasses.replace(cue, end=end / 1000)
    return as_row(cue.start, cue.end if length else None, cue, f"[{match[1]},{match[2]}]")


def _timed(raw: str, start: int) -> list[tuple[float, str]]:
    """The words of a line with their times in seconds; none where they have none."""
    marks = list(_BEFORE.finditer(raw))
    if marks:
        edges = [*(mark.start() for mark in marks[1:]), len(raw)]
        pieces = [raw[mark.end() : edge] for mark, edge in zip(marks, edges, strict=True)]
        pieces[0] = raw[: marks[0].start()] + pieces[0]
        times = [start + int(mark[1]) if mark[1] else int(mark[3]) for mark in marks]
    else:
        marks = list(_BEHIND.finditer(raw))
        edges = [0, *(mark.end() for mark in marks)]
        pieces = [raw[edge : mark.start()] for edge, mark in zip(edges, marks, strict=False)]
        times = [int(mark[1]) for mark in marks]
        if marks:
            pieces[-1] += raw[marks[-1].end() :]
    return [(time / 1000, piece) for time, piece in zip(times, pieces, strict=True)]


def _credit(line: str, number: int) -> Row | None:
    """A line of JSON: when it is shown, and the pieces of its text."""
    if not line.lstrip("\ufeff").startswith("{"):
        return None
    try:
        data = json.loads(line.lstrip("\ufeff"))
        text = "".join(piece["tx"] for piece in data["c"])
        known = data.keys() == {"t", "c"} and all(piece.keys() <= {"tx", "li", "or"} for piece in data["c"])
        start = int(data["t"]) / 1000
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError):
        return None
    if not known or not text.strip() or start < 0:
        return None
    extra = {f"{TAGS}.links": line} if any(piece.keys() > {"tx"} for piece in data["c"]) else {}
    return Row(start, None, new_cue(start, start, tidied_text(text)[0], line=number, extra=extra), line)


def _with_ends(rows: list[Row | Cue]) -> list[Row | Cue]:
    """Credits last until the next line."""
    for index, row in enumerate(rows[:-1]):
        following = rows[index + 1].start
        if isinstance(row, Row) and row.end is None and row.start is not None and following is not None:
            row.end = following if following > row.start else None
    return rows


FORMAT = Format(
    id="krc",
    label="Lyrics of Kugou, QQ and NetEase",
    suffixes=(".krc", ".qrc", ".yrc"),
    sign=re.compile(
        r"^[ \t]*\[\d{1,9},\d{1,9}\](?:[<(]\d+,\d+|[^\n(]*\(\d+,\d+\))|\A\s*<\?xml[^>]*>\s*<QrcInfos>", re.MULTILINE
    ),
    read=read,
)
