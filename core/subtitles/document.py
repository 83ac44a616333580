# SPDX-License-Identifier: GPL-3.0-or-later
"""What a subtitle file holds: its cues, what else it said, and what was noticed while it was read.

Everything here is a value that nobody changes in place: an edit makes a new one, so that undoing keeps the old one,
and any thread may read it.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from ..cues import Cue as Cue
from ..markup import TIME
from ..text import Text

QUOTE = 60
"""Characters of a quoted text that a message shows; the finding's `quote` has all of them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Style:
    """A named look that cues refer to, as far as several formats can say it; the rest is in the document's `extra`."""

    name: str
    font: str = ""
    size: float | None = None
    """In the format's own unit."""
    color: str = ""
    """As `markup.COLOR`; empty where nothing is said."""
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    align: int = 2
    """As `Placing.align`."""


class Kind(enum.StrEnum):
    """What a finding is about: a stable word for scripts, and the heading in docs/troubleshooting.md."""

    ENCODING = "encoding"
    """The letters may be wrong: their encoding was guessed."""
    CHARACTERS = "characters"
    """Bytes that are no characters, or characters that no text has, were mended or left out."""
    TIME = "time"
    """A time could not be read as it stands, or lay outside of what the format can say."""
    REVERSED = "reversed"
    """It ended before it began."""
    NO_LENGTH = "no_length"
    """It ended when it began."""
    EMPTY = "empty"
    """It has times and no text."""
    UNSORTED = "unsorted"
    """It began before the one above it."""
    STRAY = "stray"
    """Text that belongs to no subtitle."""
    MARKUP = "markup"
    """Formatting that could not be read."""
    HIDDEN = "hidden"
    """Something no viewer gets to see: a drawing, a comment, a subtitle that is never shown."""
    ROLLING = "rolling"
    """Lines that roll up were folded into subtitles of their own."""
    SPEAKERS = "speakers"
    """Lines that only name somebody were taken for who speaks."""
    RATE = "rate"
    """Times in frames: which rate was taken."""
    BROKEN = "broken"
    """A part of the file that could not be read."""
    NOT_WRITTEN = "not_written"
    """What the format that was written cannot say."""


_HARMLESS = frozenset({Kind.HIDDEN, Kind.ROLLING, Kind.SPEAKERS, Kind.NOT_WRITTEN})


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not quite what the file says, or that the file says wrongly."""

    kind: Kind
    message: str
    """A sentence for the user: a Text."""
    line: int = 0
    """Where, counted from 1; 0 where the file has no lines or all of it is meant."""
    quote: str = ""
    """All of the text that is in no cue because of it; where it stands for several findings, behind their lines."""
    cue: str = ""
    """The cue's `name`, where one is meant."""

    @property
    def repaired(self) -> bool:
        """Whether the file itself is at fault, so that `check` has to name it."""
        return self.kind not in _HARMLESS

    def __str__(self) -> str:
        if self.line:
            return Text("Line {line}: {message}", line=self.line, message=self.message)
        return Text("Subtitle {name}: {message}", name=self.cue, message=self.message) if self.cue else self.message


def quoted(text: str) -> str:
    """`text` in one line, short enough for a message.

    >>> quoted("one\\ntwo")
    'one / two'
    """
    flat = " / ".join(text[: 2 * QUOTE].splitlines())  # More than is shown, and not all lines of a whole file.
    return flat if len(flat) <= QUOTE else flat[: QUOTE - 1] + "…"


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """All that a subtitle file holds. `cues` are in the order in which they are to be shown."""

    cues: tuple[Cue, ...] = ()
    format: str = ""
    """The id of the format it was read as (`formats.registry`); empty where no file was read."""
    language: str = ""
    """A BCP 47 tag, as the file says it."""
    fps: Fraction | None = None
    """Frames per second, where the file or its reader needed them."""
    styles: Mapping[str, Style] = dataclasses.field(default_factory=dict)
    """By name, in the order of the file."""
    hidden: tuple[Cue, ...] = ()
    """What is in the file and not on the screen (comment lines and drawings of SubStation): written back by its own
    format. Its times move along with those of the cues."""
    extra: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """What only its own format understands, as it came, by `format.what` (`ass.info`, `vtt.header`)."""
    findings: tuple[Finding, ...] = ()
    encoding: str = ""
    """Python's name of the encoding that the file was read with."""
    certainty: float = 1.0
    """How sure that encoding is, 0.0 to 1.0."""
    sample: bytes = b""
    """Where nobody is sure of the encoding: the first lines with letters, as they stand in the file, for a dialog that
    asks."""

    def with_cues(self, cues: Iterable[Cue]) -> Document:
        """The same document with other cues."""
        return dataclasses.replace(self, cues=tuple(cues))

    def with_findings(self, findings: Iterable[Finding]) -> Document:
        """The same document with more findings."""
        return dataclasses.replace(self, findings=(*self.findings, *findings))

    def moved(self, seconds: float = 0.0, factor: float | Fraction = 1) -> Document:
        """All times multiplied by `factor` and then moved by `seconds`, exactly rounded once each.

        A change of frame rate is a factor too: from 25 to 24 frames a second it is 25/24, as a Fraction.
        """
        if factor == 1 and seconds == 0:
            return self
        return dataclasses.replace(
            self,
            cues=tuple(_moved(cue, seconds, factor) for cue in self.cues),
            hidden=tuple(_moved(cue, seconds, factor) for cue in self.hidden),
        )

    @property
    def warnings(self) -> list[str]:
        """Every finding as a sentence with its line."""
        return [str(finding) for finding in self.findings]


def _moved(cue: Cue, seconds: float, factor: float | Fraction) -> Cue:
    def at(time: float) -> float:
        # Decimal, as files write it: 0.1 + 0.2 is 0.3 here.
        exact = Fraction(str(time)) * Fraction(str(factor) if isinstance(factor, float) else factor)
        return float(exact + Fraction(str(seconds)))

    words = tuple(dataclasses.replace(word, start=at(word.start), end=at(word.end)) for word in cue.words)
    spans = tuple(
        span._replace(value=f"{at(float(span.value)):.3f}") if span.kind == TIME else span for span in cue.spans
    )
    return dataclasses.replace(cue, start=at(cue.start), end=at(cue.end), words=words, spans=spans)
