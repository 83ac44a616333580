# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles in a row, as an edit takes and returns them: which rules they follow, and which became of which.

An edit gets the subtitles of a track, or those around the place that it is about, in order of time, and returns what
they are afterwards as `Part`s. It changes nothing in place, and raises EditError where it cannot be done.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..errors.base import SubtitleEditorError
from .document import Cue
from .profiles import Profile
from .realign import words_of
from .timecode import FrameRate

TOLERANCE = 0.002
"""Seconds: files keep milliseconds, and both ends are rounded."""


class EditError(SubtitleEditorError):
    """An edit that these subtitles leave no room for. Nothing was changed."""

    code = "edit_impossible"


class Part(NamedTuple):
    """A subtitle after an edit."""

    source: int
    """Which of those before it is this one, by its index; a source that no part has was removed."""
    cue: Cue
    is_new: bool = False
    """It is beside its source instead, and has its look; with the source -1 there is none to look like."""


Edited = list[Part]


@dataclasses.dataclass(frozen=True, slots=True)
class Rules:
    """What an edit has to respect: a profile, and the frames that edges lie on."""

    profile: Profile
    rate: FrameRate
    """Of the film: gaps are written in its frames."""
    grid: FrameRate = dataclasses.field(default=FrameRate(1000))
    """Where edges may lie: the film's frames on a timeline, milliseconds in a file."""

    @property
    def step(self) -> float:
        """The shortest time there is, in seconds."""
        return 1 / float(self.grid)

    @property
    def gap(self) -> float:
        """The smallest gap between two subtitles."""
        return self.up(self.profile.gap(float(self.rate)))

    @property
    def min_duration(self) -> float:
        """The shortest that a subtitle should be."""
        return max(self.step, self.up(self.profile.min_duration))

    @property
    def max_duration(self) -> float:
        """The longest that a subtitle may be; infinite without such a rule."""
        limit = self.profile.max_duration
        return math.inf if limit is None else self.down(limit)

    def up(self, seconds: float) -> float:
        """The shortest span of whole steps that counts as `seconds`.

        >>> from .profiles import PROFILES
        >>> Rules(PROFILES["prime"], FrameRate(25), FrameRate(25)).up(0.083)
        0.12
        """
        return self.grid.frame_to_seconds(math.ceil((seconds - TOLERANCE) * float(self.grid)))

    def down(self, seconds: float) -> float:
        """The longest span of whole steps that counts as `seconds`."""
        return self.grid.frame_to_seconds(math.floor((seconds + TOLERANCE) * float(self.grid)))

    def snap(self, seconds: float) -> float:
        """The nearest time that an edge may lie on."""
        return self.grid.frame_to_seconds(self.grid.seconds_to_frame(seconds))


def on_timeline(profile: Profile, rate: FrameRate) -> Rules:
    """The rules where edges lie on the frames of the film."""
    return Rules(profile, rate, rate)


def unchanged(cues: Iterable[Cue]) -> Edited:
    """All as they are."""
    return [Part(index, cue) for index, cue in enumerate(cues)]


def replaced(cues: Sequence[Cue], changes: dict[int, Cue]) -> Edited:
    """All as they are but some."""
    return [Part(index, changes.get(index, cue)) for index, cue in enumerate(cues)]


def settled(cue: Cue) -> Cue:
    """The subtitle with words that are those of its text: what was typed since they were measured is new to them."""
    words = words_of(cue.text, cue.words, cue.start, cue.end)
    return cue if words == cue.words else dataclasses.replace(cue, words=words)


def at(cues: Sequence[Cue], seconds: float) -> int | None:
    """The subtitle that is shown at a time, the later one of two; None in a gap."""
    found = (index for index in range(len(cues) - 1, -1, -1) if cues[index].start <= seconds < cues[index].end)
    return next(found, None)


def previous(cues: Sequence[Cue], seconds: float) -> int | None:
    """The last subtitle that begins at or before a time."""
    return next((index for index in range(len(cues) - 1, -1, -1) if cues[index].start <= seconds), None)


def following(cues: Sequence[Cue], seconds: float) -> int | None:
    """The first subtitle that begins after a time."""
    return next((index for index, cue in enumerate(cues) if cue.start > seconds), None)
