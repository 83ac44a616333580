# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that hold the same subtitles in several languages: which of them to read, where somebody says it."""

from __future__ import annotations

import dataclasses

from ...markup import LANGUAGE
from ...text import Text
from ..document import Cue, Kind
from .base import Findings, ReadOptions
from .settling import Row, cue_of


def chosen(rows: list[Row], usual: str, options: ReadOptions, findings: Findings) -> tuple[list[Row], str]:
    """The rows in the language that the options name or count, and this language; the others are findings that quote
    them. All rows, and `usual`, the language of the file, where the options name none that is there."""
    languages: dict[str, list[Row]] = {}
    for row in rows if options.track is not None or options.language else ():
        languages.setdefault(_language_of(cue_of(row)) or usual, []).append(row)
    name = _wanted(list(languages), options) if len(languages) > 1 else None
    if name is None:
        return rows, usual
    for number, (other, its_rows) in enumerate(languages.items(), 1):
        if other != name:
            message = Text(
                'there are also subtitles in "{name}"; track {number} reads them instead.', name=other, number=number
            )
            quote = "\n".join(cue_of(row).text for row in its_rows)
            findings.add(Kind.HIDDEN, message, cue_of(its_rows[0]).line, quote)
    return [dataclasses.replace(row, cue=_plain(cue_of(row))) for row in languages[name]], name


def _language_of(cue: Cue) -> str:
    whole = (span.value for span in cue.spans if span.kind == LANGUAGE and (span.start, span.end) == (0, len(cue.text)))
    return next(whole, "")


def _wanted(names: list[str], options: ReadOptions) -> str | None:
    if options.track is not None:
        return names[options.track - 1] if 1 <= options.track <= len(names) else None
    wanted = options.language.lower()
    exact = (name for name in names if name.lower() == wanted)
    alike = (name for name in names if name.lower().split("-")[0] == wanted.split("-")[0])
    return next(exact, next(alike, None))


def _plain(cue: Cue) -> Cue:
    """Without the language that all of it has now."""
    spans = tuple(span for span in cue.spans if span.kind != LANGUAGE or (span.start, span.end) != (0, len(cue.text)))
    return dataclasses.replace(cue, spans=spans)
