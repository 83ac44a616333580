# SPDX-License-Identifier: GPL-3.0-or-later
"""How many connections a server is given, and how long their parts are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.transfer.pace import (
    ENOUGH,
    ENOUGH_ENCRYPTED,
    FAST,
    LARGEST_PART,
    LOOK,
    NOT_FAST,
    SMALLEST_PART,
    TRIAL,
    Pace,
)

MIB = 1 << 20
MEMORY = 48 * MIB
PART = 8 * MIB


def learn(pace: Pace, speed: float, live: int, asking: float = 0.001, count: int = PART) -> None:
    """One of `live` connections had its part at a speed that makes `speed` for all."""
    pace.learn(count, asking, count * live / speed, count * live, live)


def test_one_connection_asks_first():
    assert Pace(6, MEMORY).connections(0.0, 0) == 1


def test_a_distant_server_gets_all_connections_at_once():
    pace = Pace(6, MEMORY)
    pace.begin(0.05, 10.0)
    assert pace.connections(10.0, 0) == 6


@pytest.mark.parametrize(("encrypted", "few"), [(False, ENOUGH), (True, ENOUGH_ENCRYPTED)])
def test_a_near_server_gets_few_until_it_had_time_to_show_what_it_can(encrypted: bool, few: int):
    pace = Pace(6, MEMORY, encrypted)
    pace.begin(0.002, 10.0)
    assert pace.connections(10.0, 0) == few
    pace.begin(0.002, 20.0)  # Another connection's first answer changes nothing.
    assert pace.connections(10.0 + TRIAL, 0) == 6


@pytest.mark.parametrize(("encrypted", "few"), [(False, ENOUGH), (True, ENOUGH_ENCRYPTED)])
def test_a_fast_and_near_server_keeps_few(encrypted: bool, few: int):
    pace = Pace(6, MEMORY, encrypted)
    pace.begin(0.002, 0.0)
    learn(pace, 1.1 * FAST, live=few)
    assert pace.connections(99.0, 0) == few
    assert not pace.too_many(few) and pace.too_many(few + 1)


def test_a_few_connections_share_the_memory():
    pace = Pace(6, MEMORY)
    pace.begin(0.002, 0.0)
    for _ in range(60):
        learn(pace, 2 * FAST, live=1)
    assert 0.9 * MEMORY < pace.part_length <= MEMORY


def test_a_fast_server_far_away_keeps_all():
    pace = Pace(6, MEMORY)
    pace.begin(0.05, 0.0)
    learn(pace, 2 * FAST, live=6, asking=0.05)
    assert pace.connections(99.0, 0) == 6 and not pace.too_many(6)


def watch(pace: Pace, speed: float, seconds: float, at: float = 0.0, before: int = 0) -> set[int]:
    """How many connections it wants, looked at 20 times a second while bytes come at `speed`."""
    steps = [step / 20 for step in range(int(seconds * 20) + 1)]
    return {pace.connections(at + step, before + int(speed * step)) for step in steps}


@pytest.mark.parametrize("each", [0.45 * NOT_FAST, 1.5 * NOT_FAST])
def test_a_server_that_limits_each_connection_is_tried_with_one_once(each: float):
    pace = Pace(6, MEMORY)
    pace.begin(0.002, 0.0)
    learn(pace, each * 6, live=6)
    assert pace.connections(10.0, 0) == 1
    assert watch(pace, each, 1.0, at=10.0) == {1, 6}, "what six brought is not what one brings"
    learn(pace, each * 6, live=6)
    assert watch(pace, each * 6, 3.0, at=20.0) == {6} and not pace.too_many(6)


def test_a_server_that_is_shared_by_its_connections_keeps_one():
    pace = Pace(6, MEMORY)
    pace.begin(0.002, 0.0)
    for live in (6, 5, 4, 3, 2, 1, 1):
        learn(pace, 1.5 * FAST, live=live)
    assert watch(pace, 1.5 * FAST, 3.0) == {1}


def test_a_fast_server_that_becomes_slow_within_a_part_gets_all_connections_soon():
    pace = Pace(6, MEMORY)
    pace.begin(0.002, 0.0)
    learn(pace, 2 * FAST, live=1)
    assert watch(pace, 2 * FAST, 3.0) == {1}
    came = int(2 * FAST * 3.0)
    assert watch(pace, 0.1 * NOT_FAST, LOOK / 2, at=3.0, before=came) == {1}
    watch(pace, 0.1 * NOT_FAST, 2 * LOOK, at=3.0 + LOOK / 2, before=came)
    assert pace.connections(9.0, came) == 6


def test_one_slow_part_of_a_fast_server_changes_nothing():
    pace = Pace(6, MEMORY)
    pace.begin(0.002, 0.0)
    learn(pace, 2 * FAST, live=1)
    learn(pace, 0.1 * NOT_FAST, live=1, asking=0.2)
    assert watch(pace, FAST, 3.0) == {1}


def test_a_part_that_took_no_time_at_all():
    pace = Pace(1, MEMORY)
    pace.begin(0.0, 0.0)
    pace.learn(PART, 0.0, 5e-324, PART, 1)  # Which would be infinitely fast.
    assert pace.part_length == MEMORY


def test_a_small_last_part_says_nothing():
    pace = Pace(6, MEMORY)
    pace.begin(0.002, 0.0)
    learn(pace, 10 * FAST, live=2, count=SMALLEST_PART - 1)
    assert pace.connections(99.0, 0) == 6 and pace.part_length == PART


def test_parts_become_longer_where_asking_takes_long():
    pace = Pace(6, MEMORY)
    pace.begin(0.05, 0.0)
    for _ in range(40):
        learn(pace, 300e6, live=6, asking=0.05)
    assert 0.9 * LARGEST_PART < pace.part_length <= LARGEST_PART, "more would not fit into memory"


@given(
    connections=st.integers(1, 16),
    parts=st.lists(
        st.tuples(
            st.integers(0, 64 * MIB), st.floats(0, 100), st.floats(0, 1000), st.integers(1, 16), st.floats(0, 1000)
        ),
        max_size=30,
    ),
)
def test_whatever_is_measured_it_stays_within_its_bounds(
    connections: int, parts: list[tuple[int, float, float, int, float]]
):
    pace = Pace(connections, MEMORY)
    assert pace.connections(0.0, 0) == 1
    received = 0
    for count, asking, receiving, live, now in parts:
        pace.begin(asking, now)
        received += count
        pace.learn(count, asking, receiving, count * live, live)
        assert min(connections, ENOUGH) <= pace.connections(now, received) <= connections
        assert SMALLEST_PART <= pace.part_length <= MEMORY
        assert not pace.too_many(min(connections, ENOUGH))
