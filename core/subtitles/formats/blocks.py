# SPDX-License-Identifier: GPL-3.0-or-later
"""The text of a subtitle file to cues, for the three formats that people edit by hand: SubRip, WebVTT, SubStation.

Our own reading rather than pysubs2's, because it folds a time that it cannot read into the text of the subtitle before
(or, in SubStation, gives up on the file). The promise here: **no subtitle is lost, bent or merged without a warning
that names its line.** Nothing in this module raises on any text.
"""

from __future__ import annotations

import dataclasses
import html
import itertools
import re
from collections.abc import Iterator

from ...cues import Cue
from ...text import Text

FALLBACK_DURATION = 2.0
"""Seconds a subtitle is shown whose end cannot be read, is missing, or lies before its start."""

_TIME = r"(?P<sign>-)?(?:(?P<h>\d{1,6})\s*:\s*)?(?P<m>\d{1,3})\s*:\s*(?P<s>\d{1,2})(?:\s*[.,:]\s*(?P<f>\d{1,9}))?"
_ARROW = re.compile(r"-{1,3}\s?>|[\u2013\u2014]>|\u2192")
_START = re.compile(r"(?:\d+\s+)?" + _TIME)
"""Some tools put the number and the times on one line."""
_END = re.compile(_TIME + r"(?=\s|$)")
_LOOKS_TIMED = re.compile(r"\d\s*[:.,]\s*\d")
_BEGINS_LIKE_TIME = re.compile(r"\s*-?\d{1,6}:\d")
_LINE_END = re.compile(r"\r\n|\r|\n")
"""Not str.splitlines(): that also splits at U+2028 and at control characters inside a subtitle."""

_ANGLE_TAG = re.compile(
    r"</?(?:i|b|u|s|em|strong|font|span|c|v|lang|ruby|rt|p|small|big)(?:[\s.=/][^<>]*)?>|<\d[\d:.]*>", re.IGNORECASE
)
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
_CURLY_TAG = re.compile(r"\{\\[^{}]*\}|\{/?[ibus]\}|\{[a-zA-Z]:[^{}]*\}")
_ASS_TAG = re.compile(r"(?<!\\)\{[^{}]*\}")
_ASS_DRAWING = re.compile(r"\{[^{}]*\\p[1-9][^{}]*\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ufeff]")


@dataclasses.dataclass(slots=True)
class Block:
    """One subtitle as it stands in the file; `start` or `end` is None where it cannot be read."""

    line: int
    """Where its times are, counted from 1; 0 where the format has no lines."""
    start: float | None
    end: float | None
    text: str


@dataclasses.dataclass(slots=True)
class Parsed:
    """What a file holds, and what was wrong with it."""

    cues: list[Cue] = dataclasses.field(default_factory=list)
    warnings: list[str] = dataclasses.field(default_factory=list)


def parse_srt(text: str) -> Parsed:
    """SubRip, however bent. Tags are removed, `{\\an8}` and its like too."""
    return _Lines(text, vtt=False).parse()


def parse_vtt(text: str) -> Parsed:
    """WebVTT: as SubRip, with notes, styles and identifiers left out and `&amp;` read."""
    return _Lines(text, vtt=True).parse()


def looks_timed(text: str) -> bool:
    """Whether some line has an arrow between what may be times, as SubRip and WebVTT do."""
    return any(_ARROW.search(line) and _LOOKS_TIMED.search(line) for line in _LINE_END.split(text))


def plain_text(marked_up: str) -> str:
    """The words without tags: lines stripped, empty lines and control characters gone."""
    text = _BREAK_TAG.sub("\n", marked_up.replace("\\N", "\n").replace("\\h", " "))
    text = _CURLY_TAG.sub("", _ANGLE_TAG.sub("", text))
    return tidy(text)


def tidy(text: str) -> str:
    """Lines stripped, empty lines and control characters gone."""
    lines = (_CONTROL.sub("", line).strip() for line in _LINE_END.split(text))
    return "\n".join(line for line in lines if line)


def finish(blocks: list[Block], warnings: list[str], first: int = 1) -> Parsed:
    """Cues out of what was read, in order of time; what had to be guessed or left out is said in `warnings`.

    A block without a line is named there by its number, counted from `first`.
    """
    cues: list[Cue] = []
    previous_end = 0.0
    for number, block in enumerate(blocks, first):
        where = Text("Line {line}", line=block.line) if block.line else Text("Subtitle {number}", number=number)
        if not block.text:
            warnings.append(Text("{where}: this subtitle has no text; it was left out.", where=where))
            continue
        times = _settle(block, where, previous_end, warnings)
        if times is None:
            shown = block.text.replace("\n", " / ")
            warnings.append(
                Text('{where}: the times cannot be read; "{text}" was left out.', where=where, text=_short(shown))
            )
            continue
        cues.append(Cue(*times, block.text))
        previous_end = times[1]
    if any(later.start < earlier.start for earlier, later in itertools.pairwise(cues)):
        warnings.append(Text("The subtitles were not in order of time; they were sorted."))
        cues.sort(key=lambda cue: cue.start)
    return Parsed(cues, warnings)


def _settle(block: Block, where: str, previous_end: float, warnings: list[str]) -> tuple[float, float] | None:
    start, end = block.start, block.end
    if start is None and end is None:
        return None
    if start is None:
        assert end is not None
        start = max(0.0, end - FALLBACK_DURATION, min(previous_end, end))
        warnings.append(
            Text("{where}: the start time cannot be read; a time shortly before the end was taken.", where=where)
        )
    if start < 0:
        warnings.append(Text("{where}: the start lies before zero; it was moved to zero.", where=where))
        start = 0.0
    if end is None:
        warnings.append(
            Text(
                "{where}: the end time cannot be read; {seconds:g} seconds were taken.",
                where=where,
                seconds=FALLBACK_DURATION,
            )
        )
        end = start + FALLBACK_DURATION
    elif end <= start:
        warnings.append(
            Text(
                "{where}: it ends before it begins; {seconds:g} seconds were taken.",
                where=where,
                seconds=FALLBACK_DURATION,
            )
        )
        end = start + FALLBACK_DURATION
    return start, end


def _short(text: str, limit: int = 60) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _seconds(match: re.Match[str]) -> float:
    whole = int(match["h"] or 0) * 3600 + int(match["m"]) * 60 + int(match["s"])
    # Through the decimal text, so that 00:00:01,100 is exactly the float 1.1.
    value = float(f"{whole}.{match['f'] or '0'}")
    return -value if match["sign"] else value


@dataclasses.dataclass(frozen=True, slots=True)
class _Timing:
    """A line of times, by its index in the file."""

    index: int
    start: float | None
    end: float | None


class _Lines:
    """SubRip and WebVTT line by line: find the lines of times, then see what stands between them."""

    def __init__(self, text: str, *, vtt: bool) -> None:
        self._lines = _LINE_END.split(text)
        self._vtt = vtt
        self._warnings: list[str] = []
        self._tagged = 0

    def parse(self) -> Parsed:
        timings = [timing for index in range(len(self._lines)) if (timing := self._timing(index))]
        self._before_first(timings[0].index if timings else len(self._lines))
        blocks: list[Block] = []
        for timing, following in itertools.zip_longest(timings, timings[1:]):
            stop = following.index if following else len(self._lines)
            body = self._lines[timing.index + 1 : stop]
            if self._vtt:
                body = self._vtt_body(body, timing.index + 1)
            else:
                body = self._srt_body(body, timing, is_last=following is None)
            blocks.append(Block(timing.index + 1, timing.start, timing.end, self._plain("\n".join(body))))
        parsed = finish(blocks, self._warnings)
        if self._tagged:
            parsed.warnings.append(
                Text("Formatting tags were removed from {subtitles}.", subtitles=_count(self._tagged))
            )
        return parsed

    def _timing(self, index: int) -> _Timing | None:
        line = self._lines[index]
        arrow = _ARROW.search(line)
        if arrow and _LOOKS_TIMED.search(line):
            start = _START.fullmatch(line[: arrow.start()].strip())
            end = _END.match(line[arrow.end() :].strip())
            return _Timing(index, start and _seconds(start), end and _seconds(end))
        if self._follows_number(index) and (arrow or _BEGINS_LIKE_TIME.match(line)):
            start = _START.fullmatch(line[: arrow.start()].strip() if arrow else line.strip())
            return _Timing(index, start and _seconds(start), None)
        return None

    def _follows_number(self, index: int) -> bool:
        """Whether a subtitle's number stands right above, so that this must be a line of times, however bent."""
        if index == 0 or not _is_number(self._lines[index - 1]):
            return False
        return index == 1 or not self._lines[index - 2].strip()

    def _before_first(self, stop: int) -> None:
        head = [(number, line.strip()) for number, line in enumerate(self._lines[:stop], 1) if line.strip("\ufeff \t")]
        if self._vtt:
            return
        if head and _is_number(head[-1][1]):
            head.pop()
        for number, line in head:
            self._warnings.append(
                Text(
                    'Line {number}: "{text}" belongs to no subtitle; it was left out.',
                    number=number,
                    text=_short(line),
                )
            )

    def _srt_body(self, body: list[str], timing: _Timing, *, is_last: bool) -> list[str]:
        """The text without the next subtitle's number, which stands at its end."""
        kept = list(body)
        while kept and not kept[-1].strip():
            kept.pop()
        if not kept or not _is_number(kept[-1]):
            return kept
        is_next = self._number_above(timing.index) + 1 == int(kept[-1].strip()[:9])
        parted = len(kept) > 1 and not kept[-2].strip()
        if not is_last and (len(kept) == len(body) or is_next):
            kept.pop()
        elif is_last and is_next and parted:
            line = timing.index + 1 + len(kept)
            self._warnings.append(
                Text(
                    "Line {line}: the file ends in the middle of subtitle {number}.",
                    line=line,
                    number=kept.pop().strip(),
                )
            )
        return kept

    def _number_above(self, index: int) -> int:
        # Two lines up as well: some tools put an empty line between all others.
        for above in reversed(self._lines[max(0, index - 2) : index]):
            if above.strip():
                return int(above.strip("\ufeff \t")[:9]) if _is_number(above) else -1
        return -1

    def _vtt_body(self, body: list[str], first: int) -> list[str]:
        """The lines up to the first empty one; what follows is a note, a style, or the next identifier."""
        try:
            stop = next(position for position, line in enumerate(body) if not line.strip())
        except StopIteration:
            return body if first + len(body) == len(self._lines) else body[:-1] if len(body) > 1 else body
        for number, line in self._strays(body[stop:], first + stop):
            self._warnings.append(
                Text(
                    'Line {number}: "{text}" belongs to no subtitle; it was left out.',
                    number=number,
                    text=_short(line),
                )
            )
        return body[:stop]

    def _strays(self, rest: list[str], first: int) -> Iterator[tuple[int, str]]:
        inside_note = False
        for position, line in enumerate(rest):
            stripped = line.strip()
            if not stripped:
                inside_note = False
            elif re.match(r"(NOTE|STYLE|REGION)\b", stripped):
                inside_note = True
            elif not inside_note:
                is_identifier = position == len(rest) - 1 and first + len(rest) < len(self._lines)
                if not is_identifier:
                    yield first + position + 1, stripped

    def _plain(self, marked_up: str) -> str:
        text = plain_text(marked_up)
        if self._vtt:
            text = tidy(html.unescape(re.sub(r"<[^<>]*>", "", text)))
        self._tagged += bool(_ANGLE_TAG.search(marked_up) or _CURLY_TAG.search(marked_up))
        return text


def _is_number(line: str) -> bool:
    stripped = line.strip("\ufeff \t")
    return stripped.isascii() and stripped.isdigit()


def _count(cues: int) -> str:
    return Text("1 subtitle") if cues == 1 else Text("{cues} subtitles", cues=cues)


_ASS_FIELDS = ("layer", "start", "end", "style", "name", "marginl", "marginr", "marginv", "effect", "text")


def parse_ass(text: str) -> Parsed:
    """SubStation Alpha, both versions. Comments are no subtitles; drawings are left out with a warning."""
    fields: tuple[str, ...] = _ASS_FIELDS
    blocks: list[Block] = []
    warnings: list[str] = []
    section = ""
    tagged = 0
    for number, line in enumerate(_LINE_END.split(text), 1):
        stripped = line.strip("\ufeff \t")
        key, colon, rest = stripped.partition(":")
        if re.fullmatch(r"\[[\w +.-]*[a-z][\w +.-]*\]", stripped, re.IGNORECASE):
            section = stripped[1:-1].lower()
        elif not colon or section in ("fonts", "graphics"):
            continue
        elif key.lower() == "format" and section in ("events", ""):
            named = tuple(field.strip().lower() for field in rest.split(","))
            if {"start", "end", "text"} <= set(named) and named[-1] == "text":
                fields = named
        elif key.lower() == "dialogue":
            values = rest.split(",", len(fields) - 1)
            if len(values) < len(fields):
                warnings.append(
                    Text(
                        'Line {number}: "{text}" is incomplete; it was left out.', number=number, text=_short(stripped)
                    )
                )
                continue
            row = dict(zip(fields, values, strict=True))
            if _ASS_DRAWING.search(row["text"]):
                warnings.append(Text("Line {number}: a drawing, not text; it was left out.", number=number))
                continue
            tagged += bool(_ASS_TAG.search(row["text"]))
            start, end = (_START.fullmatch(row[name].strip()) for name in ("start", "end"))
            blocks.append(Block(number, start and _seconds(start), end and _seconds(end), _ass_plain(row["text"])))
    parsed = finish(blocks, warnings)
    if tagged:
        parsed.warnings.append(Text("Formatting tags were removed from {subtitles}.", subtitles=_count(tagged)))
    return parsed


def _ass_plain(text: str) -> str:
    text = _ASS_TAG.sub("", text)
    for mark, meaning in (("\\N", "\n"), ("\\n", "\n"), ("\\h", " "), ("\\{", "{"), ("\\}", "}")):
        text = text.replace(mark, meaning)
    return tidy(text)
