# SPDX-License-Identifier: GPL-3.0-or-later
"""SubRip, `.srt`, with everything that thirty years of tools and people have done to it.

There is no standard. What is read: numbers missing, wrong or repeated; no empty lines, or one after each line; times
with any separator, arrow and script; HTML's tags and SubStation's, entities, coordinates. A line of times is one that
begins with a time and goes on with an arrow and a time: an arrow inside a text is text.
"""

from __future__ import annotations

import functools
import html
import itertools
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

from ...cues import new_cue
from ...markup import BELOW, BOLD, COLOR, FONT, ITALIC, LANGUAGE, SIZE, STRIKE, UNDERLINE, VOICE, Placing, Span
from ...text import Text
from ..document import Cue, Document, Kind
from ..times import ARROW, as_typed, clock, clock_pattern, counts_frames, guessed_rate, plain_signs, seconds_of
from . import overrides, speaker_lines
from .base import Findings, Format, Source, WriteOptions, is_too_long
from .colors import from_css
from .lines import Lines, lines_of
from .settling import Row, as_row, settled
from .tags import TextBuilder, marked_up, tidied_text
from .xml_tokens import character

COORDINATES = "srt.coordinates"
"""Of a cue's `extra`: `X1:40 X2:600 Y1:20 Y2:50`, as it came."""
SETTINGS = "vtt.settings"

_LONGEST_TIMES = 400
"""Characters. No line of times is longer."""
_STRICT = re.compile(r"(\d{1,6}):([0-5]\d):([0-5]\d)[,.](\d{3}) ?--> ?(\d{1,6}):([0-5]\d):([0-5]\d)[,.](\d{3})[ \t]*$")
_ARROWS = re.compile("[>\u2013\u2014\u2015\u2212\u2192\u21d2\u27a1\u2794\u279c]")
_BEGINS_WITH_NUMBER = re.compile(r"[\s\ufeff]*[-\u2212]?\d+\s*[:.]")
_TIMES = re.compile(
    r"(?:(?P<number>\d{1,9})[.)]?\s+)?" + clock_pattern("a") + rf"\s*(?P<arrow>{ARROW}|-{{1,3}})\s*"
    + clock_pattern("b") + r"(?P<rest>\s.*)?$"
)  # fmt: skip
_BETWEEN = re.compile(clock_pattern("a") + r"\s*(?P<arrow>[>~/|<]{1,3}|to)\s*" + clock_pattern("b") + r"$")
"""Two whole times, and nothing else, with what is left of an arrow or stands for one."""
_DOTTED = re.compile(r"(?<![\d.])(\d{1,3})\.(\d{2})\.(\d{2})([.,]\d{1,3})(?![\d.])")
"""`00.00.01,000`: full stops in place of colons."""
_FIRST_TIME = re.compile(r"(?:\d+\s+)?" + clock_pattern())
_SECOND_TIME = re.compile(clock_pattern() + r"(?=\s|$)")
_ANY_ARROW = re.compile(ARROW)
_BEGINS_LIKE_TIME = re.compile(r"\s*-?\d{1,6}:\d")
_COORDINATES = re.compile(r"(?:[XxYy][12]?:-?\d+\s*)+")
_SETTINGS = re.compile(r"(?:[a-z]+:\S+\s*)+")


_LISTED = re.compile(r"[\ufeff\u200b \t]*[#(\[*]{0,3}(\d{1,9})[.):\]*]{0,3}[\u200b \t]*", re.ASCII)


class Timing(NamedTuple):
    """A line of times."""

    at: int
    """Its index in the file."""
    start: float | None
    end: float | None
    rest: str = ""
    number: str = ""
    frames: tuple[re.Match[str], int] | None = None
    """The match, and the highest of its two numbers of frames, where the last parts may be frames."""


def looks(head: str) -> bool:
    """Whether some line is one of times, or of a time on one side of an arrow."""
    lines = filter(_may_be_times, head.split("\n"))
    return any(timing_of(line) is not None or _is_half(line) for line in lines)


def _may_be_times(line: str) -> bool:
    """Whether it has an arrow or begins with a number as times do: asked of each line, so that it must be quick."""
    has_arrow = ">" in line or not (line.isascii() or _ARROWS.search(line) is None)
    return has_arrow or _BEGINS_WITH_NUMBER.match(line) is not None


def _is_half(line: str) -> bool:
    plain = plain_signs(line[:_LONGEST_TIMES]).strip("\ufeff \t")
    arrow = _ANY_ARROW.search(plain)
    if arrow is None:
        return False
    sides = plain[: arrow.start()].strip(), plain[arrow.end() :].strip()
    return any((half := _FIRST_TIME.fullmatch(side)) and half["h"] is not None for side in sides)


def read(source: Source) -> Document:
    """Never raises: a file without subtitles is a document without cues, with findings for all its text."""
    return _File(source.text, source.options.fps).document()


def timing_of(line: str, index: int = 0) -> Timing | None:
    """What a line of times says, however it is written; None for any other line."""
    if match := _STRICT.match(line):
        a, b, c, d, e, f, g, h = match.groups()
        start = ((int(a) * 60 + int(b)) * 60 + int(c)) * 1000 + int(d)
        end = ((int(e) * 60 + int(f)) * 60 + int(g)) * 1000 + int(h)
        return Timing(index, start / 1000, end / 1000)
    if len(line) > _LONGEST_TIMES:
        return None
    plain = _DOTTED.sub(r"\1:\2:\3\4", plain_signs(line))
    plain = plain.strip("\ufeff \t")
    found = _TIMES.match(plain)
    if found is None and plain[:1] in ("[", "(") and plain[-1:] in ("]", ")"):
        found = _TIMES.match(plain[1:-1].strip())
        if found is not None and not _is_full(found):
            return None
    if found is None:
        found = _BETWEEN.match(plain)
        full = found is not None and _is_full(found)
        return Timing(index, seconds_of(found, "a"), seconds_of(found, "b")) if found and full else None
    if found["arrow"].strip("-") == "" and not _is_full(found):
        return None
    rest = (found["rest"] or "").strip()
    if rest and not _is_full(found) and not _COORDINATES.fullmatch(rest) and not _SETTINGS.fullmatch(rest):
        return None  # "01:30 -> 02:45 on the tape" is what somebody says.
    times = seconds_of(found, "a"), seconds_of(found, "b")
    frames = [int(found[f"{side}f"]) for side in "ab" if counts_frames(found, side)]
    counted = (found, max(frames)) if len(frames) == 2 else None
    return Timing(index, *times, rest, found["number"] or "", counted)


def _is_full(found: re.Match[str]) -> bool:
    """Whether both times have hours and a fraction, as nobody writes them in a sentence."""
    return all(found[side + part] is not None for side in "ab" for part in "hf")


class _File:
    """One file, line by line: find the lines of times, and see what stands between each and the next."""

    def __init__(self, text: str, rate: Fraction | None) -> None:
        self._text = _without_signs(text)
        self._lines = Lines(self._text)
        self._rate = rate
        self._findings = Findings()
        self._numbered = False

    def document(self) -> Document:
        timings = self._timings()
        first = next(timings, None)
        self._before_first(first.at if first else len(self._lines))
        self._numbered = first is not None and self._number_above(first.at) is not None
        rows = list(self._rows(first, timings)) if first else []
        if not self._numbered:  # Transcripts of meetings have no numbers.
            speaker_lines.take(rows)
        cues = settled(rows, self._findings)
        return Document(tuple(cues), fps=self._rate, findings=self._findings.done())

    # Lines of times

    def _timings(self) -> Iterator[Timing]:
        for index, line in enumerate(lines_of(self._text)):
            if not _may_be_times(line):
                continue
            timing = timing_of(line, index)
            if timing is None and self._follows_number(index):
                timing = self._broken(line, index)
            if timing is not None:
                yield timing

    def _broken(self, line: str, index: int) -> Timing | None:
        """Times, or half of them, where a number right above says that there must be times."""
        plain = plain_signs(line).strip("\ufeff \t")
        arrow = _ANY_ARROW.search(plain[:_LONGEST_TIMES])
        if arrow is None and not _BEGINS_LIKE_TIME.match(plain):
            return None
        start = _FIRST_TIME.fullmatch(plain[: arrow.start()].strip() if arrow else plain[:_LONGEST_TIMES].strip())
        end = _SECOND_TIME.match(plain[arrow.end() :].strip()) if arrow else None
        rest = plain[arrow.end() :].strip()[end.end() :].strip() if arrow and end else ""
        return Timing(index, start and seconds_of(start), end and seconds_of(end), rest)

    def _follows_number(self, index: int) -> bool:
        if index == 0 or not _is_number(self._lines[index - 1]):
            return False
        return index == 1 or not self._lines[index - 2].strip("\ufeff \t")

    @functools.cached_property
    def _frame_rate(self) -> Fraction | None:
        """The frames a second, where `00:00:01:12` means frames: unless a file has milliseconds behind its colons."""
        number = counted = most = first = 0
        for timing in self._timings():
            number += 1
            first = first or timing.at + 1
            if timing.frames is not None:
                counted += 1
                most = max(most, timing.frames[1])
        if counted < number / 2:
            return None
        if self._rate is None:
            self._rate = guessed_rate(most)
            self._findings.rate_taken(self._rate, first)
        return self._rate

    def _counted(self, timing: Timing) -> Timing:
        if timing.frames is None or self._frame_rate is None:
            return timing
        start, end = (seconds_of(timing.frames[0], side, self._frame_rate) for side in "ab")
        return timing._replace(start=start, end=end)

    # What stands between them

    def _before_first(self, stop: int) -> None:
        last = next((index for index in range(stop - 1, -1, -1) if self._lines[index].strip("\ufeff \t")), None)
        for index, line in enumerate(itertools.islice(lines_of(self._text), stop)):
            if not (index == last and _is_number(line) and stop < len(self._lines)):
                self._findings.stray(index + 1, line.strip("\ufeff \t"))

    def _rows(self, first: Timing, others: Iterator[Timing]) -> Iterator[Row | Cue]:
        name = self._number_above(first.at)
        timing: Timing | None = first
        while timing is not None:
            later = next(others, None)
            stop = later.at if later else len(self._lines)
            body = self._lines.part(timing.at + 1, stop)
            while body and not body[-1].strip(" \t"):
                body.pop()
            following = self._next_number(body, timing.at + 1, stop, name, later is None)
            if following is not None:
                body.pop()
                while body and not body[-1].strip(" \t"):
                    body.pop()
            yield self._row(self._counted(timing), "\n".join(body), timing.number or name or "")
            name, timing = following, later

    def _row(self, timing: Timing, raw: str, name: str) -> Row | Cue:
        line = timing.at + 1
        extra: dict[str, str] = {}
        if timing.rest:
            if _COORDINATES.fullmatch(timing.rest):
                extra[COORDINATES] = timing.rest
            elif _SETTINGS.fullmatch(timing.rest):
                extra[SETTINGS] = timing.rest
            else:
                message = Text("there is text behind the times; it was put into the subtitle.")
                self._findings.add(Kind.TIME, message, line)
                raw = f"{as_typed(self._lines[timing.at].rstrip(), timing.rest)}\n{raw}"
        text, spans, placing, speaker = read_text(raw, self._findings, line)
        start, end = timing.start or 0.0, timing.end or 0.0
        cue = new_cue(start, end, text, spans, placing, "", speaker, 0, name, extra, line)
        return as_row(timing.start, timing.end, cue, self._lines[timing.at].strip("\ufeff \t"))

    def _next_number(self, body: list[str], first: int, stop: int, name: str | None, is_last: bool) -> str | None:
        """The number of the subtitle that follows, where `body` ends with it; its last line is text otherwise."""
        if not body or not _is_number(body[-1]):
            return None
        number = body[-1].strip("\ufeff \t")
        touches = first + len(body) == stop
        parted = len(body) == 1 or not body[-2].strip(" \t")
        is_next = name is not None and int(name[:18]) + 1 == int(number[:18])
        if is_last:
            if not (is_next and parted and len(body) > 1):
                return None
            message = Text("the file ends in the middle of subtitle {number}.", number=number)
            self._findings.add(Kind.BROKEN, message, first + len(body), number)
            return number
        if is_next or (parted and len(body) > 1) or (parted and not touches and self._numbered):
            return number
        return number if touches and self._numbered and len(body) > 1 else None

    def _number_above(self, index: int) -> str | None:
        # Two lines up as well: some tools put an empty line between all others.
        for above in reversed(self._lines.part(max(0, index - 2), index)):
            if above.strip("\ufeff \t"):
                return above.strip("\ufeff \t") if _is_number(above) else None
        return None


def _without_signs(text: str) -> str:
    """Numbers as lists have them (`1.`, `#2`, `(3)`) become SubRip's, where the first subtitle has such a one."""
    number, above = "", -1
    for at, line in enumerate(lines_of(text)):
        if _may_be_times(line) and timing_of(line):
            above = at - 1
            break
        number = line
    if above < 0 or _is_number(number) or not _LISTED.fullmatch(number):
        return text
    lines = text.split("\n")
    for at in range(above, len(lines) - 1):
        if _may_be_times(lines[at + 1]) and (match := _LISTED.fullmatch(lines[at])):
            lines[at] = match[1]
    return "\n".join(lines)


def _is_number(line: str) -> bool:
    stripped = line.strip("\ufeff \t")
    return stripped.isdigit() and stripped.isascii()


# Text

_MARKUP = re.compile(
    r"<(?P<close>/?)(?P<tag>i|b|u|s|em|strong|strike|del|font|span|c|v|lang|ruby|rt|p|small|big|tt)"
    r"(?P<attributes>(?:[\s.=/][^<>]*)?)>"
    r"|<(?P<break>br)\s*/?>|<(?P<time>\d[\d:.]*)>"
    r"|\{(?P<block>\\[^{}]*)\}|\{(?P<shut>/?)(?P<switch>[ibus])\}|\{(?P<dvd>[a-zA-Z]:[^{}]*)\}"
    r"|&(?P<entity>amp|lt|gt|quot|apos|nbsp|lrm|rlm|zwnj|zwj|shy|hellip|mdash|ndash|#\d{1,7}|#x[0-9a-f]{1,6});",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"(?<![a-z-])([a-z-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+)", re.IGNORECASE)
_SAME = {"em": "i", "strong": "b", "strike": "s", "del": "s"}
_KINDS = {"i": ITALIC, "b": BOLD, "u": UNDERLINE, "s": STRIKE}
_TAG_OF = {kind: tag for tag, kind in _KINDS.items()}
_MAY_BE_MARKUP = re.compile(r"[<{&]")


def read_text(raw: str, findings: Findings, line: int) -> tuple[str, tuple[Span, ...], Placing, str]:
    """The text of a subtitle without its tags, their spans, where it stands, and who says it. Also for SBV and others
    that borrow SubRip's tags."""
    if not _MAY_BE_MARKUP.search(raw):
        return (*tidied_text(raw), BELOW, "")
    if is_too_long(raw, "<{"):
        findings.too_long(line)
        return (*tidied_text(raw), BELOW, "")
    builder = TextBuilder()
    blocks = overrides.Overrides(builder)
    end = 0
    for match in _MARKUP.finditer(raw):
        builder.text(raw[end : match.start()])
        end = match.end()
        _apply(match, builder, blocks, findings, line)
    builder.text(raw[end:])
    text, spans = builder.done()
    for value in builder.empty:
        findings.markup(line, value)
    placing = Placing(blocks.align) if blocks.align else BELOW
    voices = [span for span in spans if span.kind == VOICE]
    if len(voices) == 1 and (voices[0].start, voices[0].end) == (0, len(text)):
        return text, tuple(span for span in spans if span.kind != VOICE), placing, voices[0].value
    return text, spans, placing, ""


def _apply(
    match: re.Match[str], builder: TextBuilder, blocks: overrides.Overrides, findings: Findings, line: int
) -> None:
    if tag := match["tag"]:
        tag = _SAME.get(tag.lower(), tag.lower())
        if match["close"]:
            if not builder.close(tag) or match["attributes"].strip():
                findings.markup(line, match[0])
        else:
            _open(tag, match, builder, findings, line)
    elif match["break"]:
        builder.text("\n")
    elif match["block"]:
        blocks.apply(match["block"])
    elif match["switch"]:
        letter = match["switch"].lower()
        if not match["shut"]:
            builder.open(letter, (_KINDS[letter], ""))
        elif not builder.close(letter):
            findings.markup(line, match[0])
    elif match["entity"]:
        entity = match[0].lower() if match["entity"][0] != "#" else match[0]
        builder.text(match[0] if (found := character(entity)) == entity else found)
    else:
        builder.point("srt.tag", match[0])


def _open(tag: str, match: re.Match[str], builder: TextBuilder, findings: Findings, line: int) -> None:
    attributes = match["attributes"]
    if tag in _KINDS:
        builder.open(tag, (_KINDS[tag], ""))
        if attributes.strip():
            findings.markup(line, match[0])
    elif tag == "font":
        kinds, unread = _font(attributes)
        builder.open(tag, *kinds)
        if unread:
            findings.markup(line, match[0])
    elif tag == "v" and attributes.strip():
        builder.open(tag, (VOICE, " ".join(attributes.lstrip(".").split())))
    elif tag == "lang" and attributes.strip():
        builder.open(tag, (LANGUAGE, attributes.strip()))
    else:
        builder.open(tag, ("srt.tag", match[0]))


def _font(attributes: str) -> tuple[list[tuple[str, str]], bool]:
    """What a font tag says, and whether it says something else besides."""
    kinds: list[tuple[str, str]] = []
    unread = bool(re.search(r"[^\s/]", _ATTRIBUTE.sub("", attributes)))
    for name, quoted_value in _ATTRIBUTE.findall(attributes):
        value = html.unescape(quoted_value.strip("\"'")).strip()
        color = from_css(value) if name.lower() == "color" else None
        if color:
            kinds.append((COLOR, color))
        elif name.lower() == "face" and value:
            kinds.append((FONT, value))
        elif name.lower() == "size" and value:
            kinds.append((SIZE, value))
        else:
            unread = True
    return kinds, unread


# Writing

KEEPS = frozenset({BOLD, ITALIC, UNDERLINE, STRIKE, COLOR, FONT, SIZE, "srt.tag", overrides.TAG, "placing"})


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """Numbers from 1; an arrow in a text that would be read as times becomes `->`, and a line that still would gets a
    word joiner in front, which has no width."""
    own = document.format == format.id
    blocks = []
    for number, cue in enumerate(document.cues, 1):
        times = f"{clock(cue.start, ',')} --> {clock(cue.end, ',')}"
        if own and COORDINATES in cue.extra:
            times += f"  {cue.extra[COORDINATES]}"
        blocks.append(f"{number}\n{times}\n{no_times(written(cue, own))}\n")
    return "\n".join(blocks)


def no_times(text: str) -> str:
    """The text with a word joiner in front of each line that would be read as times.

    >>> no_times("one\\n0:01 -> 0:02") == "one\\n\\u20600:01 -> 0:02"
    True
    """
    if text.isascii() and "-" not in text and "=" not in text:
        return text  # Nearly all texts; times have an arrow between them.
    return "\n".join(f"\u2060{line}" if timing_of(line) is not None else line for line in text.split("\n"))


def written(cue: Cue, own: bool) -> str:
    """The text of a cue with its tags; for other formats that borrow them too. `own`: also what only SubRip says."""
    if cue.spans:
        spans = [span for span in cue.spans if own or not span.kind.startswith(("srt.", "ass."))]
        # What looks like markup is found before the tags are put in: one of them may stand in the middle of it.
        text = marked_up(_all_marked(cue.text), spans, _opening, _closing, _unmarked)
    else:
        text = _escaped(cue.text)
    if "\n" in text or "-->" in text:
        text = "\n".join(line for line in text.split("\n") if line.strip(" \t"))
        text = text.replace("-->", "->")
    corner = _corner(cue.placing) if cue.placing.align != 2 else 2
    return f"{{\\an{corner}}}{text}" if corner != 2 else text


def _corner(placing: Placing) -> int:
    """As on a number pad, where nothing more exact can be said: a text that begins a third from the edge, as services
    centre theirs, is nearer to the middle than to the corner."""
    is_inside = placing.x is not None and _EDGE < placing.x < 1 - _EDGE
    return placing.align - (placing.align - 1) % 3 + 1 if is_inside else placing.align


def _opening(span: Span) -> str:
    if span.kind in _TAG_OF:
        return f"<{_TAG_OF[span.kind]}>"
    if span.kind == COLOR:
        return f'<font color="{span.value[:7]}">'
    if span.kind == FONT:
        return f'<font face="{html.escape(span.value)}">'
    if span.kind == SIZE:
        return f'<font size="{html.escape(span.value)}">'
    if span.kind == "srt.tag":
        return span.value
    return f"{{{span.value}}}" if span.kind == overrides.TAG else ""


def _closing(span: Span) -> str:
    if span.kind in _TAG_OF:
        return f"</{_TAG_OF[span.kind]}>"
    if span.kind in (COLOR, FONT, SIZE):
        return "</font>"
    if span.kind == "srt.tag" and (match := re.match(r"<(\w+)", span.value)):
        return f"</{match[1]}>"
    return ""


_EDGE = 0.2
"""Share of the picture's width from its left and right edge on, in which a text that begins or ends there is at it."""
_MOST_NESTED = 8
"""Markup inside of markup that is looked for; in a text with more no sign is left to begin any."""
_MARKS = {"<": "\ufdd0", "{": "\ufdd1", "&": "\ufdd2"}
"""Signs that begin markup, and code points that are no characters to stand for them meanwhile."""


def _marked(match: re.Match[str]) -> str:
    return _MARKS[match[0][0]] + match[0][1:]


def _all_marked(text: str) -> str:
    """The text with a mark in place of each sign that begins markup: without what is inside, what is around may."""
    for _ in range(_MOST_NESTED):
        marked = _MARKUP.sub(_marked, text)
        if marked == text:
            return text
        text = marked
    for sign, mark in _MARKS.items():
        text = text.replace(sign, mark)
    return text


def _unmarked(text: str) -> str:
    for sign, mark in _MARKS.items():
        text = text.replace(mark, f"&#{ord(sign)};")
    return text


def _escaped(text: str) -> str:
    """Only what would be read as markup is written as an entity: players show entities as they stand."""
    if not _MAY_BE_MARKUP.search(text):
        return text
    return _unmarked(_all_marked(text))


FORMAT = Format(id="srt", label="SubRip", suffixes=(".srt",), looks=looks, read=read, write=write, keeps=KEEPS)
