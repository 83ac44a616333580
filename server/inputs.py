# SPDX-License-Identifier: GPL-3.0-or-later
"""What an address takes: declared once, compared with each request, and described in the OpenAPI document."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from ..core.text import Text
from .errors import NotJsonError, RequestError

MODEL_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"
JOB_ID = r"^[0-9a-f]{12}$"


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """One value, in an address, behind its question mark, or in a body."""

    name: str
    description: str
    kind: str = "string"
    """`string`, `boolean` or `integer`."""
    pattern: str = ""
    longest: int = 200
    """Characters."""
    most: int = 0
    """The largest integer; the smallest is 1."""
    required: bool = False
    nullable: bool = False
    words: tuple[str, ...] = ()
    """The only values there are."""
    example: object = None

    def schema(self) -> dict[str, Any]:
        """As JSON Schema has it."""
        data: dict[str, Any] = {"type": [self.kind, "null"] if self.nullable else self.kind}
        if self.words:
            data["enum"] = [*self.words, None] if self.nullable else list(self.words)
        elif self.pattern:
            data["pattern"] = self.pattern
        elif self.kind == "string":
            data["maxLength"] = self.longest
        if self.kind == "integer":
            data |= {"minimum": 1, "maximum": self.most}
        return data

    def check(self, value: object) -> Any:
        """The value, if it is as declared. Raises RequestError."""
        if value is None and self.nullable:
            return None
        if self.kind == "boolean" and isinstance(value, bool):
            return value
        if self.kind == "integer" and type(value) is int and 1 <= value <= self.most:
            return value
        if self.kind == "string" and isinstance(value, str) and self._fits(value):
            return value
        raise RequestError(Text('"{name}" is not {wanted}', name=self.name, wanted=self._wanted()))

    def _fits(self, value: str) -> bool:
        if self.words:
            return value in self.words
        if self.pattern:
            return re.fullmatch(self.pattern.removeprefix("^").removesuffix("$"), value, re.ASCII) is not None
        # A lone surrogate is no text, and could not be written down.
        return len(value) <= self.longest and not any("\ud800" <= char <= "\udfff" for char in value)

    def _wanted(self) -> Text:
        if self.words:
            return Text("one of {words}", words=", ".join(self.words))
        if self.kind == "boolean":
            return Text("true or false")
        if self.kind == "integer":
            return Text("a number from 1 to {most}", most=self.most)
        if self.pattern == JOB_ID:
            return Text("an id of 12 hexadecimal digits")
        if self.pattern:
            return Text("an id of letters, digits, dots, hyphens and underscores")
        return Text("a text of at most {number} characters", number=self.longest)

    def read(self, text: str) -> Any:
        """The value of a text behind the question mark. Raises RequestError."""
        if self.kind == "boolean" and text in ("true", "false"):
            return text == "true"
        if self.kind == "integer" and text.isascii() and text.isdigit():
            return self.check(int(text[:12]))
        return self.check(text)


def query(request: Request, fields: Sequence[Field]) -> dict[str, Any]:
    """What stands behind the question mark. Raises RequestError, also for what is not declared."""
    known = {field.name: field for field in fields}
    found: dict[str, Any] = {}
    for name, text in request.query_params.multi_items():
        if name not in known:
            # Not what it was: a token has no place in an address, and none in an answer.
            raise RequestError(Text("it has a parameter that is not known here"))
        if name in found:
            raise RequestError(Text('"{name}" appears twice', name=name))
        found[name] = known[name].read(text)
    return found


def path(request: Request, fields: Sequence[Field]) -> dict[str, Any]:
    """What stands in the address. Raises RequestError."""
    return {field.name: field.check(request.path_params.get(field.name, "")) for field in fields}


async def body(request: Request, fields: Sequence[Field]) -> dict[str, Any]:
    """The fields of a body. Raises RequestError, NotJsonError."""
    raw = await request.body()
    if not fields:
        if raw:
            raise RequestError(Text("it has a body, and none is wanted here"))
        return {}
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise NotJsonError
    try:
        data = json.loads(raw, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise RequestError(Text("the body is no JSON")) from error
    if not isinstance(data, dict):
        raise RequestError(Text("the body is no JSON object"))
    return _checked(data, fields)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name appears twice")
    return found


def _checked(data: Mapping[str, Any], fields: Sequence[Field]) -> dict[str, Any]:
    known = {field.name: field for field in fields}
    if any(name not in known for name in data):
        raise RequestError(Text("the body has a field that is not known here"))
    for field in fields:
        if field.required and field.name not in data:
            raise RequestError(Text('"{name}" is missing', name=field.name))
    return {name: known[name].check(value) for name, value in data.items()}
