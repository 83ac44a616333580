# SPDX-License-Identifier: GPL-3.0-or-later
"""What a subtitle is.

Here are the values only. core/subtitles makes readable ones out of what a model heard, says what is wrong with them,
reads and writes them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from .markup import BELOW, Placing, Span, after_edit, cut, shifted, tidied


class _Nothing(dict[str, str]):
    """A dict that stays empty; MappingProxyType can be neither copied nor pickled."""

    def _refused(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("what a cue has is never changed: make another cue")

    __setitem__ = __ior__ = setdefault = update = _refused


NOTHING: Mapping[str, str] = _Nothing()
"""The `extra` of all cues that have none: a dict for each would be a fifth of what a short cue takes."""


@dataclasses.dataclass(frozen=True, slots=True)
class Word:
    """One spoken word. Times in seconds of the media, `end >= start`."""

    start: float
    end: float
    text: str
    """Without surrounding spaces; `glued` says whether one belongs in front."""
    probability: float = 1.0
    """How sure the model is, 0.0 to 1.0; 1.0 where nothing is known."""
    glued: bool = False
    """No space before this word: the rule in Chinese and Japanese, and for the pieces of `re-write`."""
    guessed: bool = False
    """Nobody measured these times: they are shared out by length, or put between neighbours."""

    def as_dict(self) -> dict[str, Any]:
        """As the command line prints it with `--json`."""
        data: dict[str, Any] = {
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "text": self.text,
            "probability": round(self.probability, 3),
        }
        return data | {"guessed": True} if self.guessed else data


@dataclasses.dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle. Times in seconds; `dataclasses.replace()` makes an edited one.

    `text` is plain with `\\n` between lines and never holds markup: `<i>` in it is what a viewer reads.
    """

    start: float
    end: float
    text: str
    words: tuple[Word, ...] = ()
    """The words with their times, in order; empty where nobody measured them."""
    avg_logprob: float | None = None
    """The model's mean log probability; below about -1 it was guessing. None where no model was involved."""
    no_speech_prob: float | None = None
    """How likely the model thinks that nobody speaks here, 0.0 to 1.0."""
    compression_ratio: float | None = None
    """How well the text compresses; above 2.4 it repeats itself, the sign of a looping model (Whisper's own limit)."""
    spans: tuple[Span, ...] = ()
    """What the letters look like, in order (`markup.tidied`)."""
    placing: Placing = BELOW
    style: str = ""
    """The name of one of the document's styles; empty where the format has none."""
    speaker: str = ""
    """Who says all of it."""
    layer: int = 0
    """Higher is drawn over lower."""
    name: str = ""
    """What the file calls it: the number in SubRip, the identifier in WebVTT, `xml:id` in TTML."""
    extra: Mapping[str, str] = dataclasses.field(default_factory=lambda: NOTHING, hash=False)
    """What only its own format understands, as it came, by `format.what` (`vtt.settings`, `ass.effect`)."""
    line: int = dataclasses.field(default=0, compare=False)
    """Where the file has its times, counted from 1; 0 where it has no lines, or where no file was read."""

    @property
    def number(self) -> int | None:
        """What its file counts it as, some from 0; None where that is no number that anybody would count to."""
        return int(self.name) if len(self.name) < 10 and self.name.isascii() and self.name.isdigit() else None

    @property
    def duration(self) -> float:
        """Seconds on screen."""
        return self.end - self.start

    @property
    def lines(self) -> list[str]:
        """The text line by line."""
        return self.text.split("\n")

    @property
    def cps(self) -> float:
        """Characters per second, over all characters including spaces; 0.0 without a duration."""
        return text_length(self.text) / self.duration if self.duration > 0 else 0.0

    def shifted(self, seconds: float) -> Cue:
        """The same subtitle, later by `seconds` (earlier when negative), words and all."""
        words = tuple(
            dataclasses.replace(word, start=word.start + seconds, end=word.end + seconds) for word in self.words
        )
        return dataclasses.replace(self, start=self.start + seconds, end=self.end + seconds, words=words)

    def with_text(self, text: str) -> Cue:
        """The same cue with another text; formatting stays with the words that are still there."""
        return dataclasses.replace(self, text=text, spans=after_edit(self.spans, self.text, text))

    def part(self, start: int, end: int) -> Cue:
        """The same cue with characters `start` up to `end` of its text only, and their formatting."""
        return dataclasses.replace(self, text=self.text[start:end], spans=cut(self.spans, start, end))

    def joined(self, other: Cue, between: str = "\n") -> Cue:
        """This cue with the other's text behind it, `between` them, and its formatting; times from first to last."""
        return all_joined((self, other), between)

    def as_dict(self) -> dict[str, Any]:
        """As the command line prints it with `--json`: `words` only where there are any."""
        data: dict[str, Any] = {"start": round(self.start, 3), "end": round(self.end, 3), "text": self.text}
        if self.words:
            data["words"] = [word.as_dict() for word in self.words]
        if self.avg_logprob is not None:
            data["avg_logprob"] = round(self.avg_logprob, 3)
        if self.no_speech_prob is not None:
            data["no_speech_prob"] = round(self.no_speech_prob, 3)
        if self.compression_ratio is not None:
            data["compression_ratio"] = round(self.compression_ratio, 3)
        return data


def all_joined(cues: Sequence[Cue], between: str = "\n") -> Cue:
    """The first of some cues with the texts and the formatting of all; times from first to last.

    In time that grows with their number: to join one after the other would move the formatting each time.
    """
    spans: list[Span] = []
    offset = 0
    for cue in cues:
        spans += shifted(cue.spans, offset)
        offset += len(cue.text) + len(between)
    text = between.join(cue.text for cue in cues)
    return dataclasses.replace(
        cues[0],
        start=min(cue.start for cue in cues),
        end=max(cue.end for cue in cues),
        text=text,
        words=tuple(word for cue in cues for word in cue.words),
        spans=tidied(spans, len(text)),
    )


class _Unmade:
    __slots__ = tuple(field.name for field in dataclasses.fields(Cue))


def new_cue(
    start: float,
    end: float,
    text: str,
    spans: tuple[Span, ...] = (),
    placing: Placing = BELOW,
    style: str = "",
    speaker: str = "",
    layer: int = 0,
    name: str = "",
    extra: Mapping[str, str] | None = None,
    line: int = 0,
    words: tuple[Word, ...] = (),
) -> Cue:
    """A cue as `Cue(...)` makes it, five times as fast: for readers, which make thousands.

    A frozen dataclass sets each field by a call that goes around its lock. Here the fields are set first, in an object
    of the same build, which becomes a cue then.
    """
    cue: Any = _Unmade()
    cue.start, cue.end, cue.text = start, end, text
    cue.spans, cue.placing, cue.style = spans, placing, style
    cue.speaker, cue.layer, cue.name = speaker, layer, name
    cue.extra, cue.line, cue.words = extra or NOTHING, line, words
    cue.avg_logprob = cue.no_speech_prob = cue.compression_ratio = None
    cue.__class__ = Cue
    done: Cue = cue
    return done


def set_times(cue: Cue, start: float, end: float) -> None:
    """Give a cue other times. Only for the reader that has just made it and given it to nobody: in many formats what
    stands further down says when it ends, and to have each cue twice until then takes twice the memory."""
    object.__setattr__(cue, "start", start)
    object.__setattr__(cue, "end", end)


def text_length(text: str) -> int:
    """Characters a reader sees: spaces count, line breaks as one space, joiners and accents on a letter do not.

    >>> text_length("Hello\\nworld"), text_length("cafe\\u0301")
    (11, 4)
    """
    if text.isascii():
        return len(text)
    # Here, not above: it costs more than all else that is imported when Blender starts.
    from . import graphemes

    return graphemes.length(text)
