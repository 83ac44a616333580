# SPDX-License-Identifier: GPL-3.0-or-later
"""MPL2: `[10][30]first line|/second line in italics`, times in tenths of a second."""

from __future__ import annotations

import re

from ...cues import new_cue
from ...markup import BELOW
from ..document import Cue, Document
from . import codes
from .base import Findings, Format, Source
from .lines import gathered, with_more
from .settling import Row, settled

# Nothing is given back once it matched: a third of the time that a line takes is this pattern.
_LINE = re.compile(r"\s*+\[\s*+(\d{1,9}+)\s*+\]\s*+\[\s*+(\d{0,9}+)\s*+\](.*+)")


def read(source: Source) -> Document:
    """Never raises."""
    findings = Findings()
    rows: list[Row | Cue] = []
    for number, match, more in gathered(source.text, _LINE.match, findings):
        first, last, said = match.groups()
        raw = with_more(said, number, more, findings) if more else said
        text, spans = codes.read_text(raw, findings, number, slashes=True)
        # Nine digits are exact as floats, which are read faster than whole numbers.
        start = float(first) / 10
        cue = new_cue(start, float(last) / 10 if last else start, text, spans, BELOW, "", "", 0, "", None, number)
        rows.append(cue if last else Row(start, None, cue, f"[{first}][]"))
    return Document(tuple(settled(rows, findings)), findings=findings.done())


FORMAT = Format(
    id="mpl2",
    label="MPL2",
    suffixes=(".mpl", ".mpl2", ".txt", ".sub"),
    sign=re.compile(r"^[^\S\n]*\[\d{1,9}\]\s*\[\d{0,9}\]", re.MULTILINE),
    read=read,
)
