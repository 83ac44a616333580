# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of their own that say who speaks, as editing programs and services write them into transcripts. Pure.

Any short line could be one, of a song or a list of steps too. It is only where all texts have one, where names come
again and something else is said below them, and where they are what names are: with a colon behind each, a word for a
speaker and a number (`Speaker 2`), or few of them in many subtitles. What is taken so is a finding.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from ...text import Text
from ..document import Cue, Kind, quoted
from .base import Findings
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
_PART_OF_SONG = re.compile(
    r"(?:(?:pre|post|final|last|first|second|third)[ .-]{0,2})?"
    r"(?:verse|vers|chorus|refrain|hook|bridge|intro|outro|interlude|coda|breakdown|instrumental|part|tag|"
    r"strophe|refr[aã]n|couplet|pont|estribillo|estrofa|verso|coro|puente|ritornello|strofa|ponte|refrão|estrofe|"
    r"refrein|refräng|omkv[äæ]d|kertosäe|säkeistö|zwrotka|refren|refrén|sloka|versszak|nakarat|"
    r"куплет|припев|мост|بند|ترجیع[ ‌]?بند|همخوان|كورس|لازمة|サビ|[ABC]メロ|間奏|前奏|主歌|副歌|후렴)"
    r"(?:[ _#-]{0,2}(?:\d{1,3}|[ivx]{1,4}|[a-d]))?(?:[ ]?\(?[x×]\d{1,2}\)?)?",
    re.IGNORECASE,
)
"""What a part of a song is called, which stands above its lines as a name stands above what is said."""
_SHORT = 24
"""Characters that somebody may say each time: `Yes, sir.`"""
_QUOTED = 4
"""Different lines that a message shows."""
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


def are_names(lines: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether all of them say who speaks. `texts`: what stands below each."""
    names = [name_in(line) for line in lines]
    if not all(names) or len(set(names)) == len(names) or any(map(_PART_OF_SONG.fullmatch, names)):
        return False
    if all(map(_NUMBERED.fullmatch, names)):
        return True
    if not _say_something_new(names, texts):
        return False
    if all(line.rstrip().endswith(":") for line in lines):
        return True
    return len(names) >= _MANY and 1 < len(set(names)) <= len(names) // 3


def _say_something_new(names: Sequence[str], texts: Sequence[str]) -> bool:
    """Whether somebody says two things, and nobody one of more than a few words again and again, as a heading has the
    same below it each time."""
    said: dict[str, list[str]] = {}
    for name, text in zip(names, texts, strict=True):
        said.setdefault(name, []).append(" ".join(text.split()).casefold())
    again = [below for below in said.values() if len(below) > 1]
    same = [below[0] for below in again if len(set(below)) == 1]
    return len(same) < len(again) and all(len(text) <= _SHORT for text in same)


def take(rows: list[Cue] | list[Row | Cue], findings: Findings) -> bool:
    """Where the first line of each text says who speaks it, make that the speaker, and note it. Whether it is so.

    One whose text has formatting, and one whose speaker is known already, stay as they are.
    """
    firsts: list[str] = []
    texts: list[str] = []
    for row in rows:
        first, _, rest = cue_of(row).text.partition("\n")
        if not first.strip() and not rest.strip():
            continue
        if not name_in(first) or not rest.strip() or rest.strip() == first.strip():
            return False
        firsts.append(first)
        texts.append(rest)
    if not are_names(firsts, texts):
        return False
    taken: list[str] = []
    for index, row in enumerate(rows):
        cue = cue_of(row)
        first, _, rest = cue.text.partition("\n")
        if rest and not cue.spans and not cue.speaker:
            taken.append(first)
            named = dataclasses.replace(cue, text=rest, speaker=name_in(first))
            if isinstance(row, Row):
                row.cue = named
            else:
                rows[index] = named
    note(taken, findings)
    return True


def note(lines: Sequence[str], findings: Findings) -> None:
    """Say which lines were taken for who speaks."""
    if not lines:
        return
    different = list(dict.fromkeys(line.strip() for line in lines))
    named = ", ".join(f'"{quoted(line)}"' for line in different[:_QUOTED])
    message = Text(
        "{count} lines that only name somebody were taken for who speaks and are in no text: {lines}.",
        count=len(lines),
        lines=f"{named}, ..." if len(different) > _QUOTED else named,
    )
    findings.add(Kind.SPEAKERS, message, quote="\n".join(different))
