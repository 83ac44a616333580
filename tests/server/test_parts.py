# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the service by themselves: how often is told, who is slow, and what an incomplete installation says."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.events import Cancelled, Event, Finished, Progress, State
from subtitle_editor.server import pace
from subtitle_editor.server.channel import Channel, Frame, Listener
from subtitle_editor.server.security import Buckets

ROOT = Path(__file__).parents[2]

STATES = st.sampled_from([State.CHECKING, State.DOWNLOADING, State.STALLED, State.PAUSED])
STEPS = st.lists(
    st.one_of(
        st.builds(lambda job, state: ("progress", job, state), st.sampled_from("ab"), STATES),
        st.builds(lambda job: ("end", job, None), st.sampled_from("ab")),
        st.just(("tick", "", None)),
    ),
    max_size=40,
)


@given(STEPS)
def test_nothing_but_progress_is_held_back_and_the_last_word_is_told(
    steps: list[tuple[str, str, State | None]],
) -> None:
    held = pace.Pace()
    given_: list[Event] = []
    told: list[Event] = []
    batch: list[Event] = []
    for number, (what, job, state) in enumerate(steps):
        if what == "tick":
            told += held.of(batch)
            batch = []
            continue
        event: Event = (
            Progress(job=job, model="m", state=state, bytes_done=number)
            if state is not None
            else Cancelled(job=job, model="m")
        )
        batch.append(event)
        given_.append(event)
    told += held.of(batch)
    # As if enough time had passed.
    held._told.clear()
    told += held.of([])
    for job in "ab":
        of_job = [event for event in given_ if event.job == job]
        heard = [event for event in told if event.job == job]
        assert [e for e in heard if not isinstance(e, Progress)] == [e for e in of_job if not isinstance(e, Progress)]
        assert heard == [event for event in of_job if event in heard], "none overtakes another"
        if of_job:
            assert heard[-1] == of_job[-1]
    assert held.of([]) == []


def test_a_job_that_only_moves_is_told_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(pace.time, "monotonic", lambda: now)
    held = pace.Pace()
    counts = []
    for step in range(50):
        now += 0.01
        counts.append(len(held.of([Progress(job="a", model="m", state=State.DOWNLOADING, bytes_done=step)])))
    assert counts[0] == 1 and sum(counts) == 3
    assert held.of([Progress(job="a", model="m", state=State.STALLED)]) != [], "a change of the state is told at once"
    assert isinstance(held.of([Finished(job="a", model="m")])[-1], Finished)


def test_a_listener_that_is_too_slow_loses_frames_and_knows_it() -> None:
    async def run() -> None:
        channel = Channel()
        slow = Listener("en")
        channel.listeners.add(slow)
        for i in range(60):
            channel.publish([{"event": "progress", "job": "a", "bytes_done": i}])
        assert slow.lost
        last = None
        while (frame := await slow.next(0.01)) is not None:
            last = frame
        assert last is not None and json.loads(last.as_message("en"))["events"][0]["bytes_done"] == 59
        channel.close()
        assert await slow.next(10) is None

    asyncio.run(run())


def test_a_frame_is_one_message_or_a_block_for_each_event() -> None:
    frame = Frame([{"event": "progress", "job": "a"}, {"event": "notice", "message": "one\ntwo"}])
    assert json.loads(frame.as_message("de"))["channel"] == "download"
    blocks = frame.as_stream("en").decode().split("\n\n")
    assert [block.splitlines()[0] for block in blocks[:2]] == ["event: progress", "event: notice"]
    assert len(blocks) == 3 and blocks[2] == "" and all(len(block.splitlines()) == 2 for block in blocks[:2])


@given(st.lists(st.floats(0, 2), max_size=60), st.integers(1, 20))
def test_buckets_let_through_what_they_say(waits: list[float], rate: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        now = [50.0]
        patch.setattr("subtitle_editor.server.security.time.monotonic", lambda: now[0])
        buckets = Buckets(rate, rate)
        passed = []
        for wait in waits:
            now[0] += wait
            left = buckets.take("a")
            if left == 0:
                passed.append(now[0])
            else:
                assert left <= 1 / rate + 1e-9
        for start in passed:
            within = sum(1 for one in passed if start <= one < start + 1)
            assert within <= 2 * rate, "no more than are saved up and come in"


def test_without_its_libraries_the_command_says_what_to_install() -> None:
    code = "import sys; sys.modules['starlette'] = None; from subtitle_editor.core.cli.main import main; "
    code += "sys.exit(main(['serve', '--json']))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    error = json.loads(done.stdout)
    assert done.returncode == 1 and error["error"] == "service_library"
    assert "starlette" in error["message"] and "pip install subtitle-editor[server]" in error["hint"]


def test_nothing_else_imports_it() -> None:
    """Not the command line either, until somebody says `serve`."""
    code = "import sys; import subtitle_editor.core.cli.main; print([name for name in sys.modules if 'server' in name])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "subtitle_editor.server" not in done.stdout


def test_the_package_that_pip_installs_has_the_page_and_the_languages(tmp_path: Path) -> None:
    # A copy: setuptools leaves folders behind where it builds.
    leave = shutil.ignore_patterns(".*", "demo", "dist", "build", "tests", "bench", "docs", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, tmp_path / "copy", ignore=leave)
    words = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", tmp_path, tmp_path / "copy"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=110, check=False, cwd=tmp_path)
    if done.returncode:
        pytest.skip(f"pip cannot build a wheel here: {done.stderr[-300:]}")
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted = {path.relative_to(ROOT).as_posix() for path in (ROOT / "server").rglob("*") if path.is_file()}
    wanted = {name for name in wanted if "__pycache__" not in name}
    assert {f"subtitle_editor/{name}" for name in wanted} <= names
    assert "subtitle_editor/core/cli/serve.py" in names
