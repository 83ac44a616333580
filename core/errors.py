# SPDX-License-Identifier: GPL-3.0-or-later
"""Every error a user can meet. Each says what happened, to what, and what to do next; `str(error)` is what they read.

Tracebacks go to the log, never into a message. `code` is stable: scripts and the command line's `--json` depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from .addresses import without_login
from .text import Text
from .units import human_duration, human_size


class SubtitleEditorError(Exception):
    """Base of all errors that reach a user. `message` says what happened, `hint` what to do next.

    Both are Texts wherever the words are ours, so that Blender can show them in the user's language.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        # A Text: `str(error)` can be translated as well.
        return Text("{message} {hint}", message=self.message, hint=self.hint) if self.hint else self.message


class JobCancelled(Exception):
    """Raised inside a worker to unwind it when its job was cancelled. Never shown: the job ends with `Cancelled`."""


class UnexpectedError(SubtitleEditorError):
    """A defect of ours, or of a library below us."""

    code = "unexpected"

    def __init__(self, cause: BaseException) -> None:
        super().__init__(
            Text("Something went wrong inside Subtitle Editor ({kind}).", kind=type(cause).__name__),
            Text("The log has the details; please report them."),
        )


class UsageError(SubtitleEditorError):
    """The command line, or a caller, asked for something that makes no sense."""

    code = "usage"


# Catalogue


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
    """A catalogue file, or one entry of it (`entry` names it), cannot be used. `line` counts from 1; None: unknown."""

    code = "bad_catalog"

    def __init__(self, path: Path, reason: str, line: int | None = None, entry: str | None = None) -> None:
        self.path = path
        self.reason = reason
        self.line = line
        self.entry = entry
        where = Text("{path}, line {line}", path=path, line=line) if line else str(path)
        if entry is None:
            message = Text("The catalogue {where} cannot be read: {reason}.", where=where, reason=reason)
            hint = Text("Mend or remove the file.")
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


# The hub


class HubError(SubtitleEditorError):
    """Something between us and the hub."""

    code = "hub"


class OnlineAccessError(HubError):
    """Blender, the user, or an environment variable has switched the network off."""

    code = "offline"

    def __init__(self, variable: str | None = None) -> None:
        self.variable = variable
        if variable:
            hint = Text("The environment variable {variable} says so: unset it.", variable=variable)
        else:
            hint = Text("Switch on Preferences > System > Network > Allow Online Access.")
        super().__init__(Text("Online access is off, so nothing can be downloaded."), hint)


class EndpointError(HubError, ValueError):
    """The hub's address is none."""

    code = "endpoint"

    def __init__(self, address: str) -> None:
        super().__init__(
            Text('The hub endpoint "{address}" is no address.', address=address),
            Text("It begins with https://, as in https://huggingface.co."),
        )


class HubUnreachableError(HubError, ConnectionError):
    """No answer from the hub, after all tries. `may_pass`: another one later may help, without a change of anything."""

    code = "unreachable"

    def __init__(self, host: str, reason: str, may_pass: bool = True) -> None:
        self.host = host
        self.may_pass = may_pass
        super().__init__(
            Text("{host} cannot be reached: {reason}.", host=host, reason=reason),
            Text(
                "Check the connection, the proxy and the hub endpoint in the preferences, then try again; "
                "what was downloaded is kept."
            ),
        )


class HubAnswerError(HubError):
    """The hub answered, but not with what we asked for."""

    code = "hub_answer"

    def __init__(self, host: str, status: int, what: str) -> None:
        self.host = host
        self.status = status
        super().__init__(
            Text("{host} answered {status} for {what}.", host=host, status=status, what=what),
            Text("Try again later; what was downloaded is kept."),
        )


class NoHubError(HubError):
    """A server answered, but not as a hub does: the endpoint is wrong, or the network wants its user to sign in."""

    code = "no_hub"

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(
            Text("What {host} answers is not what a hub answers.", host=host),
            Text("Check the hub endpoint. If the network asks you to sign in, do so in a browser, then try again."),
        )


class UntrustedCertificateError(HubUnreachableError):
    """Somebody whom this machine does not trust has signed the host's certificate: a company's proxy, a virus scanner,
    a network that wants its user to sign in; or the clock is wrong. `variable` names a file, `path`, that is not there.
    """

    code = "untrusted_certificate"

    def __init__(self, host: str, variable: str = "", path: str = "") -> None:
        super().__init__(host, Text("its certificate is not trusted"), may_pass=False)
        if variable:
            self.hint = Text(
                "{variable} names {path}, which is not there: correct or unset it.", variable=variable, path=path
            )
        else:
            self.hint = Text(
                "Sign in to the network in a browser if it wants that, and check the clock. Install the certificate of "
                "a company or virus scanner in the system, or name its file in SSL_CERT_FILE. "
                "What was downloaded is kept."
            )


class ProxyError(HubError):
    """The proxy that the environment or the system names does not let us through, or is none. `variable` names it;
    empty if it is the system's. No login is ever part of the text."""

    code = "proxy"

    def __init__(self, proxy: str, reason: str = "", *, wants_login: bool = False, variable: str = "") -> None:
        self.proxy = proxy
        self.variable = variable
        place = variable or Text("the settings of the system")
        if wants_login:
            message = Text(
                "The proxy {proxy} asks for a name and a password, or does not accept those it got.", proxy=proxy
            )
            hint = Text(
                "Write http://NAME:PASSWORD@{proxy} into {place}; what was downloaded is kept.",
                proxy=proxy,
                place=place,
            )
        else:
            name = f"{place}: {proxy}" if proxy else place
            message = Text("The proxy ({name}) cannot be used: {reason}.", name=name, reason=reason)
            hint = Text("Correct it there, or name the host in NO_PROXY to go without; what was downloaded is kept.")
        super().__init__(message, hint)


class WrongContentError(HubError):
    """Again and again something else came than the file that the listing announces. `page`: it was a web page, as
    networks send that want their user to sign in."""

    code = "wrong_content"

    def __init__(self, host: str, what: str, reason: str, page: bool = False) -> None:
        self.host = host
        self.page = page
        super().__init__(
            Text("{host} does not send {what}: {reason}.", host=host, what=what, reason=reason),
            Text(
                "Does this network want you to sign in? Do so in a browser, then try again; "
                "what was downloaded is kept."
            )
            if page
            else Text("Try again later, or choose another hub endpoint; what was downloaded is kept."),
        )


class RateLimitedError(HubError):
    """The hub asks us to wait longer than we are willing to without asking."""

    code = "rate_limited"

    def __init__(self, host: str, retry_after: float | None) -> None:
        self.host = host
        self.retry_after = retry_after
        if retry_after:
            wait = human_duration(retry_after)
            message = Text("{host} asks us to slow down. Try again in {wait}.", host=host, wait=wait)
        else:
            message = Text("{host} asks us to slow down. Try again later.", host=host)
        super().__init__(message, Text("A free token in the preferences raises the limit."))


class TokenRefusedError(HubError, PermissionError):
    """401: the hub does not accept the token, or wants one. `source` says in words where the token came from;
    `withheld`: there is one, but the way to this hub is not encrypted."""

    code = "token_refused"

    def __init__(self, host: str, sent: bool, source: str = "", withheld: bool = False) -> None:
        self.host = host
        self.sent = sent
        self.source = source
        if sent and source:
            message = Text("{host} refused the token from {source}.", host=host, source=source)
            hint = Text("Correct it there, or remove it: for most models none is needed.")
        elif sent:
            message = Text("{host} refused the token.", host=host)
            hint = Text("Correct it in the preferences, or clear it: none is needed.")
        elif withheld:
            message = Text("{host} wants a token, and none is sent to an address without encryption.", host=host)
            hint = Text("Use an address of the hub that begins with https://.")
        else:
            message, hint = Text("{host} wants a token for this.", host=host), Text("Add one in the preferences.")
        super().__init__(message, hint)


class AccessDeniedError(HubError, PermissionError):
    """403: the host knows what we want and does not give it, even after a new look-up of the address. `with_token`: it
    was asked with one; `closed`: it says that nobody gets it any more."""

    code = "access_denied"

    def __init__(self, host: str, what: str, with_token: bool = True, closed: bool = False) -> None:
        self.host = host
        if closed:
            hint = Text("The hub has closed it for everybody: choose another model.")
        elif with_token:
            hint = Text("Check that the token may read it, then try again; what was downloaded is kept.")
        else:
            hint = Text(
                "It may refuse your network or country: try another network, or another hub endpoint in the "
                "preferences; what was downloaded is kept."
            )
        super().__init__(Text("{host} does not allow the download of {what}.", host=host, what=what), hint)


class GatedError(HubError, PermissionError):
    """The repository's licence has to be accepted first."""

    code = "gated"

    def __init__(self, repo: str, url: str, has_token: bool) -> None:
        self.repo = repo
        self.url = url
        if has_token:
            hint = Text("Accept it at {url}, then try again.", url=url)
        else:
            hint = Text(
                "Accept it at {url}, then add a token of your account in the preferences and try again.", url=url
            )
        super().__init__(Text("{repo} asks you to accept its licence first.", repo=repo), hint)


class RepositoryNotFoundError(HubError, LookupError):
    """404 for the repository, or it is private and the token does not open it."""

    code = "not_found"

    def __init__(self, repo: str, host: str) -> None:
        self.repo = repo
        self.host = host
        super().__init__(
            Text("{host} has no repository {repo}.", host=host, repo=repo),
            Text("Check the name and the hub endpoint; a private one needs a token that may read it."),
        )


class RevisionNotFoundError(HubError, LookupError):
    """The repository exists, this revision of it does not."""

    code = "revision_not_found"

    def __init__(self, repo: str, revision: str) -> None:
        self.repo = repo
        self.revision = revision
        super().__init__(
            Text('{repo} has no revision "{revision}".', repo=repo, revision=revision),
            Text("Leave the revision empty for the newest."),
        )


class FileNotOnHubError(HubError, LookupError):
    """The repository exists, but a file that the plan names is gone from it."""

    code = "file_not_found"

    def __init__(self, file: str, where: str) -> None:
        self.file = file
        super().__init__(
            Text("{file} is no longer at {where}.", file=file, where=where),
            Text("Start the download again: the file list is read anew."),
        )


class UnsafeNameError(HubError, ValueError):
    """A file name from the server would leave the models folder."""

    code = "unsafe_name"

    def __init__(self, repo: str, name: str) -> None:
        self.repo = repo
        self.name = name
        super().__init__(
            Text("{repo} lists a file with an unsafe name ({name!r}); nothing was written.", repo=repo, name=name[:80]),
            Text("Do not use this repository."),
        )


class UnsafeRedirectError(HubError, ValueError):
    """The hub sends us to an address that is neither https nor on this machine."""

    code = "unsafe_redirect"

    def __init__(self, host: str, target: str) -> None:
        self.host = host
        super().__init__(
            Text("{host} redirects the download to {target}, which is not encrypted.", host=host, target=target),
            Text(
                "Does this network want you to sign in? Do so in a browser, then try again. "
                "Or choose another hub endpoint in the preferences."
            ),
        )


class CorruptDownloadError(HubError, OSError):
    """The bytes that arrive, again and again, are not the ones that were published."""

    code = "corrupt"

    def __init__(self, file: str, host: str) -> None:
        self.file = file
        self.host = host
        super().__init__(
            Text("{file} arrives damaged from {host}, also when it is fetched again.", file=file, host=host),
            Text("Try again later, or choose another hub endpoint in the preferences."),
        )


# Disk


class NoSpaceError(SubtitleEditorError, OSError):
    """The disk, or with `quota` the part of it that is ours, is full, or will be. `needed` is 0 if nobody knows."""

    code = "no_space"

    def __init__(self, folder: Path, needed: int, free: int, quota: bool = False) -> None:
        self.folder = folder
        self.needed = needed
        self.free = free
        self.quota = quota
        if quota:
            message = Text("Your share of the disk of {folder} is used up.", folder=folder)
        else:
            message = Text(
                "There is not enough space in {folder}: {needed} more needed, {free} free.",
                folder=folder,
                needed=human_size(needed),
                free=human_size(free),
            )
        hint = Text("Free some space or choose another models folder, then continue; what was downloaded is kept.")
        super().__init__(message, hint)


class FileTooLargeError(NoSpaceError):
    """The disk has room, but takes no file as large as this: FAT32 ends at 4 GB."""

    code = "file_too_large"

    def __init__(self, folder: Path, needed: int) -> None:
        super().__init__(folder, needed, 0)
        self.message = Text("The disk of {folder} takes no file as large as this one.", folder=folder)
        self.hint = Text("FAT32 ends at 4 GB, for example. Choose a models folder on another disk.")


class FolderNotWritableError(SubtitleEditorError, PermissionError):
    """A folder or file we must write refuses."""

    code = "not_writable"

    def __init__(self, folder: Path, reason: str, hint: str = "") -> None:
        self.folder = folder
        super().__init__(
            Text("{folder} cannot be written: {reason}.", folder=folder, reason=reason),
            hint or Text("Change its permissions or choose another folder."),
        )


class FileInUseError(SubtitleEditorError, PermissionError):
    """Another program has a file open that we must write or remove."""

    code = "in_use"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("{path} is in use by another program.", path=path),
            Text("Close what has it open (a player, a virus scanner, a cloud folder), then try again."),
        )


# Jobs


class JobStoreError(SubtitleEditorError, OSError):
    """The file with the list of downloads cannot be used. Downloads go on without it."""

    code = "job_store"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            Text("The list of downloads {path} cannot be used: {reason}.", path=path, reason=reason),
            Text("Downloads work all the same, but are not remembered; mend or remove the file."),
        )


class UnknownJobError(SubtitleEditorError, LookupError):
    """No job has this id, or several begin like it."""

    code = "unknown_job"

    def __init__(self, job: str, several: bool = False) -> None:
        self.job = job
        if several:
            message = Text('Several jobs have an id that begins with "{job}".', job=job)
        else:
            message = Text('There is no job "{job}".', job=job)
        super().__init__(message, Text("See the list with: subtitle-editor models jobs --history 20"))


class JobEndedError(SubtitleEditorError):
    """Something was asked of a job that has ended."""

    code = "job_ended"

    def __init__(self, job: str, state: str, model: str) -> None:
        self.job = job
        super().__init__(
            Text("The job {job} has ended already ({state}).", job=job, state=state),
            Text("To download it again: subtitle-editor models download {model}", model=model),
        )


class JobElsewhereError(SubtitleEditorError):
    """A job runs in another process, so it cannot run in this one."""

    code = "busy"

    def __init__(self, job: str) -> None:
        self.job = job
        super().__init__(
            Text("The job {job} runs in another process.", job=job), Text("Wait for it, or pause it first.")
        )


class JobNotObeyedError(SubtitleEditorError, TimeoutError):
    """The process that runs a job was asked to stop it, and has not done so."""

    code = "not_obeyed"

    def __init__(self, job: str) -> None:
        self.job = job
        super().__init__(
            Text("The process that runs the job {job} has not stopped it yet.", job=job),
            Text("It will when it can; see the state with: subtitle-editor models status {job}", job=job),
        )


# Models on disk


class ModelNotInstalledError(SubtitleEditorError, LookupError):
    """The model must be downloaded first."""

    code = "not_installed"

    def __init__(self, model: str) -> None:
        self.model = model
        super().__init__(
            Text("The model {model} is not downloaded yet.", model=model),
            Text("Press Download, or run: subtitle-editor models download {model}", model=model),
        )


class ModelUnusableError(SubtitleEditorError):
    """The folder is there, but faster-whisper cannot load it."""

    code = "model_unusable"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            Text("The model in {path} cannot be loaded: {reason}.", path=path, reason=reason),
            Text("Download it again."),
        )


class ModelDamagedError(SubtitleEditorError):
    """Files of a model are not what was published."""

    code = "damaged"

    def __init__(self, model: str, files: tuple[str, ...]) -> None:
        self.model = model
        self.files = files
        super().__init__(
            Text("The model {model} is damaged: {files}.", model=model, files=", ".join(files)),
            Text("Run, with the same models folder: subtitle-editor models repair {model}", model=model),
        )


class ModelBusyError(SubtitleEditorError):
    """A download, here or in another process, is at work on the model's files."""

    code = "busy"

    def __init__(self, model: str) -> None:
        self.model = model
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


# Media and transcription


class MediaError(SubtitleEditorError):
    """Something about the sound or film to transcribe."""

    code = "media"


class MediaNotFoundError(MediaError, FileNotFoundError):
    """No such file."""

    code = "media_not_found"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("The media file {path} does not exist.", path=path), Text("Relink the strip or choose another file.")
        )


class NoAudioError(MediaError, ValueError):
    """The file has no sound."""

    code = "no_audio"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("{path} has no audio to transcribe.", path=path), Text("Choose a strip or file with sound.")
        )


class MediaUnreadableError(MediaError, ValueError):
    """The file is not a sound or film that can be decoded."""

    code = "media_unreadable"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            Text("{path} cannot be read as sound or film: {reason}.", path=path, reason=reason),
            Text("Convert it, for example to WAV."),
        )


class MediaIncompleteError(MediaError):
    """Part of the sound is missing, so what was heard is not the whole. It is kept all the same."""

    code = "media_incomplete"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            Text("{path} is damaged: {reason}.", path=path, reason=reason),
            Text("The subtitles of the rest are kept. Look for a whole copy of the file."),
        )


class NoSuchTrackError(MediaError, LookupError):
    """The file has no such audio track."""

    code = "no_such_track"

    def __init__(self, path: Path, wanted: str, tracks: str) -> None:
        self.path = path
        self.wanted = wanted
        super().__init__(
            Text('{path} has no audio track "{wanted}".', path=path, wanted=wanted),
            Text("It has: {tracks}.", tracks=tracks),
        )


class TranslationUnknownError(SubtitleEditorError, ValueError):
    """The model was trained to write down what it hears, not to translate it."""

    code = "cannot_translate"

    def __init__(self, model: str) -> None:
        self.model = model
        super().__init__(
            Text("{model} cannot translate.", model=model),
            Text("Choose another model, such as large-v3 or medium; turbo, distilled and English-only ones cannot."),
        )


class GraphicsCardError(SubtitleEditorError):
    """The graphics card was asked for and cannot be used. `missing` names libraries, with commas."""

    code = "graphics_card"

    def __init__(self, reason: str, missing: str) -> None:
        self.missing = missing
        if missing:
            hint = Text(
                "These libraries of NVIDIA's CUDA 12 are missing: {missing}. Install cuBLAS 12 (the Python package "
                "nvidia-cublas-cu12 has it), or choose the processor.",
                missing=missing,
            )
        else:
            hint = Text("Choose the processor, or a smaller model.")
        super().__init__(Text("The graphics card cannot be used: {reason}.", reason=reason), hint)


class NotEnoughMemoryError(SubtitleEditorError):
    """The model, or the sound, did not fit into memory."""

    code = "memory"

    def __init__(self, model: str) -> None:
        self.model = model
        super().__init__(
            Text("There is not enough memory for {model}.", model=model),
            Text("Close other programs, or choose a smaller model. What was heard so far is kept."),
        )


class TranscriberFailedError(SubtitleEditorError):
    """A library below us failed in a way that nobody has foreseen."""

    code = "transcriber_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(
            Text("The transcriber failed: {reason}.", reason=reason),
            Text("The subtitles found so far are kept; the log has the details."),
        )


class TranscriberCrashedError(SubtitleEditorError):
    """The child process died. Blender and the cues found so far are unharmed."""

    code = "transcriber_crashed"

    def __init__(self, exit_code: int, last_words: str) -> None:
        self.exit_code = exit_code
        self.last_words = last_words
        if last_words:
            message = Text(
                "The transcriber stopped unexpectedly (exit code {exit_code}): {last_words}.",
                exit_code=exit_code,
                last_words=last_words,
            )
        else:
            message = Text("The transcriber stopped unexpectedly (exit code {exit_code}).", exit_code=exit_code)
        super().__init__(
            message,
            Text("The subtitles found so far are kept. Try again, or try a smaller model."),
        )


class SyncUncertainError(SubtitleEditorError):
    """Subtitles fit the speech of a film nowhere better than elsewhere."""

    code = "sync_uncertain"

    def __init__(self, path: Path, media: Path) -> None:
        self.path = path
        super().__init__(
            Text("It is not certain how {path} fits {media}.", path=path, media=media),
            Text("Are they of the same film? Another audio track may fit better; or shift it by hand with convert."),
        )


class JournalError(SubtitleEditorError):
    """What was heard of a file is in use by another process."""

    code = "journal_busy"

    def __init__(self, media: Path) -> None:
        self.media = media
        super().__init__(
            Text("{media} is being transcribed by another process.", media=media), Text("Wait for it, or end it.")
        )


class OutputNotWrittenError(SubtitleEditorError):
    """Subtitles could not be written where they should go. `kept` is where they are instead."""

    code = "output_not_written"

    def __init__(self, path: Path, reason: str, kept: Path | None) -> None:
        self.path = path
        self.kept = kept
        if kept is not None:
            hint = Text("They were kept in {kept}.", kept=kept)
        else:
            hint = Text("What was heard is kept: the same again writes it without listening.")
        super().__init__(Text("{path} could not be written: {reason}.", path=path, reason=reason), hint)


_VC = "https://aka.ms/vs/17/release/vc_redist.x64.exe"


class LibraryMissingError(SubtitleEditorError):
    """One of the packages that come with the extension is not there, or does not load."""

    code = "library_missing"

    def __init__(self, reason: str, system: str = "") -> None:
        """`system` (`sys.platform`) is given where the library is there, but the system does not load it."""
        self.system = system
        if system == "win32":
            hint = Text("Install Microsoft's Visual C++ Redistributable and restart Blender: {address}", address=_VC)
        elif system == "darwin":
            hint = Text("Transcribing needs macOS 14, on Intel Macs 13.4, or newer.")
        else:
            hint = Text("Install the extension again; on the command line, the package.")
        super().__init__(Text("A library that transcribing needs cannot be loaded: {reason}.", reason=reason), hint)


class ServiceLibraryError(SubtitleEditorError):
    """The service, or what it is made with, is not installed."""

    code = "service_library"

    def __init__(self, library: str) -> None:
        self.library = library
        super().__init__(
            Text("The service needs {library}, which is not installed.", library=library),
            Text("Install it, outside of Blender, with: pip install subtitle-editor[server]"),
        )


# Subtitle files


class SubtitleFileError(SubtitleEditorError, ValueError):
    """A subtitle file that cannot be read or written."""

    code = "subtitle_file"

    def __init__(self, path: Path, reason: str, hint: str = "") -> None:
        self.path = path
        super().__init__(
            Text("{path}: {reason}.", path=path, reason=reason),
            hint or Text("Choose a subtitle file such as .srt, .vtt or .ass."),
        )


class SubtitleRulesError(SubtitleEditorError):
    """Subtitles that break the rules they were compared with."""

    code = "rules_broken"

    def __init__(self, path: Path, count: int, profile: str) -> None:
        self.path = path
        self.count = count
        super().__init__(
            Text(
                "Not all subtitles in {path} keep to the rules of {profile} (problems: {count}).",
                path=path,
                profile=profile,
                count=count,
            ),
            Text("Change the subtitles that are named, or check with another profile."),
        )
