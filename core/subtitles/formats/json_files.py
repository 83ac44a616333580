# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON: our own, Whisper's and its relatives', whisper.cpp's, and YouTube's.

Ours holds all that a cue has, and is read back the same. A list of rows with times and texts of any other program is
read as well, by the names that are known (`json_rows`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from ... import markup
from ...cues import Word, new_cue, set_times
from ...markup import BELOW, TIME, Span, placing_of, span_of, tidied
from ..document import Cue, Document, Style
from ..timecode import rate_of
from . import json_rows
from .base import Findings, Format, Source, WriteOptions
from .json_rows import REST, WORDS, Fields, dumped, load, number, row_of, taken, undumped, units_of
from .settling import Row, as_row, cue_of, settled

_KINDS = frozenset(
    {markup.BOLD, markup.ITALIC, markup.UNDERLINE, markup.STRIKE, markup.COLOR, markup.BACKGROUND, markup.FONT}
    | {markup.SIZE, markup.RUBY, markup.VOICE, markup.LANGUAGE, markup.TIME}
)


_FOREIGN = re.compile(r"[a-z0-9]+\.[a-z_]+")
"""A kind of span, or a key of `extra`, that is some format's own."""

# Ours


def read(source: Source) -> Document:
    """Ours, and any list of rows. Raises SubtitleFileError where there are no rows."""
    findings = Findings()
    items, others = load(source, findings)
    rows: list[Row | Cue] = []
    ours = "version" in others
    scale = 1.0 if ours else units_of(items, findings)  # Ours means seconds.
    for index, item in taken(items):
        row = row_of(item, index, findings, scale=scale, ours=ours)
        if isinstance(row, Row):
            row.cue = _with_looks(row.cue)
            rows.append(row)
        elif row is not None:
            rows.append(_with_looks(row))
    language = others.pop("language") if isinstance(others.get("language"), str) else ""
    fps = _rate(others.get("fps"))
    if fps is not None:
        del others["fps"]
    styles = _styles(others)
    if type(others.get("version")) is int:
        del others["version"]
    return Document(
        tuple(settled(rows, findings)),
        language=language,
        fps=fps,
        styles=styles,
        extra={REST: dumped(others)} if others else {},
        findings=findings.done(),
    )


def _styles(others: dict[str, Any]) -> dict[str, Style]:
    """The styles; one that says more than we know stays where it is as well."""
    items = others.pop("styles", [])
    if not isinstance(items, list):
        others["styles"] = items
        return {}
    found = [(item, _style(item)) for item in items]
    left = [item for item, style in found if style is None or _said(dataclasses.asdict(style)) != _said(item)]
    if left:
        others["other_styles"] = left
    return {style.name: style for _, style in found if style is not None}


def _rate(value: Any) -> Fraction | None:
    try:
        rate = rate_of(str(value))
    except ValueError:
        return None
    return rate if rate >= 1 else None


def _style(item: Any) -> Style | None:
    if not isinstance(item, dict) or not isinstance(item.get("name"), str):
        return None
    known = {field.name: field.default for field in dataclasses.fields(Style)}
    values = {key: value for key, value in item.items() if key in known and type(value) is type(known[key])}
    size = number(item.get("size"))
    if values.get("align") not in range(1, 10):
        values.pop("align", None)
    return Style(**{**values, "name": item["name"], "size": size})


def _with_looks(cue: Cue) -> Cue:
    """With what our own rows say of looks: they are among what is left of the row."""
    if REST not in cue.extra:
        return cue
    fields = Fields(json.loads(cue.extra[REST]))
    left = fields.left
    # What is no span or no place stays among what is left.
    with contextlib.suppress(LookupError, ValueError, TypeError):
        cue = dataclasses.replace(cue, spans=tidied(map(_span, left["spans"]), len(cue.text)))
        del left["spans"]
    with contextlib.suppress(LookupError, ValueError, TypeError):
        cue = dataclasses.replace(cue, placing=placing_of(**left["placing"]))
        del left["placing"]
    texts = {key: left.pop(key) for key in ("style", "name") if isinstance(left.get(key), str)}
    layer = left.pop("layer") if type(left.get("layer")) is int else 0
    extra = left.pop("extra") if _is_texts(left.get("extra")) else {}
    kept = {key: value for key, value in cue.extra.items() if key != REST}
    return dataclasses.replace(cue, layer=layer, extra={**extra, **kept, **fields.rest()}, **texts)


def _span(item: Any) -> Span:
    span = span_of(item)
    if span.kind not in _KINDS and _FOREIGN.fullmatch(span.kind) is None:
        raise ValueError("no kind of span")
    return span


def _is_texts(item: Any) -> bool:
    return isinstance(item, dict) and all(
        isinstance(value, str) and _FOREIGN.fullmatch(key) is not None and key not in (REST, WORDS)
        for key, value in item.items()
    )


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """All of it; what only another format understands stays away."""
    own = document.format == format.id
    head: dict[str, Any] = {"version": 1}
    if document.language:
        head["language"] = document.language
    if document.fps is not None:
        head["fps"] = str(document.fps)
    if document.styles:
        head["styles"] = [_said(dataclasses.asdict(style)) for style in document.styles.values()]
    if own:
        head.update(_others(document.extra))
    rows = [json.dumps(_row(cue, own), ensure_ascii=False) for cue in document.cues]
    body = json.dumps(head, ensure_ascii=False)[1:-1]
    return f'{{{body}, "cues": [\n' + ",\n".join(rows) + "\n]}\n"


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in ("", None, False)}


def _others(extra: Mapping[str, Any]) -> dict[str, Any]:
    """What the file or a row said besides, as it was."""
    found = undumped(str(extra.get(REST, "{}")))
    return found if isinstance(found, dict) else {}


def _row(cue: Cue, own: bool) -> dict[str, Any]:
    row = cue.as_dict()
    if WORDS in cue.extra and own:
        _with_others(row, undumped(cue.extra[WORDS]))
    for word, data in zip(cue.words, row["words"] if cue.words else (), strict=False):
        data["text"] = word.text
    if cue.speaker:
        row["speaker"] = cue.speaker
    spans = [list(span) for span in cue.spans if own or span.kind in _KINDS]
    if spans:
        row["spans"] = spans
    if cue.placing != BELOW:
        row["placing"] = _said(cue.placing._asdict())
    if cue.style:
        row["style"] = cue.style
    if cue.layer:
        row["layer"] = cue.layer
    extra = {key: value for key, value in cue.extra.items() if key not in (REST, WORDS)}
    if own:
        if cue.name and not cue.name.isdigit():
            row["name"] = cue.name
        if extra:
            row["extra"] = extra
        row.update((key, value) for key, value in _others(cue.extra).items() if key not in row)
    return row


def _with_others(row: dict[str, Any], rest: Any) -> None:
    """What the file said of the words besides; or what stood there that was no words."""
    if not isinstance(rest, list) or not all(isinstance(more, dict) for more in rest):
        row.setdefault("words", rest)
    elif len(rest) == len(row.get("words", ())):
        for word, more in zip(row["words"], rest, strict=True):
            word.update((key, value) for key, value in more.items() if key not in word)


# Whisper's


def read_whisper(source: Source) -> Document:
    """openai-whisper, faster-whisper's tools, WhisperX, stable-ts: `segments` with `words`."""
    findings = Findings()
    items, others = load(source, findings)
    scale = units_of(items, findings)
    rows = [row for index, item in taken(items) if (row := row_of(item, index, findings, scale=scale)) is not None]
    if _letters(others.get("text")) == _letters("".join(cue_of(row).text for row in rows)):
        others.pop("text", None)
    language = others.get("language", "")
    return Document(
        tuple(settled(rows, findings)),
        language=language if isinstance(language, str) else "",
        extra={REST: dumped(others)} if others else {},
        findings=findings.done(),
    )


_BLANKS = dict.fromkeys(code for code in range(0x3001) if chr(code).isspace())


def _letters(text: Any) -> str:
    return text.translate(_BLANKS) if isinstance(text, str) else ""


def write_whisper(document: Document, format: Format, options: WriteOptions) -> str:
    """`text`, `segments` and `language`, as openai-whisper writes them; words begin with the space in front of them."""
    own = document.format == format.id
    segments = [_segment(index, cue, own) for index, cue in enumerate(document.cues)]
    data: dict[str, Any] = {"text": "".join(segment["text"] for segment in segments)}
    others = _others(document.extra) if own else {}
    data.update((key, value) for key, value in others.items() if key not in ("text", "segments", "language"))
    data["segments"] = segments
    data["language"] = document.language
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


def _segment(index: int, cue: Cue, own: bool) -> dict[str, Any]:
    segment: dict[str, Any] = {"id": index, "start": cue.start, "end": cue.end, "text": f" {cue.text}"}
    for name in ("avg_logprob", "no_speech_prob", "compression_ratio"):
        if (value := getattr(cue, name)) is not None:
            segment[name] = value
    if cue.speaker:
        segment["speaker"] = cue.speaker
    if cue.words:
        segment["words"] = [
            {
                "word": word.text if word.glued else f" {word.text}",
                "start": word.start,
                "end": word.end,
                "probability": word.probability,
            }
            for word in cue.words
        ]
    if own:
        if WORDS in cue.extra:
            _with_others(segment, undumped(cue.extra[WORDS]))
        segment.update((key, value) for key, value in _others(cue.extra).items() if key not in segment)
    return segment


# whisper.cpp's


def read_whisper_cpp(source: Source) -> Document:
    """whisper.cpp's `-oj` and `-ojf`: `transcription` with `offsets` in thousandths and `tokens`."""
    findings = Findings()
    items, others = load(source, findings)
    rows: list[Row | Cue] = []
    for index, item in taken(items):
        flat = _flat(item) if isinstance(item, dict) else item
        row = row_of(flat, index, findings)
        if row is not None:
            rows.append(row)
    result = others.get("result")
    language = result.get("language", "") if isinstance(result, dict) else ""
    return Document(
        tuple(settled(rows, findings)),
        language=language if isinstance(language, str) else "",
        extra={REST: dumped(others)} if others else {},
        findings=findings.done(),
    )


_SPECIAL = re.compile(r"\s*\[_.*\]\s*|\s*<\|.*\|>\s*")


def _flat(item: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the other programs have it. Tokens are pieces of words: one without a space in front goes on."""
    row = dict(item)
    for key, value in _times(row.get("offsets"), row.get("timestamps")).items():
        row[key] = value
    for key in ("offsets", "timestamps"):
        times = row.get(key)
        if (
            isinstance(times, dict)
            and times.keys() == {"from", "to"}
            and None not in map(json_rows.seconds, times.values())
        ):
            del row[key]
    tokens = row.get("tokens")
    if isinstance(tokens, list) and all(isinstance(token, dict) for token in tokens):
        words = _words(tokens)
        if words:
            row["words"] = words
    return row


def _times(offsets: Any, stamps: Any) -> dict[str, float]:
    found: dict[str, float] = {}
    for key, name in (("from", "start"), ("to", "end")):
        millis = number(offsets.get(key)) if isinstance(offsets, dict) else None
        stamp = json_rows.seconds(stamps.get(key)) if isinstance(stamps, dict) else None
        if millis is not None:
            found[name] = millis / 1000
        elif stamp is not None:
            found[name] = stamp
    return found


def _words(tokens: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    words: list[dict[str, Any]] = []
    for token in tokens:
        letters, times = token.get("text"), _times(token.get("offsets"), token.get("timestamps"))
        if not isinstance(letters, str) or _SPECIAL.fullmatch(letters):
            continue
        if len(times) < 2:
            times = {}  # It leaves some out where a text repeats itself; they are guessed then.
        sure = number(token.get("p"))
        if words and letters and not letters[0].isspace():
            last = words[-1]
            last.update(word=last["word"] + letters)
            last.update({"end": times["end"]} if times else {})
            last["probability"] = min(last["probability"], 1.0 if sure is None else sure)
        else:
            words.append({"word": letters, "probability": 1.0 if sure is None else sure, **times})
    return words if any("start" in word for word in words) else []


# YouTube's


def read_youtube(source: Source) -> Document:
    """YouTube's `json3`: `events` with `segs`, in thousandths. An event that only breaks the line says nothing."""
    findings = Findings()
    items, others = load(source, findings)
    rows: list[Row | Cue] = []
    for index, item in taken(items):
        row = _event(item, index) if isinstance(item, dict) and isinstance(item.get("segs"), list) else None
        if row is not None:
            rows.append(row)
        elif item and isinstance(item, dict) and "segs" not in item:
            others[f"event {index}"] = item
        elif item and not isinstance(item, dict):
            findings.stray(0, dumped(item))
    until_the_next(rows)
    cues = settled(rows, findings)
    return Document(tuple(cues), extra={REST: dumped(others)} if others else {}, findings=findings.done())


def _event(item: Mapping[str, Any], index: int) -> Row | Cue | None:
    fields = Fields(item)
    start, unread = fields.time(("tStartMs",), 1000)
    length, more = fields.time(("dDurationMs",), 1000)
    segments = fields.left.pop("segs")
    said, points, rest = _joined(segments, start)
    text = json_rows.tidied(said)
    if not text and not rest and set(fields.left) <= {"aAppend", "wWinId", "id", "wpWinPosId", "wsWinStyleId"}:
        return None  # A window that opens, or a line that rolls up.
    if rest:
        fields.left["segs"] = rest
    spans = tuple(Span(place, place, TIME, f"{time:g}") for place, time in points[1:]) if text == said.strip() else ()
    end = start + length if start is not None and length is not None else None
    words = _spoken(said, points, end)
    begin = start or 0.0
    finish = begin if end is None else end
    cue = new_cue(begin, finish, text, spans, name=str(index + 1), extra=fields.rest(), words=words)
    return as_row(start, end, cue, " ".join(part for part in (unread, more) if part))


def _joined(segments: Iterable[Any], start: float | None) -> tuple[str, list[tuple[int, float]], list[Any]]:
    """The text, where in it and when each piece begins, and what else the pieces say."""
    text = ""
    points: list[tuple[int, float]] = []
    rest: list[Any] = []
    for segment in segments:
        fields = Fields(segment) if isinstance(segment, dict) else Fields({"utf8": dumped(segment)})
        letters = fields.text(("utf8",)) or ""
        offset = fields.number("tOffsetMs")
        if letters.strip() and start is not None and (offset is not None or not points):
            points.append((len(text) + len(letters) - len(letters.lstrip()), round(start + (offset or 0.0) / 1000, 6)))
        fields.left.pop("acAsrConf", None)
        if fields.left:
            rest.append(fields.left)
        text += letters
    lead = len(text) - len(text.lstrip())
    return text, [(place - lead, time) for place, time in points], rest


def _spoken(text: str, points: list[tuple[int, float]], end: float | None) -> tuple[Word, ...]:
    stripped = text.strip()
    if len(points) < 2 or end is None:
        return ()
    words = []
    for index, (place, time) in enumerate(points):
        stop, finish = points[index + 1] if index + 1 < len(points) else (len(stripped), max(end, time))
        letters = stripped[place:stop].strip()
        if letters:
            words.append(Word(time, max(time, finish), letters, glued=place > 0 and not stripped[place - 1].isspace()))
    return tuple(words)


def until_the_next(rows: Iterable[Row | Cue]) -> None:
    """Captions that speech recognition made last until they have rolled out of sight, over the next ones: they are
    read until the next one begins."""
    timed = (row for row in rows if row.start is not None and row.end is not None)
    for row, following in itertools.pairwise(timed):
        start, then, end = row.start or 0.0, following.start or 0.0, row.end or 0.0
        if cue_of(row).words and cue_of(following).words and start < then < end:
            if isinstance(row, Cue):
                set_times(row, start, then)
            else:
                row.end = then


_JSON = re.compile(r"[\[{]\s*(?:[\[{\"\]}]|$)")
_YOUTUBE = re.compile(r"\"(?:wireMagic|tStartMs)\"\s*:")
_CPP = re.compile(r"\"(?:systeminfo|transcription)\"\s*:")
_WHISPER = re.compile(r"\"segments\"\s*:\s*\[|\A\{\s*\"text\"\s*:\s*\"")
_OURS = re.compile(r"\"cues\"\s*:")


def _looks_like(pattern: re.Pattern[str] | None, *others: re.Pattern[str]) -> Any:
    def looks(head: str) -> bool:
        if not _JSON.match(head) or any(other.search(head) for other in others):
            return False
        return pattern is None or pattern.search(head) is not None

    return looks


FORMAT = Format(
    id="json",
    label="JSON with all there is",
    suffixes=(".json",),
    looks=_looks_like(None, _YOUTUBE, _CPP, _WHISPER),
    read=read,
    write=write,
    keeps=_KINDS | {"placing", "position", "coordinate", "vertical", "style", "speaker", "layer", "words", "alpha"},
)
WHISPER = Format(
    id="whisper",
    label="JSON of Whisper",
    suffixes=(".json",),
    looks=_looks_like(_WHISPER, _YOUTUBE, _CPP, _OURS),
    read=read_whisper,
    write=write_whisper,
    keeps=frozenset({"speaker", "words"}),
)
WHISPER_CPP = Format(
    id="whispercpp",
    label="JSON of whisper.cpp",
    suffixes=(".json",),
    looks=_looks_like(_CPP, _YOUTUBE, _OURS),
    read=read_whisper_cpp,
)
YOUTUBE = Format(
    id="json3",
    label="JSON of YouTube",
    suffixes=(".json3", ".json"),
    looks=_looks_like(_YOUTUBE),
    read=read_youtube,
)
