# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with subtitles: against a profile's numbers, and against what speech models are known to get wrong."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from ..cues import Cue, text_length
from ..text import Text
from .document import Document, Kind
from .profiles import Profile

TOLERANCE = 0.002
"""Seconds: files keep milliseconds, and both ends are rounded."""
HELD_WORD = 2.5
"""Seconds. Nobody speaks a word that long; the model held it over a silence."""
LOOP_REPEATS = 3
"""As often in a row a phrase is a loop, not a speaker who repeats themselves."""

_LOOP = re.compile(rf"\b(\S.{{2,60}}?)(?:[\s,.]+\1\b){{{LOOP_REPEATS - 1},}}", re.IGNORECASE)

_INVENTED = re.compile(
    r"thanks? (?:you )?(?:so much )?for watching|please subscribe|like and subscribe|see you in the next video|"
    r"subtitles? by|captions? by|transcri(?:bed|ption) by|amara\.org|www\.\S+\.(?:com|org)$",
    re.IGNORECASE,
)
"""What models say into silence: they learned it from the ends of videos."""


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One rule that one subtitle breaks."""

    rule: str
    """A stable word: `lines`, `line_length`, `reading_speed`, `too_short`, `too_long`, `overlap`, `gap`, `order`,
    `empty`, `repeated`, `held_word`, `invented`, `unsure`, `repaired`."""
    index: int
    """Of the subtitle in what was checked, from 0; -1 where none of them is meant."""
    message: str
    """A sentence for the user, without a number of its own."""
    line: int = 0
    """Of the file, from 1; 0 where no file was checked, or where all of it is meant."""


def check_file(document: Document, profile: Profile, *, frame_rate: float = 24.0) -> list[Problem]:
    """Every rule that a file breaks, in order of its lines: as it is, not as its reader has mended it.

    What the reader had to mend is `order` or `empty` where these rules have a name for it, and `repaired` otherwise.
    """
    shown = sorted(document.cues, key=lambda cue: cue.start)
    places = {id(cue): index for index, cue in enumerate(document.cues)}
    by_line = {cue.line: index for index, cue in enumerate(document.cues) if cue.line}
    problems = [
        Problem(_RULES.get(one.kind, "repaired"), by_line.get(one.line, -1), one.message, one.line)
        for one in document.findings
        if one.repaired
    ]
    for problem in check(shown, profile, frame_rate=frame_rate):
        cue = shown[problem.index]
        problems.append(dataclasses.replace(problem, index=places[id(cue)], line=cue.line))
    return sorted(problems, key=lambda problem: problem.line)


_RULES = {Kind.REVERSED: "order", Kind.NO_LENGTH: "order", Kind.UNSORTED: "order", Kind.EMPTY: "empty"}


def check(cues: Sequence[Cue], profile: Profile, *, frame_rate: float = 24.0) -> list[Problem]:
    """Every rule broken, in order of the subtitles. `frame_rate` turns a gap in frames into seconds."""
    problems: list[Problem] = []
    gap = profile.gap(frame_rate)
    overlaps = _overlaps(cues)
    for index, cue in enumerate(cues):
        found = [*_readability(cue, profile), *_credibility(cue)]
        if index + 1 < len(cues):
            found += _neighbours(cue, cues[index + 1], profile, gap)
        found += overlaps.get(index, ())
        if _is_loop(cues, index):
            found.append(
                (
                    "repeated",
                    Text("The same text {times} times in a row; the model may have looped.", times=LOOP_REPEATS),
                )
            )
        problems += [Problem(rule, index, message) for rule, message in found]
    return problems


def _overlaps(cues: Sequence[Cue]) -> dict[int, list[tuple[str, str]]]:
    """For each cue that begins while an earlier one is shown, a problem of that one, the last of them to end."""
    found: dict[int, list[tuple[str, str]]] = {}
    longest = -1
    for index, cue in enumerate(cues):
        if longest >= 0 and cue.start >= cues[longest].start - TOLERANCE:
            common = min(cue.end, cues[longest].end) - cue.start
            if common > TOLERANCE and longest == index - 1:
                found.setdefault(longest, []).append(
                    ("overlap", Text("It overlaps the next by {seconds:.2f} s.", seconds=cues[longest].end - cue.start))
                )
            elif common > TOLERANCE:
                message = Text(
                    "It is still shown for {seconds:.2f} s when subtitle {number} begins.",
                    seconds=cues[longest].end - cue.start,
                    number=index + 1,
                )
                found.setdefault(longest, []).append(("overlap", message))
        if longest < 0 or cue.end > cues[longest].end:
            longest = index
    return found


def _readability(cue: Cue, profile: Profile) -> Iterator[tuple[str, str]]:
    if not cue.text.strip():
        yield "empty", Text("There is no text.")
        return
    if len(cue.lines) > profile.max_lines:
        yield (
            "lines",
            Text("{lines} lines; at most {limit} are allowed.", lines=len(cue.lines), limit=profile.max_lines),
        )
    longest = max(text_length(line) for line in cue.lines)
    if longest > profile.max_chars:
        yield (
            "line_length",
            Text(
                "A line has {longest} characters; at most {limit} are allowed.",
                longest=longest,
                limit=profile.max_chars,
            ),
        )
    if cue.duration <= 0:
        yield "order", Text("It ends before it begins.")
        return
    if profile.max_cps is not None and text_length(cue.text) / (cue.duration + TOLERANCE) > profile.max_cps:
        yield (
            "reading_speed",
            Text(
                "{speed:.1f} characters a second; at most {limit:g} can be read.", speed=cue.cps, limit=profile.max_cps
            ),
        )
    words = len(cue.text.split())
    if profile.max_wpm is not None and words * 60 / (cue.duration + TOLERANCE) > profile.max_wpm:
        speed = words * 60 / cue.duration
        yield (
            "reading_speed",
            Text("{speed:.0f} words a minute; at most {limit:g} can be read.", speed=speed, limit=profile.max_wpm),
        )
    if cue.duration < profile.min_duration - TOLERANCE:
        yield (
            "too_short",
            Text(
                "Shown for {seconds:.2f} s; at least {limit:.2f} s are needed.",
                seconds=cue.duration,
                limit=profile.min_duration,
            ),
        )
    if profile.max_duration is not None and cue.duration > profile.max_duration + TOLERANCE:
        yield (
            "too_long",
            Text(
                "Shown for {seconds:.1f} s; at most {limit:g} s are allowed.",
                seconds=cue.duration,
                limit=profile.max_duration,
            ),
        )


def _credibility(cue: Cue) -> Iterator[tuple[str, str]]:
    if _LOOP.search(cue.text[:1000]):
        yield "repeated", Text("A phrase repeats itself; the model may have looped.")
    elif cue.compression_ratio is not None and cue.compression_ratio > 2.4:
        yield "repeated", Text("The text repeats itself; the model may have looped.")
    if _INVENTED.search(cue.text):
        yield "invented", Text("Models often invent this phrase where nobody speaks.")
    elif cue.no_speech_prob is not None and cue.no_speech_prob > 0.6 and (cue.avg_logprob or 0.0) < -0.5:
        yield "invented", Text("The model suspects that nobody speaks here.")
    if cue.avg_logprob is not None and cue.avg_logprob < -1.0:
        yield "unsure", Text("The model was not sure of these words.")
    longest = max((word.end - word.start for word in cue.words), default=0.0)
    if longest > HELD_WORD:
        yield "held_word", Text("One word lasts {longest:.1f} s; its time is probably wrong.", longest=longest)


def _neighbours(cue: Cue, following: Cue, profile: Profile, gap: float) -> Iterator[tuple[str, str]]:
    if following.start < cue.start - TOLERANCE:
        yield "order", Text("The next subtitle begins before this one.")
        return
    space = following.start - cue.end
    if space < -TOLERANCE:
        return  # An overlap, which is another rule.
    if space < gap - TOLERANCE:
        yield (
            "gap",
            Text(
                "Only {seconds:.2f} s to the next; at least {limit:.2f} s are needed.",
                seconds=max(0.0, space),
                limit=gap,
            ),
        )
    elif gap + TOLERANCE < space < profile.close_gap_below - TOLERANCE:
        yield (
            "gap",
            Text(
                "A blink of {seconds:.2f} s to the next; close it, or leave {limit:g} s.",
                seconds=space,
                limit=profile.close_gap_below,
            ),
        )


def _is_loop(cues: Sequence[Cue], index: int) -> bool:
    """Whether this is at least the third subtitle in a row with the same words."""
    if index < LOOP_REPEATS - 1:
        return False
    words = {" ".join(cue.text.lower().split()) for cue in cues[index - LOOP_REPEATS + 1 : index + 1]}
    return len(words) == 1 and words != {""}
