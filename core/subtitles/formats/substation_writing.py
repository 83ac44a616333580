# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation written: rows that say the same as their cues as they came, those of changed cues anew, and files of other
formats with a header of ours. SSA is made of ASS."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from ...markup import Span
from ...text import Text
from ..document import Cue, Document, Style
from ..times import clock
from . import overrides
from .base import CannotWrite, Format, WriteOptions
from .substation_rows import (
    ASS_FIELDS,
    BEFORE,
    EVENT,
    FIELDS,
    HEAD,
    INDEX,
    ROW,
    TAIL,
    lowered,
    names_of,
    number_in,
    plain_row,
    plain_values,
    resolution_of,
    seconds_in,
    style_row,
)
from .substation_text import event_text
from .substation_versions import STYLE_FIELDS, converted

LONGEST = 10 * 3600 - 0.01
"""Seconds. SubStation has one digit for the hours."""


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """A document that was read from the same format keeps its rows; another gets a header for its styles."""
    is_ours = document.format in ("ass", "ssa")
    if not is_ours and any(cue.end > LONGEST for cue in document.cues):
        raise CannotWrite(Text("this format ends at 10 hours"), Text("Choose .srt or .vtt."))
    text = _again(document) if is_ours else _new(document, options)
    if format.id == (document.format if is_ours else "ass"):
        return text
    try:
        return converted(text, document.format if is_ours else "ass", format, len(document.cues))
    except Exception:  # It stops at rows that it cannot read, which ours keeps; what was read of them is written.
        anew = dataclasses.replace(document, format="", extra={}, hidden=())
        return converted(_new(anew, options), "ass", format, 0)


def _again(document: Document) -> str:
    """What was read, with what was changed."""
    extra = document.extra
    fields = lowered(names_of(extra.get(FIELDS, ASS_FIELDS)))
    resolution = resolution_of(extra.get(HEAD, ""))
    lines = [extra.get(HEAD) or "\n".join(_heading((384, 288)))]  # Copied lines alone are no file.
    waiting = sorted(document.hidden, key=_index)
    for cue in document.cues:
        # Hidden events stand where they stood; those whose neighbours moved come before the next later one.
        while waiting and INDEX in cue.extra and _index(waiting[0]) < _index(cue):
            lines += _event(waiting.pop(0), fields, document.styles, resolution)
        lines += _event(cue, fields, document.styles, resolution)
    for cue in waiting:
        lines += _event(cue, fields, document.styles, resolution)
    if TAIL in extra:
        lines += ["", extra[TAIL]]
    return "\n".join(lines) + "\n"


def _index(cue: Cue) -> int:
    return int(cue.extra.get(INDEX, "0"))


def _event(
    cue: Cue, fields: Sequence[str], styles: Mapping[str, Style], resolution: tuple[float, float]
) -> Iterator[str]:
    if BEFORE in cue.extra:
        yield cue.extra[BEFORE]
    if FIELDS in cue.extra:
        fields = lowered(names_of(cue.extra[FIELDS]))
    align = styles[cue.style].align if cue.style in styles else 2
    if _is_as_read(cue, tuple(fields)):
        yield f"Dialogue: {cue.extra[ROW]},{event_text(cue, align, resolution)}"
        return
    values = cue.extra[ROW].split(",") if ROW in cue.extra else []
    row = dict(zip(fields, values, strict=False))
    for name, time in (("start", cue.start), ("end", cue.end)):
        if seconds_in(row.get(name, "")) != time:
            row[name] = clock(time, ".", 2, 1)
    speaker = "name" if "name" in fields else "actor"
    for name, value in (("style", cue.style), (speaker, cue.speaker)):
        if row.get(name, "").strip() != value:
            # A row is one line, with commas between its columns.
            row[name] = " ".join(value.replace(",", ";").splitlines())
    if number_in(row.get("layer", "0")) != cue.layer:
        row["layer"] = str(cue.layer)
    defaults = {"layer": "0", "marked": "Marked=0", "style": "Default", "name": "", "actor": "", "effect": ""}
    listed = [row.get(name) or defaults.get(name, "0") if name not in row else row[name] for name in fields[:-1]]
    yield f"{cue.extra.get(EVENT, 'Dialogue')}: {','.join(listed)},{event_text(cue, align, resolution)}"


def _is_as_read(cue: Cue, fields: tuple[str, ...]) -> bool:
    """Whether its row says the same as the cue, in a usual event."""
    pattern, groups = plain_row(fields)
    if pattern is None or ROW not in cue.extra or EVENT in cue.extra:
        return False
    match = pattern.match(f"Dialogue: {cue.extra[ROW]},")
    if match is None:
        return False
    return plain_values(match, groups) == (cue.start, cue.end, cue.layer, cue.style, cue.speaker)


def _heading(resolution: tuple[int, int]) -> list[str]:
    """All that stands above the first event of a file of ours."""
    return [
        "[Script Info]",
        "; Made with Subtitle Editor",
        "ScriptType: v4.00+",
        f"PlayResX: {resolution[0]}",
        f"PlayResY: {resolution[1]}",
        "WrapStyle: 2",
        "ScaledBorderAndShadow: yes",
        "",
        "[V4+ Styles]",
        f"Format: {STYLE_FIELDS['ass']}",
        style_row(Style("Default", "Arial"), resolution[1] / 1080),
        "",
        "[Events]",
        f"Format: {ASS_FIELDS}",
    ]


def _new(document: Document, options: WriteOptions) -> str:
    width, height = options.resolution
    fields = lowered(names_of(ASS_FIELDS))
    lines: list[str] = []
    for cue in document.cues:
        plain = dataclasses.replace(cue, style="Default", extra={}, spans=_sayable(cue.spans))
        lines += _event(plain, fields, {}, (float(width), float(height)))
    return "\n".join([*_heading(options.resolution), *lines]) + "\n"


def _sayable(spans: Sequence[Span]) -> tuple[Span, ...]:
    """What is not another format's own."""
    return tuple(span for span in spans if "." not in span.kind or span.kind == overrides.KARAOKE)
