# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of `dev.py test`: each is named, timed and counted, and one closing line sums them up.

First come those that watch no clock, beside each other and beside the making of what later ones need, which mostly
waits for the network. Then the others, each alone: they are about pauses, silence and what happens meanwhile.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from . import gui, matrix, service
from .console import Argument, run_and_keep, say
from .environment import FAKE_BPY, ROOT, VENV, Ready

PARTS = ["lint", "core", "hub", "service", "blender", "matrix", "gui"]
MORE = ["ports"]
"""What runs only when it is asked for: tests under the rules of other systems (tests/rules.py), a sample of which is
among those of core."""
_MODELS = ["transfer", "downloads", "library", "catalog", "hub", "system"]
_WRITING = ["cli", "film", "picture/test_baking.py", "picture/test_style.py", "speech/test_kept.py"]
_WRITING += [f"subtitles/test_{name}.py" for name in ("own_profiles", "reading", "reports", "shots", "tracks")]
_FILES = [*_MODELS, *_WRITING]
_CONSOLE = ["cli"]
_RULED = {
    **dict.fromkeys(("deaf", "coarse"), _MODELS),
    **dict.fromkeys(("share", "scanner", "nolinks", "exfat", "nosync", "nolocks", "unstable"), _FILES),
    **dict.fromkeys(("shortpaths", "readonly", "share,scanner,deaf,nolinks,nosync,coarse,shortpaths,readonly"), _FILES),
    **dict.fromkeys(("cp1252", "cp437"), _CONSOLE),
}
"""What of tests/core runs under each of these rules: all transfers, pauses, cancels, deletions, updates, repairs,
imports, tokens and jobs; what is exported, drawn, burnt and kept of a transcription; the command line."""
_DISK = ROOT / "tests" / "mac_disk.py"
_NO_DISK = 77
"""The exit status of `_DISK` where there can be none."""
_SYSTEMS = ("win32", "darwin")
"""What most users have and nobody here: mypy reads the branches that are for them alone."""
_MAKING = "other Blenders, made"
_SUBTITLES = "tests/core/subtitles"
"""The part of core's tests that only reckons: none has a server, a pause or a silence that could be too long."""
_OWN = ("dev", "build", "chroot", "matrix")
PACKAGES = ("core", "operators", "panels", "sequencer", "server", "session", "translations")


@dataclasses.dataclass(frozen=True)
class Step:
    """One process to run. `counts` says whether it closes with pytest's summary; if not, it counts as one check."""

    name: str
    command: Sequence[Argument]
    counts: bool = True
    alone: bool = True
    """Whether nothing else may run meanwhile. If not, what it prints is shown when it has ended."""
    variables: dict[str, str] = dataclasses.field(default_factory=dict)
    cwd: Path = ROOT


_beside = functools.partial(Step, alone=False)


@dataclasses.dataclass(frozen=True)
class Result:
    """How a step went."""

    step: Step
    status: int
    seconds: float
    passed: int
    failed: int
    skipped: int


def run_parts(parts: Sequence[str], ready: Ready) -> int:
    """Run the steps of these parts, all of them even if one fails; 0 if every one passed."""
    plan = {part: _steps(part, ready) for part in [*PARTS, *MORE] if part in parts}
    notes = []
    if "blender" in plan and not ready.blender:
        del plan["blender"]
        notes.append(f"{ready.why_no_blender} Its tests were left out.")
    done, reason = _run_together(plan, ready)
    if reason:
        del plan["gui"]
        notes.append(f"{reason} The tests in a window were left out.")
    results = [done.get(step.name) or _run(step, ready) for steps in plan.values() for step in steps]
    return summarise(results, notes)


def summarise(results: Sequence[Result], notes: Sequence[str] = ()) -> int:
    """Print the table and the closing line; 0 if nothing failed and something ran."""
    say("\n== summary")
    for result in results:
        verdict = "ok" if result.status == 0 else f"FAILED ({result.status})"
        counts = f"{result.passed} passed, {result.failed} failed, {result.skipped} skipped"
        say(f"{result.step.name:<28} {verdict:<12} {result.seconds:6.1f} s   {counts}")
    for note in notes:
        say(note)
    passed, failed, skipped = (sum(getattr(r, name) for r in results) for name in ("passed", "failed", "skipped"))
    say(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 0 if passed and not failed and all(result.status == 0 for result in results) else 1


def read_counts(output: str) -> tuple[int, int, int]:
    """(passed, failed, skipped) from the last summary line that pytest printed; errors count as failed.

    >>> read_counts("...\\n3 failed, 10 passed, 1 skipped, 2 errors in 3.21s\\n")
    (10, 5, 1)
    >>> read_counts("no such line")
    (0, 0, 0)
    """
    lines = [line for line in output.splitlines() if re.search(r"\d+ \w+.* in [\d.]+s", line)]
    found = {word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", lines[-1] if lines else "")}
    errors = found.get("error", 0) + found.get("errors", 0)
    skipped = found.get("skipped", 0) + found.get("xfailed", 0)
    return found.get("passed", 0), found.get("failed", 0) + errors, skipped


def _run_together(plan: Mapping[str, Sequence[Step]], ready: Ready) -> tuple[dict[str, Result], str]:
    """Run what need not be alone, and have what the other steps need: results by name, and why there is no window."""
    together = [step for steps in plan.values() for step in steps if not step.alone]
    if len(together) > 1:
        say(f"\nBeside each other, each shown when it has ended: {', '.join(step.name for step in together)}.")
    with ThreadPoolExecutor(1) as maker, ThreadPoolExecutor(os.cpu_count()) as pool:
        # One after the other, for a machine has one apt-get; first what puts programs where tests may look.
        installing = [maker.submit(service.provide)] if "service" in plan else []
        running = {step.name: (maker if step.name == _MAKING else pool).submit(_run, step, ready) for step in together}
        window = [maker.submit(gui.why_not, gui.names()[0])] if "gui" in plan else []
        waited: list[Future[Any]] = [*installing, *running.values(), *window]
        try:
            for future in as_completed(waited):
                future.result()
        except BaseException:  # Ctrl-C too: what runs got it as well, and nothing more may begin.
            maker.shutdown(wait=False, cancel_futures=True)
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {name: future.result() for name, future in running.items()}, window[0].result() if window else ""


def _run(step: Step, ready: Ready) -> Result:
    if step.alone:
        say(f"\n== {step.name}")
    began = time.monotonic()
    environment = {**ready.variables, **step.variables}
    shown = step.alone or step.name == _MAKING
    status, output = run_and_keep(step.command, env=environment, cwd=step.cwd, show=shown)
    seconds = time.monotonic() - began
    if not shown:
        say(f"\n== {step.name}\n{output.rstrip()}")
    passed, failed, skipped = read_counts(output) if step.counts else (int(status == 0), 0, 0)
    if status == _NO_DISK and _DISK in step.command:
        status, skipped = 0, 1
    elif status and not failed:
        failed = 1  # a crash, no test found, or a check without a count: it must show in the sum
    return Result(step, status, seconds, passed, failed, skipped)


def _steps(part: str, ready: Ready) -> list[Step]:
    python = ready.python
    pytest: list[Argument] = [python, "-m", "pytest", "-q"]
    match part:
        case "lint":
            return _lint(python)
        case "core":
            words = ("tests/test_translations.py", "tests/test_docs.py")
            return [
                _beside("examples in docstrings", [*pytest, "tests/test_doctests.py"]),
                _beside("tests of core, subtitles", [*pytest, _SUBTITLES]),
                Step("tests of core, the rest", [*pytest, "tests/core", f"--ignore={_SUBTITLES}"]),
                _beside("tests of dev.py", [*pytest, *(f"tests/test_{name}.py" for name in _OWN)]),
                _beside("libraries in the zips", [*pytest, "tests/test_libraries.py"]),
                _beside("languages and documents", [*pytest, *words]),
            ]
        case "ports":
            return [
                Step(
                    f"under the rule: {rule}",
                    [*pytest, *(f"tests/core/{name}" for name in names)],
                    variables={"SUBTITLE_EDITOR_TEST_RULES": rule},
                )
                for rule, names in _RULED.items()
            ] + [Step("on a disk of macOS", [python, _DISK, "-q", *(f"tests/core/{name}" for name in _FILES)])]
        case "hub":
            return [Step("tests of the loopback hub", [*pytest, "tests/hub"])]
        case "service":
            return [Step("tests of the service", [*pytest, "tests/server"])]
        case "blender":
            return [Step("tests in Blender", [*pytest, "tests/blender"])]
        case "matrix":
            making, testing = matrix.commands(ready, matrix.Options())
            return [_beside(_MAKING, making, counts=False), Step("tests in other Blenders", testing)]
        case "gui":
            which = gui.variables(gui.names()[0], gui.Options())
            return [Step("tests in a window", gui.command(ready, gui.Options()), variables=which)]
    raise ValueError(part)


def _lint(python: Path) -> list[Step]:
    stage = _stage_for_mypy()
    beside = functools.partial(_beside, counts=False, cwd=stage)
    path = {"MYPYPATH": f"{stage}{os.pathsep}{FAKE_BPY}"}
    mypy: list[Argument] = [python, "-m", "mypy", "--config-file", ROOT / "pyproject.toml", "-p", "devtools"]
    every = ["-p", "subtitle_editor", "-m", "dev", "--cache-dir", VENV / "mypy-cache"]
    # Without bpy, which is the same everywhere; what only one system reaches is no mistake there.
    core = [*mypy, "-p", "subtitle_editor.core", "--no-warn-unreachable"]
    return [
        _beside("ruff", [python, "-m", "ruff", "check", ROOT], counts=False),
        beside("mypy, against fake-bpy", [*mypy, *every], variables=path),
        *(
            # A cache each: what was found for one system is thrown away for another.
            beside(
                f"mypy, as on {name}",
                [*core, "--platform", name, "--cache-dir", VENV / f"mypy-cache-{name}"],
                variables=path,
            )
            for name in _SYSTEMS
        ),
    ]


def _stage_for_mypy() -> Path:
    """A folder where the package stands under its own name.

    mypy names modules after folders, and a clone may be called anything, "subtitle-editor" for one, which is no name
    for a package. A copy works on Windows too, where making a link needs a privilege. Times are kept for mypy's cache.
    """
    stage = VENV / "typing"
    shutil.rmtree(stage, ignore_errors=True)
    package = stage / "subtitle_editor"
    package.mkdir(parents=True)
    for file in ROOT.glob("*.py"):
        shutil.copy2(file, stage if file.name == "dev.py" else package)
    for folder in PACKAGES:
        if (ROOT / folder).is_dir():
            shutil.copytree(ROOT / folder, package / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "devtools", stage / "devtools", ignore=shutil.ignore_patterns("__pycache__", "demo*.py"))
    return stage
