# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at a repository on the hub, to see whether it is a model for us: an entry for the user's own catalogue."""

from __future__ import annotations

import dataclasses
import re

from ..catalog.entries import Source
from ..catalog.kinds import DATASET, IMAGE, LANGUAGE, SPEECH_TO_TEXT, TEXT_TO_SPEECH
from ..catalog.own import Found
from ..errors.base import SubtitleEditorError
from ..errors.catalog import UnsuitableModelError
from ..errors.hub import FileNotOnHubError
from ..languages import NAMES
from ..library.whisper_files import WHISPER, specification
from ..text import Text
from . import reference as hub_reference
from .client import Hub, Repository

_WHISPER_FILES = ("config.json", "model.bin", "tokenizer.json", "vocabulary.*")
"""What faster-whisper needs (faster_whisper/utils.py, `download_model`)."""

_WHISPER_EXTRA = ("preprocessor_config.json",)

_TASKS = {
    "text-to-speech": TEXT_TO_SPEECH,
    "text-to-audio": TEXT_TO_SPEECH,
    "text-to-image": IMAGE,
    "image-to-image": IMAGE,
    "unconditional-image-generation": IMAGE,
}
"""The hub's words for what a model does, and our kinds; all others are LANGUAGE."""


def inspect(hub: Hub, text: str, kind: str | None = None) -> Found:
    """See what a repository is, by its `owner/name` or a pasted link. `kind` overrules what the hub says of it.

    Raises HubReferenceError, UnsuitableModelError for a speech model that faster-whisper cannot load, and what
    `Hub.plan` raises.
    """
    reference = hub_reference.parse(text, hub.endpoint)
    repository = hub.repository(reference.repo, reference.repo_type, reference.revision)
    source = _source(reference, repository)
    whisper = _is_whisper(hub, repository) if source.repo_type == "model" and not source.allow else False
    kind = kind or _kind(repository, whisper, part=bool(source.allow))
    if kind == SPEECH_TO_TEXT:
        if whisper is False:
            raise UnsuitableModelError(repository.repo, _what_it_lacks(repository))
        source = dataclasses.replace(source, allow=_WHISPER_FILES, optional=_WHISPER_EXTRA)
    sizes = [size for name, size in repository.files.items() if source.wants(name)]
    if not sizes:
        raise FileNotOnHubError(", ".join(source.patterns) or Text("Any file"), repository.repo)
    return Found(
        source=source,
        kind=kind,
        size=sum(sizes),
        files=len(sizes),
        commit=repository.commit,
        gated=repository.gated,
        readable=repository.readable,
        whisper=whisper,
        licence=_licence(repository.tags),
        languages=tuple(tag for tag in repository.tags if tag in NAMES),
    )


def _source(reference: hub_reference.Reference, repository: Repository) -> Source:
    """The part of the repository that was asked for. The hub's spelling of its name counts: a folder is called so."""
    allow: tuple[str, ...] = ()
    if reference.path:
        is_file = reference.is_file or reference.path in repository.files
        allow = (_literally(reference.path) if is_file else f"{_literally(reference.path)}/*",)
    return Source(repository.repo, reference.repo_type, reference.revision, allow)


def _literally(path: str) -> str:
    """A pattern for just this path."""
    return re.sub(r"([*?[])", r"[\1]", path)


def _kind(repository: Repository, whisper: bool | None, part: bool) -> str:
    """What it most likely is. A `part` of a repository is no model that can transcribe, whatever the whole is for."""
    if repository.repo_type == "dataset":
        return DATASET
    if not part and (whisper is not False or repository.task == "automatic-speech-recognition"):
        return SPEECH_TO_TEXT
    return _TASKS.get(repository.task, LANGUAGE)


def _is_whisper(hub: Hub, repository: Repository) -> bool | None:
    if _missing(repository):
        return False
    try:
        return specification(hub.head_of(repository, "model.bin")) == WHISPER
    except SubtitleEditorError:
        if repository.readable:
            raise
        return None


def _missing(repository: Repository) -> list[str]:
    wanted = Source(repository.repo, allow=_WHISPER_FILES)
    return [
        pattern
        for pattern in wanted.allow
        if not any(size and Source("", allow=(pattern,)).wants(name) for name, size in repository.files.items())
    ]


def _what_it_lacks(repository: Repository) -> str:
    if missing := _missing(repository):
        files = ", ".join(missing)
        return Text("is no Whisper model in CTranslate2's format: it has no {files}", files=files)
    return Text("is a model in CTranslate2's format, but none of Whisper")


def _licence(tags: tuple[str, ...]) -> str:
    return next((tag.partition(":")[2] for tag in tags if tag.startswith("license:")), "")
