# SPDX-License-Identifier: GPL-3.0-or-later
"""How many connections a server is given, and how long their parts are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.transfer_pace import ENOUGH, FAST, LARGEST_PART, NOT_FAST, SMALLEST_PART, TRIAL, Pace

MIB = 1 << 20
MEMORY = 48 * MIB
PART = 8 * MIB


def learn(pace: Pace, speed: float, live: int, asking: float = 0.001, count: int = PART) -> None:
    """One of `live` connections had its part at a speed that makes `speed` for all."""
    pace.learn(count, asking, count * live / speed, live)


def test_one_connection_asks_first():
    assert Pace(6, MEMORY).connections(0.0) == 1


def test_a_distant_server_gets_all_connections_at_once():
    pace = Pace(6, MEMORY)
    pace.begin(0.05, 10.0)
    assert pace.connections(10.0) == 6


def test_a_near_server_gets_two_until_it_had_time_to_show_what_it_can():
    pace = Pace(6, MEMORY)
    pace.begin(0.002, 10.0)
    assert pace.connections(10.0) == ENOUGH == 2
    pace.begin(0.002, 20.0)  # Another connection's first answer changes nothing.
    assert pace.connections(10.0 + TRIAL) == 6


def test_a_fast_and_near_server_keeps_two():
    pace = Pace(6, MEMORY)
    pace.begin(0.002, 0.0)
    learn(pace, 1.1 * FAST, live=2)
    assert pace.connections(99.0) == 2
    assert not pace.too_many(2) and pace.too_many(3)


def test_a_fast_server_far_away_keeps_all():
    pace = Pace(6, MEMORY)
    pace.begin(0.05, 0.0)
    learn(pace, 2 * FAST, live=6, asking=0.05)
    assert pace.connections(99.0) == 6 and not pace.too_many(6)


def test_a_server_that_limits_each_connection_is_tried_with_two_once():
    pace = Pace(6, MEMORY)
    pace.begin(0.002, 0.0)
    each = 0.45 * NOT_FAST
    learn(pace, each * 6, live=6)  # 540 MB/s over six...
    assert pace.connections(99.0) == 2
    for _ in range(20):
        learn(pace, each * 2, live=2)  # ... and 180 MB/s over two.
    for _ in range(5):
        assert pace.connections(99.0) == 6 and not pace.too_many(6)
        learn(pace, each * 6, live=6)


def test_one_slow_part_of_a_fast_server_changes_nothing():
    pace = Pace(6, MEMORY)
    pace.begin(0.002, 0.0)
    learn(pace, 2 * FAST, live=2)
    learn(pace, 0.1 * NOT_FAST, live=2, asking=0.2)
    assert pace.connections(99.0) == 2


def test_a_small_last_part_says_nothing():
    pace = Pace(6, MEMORY)
    pace.begin(0.002, 0.0)
    learn(pace, 10 * FAST, live=2, count=SMALLEST_PART - 1)
    assert pace.connections(99.0) == 6 and pace.part_length == PART


def test_parts_become_longer_where_asking_takes_long():
    pace = Pace(6, MEMORY)
    pace.begin(0.05, 0.0)
    for _ in range(40):
        learn(pace, 300e6, live=6, asking=0.05)
    assert 0.9 * LARGEST_PART < pace.part_length <= LARGEST_PART


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
    assert pace.connections(0.0) == 1
    for count, asking, receiving, live, now in parts:
        pace.begin(asking, now)
        pace.learn(count, asking, receiving, live)
        assert min(connections, ENOUGH) <= pace.connections(now) <= connections
        assert SMALLEST_PART <= pace.part_length <= max(LARGEST_PART, MEMORY // connections)
        assert not pace.too_many(min(connections, ENOUGH))
