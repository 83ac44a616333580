# SPDX-License-Identifier: GPL-3.0-or-later
"""A bar that runs backwards is read as work lost: however a transcription changes its mind, it does not."""

from __future__ import annotations

import math
import textwrap
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from subtitle_editor.core.events import End, Event, Finished, State, TranscriptionProgress
from subtitle_editor.core.speech import process
from subtitle_editor.core.speech.job import Transcription
from subtitle_editor.core.speech.request import TranscriptionRequest

pytestmark = pytest.mark.timeout(120)

SPEECH = Path(__file__).parents[2] / "data" / "speech"

SAY = """
import json, os, sys, time
def say(**record): print(json.dumps(record), flush=True)
request = json.loads(sys.stdin.readline())
def window(until):
    at = max(0, int((until - request["start"]) * 16000))
    say(type="window", at=at, speaking=False, until=until, language="en")
"""


def told(
    monkeypatch: pytest.MonkeyPatch, folder: Path, script: str, **request: float
) -> tuple[list[TranscriptionProgress], End]:
    child = folder / "child.py"
    child.write_text(SAY + textwrap.dedent(script), encoding="utf-8")
    monkeypatch.setattr(process, "_CHILD", child)
    job = Transcription(TranscriptionRequest(media=SPEECH / "hello.flac", model_path=folder, **request))  # type: ignore[arg-type]
    events: list[Event] = []
    job.start()
    while not job.wait(0.001):
        events += job.drain()
    events += job.drain()
    end = events[-1]
    assert isinstance(end, End)
    return [event for event in events if isinstance(event, TranscriptionProgress)], end


def check(found: list[TranscriptionProgress]) -> None:
    done = [event.seconds_done for event in found]
    assert done == sorted(done)
    fractions = [event.fraction for event in found]
    assert fractions == sorted(fractions)
    assert all(event.eta is None or 0 <= event.eta < math.inf for event in found)


def test_after_the_graphics_card_the_processor_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """It begins at the last whole window, which may be a little before what was told."""
    script = """
    if request["device"] == "auto":
        say(type="loading", device="cuda")
        say(type="started", seconds=9.0)
        window(13.0); window(16.0)
        time.sleep(0.1)
        os.abort()
    say(type="loading", device="cpu")
    say(type="started", seconds=9.0)
    window(15.5); window(17.5); window(19.0)
    say(type="end")
    """
    found, end = told(monkeypatch, tmp_path, script, start=10.0, end=19.0)
    assert isinstance(end, Finished)
    check(found)
    assert 6.0 in [event.seconds_done for event in found if event.state is State.TRANSCRIBING]
    assert found[-1].fraction == 1.0 and found[-1].seconds_done == 9.0


def test_the_card_that_fails_inside_the_child_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The child itself tries the processor when the card raises an error, and then begins anew."""
    script = """
    for device in ("cuda", "cpu"):
        say(type="loading", device=device)
        say(type="started", seconds=9.0)
        if device == "cuda":
            window(6.0)
    window(2.0); window(8.0)
    say(type="end")
    """
    found, _ = told(monkeypatch, tmp_path, script)
    check(found)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.floats(0, 40), max_size=8), st.floats(0.0, 50.0))
@example([2.2e-313], 2.2e-313)
@example([2.2e-313], 40.0)
def test_windows_in_any_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, windows: list[float], total: float
) -> None:
    script = f"""
    say(type="started", seconds={total!r})
    for until in {windows!r}:
        window(until)
    say(type="end")
    """
    found, end = told(monkeypatch, tmp_path, script)
    assert isinstance(end, Finished)
    check(found)
