# SPDX-License-Identifier: GPL-3.0-or-later
"""Models on the disk."""

from __future__ import annotations

from pathlib import Path

from ..text import Text
from .base import SubtitleEditorError


class ModelNotInstalledError(SubtitleEditorError, LookupError):
    """The model must be downloaded first."""

    code = "not_installed"

    def __init__(self, model: str, partly: bool = False) -> None:
        """`partly`: some of it is there."""
        self.model = model
        super().__init__(
            Text("The model {model} is only partly downloaded.", model=model)
            if partly
            else Text("The model {model} is not downloaded yet.", model=model),
            Text("Press Download, or run: subtitle-editor models download {model}", model=model),
        )


class ModelUnusableError(SubtitleEditorError):
    """The folder is there, but faster-whisper cannot load it."""

    code = "model_unusable"

    def __init__(self, path: Path, reason: str, model: str, refused: bool = False) -> None:
        """`refused`: a file of it cannot be read at all, whatever is in it."""
        self.path = path
        if refused:
            hint = Text("Look whether you may read it, and after the disk that it is on.")
        elif model and model not in (path.name, path.parent.parent.name):
            hint = Text(
                "Press Repair, or run, with the same models folder: subtitle-editor models repair {model}", model=model
            )
        else:  # A folder that was named, or a place in a cache, of which no hub knows.
            hint = Text("Copy or convert the model anew, or choose one of the list.")
        super().__init__(Text("The model in {path} cannot be loaded: {reason}.", path=path, reason=reason), hint)


class ModelDamagedError(SubtitleEditorError):
    """Files of a model are not what was published."""

    code = "damaged"

    def __init__(self, model: str, files: tuple[str, ...], text_links: tuple[str, ...] = ()) -> None:
        """`text_links`: those of the files that are links which have become small text files."""
        self.model = model
        self.files = files
        self.text_links = text_links
        message = Text("The model {model} is damaged: {files}.", model=model, files=", ".join(files))
        hint = Text("Run, with the same models folder: subtitle-editor models repair {model}", model=model)
        self.lost_links = bool(files) and set(files) <= set(text_links)
        """Whether that is all that is wrong."""
        if self.lost_links:
            message = Text(
                "The model {model} was copied without its links, which are small text files now: {files}.",
                model=model,
                files=", ".join(files),
            )
            hint = Text(
                "Copy the folder again with its links, or run, with it as the models folder:"
                " subtitle-editor models repair {model}",
                model=model,
            )
        super().__init__(message, hint)


class ModelBusyError(SubtitleEditorError):
    """A download or a move, here or in another process, is at work on the model's files."""

    code = "busy"

    def __init__(self, model: str, moving: bool = False) -> None:
        """`moving`: all of them are being moved, to the folder `model`."""
        self.model = model
        if moving:
            super().__init__(
                Text("The models are being moved already, by this or another program."),
                Text("Wait until that is done."),
            )
            return
        super().__init__(
            Text("The model {model} is being downloaded; nothing was removed.", model=model),
            Text("Cancel the download first."),
        )


class LinkedFolderError(SubtitleEditorError):
    """A model's folder is a link to somewhere outside the models folder, where we delete nothing."""

    code = "linked_folder"

    def __init__(self, path: Path, target: Path) -> None:
        self.path = path
        super().__init__(
            Text(
                "{path} is a link to {target}, outside the models folder; nothing was removed.",
                path=path,
                target=target,
            ),
            Text("Remove the link, or the files, by hand."),
        )


class ImportModelError(SubtitleEditorError, ValueError):
    """A folder cannot be taken in as a model."""

    code = "import"

    def __init__(self, folder: Path, reason: str, hint: str = "") -> None:
        self.folder = folder
        super().__init__(
            Text("{folder} cannot be imported: {reason}.", folder=folder, reason=reason),
            hint or Text("Choose a folder with config.json, model.bin, tokenizer.json and vocabulary.*."),
        )


class RuntimeArchiveError(SubtitleEditorError, ValueError):
    """The archive of a runtime library does not hold what it should."""

    code = "runtime_archive"

    def __init__(self, model: str, reason: str) -> None:
        self.model = model
        super().__init__(
            Text("The archive of {model} cannot be used: {reason}.", model=model, reason=reason),
            Text("Delete it and download it again."),
        )
