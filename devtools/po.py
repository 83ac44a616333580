# SPDX-License-Identifier: GPL-3.0-or-later
"""Translations in gettext's text format, as Poedit and Weblate read and write it. As much of it as is used here."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_LINE = re.compile(r'(?:(msgctxt|msgid|msgstr)\s+)?(".*")')


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One text and its translation; an empty one is still to be made."""

    text: str
    translation: str = ""
    context: str = ""
    """Blender's word for where the text stands; empty: anywhere."""
    places: tuple[str, ...] = ()
    """The files that it comes from: for the translator's eyes only."""
    is_unsure: bool = False
    """Marked "fuzzy": a person has to look at it before it is used."""


def read(path: Path) -> list[Entry]:
    """The entries of a file, without its header. Raises ValueError with the line for what cannot be read."""
    return [entry for entry in _parse(path.read_text(encoding="utf-8")) if entry.text]


def _parse(text: str) -> Iterator[Entry]:
    found: dict[str, str] = {}
    comments: list[str] = []
    last = ""
    for number, line in enumerate([*text.splitlines(), ""], 1):
        stripped = line.strip()
        match = _LINE.fullmatch(stripped)
        if match:
            last = match[1] or last
            found[last] = found.get(last, "") + _unquoted(match[2], number)
        elif stripped.startswith("#"):
            if not stripped.startswith("#~"):
                comments.append(stripped)
        elif stripped:
            raise ValueError(f"line {number}: {stripped[:60]!r} is not what a .po file holds")
        elif found:
            places = tuple(place for comment in comments if comment.startswith("#:") for place in comment[2:].split())
            unsure = any(comment.startswith("#,") and "fuzzy" in comment for comment in comments)
            yield Entry(found.get("msgid", ""), found.get("msgstr", ""), found.get("msgctxt", ""), places, unsure)
            found, comments, last = {}, [], ""


def _unquoted(quoted: str, number: int) -> str:
    # C's escapes in gettext are Python's as well.
    try:
        return str(ast.literal_eval(quoted))
    except (SyntaxError, ValueError) as error:
        raise ValueError(f"line {number}: {quoted[:60]} is not a quoted text") from error


def write(path: Path, language: str, entries: Iterable[Entry]) -> None:
    """Write a whole file, in the order given."""
    head = "\n".join(
        [
            'msgid ""',
            'msgstr ""',
            '"Project-Id-Version: Subtitle Editor\\n"',
            f'"Language: {language}\\n"',
            '"MIME-Version: 1.0\\n"',
            '"Content-Type: text/plain; charset=UTF-8\\n"',
            '"Content-Transfer-Encoding: 8bit\\n"',
        ]
    )
    blocks = ["# SPDX-License-Identifier: GPL-3.0-or-later\n" + head, *(_block(entry) for entry in entries)]
    path.write_text("\n\n".join(blocks) + "\n", encoding="utf-8", newline="\n")


def _block(entry: Entry) -> str:
    lines = [f"#: {place}" for place in entry.places]
    if entry.is_unsure:
        lines.append("#, fuzzy")
    if entry.context:
        lines.append(f"msgctxt {_quoted(entry.context)}")
    lines += [f"msgid {_quoted(entry.text)}", f"msgstr {_quoted(entry.translation)}"]
    return "\n".join(lines)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'
