# SPDX-License-Identifier: GPL-3.0-or-later
"""Readable subtitles out of what is heard, on a thread of their own: a film of hours takes seconds, which are not
Blender's. No bpy here but in what the main thread has read before.
"""

from __future__ import annotations

import dataclasses
import logging
import queue
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.cues import Cue

if TYPE_CHECKING:
    from ..core.subtitles.profiles import Profile
    from ..core.subtitles.segmentation import Shaper
    from ..sequencer.sounds import MediaUse

log = logging.getLogger(__name__)

Key = tuple[int, int]
"""Which subtitle: the number of the stretch that it is of, and its number in that."""

_Asked = tuple[int, "Sequence[Cue]", str, bool, "Profile"]


@dataclasses.dataclass(slots=True)
class _Stretch:
    """A strip as it lay at the begin, and what was made of its speech so far."""

    use: MediaUse
    shaper: Shaper | None = None
    made: list[Cue] = dataclasses.field(default_factory=list)


class Shaping:
    """The shaping of one transcription. All methods are the main thread's, and none but `rest` waits."""

    def __init__(self, uses: Sequence[MediaUse], zero: int, profile: Profile) -> None:
        """`uses`: the stretches that are heard, which get these numbers; `zero`: the frame of second 0."""
        self._stretches = [_Stretch(use) for use in uses]
        self._zero = zero
        self._profile = profile
        self._inbox: queue.SimpleQueue[_Asked | tuple[()] | None] = queue.SimpleQueue()
        """What was heard; an empty tuple once that is all, None to end the thread."""
        self._outbox: queue.SimpleQueue[tuple[Key, Cue]] = queue.SimpleQueue()
        self._asked = 0
        self._answered = 0
        self._thread: threading.Thread | None = None
        self.doubts: list[float] = []
        """When a subtitle begins that should be looked at, in seconds of the timeline; known once it was concluded."""
        self.error: Exception | None = None
        """What it stopped at: a fault of ours. Nothing comes any more then."""

    def hear(
        self,
        stretch: int,
        heard: Sequence[Cue],
        language: str,
        *,
        last: bool = False,
        profile: Profile | None = None,
    ) -> None:
        """What was heard of the media of a stretch, in seconds of the media and in order; `last`: that is all.

        `profile`: other rules than those of all, for all of this stretch.
        """
        self._ask((stretch, heard, language, last, profile or self._profile))

    def conclude(self) -> None:
        """Nothing will be heard any more: find what is doubtful in all that was made."""
        self._ask(())

    def _ask(self, what: _Asked | tuple[()]) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="subtitle shaping", daemon=True)
            self._thread.start()
        self._asked += 1
        self._inbox.put(what)

    def drain(self) -> list[tuple[Key, Cue]]:
        """The subtitles that were settled since the last call, in seconds of the timeline."""
        found = []
        while not self._outbox.empty():
            found.append(self._outbox.get())
        return found

    @property
    def idle(self) -> bool:
        """Whether everything that was heard has been shaped as far as that goes; `drain` after it has all."""
        return self._answered == self._asked or self.error is not None

    def close(self) -> None:
        """No more will come: let the thread end."""
        if self._thread is not None:
            self._inbox.put(None)

    def rest(self, patience: float) -> list[tuple[Key, Cue]]:
        """What `drain` gives once all that was heard is shaped, waiting at most `patience` seconds for it."""
        until = time.monotonic() + patience
        while not self.idle and time.monotonic() < until:
            time.sleep(0.005)
        return self.drain()

    # On the thread

    def _run(self) -> None:
        while (asked := self._inbox.get()) is not None:
            try:
                if asked:
                    self._shape(*asked)
                else:
                    self._conclude()
            except Exception as error:  # The top of a thread: nobody else would ever see it.
                log.exception("shaping failed")
                self.error = error
                return
            self._answered += 1

    def _shape(self, number: int, heard: Sequence[Cue], language: str, last: bool, profile: Profile) -> None:
        # Here, not above: it is not needed to register.
        from ..core.subtitles.layout import rules_for
        from ..core.subtitles.profiles import resolved
        from ..core.subtitles.segmentation import Shaper

        stretch = self._stretches[number]
        if stretch.shaper is None:
            if not heard:
                return
            rules = rules_for([word for cue in heard for word in cue.words], language)
            stretch.shaper = Shaper(resolved(profile, language), rules, frame_rate=float(stretch.use.rate))
        found = stretch.shaper.feed(stretch.use.on_timeline(heard, self._zero))
        for one in [*found, *(stretch.shaper.finish() if last else ())]:
            self._outbox.put(((number, len(stretch.made)), one))
            stretch.made.append(one)

    def _conclude(self) -> None:
        from ..core.subtitles import quality

        made = (one for stretch in self._stretches for one in stretch.made)
        shaped = sorted(made, key=lambda one: (one.start, one.end))
        self.doubts = [shaped[doubt.index].start for doubt in quality.doubts(shaped)]
