# SPDX-License-Identifier: GPL-3.0-or-later
"""TMPlayer: `00:00:01:first line|second line`, also with `=` before the text, and with `,1=` and `,2=` for two lines.

There are no ends. A text is shown until the next one, at most six seconds (what MPlayer does); a line without text ends
the one before it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ...cues import new_cue, set_times
from ...markup import BELOW
from ..document import Cue, Document
from ..times import minutes_of
from . import codes
from .base import Findings, Format, Source
from .lines import gathered, share, with_more
from .settling import Following, settled

LONGEST = 6.0
"""Seconds that a text is shown if nothing follows: MPlayer's own limit."""

_LINE = re.compile(r"\s*(\d{1,3}:\d{1,2}):(\d{1,2})(?:[.](\d{1,3}))?(?:,(\d))?\s?[:=](.*)$")
_FRAMES = re.compile(r"\s*\d{1,3}:\d{2}:\d{2}:\d{2}(?:[\s,;]|$)")
"""`00:15:07:12 text`: a list of times in frames. Where nearly all texts begin with two digits it is that."""
_SHARE = 0.5
_ALL = 0.9


def looks(head: str) -> bool:
    """Whether at least half of the lines are such, and these are no times in frames."""
    found = share(head, _LINE)
    return found >= _SHARE and share(head, _FRAMES) < _ALL * found


def read(source: Source) -> Document:
    """Never raises."""
    findings = Findings()
    cues: list[Cue] = []
    starts: list[float] = []
    for start, number, raw in _texts(source.text, findings):
        starts.append(start)
        text, spans = codes.read_text(raw, findings, number, slashes=True)
        if text:
            cues.append(new_cue(start, start, text, spans, BELOW, "", "", 0, "", None, number))
        elif raw.strip():
            findings.markup(number, raw)
    _until_the_next(cues, starts)
    del starts
    return Document(tuple(settled(cues, findings)), findings=findings.done())


def _until_the_next(cues: Iterable[Cue], starts: Iterable[float]) -> None:
    following = Following(starts)
    for cue in cues:
        end = following.after(cue.start)
        latest = cue.start + LONGEST
        set_times(cue, cue.start, latest if end is None or end > latest else end)


def _texts(text: str, findings: Findings) -> Iterator[tuple[float, int, str]]:
    """When each text begins, its line, and all of its lines."""
    begun: tuple[float, int, list[str]] | None = None
    for number, match, more in gathered(text, _LINE.match, findings):
        minutes, seconds, part, which, said = match.groups()
        raw = with_more(said, number, more, findings) if more else said
        whole = minutes_of(minutes) * 60 + int(seconds)
        start = float(f"{whole}.{part}") if part else float(whole)
        if begun is not None and begun[0] == start and which not in (None, "1"):
            begun[2].append(raw)
            continue
        if begun is not None:
            yield begun[0], begun[1], "|".join(begun[2])
        begun = start, number, [raw]
    if begun is not None:
        yield begun[0], begun[1], "|".join(begun[2])


FORMAT = Format(
    id="tmplayer",
    label="TMPlayer",
    suffixes=(".tmp", ".txt", ".sub"),
    looks=looks,
    read=read,
)
