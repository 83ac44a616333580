# SPDX-License-Identifier: GPL-3.0-or-later
"""The graphics cards that NVIDIA's driver knows, asked of the driver itself: standard library only, for the child.

In CUDA's own order, so that the numbers are those that CTranslate2 takes.
"""

from __future__ import annotations

import ctypes
import dataclasses
import sys
from typing import Any

LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
"""What the driver brings. CUDA's own libraries come from elsewhere."""
_LONGEST_NAME = 256


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """One card. Sizes in bytes; 0 where the driver does not say."""

    number: int
    name: str
    memory: int
    free: int


def found() -> list[Found]:
    """All cards; none where there is no driver, or one that does not answer. To be asked in a process of its own: a
    driver may end the one that asks, and keeps memory of the card for it as long as that lives."""
    try:
        driver: Any = ctypes.CDLL(LIBRARY)
    except OSError:
        return []
    count = ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)):
        return []
    return [_card(driver, number) for number in range(count.value)]


def _card(driver: Any, number: int) -> Found:
    device = ctypes.c_int()
    driver.cuDeviceGet(ctypes.byref(device), number)
    name = ctypes.create_string_buffer(_LONGEST_NAME)
    driver.cuDeviceGetName(name, _LONGEST_NAME, device)
    total = ctypes.c_size_t()
    driver.cuDeviceTotalMem_v2(ctypes.byref(total), device)
    text = name.value.decode("utf-8", "replace").strip()
    return Found(number, text or f"CUDA {number}", total.value, _free(driver, device))


def _free(driver: Any, device: ctypes.c_int) -> int:
    """What is free now, other programs' share left out. Only a context can say."""
    context = ctypes.c_void_p()
    if driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), device):
        return 0
    try:
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        if driver.cuCtxSetCurrent(context) or driver.cuMemGetInfo_v2(ctypes.byref(free), ctypes.byref(total)):
            return 0
        return free.value
    finally:
        driver.cuCtxSetCurrent(None)
        driver.cuDevicePrimaryCtxRelease_v2(device)
