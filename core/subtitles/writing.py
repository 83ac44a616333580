# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files out: a document to bytes in any format, whole or not at all, and what the format cannot say.

Safe on any thread; nothing here touches Blender.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ..errors.disk import NoSpaceError
from ..errors.subtitles import SubtitleFileError
from ..system import files
from ..text import Text
from . import encodings, sizes, stacked, sung
from .document import Cue, Document, Finding, Kind
from .formats import registry
from .formats.base import CannotWrite, Format, WriteOptions
from .formats.substation import ASS
from .losses import losses_of
from .styles import worn


class Made(NamedTuple):
    """What a file will hold."""

    data: bytes
    findings: tuple[Finding, ...]
    """What the format could not say."""
    number: int
    """How many subtitles are in it: those that `ready()` has left."""


def save(
    path: Path,
    document: Document,
    format: str | None = None,
    *,
    encoding: str = "utf-8",
    newline: str = "\n",
    options: WriteOptions | None = None,
) -> tuple[Finding, ...]:
    """Write a document: whole or not at all, for a full disk must not cost the file that was there.

    `format` is an id of the registry; without it the name's ending decides. Times are rounded to the format's own steps
    and none lies before zero. Returns what the format could not say.
    Raises FolderNotWritableError when the file system refuses, SubtitleFileError when the format or the encoding cannot
    hold it.
    """
    path = Path(path)
    data, findings, _ = made(path, document, format, encoding=encoding, newline=newline, options=options)
    write_atomically(path, data)
    return findings


def save_cues(path: Path, cues: Iterable[Cue], language: str = "") -> tuple[Finding, ...]:
    """Write subtitles that come from no file, in the format of the name's ending. As `save()`."""
    return save(path, Document(tuple(cues), language=language))


def rendered(
    path: Path, document: Document, format: str | None = None, *, options: WriteOptions | None = None
) -> tuple[bytes, tuple[Finding, ...]]:
    """What `save()` would write in UTF-8, and what it does not say. As `made()`."""
    data, findings, _ = made(path, document, format, options=options)
    return data, findings


def made(
    path: Path,
    document: Document,
    format: str | None = None,
    *,
    encoding: str = "utf-8",
    newline: str = "\n",
    options: WriteOptions | None = None,
) -> Made:
    """What `save()` would write. `path` stands in messages; nothing is written. Raises SubtitleFileError."""
    chosen = _chosen(path, format)
    assert chosen.write is not None
    options = options or WriteOptions()
    fit, findings = ready(document, chosen)
    if document.cues and not fit.cues:
        raise SubtitleFileError(
            path,
            Text("none of its {number} subtitles would end after the start", number=len(document.cues)),
            Text("Move them later, or less early."),
        )
    try:
        out = chosen.write(sizes.converted(fit, chosen, options), chosen, options)
    except CannotWrite as refusal:
        raise SubtitleFileError(path, refusal.reason, refusal.hint) from refusal
    losses = losses_of(fit, chosen)
    if losses:
        findings.append(losses)
    data = out if isinstance(out, bytes) else _encoded(path, out, encoding, newline)
    return Made(data, tuple(findings), len(fit.cues))


def _chosen(path: Path, name: str | None) -> Format:
    found = registry.BY_ID.get(name) if name else registry.by_suffix(path.suffix, writing=True)
    if found is not None and found.write is not None:
        return found
    known = ", ".join(f"{format.suffixes[0]} ({format.id})" for format in registry.writable())
    raise SubtitleFileError(
        path,
        Text('"{format}" is not a format to write', format=name or path.suffix.lstrip(".")),
        Text("Choose one of {known}.", known=known),
    )


def ready(document: Document, format: Format) -> tuple[Document, list[Finding]]:
    """What can be written: in order of time, unless the order means something, nothing before zero, and rows of one
    caption together where the format has no heights for them; and what was left out or joined for it."""
    findings: list[Finding] = []
    if not (document.styles and registry.is_own(document, format)):
        document = worn(document)
    if not registry.is_own(document, format):
        document = sung.as_karaoke(document) if format.family == ASS.family else sung.as_times(document, format.keeps)
    cues = list(document.cues)
    if not (format.keeps_order and registry.is_own(document, format)):
        cues.sort(key=lambda cue: cue.start)
    if not format.negative and any(cue.start < 0 for cue in cues):
        early = sum(1 for cue in cues if cue.end <= 0)
        if early:
            message = Text("{number} subtitles that would end before the start were left out.", number=early)
            quote = "\n".join(cue.text for cue in cues if cue.end <= 0)
            findings.append(Finding(Kind.NOT_WRITTEN, message, quote=quote))
        cues = [dataclasses.replace(cue, start=max(0.0, cue.start)) for cue in cues if cue.end > 0]
    if not registry.is_own(document, format):
        joined = stacked.together(cues, format.keeps)
        if more := len(cues) - len(joined):
            message = Text(
                "Rows that stood by themselves and were joined to the one above them: {number}.", number=more
            )
            findings.append(Finding(Kind.NOT_WRITTEN, message))
            cues = joined
    return document.with_cues(cues), findings


def _encoded(path: Path, text: str, encoding: str, newline: str) -> bytes:
    try:
        return encodings.encode(text, encoding, newline)
    except LookupError:
        raise SubtitleFileError(
            path,
            Text('there is no encoding "{encoding}"', encoding=encoding),
            Text("Choose utf-8, utf-16 or one such as cp1252."),
        ) from None
    except encodings.CannotEncode as refusal:
        raise SubtitleFileError(
            path,
            Text(
                "{encoding} does not have these characters: {characters}",
                encoding=encoding,
                characters=" ".join(refusal.characters),
            ),
            Text("Choose utf-8, which has all of them."),
        ) from refusal


# To the disk


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file, or make it, all at once. Raises SubtitleFileError on a full disk, else what
    `files.disk_error` makes of what the disk says."""
    try:
        files.write(path, data)
    except OSError as error:
        failure = files.disk_error(path.parent, error)
        if isinstance(failure, NoSpaceError):
            raise SubtitleFileError(path, Text("the disk is full"), Text("Free some space and save again.")) from error
        raise failure from error
