# SPDX-License-Identifier: GPL-3.0-or-later
"""What a list of models shows: rows out of the catalogue, the disk and the jobs; filtered, sorted, ready to be drawn.

`rows()` is memory only, but made once after each change, not at each redraw. `details()` reads the disk.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ..catalog.entries import Entry, Source
from ..catalog.kinds import SPEECH_TO_TEXT
from ..catalog.search import folded, searchable
from ..events import State
from ..languages import NAMES
from ..text import Text, plain
from . import files as library_files
from . import layout
from . import status as library
from .files import ModelFile
from .states import ModelState, Status

_MULTILINGUAL = 99
"""The languages of Whisper's multilingual models; large-v3 alone has one more, Cantonese."""


@dataclasses.dataclass(frozen=True, slots=True)
class Filter:
    """Which models the user wants to see."""

    kind: str = SPEECH_TO_TEXT
    """A kind of the catalogue; empty for all."""
    search: str = ""
    """Words that all have to occur somewhere in what the catalogue says of a model, in any case and order."""
    missing: bool = False
    """Also those of which nothing is on the disk and no job is known."""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One model. `size` in bytes: on the disk once complete, else the catalogue's estimate."""

    id: str
    name: str
    state: ModelState
    size: int
    languages: str
    fraction: float = 0.0
    """0.0 to 1.0: how much of it is there."""
    job: State | None = None
    """The state of its job; None without one that has not ended."""
    own: bool = False
    """From the user's own catalogue."""


@dataclasses.dataclass(frozen=True, slots=True)
class ModelList:
    """What is shown, and how many models the switch "missing" hides."""

    rows: tuple[Row, ...] = ()
    hidden: int = 0


def rows(
    entries: Iterable[Entry],
    statuses: Mapping[str, Status],
    jobs: Mapping[str, State],
    wanted: Filter,
) -> ModelList:
    """The list for `wanted`. Both mappings have the catalogue's ids; `jobs` only the jobs that have not ended.

    What is on the disk, or on its way, comes first; within that the catalogue's order stays. Another name of a model
    gets no row of its own, but is found by the search.
    """
    words = folded(wanted.search).split()
    known = list(entries)
    aliases = _aliases(known)
    here: list[Row] = []
    missing: list[Row] = []
    for entry in known:
        if entry.alias_of or wanted.kind not in ("", entry.kind):
            continue
        text = searchable(entry) + " ".join(aliases.get(entry.id, ()))
        if not all(word in text for word in words):
            continue
        row = _row(entry, statuses.get(entry.id), jobs.get(entry.id))
        (missing if row.state is ModelState.MISSING and row.job is None else here).append(row)
    if wanted.missing:
        return ModelList((*here, *missing))
    return ModelList(tuple(here), len(missing))


def _row(entry: Entry, status: Status | None, job: State | None) -> Row:
    state = status.state if status else ModelState.MISSING
    size, fraction = entry.size, 0.0
    if status and status.installed:
        size, fraction = status.installed.size, 1.0
    elif status and status.bytes_total:
        size, fraction = status.bytes_total, status.bytes_done / status.bytes_total
    return Row(entry.id, entry.name, state, size, languages_text(entry.languages, short=True), fraction, job, entry.own)


def _aliases(entries: Iterable[Entry]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for entry in entries:
        if entry.alias_of:
            found.setdefault(entry.alias_of, []).append(folded(entry.id))
    return found


def languages_text(codes: tuple[str, ...], short: bool = False) -> str:
    """The languages of a model in a few words, or `short` for a column; empty where it says nothing of them.

    >>> languages_text(("fa",)), languages_text(("en", "fa")), languages_text(("multilingual",))
    ('Persian', 'English, Persian', '99 languages')
    >>> languages_text(("en", "de", "fr")), languages_text(("tlh",)), languages_text(())
    ('3 languages', 'tlh', '')
    >>> languages_text(("multilingual",), short=True), languages_text(("en", "fa"), short=True)
    ('99 lang.', 'en, fa')
    """
    count = _MULTILINGUAL if codes == ("multilingual",) else len(codes)
    if count > 2:
        return Text("{number} lang.", number=count) if short else Text("{number} languages", number=count)
    if short and count > 1:
        return ", ".join(codes)
    if count == 2:
        # Texts of their own, for their names are translated; a code that nobody knows is none.
        first, second = (Text(NAMES[code]) if code in NAMES else code for code in codes)
        return Text("{first}, {second}", first=first, second=second)
    return "".join(NAMES.get(code, code) for code in codes)


# One model for programs


def as_dict(entry: Entry, status: Status) -> dict[str, Any]:
    """A model as `models list --json` and the service tell it: keys are a contract (docs/command-line.md)."""
    installed = status.installed
    data: dict[str, Any] = {
        "id": entry.id,
        "name": entry.name,
        "provider": entry.provider,
        "kind": entry.kind,
        "size": installed.size if installed else entry.size,
        "languages": list(entry.languages),
        "licence": entry.licence,
        "tags": list(entry.tags),
        "description": entry.description,
        "homepage": entry.homepage,
        "repository": entry.sources[0].repo if entry.sources else None,
        "repositories": [_repository(source) for source in entry.sources],
        "links": [one.url for one in (*entry.links, entry.manifest) if one is not None],
        "alias_of": entry.alias_of,
        "own": entry.own,
        "installed": status.state.usable,
        "state": status.state,
        "bytes_done": status.bytes_done,
        "bytes_total": status.bytes_total,
        "damaged": list(status.damaged),
        "partials": status.partials,
        "former": status.former,
        "update": status.newer.commit if status.newer else None,
    }
    if installed:
        data.update(path=plain(os.path.abspath(installed.path)), revision=installed.revision)
    return data


def _repository(source: Source) -> dict[str, Any]:
    return {"repository": source.repo, "type": source.repo_type, "revision": source.revision}


# One model in detail


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """The files of one repository, or of one host's direct addresses, and the revision that is on the disk."""

    title: str
    revision: str
    """The commit, or the branch or tag that the catalogue asks for; empty for the newest."""
    files: tuple[ModelFile, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Details:
    """All that is known of a model without asking the hub."""

    entry: Entry
    parts: tuple[Part, ...]
    aliases: tuple[str, ...] = ()


def details(models_dir: Path, entry: Entry, entries: Iterable[Entry] = ()) -> Details:
    """What the disk and the catalogue know of one model. Some small reads: not for `draw()`. Never raises."""
    parts = tuple(_part(models_dir, entry, source) for source in entry.parts)
    return Details(entry, parts, tuple(other.id for other in entries if other.alias_of == entry.id))


def _part(models_dir: Path, entry: Entry, source: Source) -> Part:
    files = library_files.files(models_dir, dataclasses.replace(entry, sources=(source,), links=(), manifest=None))
    if source.manifest is not None:
        return Part(urlsplit(source.manifest.url).netloc, "", files)
    if source.links:
        return Part(urlsplit(source.links[0].url).netloc, "", files)
    snapshot = library.newest_snapshot(layout.repository_folder(models_dir, source), source)
    return Part(source.repo, snapshot.name if snapshot else source.revision or "", files)
