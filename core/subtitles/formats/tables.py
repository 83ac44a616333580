# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables: CSV and TSV, with a line of headings (`start,end,text`) or without one.

Whisper writes thousandths (`0	1230	Hello`), editors write clocks, spreadsheets part with semicolons. A column
that we have no word for is kept with its cue.
"""

from __future__ import annotations

import csv
import dataclasses
import functools
import io
import itertools
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction

from ...cues import new_cue, set_times
from ...text import Text
from ..document import Cue, Document, Kind
from ..lines import lines_of
from ..times import clock, clock_pattern, counts_frames, guessed_rate, plain_signs, seconds_of
from .base import Findings, Format, Source, WriteOptions
from .settling import FALLBACK_DURATION, Row, as_row, settled
from .tags import tidied_text

COLUMN = "csv."
"""What the keys of a cue's `extra` begin with: a column's heading follows."""
HEADING = "csv.heading"
"""Of a document's `extra`: the headings, as they came."""

_START = (
    "start|begin|from|in|tc in|timecode in|start time|starttime|in time|show|"
    "start tc|tc start|in tc|start timecode|timecode start|start timestamp|begin time|in point|mark in|record in"
)
_END = (
    "end|stop|to|out|tc out|timecode out|end time|endtime|out time|hide|"
    "end tc|tc end|out tc|end timecode|timecode end|end timestamp|out point|mark out|record out"
)
_NAMES = {
    "start": tuple(_START.split("|")),
    "end": tuple(_END.split("|")),
    "time": ("tc", "timecode", "timestamp", "time"),
    "length": ("duration", "length", "dur"),
    "text": (
        "text",
        "subtitle",
        "caption",
        "content",
        "transcript",
        "transcription",
        "sentence",
        "dialogue",
        "line",
        "description",
        "comment",
        "note",
    ),
    "title": ("marker name",),
    "speaker": ("speaker", "speaker name", "speaker label", "name", "character", "actor", "voice"),
    "number": ("number", "no", "nr", "#", "id", "index", "n"),
}
_REMARKS = ("description", "comment", "note")
_UNIT = re.compile(
    r"\s*[\[(]?\s*(?:in\s+)?(ms|milliseconds?|millis|s|sec|seconds?)\s*[\])]?\s*$|\s+in\s+(milliseconds|seconds)$"
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_HOW = re.compile(r"[\[(][^\[()\]]*[\])]$")
"""How its times are written: `Start (hh:mm:ss)`."""
_PARTED_BY = re.compile(r"\ufeff?\"?sep=[^\n]\"?\n", re.IGNORECASE)
_WITH_COMMAS = re.compile(
    r"^((?:[^,\n\"]*,)?)(\d{1,3}:\d\d:\d\d),(\d{3}),(\d{1,3}:\d\d:\d\d),(\d{3})(?=,)", re.ASCII | re.MULTILINE
)
_HEAD = 4096
"""Characters in which such times are looked for."""
_CLOCK = re.compile(clock_pattern())
_LONGEST_TIME = 40
"""Characters."""
_NUMBER = re.compile(r"-?\d{1,12}(?:[.,]\d{1,9})?")
_MOST_LINES = 40
"""Lines of one field. What is quoted over more is a quote that somebody forgot to close."""
_MOST_FIELDS = 1000
"""Of a record. What stands behind them is part of the last."""
_SOME = 200
"""Records that show what whole numbers mean."""
_DELIMITERS = "\t;,|"
_SAMPLE = 20
"""Records that show what the columns are."""


def read(source: Source) -> Document:
    """Never raises."""
    source = dataclasses.replace(source, text=_as_meant(source.text))
    delimiter = _delimiter(source.text)
    findings = Findings()
    first = [fields for _, fields in itertools.islice(_records(source.text, delimiter, findings), 1 + _SAMPLE)]
    if not first:
        return Document(findings=findings.done())
    return _Table(source, delimiter, *_layout(*first)).document()


def _as_meant(text: str) -> str:
    """The text without Excel's line that says what parts its columns, and with full stops before the thousandths of
    times whose commas part columns as well."""
    if match := _PARTED_BY.match(text):
        text = "\n" + text[match.end() :]
    return _WITH_COMMAS.sub(r"\1\2.\3,\4.\5", text) if _WITH_COMMAS.search(text, 0, _HEAD) else text


def _layout(first: list[str], *below: list[str]) -> tuple[list[str], list[str]]:
    """The headings, if it has some, and what each column is, by the first records."""
    if known := _heading(first):
        return first, known
    if below and not any(_is_time(field) for field in first):
        columns = _by_content(first, below)
        if {"start", "end", "text"} <= set(columns):
            return first, columns
    return [], _guessed(first)


def _by_content(heading: Sequence[str], sample: Sequence[Sequence[str]]) -> list[str]:
    """What each column is where its heading is in another language: by the fields below, and who speaks by its name."""
    columns = [column if (column := _column(name)) in ("speaker", "number", "length") else "" for name in heading]
    fields = {index: [row[index] for row in sample if index < len(row)] for index in range(len(heading))}
    free = [index for index, column in enumerate(columns) if not column]
    times = [index for index in free if fields[index] and all(map(_is_clock, filter(None, fields[index])))]
    for index, column in zip(times[:2], ("start", "end"), strict=False):
        columns[index] = column
    texts = [index for index in free if index not in times]
    if texts:
        columns[max(texts, key=lambda index: sum(map(len, fields[index])))] = "text"
    return columns


class _Table:
    """One file. Its records are gone through as often as need be, and never all there at a time."""

    def __init__(self, source: Source, delimiter: str, heading: list[str], columns: list[str]) -> None:
        self._source = source
        self._delimiter = delimiter
        self._heading, self._columns = heading, columns
        self._has_ends = "end" in self._columns or "length" in self._columns
        self._findings = Findings()
        some = [fields for _, fields in itertools.islice(self._told(Findings()), _SOME)]
        self._scale = _scale(self._heading, self._columns, some)

    def document(self) -> Document:
        rows = [self._row(number, fields) for number, fields in self._told(self._findings)]
        if not self._has_ends:
            _until_the_next(rows)
        rate = self.__dict__.get("_rate")  # Nobody needed it where no time counts frames.
        extra = {HEADING: self._delimiter.join(self._heading)} if self._heading else {}
        cues = settled(rows, self._findings)
        return Document(tuple(cues), fps=rate, extra=extra, findings=self._findings.done())

    def _told(self, findings: Findings) -> Iterator[tuple[int, list[str]]]:
        """The records that say more than times: a text, or something in another column."""
        columns = self._columns
        records = _records(self._source.text, self._delimiter, findings)
        for number, fields in itertools.islice(records, 1 if self._heading else 0, None):
            if fields[0].strip() == "\\":  # The frequencies of a label of Audacity's.
                findings.stray(number, " ".join(fields))
            elif "text" in columns[: len(fields)] or any(
                field.strip() and (index >= len(columns) or not columns[index] or columns[index] in columns[:index])
                for index, field in enumerate(fields)
            ):
                if any(field.strip() for field in fields):
                    yield number, fields
            else:
                findings.stray(number, " ".join(fields))

    @functools.cached_property
    def _rate(self) -> Fraction | None:
        """The frames a second, where most of the times count frames; None where they do not."""
        wanted = [index for index, column in enumerate(self._columns) if column in ("start", "end", "length")]
        number = counted = 0
        most = -1
        drops = False
        for _, fields in self._told(Findings()):
            for field in [fields[index] for index in wanted if index < len(fields)]:
                match = _clock_of(field) if len(field) < _LONGEST_TIME else None
                number += match is not None
                if match is not None and counts_frames(match):
                    counted += 1
                    drops = drops or match["mark"] == ";"
                    most = max(most, int(match["f"]))
        if not counted or counted < number / 2:
            return None
        said = self._source.options.fps
        if said is None:
            self._findings.rate_taken(guessed_rate(most, drops))
        return said or guessed_rate(most, drops)

    def _row(self, number: int, fields: list[str]) -> Row | Cue:
        columns = self._columns
        if len(fields) > len(columns) and columns and columns[-1] == "text":
            # A text with the sign in it that should part the fields.
            fields = [*fields[: len(columns) - 1], self._delimiter.join(fields[len(columns) - 1 :])]
        values: dict[str, str] = {}
        extra: dict[str, str] = {}
        for index, field in enumerate(fields):
            column = columns[index] if index < len(columns) else ""
            if column and column not in values:
                values[column] = field
            elif field.strip():
                heading = self._heading[index] if index < len(self._heading) else ""
                extra[COLUMN + (heading if heading.strip() else str(index + 1))] = field
        if title := values.pop("title", "").strip():  # Of a marker: its text, where that is empty.
            if values.get("text", "").strip():
                extra[COLUMN + self._heading[columns.index("title")]] = title
            else:
                values["text"] = title
        times = [values.get(name, "") for name in ("start", "end", "length")]
        start, end, length = map(self._time, times)
        if end is None and start is not None and length is not None:
            end = start + length
        text, _ = tidied_text(values.get("text", "").replace("\r", "\n"))
        unread = " ".join(said for said, read in zip(times, (start, end, length), strict=True) if said and read is None)
        if not text and extra:
            unread = " ".join([unread, *extra.values()]).strip()
        name = values.get("number", "").strip()
        speaker = " ".join(values.get("speaker", "").split())
        end = end if self._has_ends else start
        cue = new_cue(start or 0.0, end or 0.0, text, speaker=speaker, name=name, extra=extra, line=number)
        return as_row(start, end, cue, unread)

    def _time(self, field: str) -> float | None:
        plain = plain_signs(field).strip()
        if len(plain) > _LONGEST_TIME:
            return None
        if _NUMBER.fullmatch(plain):
            return float(plain.replace(",", ".")) / self._scale
        match = _clock_of(plain)
        return seconds_of(match, rate=self._rate if counts_frames(match) else None) if match else None


def _delimiter(text: str) -> str:
    """What parts the fields: the headings, or else the sign that is twice and more in most of the first lines."""
    lines = [line for line in text.split("\n", 30)[:30] if line.strip()]
    first = lines[0].strip("\ufeff") if lines else ""
    parting = [sign for sign in _DELIMITERS if _heading([field.strip(' "') for field in first.split(sign)])]
    if parting:
        return max(parting, key=first.count)
    scores = {sign: sum(1 for line in lines if line.count(sign) >= 2) for sign in _DELIMITERS}
    best = max(scores.values(), default=0)
    # Tabs and semicolons are seldom part of a text, commas are.
    return next((sign for sign in _DELIMITERS if best and scores[sign] >= 0.9 * best), ",")


def _records(text: str, delimiter: str, findings: Findings) -> Iterator[tuple[int, list[str]]]:
    """The records of a file, with the line that each begins in."""
    # As Whisper writes tables: quotes are letters, unless a field has in it what must be quoted.
    are_letters = delimiter == "\t" and '"' not in text[: text.find("\n")]
    begins = re.compile(_record(delimiter))
    lines = lines_of(text)
    ahead: deque[str] = deque()
    """Lines that were looked at and belong to no record yet."""
    number = 1
    while (first := ahead.popleft() if ahead else next(lines, None)) is not None:
        if not first.strip("\ufeff \t"):
            number += 1
            continue
        line, more = _whole(first, lines, ahead, begins, "" if are_letters else delimiter)
        fields = _fields(line, delimiter) if line.count('"') % 2 == 0 else None
        if fields is None:
            ahead.extendleft(reversed(more))
            line, more = first, []
            fields = _fields(line, delimiter)
        if fields is None:
            fields = _split(line, delimiter)
            if not are_letters:
                findings.add(Kind.BROKEN, Text("a quote is not closed; it was read as a letter."), number)
        elif are_letters and _parted(line, delimiter) == fields:
            fields = _split(line, delimiter)
        if '"' not in line:
            # As they stand: a text with commas in it is put together again.
            fields = [field.strip("\ufeff") for field in _split(line, delimiter)]
        yield number, fields
        number += 1 + len(more)


def _parted(line: str, delimiter: str) -> list[str]:
    """The fields of a record whose quotes are letters, without those around a whole field: as it is read by the rules,
    if nothing in it had to be quoted."""
    return [re.sub(r'\A"(.*)"\Z', r"\1", field) for field in _split(line, delimiter)]


def _split(line: str, delimiter: str) -> list[str]:
    return line.split(delimiter, _MOST_FIELDS)


def _whole(
    line: str, lines: Iterator[str], ahead: deque[str], begins: re.Pattern[str], delimiter: str
) -> tuple[str, list[str]]:
    """The line with those below that a quote in it goes on over, and these: taken from those ahead, then the others.
    It goes over no line that begins a record, unless the quote ends in that line as it must (with `delimiter`)."""
    more: list[str] = []
    while line.count('"') % 2 and len(more) + 1 < _MOST_LINES:
        following = ahead.popleft() if ahead else next(lines, None)
        if following is None:
            break
        ends = delimiter and following.count('"') % 2 == 1
        if begins.match(following) and not (ends and _fields(f"{line}\n{following}", delimiter)):
            ahead.appendleft(following)
            break
        more.append(following)
        line += "\n" + following
    return line, more


def _fields(line: str, delimiter: str) -> list[str] | None:
    """The fields of one record; None where it is not one."""
    if line.count(delimiter) > _MOST_FIELDS:
        return _split(line, delimiter)
    try:
        records = csv.reader(io.StringIO(line, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
        found = list(records)
    except csv.Error:
        return None
    return found[0] if len(found) == 1 and line.count('"') % 2 == 0 else None


def _heading(fields: Sequence[str]) -> list[str]:
    """What each column is, by its heading; empty where the line is none."""
    found = [_column(field) for field in fields]
    if "time" in found:  # A start, where nothing else is called that.
        index = found.index("time")
        found = ["" if column == "time" else column for column in found]
        found[index] = "" if "start" in found else "start"
    if "text" in found and any(field.strip().lower() in _REMARKS for field in fields):
        _without_remarks(fields, found)
    if "text" not in found and "start" in found and "end" in found:  # Resolve's list of an edit.
        found = [
            "text" if field.strip().lower() == "name" else column for field, column in zip(fields, found, strict=True)
        ]
    return found if "text" in found and ("start" in found or "end" in found) else []


def _without_remarks(fields: Sequence[str], found: list[str]) -> None:
    """A description, a comment or a note is the text only where nothing else is."""
    texts = [index for index, column in enumerate(found) if column == "text"]
    others = [index for index in texts if fields[index].strip().lower() not in _REMARKS]
    for index in set(texts) - set(others) if others else ():
        found[index] = ""


def _single_spaced(heading: str) -> str:
    """As `_UNIT` needs it, which takes quadratic time for many blanks in a row."""
    return " ".join(heading.lower().split())


def _column(heading: str) -> str:
    words = _single_spaced(_CAMEL.sub(" ", heading))
    plain = " ".join(_HOW.sub("", _UNIT.sub("", words)).replace("_", " ").split())
    return next((column for column, names in _NAMES.items() if plain in names), "")


def _guessed(fields: Sequence[str]) -> list[str]:
    """What each column is, without headings: two times, and the longest of the others is the text."""
    columns = [""] * len(fields)
    times = [index for index, field in enumerate(fields) if _is_time(field)]
    if len(times) >= 3 and len(times) < len(fields):
        columns[times[0]] = "number"
        times = times[1:]
    for index, column in zip(times[:2], ("start", "end"), strict=False):
        columns[index] = column
    others = [index for index, column in enumerate(columns) if not column]
    if others:
        columns[max(others, key=lambda index: len(fields[index]))] = "text"
    return columns


def _is_time(field: str) -> bool:
    return _NUMBER.fullmatch(field.strip()) is not None or _is_clock(field)


def _is_clock(field: str) -> bool:
    return len(field) < _LONGEST_TIME and _clock_of(field) is not None


def _scale(heading: Sequence[str], columns: Sequence[str], records: Sequence[Sequence[str]]) -> int:
    """Units in a second: as the heading says; else thousandths where all times are whole numbers, as Whisper's are."""
    for name, column in zip(heading, columns, strict=False):
        match = _UNIT.search(_single_spaced(_CAMEL.sub(" ", name))) if column in ("start", "end", "length") else None
        if match is not None:
            return 1000 if (match[1] or match[2]).startswith("m") else 1
    wanted = [index for index, column in enumerate(columns) if column in ("start", "end")]
    values = [fields[index].strip() for fields in records for index in wanted if index < len(fields)]
    return 1000 if values and all(value.lstrip("-").isdigit() for value in values if value) else 1


def _clock_of(field: str) -> re.Match[str] | None:
    return _CLOCK.fullmatch(plain_signs(field).strip())


def _until_the_next(rows: Iterable[Row | Cue]) -> None:
    """For a table that has no column of ends: each lasts until the next one."""
    timed = [row for row in rows if row.start is not None]
    for row, later in itertools.zip_longest(timed, itertools.islice(timed, 1, None)):
        start, following = row.start or 0.0, later.start if later is not None else None
        end = following if following is not None and following > start else start + FALLBACK_DURATION
        if isinstance(row, Row):
            row.end = end
        else:
            set_times(row, start, end)


def write_csv(document: Document, format: Format, options: WriteOptions) -> str:
    """`number,start,end,speaker,text` with clocks, as spreadsheets read them."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    own = document.format == format.id
    others = sorted({key for cue in document.cues for key in cue.extra if key.startswith(COLUMN)}) if own else []
    writer.writerow(["number", "start", "end", "speaker", "text", *(key.removeprefix(COLUMN) for key in others)])
    for number, cue in enumerate(document.cues, 1):
        more = [cue.extra.get(key, "") for key in others]
        writer.writerow([number, clock(cue.start), clock(cue.end), cue.speaker, cue.text, *more])
    return out.getvalue()


def write_tsv(document: Document, format: Format, options: WriteOptions) -> str:
    """As Whisper writes it: thousandths, and a text in one line."""
    lines = ["start\tend\ttext"]
    for cue in document.cues:
        lines.append(f"{round(cue.start * 1000)}\t{round(cue.end * 1000)}\t{' '.join(cue.text.split())}")
    return "\n".join(lines) + "\n"


def _record(delimiter: str) -> str:
    """How a record begins, as a pattern: two times, with a number or a name before them or not."""
    blank = rf"[^\S\n{delimiter}]*+"
    point = r"\." if delimiter == "," else "[.,]"
    clock = (
        r"\d{1,9}:\d{1,2}:\d{1,2}(?:[.,:;]\d{1,3})?|\d{1,9}:\d{1,2}[.,]\d{1,3}"
        rf"|\d{{1,9}}(?:{point}\d{{1,6}})?"
    )
    time = rf"\"?{blank}(?:{clock}){blank}\"?"
    return rf"(?:[^{delimiter}\n]*{delimiter})??{time}{delimiter}{time}{delimiter}"


def _sign(delimiter: str) -> re.Pattern[str]:
    blank = rf"[^\S\n{delimiter}]*+"
    starts = "|".join(re.escape(name).replace(r"\ ", "[ _]") for name in (*_NAMES["start"], *_NAMES["end"]))
    texts = "|".join(_NAMES["text"])
    times = "|".join(_NAMES["time"])
    begins = rf"(?:{starts})(?:\b|(?=_?(?:ms|millis|milliseconds|sec|seconds)\b))|(?:{times})\"?{blank}{delimiter}"
    head = r"\A(?:\"?sep=[^\n]\"?\n)?"
    heading = rf"{head}(?=[^\n]*(?:^|{delimiter}){blank}\"?(?:{begins}))(?=[^\n]*(?:{texts})\b)[^\n]*{delimiter}"
    plain = rf"{head}(?!\d\d;\d\d;\d\d;\d\d(?!\d)){_record(delimiter)}[^\n]*[^\d\s,.:;][^\n]*$"
    clock = r"\"?\d{1,2}:\d{2}:\d{2}(?:[.,:;]\d{1,3})?\"?"
    below = rf"(?:[^{delimiter}\n]*{delimiter}){{0,3}}?{clock}{delimiter}{clock}(?:{delimiter}|$)"
    foreign = rf"{head}(?=[^\n]*{delimiter})(?![^\n]*\d:\d)[^\n]*+\n{below}"
    return re.compile(rf"{heading}|{plain}|{foreign}", re.IGNORECASE | re.MULTILINE)


CSV = Format(
    id="csv",
    label="CSV table",
    suffixes=(".csv",),
    sign=re.compile(rf"{_sign(',').pattern}|{_sign(';').pattern}", re.IGNORECASE | re.MULTILINE),
    read=read,
    write=write_csv,
    keeps=frozenset({"speaker"}),
)
TSV = Format(
    id="tsv",
    label="TSV table (Whisper)",
    suffixes=(".tsv",),
    sign=_sign("\t"),
    read=read,
    write=write_tsv,
    exact=False,
    keeps=frozenset(),
)
