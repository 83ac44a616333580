# SPDX-License-Identifier: GPL-3.0-or-later
"""Fonts that a subtitle file or a film brings along, as files for as long as they are drawn with.

They are hostile: each is looked at only by what reads all other fonts, and there is a limit to how many are taken.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..subtitles.document import Document
from ..subtitles.formats.substation_rows import HEAD, TAIL
from ..system import files

MOST_FONTS = 200
MOST_BYTES = 256 << 20
"""Of all of them together."""
_SUFFIXES = {
    b"\x00\x01\x00\x00": ".ttf", b"true": ".ttf", b"OTTO": ".otf", b"ttcf": ".ttc", b"wOF2": ".woff2",
}  # fmt: skip
_SECTION = re.compile(r"^\[fonts\][^\n]*\n(.*?)(?=^\[[^\]\n]{1,40}\]\s*$|\Z)", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"^fontname:[^\n]*\n", re.IGNORECASE | re.MULTILINE)


def fonts_of(document: Document) -> Iterator[bytes]:
    """Those of a SubStation file's own section."""
    for part in (HEAD, TAIL):
        for section in _SECTION.finditer(str(document.extra.get(part, "")) + "\n"):
            for lines in _NAME.split(section[1])[1:]:
                yield _decoded(lines)


def _decoded(lines: str) -> bytes:
    """Bytes that are written as letters, four for three bytes, each 33 more than its six bits."""
    signs = lines.encode("ascii", "replace").translate(None, b"\r\n \t")
    bits = bytes(min(max(sign - 33, 0), 63) for sign in signs)
    whole = bits + bytes(-len(bits) % 4)
    out = bytearray()
    for a, b, c, d in zip(whole[0::4], whole[1::4], whole[2::4], whole[3::4], strict=True):
        out += (a << 18 | b << 12 | c << 6 | d).to_bytes(3, "big")
    return bytes(out[: len(bits) * 3 // 4])


@contextlib.contextmanager
def unpacked(fonts: Iterable[bytes]) -> Iterator[tuple[Path | None, int]]:
    """A folder with fonts, named by what they are, which is gone afterwards; and how many were left out because there
    are too many. None where there are none. Raises OSError."""
    kept: dict[str, bytes] = {}
    size = left_out = 0
    for data in fonts:
        suffix = _SUFFIXES.get(data[:4])
        if suffix is None:
            continue
        if len(kept) >= MOST_FONTS or size + len(data) > MOST_BYTES:
            left_out += 1
            continue
        kept[hashlib.sha256(data).hexdigest()[:24] + suffix] = data
        size += len(data)
    if not kept:
        yield None, left_out
        return
    with tempfile.TemporaryDirectory(prefix="subtitle-fonts-", ignore_cleanup_errors=True) as name:
        for file, data in kept.items():
            files.write(Path(name) / file, data, lasting=False)
        yield Path(name), left_out
