# SPDX-License-Identifier: GPL-3.0-or-later
"""An end is the last that is heard of a job, also when its worker left threads behind that know nothing of it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from subtitle_editor.core.catalog import kinds
from subtitle_editor.core.catalog.entries import Entry, Source
from subtitle_editor.core.downloads.download import Download, DownloadSettings
from subtitle_editor.core.events import Event, State
from subtitle_editor.core.hub.client import Hub
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.transfer.throttle import Throttle

pytestmark = pytest.mark.timeout(60)


def test_no_progress_after_a_cancel(tmp_path: Path) -> None:
    """Whoever cancels puts the end on the queue next: nothing may come behind it."""
    entry = Entry("model", "Model", kinds.LANGUAGE, 1, (Source("owner/model"),))
    settings = DownloadSettings(models_dir=tmp_path, hub=Hub("http://127.0.0.1:9"), throttle=Throttle())
    for _ in range(50):
        control, heard, begun = Control(), list[Event](), threading.Event()
        run = Download("job", entry, None, settings, control, heard.append)

        def left_behind(run: Download = run, begun: threading.Event = begun) -> None:
            for number in range(300):
                run._update(force=True, state=State.DOWNLOADING, bytes_done=number)
                begun.set()

        threads = [threading.Thread(target=left_behind) for _ in range(3)]
        for thread in threads:
            thread.start()
        begun.wait()
        control.cancel()
        count = len(heard)
        for thread in threads:
            thread.join()
        assert 0 < count == len(heard)
