# SPDX-License-Identifier: GPL-3.0-or-later
"""Which run of the machine this is: what was written but not synced survives a killed process, not a power cut."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import sys
import time
from typing import Any


@functools.cache
def boot_id() -> str | None:
    """A text that is the same until the machine starts anew, and another one then; None where nobody can tell."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        if sys.platform == "win32":
            return _windows(ctypes.WinDLL("kernel32").GetTickCount64, time.time())  # type: ignore[attr-defined,unused-ignore]
        if sys.platform == "darwin":
            return _macos(ctypes.CDLL(None).sysctlbyname)
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return file.read().strip() or None
    return None


def _macos(sysctlbyname: Any) -> str | None:
    """A UUID that the system makes at each start."""
    text = ctypes.create_string_buffer(64)
    size = ctypes.c_size_t(len(text))
    if sysctlbyname(b"kern.bootsessionuuid", text, ctypes.byref(size), None, ctypes.c_size_t(0)):
        return None
    return text.value.decode("ascii") or None


def _windows(tick_count: Any, now: float) -> str:
    """The minute of the start, for there is no name for it. A clock that was set makes it another: the safe side."""
    tick_count.restype = ctypes.c_uint64
    return f"minute {round((now - tick_count() / 1000) / 60)}"
