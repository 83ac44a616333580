# SPDX-License-Identifier: GPL-3.0-or-later
"""Nothing that was heard is lost, and what is continued is what it would have been. Real child, real model."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from subtitle_editor.core.cues import Cue
from subtitle_editor.core.events import (
    Cancelled,
    CueFound,
    Event,
    Failed,
    Finished,
    Notice,
    State,
    TranscriptionProgress,
)
from subtitle_editor.core.speech import process, segments
from subtitle_editor.core.speech.job import Transcription, about
from subtitle_editor.core.speech.request import TranscriptionRequest
from subtitle_editor.core.speech.segments import Journal, Place
from tests.core.speech_kit import MODEL, SPEECH, clip, silence, write

pytestmark = pytest.mark.timeout(300)

PATIENCE = 120.0
ROUNDS = 20 if os.environ.get("SUBTITLE_EDITOR_LONG_TESTS") else 3


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four minutes, in parts hard to hear: there Whisper draws at random."""
    rng = random.Random(1)
    names = ["hello", "long", "late", "colours", "numbers", "british"] * 4
    parts = [part for name in names for part in (clip(name), silence(rng.choice([0.0, 0.1, 0.4, 1.0, 3.0])))]
    return write(tmp_path_factory.mktemp("media") / "talk.wav", *parts)


def request(media: Path, **changes: Any) -> TranscriptionRequest:
    settings: dict[str, Any] = {
        "media": media, "model_path": MODEL, "model_id": "tiny", "language": "en", "device": "cpu", "threads": 1,
    }  # fmt: skip
    return TranscriptionRequest(**(settings | changes))


def follow(job: Transcription, act: Callable[[Event], None] = lambda event: None) -> list[Event]:
    """All its events; `act` is called with each as it comes."""
    job.start()
    found: list[Event] = []
    deadline = time.monotonic() + PATIENCE
    while True:
        over = job.wait(0.01)
        for event in job.drain():
            found.append(event)
            act(event)
        if over:
            return found
        assert time.monotonic() < deadline


def texts(cues: tuple[Cue, ...]) -> list[Any]:
    return [cue.as_dict() for cue in cues]


@pytest.fixture(scope="module")
def undisturbed(recording: Path) -> tuple[Cue, ...]:
    end = follow(Transcription(request(recording)))[-1]
    assert isinstance(end, Finished) and len(end.cues) > 40
    return end.cues


def test_the_same_again_is_the_same(recording: Path, undisturbed: tuple[Cue, ...]) -> None:
    """Also in a child that has listened before, whose draws are not the first ones."""
    try:
        for _ in range(2):
            end = follow(Transcription(request(recording), keep=60.0))[-1]
            assert isinstance(end, Finished)
            assert texts(end.cues) == texts(undisturbed)
    finally:
        process.warm.close()


def stop_after(count: int, how: Callable[[], None]) -> Callable[[Event], None]:
    found = 0

    def act(event: Event) -> None:
        nonlocal found
        found += isinstance(event, CueFound)
        if found == count:
            found += 1
            how()

    return act


@pytest.mark.parametrize("how", ["cancel", "kill"])
def test_it_goes_on_after_any_end(recording: Path, undisturbed: tuple[Cue, ...], tmp_path: Path, how: str) -> None:
    rng = random.Random(how)
    ends = 0
    for _ in range(ROUNDS):
        job = Transcription(request(recording), journals=tmp_path)

        def stop(job: Transcription = job) -> None:
            time.sleep(rng.random() * 0.2)
            if how == "cancel":
                job.cancel()
            elif job.pid is not None:
                os.kill(job.pid, signal.SIGKILL)

        end = follow(job, stop_after(rng.randint(1, 12), stop))[-1]
        ends += isinstance(end, (Cancelled, Failed))
        assert texts(end.cues) == texts(undisturbed)[: len(end.cues)], "what there is, is right"
        if isinstance(end, Finished):
            break
    assert ends
    events = follow(Transcription(request(recording), journals=tmp_path))
    end = events[-1]
    assert isinstance(end, Finished)
    assert texts(end.cues) == texts(undisturbed)
    assert texts(tuple(event.cue for event in events if isinstance(event, CueFound))) == texts(undisturbed)
    assert any("Going on at" in event.message for event in events if isinstance(event, Notice))


def test_what_was_heard_to_its_end_is_not_said_to_hold_no_speech(tmp_path: Path) -> None:
    """As where its subtitles could not be written, or `align` was given another film's text."""
    for _ in range(2):
        events = follow(Transcription(request(SPEECH / "hello.flac"), journals=tmp_path))
        end = events[-1]
        assert isinstance(end, Finished) and len(end.cues) == 3
    told = [event.message for event in events if isinstance(event, Notice)]
    assert len(told) == 1 and "Going on at" in told[0], told


def test_at_most_half_a_minute_is_heard_again(recording: Path, tmp_path: Path) -> None:
    job = Transcription(request(recording), journals=tmp_path)
    end = follow(job, stop_after(12, job.cancel))[-1]
    assert isinstance(end, Cancelled)
    (kept,) = segments.unfinished(tmp_path)
    assert kept.all_cues == end.cues and not kept.done
    assert end.cues[-1].end - kept.until < 30.0


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_kill_of_everything_at_random_moments(recording: Path, undisturbed: tuple[Cue, ...], tmp_path: Path) -> None:
    script = """
        import sys
        from pathlib import Path
        from subtitle_editor.core.speech.job import Transcription
        from subtitle_editor.core.speech.request import TranscriptionRequest
        job = Transcription(TranscriptionRequest(media=Path(sys.argv[1]), model_path=Path(sys.argv[2]), model_id="tiny",
                                    language="en", device="cpu", threads=1), journals=Path(sys.argv[3]))
        job.start()
        job.wait()
    """
    rng = random.Random(4)
    command = [sys.executable, "-c", textwrap.dedent(script), str(recording), str(MODEL), str(tmp_path)]
    for _ in range(ROUNDS):
        before = segments.find(tmp_path, about(request(recording)))
        with subprocess.Popen(command) as victim:
            time.sleep(1.0 + rng.random() * 2.5)
            victim.kill()
        after = segments.find(tmp_path, about(request(recording)))
        if before is not None and after is not None:
            assert after.until >= before.until, "what is on the disk stays there"
    deadline = time.monotonic() + PATIENCE
    while True:
        job = Transcription(request(recording), journals=tmp_path)
        found = follow(job)
        if job.kept is not None:
            break
        assert time.monotonic() < deadline, "the lock of the dead is free"
    end = found[-1]
    assert isinstance(end, Finished) and texts(end.cues) == texts(undisturbed)
    job.settle()
    assert list(tmp_path.iterdir()) == []


def test_cancel_is_there_within_a_fifth_of_a_second(recording: Path) -> None:
    job = Transcription(request(recording))
    times: list[float] = []

    def cancel() -> None:
        times.append(time.monotonic())
        job.cancel()

    found = follow(job, stop_after(3, cancel))
    assert isinstance(found[-1], Cancelled)
    # Twenty times of what it takes to hear that a process has ended: the machine may be busy.
    assert time.monotonic() - times[0] < 4.0


def test_a_warm_child_listens_again_without_loading(recording: Path) -> None:
    try:
        first = Transcription(request(recording, end=20.0), keep=60.0)
        pids: set[int | None] = set()
        end = follow(first, lambda event: pids.add(first.pid))[-1]
        assert isinstance(end, Finished) and first.pid is None
        second = Transcription(request(recording, end=30.0, language=None), keep=60.0)
        end = follow(second, lambda event: pids.add(second.pid))[-1]
        assert isinstance(end, Finished) and end.language == "en"
        assert len(pids - {None}) == 1
        # What was wrong with one file is no reason to load the model for the next.
        third = Transcription(request(recording.with_name("none.wav")), keep=60.0)
        assert isinstance(follow(third)[-1], Failed)
    finally:
        process.warm.close()


def test_a_child_that_ended_while_it_waited_is_replaced(recording: Path) -> None:
    try:
        assert isinstance(follow(Transcription(request(recording, end=10.0), keep=0.2))[-1], Finished)
        time.sleep(1.0)
        assert isinstance(follow(Transcription(request(recording, end=10.0), keep=60.0))[-1], Finished)
        waiting = process.warm._waiting
        assert waiting is not None
        os.kill(waiting.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        assert isinstance(follow(Transcription(request(recording, end=10.0), keep=60.0))[-1], Finished)
    finally:
        process.warm.close()


def test_two_at_once_for_the_same_both_finish(recording: Path, tmp_path: Path) -> None:
    jobs = [Transcription(request(recording, end=30.0), journals=tmp_path) for _ in range(2)]
    for job in jobs:
        job.start()
    ends = []
    for job in jobs:
        assert job.wait(PATIENCE)
        ends.append(job.drain()[-1])
    assert all(isinstance(end, Finished) for end in ends)
    assert texts(ends[0].cues) == texts(ends[1].cues)
    assert [job.kept is None for job in jobs].count(True) <= 1


def test_a_journal_that_cannot_be_written_stops_nothing(recording: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    found = follow(Transcription(request(recording, end=10.0), journals=tmp_path / "file" / "heard"))
    assert isinstance(found[-1], Finished) and found[-1].cues
    assert any("cannot be kept" in event.message for event in found if isinstance(event, Notice))


def test_other_options_are_another_transcription(recording: Path, tmp_path: Path) -> None:
    follow(Transcription(request(recording, end=30.0), journals=tmp_path))
    found = follow(Transcription(request(recording, end=30.0, words=False), journals=tmp_path))
    assert not any("Going on" in event.message for event in found if isinstance(event, Notice))
    assert len(segments.unfinished(tmp_path)) == 2


def test_a_changed_file_is_another_file(tmp_path: Path) -> None:
    media = write(tmp_path / "a.wav", clip("hello"))
    before = about(request(media))
    write(media, clip("late"))
    assert about(request(media)) != before


# The journal itself


ABOUT = {"media": "/films/a.mkv", "size": 1}


def record(number: int) -> dict[str, Any]:
    word = {"start": float(number), "end": number + 0.5, "text": "ä", "probability": 0.5, "glued": False}
    return {
        "start": float(number), "end": number + 1.0, "text": "ä", "words": [word],
        "avg_logprob": -0.5, "no_speech_prob": 0.1, "compression_ratio": 1.0,
    }  # fmt: skip


def written(folder: Path, windows: int, open_segments: int) -> Path:
    journal = Journal.open(folder, ABOUT)
    assert journal is not None
    for number in range(windows):
        journal.segment(record(number))
        journal.window(Place(1000 * (number + 1), number % 2 == 0, "en"), float(number + 1))
    for number in range(open_segments):
        journal.segment(record(windows + number))
    journal.close()
    return journal.kept.path


def test_a_journal_holds_whole_windows_and_the_rest_apart(tmp_path: Path) -> None:
    path = written(tmp_path, 3, 2)
    kept = segments.read(path)
    assert kept is not None and kept.place == Place(3000, True, "en") and kept.until == 3.0
    assert [cue.start for cue in kept.cues] == [0.0, 1.0, 2.0] and [cue.start for cue in kept.rest] == [3.0, 4.0]
    assert kept.cues[0].words[0].text == "ä"
    assert segments.find(tmp_path, ABOUT) == kept
    assert segments.find(tmp_path, ABOUT | {"size": 2}) is None
    if os.name == "posix":
        assert path.stat().st_mode & 0o077 == 0


def test_going_on_drops_what_was_not_whole(tmp_path: Path) -> None:
    path = written(tmp_path, 2, 2)
    journal = Journal.open(tmp_path, ABOUT)
    assert journal is not None
    journal.segment(record(7))
    journal.window(Place(9, False, "en"), 9.0)
    journal.done()
    journal.close()
    kept = segments.read(path)
    assert kept is not None and [cue.start for cue in kept.cues] == [0.0, 1.0, 7.0] and kept.done and not kept.rest


@given(st.floats(0.0, 1.0), st.binary(max_size=20))
def test_a_journal_torn_anywhere_is_read_up_to_there(where: float, rubbish: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder), 4, 1)
        whole = path.read_bytes()
        path.write_bytes(whole[: round(where * len(whole))] + rubbish)
        kept = segments.read(path)
        if kept is not None:
            assert [cue.start for cue in kept.all_cues] == [float(number) for number in range(len(kept.all_cues))]
        journal = Journal.open(Path(folder), ABOUT)
        assert journal is not None
        journal.window(Place(5, False, "en"), 5.0)
        journal.close()
        again = segments.read(path)
        assert again is not None and again.place.at == 5


@given(st.binary(max_size=200))
@example(b"[" * 100_000 + b"\n")
@example(
    b'{"type": "about", "format": 1, "about": {"media": "a"}}\n'
    b'{"type": "window", "until": 1, "at": 1e999, "speaking": false, "language": ""}\n'
)
def test_a_journal_of_rubbish_is_none(rubbish: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_bytes(rubbish)
        segments.read(path)
        segments.unfinished(Path(folder))


def test_one_at_a_time(tmp_path: Path) -> None:
    first = Journal.open(tmp_path, ABOUT)
    assert first is not None
    assert Journal.open(tmp_path, ABOUT) is None
    first.segment(record(1))
    assert segments.unfinished(tmp_path) == [], "somebody is working on it"
    assert not segments.remove(first.kept.path)
    first.close()
    assert len(segments.unfinished(tmp_path)) == 1
    assert segments.remove(first.kept.path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_made_of_it_is_known_until_it_is_changed(tmp_path: Path) -> None:
    path = written(tmp_path / "heard", 2, 1)
    output = tmp_path / "a.srt"
    output.write_text("1", encoding="utf-8")
    segments.note_written(path, output)
    for _ in range(2):
        kept = segments.read(path)
        assert kept is not None and segments.is_ours(kept, output)
        journal = Journal.open(tmp_path / "heard", ABOUT)
        assert journal is not None
        journal.close()
    output.write_text("2", encoding="utf-8")
    assert not segments.is_ours(kept, output)


def test_lines_are_json(tmp_path: Path) -> None:
    path = written(tmp_path, 1, 0)
    kinds = [json.loads(line)["type"] for line in path.read_text(encoding="ascii").splitlines()]
    assert kinds == ["about", "segment", "window"]


def test_the_second_run_begins_at_once(recording: Path) -> None:
    """Against the first in the same turn: this machine may be busy. Nothing is imported or loaded again."""
    try:
        took = []
        for _ in range(2):
            began = time.monotonic()
            heard: list[float] = []

            def act(event: Event, began: float = began, heard: list[float] = heard) -> None:
                if isinstance(event, TranscriptionProgress) and event.state is State.TRANSCRIBING:
                    heard.append(time.monotonic() - began)

            assert isinstance(follow(Transcription(request(recording, end=10.0), keep=60.0), act)[-1], Finished)
            took.append(heard[0])
        assert took[1] < took[0] / 2, "the model was loaded again"
    finally:
        process.warm.close()


@pytest.mark.skipif(not Path("/proc/meminfo").exists(), reason="the system does not say how much is free")
def test_an_idle_child_ends_when_memory_is_short(
    recording: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told that no machine has enough, and to look often: it does not wait for the hour that it may."""
    folder = str(process._CHILD.parent)
    (tmp_path / "child.py").write_text(
        f"""
import importlib, sys, types
package = types.ModuleType("subtitle_editor_child")
package.__path__ = [{folder!r}]
sys.modules["subtitle_editor_child"] = package
serving = importlib.import_module("subtitle_editor_child.serving")
lifetime = importlib.import_module("subtitle_editor_child.lifetime")
lifetime._SCARCE, lifetime._LOOK = 2.0, 0.2
serving.main()
""",
        encoding="utf-8",
    )
    monkeypatch.setattr(process, "_CHILD", tmp_path / "child.py")
    try:
        assert isinstance(follow(Transcription(request(recording, end=10.0), keep=3600.0))[-1], Finished)
        waiting = process.warm._waiting
        assert waiting is not None
        deadline = time.monotonic() + 20
        while waiting.alive:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        process.warm.close()


def test_a_journal_keeps_the_reading_rules_that_it_began_with(tmp_path: Path) -> None:
    """Whoever goes on with other ones, and however often; one that has heard nothing takes new ones."""

    def opened(rules: dict[str, Any]) -> Journal:
        journal = Journal.open(tmp_path, ABOUT, rules)
        assert journal is not None
        return journal

    opened({"name": "first"}).close()
    journal = opened({"name": "bbc", "max_chars": 37})
    journal.segment(record(1))
    journal.window(Place(1000, False, "en"), 1.0)
    journal.segment(record(2))
    journal.close()
    for _ in range(2):
        journal = opened({"name": "netflix"})
        assert journal.kept.shaped == {"name": "bbc", "max_chars": 37} and len(journal.kept.cues) == 1
        journal.close()
    kept = segments.read(journal.kept.path)
    assert kept is not None and kept.shaped["name"] == "bbc" and kept.written == {}
