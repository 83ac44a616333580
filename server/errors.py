# SPDX-License-Identifier: GPL-3.0-or-later
"""What only the service has to say no to. Everything else that goes wrong has the command line's errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..core.errors.base import SubtitleEditorError
from ..core.text import Text


class ServiceError(SubtitleEditorError):
    """Base of what the service answers itself."""

    code = "service"


class ServiceSettingsError(ServiceError):
    """The service was not started, because of its settings. `problems` are all of them, one sentence each."""

    code = "settings"

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        listed = "".join(f"\n  - {problem}" for problem in self.problems) + "\n "
        super().__init__(
            Text("The service was not started, because of its settings:{problems}", problems=listed),
            Text("Correct them, then start it again: subtitle-editor serve --help"),
        )


class ServiceAddressError(ServiceError, OSError):
    """The service cannot listen where it was told to."""

    code = "address"

    def __init__(self, address: str, reason: str) -> None:
        self.address = address
        super().__init__(
            Text("The service cannot listen at {address}: {reason}.", address=address, reason=reason),
            Text("Name another port with --port, or 0 for any that is free."),
        )


class AccessTokenFileError(ServiceError):
    """The file with the service's own token cannot be used."""

    code = "access_token_file"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            Text("The access token file {path} cannot be used: {reason}.", path=path, reason=reason),
            Text("Name a file that does not exist yet: it is made, with a new token."),
        )


# What is wrong with a request


class NoSuchAddressError(ServiceError, LookupError):
    """404: nothing has this path."""

    code = "no_such_address"

    def __init__(self) -> None:
        super().__init__(
            Text("There is nothing at this address."), Text("All addresses are listed at /api/openapi.json.")
        )


class MethodError(ServiceError):
    """405: the path is there, but not for this method."""

    code = "method"

    def __init__(self, method: str) -> None:
        super().__init__(
            Text("{method} is not possible here.", method=method[:20]),
            Text("All addresses and their methods are listed at /api/openapi.json."),
        )


class ForeignHostError(ServiceError, PermissionError):
    """421: the request is meant for another host than this one, as in an attack by DNS rebinding."""

    code = "foreign_host"

    def __init__(self) -> None:
        super().__init__(
            Text("The service does not answer to this host name."),
            Text("Use the address that it printed when it started, or start it with --allow-host NAME."),
        )


class ForeignOriginError(ServiceError, PermissionError):
    """403: a page of another site asks."""

    code = "foreign_origin"

    def __init__(self) -> None:
        super().__init__(
            Text("The service does not answer to pages of this site."),
            Text("Start it with --allow-origin, if the site is to be trusted."),
        )


class AccessTokenError(ServiceError, PermissionError):
    """401: the service wants its token, and got none or another."""

    code = "access_token"

    def __init__(self, sent: bool) -> None:
        self.sent = sent
        if sent:
            message = Text("This is not the access token of the service.")
        else:
            message = Text("The service wants its access token.")
        super().__init__(
            message,
            Text("It is in the file that --access-token-file names; send it as: Authorization: Bearer TOKEN"),
        )


class TooManyRequestsError(ServiceError):
    """429: more requests, or more wrong tokens, than one address may send."""

    code = "too_many_requests"

    def __init__(self, retry_after: float) -> None:
        self.retry_after = max(1, round(retry_after + 0.5))
        super().__init__(
            Text("Too many requests from this address."),
            Text("Try again in {seconds} s.", seconds=self.retry_after),
        )


class TooManyJobsError(ServiceError):
    """429: the queue is full."""

    code = "too_many_jobs"

    def __init__(self, most: int) -> None:
        self.most = most
        super().__init__(
            Text("There are {number} downloads already, the most that the service takes.", number=most),
            Text("Wait until some have ended, or cancel some; --max-jobs allows more."),
        )


class TooManyListenersError(ServiceError):
    """503: more programs follow the events than the service can serve."""

    code = "too_many_listeners"

    def __init__(self, most: int) -> None:
        super().__init__(
            Text("{number} programs follow the events already, the most that the service takes.", number=most),
            Text("Ask for the state now and then instead, or try again later."),
        )


class TooLargeError(ServiceError, ValueError):
    """413: the body of a request is too large."""

    code = "too_large"

    def __init__(self, most: int) -> None:
        super().__init__(
            Text("The body of the request is larger than {number} bytes.", number=most),
            Text("Send only the fields that /api/openapi.json names."),
        )


class TooSlowError(ServiceError, TimeoutError):
    """408: the body of a request does not arrive."""

    code = "too_slow"

    def __init__(self) -> None:
        super().__init__(Text("The body of the request did not arrive in time."), Text("Send it again."))


class NotJsonError(ServiceError, ValueError):
    """415: the body is not said to be JSON."""

    code = "not_json"

    def __init__(self) -> None:
        super().__init__(
            Text("The body of the request is not JSON."), Text("Send it with: Content-Type: application/json")
        )


class RequestError(ServiceError, ValueError):
    """400: a field or parameter is not as it has to be."""

    code = "request"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            Text("The request cannot be understood: {reason}.", reason=reason),
            Text("What each address takes is described at /api/openapi.json."),
        )


class UnknownTaskError(ServiceError, LookupError):
    """404: no task has this id."""

    code = "unknown_task"

    def __init__(self, task: str) -> None:
        self.task = task
        super().__init__(
            Text('There is no task "{task}".', task=task[:40]), Text("Those that there are: GET /api/sources/tasks")
        )


class TaskBusyError(ServiceError):
    """409: something else is being done with the model."""

    code = "task_busy"

    def __init__(self, model: str, task: str) -> None:
        self.task = task
        super().__init__(
            Text("Something else is being done with {model} (task {task}).", model=model, task=task),
            Text("Wait for its end, or cancel it."),
        )


class ClosingError(ServiceError):
    """503: the service is ending."""

    code = "closing"

    def __init__(self) -> None:
        super().__init__(Text("The service is ending."), Text("Try again when it is back."))
