# SPDX-License-Identifier: GPL-3.0-or-later
"""Fonts that a subtitle file or a film brings along, as files for as long as they are drawn with.

They are hostile: each is looked at only by what reads all other fonts, and there is a limit to how many are taken.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import re
import string
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from ..subtitles.document import Document
from ..subtitles.formats.substation_rows import HEAD, TAIL
from ..system import files
from . import woff

MOST_FONTS = 200
MOST_BYTES = 256 << 20
"""Of all of them together."""
_SUFFIXES = {
    b"\x00\x01\x00\x00": ".ttf", b"true": ".ttf", b"OTTO": ".otf", b"ttcf": ".ttc", b"wOF2": ".woff2",
}  # fmt: skip
_SECTION = re.compile(r"^\[fonts\][^\n]*\n(.*?)(?=^\[[^\]\n]{1,40}\]\s*$|\Z)", re.IGNORECASE | re.MULTILINE | re.DOTALL)
_BASE64 = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"
_AS_BASE64 = bytes(ord(_BASE64[min(max(sign - 33, 0), 63)]) for sign in range(256))
"""For each sign the one of base64 that has the same six bits."""
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
    filled = signs.translate(_AS_BASE64) + b"A" * (-len(signs) % 4)
    return base64.b64decode(filled)[: len(signs) * 3 // 4]


@contextlib.contextmanager
def unpacked(fonts: Iterable[bytes]) -> Iterator[tuple[Path | None, int]]:
    """A folder with fonts, named by what they are, which is gone afterwards; and how many were left out because they
    are too many or too large. None where there are none. Only one is held at a time. Raises OSError."""
    with contextlib.ExitStack() as stack:
        taken = _Taken(stack)
        for data in fonts:
            taken.add(data)
        yield taken.folder, taken.left_out


class _Taken:
    def __init__(self, stack: contextlib.ExitStack) -> None:
        self._stack = stack
        self._names: set[str] = set()
        self._size = 0
        self.folder: Path | None = None
        self.left_out = 0

    def add(self, data: bytes) -> None:
        """Take what is a font, as far as there is room. Raises OSError."""
        name = hashlib.sha256(data).hexdigest()[:24]
        if data[:4] not in _SUFFIXES or name in self._names:
            return
        room = MOST_BYTES - self._size
        if len(self._names) >= MOST_FONTS or len(data) > room:
            self.left_out += 1
            return
        try:
            # At once, so that there is room for what comes out.
            data = woff.unpacked(data, min(room, woff.MOST))
        except woff.TooLargeError:
            self.left_out += 1
            return
        except ValueError:
            return
        self._names.add(name)
        self._size += len(data)
        if self.folder is None:
            made = tempfile.TemporaryDirectory(prefix="subtitle-fonts-", ignore_cleanup_errors=True)
            self.folder = Path(self._stack.enter_context(made))
        files.write(self.folder / (name + _SUFFIXES.get(data[:4], ".ttf")), data, lasting=False)
