# SPDX-License-Identifier: GPL-3.0-or-later
"""What the hub answers: refusals, files that are not there, bytes that are others."""

from __future__ import annotations

from collections.abc import Sequence

from ..text import Text
from ..units import human_duration
from .base import SubtitleEditorError


class HubError(SubtitleEditorError):
    """Something between us and the hub."""

    code = "hub"


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
    `withheld`: there is one, but the way to this hub is not encrypted; `malformed`: it cannot even be sent; `login`: it
    takes names with passwords alone, as a company's mirror may."""

    code = "token_refused"

    def __init__(
        self,
        host: str,
        sent: bool,
        source: str = "",
        withheld: bool = False,
        malformed: bool = False,
        login: bool = False,
    ) -> None:
        self.host = host
        self.sent = sent
        self.source = source
        if malformed:
            place = source or Text("the preferences")
            message = Text(
                "The token from {source} is none: it has spaces or other signs that no token has.", source=place
            )
            hint = Text("Correct it there, or remove it: for most models none is needed.")
        elif login:
            message = Text("{host} wants a name and a password.", host=host)
            hint = Text("Write them into the address of the hub: https://NAME:PASSWORD@{host}", host=host)
        elif sent and source:
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
    """The repository exists, this revision of it does not. `named`: by the hub itself, a moment before."""

    code = "revision_not_found"

    def __init__(self, repo: str, revision: str, named: bool = False) -> None:
        self.repo = repo
        self.revision = revision
        text = Text('{repo} has no revision "{revision}".', repo=repo, revision=revision)
        if named:
            hint = Text(
                "The hub itself has just named it: start the download again later, "
                "or choose another hub endpoint in the preferences."
            )
        else:
            hint = Text("Leave the revision empty for the newest.")
        super().__init__(text, hint)


class FileNotOnHubError(HubError, LookupError):
    """The repository exists, but a file that the plan names is gone from it."""

    code = "file_not_found"

    def __init__(self, file: str, where: str) -> None:
        self.file = file
        super().__init__(
            Text("{file} is no longer at {where}.", file=file, where=where),
            Text("Start the download again: the file list is read anew."),
        )


class IncompleteRepositoryError(HubError, LookupError):
    """The repository exists, and lacks files that the catalogue's entry is of no use without."""

    code = "incomplete_repository"

    def __init__(self, repo: str, files: Sequence[str]) -> None:
        self.repo = repo
        self.files = tuple(files)
        super().__init__(
            Text("{repo} has no {files}.", repo=repo, files=", ".join(files)),
            Text("Look at its page: it may have been changed. Choose another model, or an older revision of it."),
        )


class UndescribedFileError(HubError):
    """A mirror lists a file, and says neither there nor with the file itself how large it is and what it should be."""

    code = "undescribed"

    def __init__(self, host: str, file: str) -> None:
        self.host = host
        self.file = file
        super().__init__(
            Text("{host} does not say how large {file} is, or what its hash should be.", host=host, file=file),
            Text("Nothing that came from there could be checked. Choose another hub endpoint in the preferences."),
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


class ManifestError(HubError):
    """A list of redistribution archives does not have what we look for, or is none."""

    code = "manifest"

    def __init__(self, host: str, reason: str) -> None:
        self.host = host
        super().__init__(
            Text("The list of archives of {host} cannot be used: {reason}.", host=host, reason=reason),
            Text("Try again later, or install the libraries by hand."),
        )
