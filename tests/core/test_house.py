# SPDX-License-Identifier: GPL-3.0-or-later
"""The house is as docs/architecture.md draws it: arrows only point down, no room knows another on its floor unless the
table says so, and no file is imported by what it imports itself.
"""

from __future__ import annotations

import ast
import functools
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
TABLE = re.search(r"<!-- floors, from the roof down -->\n+```\n(.*?)```", PAGE, re.DOTALL)

MOST_FLOORS, MOST_ROOMS = 14, 40


def floors() -> dict[str, int]:
    """Room to floor, 0 the ground. A room is a folder or a file, as the table names it."""
    assert TABLE is not None
    lines = [line.partition("   ")[0].split() for line in TABLE[1].splitlines() if line.strip()]
    return {room: floor for floor, line in enumerate(reversed(lines)) for room in line}


FLOORS = floors()


def files() -> list[str]:
    """The files of the package, as `core/hub/client.py`."""
    folders = ("core", "operators", "panels", "sequencer", "server", "session", "translations")
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found += [ROOT / name for name in ("__init__.py", "__main__.py", "preferences.py", "properties.py")]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


FILES = files()


def room_of(name: str) -> str:
    """The room of a file: the longest name of the table that it lies in. Raises KeyError for a file outside of all."""
    parts = name.removesuffix(".py").split("/")
    for length in range(len(parts), 0, -1):
        for room in ("/".join(parts[:length]), "/".join(parts[:length]) + "/"):
            if room in FLOORS:
                return room
    raise KeyError(name)


def file_of(module: list[str]) -> str | None:
    """The file of a module of ours, given by the parts of its name below the package; None if there is none."""
    path = "/".join(module)
    for name in (f"{path}.py", f"{path}/__init__.py" if path else "__init__.py"):
        if name in FILES:
            return name
    return None


def imports(name: str) -> Iterator[tuple[str, int]]:
    """The files of ours that a file imports, at its top or inside a function, and the lines where."""
    package = name.removesuffix(".py").split("/")[:-1]
    for node in ast.walk(ast.parse((ROOT / name).read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or not node.level:
            continue
        base = package[: len(package) - node.level + 1] + (node.module.split(".") if node.module else [])
        for alias in node.names:
            found = file_of([*base, alias.name]) or file_of(base)
            if found is not None and found != name:
                yield found, node.lineno


def test_every_file_has_a_room() -> None:
    homeless = []
    for name in FILES:
        try:
            room_of(name)
        except KeyError:
            homeless.append(name)
    assert homeless == []


def test_the_house_is_small_enough_to_be_seen() -> None:
    assert len(set(FLOORS.values())) <= MOST_FLOORS
    assert 20 < len(FLOORS) <= MOST_ROOMS


def test_every_room_exists() -> None:
    assert [room for room in FLOORS if not (ROOT / room).exists() and not (ROOT / f"{room}.py").exists()] == []


def test_arrows_point_down() -> None:
    wrong = []
    for name in FILES:
        for target, line in imports(name):
            above, below = room_of(name), room_of(target)
            if above != below and FLOORS[below] >= FLOORS[above]:
                wrong.append(f"{name}:{line} knows {target}")
    assert wrong == []


def test_no_circle() -> None:
    graph = {name: {target for target, _ in imports(name)} for name in FILES}
    assert circles(graph) == []


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The sets of files that reach each other (Tarjan's strongly connected components of two files or more)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        number[name] = low[name] = len(number)
        stack.append(name)
        for target in graph.get(name, ()):
            if target not in number:
                visit(target)
                low[name] = min(low[name], low[target])
            elif target in stack:
                low[name] = min(low[name], number[target])
        if low[name] == number[name]:
            place = stack.index(name)
            component, stack[place:] = stack[place:], []
            if len(component) > 1:
                found.append(sorted(component))

    for name in graph:
        if name not in number:
            visit(name)
    return found


@pytest.mark.parametrize(
    ("arrows", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, []),
        ({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}, [["a", "b", "c"]]),
    ],
)
def test_circles_are_found(arrows: dict[str, set[str]], found: list[list[str]]) -> None:
    assert circles(arrows) == found


def test_imports_are_found() -> None:
    arrows = {name: {target for target, _ in imports(name)} for name in FILES}
    counted: dict[str, int] = defaultdict(int)
    for targets in arrows.values():
        for target in targets:
            counted[target] += 1
    assert counted["core/errors/base.py"] > 20
    assert "core/transfer/fetch.py" in arrows["core/downloads/download.py"], "inside a package"
    assert "core/hub/client.py" in arrows["operators/models.py"], "inside a function"


# Where it is decided


DECISIONS = re.findall(r"^- (.+\?) `([^`:]+): ([^`]+)`$", PAGE.partition("<!-- decisions -->")[2], re.MULTILINE)


def test_ten_questions_are_answered() -> None:
    assert len(DECISIONS) >= 10
    assert len({(file, name) for _, file, name in DECISIONS}) == len(DECISIONS)


def defined(node: ast.stmt) -> Iterator[tuple[str, ast.expr | None]]:
    """The names that a statement gives a meaning to, and the value of each where it is one."""
    match node:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, None
        case ast.AnnAssign(target=ast.Name(id=name), value=value):
            yield name, value
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            yield name, value
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            yield from (
                (target.id, value)
                for target, value in zip(targets, values, strict=False)
                if isinstance(target, ast.Name)
            )


def found(file: str, name: str) -> tuple[bool, float | None]:
    """Whether a file defines a name, `Class.field` too, and the number that it is, if it is one."""
    outer, _, inner = name.partition(".")
    for node in ast.parse((ROOT / file).read_text(encoding="utf-8")).body:
        for known, value in defined(node):
            if known != outer:
                continue
            if inner and isinstance(node, ast.ClassDef):
                return any(known == inner for part in node.body for known, _ in defined(part)), None
            return True, number_of(value)
    return False, None


def number_of(value: ast.expr | None) -> float | None:
    is_number = isinstance(value, ast.Constant) and type(value.value) in (int, float)
    return float(value.value) if is_number else None  # type: ignore[union-attr, arg-type]


@pytest.mark.parametrize(("question", "file", "name"), DECISIONS, ids=[name for *_, name in DECISIONS])
def test_each_answer_is_where_the_page_says(question: str, file: str, name: str) -> None:
    assert (ROOT / file).is_file(), question
    assert found(file, name)[0], f"{file} has no {name}"


@functools.cache
def numbers(file: str) -> list[tuple[str, float, int]]:
    """Every name that a file gives a number to, however: a constant, a field, a default, an argument, an option."""
    return [
        (name.lower().strip("_"), number, getattr(node, "lineno", 0))
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        for name, value in given(node)
        if (number := number_of(value)) is not None
    ]


def given(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    match node:
        case ast.FunctionDef(args=arguments) | ast.AsyncFunctionDef(args=arguments):
            named = [*arguments.posonlyargs, *arguments.args]
            for argument, value in zip(reversed(named), reversed(arguments.defaults), strict=False):
                yield argument.arg, value
            for argument, value in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
                yield argument.arg, value
        case ast.stmt():
            yield from defined(node)
        case ast.Call(args=args, keywords=keywords):
            first = args[0].value if args and isinstance(args[0], ast.Constant) else None
            option = str(first).strip("-").replace("-", "_") if str(first).startswith("--") else ""
            for keyword in keywords:
                yield option if option and keyword.arg == "default" else keyword.arg or "", keyword.value


CONSTANTS = [(file, name, number) for _, file, name in DECISIONS if (number := found(file, name)[1]) is not None]


@pytest.mark.parametrize(("file", "name", "number"), CONSTANTS, ids=[name for _, name, _ in CONSTANTS])
def test_a_number_that_is_decided_stands_nowhere_else(file: str, name: str, number: float) -> None:
    subjects = {name.lower().strip("_"), name.lower().strip("_").removeprefix("default_")}
    again = [
        f"{other}:{line}: {known}"
        for other in FILES
        if other != file
        for known, value, line in numbers(other)
        if known in subjects and value == number
    ]
    assert again == [], f"{name} is decided in {file}"


def test_numbers_are_seen_however_they_are_written() -> None:
    """The guard guards: each way to give a number a second home is one that it knows."""
    assert len(CONSTANTS) >= 5
    shapes = {known for known, *_ in numbers("core/subtitles/profiles.py")}
    assert {"max_lines", "max_duration", "gap_seconds"} <= shapes
    assert "concurrency" in {known for known, *_ in numbers("core/cli/call.py")}
    assert "concurrency" in {known for known, *_ in numbers("core/download_manager.py")}
