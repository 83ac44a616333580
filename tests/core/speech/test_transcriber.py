# SPDX-License-Identifier: GPL-3.0-or-later
"""Real speech through the real faster-whisper, in the real child process, with the tiny model of `tests/data`."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import wave
from pathlib import Path
from typing import Any

import numpy
import pytest
import soundfile

from subtitle_editor.core import events
from subtitle_editor.core.cues import Cue
from subtitle_editor.core.errors.base import SubtitleEditorError
from subtitle_editor.core.errors.media import MediaEmptyError, MediaNotFoundError, MediaUnreadableError, NoAudioError
from subtitle_editor.core.errors.models import ModelUnusableError
from subtitle_editor.core.errors.packages import LibraryMissingError
from subtitle_editor.core.errors.speech import LanguageNotHeardError, TranscriberCrashedError
from subtitle_editor.core.events import Cancelled, CueFound, Event, Failed, Finished, State, TranscriptionProgress
from subtitle_editor.core.speech import process
from subtitle_editor.core.speech.job import Transcription
from subtitle_editor.core.speech.request import TranscriptionRequest
from subtitle_editor.core.speech.sound import Sound

DATA = Path(__file__).parents[2] / "data"
MODEL = DATA / "tiny_whisper" / "model"
SPEECH = DATA / "speech"
CLIPS = sorted(path.stem for path in SPEECH.glob("*.flac"))
PATIENCE = 60.0
"""Seconds to wait for anything: the machine may be busy, and a test that hangs fails by its own timeout."""

pytestmark = pytest.mark.timeout(120)


def truth(clip: str) -> list[tuple[float, float, str]]:
    data = json.loads((SPEECH / f"{clip}.json").read_text(encoding="utf-8"))
    return [(row["start"], row["end"], row["text"]) for row in data["utterances"]]


def request(media: Path, **changes: object) -> TranscriptionRequest:
    settings: dict[str, object] = {
        "media": media, "model_path": MODEL, "model_id": "tiny", "language": "en", "device": "cpu", "threads": 1,
    }  # fmt: skip
    return TranscriptionRequest(**(settings | changes))  # type: ignore[arg-type]


def transcribe(media: Path, **changes: object) -> list[Event]:
    job = Transcription(request(media, **changes))
    job.start()
    assert job.wait(PATIENCE)
    assert not job.running
    found = job.drain()
    assert [isinstance(event, events.End) for event in found] == [False] * (len(found) - 1) + [True]
    return found


def finished(media: Path, **changes: object) -> Finished:
    end = transcribe(media, **changes)[-1]
    assert isinstance(end, Finished), end
    return end


def failure(media: Path, **changes: object) -> SubtitleEditorError:
    end = transcribe(media, **changes)[-1]
    assert isinstance(end, Failed), end
    return end.error


def assert_heard(cues: tuple[Cue, ...], expected: list[tuple[float, float, str]], offset: float = 0.0) -> None:
    assert [cue.text for cue in cues] == [text for _, _, text in expected]
    for cue, (start, end, text) in zip(cues, expected, strict=True):
        assert abs(cue.start - start - offset) < 0.3, text
        assert abs(cue.end - end - offset) < 0.3, text


@pytest.fixture(scope="module")
def long_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight minutes: the clip "hello" over and over."""
    samples, rate = soundfile.read(SPEECH / "hello.flac", dtype="int16")
    path = tmp_path_factory.mktemp("media") / "long.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(numpy.tile(samples, 8 * 60 * rate // len(samples)).tobytes())
    return path


# What it hears


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("vad", [True, False], ids=["vad", "no-vad"])
def test_every_clip_word_for_word_and_in_time(clip: str, vad: bool) -> None:
    assert_heard(finished(SPEECH / f"{clip}.flac", vad=vad).cues, truth(clip))


def test_the_language_is_found_and_reported() -> None:
    end = finished(SPEECH / "hello.flac", language=None)
    assert (end.language, end.model) == ("en", "tiny")


def test_cues_arrive_while_it_works_and_progress_grows(long_recording: Path) -> None:
    job = Transcription(request(long_recording, end=120.0, beam_size=1))
    job.start()
    seen: list[Event] = []
    while not job.wait(0.05):
        seen += job.drain()
    early = sum(isinstance(event, CueFound) for event in seen)
    seen += job.drain()
    end = seen[-1]
    assert isinstance(end, Finished)
    assert [event.cue for event in seen if isinstance(event, CueFound)] == list(end.cues)
    assert 0 < early <= len(end.cues)
    progress = [event for event in seen if isinstance(event, TranscriptionProgress)]
    assert progress[0].state == State.LOADING and progress[-1].state == State.TRANSCRIBING
    done = [event.seconds_done for event in progress]
    assert done == sorted(done)
    assert progress[-1].seconds_total == pytest.approx(120.0, abs=0.1)
    assert progress[-1].fraction > 0.9


def test_words_have_times_inside_their_segment() -> None:
    end = finished(SPEECH / "hello.flac", words=True)
    for cue in end.cues:
        assert " ".join(word.text for word in cue.words) == cue.text
        assert all(cue.start - 0.01 <= word.start <= word.end <= cue.end + 0.01 for word in cue.words)
        assert [word.start for word in cue.words] == sorted(word.start for word in cue.words)
        assert cue.avg_logprob is not None and cue.avg_logprob < 0


def test_without_words_there_are_none() -> None:
    assert all(cue.words == () for cue in finished(SPEECH / "hello.flac", words=False).cues)


def test_silence_gives_no_cues(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", numpy.zeros(16000 * 5), 16000)
    assert finished(tmp_path / "silence.wav").cues == ()


@pytest.mark.parametrize(
    ("left", "right"),
    [(1.0, -1.0), (1.0, 0.0), (0.0, 1.0), (0.01, 0.01), (0.001, 0.001), (0.002, -0.002), (20.0, 20.0)],
)
def test_channels_against_each_other_and_any_loudness(tmp_path: Path, left: float, right: float) -> None:
    samples, rate = soundfile.read(SPEECH / "hello.flac")
    path = tmp_path / "a.wav"
    soundfile.write(path, numpy.stack([left * samples, right * samples], axis=1), rate, subtype="FLOAT")
    assert_heard(finished(path).cues, truth("hello"))


# Parts of a file


def test_a_part_has_the_times_of_the_whole_file() -> None:
    spoken = truth("long")
    cues = finished(SPEECH / "long.flac", start=spoken[1][0] - 0.4, end=spoken[2][1] + 0.3).cues
    assert_heard(cues, spoken[1:3])


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg"])
def test_a_part_far_inside_is_found_by_seeking(tmp_path: Path, suffix: str) -> None:
    samples, rate = soundfile.read(SPEECH / "hello.flac")
    path = tmp_path / f"in.{suffix}"
    late = 40.0
    soundfile.write(path, numpy.concatenate([numpy.zeros(int(late * rate)), samples]), rate)
    cues = finished(path, start=late, end=late + 7.6).cues
    assert_heard(cues, truth("hello"), offset=late)


def test_a_part_behind_the_end_holds_nothing() -> None:
    found = transcribe(SPEECH / "hello.flac", start=100.0, end=110.0)
    assert isinstance(found[-1], Finished) and found[-1].cues == ()
    assert any(isinstance(event, events.Notice) for event in found)


def decoded(path: Path, start: float, end: float | None) -> Any:
    blocks = list(Sound(str(path), start, end).blocks())
    return numpy.concatenate([numpy.zeros(0, numpy.float32), *blocks])


@pytest.mark.parametrize(("start", "end"), [(0.0, None), (1.25, 3.5), (0.0, 0.5), (12.0, 13.0), (99.0, None)])
def test_decoding_cuts_to_the_sample(tmp_path: Path, start: float, end: float | None) -> None:
    ramp = (numpy.arange(16000 * 15) % 20000).astype(numpy.int16)
    soundfile.write(tmp_path / "ramp.wav", ramp, 16000, subtype="PCM_16")
    audio = decoded(tmp_path / "ramp.wav", start, end)
    wanted = ramp[round(start * 16000) : None if end is None else round(end * 16000)]
    assert numpy.array_equal(numpy.round(audio * 32768).astype(numpy.int16), wanted)


def test_stereo_at_another_rate_is_mixed_and_resampled(tmp_path: Path) -> None:
    tone = numpy.sin(numpy.arange(48000 * 3) * 2 * numpy.pi * 440 / 48000) * 0.5
    soundfile.write(tmp_path / "stereo.flac", numpy.stack([tone, tone], axis=1), 48000)
    audio = decoded(tmp_path / "stereo.flac", 0.0, None)
    assert len(audio) == pytest.approx(16000 * 3, abs=64)
    assert numpy.abs(audio).max() == pytest.approx(0.5, abs=0.05)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg makes the films for this test")
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_films(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"film.{suffix}"
    sources = ["-f", "lavfi", "-i", "color=s=64x64:d=8", "-i", str(SPEECH / "hello.flac")]
    codecs = ["-c:v", "mpeg4", "-c:a", "aac", "-b:a", "128k", "-shortest", str(path)]
    subprocess.run(["ffmpeg", "-v", "error", *sources, *codecs], check=True)
    assert_heard(finished(path).cues, truth("hello"))


# Errors


def test_missing_media(tmp_path: Path) -> None:
    error = failure(tmp_path / "none.wav")
    assert isinstance(error, MediaNotFoundError) and "none.wav" in str(error)


def test_media_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "letter.wav").write_text("Dear Sir or Madam", encoding="utf-8")
    assert isinstance(failure(tmp_path / "letter.wav"), MediaUnreadableError)
    (tmp_path / "empty.mp4").write_bytes(b"")
    assert isinstance(failure(tmp_path / "empty.mp4"), MediaEmptyError)


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg makes the film for this test")
def test_a_film_without_sound(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    command = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=s=64x64:d=1", "-c:v", "mpeg4", str(path)]
    subprocess.run(command, check=True)
    assert isinstance(failure(path), NoAudioError)


@pytest.mark.parametrize("broken", ["no folder", "no tokenizer.json", "no model.bin", "truncated", "not a model"])
def test_a_broken_model(tmp_path: Path, broken: str) -> None:
    model = tmp_path / "model"
    if broken != "no folder":
        shutil.copytree(MODEL, model)
    if broken.startswith("no ") and broken != "no folder":
        (model / broken.removeprefix("no ")).unlink()
    if broken == "truncated":
        os.truncate(model / "model.bin", 500_000)
    if broken == "not a model":
        (model / "model.bin").write_bytes(b"<html>")
    error = failure(SPEECH / "hello.flac", model_path=model)
    assert isinstance(error, ModelUnusableError), error
    assert str(model) in str(error)


def test_a_language_that_does_not_exist() -> None:
    assert isinstance(failure(SPEECH / "hello.flac", language="xx"), LanguageNotHeardError)


def test_a_device_that_is_not_there() -> None:
    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        pytest.skip("this machine has a graphics card")
    assert isinstance(failure(SPEECH / "hello.flac", device="cuda"), SubtitleEditorError)
    assert finished(SPEECH / "hello.flac", device="auto").cues


# The child process


def start_long(media: Path) -> tuple[Transcription, int]:
    """A running job that has found its first cue, and the child's process id."""
    job = Transcription(request(media, words=True))
    job.start()
    deadline = time.monotonic() + PATIENCE
    while not any(isinstance(event, CueFound) for event in job.drain()):
        assert time.monotonic() < deadline and job.running
        time.sleep(0.01)
    assert job.pid is not None
    return job, job.pid


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    # A zombie that init has not reaped yet is dead enough.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"


def wait_until_dead(pid: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while is_alive(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_cancel_keeps_what_was_found(long_recording: Path) -> None:
    job, pid = start_long(long_recording)
    job.cancel()
    job.cancel()
    assert job.wait(PATIENCE)
    end = job.drain()[-1]
    assert isinstance(end, Cancelled) and end.cues[0].text == "hello blender"
    assert not is_alive(pid) and job.pid is None


def test_cancel_before_the_child_has_said_anything() -> None:
    job = Transcription(request(SPEECH / "hello.flac"))
    job.start()
    job.cancel()
    assert job.wait(PATIENCE)
    assert isinstance(job.drain()[-1], Cancelled)


def test_cancel_before_the_start_and_after_the_end() -> None:
    job = Transcription(request(SPEECH / "hello.flac"))
    job.cancel()
    job.start()
    assert job.wait(PATIENCE)
    assert isinstance(job.drain()[-1], Cancelled)
    job.cancel()
    assert job.drain() == []


@pytest.mark.skipif(os.name != "posix", reason="Windows has classes instead of numbers")
def test_the_child_steps_back_behind_us(long_recording: Path) -> None:
    job, pid = start_long(long_recording)
    try:
        assert os.getpriority(os.PRIO_PROCESS, pid) > os.getpriority(os.PRIO_PROCESS, 0)
    finally:
        job.cancel()
        assert job.wait(PATIENCE)


def test_a_missing_library_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "faster_whisper.py").write_text("import no_such_library", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    job = Transcription(request(SPEECH / "hello.flac"))
    job.start()
    assert job.wait(PATIENCE)
    end = job.drain()[-1]
    assert isinstance(end, Failed) and isinstance(end.error, LibraryMissingError)
    assert "no_such_library" in str(end.error)


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_keeps_what_was_found(long_recording: Path, number: signal.Signals) -> None:
    job, pid = start_long(long_recording)
    os.kill(pid, number)
    assert job.wait(PATIENCE)
    end = job.drain()[-1]
    assert isinstance(end, Failed) and isinstance(end.error, TranscriberCrashedError)
    assert end.error.exit_code == -number
    assert end.cues[0].text == "hello blender"


def run_child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> list[Event]:
    """Events of a job whose child is `script`."""
    child = tmp_path / "child.py"
    child.write_text(textwrap.dedent(script), encoding="utf-8")
    monkeypatch.setattr(process, "_CHILD", child)
    return transcribe(SPEECH / "hello.flac", device="auto")


SAY = """
    import json, os, sys
    def say(**record): print(json.dumps(record), flush=True)
    def cue(start): say(type="segment", start=start, end=start + 1.0, text="x", words=[], avg_logprob=-0.5,
                        no_speech_prob=0.0, compression_ratio=1.0)
    request = json.loads(sys.stdin.readline())
"""


def test_a_child_that_dies_after_its_last_segment_has_succeeded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = run_child(monkeypatch, tmp_path, SAY + "    cue(1.0); say(type='end'); os.abort()")
    assert isinstance(found[-1], Finished) and len(found[-1].cues) == 1


def test_the_childs_last_words_are_in_the_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = SAY + "    print('first', file=sys.stderr); print('out of memory', file=sys.stderr); sys.exit(7)"
    end = run_child(monkeypatch, tmp_path, script)[-1]
    assert isinstance(end, Failed) and isinstance(end.error, TranscriberCrashedError)
    assert (end.error.exit_code, end.error.last_words) == (7, "out of memory")


def test_a_crash_on_the_graphics_card_goes_on_with_the_processor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    script = """
    if request["device"] == "auto":
        say(type="loading", device="cuda")
        cue(1.0)
        say(type="window", at=32000, speaking=False, until=2.0, language="en")
        cue(7.0)
        os.abort()
    assert request["device"] == "cpu" and request["place"] == {"at": 32000, "speaking": False, "language": "en"}
    cue(2.0)
    say(type="end")
    """
    found = run_child(monkeypatch, tmp_path, SAY + script)
    end = found[-1]
    assert isinstance(end, Finished), end
    assert [cue.start for cue in end.cues] == [1.0, 2.0]
    assert [event.message for event in found if isinstance(event, events.Notice)] == [
        "The graphics card cannot be used; using the processor."
    ]


def test_the_child_has_no_network_and_no_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    script = SAY + "    assert 'HF_TOKEN' not in os.environ and os.environ['HF_HUB_OFFLINE'] == '1'; say(type='end')"
    assert isinstance(run_child(monkeypatch, tmp_path, script)[-1], Finished)


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no folder that somebody is in")
def test_a_folder_that_is_gone_and_a_count_that_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blender was started on a stick that was pulled out since. The mathematics library ends a process there, and
    CTranslate2 refuses any model where the variable is no number."""
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    monkeypatch.setenv("OMP_NUM_THREADS", "auto")
    assert_heard(finished(SPEECH / "hello.flac", threads=0).cues, truth("hello"))


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")
def test_nothing_reports_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """onnxruntime keeps a device id in the cache folder for its reports, unless it is told not to make any."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    finished(SPEECH / "hello.flac", vad=True)
    assert [path.name for path in tmp_path.rglob("*") if "microsoft" in str(path).lower()] == []


def test_the_child_opens_no_connection(long_recording: Path) -> None:
    job, pid = start_long(long_recording)
    try:
        links = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
        assert not any(link.startswith("socket:") for link in links)
    finally:
        job.cancel()
        assert job.wait(PATIENCE)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_the_child_dies_with_its_parent(long_recording: Path) -> None:
    script = """
        import sys, time
        from pathlib import Path
        from subtitle_editor.core.events import CueFound
        from subtitle_editor.core.speech.job import Transcription
        from subtitle_editor.core.speech.request import TranscriptionRequest
        media, model = map(Path, sys.argv[1:])
        job = Transcription(TranscriptionRequest(media=media, model_path=model, device="cpu"))
        job.start()
        while not any(isinstance(event, CueFound) for event in job.drain()):
            time.sleep(0.01)
        print(job.pid, flush=True)
        time.sleep(600)
    """
    command = [sys.executable, "-c", textwrap.dedent(script), str(long_recording), str(MODEL)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_alive(pid)
        parent.kill()
    wait_until_dead(pid)
