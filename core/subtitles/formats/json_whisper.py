# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON of Whisper: openai-whisper's and its relatives', read and written, and whisper.cpp's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ..document import Cue, Document
from . import json_rows, json_signs
from .base import Findings, Format, Source, WriteOptions
from .json_rows import REST, WORDS, dumped, load, number, others_of, row_of, taken, undumped, units_of, with_others
from .settling import Row, cue_of, settled


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
    others = others_of(document.extra) if own else {}
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
            with_others(segment, undumped(cue.extra[WORDS]))
        segment.update((key, value) for key, value in others_of(cue.extra).items() if key not in segment)
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


WHISPER = Format(
    id="whisper",
    label="JSON of Whisper",
    suffixes=(".json",),
    looks=json_signs.looks_like(json_signs.WHISPER, json_signs.YOUTUBE, json_signs.WHISPER_CPP, json_signs.OURS),
    read=read_whisper,
    write=write_whisper,
    keeps=frozenset({"speaker", "words"}),
)
WHISPER_CPP = Format(
    id="whispercpp",
    label="JSON of whisper.cpp",
    suffixes=(".json",),
    looks=json_signs.looks_like(json_signs.WHISPER_CPP, json_signs.YOUTUBE, json_signs.OURS),
    read=read_whisper_cpp,
)
