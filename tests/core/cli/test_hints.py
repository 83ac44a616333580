# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line sends nobody to preferences, which it does not have."""

from __future__ import annotations

import ast
import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.cli import main
from subtitle_editor.core.cli.hints import HINTS

CORE = Path(__file__).parents[3] / "core"


def templates() -> Iterator[str]:
    """Each text of core that errors are made of."""
    for file in CORE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Text" and node.args:
                yield from (part.value for part in ast.walk(node.args[0]) if isinstance(part, ast.Constant))


def test_each_hint_of_the_window_has_one_of_the_terminal():
    window = re.compile(r"preferences|\bstrip\b|restart Blender")
    found = {text for text in templates() if window.search(text) and " " in text.removeprefix("the ")}
    assert found == set(HINTS)
    assert not [said for said in HINTS.values() if window.search(said)]
    assert all(text.count("{") == said.count("{") for text, said in HINTS.items())


@pytest.mark.parametrize("as_json", [False, True])
def test_no_hub_is_told_with_what_a_command_can_change(
    as_json: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # And not listening: refused at once.
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        words = ["models", "download", "tiny", "--models-dir", str(tmp_path), "--endpoint", address]
        assert main.main([*words, "--json"] if as_json else words) == 1
    out, err = capsys.readouterr()
    told = json.loads(out.splitlines()[-1])["hint"] if as_json else err
    assert "--endpoint" in told and "HTTPS_PROXY" in told and "preferences" not in out + err
