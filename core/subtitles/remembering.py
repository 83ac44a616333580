# SPDX-License-Identifier: GPL-3.0-or-later
"""All of a document but its cues, as a text that a .blend can keep: what the file's own format gets back on export."""

from __future__ import annotations

import dataclasses
import json
from fractions import Fraction
from typing import Any

from ..markup import Placing, Span
from .document import Cue, Document, Style

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
            fps=Fraction(data["fps"]) if data["fps"] else None,
            styles={row["name"]: Style(**row) for row in data["styles"]},
            hidden=tuple(_unpacked(row) for row in data["hidden"]),
            extra=data["extra"],
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
    return Cue(
        float(row["start"]), float(row["end"]), row["text"], spans=tuple(Span(*span) for span in row["spans"]),
        placing=Placing(*row["placing"]), style=row["style"], speaker=row["speaker"], layer=int(row["layer"]),
        extra=row["extra"],
    )  # fmt: skip
