# SPDX-License-Identifier: GPL-3.0-or-later
"""All addresses below /api: what each takes, does and answers. The OpenAPI document is made of the same table."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..core.catalog.kinds import KIND_NAMES
from . import handlers, inputs, languages
from .handlers import Call
from .inputs import JOB_ID, MODEL_ID, Field
from .schemas import Schema, array, named
from .security import address_of
from .service import Service

log = logging.getLogger(__name__)

API = "/api"
SOURCES = f"{API}/sources"

Handler = Callable[[Call], Awaitable[Response]]


@dataclasses.dataclass(frozen=True, slots=True)
class Endpoint:
    """One address with one method."""

    method: str
    path: str
    name: str
    """The operation's name, unique."""
    handler: Handler
    summary: str
    data: Schema
    """The form of `data` in its answer."""
    status: int = 200
    in_path: tuple[Field, ...] = ()
    in_query: tuple[Field, ...] = ()
    in_body: tuple[Field, ...] = ()
    also: dict[int, Schema | None] = dataclasses.field(default_factory=dict)
    """Other good answers."""
    refusals: tuple[int, ...] = ()
    """Statuses of its errors, besides those that every address has."""


# Fields

MODEL = Field("model", "Id of the catalogue.", pattern=MODEL_ID, required=True, example="tiny")
ID = Field("id", "Id of the catalogue.", pattern=MODEL_ID, required=True, example="tiny")
JOB = Field("job", "Id of a download.", pattern=JOB_ID, required=True, example="5c1f0a9b7d3e")
TASK = Field("task", "Id of a task.", pattern=JOB_ID, required=True, example="0b8e4c2a6f1d")
REVISION = Field("revision", "Branch, tag or commit; without it the one of the catalogue.", nullable=True)
PARTIALS = Field("partials", "Only what interrupted downloads have left.", kind="boolean")
FRESH = Field("fresh", "Look at the disk now, instead of answering from the last look.", kind="boolean")
FILTERS = (
    Field("kind", "Only this kind.", words=tuple(KIND_NAMES)),
    Field("search", "Only where name, tags, description and languages have all these words."),
    Field("installed", "Only what can be used.", kind="boolean"),
    Field("missing", "Only what cannot be used.", kind="boolean"),
    FRESH,
)
LINES = Field("lines", "How many of the last lines.", kind="integer", most=1000)
LIMIT = Field("limit", "How many, newest first.", kind="integer", most=1000)


_MODELS = array(named("Model"))
_JOBS = array(named("Job"))

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", f"{API}/health", "health", handlers.health, "Whether the service is there", named("Health")),
    Endpoint(
        "GET",
        f"{SOURCES}/catalog",
        "catalog",
        handlers.listing,
        "What can be downloaded, with its state on the disk",
        _MODELS,
        in_query=FILTERS,
        also={304: None},
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/catalog/{{id}}",
        "catalog_entry",
        handlers.model,
        "One entry, file by file",
        named("ModelDetails"),
        in_path=(ID,),
        refusals=(404,),
    ),
    Endpoint(
        "POST",
        f"{SOURCES}/catalog/download",
        "download",
        handlers.download,
        "Begin a download, or go on with the one that there is",
        named("Job"),
        202,
        in_body=(MODEL, REVISION),
        refusals=(404,),
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/models/available",
        "models_available",
        handlers.models,
        "All of the catalogue that is no dataset",
        _MODELS,
        in_query=FILTERS,
        also={304: None},
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/datasets/available",
        "datasets_available",
        handlers.datasets,
        "The datasets of the catalogue",
        _MODELS,
        in_query=tuple(field for field in FILTERS if field.name != "kind"),
        also={304: None},
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/installed",
        "installed",
        handlers.installed,
        "What is on the disk, complete",
        array(named("Installed")),
        in_query=(FRESH,),
        also={304: None},
    ),
    Endpoint(
        "GET", f"{SOURCES}/downloads", "downloads", handlers.downloads, "The downloads that have not ended", _JOBS
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/history",
        "history",
        handlers.history,
        "The downloads that have ended, newest first",
        _JOBS,
        in_query=(LIMIT,),
    ),
    Endpoint(
        "DELETE",
        f"{SOURCES}/history",
        "clear_history",
        handlers.clear_history,
        "Forget the downloads that have ended; what they downloaded stays",
        named("Cleared"),
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/download/{{job}}",
        "job",
        handlers.job,
        "One download, with all details",
        named("JobDetails"),
        in_path=(JOB,),
        refusals=(404,),
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/download/{{job}}/status",
        "job_status",
        handlers.job_status,
        "How far a download is",
        named("JobStatus"),
        in_path=(JOB,),
        refusals=(404,),
    ),
    Endpoint(
        "POST",
        f"{SOURCES}/download/{{job}}/pause",
        "pause",
        handlers.pause,
        "Pause a download, wherever it runs",
        named("Job"),
        in_path=(JOB,),
        also={202: named("Job")},
        refusals=(404, 409),
    ),
    Endpoint(
        "POST",
        f"{SOURCES}/download/{{job}}/resume",
        "resume",
        handlers.resume,
        "Go on with a download that is paused or was interrupted",
        named("Job"),
        in_path=(JOB,),
        refusals=(404, 409),
    ),
    Endpoint(
        "POST",
        f"{SOURCES}/download/{{job}}/retry",
        "retry",
        handlers.retry,
        "Download again what failed or was cancelled",
        named("Job"),
        202,
        in_path=(JOB,),
        refusals=(404, 409),
    ),
    Endpoint(
        "DELETE",
        f"{SOURCES}/download/{{job}}",
        "cancel",
        handlers.cancel,
        "Cancel a download, wherever it runs; what has arrived is kept",
        named("Job"),
        in_path=(JOB,),
        also={202: named("Job")},
        refusals=(404, 409),
    ),
    Endpoint(
        "POST",
        f"{SOURCES}/verify",
        "verify",
        handlers.verify,
        "Compare every file of a model with what was published",
        named("Task"),
        202,
        in_body=(MODEL,),
        refusals=(404, 409),
    ),
    Endpoint(
        "POST",
        f"{SOURCES}/repair",
        "repair",
        handlers.repair,
        "Compare, and download again what is damaged or missing",
        named("Task"),
        202,
        in_body=(MODEL,),
        refusals=(404, 409),
    ),
    Endpoint(
        "POST",
        f"{SOURCES}/delete",
        "delete",
        handlers.delete,
        "Remove a model from the disk",
        named("Task"),
        202,
        in_body=(MODEL, PARTIALS),
        refusals=(404, 409),
    ),
    Endpoint(
        "GET", f"{SOURCES}/tasks", "tasks", handlers.tasks, "Verify, repair and delete: all tasks", array(named("Task"))
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/task/{{task}}",
        "task",
        handlers.task,
        "One task",
        named("Task"),
        in_path=(TASK,),
        refusals=(404,),
    ),
    Endpoint(
        "DELETE",
        f"{SOURCES}/task/{{task}}",
        "cancel_task",
        handlers.cancel_task,
        "Ask a task to end",
        named("Task"),
        202,
        in_path=(TASK,),
        refusals=(404,),
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/disk",
        "disk",
        handlers.disk,
        "Where the models are, what they take, what is free",
        named("Disk"),
        in_query=(FRESH,),
    ),
    Endpoint(
        "GET", f"{API}/log", "log", handlers.last_log, "The end of the user's log", named("Log"), in_query=(LINES,)
    ),
    Endpoint("GET", f"{API}/openapi.json", "openapi", handlers.document, "This document", {"type": "object"}),
)
"""Every address but those of the events and the page."""


def routes(service: Service) -> list[Route]:
    """For Starlette: one for each address, so that `Allow` names all of its methods."""
    by_path: dict[str, dict[str, _Handle]] = {}
    for endpoint in ENDPOINTS:
        by_path.setdefault(endpoint.path, {})[endpoint.method] = _handled(service, endpoint)
    # Those without a field first: `catalog/download` is no entry of the catalogue.
    plain_first = sorted(by_path.items(), key=lambda item: "{" in item[0])
    return [Route(path, _by_method(handlers), methods=list(handlers)) for path, handlers in plain_first]


_Handle = Callable[[Request], Awaitable[Response]]


def _by_method(handlers: dict[str, _Handle]) -> _Handle:
    async def handle(request: Request) -> Response:
        return await handlers["GET" if request.method == "HEAD" else request.method](request)

    return handle


def _handled(service: Service, endpoint: Endpoint) -> _Handle:
    async def handle(request: Request) -> Response:
        given = inputs.path(request, endpoint.in_path) | inputs.query(request, endpoint.in_query)
        if request.method not in ("GET", "HEAD"):
            given |= await inputs.body(request, endpoint.in_body)
            what = " ".join([endpoint.name, *(ascii(value) for value in given.values())])
            log.info("%s from %s", what, address_of(request.scope))
        language = languages.chosen(request.headers.get("accept-language", ""))
        return await endpoint.handler(Call(service, given, language, request))

    return handle
