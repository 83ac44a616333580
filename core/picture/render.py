# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies on the picture at a time: the contract for who burns in, bakes or shows subtitles.

    renderer = Renderer(document, 1920, 1080, style, Fonts(blender=folder))
    for picture in renderer.at(12.5):           # seconds of the document
        picture.rgba                            # uint8, (height, width, 4): red, green, blue, straight alpha, sRGB
        picture.x, picture.y                    # the pixel of the film that its upper left corner lies on

Pictures come in the order in which they are laid on each other, trimmed to what is not empty, wholly inside the film's
picture. The same objects come back as long as nothing changes (`is`), so that whoever converts them can keep what was
converted; `changes()` has the times at which another set may come. A subtitle is drawn when it is first asked for; a
handful are kept. One thread, no Blender. `problems` has what could not be drawn, each once, after it was asked for.
"""

from __future__ import annotations

import bisect
import collections
import dataclasses
from collections.abc import Iterator, Sequence

from .. import markup
from ..cues import Cue
from ..errors.picture import PictureSizeError
from ..markup import VOICE
from ..subtitles.document import Document
from ..subtitles.formats.substation_rows import INDEX
from ..text import Text
from . import clusters, dress, layout, substation
from .dress import Dressed
from .fonts import Fonts
from .layout import Box, Setting
from .moments import FADE_STEP, Moment, Timed, stepped, words_of
from .moments import moments as moments_of
from .paint import Painted, Painter
from .shape import Shaper
from .style import DEFAULT, Style

KEPT = 64
"""Pictures that are kept to be given again."""
_MOST_HELD = 192 << 20
"""Bytes of them."""
_MOST_AROUND = 50
"""Subtitles that one keeps clear of. Where there are more, the picture is full."""
_MOST_TOLD = 24
"""Subtitles whose looks a recipe names besides its own: captions that roll up overlap from the first to the last, and
what stands so far back moves nothing any more."""
MOST_LOOKS = 250
"""Pictures of one subtitle that changes over time, each of which is a file: ten seconds of them at full smoothness. One
that changes in more stretches than these has one for each, and there are no more of those than `tags.MOST_CHANGES`."""
SCRIPTS = 5
"""Of how SubStation's are drawn: they are made again under another number."""
_FEW_LETTERS = 60
"""Letters of a subtitle in which there is one that is drawn."""
SMALLEST, LARGEST = 16, 16_384
"""Pixels of a picture's side. Film ends at half of the larger one."""


LETTERS = "letters"
"""The kind of a problem that another font would solve."""
OUTSIDE = "outside"
"""The kind of a problem that a subtitle reaches out of the picture."""
FONT = "font"
"""The kind of a problem that is none of what is drawn, but of what it is drawn with."""


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """What is not in the picture as the file says it."""

    kind: str
    """`letters` that no font has, `cut` text, `controls` characters, `outside` the picture, `effects` of SubStation;
    and a `font` that is not there, which is told once, for the first of the subtitles."""
    index: int
    """Which of `cues_of` the document."""
    message: str
    """A Text, unless it comes out of a file."""


def cues_of(document: Document) -> tuple[Cue, ...]:
    """What `Problem.index` counts: a document's cues, then what it has of drawings without text."""
    return (*document.cues, *substation.drawings_of(document))


class Renderer:
    """The subtitles of a document on a film of one size."""

    def __init__(
        self, document: Document, width: int, height: int, style: Style | None = None, fonts: Fonts | None = None,
        language: str = "", *, languages: Sequence[str] = (),
    ) -> None:  # fmt: skip
        """`style`: None means the file's own where it has some (SubStation), else the default one. `language`: a BCP 47
        tag; empty: as the document says. `languages`: one for each cue, for tracks drawn together; where it is empty,
        that of all.
        Raises PictureSizeError."""
        if not (SMALLEST <= width <= LARGEST and SMALLEST <= height <= LARGEST):
            raise PictureSizeError(width, height, SMALLEST, LARGEST)
        self.width, self.height = width, height
        self._script = substation.script_of(document, width, height) if style is None else None
        self._cues = cues_of(document) if self._script is not None else document.cues
        usual = language or document.language
        self._languages = [one or usual for one in languages] or [usual] * len(document.cues)
        self._languages += [usual] * (len(self._cues) - len(document.cues))
        self._style = style or DEFAULT
        self._speakers = dress.colors_of_speakers(document.cues, self._style)
        self._fonts = fonts or Fonts()
        self._shaper = Shaper(self._fonts)
        self._families: dict[str, bool] = {}
        """Those that were asked for, and whether they are there."""
        self._replaced: dict[tuple[str, str], Problem] = {}
        self._painter: Painter | None = None
        self._settings: dict[Dressed, Setting] = {}
        self._pictures: collections.OrderedDict[object, tuple[Painted, list[tuple[str, Text]]]]
        self._pictures = collections.OrderedDict()
        self._moments: dict[int, list[Moment]] = {}
        self._shifts: dict[int, float] = {}
        self._problems: dict[tuple[str, int], Problem] = {}
        self._told: set[int] = set()
        """Cues of which it is known what is not drawn of their effects."""
        self._order = sorted(range(len(self._cues)), key=lambda index: (self._cues[index].start, index))
        self._starts = [self._cues[index].start for index in self._order]
        self._longest = max((cue.duration for cue in self._cues), default=0.0)
        self._ranks = _ranks(self._cues) if self._script is not None else []
        self._last: tuple[object, tuple[Painted, ...]] = (None, ())

    # What lies there

    def at(self, time: float) -> tuple[Painted, ...]:
        """The pictures of a time."""
        shown = [(index, one) for index in self.active(time, time) if (one := self._moment(index, time)) is not None]
        key = tuple((index, one.begins) for index, one in shown)
        if key != self._last[0]:
            drawn = (self.picture(index, one) for index, one in shown)
            self._last = key, tuple(picture for picture in drawn if picture.rgba.size)
        return self._last[1]

    def changes(self) -> list[float]:
        """The times at which something may change, in order; of what changes all the time, those of its looks."""
        times = {
            edge for index in range(len(self._cues)) for one in self.moments(index) for edge in (one.begins, one.ends)
        }
        return sorted(times)

    @property
    def count(self) -> int:
        """How many there are to be drawn, drawings among them."""
        return len(self._cues)

    @property
    def problems(self) -> list[Problem]:
        """What could not be drawn so far, and with which fonts it was not."""
        found = (*self._replaced.values(), *self._problems.values())
        return sorted(found, key=lambda problem: (problem.index, problem.kind))

    def problems_of(self, index: int) -> list[Problem]:
        """Those of one cue."""
        kinds = (LETTERS, "cut", "controls", OUTSIDE, "effects")
        return [found for kind in kinds if (found := self._problems.get((kind, index))) is not None]

    def active(self, first: float, last: float) -> list[int]:
        """The cues that are shown at some time from `first` to `last`, both included, in the order of layers."""
        low = bisect.bisect_left(self._starts, first - self._longest)
        high = bisect.bisect_right(self._starts, last)
        found = [index for index in self._order[low:high] if self._cues[index].end > first]
        if self._ranks:
            return sorted(found, key=lambda index: (self._cues[index].layer, self._ranks[index]))
        return sorted(found, key=lambda index: self._cues[index].layer)

    def moments(self, index: int) -> list[Moment]:
        """The looks of one cue, in order of time: about `MOST_LOOKS` at most of what changes all the time, and one for
        each stretch of it in any case."""
        return stepped(self._coarse(index), self._cues[index].start, FADE_STEP, MOST_LOOKS)

    def _coarse(self, index: int) -> list[Moment]:
        if index not in self._moments:
            cue = self._cues[index]
            if self._script is not None:
                self._moments[index] = self._script.moments(cue)
            else:
                self._moments[index] = moments_of(cue, self._style)
        return self._moments[index]

    def _moment(self, index: int, time: float) -> Moment | None:
        one = next((one for one in self._coarse(index) if one.begins <= time < one.ends), None)
        if one is not None and one.is_changing:
            return dataclasses.replace(one, begins=time, time=time - self._cues[index].start)
        return one

    def picture(self, index: int, moment: Moment) -> Painted:
        """One cue at one of its moments."""
        dressed = self.dressed(index, moment)
        shift = self._shift(index)
        spoken = moment.spoken.at(moment.time) if moment.spoken is not None else None
        key = dressed, shift, spoken, moment.strength
        found = self._pictures.get(key)
        if found is None:
            if self._painter is None:
                self._painter = Painter(self.width, self.height)
            setting = self._setting(dressed).moved(0.0, shift)
            painted = self._painter.paint(setting, spoken, moment.strength)
            found = painted, [*_problems(dressed, setting, self.width, self.height)]
            if not moment.is_changing:  # Nobody asks for it again.
                self._pictures[key] = found
            while len(self._pictures) > KEPT or (len(self._pictures) > 1 and self._held() > _MOST_HELD):
                self._pictures.popitem(last=False)
        else:
            self._pictures.move_to_end(key)
        for kind, message in found[1]:
            # Whoever sets drawings, clips and changes lets them begin outside.
            if kind != OUTSIDE or self._script is None or not self._script.effects(self._cues[index]):
                self._note(kind, index, message)
        for family in self.missing_fonts(index):
            self.replaced(index, family)
        if self._script is not None and ("effects", index) not in self._problems and index not in self._told:
            self._told.add(index)
            for message in self._script.told(self._cues[index]):
                self._note("effects", index, message)
        return found[0]

    def _held(self) -> int:
        return sum(picture.rgba.nbytes for picture, _ in self._pictures.values())

    def missing_fonts(self, index: int) -> list[str]:
        """The families that a cue asks for and that are not there. Draws nothing."""
        cue = self._cues[index]
        usual = self._style.font if self._script is None else self._script.font_of(cue)
        wanted = {usual, *(span.value.lstrip("@") for span in cue.spans if span.kind == markup.FONT)} - {""}
        for family in wanted - self._families.keys():
            self._families[family] = self._fonts.has_family(family)
        return sorted(family for family in wanted if not self._families[family])

    def replaced(self, index: int, family: str) -> Problem:
        """What to say of a family that is not there, which a cue asks for: the same of the next cue of its style."""
        cue = self._cues[index]
        style = self._style.title if self._script is None else cue.style
        key = family, style
        if key not in self._replaced:
            other = self._other_font(cue, family)
            message = Text(
                'The font "{font}" of the style {style} is not on this computer; {other} is drawn in its place.',
                font=family, style=style or "Default", other=other,
            )  # fmt: skip
            self._replaced[key] = Problem(FONT, index, message)
        return self._replaced[key]

    def _other_font(self, cue: Cue, family: str) -> str:
        """What the first letter of a cue is drawn with."""
        text = clusters.cleaned(cue.text[:_FEW_LETTERS])[0]
        ranges = clusters.clusters(text)
        for (first, last), script in zip(ranges, clusters.scripts(text, ranges), strict=True):
            if text[first:last].strip():
                face = self._fonts.for_text(text[first:last], family, False, False, script)
                # Blender's are known by the names of their files.
                return face.listed.family.partition("-Variable")[0] if face is not None else Text("no other one")
        return Text("no other one")

    def _note(self, kind: str, index: int, message: Text) -> None:
        self._problems.setdefault((kind, index), Problem(kind, index, message))

    def recipe(self, index: int) -> tuple[object, ...]:
        """A value that says all that the pictures of a cue are made of but style, size and fonts: equal ones look the
        same. It needs no font, and does not change when the subtitle is moved in time with those it overlaps."""
        start = self._cues[index].start
        others = [one for one in self._together(index, most=_MOST_TOLD) if one != index]
        if not others and len(self.moments(index)) == 1:
            return self._own_recipe(index)
        times = {one: (self._cues[one].start - start, self._cues[one].end - start) for one in (index, *others)}
        return tuple(
            (float(round(begins, 3)), float(round(ends, 3)), self._own_recipe(one))
            for one, (begins, ends) in times.items()
        )

    def _own_recipe(self, index: int) -> tuple[object, ...]:
        cue = self._cues[index]
        words = tuple((round(word.begins - cue.start, 3), word.start, word.end) for word in self._words(cue))
        margins = self._script.margins(cue) if self._script is not None else ()
        speakers = cue.speaker, *(span.value for span in cue.spans if span.kind == VOICE)
        colors = tuple(self._speakers.get(speaker, "") for speaker in speakers)
        language = self._languages[index]
        said = cue.text, cue.spans, cue.placing, cue.style, cue.layer, language, colors, margins, words
        return said if self._script is None else (*said, self._script.effects(cue), SCRIPTS)

    def _words(self, cue: Cue) -> list[Timed]:
        return words_of(cue) if self._style.words or self._style.karaoke else []

    def dressed(self, index: int, moment: Moment) -> Dressed:
        """One cue at one of its moments, ready to be set."""
        cue = self._cues[index]
        if moment.part is not None:
            cue = cue.part(*moment.part)
        if self._script is not None:
            return self._script.dressed(cue, self._languages[index], moment.time)
        return dress.dressed(cue, self._style, self.width, self.height, self._languages[index], self._speakers)

    def _setting(self, dressed: Dressed) -> Setting:
        key = dressed
        if key not in self._settings:
            if len(self._settings) > KEPT:
                self._settings.clear()
            self._settings[key] = layout.laid_out(dressed, self._shaper, self.width, self.height)
        return self._settings[key]

    # Subtitles that would lie on each other

    def _shift(self, index: int) -> float:
        """Pixels that a cue is moved down, up if negative, because others are there already while it is shown."""
        if index not in self._shifts:
            for one in self._together(index):
                self._shifts.setdefault(one, self._room_for(one))
        return self._shifts[index]

    def _together(self, index: int, *, most: int = 0) -> Iterator[int]:
        """The cue and all that began before it and reach into its time, or into that of one of them, from the first;
        without those whose place is known. With `most` the nearest ones, so many at most, known or not."""
        found = {index}
        waiting = [index]
        while waiting:
            cue = self._cues[waiting.pop()]
            for other in self.active(cue.start, cue.start):
                if other not in found and (most or other not in self._shifts):
                    found.add(other)
                    waiting.append(other)
            if most and len(found) > most:
                break
        ordered = sorted(found, key=lambda one: (self._cues[one].start, one))
        yield from ordered[-most:] if most else ordered

    def _room_for(self, index: int) -> float:
        cue = self._cues[index]
        others = [
            one
            for one in self.active(cue.start, cue.start)
            if one in self._shifts and one != index and self._cues[one].layer == cue.layer
        ][-_MOST_AROUND:]
        if not others:
            return 0.0
        dressed = self._whole(index)
        if not dressed.block.stacks:
            return 0.0
        taken = [box for one in others if (box := self._box(one)) is not None]
        mine = self._standing(dressed)
        upwards = (dressed.block.align - 1) // 3 == 0
        return _free(mine, taken, upwards, self.height)

    def _whole(self, index: int) -> Dressed:
        cue = self._cues[index]
        return self.dressed(index, Moment(cue.start, cue.end))

    def _box(self, index: int) -> Box | None:
        """Where a cue stands; None for one that others may lie on: it says its place itself."""
        dressed = self._whole(index)
        if not dressed.block.stacks:
            return None
        return self._standing(dressed).moved(0.0, self._shifts[index])

    def _standing(self, dressed: Dressed) -> Box:
        """The box of a subtitle that others keep clear of; SubStation's has its outlines in it."""
        box = self._setting(dressed).box
        if self._script is None:
            return box
        return box.grown(round(max([dressed.block.padding, *(look.outline for _, _, look in dressed.looks)])))


def _problems(dressed: Dressed, setting: Setting, width: int, height: int) -> Iterator[tuple[str, Text]]:
    """What is not in the picture as the file says it."""
    if setting.missing:
        letters = " ".join(dict.fromkeys(setting.missing))[:80]
        yield LETTERS, Text("No font on this computer has {letters}; they are not drawn.", letters=letters)
    if dressed.cut:
        cut = Text("It is too long for a picture; its last {number} characters are not drawn.", number=dressed.cut)
        yield "cut", cut
    if dressed.controls:
        yield "controls", Text("It has {number} control characters, which are not drawn.", number=dressed.controls)
    box = setting.seen_box()
    if box.left < -1 or box.top < -1 or box.right > width + 1 or box.bottom > height + 1:
        yield OUTSIDE, Text("It reaches out of the picture.")


def _ranks(cues: Sequence[Cue]) -> list[int]:
    """In which place each of a script's events stands in its file; a cue that came later, with the one before it."""
    found: list[int] = []
    for cue in cues:
        number = str(cue.extra.get(INDEX, ""))
        found.append(int(number) if number.isdecimal() and len(number) < 10 else found[-1] if found else 0)
    return found


def _free(mine: Box, taken: Sequence[Box], upwards: bool, height: int) -> float:
    """How far a box is moved so that it touches none of the others; not at all where there is no room."""
    shift = 0.0
    for _ in range(len(taken) + 1):
        box = mine.moved(0.0, shift)
        hit = [other for other in taken if box.overlaps(other)]
        if not hit:
            return shift if box.top >= 0 and box.bottom <= height else 0.0
        shift = (
            min(other.top for other in hit) - mine.bottom if upwards else max(other.bottom for other in hit) - mine.top
        )
    return 0.0
