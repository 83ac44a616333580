# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files out: a document to bytes in any format, whole or not at all, and what the format cannot say.

Safe on any thread; nothing here touches Blender.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import os
import secrets
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from .. import markup
from ..errors import FolderNotWritableError, SubtitleFileError
from ..text import Text
from . import encodings
from .document import Cue, Document, Finding, Kind
from .formats import registry
from .formats.base import CannotWrite, Format, WriteOptions


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
    data, findings = rendered(path, document, format, encoding=encoding, newline=newline, options=options)
    write_atomically(path, data)
    return findings


def rendered(
    path: Path,
    document: Document,
    format: str | None = None,
    *,
    encoding: str = "utf-8",
    newline: str = "\n",
    options: WriteOptions | None = None,
) -> tuple[bytes, tuple[Finding, ...]]:
    """The bytes that `save()` would write, and what they do not say. `path` stands in messages; nothing is written."""
    chosen = _chosen(path, format)
    assert chosen.write is not None
    ready, findings = _ready(document, chosen)
    try:
        out = chosen.write(ready, chosen, options or WriteOptions())
    except CannotWrite as refusal:
        raise SubtitleFileError(path, refusal.reason, refusal.hint) from refusal
    losses = losses_of(ready, chosen)
    if losses:
        findings.append(losses)
    if isinstance(out, bytes):
        return out, tuple(findings)
    return _encoded(path, out, encoding, newline), tuple(findings)


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


def _ready(document: Document, format: Format) -> tuple[Document, list[Finding]]:
    """What can be written: in order of time, unless the order means something, and nothing before zero."""
    findings: list[Finding] = []
    cues = list(document.cues)
    if not (format.keeps_order and document.format == format.id):
        cues.sort(key=lambda cue: cue.start)
    if not format.negative and any(cue.start < 0 for cue in cues):
        early = sum(1 for cue in cues if cue.end <= 0)
        if early:
            message = Text("{number} subtitles that would end before the start were left out.", number=early)
            quote = "\n".join(cue.text for cue in cues if cue.end <= 0)
            findings.append(Finding(Kind.NOT_WRITTEN, message, quote=quote))
        cues = [dataclasses.replace(cue, start=max(0.0, cue.start)) for cue in cues if cue.end > 0]
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


# What a format cannot say


def losses_of(document: Document, format: Format) -> Finding | None:
    """One line for all that the format cannot say of this document: `3 colours and 1 karaoke effect cannot ...`."""
    counts: Counter[str] = Counter()
    own = document.format == format.id
    for cue in document.cues:
        counts.update(_unsaid(cue, format, own))
    if not own:
        counts.update(_leftovers(document))
    if not counts:
        return None
    parts = [_counted(what, number) for what, number in counts.items()]
    listed = parts[0]
    for part in parts[1:-1]:
        listed = Text("{first}, {second}", first=listed, second=part)
    if len(parts) > 1:
        listed = Text("{first} and {second}", first=listed, second=parts[-1])
    message = Text("{what} cannot be written as {format}.", what=listed, format=format.label)
    return Finding(Kind.NOT_WRITTEN, message)


def _unsaid(cue: Cue, format: Format, own: bool) -> Iterator[str]:
    for span in cue.spans:
        kind = span.kind
        if kind not in format.keeps or ("." in kind and not own):
            yield kind
    placing = cue.placing
    if placing != markup.BELOW:
        if "placing" not in format.keeps:
            yield "placing"
        elif (placing.x is not None or placing.y is not None or placing.vertical) and "position" not in format.keeps:
            yield "position"
    if cue.speaker and "speaker" not in format.keeps:
        yield "speaker"
    if cue.layer and "layer" not in format.keeps:
        yield "layer"
    in_text = markup.TIME in format.keeps and any(span.kind == markup.TIME for span in cue.spans)
    if cue.words and not in_text and "words" not in format.keeps:
        yield "words"


def _leftovers(document: Document) -> Iterator[str]:
    yield from ["hidden"] * len(document.hidden)
    for cue in document.cues:
        for key in cue.extra:
            if key.endswith((".before", ".effect")):
                yield "note" if key.endswith(".before") else "effect"


def _counted(what: str, number: int) -> str:
    one, many = _NAMES.get(what, _OTHER)
    return one if number == 1 else many(number)


_OTHER: tuple[str, Callable[[int], str]] = (
    Text("1 piece of formatting"),
    lambda number: Text("{number} pieces of formatting", number=number),
)
_NAMES: dict[str, tuple[str, Callable[[int], str]]] = {
    markup.BOLD: (Text("1 bold text"), lambda number: Text("{number} bold texts", number=number)),
    markup.ITALIC: (Text("1 text in italics"), lambda number: Text("{number} texts in italics", number=number)),
    markup.UNDERLINE: (Text("1 underlined text"), lambda number: Text("{number} underlined texts", number=number)),
    markup.STRIKE: (Text("1 struck text"), lambda number: Text("{number} struck texts", number=number)),
    markup.COLOR: (Text("1 colour"), lambda number: Text("{number} colours", number=number)),
    markup.BACKGROUND: (Text("1 background"), lambda number: Text("{number} backgrounds", number=number)),
    markup.FONT: (Text("1 font"), lambda number: Text("{number} fonts", number=number)),
    markup.SIZE: (Text("1 font size"), lambda number: Text("{number} font sizes", number=number)),
    markup.RUBY: (Text("1 ruby reading"), lambda number: Text("{number} ruby readings", number=number)),
    markup.VOICE: (Text("1 speaker"), lambda number: Text("{number} speakers", number=number)),
    markup.LANGUAGE: (Text("1 language"), lambda number: Text("{number} languages", number=number)),
    markup.TIME: (Text("1 time inside a text"), lambda number: Text("{number} times inside texts", number=number)),
    "ass.karaoke": (Text("1 karaoke effect"), lambda number: Text("{number} karaoke effects", number=number)),
    "ass.tag": (Text("1 effect"), lambda number: Text("{number} effects", number=number)),
    "ass.comment": (Text("1 comment"), lambda number: Text("{number} comments", number=number)),
    "ass.drawing": (Text("1 drawing"), lambda number: Text("{number} drawings", number=number)),
    "vtt.class": (Text("1 class"), lambda number: Text("{number} classes", number=number)),
    "placing": (Text("1 placing"), lambda number: Text("{number} placings", number=number)),
    "position": (Text("1 exact position"), lambda number: Text("{number} exact positions", number=number)),
    "speaker": (Text("1 speaker"), lambda number: Text("{number} speakers", number=number)),
    "layer": (Text("1 layer"), lambda number: Text("{number} layers", number=number)),
    "words": (
        Text("the word times of 1 subtitle"),
        lambda number: Text("the word times of {number} subtitles", number=number),
    ),
    "hidden": (Text("1 hidden line"), lambda number: Text("{number} hidden lines", number=number)),
    "note": (Text("1 note"), lambda number: Text("{number} notes", number=number)),
    "effect": (Text("1 effect"), lambda number: Text("{number} effects", number=number)),
}
"""Kinds of spans and parts of a cue, in words: one of it, and many."""


# To the disk


def write_atomically(path: Path, data: bytes) -> None:
    """Replace the file, or make it, all at once. Raises FolderNotWritableError, or SubtitleFileError on a full disk."""
    target = Path(os.path.realpath(path))  # A link stays a link.
    temporary = target.with_name(f".{target.name[:100]}.{secrets.token_hex(4)}.tmp")
    try:
        # Not tempfile: it makes files that only their owner may read, and a subtitle file is not a secret.
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SubtitleFileError(path, Text("the disk is full"), Text("Free some space and save again.")) from error
        raise FolderNotWritableError(target.parent, error.strerror or str(error)) from error
