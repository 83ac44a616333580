# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be downloaded: the built-in `catalog.toml`, and after it the user's own.

Read when first asked for and again when the user's file changed; an Entry never changes. Any thread.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import re
from collections.abc import Collection, Iterator
from fnmatch import fnmatchcase

from ..errors.catalog import CatalogError, UnknownModelError
from .kinds import KIND_NAMES

REPOSITORY_TYPES = ("model", "dataset")

CUBLAS = "cublas-12"
"""The built-in entry with the libraries that a graphics card needs (core/library/runtimes.py)."""

LINKS_OWNER = "subtitle-editor"
"""Files of direct addresses lie in a repository folder of ours, as if they came from `subtitle-editor/ID`."""


_ORIGINAL = re.compile(
    r"(?:(openai|systran|guillaumekln|distil-whisper)/)?"
    r"(?:faster-|openai-|ggml-)?(?:whisper[-_ ])?(.+?)(?:\.pt|\.bin)?"
)
"""A model's name as its makers, and those who first brought it to faster-whisper and whisper.cpp, write it."""

_PAGE = re.compile(r"(?:(?:https?://[^/]+|hf:/|[^/]+\.[^/]+)/)?((?:datasets/)?[^/]+/[^/@]+?)(?:@main|/tree/main)?/*")
"""A repository as it is copied from the address of its page. On whose hub that is does not matter: what is in the
catalogue is asked of the one that was chosen."""


@dataclasses.dataclass(frozen=True, slots=True)
class Link:
    """One file at an address of its own, outside the hub. No token is ever sent there."""

    url: str
    """https, or http on this machine."""
    path: str
    """What it is called in the model's folder."""
    size: int
    """In bytes."""
    sha256: str
    """Lower-case hex."""


@dataclasses.dataclass(frozen=True, slots=True)
class Manifest:
    """A list that NVIDIA publishes beside its redistribution archives (`redistrib_12.9.1.json`): of each component and
    platform the path from the list's own folder, the size and the SHA-256. No token is ever sent there."""

    url: str
    """https, or http on this machine."""
    component: str
    """Such as `libcublas`."""


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """A hub repository, or the part of it that the patterns name (shell patterns, as `snapshot_download` takes them).

    Or the files at direct addresses of one entry, which lie on the disk as a repository would (`Entry.parts`).
    """

    repo: str
    repo_type: str = "model"
    revision: str | None = None
    """A branch, tag or commit; None floats with the repository's main branch."""
    allow: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    """Patterns that are fetched where the repository has them, and not missed where it has not."""
    ignore: tuple[str, ...] = ()
    """Patterns of what is left out, whatever the others say."""
    links: tuple[Link, ...] = ()
    manifest: Manifest | None = None
    """Who says which file it is, instead of the catalogue."""

    @property
    def is_direct(self) -> bool:
        """Whether its files have addresses of their own, outside the hub."""
        return bool(self.links) or self.manifest is not None

    @property
    def patterns(self) -> tuple[str, ...]:
        """Everything wanted of the repository; empty for all of it."""
        return (*self.allow, *self.optional) if self.allow else ()

    def wants(self, name: str) -> bool:
        """Whether a file of the repository belongs to the entry. As huggingface_hub filters."""
        # Asked for each file of each model when a folder is scanned: no more is made here than needed.
        if self.allow and not _fits(name, self.allow) and not _fits(name, self.optional):
            return False
        return not _fits(name, self.ignore)

    def missing(self, names: Collection[str]) -> tuple[str, ...]:
        """The patterns that a repository must have files for, and for which these are none."""
        return tuple(pattern for pattern in self.allow if not any(fnmatchcase(name, pattern) for name in names))

    @property
    def page(self) -> str:
        """The path of the repository's page on its hub."""
        return self.repo if self.repo_type == "model" else f"{self.repo_type}s/{self.repo}"


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns) if patterns else False


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """One thing a user can choose. `size` is an estimate in bytes for display; the plan has the true total."""

    id: str
    name: str
    kind: str
    size: int
    sources: tuple[Source, ...]
    """The hub repositories its files come from."""
    languages: tuple[str, ...] = ()
    licence: str = ""
    description: str = ""
    provider: str = ""
    homepage: str = ""
    tags: tuple[str, ...] = ()
    alias_of: str | None = None
    links: tuple[Link, ...] = ()
    """The files that come from direct addresses."""
    manifest: Manifest | None = None
    """The list that says where its one file is."""
    own: bool = False
    """From the user's own catalogue."""

    @property
    def download_id(self) -> str:
        """The id whose files serve this entry: its own, or the one that it is another name of."""
        return self.alias_of or self.id

    @property
    def parts(self) -> tuple[Source, ...]:
        """Where the files lie on the disk, a repository folder each: the hub's repositories, then the direct files."""
        if self.manifest is not None:
            return (*self.sources, Source(f"{LINKS_OWNER}/{self.download_id}", manifest=self.manifest))
        return (*self.sources, linked(self.download_id, self.links)) if self.links else self.sources

    def hears(self, language: str | None) -> bool:
        """Whether it was made for a language, a code; of None nobody knows yet. All do but the English-only ones, of
        which the distilled ones look like any other."""
        return self.languages != ("en",) or language in (None, "", "en")

    @property
    def is_bundle(self) -> bool:
        """Whether its files lie in several folders."""
        return len(self.sources) + bool(self.links or self.manifest) > 1


@functools.lru_cache(maxsize=256)
def linked(model: str, links: tuple[Link, ...]) -> Source:
    """The direct files of an entry as a repository of ours. Its commit is made of their names and hashes."""
    content = "".join(f"{link.path} {link.sha256}\n" for link in sorted(links, key=lambda link: link.path))
    commit = hashlib.sha1(content.encode(), usedforsecurity=False).hexdigest()
    return Source(f"{LINKS_OWNER}/{model}", revision=commit, links=links)


class Catalog:
    """Entries by id: the built-in ones, then the user's own, each in the order of their file."""

    def __init__(self, entries: tuple[Entry, ...], problems: tuple[CatalogError, ...] = ()) -> None:
        self.entries = entries
        self.problems = problems
        """What is wrong with the user's file; its sound entries are among `entries` all the same."""
        self._by_id = {entry.id: entry for entry in entries}

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that occur, in the order of KIND_NAMES."""
        found = {entry.kind for entry in self.entries}
        return tuple(kind for kind in KIND_NAMES if kind in found)

    def get(self, model: str) -> Entry:
        """The entry with this id, or the one whose files are those of a repository, `owner/name` or its page.

        Raises UnknownModelError, which names the nearest id, or those that share the repository.
        """
        found = self._by_id.get(model)
        if found is None and "/" in model:
            of_repository = self._of_repository(model)
            if len(of_repository) == 1:
                return of_repository[0]
            near = None if of_repository else self._of_original(model)
            raise UnknownModelError(model, near, several=tuple(entry.id for entry in of_repository))
        if found is None:
            # Here, not above: only an error needs it.
            import difflib

            close = difflib.get_close_matches(model.strip().lower(), self._by_id, n=1, cutoff=0.5)
            raise UnknownModelError(model, self._of_original(model) or (close[0] if close else None))
        return found

    def _of_original(self, name: str) -> str | None:
        """The id of the model that other programs know by this name: openai/whisper-tiny, faster-whisper-tiny, tiny.pt,
        ggml-tiny.bin. What anybody else has made of it is another model."""
        known = _ORIGINAL.fullmatch(name.strip().lower())
        if not known:
            return None
        owner, model = known.groups()
        if owner == "distil-whisper" and not model.startswith("distil-"):
            return None  # No such one is theirs.
        if owner and model == "large":
            model = "large-v1"  # The hub's is the first; ours, as in openai/whisper's own program, the last.
        return model if model in self._by_id else None

    def _of_repository(self, name: str) -> list[Entry]:
        """The entries that are made of this repository and nothing else. The hub does not tell capitals apart."""
        page = _PAGE.fullmatch(name.strip())
        name = page[1] if page else name
        entries = (entry for entry in self.entries if not entry.alias_of and not entry.is_bundle and entry.sources)
        names = ((entry, (entry.sources[0].repo.lower(), entry.sources[0].page.lower())) for entry in entries)
        return [entry for entry, known in names if name.lower() in known]
