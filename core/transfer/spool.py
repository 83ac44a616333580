# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of the blocks that wait for the disk, where a process that is killed leaves them: in the system's cache.

A disk hesitates, and a fast server does not. Blocks that are only in memory are lost with the process, so few may wait
for the disk, and then the connection would wait with them. A copy in an ordinary file costs a fraction of a
millisecond, takes its place in the cache anew each time, and meets the disk only when the system finds time for it, on
Linux after half a minute. So it does not survive a power cut, and is not meant to.

The file has a slot for each block: the bytes, and behind the room for them a seal, one line:

    spool 1 {"boot": "5d0c...", "length": 2097152, "position": 6291456, "sample": 305419896, ...} 5d0c2b7e

The seal is taken away before the bytes change and put there after them: what has one is whole, whenever the process
ended. It counts in the same run of the machine only, and for the same file as the journal's. A disk that was pulled out
in that time has lost some pages and not others; the sample, a checksum over one byte of each sector, tells.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import io
import json
import logging
import os
import re
import threading
import zlib
from pathlib import Path
from typing import NamedTuple

from ..system.control import Control
from ..system.files import free_space, remove
from .boot import boot_id
from .file import PAGE, PartFile
from .hash import BLOCK, Block
from .journal import Identity, Ranges, Record, checked_line

log = logging.getLogger(__name__)

_SLOT = BLOCK + PAGE
_MOST_SLOTS = 64
_SECTOR = 512
_SEAL = re.compile(rb'spool 1 \{.*"length": (\d{1,7}), "position": (\d{1,19}), "sample": (\d{1,10}), .*\} [0-9a-f]{8}')


class Kept(NamedTuple):
    """What a slot has: `length` bytes of the file from `position` on."""

    slot: int
    position: int
    length: int
    sample: int

    @property
    def end(self) -> int:
        """Where the bytes end in the file."""
        return self.position + self.length


class Spool:
    """Takes copies of blocks. Every method may be called from any thread. The file is there from the first copy on."""

    def __init__(self, path: Path, identity: Identity, room: int) -> None:
        """`room` is how many bytes must be free on the disk for copies to be made, lest they take what the file itself
        needs: as many as are missing of it, the slots', and some to spare."""
        self._path = path
        self._identity = identity
        self._room = room
        self._lock = threading.Lock()
        self._file: io.FileIO | None = None
        self._ended = boot_id() is None

    def keep(self, block: Block, position: int, data: memoryview) -> bool:
        """Copy `data`, which are the bytes of the file from `position` on, into the slot of `block`. False if that is
        not to be had here, or no longer: then nobody may rely on it."""
        copy = Kept(block.number, position, len(data), _sample(data))
        seal, place = _seal(self._identity, copy), copy.slot * _SLOT
        with self._lock:
            if self._ended or len(seal) > PAGE:  # Whatever the server calls an ETag.
                return False
            try:
                if self._file is None:
                    self._file = self._open()
                self._put(place + BLOCK, bytes(PAGE))
                self._put(place, data)
                self._put(place + BLOCK, seal)
            except OSError as ex:
                log.info("no copies of what waits for the disk: %s", ex)
                self._ended = True
        return not self._ended

    def close(self, timeout: float, delete: bool) -> None:
        """Take no more, and `delete` the copies if all they were of is in the file. Gives up after `timeout` seconds
        if someone is stuck in the disk: they are deleted with the end of the transfer, this one's or the next's."""
        self._ended = True
        if self._lock.acquire(timeout=timeout):
            if self._file:
                # A disk on the network may only now tell that it is full: then the copies are of no use.
                with contextlib.suppress(OSError):
                    self._file.close()
                if delete:
                    forget(self._path)
            self._lock.release()

    def _open(self) -> io.FileIO:
        if (free_space(self._path.parent) or 0) < self._room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        # Anew: a thread that was left behind by a cancelled transfer may still have the last one.
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        return io.FileIO(os.open(self._path, flags, 0o666), "r+")

    def _put(self, place: int, data: bytes | memoryview) -> None:
        assert self._file
        self._file.seek(place)
        if self._file.write(data) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def spooled(path: Path, identity: Identity) -> list[Kept]:
    """What the copies at `path` are of, if they are of this file and count. Never raises."""
    try:
        with open(path, "rb", buffering=0) as file:
            slots = -(-file.seek(0, os.SEEK_END) // _SLOT)
            found = (_read_seal(file, slot, identity) for slot in range(min(slots, _MOST_SLOTS)))
            return [kept for kept in found if kept]
    except OSError:
        return []


def copy_back(path: Path, record: Record, part: Path, control: Control) -> Ranges:
    """Put what the copies at `path` are of, and the journal's record has not, into the partial file. The answer is its
    ranges, half-open, in any order.

    Raises OSError when the partial file cannot be written, and JobCancelled between two copies.
    """
    found = [kept for kept in spooled(path, record.identity) if not record.has(kept.position, kept.end)]
    if not found:
        return []
    block, done = Block(), []
    with PartFile(part) as file:
        for kept in found:
            control.check()
            block.base = kept.position - kept.position % BLOCK
            data = block.view(kept.position, kept.end)
            if _read(path, kept, data):
                position = kept.position
                while position < kept.end:
                    position += file.write(position, block.view(position, kept.end))
                done.append((kept.position, kept.end))
    return done


def forget(path: Path, patience: float = 0.0) -> None:
    """Delete the copies: they count for nothing when their bytes are in the file. Where somebody has the file open for
    longer than `patience` seconds and the system does not delete it then, at least nothing is left in it."""
    with contextlib.suppress(OSError):
        try:
            remove(path, patience)
        except OSError:
            os.truncate(path, 0)


def _read(path: Path, kept: Kept, data: memoryview) -> bool:
    """Fill `data` from a slot. Whether it is what was copied there."""
    with contextlib.suppress(OSError), open(path, "rb", buffering=0) as file:
        file.seek(kept.slot * _SLOT)
        return len(data) == kept.length == file.readinto(data) and _sample(data) == kept.sample
    return False


def _sample(data: memoryview) -> int:
    return zlib.crc32(data[::_SECTOR].tobytes())


def _seal(identity: Identity, kept: Kept) -> bytes:
    names = {"boot": boot_id(), **dataclasses.asdict(identity), **kept._asdict()}
    return checked_line(f"spool 1 {json.dumps(names, sort_keys=True)}")


def _read_seal(file: io.FileIO, slot: int, identity: Identity) -> Kept | None:
    file.seek(slot * _SLOT + BLOCK)
    text = file.read(PAGE).partition(b"\n")[0]
    match = _SEAL.fullmatch(text)
    if not match:
        return None
    kept = Kept(slot, int(match[2]), int(match[1]), int(match[3]))
    counts = boot_id() is not None and kept.length > 0 and kept.end <= identity.size
    return kept if counts and _seal(identity, kept) == text + b"\n" else None
