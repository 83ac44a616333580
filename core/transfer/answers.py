# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer brings, as its headers tell it, and whether that is what was asked for. No network, no threads.

Networks that want their user to sign in answer anything with a web page; proxies compress, shorten and forget what was
asked; mirrors call a part a whole. None of that says anything about the bytes we already have: an answer that does not
fit is not taken, and that is all.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..text import Text

_CONTENT_RANGE = re.compile(r"bytes[ =] *(?:(\d{1,19}) *- *(\d{1,19})|\*) */ *(\d{1,19}|\*)", re.ASCII | re.IGNORECASE)
"""As the standard has it, or with the sign that belongs into a question: some servers only know that one."""
_PAGES = {"text/html", "application/xhtml+xml"}
_PAGE_NAMES = (".html", ".htm", ".xhtml")
UNPACKED = {"gzip", "x-gzip", "deflate"}
"""Encodings that `Answer` undoes."""
_COMPRESSIONS = UNPACKED | {"br", "zstd", "dcb", "dcz", "compress", "x-compress"}
"""What servers put there beside these changes no byte: `none`, the name of a character set, S3's `aws-chunked`."""

SIGN_IN = 511
"""Network Authentication Required: what a network should answer that wants its user to sign in."""


class Misfit(Exception):
    """An answer is not what was asked for."""

    def __init__(self, reason: Text, *, page: bool = False, whole_may_help: bool = False) -> None:
        """`whole_may_help`: who gets parts wrong may still be able to send the whole file."""
        super().__init__(reason)
        self.reason = reason
        self.page = page
        self.whole_may_help = whole_may_help


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for."""

    name: str
    """The file, whose ending says whether it may be a web page."""
    start: int
    end: int | None
    """The byte behind the last; None: the whole file, without a range."""
    size: int | None
    """Of the file, as it was announced; None if nobody said."""


@dataclass(frozen=True, slots=True)
class Extent:
    """What follows the headers."""

    start: int
    end: int | None
    """The byte behind the last that is sent; None: what follows tells only by its end how long it is."""
    size: int | None
    """Of the whole file; None where not told."""
    ranged: bool
    """A part, as asked for; else the whole file."""
    encoding: str = ""
    """What has to be undone: `gzip` or `deflate`."""


def extent_of(status: int, headers: Mapping[str, str], asked: Asked) -> Extent:
    """What an answer with status 200, 206, 416 or 511 brings. Raises Misfit if that is of no use."""
    if status == SIGN_IN:
        raise _page()
    span = _CONTENT_RANGE.fullmatch((headers.get("Content-Range") or "").strip())
    length = length_of(headers)
    if status == 416:
        return _of_no_range(span, asked)
    if status == 206:
        return _of_part(span, length, headers, asked)
    if span and span[1] and asked.end is not None:  # A mirror that says 200 to everything.
        width = int(span[2]) - int(span[1]) + 1
        if width != asked.size and length in (None, width):
            return _of_part(span, length, headers, asked)
    return _of_whole(length, headers, asked)


def length_of(headers: Mapping[str, str]) -> int | None:
    """How long the body is, if its headers say so."""
    text = (headers.get("Content-Length") or "").strip()
    chunked = "chunked" in (headers.get("Transfer-Encoding") or "").lower()
    return int(text) if not chunked and re.fullmatch(r"\d{1,19}", text, re.ASCII) else None


def _of_no_range(span: re.Match[str] | None, asked: Asked) -> Extent:
    """416: the file has no such bytes. Of an empty one that is true of any."""
    total = int(span[3]) if span and span[3] != "*" else None
    if total == 0 and not asked.size:
        return Extent(0, 0, 0, ranged=True)
    _compare(total, asked)
    raise Misfit(Text("it says that there is no such part"), whole_may_help=asked.end is not None)


def _of_part(span: re.Match[str] | None, length: int | None, headers: Mapping[str, str], asked: Asked) -> Extent:
    if _kind(headers).startswith("multipart/"):
        raise Misfit(Text("it sent several parts in one"), whole_may_help=True)
    if compression(headers) and not _is_of_the_file(span, length, asked):
        raise Misfit(Text("it compresses the parts that it sends"), whole_may_help=True)
    if span is None or span[1] is None:
        if _is_page(headers, asked):
            raise _page()
        raise Misfit(Text("it sent a part without saying which"), whole_may_help=True)
    first, last, total = int(span[1]), int(span[2]), None if span[3] == "*" else int(span[3])
    _compare(total, asked)
    beyond = total is not None and last >= total
    if (first, last + 1) != (asked.start, asked.end) and first == 0 and last + 1 == total == asked.size:
        return _of_whole(length, headers, asked)  # Some say 206 to everything.
    if asked.end is None or first != asked.start or last < first or beyond or length not in (None, last + 1 - first):
        raise Misfit(Text("it sent another part than the one asked for"), whole_may_help=True)
    return Extent(first, last + 1, total, ranged=True)


def _of_whole(length: int | None, headers: Mapping[str, str], asked: Asked) -> Extent:
    encoding = compression(headers)
    if length is not None and length == asked.size:
        encoding = ""  # Compressed, it would have another length.
    if _is_page(headers, asked) and (encoding or length is None or length != asked.size):
        raise _page()
    if encoding:
        if encoding not in UNPACKED:
            raise Misfit(Text("it compresses what it sends, as {encoding}", encoding=encoding))
        return Extent(0, None, None, ranged=False, encoding=encoding)
    _compare(length, asked)
    return Extent(0, length, length, ranged=False)


def _compare(size: int | None, asked: Asked) -> None:
    if None not in (size, asked.size) and size != asked.size:
        raise Misfit(Text("it has {size} bytes where {announced} were announced", size=size, announced=asked.size))


def _page() -> Misfit:
    return Misfit(Text("a web page came instead of the file"), page=True)


def _is_page(headers: Mapping[str, str], asked: Asked) -> bool:
    return _kind(headers) in _PAGES and not asked.name.lower().endswith(_PAGE_NAMES)


def _kind(headers: Mapping[str, str]) -> str:
    return (headers.get("Content-Type") or "").partition(";")[0].strip().lower()


def compression(headers: Mapping[str, str]) -> str:
    """What the body has been compressed with, in HTTP's words; empty if nothing says that it was. More than one after
    the other are named all, which is nothing that can be unpacked.

    >>> compression({"Content-Encoding": "GZIP"}), compression({"Content-Encoding": "aws-chunked, utf-8"})
    ('gzip', '')
    >>> compression({"Content-Encoding": "gzip, br"}), compression({"Content-Encoding": "gzip, gzip"})
    ('gzip, br', 'gzip, gzip')
    """
    named = (word.strip().lower() for word in (headers.get("Content-Encoding") or "").split(","))
    return ", ".join(word for word in named if word in _COMPRESSIONS)


def _is_of_the_file(span: re.Match[str] | None, length: int | None, asked: Asked) -> bool:
    """Whether a part counts the bytes of the file itself, and has as many: whatever it is called, it is not packed."""
    if span is None or span[1] is None or asked.size is None:
        return False
    return span[3] == str(asked.size) and length == int(span[2]) + 1 - int(span[1])
