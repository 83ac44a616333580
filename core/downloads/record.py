# SPDX-License-Identifier: GPL-3.0-or-later
"""A job as the store keeps it, and what others want of it."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from ..events import Progress, State

Wish = Literal["pause", "cancel"]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """One download as panels, the command line and the next session know it. Sizes in bytes, times in Unix seconds."""

    id: str
    model: str
    revision: str | None = None
    models_dir: str = ""
    state: State = State.QUEUED
    position: int = 0
    """Jobs start in the order of this number; larger is later."""
    bytes_done: int = 0
    bytes_total: int = 0
    """0 until the plan is known."""
    bytes_fetched: int = 0
    """What this job itself has downloaded, in all its runs; `bytes_done` counts what was there before."""
    created: float = 0.0
    started: float | None = None
    """When it first ran."""
    ended: float | None = None
    seconds: float = 0.0
    """How long it has run, in all its runs; waiting in the queue and pauses do not count."""
    error: str = ""
    """The stable code of what went wrong; empty when nothing did."""
    message: str = ""
    hint: str = ""
    details: str = ""
    """The traceback of a failure, for a bug report; without secrets."""
    path: str | None = None
    """The snapshot's folder, once done."""
    elsewhere: bool = False
    """Another process that lives has this job."""

    @property
    def fraction(self) -> float:
        """0.0 to 1.0; 0.0 while the total is unknown."""
        return min(1.0, self.bytes_done / self.bytes_total) if self.bytes_total else 0.0

    @property
    def mean_speed(self) -> float:
        """Bytes per second over the time the job ran; 0.0 if it fetched nothing."""
        return self.bytes_fetched / self.seconds if self.seconds > 0 else 0.0

    def as_dict(self) -> dict[str, Any]:
        """As `models jobs --json` and the service tell it: keys are a contract (docs/command-line.md)."""
        data = {"job": self.id, **dataclasses.asdict(self)}
        for key in ("id", "details", "position"):
            del data[key]
        for key in ("created", "started", "ended", "seconds"):
            data[key] = None if data[key] is None else round(data[key], 3)
        return data | {"mean_speed": round(self.mean_speed, 3)}

    def progress(self) -> Progress:
        """How far it is, as those see it who do not run it."""
        return Progress(
            job=self.id, model=self.model, state=self.state, bytes_done=self.bytes_done, bytes_total=self.bytes_total
        )

    @property
    def is_live(self) -> bool:
        """Whether it waits in a queue or runs, so that it belongs to a process."""
        return not self.state.is_final and self.state not in (State.PAUSED, State.INTERRUPTED)
