# SPDX-License-Identifier: GPL-3.0-or-later
"""Bytes to text and back, whatever the encoding, with what was taken and how sure that is.

In this order: a byte order mark; UTF-16 and UTF-32 without one; what the file declares; UTF-8; then a detector. A file
that is nearly all in one encoding is mended line by line, and one that was encoded twice is decoded twice. No byte is
ever turned into U+FFFD: what cannot be read is taken as Windows-1252, where every byte can be had back, and said with
its line.
"""

from __future__ import annotations

import codecs
import dataclasses
import re
import unicodedata
from collections.abc import Iterator

from ..text import Text
from .detecting import NOT_ASCII, SAMPLE, detected, is_in
from .document import Finding, Kind, quoted
from .encoded_twice import undoubled
from .lines import blocks_of, bytes_of_lines

_MOST_FINDINGS = 50

_BOMS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


_DECLARED = (
    re.compile(rb"\A\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*[\"']([A-Za-z0-9_.:-]{1,40})[\"']"),
    re.compile(rb"\A\s*@charset\s+[\"']([A-Za-z0-9_.:-]{1,40})[\"']", re.IGNORECASE),
    re.compile(rb"<meta\b[^>]{0,200}?\bcharset\s*=\s*[\"']?([A-Za-z0-9_.:-]{1,40})", re.IGNORECASE),
)
_SHIFTS = re.compile(rb"\x1b\$[@AB]")


@dataclasses.dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, without byte order mark and NUL, its lines ending in `\\n`."""

    text: str
    encoding: str
    """Python's name of it, such as `utf-8-sig`."""
    certainty: float
    """1.0: the file says so, or there is no other way to read it; below `SURE` a user should have a look."""
    findings: tuple[Finding, ...] = ()


class NotThisEncoding(ValueError):
    """The data is not in the encoding that was named, or there is none of this name."""

    is_unknown = False


def decode(data: bytes, encoding: str | None = None, language: str = "") -> Decoded:
    """The text of a file. `encoding` overrides all guessing, `language` (a BCP 47 tag) helps it.

    Raises NotThisEncoding, only where `encoding` is given.
    """
    text, name, certainty, findings = _decoded(data, encoding, language)
    if not encoding and name.startswith("utf-8") and not text.isascii():
        text = undoubled(_without_marks(text), findings)
    return Decoded(_cleaned(text, findings), name, certainty, tuple(findings))


_Found = tuple[str, str, float, list[Finding]]


def _decoded(data: bytes, encoding: str | None, language: str) -> _Found:
    if encoding:
        return _as_named(data, encoding)
    for mark, name in _BOMS:
        if data.startswith(mark):
            findings: list[Finding] = []
            if name == "utf-8-sig":
                return _by_line(data[3:], "utf-8", findings), name, 1.0, findings
            return _wide(data, name, findings), name, 1.0, findings
    if name_without_mark := _wide_without_mark(data):
        findings = []
        return _wide(data, name_without_mark, findings), name_without_mark, 0.99, findings
    if data.isascii() and _SHIFTS.search(data) and is_in(data, "iso2022_jp_2"):
        # ASCII, and escapes that say what is meant by it.
        return data.decode("iso2022_jp_2"), "iso2022_jp_2", 0.99, [_guessed("iso2022_jp_2", 0.99)]
    try:
        return data.decode("utf-8"), "utf-8", 1.0, []
    except UnicodeDecodeError:
        return _not_utf8(data, language)


def _as_named(data: bytes, encoding: str) -> _Found:
    try:
        name = codecs.lookup(encoding).name
        b"".decode(name)  # Some codecs of Python's are no text: base64, zip.
    except (LookupError, ValueError, TypeError):
        unknown = NotThisEncoding(encoding)
        unknown.is_unknown = True
        raise unknown from None
    findings: list[Finding] = []
    try:
        if name in ("utf-16", "utf-32") or not data.startswith(codecs.BOM_UTF8):
            return data.decode(name), encoding, 1.0, findings
        return data[3:].decode(name), encoding, 1.0, findings
    except (UnicodeError, LookupError):
        pass
    number = wrong = 0
    for line in bytes_of_lines(data):
        if NOT_ASCII.search(line):
            number += 1
            wrong += not is_in(line, name)
    if name.startswith(("utf-16", "utf-32")) or wrong > number / 2:
        raise NotThisEncoding(encoding)
    return _by_line(data, name, findings), encoding, 1.0, findings


# UTF-16 and UTF-32


def _wide_without_mark(data: bytes) -> str | None:
    """UTF-16 or UTF-32 by what is in every subtitle file: lines and figures, which half of the bytes spell as zero.

    Letters need not be Latin: the wrong order of bytes makes U+0A00 of a line end, which is no character.
    """
    sample = data[: 4 * SAMPLE]
    if b"\0" not in sample or len(sample) < 8:
        return None
    for name, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        text = sample[: len(sample) // width * width].decode(name, errors="replace")
        plain = sum(1 for char in text[:4000] if char in "\r\n 0123456789:,.<>-")
        if "\n" not in text and "\r" not in text:
            continue
        if plain >= max(2, len(text[:4000]) // 50) and not re.search("[\0\u0a00\u0d00\ufffe]", text.rstrip("\0")):
            return name
    return None


def _wide(data: bytes, name: str, findings: list[Finding]) -> str:
    width = 4 if "32" in name else 2
    if spare := len(data) % width:
        data = data[:-spare]
        message = Text("the file ends in the middle of a character, which was left out.")
        findings.append(Finding(Kind.CHARACTERS, message))
    if width == 2:
        return data.decode(name, errors="surrogatepass")
    text = data.decode(name, errors="replace")
    if "\ufffd" in text:
        message = Text("some characters are not valid {encoding}; they were replaced.", encoding=name)
        findings.append(Finding(Kind.CHARACTERS, message))
    return text


# Eight bits


def _not_utf8(data: bytes, language: str) -> _Found:
    findings: list[Finding] = []
    if _is_with_surrogates(data):
        # Halves of pairs, each written as if it were a character: Java's and old databases' UTF-8.
        return _by_line(data, "utf-8", findings), "utf-8", 1.0, findings
    if declared := _declared(data):
        return _by_line(data, declared, findings), declared, 0.95, findings
    not_utf8, is_mostly_utf8 = _others(data)
    name, certainty = detected(not_utf8, language)
    if is_mostly_utf8:
        return _by_line(data, "utf-8", findings, name), "utf-8", 0.95, findings
    findings.append(_guessed(name, certainty))
    return _by_line(data, name, findings), name, certainty, findings


def _guessed(name: str, certainty: float) -> Finding:
    message = Text(
        "the file is not UTF-8; it was read as {encoding} ({percent} % sure). If letters are wrong, name the encoding.",
        encoding=name,
        percent=round(certainty * 100),
    )
    return Finding(Kind.ENCODING, message)


def _declared(data: bytes) -> str | None:
    head = data[:2048]
    for pattern in _DECLARED:
        if match := pattern.search(head):
            name = match[1].decode("ascii")
            try:
                if b"a".decode(name) == "a":  # Not UTF-16: the declaration was read as single bytes.
                    return codecs.lookup(name).name
            except (LookupError, UnicodeError, ValueError, TypeError):
                return None
    return None


def _others(data: bytes) -> tuple[bytes, bool]:
    """A sample of the lines that are not UTF-8, and whether they are the exception, or are it but for a broken byte."""
    sample = bytearray()
    good = bad = in_utf8 = others = 0
    for line in bytes_of_lines(data):
        if not NOT_ASCII.search(line):
            continue
        text = line.decode("utf-8", errors="replace")
        broken = text.count("\ufffd")
        bad += broken
        good += sum(1 for char in text if ord(char) > 127) - broken
        if not broken or is_in(line, "utf-8"):
            in_utf8 += 1
            continue
        others += 1
        if len(sample) < SAMPLE:
            sample += (b"\n" if sample else b"") + line
    return bytes(sample[:SAMPLE]), good > bad and (in_utf8 > others or good > 3 * bad)


def _by_line(data: bytes, name: str, findings: list[Finding], second: str = "cp1252") -> str:
    """All of it in one encoding, but lines that are clearly in another, each of which is noted."""
    try:
        text = data.decode(name)
        if name == "utf-8" or not _may_hold_utf8(data):
            return text
    except UnicodeDecodeError:
        pass
    out: list[str] = []
    before = 0
    for block in blocks_of(data):
        if block.isascii():
            out.append(block.decode("ascii"))
        else:
            texts = []
            for number, line in enumerate(block.split(b"\n"), before + 1):
                text, other = _line(line, name, second)
                texts.append(text)
                if other and len(findings) < _MOST_FINDINGS:
                    findings.append(_in_another(number, text, name, other))
            out.append("\n".join(texts))
        before += block.count(b"\n") + 1
    return "\n".join(out)


def _in_another(number: int, text: str, name: str, other: str) -> Finding:
    message = Text('it is not in {encoding} as the rest is; it was read as {other}: "{text}".',
                   encoding=name, other=other, text=quoted(text.strip()))  # fmt: skip
    return Finding(Kind.CHARACTERS, message, number)


def _may_hold_utf8(data: bytes) -> bool:
    return re.search(rb"[\xc2-\xf4][\x80-\xbf]", data) is not None


def _line(line: bytes, name: str, second: str) -> tuple[str, str]:
    """The line's text, and in which encoding it is where that is not `name`."""
    if line.isascii():
        return line.decode("ascii"), ""
    if name != "utf-8" and is_in(line, "utf-8"):
        text = line.decode("utf-8")
        if not is_in(line, name) or not _looks_spoken(line.decode(name)):
            return text, "utf-8"
    if is_in(line, name):
        return line.decode(name), ""
    if name == "utf-8":
        whole = line.decode("utf-8", errors="surrogatepass") if _is_with_surrogates(line) else None
        if whole is not None:
            return whole.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass"), "cesu-8"
        mended = line.decode("utf-8", errors="subtitle_editor_single_bytes")
        if sum(1 for char in line.decode("utf-8", errors="ignore") if ord(char) > 127) == 0 and is_in(line, second):
            return line.decode(second), second
        return mended, "utf-8 with single bytes of Windows-1252"
    return line.decode(name, errors="subtitle_editor_single_bytes"), f"{name} with single bytes of Windows-1252"


def _looks_spoken(text: str) -> bool:
    """Whether all that is not ASCII is letters, as in speech; not so what UTF-8 looks like in another encoding."""
    others = [char for char in text if ord(char) > 127]
    return all(unicodedata.category(char)[0] in "LM" for char in others)


def _is_with_surrogates(line: bytes) -> bool:
    try:
        line.decode("utf-8", errors="surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _single_bytes(error: UnicodeError) -> tuple[str, int]:
    """What is no character, byte by byte, as Windows-1252; as Latin-1 the five bytes that mean nothing there."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    bad = error.object[error.start : error.end]
    return "".join(bytes([byte]).decode("cp1252", errors="ignore") or chr(byte) for byte in bad), error.end


codecs.register_error("subtitle_editor_single_bytes", _single_bytes)


# What no text has


def _without_marks(text: str) -> str:
    """Without the byte order mark, or what it looks like where it was taken for letters."""
    for mark in ("\ufeff", "ï»¿", "п»ї"):
        text = text.removeprefix(mark)
    return text


def _cleaned(text: str, findings: list[Finding]) -> str:
    """Lines end in `\\n`; no byte order mark, NUL or half of a pair is left."""
    text = _without_marks(text)
    if "\r" in text:
        # CR CR LF comes from a file that was converted twice.
        text = text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text:
        findings += _noted(text, "\0+", Text("a NUL byte, which no text has; it was left out."))
        text = text.replace("\0", "")
    if not text.isascii() and re.search("[\ud800-\udfff]", text):
        # Two halves that stand together are a character.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        findings += _noted(text, "[\ud800-\udfff]+", Text("half of a character; it was left out."))
        text = text.encode("utf-8", "ignore").decode("utf-8")
    return text


def _noted(text: str, pattern: str, message: str) -> Iterator[Finding]:
    line, position = 1, 0
    for count, match in enumerate(re.finditer(pattern, text)):
        if count == _MOST_FINDINGS:
            return
        line += text.count("\n", position, match.start())
        position = match.start()
        yield Finding(Kind.CHARACTERS, message, line)


# Text to bytes


class CannotEncode(ValueError):
    """Characters that an encoding does not have."""

    def __init__(self, encoding: str, characters: str) -> None:
        super().__init__(encoding, characters)
        self.encoding = encoding
        self.characters = characters
        """The first few of them, each once."""


def encode(text: str, encoding: str = "utf-8", newline: str = "\n") -> bytes:
    """The bytes of `text`, whose lines end in `\\n`, with `newline` at the end of each.

    UTF-16 and UTF-32 get a byte order mark unless their byte order is named; UTF-8 gets one as `utf-8-sig`.
    Raises CannotEncode, and LookupError for an encoding that does not exist.
    """
    if not codecs.lookup(encoding)._is_text_encoding:
        raise LookupError(encoding)
    if newline != "\n":
        text = text.replace("\n", newline)
    try:
        return text.encode(encoding)
    except UnicodeEncodeError:
        pass
    missing = dict.fromkeys(char for char in text if ord(char) > 127 and not _can_say(char, encoding))
    raise CannotEncode(encoding, "".join(missing)[:20])


def _can_say(char: str, encoding: str) -> bool:
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
