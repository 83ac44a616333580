# SPDX-License-Identifier: GPL-3.0-or-later
"""What the streams of a command can show: every character where that can be had, and escapes of those that cannot.

A question mark in place of a letter is a loss; `\\u0633` is not. Windows has code pages of a few hundred characters for
its consoles and for what is redirected, and consoles that show the escape codes of a terminal as they are.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import sys
from collections.abc import Iterator
from typing import Any

_UTF_8 = 65001
"""The number of its code page."""
_STANDARD_ERROR = -12
_ESCAPE_CODES = 4
"""ENABLE_VIRTUAL_TERMINAL_PROCESSING"""


@dataclasses.dataclass(frozen=True, slots=True)
class Screen:
    """What can be drawn on standard error. `escapes`: it obeys escape codes. The signs are those that it has."""

    escapes: bool = True
    full: str = "█"
    empty: str = "░"
    ellipsis: str = "…"


@contextlib.contextmanager
def prepared(platform: str = sys.platform) -> Iterator[None]:
    """Have standard output and error show all that they can for the length of a `with` block.

    Windows' console becomes one for UTF-8, and so does what is redirected there, unless `PYTHONIOENCODING` says another
    encoding. Nothing is ever refused for a character.
    """
    before = _console_for(_UTF_8) if platform == "win32" else 0
    with contextlib.ExitStack() as stack:
        for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
            if getattr(sys, name) is None:
                stack.enter_context(_nowhere(name, mode))
        with _shown(before, platform):
            yield


@contextlib.contextmanager
def _nowhere(name: str, mode: str) -> Iterator[None]:
    """In place of a stream that was closed before we began (`>&-`, a Windows program without a console), so that no
    file of ours gets its number and what somebody else writes there."""
    with open(os.devnull, mode, encoding="utf-8") as stream:
        setattr(sys, name, stream)
        try:
            yield
        finally:
            setattr(sys, name, None)


@contextlib.contextmanager
def _shown(before: int, platform: str) -> Iterator[None]:
    try:
        for stream in (sys.stdout, sys.stderr):
            _let_show(stream, all_of_them=platform == "win32" and not os.environ.get("PYTHONIOENCODING"))
        yield
    finally:
        if before:
            _console_for(before)


def _let_show(stream: Any, all_of_them: bool) -> None:
    change: dict[str, str] = {}
    if getattr(stream, "errors", None) == "strict":
        change["errors"] = "backslashreplace"
    if all_of_them and not encodes(stream, "\u0633\u5b57"):
        change["encoding"] = "utf-8"
    if change and hasattr(stream, "reconfigure"):
        with contextlib.suppress(OSError, ValueError):
            stream.reconfigure(**{"errors": "backslashreplace"} | change)


def encodes(stream: Any, text: str) -> bool:
    """Whether a stream has all these characters."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def shown(stream: Any, text: str) -> str:
    """The text as a stream can show it, with escapes of what it has not."""
    if encodes(stream, text):
        return text
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def screen(stream: Any, platform: str = sys.platform) -> Screen:
    """What can be drawn on a terminal. Asks the system."""
    bars = [("█", "░"), ("#", "-")]
    full, empty = next(pair for pair in bars if pair[0] == "#" or encodes(stream, "".join(pair)))
    escapes = _obeys_escape_codes() if platform == "win32" else os.environ.get("TERM", "") != "dumb"
    return Screen(escapes, full, empty, "…" if encodes(stream, "…") else "...")


def _kernel() -> Any:
    import ctypes

    return ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]


def _console_for(code_page: int) -> int:
    """Have the console show that code page; the one before, 0 if there is no console."""
    try:
        kernel = _kernel()
        before = int(kernel.GetConsoleOutputCP())
        return before if before and kernel.SetConsoleOutputCP(code_page) else 0
    except (OSError, AttributeError, ImportError):
        return 0


def _obeys_escape_codes() -> bool:
    """Whether the console does, after it was asked to: those of Windows 10 do, if nobody has switched it off."""
    import ctypes

    try:
        kernel = _kernel()
        handle = kernel.GetStdHandle(_STANDARD_ERROR)
        mode = ctypes.c_uint()
        if not kernel.GetConsoleMode(handle, ctypes.byref(mode)):
            return False
        return bool(mode.value & _ESCAPE_CODES or kernel.SetConsoleMode(handle, mode.value | _ESCAPE_CODES))
    except (OSError, AttributeError):
        return False
