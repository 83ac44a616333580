# SPDX-License-Identifier: GPL-3.0-or-later
"""How large this machine is."""

from __future__ import annotations

import contextlib
import os


def memory() -> int | None:
    """Bytes of memory that are built in; None where the system does not say."""
    if os.name == "nt":
        return _windows_memory()
    with contextlib.suppress(ValueError, OSError, AttributeError):
        read = os.sysconf  # type: ignore[attr-defined, unused-ignore]
        pages, size = read("SC_PHYS_PAGES"), read("SC_PAGE_SIZE")
        return int(pages * size) if pages > 0 and size > 0 else None
    return None


def cores() -> int:
    """Processor cores that this process may use."""
    with contextlib.suppress(AttributeError, OSError):
        return len(os.sched_getaffinity(0))  # type: ignore[attr-defined, unused-ignore]
    return os.cpu_count() or 1


def _windows_memory() -> int | None:
    import ctypes

    kilobytes = ctypes.c_uint64(0)
    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    return kilobytes.value * 1024 if kernel.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes)) else None
