# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals that ask a command to end, so that it can say how far it came and keep what it has."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator

from .output import INTERRUPTED

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")
SIGNALS = 128
"""The exit code of a command that signal N has ended is N above this."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C, or a signal that asks the process to end. `code` is the exit code that belongs to it."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.code = SIGNALS + number


def code_of(stop: KeyboardInterrupt) -> int:
    """The exit code of an interruption."""
    return stop.code if isinstance(stop, Stopped) else INTERRUPTED


@contextlib.contextmanager
def raised() -> Iterator[None]:
    """Meanwhile each of these signals raises Stopped, wherever the main thread is; but those that somebody has told the
    process to do something else with, `nohup` for example."""

    def stop(number: int, _frame: object) -> None:
        raise Stopped(number)

    with _handled(stop):
        yield


@contextlib.contextmanager
def noted() -> Iterator[list[int]]:
    """Meanwhile the first of these signals only leaves its exit code in the list, for who looks there several times a
    second and must not be torn away between hearing something and saying it. The second raises Stopped."""
    codes: list[int] = []

    def note(number: int, _frame: object) -> None:
        codes.append(SIGNALS + number)
        if len(codes) > 1:
            raise Stopped(number)

    with _handled(note):
        yield codes


@contextlib.contextmanager
def _handled(handler: Callable[[int, object], None]) -> Iterator[None]:
    before = {}
    if threading.current_thread() is threading.main_thread():
        for number in (getattr(signal, name) for name in _NAMES if hasattr(signal, name)):
            now = signal.getsignal(number)
            if now in (signal.SIG_DFL, signal.default_int_handler) or getattr(now, "__module__", "") == __name__:
                before[number] = signal.signal(number, handler)
    try:
        yield
    finally:
        for number, handled in before.items():
            signal.signal(number, handled)
