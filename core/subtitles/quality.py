# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with subtitles: against a profile's numbers, and against what speech models are known to get wrong."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..cues import Cue, text_length
from ..text import Text
from .document import Document, Kind
from .profiles import Profile

if TYPE_CHECKING:
    from . import track

TOLERANCE = 0.002
"""Seconds: files keep milliseconds, and both ends are rounded."""
HELD_WORD = 2.5
"""Seconds. Nobody speaks a word that long; the model held it over a silence."""
LOOP_REPEATS = 3
"""As often in a row a phrase is a loop, not a speaker who repeats themselves."""

DOUBTFUL = 0.5
"""Probability of a word below which it is doubtful."""

_LOOPS = (
    re.compile(rf"\b(\S.{{2,60}}?)(?:\W+\1\b){{{LOOP_REPEATS - 1},}}", re.IGNORECASE),
    # "No, no, no" is said, and so is laughter: of short words it takes more.
    re.compile(r"\b(\w{1,2})(?:\W+\1\b){7,}", re.IGNORECASE),
    # Scripts that part words by nothing: Thai and Lao, Japanese, Chinese, Korean.
    re.compile(r"([\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]{2,20}?)\1{3,}"),
    re.compile(r"([\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])\1{7,}"),
)
_NO_LETTER = re.compile(r"[\W_]+")
_INVENTED = Path(__file__).with_name("invented.toml")


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """One rule that one subtitle breaks."""

    rule: str
    """A stable word: a key of RULES."""
    index: int
    """Of the subtitle in what was checked, from 0; -1 where none of them is meant."""
    message: str
    """A sentence for the user, without a number of its own."""
    line: int = 0
    """Of the file, from 1; 0 where no file was checked, or where all of it is meant."""


def check_file(document: Document, profile: Profile, film: Film) -> list[Problem]:
    """Every rule that a file breaks, in order of its lines: as it is, not as its reader has mended it.

    What the reader had to mend is `order` or `empty` where these rules have a name for it, and `repaired` otherwise.
    """
    shown = sorted(document.cues, key=lambda cue: cue.start)
    places = {id(cue): index for index, cue in enumerate(document.cues)}
    by_line = {cue.line: index for index, cue in enumerate(document.cues) if cue.line}
    found = [
        Problem(_RULES.get(one.kind, "repaired"), by_line.get(one.line, -1), one.message, one.line)
        for one in document.findings
        if one.repaired
    ]
    for problem in problems(shown, profile, film):
        cue = shown[problem.index]
        found.append(dataclasses.replace(problem, index=places[id(cue)], line=cue.line))
    return sorted(found, key=lambda problem: problem.line)


_RULES = {Kind.REVERSED: "order", Kind.NO_LENGTH: "order", Kind.UNSORTED: "order", Kind.EMPTY: "empty"}


RULES: dict[str, str] = {
    "order": Text("Order of times"),
    "empty": Text("Without text"),
    "lines": Text("Too many lines"),
    "line_length": Text("Lines too long"),
    "reading_speed": Text("Too fast to read"),
    "too_short": Text("Shown too briefly"),
    "too_long": Text("Shown too long"),
    "overlap": Text("Overlaps"),
    "gap": Text("Gaps"),
    "shots": Text("Beside a cut"),
    # Not "Spaces": Blender itself translates that, as rooms.
    "spaces": Text("Spaces and empty lines"),
    "characters": Text("Characters that nobody sees"),
    "tags": Text("Left-over tags"),
    "quotes": Text("Quotes and brackets"),
    "names": Text("Spelling of names"),
    "repeated": Text("Repeated text"),
    "held_word": Text("Words held too long"),
    "invented": Text("Perhaps invented"),
    "unsure": Text("Doubtful words"),
    "repaired": Text("Mended by the reader"),
}
"""Every rule with what a list calls it, in the order in which a user would go through them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Film:
    """What is known of the film beside its subtitles."""

    frame_rate: float = 24.0
    """Turns a gap in frames into seconds."""
    cuts: Sequence[float] = ()
    """When its shots begin, in seconds, in order."""
    names: Sequence[str] = ()
    """How names are spelt in it."""


def check(cues: Sequence[Cue], profile: Profile, *, frame_rate: float = 24.0) -> list[Problem]:
    """Every rule broken, in order of the subtitles. `frame_rate` turns a gap in frames into seconds."""
    return list(problems(cues, profile, Film(frame_rate)))


class Checks:
    """The rules of a profile for a film. Remembers what it has found in each subtitle by itself, so that checking a
    track again after an edit looks at the edited ones, and at how all of them follow each other."""

    def __init__(self, profile: Profile, film: Film) -> None:
        self.profile, self.film = profile, film
        self._names = Names(film.names)
        self._inside: dict[int, tuple[Cue, tuple[tuple[str, str], ...]]] = {}
        """By the identity of a subtitle: itself, and what is wrong inside of it."""

    def problems(self, cues: Sequence[Cue]) -> Iterator[Problem]:
        """Every rule broken, in order of the subtitles, one after the other: for work that is done in slices."""
        for found in self.each(cues):
            yield from found

    def each(self, cues: Sequence[Cue]) -> Iterator[list[Problem]]:
        """What is wrong with each subtitle."""
        gap = self.profile.gap(self.film.frame_rate)
        overlaps = _overlaps(cues)
        for index, (cue, loops) in enumerate(zip(cues, _loops(cues), strict=True)):
            known = self._inside.get(id(cue))
            if known is None or known[0] is not cue:
                known = cue, tuple(self._of(cue))
            self._inside[id(cue)] = known
            found = list(known[1])
            if index + 1 < len(cues):
                found += _neighbours(cue, cues[index + 1], self.profile, gap)
            found += overlaps.get(index, ())
            if loops:
                found.append(_looped())
            yield [Problem(rule, index, message) for rule, message in found]
        there = {id(cue) for cue in cues}
        self._inside = {key: known for key, known in self._inside.items() if key in there}

    def _of(self, cue: Cue) -> Iterator[tuple[str, str]]:
        yield from _readability(cue, self.profile)
        yield from _signs(cue.text)
        yield from self._names.misspelt(cue.text)
        yield from _credibility(cue)
        if self.film.cuts:
            yield from _beside_cuts(cue, self.film, self._rules)

    @functools.cached_property
    def _rules(self) -> track.Rules:
        from .timecode import FrameRate
        from .track import Rules

        return Rules(self.profile, FrameRate.from_fps(self.film.frame_rate))


def problems(cues: Sequence[Cue], profile: Profile, film: Film) -> Iterator[Problem]:
    """As `check`, one after the other, and with what the film tells."""
    return Checks(profile, film).problems(cues)


def doubts(cues: Sequence[Cue]) -> list[Problem]:
    """Where the model may have looped, invented or guessed: what a listener should check, whatever the profile."""
    found: list[Problem] = []
    for index, (cue, loops) in enumerate(zip(cues, _loops(cues), strict=True)):
        said = [*_credibility(cue), *([_looped()] if loops else [])]
        found += [Problem(rule, index, message) for rule, message in said[:1]]
    return found


_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u200b\u2028\u2029\u2060\ufeff\ufffc\ufffd\ue000-\uf8ff]")
"""Control characters, invisible spaces, what stands for a letter that was lost. Not the marks that Arabic and Indian
scripts are joined and ordered with."""

_LEFT_OVER = re.compile(r"</?[a-z][^<>\n]{0,60}>|\{\\[^{}\n]*\}|\{[biuBIU][01]?\}", re.IGNORECASE)
_SPACED = re.compile(r"[^\S\n]{2,}|^[^\S\n]|[^\S\n]$|\n\n|^\n|\n$", re.MULTILINE)
_PAIRS = (("(", ")"), ("[", "]"), ("“", "”"), ("«", "»"))


def _signs(text: str) -> Iterator[tuple[str, str]]:
    """What is wrong with the characters of a text."""
    if not text:
        return
    if _SPACED.search(text.strip("\n")) or text[0] == "\n" or text[-1] == "\n":
        yield "spaces", Text("There are spaces or lines too many.")
    if found := _UNSEEN.search(text):
        yield "characters", Text("It has a character that nobody sees: U+{code:04X}.", code=ord(found[0]))
    if found := _LEFT_OVER.search(text):
        yield "tags", Text("{tag} is shown as it stands.", tag=found[0])
    unpaired = [left + right for left, right in _PAIRS if text.count(left) != text.count(right)]
    if text.count('"') % 2:
        unpaired.append('"')
    if unpaired:
        yield "quotes", Text("One half is missing: {signs}", signs=" ".join(unpaired))


def without_unseen(text: str) -> str:
    """The text without the characters that nobody sees."""
    return _UNSEEN.sub("", text)


def without_tags(text: str) -> str:
    """The text without what looks like the tags of a file format."""
    return _LEFT_OVER.sub("", text)


class Names:
    """How names are spelt, to compare words with."""

    def __init__(self, names: Sequence[str]) -> None:
        self._right = {name.casefold(): name for name in names if name.strip()}
        words = "|".join(re.escape(name) for name in sorted(self._right, key=len, reverse=True))
        self._pattern = re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if words else None

    def misspelt(self, text: str) -> Iterator[tuple[str, str]]:
        """The first one that is spelt otherwise; a text in capital letters has none."""
        if self._pattern is None or text.isupper():
            return
        for found in self._pattern.finditer(text):
            right = self._right.get(found[0].casefold())
            if right is not None and found[0] != right:
                yield "names", Text("“{found}” is spelt “{name}”.", found=found[0], name=right)
                return

    def corrected(self, text: str) -> str:
        """The text with its names spelt as they should be."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda found: self._right.get(found[0].casefold(), found[0]), text)


def _beside_cuts(cue: Cue, film: Film, rules: track.Rules) -> Iterator[tuple[str, str]]:
    from .snapping import wanted_end, wanted_start

    if wanted_start(cue, film.cuts, rules) is not None:
        yield "shots", Text("It begins a little after a cut; it should begin with it.")
    if wanted_end(cue, film.cuts, rules) is not None:
        yield "shots", Text("It ends beside a cut; it should end two frames before.")


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


def _letters(text: str) -> str:
    """The letters and numbers of a text alone, all small."""
    return _NO_LETTER.sub("", text.casefold())


@functools.cache
def _phrases() -> tuple[str, ...]:
    """What models say into silence, as `_letters` of it."""
    import tomllib  # Here, not above: Blender starts without checking anything.

    lists = tomllib.loads(_INVENTED.read_text(encoding="utf-8")).values()
    return tuple(_letters(phrase) for phrases in lists for phrase in phrases)


def _is_invented(text: str) -> bool:
    letters = _letters(text)
    return any(phrase in letters for phrase in _phrases())


def _credibility(cue: Cue) -> Iterator[tuple[str, str]]:
    if any(loop.search(cue.text[:1000]) for loop in _LOOPS):
        yield "repeated", Text("A phrase repeats itself; the model may have looped.")
    elif cue.compression_ratio is not None and cue.compression_ratio > 2.4:
        yield "repeated", Text("The text repeats itself; the model may have looped.")
    if _is_invented(cue.text):
        yield "invented", Text("Models often invent this phrase where nobody speaks.")
    elif cue.no_speech_prob is not None and cue.no_speech_prob > 0.6 and (cue.avg_logprob or 0.0) < -0.5:
        yield "invented", Text("The model suspects that nobody speaks here.")
    # A letter of which only a part was written: models write many in two.
    torn = [word for word in cue.text.split() if "\ufffd" in word]
    doubtful = torn or [word.text for word in cue.words if word.probability < DOUBTFUL]
    if cue.avg_logprob is not None and cue.avg_logprob < -1.0:
        yield "unsure", Text("The model was not sure of these words.")
    elif doubtful:
        yield "unsure", Text("The model was not sure of: {words}", words=", ".join(doubtful[:5]))
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


def _loops(cues: Iterable[Cue]) -> Iterator[bool]:
    """Whether each says, once too often in a row, what those before it say."""
    repeats, said = 0, ""
    for cue in cues:
        now = " ".join(cue.text.lower().split())
        repeats, said = (repeats + 1 if now and now == said else 1), now
        yield repeats >= LOOP_REPEATS


def _looped() -> tuple[str, str]:
    text = Text("The same text {times} times in a row; the model may have looped.", times=LOOP_REPEATS)
    return "repeated", text
