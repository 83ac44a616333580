# SPDX-License-Identifier: GPL-3.0-or-later
"""Asking the hub again while it is busy or away, and telling meanwhile what is waited for."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from ..errors.hub import HubAnswerError, HubError, RateLimitedError
from ..errors.network import HubUnreachableError
from ..events import State
from ..system.control import Control
from ..text import Text
from ..transfer.retries import Retries, RetryPolicy, may_pass

log = logging.getLogger(__name__)

T = TypeVar("T")

POLICY = RetryPolicy(tries=5, first_wait=1.0)
"""For questions about a repository: somebody waits for the answer, so we give up sooner than within a file."""

_CUT_OFF, _SILENT = 3, 2
"""Tries in a row where nobody answers: some three seconds where that shows at once, a minute where each try takes as
long as we wait for an answer. Who has no network wants to hear of it, not to wait as for a hub that is busy."""

WORD_AFTER = 2.0
"""Seconds until it is said that no answer has come yet."""


class Questions:
    """What one download asks of its hub, or of who else has its files. For the worker's thread; `heard` for any."""

    def __init__(self, name: str, host: str, control: Control, update: Callable[..., None]) -> None:
        """`name` is the model's, for the log; `update` takes changes of the progress, by its fields."""
        self._name = name
        self.host = host
        """Who is asked, as messages name it. May be changed by whoever asks."""
        self._control = control
        self._update = update
        self._heard = time.monotonic()
        self.for_files = False
        """Files are asked for, not what there is: then silence is a stall."""

    def heard(self) -> None:
        """Something came of the hub."""
        self._heard = time.monotonic()

    def ask(self, work: Callable[[], T]) -> T:
        """`work()`, again and again while the hub is busy or away, with the wait shown as a countdown."""
        retries = Retries(POLICY)
        while True:
            epoch = retries.epoch
            try:
                self.heard()
                # The network lets go at once, but a disk may not. What is left behind writes whole files or none.
                return self._control.apart(work, "hub request", meanwhile=self._wait)
            except (HubUnreachableError, RateLimitedError, HubAnswerError) as error:
                asked = getattr(error, "retry_after", None)
                if not _is_passing(error) or not retries.failed(epoch, asked, _tries(error)):
                    raise
                log.info("%s: %s; try %d follows", self._name, error.message, retries.attempt)
                reason = error.message
            self._count_down(retries, reason)

    def _wait(self) -> None:
        """Keep the progress true while the hub is asked: its speed goes to zero with the bytes."""
        if time.monotonic() - self._heard < WORD_AFTER:
            self._update()
            return
        state = State.STALLED if self.for_files else State.CHECKING
        self._update(state=state, reason=Text("No answer from {host} yet.", host=self.host))

    def _count_down(self, retries: Retries, reason: str) -> None:
        tried = retries.attempt - 1
        while (left := retries.wait_left) > 0:
            self._update(state=State.RETRYING, retry_in=left, attempt=tried, reason=reason, force=True)
            self._control.sleep(min(left, 0.5))
        self._update(state=State.CHECKING, retry_in=None, attempt=tried + 1, force=True)


def _tries(error: HubError) -> int | None:
    """How often in a row to ask where this is the answer; None for as often as the policy says."""
    if not isinstance(error, HubUnreachableError):
        return None
    return _SILENT if error.silent else _CUT_OFF


def _is_passing(error: HubError) -> bool:
    """Whether the same question may get another answer in a moment."""
    match error:
        case HubAnswerError():
            return may_pass(error.status)
        case HubUnreachableError():
            return error.may_pass
        case _:
            return isinstance(error, RateLimitedError)
