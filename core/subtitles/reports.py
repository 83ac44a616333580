# SPDX-License-Identifier: GPL-3.0-or-later
"""What the checks have found, as a file: lines of text, CSV or JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from ..cues import Cue
from .quality import Problem
from .timecode import format_time

FIELDS = ("number", "start", "end", "rule", "message", "text")


def report(cues: Sequence[Cue], problems: Iterable[Problem], ending: str) -> str:
    """All problems, each with its subtitle; `ending` is a file's: `.json`, `.csv`, anything else is text.

    A problem of the file itself has no number, times and text.
    """
    rows = [_row(cues[problem.index] if problem.index >= 0 else None, problem) for problem in problems]
    match ending.lower().removeprefix("."):
        case "json":
            return (
                json.dumps([dict(zip(FIELDS, row, strict=True)) for row in rows], ensure_ascii=False, indent=2) + "\n"
            )
        case "csv":
            return _csv(rows)
    lines = (
        f"{rule}: {message}\n"
        if number is None
        else f"{number}  {format_time(start)}  {rule}: {message}\n    {_flat(text)}\n"
        for number, start, _, rule, message, text in rows
    )
    return "".join(lines)


def _row(cue: Cue | None, problem: Problem) -> tuple[Any, ...]:
    told = problem.rule, str(problem.message)
    return (None, None, None, *told, None) if cue is None else (problem.index + 1, cue.start, cue.end, *told, cue.text)


def _csv(rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(FIELDS)
    writer.writerows([[_harmless(value) for value in row] for row in rows])
    return out.getvalue()


def _harmless(value: object) -> object:
    """A spreadsheet takes a text that begins so for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value


def _flat(text: str) -> str:
    return text.replace("\n", " / ")
