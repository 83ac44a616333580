# SPDX-License-Identifier: GPL-3.0-or-later
"""Ogg files of several streams, one after the other, as radio recordings are: where each lies, and each as a file."""

from __future__ import annotations

import contextlib
import io
import os
from typing import BinaryIO


class Slice(io.RawIOBase):
    """A part of an open file, from byte `begin` to `end`, as a file. Moves the other's place, and never closes it."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        self._file = file
        self._begin = begin
        self._end = end
        file.seek(begin)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left = self._end - self._file.tell()
        return self._file.read(left if size < 0 else max(0, min(size, left)))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: self._begin, os.SEEK_CUR: self._file.tell(), os.SEEK_END: self._end}[whence]
        self._file.seek(max(self._begin, base + offset))
        return self.tell()

    def tell(self) -> int:
        return self._file.tell() - self._begin


def links(path: str) -> list[tuple[int, int]]:
    """Where in an Ogg file each of the streams that follow one another lies, in bytes. Empty where it cannot be
    read. Never raises."""
    begins: list[int] = []
    heads = False
    with contextlib.suppress(OSError), open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        position = 0
        while position < size:
            file.seek(position)
            header = file.read(27)
            if header[:4] != b"OggS" or len(header) < 27:
                position = _next_page(file, position + 1)
                continue
            begins_stream = bool(header[5] & 2)
            if begins_stream and not heads:
                begins.append(position)
            heads = begins_stream
            position += 27 + header[26] + sum(file.read(header[26]))
        return list(zip(begins, [*begins[1:], size], strict=True))
    return []


def _next_page(file: BinaryIO, position: int) -> int:
    """Where the next page may begin, after damage."""
    while True:
        file.seek(position)
        block = file.read(65536)
        found = block.find(b"OggS")
        if found >= 0:
            return position + found
        if len(block) < 65536:
            return position + len(block) + 27
        position += len(block) - 3
