# SPDX-License-Identifier: GPL-3.0-or-later
"""Captions that roll up line by line, as YouTube writes them, folded into subtitles that are read once.

In such a file each caption repeats the last line of the one before and adds a line; between two of them stands one of
10 ms that only repeats (older files of YouTube and captions off the air have none). A viewer reads each line twice, and
a subtitle editor shows twice as many subtitles as there are.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Sequence

from ..text import Text
from .document import Cue, Document, Finding, Kind
from .inner_times import words_of

SHORT = 0.05
"""Seconds. No caption meant to be read is shorter; YouTube's steps are 10 ms."""
TOUCHING = 0.06
"""Seconds between two captions that belong together."""
MOSTLY = 0.5
"""Share of the captions that touch and repeat, from which on a file is one that rolls."""
NEARLY_ALL = 0.9
"""The same for a file without such steps."""


def is_rolling(cues: Sequence[Cue]) -> bool:
    """Whether most captions that touch the one before begin with its last line: with steps too short to be read, or
    nearly all of them, half of them with a new line below."""
    # What `_touch` says, without a call for each.
    touching = [
        (after, _repeated(before, after))
        for before, after in itertools.pairwise(cues)
        if -TOUCHING <= after.start - before.end <= TOUCHING and after.start > before.start
    ]
    if len(touching) < 2:
        return False
    repeating = sum(1 for _, repeated in touching if repeated)
    steps = sum(1 for after, _ in touching if after.duration <= SHORT)
    adding = sum(1 for after, repeated in touching if 0 < repeated < len(after.lines))
    if steps >= len(cues) / 5:
        return adding > 0 and repeating >= MOSTLY * len(touching)
    return len(touching) >= 3 and repeating >= NEARLY_ALL * len(touching) and adding >= len(touching) / 2


def folded(document: Document, *, known: bool = False) -> Document:
    """The document with each line once, from when it first appears to when the next one does; as it is otherwise.

    `known`: the file itself says that its captions roll, which need not be guessed.
    """
    if not known and not is_rolling(document.cues):
        return document
    kept: list[Cue] = []
    previous: Cue | None = None
    for cue in document.cues:
        new = cue if previous is None or not _touch(previous, cue) else _new_lines(previous, cue)
        if new is not None:
            kept.append(new)
        elif kept:
            kept[-1] = dataclasses.replace(kept[-1], end=max(kept[-1].end, cue.end))
        previous = cue
    if tuple(kept) == document.cues:
        return document
    message = Text(
        "the captions roll up line by line: {before} of them were folded into {after} subtitles.",
        before=len(document.cues),
        after=len(kept),
    )
    return document.with_cues(kept).with_findings([Finding(Kind.ROLLING, message)])


def _touch(before: Cue, after: Cue) -> bool:
    return after.start > before.start and abs(after.start - before.end) <= TOUCHING


def _repeated(before: Cue, after: Cue) -> int:
    """How many lines of `after` are the last ones of `before`."""
    if after.text.partition("\n")[0] not in before.text:
        return 0
    old, new = before.lines, after.lines
    return next((count for count in range(min(len(old), len(new)), 0, -1) if old[-count:] == new[:count]), 0)


def _new_lines(before: Cue, after: Cue) -> Cue | None:
    """What `after` adds to `before`; None where it adds nothing."""
    count = _repeated(before, after)
    if count == 0:
        return after
    if count == len(after.lines):
        return None
    start = sum(len(line) + 1 for line in after.lines[:count])
    part = after.part(start, len(after.text))
    # The words before the first time are the repeated line and what is new of it in one: by the new text alone.
    return dataclasses.replace(part, words=words_of(part.text, part.spans, after.start, after.end))
