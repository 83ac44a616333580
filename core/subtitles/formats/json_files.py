# SPDX-License-Identifier: GPL-3.0-or-later
"""JSON of our own, which holds all that a cue has and is read back the same.

A list of rows with times and texts of any other program is read as well, by the names that are known (`json_rows`).
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from ... import markup
from ...markup import BELOW, Span, placing_of, span_of, tidied
from ..document import Cue, Document, Style
from ..timecode import rate_of
from . import json_signs
from .base import Findings, Format, Source, WriteOptions
from .json_rows import (
    REST,
    WORDS,
    Fields,
    dumped,
    load,
    number,
    others_of,
    row_of,
    taken,
    undumped,
    units_of,
    with_others,
)
from .settling import Row, settled

_KINDS = frozenset(
    {markup.BOLD, markup.ITALIC, markup.UNDERLINE, markup.STRIKE, markup.COLOR, markup.BACKGROUND, markup.FONT}
    | {markup.SIZE, markup.RUBY, markup.VOICE, markup.LANGUAGE, markup.TIME}
)


_FOREIGN = re.compile(r"[a-z0-9]+\.[a-z_]+")
"""A kind of span, or a key of `extra`, that is some format's own."""


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
        head.update(others_of(document.extra))
    rows = [json.dumps(_row(cue, own), ensure_ascii=False) for cue in document.cues]
    body = json.dumps(head, ensure_ascii=False)[1:-1]
    return f'{{{body}, "cues": [\n' + ",\n".join(rows) + "\n]}\n"


def _said(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in ("", None, False)}


def _row(cue: Cue, own: bool) -> dict[str, Any]:
    row = cue.as_dict()
    if WORDS in cue.extra and own:
        with_others(row, undumped(cue.extra[WORDS]))
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
        row.update((key, value) for key, value in others_of(cue.extra).items() if key not in row)
    return row


FORMAT = Format(
    id="json",
    label="JSON with all there is",
    suffixes=(".json",),
    looks=json_signs.looks_like(None, json_signs.YOUTUBE, json_signs.WHISPER_CPP, json_signs.WHISPER),
    read=read,
    write=write,
    keeps=_KINDS | {"placing", "position", "coordinate", "vertical", "style", "speaker", "layer", "words", "alpha"},
)
