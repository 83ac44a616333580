# SPDX-License-Identifier: GPL-3.0-or-later
"""SCC: the bytes of American closed captions (CEA-608) as hexadecimal words, `00:00:01:00	94ae 94ae 9420 ...`.

ttconv decodes them. What it passes over is put right around it: a second channel, words that are none, a caption whose
place was lost, and captions that are loaded and never shown, which become findings.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import operator
import re
from array import array
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ...cues import new_cue
from ...markup import BACKGROUND, BELOW, COLOR, ITALIC, UNDERLINE, Placing, Span
from ...text import Text
from .. import rolling
from ..document import Cue, Document, Kind, quoted
from ..lines import lines_of
from ..times import NTSC, plain_signs
from .base import Findings, Format, Source
from .settling import Row, as_row, cue_of, settled
from .tags import tidied_text

if TYPE_CHECKING:
    from ttconv import model
    from ttconv.scc.word import SccWord

# What it remarks is in the findings, for whoever asked; not in the terminal.
logging.getLogger("ttconv").setLevel(logging.ERROR)

_LINE = re.compile(r"(\d{1,3})[:;.,](\d{1,2})[:;.,](\d{1,2})([:;.,])(\d{1,2})\s+(\S.*)$")
_HEADER = re.compile(r"Scenarist_SCC\s+V\d+\.\d+\s*$", re.IGNORECASE)
_PIECE = re.compile(r"\S+")
_WORD = re.compile(r"[0-9a-fA-F]{4}")
_SHIFT = 0x08
"""The bit of a code's first byte that says the second channel."""
_RCL, _RDC, _ENM, _EOC = 0x1420, 0x1429, 0x142E, 0x142F
_ROLL = (0x1425, 0x1426, 0x1427)
_LOWEST_ROW = 0x1470
"""A code that puts the cursor into the lowest row."""
_FULL = 240
"""Words that fill the picture: 15 rows of 32 letters, two a word."""


class _Captions:
    """The element that ttconv puts captions into: each becomes a row at once, for a paragraph of its model takes ten
    times as much."""

    def __init__(self, document: model.ContentDocument) -> None:
        self._document = document
        self.rows: list[Row | Cue] = []

    def get_doc(self) -> model.ContentDocument:
        """What ttconv makes paragraphs for."""
        return self._document

    def push_child(self, caption: model.P) -> None:
        """Take the next caption."""
        row = _row(caption)
        if row is not None:
            self.rows.append(row)


class _Channel:
    """The captions of one channel, decoded line by line."""

    def __init__(self, findings: Findings) -> None:
        from ttconv.model import CellResolutionType, ContentDocument
        from ttconv.scc import caption_paragraph as grid
        from ttconv.scc.caption_style import SccCaptionStyle
        from ttconv.scc.context import SccContext

        rows, columns = grid.SCC_ROOT_CELL_RESOLUTION_ROWS, grid.SCC_ROOT_CELL_RESOLUTION_COLUMNS
        beside = int((columns - grid.SCC_SAFE_AREA_CELL_RESOLUTION_COLUMNS) / 2)
        above = int((rows - grid.SCC_SAFE_AREA_CELL_RESOLUTION_ROWS) / 2)
        document = ContentDocument()
        document.set_cell_resolution(CellResolutionType(rows=rows, columns=columns))
        self._captions = _Captions(document)
        self._context: Any = SccContext(beside, above)
        self._context.div = self._captions
        # A file that begins in the middle: what is loaded is shown when it says so.
        self._context.current_style = SccCaptionStyle.PopOn
        self._findings = findings
        self._loaded = bytearray()
        self._placed = False
        self._pops = True
        self._paints = False
        self._painted = 0
        """Words since the cursor was placed."""
        self.rolls = False
        self.used = False

    def take(
        self, hours: int, minutes: int, seconds: int, frames: int, drop: bool, words: array[int], line: int
    ) -> None:
        """Decode the words of a line. A word of the other channel is 0 here: it takes its time."""
        from ttconv.scc.line import SccLine
        from ttconv.time_code import FPS_29_97, SmpteTimeCode

        ready = list(map(_ready, self._placed_words(words, line)))
        if not any(words):
            return
        self.used = True
        try:
            SccLine(SmpteTimeCode(hours, minutes, seconds, frames, FPS_29_97, drop), ready).process(self._context)
        except Exception as error:  # ttconv stops at codes that nobody sends; the next line is another one.
            message = Text("the codes of this line cannot be read ({detail}).", detail=f"{type(error).__name__}")
            text = "".join(word.to_text() for word in ready if not word.is_code())
            self._findings.add(Kind.BROKEN, message, line, text)

    def _placed_words(self, words: Iterable[int], line: int) -> Iterator[int]:
        """The words, with a place for text that has none; texts that are thrown away unseen are noted."""
        for word in words:
            if word in (_RCL, _RDC, *_ROLL):
                self._pops, self.rolls = word == _RCL, self.rolls or word in _ROLL
                self._paints = word == _RDC
            elif word == _ENM:
                self._unseen(line)
            elif word == _EOC:
                self._loaded.clear()
                self._placed = False
            elif 0x10 <= word >> 8 <= 0x17 and word & 0x40:
                self._placed, self._painted = True, 0
            elif self._paints and word >> 8 >= 0x20:
                self._painted += 1
                if self._painted > _FULL:  # Damaged: ttconv takes quadratic time for a row that does not end.
                    yield _LOWEST_ROW
                    self._painted = 1
            elif self._pops and word >> 8 >= 0x20:
                if not self._placed:
                    yield _LOWEST_ROW
                    self._placed = True
                self._loaded += bytes(byte for byte in (word >> 8, word & 0xFF) if byte)
            yield word

    def _unseen(self, line: int) -> None:
        text = self._loaded.decode("ascii")
        if text.strip():
            message = Text('"{text}" is loaded and never shown.', text=quoted(text))
            self._findings.add(Kind.HIDDEN, message, line, text)
        self._loaded.clear()
        self._placed = False

    def done(self, line: int) -> list[Row | Cue]:
        """All captions; what is shown at the end has none."""
        self._unseen(line)
        with contextlib.suppress(Exception):  # An empty caption, for which there is no time either.
            self._context.flush()
        return self._captions.rows


@functools.lru_cache(maxsize=1024)
def _ready(word: int) -> SccWord:
    """A word as ttconv takes it: a file has some hundred, each thousands of times."""
    from ttconv.scc.word import SccWord

    return SccWord.from_value(word)


def read(source: Source) -> Document:
    """Channel 1, or that of the options' track. Raises SubtitleFileError where ttconv cannot be loaded."""
    findings = Findings()
    channels = (_Channel(findings), _Channel(findings))
    channel = 0
    last = 0
    for number, line in enumerate(lines_of(source.text), 1):
        stripped = line.strip("\ufeff \t")
        match = _LINE.match(plain_signs(stripped))
        if match is None:
            if not _HEADER.match(stripped):
                findings.stray(number, stripped)
            continue
        last = number
        lists = array("H"), array("H")
        for word in _words(match[6], number, findings):
            if 0x10 <= word >> 8 <= 0x1F:
                channel = 1 if word >> 8 & _SHIFT else 0
                word &= ~(_SHIFT << 8)
                # The second field of the picture has its own code for the same.
                word = word & 0x00FF | 0x1400 if word >> 8 == 0x15 else word
            lists[channel].append(word)
            lists[1 - channel].append(0)
        hours, minutes, seconds, frames = (int(match[index]) for index in (1, 2, 3, 5))
        for each, words in zip(channels, lists, strict=True):
            each.take(hours, minutes, min(seconds, 59), min(frames, 29), match[4] != ":", words, number)
    return _document(source, channels, findings, last)


def _words(text: str, number: int, findings: Findings) -> Iterator[int]:
    for piece in map(operator.itemgetter(0), _PIECE.finditer(text)):
        if _WORD.fullmatch(piece):
            yield int(piece, 16) & 0x7F7F
        else:
            message = Text('"{text}" is no code of captions; it was left out.', text=quoted(piece))
            findings.add(Kind.BROKEN, message, number, piece)


def _document(source: Source, channels: tuple[_Channel, _Channel], findings: Findings, last: int) -> Document:
    wanted = (source.options.track or (1 if channels[0].used or not channels[1].used else 2)) - 1
    chosen = min(max(wanted, 0), 1)
    rows = channels[chosen].done(last)
    for number, channel in enumerate(channels, 1):
        if number - 1 != chosen and channel.used:
            texts = [cue_of(row).text for row in channel.done(last)]
            message = Text(
                'there are also subtitles in "{name}"; track {number} reads them instead.',
                name=f"CC{number}",
                number=number,
            )
            if texts:
                findings.add(Kind.HIDDEN, message, 0, "\n".join(texts))
    cues = settled(rows, findings)
    document = Document(tuple(cues), fps=NTSC, findings=findings.done())
    return (
        rolling.folded(document, known=True) if channels[chosen].rolls and not source.options.keep_rolling else document
    )


def _row(caption: model.P) -> Row | Cue | None:
    from ttconv import model

    pieces: list[str] = []
    spans: list[Span] = []
    length = 0
    for element in caption.dfs_iterator():
        if isinstance(element, model.Br):
            letters = "\n"
        elif isinstance(element, model.Text):
            letters = element.get_text() or ""
            spans += [Span(length, length + len(letters), *kind) for kind in _kinds(element.parent())]
        else:
            continue
        pieces.append(letters)
        length += len(letters)
    text, tidy = tidied_text("".join(pieces), spans)
    if not text:
        return None
    start, last = float(caption.get_begin() or 0), caption.get_end()
    end = None if last is None else float(last)
    return as_row(start, end, new_cue(start, start if end is None else end, text, tidy, _placing(caption)))


def _kinds(element: Any) -> Iterator[tuple[str, str]]:
    from ttconv import style_properties as styles

    properties = styles.StyleProperties
    if element.get_style(properties.FontStyle) is styles.FontStyleType.italic:
        yield ITALIC, ""
    decoration = element.get_style(properties.TextDecoration)
    if decoration is not None and decoration.underline:
        yield UNDERLINE, ""
    for kind, name, usual in (
        (COLOR, properties.Color, "#ffffff"),
        (BACKGROUND, properties.BackgroundColor, "#000000"),
    ):
        color = element.get_style(name)
        if color is not None and color.components[3]:
            value = "#" + "".join(f"{part:02x}" for part in color.components[:3])
            if value != usual:
                yield kind, value


def _placing(caption: model.P) -> Placing:
    """High or in the middle where its first row is; captions hide what is behind them, so that it matters."""
    from ttconv.style_properties import DisplayAlignType, StyleProperties

    region = caption.get_region()
    origin: Any = region.get_style(StyleProperties.Origin) if region is not None else None
    if region is None or origin is None or origin.y.units.value != "%":
        return BELOW
    if region.get_style(StyleProperties.DisplayAlign) is DisplayAlignType.after:
        return BELOW
    return Placing(8) if origin.y.value < 100 / 3 else Placing(5) if origin.y.value < 55 else BELOW


FORMAT = Format(
    id="scc",
    label="SCC (closed captions)",
    suffixes=(".scc",),
    sign=re.compile(r"\AScenarist_SCC|^\d\d[:;]\d\d[:;]\d\d[:;]\d\d[ \t]+(?:[0-9a-fA-F]{4}[ \t]*)+$", re.MULTILINE),
    read=read,
)
