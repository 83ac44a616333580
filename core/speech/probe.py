# SPDX-License-Identifier: GPL-3.0-or-later
"""The child process that tries the graphics cards, and is thrown away: a driver or library that does not fit may end
it. The line on stdin says what to do, and the answer is a record on stdout:

    {"do": "list"}                   {"type": "cards", "cards": [{"number": 0, "name": ..., "memory": ..., ...}]}
    {"do": "decode", "number": 0}    {"type": "works", "compute_type": "float16"}
                                     {"type": "fails", "reason": ..., "missing": [...]}

Both with "libraries", the folder of CUDA's libraries or "", and "limit", the seconds that the answer is waited for: a
driver that hangs keeps this process no longer than that, even if nobody is left to end it.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import tempfile
import threading

from . import cards, driver, runtime, smallest
from .wire import Records, first_line

_GRACE = 5.0
"""Seconds after the limit: who waits is to end it first, and to say so."""


def main() -> None:
    """Do what stdin says."""
    records = Records()
    request = json.loads(sys.stdin.readline())
    _end_after(request["limit"] + _GRACE)
    runtime.prepare()
    cards.preload(request["libraries"])
    if request["do"] == "list":
        records.send("cards", cards=[dataclasses.asdict(card) for card in driver.found()])
    else:
        _decode(request["number"], records)
    os._exit(0)  # CUDA has been seen to abort in its teardown.


def _end_after(seconds: float) -> None:
    timer = threading.Timer(seconds, os._exit, (3,))
    timer.daemon = True
    timer.start()


def _decode(number: int, records: Records) -> None:
    """A second of sound on the card of that number."""
    with tempfile.TemporaryDirectory(prefix="subtitle-editor-probe-") as folder:
        try:
            smallest.save(folder)
            records.send("works", compute_type=smallest.decode(folder, "cuda", number, "default"))
        except Exception as error:  # Native code: RuntimeError, ValueError, and what pybind11 makes of the rest.
            records.send("fails", reason=first_line(error), missing=cards.missing())
