# SPDX-License-Identifier: GPL-3.0-or-later
"""Persian, Arabic and Hebrew as Blender has to be given them: letters joined, and in the order of drawing.

Blender (5.2 too) draws the characters of a text one by one, from left to right. Its own translations are prepared for
that when they are built (`bl_i18n_utils/utils_rtl.py`, with the FriBidi library); ours in the same way, and names and
descriptions where they are drawn. This is the part of Unicode's rules that one line of an interface needs, with Latin
words, numbers and {fields} in it.
"""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterator

_ISOLATED, _FINAL, _INITIAL, _MEDIAL = "isolated", "final", "initial", "medial"

_MARKS = (
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"
    "\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"
)
"""What is drawn over or under the letter before it: vowels, doublings and the like."""
_PIECE = re.compile(rf"\{{[^{{}}]*\}}%?|.[{_MARKS}]*", re.DOTALL)
_MARK = re.compile(f"[{_MARKS}]")
_SHAPED = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]")
"""Letters that have their shape already: such a text is in the order of drawing."""
_MIRRORED = str.maketrans("()[]<>«»", ")(][><»«")
_NON_JOINER, _JOINER = "\u200c", "\u200d"
_LEFT_MARK = "\u200e"
"""Where a Latin word begins or ends with a sign: it keeps a file's `.srt` from being drawn as `srt.`"""


def drawn(text: str) -> str:
    """`text` from anywhere, such as the name of a model, ready to draw; as it is without letters from right to left.

    What is ready already stays as it is.

    >>> drawn("\u062d\u0630\u0641") == drawn(drawn("\u062d\u0630\u0641")) == "\ufed1\ufeac\ufea3"
    True
    """
    if text.isascii() or _SHAPED.search(text) or not any(_from_right(char) for char in text):
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
    if _SHAPED.search(text):
        # Turned round twice it is what it was.
        text = visual(text)
    else:
        from_right = reads_from_right(text)
    return [visual(line, from_right) for line in textwrap.wrap(text, characters, break_on_hyphens=False)]


def reads_from_right(text: str) -> bool:
    """Whether a paragraph runs from right to left: its first letter decides, as in Unicode's rules.

    >>> reads_from_right("12 \u0633\u0644\u0627\u0645"), reads_from_right("Whisper \u0633"), reads_from_right("12")
    (True, False, False)
    """
    kinds = (unicodedata.bidirectional(char) for char in text)
    return next((kind for kind in kinds if kind in ("L", "R", "AL")), "L") != "L"


def visual(text: str, from_right: bool = True) -> str:
    """`text`, in the order of reading, as Blender wants it. `from_right`: the direction of the whole paragraph.

    >>> visual("\u062d\u0630\u0641 {name}: model.bin") == "model.bin :{name} \ufed1\ufeac\ufea3"
    True
    >>> visual("{name}, \u062d\u0630\u0641!", from_right=False) == "{name}, \ufed1\ufeac\ufea3!"
    True
    """
    # Unicode has one letter for this pair, and only that one has shapes.
    text = text.replace("\u0647\u0654", "\u06c0")
    return "".join(_ordered(_PIECE.findall(joined(text)), from_right))


def joined(text: str) -> str:
    """`text` with each letter in the shape that its neighbours ask for; joiners and non-joiners, then done with, gone.

    >>> joined("\u0633\u0644\u0627\u0645") == "\ufeb3\ufefc\ufee1"
    True
    """
    units = list(_units(text))
    shaped = []
    letters = [unit for unit in units if not _MARK.fullmatch(unit)]
    index = -1
    for unit in units:
        index += not _MARK.fullmatch(unit)
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
    """The pieces from left to right: the runs in the direction of the paragraph, the pieces of each in its own."""
    sides = [_side(piece) for piece in pieces]
    _pair_brackets(pieces, sides, not from_right)
    before = not from_right
    to_right: list[bool] = []
    for index, side in enumerate(sides):
        if side is None:
            # Between two words of one direction it belongs to them; anywhere else to the paragraph.
            after = next((later for later in sides[index:] if later is not None), not from_right)
            side = before if before == after else not from_right
        to_right.append(side)
        before = side
    runs = [(side, list(group)) for side, group in itertools.groupby(range(len(pieces)), lambda index: to_right[index])]
    for side, run in reversed(runs) if from_right else runs:
        for index in run if side else reversed(run):
            if pieces[index] != _LEFT_MARK:
                yield pieces[index] if side or pieces[index].startswith("{") else pieces[index].translate(_MIRRORED)


def _pair_brackets(pieces: list[str], sides: list[bool | None], base: bool) -> None:
    """Give both brackets of a pair the same side: that of what stands before them, unless they hold another."""
    opened: list[int] = []
    for index, piece in enumerate(pieces):
        if piece in ("(", "["):
            opened.append(index)
        elif piece in (")", "]") and opened:
            first = opened.pop()
            inside = {side for side in sides[first + 1 : index] if side is not None}
            if inside:
                before = next((side for side in reversed(sides[:first]) if side is not None), base)
                sides[first] = sides[index] = base if base in inside else before


def _side(piece: str) -> bool | None:
    """True for what is read from left to right, False from right to left, None for what depends on its neighbours."""
    if piece.startswith("{"):
        # A field stands by itself, whatever it will hold: between two of them the paragraph's order holds.
        return None
    kind = unicodedata.bidirectional(piece[0])
    return True if kind in ("L", "EN", "AN") else False if kind in ("R", "AL") else None


def _from_right(char: str) -> bool:
    return unicodedata.bidirectional(char) in ("R", "AL")
