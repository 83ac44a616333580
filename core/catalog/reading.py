# SPDX-License-Identifier: GPL-3.0-or-later
"""Catalogue files: TOML in, entries out, and for what is wrong the file, the line and the reason.

The built-in file is read strictly. In the user's own one bad entry costs no other: it is left out and named.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..addresses import is_safe
from ..errors.catalog import CatalogError
from ..system.names import is_inner_path, is_repository, is_revision
from ..system.reasons import reason_of
from ..text import Text
from . import cutting
from .entries import REPOSITORY_TYPES, Catalog, Entry, Link, Manifest, Source
from .kinds import KIND_NAMES

BUILT_IN = Path(__file__).with_name("catalog.toml")

LARGEST_FILE = 4_000_000
"""Bytes read at most. The built-in catalogue has some 12,000."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_TEXT = 2000
_LARGEST_SIZE = 1 << 50
"""Bytes; beyond it somebody mistyped."""

_ENTRY_FIELDS = {
    *("id", "name", "kind", "size", "languages", "licence", "description", "provider", "homepage", "tags"),
    *("source", "link", "manifest", "alias_of"),
}
_SOURCE_FIELDS = {"repo", "type", "revision", "allow", "optional", "ignore"}
_LINK_FIELDS = {"url", "path", "size", "sha256"}
_MANIFEST_FIELDS = {"url", "component"}


class _Bad(ValueError):
    """What is wrong with an entry, to be read after its name: 'lacks "name"'."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason)
        self.reason = reason


def read_strictly(path: Path) -> tuple[Entry, ...]:
    """Every entry of a file. Raises CatalogError at the first thing wrong."""
    entries, problems = _read(path, {}, own=False)
    if problems:
        raise problems[0]
    return entries


def read_own(path: Path, known: Mapping[str, Entry]) -> tuple[tuple[Entry, ...], tuple[CatalogError, ...]]:
    """The sound entries of a user's file, and what is wrong with it. `known` are the ids that are taken.

    Never raises.
    """
    return _read(path, known, own=True)


def is_id(text: str) -> bool:
    """Whether a text can be the id of an entry: short, and good as the name of a folder on any platform."""
    # On any platform: a catalogue is shared, and moved from one machine to another.
    return bool(_ID.fullmatch(text)) and "--" not in text and ".." not in text and is_inner_path(text, windows=True)


def tables(path: Path) -> tuple[list[Any], str]:
    """The entries of a file as TOML has them, and its text. Raises CatalogError for what is no such file."""
    import tomllib  # Here, not above: Blender starts with this file, and reads no catalogue then.

    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
        if len(data) > LARGEST_FILE:
            raise CatalogError(path, Text("it is too large"))
        # Editors on Windows may begin a file with the mark that utf-8-sig drops, and tomllib does not.
        text = data.decode("utf-8-sig")
        found = tomllib.loads(text).get("model", [])
    except OSError as error:
        raise CatalogError(path, reason_of(error), refused=True) from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise CatalogError(path, Text("it is not UTF-8 text"), line) from error
    except tomllib.TOMLDecodeError as error:
        raise CatalogError(path, *_syntax(str(error), text)) from error
    except RecursionError as error:
        raise CatalogError(path, Text("it is nested too deeply")) from error
    except ValueError as error:
        # Out of tomllib: a date that is none, a number with too many digits.
        raise CatalogError(path, str(error)) from error
    if not isinstance(found, list):
        raise CatalogError(path, Text("its entries must begin with [[model]]"))
    return found, text


def _syntax(message: str, text: str) -> tuple[str, int]:
    """Reason and line of what tomllib says: "Invalid value (at line 3, column 6)"."""
    reason, _, place = message.partition(" (at ")
    if match := re.match(r"line (\d+)", place):
        return f"{reason[:1].lower()}{reason[1:]}", int(match[1])
    return f"{reason[:1].lower()}{reason[1:]} (at its end)", text.count("\n") + 1


def _read(path: Path, known: Mapping[str, Entry], own: bool) -> tuple[tuple[Entry, ...], tuple[CatalogError, ...]]:
    try:
        found, text = tables(path)
    except CatalogError as error:
        return (), (error,)
    headers = cutting.beginnings(text)
    lines: Sequence[int | None] = headers if len(headers) == len(found) else [None] * len(found)
    entries: dict[str, Entry] = {}
    problems: list[CatalogError] = []
    for number, (table, line) in enumerate(zip(found, lines, strict=True), 1):
        name = _name(table, number)
        try:
            entry = _entry(table, {**known, **entries})
            _check_id(entry.id, known, entries)
        except _Bad as error:
            problems.append(CatalogError(path, error.reason, line, name))
            continue
        entries[entry.id] = dataclasses.replace(entry, own=own)
        if unknown := _unknown(table):
            reason = Text("has an unknown field {fields}", fields=unknown)
            problems.append(CatalogError(path, reason, line, name))
    return tuple(entries.values()), tuple(problems)


def _name(table: object, number: int) -> str:
    """How messages call an entry, however broken it is."""
    found = table.get("id") if isinstance(table, dict) else None
    return found[:80] if isinstance(found, str) and found else f"number {number}"


def _check_id(model: str, known: Mapping[str, Entry], entries: Mapping[str, Entry]) -> None:
    if model in entries:
        raise _Bad(Text("appears twice"))
    # Also in other capitals: `Tiny` beside `tiny` is one folder on Windows, and a trap everywhere.
    if any(model.lower() == other.lower() for other in known):
        raise _Bad(Text("has the id of a built-in one; choose another"))


def _unknown(table: dict[str, Any]) -> str:
    fields = set(table) - _ENTRY_FIELDS
    for source in table.get("source", ()):
        fields |= set(source) - _SOURCE_FIELDS
    for link in table.get("link", ()):
        fields |= set(link) - _LINK_FIELDS
    fields |= set(table.get("manifest", ())) - _MANIFEST_FIELDS
    return ", ".join(f'"{field[:40]}"' for field in sorted(fields))


def _entry(table: object, known: Mapping[str, Entry]) -> Entry:
    if not isinstance(table, dict):
        raise _Bad(Text("is no table"))
    model = _text(table, "id", needed=True)
    if not is_id(model):
        raise _Bad(Text("must have an id of letters, digits, dots, hyphens and underscores, up to 80 of them"))
    if "alias_of" in table:
        return _alias(table, model, known)
    name, kind = _text(table, "name", needed=True), _text(table, "kind", needed=True)
    if kind not in KIND_NAMES:
        raise _Bad(
            Text('has the unknown kind "{kind}" (there are {known})', kind=kind[:40], known=", ".join(KIND_NAMES))
        )
    sources = tuple(_source(one) for one in _tables(table, "source"))
    links = tuple(_link(one) for one in _tables(table, "link"))
    manifest = _manifest(table) if "manifest" in table else None
    if not sources and not links and manifest is None:
        raise _Bad(Text('lacks "source" (a repository of the hub) or "link" (the address of a file)'))
    if links and manifest is not None:
        raise _Bad(Text('has "link" and "manifest", of which there may be one'))
    if len({link.path.lower() for link in links}) < len(links):
        raise _Bad(Text("has two links with the same path"))
    return Entry(
        id=model,
        name=name,
        kind=kind,
        size=_size(table) if "size" in table else sum(link.size for link in links),
        sources=sources,
        links=links,
        manifest=manifest,
        languages=_texts(table, "languages"),
        licence=_text(table, "licence"),
        description=_text(table, "description"),
        provider=_text(table, "provider"),
        homepage=_homepage(table),
        tags=_texts(table, "tags"),
    )


def _alias(table: dict[str, Any], model: str, known: Mapping[str, Entry]) -> Entry:
    wanted = _text(table, "alias_of", needed=True)
    target = known.get(wanted)
    if target is None:
        raise _Bad(Text("is another name of '{model}', which is not there (or further down)", model=wanted[:80]))
    found = dataclasses.replace(target, id=model, alias_of=target.download_id)
    return dataclasses.replace(found, description=_text(table, "description")) if "description" in table else found


def _source(table: dict[str, Any]) -> Source:
    repo = _text(table, "repo", needed=True)
    if not is_repository(repo):
        raise _Bad(Text('has the repository "{repo}", which is no owner/name', repo=repo[:100]))
    repo_type = _text(table, "type") or "model"
    if repo_type not in REPOSITORY_TYPES:
        raise _Bad(Text('has a repository of the unknown type "{type}" (model or dataset)', type=repo_type[:40]))
    revision = _text(table, "revision") or None
    if revision is not None and not is_revision(revision):
        raise _Bad(Text('has the revision "{revision}", which cannot be one', revision=revision[:100]))
    return Source(
        repo=repo,
        repo_type=repo_type,
        revision=revision,
        allow=_texts(table, "allow"),
        optional=_texts(table, "optional"),
        ignore=_texts(table, "ignore"),
    )


def _link(table: dict[str, Any]) -> Link:
    url, path = _text(table, "url", needed=True), _text(table, "path", needed=True)
    sha256 = _text(table, "sha256", needed=True).lower()
    if not is_safe(url):
        raise _Bad(Text('has the address "{url}", which is not https', url=url[:100]))
    if not is_inner_path(path, windows=True):
        raise _Bad(Text('has the path "{path}", which is no plain relative one', path=path[:100]))
    if not _SHA256.fullmatch(sha256):
        raise _Bad(
            Text('needs for {path} the SHA-256 of the file, 64 hexadecimal digits, as "sha256"', path=path[:100])
        )
    if "size" not in table:
        raise _Bad(Text('lacks the "size" of {path} in bytes', path=path[:100]))
    return Link(url, path, _size(table), sha256)


def _manifest(table: dict[str, Any]) -> Manifest:
    found = table["manifest"]
    if not isinstance(found, dict):
        raise _Bad(Text('must have "manifest" as a table with url and component'))
    url, component = _text(found, "url", needed=True), _text(found, "component", needed=True)
    if not is_safe(url):
        raise _Bad(Text('has the address "{url}", which is not https', url=url[:100]))
    return Manifest(url, component)


def _tables(table: dict[str, Any], field: str) -> list[dict[str, Any]]:
    found = table.get(field, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _Bad(Text('must have "{field}" as a list of tables: {field} = [{{ ... }}]', field=field))
    return found


def _text(table: dict[str, Any], field: str, needed: bool = False) -> str:
    found = table.get(field, "")
    if not isinstance(found, str):
        raise _Bad(Text('must have "{field}" as a text in quotes', field=field))
    if needed and not found.strip():
        raise _Bad(Text('lacks "{field}"', field=field))
    if len(found) > _LONGEST_TEXT or any(ord(char) < 32 for char in found.replace("\n", " ").replace("\t", " ")):
        raise _Bad(Text('has a "{field}" that is too long or holds control characters', field=field))
    return found.strip()


def _texts(table: dict[str, Any], field: str) -> tuple[str, ...]:
    found = table.get(field, [])
    if not isinstance(found, list) or not all(isinstance(one, str) and 0 < len(one) <= 300 for one in found):
        raise _Bad(Text('must have "{field}" as a list of texts: {field} = ["...", "..."]', field=field))
    return tuple(found)


def _size(table: dict[str, Any]) -> int:
    found = table["size"]
    # A bool is an int to Python.
    if not isinstance(found, int) or isinstance(found, bool) or not 0 <= found <= _LARGEST_SIZE:
        raise _Bad(Text('must have "size" as a number of bytes'))
    return found


def _homepage(table: dict[str, Any]) -> str:
    found = _text(table, "homepage")
    # It is opened in a browser at a click.
    if found and not found.startswith("https://"):
        raise _Bad(Text("has a homepage that is not https"))
    return found


def load(user_file: Path | None = None) -> Catalog:
    """The built-in catalogue with the user's own after it. Cheap to ask again: read anew only when the file changed.

    Never raises for the user's file: what is wrong with it is in `problems`. One that does not exist is no problem.
    """
    return _load(user_file, _state(user_file) if user_file else None)


def _state(path: Path) -> tuple[int, int, int] | None:
    """What changes when a file is written or replaced; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


@functools.lru_cache(maxsize=8)
def _load(user_file: Path | None, state: tuple[int, int, int] | None) -> Catalog:
    built_in = _built_in()
    if user_file is None or state is None:
        return built_in
    own, problems = read_own(user_file, {entry.id: entry for entry in built_in})
    return Catalog((*built_in.entries, *own), problems)


@functools.cache
def _built_in() -> Catalog:
    return read(BUILT_IN)


def read(path: Path) -> Catalog:
    """A catalogue file by itself.

    Raises CatalogError, which names the file, the reason and, where it can, the line, at the first thing wrong.
    """
    return Catalog(read_strictly(path))
