# SPDX-License-Identifier: GPL-3.0-or-later
"""All formats of subtitle files, one line each, and how a file is recognized.

How to add one:

1. A module in this folder with a constant `FORMAT`, a `base.Format` that names its `read` and `write` functions
   (`base.Reader` and `base.Writer` say what these promise), and one line in `FORMATS` here. Menus, file dialogs, the
   command line, `info` and the table in docs/formats.md take it from here. Nothing else needs to know.
2. The order here is the order in which formats are tried on a file's content: what could be taken for another format
   stands above it. `sign` or `looks` must not match a file of a format further down.
3. Where well-kept libraries read a format without losing text, use them, imported inside the function.
4. **Nothing disappears.** Each visible character of the file ends in a cue (text, span, speaker, `extra`), in the
   document's `extra` or `hidden`, or in a finding whose `quote` has it, with its line. Use `base.Findings`: `stray()`
   for text that belongs to no cue, `markup()` for formatting that cannot be read, `add()` for the rest. Times go
   through `settling.settled()`, which sorts, swaps, guesses and says so. Tags inside a text go through
   `tags.TextBuilder` on the way in and `tags.marked_up()` on the way out. Spans use the kinds of `core.markup` where
   one fits, and `yourformat.what` for what only your format understands.
5. `read` raises `source.broken(reason)` only where nothing at all can be read. One bad detail costs that detail.
   A leftover that the writer can say again is kept in `extra` as it came, and written as long as the cue still says the
   same; `WebVTT` settings and SubStation texts are examples.
6. `write` gets cues that are in order and have text and a length. It says what it can; what it cannot is counted by
   `writing`, from `keeps`: kinds of spans, and of `placing`, `position`, `style`, `speaker`, `layer`, `words`.
   Raise `base.CannotWrite` where the document cannot be written at all.
7. Tests: samples in tests/data/subtitles/samples/ID.suffix are read, written and read again by test_formats.py; the
   invariant of point 4 is tested for every format by test_nothing_disappears.py, with letters of foreign scripts put
   anywhere into the sample. A format of your own passes both without a line of code.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..document import Document
from . import (
    dcinema,
    fcpxml,
    json_files,
    json_whisper,
    json_youtube,
    lrc,
    lyrics,
    mcc,
    microdvd,
    mpl2,
    plain,
    sami,
    sbv,
    scc,
    spruce,
    stl,
    subrip,
    substation,
    subviewer,
    tables,
    timedtext,
    tmplayer,
    ttml_writing,
    webvtt_writing,
)
from .base import Format

HEAD = 16384
"""Characters that a sign is looked for in."""

FORMATS: tuple[Format, ...] = (
    webvtt_writing.FORMAT,
    substation.ASS,
    substation.SSA,
    ttml_writing.FORMAT,
    dcinema.FORMAT,
    timedtext.FORMAT,
    fcpxml.FORMAT,
    mcc.FORMAT,
    scc.FORMAT,
    stl.FORMAT,
    spruce.FORMAT,
    sami.FORMAT,
    lyrics.FORMAT,
    json_files.FORMAT,
    json_whisper.WHISPER,
    json_whisper.WHISPER_CPP,
    json_youtube.FORMAT,
    subviewer.FORMAT,
    sbv.FORMAT,
    microdvd.FORMAT,
    mpl2.FORMAT,
    lrc.FORMAT,
    subviewer.FORMAT_1,
    subrip.FORMAT,
    tmplayer.FORMAT,
    tables.CSV,
    tables.TSV,
    plain.TRANSCRIPT,
    plain.TEXT,
)

BY_ID: dict[str, Format] = {format.id: format for format in FORMATS}


def readable() -> Iterator[Format]:
    """Formats that can be read."""
    return (format for format in FORMATS if format.read is not None)


def writable() -> Iterator[Format]:
    """Formats that can be written."""
    return (format for format in FORMATS if format.write is not None)


def suffixes(*, writing: bool = False) -> tuple[str, ...]:
    """Endings of file names, each once: for file dialogs and folders."""
    formats = writable() if writing else readable()
    return tuple(dict.fromkeys(suffix for format in formats for suffix in format.suffixes))


def by_suffix(suffix: str, *, writing: bool = False) -> Format | None:
    """The format with this ending (`.srt`), one whose own it is before those that are found with it too; else None."""
    formats = list(writable() if writing else readable())
    own = (format for format in formats if format.suffixes[0] == suffix.lower())
    return next(own, next((format for format in formats if suffix.lower() in format.suffixes), None))


def of_bytes(data: bytes) -> Format | None:
    """The binary format of a file that begins like this."""
    return next((format for format in readable() if format.magic and format.magic.match(data)), None)


def of_text(text: str, suffix: str) -> Format | None:
    """The format by content, however the file is called; the ending decides only between those that fit."""
    head = text[:HEAD].lstrip("\ufeff \t\r\n")
    fitting: list[Format] = []
    for format in readable():
        if format.sign is not None and format.sign.search(head):
            # A file that says what it is is that, unless something further up looks like it too.
            if not fitting:
                return format
            fitting.append(format)
        elif format.looks is not None and format.looks(head):
            fitting.append(format)
    return next((format for format in fitting if suffix.lower() in format.suffixes), fitting[0] if fitting else None)


def is_own(document: Document, format: Format) -> bool:
    """Whether the document was read from this format, or from one that says the same."""
    if document.format == format.id:
        return True
    found = BY_ID.get(document.format)
    return found is not None and bool(format.family) and found.family == format.family
