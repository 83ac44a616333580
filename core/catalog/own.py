# SPDX-License-Identifier: GPL-3.0-or-later
"""A model of the hub into the user's own catalogue: look at it first, then write it down. And out again.

What the user wrote into that file by hand, comments too, stays as it is: text is added or cut out, and nothing else
changes. Blocks on the network and the disk: worker threads and the command line.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ..errors.catalog import CatalogEntryError, CatalogError
from ..system import files
from ..system.control import Control
from ..system.locks import file_lock
from ..system.reasons import reason_of
from ..text import Text
from . import cutting, entries, reading
from .entries import Entry, Source

_NOTE = "# Added from the hub."

LOCK_LIMIT = 5.0
"""Seconds to wait for another program that changes the file. Who does takes some milliseconds."""


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A repository that may be added, as the hub describes it."""

    source: Source
    kind: str
    size: int
    """Bytes of the files that would be downloaded."""
    files: int
    commit: str
    gated: bool
    readable: bool
    """Not gated, or its licence was accepted with our token's account."""
    whisper: bool | None
    """Whether it is a Whisper model in CTranslate2's format; None if it looks like one but may not be read yet."""
    licence: str = ""
    languages: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The repository's name without its owner."""
        return self.source.repo.partition("/")[2]

    @property
    def provider(self) -> str:
        """The repository's owner."""
        return self.source.repo.partition("/")[0]


# Write


def add(user_file: Path, found: Found, id: str | None = None) -> Entry:
    """Append an entry to the user's own catalogue and return it. `id` is made of the repository's name if need be.

    The file is made if need be, and replaced in one step. Raises CatalogEntryError (the id is taken, the repository is
    there already), CatalogError when the file cannot be read as it is, FolderNotWritableError.
    """
    with _locked(user_file):
        text = _read(user_file)
        known = reading.load(user_file)
        _refuse_broken(user_file)
        if same := taken(known, found.source):
            raise CatalogEntryError(
                Text('{repo} is in the catalogue already, as "{model}".', repo=found.source.repo, model=same.id),
                Text("Download it by that name."),
            )
        model = _chosen_id(known, found, id)
        table = _table(model, found)
        eol = "\r\n" if "\r\n" in text else "\n"
        block = eol.join([_NOTE, *table, ""])
        gap = "" if not text else eol if text.endswith("\n") else eol + eol
        written = f"{text}{gap}{block}"
        _check_added(user_file, text, written, model)
        _replace(user_file, written)
    return reading.load(user_file).get(model)


def _refuse_broken(user_file: Path) -> None:
    """Nothing is added to a file that cannot be read: it would not be found in there."""
    if user_file.exists():
        reading.tables(user_file)


def _chosen_id(known: entries.Catalog, found: Found, wanted: str | None) -> str:
    taken = {entry.id.lower() for entry in known}
    if wanted is not None:
        if not reading.is_id(wanted):
            raise CatalogEntryError(
                Text('"{model}" cannot be an id.', model=wanted[:100]),
                Text("Use letters, digits, dots, hyphens and underscores, up to 80 of them."),
            )
        if wanted.lower() in taken:
            raise CatalogEntryError(
                Text('There is a model called "{model}" already.', model=wanted), Text("Choose another id.")
            )
        return wanted
    for proposal in (found.name, f"{found.provider}-{found.name}"):
        if reading.is_id(proposal[:80]) and proposal[:80].lower() not in taken:
            return proposal[:80]
    raise CatalogEntryError(
        Text('There is a model called "{model}" already.', model=found.name), Text("Choose an id for this one.")
    )


def _table(model: str, found: Found) -> list[str]:
    """The lines of a new entry."""
    source: dict[str, Any] = {"repo": found.source.repo}
    if found.source.repo_type != "model":
        source["type"] = found.source.repo_type
    if found.source.revision:
        source["revision"] = found.source.revision
    for field in ("allow", "optional"):
        if patterns := getattr(found.source, field):
            source[field] = list(patterns)
    fields: dict[str, Any] = {"id": model, "name": found.name, "provider": found.provider, "kind": found.kind}
    fields["languages"] = list(found.languages)
    fields["size"] = found.size
    fields["licence"] = found.licence
    inline = ", ".join(f"{key} = {_toml(value)}" for key, value in source.items())
    rows = [f"{key} = {_toml(value)}" for key, value in fields.items() if value not in ("", [])]
    return ["[[model]]", *rows, f"source = [{{ {inline} }}]"]


def _toml(value: object) -> str:
    """A text, number or list of texts as TOML writes it."""
    if isinstance(value, str):
        # JSON's escapes are TOML's as well, but TOML wants DEL escaped and knows no lone surrogates.
        return json.dumps(_clean(value), ensure_ascii=False)
    if isinstance(value, list):
        return f"[{', '.join(_toml(one) for one in value)}]"
    return str(value)


def _clean(text: str) -> str:
    """A server's text without control characters; Persian needs its joiners, which are kept."""
    return "".join(char for char in text if char in "\u200c\u200d" or unicodedata.category(char) not in _INVISIBLE)


_INVISIBLE = ("Cc", "Cf", "Cs", "Cn")


def _check_added(path: Path, before: str, after: str, model: str) -> None:
    """Whether the new text says what the old one did and the new entry besides; a file written in another way may not.

    Raises CatalogEntryError.
    """
    try:
        old, new = tomllib.loads(before), tomllib.loads(after)
        added = new["model"].pop()
        if added["id"] == model and new["model"] == old.get("model", []):
            return
    except (tomllib.TOMLDecodeError, LookupError, AttributeError, TypeError):
        pass
    raise CatalogEntryError(
        Text("{file} is written in a way that nothing can be added to.", file=path),
        Text("Begin each entry with a line [[model]]."),
    )


# Remove


def remove(user_file: Path, id: str) -> None:
    """Take an entry out of the user's own catalogue. Its files on the disk stay.

    Raises CatalogEntryError if it is not in there, or cannot be cut out for sure; CatalogError, FolderNotWritableError.
    """
    with _locked(user_file):
        text = _read(user_file)
        found, _ = reading.tables(user_file) if user_file.exists() else ([], "")
        numbers = [number for number, table in enumerate(found) if isinstance(table, dict) and table.get("id") == id]
        if not numbers:
            raise CatalogEntryError(
                Text('There is no model called "{model}" in {file}.', model=id, file=user_file),
                Text("Only models that you have added can be taken out of the list."),
            )
        shorter = cutting.without(text, numbers[0], _NOTE)
        if shorter is not None and _lacks_only(text, shorter, numbers[0]):
            _replace(user_file, shorter)
            return
    raise CatalogEntryError(
        Text('The entry "{model}" of {file} is written in a way that it cannot be cut out.', model=id, file=user_file),
        Text("Remove it by hand."),
    )


def _lacks_only(before: str, after: str, number: int) -> bool:
    """Whether the text says after the cut what it said before, but for one entry."""
    try:
        old, new = tomllib.loads(before), tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    rest = old.pop("model")
    del rest[number]
    return bool(new.pop("model", []) == rest and new == old)


# The file


@contextlib.contextmanager
def _locked(user_file: Path) -> Iterator[None]:
    """Keep a second Blender from adding at the same moment. Raises CatalogEntryError when one does for too long."""
    try:
        user_file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise files.disk_error(user_file.parent, error) from error
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(file_lock(user_file.with_name(f"{user_file.name}.lock"), Control(), limit=LOCK_LIMIT))
        except TimeoutError as error:
            raise CatalogEntryError(
                Text("Another program is changing {file}.", file=user_file), Text("Try again in a moment.")
            ) from error
        yield


def _read(user_file: Path) -> str:
    """The file's text with its own line ends, without a byte order mark; empty if there is none."""
    try:
        return user_file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        return ""
    except UnicodeDecodeError as error:
        raise CatalogError(user_file, Text("it is not UTF-8 text")) from error
    except OSError as error:
        raise CatalogError(user_file, reason_of(error), refused=True) from error


def _replace(user_file: Path, text: str) -> None:
    try:
        files.write(user_file, text.encode("utf-8"))
    except OSError as error:
        raise files.disk_error(user_file.parent, error) from error


def taken(entries: Iterable[Entry], source: Source) -> Entry | None:
    """The entry that has all of the same repository at the same revision, if there is one."""
    wanted = (source.repo.lower(), source.repo_type, source.revision, source.allow)
    for entry in entries:
        if not entry.is_bundle and not entry.alias_of:
            for own in entry.sources:
                if (own.repo.lower(), own.repo_type, own.revision, own.allow) == wanted:
                    return entry
    return None
