# SPDX-License-Identifier: GPL-3.0-or-later
"""The words for models on disk, as a script meets them: exit codes and lines of JSON."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.cli import main
from tests.hub.server import LoopbackHub

pytestmark = pytest.mark.timeout(60)

MODEL = Path(__file__).parents[2] / "data" / "tiny_whisper" / "model"
REPO = "Systran/faster-whisper-tiny"
FILES = {path.name: path for path in MODEL.iterdir()}
SIZE = sum(path.stat().st_size for path in FILES.values())


class Line:
    """The command line on one models folder and hub."""

    def __init__(self, models: Path, hub: LoopbackHub, capsys: pytest.CaptureFixture[str]) -> None:
        self.models, self.hub, self.capsys = models, hub, capsys

    def __call__(self, *words: str | Path) -> tuple[int, list[dict[str, Any]]]:
        place = ("--models-dir", self.models, "--endpoint", self.hub.endpoint, "--json")
        code = main.main([str(word) for word in ("models", *words, *place)])
        return code, [json.loads(line) for line in self.capsys.readouterr().out.splitlines()]

    def state(self) -> str:
        code, [row] = self("show", "tiny")
        assert code == 0
        return str(row["state"])

    def snapshot(self) -> Path:
        return Path(self("show", "tiny")[1][0]["path"])


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Line]:
    with LoopbackHub() as hub:
        hub.add_model(REPO, FILES)
        yield Line(tmp_path / "models", hub, capsys)


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def test_state_of_each_model_is_listed(line: Line):
    assert line.state() == "missing"
    assert line("download", "tiny")[0] == 0
    _, rows = line("list")
    assert {row["id"]: row["state"] for row in rows}["tiny"] == "installed"
    assert {row["state"] for row in rows if row["id"] != "tiny"} == {"missing"}
    assert [row["id"] for row in line("list", "--installed")[1]] == ["tiny"]


def test_verify_names_the_damaged_file_and_repair_mends_it(line: Line):
    assert line("download", "tiny")[0] == 0
    code, rows = line("verify")
    assert code == 0 and rows[-1]["event"] == "finished" and rows[-1]["state"] == "installed"
    assert rows[0]["event"] == "progress" and rows[0]["state"] == "verifying"
    assert {row["job"] for row in rows} == {rows[0]["job"]}
    flip(line.snapshot() / "config.json")
    code, rows = line("verify", "tiny")
    assert code == 1
    assert (rows[-1]["event"], rows[-1]["error"], rows[-1]["damaged"]) == ("failed", "damaged", ["config.json"])
    assert "models repair tiny" in rows[-1]["hint"]
    assert line.state() == "damaged" and line("list", "--installed")[1] == []
    line.hub.forget_requests()
    code, rows = line("repair")
    assert code == 0 and rows[-1]["event"] == "finished"
    assert line.state() == "installed" and line.hub.bytes_served("*", host="content") == 0
    code, rows = line("repair", "tiny")
    assert code == 0 and rows[-1]["event"] == "finished"


def test_repair_keeps_the_commit(line: Line):
    assert line("download", "tiny")[0] == 0
    path = line.snapshot()
    line.hub.add_model(REPO, {**FILES, "vocabulary.json": b"[]"})
    flip(path / "model.bin")
    assert line("repair", "tiny")[0] == 0
    assert line.snapshot() == path and (path / "model.bin").read_bytes() == FILES["model.bin"].read_bytes()


def test_repair_removes_nothing_that_it_cannot_fetch(line: Line):
    assert line("download", "tiny")[0] == 0
    flip(line.snapshot() / "model.bin")
    code, rows = line("repair", "tiny", "--offline")
    assert code == 1 and rows[-1]["error"] == "offline"
    assert (line.snapshot() / "model.bin").stat().st_size == FILES["model.bin"].stat().st_size


def test_nothing_on_the_disk_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for word in ("verify", "repair", "update"):
        assert main.main(["models", word, "--models-dir", str(tmp_path)]) == 0
        assert str(tmp_path) in capsys.readouterr().err


def test_delete_says_what_is_freed(line: Line):
    assert line("download", "tiny")[0] == 0
    code, [row] = line("delete", "tiny")
    assert code == 0 and row["event"] == "finished" and row["freed"] == SIZE
    assert line.state() == "missing"
    assert line("delete", "tiny")[1][0]["freed"] == 0


def test_update_asks_and_then_fetches(line: Line):
    assert line("update") == (0, [])
    assert line("download", "tiny")[0] == 0
    code, [row] = line("update")
    assert code == 0 and row["update"] is False
    commit = line.hub.add_model(REPO, {**FILES, "config.json": FILES["config.json"].read_bytes() + b"\n"})
    code, [row] = line("update", "--check")
    assert code == 0 and row["update"] is True and row["revision"] == commit
    assert line.state() == "update"
    assert line("update", "tiny")[0] == 0
    assert line.state() == "installed" and line.snapshot().name == commit
    # What it took the place of stays until somebody says so.
    assert len(list(line.snapshot().parent.iterdir())) == 2
    code, [row] = line("delete", "tiny", "--former")
    shared = "exfat" not in os.environ.get("SUBTITLE_EDITOR_TEST_RULES", "")
    assert code == 0 and row["freed"] == (len(FILES["config.json"].read_bytes()) if shared else SIZE)
    assert line.state() == "installed" and list(line.snapshot().parent.iterdir()) == [line.snapshot()]
    assert line("delete", "tiny", "--former")[1][0]["freed"] == 0


def test_a_folder_to_import_that_is_none(line: Line, tmp_path: Path):
    """Before it is asked which model it holds."""
    (tmp_path / "model.bin").write_bytes(b"x")
    for name, reason in (("nothing", "there is no such folder"), ("model.bin", "it is a file")):
        code, [told] = line("import", tmp_path / name)
        assert code == 1 and told["error"] == "import" and reason in told["message"]


def test_import_and_folder(line: Line):
    code, rows = line("import", MODEL, "--as", "tiny")
    assert code == 0 and Path(rows[-1]["path"]) == line.snapshot() and line.state() == "unverified"
    code, rows = line("import", MODEL, "--as", "tiny")
    assert code == 1 and rows[-1]["error"] == "import"
    code, [row] = line("folder")
    assert code == 0 and row["path"] == str(line.models) and row["used"] >= SIZE and row["free"] > 0


@pytest.mark.parametrize(
    "name", ["tiny", "faster-whisper-Tiny", f"models--Systran--faster-whisper-tiny/snapshots/{'a' * 40}"]
)
def test_a_folder_called_after_its_model_needs_no_id(line: Line, tmp_path: Path, name: str):
    folder = tmp_path / "stick" / name
    shutil.copytree(MODEL, folder)
    code, rows = line("import", folder)
    assert code == 0 and rows[-1]["model"] == "tiny" and line.state() != "missing"


def test_a_folder_called_after_nothing_is_asked_about(line: Line, capsys: pytest.CaptureFixture[str]):
    code, [row] = line("import", MODEL)
    assert code == 2 and row["error"] == "usage" and "--as" in row["hint"]


def test_folder_prints_the_bare_path(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main.main(["models", "folder", "--models-dir", str(tmp_path / "none" / "yet"), "--quiet"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "none" / "yet")


@pytest.mark.parametrize("word", ["verify", "repair", "update", "delete"])
def test_unknown_and_missing_models(line: Line, word: str):
    code, rows = line(word, "tinny")
    assert code == 1 and rows[-1]["error"] == "unknown_model"
    code, rows = line(word, "tiny")
    if word != "delete":
        assert code == 1 and (rows[-1]["error"], rows[-1]["model"]) == ("not_installed", "tiny")


@pytest.mark.parametrize("words", [("delete",), ("import",), ("delete", "tiny", "--partials", "--revision", "c")])
def test_wrong_words_are_usage(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    assert main.main(["models", *words]) == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="sends signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_verification(line: Line, number: int):
    assert line("download", "tiny")[0] == 0
    snapshot = line.snapshot()
    blob = snapshot / "model.bin"
    listing = next((snapshot.parent.parent / "trees").glob("*.json"))
    # Large enough to be read for seconds, and as the listing says: sparse, so that it costs no disk.
    size = 8 << 30
    os.truncate(blob.resolve(), size)
    data = json.loads(listing.read_text(encoding="utf-8"))
    data["files"]["model.bin"].update(size=size, lfs_size=size)
    listing.write_text(json.dumps(data), encoding="utf-8")
    words = [sys.executable, "-m", "subtitle_editor", "models", "verify", "tiny", "--json"]
    process = subprocess.Popen([*words, "--models-dir", str(line.models)], stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    for text in process.stdout:
        if json.loads(text)["bytes_done"] > 10_000_000:
            break
    process.send_signal(number)
    rest = process.communicate(timeout=20)[0].splitlines()
    assert process.returncode == 128 + number
    assert json.loads(rest[-1])["event"] == "cancelled"
