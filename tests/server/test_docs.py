# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/service.md as a new user would follow it: each example is typed into a shell and answers what the page says."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.cli.main import build_parser
from subtitle_editor.server import openapi, settings
from subtitle_editor.server.routes import ENDPOINTS
from tests.hub.server import LoopbackHub

from .kit import running

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)

pytestmark = pytest.mark.timeout(150)


def steps() -> list[tuple[str, str]]:
    """What is typed, and what the page says is answered (nothing for what answers nothing)."""
    found: list[tuple[str, str]] = []
    for block in BLOCKS:
        for line in block.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), ""))
            else:
                found[-1] = (found[-1][0], found[-1][1] + line)
    return found


CHANGING = {"job", "task", "version", "size", "path", "revision", "used", "free", "models_dir", "lines", "endpoint"}
CHANGING |= {"percent", "file", "file_number", "files_total", "file_percent", "eta", "speed", "seconds", "mean_speed"}
CHANGING |= {"checked", "result", "state", "installed"}
"""Keys whose values are other ones each time; `state` is compared where the page says that it has come to rest."""
AT_REST = {"missing", "paused", "cancelled", "done"}


def differences(said: Any, answered: Any, where: str = "") -> list[str]:
    """Where an answer is not what the page says: a key that is missing, another kind of value, another fixed value."""
    if isinstance(said, dict):
        if not isinstance(answered, dict):
            return [f"{where} is {answered!r}"]
        found = [f"{where}.{key} is missing" for key in said if key not in answered]
        for key in said.keys() & answered.keys():
            changing = key in CHANGING and not (key == "state" and said[key] in AT_REST)
            if isinstance(said[key], (dict, list)) or not changing:
                found += differences(said[key], answered[key], f"{where}.{key}")
        return found
    if isinstance(said, list):
        if not isinstance(answered, list) or len(answered) < len(said):
            return [f"{where} is {answered!r}"]
        return [one for i, value in enumerate(said) for one in differences(value, answered[i], f"{where}[{i}]")]
    return [] if said == answered or said == "…" else [f"{where} is {answered!r}, not {said!r}"]


@pytest.mark.skipif(not shutil.which("bash") or not shutil.which("curl"), reason="bash or curl is not installed")
def test_every_example_answers_what_the_page_says(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.settings.rate = 150_000
    with running(tmp_path / "service", hub.endpoint) as service:
        commands = steps()
        (again,) = (number for number, (typed, _) in enumerate(commands) if typed.endswith("/retry"))
        script = ["set -u"]
        for number, (typed, _) in enumerate(commands):
            script.append(f"echo '<<{number}>>'")
            script.append(typed.replace("127.0.0.1:8765", f"127.0.0.1:{service.port}"))
            script.append("echo")
        process = subprocess.Popen(["bash", "-c", "\n".join(script)], stdout=subprocess.PIPE, text=True)
        said_by_bash = []
        with process:
            assert process.stdout is not None
            for line in process.stdout:
                said_by_bash.append(line)
                # The download has to be under way for as long as the examples need, and then to end.
                if line == f"<<{again}>>\n":
                    hub.settings.rate = 600_000
        outputs = re.split(r"<<\d+>>\n", "".join(said_by_bash))[1:]
    assert len(outputs) == len(commands)
    wrong = []
    for (typed, said), output in zip(commands, outputs, strict=True):
        if said.startswith("event:"):
            assert said in output, typed
        elif said:
            answered = json.loads(output)
            wrong += [f"{typed}: {one}" for one in differences(json.loads(said), answered)]
    assert wrong == []


def test_every_address_has_an_example() -> None:
    typed = [shlex.split(command) for command, _ in steps() if command.startswith(("curl", "timeout"))]
    asked = set()
    for words in typed:
        method = words[words.index("-X") + 1] if "-X" in words else "GET"
        url = next(word for word in words if word.startswith("http"))
        path = url.partition("127.0.0.1:8765")[2].partition("?")[0]
        asked.add((method, path.replace("$JOB", "{job}").replace("$TASK", "{task}").replace("/tiny", "/{id}")))
    there = {(endpoint.method, endpoint.path) for endpoint in ENDPOINTS} | {("GET", "/api/sources/events")}
    assert asked == there
    described = openapi.document()["paths"]
    assert {(method.upper(), path) for path, methods in described.items() for method in methods} == there


def test_the_options_are_those_of_the_command() -> None:
    parser = build_parser()
    serve = parser._subparsers._group_actions[0].parser_of("serve")  # type: ignore[union-attr, attr-defined]
    options = {option for action in serve._actions for option in action.option_strings if option.startswith("--")}
    named = set(re.findall(r"--[a-z][a-z-]+", PAGE.partition("## The page")[0]))
    assert options - {"--help"} <= named
    assert named <= options


def test_the_unit_and_the_container_start_what_there_is() -> None:
    parser = build_parser()
    (unit,) = re.findall(r"^ExecStart=\S+/subtitle-editor (.*)$", PAGE, re.MULTILINE)
    (container,) = re.findall(r"^ENTRYPOINT (\[.*\])$", PAGE, re.MULTILINE)
    for words in (shlex.split(unit), json.loads(container)[1:]):
        args = parser.parse_args(words)
        found = settings.Settings(
            models_dir=args.models_dir,
            user_dir=args.user_dir,
            host=args.host,
            port=args.port,
            access_token="a-token-that-is-long-enough",
            production=args.production,
        )
        settings.check(found)
        assert args.access_token_file and args.resume and args.production


def test_every_code_of_the_service_is_in_the_table() -> None:
    from subtitle_editor.server import answers, errors

    table = PAGE.partition("| status | codes |")[2].partition("The same in a form")[0]
    for kind, status in answers._STATUS:
        if kind.__module__ == errors.__name__:
            (row,) = (line for line in table.splitlines() if f"`{kind.code}`" in line)  # type: ignore[attr-defined]
            assert str(status) in row.split("|")[1], kind
