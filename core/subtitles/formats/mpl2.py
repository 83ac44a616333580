# SPDX-License-Identifier: GPL-3.0-or-later
"""MPL2: `[10][30]first line|/second line in italics`, times in tenths of a second."""

from __future__ import annotations

import re

from ..document import Cue, Document
from . import codes
from .base import Findings, Format, Source
from .lines import gathered, with_more
from .settling import Row, settled

_LINE = re.compile(r"\s*\[\s*(\d{1,9})\s*\]\s*\[\s*(\d{0,9})\s*\](.*)$")


def read(source: Source) -> Document:
    """Never raises."""
    findings = Findings()
    rows = []
    for number, match, more in gathered(source.text, _LINE.match, findings):
        raw = with_more(match[3], number, more, findings)
        text, spans = codes.read_text(raw, findings, number, slashes=True)
        end = int(match[2]) / 10 if match[2] else None
        times = f"[{match[1]}][{match[2]}]"
        rows.append(Row(int(match[1]) / 10, end, Cue(0.0, 0.0, text, spans=spans, line=number), times))
    return Document(tuple(settled(rows, findings)), findings=findings.done())


FORMAT = Format(
    id="mpl2",
    label="MPL2",
    suffixes=(".mpl", ".mpl2", ".txt", ".sub"),
    sign=re.compile(r"^\s*\[\d{1,9}\]\s*\[\d{0,9}\]", re.MULTILINE),
    read=read,
)
