# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON of players, pages and libraries that call times and texts otherwise: their rows in the words of `json_rows`.

Names are compared without capitals and underscores: `StartPositionTicks` and `start_position_ticks` are one. Some say
their unit in the name, some say a time as an object of parts, some put the row into another object.
"""

from __future__ import annotations

import ast
import html
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = dict[str, Any]

_SECONDS, _THOUSANDTHS, _MILLIONTHS, _TICKS = 1, 1000, 1_000_000, 10_000_000
_STARTS = {
    "start": _SECONDS, "begin": _SECONDS, "from": _SECONDS, "starttime": _SECONDS, "begintime": _SECONDS,
    "timein": _SECONDS, "timestart": _SECONDS, "starttimems": _THOUSANDTHS, "startmilliseconds": _THOUSANDTHS,
    "startms": _THOUSANDTHS, "transcriptstartat": _THOUSANDTHS, "starttimemicro": _MILLIONTHS, "startus": _MILLIONTHS,
    "startpositionticks": _TICKS, "startticks": _TICKS,
    # Those that say only when a row begins.
    "time": _SECONDS, "timestamp": _SECONDS, "ts": _SECONDS, "offset": _SECONDS,
}  # fmt: skip
"""Names that say when a row begins, folded, the surest first; and how many of their units are a second."""
_ENDS = {
    "end": _SECONDS, "stop": _SECONDS, "to": _SECONDS, "endtime": _SECONDS, "timeout": _SECONDS, "timeend": _SECONDS,
    "te": _SECONDS, "endtimems": _THOUSANDTHS, "endmilliseconds": _THOUSANDTHS, "endms": _THOUSANDTHS,
    "endtimemicro": _MILLIONTHS, "endus": _MILLIONTHS, "endpositionticks": _TICKS, "endticks": _TICKS,
}  # fmt: skip
_LENGTHS = {"duration": _SECONDS, "captionduration": _SECONDS, "durationms": _THOUSANDTHS, "ddurationms": _THOUSANDTHS,
            "durationticks": _TICKS, "lengthms": _THOUSANDTHS}  # fmt: skip
_TEXTS = ("text", "caption", "subtitle", "content", "transcript", "sentence", "line", "value", "words", "snippet", "x")
_SPEAKERS = ("speaker", "speakername")
_RANGE = re.compile(r"\s*([\d:.,]{3,15})\s*(?:--?>|→|–|-)\s*([\d:.,]{3,15})\s*")
_BY_NUMBER = re.compile(r"\d{1,7}")
_PARAGRAPH = re.compile(r"</p\s*>|<br\s*/?>|<p\b[^<>]{0,200}>", re.IGNORECASE)
_STAMP = re.compile(r"<span\b[^<>]{0,200}\bdata-timestamp=\"([\d.]{1,20})\"[^<>]{0,200}>[^<>]{0,40}</span>")
_TAG = re.compile(r"<[^<>]{0,500}>")
_LYRIC = re.compile(r"^\[(\d{1,4}):(\d{1,2}(?:\.\d{1,3})?)\](.*)$", re.MULTILINE)
_PYTHON = re.compile(r"\s*(?:\[\s*)?\{\s*'")
_LONGEST_PYTHON = 2_000_000
"""Characters: Python's own reader takes a hundred times the memory."""
_SEGMENTS = "initialSegments"
_SEGMENT = "transcriptSegmentRenderer"
_LATEST = 100_000_000
"""Seconds: no film is three years long."""
_DEEPEST = 20


def rows_of(data: Any) -> tuple[list[Row], dict[str, Any]] | None:
    """The rows of a file that has no list of them, or each in an object of its own, and what it says besides; None
    where it is neither."""
    if not isinstance(data, dict):
        return _of_youtube(data)
    if data and all(_BY_NUMBER.fullmatch(key) and _is_row(row) for key, row in data.items()):
        return list(data.values()), {}
    if isinstance(data.get("text"), str) and _STAMP.search(data["text"]):
        return list(_of_otranscribe(data.pop("text"))), data
    if isinstance(data.get("syncedLyrics"), str):
        return list(_of_lyrics(data.pop("syncedLyrics"))), data
    return _of_youtube(data)


def as_python(text: str) -> Any:
    """The list or object in a text that Python's `print` wrote; None where it is none."""
    if not _PYTHON.match(text) or len(text) > _LONGEST_PYTHON:
        return None
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return None


def _of_youtube(data: Any) -> tuple[list[Row], dict[str, Any]] | None:
    if (found := _segments_of(data)) is None:
        return None
    rows = [segment.pop(_SEGMENT) for segment in found if isinstance(segment, dict) and _SEGMENT in segment]
    return rows, data if isinstance(data, dict) else {"answer": data}


def _of_lyrics(text: str) -> Iterator[Row]:
    """The lines of LRC inside of an answer; one that says nothing ends the line before."""
    for match in _LYRIC.finditer(text):
        yield {"start": int(match[1]) * 60 + float(match[2]), "text": match[3].strip()}


def _is_row(row: Any) -> bool:
    return isinstance(row, dict) and "start" in in_our_words(row)


def _segments_of(data: Any, depth: int = 0) -> list[Any] | None:
    """The transcript in an answer of YouTube's own pages."""
    if depth > _DEEPEST:
        return None
    if isinstance(data, dict):
        found = data.get(_SEGMENTS)
        if isinstance(found, list) and any(isinstance(one, dict) and _SEGMENT in one for one in found):
            return found
    inner = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    looked = (_segments_of(value, depth + 1) for value in itertools.islice(inner, 100))
    return next((found for found in looked if found is not None), None)


def _of_otranscribe(text: str) -> Iterator[Row]:
    """HTML with the time of a place in it in front of what is said there."""
    pieces = _STAMP.split(text)
    for stamp, said in zip(pieces[1::2], pieces[2::2], strict=True):
        lines = (html.unescape(_TAG.sub("", line)).strip() for line in _PARAGRAPH.split(said))
        yield {"start": float(stamp), "text": "\n".join(line for line in lines if line)}


def in_our_words(row: Mapping[str, Any]) -> Row:
    """The row with `start`, `end`, `duration`, `text` and `speaker` where it says them in other words; times whose unit
    its names say are seconds. What else it says stays, under its own names."""
    data = row.get("data")
    if isinstance(data, Mapping) and row.keys() <= {"type", "data"}:  # subtitle.js, which counts thousandths.
        return {**data, **{key: time / _THOUSANDTHS for key in ("start", "end") if (time := _number(data.get(key)))}}
    out = dict(row)
    names = {key.replace("_", "").lower(): key for key in row if len(key) < 40}
    start = _taken(out, names, _STARTS if "duration" in names else {**_STARTS, "offset": 0})
    end, length = _taken(out, names, _ENDS), _taken(out, names, _LENGTHS)
    if isinstance(start, str) and end is None and (match := _RANGE.fullmatch(start)):
        start, end = match[1], match[2]
    times = {"start": start, "end": end, "duration": length}
    out.update((key, value) for key, value in times.items() if value is not None and (key != "end" or value != 0))
    for name in _TEXTS:
        if name in names and (said := _said(row[names[name]])) is not None:
            out.pop(names[name], None)
            out["text"] = said
            break
    for name in _SPEAKERS:
        if name in names and isinstance(row[names[name]], str):
            out["speaker"] = out.pop(names[name])
    return out if "start" in out and isinstance(out.get("text"), str) else dict(row)


def _taken(out: Row, names: Mapping[str, str], units: Mapping[str, int]) -> Any:
    """The first of the named times, taken out: a number of seconds, or a clock as it is; None where there is none."""
    for name, unit in units.items():
        if not unit or name not in names:
            continue
        value = out.get(names[name])
        if isinstance(value, Mapping):
            value = _of_parts(value)
        number = _number(value)
        if number is None and not (isinstance(value, str) and value):
            continue
        if number is not None and abs(number) >= _LATEST * unit:
            continue  # A moment in history, as in the log of a chat.
        del out[names[name]]
        return value if number is None else number if unit == _SECONDS else number / unit
    return None


def _of_parts(value: Mapping[str, Any]) -> float | None:
    """A time as an object: all of it, or seconds and what is to be added."""
    if (total := _number(value.get("total"))) is not None:
        return total
    whole, nanos = _number(value.get("seconds", 0)), _number(value.get("nanos", 0))
    return None if whole is None or nanos is None or not value.keys() & {"seconds", "nanos"} else whole + nanos / 1e9


def _number(value: Any) -> float | None:
    """As it is: whole numbers mean something."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) < 1e15 else None


def _said(value: Any) -> str | None:
    """A text, or the texts of a list of pieces put together."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return _said(value.get("runs", value.get("simpleText")))
    if not isinstance(value, list):
        return None
    texts = [piece.get("text") if isinstance(piece, Mapping) else piece for piece in value]
    said = [text for text in texts if isinstance(text, str)]
    return "".join(said) if said and len(said) == len(texts) else None


def until_the_next(rows: Iterable[Any], seconds: Any) -> None:
    """Give rows that only say when they begin, as transcripts and lyrics do, an end: where the next begins."""
    rows = [row for row in rows if isinstance(row, dict) and "start" in row]
    if any("end" in row or "duration" in row or "words" in row for row in rows):
        return
    for row, following in itertools.pairwise(rows):
        start, then = seconds(row["start"]), seconds(following["start"])
        if start is not None and then is not None and start < then:
            row["end"] = following["start"]
