# SPDX-License-Identifier: GPL-3.0-or-later
"""Stopping a job at once, wherever it is: asleep, waiting for another thread, or deep inside a system call.

A flag that is polled cannot wake a thread that reads from a silent server. So each socket is handed to the job's
`Control`, which shuts it down when the job is cancelled, and each wait is a wait on the `Control`'s condition.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
import weakref
from collections.abc import Callable
from typing import TypeVar

from ..errors.base import JobCancelled

T = TypeVar("T")

_MEANWHILE = 0.5
"""Seconds between two words of somebody who waits."""


class Control:
    """One per job, shared by all it does. Every method may be called from any thread.

    `condition` is also the lock of whatever state the job's threads share: whoever changes that state notifies it,
    and cancelling notifies it too, so that one wait is enough for both.
    """

    def __init__(self) -> None:
        self.condition = threading.Condition()
        self._cancelled = False
        self._sockets: set[socket.socket] = set()
        self._children: weakref.WeakSet[Control] = weakref.WeakSet()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled

    def cancel(self) -> None:
        """Stop everything under this control. Returns at once, never raises, may be called again."""
        with self.condition:
            self._cancelled = True
            # Still under the lock, so that nobody closes one of them meanwhile and its number goes to another file.
            for sock in self._sockets:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            children = list(self._children)
            self.condition.notify_all()
        for child in children:
            child.cancel()

    def child(self) -> Control:
        """A control that ends with this one but can also be cancelled alone: for a part of the job."""
        child = Control()
        with self.condition:
            self._children.add(child)
            cancelled = self._cancelled
        if cancelled:
            child.cancel()
        return child

    def check(self) -> None:
        """Raise `JobCancelled` if the job was cancelled."""
        if self._cancelled:
            raise JobCancelled

    def unless_cancelled(self, act: Callable[[], None]) -> None:
        """`act()` if the job is not cancelled, and then before it is: `cancel` waits for it. For what nobody may hear
        of a job after its end, from threads that were left behind. `act` must not wait for anything."""
        with self.condition:
            if not self._cancelled:
                act()

    def sleep(self, seconds: float) -> None:
        """Do nothing for a while. Raises `JobCancelled` at once when the job is cancelled."""
        self.wait_for(lambda: False, seconds)

    def wait_for(self, predicate: Callable[[], bool], timeout: float | None = None) -> bool:
        """Wait until `predicate` holds, which is asked with `condition` held; False if the time is up first.

        Raises `JobCancelled` at once when the job is cancelled.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self.condition:
            while True:
                self.check()
                if predicate():
                    return True
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self.condition.wait(left)

    def apart(
        self,
        work: Callable[[], T],
        name: str,
        timeout: float | None = None,
        meanwhile: Callable[[], None] | None = None,
    ) -> T:
        """`work()` on a thread of its own, called `name`, that is left behind when the job is cancelled or `timeout`
        seconds have passed: for what nothing can interrupt, and does no harm when it goes on. `meanwhile` is called
        on this thread, twice a second.

        Raises `JobCancelled` at once when cancelled, TimeoutError, else whatever `work` raises.
        """
        answers: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

        def run() -> None:
            try:
                answers.put((work(), None))
            except BaseException as error:
                answers.put((None, error))
            with self.condition:
                self.condition.notify_all()

        self.check()
        threading.Thread(target=run, name=name, daemon=True).start()
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.wait_for(lambda: not answers.empty(), _least(deadline, _MEANWHILE if meanwhile else None)):
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError
            if meanwhile:
                meanwhile()
        answer, error = answers.get()
        if error is not None:
            raise error
        return answer  # type: ignore[return-value]

    def adopt(self, sock: socket.socket) -> Callable[[], None]:
        """Shut `sock`'s connection down when the job is cancelled; the answer is a call that ends the adoption.

        A duplicate is kept, not `sock` itself: TLS moves the original into another object, and whoever closes theirs
        must not make ours point at a stranger's file. The connection stays open until both are closed.
        Raises `JobCancelled` if the job is cancelled already.
        """
        twin = sock.dup()
        with self.condition:
            if self._cancelled:
                twin.close()
                raise JobCancelled
            self._sockets.add(twin)

        def release() -> None:
            with self.condition:
                self._sockets.discard(twin)
                twin.close()

        return release


def _least(deadline: float | None, pause: float | None) -> float | None:
    """Seconds to wait: until the deadline, and no longer than `pause`; None for ever."""
    left = None if deadline is None else max(0.0, deadline - time.monotonic())
    return min((wait for wait in (left, pause) if wait is not None), default=None)
