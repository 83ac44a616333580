# SPDX-License-Identifier: GPL-3.0-or-later
"""All of a document but its cues, as a text that a .blend can keep: what the file's own format gets back on export."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

from ..markup import placing_of, span_of
from .document import Cue, Document, Style
from .timecode import rate_of

LARGEST = 1 << 20
"""Characters. Fonts inside a script are larger; they stay in their file."""


def pack(document: Document) -> str:
    """The document without its cues and findings; empty where nothing is to be remembered, or it is too large."""
    if not (document.extra or document.styles or document.hidden or document.language):
        return ""
    data = {
        "format": document.format,
        "language": document.language,
        "fps": str(document.fps) if document.fps else "",
        "styles": [dataclasses.asdict(style) for style in document.styles.values()],
        "hidden": [_packed(cue) for cue in document.hidden],
        "extra": dict(document.extra),
    }
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)
    return text if len(text) <= LARGEST else ""


def unpack(text: str) -> Document:
    """The document that `pack()` made the text of; an empty one where somebody has written something else there."""
    try:
        data = json.loads(text)
        return Document(
            format=str(data["format"]),
            language=str(data["language"]),
            fps=rate_of(str(data["fps"])) if data["fps"] else None,
            styles={row["name"]: _style(row) for row in data["styles"]},
            hidden=tuple(_unpacked(row) for row in data["hidden"]),
            extra=dict(data["extra"]),
        )
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError):
        return Document()


def _packed(cue: Cue) -> dict[str, Any]:
    return {
        "start": cue.start, "end": cue.end, "text": cue.text, "spans": [list(span) for span in cue.spans],
        "placing": list(cue.placing), "style": cue.style, "speaker": cue.speaker, "layer": cue.layer,
        "extra": dict(cue.extra),
    }  # fmt: skip


def _unpacked(row: dict[str, Any]) -> Cue:
    start, end = _number(row["start"]), _number(row["end"])
    return Cue(
        start, end, _text(row["text"]), spans=tuple(map(span_of, row["spans"])), placing=placing_of(*row["placing"]),
        style=_text(row["style"]), speaker=_text(row["speaker"]), layer=int(_number(row["layer"])),
        extra={key: _text(value) for key, value in row["extra"].items()},
    )  # fmt: skip


def _style(row: dict[str, Any]) -> Style:
    said = Style(**row)
    kinds = {field.name: type(field.default) for field in dataclasses.fields(Style)} | {"name": str}
    del kinds["size"]
    if any(type(getattr(said, name)) is not kind for name, kind in kinds.items()) or not 1 <= said.align <= 9:
        raise ValueError("no style")
    if said.size is not None:
        _number(said.size)
    return said


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError("no number")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value
