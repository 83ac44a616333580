# SPDX-License-Identifier: GPL-3.0-or-later
"""The list of models, and what can be put on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..addresses import without_login
from ..text import Text
from .base import SubtitleEditorError


class UnknownModelError(SubtitleEditorError, KeyError):
    """No model has this id."""

    code = "unknown_model"

    def __init__(self, model: str, nearest: str | None = None, several: Sequence[str] = ()) -> None:
        """`several`: ids of models that are all of the repository `model`."""
        self.model = model
        self.nearest = nearest
        if nearest:
            hint = Text('Did you mean "{nearest}"?', nearest=nearest)
        elif several:
            hint = Text("Several are made of that repository: {models}.", models=", ".join(several))
        elif "/" in model:
            hint = Text("Put it on the list with: subtitle-editor models add {model}", model=model)
        else:
            hint = Text("See the list with: subtitle-editor models list")
        super().__init__(Text('There is no model called "{model}".', model=model), hint)


class CatalogError(SubtitleEditorError, ValueError):
    """A catalogue file, or one entry of it (`entry` names it), cannot be used. `line` counts from 1; None: unknown.
    `refused`: the file cannot be read, whatever is in it."""

    code = "bad_catalog"

    def __init__(
        self, path: Path, reason: str, line: int | None = None, entry: str | None = None, refused: bool = False
    ) -> None:
        self.path = path
        self.reason = reason
        self.line = line
        self.entry = entry
        where = Text("{path}, line {line}", path=path, line=line) if line else str(path)
        if entry is None:
            message = Text("The catalogue {where} cannot be read: {reason}.", where=where, reason=reason)
            hint = Text("Mend or remove the file.")
            if refused:
                hint = Text("Look whether you may read it, and after the disk that it is on.")
        else:
            message = Text('{where}: the entry "{entry}" {reason}.', where=where, entry=entry, reason=reason)
            hint = Text("Mend the entry; all others are used.")
        super().__init__(message, hint)


class CatalogEntryError(SubtitleEditorError, ValueError):
    """An entry cannot be added to the user's own catalogue, or not be removed from it."""

    code = "catalog_entry"


class HubReferenceError(SubtitleEditorError, ValueError):
    """What was typed or pasted is no repository of the hub."""

    code = "bad_reference"

    def __init__(self, text: str, reason: str) -> None:
        # Without a login and a signature: what was pasted may be as good as a password.
        self.text = without_login(text).partition("?")[0]
        super().__init__(
            Text('"{text}" {reason}.', text=self.text[:200], reason=reason),
            Text("Write owner/name, or paste the address of the model's or dataset's page."),
        )


class UnsuitableModelError(SubtitleEditorError, ValueError):
    """The repository is there, but it is not a model that can make subtitles."""

    code = "unsuitable"

    def __init__(self, repo: str, reason: str) -> None:
        self.repo = repo
        super().__init__(
            Text("{repo} {reason}.", repo=repo, reason=reason),
            Text(
                "Look for one converted to CTranslate2 (its name often begins with faster-whisper), "
                "or convert it with ct2-transformers-converter."
            ),
        )
