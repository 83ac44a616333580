# SPDX-License-Identifier: GPL-3.0-or-later
"""What files say of their own length, where FFmpeg does not pass it on or guesses."""

from __future__ import annotations

import contextlib
import os
import struct
from typing import Any


def has_no_index(file: Any) -> bool:
    """Whether it is an MP4 or MOV without `moov`: recorders write that last, and not when they crash."""
    with contextlib.suppress(OSError, struct.error), open(getattr(file, "name", file), "rb") as opened:
        names: list[bytes] = []
        # Of a file that is nothing of the kind the first name tells.
        while len(names) < 1000 and (head := opened.read(16)) and len(head) >= 8:
            size, name = struct.unpack(">I4s", head[:8])
            if size == 1 and len(head) == 16:
                size = struct.unpack(">Q", head[8:])[0]
            names.append(name)
            if size < 8 or name == b"moov":
                break
            opened.seek(size - len(head), os.SEEK_CUR)
        return names[:1] == [b"ftyp"] and b"mdat" in names and b"moov" not in names
    return False


def counted(path: str, rate: int) -> float | None:
    """Seconds by the count of frames that many an MP3 has in its first frame; None where there is none."""
    with contextlib.suppress(OSError, struct.error), open(path, "rb") as file:
        head = file.read(10)
        size = 0
        if head[:3] == b"ID3":
            for byte in head[6:10]:
                size = size << 7 | byte & 0x7F
            size += 10
        file.seek(size)
        found = file.read(4096)
        at = max(found.find(b"Xing"), found.find(b"Info"))
        if at >= 0:
            flags, frames = struct.unpack(">II", found[at + 4 : at + 12])
            if flags & 1 and rate:
                return float(frames * (1152 if rate >= 32000 else 576) / rate)
    return None


def by_wave(path: str) -> float | None:
    """Seconds by the size that a WAVE file gives its samples; None where it gives none, as while recording."""
    with contextlib.suppress(OSError, struct.error), open(path, "rb") as file:
        if file.read(4) != b"RIFF":
            return None
        file.seek(12)
        byte_rate = 0
        while len(head := file.read(8)) == 8:
            name, size = head[:4], struct.unpack("<I", head[4:])[0]
            if name == b"data":
                return size / byte_rate if byte_rate and 0 < size < 0x7FFFFF00 else None
            if name == b"fmt ":
                byte_rate = struct.unpack("<I", file.read(12)[8:])[0]
                size -= 12
            file.seek(size + size % 2, os.SEEK_CUR)
    return None


_ASF_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
"""Begins what an ASF (WMA, WMV) says of itself as a file."""


def by_asf(path: str) -> float | None:
    """Seconds by the head, of which FFmpeg says nothing where the file is cut off; None where they were not known."""
    with contextlib.suppress(OSError, struct.error), open(path, "rb") as file:
        head = file.read(1 << 16)
        at = head.find(_ASF_FILE)
        if at >= 0:
            played, preroll, flags = struct.unpack("<Q8xQI", head[at + 64 : at + 92])
            return None if flags & 1 else max(0.0, played / 1e7 - preroll / 1e3)
    return None


def is_whole_avi(path: str) -> bool:
    """Whether an AVI file goes to the end of its last part as that is stated: writers count sound that begins late as
    longer than it is."""
    with contextlib.suppress(OSError, struct.error), open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        position = 0
        while position < size and file.read(4) == b"RIFF":
            part = struct.unpack("<I", file.read(4))[0]
            if not part:
                return False
            position += 8 + part + part % 2
            file.seek(position)
        return 0 < position <= size + 1
    return False
