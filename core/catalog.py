# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be downloaded: the entries of `catalog.toml`, read once and never changed while running."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .errors import CatalogError, UnknownModelError

BUILT_IN = Path(__file__).with_name("catalog.toml")

SPEECH_TO_TEXT = "speech-to-text"


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A hub repository, or the part of it that `allow` names (shell patterns, as `snapshot_download` takes them)."""

    repo: str
    repo_type: str = "model"
    revision: str | None = None
    """A branch, tag or commit; None floats with the repository's main branch."""
    allow: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    """Patterns that are fetched where the repository has them, and not missed where it has not."""

    @property
    def patterns(self) -> tuple[str, ...]:
        """Everything wanted of the repository; empty for all of it."""
        return (*self.allow, *self.optional) if self.allow else ()


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One thing a user can choose. `size` is an estimate in bytes for display; the plan has the true total."""

    id: str
    name: str
    kind: str
    size: int
    sources: tuple[Source, ...]
    languages: tuple[str, ...] = ()
    licence: str = ""
    description: str = ""
    provider: str = ""
    homepage: str = ""
    tags: tuple[str, ...] = ()
    alias_of: str | None = None

    @property
    def download_id(self) -> str:
        """The id whose files serve this entry: its own, or the one that it is another name of."""
        return self.alias_of or self.id


class Catalog:
    """Entries by id, in the order of the file."""

    def __init__(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        self._by_id = {entry.id: entry for entry in entries}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def get(self, model: str) -> Entry:
        """The entry with this id.

        Raises UnknownModelError, which names the nearest id.
        """
        try:
            return self._by_id[model]
        except KeyError:
            near = difflib.get_close_matches(model.lower(), self._by_id, n=1, cutoff=0.5)
            raise UnknownModelError(model, near[0] if near else None) from None


@functools.cache
def load() -> Catalog:
    """The built-in catalogue. Read on first use, then kept; safe from any thread."""
    return read(BUILT_IN)


def read(path: Path) -> Catalog:
    """A catalogue file.

    Raises CatalogError, which names the file and the reason, for one that cannot be used.
    """
    try:
        with path.open("rb") as file:
            tables = tomllib.load(file).get("model", [])
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CatalogError(path, str(error)) from error
    plain: dict[str, Entry] = {}
    for table in tables:
        entry = _entry(path, table, plain)
        if entry.id in plain:
            raise CatalogError(path, f'the id "{entry.id}" appears twice')
        plain[entry.id] = entry
    return Catalog(tuple(plain.values()))


def _entry(path: Path, table: dict[str, Any], known: dict[str, Entry]) -> Entry:
    try:
        if target := table.get("alias_of"):
            described = {"description": table["description"]} if "description" in table else {}
            return dataclasses.replace(known[target], id=table["id"], alias_of=target, **described)
        return Entry(
            id=table["id"],
            name=table["name"],
            kind=table["kind"],
            size=int(table["size"]),
            sources=tuple(_source(source) for source in table["source"]),
            languages=tuple(table.get("languages", ())),
            licence=table.get("licence", ""),
            description=table.get("description", ""),
            provider=table.get("provider", ""),
            homepage=table.get("homepage", ""),
            tags=tuple(table.get("tags", ())),
        )
    except KeyError as error:
        name = table.get("id", "without id")
        raise CatalogError(path, f'the entry "{name}" lacks or misnames {error}') from error
    except (TypeError, ValueError) as error:
        raise CatalogError(path, f'the entry "{table.get("id", "without id")}": {error}') from error


def _source(table: dict[str, Any]) -> Source:
    return Source(
        repo=table["repo"],
        repo_type=table.get("type", "model"),
        revision=table.get("revision"),
        allow=tuple(table.get("allow", ())),
        optional=tuple(table.get("optional", ())),
    )
