# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation Alpha, `.ass` and `.ssa`: read so that what is written again differs only in what was changed.

All sections are kept as they came; of each event the row, and its text where it has tags. Where text, formatting,
place, style or times of a cue were changed, that part of its row is written anew. Not pysubs2's reading, which folds
or drops rows that it cannot read; it makes SSA out of what is written here for other formats.
"""

from __future__ import annotations

import dataclasses
import re

from ...cues import new_cue
from ...markup import BELOW, BOLD, COLOR, FONT, ITALIC, SIZE, STRIKE, UNDERLINE, Placing
from ...text import Text
from ..document import Cue, Document, Kind, Style, quoted
from ..lines import Together, lines_of
from . import overrides
from .base import Findings, Format, Source, is_too_long
from .settling import Row, as_row, cue_of, settled
from .substation_rows import (
    ASS_FIELDS,
    BEFORE,
    EVENT,
    FIELDS,
    HEAD,
    INDEX,
    RESOLUTION,
    ROW,
    TAIL,
    lowered,
    names_of,
    number_in,
    plain_row,
    plain_values,
    seconds_in,
    style_of,
    whole_resolution,
    with_full_stops,
)
from .substation_text import RAW, read_text
from .substation_writing import write
from .tags import needs_tidying
from .timings import days_as_hours

_MOST_COLUMNS = 100
"""Ten are in use. What names more is kept and not gone by."""
_SECTION = re.compile(r"\[[\w +.-]*[a-z][\w +.-]*\]", re.IGNORECASE)
_OTHER_LINE = re.compile(r"[;!]|(?:Format|Style|Picture|Sound|Movie|Command)\s*:", re.IGNORECASE)
_EVENTS = re.compile(r"^\[Events\]", re.IGNORECASE | re.MULTILINE)
_STYLES = re.compile(r"^\[V4\+? Styles\+?\]", re.IGNORECASE | re.MULTILINE)
_MARKED = re.compile(r"\s*Marked=-?\d\s*", re.IGNORECASE)
_SIGN_TIME = r"[ \t]*\d{1,3}:\d\d:\d\d[.:]\d{1,3}[ \t]*,"
_LAYERED = re.compile(rf"^Dialogue:[ \t]*\d{{1,9}},{_SIGN_TIME}{_SIGN_TIME}", re.IGNORECASE | re.MULTILINE)
_OLD_STYLES = re.compile(r"^\[V4 Styles\]|^ScriptType:\s*v4\.00\s*$", re.IGNORECASE | re.MULTILINE)


def read(source: Source) -> Document:
    """Never raises."""
    return _File(source.text).document()


class _File:
    def __init__(self, text: str) -> None:
        self._text = text
        self._findings = Findings()
        self._fields: tuple[str, ...] = names_of(ASS_FIELDS)
        self._columns = lowered(self._fields)
        self._quick, self._groups = plain_row(self._columns)
        self._first_fields = self._fields
        self._head, self._tail, self._waiting = Together(), Together(), Together()
        self._rows: list[Row | Cue] = []
        self._more = Together("\\N")
        """Lines that go on with the text of the last of them."""
        self._hidden: list[Cue] = []
        self._events = 0
        self._styles: dict[str, Style] = {}
        self._style_fields: tuple[str, ...] = ()
        self._said_size = 0.0, 0.0
        self._resolution = whole_resolution(*self._said_size)

    def document(self) -> Document:
        self._styles_below()
        section = ""
        for number, line in enumerate(lines_of(self._text), 1):
            if section == "events" and self._plain(line, number):
                continue
            stripped = line.strip("\ufeff \t")
            if _SECTION.fullmatch(stripped):
                section = stripped[1:-1].lower()
                self._kept(line)
            else:
                self._line(section, stripped, line, number)
        self._take_more()
        cues = settled(self._rows, self._findings, sort=False)
        extra = {
            HEAD: self._head.taken().rstrip("\n"),
            FIELDS: ", ".join(self._first_fields if self._events else self._fields),
        }
        tail = f"{self._waiting.taken()}\n{self._tail.taken()}".strip("\n")
        if tail:
            extra[TAIL] = tail
        return Document(
            tuple(cues),
            styles=self._styles,
            hidden=tuple(self._hidden),
            extra=extra,
            findings=self._findings.done(),
        )

    def _styles_below(self) -> None:
        """Take in the styles that stand below the events, which say what these look like all the same."""
        events = _EVENTS.search(self._text)
        found = _STYLES.search(self._text, events.end()) if events else None
        section = ""
        for line in lines_of(self._text, found.start()) if found else ():
            stripped = line.strip("\ufeff \t")
            if _SECTION.fullmatch(stripped):
                section = stripped[1:-1].lower()
            else:
                key, _, rest = stripped.partition(":")
                self._before_events(section, key.lower(), rest)

    def _kept(self, line: str) -> None:
        (self._tail if self._events else self._head).add(line)

    def _plain(self, line: str, number: int) -> bool:
        """Take in a line of an event as nearly all are: all columns, times as they should be, no tags. Else False."""
        match = self._quick.match(line) if self._quick is not None and not self._waiting else None
        if match is None:
            return False
        self._take_more()
        start, end, layer, style, speaker = plain_values(match, self._groups)
        row, raw = match.group("row", "text")
        text = raw.replace("\\N", "\n") if "\\" in raw else raw
        if "{" in raw or raw[:1] == "," or "\\" in text or start >= end or not text.strip() or needs_tidying(text):
            return False
        align = self._align_of(style)
        extra = self._extra(row)
        if text != raw:
            extra[RAW] = raw
        placing = BELOW if align == 2 else Placing(align)
        self._rows.append(new_cue(start, end, text, (), placing, style, speaker, layer, "", extra, number))
        return True

    def _line(self, section: str, stripped: str, line: str, number: int) -> None:
        key, colon, rest = stripped.partition(":")
        key = key.lower()
        in_events = section in ("events", "")
        if section in ("fonts", "graphics"):
            self._kept(line)
        elif key in ("dialogue", "comment") and colon:
            self._event("Comment" if key == "comment" else "Dialogue", stripped, rest, number)
        elif key == "format" and in_events:
            named = tuple(field.strip() for field in rest.split(",", _MOST_COLUMNS))
            if {"start", "end", "text"} <= set(lowered(named)) and named[-1].lower() == "text":
                self._fields = named
                self._columns = lowered(named)
                self._quick, self._groups = plain_row(self._columns)
            if self._events and section == "events":
                self._waiting.add(line)  # Other columns from here on.
            else:
                self._kept(line)
        elif not self._events:
            self._before_events(section, key, rest)
            self._kept(line)
        elif section == "events":
            if stripped and not self._goes_on(stripped, number):
                self._waiting.add(line)
        else:
            self._kept(line)

    def _goes_on(self, stripped: str, number: int) -> bool:
        """Take a line for more of the event above it, where that is shown and this says nothing else: a text that was
        written with its line ends."""
        row = self._rows[-1] if self._rows and not self._waiting else None
        if row is None or cue_of(row).extra[INDEX] != str(self._events - 1) or _OTHER_LINE.match(stripped):
            return False
        self._more.add(stripped)
        message = Text('"{text}" has no time; it was added to the subtitle above it.', text=quoted(stripped))
        self._findings.add(Kind.BROKEN, message, number)
        return True

    def _take_more(self) -> None:
        """Put the lines that belong to the last event behind its text: all at once, for there may be thousands."""
        if not self._more:
            return
        row = self._rows[-1]
        cue = cue_of(row)
        raw = f"{cue.extra.get(RAW, cue.text)}\\N{self._more.taken()}"
        if "{" in raw and is_too_long(raw, "{\\"):
            self._findings.too_long(cue.line)
        read = read_text(raw, self._align_of(cue.style), self._resolution)
        extra = {**cue.extra, RAW: raw}
        cue = dataclasses.replace(cue, text=read.text, spans=read.spans, placing=read.placing, extra=extra)
        self._rows[-1] = dataclasses.replace(row, cue=cue) if isinstance(row, Row) else cue

    # Above the events

    def _before_events(self, section: str, key: str, rest: str) -> None:
        if section.endswith("styles"):
            if key == "format":
                self._style_fields = lowered(field.strip() for field in rest.split(",", _MOST_COLUMNS))
            elif key == "style" and (style := style_of(self._style_fields, rest, section)):
                self._styles[style.name] = style
        elif found := RESOLUTION.match(f"{key}:{rest}"):
            x, y = self._said_size
            lines = float(found[2])
            self._said_size = (lines or x, y) if found[1] in "Xx" else (x, lines or y)
            self._resolution = whole_resolution(*self._said_size)

    # Events

    def _event(self, kind: str, stripped: str, rest: str, number: int) -> None:
        self._take_more()
        if " day" in rest:  # Twitch-Chat-Downloader, of streams of a day and more.
            for column in sorted(map(self._columns.index, ("start", "end"))):
                rest = days_as_hours(rest, column)
        if rest.count(":") > 3:
            rest = with_full_stops(rest.lstrip())
        values = self._values(stripped, rest, number)
        if values is None:
            return
        row = dict(zip(self._columns, values, strict=True))
        extra = self._extra(",".join(values[:-1]))
        if self._waiting:
            extra[BEFORE] = self._waiting.taken()
        style = row.get("style", "").strip()
        read = read_text(row["text"], self._align_of(style), self._resolution)
        if "{" in row["text"] and is_too_long(row["text"], "{\\"):
            self._findings.too_long(number)
        if read.text != row["text"]:
            extra[RAW] = row["text"]
        start, end = seconds_in(row["start"]), seconds_in(row["end"])
        cue = Cue(
            start or 0.0, end or 0.0, read.text, spans=read.spans, placing=read.placing, style=style,
            speaker=row.get("name", row.get("actor", "")).strip(), layer=number_in(row.get("layer", "0")),
            extra=extra, line=number,
        )  # fmt: skip
        times = f"{row['start']},{row['end']}"
        made = as_row(start, end, cue, times)
        if kind == "Comment" or not read.text.strip() or (made.start is not None and made.start == made.end):
            self._hide(kind, made)
        else:
            self._rows.append(made)

    def _values(self, stripped: str, rest: str, number: int) -> list[str] | None:
        """What stands in the columns of an event; None where there are too few."""
        values = rest.lstrip().split(",", len(self._fields) - 1)
        if len(values) < len(self._fields) and (whole := self._filled(values)) is not None:
            self._findings.add(Kind.BROKEN, Text("columns are missing; what is there was read."), number)
            return whole
        if len(values) < len(self._fields):
            message = Text('"{text}" is incomplete; it was left out.', text=quoted(stripped))
            self._findings.add(Kind.BROKEN, message, number, stripped)
            return None
        row = dict(zip(self._columns, values, strict=True))
        if not (_MARKED.fullmatch(row.get("style", "")) and row["text"].startswith(",")):
            return values
        # One column too many: that of SSA, which a converter put before the style.
        values = rest.lstrip().split(",", len(self._fields))
        self._findings.add(Kind.BROKEN, Text("there is a column too many; it was skipped."), number, values[3])
        return [*values[:3], *values[4:]]

    def _filled(self, values: list[str]) -> list[str] | None:
        """The columns of an event that has too few: the text is the last of them. None where it has no text or no
        times that can be read."""
        times = [self._columns.index(name) for name in ("start", "end")]
        if len(values) <= max(times) + 1 or None in [seconds_in(values[index]) for index in times]:
            return None
        return [*values[:-1], *[""] * (len(self._fields) - len(values)), values[-1]]

    def _extra(self, row: str) -> dict[str, str]:
        """What is kept of an event, which is counted; `row`: all of it up to the text."""
        extra = {ROW: row, INDEX: str(self._events)}
        if not self._events:
            self._first_fields = self._fields
        elif self._fields != self._first_fields:
            extra[FIELDS] = ", ".join(self._fields)
        self._events += 1
        return extra

    def _hide(self, kind: str, row: Row | Cue) -> None:
        cue = cue_of(row)
        extra = {**cue.extra, EVENT: kind}
        self._hidden.append(dataclasses.replace(cue, start=row.start or 0.0, end=row.end or 0.0, extra=extra))
        if kind == "Comment":
            return
        if cue.text:
            message = Text('"{text}" has no length, so that nobody sees it.', text=quoted(cue.text))
            self._findings.add(Kind.HIDDEN, message, cue.line, cue.text)
        elif any(span.kind == overrides.DRAWING for span in cue.spans):
            self._findings.add(
                Kind.HIDDEN, Text("a drawing, not text; it is kept, and drawn where the file is burnt in."), cue.line
            )
        else:
            self._findings.add(Kind.HIDDEN, Text("an event without text; it is kept for SubStation only."), cue.line)

    def _align_of(self, style: str) -> int:
        found = self._styles.get(style) or self._styles.get(style.lstrip("*"))
        return found.align if found else 2


KEEPS = frozenset(
    {BOLD, ITALIC, UNDERLINE, STRIKE, COLOR, FONT, SIZE, "placing", "position", "style", "speaker", "layer"}
    | {overrides.TAG, overrides.KARAOKE, overrides.COMMENT, overrides.DRAWING}
)


def _looks_new(head: str) -> bool:
    """Whether there are events with layers, and no styles of the old version: often all that was copied of a file."""
    return _LAYERED.search(head) is not None and _OLD_STYLES.search(head) is None


ASS = Format(
    id="ass",
    label="Advanced SubStation Alpha",
    suffixes=(".ass",),
    sign=re.compile(r"^\[V4\+ Styles\]|^ScriptType:\s*v4\.00\+", re.IGNORECASE | re.MULTILINE),
    looks=_looks_new,
    read=read,
    write=write,
    keeps=KEEPS,
    family="substation",
    keeps_order=True,
)
SSA = Format(
    id="ssa",
    label="SubStation Alpha",
    suffixes=(".ssa",),
    sign=re.compile(
        rf"^\[(V4 Styles|Script Info|Events)\]\s*$|^Dialogue:[ \t]*Marked=\d,{_SIGN_TIME}", re.IGNORECASE | re.MULTILINE
    ),
    read=read,
    write=write,
    keeps=KEEPS - {"layer"},
    family="substation",
    keeps_order=True,
)
