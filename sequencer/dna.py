# SPDX-License-Identifier: GPL-3.0-or-later
"""What Blender knows of a retimed strip and its Python API does not say: which part of the media each key stands for.

A .blend file describes the structs of the Blender that wrote it, field by field, and those of a running Blender lie in
memory as in its files. So a file of a few kilobytes, written by this Blender itself, says where a strip keeps its keys.
Whatever is not exactly as expected there is no answer, rather than a guess.
"""

from __future__ import annotations

import ctypes
import dataclasses
import functools
import itertools
import struct
import tempfile
from pathlib import Path

import bpy

from .compat import Strip

_RAMP = 0b0011
"""Flags of a key where the speed changes gradually (SEQ_SPEED_TRANSITION_IN, _OUT in DNA_sequence_types.h)."""
_KEYS = ("*retiming_keys", "*retiming_handles")
_COUNTS = ("retiming_keys_num", "retiming_handle_num")


@dataclasses.dataclass(frozen=True, slots=True)
class RetimingKey:
    """A key of a strip's retiming."""

    frame: int
    """On the timeline."""
    factor: float
    """Which part of the media's length has been shown there, 0.0 to 1.0."""
    ramp: bool
    """The speed changes gradually on one of its sides."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Layout:
    """Offsets in bytes."""

    name: int
    keys: int
    count: int
    size: int
    factor: int
    flag: int


def retiming(strip: Strip) -> list[RetimingKey] | None:
    """The strip's keys in order; empty where it is not retimed. None: this Blender keeps them in an unknown way."""
    keys = getattr(strip, "retiming_keys", ())
    frames = [int(key.timeline_frame) for key in keys]
    if not frames:
        return []
    layout = _layout()
    if layout is None:
        return None
    address = strip.as_pointer()
    name = ctypes.string_at(address + layout.name, 64).split(b"\0")[0]
    count = ctypes.c_int.from_address(address + layout.count).value
    # The name is there, with Blender's prefix, and as many keys as its API shows: the right places, then.
    if name != b"SQ" + strip.name.encode("utf-8") or count != len(frames):
        return None
    first = ctypes.c_void_p.from_address(address + layout.keys).value
    if not first:
        return None
    found = []
    for number, frame in enumerate(frames):
        key = first + number * layout.size
        factor = ctypes.c_float.from_address(key + layout.factor).value
        flag = ctypes.c_int.from_address(key + layout.flag).value
        found.append(RetimingKey(frame, factor, bool(flag & _RAMP)))
    return found if _is_sane(found) else None


def _is_sane(keys: list[RetimingKey]) -> bool:
    """Keys go forward in time, and each factor is a part of a whole."""
    pairs = list(itertools.pairwise(keys))
    return all(-1e-6 <= key.factor <= 1.0 + 1e-6 for key in keys) and all(a.frame <= b.frame for a, b in pairs)


@functools.cache
def _layout() -> _Layout | None:
    try:
        return _read(_own_file())
    except (OSError, ValueError, KeyError, struct.error, RuntimeError, StopIteration):
        return None


def _own_file() -> bytes:
    """A file of this Blender with next to nothing in it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.blend"
        text = bpy.data.texts.new("subtitle_editor")
        try:
            bpy.data.libraries.write(str(path), {text}, compress=False)
        finally:
            bpy.data.texts.remove(text)
        return path.read_bytes()


def _read(data: bytes) -> _Layout:
    """Offsets by the description at the end of a file. Raises ValueError, KeyError, struct.error."""
    structs = _Structs(_description(data))
    # The structs have had several names, in files and in the code; what a strip is shows by its fields.
    known = structs.fields.items()
    strip = next(fields for _, fields in known if "name[64]" in fields and _of(fields, _KEYS) is not None)
    key = next(name for name, fields in known if {"retiming_factor", "strip_frame_index"} <= set(fields))
    keys, count = _of(strip, _KEYS), _of(strip, _COUNTS)
    if keys is None or count is None:
        raise ValueError("no keys")
    inside = structs.fields[key]
    return _Layout(strip["name[64]"], keys, count, structs.sizes[key], inside["retiming_factor"], inside["flag"])


def _of(fields: dict[str, int], names: tuple[str, ...]) -> int | None:
    return next((fields[name] for name in names if name in fields), None)


def _description(data: bytes) -> bytes:
    """The block DNA1 of a file. Files of Blender 5 have a longer header and longer headers of blocks."""
    if data[:7] != b"BLENDER":
        raise ValueError("no Blender file")
    is_new = data[7:9].isdigit()
    position, form = (int(data[7:9]), "<4siQqq") if is_new else (12, "<4siQii")
    while True:
        if is_new:
            code, _, _, size, _ = struct.unpack_from(form, data, position)
        else:
            code, size, _, _, _ = struct.unpack_from(form, data, position)
        position += struct.calcsize(form)
        if code == b"DNA1":
            return data[position : position + size]
        if code == b"ENDB":
            raise ValueError("no description")
        position += size


class _Structs:
    """Where each field of each struct lies."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 4
        names = self._strings(b"NAME")
        types = self._strings(b"TYPE")
        self._section(b"TLEN")
        lengths = self._shorts(len(types))
        self._section(b"STRC")
        (count,) = struct.unpack_from("<i", data, self._at)
        self._at += 4
        self.fields: dict[str, dict[str, int]] = {}
        self.sizes: dict[str, int] = {}
        for _ in range(count):
            kind, number = self._shorts(2)
            offset = 0
            inside: dict[str, int] = {}
            for _ in range(number):
                type_index, name_index = self._shorts(2)
                name = names[name_index]
                inside[name] = offset
                offset += _size(name, lengths[type_index])
            self.fields[types[kind]] = inside
            self.sizes[types[kind]] = lengths[kind]

    def _section(self, name: bytes) -> None:
        self._at += -self._at % 4
        if self._data[self._at : self._at + 4] != name:
            raise ValueError(f"no {name!r}")
        self._at += 4

    def _strings(self, name: bytes) -> list[str]:
        self._section(name)
        (count,) = struct.unpack_from("<i", self._data, self._at)
        self._at += 4
        found = []
        for _ in range(count):
            end = self._data.index(b"\0", self._at)
            found.append(self._data[self._at : end].decode("ascii"))
            self._at = end + 1
        return found

    def _shorts(self, count: int) -> tuple[int, ...]:
        values: tuple[int, ...] = struct.unpack_from(f"<{count}h", self._data, self._at)
        self._at += 2 * count
        return values


def _size(name: str, length: int) -> int:
    """Bytes of a field: of a pointer, or of its type, as often as its brackets say."""
    size = ctypes.sizeof(ctypes.c_void_p) if name.startswith(("*", "(")) else length
    for part in name.split("[")[1:]:
        size *= int(part.rstrip("]"))
    return size
