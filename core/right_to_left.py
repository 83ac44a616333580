# SPDX-License-Identifier: GPL-3.0-or-later
"""Persian, Arabic and Hebrew as Blender has to be given them: letters joined, and in the order of drawing.

Blender (5.2 too) draws the characters of a text one by one, from left to right. Its own translations are prepared for
that when they are built (`bl_i18n_utils/utils_rtl.py`, with the FriBidi library); ours in the same way, and names and
descriptions where they are drawn. This is the part of Unicode's rules that one line of an interface needs, with Latin
words, numbers and {fields} in it; the order is that of bidi.py.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator

_ISOLATED, _FINAL, _INITIAL, _MEDIAL = "isolated", "final", "initial", "medial"

_MARKS = (
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
)
"""What is drawn over or under the letter before it: vowels, doublings and the like."""
# Compiled, as Unicode's tables are loaded, with the first text that is more than ASCII: not when Blender starts.
_PIECE = rf"(?s:\{{[^{{}}]*\}}%?|.[{_MARKS}]*)"
_MARK = f"[{_MARKS}]"
_SHAPED = "[\ufb1d-\ufdff\ufe70-\ufefc]"
"""Letters that have their shape already: such a text is in the order of drawing."""
_MIRRORED = str.maketrans("()[]<>«»", ")(][><»«")
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_DIRECTIONS = frozenset("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What gives a direction and is nothing to be drawn: marks, embeddings, overrides, isolates. A left-to-right mark keeps
a file's `.srt` from being drawn as `srt.`"""


def drawn(text: str) -> str:
    """`text` from anywhere, such as the name of a model, ready to draw; as it is without letters from right to left.

    What is ready already stays as it is.

    >>> drawn("\u062d\u0630\u0641") == drawn(drawn("\u062d\u0630\u0641")) == "\ufed1\ufeac\ufea3"
    True
    """
    if text.isascii() or re.search(_SHAPED, text) or not any(_from_right(char) for char in text):
        return text
    return visual(text, reads_from_right(text))


def lines(text: str, characters: int) -> list[str]:
    """`text` in lines of at most `characters`, as textwrap does it, each of them ready to draw.

    A text that is ready already, such as a translation, is brought back into the order of reading first: its first
    word stands at its end.

    >>> lines("one two three", 8)
    ['one two', 'three']
    >>> lines("\ufeed\ufead see \ufea9\ufe8d", 7) == ["see \ufea9\ufe8d", "\ufeed\ufead"]
    True
    """
    # Here, not above: Blender starts without it.
    import textwrap

    if not any(map(_from_right, text)):
        # Names of repositories have hyphens, and must stay whole to be read.
        return textwrap.wrap(text, characters, break_on_hyphens=False)
    from_right = True
    if re.search(_SHAPED, text):
        # Turned round twice it is what it was.
        text = visual(text)
    else:
        from_right = reads_from_right(text)
    return [visual(line, from_right) for line in textwrap.wrap(text, characters, break_on_hyphens=False)]


def drawn_lines(text: str) -> str:
    """A text of several lines, each of them ready to draw: what a TEXT strip is given.

    >>> drawn_lines(chr(10).join(("\u062d\u0630\u0641", "abc"))).splitlines() == ["\ufed1\ufeac\ufea3", "abc"]
    True
    """
    return "\n".join(drawn(line) for line in text.split("\n"))


def is_drawn(text: str) -> bool:
    """Whether a text has letters in the shape that only a text which is ready to draw has."""
    return not text.isascii() and re.search(_SHAPED, text) is not None


def written(text: str, from_right: bool | None = None) -> str:
    """A text that is ready to draw, or was and has been edited since, in the order of reading and with real letters.

    `from_right`: the direction of its paragraphs, where that is known; else it is that of most letters of a line, for
    what is drawn does not tell. Non-joiners, which are not drawn, are put where a letter keeps its end although the
    next one could join it. Real letters are what was typed into it: they keep the order that they were typed in. A line
    without shaped letters stays as it is.

    >>> written(drawn("\u0645\u06cc\u200c\u0634\u0648\u062f 12")) == "\u0645\u06cc\u200c\u0634\u0648\u062f 12"
    True
    """
    lines = text.split("\n")
    return "\n".join(_written(line, from_right) if is_drawn(line) else line for line in lines)


def _written(line: str, from_right: bool | None) -> str:
    if from_right is None:
        from_right = sum(map(_from_right, line)) * 2 > sum(char.isalpha() for char in line)
    letters: list[str] = []
    before = last = ""
    # Turned round twice it is in the order of reading; letters that have their shape keep it.
    for piece in _ordered(re.findall(_PIECE, _typed().sub(_turned, line)), from_right):
        shape, real = _shape_of(piece[:1])
        apart = before in (_ISOLATED, _FINAL) and shape in (_ISOLATED, _INITIAL)
        if apart and _joins_next(last[-1:]) and _joins_previous(real[:1]):
            letters.append(_NON_JOINER)
        letters.append(real + piece[1:])
        before, last = shape, real
    return "".join(letters)


@functools.cache
def _typed() -> re.Pattern[str]:
    """Finds what somebody has typed into a text that is ready to draw: real letters that have shapes, and what stands
    between two of them. What was drawn has only the shapes."""
    letter = f"[{''.join(key for key in _forms() if len(key) == 1)}{_MARKS}{_NON_JOINER}{_JOINER}]"
    return re.compile(rf"{letter}+(?:[ .,:!\u060c\u061b\u061f-]+{letter}+)*")


def _turned(typed: re.Match[str]) -> str:
    """Letters that were typed one after the other, in the order in which they would be drawn."""
    return "".join(reversed(re.findall(_PIECE, typed[0])))


@functools.cache
def _shape_of(char: str) -> tuple[str, str]:
    """The shape of a letter, empty for one that has none, and the letter, or lam and alef, that it is a shape of."""
    import unicodedata

    shape, _, base = unicodedata.decomposition(char).partition(" ") if re.fullmatch(_SHAPED, char) else ("", "", "")
    if shape.strip("<>") not in (_ISOLATED, _FINAL, _INITIAL, _MEDIAL):
        return "", char
    return shape.strip("<>"), "".join(chr(int(digits, 16)) for digits in base.split())


def reads_from_right(text: str) -> bool:
    """Whether a paragraph runs from right to left: its first letter decides, as in Unicode's rules, but none that is
    isolated (P2, P3).

    >>> reads_from_right("12 \u0633\u0644\u0627\u0645"), reads_from_right("Whisper \u0633"), reads_from_right("12")
    (True, False, False)
    """
    depth = 0
    for char in "" if text.isascii() else text:
        kind = _direction(char)
        if kind in ("LRI", "RLI", "FSI"):
            depth += 1
        elif kind == "PDI":
            depth = max(0, depth - 1)
        elif not depth and kind in ("L", "R", "AL"):
            return kind != "L"
    return False


def visual(text: str, from_right: bool = True) -> str:
    """`text`, in the order of reading, as Blender wants it. `from_right`: the direction of the whole paragraph.

    >>> visual("\u062d\u0630\u0641 {name}: model.bin") == "model.bin :{name} \ufed1\ufeac\ufea3"
    True
    >>> visual("{name}, \u062d\u0630\u0641!", from_right=False) == "{name}, \ufed1\ufeac\ufea3!"
    True
    """
    # Unicode has one letter for this pair, and only that one has shapes.
    text = text.replace("\u0647\u0654", "\u06c0")
    return "".join(_ordered(re.findall(_PIECE, joined(text)), from_right))


def joined(text: str) -> str:
    """`text` with each letter in the shape that its neighbours ask for; joiners and non-joiners, then done with, gone.

    >>> joined("\u0633\u0644\u0627\u0645") == "\ufeb3\ufefc\ufee1"
    True
    """
    units, mark = list(_units(text)), re.compile(_MARK)
    shaped = []
    letters = [unit for unit in units if not mark.fullmatch(unit)]
    index = -1
    for unit in units:
        index += not mark.fullmatch(unit)
        forms = _forms().get(unit)
        if forms is None:
            shaped.append("" if unit in (_NON_JOINER, _JOINER) else unit)
            continue
        before = index > 0 and _joins_next(letters[index - 1]) and _FINAL in forms
        after = index + 1 < len(letters) and _INITIAL in forms and _joins_previous(letters[index + 1])
        shape = _MEDIAL if before and after else _FINAL if before else _INITIAL if after else _ISOLATED
        shaped.append(forms.get(shape, unit))
    return "".join(shaped)


@functools.cache
def _forms() -> dict[str, dict[str, str]]:
    """Letter (or lam and alef) to its shapes, out of Unicode's own table of them."""
    import unicodedata

    forms: dict[str, dict[str, str]] = {}
    for code in itertools.chain(range(0xFB50, 0xFBB2), range(0xFBD3, 0xFC00), range(0xFE80, 0xFEFD)):
        shape, _, base = unicodedata.decomposition(chr(code)).partition(" ")
        letters = "".join(chr(int(digits, 16)) for digits in base.split())
        if len(letters) == 1 or (len(letters) == 2 and letters[0] == "\u0644"):
            forms.setdefault(letters, {})[shape.strip("<>")] = chr(code)
    return forms


def _units(text: str) -> Iterator[str]:
    """The letters, with lam and alef as one: they are always written so."""
    index = 0
    while index < len(text):
        size = 2 if text[index : index + 2] in _forms() else 1
        yield text[index : index + size]
        index += size


def _joins_next(unit: str) -> bool:
    return unit == _JOINER or _INITIAL in _forms().get(unit, {})


def _joins_previous(unit: str) -> bool:
    return unit == _JOINER or _FINAL in _forms().get(unit, {})


def _ordered(pieces: list[str], from_right: bool) -> Iterator[str]:
    """The pieces from left to right."""
    from . import bidi

    found = bidi.levels([_kind(piece) for piece in pieces], pieces, from_right)
    for index in bidi.order(found):
        piece = pieces[index]
        if piece not in _DIRECTIONS:
            yield piece.translate(_MIRRORED) if found[index] % 2 and not piece.startswith("{") else piece


def _kind(piece: str) -> str:
    # A field stands by itself, whatever it will hold: between two of them the paragraph's order holds.
    return "ON" if piece.startswith("{") and len(piece) > 1 else _direction(piece[0]) or "ON"


def _from_right(char: str) -> bool:
    return _direction(char) in ("R", "AL")


@functools.lru_cache(4096)
def _direction(char: str) -> str:
    """Unicode's Bidi_Class."""
    import unicodedata

    return unicodedata.bidirectional(char)
