# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenAPI document, made of the table of addresses, so that it cannot say anything else than what is served."""

from __future__ import annotations

import functools
from http import HTTPStatus
from typing import Any

from . import events, version
from .inputs import Field
from .routes import API, ENDPOINTS, SOURCES, Endpoint
from .schemas import SCHEMAS, STRING, Schema, named, record

_EVERYWHERE = (400, 401, 403, 421, 429, 503)
"""What any address may answer."""
_CHANGING = (408, 413)
"""And what any may that takes a body, or might be sent one."""


@functools.cache
def document() -> dict[str, Any]:
    """As JSON."""
    paths: dict[str, Any] = {}
    for endpoint in ENDPOINTS:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(endpoint)
    paths[f"{SOURCES}/events"] = {"get": _stream()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Subtitle Editor: models",
            "version": version.installed() or "0",
            "description": "Downloads of models, and what is on the disk. Described for people in docs/service.md.",
            "license": {"name": "GPL-3.0-or-later", "identifier": "GPL-3.0-or-later"},
        },
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        # Without a token where the service was started without one.
        "security": [{"token": []}, {}],
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    responses = {str(endpoint.status): _good(endpoint.data, endpoint.status)}
    responses |= {str(status): _good(data, status) for status, data in endpoint.also.items()}
    refusals = {*_EVERYWHERE, *endpoint.refusals}
    if endpoint.method != "GET":
        refusals |= {*_CHANGING}
    if endpoint.in_body:
        refusals.add(415)
    responses |= {str(status): _refusal(status) for status in sorted(refusals)}
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": [
            *(_parameter(field, "path") for field in endpoint.in_path),
            *(_parameter(field, "query") for field in endpoint.in_query),
        ],
        "responses": responses,
    }
    if endpoint.in_body:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": _body(endpoint)}}}
    if endpoint.path in (f"{API}/health", f"{API}/openapi.json"):
        operation["security"] = [{}]
    if endpoint.path == f"{API}/openapi.json":
        responses["200"] = {"description": "OK", "content": {"application/json": {"schema": {"type": "object"}}}}
    return operation


def _parameter(field: Field, place: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "name": field.name,
        "in": place,
        "description": field.description,
        "required": field.required,
        "schema": field.schema(),
    }
    if field.example is not None:
        data["example"] = field.example
    return data


def _body(endpoint: Endpoint) -> Schema:
    properties = {
        field.name: field.schema()
        | {"description": field.description}
        | ({"examples": [field.example]} if field.example is not None else {})
        for field in endpoint.in_body
    }
    return {
        "type": "object",
        "properties": properties,
        "required": [field.name for field in endpoint.in_body if field.required],
        "additionalProperties": False,
    }


def _good(data: Schema | None, status: int) -> dict[str, Any]:
    if data is None:
        return {"description": HTTPStatus(status).phrase}
    schema = record(success={"type": "boolean", "const": True}, data=data)
    return {"description": HTTPStatus(status).phrase, "content": {"application/json": {"schema": schema}}}


def _refusal(status: int) -> dict[str, Any]:
    return {
        "description": HTTPStatus(status).phrase,
        "content": {"application/json": {"schema": named("Error")}},
    }


def _stream() -> dict[str, Any]:
    """Server-sent events. The WebSocket at the same address is beyond OpenAPI; docs/service.md describes both."""
    responses: dict[str, Any] = {
        "200": {"description": "Events until the client goes", "content": {"text/event-stream": {"schema": STRING}}}
    }
    responses |= {str(status): _refusal(status) for status in _EVERYWHERE}
    return {
        "operationId": "events",
        "summary": "What the downloads and tasks do, as server-sent events",
        "parameters": [_parameter(events.LANGUAGE, "query")],
        "responses": responses,
    }
