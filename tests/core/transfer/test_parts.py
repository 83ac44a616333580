# SPDX-License-Identifier: GPL-3.0-or-later
"""The bookkeeping of byte ranges, against a model that is a plain set of bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from subtitle_editor.core.transfer.parts import UNKNOWN_SIZE, PartMap, Span

RANGES = st.lists(st.tuples(st.integers(-5, 60), st.integers(-5, 60)), max_size=12)


def bytes_of(ranges: list[tuple[int, int]], size: int) -> set[int]:
    return {at for start, end in ranges for at in range(start, end) if 0 <= at < size}


@given(size=st.integers(0, 50), ranges=RANGES)
def test_done_ranges_are_the_bytes_that_were_given(size: int, ranges: list[tuple[int, int]]) -> None:
    parts = PartMap(size, ranges)
    expected = bytes_of(ranges, size)
    assert bytes_of(parts.done, size) == expected
    assert parts.bytes_done == len(expected)
    assert parts.complete == (len(expected) == size)
    assert parts.prefix == next(at for at in range(size + 1) if at not in expected)
    assert all(end < start for (_, end), (start, _) in zip(parts.done, parts.done[1:], strict=False))


@given(size=st.integers(0, 50), ranges=RANGES, length=st.integers(1, 20))
def test_claims_are_every_missing_byte_once_and_in_order(size: int, ranges: list[tuple[int, int]], length: int) -> None:
    parts = PartMap(size, ranges)
    missing = set(range(size)) - bytes_of(parts.done, size)
    spans = []
    while (span := parts.claim(length)) is not None:
        assert 0 < span.remaining <= length
        spans.append((span.position, span.end))
    assert spans == sorted(spans)
    assert sum(end - start for start, end in spans) == len(missing)
    assert bytes_of(spans, size) == missing


class Fetching(RuleBasedStateMachine):
    """Connections that claim, advance, fail, and help each other, in any order."""

    LEAST = 3

    def __init__(self) -> None:
        super().__init__()
        self.parts = PartMap(100)
        self.arrived: set[int] = set()
        self.spans: list[Span] = []

    @rule(length=st.integers(1, 40))
    def claim(self, length: int) -> None:
        span = self.parts.claim(length)
        taken = self.arrived | {at for other in self.spans for at in range(other.position, other.end)}
        assert (span is None) == (len(taken) == 100)
        if span:
            assert span.position == min(set(range(100)) - taken)
            self.spans.append(span)

    @rule()
    def steal(self) -> None:
        ends = {id(span): span.end for span in self.spans}
        span = self.parts.steal(self.LEAST)
        if span is None:
            largest = max(self.spans, key=lambda other: other.remaining, default=None)
            assert not largest or largest.remaining < 2 * self.LEAST or largest.end - largest.kept < self.LEAST
            return
        assert span.remaining >= self.LEAST
        victims = [other for other in self.spans if other.end != ends[id(other)]]
        assert [victim.end for victim in victims] == [span.position]
        assert victims[0].end >= victims[0].kept
        self.spans.append(span)

    @precondition(lambda self: self.spans)
    @rule(data=st.data())
    def read(self, data: st.DataObject) -> None:
        span = data.draw(st.sampled_from(self.spans))
        span.kept = data.draw(st.integers(span.position, span.end))
        span.ahead = data.draw(st.integers(0, span.kept - span.position))

    @precondition(lambda self: any(span.ahead for span in self.spans))
    @rule(data=st.data())
    def hand_over(self, data: st.DataObject) -> None:
        span = data.draw(st.sampled_from([span for span in self.spans if span.ahead]))
        came = set(range(span.position, span.position + span.ahead))
        ahead = self.parts.hand_over(span)
        assert set(range(ahead.position, ahead.end)) == came
        assert span.position == ahead.end == ahead.kept and span.ahead == 0
        assert ahead.ahead == ahead.remaining
        self.spans.append(ahead)

    @precondition(lambda self: self.spans)
    @rule(data=st.data())
    def advance(self, data: st.DataObject) -> None:
        span = data.draw(st.sampled_from(self.spans))
        count = data.draw(st.integers(0, span.remaining))
        arriving = set(range(span.position, span.position + count))
        assert not arriving & self.arrived
        self.parts.advance(span, count)
        span.ahead = max(0, span.ahead - count)
        self.arrived |= arriving

    @precondition(lambda self: self.spans)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        span = self.spans.pop(data.draw(st.integers(0, len(self.spans) - 1)))
        self.parts.release(span)
        self.parts.release(span)

    @invariant()
    def nothing_is_fetched_twice(self) -> None:
        claimed = [at for span in self.spans for at in range(span.position, span.end)]
        assert len(claimed) == len(set(claimed))
        assert not set(claimed) & self.arrived

    @invariant()
    def what_arrived_is_done(self) -> None:
        assert bytes_of(self.parts.done, 100) == self.arrived
        assert self.parts.bytes_done == len(self.arrived)


TestFetching = Fetching.TestCase


def test_more_than_a_span_is_refused() -> None:
    parts = PartMap(10)
    span = parts.claim(5)
    assert span
    with pytest.raises(ValueError, match="do not fit"):
        parts.advance(span, 6)


@pytest.mark.parametrize("ahead", [0, 6])
def test_only_what_came_is_handed_over(ahead: int) -> None:
    parts = PartMap(10)
    span = parts.claim(5)
    assert span
    span.ahead = ahead
    with pytest.raises(ValueError, match="nothing to hand over"):
        parts.hand_over(span)


def test_a_size_that_becomes_known_shortens_the_claims() -> None:
    parts = PartMap(UNKNOWN_SIZE)
    span = parts.claim(100)
    assert span
    parts.settle(30)
    assert span.end == 30
    parts.advance(span, 30)
    assert parts.complete


def test_nothing_may_lie_behind_the_end() -> None:
    with pytest.raises(ValueError):
        PartMap(UNKNOWN_SIZE, [(0, 50)]).settle(30)


@given(size=st.integers(0, 200), ranges=RANGES, lengths=st.lists(st.integers(1, 60), min_size=1, max_size=20))
def test_borders_between_connections_are_multiples_of_the_grain(
    size: int, ranges: list[tuple[int, int]], lengths: list[int]
) -> None:
    parts = PartMap(size, ranges, grain=8)
    spans = [span for length in lengths if (span := parts.claim(length))]
    spans += [span for _ in range(4) if (span := parts.steal(8))]
    edges = {edge for done in parts.done for edge in done} | {0, size}
    for span in spans:
        assert span.remaining > 0
        assert span.end % 8 == 0 or span.end in edges
    claimed = [at for span in spans for at in range(span.position, span.end)]
    assert len(claimed) == len(set(claimed))
