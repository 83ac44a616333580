# SPDX-License-Identifier: GPL-3.0-or-later
"""Plain text: a transcript with a time (or two) before each text, or a text without any times.

Times in frames (`00:00:11:10`), two times with nothing but a space or a comma between them, a number before and a
length behind them are what editing programs write lists of subtitles with; `[1.00s -> 2.50s]` is what people who call
faster-whisper print, and `Ann Lee  0:03` above each paragraph, `[Ann Lee] 0:03` or `Ann: [0:03] Hello` are how services
that transcribe meetings save them. Times may be bold, as Markdown has it, and who speaks may stand on a line of its own
above the times or below them.

Without times each paragraph (each line, where no line is empty) is shown one after the other for as long as it takes to
read: something to begin with, and said to be that.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Callable, Iterator
from fractions import Fraction

from ...cues import new_cue, set_times, text_length
from ...text import Text
from ..document import Cue, Document, Kind
from ..lines import Body, lines_of
from ..times import ARROW, as_typed, clock, counts_frames, guessed_rate, plain_signs, seconds_of
from . import speaker_lines
from .base import Findings, Format, Source, WriteOptions
from .lines import share
from .settling import FALLBACK_DURATION, Following, settled
from .tags import tidied_text

READING = 15.0
"""Characters a second that a text without times is shown for."""
_SHORTEST, _LONGEST = 1.5, 7.0

_TIME = (
    r"(?P<{0}sign>(?!))?(?:(?P<{0}h>\d{{1,3}}):)?(?P<{0}m>\d{{1,3}}):(?P<{0}s>\d{{2}})"
    r"(?:(?P<{0}mark>[.,:;])(?P<{0}f>\d{{1,9}}))?"
)
_WITH_HOURS = r"(?=\d{1,3}:\d{1,3}:\d\d)"
_STAMP = re.compile(
    rf"\s*(?:\d{{1,6}}[ \t]+{_WITH_HOURS}(?=(?:[^\s,]|,(?=[^\s,]))+[ \t,]+\d+:\d))?"
    rf"(?:\*\*|__)?(?:[\[(]\s*)?{_TIME.format('a')}(?P<shut>\s*[\])])?"
    rf"(?:(?:\s*(?:{ARROW}|-|to)\s*|(?:\s*[,;]\s*|\s+){_WITH_HOURS})(?:[\[(]\s*)?{_TIME.format('b')}(?:\s*[\])])?"
    r"(?:\s+(?P<length>\d{1,2}(?::\d{2}){1,3})(?=\s|$))?)?"
    r"(?:\*\*|__)?(?(shut)(?:\s*[-:,\u2013|](?=\s|$))?|\s*[-:,\u2013|]?(?:\s|$))\s*(?P<rest>.*)$"
)
_SECONDS = re.compile(
    rf"\s*(?:[\[(]\s*|(?=[\d.]+s))(\d{{1,7}}(?:\.\d{{1,9}})?)s?\s*{ARROW}\s*(\d{{1,7}}(?:\.\d{{1,9}})?)s?"
    r"\s*[\])]?(?=\s|$)"
)
_TURN = re.compile(
    r"[ \t]*(?P<who>[^\W\d][^.?!:;,\n]{0,48}?)(?:[ \t]{2,}|\t|[ \t]*(?=[\[(]))[\[(]?"
    rf"(?P<time>{_TIME.format('a')})[\])]?:?[ \t]*$"
)
_BOXED = re.compile(rf"[ \t]*\[(?P<who>[^\]\d\n][^\]\n]{{0,48}})\][ \t]+(?P<time>{_TIME.format('a')})[ \t]*$")
"""`[Ann Lee] 10:03:22`, as Zoom saves captions."""
_SPEAKS = re.compile(
    r"[ \t]*(?:\*\*|__)?(?P<who>[^\W\d][^.?!:;,*\n\[(]{0,48}):?(?:\*\*|__)?[ \t]+[\[(]"
    rf"(?P<time>{_TIME.format('a')})[\])]:?[ \t]+(?P<said>\S.*)$"
)
"""`Ann: [00:00:04] Hello`."""
_RANGED = re.compile(
    r"[ \t]*\[?(?P<who>[^\W\d][^.?!:;,\n\[\]()]{0,48}?)\]?:?[ \t]+(?P<open>[\[(])?"
    rf"(?P<time>{_TIME.format('a')}[ \t]*(?:{ARROW}|-)[ \t]*{_TIME.format('b')})"
    r"(?(open)[\])]:?|(?:$|:|(?=[ \t]*$)))(?:[ \t]+(?P<said>\S.*))?[ \t]*$"
)
"""`SPEAKER_00 [0:01 - 0:03]: Hello`, and `Speaker 1: 0:01 - 0:03` above a text."""
_TURNS = (_TURN, _BOXED, _SPEAKS, _RANGED)
_GLUED = re.compile(r"[ \t]*(?:\d{1,2}:)?\d{1,2}:\d{2}(?=[^\W\d_])(?![ap]m\b)", re.IGNORECASE)
"""A time with the text right behind it, as it comes out of YouTube's page."""
_LENGTH_SAID = re.compile(r"(?:(\d+) hours?,? ?)?(?:(\d+) minutes?,? ?)?(?:(\d+) seconds?)?")
"""The same time once more in words, which that page has for those who hear it."""
_NAMED = re.compile(r"([^\W\d][^\t.?!:;,]{0,48}):\t+(\S.*)", re.DOTALL)
"""Who speaks, behind a time, as Zoom saves it."""
_EDGE = re.compile(r"\s*<(?:begin|end) subtitles>\s*$")
"""What Avid writes above and below its list."""
_SHARE = 0.3
_HEAD = 16384
"""Characters that show what kind of transcript it is."""


def looks(head: str) -> bool:
    """Whether enough lines begin with a time (or are a name and a time), and the first is one of them."""
    first = next((line for line in head.split("\n") if line.strip()), "")
    return any(
        pattern.match(plain_signs(first)) and share(head, pattern) >= _SHARE
        for pattern in (_STAMP, _SECONDS, _GLUED, *_TURNS)
    )


def read(source: Source) -> Document:
    """Never raises."""
    findings = Findings()
    rate: Fraction | None = None
    rows: list[Cue] = []
    match = _turn if _is_of_turns(source.text) else _unglued if _is_glued(source.text) else _stamped
    if any(match(line)[0] for line in lines_of(source.text)):
        rate = _rate(source.text, match, source.options.fps, findings)
        rows = _timed(source.text, match, rate, findings)
    else:
        rows = _untimed(source.text)
        if rows:
            message = Text("the text has no times; each paragraph was given the time that it takes to read.")
            findings.add(Kind.TIME, message, 1)
    return Document(tuple(settled(rows, findings)), fps=rate, findings=findings.done())


_Found = tuple[re.Match[str] | None, str]
"""The times of a line, and who speaks from there on."""


def _stamped(line: str) -> _Found:
    """What a line that begins with a time says."""
    plain = plain_signs(line)
    if seconds := _SECONDS.match(plain):
        times = " --> ".join(clock(float(value), digits=9) for value in seconds.groups())
        plain = times + plain[seconds.end() :]
    return _STAMP.match(plain), ""


def _is_glued(text: str) -> bool:
    first = next((line for line in text[:_HEAD].split("\n") if line.strip("\ufeff \t")), "")
    return _GLUED.match(first) is not None and share(text[:_HEAD], _GLUED) >= _SHARE


def _unglued(line: str) -> _Found:
    """What a line says whose text touches the time."""
    plain = plain_signs(line)
    match = _GLUED.match(plain)
    return _stamped(f"{plain[: match.end()]} {plain[match.end() :]}" if match else line)


def _is_of_turns(text: str) -> bool:
    """Whether it is a name with a time behind it that stands above each paragraph."""
    head = text[:_HEAD]
    first = next((line for line in head.split("\n") if line.strip("\ufeff \t")), "")
    return any(turn.match(plain_signs(first)) is not None and share(head, turn) >= _SHARE for turn in _TURNS)


def _turn(line: str) -> _Found:
    """What a line of a name and a time says."""
    plain = plain_signs(line)
    found = next((match for turn in _TURNS if (match := turn.match(plain))), None)
    if found is None:
        return None, ""
    return _STAMP.match(f"{found['time']} {found.groupdict().get('said') or ''}"), " ".join(found["who"].split())


@dataclasses.dataclass(slots=True)
class _Stamp:
    """A line that begins with a time, and the text up to the next."""

    number: int
    start: float
    end: float | None
    text: str
    speaker: str = ""
    above: str = ""
    """The line right above, where an empty one parts it from the text above that."""


def _stamps(
    text: str, match_of: Callable[[str], _Found], rate: Fraction | None, findings: Findings
) -> Iterator[_Stamp]:
    """The line right above the first is left to the caller to note, all above that is noted."""
    current: _Stamp | None = None
    body = Body()
    waiting = ""
    for number, line in enumerate(lines_of(text), 1):
        match, speaker = match_of(line)
        if match is not None:
            above = waiting if current is None else _above(body)
            if current is not None:
                yield _with_text(current, body)
            current = _stamp(number, match, rate)
            current.speaker, current.above = speaker, above
            body = Body([as_typed(line, match["rest"] or "")])
            if match["length"] and not _is_length(match["length"], current, rate):
                body.insert(0, match["length"])
        elif current is not None and not _EDGE.match(line):
            body.add(line)
        elif current is not None:
            findings.stray(number, line.strip("\ufeff \t"))
        else:
            findings.stray(number - 1, waiting)
            waiting = line.strip("\ufeff \t")
    if current is not None:
        yield _with_text(current, body)
    else:
        findings.stray(text.count("\n") + 1, waiting)


def _above(body: list[str]) -> str:
    return body[-1] if len(body) > 2 and body[-1].strip() and not body[-2].strip() else ""


def _stamp(number: int, match: re.Match[str], rate: Fraction | None) -> _Stamp:
    end = seconds_of(match, "b", rate) if match["bm"] is not None else None
    return _Stamp(number, seconds_of(match, "a", rate), end, "")


def _with_text(stamp: _Stamp, body: list[str]) -> _Stamp:
    if len(body) > 2 and not body[0].strip() and _says_again(body[1], stamp.start):
        del body[1]
    stamp.text, _ = tidied_text("\n".join(body))
    if not stamp.speaker and (named := _NAMED.match(stamp.text)):
        stamp.speaker, stamp.text = named[1], named[2]
    return stamp


def _says_again(line: str, start: float) -> bool:
    match = _LENGTH_SAID.fullmatch(line.strip())
    if match is None or not match[0]:
        return False
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return int(start) == (hours * 60 + minutes) * 60 + seconds


def _rate(text: str, match_of: Callable[[str], _Found], said: Fraction | None, findings: Findings) -> Fraction | None:
    """The frames a second, where the times count frames; None where they do not."""
    most = -1
    is_counting = drops = False
    for line in lines_of(text):
        match, _ = match_of(line)
        if match is None:
            continue
        if counts_frames(match, "a"):
            is_counting = True
            drops = drops or match["amark"] == ";"
            most = max(most, int(match["af"]))
        if match["bm"] is not None and counts_frames(match, "b"):
            most = max(most, int(match["bf"]))
    if not is_counting:
        return None
    rate = said or guessed_rate(most, drops)
    if said is None:
        findings.rate_taken(rate)
    return rate


def _timed(text: str, match_of: Callable[[str], _Found], rate: Fraction | None, findings: Findings) -> list[Cue]:
    cues: list[Cue] = []
    starts: list[float] = []
    names = _Names()
    has_text = False
    for stamp in _stamps(text, match_of, rate, findings):
        starts.append(stamp.start)
        has_text = has_text or bool(stamp.text.strip())
        # A time alone ends the text above it; two of them are a subtitle that has none.
        is_cue = bool(stamp.text.strip()) or stamp.end is not None
        names.add(stamp, is_cue)
        if not is_cue and stamp.speaker:
            findings.stray(stamp.number, stamp.speaker)
        if is_cue:
            end = math.nan if stamp.end is None else stamp.end
            cues.append(new_cue(stamp.start, end, stamp.text, speaker=stamp.speaker, line=stamp.number))
    if match_of is not _stamped or speaker_lines.take(cues, findings) or not names.give(cues, findings):
        names.stray(findings)
    if not has_text and cues and all(cue.speaker for cue in cues):  # A list of chapters: who speaks is what they are.
        cues = [dataclasses.replace(cue, text=cue.speaker, speaker="") for cue in cues]
    elif not has_text:
        for number, line in enumerate(lines_of(text), 1):
            if match_of(line)[0] is not None:
                findings.stray(number, line.strip())
        return []
    following = Following(starts)
    for cue in cues:
        if math.isnan(cue.end):
            end_of_it = following.after(cue.start)
            set_times(cue, cue.start, cue.start + FALLBACK_DURATION if end_of_it is None else end_of_it)
    return cues


class _Names:
    """The lines right above the times, which may say who speaks."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._all = True
        self._first: _Stamp | None = None

    def add(self, stamp: _Stamp, is_cue: bool) -> None:
        self._first = self._first or stamp
        if self._all and is_cue and speaker_lines.name_in(stamp.above):
            self._lines.append(stamp.above)
        else:
            self._all = False
            self._lines.clear()

    def give(self, cues: list[Cue], findings: Findings) -> bool:
        """Make them the speakers of these cues, and no longer the text of the one above, where all of them are names,
        and note it. Whether it is so."""
        last = len(cues) - 1
        texts = [cue.text if index == last else cue.text.rpartition("\n")[0] for index, cue in enumerate(cues)]
        if not self._all or not speaker_lines.are_names(self._lines, texts):
            return False
        for index, (line, text) in enumerate(zip(self._lines, texts, strict=True)):
            cues[index] = dataclasses.replace(cues[index], text=text, speaker=speaker_lines.name_in(line))
        speaker_lines.note(self._lines, findings)
        return True

    def stray(self, findings: Findings) -> None:
        """Note the one above the first time as text that belongs to no subtitle."""
        if self._first is not None:
            findings.stray(self._first.number - 1, self._first.above)


def _is_length(said: str, stamp: _Stamp, rate: Fraction | None) -> bool:
    """Whether it is what the two times say already: seconds and frames, or a clock."""
    parts = [int(part) for part in said.split(":")]
    frames = parts.pop() if rate is not None else 0
    seconds = float(frames / rate) if rate is not None else 0.0
    for place, part in enumerate(reversed(parts)):
        seconds += part * 60**place
    return abs(seconds - ((stamp.end or stamp.start) - stamp.start)) <= 0.1


def _untimed(text: str) -> list[Cue]:
    has_paragraphs = re.search(r"\S[ \t]*\n[ \t]*\n+[ \t]*\S", text) is not None
    rows = []
    start = 0.0
    line = 1
    for block in re.split(r"\n[ \t]*\n" if has_paragraphs else r"\n", text):
        tidy, _ = tidied_text(block)
        if tidy.strip():  # A separator of lines alone is no text.
            length = min(max(round(text_length(tidy) / READING, 3), _SHORTEST), _LONGEST)
            rows.append(new_cue(start, start + length, tidy, line=line))
            start = round(start + length, 3)
        line += block.count("\n") + (2 if has_paragraphs else 1)
    return rows


def write(document: Document, format: Format, options: WriteOptions) -> str:
    """The texts only; an empty line parts them where one of them has several lines."""
    between = "\n\n" if any("\n" in cue.text for cue in document.cues) else "\n"
    return between.join(cue.text for cue in document.cues) + "\n"


TRANSCRIPT = Format(
    id="transcript",
    label="Transcript",
    suffixes=(".txt",),
    looks=looks,
    read=read,
)
TEXT = Format(
    id="txt",
    label="Plain text without times",
    suffixes=(".txt",),
    write=write,
    exact=False,
    keeps=frozenset(),
)
