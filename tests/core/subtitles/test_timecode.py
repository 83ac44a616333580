# SPDX-License-Identifier: GPL-3.0-or-later
"""Seconds and frames: exact, one rounding rule."""

from __future__ import annotations

import contextlib
import doctest
import struct
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.subtitles import timecode, times
from subtitle_editor.core.subtitles.timecode import FrameRate, format_time, parse_time


def as_float32(value: float) -> float:
    """What comes back from a Blender property."""
    return float(struct.unpack("f", struct.pack("f", value))[0])


RATES = [FrameRate(fps, base) for fps in (24, 30, 60, 120) for base in (1.0, 1.001, as_float32(1.001))]
RATES += [FrameRate(25), FrameRate(50), FrameRate(6), FrameRate(12, as_float32(0.75)), FrameRate(1, 3600.0)]


def test_doctests() -> None:
    assert doctest.testmod(timecode).failed == doctest.testmod(times).failed == 0


@given(st.integers(0, 10**9))
def test_clocks_say_each_thousandth(thousandths: int) -> None:
    minutes, rest = divmod(thousandths, 60_000)
    expected = f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02},{rest % 1000:03}"
    assert times.clock(thousandths / 1000, ",") == expected
    assert times.minutes_of(expected[: expected.rindex(":")]) == minutes


@pytest.mark.parametrize(
    ("fps", "base", "exact"),
    [
        (24, 1.001, Fraction(24000, 1001)),
        (30, 1.001, Fraction(30000, 1001)),
        (60, 1.001, Fraction(60000, 1001)),
        (25, 1.0, Fraction(25)),
        (30, 1.25, Fraction(24)),
        (24, 1.0001, Fraction(240000, 10001)),
    ],
)
def test_the_exact_rate_survives_blenders_32_bit_float(fps: int, base: float, exact: Fraction) -> None:
    assert FrameRate(fps, base).exact == exact
    assert FrameRate(fps, as_float32(base)).exact == exact


@pytest.mark.parametrize(
    ("said", "exact"),
    [
        (23.976, Fraction(24000, 1001)),
        (23.98, Fraction(24000, 1001)),
        (23.976023976, Fraction(24000, 1001)),
        (29.97, Fraction(30000, 1001)),
        (59.94, Fraction(60000, 1001)),
        (119.88, Fraction(120000, 1001)),
        (24.0, Fraction(24)),
        (12.5, Fraction(25, 2)),
        (1.0, Fraction(1)),
    ],
)
def test_rates_as_people_say_them(said: float, exact: Fraction) -> None:
    assert FrameRate.from_fps(said).exact == exact


@given(st.sampled_from(RATES), st.integers(-(10**9), 10**9))
def test_a_frame_survives_the_way_to_seconds_and_back(rate: FrameRate, frame: int) -> None:
    assert rate.seconds_to_frame(rate.frame_to_seconds(frame)) == frame


@given(st.sampled_from(RATES), st.floats(-1e6, 1e6))
def test_the_frame_is_the_nearest(rate: FrameRate, seconds: float) -> None:
    frame = rate.seconds_to_frame(seconds)
    assert abs(Fraction(frame) / rate.exact - Fraction(seconds)) <= Fraction(1, 2) / rate.exact


@given(st.sampled_from(RATES), st.integers(-(10**6), 10**6))
def test_halves_go_up(rate: FrameRate, frame: int) -> None:
    half = (Fraction(frame) + Fraction(1, 2)) / rate.exact
    assert rate.seconds_to_frame(half) == frame + 1


@given(st.sampled_from(RATES), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_order_is_kept(rate: FrameRate, one: float, other: float) -> None:
    early, late = sorted((one, other))
    assert rate.seconds_to_frame(early) <= rate.seconds_to_frame(late)


def test_two_hours_of_ntsc_do_not_drift() -> None:
    # The arithmetic everybody writes, seconds * 29.97, is 7 frames off by then.
    assert FrameRate(30, as_float32(1.001)).seconds_to_frame(7200.0) == 215784
    assert FrameRate(30, as_float32(1.001)).frame_to_seconds(30000 * 7) == 7007.0


@pytest.mark.parametrize(("fps", "base"), [(0, 1.0), (24, 0.0), (-24, 1.0), (24, float("nan")), (24, float("inf"))])
def test_rates_that_are_none(fps: int, base: float) -> None:
    with pytest.raises(ValueError):
        FrameRate(fps, base)


@pytest.mark.parametrize("seconds", [float("nan"), float("inf"), float("-inf")])
def test_times_that_are_none(seconds: float) -> None:
    with pytest.raises(ValueError):
        FrameRate(24).seconds_to_frame(seconds)


@given(st.integers(-(10**10), 10**10))
def test_written_times_read_back(millis: int) -> None:
    assert parse_time(format_time(millis / 1000)) == millis / 1000


@pytest.mark.parametrize("text", ["", "x", "1:2:3:4", "1.5:00", "1e3", "--1", "1:", ":", "١", "nan"])
def test_times_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


@given(st.text())
def test_reading_a_time_raises_nothing_else(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert parse_time(text) == parse_time(text)
