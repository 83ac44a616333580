# SPDX-License-Identifier: GPL-3.0-or-later
"""Consoles with a few hundred characters, and such as obey no escape codes: what Windows has beside better ones."""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.cli import console, main, terminal
from subtitle_editor.core.cli.output import Output
from subtitle_editor.core.events import Progress, State
from tests.core.cli.test_terminal import OWN, screen
from tests.hub.server import Fault, LoopbackHub

pytestmark = [pytest.mark.timeout(120), pytest.mark.skipif(os.name == "nt", reason="opens a pseudo terminal")]

PERSIAN = "سلام دنیا"
ROOT = Path(__file__).parents[3]


def run(*words: str, **variables: str) -> tuple[int, bytes, bytes]:
    """A command whose output goes to a file or another program."""
    done = subprocess.run(
        [sys.executable, "-m", "subtitle_editor", *words],
        env=os.environ | {"PYTHONUTF8": "0"} | variables,
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii", "utf-8"])
def test_nothing_is_lost_on_the_way_to_another_program(tmp_path: Path, encoding: str) -> None:
    film = tmp_path / f"{PERSIAN}.srt"
    film.write_text(f"1\n00:00:01,000 --> 00:00:00,500\n{PERSIAN} 字幕\n", encoding="utf-8")
    code, plain, complaint = run("check", str(film), PYTHONIOENCODING=encoding)
    assert code == 1 and b"?" not in plain + complaint
    told = (plain + complaint).decode(encoding)
    assert PERSIAN in (told if encoding == "utf-8" else told.encode("latin-1").decode("unicode_escape"))
    code, lines, _ = run("check", str(film), "--json", PYTHONIOENCODING=encoding)
    rows = [json.loads(line) for line in lines.decode("ascii").splitlines()]
    assert code == 1 and any(PERSIAN in str(value) for row in rows for value in row.values())


@pytest.mark.parametrize("encoding", ["cp1252", "cp437"])
def test_the_bar_is_drawn_with_what_the_console_has(
    tmp_path: Path, hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    """No escape codes, which such a console shows as they are, and no character that it has not."""
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    hub.add_model("ada/wide", {"字幕.bin": bytes(range(256)) * 12_000})
    hub.faults.add(Fault(path="*", host="content", method="GET", rate=2_500_000, times=None))
    (tmp_path / "user").mkdir()
    (tmp_path / "user" / "catalog.toml").write_text(OWN, encoding="utf-8")
    words = ["models", "download", "wide", "--models-dir", str(tmp_path / "models"), "--endpoint", hub.endpoint]
    with open(tmp_path / "result", "wb") as result:
        out, code = screen([*words, "--user-dir", str(tmp_path / "user")], 100, result.fileno(), encoding)
    assert code == 0, out
    pictures = re.findall(r"\r([^\r\n]*%[^\r\n]*)(?=\r)", out)
    assert len(pictures) > 2 and "\x1b" not in out and "?" not in out
    assert all(("█" in one or "░" in one) if encoding == "cp437" else ("#" in one or "-" in one) for one in pictures)
    assert max(map(len, pictures)) < 100
    # What is drawn over is wiped first: nothing of a longer picture stays beside a shorter one.
    for before, after in itertools.pairwise(pictures):
        assert re.search(rf"{re.escape(before)}\r {{{len(before)}}}\r{re.escape(after)}", out)


def test_on_windows_what_is_redirected_becomes_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="cp1252", errors="strict") for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with console.prepared("win32"):
        Output().record({}, PERSIAN)
        Output().say(PERSIAN)
    assert out.buffer.getvalue().decode() == f"{PERSIAN}\n" == err.buffer.getvalue().decode()  # type: ignore[attr-defined]


def test_the_code_page_of_the_console_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    class Kernel:
        page = 437
        pages: list[int] = []

        def GetConsoleOutputCP(self) -> int:
            return self.page

        def SetConsoleOutputCP(self, page: int) -> int:
            self.page = page
            self.pages.append(page)
            return 1

    kernel = Kernel()
    monkeypatch.setattr(console, "_kernel", lambda: kernel)
    with pytest.raises(KeyError), console.prepared("win32"):
        assert kernel.page == 65001
        raise KeyError
    assert kernel.pages == [65001, 437]


@pytest.mark.parametrize(("mode", "settable", "obeys"), [(7, False, True), (3, True, True), (3, False, False)])
def test_windows_is_asked_for_escape_codes(
    monkeypatch: pytest.MonkeyPatch, mode: int, settable: bool, obeys: bool
) -> None:
    class Kernel:
        def GetStdHandle(self, number: int) -> int:
            assert number == -12
            return 5

        def GetConsoleMode(self, handle: int, place: Any) -> int:
            place._obj.value = mode
            return 1

        def SetConsoleMode(self, handle: int, wanted: int) -> int:
            assert wanted == mode | 4
            return int(settable)

    monkeypatch.setattr(console, "_kernel", Kernel)
    assert console.screen(sys.stderr, "win32").escapes is obeys


def test_without_a_console_there_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert console.screen(sys.stderr, "win32").escapes is False
    with console.prepared("win32"):
        assert main.main(["models", "nonsense"]) == 2


def test_a_stream_without_an_encoding_is_written_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """As Blender's, or one that a script has put there."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    Output().record({}, PERSIAN)
    assert stream.getvalue() == f"{PERSIAN}\n"


@pytest.mark.parametrize("columns", [1, 2, 3, 10, 80])
def test_a_line_of_signs_that_are_wider_fits_too(columns: int) -> None:
    poor = console.Screen(False, "#", "-", "...")
    assert terminal.width(terminal.line(0.5, "a word and more" * 9, columns, poor)) <= max(1, columns - 1)


def test_progress_with_a_name_that_the_console_has_not(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    stream = Terminal(io.BytesIO(), encoding="cp437", errors="strict")
    monkeypatch.setattr(sys, "stderr", stream)
    output = Output()
    output.event(
        Progress(
            job="1", model=PERSIAN, state=State.DOWNLOADING, bytes_done=1, bytes_total=2, files_done=0, files_total=1
        )
    )
    output.say("done")
    assert "\\u0633" in stream.buffer.getvalue().decode("cp437")  # type: ignore[attr-defined]


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of POSIX closes the streams")
def test_streams_that_were_closed_before_we_began(tmp_path: Path) -> None:
    """As under cron jobs and services. What we open must not get their numbers, and what others write there."""
    words = ["-m", "subtitle_editor", "models", "folder", "--json", "--models-dir", str(tmp_path)]
    for closed in (">&-", "2>&-", ">&- 2>&- <&-"):
        done = subprocess.run(["sh", "-c", f'"$0" "$@" {closed}', sys.executable, *words], timeout=50)
        assert done.returncode == 0


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has a disk that is always full")
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_output_that_goes_to_a_full_disk(form: list[str]) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        words = [sys.executable, "-m", "subtitle_editor", "models", "list", *form]
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, text=True, timeout=50)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1) and "the disk is full" in done.stderr


@pytest.mark.skipif(sys.platform == "win32" or not hasattr(os, "geteuid"), reason="rights of POSIX")
def test_what_may_not_be_looked_at_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Another user's folder, or a name too long for the disk. Root may look everywhere."""
    places = ["x" * 300]
    if os.geteuid():
        (tmp_path / "closed").mkdir(mode=0)
        places.append(str(tmp_path / "closed" / "x"))
    for place in places:
        assert main.main(["convert", place, str(tmp_path / "out.vtt")]) == 1
        assert main.main(["models", "import", place, "--as", "tiny", "--models-dir", str(tmp_path)]) == 1
        assert main.main(["models", "download", "tiny", "--models-dir", place, "--offline"]) == 1
        assert main.main(["models", "delete", "tiny", "--models-dir", place]) == 0
        assert main.main(["models", "folder", "--models-dir", place]) == 0
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main.main(["models", "folder", "--models-dir", "models"]) == 1
    said = capsys.readouterr().err
    assert "Something went wrong" not in said and "Traceback" not in said and said.count("no such file") == 1
