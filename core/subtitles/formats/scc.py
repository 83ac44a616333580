# SPDX-License-Identifier: GPL-3.0-or-later
"""SCC: the bytes of American closed captions (CEA-608) as hexadecimal words, `00:00:01:00	94ae 94ae 9420 ...`.

ttconv decodes them. What it passes over is put right around it: a second channel, words that are none, a caption whose
place was lost, and captions that are loaded and never shown, which become findings.
"""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from ...markup import BACKGROUND, BELOW, COLOR, ITALIC, UNDERLINE, Placing, Span
from ...text import Text
from .. import rolling
from ..document import Cue, Document, Kind, quoted
from ..times import NTSC, plain_signs
from .base import Findings, Format, Source
from .settling import Row, settled
from .tags import tidied_text

if TYPE_CHECKING:
    from ttconv import model

# What it remarks is in the findings, for whoever asked; not in the terminal.
logging.getLogger("ttconv").setLevel(logging.ERROR)

_LINE = re.compile(r"(\d{1,3})[:;.,](\d{1,2})[:;.,](\d{1,2})([:;.,])(\d{1,2})\s+(\S.*)$")
_HEADER = re.compile(r"Scenarist_SCC\s+V\d+\.\d+\s*$", re.IGNORECASE)
_WORD = re.compile(r"[0-9a-fA-F]{4}")
_SHIFT = 0x08
"""The bit of a code's first byte that says the second channel."""
_RCL, _RDC, _ENM, _EOC = 0x1420, 0x1429, 0x142E, 0x142F
_ROLL = (0x1425, 0x1426, 0x1427)
_LOWEST_ROW = 0x1470
"""A code that puts the cursor into the lowest row."""


class _Channel:
    """The captions of one channel, decoded line by line."""

    def __init__(self, findings: Findings) -> None:
        from ttconv.model import Body, CellResolutionType, ContentDocument, Div
        from ttconv.scc import caption_paragraph as grid
        from ttconv.scc.caption_style import SccCaptionStyle
        from ttconv.scc.context import SccContext

        rows, columns = grid.SCC_ROOT_CELL_RESOLUTION_ROWS, grid.SCC_ROOT_CELL_RESOLUTION_COLUMNS
        beside = int((columns - grid.SCC_SAFE_AREA_CELL_RESOLUTION_COLUMNS) / 2)
        above = int((rows - grid.SCC_SAFE_AREA_CELL_RESOLUTION_ROWS) / 2)
        document = ContentDocument()
        document.set_cell_resolution(CellResolutionType(rows=rows, columns=columns))
        body = Body(document)
        document.set_body(body)
        self.captions = Div(document)
        body.push_child(self.captions)
        self._context: Any = SccContext(beside, above)
        self._context.div = self.captions
        # A file that begins in the middle: what is loaded is shown when it says so.
        self._context.current_style = SccCaptionStyle.PopOn
        self._findings = findings
        self._loaded = ""
        self._placed = False
        self._pops = True
        self.rolls = False
        self.used = False

    def take(
        self, hours: int, minutes: int, seconds: int, frames: int, drop: bool, words: list[int], line: int
    ) -> None:
        """Decode the words of a line. A word of the other channel is 0 here: it takes its time."""
        from ttconv.scc.line import SccLine
        from ttconv.scc.word import SccWord
        from ttconv.time_code import FPS_29_97, SmpteTimeCode

        ready = [SccWord.from_value(word) for word in self._placed_words(words, line)]
        if not any(words):
            return
        self.used = True
        try:
            SccLine(SmpteTimeCode(hours, minutes, seconds, frames, FPS_29_97, drop), ready).process(self._context)
        except Exception as error:  # ttconv stops at codes that nobody sends; the next line is another one.
            message = Text("the codes of this line cannot be read ({detail}).", detail=f"{type(error).__name__}")
            text = "".join(word.to_text() for word in ready if not word.is_code())
            self._findings.add(Kind.BROKEN, message, line, text)

    def _placed_words(self, words: list[int], line: int) -> Iterator[int]:
        """The words, with a place for text that has none; texts that are thrown away unseen are noted."""
        for word in words:
            if word in (_RCL, _RDC, *_ROLL):
                self._pops, self.rolls = word == _RCL, self.rolls or word in _ROLL
            elif word == _ENM:
                self._unseen(line)
            elif word == _EOC:
                self._loaded, self._placed = "", False
            elif 0x10 <= word >> 8 <= 0x17 and word & 0x40:
                self._placed = True
            elif self._pops and word >> 8 >= 0x20:
                if not self._placed:
                    yield _LOWEST_ROW
                    self._placed = True
                self._loaded += "".join(chr(byte) for byte in (word >> 8, word & 0xFF) if byte)
            yield word

    def _unseen(self, line: int) -> None:
        if self._loaded.strip():
            message = Text('"{text}" is loaded and never shown.', text=quoted(self._loaded))
            self._findings.add(Kind.HIDDEN, message, line, self._loaded)
        self._loaded, self._placed = "", False

    def done(self, line: int) -> list[model.P]:
        """All captions; what is shown at the end has none."""
        self._unseen(line)
        with contextlib.suppress(Exception):  # An empty caption, for which there is no time either.
            self._context.flush()
        return list(self.captions)


def read(source: Source) -> Document:
    """Channel 1, or that of the options' track. Raises SubtitleFileError where ttconv cannot be loaded."""
    findings = Findings()
    channels = (_Channel(findings), _Channel(findings))
    channel = 0
    last = 0
    for number, line in enumerate(source.text.split("\n"), 1):
        stripped = line.strip("\ufeff \t")
        match = _LINE.match(plain_signs(stripped))
        if match is None:
            if not _HEADER.match(stripped):
                findings.stray(number, stripped)
            continue
        last = number
        lists: tuple[list[int], list[int]] = ([], [])
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
    for piece in text.split():
        if _WORD.fullmatch(piece):
            yield int(piece, 16) & 0x7F7F
        else:
            message = Text('"{text}" is no code of captions; it was left out.', text=quoted(piece))
            findings.add(Kind.BROKEN, message, number, piece)


def _document(source: Source, channels: tuple[_Channel, _Channel], findings: Findings, last: int) -> Document:
    wanted = (source.options.track or (1 if channels[0].used or not channels[1].used else 2)) - 1
    chosen = min(max(wanted, 0), 1)
    rows = [row for caption in channels[chosen].done(last) if (row := _row(caption)) is not None]
    for number, channel in enumerate(channels, 1):
        if number - 1 != chosen and channel.used:
            texts = [row.cue.text for caption in channel.done(last) if (row := _row(caption)) is not None]
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


def _row(caption: model.P) -> Row | None:
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
    begin, end = caption.get_begin(), caption.get_end()
    cue = Cue(0.0, 0.0, text, spans=tidy, placing=_placing(caption))
    return Row(_seconds(begin), None if end is None else _seconds(end), cue)


def _seconds(time: Fraction | None) -> float:
    return float(time or 0)


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
