# SPDX-License-Identifier: GPL-3.0-or-later
"""What JSON files of subtitles have in common: finding the rows, whatever is wrong with the file, and reading one.

Programs name the same things differently; all names that are known are in one table here. What a row says that we have
no word for is kept with its cue, as JSON.
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...cues import Word, new_cue
from ...text import Text
from ..document import Cue, Kind, quoted
from ..times import clock_pattern, plain_signs, seconds_of
from . import json_dialects, json_words
from .base import Findings, Source
from .settling import Row, as_row
from .tags import Empty, tidied_text

REST = "json.rest"
"""Of a cue's `extra`: the keys of its row that we have no word for, as JSON. Of a document's: those of the file."""
WORDS = "json.words"
"""Of a cue's `extra`: the same for each of its words, a list."""

THOUSANDTHS = ("startMillis", "startMs", "start_ms", "startTimeMs", "endMillis", "endMs", "end_ms", "endTimeMs")
"""Names of times that say their unit."""
STARTS = ("start", "begin", "from", "startTime", "start_time", "startSeconds", *THOUSANDTHS[:4])
ENDS = ("end", "stop", "to", "endTime", "end_time", "endSeconds", *THOUSANDTHS[4:])
_TIMES = tuple(name for name in (*STARTS, *ENDS) if name not in THOUSANDTHS)
LENGTHS = ("duration", "dur", "length")
TEXTS = ("text", "content", "caption", "transcript", "sentence", "line", "word", "body", "segment")
SPEAKERS = ("speaker", "speaker_label", "speaker_name", "speakerName")
_LISTS = ("cues", "segments", "transcription", "events", "subtitles", "captions", "chunks", "body", "lines", "results",
          "utterances", "sentences", "segment")  # fmt: skip
"""Keys that the list of rows has in the files of one program or another."""
_DEEPEST = 4
"""Objects inside each other that are looked into for such a list."""

_NOTHING: dict[str, Any] = {}
_CLOCK = re.compile(clock_pattern())
_OBJECT = re.compile(r"\{\s*\"")
_LONGEST_ROW = 100_000
"""Characters of a row of a broken file."""
_LEAST_THOUSANDTHS = 1000
"""A file that ends before is too short to tell by how fast it is spoken."""
_SLOWEST = 0.1
"""Letters a second: people say some ten."""
_MOST_ATTEMPTS = 20_000
_MOST_CHARACTERS = 50_000_000
"""Characters that are read in vain, a second's work: rows inside of rows inside of rows would be read once for each."""


def load(source: Source, findings: Findings) -> tuple[list[Any], dict[str, Any]]:
    """The rows of a file, and what it says besides. Raises SubtitleFileError where there are none.

    Of a broken file the rows that are whole are taken, and the rest is noted.
    """
    rows, others = _found(source, findings)
    for index, row in enumerate(rows):
        if isinstance(row, dict) and not _is_plain(row):
            rows[index] = json_dialects.in_our_words(row)
    json_dialects.until_the_next(rows, seconds)
    if isinstance(others.get("language_code"), str):  # Beside it `language` is a name.
        others["language"], others["language_name"] = others.pop("language_code"), others.get("language")
    return rows, others


def _found(source: Source, findings: Findings) -> tuple[list[Any], dict[str, Any]]:
    """The rows in the file's own words, and what it says besides."""
    try:
        data = json.loads(source.text, object_pairs_hook=_object)
    except RecursionError:
        raise source.broken(Text("its JSON is nested too deeply")) from None
    except ValueError as error:
        if (data := json_dialects.as_python(source.text)) is None:
            rows = list(_whole_rows(source.text, findings, getattr(error, "lineno", 0)))
            if not rows:
                raise source.broken(Text("it is broken ({detail})", detail=str(error)[:180])) from None
            return rows, {}
        findings.add(Kind.BROKEN, Text("it is written as Python shows it, not as JSON."), 1)
    if (spoken := json_words.rows_of(data)) is not None:
        return spoken, json_words.beside(data)
    if (found := json_dialects.rows_of(data)) is not None:
        return found
    if isinstance(data, list):
        return data, {}
    if isinstance(data, dict) and (listed := _listed(data)) is not None:
        return listed
    raise source.broken(Text("it is JSON, but not of subtitles"))


def _listed(data: dict[str, Any]) -> tuple[list[Any], dict[str, Any]] | None:
    """The list of rows in an object, the object as the only row, or the list in an object inside of it."""
    for key in (*_LISTS, *data):
        found = data.get(key)
        if isinstance(found, list) and (not found or any(isinstance(row, dict) for row in found)):
            others = {name: value for name, value in data.items() if name != key}
            return found, others if key in _LISTS else {**others, "list": key}
    if _first(data, STARTS) is not None:
        return [data], {}
    inner = _inner(data)
    return None if inner is None else (inner, data)


def _inner(data: dict[str, Any], depth: int = 1) -> list[Any] | None:
    """The list of rows inside of an object that is inside of this one, taken out of it."""
    for value in data.values():
        if not isinstance(value, dict):
            continue
        for key in _LISTS:
            rows = value.get(key)
            if isinstance(rows, list) and rows and isinstance(rows[0], dict) and _is_row(rows[0]):
                return list(value.pop(key))
        if depth < _DEEPEST and (found := _inner(value, depth + 1)) is not None:
            return found
    return None


def _is_plain(row: dict[str, Any]) -> bool:
    """Whether it says all in words that are in the tables above."""
    said = any(isinstance(row.get(name), str) for name in TEXTS)
    return said and _first(row, STARTS) is not None and _first(row, (*ENDS, *LENGTHS)) is not None


def _is_row(row: dict[str, Any]) -> bool:
    return _first(row, STARTS) is not None or "start" in json_dialects.in_our_words(row)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object in which a key that comes twice is there twice."""
    found = dict(pairs)
    if len(found) < len(pairs):
        found, times = {}, Counter[str]()
        for key, value in pairs:
            name = key
            while name in found:  # Numbered: thousands of them would take a name a letter longer each.
                times[key] += 1
                name = f"{key}'" if times[key] == 1 else f"{key}'{times[key]}"
            found[name] = value
    return found


def _whole_rows(text: str, findings: Findings, line: int) -> Iterator[Any]:
    """Rows out of a file that is no JSON: broken off, one object a line, a comma too many."""
    decoder = json.JSONDecoder(object_pairs_hook=_object)
    position = behind = attempts = cost = 0
    number = 1
    while (match := _OBJECT.search(text, position)) and attempts < _MOST_ATTEMPTS and cost < _MOST_CHARACTERS:
        attempts += 1
        try:
            row, length = decoder.raw_decode(text[match.start() : match.start() + _LONGEST_ROW])
        except json.JSONDecodeError as error:
            position = match.end()
            cost += error.pos
            continue
        except (ValueError, RecursionError):  # Too long a number, or too deep.
            position = match.end()
            cost += _LONGEST_ROW
            continue
        if not isinstance(row, dict) or (_first(row, STARTS) is None and "segs" not in row and "timestamps" not in row):
            position = match.end()
            cost += length
            continue
        _note(findings, text[behind : match.start()], number)
        position = match.start() + length
        number += text.count("\n", behind, position)
        behind = position
        attempts = 0
        yield row
    if behind or line:
        _note(findings, text[behind:], number)


def _note(findings: Findings, text: str, line: int) -> None:
    left = text.strip(" \t\n,[]{}")
    if left:
        findings.add(Kind.BROKEN, Text("the file is broken here; what is whole of it was read."), line, left)


def _first(row: Mapping[str, Any], names: Iterable[str]) -> str | None:
    return next((name for name in names if name in row), None)


def number(value: Any) -> float | None:
    """A finite number, of a number or a text that is one; None for all else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        found = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def seconds(value: Any) -> float | None:
    """A time: seconds, or a clock as text."""
    found = number(value)
    if found is None and isinstance(value, str) and len(value) < 60:
        match = _CLOCK.fullmatch(plain_signs(value).strip())
        return seconds_of(match) if match else None
    return found


class Fields:
    """One row while it is read: each key that is understood is taken out, what is left is kept."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self.left: dict[str, Any] = dict(row)

    def time(self, names: Iterable[str], scale: float = 1.0) -> tuple[float | None, str]:
        """The first of these that is a time, in seconds, and what stands there where it is none."""
        for name in names:
            if name in self.left:
                found = seconds(self.left[name])
                if found is not None:
                    del self.left[name]
                    unit = 1000.0 if name in THOUSANDTHS else scale
                    return (found if unit == 1.0 else found / unit), ""
                return None, dumped(self.left.pop(name))
        return None, ""

    def text(self, names: Iterable[str]) -> str | None:
        """The first of these that is a text; None where there is none."""
        for name in names:
            value = self.left.get(name)
            if isinstance(value, str):
                del self.left[name]
                return value
        return None

    def count(self, name: str) -> str:
        """A whole number of this name, as a text; empty, and left there, where it is none."""
        value = self.left.get(name)
        return str(self.left.pop(name)) if type(value) is int and 0 <= value < 10_000 else ""

    def number(self, name: str) -> float | None:
        """The number of this name; what is none stays."""
        found = number(self.left.get(name))
        if found is not None and not isinstance(self.left[name], str):
            del self.left[name]
            return found
        return None

    def rest(self) -> dict[str, str]:
        """What is left, for a cue's `extra`."""
        return {REST: dumped(self.left)} if self.left else {}


def dumped(value: Any) -> str:
    """As JSON in one line; NaN and infinities as JavaScript has them, which Python reads again."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def undumped(text: str) -> Any:
    """What `dumped()` made the text of; the text itself where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def others_of(extra: Mapping[str, Any]) -> dict[str, Any]:
    """What the file or a row said besides, as it was."""
    found = undumped(str(extra.get(REST, "{}")))
    return found if isinstance(found, dict) else {}


def with_others(row: dict[str, Any], rest: Any) -> None:
    """What the file said of the words besides; or what stood there that was no words."""
    if not isinstance(rest, list) or not all(isinstance(more, dict) for more in rest):
        row.setdefault("words", rest)
    elif len(rest) == len(row.get("words", ())):
        for word, more in zip(row["words"], rest, strict=True):
            word.update((key, value) for key, value in more.items() if key not in word)


def taken(items: list[Any]) -> Iterator[tuple[int, Any]]:
    """Each item with its index, and out of the list: what was read makes room for what it became."""
    for index, item in enumerate(items):
        items[index] = None
        yield index, item


def units_of(items: Sequence[Any], findings: Findings) -> float:
    """How many units of the rows' times are a second: 1, unless they are whole numbers so large that nobody speaks as
    slowly, which are thousandths."""
    rows = [row for row in items if isinstance(row, dict)]
    latest = 0
    for time in (row[name] for row in rows for name in _TIMES if name in row):
        if not isinstance(time, int):
            return 1.0
        latest = max(latest, time)
    if latest < _LEAST_THOUSANDTHS:
        return 1.0
    letters = sum(len(row[name]) for row in rows for name in TEXTS if isinstance(row.get(name), str))
    if letters / _SLOWEST > latest:  # Not multiplied: a whole number may be longer than a float can be.
        return 1.0
    findings.add(Kind.TIME, Text("the times are whole numbers; they were read as thousandths of a second."))
    return 1000.0


def row_of(item: Any, index: int, findings: Findings, *, scale: float = 1.0, ours: bool = False) -> Row | Cue | None:
    """The row of a list; None, noted, where it is none. `scale`: units of its times in a second. `ours`: empty lines
    inside of a text are meant."""
    name = str(index + 1)
    if not isinstance(item, dict):
        if isinstance(item, str | list) and item:
            findings.stray(0, dumped(item))
        return None
    fields = Fields(item)
    start, unread_start = fields.time(STARTS, scale)
    end, unread_end = fields.time(ENDS, scale)
    if start is None and isinstance(item.get("timestamp"), list) and len(item["timestamp"]) == 2:
        fields.left.pop("timestamp")
        start, end = (seconds(value) for value in item["timestamp"])
    if end is None and not unread_end and start is not None:
        length, unread_end = fields.time(LENGTHS, scale)
        end = start + length if length is not None else None
    text = fields.text(TEXTS)
    if text is None:
        message = Text('"{text}" is no subtitle; it was left out.', text=quoted(dumped(item)))
        findings.add(Kind.BROKEN, message, quote=dumped(item), cue=name)
        return None
    text = tidied(text, Empty.INSIDE if ours else Empty.GONE)
    logprob, silence, ratio = map(fields.number, ("avg_logprob", "no_speech_prob", "compression_ratio"))
    speaker = " ".join((fields.text(SPEAKERS) or fields.count("speaker")).split())
    words, others = words_of(fields.left.pop("words", None), text, start, end, scale)
    extra = fields.rest()
    if others:
        extra[WORDS] = others
    times = " ".join(part for part in (unread_start, unread_end) if part)
    if not text and extra:
        times = f"{times} {extra.get(REST, '')}".strip()
    begin = start or 0.0
    finish = begin if end is None else end
    cue = new_cue(begin, finish, text, speaker=speaker, name=name, extra=extra, words=words)
    if logprob is not None or silence is not None or ratio is not None:
        cue = dataclasses.replace(cue, avg_logprob=logprob, no_speech_prob=silence, compression_ratio=ratio)
    return as_row(start, end, cue, times)


def tidied(raw: str, empty_lines: Empty = Empty.GONE) -> str:
    """The text of a cue, as JSON has it."""
    return tidied_text(raw.replace("\r\n", "\n").replace("\r", "\n"), (), empty_lines)[0]


def words_of(
    items: Any, text: str, start: float | None, end: float | None, scale: float = 1.0
) -> tuple[tuple[Word, ...], str]:
    """The words of a row, and as JSON what they say besides. Words without times get the room between their
    neighbours, shared out."""
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        return (), dumped(items) if items else ""
    raw: list[tuple[float | None, float | None, str, float]] = []
    rest: list[dict[str, Any]] = []
    for item in items:
        fields = Fields(item)
        first, last = fields.time(STARTS, scale)[0], fields.time(ENDS, scale)[0]
        letters = fields.text(("punctuated_word", "word", "text")) or ""
        sure = next(
            (found for name in ("probability", "score", "p") if (found := fields.number(name)) is not None), 1.0
        )
        rest.append(fields.left or _NOTHING)
        raw.append((first, last, letters, sure))
    timed = _timed(raw, start, end)
    words: list[Word] = []
    place = 0
    for (first, last, guessed), (_, _, letters, sure) in zip(timed, raw, strict=True):
        clean = letters.strip()
        at = text.find(clean, place) if clean else -1
        if at >= 0:
            glued = at > 0 and not text[at - 1].isspace()
            place = at + len(clean)
        else:
            glued = bool(words) and not letters[:1].isspace()
        if clean:
            words.append(Word(first, max(first, last), clean, sure, glued, guessed))
    return tuple(words), dumped(rest) if any(rest) else ""


def _timed(
    raw: Sequence[tuple[float | None, float | None, str, float]], start: float | None, end: float | None
) -> list[tuple[float, float, bool]]:
    out: list[tuple[float, float, bool]] = []
    previous = start or 0.0
    index = 0
    while index < len(raw):
        first, last = raw[index][0], raw[index][1]
        if first is not None:
            out.append((first, last if last is not None else first, last is None))
            previous = out[-1][1]
            index += 1
            continue
        stop = next((later for later in range(index, len(raw)) if raw[later][0] is not None), len(raw))
        following = raw[stop][0] if stop < len(raw) else end
        room = max(0.0, (following if following is not None else previous) - previous)
        count = stop - index
        out += [(previous + room * step / count, previous + room * (step + 1) / count, True) for step in range(count)]
        previous += room
        index = stop
    return out
