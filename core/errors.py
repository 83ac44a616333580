# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error a user can meet. Each says what happened, to what, and what to do next; `str(error)` is what they read.

Tracebacks go to the log, never into a message. `code` is stable: scripts and the command line's `--json` depend on it.
"""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from .units import human_duration, human_size


class SubtitleEditorError(Exception):
    """Base of all errors that reach a user. `message` says what happened, `hint` what to do next."""

    code: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message


class JobCancelled(Exception):
    """Raised inside a worker to unwind it when its job was cancelled. Never shown: the job ends with `Cancelled`."""


class UnexpectedError(SubtitleEditorError):
    """A defect of ours, or of a library below us."""

    code = "unexpected"

    def __init__(self, cause: BaseException) -> None:
        super().__init__(
            f"Something went wrong inside Subtitle Editor ({type(cause).__name__}).",
            "The system console has the details; please report them.",
        )


class UsageError(SubtitleEditorError):
    """The command line, or a caller, asked for something that makes no sense."""

    code = "usage"


# Catalogue


class UnknownModelError(SubtitleEditorError, KeyError):
    """No model has this id."""

    code = "unknown_model"

    def __init__(self, model: str, nearest: str | None) -> None:
        self.model = model
        self.nearest = nearest
        hint = f'Did you mean "{nearest}"?' if nearest else "See the list with: subtitle-editor models list"
        super().__init__(f'There is no model called "{model}".', hint)


class CatalogError(SubtitleEditorError, ValueError):
    """A catalogue file cannot be read."""

    code = "bad_catalog"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"The catalogue {path} cannot be read: {reason}.", "Mend or remove the file.")


# The hub


class HubError(SubtitleEditorError):
    """Something between us and the hub."""

    code = "hub"


class OnlineAccessError(HubError):
    """Blender, or the user, has switched the network off."""

    code = "offline"

    def __init__(self) -> None:
        super().__init__(
            "Online access is off, so nothing can be downloaded.",
            "Switch on Preferences > System > Network > Allow Online Access.",
        )


class HubUnreachableError(HubError, ConnectionError):
    """No answer from the hub, after all tries."""

    code = "unreachable"

    def __init__(self, host: str, reason: str) -> None:
        self.host = host
        super().__init__(
            f"{host} cannot be reached: {reason}.",
            "Check the connection, the proxy and the hub endpoint in the preferences, then try again; "
            "what was downloaded is kept.",
        )


class HubAnswerError(HubError):
    """The hub answered, but not with what we asked for."""

    code = "hub_answer"

    def __init__(self, host: str, status: int, what: str) -> None:
        self.host = host
        self.status = status
        super().__init__(f"{host} answered {status} for {what}.", "Try again later; what was downloaded is kept.")


class RateLimitedError(HubError):
    """The hub asks us to wait longer than we are willing to without asking."""

    code = "rate_limited"

    def __init__(self, host: str, retry_after: float | None) -> None:
        self.host = host
        self.retry_after = retry_after
        wait = f" Try again in {human_duration(retry_after)}." if retry_after else " Try again later."
        super().__init__(f"{host} asks us to slow down.{wait}", "A free token in the preferences raises the limit.")


class TokenRefusedError(HubError, PermissionError):
    """401: the hub does not accept the token, or wants one."""

    code = "token_refused"

    def __init__(self, host: str, sent: bool) -> None:
        self.host = host
        self.sent = sent
        if sent:
            message, hint = f"{host} refused the token.", "Correct it in the preferences, or clear it: none is needed."
        else:
            message, hint = f"{host} wants a token for this.", "Add one in the preferences."
        super().__init__(message, hint)


class AccessDeniedError(HubError, PermissionError):
    """403: the host knows what we want and does not give it, even after a new look-up of the address."""

    code = "access_denied"

    def __init__(self, host: str, what: str) -> None:
        self.host = host
        super().__init__(
            f"{host} does not allow the download of {what}.",
            "Check that the token in the preferences may read it, then try again; what was downloaded is kept.",
        )


class GatedError(HubError, PermissionError):
    """The repository's licence has to be accepted first."""

    code = "gated"

    def __init__(self, repo: str, url: str, has_token: bool) -> None:
        self.repo = repo
        self.url = url
        then = "then try again" if has_token else "then add a token of your account in the preferences and try again"
        super().__init__(f"{repo} asks you to accept its licence first.", f"Accept it at {url}, {then}.")


class RepositoryNotFoundError(HubError, LookupError):
    """404 for the repository, or it is private and the token does not open it."""

    code = "not_found"

    def __init__(self, repo: str, host: str) -> None:
        self.repo = repo
        self.host = host
        super().__init__(
            f"{host} has no repository {repo}.",
            "Check the name and the hub endpoint; a private one needs a token that may read it.",
        )


class RevisionNotFoundError(HubError, LookupError):
    """The repository exists, this revision of it does not."""

    code = "revision_not_found"

    def __init__(self, repo: str, revision: str) -> None:
        self.repo = repo
        self.revision = revision
        super().__init__(f'{repo} has no revision "{revision}".', "Leave the revision empty for the newest.")


class FileNotOnHubError(HubError, LookupError):
    """The repository exists, but a file that the plan names is gone from it."""

    code = "file_not_found"

    def __init__(self, file: str, where: str) -> None:
        self.file = file
        super().__init__(f"{file} is no longer at {where}.", "Start the download again: the file list is read anew.")


class UnsafeNameError(HubError, ValueError):
    """A file name from the server would leave the models folder."""

    code = "unsafe_name"

    def __init__(self, repo: str, name: str) -> None:
        self.repo = repo
        self.name = name
        super().__init__(
            f"{repo} lists a file with an unsafe name ({name[:80]!r}); nothing was written.",
            "Do not use this repository.",
        )


class UnsafeRedirectError(HubError, ValueError):
    """The hub sends us to an address that is neither https nor on this machine."""

    code = "unsafe_redirect"

    def __init__(self, host: str, target: str) -> None:
        self.host = host
        super().__init__(
            f"{host} redirects the download to {target}, which is not encrypted.",
            "Choose another hub endpoint in the preferences.",
        )


class CorruptDownloadError(HubError, OSError):
    """The bytes that arrived, twice, are not the ones that were published."""

    code = "corrupt"

    def __init__(self, file: str, host: str) -> None:
        self.file = file
        self.host = host
        super().__init__(
            f"{file} arrived damaged from {host}, twice; it was not kept.",
            "Try again later, or choose another hub endpoint in the preferences.",
        )


# Disk


class NoSpaceError(SubtitleEditorError, OSError):
    """The disk is full, or will be."""

    code = "no_space"

    def __init__(self, folder: Path, needed: int, free: int) -> None:
        self.folder = folder
        self.needed = needed
        self.free = free
        super().__init__(
            f"There is not enough space in {folder}: {human_size(needed)} more needed, {human_size(free)} free.",
            "Free some space or choose another models folder, then continue; what was downloaded is kept.",
        )


class FolderNotWritableError(SubtitleEditorError, PermissionError):
    """A folder or file we must write refuses."""

    code = "not_writable"

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(f"{folder} cannot be written: {reason}.", "Change its permissions or choose another folder.")


# Models on disk


class ModelNotInstalledError(SubtitleEditorError, LookupError):
    """The model must be downloaded first."""

    code = "not_installed"

    def __init__(self, model: str) -> None:
        self.model = model
        super().__init__(
            f"The model {model} is not downloaded yet.",
            f"Press Download, or run: subtitle-editor models download {model}",
        )


class ModelUnusableError(SubtitleEditorError):
    """The folder is there, but faster-whisper cannot load it."""

    code = "model_unusable"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"The model in {path} cannot be loaded: {reason}.", "Download it again.")


class ModelDamagedError(SubtitleEditorError):
    """Files of a model are not what was published."""

    code = "damaged"

    def __init__(self, model: str, files: tuple[str, ...]) -> None:
        self.model = model
        self.files = files
        super().__init__(
            f"The model {model} is damaged: {', '.join(files)}.",
            f"Run, with the same models folder: subtitle-editor models repair {model}",
        )


class ModelBusyError(SubtitleEditorError):
    """A download, here or in another process, is at work on the model's files."""

    code = "busy"

    def __init__(self, model: str) -> None:
        self.model = model
        super().__init__(f"The model {model} is being downloaded; nothing was removed.", "Cancel the download first.")


class LinkedFolderError(SubtitleEditorError):
    """A model's folder is a link to somewhere outside the models folder, where we delete nothing."""

    code = "linked_folder"

    def __init__(self, path: Path, target: Path) -> None:
        self.path = path
        super().__init__(
            f"{path} is a link to {target}, outside the models folder; nothing was removed.",
            "Remove the link, or the files, by hand.",
        )


class ImportModelError(SubtitleEditorError, ValueError):
    """A folder cannot be taken in as a model."""

    code = "import"

    def __init__(self, folder: Path, reason: str, hint: str = "") -> None:
        self.folder = folder
        super().__init__(
            f"{folder} cannot be imported: {reason}.",
            hint or "Choose a folder with config.json, model.bin, tokenizer.json and vocabulary.*.",
        )


# Media and transcription


class MediaError(SubtitleEditorError):
    """Something about the sound or film to transcribe."""

    code = "media"


class MediaNotFoundError(MediaError, FileNotFoundError):
    """No such file."""

    code = "media_not_found"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"The media file {path} does not exist.", "Relink the strip or choose another file.")


class NoAudioError(MediaError, ValueError):
    """The file has no sound."""

    code = "no_audio"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} has no audio to transcribe.", "Choose a strip or file with sound.")


class MediaUnreadableError(MediaError, ValueError):
    """The file is not a sound or film that can be decoded."""

    code = "media_unreadable"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path} cannot be read as sound or film: {reason}.", "Convert it, for example to WAV.")


class TranscriberCrashedError(SubtitleEditorError):
    """The child process died. Blender and the cues found so far are unharmed."""

    code = "transcriber_crashed"

    def __init__(self, exit_code: int, last_words: str) -> None:
        self.exit_code = exit_code
        self.last_words = last_words
        detail = f": {last_words}" if last_words else ""
        super().__init__(
            f"The transcriber stopped unexpectedly (exit code {exit_code}){detail}.",
            "The subtitles found so far are kept. Try again, or try a smaller model.",
        )


# Subtitle files


class SubtitleFileError(SubtitleEditorError, ValueError):
    """A subtitle file that cannot be read or written."""

    code = "subtitle_file"

    def __init__(self, path: Path, reason: str, hint: str = "") -> None:
        self.path = path
        super().__init__(f"{path}: {reason}.", hint or "Choose a subtitle file such as .srt, .vtt or .ass.")
