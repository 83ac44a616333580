# SPDX-License-Identifier: GPL-3.0-or-later
"""WebVTT out, and the format as the registry has it."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping

from ...markup import BOLD, COLOR, ITALIC, LANGUAGE, RUBY, TIME, UNDERLINE, VOICE, Placing, Span
from ..document import Cue, Document
from ..times import clock
from .base import Format, WriteOptions
from .subrip import SETTINGS
from .tags import marked_up, needs_tidying, without_empty_lines
from .timings import no_times
from .webvtt import AFTER, BEFORE, HEAD, HEADER, read
from .webvtt_looks import CLASS_LOOKS, NAME_OF_COLOR, Look, class_looks
from .webvtt_places import placing_of, rows_of_regions
from .webvtt_text import CLASS, TAG

_TAG_OF = {ITALIC: "i", BOLD: "b", UNDERLINE: "u"}

KEEPS = frozenset(
    {BOLD, ITALIC, UNDERLINE, COLOR, RUBY, VOICE, LANGUAGE, TIME, CLASS, TAG}
    | {"placing", "position", "coordinate", "vertical", "speaker"}
)


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """Colours that have no class of their own get one, in a style sheet at the head."""
    own = document.format == format.id
    extra = document.extra if own else {}
    parts = [f"WEBVTT{extra.get(HEADER, '')}\n"]
    if document.language and "Language:" not in parts[0]:
        parts[0] += f"Language: {document.language}\n"
    head = str(extra.get(HEAD, ""))
    looks = CLASS_LOOKS | class_looks(head, CLASS_LOOKS)
    parts += [f"{block}\n" for block in (_style_sheet(document, own, looks), head) if block]
    regions = rows_of_regions(f"{extra.get(HEADER, '')}\n{head}")
    parts += [_cue(cue, own, looks, regions) for cue in document.cues]
    if AFTER in extra:
        parts.append(f"{extra[AFTER]}\n")
    return "\n".join(parts)


@functools.lru_cache(maxsize=1024)
def settings_of(placing: Placing) -> str:
    """The settings that say a placing; `placing_of()` of them is the same again."""
    row, column = divmod(placing.align - 1, 3)
    parts = []
    if placing.vertical:
        return _settings_in_columns(placing, row, column)
    if placing.y is not None:
        parts.append(f"line:{placing.y * 100:g}%")
    elif row:
        parts.append("line:0" if row == 2 else "line:50%")
    if placing.x is not None:
        parts.append(f"position:{placing.x * 100:g}%")
    if column != 1:
        parts.append("align:left" if column == 0 else "align:right")
    return " ".join(parts)


def _settings_in_columns(placing: Placing, row: int, column: int) -> str:
    parts = [f"vertical:{placing.vertical}"]
    if placing.align == 2 and placing.x is None and placing.y is None:
        return parts[0]
    if placing.x is not None:
        parts.append(f"line:{placing.x * 100:g}%")
    else:
        is_first = column == (2 if placing.vertical == "rl" else 0)
        parts.append("line:50%" if column == 1 else "line:0" if is_first else "line:-1")
    if placing.y is not None:
        parts.append(f"position:{placing.y * 100:g}%")
    if row != 1:
        parts.append("align:left" if row == 2 else "align:right")
    return " ".join(parts)


def _style_sheet(document: Document, own: bool, looks: Mapping[str, Look]) -> str:
    shown = (span for cue in document.cues if cue.spans for span in _shown(cue, own, looks))
    used = {span.value[:7] for span in shown if span.kind == COLOR}
    known = {value for look in looks.values() for kind, value in look if kind == COLOR}
    rules = [f"::cue(.{_class_of(color)}) {{ color: {color} }}" for color in sorted(used - known)]
    return "\n".join(["STYLE", *rules]) if rules else ""


def _shown(cue: Cue, own: bool, looks: Mapping[str, Look]) -> list[Span]:
    """The spans that are written: within the format what no class says already, else what is not the format's own."""
    if not own:
        return [span for span in cue.spans if not span.kind.startswith("vtt.")]
    said = {
        (span.start, span.end, *kind) for span in cue.spans if span.kind == CLASS for kind in looks.get(span.value, ())
    }
    return [span for span in cue.spans if tuple(span) not in said]


def _class_of(color: str) -> str:
    return NAME_OF_COLOR.get(color[:7]) or f"color{color[1:7]}"


def _cue(cue: Cue, own: bool, looks: Mapping[str, Look], regions: Mapping[str, int]) -> str:
    above = ""
    if own and BEFORE in cue.extra:
        above = f"{cue.extra[BEFORE]}\n\n"
    if own and cue.name and "-->" not in cue.name and "\n" not in cue.name:
        above += f"{cue.name}\n"
    settings = cue.extra.get(SETTINGS, "")
    if not settings or placing_of(settings, regions) != cue.placing:
        settings = settings_of(cue.placing)
    times = f"{clock(cue.start)} --> {clock(cue.end)} {settings}".rstrip()
    return f"{above}{times}\n{_text(cue, own, looks)}\n"


def _text(cue: Cue, own: bool, looks: Mapping[str, Look]) -> str:
    text = _escaped(cue.text)
    if cue.spans:
        spans = sorted(_shown(cue, own, looks), key=lambda span: (span.start, -span.end, span.kind == COLOR))
        text = marked_up(cue.text, spans, _opening, _closing, _escaped)
    if "\n" in text and needs_tidying(text):
        text = without_empty_lines(text)
    if ">" in text or "\u2192" in text:
        text = no_times(text)
    return f"<v {_escaped(cue.speaker)}>{text}" if cue.speaker else text


def _opening(span: Span) -> str:
    if span.kind in _TAG_OF:
        return f"<{_TAG_OF[span.kind]}>"
    match span.kind:
        case "color":
            return f"<c.{_class_of(span.value)}>"
        case "vtt.class":
            return f"<c.{span.value}>"
        case "voice":
            return f"<v {_escaped(span.value)}>"
        case "language":
            return f"<lang {_escaped(span.value)}>"
        case "ruby":
            return "<ruby>"
        case "time":
            return f"<{clock(float(span.value))}>"
        case "vtt.tag":
            return span.value
    return ""


def _closing(span: Span) -> str:
    if span.kind in _TAG_OF:
        return f"</{_TAG_OF[span.kind]}>"
    if span.kind == RUBY:
        return f"<rt>{_escaped(span.value)}</rt></ruby>"
    return {COLOR: "</c>", CLASS: "</c>", VOICE: "</v>", LANGUAGE: "</lang>"}.get(span.kind, "")


def _escaped(text: str) -> str:
    """`&`, `<` and `>` as WebVTT and XML want them; quotes stay as they are."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


FORMAT = Format(
    id="vtt",
    label="WebVTT",
    suffixes=(".vtt", ".webvtt"),
    sign=re.compile(r"\AWEBVTT\b"),
    read=read,
    write=write,
    keeps=KEEPS,
)
