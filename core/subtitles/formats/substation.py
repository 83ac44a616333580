# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation Alpha, `.ass` and `.ssa`: read so that what is written again differs only in what was changed.

All sections are kept as they came; of each event the row, and its text where it has tags. Where text, formatting,
place, style or times of a cue were changed, that part of its row is written anew. Not pysubs2's reading, which folds
or drops rows that it cannot read; it makes SSA out of what is written here for other formats.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterator, Mapping, Sequence

from ...cues import new_cue
from ...markup import BELOW, BOLD, COLOR, FONT, ITALIC, SIZE, STRIKE, UNDERLINE, Placing, Span, flattened
from ...text import Text
from ..document import Cue, Document, Kind, Style, quoted
from ..times import clock, clock_pattern, minutes_of, plain_signs, seconds_of
from . import overrides
from .base import CannotWrite, Findings, Format, Source, WriteOptions, is_too_long
from .colors import from_substation
from .lines import lines_of
from .settling import Row, as_row, cue_of, settled
from .substation_versions import EVENT_FIELDS, SSA_ALIGN, STYLE_FIELDS, converted
from .tags import TextBuilder, marked_up, needs_tidying, tidied_text
from .timings import days_as_hours

HEAD = "ass.head"
"""Of a document's `extra`: all lines above the first event."""
TAIL = "ass.tail"
"""Of a document's `extra`: all lines below the last event."""
FIELDS = "ass.fields"
"""Of a document's `extra`: the columns of its events, with commas between; of a cue's, where these are others."""
ROW = "ass.row"
"""Of a cue's `extra`: its row up to the text, as it came."""
RAW = "ass.raw"
"""Of a cue's `extra`: its text, as it came, where that has tags or escapes."""
EVENT = "ass.event"
"""Of a hidden cue's `extra`: `Dialogue` or `Comment`."""
INDEX = "ass.index"
"""Of a cue's `extra`: which of the file's events it was, counted from 0."""
BEFORE = "ass.before"
"""Of a cue's `extra`: lines between the events above it that are none."""

LONGEST = 10 * 3600 - 0.01
"""Seconds. SubStation has one digit for the hours."""

_ASS_FIELDS = EVENT_FIELDS["ass"]
_SECTION = re.compile(r"\[[\w +.-]*[a-z][\w +.-]*\]", re.IGNORECASE)
_TIME = re.compile(clock_pattern())
_OTHER_LINE = re.compile(r"[;!]|(?:Format|Style|Picture|Sound|Movie|Command)\s*:", re.IGNORECASE)
_MARKED = re.compile(r"\s*Marked=-?\d\s*", re.IGNORECASE)
_STRICT_TIME = re.compile(r"(\d{1,6}):([0-5]\d):([0-5]\d)\.(\d\d)")
_TOKEN = re.compile(r"\\\u2060|\\[Nnh]|\\[{}]|\{[^{}]*\}")
_ESCAPES = {"\\\u2060": "\\", "\\N": "\n", "\\n": "\n", "\\h": "\u00a0", "\\{": "{", "\\}": "}"}
_SIGN_TIME = r"[ \t]*\d{1,3}:\d\d:\d\d[.:]\d{1,3}[ \t]*,"
_BEFORE_STYLE = 60
"""Characters of an event in which its times stand."""
_LAYERED = re.compile(rf"^Dialogue:[ \t]*\d{{1,9}},{_SIGN_TIME}{_SIGN_TIME}", re.IGNORECASE | re.MULTILINE)
_OLD_STYLES = re.compile(r"^\[V4 Styles\]|^ScriptType:\s*v4\.00\s*$", re.IGNORECASE | re.MULTILINE)
_RESOLUTION = re.compile(r"^PlayRes([XY])[ \t]*:[ \t]*(\d{1,9})[ \t]*$", re.IGNORECASE | re.MULTILINE)


def read(source: Source) -> Document:
    """Never raises."""
    return _File(source.text).document()


class _File:
    def __init__(self, text: str) -> None:
        self._text = text
        self._findings = Findings()
        self._fields: tuple[str, ...] = _names(_ASS_FIELDS)
        self._columns = _lower(self._fields)
        self._quick, self._groups = _quick(self._columns)
        self._first_fields = self._fields
        self._head: list[str] = []
        self._tail: list[str] = []
        self._waiting: list[str] = []
        self._rows: list[Row | Cue] = []
        self._more: list[str] = []
        """Lines that go on with the text of the last of them."""
        self._hidden: list[Cue] = []
        self._events = 0
        self._styles: dict[str, Style] = {}
        self._style_fields: tuple[str, ...] = ()
        self._resolution = (384.0, 288.0)

    def document(self) -> Document:
        section = ""
        for number, line in enumerate(lines_of(self._text), 1):
            if section == "events" and self._plain(line, number):
                continue
            stripped = line.strip("\ufeff \t")
            if _SECTION.fullmatch(stripped):
                section = stripped[1:-1].lower()
                self._kept(line)
            else:
                self._line(section, stripped, line, number)
        self._take_more()
        cues = settled(self._rows, self._findings, sort=False)
        extra = {
            HEAD: "\n".join(self._head).rstrip("\n"),
            FIELDS: ", ".join(self._first_fields if self._events else self._fields),
        }
        tail = "\n".join([*self._waiting, *self._tail]).strip("\n")
        if tail:
            extra[TAIL] = tail
        return Document(
            tuple(cues),
            styles=self._styles,
            hidden=tuple(self._hidden),
            extra=extra,
            findings=self._findings.done(),
        )

    def _kept(self, line: str) -> None:
        (self._tail if self._events else self._head).append(line)

    def _plain(self, line: str, number: int) -> bool:
        """Take in a line of an event as nearly all are: all columns, times as they should be, no tags. Else False."""
        match = self._quick.match(line) if self._quick is not None and not self._waiting else None
        if match is None:
            return False
        self._take_more()
        start, end, layer, style, speaker = _plain_values(match, self._groups)
        row, raw = match.group("row", "text")
        text = raw.replace("\\N", "\n") if "\\" in raw else raw
        if "{" in raw or raw[:1] == "," or "\\" in text or start >= end or not text.strip() or needs_tidying(text):
            return False
        align = self._align_of(style)
        extra = {ROW: row, INDEX: str(self._events)}
        if text != raw:
            extra[RAW] = raw
        if not self._events:
            self._first_fields = self._fields
        elif self._fields != self._first_fields:
            extra[FIELDS] = ", ".join(self._fields)
        self._events += 1
        placing = BELOW if align == 2 else Placing(align)
        self._rows.append(new_cue(start, end, text, (), placing, style, speaker, layer, "", extra, number))
        return True

    def _line(self, section: str, stripped: str, line: str, number: int) -> None:
        key, colon, rest = stripped.partition(":")
        key = key.lower()
        in_events = section in ("events", "")
        if section in ("fonts", "graphics"):
            self._kept(line)
        elif key in ("dialogue", "comment") and colon:
            self._event("Comment" if key == "comment" else "Dialogue", stripped, rest, number)
        elif key == "format" and in_events:
            named = tuple(field.strip() for field in rest.split(","))
            if {"start", "end", "text"} <= set(_lower(named)) and named[-1].lower() == "text":
                self._fields = named
                self._columns = _lower(named)
                self._quick, self._groups = _quick(self._columns)
            if self._events and section == "events":
                self._waiting.append(line)  # Other columns from here on.
            else:
                self._kept(line)
        elif not self._events:
            self._before_events(section, key, rest)
            self._kept(line)
        elif section == "events":
            if stripped and not self._goes_on(stripped, number):
                self._waiting.append(line)
        else:
            self._kept(line)

    def _goes_on(self, stripped: str, number: int) -> bool:
        """Take a line for more of the event above it, where that is shown and this says nothing else: a text that was
        written with its line ends."""
        row = self._rows[-1] if self._rows and not self._waiting else None
        if row is None or cue_of(row).extra[INDEX] != str(self._events - 1) or _OTHER_LINE.match(stripped):
            return False
        self._more.append(stripped)
        message = Text('"{text}" has no time; it was added to the subtitle above it.', text=quoted(stripped))
        self._findings.add(Kind.BROKEN, message, number)
        return True

    def _take_more(self) -> None:
        """Put the lines that belong to the last event behind its text: all at once, for there may be thousands."""
        if not self._more:
            return
        row = self._rows[-1]
        cue = cue_of(row)
        raw = "\\N".join([cue.extra.get(RAW, cue.text), *self._more])
        self._more.clear()
        if "{" in raw and is_too_long(raw, "{\\"):
            self._findings.too_long(cue.line)
        read = read_text(raw, self._align_of(cue.style), self._resolution)
        extra = {**cue.extra, RAW: raw}
        cue = dataclasses.replace(cue, text=read.text, spans=read.spans, placing=read.placing, extra=extra)
        self._rows[-1] = dataclasses.replace(row, cue=cue) if isinstance(row, Row) else cue

    # Above the events

    def _before_events(self, section: str, key: str, rest: str) -> None:
        if section.endswith("styles"):
            if key == "format":
                self._style_fields = _lower(field.strip() for field in rest.split(","))
            elif key == "style" and (style := _style(self._style_fields, rest, section)):
                self._styles[style.name] = style
        elif found := _RESOLUTION.match(f"{key}:{rest}"):
            x, y = self._resolution
            lines = float(found[2])
            self._resolution = (lines or x, y) if found[1] in "Xx" else (x, lines or y)

    # Events

    def _event(self, kind: str, stripped: str, rest: str, number: int) -> None:
        self._take_more()
        if " day" in rest[:_BEFORE_STYLE]:  # Twitch-Chat-Downloader, of streams of a day and more.
            rest = days_as_hours(rest[:_BEFORE_STYLE]) + rest[_BEFORE_STYLE:]
        values = rest.lstrip().split(",", len(self._fields) - 1)
        if len(values) < len(self._fields):
            message = Text('"{text}" is incomplete; it was left out.', text=quoted(stripped))
            self._findings.add(Kind.BROKEN, message, number, stripped)
            return
        row = dict(zip(self._columns, values, strict=True))
        if _MARKED.fullmatch(row.get("style", "")) and row["text"].startswith(","):
            # One column too many: that of SSA, which a converter put before the style.
            values = rest.lstrip().split(",", len(self._fields))
            row = dict(zip(self._columns, [*values[:3], *values[4:]], strict=True))
            self._findings.add(Kind.BROKEN, Text("there is a column too many; it was skipped."), number, values[3])
            values = [*values[:3], *values[4:]]
        extra = {ROW: ",".join(values[:-1]), INDEX: str(self._events)}
        if not self._events:
            self._first_fields = self._fields
        elif self._fields != self._first_fields:
            extra[FIELDS] = ", ".join(self._fields)
        self._events += 1
        if self._waiting:
            extra[BEFORE] = "\n".join(self._waiting)
            self._waiting.clear()
        style = row.get("style", "").strip()
        read = read_text(row["text"], self._align_of(style), self._resolution)
        if "{" in row["text"] and is_too_long(row["text"], "{\\"):
            self._findings.too_long(number)
        if read.text != row["text"]:
            extra[RAW] = row["text"]
        start, end = _seconds(row["start"]), _seconds(row["end"])
        cue = Cue(
            start or 0.0, end or 0.0, read.text, spans=read.spans, placing=read.placing, style=style,
            speaker=row.get("name", row.get("actor", "")).strip(), layer=_number(row.get("layer", "0")),
            extra=extra, line=number,
        )  # fmt: skip
        times = f"{row['start']},{row['end']}"
        made = as_row(start, end, cue, times)
        if kind == "Comment" or not read.text.strip() or (made.start is not None and made.start == made.end):
            self._hide(kind, made)
        else:
            self._rows.append(made)

    def _hide(self, kind: str, row: Row | Cue) -> None:
        cue = cue_of(row)
        extra = {**cue.extra, EVENT: kind}
        self._hidden.append(dataclasses.replace(cue, start=row.start or 0.0, end=row.end or 0.0, extra=extra))
        if kind == "Comment":
            return
        if cue.text:
            message = Text('"{text}" has no length, so that nobody sees it.', text=quoted(cue.text))
            self._findings.add(Kind.HIDDEN, message, cue.line, cue.text)
        elif any(span.kind == overrides.DRAWING for span in cue.spans):
            self._findings.add(
                Kind.HIDDEN, Text("a drawing, not text; it is kept, and drawn where the file is burnt in."), cue.line
            )
        else:
            self._findings.add(Kind.HIDDEN, Text("an event without text; it is kept for SubStation only."), cue.line)

    def _align_of(self, style: str) -> int:
        found = self._styles.get(style) or self._styles.get(style.lstrip("*"))
        return found.align if found else 2


@functools.lru_cache(maxsize=16)
def _quick(columns: tuple[str, ...]) -> tuple[re.Pattern[str] | None, tuple[str, ...]]:
    """The pattern of an event with these columns and plain values, with the groups `row` (all up to the text) and
    `text`, and its other groups: the parts of the times, and of layer, style and name those that there are. None where
    a column is there twice."""
    clock = r"(?P<{0}m>\d{{1,3}}:[0-5]\d):(?P<{0}s>[0-5]\d)\.(?P<{0}f>\d\d)"
    known = {
        "start": clock.format("a"), "end": clock.format("b"), "layer": r"(?P<layer>\d{1,9})",
        "style": "(?P<style>[^,]*)", "name": "(?P<name>[^,]*)",
    }  # fmt: skip
    if len(set(columns)) < len(columns) or "actor" in columns:
        return None, ()
    row = ",".join(known.get(column, "[^,]*") for column in columns[:-1])
    groups = *"am as af bm bs bf".split(), *(name for name in ("layer", "style", "name") if name in columns)
    return re.compile(f"Dialogue: *(?P<row>{row}),(?P<text>.*)$"), groups


def _plain_values(match: re.Match[str], groups: tuple[str, ...]) -> tuple[float, float, int, str, str]:
    """Start, end, layer, style and speaker of an event that the pattern of its columns matches."""
    a, b, c, d, e, f, *others = match.group(*groups)
    start = (minutes_of(a) * 6000 + int(b + c)) / 100
    end = (minutes_of(d) * 6000 + int(e + f)) / 100
    if len(others) == 3:
        layer, style, speaker = others
        return start, end, int(layer), style.strip(), speaker.strip()
    row = dict(zip(groups[6:], others, strict=True))
    return start, end, int(row.get("layer", "0")), row.get("style", "").strip(), row.get("name", "").strip()


def _seconds(text: str) -> float | None:
    """A time of an event; None where it is none."""
    if match := _STRICT_TIME.fullmatch(text):
        return (((int(match[1]) * 60 + int(match[2])) * 60 + int(match[3])) * 100 + int(match[4])) / 100
    found = _TIME.fullmatch(plain_signs(text).strip())
    return seconds_of(found) if found else None


def _names(fields: str) -> tuple[str, ...]:
    return tuple(field.strip() for field in fields.split(","))


def _lower(names: Sequence[str] | Iterator[str]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


def _number(text: str) -> int:
    match = re.search(r"-?\d{1,9}", text)
    return int(match[0]) if match else 0


def _style(fields: Sequence[str], rest: str, section: str) -> Style | None:
    values = [value.strip() for value in rest.split(",")]
    row = dict(zip(fields, values, strict=False))
    if not row.get("name"):
        return None
    align = _number(row.get("alignment", "2"))
    if "+" not in section:
        align = SSA_ALIGN.get(align, 2)
    size = row.get("fontsize", "")
    return Style(
        row["name"],
        font=row.get("fontname", ""),
        size=float(size) if re.fullmatch(r"\d{1,6}(\.\d+)?", size) else None,
        color=from_substation(row.get("primarycolour", "")) or "",
        bold=row.get("bold", "0") not in ("", "0"),
        italic=row.get("italic", "0") not in ("", "0"),
        underline=row.get("underline", "0") not in ("", "0"),
        strike=row.get("strikeout", "0") not in ("", "0"),
        align=align if 1 <= align <= 9 else 2,
    )


def pieces(raw: str) -> Iterator[tuple[bool, str]]:
    """What the text of an event is made of, in order: letters, and (True) what stands between two braces."""
    end = 0
    for match in _TOKEN.finditer(raw):
        if end < match.start():
            yield False, raw[end : match.start()]
        end = match.end()
        if match[0][0] == "{":
            yield True, match[0][1:-1]
        else:
            yield False, _ESCAPES[match[0]]
    if end < len(raw):
        yield False, raw[end:]


@dataclasses.dataclass(frozen=True, slots=True)
class TextRead:
    """What the text of an event says."""

    text: str
    spans: tuple[Span, ...]
    placing: Placing


def read_text(raw: str, align: int = 2, resolution: tuple[float, float] = (384.0, 288.0)) -> TextRead:
    """The text of an event without its tags, their spans, and where it stands; `align` is that of its style."""
    if "{" not in raw or is_too_long(raw, "{\\"):
        plain = _TOKEN.sub(lambda match: _ESCAPES.get(match[0], match[0]), raw) if "\\" in raw else raw
        return TextRead(*tidied_text(plain), BELOW if align == 2 else Placing(align))
    builder = TextBuilder()
    blocks = overrides.Overrides(builder, resolution)
    for is_block, piece in pieces(raw):
        if is_block:
            blocks.apply(piece)
        else:
            blocks.text(piece)
    text, spans = builder.done()
    spans = tuple(sorted([*spans, *(Span(0, 0, overrides.COMMENT, value) for value in builder.empty)]))
    x, y = blocks.position or (None, None)
    return TextRead(text, spans, Placing(blocks.align or align, x, y))


# Writing

KEEPS = frozenset(
    {BOLD, ITALIC, UNDERLINE, STRIKE, COLOR, FONT, SIZE, "placing", "position", "style", "speaker", "layer"}
    | {overrides.TAG, overrides.KARAOKE, overrides.COMMENT, overrides.DRAWING}
)


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
    fields = _lower(_names(extra.get(FIELDS, _ASS_FIELDS)))
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


def resolution_of(head: str) -> tuple[float, float]:
    """The picture that the places in a file are measured in, by what stands above its events."""
    found = {axis.upper(): float(lines) for axis, lines in _RESOLUTION.findall(head) if int(lines)}
    return found.get("X", 384.0), found.get("Y", 288.0)


def _index(cue: Cue) -> int:
    return int(cue.extra.get(INDEX, "0"))


def _event(
    cue: Cue, fields: Sequence[str], styles: Mapping[str, Style], resolution: tuple[float, float]
) -> Iterator[str]:
    if BEFORE in cue.extra:
        yield cue.extra[BEFORE]
    if FIELDS in cue.extra:
        fields = _lower(_names(cue.extra[FIELDS]))
    align = styles[cue.style].align if cue.style in styles else 2
    if _is_as_read(cue, tuple(fields)):
        yield f"Dialogue: {cue.extra[ROW]},{event_text(cue, align, resolution)}"
        return
    values = cue.extra[ROW].split(",") if ROW in cue.extra else []
    row = dict(zip(fields, values, strict=False))
    for name, time in (("start", cue.start), ("end", cue.end)):
        if _seconds(row.get(name, "")) != time:
            row[name] = clock(time, ".", 2, 1)
    speaker = "name" if "name" in fields else "actor"
    for name, value in (("style", cue.style), (speaker, cue.speaker)):
        if row.get(name, "").strip() != value:
            # A row is one line, with commas between its columns.
            row[name] = " ".join(value.replace(",", ";").splitlines())
    if _number(row.get("layer", "0")) != cue.layer:
        row["layer"] = str(cue.layer)
    defaults = {"layer": "0", "marked": "Marked=0", "style": "Default", "name": "", "actor": "", "effect": ""}
    listed = [row.get(name) or defaults.get(name, "0") if name not in row else row[name] for name in fields[:-1]]
    yield f"{cue.extra.get(EVENT, 'Dialogue')}: {','.join(listed)},{event_text(cue, align, resolution)}"


def _is_as_read(cue: Cue, fields: tuple[str, ...]) -> bool:
    """Whether its row says the same as the cue, in a usual event."""
    pattern, groups = _quick(fields)
    if pattern is None or ROW not in cue.extra or EVENT in cue.extra:
        return False
    match = pattern.match(f"Dialogue: {cue.extra[ROW]},")
    if match is None:
        return False
    return _plain_values(match, groups) == (cue.start, cue.end, cue.layer, cue.style, cue.speaker)


def event_text(cue: Cue, align: int, resolution: tuple[float, float]) -> str:
    """The text of an event with its tags: as it came, where nothing of it was changed. `align` and `resolution` as for
    `read_text`."""
    raw = cue.extra.get(RAW)
    if not cue.spans and cue.placing.align == align and cue.placing.x is None and cue.placing.y is None:
        # Nothing but letters, and what was read said no more.
        if raw is not None and "{" not in raw and (plain := raw.replace("\\N", "\n")) == cue.text and "\\" not in plain:
            return raw
        if raw is None:
            return _escaped(cue.text)
    if raw is not None and read_text(raw, align, resolution) == TextRead(cue.text, cue.spans, cue.placing):
        return raw
    tags = ""
    if cue.placing.align != align:
        tags += f"\\an{cue.placing.align}"
    if cue.placing.x is not None and cue.placing.y is not None:
        tags += f"\\pos({cue.placing.x * resolution[0]:g},{cue.placing.y * resolution[1]:g})"
    # A tag that ends a colour goes back to that of the style, not to that of what is around.
    spans = flattened(cue.spans, (COLOR, FONT, SIZE))
    text = marked_up(cue.text, spans, overrides.opening, overrides.closing, _escaped)
    return f"{{{tags}}}{text}" if tags else text


_SPECIAL = re.compile(r"\\(?=[Nnh{}\u2060]|$)|[{}]|\n|\u00a0")
_SAID = {"{": "\\{", "}": "\\}", "\n": "\\N", "\u00a0": "\\h", "\\": "\\\u2060"}


def _escaped(text: str) -> str:
    """A backslash that would make an escape is parted from what follows by a word joiner, which has no width."""
    return _SPECIAL.sub(lambda match: _SAID[match[0]], text)


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
        _style_row(Style("Default", "Arial"), resolution[1] / 1080),
        "",
        "[Events]",
        f"Format: {_ASS_FIELDS}",
    ]


def _new(document: Document, options: WriteOptions) -> str:
    width, height = options.resolution
    fields = _lower(_names(_ASS_FIELDS))
    lines: list[str] = []
    for cue in document.cues:
        plain = dataclasses.replace(cue, style="Default", extra={}, spans=_sayable(cue.spans))
        lines += _event(plain, fields, {}, (float(width), float(height)))
    return "\n".join([*_heading(options.resolution), *lines]) + "\n"


def _sayable(spans: Sequence[Span]) -> tuple[Span, ...]:
    """What is not another format's own."""
    return tuple(span for span in spans if "." not in span.kind or span.kind == overrides.KARAOKE)


def _style_row(style: Style, scale: float) -> str:
    # Sizes are in the units of PlayRes: the usual default of 20 is meant for a picture 288 lines high.
    size = style.size or 64 * scale
    color = f"&H00{style.color[5:7]}{style.color[3:5]}{style.color[1:3]}".upper() if style.color else "&H00FFFFFF"
    switches = ",".join("-1" if on else "0" for on in (style.bold, style.italic, style.underline, style.strike))
    margins = f"{round(96 * scale)},{round(96 * scale)},{round(54 * scale)}"
    return (
        f"Style: {style.name},{style.font or 'Arial'},{size:g},{color},&H000000FF,&H00000000,&H00000000,{switches},"
        f"100,100,0,0,1,{3 * scale:g},{scale:g},{style.align},{margins},1"
    )


def _looks_new(head: str) -> bool:
    """Whether there are events with layers, and no styles of the old version: often all that was copied of a file."""
    return _LAYERED.search(head) is not None and _OLD_STYLES.search(head) is None


ASS = Format(
    id="ass",
    label="Advanced SubStation Alpha",
    suffixes=(".ass",),
    sign=re.compile(r"^\[V4\+ Styles\]|^ScriptType:\s*v4\.00\+", re.IGNORECASE | re.MULTILINE),
    looks=_looks_new,
    read=read,
    write=write,
    keeps=KEEPS,
    family="substation",
    keeps_order=True,
)
SSA = Format(
    id="ssa",
    label="SubStation Alpha",
    suffixes=(".ssa",),
    sign=re.compile(
        rf"^\[(V4 Styles|Script Info|Events)\]\s*$|^Dialogue:[ \t]*Marked=\d,{_SIGN_TIME}", re.IGNORECASE | re.MULTILINE
    ),
    read=read,
    write=write,
    keeps=KEEPS - {"layer"},
    family="substation",
    keeps_order=True,
)
