# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation's own styles, margins and override tags, so that such a file looks as its author saw it."""

from __future__ import annotations

import dataclasses
import itertools
import math
import re
from collections.abc import Iterator, Sequence

from ..cues import Cue
from ..subtitles.document import Document
from ..subtitles.formats.overrides import DRAWING, KARAOKE
from ..subtitles.formats.substation_rows import EVENT, FIELDS, HEAD, ROW, resolution_of
from ..subtitles.formats.substation_text import event_text
from ..subtitles.formats.tags import Empty, TextBuilder
from ..text import Text
from . import clusters, dress, karaoke, moments, scrolls, sheets, tags, vectors
from .dress import LARGEST, Block, Clip, Dressed, Look
from .moments import Moment
from .paint import Spoken
from .planes import DISTANCE, Turn
from .sheets import Sheet, positive
from .tags import State, Taken

_BLUR = 2 / math.sqrt(math.log(256))
"""Pixels of the Gaussian's deviation for one of `\\blur`, in units of the script, as libass has it."""
_RUN = "run"
_BLANK = re.compile(r"^ +$", re.MULTILINE)
_LEAST = 0.1
"""Of the picture's width: what lines may have where margins leave less."""
_EFFECTS = ("banner", "scroll up", "scroll down")
_YES = ("yes", "1")
MOST_TURNS = 100
"""Ways in which letters of one event are turned out of the picture or sheared: each is drawn on its own."""
MOST_SHEAR = 50.0
"""Pixels across of one pixel down. A letter that is sheared so much is a line."""


def script_of(document: Document, width: int, height: int) -> Script | None:
    """What a document read from SubStation says of its look; None for all others."""
    if HEAD not in document.extra or document.format not in ("ass", "ssa", ""):
        return None
    return Script(document, width, height)


class Script:
    """A script on a picture of one size."""

    def __init__(self, document: Document, width: int, height: int) -> None:
        self._width, self._height = width, height
        head = str(document.extra.get(HEAD, ""))
        info = dict(sheets.info(head))
        self._sheets = dict(sheets.sheets(head))
        self._fields = [field.strip().lower() for field in str(document.extra.get(FIELDS, "")).split(",")]
        self._resolution = x, y = resolution_of(head)
        self._x, self._y = width / x, height / y
        across, down = positive(info.get("layoutresx")), positive(info.get("layoutresy"))
        self._wide = width / height / (across / down) if across and down else 1.0
        """How many times as wide as in their font letters are because the picture has another shape than the layout."""
        self._unscaled = height / down if across and down else 1.0
        """Pixels of one of those that `\\blur` and the eye before the picture are measured in."""
        scaled = info.get("scaledborderandshadow", "no").strip().lower() in _YES
        self._border = self._y if scaled else self._unscaled
        self._layout = (across / x, down / y) if across and down else (self._x, self._y)
        """Pixels of the layout to one unit of the script."""
        self._wrap = info.get("wrapstyle", "0").strip()
        self._kerning = info.get("kerning", "no").strip().lower() in _YES
        self._aligns = {name: style.align for name, style in document.styles.items()}
        self._raws: dict[int, str] = {}
        """Texts with their tags, by the `id` of the cue: the document lives as long as this does."""

    # What is read of an event

    def _taken(self, cue: Cue, time: float = 0.0) -> Taken:
        """What the tags of an event say, `time` seconds after its start."""
        sheet, length = self._sheet(cue.style), cue.duration * 1000
        taken = tags.taken(self._raw(cue), sheet, self._sheet, time * 1000, length, self._wrap)
        if scrolls.scroll_of(self._effect(cue)) is not None:
            taken.changes.append((0.0, length))
        return taken

    def _raw(self, cue: Cue) -> str:
        if id(cue) not in self._raws:
            self._raws[id(cue)] = event_text(cue, self._aligns.get(cue.style, 2), self._resolution)
        return self._raws[id(cue)]

    # Looks

    def moments(self, cue: Cue) -> list[Moment]:
        """The looks of a cue, as `moments.moments`; one that changes all the time is one moment of them."""
        if cue.end <= cue.start:
            return []
        taken = self._taken(cue)
        found = [Moment(cue.start, cue.end)]
        if any(span.kind == KARAOKE for span in cue.spans):
            found = list(self._karaoke(cue, taken))
        if taken.changes:
            spans = [(cue.start + begin / 1000, cue.start + end / 1000) for begin, end in taken.changes]
            found = [piece for one in found for piece in moments.changing(one, cue, spans)]
        if taken.fade:
            found = [piece for one in found for piece in moments.strengthened(one, _strengths(cue, taken.fade))]
        return found

    def _karaoke(self, cue: Cue, taken: Taken) -> Iterator[Moment]:
        """What is not sung yet has the second colour, and no outline where the file wants it so."""
        text, _ = _text(taken)
        places = _places(cue.text, text)
        found = [
            one._replace(start=places[one.start], end=places[one.end])
            for one in karaoke.syllables(cue)[: karaoke.MOST_SYLLABLES]
        ]
        length = len(text)
        bare = _ranges([(one.start, one.end) for one in found if one.kind == karaoke.OUTLINED])
        time, state = cue.start, Spoken(found[0].start, length, bare=bare) if found else None
        for one, after in itertools.zip_longest(found, found[1:]):
            begins = min(max(one.begins, time), cue.end)
            if begins > time:
                yield Moment(time, begins, None, state)
            time = begins
            left = tuple((max(start, one.end), end) for start, end in bare if end > one.end)
            state = Spoken(one.end, length, bare=left) if after is not None and one.end < length else None
            ends = min(one.ends, cue.end)
            if one.kind == karaoke.FILLED and ends > time:
                times = one.begins - cue.start, one.ends - cue.start
                sung = Spoken(one.start, length if state else one.end, "", "", one.end, times, bare=left)
                yield Moment(time, ends, None, sung, time=(time + ends) / 2 - cue.start, is_changing=True)
                time = ends
        if time < cue.end:
            yield Moment(time, cue.end, None, state)

    def dressed(self, cue: Cue, language: str, time: float = 0.0) -> Dressed:
        """A cue ready to be set, as it looks `time` seconds after its start."""
        taken = self._taken(cue, time)
        whole, runs = _text(taken)
        text, cut = dress.limited(whole)
        text, controls = clusters.cleaned(text)
        sheet = self._sheet(cue.style)
        looks = tuple(
            (start, min(end, len(text)), self._look(state, sheet, language))
            for start, end, state in self._turned_within_limit(runs)
            if start < len(text)
        ) or ((0, 0, self._look(tags.state_of(sheet), sheet, language)),)
        return Dressed(text, looks, self._block(cue, sheet, taken, time), (), cut + taken.rest, controls)

    def told(self, cue: Cue) -> Iterator[Text]:
        """What a cue has that is not in its pictures as the file says it."""
        taken = self._taken(cue)
        if taken.dropped:
            yield Text(
                "It has too many changes over time (\\t); the last {number} are not drawn.", number=taken.dropped
            )
        if (more := len(karaoke.syllables(cue)) - karaoke.MOST_SYLLABLES) > 0:
            yield Text(
                "It has more than {most} syllables of karaoke; the last {number} are sung with those before them.",
                most=karaoke.MOST_SYLLABLES, number=more,
            )  # fmt: skip
        effect = self._effect(cue)
        if (name := effect.partition(";")[0].strip()).lower() in _EFFECTS and scrolls.scroll_of(effect) is None:
            yield Text('Its effect "{effect}" is not drawn.', effect=name)
        if (turns := len(set(self._ways([state for _, state in taken.runs])) - {None})) > MOST_TURNS:
            yield Text(
                "Its letters are turned in space in {number} ways; those after the first {most} are not.",
                number=turns, most=MOST_TURNS,
            )  # fmt: skip
        if any(max(abs(state.shear_x), abs(state.shear_y)) > MOST_SHEAR for _, state in taken.runs):
            yield Text("It is sheared by more than {most}; it is drawn with as much.", most=round(MOST_SHEAR))
        drawings = [state.drawing for _, state in taken.runs] + [taken.shape.drawing if taken.shape else None]
        if any(drawing and vectors.outline(drawing.lines, drawing.scale).is_cut for drawing in drawings):
            yield Text("Its drawing has more than {most} points; the others are not drawn.", most=vectors.MOST_POINTS)

    def effects(self, cue: Cue) -> str:
        """What of a cue's text makes it look otherwise than its letters and their spans say; empty for most."""
        taken = self._taken(cue)
        is_drawn = any(state.drawing or state.blur or state.soft or _is_turned(state) for _, state in taken.runs)
        if is_drawn or taken.changes or taken.box or taken.shape or len(taken.fade) == 7:
            return self._effect(cue) + self._raw(cue)
        return ""

    def font_of(self, cue: Cue) -> str:
        """The family that the style of a cue asks for."""
        return self._sheet(cue.style).font.lstrip("@")

    def _row(self, cue: Cue) -> dict[str, str]:
        """The fields of an event before its text, as they stand in the file."""
        return dict(zip(self._fields, str(cue.extra.get(ROW, "")).split(","), strict=False))

    def _effect(self, cue: Cue) -> str:
        """The field of that name."""
        return self._row(cue).get("effect", "").strip()

    def _sheet(self, name: str) -> Sheet:
        wanted = name.strip().lstrip("*")
        found = self._sheets.get(wanted) or self._sheets.get(wanted.lower()) or self._sheets.get("Default")
        return found or Sheet()

    # Letters

    def _look(self, state: State, sheet: Sheet, language: str) -> Look:
        blur = self._blur(state)
        shadow_x, shadow_y = self._shadow(state)
        pen = (0.0, 0.0) if sheet.boxed else self._pen(state)
        stretch_x, stretch_y = _stretches(state)
        colors = [_hex(color) for color in state.colors]
        # Letters are as large as their size says, drawings as their numbers.
        across, down = (self._x, self._y) if state.drawing else (self._wide, 1.0)
        return Look(
            font=state.font.lstrip("@"),
            sideways=state.font.startswith("@"),
            size=min(max(state.size * self._y, 1.0), LARGEST * self._height),
            by_line=True,
            bold=state.bold,
            italic=state.italic,
            underline=state.underline,
            strike=state.strike,
            color=colors[0],
            unsung_color=colors[1],
            outline=max(pen),
            pen=pen if pen[0] != pen[1] else None,
            outline_color=colors[2],
            edge_blur=blur,
            shadow_x=shadow_x,
            shadow_y=shadow_y,
            shadow_blur=blur,
            shadow_color="#00000000" if sheet.boxed or sheet.backed else colors[3],
            spacing=_near(state.spacing * self._x * stretch_x, self._width),
            stretch_x=stretch_x * across,
            stretch_y=stretch_y * down,
            language=language,
            turn=self._turn(state),
            kerning=self._kerning,
            drawing=state.drawing,
        )

    def _blur(self, state: State) -> float:
        """Pixels. Each `\\be` is a mean of three pixels, whatever their size."""
        blur = math.hypot(max(state.blur, 0.0) * _BLUR * self._unscaled, math.sqrt(max(state.soft, 0.0) / 2))
        return min(blur, self._height / 8)

    def _pen(self, state: State) -> tuple[float, float]:
        """How wide its outline is, across and down."""
        x, y = (min(max(width, 0.0) * self._border, self._height / 4) for width in (state.outline_x, state.outline_y))
        return x, y

    def _shadow(self, state: State) -> tuple[float, float]:
        """How far it lies to the right and down."""
        return _near(state.shadow_x * self._border, self._width), _near(state.shadow_y * self._border, self._height)

    def _turn(self, state: State) -> Turn | None:
        if not _is_turned(state):
            return None
        stretch_x, stretch_y = _stretches(state)
        stretch = stretch_y / stretch_x  # How much more they are stretched down than across, which shears them less.
        shear_x, shear_y = (min(max(shear, -MOST_SHEAR), MOST_SHEAR) for shear in (state.shear_x, state.shear_y))
        shear = shear_x / stretch, shear_y * stretch
        distance = DISTANCE * self._unscaled
        return Turn(state.angle_x, state.angle_y, state.angle, *shear, distance, self._shadow(state))

    def _ways(self, states: Sequence[State]) -> Iterator[tuple[object, ...] | None]:
        """How some letters after the other are turned; those that are not alike lie in planes of their own. None for
        those that are at most turned in the picture."""
        place, before = 0, None
        for state in states:
            turn = self._turn(state)
            if turn is None or turn.is_rotation:
                yield None
            elif not turn.shear_x and not turn.shear_y:
                yield turn, 0
            else:
                # What is sheared lies where letters that look alike begin, and how far they reach up.
                height = state.font, state.bold, state.italic, state.size, state.stretch_y
                kind = turn, state if turn.shear_y else height
                if kind != before:
                    place, before = place + 1, kind
                yield turn, place

    def _turned_within_limit(self, runs: Sequence[tuple[int, int, State]]) -> Iterator[tuple[int, int, State]]:
        """Runs of a text, those without their turns that are of too many kinds."""
        kinds: set[object] = {None}
        for (start, end, state), way in zip(runs, self._ways([state for _, _, state in runs]), strict=True):
            if len(kinds) <= MOST_TURNS:
                kinds.add(way)
            if way not in kinds:
                state = dataclasses.replace(state, angle_x=0.0, angle_y=0.0, shear_x=0.0, shear_y=0.0)
            yield start, end, state

    # Place

    def _block(self, cue: Cue, sheet: Sheet, taken: Taken, time: float) -> Block:
        x, y = cue.placing.x, cue.placing.y
        place = None if x is None or y is None else (x * self._width, y * self._height)
        if taken.move:
            place = taken.move[0] * self._x, taken.move[1] * self._y
        left, right, vertical = self._margins(cue, sheet)
        scroll = scrolls.scroll_of(self._effect(cue)) if place is None else None
        wrap = taken.wrap or (tags.NOT_BROKEN if scroll is not None and scroll.is_across else self._wrap)
        room = 0.0 if wrap == tags.NOT_BROKEN else max(self._width - left - right, self._width * _LEAST)
        block = Block(
            align=cue.placing.align, x=place and place[0], y=place and place[1], left=left, right=right,
            vertical=vertical, max_width=room,
            origin=(taken.origin[0] * self._x, taken.origin[1] * self._y) if taken.origin else None,
            stacks=place is None, inset=False, even=wrap != "1",
            clips=tuple(self._clip(clip) for clip in (taken.box, taken.shape) if clip is not None),
        )  # fmt: skip
        if scroll is not None:
            along = 0 if scroll.is_across else 1
            way = scroll.way(time * 1000, self._layout[along])
            block = scroll.placed(block, way, (self._width, self._height), (self._x, self._y)[along])
        return self._boxed(block, taken.runs[0][1] if taken.runs else tags.state_of(sheet), sheet)

    def _boxed(self, block: Block, state: State, sheet: Sheet) -> Block:
        """A block with the box of its style, as its first letters want it."""
        outline = max(self._pen(state))
        x, y = self._shadow(state)
        if sheet.backed:
            padding = outline + max(x, y, 0.0)
            return dataclasses.replace(block, box="block", box_color=_hex(state.colors[3]), padding=padding)
        if sheet.boxed and (outline or x or y):
            shadow = x, y, _hex(state.colors[3]) if x or y else "#00000000"
            return dataclasses.replace(
                block, box="line", box_color=_hex(state.colors[2]), padding=max(outline, 1.0), box_shadow=shadow,
                box_blur=self._blur(state),
            )  # fmt: skip
        return block

    def _clip(self, clip: tags.Clip) -> Clip:
        if clip.box is None:
            return Clip(clip.is_out, None, clip.drawing, (self._x, self._y))
        # On whole pixels, as libass has them.
        left, top, right, bottom = (
            round(min(max(edge * factor, 0.0), most))
            for edge, factor, most in zip(
                clip.box, (self._x, self._y) * 2, (self._width, self._height) * 2, strict=True
            )
        )
        return Clip(clip.is_out, (left, top, right, bottom))

    def margins(self, cue: Cue) -> tuple[float, float, float]:
        """Left, right and vertical ones of a cue, in pixels."""
        return self._margins(cue, self._sheet(cue.style))

    def _margins(self, cue: Cue, sheet: Sheet) -> tuple[float, float, float]:
        row = self._row(cue)
        own = [positive(row.get(name)) for name in ("marginl", "marginr", "marginv")]
        left, right, vertical = (mine or theirs for mine, theirs in zip(own, sheet.margins, strict=True))
        return (
            min(left * self._x, self._width), min(right * self._x, self._width), min(vertical * self._y, self._height),
        )  # fmt: skip


def _hex(color: tags.Color) -> str:
    return f"#{''.join(f'{round(part):02x}' for part in color)}"


def _stretches(state: State) -> tuple[float, float]:
    """How many times as wide and as high as in their font letters are."""
    across, down = (min(max(stretch, 0.01), 10.0) for stretch in (state.stretch_x, state.stretch_y))
    return across, down


def _is_turned(state: State) -> bool:
    return bool(state.angle or state.angle_x or state.angle_y or state.shear_x or state.shear_y)


def _near(value: float, most: float) -> float:
    return min(max(value, -most / 2), most / 2)


def drawings_of(document: Document) -> list[Cue]:
    """The events of a document that have no text but a drawing, and are shown."""
    return [
        cue
        for cue in document.hidden
        if cue.extra.get(EVENT) == "Dialogue" and cue.end > cue.start
        and any(span.kind == DRAWING for span in cue.spans)
    ]  # fmt: skip


def _text(taken: Taken) -> tuple[str, list[tuple[int, int, State]]]:
    """An event's text with a sign for each drawing and with its empty lines, and what holds for which part of it."""
    # As libass has it, an empty line is half as high as one of spaces, and after the last break there is none.
    whole = _BLANK.sub(lambda match: "\u00a0" * len(match[0]), "".join(piece for piece, _ in taken.runs))
    builder = TextBuilder()
    at = 0
    for number, (piece, _) in enumerate(taken.runs):
        builder.open(_RUN, (_RUN, str(number)))
        builder.text(whole[at : at + len(piece)])
        builder.close(_RUN)
        at += len(piece)
    text, spans = builder.done(Empty.ALL)
    text = text.removesuffix("\n")
    firsts = sorted((span.start, int(span.value)) for span in spans)
    edges = [0, *(start for start, _ in firsts[1:]), len(text)] if firsts else []
    states = [taken.runs[number][1] for _, number in firsts]
    return text, [(*edge, state) for edge, state in zip(itertools.pairwise(edges), states, strict=True)]


def _places(text: str, drawn: str) -> list[int]:
    """By place in the text of a cue the one in the text that is drawn, which has more: drawings, empty lines, and what
    breaks a line only elsewhere."""
    found, at = [], 0
    for char in text:
        while at < len(drawn) and drawn[at] != char and not (char == "\n" and drawn[at] == " "):
            at += 1
        found.append(at)
        at = min(at + 1, len(drawn))
    return [*found, len(drawn)]


def _ranges(pieces: Sequence[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Ranges in order, those that touch as one."""
    found: list[tuple[int, int]] = []
    for start, end in pieces:
        if found and found[-1][1] == start:
            found[-1] = found[-1][0], end
        else:
            found.append((start, end))
    return tuple(found)


def _strengths(cue: Cue, numbers: Sequence[float]) -> list[tuple[float, float]]:
    """How strong a subtitle is at some times, by the two numbers of `\\fad` or the seven of `\\fade`."""
    if len(numbers) == 2:
        rising, falling = (max(number, 0.0) / 1000 for number in numbers)
        first, last = (0.0 if length else 1.0 for length in (rising, falling))
        return [(cue.start, first), (cue.start + rising, 1.0), (cue.end - falling, 1.0), (cue.end, last)]
    before, between, after = (1 - min(max(number, 0.0), 255.0) / 255 for number in numbers[:3])
    times = [cue.start + number / 1000 for number in numbers[3:]]
    return [(times[0], before), (times[1], between), (times[2], between), (times[3], after)]
