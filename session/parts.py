# SPDX-License-Identifier: GPL-3.0-or-later
"""What one transcription is made of: stretches of media, each heard once, and the strips that play some of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import bpy

from ..sequencer import compat
from ..sequencer.sounds import MediaUse

if TYPE_CHECKING:
    from ..core.cues import Cue
    from ..core.events import Event
    from ..core.subtitles.profiles import Profile

_CLOSE = 20.0
"""Seconds of a media between two strips of it that are heard along, rather than begun anew."""


class Job(Protocol):
    """What hears a part: a `Transcription`, or what a journal has kept of one."""

    id: str
    kept: Path | None
    shaped: dict[str, Any]
    """The reading rules that its journal has, as plain values, once something was heard."""
    is_kept: bool
    """Whether the journal has all that was heard: once it cannot be written any more it ends there."""

    @property
    def language(self) -> str:
        """What is spoken, once that is known."""

    @property
    def written(self) -> str:
        """The language of the text, once that is known."""

    def start(self) -> None:
        """Begin."""

    def cancel(self) -> None:
        """Ask it to end."""

    def wait(self, timeout: float | None = None) -> bool:
        """Block until its last event is there."""

    def drain(self) -> list[Event]:
        """Its events since the last call."""

    def whole(self, start: int = 0) -> list[Cue]:
        """What does not change any more."""

    def settle(self) -> None:
        """What was heard is safe elsewhere."""


@dataclasses.dataclass(slots=True)
class Part:
    """A stretch of one media file that is heard once, and every strip that plays some of it."""

    uses: list[MediaUse]
    start: float
    end: float
    heard: list[Cue] = dataclasses.field(default_factory=list)
    """What stays as it is, in seconds of the media."""
    job: Job | None = None
    profile: Profile | None = None
    """The reading rules that it began with, perhaps on another day; None until something was heard."""
    whole: bool = False
    """Whether all of it was heard that can be."""

    @property
    def seconds(self) -> float:
        """How much there is to hear."""
        return self.end - self.start


def parts_of(uses: Sequence[MediaUse]) -> list[Part]:
    """Each piece of media once: strips of the same file that are close together in it are heard together."""
    parts: list[Part] = []
    for use in sorted(uses, key=lambda use: (str(use.path), use.start)):
        last = parts[-1] if parts else None
        if last is not None and last.uses[0].path == use.path and use.start - last.end <= _CLOSE:
            last.uses.append(use)
            last.end = max(last.end, use.end)
        else:
            parts.append(Part([use], use.start, use.end))
    return sorted(parts, key=lambda part: min(use.left for use in part.uses))


def moved(uses: list[MediaUse], scene: bpy.types.Scene) -> list[MediaUse]:
    """The uses as their strips lie now: somebody may have moved one during the work. One that is gone stays."""
    if scene.sequence_editor is None:
        return uses
    found = []
    for use in uses:
        strip = compat.find(scene.sequence_editor, use.name)
        found.append(use if strip is None else use.moved(compat.content_start(strip) - use.content_start))
    return found
