# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the child lives, and how it behaves meanwhile: it steps back for Blender's window, ends with its parent, and
when nobody has asked it for a while. A child's own module: it knows nothing of the package."""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections.abc import Iterator

_NICE = 10
"""How much less urgent than Blender: the share that batch jobs commonly get (the default of nice(1))."""
_SCARCE = 0.06
"""Of the machine's memory; with less than that free an idle child ends."""
_LOOK = 5.0
"""Seconds between two looks of an idle child at the machine's memory."""


def step_back() -> None:
    """Let Blender's window go first where both want the processor. On Windows the parent has seen to it."""
    if os.name == "posix":
        with contextlib.suppress(OSError):
            os.nice(_NICE)  # type: ignore[attr-defined, unused-ignore]


def die_with_parent(parent: int) -> None:
    """Start a thread that ends this process when the parent is gone, `kill -9` included."""
    threading.Thread(target=_watch_handle if os.name == "nt" else _watch_pipe, args=(parent,), daemon=True).start()


def _watch_pipe(parent: int) -> None:
    """Wait for the end of stdin without reading it: that is the main thread's."""
    poll = select.poll()  # type: ignore[attr-defined, unused-ignore]
    poll.register(0, 0)  # Only what is always told: that the other end is gone.
    while not poll.poll(1000) and os.getppid() == parent:
        pass
    os._exit(3)


def _watch_handle(parent: int) -> None:
    # Not stdin: on Windows a pending read on it blocks everyone who asks for the type of that handle,
    # and the start-up code of several DLLs does.
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    kernel.OpenProcess.restype = ctypes.c_void_p
    kernel.WaitForSingleObject.argtypes = (ctypes.c_void_p, ctypes.c_uint32)
    synchronize, infinite = 0x00100000, 0xFFFFFFFF
    handle = kernel.OpenProcess(synchronize, False, parent)
    if handle:
        kernel.WaitForSingleObject(handle, infinite)
    os._exit(3)


@contextlib.contextmanager
def ending_after(seconds: float) -> Iterator[None]:
    """End the process if the block takes longer, or as soon as the machine is short of memory meanwhile."""
    over = threading.Event()

    def watch() -> None:
        left = seconds
        while left > 0 and not over.wait(min(_LOOK, left)):
            left -= _LOOK
            if _memory_is_scarce():
                break
        if not over.is_set():
            os._exit(0)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _memory_is_scarce() -> bool:
    """Whether others want the memory that the model takes. False where nothing says so."""
    with contextlib.suppress(OSError, ValueError, IndexError), open("/proc/meminfo", encoding="ascii") as file:
        sizes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in file)}
        return sizes.get("MemAvailable", 1) < _SCARCE * sizes.get("MemTotal", 0)
    return False
