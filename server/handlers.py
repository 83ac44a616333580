# SPDX-License-Identifier: GPL-3.0-or-later
"""What each address does: a request that was understood becomes an answer. The table of them is in routes.py."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from ..core.addresses import without_login
from ..core.hub.endpoint import resolve
from ..core.library import rows
from ..core.text import plain
from . import languages
from .answers import JSON, answer
from .schemas import SCHEMAS
from .service import Service
from .shelf import Wanted
from .tasks import Task

LAST_LINES = 200
"""Of the log, unless the request says how many."""
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
        "models_dir": plain(settings.models_dir.absolute()),
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
