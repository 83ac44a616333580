# SPDX-License-Identifier: GPL-3.0-or-later
"""Work on models that is no download: verify, repair, delete. A few at a time, each on a thread, one for a model.

On the event loop's thread, but for the work itself. What has ended is remembered for a while, in memory.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from ..core.events import Progress, State
from ..core.system import task as core_task
from ..core.text import Text
from .channel import EventData
from .errors import TaskBusyError, TooManyJobsError, UnknownTaskError

AT_A_TIME = 2
"""More would only make the disk seek."""
REMEMBERED = 200


class TaskState(StrEnum):
    """Where a task is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether it has ended."""
        return self in (TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED)


@dataclasses.dataclass(slots=True, eq=False)
class Task:
    """One piece of work."""

    kind: str
    """`verify`, `repair` or `delete`."""
    work: core_task.Task
    """Its result is a dict."""
    state: TaskState = TaskState.QUEUED
    created: float = dataclasses.field(default_factory=time.time)
    ended: float | None = None

    @property
    def id(self) -> str:
        """Its id."""
        return self.work.id

    @property
    def model(self) -> str:
        """The catalogue id that it is about."""
        return self.work.model

    def as_dict(self) -> dict[str, Any]:
        """As the service tells it; message and hint are still Texts."""
        error = self.work.error
        return {
            "task": self.id,
            "work": self.kind,
            "model": self.model,
            "state": self.state.value,
            "created": round(self.created, 3),
            "ended": None if self.ended is None else round(self.ended, 3),
            **amounts(self.work.progress),
            "error": error.code if error else "",
            "message": error.message if error else "",
            "hint": error.hint if error else "",
            "result": self.work.result,
        }


_NOTHING = Progress(job="", model="", state=State.QUEUED)


def amounts(progress: Progress | None) -> dict[str, Any]:
    """How far something is, as every event and every row has it."""
    if progress is None:
        progress = _NOTHING
    number = min(progress.files_done + 1, progress.files_total) if progress.file else progress.files_done
    return {
        "file": progress.file,
        "file_number": number,
        "files_done": progress.files_done,
        "files_total": progress.files_total,
        "file_percent": _file_percent(progress),
        "percent": round(100 * progress.fraction, 1),
        "bytes_done": progress.bytes_done,
        "bytes_total": progress.bytes_total,
        "speed": round(progress.speed, 1),
        "eta": None if progress.eta is None else round(progress.eta, 1),
    }


def _file_percent(progress: Progress) -> float | None:
    total = progress.file_bytes_total
    return round(100 * min(1.0, progress.file_bytes_done / total), 1) if total else None


class Tasks:
    """All of them, newest last."""

    def __init__(self, most: int, publish: Callable[[list[EventData]], None], done: Callable[[Task], None]) -> None:
        """`done` is called after each end."""
        self._most = most
        self._publish = publish
        self._done = done
        self._tasks: dict[str, Task] = {}
        self._running: set[asyncio.Task[None]] = set()
        self._places = asyncio.Semaphore(AT_A_TIME)
        self._told: dict[str, Progress] = {}

    def all(self) -> list[Task]:
        """Newest last."""
        return list(self._tasks.values())

    def get(self, task: str) -> Task:
        """One of them. Raises UnknownTaskError."""
        try:
            return self._tasks[task]
        except KeyError:
            raise UnknownTaskError(task) from None

    def start(self, kind: str, model: str, work: core_task.Work) -> Task:
        """Begin soon. The same for the same model is not begun twice. Raises TaskBusyError, TooManyJobsError."""
        live = [task for task in self._tasks.values() if not task.state.is_final]
        for task in live:
            if task.model == model and task.kind == kind:
                return task
            if task.model == model:
                raise TaskBusyError(model, task.id)
        if len(live) >= self._most:
            raise TooManyJobsError(self._most)
        task = Task(kind, core_task.Task(Text("{model}", model=model), work, model))
        self._tasks[task.id] = task
        self._forget()
        running = asyncio.create_task(self._run(task))
        self._running.add(running)
        running.add_done_callback(self._running.discard)
        self._tell(task, "progress")
        return task

    def cancel(self, task: Task) -> None:
        """Ask it to end. What was done so far is kept."""
        task.work.cancel()

    def tick(self) -> None:
        """Tell how far they are, if they are further than when this was called last."""
        for task in self._tasks.values():
            progress = task.work.progress
            if task.state is TaskState.RUNNING and progress is not None and self._told.get(task.id) is not progress:
                self._told[task.id] = progress
                self._tell(task, "progress")

    async def close(self) -> None:
        """End all of them and wait for that."""
        for task in self._tasks.values():
            task.work.cancel()
        if self._running:
            await asyncio.wait(self._running, timeout=5.0)

    async def _run(self, task: Task) -> None:
        async with self._places:
            if not task.work.control.cancelled:
                task.state = TaskState.RUNNING
                await asyncio.to_thread(task.work.run)
        task.ended = time.time()
        self._told.pop(task.id, None)
        if task.work.error is not None:
            task.state = TaskState.FAILED
            self._tell(task, "failed")
        elif task.work.cancelled or task.state is TaskState.QUEUED:
            task.state = TaskState.CANCELLED
            self._tell(task, "cancelled")
        else:
            task.state = TaskState.DONE
            self._tell(task, "complete")
        self._done(task)

    def _tell(self, task: Task, event: str) -> None:
        self._publish([{"event": event, "at": round(time.time(), 3), **task.as_dict()}])

    def _forget(self) -> None:
        for old in [task.id for task in self._tasks.values() if task.state.is_final][: -REMEMBERED or None]:
            del self._tasks[old]
