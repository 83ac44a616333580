# SPDX-License-Identifier: GPL-3.0-or-later
"""What a partial file holds, written down beside it so that the next process knows.

    part 1 {"boot": "5d0c...", "etag": null, "sha256": "9f86...", "size": 3087284237} 5d0c2b7e
    done 0 1048576 1a2b3c4d
    done 16777216 524288 99aabbcc
    sync 150 150 0f1e2d3c

One line is one fact with its checksum, appended only after the bytes it speaks of were handed to the operating system.
So a process that is killed loses at most what it had not written down, and a journal that is cut off or torn anywhere
loses the facts of the damaged lines and nothing else.

A power cut takes what the operating system had not yet brought to the disk, and the journal may outlive the bytes it
speaks of. `sync 150 190` says that what the first 150 bytes of the journal speak of is on the disk for good; it counts
only at byte 190 of the journal, so that nothing can be lost before it and leave it a wrong meaning. The first line
names the run of the machine: read in the same run all facts count, in a later one only the synced ones.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..system.files import replace, sync
from .boot import boot_id
from .parts import PartMap

Ranges = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a partial file is a part of. Bytes of different identities are never mixed."""

    size: int
    sha256: str | None
    etag: str | None

    def serves(self, size: int | None, sha256: str | None, etag: str | None) -> bool:
        """Whether a partial of this identity may be continued for a file that is known by these.

        The hash decides; without one the size and the ETag must both be the same. Without either nothing says that
        the bytes on the server are still those of last time, and the file is started over.
        """
        if size is not None and size != self.size:
            return False
        if sha256 is not None:
            return self.sha256 == sha256
        return self.sha256 is None and etag is not None and self.etag == etag


@dataclass(frozen=True, slots=True)
class Record:
    """What a journal says. Ranges are half-open, ascending, apart from each other."""

    identity: Identity
    done: Ranges
    """What can be relied on now."""
    durable: Ranges
    """What of it a power cut cannot take any more."""

    def up_to(self, size: int) -> Record:
        """The same of a file that has become as short as `size`."""
        done, durable = (
            [(start, min(end, size)) for start, end in ranges if start < size] for ranges in (self.done, self.durable)
        )
        return Record(self.identity, done, durable)

    def has(self, start: int, end: int) -> bool:
        """Whether bytes `start` to `end` can be relied on."""
        return any(first <= start and end <= last for first, last in self.done)


_PATIENCE = 30.0
"""Seconds for who has the old journal open. A sync to a slow disk may take that long."""

_HEADER = re.compile(rb"part 1 (\{.*\}) ([0-9a-f]{8})")
_DONE = re.compile(rb"done (\d{1,19}) (\d{1,19}) ([0-9a-f]{8})")
_SYNC = re.compile(rb"sync (\d{1,19}) (\d{1,19}) ([0-9a-f]{8})")


def checked_line(text: str) -> bytes:
    """A line of a file that tells a torn one from a whole one: `text` with its checksum."""
    body = text.encode()
    return b"%s %08x\n" % (body, zlib.crc32(body))


def _is_sound(line: bytes, checksum: bytes) -> bool:
    return zlib.crc32(line[: -len(checksum) - 1]) == int(checksum, 16)


class Journal:
    """The record of a partial file, open for adding to it. Every method may be called from any thread."""

    def __init__(
        self,
        path: Path,
        identity: Identity,
        done: Iterable[tuple[int, int]] = (),
        durable: Iterable[tuple[int, int]] = (),
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Write `path` anew, with what is there already, in one step: it is never half replaced. Raises OSError, and
        what `sleep` raises, which is called while somebody has the old one open: a run that was cancelled in the middle
        of a sync, say."""
        done, durable = list(done), list(durable)
        names = {"boot": boot_id(), "etag": identity.etag, "sha256": identity.sha256, "size": identity.size}
        lines = [checked_line(f"part 1 {json.dumps(names, sort_keys=True)}")]
        lines += [checked_line(f"done {start} {end - start}") for start, end in durable]
        if durable:
            place = sum(map(len, lines))
            lines.append(checked_line(f"sync {place} {place}"))
        lines += [checked_line(f"done {start} {end - start}") for start, end in done]
        text = b"".join(lines)
        fresh = path.with_name(path.name + ".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(fresh, flags, 0o666), "wb") as file:
            file.write(text)
            if durable:  # A new name without its content would lose what the old journal had for certain.
                file.flush()
                sync(file.fileno())
        replace(fresh, path, _PATIENCE, sleep)
        # Unbuffered: a line that waits in this process is lost when it is killed.
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115
        self._length = len(text)
        self._unsynced = bool(done)
        self._lock = threading.Lock()

    def add(self, start: int, end: int) -> None:
        """Bytes `start` to `end` were written. Raises OSError."""
        with self._lock:
            if end > start and self._is_open():
                self._length += self._file.write(checked_line(f"done {start} {end - start}"))
                self._unsynced = True

    def checkpoint(self, bring: Callable[[], bool]) -> None:
        """Note that what was added before this call will survive a power cut. Raises OSError.

        `bring` has to bring the partial file to the disk, and to say whether it is there for good: nothing is noted
        otherwise. It may take long: meanwhile others go on adding.
        """
        with self._lock:
            if not self._unsynced or not self._is_open():
                return
            said, self._unsynced = self._length, False
        try:
            lasting = bring()
        except OSError:
            self._unsynced = True
            raise
        with self._lock:
            if not lasting or not self._is_open():
                return
            self._length += self._file.write(checked_line(f"sync {said} {self._length}"))
            descriptor = os.dup(self._file.fileno())
        with contextlib.closing(os.fdopen(descriptor, "ab", buffering=0)) as file:
            sync(file.fileno())

    def _is_open(self) -> bool:
        return not self._file.closed

    def close(self, timeout: float = -1) -> None:
        """End the record; what is added afterwards is ignored. Gives up after `timeout` seconds if someone is stuck."""
        if self._lock.acquire(timeout=timeout):
            with contextlib.suppress(OSError):  # Of a disk on the network. What it did not take is fetched again.
                self._file.close()
            self._lock.release()


def read_journal(path: Path) -> Record | None:
    """What a journal says is there, or None if there is none or it cannot be read. Damaged lines do not count."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError:
        return None
    header = _read_header(lines[0]) if lines else None
    if header is None:
        return None
    identity, boot = header
    facts, synced = _read_facts(lines)
    durable = PartMap(identity.size, [fact for at, fact in facts if at < synced]).done
    if boot is None or boot != boot_id():
        return Record(identity, durable, durable)
    return Record(identity, PartMap(identity.size, [fact for _, fact in facts]).done, durable)


def _read_facts(lines: list[bytes]) -> tuple[list[tuple[int, tuple[int, int]]], int]:
    """The ranges, each with its place in the journal, and the place before which they are synced."""
    facts, synced, at = [], 0, 0
    for line in lines:
        match = _DONE.fullmatch(line)
        if match and _is_sound(line, match[3]):
            start, length = int(match[1]), int(match[2])
            facts.append((at, (start, start + length)))
        match = _SYNC.fullmatch(line)
        if match and _is_sound(line, match[3]) and int(match[1]) <= int(match[2]) == at:
            synced = max(synced, int(match[1]))
        at += len(line) + 1
    return facts, synced


def _read_header(line: bytes) -> tuple[Identity, str | None] | None:
    match = _HEADER.fullmatch(line)
    if not match or not _is_sound(line, match[2]):
        return None
    try:
        data = json.loads(match[1])
        identity, boot = Identity(data["size"], data["sha256"], data["etag"]), data["boot"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    texts = (identity.sha256, identity.etag, boot)
    if type(identity.size) is not int or identity.size < 0 or not all(isinstance(t, str | None) for t in texts):
        return None
    return identity, boot
