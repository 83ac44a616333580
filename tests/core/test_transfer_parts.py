# SPDX-License-Identifier: GPL-3.0-or-later
"""The bookkeeping of byte ranges and its journal, against a model that is a plain set of bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from subtitle_editor.core.transfer_parts import UNKNOWN_SIZE, Identity, Journal, PartMap, Span, read_journal

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
            assert all(other.remaining < 2 * self.LEAST for other in self.spans)
            return
        assert span.remaining >= self.LEAST
        victims = [other for other in self.spans if other.end != ends[id(other)]]
        assert [victim.end for victim in victims] == [span.position]
        assert victims[0].remaining >= self.LEAST
        self.spans.append(span)

    @precondition(lambda self: self.spans)
    @rule(data=st.data())
    def advance(self, data: st.DataObject) -> None:
        span = data.draw(st.sampled_from(self.spans))
        count = data.draw(st.integers(0, span.remaining))
        arriving = set(range(span.position, span.position + count))
        assert not arriving & self.arrived
        self.parts.advance(span, count)
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


# The journal

IDENTITY = Identity(size=100, sha256="ab" * 32, etag='"quoted \n é"')


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=RANGES, after=RANGES)
def test_a_journal_says_what_was_added(
    tmp_path: Path, before: list[tuple[int, int]], after: list[tuple[int, int]]
) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, IDENTITY, PartMap(100, before).done)
    after = PartMap(100, after).done
    for start, end in after:
        journal.add(start, end)
    journal.close()
    journal.add(0, 100)
    assert read_journal(path) == (IDENTITY, PartMap(100, [*PartMap(100, before).done, *after]).done)
    assert path.stat().st_mode & 0o777 == 0o600


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.data())
def test_a_damaged_journal_never_claims_what_is_not_there(tmp_path: Path, damage: st.DataObject) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, IDENTITY, [(0, 10)])
    for start in range(20, 90, 10):
        journal.add(start, start + 5)
    journal.close()
    text = bytearray(path.read_bytes())
    for _ in range(damage.draw(st.integers(1, 4))):
        at = damage.draw(st.integers(0, len(text) - 1))
        match damage.draw(st.sampled_from(["cut", "flip", "zero", "insert"])):
            case "cut":
                del text[at:]
            case "flip":
                text[at] ^= 1 << damage.draw(st.integers(0, 7))
            case "zero":
                text[at:] = bytes(len(text) - at)
            case "insert":
                text[at:at] = damage.draw(st.binary(max_size=20))
        if not text:
            break
    path.write_bytes(text)
    found = read_journal(path)
    if found is not None:
        identity, done = found
        assert identity == IDENTITY
        truth = bytes_of([(0, 10), *((start, start + 5) for start in range(20, 90, 10))], 100)
        assert bytes_of(done, 100) <= truth


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"part 1 {text}\n".encode()))
def test_any_file_is_either_a_journal_or_not(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "journal"
    path.write_bytes(content)
    assert read_journal(path) is None


def test_a_torn_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, IDENTITY)
    journal.add(0, 10)
    with open(path, "ab") as file:
        file.write(b"done 10 ")  # The disk was full in the middle of the line.
    journal.add(20, 30)
    journal.add(40, 50)
    journal.close()
    assert read_journal(path) == (IDENTITY, [(0, 10), (40, 50)])


@pytest.mark.parametrize(
    ("size", "sha256", "etag", "serves"),
    [
        (100, "ab" * 32, None, True),
        (None, "ab" * 32, "other", True),
        (101, "ab" * 32, None, False),
        (100, "cd" * 32, None, False),
        (100, None, '"quoted \n é"', False),
    ],
)
def test_a_partial_with_a_hash_serves_that_hash(size: int, sha256: str, etag: str, serves: bool) -> None:
    assert IDENTITY.serves(size, sha256, etag) is serves


@pytest.mark.parametrize(("etag", "serves"), [("one", True), ("two", False), (None, False)])
def test_a_partial_without_a_hash_serves_its_etag(etag: str | None, serves: bool) -> None:
    assert Identity(5, None, "one").serves(5, None, etag) is serves
    assert Identity(5, None, None).serves(5, None, etag) is False
