# SPDX-License-Identifier: GPL-3.0-or-later
"""All addresses below /api: what each takes, does and answers. The OpenAPI document is made of the same table."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..core.addresses import without_login
from ..core.catalog.entries import KIND_NAMES
from ..core.hub.endpoint import resolve
from ..core.library import rows
from . import inputs, languages
from .answers import JSON, answer
from .inputs import JOB_ID, MODEL_ID, Field
from .schemas import Schema, array, named
from .security import address_of
from .service import Service
from .shelf import Wanted
from .tasks import Task

log = logging.getLogger(__name__)

API = "/api"
SOURCES = f"{API}/sources"
LAST_LINES = 200
_LOG_BYTES = 65_536


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """One request, understood."""

    service: Service
    given: dict[str, Any]
    """By the names of the fields: of the address, behind the question mark, and of the body."""
    language: str
    request: Request

    def localized(self, data: Any, status: int = 200) -> Response:
        """An answer whose texts are in the client's language."""
        return answer(languages.localized(data, self.language), status)


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


# Catalogue and disk


async def health(call: Call) -> Response:
    """Whether the service is there. Needs no token."""
    from . import version

    ending = call.service.channel.closed
    return answer({"status": "ending" if ending else "ok", "version": version.installed()})


async def listing(call: Call, datasets: bool | None = None) -> Response:
    """The catalogue, or a part of it, with states."""
    given = dict(call.given)
    view = await call.service.view(bool(given.pop("fresh", False)))
    wanted = Wanted(datasets=datasets, **given)
    key = (*wanted.key, call.language)
    return _kept(call.request, view.kept(key, lambda: view.rows(wanted, call.language)))


async def models(call: Call) -> Response:
    """All that is no dataset."""
    return await listing(call, datasets=False)


async def datasets(call: Call) -> Response:
    """The datasets."""
    return await listing(call, datasets=True)


async def installed(call: Call) -> Response:
    """What is on the disk, complete."""
    view = await call.service.view(bool(call.given.get("fresh", False)))
    return _kept(call.request, view.kept(("installed",), view.installed))


def _kept(request: Request, body: bytes) -> Response:
    """An answer that may be long, or nothing new."""
    tag = f'"{hash(body) & 0xFFFFFFFFFFFFFFFF:016x}"'
    headers = {"ETag": tag, "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, 200, headers, media_type=JSON)


async def model(call: Call) -> Response:
    """One entry, file by file."""
    view = await call.service.view()
    entry = view.known.get(call.given["id"])
    folder = call.service.settings.models_dir
    details = await asyncio.to_thread(rows.details, folder, entry)
    files = [file.as_dict() for part in details.parts for file in part.files]
    return call.localized(view.row(entry, call.language) | {"files": files})


async def disk(call: Call) -> Response:
    """Where the models are, and how much they take."""
    view = await call.service.view(bool(call.given.get("fresh", False)))
    settings = call.service.settings
    data = {
        "models_dir": str(settings.models_dir.absolute()),
        "used": view.used,
        "free": view.free,
        "installed": sum(status.state.usable for status in view.statuses.values()),
        "problems": [str(problem) for problem in view.known.problems],
        "offline": call.service.manager.offline,
        "endpoint": without_login(resolve(settings.endpoint)),
        "notices": list(call.service.notices),
    }
    return call.localized(data)


async def last_log(call: Call) -> Response:
    """The end of the user's log."""
    path = call.service.log_file
    lines = await asyncio.to_thread(_last_lines, path, call.given.get("lines", LAST_LINES))
    return answer({"path": str(path.absolute()), "lines": lines})


def _last_lines(path: Path, most: int) -> list[str]:
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            start = max(0, file.tell() - _LOG_BYTES)
            file.seek(start)
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    lines = text.splitlines()
    return lines[1 if start else 0 :][-most:]


# Downloads


async def download(call: Call) -> Response:
    """Begin a download, or go on with it."""
    given = call.given
    (await call.service.view()).known.get(given["model"])
    record = call.service.download(given["model"], given.get("revision"))
    return call.localized(call.service.row(record), 202)


async def downloads(call: Call) -> Response:
    """All that have not ended."""
    service = call.service
    return call.localized([service.row(record) for record in service.manager.jobs()])


async def history(call: Call) -> Response:
    """Those that have ended."""
    service = call.service
    found = service.manager.history()[: call.given.get("limit", 100)]
    return call.localized([service.row(record) for record in found])


async def clear_history(call: Call) -> Response:
    """Forget those that have ended."""
    count = len(call.service.manager.history())
    call.service.manager.clear_history()
    return answer({"removed": count})


async def job(call: Call) -> Response:
    """One download, with all details."""
    return call.localized(call.service.details(call.service.job(call.given["job"])))


async def job_status(call: Call) -> Response:
    """How far a download is."""
    row = call.service.row(call.service.job(call.given["job"]))
    wanted = named_fields("JobStatus")
    return call.localized({name: value for name, value in row.items() if name in wanted})


def named_fields(name: str) -> frozenset[str]:
    """The fields of one of the schemas."""
    from .schemas import SCHEMAS

    return frozenset(SCHEMAS[name]["properties"])


async def pause(call: Call) -> Response:
    """Pause a download, wherever it runs."""
    record = await call.service.pause(call.given["job"])
    return call.localized(call.service.row(record), 202 if record.is_live else 200)


async def resume(call: Call) -> Response:
    """Go on with a download, here."""
    return call.localized(call.service.row(call.service.resume(call.given["job"])))


async def retry(call: Call) -> Response:
    """Download again what has ended."""
    return call.localized(call.service.row(call.service.retry(call.given["job"])), 202)


async def cancel(call: Call) -> Response:
    """Cancel a download, wherever it runs."""
    record = await call.service.cancel(call.given["job"])
    return call.localized(call.service.row(record), 200 if record.state.is_final else 202)


# Tasks


async def verify(call: Call) -> Response:
    """Compare every file."""
    return _task(call, call.service.verify(await _entry(call)))


async def repair(call: Call) -> Response:
    """Compare, and fetch again what is damaged."""
    return _task(call, call.service.repair(await _entry(call)))


async def delete(call: Call) -> Response:
    """Remove from the disk."""
    return _task(call, call.service.delete(await _entry(call), call.given.get("partials", False)))


async def _entry(call: Call) -> Any:
    return (await call.service.view()).known.get(call.given["model"])


def _task(call: Call, task: Task) -> Response:
    return call.localized(task.as_dict(), 202)


async def tasks(call: Call) -> Response:
    """All tasks, newest first."""
    return call.localized([task.as_dict() for task in reversed(call.service.tasks.all())])


async def task(call: Call) -> Response:
    """One task."""
    return call.localized(call.service.tasks.get(call.given["task"]).as_dict())


async def cancel_task(call: Call) -> Response:
    """Ask a task to end."""
    found = call.service.tasks.get(call.given["task"])
    call.service.tasks.cancel(found)
    return _task(call, found)


async def document(call: Call) -> Response:
    """The OpenAPI document."""
    return Response(call.request.app.state.document, media_type=JSON)


_MODELS = array(named("Model"))
_JOBS = array(named("Job"))

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("GET", f"{API}/health", "health", health, "Whether the service is there", named("Health")),
    Endpoint(
        "GET",
        f"{SOURCES}/catalog",
        "catalog",
        listing,
        "What can be downloaded, with its state on the disk",
        _MODELS,
        in_query=FILTERS,
        also={304: None},
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/catalog/{{id}}",
        "catalog_entry",
        model,
        "One entry, file by file",
        named("ModelDetails"),
        in_path=(ID,),
        refusals=(404,),
    ),
    Endpoint(
        "POST",
        f"{SOURCES}/catalog/download",
        "download",
        download,
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
        models,
        "All of the catalogue that is no dataset",
        _MODELS,
        in_query=FILTERS,
        also={304: None},
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/datasets/available",
        "datasets_available",
        datasets,
        "The datasets of the catalogue",
        _MODELS,
        in_query=tuple(field for field in FILTERS if field.name != "kind"),
        also={304: None},
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/installed",
        "installed",
        installed,
        "What is on the disk, complete",
        array(named("Installed")),
        in_query=(FRESH,),
        also={304: None},
    ),
    Endpoint("GET", f"{SOURCES}/downloads", "downloads", downloads, "The downloads that have not ended", _JOBS),
    Endpoint(
        "GET",
        f"{SOURCES}/history",
        "history",
        history,
        "The downloads that have ended, newest first",
        _JOBS,
        in_query=(LIMIT,),
    ),
    Endpoint(
        "DELETE",
        f"{SOURCES}/history",
        "clear_history",
        clear_history,
        "Forget the downloads that have ended; what they downloaded stays",
        named("Cleared"),
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/download/{{job}}",
        "job",
        job,
        "One download, with all details",
        named("JobDetails"),
        in_path=(JOB,),
        refusals=(404,),
    ),
    Endpoint(
        "GET",
        f"{SOURCES}/download/{{job}}/status",
        "job_status",
        job_status,
        "How far a download is",
        named("JobStatus"),
        in_path=(JOB,),
        refusals=(404,),
    ),
    Endpoint(
        "POST",
        f"{SOURCES}/download/{{job}}/pause",
        "pause",
        pause,
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
        resume,
        "Go on with a download that is paused or was interrupted",
        named("Job"),
        in_path=(JOB,),
        refusals=(404, 409),
    ),
    Endpoint(
        "POST",
        f"{SOURCES}/download/{{job}}/retry",
        "retry",
        retry,
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
        cancel,
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
        verify,
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
        repair,
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
        delete,
        "Remove a model from the disk",
        named("Task"),
        202,
        in_body=(MODEL, PARTIALS),
        refusals=(404, 409),
    ),
    Endpoint("GET", f"{SOURCES}/tasks", "tasks", tasks, "Verify, repair and delete: all tasks", array(named("Task"))),
    Endpoint(
        "GET", f"{SOURCES}/task/{{task}}", "task", task, "One task", named("Task"), in_path=(TASK,), refusals=(404,)
    ),
    Endpoint(
        "DELETE",
        f"{SOURCES}/task/{{task}}",
        "cancel_task",
        cancel_task,
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
        disk,
        "Where the models are, what they take, what is free",
        named("Disk"),
        in_query=(FRESH,),
    ),
    Endpoint("GET", f"{API}/log", "log", last_log, "The end of the user's log", named("Log"), in_query=(LINES,)),
    Endpoint("GET", f"{API}/openapi.json", "openapi", document, "This document", {"type": "object"}),
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
