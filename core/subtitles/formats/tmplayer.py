# SPDX-License-Identifier: GPL-3.0-or-later
"""TMPlayer: `00:00:01:first line|second line`, also with `=` before the text, and with `,1=` and `,2=` for two lines.

There are no ends. A text is shown until the next one, at most six seconds (what MPlayer does); a line without text ends
the one before it.
"""

from __future__ import annotations

import itertools
import re

from ...cues import new_cue
from ...markup import BELOW
from ..document import Cue, Document
from ..times import minutes_of
from . import codes
from .base import Findings, Format, Source
from .lines import gathered, share, with_more
from .settling import Row, settled

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
    texts: list[tuple[float, int, str]] = []
    for number, match, more in gathered(source.text, _LINE.match, findings):
        minutes, seconds, part, which, said = match.groups()
        raw = with_more(said, number, more, findings) if more else said
        whole = minutes_of(minutes) * 60 + int(seconds)
        start = float(f"{whole}.{part}") if part else float(whole)
        if texts and texts[-1][0] == start and which not in (None, "1"):
            texts[-1] = (start, texts[-1][1], f"{texts[-1][2]}|{raw}")
        else:
            texts.append((start, number, raw))
    return Document(tuple(settled(_rows(texts, findings), findings)), findings=findings.done())


def _rows(texts: list[tuple[float, int, str]], findings: Findings) -> list[Row | Cue]:
    rows: list[Row | Cue] = []
    following = dict(itertools.pairwise(sorted({start for start, _, _ in texts})))
    for start, number, raw in texts:
        text, spans = codes.read_text(raw, findings, number, slashes=True)
        if not text:
            if raw.strip():
                findings.markup(number, raw)
            continue
        end = min(following.get(start, start + LONGEST), start + LONGEST)
        cue = new_cue(start, end, text, spans, BELOW, "", "", 0, "", None, number)
        rows.append(cue if end > start else Row(start, None, cue))
    return rows


FORMAT = Format(
    id="tmplayer",
    label="TMPlayer",
    suffixes=(".tmp", ".txt", ".sub"),
    looks=looks,
    read=read,
)
