# SPDX-License-Identifier: GPL-3.0-or-later
"""The answers' forms, as JSON Schema: part of the OpenAPI document, and of the contract."""

from __future__ import annotations

from typing import Any

from ..core.catalog.kinds import KIND_NAMES
from ..core.events import State
from ..core.library.states import ModelState
from .tasks import TaskState

Schema = dict[str, Any]

STRING: Schema = {"type": "string"}
INTEGER: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number", "minimum": 0}
BOOLEAN: Schema = {"type": "boolean"}
STRINGS: Schema = {"type": "array", "items": STRING}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return schema | {"type": [schema["type"], "null"]}


def words(values: type[State] | type[ModelState] | type[TaskState] | list[str]) -> Schema:
    """One of these."""
    return {"type": "string", "enum": [str(value) for value in values]}


def array(schema: Schema) -> Schema:
    """Many of these."""
    return {"type": "array", "items": schema}


def record(**fields: Schema) -> Schema:
    """An object with all these fields; more may come in a later version."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def named(name: str) -> Schema:
    """One of SCHEMAS."""
    return {"$ref": f"#/components/schemas/{name}"}


_AMOUNTS: dict[str, Schema] = {
    "file": STRING,
    "file_number": INTEGER,
    "files_done": INTEGER,
    "files_total": INTEGER,
    "file_percent": nullable(NUMBER),
    "percent": {"type": "number", "minimum": 0, "maximum": 100},
    "bytes_done": INTEGER,
    "bytes_total": INTEGER,
    "speed": NUMBER,
    "eta": nullable(NUMBER),
}
_TOLD: dict[str, Schema] = {"error": STRING, "message": STRING, "hint": STRING}

_REPOSITORY = record(repository=STRING, type=words(["model", "dataset"]), revision=nullable(STRING))

_MODEL: dict[str, Schema] = {
    "id": STRING,
    "name": STRING,
    "provider": STRING,
    "kind": words(list(KIND_NAMES)),
    "size": INTEGER,
    "languages": STRINGS,
    "licence": STRING,
    "tags": STRINGS,
    "description": STRING,
    "homepage": STRING,
    "repository": nullable(STRING),
    "repositories": array(_REPOSITORY),
    "links": STRINGS,
    "alias_of": nullable(STRING),
    "own": BOOLEAN,
    "installed": BOOLEAN,
    "state": words(ModelState),
    "bytes_done": INTEGER,
    "bytes_total": INTEGER,
    "damaged": STRINGS,
    "partials": INTEGER,
    "former": INTEGER,
    "update": nullable(STRING),
    "path": nullable(STRING),
    "revision": nullable(STRING),
}

_FILE = record(
    repository=STRING,
    name=STRING,
    state=words(ModelState),
    size=INTEGER,
    bytes_done=INTEGER,
    path=nullable(STRING),
)

_JOB: dict[str, Schema] = {
    "job": STRING,
    "work": words(["download"]),
    "model": STRING,
    "revision": nullable(STRING),
    "models_dir": STRING,
    "state": words(State),
    "elsewhere": BOOLEAN,
    **_AMOUNTS,
    "bytes_fetched": INTEGER,
    "created": NUMBER,
    "started": nullable(NUMBER),
    "ended": nullable(NUMBER),
    "seconds": NUMBER,
    "mean_speed": NUMBER,
    "attempt": INTEGER,
    "retry_in": nullable(NUMBER),
    "connections": INTEGER,
    "reason": STRING,
    **_TOLD,
    "path": nullable(STRING),
}

_CHECKED = record(
    job=STRING,
    model=STRING,
    endpoint=STRING,
    token=BOOLEAN,
    account=STRING,
    gated=BOOLEAN,
    files_total=INTEGER,
    bytes_total=INTEGER,
    bytes_present=INTEGER,
    bytes_needed=INTEGER,
    bytes_free=nullable(INTEGER),
)

SCHEMAS: dict[str, Schema] = {
    "Error": record(
        success={"type": "boolean", "const": False},
        error=record(code=STRING, message=STRING, hint=STRING),
    ),
    "Model": record(**_MODEL),
    "ModelDetails": record(**_MODEL, files=array(_FILE)),
    "Installed": record(
        id=STRING,
        name=STRING,
        kind=words(list(KIND_NAMES)),
        state=words(ModelState),
        size=INTEGER,
        path=STRING,
        revision=STRING,
        update=nullable(STRING),
    ),
    "Job": record(**_JOB),
    "JobDetails": record(**_JOB, details=STRING, checked={"oneOf": [_CHECKED, {"type": "null"}]}),
    "JobStatus": record(
        job=STRING,
        model=STRING,
        state=words(State),
        **_AMOUNTS,
        **_TOLD,
    ),
    "Task": record(
        task=STRING,
        work=words(["verify", "repair", "delete"]),
        model=STRING,
        state=words(TaskState),
        created=NUMBER,
        ended=nullable(NUMBER),
        **_AMOUNTS,
        **_TOLD,
        result={"type": ["object", "null"]},
    ),
    "Health": record(status=words(["ok", "ending"]), version=STRING),
    "Disk": record(
        models_dir=STRING,
        used=INTEGER,
        free=nullable(INTEGER),
        installed=INTEGER,
        problems=STRINGS,
        offline=BOOLEAN,
        endpoint=STRING,
        notices=STRINGS,
    ),
    "Log": record(path=STRING, lines=STRINGS),
    "Cleared": record(removed=INTEGER),
}
"""By name."""
