# SPDX-License-Identifier: GPL-3.0-or-later
"""After a job's end nothing more is heard of it."""

from __future__ import annotations

import threading

import pytest

from subtitle_editor.core.system.control import Control

pytestmark = pytest.mark.timeout(30)


def test_what_is_done_unless_cancelled_is_done_before_the_cancel_or_never() -> None:
    for _ in range(200):
        control, heard = Control(), []
        begun = threading.Event()

        def left_behind(control: Control = control, heard: list[int] = heard, begun: threading.Event = begun) -> None:
            for number in range(2000):
                control.unless_cancelled(lambda number=number: heard.append(number))  # type: ignore[misc]
                begun.set()

        thread = threading.Thread(target=left_behind)
        thread.start()
        begun.wait()
        control.cancel()
        count = len(heard)
        thread.join()
        assert len(heard) == count
