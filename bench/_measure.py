# SPDX-License-Identifier: GPL-3.0-or-later
"""Time and processor time of a command, as the operating system counts them."""

from __future__ import annotations

import dataclasses
import os
import shutil
import statistics
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path


@dataclasses.dataclass(frozen=True)
class Run:
    """One run of one command with its children."""

    seconds: float
    cpu: float
    """User and system seconds."""
    said: str = ""
    """What it printed."""


CALM, PATIENCE = 0.05, 15.0
"""The share of its processors that a calm machine uses at most, and the seconds to wait for it to be calm."""


def settle() -> None:
    """Wait until the machine is done with what the last run left: memory that a virtual machine gives back, blocks
    that are discarded. After a peer that fills the cache our next run took 2.5 s at once and 2.1 s after a pause."""
    stat = Path("/proc/stat")
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        before = _ticks(stat) if stat.exists() else None
        time.sleep(1.0)
        if before is None:
            return
        spent = [b - a for a, b in zip(before, _ticks(stat), strict=True)]
        if sum(spent) - spent[3] <= CALM * sum(spent):  # The fourth figure is idleness.
            return


def _ticks(stat: Path) -> list[int]:
    return [int(word) for word in stat.read_text(encoding="ascii").split("\n")[0].split()[1:9]]


def measure(command: Sequence[str], folder: Path) -> Run:
    """Run `command` in the empty `folder` and wait for it. Raises RuntimeError when it fails. POSIX only."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    os.sync()  # What another run left in memory is not this one's to write.
    settle()
    log = folder.with_suffix(".log")
    with log.open("wb") as out:
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, stdout=out, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        words = log.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}:\n{words}")
    said = log.read_text(encoding="utf-8", errors="replace")
    return Run(seconds, usage.ru_utime + usage.ru_stime, said)


def median(values: Sequence[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def have(program: str, package: str) -> bool:
    """Whether a program is there; installs its Debian package where that is possible."""
    if shutil.which(program):
        return True
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        subprocess.run(["apt-get", "install", "-qq", "-y", package], stdout=subprocess.DEVNULL, check=False)
    if shutil.which(program):
        return True
    print(f"{program} is not installed (Debian package {package}): skipped.")
    return False
