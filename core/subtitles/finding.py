# SPDX-License-Identifier: GPL-3.0-or-later
"""Find and replace in subtitles: plain, by whole words, or by regular expression with groups. Pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Sequence

from ..text import Text
from .document import Cue
from .realign import with_text
from .track import Edited, EditError, replaced

_DOLLAR = re.compile(r"\$(\d{1,2}|\{\w+\}|\$)")


class PatternError(EditError):
    """A search, or what is to stand in its place, that cannot be read."""

    code = "bad_pattern"


@dataclasses.dataclass(frozen=True, slots=True)
class Query:
    """What to look for. A space in it also finds the end of a line."""

    text: str
    match_case: bool = False
    whole_word: bool = False
    use_regex: bool = False

    def pattern(self) -> re.Pattern[str]:
        """The search, ready to use. Raises PatternError."""
        if not self.text:
            raise PatternError(Text("There is nothing to look for."), Text("Type what to find."))
        words = self.text if self.use_regex else r"\s+".join(re.escape(word) for word in re.split(r"\s+", self.text))
        if self.whole_word:
            # Not \b: a name may begin or end with a sign.
            words = rf"(?<!\w)(?:{words})(?!\w)"
        try:
            return re.compile(words, re.MULTILINE if self.match_case else re.MULTILINE | re.IGNORECASE)
        except (re.error, OverflowError, RecursionError) as error:
            raise PatternError(
                Text("This is no regular expression: {reason}.", reason=str(error)),
                Text("Correct it, or switch regular expressions off."),
            ) from None


@dataclasses.dataclass(frozen=True, slots=True)
class Match:
    """Where something was found: `text[start:end]` of a subtitle."""

    index: int
    start: int
    end: int


@dataclasses.dataclass(frozen=True, slots=True)
class Change:
    """What replacing would make of a subtitle."""

    index: int
    before: str
    after: str
    count: int
    """How often it was found in it."""


def find(cues: Sequence[Cue], query: Query) -> list[Match]:
    """Everything found, in order. What finds nothing but a place between two letters finds nothing.

    Raises PatternError.
    """
    pattern = query.pattern()
    return [
        Match(index, found.start(), found.end())
        for index, cue in enumerate(cues)
        for found in pattern.finditer(cue.text)
        if found.end() > found.start()
    ]


def preview(
    cues: Sequence[Cue], query: Query, replacement: str, indices: Iterable[int] | None = None
) -> Iterator[Change]:
    """What replacing changes, subtitle by subtitle, of all or of some. With a regular expression `\\1`, `\\g<name>` and
    `$1` in `replacement` stand for what its groups found. Raises PatternError.
    """
    pattern = query.pattern()
    template = _template(replacement) if query.use_regex else None
    for index in range(len(cues)) if indices is None else sorted(set(indices)):
        after, count = _replaced(cues[index].text, pattern, replacement, template)
        if count:
            yield Change(index, cues[index].text, after, count)


def replace(
    cues: Sequence[Cue], query: Query, replacement: str, indices: Iterable[int] | None = None
) -> tuple[Edited, int]:
    """All of `preview` done, and how often something was replaced. Word times and formatting follow their words.

    Raises PatternError.
    """
    changes = list(preview(cues, query, replacement, indices))
    edited = {change.index: with_text(cues[change.index], change.after) for change in changes}
    return replaced(cues, edited), sum(change.count for change in changes)


def _template(replacement: str) -> str:
    """As Python writes it; `$1` and `${name}` are how .NET and JavaScript do, and with them most editors."""

    def group(found: re.Match[str]) -> str:
        name = found[1].strip("{}")
        return "$" if name == "$" else rf"\g<{name}>"

    return _DOLLAR.sub(group, replacement)


def _replaced(text: str, pattern: re.Pattern[str], replacement: str, template: str | None) -> tuple[str, int]:
    count = 0

    def one(found: re.Match[str]) -> str:
        nonlocal count
        if found.end() == found.start():
            return ""
        count += 1
        return replacement if template is None else found.expand(template)

    try:
        after = pattern.sub(one, text)
    except (re.error, IndexError) as error:
        raise PatternError(
            Text("The replacement cannot be read: {reason}.", reason=str(error)),
            Text(r"Groups are written \1 or $1; write \\ for a backslash."),
        ) from None
    return after, count
