# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a partial file: after a kill, after a power cut, and torn in every way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subtitle_editor.core.transfer import boot
from subtitle_editor.core.transfer import journal as transfer_journal
from subtitle_editor.core.transfer.journal import Identity, Journal, Record, read_journal
from subtitle_editor.core.transfer.parts import PartMap
from tests.core.transfer.test_parts import RANGES, bytes_of

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
    found = read_journal(path)
    assert found and found.identity == IDENTITY
    assert found.done == PartMap(100, [*PartMap(100, before).done, *after]).done


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
        assert found.identity == IDENTITY
        truth = bytes_of([(0, 10), *((start, start + 5) for start in range(20, 90, 10))], 100)
        assert bytes_of(found.done, 100) <= truth


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
    assert read_journal(path) == Record(IDENTITY, [(0, 10), (40, 50)], [])


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


# Power cuts


@pytest.fixture
def another_boot(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """From now on journals are read as after a new start of the machine."""
    monkeypatch.setattr(transfer_journal, "boot_id", lambda: "another boot")
    yield


def test_a_kill_takes_nothing_and_a_power_cut_what_was_not_synced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, IDENTITY)
    journal.add(0, 10)
    journal.checkpoint(lambda: True)
    journal.add(10, 20)
    journal.close()
    assert read_journal(path) == Record(IDENTITY, [(0, 20)], [(0, 10)])
    monkeypatch.setattr(transfer_journal, "boot_id", lambda: "another boot")
    assert read_journal(path) == Record(IDENTITY, [(0, 10)], [(0, 10)])
    monkeypatch.setattr(transfer_journal, "boot_id", lambda: None)
    assert read_journal(path) == Record(IDENTITY, [(0, 10)], [(0, 10)])


def test_without_a_name_for_the_boot_only_what_was_synced_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfer_journal, "boot_id", lambda: None)
    Journal(tmp_path / "journal", IDENTITY, [(0, 50)], [(0, 30)]).close()
    assert read_journal(tmp_path / "journal") == Record(IDENTITY, [(0, 30)], [(0, 30)])


def test_what_is_added_during_a_sync_is_not_synced(tmp_path: Path, another_boot: None) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, IDENTITY)
    journal.add(0, 10)
    journal.checkpoint(lambda: journal.add(10, 20) is None)
    monkey = read_journal(path)
    assert monkey and monkey.durable == [(0, 10)]
    journal.checkpoint(lambda: True)
    found = read_journal(path)
    assert found and found.durable == [(0, 20)]
    journal.close()


def test_nothing_new_is_nothing_to_sync(tmp_path: Path) -> None:
    journal, synced = Journal(tmp_path / "journal", IDENTITY, [(0, 5)]), []
    for _ in range(3):
        journal.checkpoint(lambda: synced.append(1) is None)
    assert synced == [1]
    journal.add(5, 6)
    journal.close()
    journal.checkpoint(lambda: synced.append(2) is None)
    assert synced == [1]


def test_a_sync_that_outlives_its_journal_adds_nothing(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, IDENTITY, [(0, 5)])
    journal.checkpoint(lambda: journal.close() is None)
    assert read_journal(path) == Record(IDENTITY, [(0, 5)], [])


def test_a_failed_sync_is_not_noted_and_tried_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", IDENTITY, [(0, 5)])

    def broken() -> bool:
        raise OSError("broken disk")

    with pytest.raises(OSError, match="broken disk"):
        journal.checkpoint(broken)
    synced: list[int] = []
    journal.checkpoint(lambda: synced.append(1) is None)
    assert synced
    journal.close()


def test_what_may_be_in_the_memory_of_the_disk_is_not_promised(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path, IDENTITY, [(0, 5)])
    journal.checkpoint(lambda: False)
    assert read_journal(path) == Record(IDENTITY, [(0, 5)], [])
    journal.close()


@pytest.mark.timeout(20)
def test_a_close_does_not_wait_for_who_is_stuck(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal", IDENTITY, [(0, 5)])
    with journal._lock:
        thread = threading.Thread(target=journal.close, args=(0.05,))
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    journal.close()


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["add", "sync", "reopen", "reboot"]), st.integers(0, 90), st.integers(1, 30)), max_size=25
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(operations=OPERATIONS, damage=st.data())
def test_a_power_cut_at_any_moment_never_promises_what_the_disk_has_not(
    tmp_path: Path, operations: list[tuple[str, int, int]], damage: st.DataObject
) -> None:
    """The model: bytes written but not synced may be gone after a new start, and parts of the journal too."""
    path, run = tmp_path / "journal", 0
    written: set[int] = set()
    durable: set[int] = set()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transfer_journal, "boot_id", lambda: f"boot {run}")
        journal = Journal(path, IDENTITY)

        def sync() -> bool:
            durable.update(written)
            return True

        def reopen() -> None:
            nonlocal journal
            found = read_journal(path)
            done, kept = (found.done, found.durable) if found else ([], [])
            assert bytes_of(done, 100) <= written
            assert bytes_of(kept, 100) <= durable
            journal = Journal(path, IDENTITY, done, kept)

        for what, start, length in operations:
            match what:
                case "add":
                    written |= set(range(start, min(100, start + length)))
                    journal.add(start, min(100, start + length))
                case "sync":
                    journal.checkpoint(sync)
                case "reopen":
                    journal.close()
                    reopen()
                case "reboot":
                    journal.close()
                    run += 1
                    written = set(durable)
                    text = bytearray(path.read_bytes())
                    for _ in range(damage.draw(st.integers(0, 2))):  # Stretches that did not reach the disk.
                        at = damage.draw(st.integers(0, len(text)))
                        hole = damage.draw(st.integers(0, 60))
                        text[at : at + hole] = bytes(len(text[at : at + hole]))
                    del text[damage.draw(st.integers(0, len(text))) if damage.draw(st.booleans()) else len(text) :]
                    path.write_bytes(text)
                    reopen()
        journal.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(damage=st.data())
def test_a_torn_journal_of_another_boot_promises_only_what_was_synced(tmp_path: Path, damage: st.DataObject) -> None:
    path = tmp_path / "journal"
    with pytest.MonkeyPatch.context() as patch:
        journal = Journal(path, IDENTITY, [(0, 20)], [(0, 10)])
        journal.add(30, 40)
        journal.checkpoint(lambda: True)
        journal.add(50, 60)
        journal.checkpoint(lambda: journal.add(70, 80) is None)
        journal.add(90, 100)
        journal.close()
        patch.setattr(transfer_journal, "boot_id", lambda: "another boot")
        text = bytearray(path.read_bytes())
        for _ in range(damage.draw(st.integers(1, 3))):
            at = damage.draw(st.integers(0, len(text)))
            end = damage.draw(st.integers(at, len(text)))
            match damage.draw(st.sampled_from(["cut", "zero", "lose", "repeat"])):
                case "cut":
                    del text[at:]
                case "zero":
                    text[at:end] = bytes(end - at)
                case "lose":
                    del text[at:end]
                case "repeat":
                    text[at:at] = text[at:end]
        path.write_bytes(text)
        found = read_journal(path)
        if found is not None:
            synced = bytes_of([(0, 20), (30, 40), (50, 60)], 100)
            assert bytes_of(found.done, 100) <= synced
            assert found.done == found.durable


# The name of the boot


def test_the_boot_has_a_name_that_stays() -> None:
    assert boot.boot_id() == boot.boot_id()
    assert boot.boot_id(), "Linux, macOS and Windows can all tell"


def test_the_boot_of_windows_is_its_minute() -> None:
    class Ticks:
        restype = None

        def __call__(self) -> int:
            return 3_600_000

    assert boot._windows(Ticks(), now=7200.0) == boot._windows(Ticks(), now=7205.0) == "minute 60"
    assert boot._windows(Ticks(), now=7300.0) == "minute 62"


def test_the_boot_of_macos_is_a_uuid() -> None:
    def answers(name: bytes, text: object, *_: object) -> int:
        assert name == b"kern.bootsessionuuid"
        text.value = b"8F0C"  # type: ignore[attr-defined]
        return 0

    assert boot._macos(answers) == "8F0C"
    assert boot._macos(lambda *_: -1) is None
