# SPDX-License-Identifier: GPL-3.0-or-later
"""Cutting at silence: nothing twice, nothing lost, and the same again from any window on."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.speech import voice, windows
from subtitle_editor.core.speech.sound import BLOCK, FRAME
from subtitle_editor.core.speech.voice import VoiceOptions
from subtitle_editor.core.speech.windows import LONGEST, Tape, Window, cut
from tests.core.speech_kit import RATE, clip, silence

pytestmark = pytest.mark.timeout(120)


def blocks_of(samples: Any) -> Iterator[Any]:
    sound = (samples / 32768).astype(numpy.float32) if samples.dtype == numpy.int16 else samples
    for begin in range(0, len(sound), BLOCK):
        yield sound[begin : begin + BLOCK]


def cut_up(samples: Any, options: VoiceOptions | None, begin: int = 0, speaking: bool = False) -> list[Window]:
    return list(cut(Tape(blocks_of(samples), begin, options is not None), options, begin, speaking))


class Drawn(Tape):
    """A tape whose speech was made up."""

    def __init__(self, speech: Any, loud: Any, tail: int) -> None:
        samples = numpy.arange(len(speech) * FRAME - tail, dtype=numpy.float32)
        super().__init__(iter(()), 0, detect=True)
        self._sound, self._speech, self._loud, self._read = samples, speech, loud, len(samples)


def facts(window: Window) -> tuple[Any, ...]:
    return window.begin, window.end, tuple(window.spans), window.speaking, window.audio.tobytes()


@st.composite
def speech(draw: st.DrawFn) -> Any:
    """Probabilities in runs, as speech has them: short and long, sure and unsure."""
    runs = draw(
        st.lists(st.tuples(st.integers(1, 1200), st.sampled_from([0.0, 0.2, 0.4, 0.45, 0.6, 1.0])), max_size=12)
    )
    values = [numpy.full(length, value, numpy.float32) for length, value in runs]
    return numpy.concatenate([numpy.zeros(1, numpy.float32), *values])


options = st.builds(
    VoiceOptions,
    threshold=st.sampled_from([0.3, 0.5]),
    min_speech_duration_ms=st.sampled_from([0, 250]),
    min_silence_duration_ms=st.sampled_from([32, 160, 2000]),
    speech_pad_ms=st.sampled_from([0, 30, 400]),
)


@given(speech(), options, st.integers(0, FRAME - 1))
def test_windows_follow_one_another_and_hear_nothing_twice(speech: Any, options: VoiceOptions, tail: int) -> None:
    tape = Drawn(speech, speech, tail)
    found = list(cut(tape, options))
    assert [window.begin for window in found] == [0, *(window.end for window in found[:-1])]
    assert found[-1].end == tape.samples
    heard = [span for window in found for span in window.spans]
    for (_, end), (begin, _) in itertools.pairwise(heard):
        assert end <= begin
    for window in found:
        assert window.end > window.begin
        assert all(window.begin <= begin < end <= window.end for begin, end in window.spans)
        assert len(window.audio) == sum(end - begin for begin, end in window.spans) <= LONGEST * FRAME
        pieces = [numpy.arange(begin, end, dtype=numpy.float32) for begin, end in window.spans]
        assert numpy.array_equal(window.audio, numpy.concatenate([numpy.zeros(0), *pieces]))


@given(speech(), st.sampled_from([32, 160, 2000]), st.sampled_from([0, 400]))
def test_every_frame_of_speech_is_heard(speech: Any, min_silence: int, pad: int) -> None:
    options = VoiceOptions(min_silence_duration_ms=min_silence, speech_pad_ms=pad)
    heard = numpy.zeros(len(speech), bool)
    for window in cut(Drawn(speech, speech, 0), options):
        for begin, end in window.spans:
            heard[begin // FRAME : -(-end // FRAME)] = True
    assert heard[speech >= options.threshold].all()


@given(speech(), options, st.data())
def test_it_goes_on_from_any_window_as_if_it_had_not_stopped(speech: Any, options: VoiceOptions, data: Any) -> None:
    whole = list(cut(Drawn(speech, speech, 0), options))
    last = data.draw(st.sampled_from(whole))
    again = list(cut(Drawn(speech, speech, 0), options, last.end, last.speaking))
    assert [facts(window) for window in again] == [facts(window) for window in whole[whole.index(last) + 1 :]]


@given(speech(), st.integers(0, FRAME - 1))
def test_without_voice_activity_all_is_heard(speech: Any, tail: int) -> None:
    tape = Drawn(speech, speech, tail)
    found = list(cut(tape, None))
    assert sum(len(window.audio) for window in found) == tape.samples
    assert all(window.spans == [(window.begin, window.end)] for window in found)


# With the real model


@pytest.fixture(scope="module")
def recording() -> Any:
    """Three minutes with pauses of many lengths, and more than 30 s without one."""
    names = ["hello", "long", "late", "colours", "numbers", "british"] * 4
    pauses = [0.0, 0.1, 0.3, 0.8, 2.2, 4.0]
    parts = [part for number, name in enumerate(names) for part in (clip(name), silence(pauses[number % 6]))]
    return numpy.concatenate([silence(3.0), *parts, silence(5.0)])


def joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans that touch, or nearly, as one: windows end inside of speech where it does not pause."""
    found: list[tuple[int, int]] = []
    for begin, end in spans:
        if found and begin - found[-1][1] <= 0.7 * RATE:
            found[-1] = (found[-1][0], end)
        else:
            found.append((begin, end))
    return found


def test_the_same_speech_as_faster_whisper_finds(recording: Any) -> None:
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    audio = (recording / 32768).astype(numpy.float32)
    theirs = joined([(chunk["start"], chunk["end"]) for chunk in get_speech_timestamps(audio, VadOptions())])
    ours = joined([span for window in cut_up(recording, VoiceOptions()) for span in window.spans])
    assert len(ours) == len(theirs) > 3
    for (begin, end), (their_begin, their_end) in zip(ours, theirs, strict=True):
        assert abs(begin - their_begin) < 0.1 * RATE and abs(end - their_end) < 0.1 * RATE


def test_windows_of_speech_are_well_filled_and_end_where_it_is_quiet(recording: Any) -> None:
    found = [window for window in cut_up(recording, VoiceOptions()) if window.spans]
    lengths = [len(window.audio) / RATE for window in found]
    assert sum(lengths[:-1]) / len(lengths[:-1]) > 23.0
    loud = numpy.abs(recording.astype(numpy.int32))
    for window in found:
        assert loud[window.end - 400 : window.end + 400].mean() < 0.1 * loud[loud > 0].mean()


def test_resuming_hears_the_same_samples(recording: Any) -> None:
    whole = cut_up(recording, VoiceOptions())
    for number, window in enumerate(whole):
        again = cut_up(recording, VoiceOptions(), window.end, window.speaking)
        assert [facts(item) for item in again] == [facts(item) for item in whole[number + 1 :]]


def test_original_times() -> None:
    window = Window(16000, 160000, [(16000, 32000), (64000, 96000)], False, numpy.zeros(48000))
    assert window.original(0.5) == 1.5
    assert window.original(1.0) == 4.0, "what begins there begins after the pause"
    assert window.original(1.0, is_end=True) == 2.0, "and what ends there ends before it"
    assert window.original(99.0) == 6.0


def test_a_tape_keeps_no_more_than_it_needs() -> None:
    hour = (numpy.zeros(BLOCK, numpy.float32) for _ in range(28))
    tape = Tape(hour, 0, detect=False)
    for _ in cut(tape, None):
        assert len(tape._sound) <= 2 * BLOCK


def test_silence_is_passed_over_in_steps() -> None:
    found = cut_up(silence(600.0), VoiceOptions())
    assert all(not window.spans for window in found)
    assert len(found) > 3, "so that somebody hears how far it is"


def test_nobody_listens_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import faster_whisper.vad

    monkeypatch.setattr(faster_whisper.vad, "get_vad_model", lambda: pytest.fail("it was listened to"))
    found = voice.probabilities(numpy.zeros(1000, numpy.float32), numpy.ones(100, numpy.float32))
    assert found.tolist() == [0.0, 0.0]


def test_frames() -> None:
    assert voice.frames(400) == 12 and windows.LONGEST * FRAME < 30 * RATE
