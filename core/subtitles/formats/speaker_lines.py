# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of their own that say who speaks, as editing programs and services write them into transcripts. Pure.

Any short line could be one, of a song or a list of steps too. It is only where all texts have one, where names come
again, and where they are what names are: with a colon behind each, a word for a speaker and a number (`Speaker 2`), or
few of them in many subtitles.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from ..document import Cue
from .settling import Row, cue_of

_MOST = 48
_WORDS = 4
_WORD = re.compile(r"\(?[^\W_][\w.'\u2019-]*\)?")
_NUMBERED = re.compile(
    r"(?:speaker|person|participant|interviewer|interviewee|voice|guest|host|sprecher(?:in)?|teilnehmer(?:in)?|"
    r"locutor|orador|hablante|falante|locuteur|intervenant|parlante|relatore|spreker|talare|mówca|спикер|диктор|"
    r"интервьюер|گوینده|المتحدث|話者|说话人|發言人|发言人|화자)[ _#-]{0,2}\d{1,3}",
    re.IGNORECASE,
)
_MANY = 8
"""Subtitles from which on names without a colon or a number are seen to be names: a verse of a song has fewer."""


def name_in(line: str) -> str:
    """Who it names, where it could be a name."""
    said = " ".join(line[: 2 * _MOST].split()).removesuffix(":").rstrip()
    words = said.split(" ")
    if not said or len(said) > _MOST or len(words) > _WORDS or said[0].isdigit() or said.endswith("."):
        return ""
    is_name = all(_WORD.fullmatch(word) and not word.lstrip("(")[0].islower() for word in words)
    return said if is_name else ""


def are_names(lines: Sequence[str]) -> bool:
    """Whether all of them say who speaks."""
    names = [name_in(line) for line in lines]
    if not all(names) or len(set(names)) == len(names):
        return False
    if all(line.rstrip().endswith(":") for line in lines) or all(map(_NUMBERED.fullmatch, names)):
        return True
    return len(names) >= _MANY and 1 < len(set(names)) <= len(names) // 3


def take(rows: list[Cue] | list[Row | Cue]) -> bool:
    """Where the first line of each text says who speaks it, make that the speaker. Whether it is so.

    One whose text has formatting, and one whose speaker is known already, stay as they are.
    """
    firsts: list[str] = []
    for row in rows:
        first, _, rest = cue_of(row).text.partition("\n")
        if not first.strip() and not rest.strip():
            continue
        if not name_in(first) or not rest.strip() or rest.strip() == first.strip():
            return False
        firsts.append(first)
    if not are_names(firsts):
        return False
    for index, row in enumerate(rows):
        cue = cue_of(row)
        first, _, rest = cue.text.partition("\n")
        if rest and not cue.spans and not cue.speaker:
            named = dataclasses.replace(cue, text=rest, speaker=name_in(first))
            if isinstance(row, Row):
                row.cue = named
            else:
                rows[index] = named
    return True
