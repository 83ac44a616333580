# SPDX-License-Identifier: GPL-3.0-or-later
"""What a subtitle is, and the numbers that say whether it can be read.

Here are the values only. `segmentation.segment()` makes readable subtitles out of what a model heard,
`quality.check()` says what is wrong with subtitles, `subtitle_files` reads and writes them.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from typing import Any


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

    def as_dict(self) -> dict[str, Any]:
        """As the command line prints it with `--json`."""
        return {
            "start": round(self.start, 3),
            "end": round(self.end, 3),
            "text": self.text,
            "probability": round(self.probability, 3),
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle. Times in seconds, `text` is plain with `\\n` between lines."""

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

    def as_dict(self) -> dict[str, Any]:
        """As the command line prints it with `--json`: `words` only where there are any."""
        data: dict[str, Any] = {"start": round(self.start, 3), "end": round(self.end, 3), "text": self.text}
        if self.words:
            data["words"] = [word.as_dict() for word in self.words]
        if self.avg_logprob is not None:
            data["avg_logprob"] = round(self.avg_logprob, 3)
        if self.no_speech_prob is not None:
            data["no_speech_prob"] = round(self.no_speech_prob, 3)
        return data


def text_length(text: str) -> int:
    """Characters a reader sees: spaces count, line breaks as one space, accents that sit on a letter do not.

    >>> text_length("Hello\\nworld"), text_length("cafe\\u0301")
    (11, 4)
    """
    if text.isascii():
        return len(text)
    return sum(1 for char in text if unicodedata.combining(char) == 0)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A broadcaster's rules for subtitles. Times in seconds; None means that there is no such rule."""

    name: str
    """The id: what the command line takes."""
    label: str
    """What a menu shows."""
    max_chars: int
    """Characters a line."""
    max_lines: int = 2
    max_cps: float | None = None
    """Characters per second, counted over all characters including spaces."""
    max_wpm: float | None = None
    """Words per minute."""
    min_duration: float = 0.0
    max_duration: float | None = None
    gap_frames: int = 0
    """Frames that must stay empty between two subtitles."""
    gap_seconds: float = 0.0
    """The same in seconds, where the rule is written so."""
    close_gap_below: float = 0.0
    """A gap shorter than this is closed to the smallest one allowed: a blink disturbs more than no gap."""
    spaced: bool = True
    """Words are parted by spaces; not so in Chinese and Japanese."""

    @property
    def summary(self) -> str:
        """What a menu says about it when asked.

        >>> DEFAULT_PROFILE.summary
        'Up to 2 lines of 42 characters'
        """
        return f"Up to {self.max_lines} lines of {self.max_chars} characters"

    def gap(self, frame_rate: float) -> float:
        """The smallest gap allowed, in seconds, at `frame_rate` frames per second."""
        return max(self.gap_seconds, self.gap_frames / frame_rate)


def _netflix(name: str, label: str, max_cps: float, **changes: Any) -> Profile:
    rules: dict[str, Any] = {
        "max_chars": 42, "min_duration": 5 / 6, "max_duration": 7.0, "gap_frames": 2, "close_gap_below": 0.5,
    }  # fmt: skip
    return Profile(name=name, label=label, max_cps=max_cps, **(rules | changes))


# Sources: Netflix Timed Text Style Guide (general requirements and the language pages), BBC Subtitle Guidelines,
# the presets of Subtitle Edit. Netflix's 20 and 17 characters per second are second-hand but consistent.
PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        _netflix("netflix-en", "Netflix, English", 20.0),
        _netflix("netflix-en-children", "Netflix, English, children", 17.0),
        _netflix("netflix", "Netflix, most languages", 17.0),
        _netflix("netflix-children", "Netflix, children", 13.0),
        _netflix("netflix-zh", "Netflix, Chinese", 9.0, max_chars=16, spaced=False),
        _netflix("netflix-ja", "Netflix, Japanese", 4.0, max_chars=13, min_duration=0.5, spaced=False),
        _netflix("netflix-ko", "Netflix, Korean", 12.0, max_chars=16),
        Profile(
            name="prime", label="Amazon Prime", max_chars=42, max_cps=17.0,
            min_duration=1.0, max_duration=7.0, gap_seconds=0.083,
        ),
        Profile(name="bbc", label="BBC", max_chars=37, max_wpm=180.0, close_gap_below=1.0),
        Profile(name="bbc-vertical", label="BBC, 9:16", max_chars=25, max_lines=3, max_wpm=180.0, close_gap_below=1.0),
        Profile(
            name="vertical", label="Vertical video, 9:16", max_chars=24, max_cps=25.0,
            min_duration=0.7, max_duration=5.0,
        ),
    )
}  # fmt: skip

DEFAULT_PROFILE = PROFILES["netflix-en"]
