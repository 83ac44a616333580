# SPDX-License-Identifier: GPL-3.0-or-later
"""The bar of the command line in a real terminal: as wide as that, whatever the names look like."""

from __future__ import annotations

import os
import re
import select
import struct
import subprocess
import sys
import time
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.server import Fault, LoopbackHub

pytestmark = [pytest.mark.timeout(120), pytest.mark.skipif(os.name == "nt", reason="opens a pseudo terminal")]

MODEL = bytes(range(256)) * 12_000
WIDE = "ウィスパー字幕生成モデル大型版第三世代・完全版"
OWN = """[[model]]
id = "wide"
name = "Wide"
kind = "language"
source = [{ repo = "ada/wide" }]
"""


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as hub:
        hub.add_model(
            "ada/wide", {"ウィスパー字幕生成モデル大型版第三世代・完全版.bin": MODEL, "n" * 200 + ".bin": MODEL[1:]}
        )
        hub.faults.add(Fault(path="*", host="content", method="GET", rate=1_500_000, times=None))
        yield hub


def screen(words: list[str], columns: int, stdout: int | None = None, encoding: str = "utf-8") -> tuple[str, int]:
    """What a command writes into a terminal of that width, and its exit code."""
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
    process = subprocess.Popen(
        [sys.executable, "-m", "subtitle_editor", *words],
        stdin=theirs,
        stdout=theirs if stdout is None else stdout,
        stderr=theirs,
        env=environment | {"PYTHONUTF8": str(int(encoding == "utf-8"))},
        cwd=Path(__file__).parents[3],
    )
    os.close(theirs)
    data = bytearray()
    until = time.monotonic() + 90
    while time.monotonic() < until:
        if not select.select([ours], [], [], 0.1)[0]:
            if process.poll() is not None:
                break
            continue
        try:
            data += os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed.
            break
    os.close(ours)
    return data.decode(encoding), process.wait(10)


def taken(text: str) -> int:
    """Columns of a line as a terminal counts them: two for what East Asia writes wide, none for marks above."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
        for char in text
    )


@pytest.mark.parametrize("columns", [200, 80, 61, 40, 12])
def test_no_picture_of_the_bar_wraps(columns: int, hub: LoopbackHub, tmp_path: Path):
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "catalog.toml").write_text(OWN, encoding="utf-8")
    words = ["models", "download", "wide", "--models-dir", str(tmp_path / "models"), "--endpoint", hub.endpoint]
    with open(tmp_path / "result", "wb") as result:
        out, code = screen([*words, "--user-dir", str(tmp_path / "user")], columns, result.fileno())
    assert code == 0, out
    # What a line break follows is said once and may wrap; the bar is drawn over.
    pictures = re.findall(r"\r\x1b\[2K([^\r\n\x1b]+)(?=\r\x1b)", out)
    assert len(pictures) > 3 and any("%" in picture for picture in pictures), out
    assert max(map(taken, pictures)) < columns
    assert any("█" in picture for picture in pictures) == (columns > 60)
    if columns == 200:
        assert any("字幕" in picture for picture in pictures)
    # Nothing of the bar stays once there is a result.
    assert out.rstrip("\r\n").endswith("\x1b[2K") or "█" not in out.splitlines()[-1]


def test_columns_of_the_environment_count(hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from subtitle_editor.core.cli import terminal

    monkeypatch.setenv("COLUMNS", "33")
    assert terminal.columns() == 33
    for nonsense in ("", "0", "-4", "many"):
        monkeypatch.setenv("COLUMNS", nonsense)
        assert terminal.columns() > 0
