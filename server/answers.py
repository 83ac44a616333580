# SPDX-License-Identifier: GPL-3.0-or-later
"""The one form of all answers: `{"success": true, "data": …}`, or `"success": false` and `"error"`, which has `code`,
`message` and `hint`."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from ..core.errors.base import SubtitleEditorError, UsageError
from ..core.errors.catalog import UnknownModelError
from ..core.errors.jobs import JobElsewhereError, JobEndedError, UnknownJobError
from ..core.errors.models import ModelBusyError, ModelNotInstalledError
from ..core.errors.network import OnlineAccessError
from . import errors
from .languages import ENGLISH, said

JSON = "application/json"

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (errors.RequestError, 400),
    (errors.AccessTokenError, 401),
    (errors.ForeignOriginError, 403),
    (errors.NoSuchAddressError, 404),
    (errors.UnknownTaskError, 404),
    (errors.MethodError, 405),
    (errors.TooSlowError, 408),
    (errors.TaskBusyError, 409),
    (errors.TooLargeError, 413),
    (errors.NotJsonError, 415),
    (errors.ForeignHostError, 421),
    (errors.TooManyRequestsError, 429),
    (errors.TooManyJobsError, 429),
    (errors.TooManyListenersError, 503),
    (errors.ClosingError, 503),
    (UnknownModelError, 404),
    (UnknownJobError, 404),
    (JobEndedError, 409),
    (JobElsewhereError, 409),
    (ModelBusyError, 409),
    (ModelNotInstalledError, 409),
    (OnlineAccessError, 409),
    (UsageError, 400),
)
"""The first that fits; 500 for all others, which only a defect can bring here."""


def status_of(error: SubtitleEditorError) -> int:
    """The HTTP status that goes with an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def encoded(value: object) -> bytes:
    """JSON as it is sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def answer(data: Any, status: int = 200) -> Response:
    """What was asked for."""
    return Response(encoded({"success": True, "data": data}), status, media_type=JSON)


def error_data(error: SubtitleEditorError, language: str = ENGLISH) -> dict[str, str]:
    """An error as every answer and every event tells it."""
    return {"code": error.code, "message": said(error.message, language), "hint": said(error.hint, language)}


def refusal(error: SubtitleEditorError, language: str = ENGLISH, headers: dict[str, str] | None = None) -> Response:
    """What went wrong."""
    more = dict(headers or {})
    if isinstance(error, errors.TooManyRequestsError):
        more["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.AccessTokenError):
        more["WWW-Authenticate"] = "Bearer"
    body = encoded({"success": False, "error": error_data(error, language)})
    return Response(body, status_of(error), more, media_type=JSON)
