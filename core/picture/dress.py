# SPDX-License-Identifier: GPL-3.0-or-later
"""A subtitle with all that its style and its own formatting say, in pixels of one picture: what layout.py sets."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ..cues import Cue
from ..markup import BACKGROUND, BOLD, COLOR, FONT, ITALIC, RUBY, SIZE, STRIKE, UNDERLINE, VOICE, Span
from . import clusters
from .planes import Turn
from .style import Style
from .vectors import Drawing

MOST_CHARACTERS = 2_000
"""Of one subtitle; what it has more is not drawn, and said. A picture full of small letters has about as many."""
MOST_LINES = 40
LARGEST = 0.6
"""Letters may be that share of the picture's height; larger ones are drawn so."""

_SIZE = re.compile(r"(\d{1,4}(?:\.\d+)?)\s*(%|em|c)")


@dataclasses.dataclass(frozen=True, slots=True)
class Look:
    """What some letters look like. Lengths in pixels, colours `#rrggbb` or `#rrggbbaa`."""

    font: str
    size: float
    sideways: bool = False
    """Letters that stand in a square lie on their backs, so that a line turned by a quarter is read from top to bottom:
    SubStation's fonts whose names begin with @."""
    by_line: bool = False
    """`size` is that of a whole line from top to bottom, as SubStation measures, not of the em."""
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    color: str = "#ffffff"
    unsung_color: str = ""
    """Of karaoke that is not sung yet."""
    outline: float = 0.0
    pen: tuple[float, float] | None = None
    """How wide the outline is across and down where that is not the same; `outline` is the larger one then."""
    outline_color: str = "#000000"
    edge_blur: float = 0.0
    """How soft the outline is."""
    shadow_x: float = 0.0
    shadow_y: float = 0.0
    shadow_blur: float = 0.0
    shadow_color: str = "#00000000"
    background: str = ""
    """The colour of a box behind these letters."""
    spacing: float = 0.0
    stretch_x: float = 1.0
    stretch_y: float = 1.0
    language: str = ""
    turn: Turn | None = None
    kerning: bool = True
    """Whether letters move closer where their shapes leave room."""
    drawing: Drawing | None = None
    """What is drawn in place of a letter; `stretch_x` and `stretch_y` are pixels of one of its units."""

    @property
    def reach(self) -> float:
        """How far from the letters there may still be something."""
        shadow = max(abs(self.shadow_x), abs(self.shadow_y)) + 3 * self.shadow_blur
        return self.outline + 3 * self.edge_blur + (shadow if alpha(self.shadow_color) else 0.0)


class Clip(NamedTuple):
    """A part of the film's picture that a subtitle is kept to; `is_out`: kept out of."""

    is_out: bool
    box: tuple[float, float, float, float] | None
    """Left, top, right and bottom in pixels; None: the inside of the drawing."""
    drawing: Drawing | None = None
    unit: tuple[float, float] = (1.0, 1.0)
    """Pixels of one unit of the drawing, across and down."""


@dataclasses.dataclass(frozen=True, slots=True)
class Block:
    """Where a subtitle stands, and what is behind it. Lengths in pixels."""

    align: int = 2
    x: float | None = None
    y: float | None = None
    """Where the point of the text that `align` names is; None: at the margin."""
    hangs: int = 0
    """The point of the text that is meant by that where it is not that of its lines' `align`; 0: it is."""
    left: float = 0.0
    right: float = 0.0
    vertical: float = 0.0
    """Margins: at the sides, and above and below."""
    max_width: float = 0.0
    """0: lines are never broken."""
    line_spacing: float = 0.0
    """From one base line to the next at least."""
    origin: tuple[float, float] | None = None
    """What letters are turned around; None: the point that `align` names."""
    box: str = ""
    box_color: str = "#00000000"
    padding: float = 0.0
    box_shadow: tuple[float, float, str] = (0.0, 0.0, "#00000000")
    """How far to the right and down the box throws a shadow, and of which colour."""
    box_blur: float = 0.0
    inset: bool = True
    """The box, not the text, keeps to the margins."""
    round: float = 0.0
    direction: str = ""
    """As `Placing.vertical`."""
    stacks: bool = True
    clips: tuple[Clip, ...] = ()
    """What the subtitle is kept to, all of them at once; they stay where they are when it is moved or turned."""
    even: bool = True
    """Lines that are broken get about the same width; else each is filled before the next."""


class Ruby(NamedTuple):
    """A reading over characters `start` up to `end`."""

    start: int
    end: int
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Dressed:
    """One subtitle ready to be set. A value: two that are equal look the same."""

    text: str
    looks: tuple[tuple[int, int, Look], ...]
    """Ranges of the text that look alike, in order, without a gap."""
    block: Block
    rubies: tuple[Ruby, ...] = ()
    cut: int = 0
    """Characters that the limit has left out."""
    controls: int = 0
    """Control characters that are not drawn."""


def alpha(color: str) -> int:
    """0 to 255."""
    return int(color[7:9], 16) if len(color) > 7 else 255


def dressed(
    cue: Cue, style: Style, width: int, height: int, language: str = "", speakers: Mapping[str, str] | None = None
) -> Dressed:
    """A subtitle in a style. `speakers`: the colours of all who speak in the document (`colors_of_speakers`)."""
    text, cut = limited(cue.text)
    text, controls = clusters.cleaned(text)
    if style.uppercase:
        text = _upper(text)
    base = _base(style, width, height, language, (speakers or {}).get(cue.speaker, ""))
    spans = [span for span in cue.spans if span.start < len(text)]
    looks = tuple(
        (start, end, _worn(base, active, speakers or {})) for start, end, active in segments(len(text), spans)
    )
    rubies = tuple(Ruby(span.start, min(span.end, len(text)), span.value[:200]) for span in spans if span.kind == RUBY)
    return Dressed(text, looks, _block(cue, style, width, height, base), rubies, cut, controls)


def limited(text: str) -> tuple[str, int]:
    """As much of a text as is drawn, and how many characters that leaves out."""
    short = text[:MOST_CHARACTERS]
    if short.count("\n") >= MOST_LINES:
        short = "\n".join(short.split("\n")[:MOST_LINES])
    return short, len(text) - len(short)


def _upper(text: str) -> str:
    """In capitals, each character at its place: the letters that become two stay small."""
    return "".join(char if len(char.upper()) != 1 else char.upper() for char in text)


def segments(length: int, spans: Sequence[Span]) -> Iterable[tuple[int, int, list[Span]]]:
    """Ranges of a text in which nothing changes, and the spans that lie over each."""
    edges = sorted({0, length, *(edge for span in spans for edge in (span.start, span.end) if 0 < edge < length)})
    for start, end in itertools.pairwise(edges):
        yield start, end, [span for span in spans if span.start <= start and end <= span.end and span.start < span.end]


def _base(style: Style, width: int, height: int, language: str, color: str) -> Look:
    size = min(style.pixels(width, height), LARGEST * height)
    return Look(
        font=style.font, size=size, bold=style.bold, italic=style.italic, underline=style.underline,
        strike=style.strike, color=color or style.color, outline=style.outline * size,
        outline_color=style.outline_color, shadow_x=style.shadow_x * size, shadow_y=style.shadow_y * size,
        shadow_blur=style.shadow_blur * size, shadow_color=style.shadow_color, spacing=style.letter_spacing * size,
        stretch_x=style.stretch_x, stretch_y=style.stretch_y, language=language,
        turn=Turn(z=style.angle) if style.angle else None,
    )  # fmt: skip


def _worn(base: Look, spans: Sequence[Span], speakers: Mapping[str, str]) -> Look:
    changes: dict[str, object] = {}
    for span in spans:
        if span.kind in (BOLD, ITALIC, UNDERLINE, STRIKE):
            changes[span.kind] = True
        elif span.kind in (COLOR, FONT, BACKGROUND):
            changes[span.kind] = span.value
        elif span.kind == VOICE and speakers.get(span.value):
            changes.setdefault("color", speakers[span.value])
        elif span.kind == SIZE and (size := _size(span.value, base.size)):
            changes["size"] = size
    return dataclasses.replace(base, **changes) if changes else base  # type: ignore[arg-type]


def _size(value: str, base: float) -> float | None:
    """A size that a format writes, in pixels; None for units that say nothing here."""
    found = _SIZE.fullmatch(value.strip())
    if found is None:
        return None
    factor = float(found[1]) / (100 if found[2] == "%" else 1)
    return base * min(max(factor, 0.1), 5.0)


def _block(cue: Cue, style: Style, width: int, height: int, base: Look) -> Block:
    placing = cue.placing
    align = placing.align if placing.align != 2 else style.align
    return Block(
        align=align, x=None if placing.x is None else placing.x * width,
        y=None if placing.y is None else placing.y * height, left=style.margin_x * width,
        right=style.margin_x * width, vertical=style.margin_y * height,
        max_width=_room(placing.x, align, style, width) if style.wrap else 0.0,
        line_spacing=style.line_spacing * base.size, box=style.box, box_color=style.box_color,
        padding=style.box_padding * base.size, round=style.box_round * base.size, direction=placing.vertical,
        stacks=style.stack and placing.y is None,
    )  # fmt: skip


def _room(x: float | None, align: int, style: Style, width: int) -> float:
    """How wide a line may be: up to the margins, from where it stands."""
    most = min(style.max_width, 1 - 2 * style.margin_x) * width
    if x is None:
        return most
    left, right = max(0.0, x - style.margin_x) * width, max(0.0, 1 - style.margin_x - x) * width
    room = (right, 2 * min(left, right), left)[(align - 1) % 3]
    return min(most, room) if room > most / 4 else most


def colors_of_speakers(cues: Iterable[Cue], style: Style) -> dict[str, str]:
    """The colour of each who speaks, in the order in which they first do."""
    found: dict[str, str] = {}
    names = (name for cue in cues for name in (cue.speaker, *(s.value for s in cue.spans if s.kind == VOICE)) if name)
    for name in dict.fromkeys(names):
        if name in style.speakers:
            found[name] = style.speakers[name]
        elif style.speaker_colors:
            taken = sum(1 for other in found if other not in style.speakers)
            found[name] = style.speaker_colors[min(taken, len(style.speaker_colors) - 1)]
    return found
