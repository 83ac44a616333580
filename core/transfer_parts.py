# SPDX-License-Identifier: GPL-3.0-or-later
"""Which bytes of a file are there, who fetches which of the others, and the journal that remembers it on disk.

Offsets and lengths are bytes. `PartMap` is plain bookkeeping without files or threads; `Journal` writes it down:

    part 1 {"etag": null, "sha256": "9f86...", "size": 3087284237} 5d0c2b7e
    done 0 1048576 1a2b3c4d
    done 16777216 524288 99aabbcc

One line is one fact with its checksum, appended only after the bytes it speaks of were handed to the operating system.
So a process that is killed loses at most what it had not written down, and a journal that is cut off or torn anywhere
loses the facts of the damaged lines and nothing else.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

UNKNOWN_SIZE = 1 << 62
"""Stands for the size of a file until the server has told it."""


@dataclass(slots=True, eq=False)
class Span:
    """Bytes that one connection fetches. `position` is the next one to come; `end` may shrink when another helps."""

    position: int
    end: int

    @property
    def remaining(self) -> int:
        """Bytes still to come."""
        return self.end - self.position


class PartMap:
    """The bytes of one file: done, being fetched, or free. Not thread-safe: the caller holds a lock."""

    def __init__(self, size: int, done: Iterable[tuple[int, int]] = ()) -> None:
        """`done` are half-open ranges in any order; what lies outside the file is left out."""
        self.size = size
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._claims: list[Span] = []
        for start, end in done:
            self._add(max(0, start), min(end, size))

    @property
    def done(self) -> list[tuple[int, int]]:
        """The finished ranges: half-open, ascending, apart from each other."""
        return list(zip(self._starts, self._ends, strict=True))

    @property
    def bytes_done(self) -> int:
        """How many bytes are there."""
        return sum(self._ends) - sum(self._starts)

    @property
    def prefix(self) -> int:
        """How many bytes are there from the beginning without a gap: those can be hashed."""
        return self._ends[0] if self._starts and self._starts[0] == 0 else 0

    @property
    def complete(self) -> bool:
        """Whether every byte is there."""
        return self.prefix == self.size

    @property
    def claims(self) -> tuple[Span, ...]:
        """What is being fetched now."""
        return tuple(self._claims)

    def claim(self, length: int) -> Span | None:
        """The first free bytes of the file, at most `length`, are the caller's to fetch. None if none are free."""
        position = 0
        for start, end in sorted([*self.done, *((span.position, span.end) for span in self._claims)]):
            if start > position:
                break
            position = max(position, end)
        else:
            start = self.size
        start = min(start, self.size)
        if position >= start:
            return None
        span = Span(position, min(start, position + length))
        self._claims.append(span)
        return span

    def steal(self, least: int) -> Span | None:
        """The second half of the largest span that is being fetched; None if its half would be under `least`.

        The one who fetches it finds its `end` moved. `least` must not be less than what anyone reads at once.
        """
        victim = max(self._claims, key=lambda span: span.remaining, default=None)
        if victim is None or victim.remaining < 2 * least:
            return None
        middle = victim.end - victim.remaining // 2
        span = Span(middle, victim.end)
        victim.end = middle
        self._claims.append(span)
        return span

    def advance(self, span: Span, length: int) -> None:
        """`length` bytes of `span` are there."""
        if not 0 <= length <= span.remaining:
            raise ValueError(f"{length} bytes do not fit into {span}")
        self._add(span.position, span.position + length)
        span.position += length

    def release(self, span: Span) -> None:
        """The caller is done with `span`; what is missing of it is free again. May be called again."""
        with contextlib.suppress(ValueError):
            self._claims.remove(span)

    def settle(self, size: int) -> None:
        """The size has become known. Nothing may be there beyond it."""
        if self._ends and self._ends[-1] > size:
            raise ValueError(f"{self._ends[-1]} bytes of a file of {size}")
        self.size = size
        for span in self._claims:
            span.end = max(span.position, min(span.end, size))

    def clear(self) -> None:
        """Nothing is there any more. Who fetches something goes on from where it is, with nothing before it."""
        self._starts.clear()
        self._ends.clear()

    def _add(self, start: int, end: int) -> None:
        if start >= end:
            return
        first = bisect_left(self._ends, start)
        last = bisect_right(self._starts, end)
        if first < last:
            start = min(start, self._starts[first])
            end = max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]


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


_HEADER = re.compile(rb"part 1 (\{.*\}) ([0-9a-f]{8})")
_DONE = re.compile(rb"done (\d{1,19}) (\d{1,19}) ([0-9a-f]{8})")


def _line(text: str) -> bytes:
    body = text.encode()
    return b"%s %08x\n" % (body, zlib.crc32(body))


def _is_sound(line: bytes, checksum: bytes) -> bool:
    return zlib.crc32(line[: -len(checksum) - 1]) == int(checksum, 16)


class Journal:
    """The record of a partial file, open for adding to it. Not thread-safe: the caller holds a lock."""

    def __init__(self, path: Path, identity: Identity, done: Iterable[tuple[int, int]] = ()) -> None:
        """Write `path` anew, with what is there already, in one step: it is never half replaced. Raises OSError."""
        text = json.dumps({"etag": identity.etag, "sha256": identity.sha256, "size": identity.size}, sort_keys=True)
        lines = [_line(f"part 1 {text}"), *(_line(f"done {start} {end - start}") for start, end in done)]
        fresh = path.with_name(path.name + ".new")
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(fresh, flags, 0o600), "wb") as file:
            file.writelines(lines)
        os.replace(fresh, path)
        # Unbuffered: a line that waits in this process is lost when it is killed.
        self._file = open(path, "ab", buffering=0)  # noqa: SIM115

    def add(self, start: int, end: int) -> None:
        """Bytes `start` to `end` were written. Raises OSError."""
        if end > start and not self._file.closed:
            self._file.write(_line(f"done {start} {end - start}"))

    def close(self) -> None:
        """End the record; what is added afterwards is ignored."""
        self._file.close()


def read_journal(path: Path) -> tuple[Identity, list[tuple[int, int]]] | None:
    """What a journal says is there, or None if there is none or it cannot be read. Damaged lines do not count."""
    try:
        lines = path.read_bytes().split(b"\n")[:-1]
    except OSError:
        return None
    identity = _read_header(lines[0]) if lines else None
    if identity is None:
        return None
    done = []
    for line in lines[1:]:
        match = _DONE.fullmatch(line)
        if match and _is_sound(line, match[3]):
            start, length = int(match[1]), int(match[2])
            done.append((start, start + length))
    return identity, PartMap(identity.size, done).done


def _read_header(line: bytes) -> Identity | None:
    match = _HEADER.fullmatch(line)
    if not match or not _is_sound(line, match[2]):
        return None
    try:
        data = json.loads(match[1])
        identity = Identity(data["size"], data["sha256"], data["etag"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    texts = (identity.sha256, identity.etag)
    if type(identity.size) is not int or identity.size < 0 or not all(isinstance(t, str | None) for t in texts):
        return None
    return identity
