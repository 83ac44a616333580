# SPDX-License-Identifier: GPL-3.0-or-later
"""How a text is written: its lines, capital letters, dashes for speakers, ellipses, spaces. Times stay as they are."""

from __future__ import annotations

import dataclasses
import enum
import re

from ..cues import Word, text_length
from . import breaks, realign
from .document import Cue
from .layout import break_lines
from .profiles import Profile

_DASHED = re.compile(r"^\s*[-‐‑–—]\s*(?=\S)")
_ELLIPSIS = re.compile(r"\.{3,}|…")
_SENTENCE_START = re.compile(r"(?:^|[.!?…]['\"”’»)\]]*\s+)[\"'“‘«(\[¿¡-]*\s*(?=\w)|(?:^|\n)[-–—]\s*(?=\w)")
_SPACES = re.compile(r"[^\S\n]{2,}")
_SPACE_AT_EDGE = re.compile(r"^[^\S\n]+|(?<![^\S\n])[^\S\n]+$", re.MULTILINE)


class Case(enum.Enum):
    """Ways to write letters."""

    UPPER = "upper"
    LOWER = "lower"
    SENTENCE = "sentence"
    """A capital letter where a sentence begins, the others as small as they can be."""


# Lines


def fits(text: str, profile: Profile) -> bool:
    """Whether the lines are as many and as long as the profile allows."""
    lines = text.split("\n")
    return len(lines) <= profile.max_lines and all(text_length(line) <= profile.max_chars for line in lines)


def is_dialogue(text: str) -> bool:
    """Whether each line begins with the dash of a speaker of its own."""
    lines = text.split("\n")
    return len(lines) > 1 and all(_DASHED.match(line) for line in lines)


def rebalanced(cue: Cue, profile: Profile) -> Cue:
    """The same words in lines broken anew where the sense allows. Lines of two speakers stay theirs.

    A text that no layout of the profile has room for gets more lines than it allows, not fewer words.
    """
    if is_dialogue(cue.text):
        return cue
    words = [Word(0.0, 0.0, text, glued=glued) for text, glued in breaks.words_of(cue.text, "")]
    return relined(cue, break_lines(words, profile)) if words else cue


def fitted(cue: Cue, profile: Profile) -> Cue:
    """`rebalanced`, where its lines do not fit; else as it is."""
    return cue if fits(cue.text, profile) else rebalanced(cue, profile)


def relined(cue: Cue, text: str) -> Cue:
    """The subtitle with the same letters and other spaces; its words stay, its formatting stays with its letters."""
    if text == cue.text or "".join(text.split()) != "".join(cue.text.split()):
        return realign.with_text(cue, text)
    old = [at for at, char in enumerate(cue.text) if not char.isspace()]
    new = [at for at, char in enumerate(text) if not char.isspace()]
    starts = dict(zip(old, new, strict=True))
    spans = []
    for span in cue.spans:
        first = next((starts[at] for at in range(span.start, len(cue.text)) if at in starts), len(text))
        if span.start == span.end:
            spans.append(span._replace(start=first, end=first))
            continue
        last = next((starts[at] + 1 for at in range(span.end - 1, span.start - 1, -1) if at in starts), None)
        if last is not None:
            spans.append(span._replace(start=first, end=last))
    return dataclasses.replace(cue, text=text, spans=tuple(spans))


# Letters and signs


def with_case(cue: Cue, case: Case) -> Cue:
    """Capital or small letters. A name is not known: with SENTENCE it loses its capital letter."""
    match case:
        case Case.UPPER:
            text = cue.text.upper()
        case Case.LOWER:
            text = cue.text.lower()
        case Case.SENTENCE:
            text = sentence_case(cue.text)
    return realign.with_text(cue, text)


def sentence_case(text: str) -> str:
    """A capital letter at the beginning of each sentence, and for the English `I`.

    >>> sentence_case("WELL, I'M HERE. ARE YOU?\\n- YES!")
    "Well, I'm here. Are you?\\n- Yes!"
    """
    lower = re.sub(r"\bi\b(?=['’]|\s|$|[,.!?])", "I", text.lower())
    return _SENTENCE_START.sub(lambda match: match.group(), _capitals(lower))


def _capitals(text: str) -> str:
    letters = list(text)
    for match in _SENTENCE_START.finditer(text):
        letters[match.end()] = letters[match.end()].upper()
    return "".join(letters)


def with_dashes(cue: Cue, dashes: bool = True) -> Cue:
    """A dash before each line, for two speakers; or without any. A single line gets none."""
    if dashes and len(cue.lines) < 2:
        return cue
    bare = [_DASHED.sub("", line) for line in cue.lines]
    return realign.with_text(cue, "\n".join(f"- {line}" if dashes else line for line in bare))


def with_ellipses(cue: Cue) -> Cue:
    """Three full stops become the sign `…`, which takes the room of one letter."""
    return realign.with_text(cue, _ELLIPSIS.sub("…", cue.text))


def tidy(cue: Cue) -> Cue:
    """Without double spaces, spaces at the edges of lines, and lines without letters at the top and the end."""
    text = _SPACE_AT_EDGE.sub("", _SPACES.sub(" ", cue.text))
    return relined(cue, re.sub(r"\n{2,}", "\n", text).strip("\n"))


def is_untranslated(text: str, original: str) -> bool:
    """Whether a subtitle of a translation waits for its text: it has none, or still that of the original.

    >>> is_untranslated("Guten Tag.", "Hello."), is_untranslated("Hello.", "Hello."), is_untranslated("...", "...")
    (False, True, False)
    """
    if not text.strip():
        return True
    return " ".join(text.split()) == " ".join(original.split()) and any(char.isalpha() for char in text)
