# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files in: bytes to a document, whatever their encoding and format.

Whatever the file, `load()` raises a `SubtitleEditorError` or returns a document with a finding for everything that is
not quite what the file says. Safe on any thread; nothing here touches Blender.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

from ..errors.subtitles import SubtitleFileError
from ..system.reasons import reason_of
from ..text import Text
from . import detecting, encodings, highlighted, rolling, tracks
from .document import Document, Finding, Kind
from .formats import registry
from .formats.base import Findings, Format, ReadOptions, Source
from .lines import bytes_of_lines, lines_of

MAX_SIZE = 64 * 1024 * 1024
"""Bytes. Days of speech fit into one; a larger file is a film chosen by mistake."""

_OTHERS: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"\x00\x00\x01\xba"), Text("it is VobSub, subtitles as pictures, which cannot be read as text")),
    (re.compile(rb"PG.{8}[\x14-\x17\x80]", re.DOTALL), Text("it is PGS, subtitles as pictures, which have no text")),
    (re.compile(rb"# VobSub index file"), Text("it is the index of VobSub, subtitles as pictures without text")),
    (tracks.FILM, Text("it is a film")),
    (re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|RIFF....WEBP", re.DOTALL), Text("it is a picture")),
    (re.compile(rb"ID3|fLaC|OggS|RIFF....WAVE", re.DOTALL), Text("it is a sound")),
    (
        re.compile(
            rb"PK\x03\x04.{0,4000}?(?:word/|xl/|ppt/|mimetypeapplication/vnd\.oasis)|\xd0\xcf\x11\xe0", re.DOTALL
        ),
        Text("it is an office program's document; save it as plain text first, or a table as CSV"),
    ),
    (re.compile(rb"PK\x03\x04|Rar!|7z\xbc\xaf|\x1f\x8b"), Text("it is an archive; unpack it first")),
    (re.compile(rb"%PDF"), Text("it is a PDF document")),
    (re.compile(rb"\{\\rtf"), Text("it is a word processor's document (RTF); save it as plain text first")),
)
"""Files that people take for subtitles, by how they begin: named as what they are."""

_NOT_READ: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE | re.MULTILINE), name)
    for pattern, name in (
        (r"<xmeml\b", "Final Cut Pro 7 XML"),
        (r"<USFSubtitles\b", "USF"),
        (r"<TextStream\b", "GPAC's TTXT"),
        (r"<window\b[^>]*>\s*(?:<[^>]*>\s*)*<time\b", "RealText"),
        (r"^-->>\s*\d", "AQTitle"),
        (r"^@(?:TITLE|VERSION|TIMERES)\b|^#(?:TIMERES|SHIFT)\b", "JACOsub"),
        (r"^TITLE:.*\n(?:\s*FCM:|\s*\d{3}\s)", "EDL"),
        (r"<(?:mlt|kdenlivetitle|kdenlivedoc)\b", "Kdenlive"),
        (r"\A;FFMETADATA\d|\ACHAPTER\d+\s*=", "a list of chapters"),
        (r"\AFile type = \"ooTextFile", "Praat's TextGrid"),
        (r"\A#EXTM3U\b", "a playlist"),
        (r"\Aversion https://git-lfs\.", "a pointer of Git LFS"),
        (r"<ANNOTATION_DOCUMENT\b", "ELAN"),
        (r"<!DOCTYPE Trans\b|<Trans\s", "Transcriber"),
        (r"\A(?:#[A-Z0-9]+:.*\n){2,}[:*F] \d+ \d+ -?\d+ ", "UltraStar"),
        (r"\A\s*#?\s*Ulead subtitle format", "Ulead's list of subtitles"),
    )
)
"""Files with subtitles that nothing here reads, by what stands in their first lines: named as what they are."""
_WEB_PAGE = re.compile(r"\A\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)

_OPENING = re.compile(r"^\ufeff?[ \t]*```[a-z]{0,10}[ \t]*\n", re.MULTILINE | re.IGNORECASE)
_CLOSING = re.compile(r"^[ \t]*```[ \t]*$", re.MULTILINE)
"""A block of code in Markdown."""

_ARROW = re.compile(r"\d\s*-->\s*\d")
_OTHER_BREAKS = re.compile("[\x85\u2028\u2029]")
_WRITTEN_BREAK = re.compile(r"-->\s*[\d:.,]+(?:[ \t]+[A-Za-z]\w*:[\w.,%+-]+)*[ \t]*(?:\\r)?\\n")
"""A line break as two letters between times (and what is said behind these) and their text."""
_RUN_TOGETHER = re.compile(
    r"(?:^|(?<!\s)\s+)(\d{1,6}\s+|)((?:\d{1,3}:)?\d\d:\d\d[.,]\d{3}\s*-->\s*(?:\d{1,3}:)?\d\d:\d\d[.,]\d{3})(?:\s+|$)"
)
"""The number and the times of a subtitle, where everything stands in one line."""

_SAMPLE = 4096
"""Bytes that somebody is shown who has to say whether the letters are right."""

_CONTROL = re.compile(r"[\x01-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_DAMAGED = 4
"""Control characters that a text of any length may have: what damage or a slip of the keyboard leaves."""


def load(
    path: Path, *, format: str | None = None, encoding: str | None = None, options: ReadOptions | None = None
) -> Document:
    """Read a subtitle file, whatever its encoding and format, or a subtitle track of a film.

    `format` (an id of the registry) and `encoding` override the guesses.
    Raises SubtitleFileError when it is missing, cannot be read, or holds no subtitles; an empty file is none. Raises
    MediaUnreadableError for a film that is broken.
    """
    path, options = Path(path), options or ReadOptions()
    if format is None and tracks.is_film(path):
        document = tracks.read(path, options)
        return document if options.keep_rolling else rolling.folded(document)
    return _parsed(path, lambda: _read(path), format, encoding, options)


def parse(
    data: bytes,
    name: str,
    *,
    format: str | None = None,
    encoding: str | None = None,
    options: ReadOptions | None = None,
) -> Document:
    """As `load()`, for data that comes from elsewhere: a pipe, a track of a film. `name` stands in messages, and its
    ending helps where the content leaves the format open."""
    return _parsed(Path(name), lambda: data, format, encoding, options or ReadOptions())


def sample(path: Path) -> tuple[bytes, str]:
    """A file's `Document.sample`, also where its encoding is sure, and that encoding. Raises SubtitleFileError."""
    data = _read(path)
    return _sample(data), _decode(path, data, None, "").encoding


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_SIZE:
            raise SubtitleFileError(path, Text("{size} MB is too large for a subtitle file", size=size // 1_000_000))
        return path.read_bytes()
    except FileNotFoundError:
        hint = Text("Look whether its name is right, or choose another file.")
        raise SubtitleFileError(path, Text("the file does not exist"), hint) from None
    except (OSError, ValueError) as error:
        text = Text("the file cannot be read ({reason})", reason=reason_of(error))
        hint = Text("Look whether you may read it, and after the disk that it is on.")
        raise SubtitleFileError(path, text, hint) from error


def _parsed(
    path: Path, data_of: Callable[[], bytes], name: str | None, encoding: str | None, options: ReadOptions
) -> Document:
    chosen = _named(path, name)
    data = data_of()
    binary = registry.of_bytes(data) if chosen is None else chosen if chosen.binary else None
    if binary is not None:
        source = Source(path, binary, "", data, options)
        return _checked(source, _document(source))
    decoded_text = _decode(path, data, encoding, options.language)
    text, around = _unfenced(decoded_text.text)
    text, flat = _in_lines(text)
    around += flat
    if not text.strip("\ufeff \t\n"):
        return _empty(path, chosen, decoded_text)
    found = chosen or registry.of_text(text, path.suffix)
    if found is None and path.suffix.lower() == ".txt" and not _name_of(text[: registry.HEAD]):
        found = registry.BY_ID["transcript"]
    if found is None:
        raise _unreadable(path, text[: registry.HEAD])
    source = Source(path, found, text, data, options)
    document = _document(source)
    if not options.keep_rolling:
        document = rolling.folded(highlighted.folded(document))
    document = dataclasses.replace(
        document,
        encoding=decoded_text.encoding,
        certainty=decoded_text.certainty,
        sample=b"" if decoded_text.certainty >= detecting.SURE else _sample(data),
        findings=decoded_text.findings + around + document.findings,
    )
    return _checked(source, document)


def _sample(data: bytes) -> bytes:
    sample = bytearray()
    for line in bytes_of_lines(data):
        if not line.isascii():
            sample += (b"\n" if sample else b"") + line
        if len(sample) >= _SAMPLE:
            break
    return bytes(sample[:_SAMPLE])


def _unfenced(text: str) -> tuple[str, tuple[Finding, ...]]:
    """What stands in a block of code, as chats answer, and what is around it."""
    opening = _OPENING.search(text) if "```" in text else None
    closing = _CLOSING.search(text, opening.end()) if opening else None
    if opening is None or closing is None or "-->" in text[: opening.start()] or "-->" in text[closing.end() :]:
        return text, ()
    around = Findings()
    before = text.count("\n", 0, opening.end())
    inner = text[opening.end() : closing.start()]
    for number, line in enumerate(lines_of(text[: opening.end()]), 1):
        around.stray(number, line.strip("\ufeff \t"))
    for number, line in enumerate(lines_of(text, closing.start()), before + inner.count("\n") + 1):
        around.stray(number, line.strip())
    # Lines keep their numbers, but for a format that says in its first one what it is.
    return inner if inner.startswith("WEBVTT") else "\n" * before + inner, around.done()


def _in_lines(text: str) -> tuple[str, tuple[Finding, ...]]:
    """The text with line breaks, where a file of times has none: written as `\\n`, as other characters, or lost."""
    bare = text.strip("\ufeff \t\n")
    if "\n" in bare or bare[:1] in ("{", "[", "<") or _ARROW.search(bare) is None:
        return text, ()
    if _WRITTEN_BREAK.search(bare):
        is_quoted = len(bare) > 1 and bare[0] == bare[-1] == '"'
        lines = (bare[1:-1] if is_quoted else bare).replace(r"\r\n", "\n").replace(r"\n", "\n").replace(r"\"", '"')
    elif _OTHER_BREAKS.search(text):
        lines = _OTHER_BREAKS.sub("\n", text)
    else:
        lines = _RUN_TOGETHER.sub(r"\n\n\1\n\2\n", text) if len(_RUN_TOGETHER.findall(text)) > 1 else text
    if lines == text:
        return text, ()
    message = Text("the file has no line breaks; they were put where they must have been.")
    return lines, (Finding(Kind.BROKEN, message, 1),)


def _unreadable(path: Path, head: str) -> SubtitleFileError:
    """The error for a text that is in no format, called by its name where it has one."""
    if _WEB_PAGE.search(head):
        return SubtitleFileError(
            path, Text("it is a web page"), Text("Download the file itself, not the page about it.")
        )
    if name := _name_of(head):
        hint = Text("Have the program that made it write .srt, .vtt or .ttml.")
        return SubtitleFileError(path, Text("it is {format}, which cannot be read", format=name), hint)
    return SubtitleFileError(path, Text("there are no subtitles in it"))


def _name_of(head: str) -> str:
    """What a file that nothing here reads is called; empty where that is not known."""
    return next((name for sign, name in _NOT_READ if sign.search(head)), "")


def _named(path: Path, name: str | None) -> Format | None:
    if name is None:
        return None
    found = registry.BY_ID.get(name)
    if found is None or found.read is None:
        known = ", ".join(format.id for format in registry.readable())
        raise SubtitleFileError(
            path,
            Text('"{format}" is not a format to read', format=name),
            Text("Choose one of {known}.", known=known),
        )
    return found


def _document(source: Source) -> Document:
    assert source.format.read is not None
    return dataclasses.replace(source.format.read(source), format=source.format.id)


def _checked(source: Source, document: Document) -> Document:
    """The document, unless its reader found text and no subtitle in it."""
    if document.cues or document.hidden:
        return document
    if any(finding.quote.strip() for finding in document.findings):
        first = next(finding for finding in document.findings if finding.quote.strip())
        raise source.broken(Text("there are no subtitles in it ({reason})", reason=str(first).rstrip(".")))
    message = Text("There are no subtitles in the file.")
    return document.with_findings([Finding(Kind.EMPTY, message)])


def _empty(path: Path, format: Format | None, decoded_text: encodings.Decoded) -> Document:
    found = format or registry.by_suffix(path.suffix) or registry.BY_ID["srt"]
    finding = Finding(Kind.EMPTY, Text("The file is empty."))
    return Document(format=found.id, findings=(*decoded_text.findings, finding), encoding=decoded_text.encoding)


def _decode(path: Path, data: bytes, encoding: str | None, language: str) -> encodings.Decoded:
    for sign, reason in _OTHERS:
        if sign.match(data):
            raise SubtitleFileError(path, reason)
    try:
        found = encodings.decode(data, encoding, language)
    except encodings.NotThisEncoding as error:
        reason = Text("it is not {encoding}", encoding=encoding)
        hint = Text("Leave the encoding empty to guess.")
        if error.is_unknown:
            reason = Text('there is no encoding "{encoding}"', encoding=encoding)
            hint = Text("Choose utf-8, utf-16 or one such as cp1252.")
        raise SubtitleFileError(path, reason, hint) from None
    head = found.text[:4096]
    if len(_CONTROL.findall(head)) > _DAMAGED + len(head) / 50:
        raise SubtitleFileError(path, Text("this is not a text file"))
    return found
