# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation's two versions into each other, by pysubs2: it knows which columns and which places are which.

It goes by the usual order of columns whatever a file says, so that others are put into that order first.
"""

from __future__ import annotations

from .base import Format

SSA_ALIGN = {1: 1, 2: 2, 3: 3, 5: 7, 6: 8, 7: 9, 9: 4, 10: 5, 11: 6}
"""The places of SSA, by those of a block of figures."""
_ALIGN_OF = {place: align for align, place in SSA_ALIGN.items()}

STYLE_FIELDS = {
    "ass": "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, "
    "Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, "
    "MarginV, Encoding",
    "ssa": "Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, TertiaryColour, BackColour, Bold, Italic, "
    "BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, AlphaLevel, Encoding",
}
EVENT_FIELDS = {
    "ass": "Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
    "ssa": "Marked, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
}
_WHERE_NONE = {
    "name": "", "style": "Default", "effect": "", "fontname": "Arial", "fontsize": "20", "primarycolour": "&H00FFFFFF",
    "secondarycolour": "&H000000FF", "scalex": "100", "scaley": "100", "borderstyle": "1", "outline": "2",
    "alignment": "2", "encoding": "1", "marked": "Marked=0",
}  # fmt: skip
"""What a column that is not there would say; 0 of all others."""
_SAME = {"actor": "name", "tertiarycolour": "outlinecolour", "marked": "layer"}
"""What the same column is called by others."""


def converted(text: str, source: str, format: Format, number: int) -> str:
    """A SubStation file in the other version. `source`: which version `text` is; pysubs2 would guess, and a text that
    somebody says may look like another format.

    Raises whatever pysubs2 does, and ValueError where it found fewer subtitles than `number`.
    """
    import pysubs2

    subtitles = pysubs2.SSAFile.from_string(_in_usual_order(text, source), format_=source)
    if sum(1 for event in subtitles if not event.is_comment and event.start < event.end) < number:
        raise ValueError("rows that pysubs2 does not read as they were meant")
    return str(subtitles.to_string(format.id, header_notice="Made with Subtitle Editor"))


def _in_usual_order(text: str, source: str) -> str:
    lines: list[str] = []
    section = ""
    styles, events = _names(STYLE_FIELDS[source]), _names(EVENT_FIELDS[source])
    fields = {"styles": styles, "events": events}
    for line in text.split("\n"):
        stripped = line.strip("\ufeff \t")
        key, _, rest = stripped.partition(":")
        key = key.lower()
        if stripped.startswith("["):
            section = stripped[1:-1].lower()
        part = "styles" if section.endswith("styles") else "events"
        wanted = styles if part == "styles" else events
        if key == "format":
            named = _names(rest)
            is_whole = {"start", "end"} <= set(named) and named[-1] == "text" if part == "events" else "name" in named
            fields[part] = named if is_whole else fields[part]
        elif key in ("style", "dialogue", "comment") and fields[part] != wanted:
            values = rest.lstrip().split(",", len(fields[part]) - 1)
            row = {_SAME.get(name, name): value for name, value in zip(fields[part], values, strict=False)}
            line = f"{stripped[: len(key)]}: {','.join(_value(name, row, source, section) for name in wanted)}"
        lines.append(line)
    return "\n".join(lines)


def _names(said: str) -> tuple[str, ...]:
    return tuple(name.strip().lower() for name in said.split(","))


def _value(name: str, row: dict[str, str], source: str, section: str) -> str:
    value = row.get(_SAME.get(name, name), _WHERE_NONE.get(name, "0"))
    if name == "alignment" and value.strip().isdigit() and ("+" in section) != (source == "ass"):
        places = SSA_ALIGN if source == "ass" else _ALIGN_OF
        return str(places.get(int(value), 2))
    return value
