# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs on the command line: what one process left or runs, another sees, resumes, pauses and cancels."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.cli import main as cli
from tests.core.models_kit import MODEL, SIZE, add_models
from tests.hub.server import Fault, LoopbackHub

pytestmark = pytest.mark.timeout(120)

MODELS = ("tiny", "base", "small")

Rows = list[dict[str, Any]]


@pytest.fixture
def hub(hub: LoopbackHub) -> LoopbackHub:
    add_models(hub, MODELS)
    return hub


class Line:
    """The command line on one user folder and one models folder."""

    def __init__(self, hub: LoopbackHub, folder: Path) -> None:
        self.hub = hub
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []

    def words(self, *words: str) -> list[str]:
        place = ["--user-dir", str(self.folder / "user"), "--models-dir", str(self.folder / "models")]
        return [sys.executable, "-m", "subtitle_editor", *words, *place, "--endpoint", self.hub.endpoint, "--json"]

    def run(self, *words: str) -> tuple[int, Rows]:
        """A command from beginning to end, in this process: a store of its own makes it another owner all the same."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = cli.main(self.words(*words)[3:])
        assert "Traceback" not in err.getvalue()
        return code, [json.loads(line) for line in out.getvalue().splitlines()]

    def start(self, *words: str, until: int = 1_000_000) -> subprocess.Popen[str]:
        """A command that is left running, once it has fetched so many bytes of one model."""
        process = subprocess.Popen(self.words(*words), stdout=subprocess.PIPE, encoding="utf-8")
        self.started.append(process)
        assert process.stdout is not None
        for text in process.stdout:
            if json.loads(text).get("bytes_done", 0) >= until:
                return process
        raise AssertionError("it ended")

    def jobs(self, *words: str) -> Rows:
        code, rows = self.run("models", "jobs", *words)
        assert code == 0
        return rows

    def wait_for_bytes(self) -> Rows:
        """The jobs, once the first one's progress is written down, which happens once a second."""
        deadline = time.monotonic() + 30
        while not (rows := self.jobs())[0]["bytes_done"] > 1_000_000:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return rows


@pytest.fixture
def line(hub: LoopbackHub, tmp_path: Path) -> Iterator[Line]:
    line = Line(hub, tmp_path)
    yield line
    for process in line.started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def stall(hub: LoopbackHub) -> Fault:
    return hub.faults.add(Fault(path="*", host="content", stall_after=1_500_000, times=None))


def briefly(rows: Rows) -> list[tuple[str, str]]:
    return [(row["model"], row["state"]) for row in rows]


def test_a_download_is_in_the_history_and_was_checked_first(line: Line) -> None:
    code, rows = line.run("models", "download", "tiny")
    assert code == 0
    [checked] = [row for row in rows if row["event"] == "checked"]
    assert (checked["bytes_total"], checked["bytes_present"], checked["bytes_needed"]) == (SIZE, 0, SIZE)
    assert checked["endpoint"] == line.hub.endpoint and checked["bytes_free"] > 0 and checked["gated"] is False
    first = next(n for n, row in enumerate(rows) if row.get("bytes_done"))
    assert rows.index(checked) < first
    assert line.jobs() == []
    [row] = line.jobs("--history", "5")
    assert (row["model"], row["state"], row["bytes_done"], row["bytes_fetched"]) == ("tiny", "done", SIZE, SIZE)
    assert row["job"] == rows[-1]["job"] and row["path"] == rows[-1]["path"] and row["mean_speed"] > 0
    code, [same] = line.run("models", "status", row["job"][:6])
    assert code == 0 and same == row | {"details": ""}


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_leaves_an_interrupted_job_that_resume_finishes(line: Line, hub: LoopbackHub) -> None:
    stall(hub)
    process = line.start("models", "download", "tiny", "base")
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert [json.loads(text)["event"] for text in out.splitlines()][-2:] == ["cancelled", "cancelled"]
    rows = line.jobs()
    assert briefly(rows) == [("tiny", "interrupted"), ("base", "interrupted")]
    assert 1_000_000 < rows[0]["bytes_done"] < rows[0]["bytes_total"] == SIZE
    hub.faults.clear()
    hub.forget_requests()
    code, told = line.run("models", "resume")
    assert code == 0
    assert [(row["job"], row["event"]) for row in told if row["event"] == "finished"] == [
        (rows[0]["job"], "finished"),
        (rows[1]["job"], "finished"),
    ]
    assert hub.bytes_served("*", host="content") < 2 * len(MODEL) - 1_000_000
    assert line.jobs() == [] and briefly(line.jobs("--history", "9")) == [("base", "done"), ("tiny", "done")]
    assert line.run("models", "resume") == (0, [])


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_the_same_command_goes_on_as_the_same_job(line: Line, hub: LoopbackHub) -> None:
    stall(hub)
    process = line.start("models", "download", "tiny")
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    [before] = line.jobs()
    hub.faults.clear()
    code, rows = line.run("models", "download", "tiny")
    assert code == 0 and rows[-1]["job"] == before["job"]
    [after] = line.jobs("--history", "9")
    assert after["job"] == before["job"] and after["seconds"] > before["seconds"]


def test_pause_from_another_process(line: Line, hub: LoopbackHub) -> None:
    stall(hub)
    process = line.start("models", "download", "tiny")
    [row] = line.wait_for_bytes()
    assert row["elsewhere"] and row["state"] in ("downloading", "stalled")
    code, [told] = line.run("models", "resume", row["job"])
    assert (code, told["error"]) == (1, "busy")
    code, [paused] = line.run("models", "pause", row["job"][:5])
    assert code == 0 and paused["state"] == "paused" and paused["bytes_done"] > 1_000_000
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 130 and json.loads(out.splitlines()[-1])["state"] == "paused"
    hub.faults.clear()
    code, rows = line.run("models", "resume", row["job"])
    assert code == 0 and rows[-1]["event"] == "finished"


@pytest.mark.parametrize("words", [("resume",), ("download", "tiny", "base")])
def test_several_that_were_paused_go_on_together(line: Line, hub: LoopbackHub, words: tuple[str, ...]) -> None:
    stall(hub)
    process = line.start("models", "download", "tiny", "base")
    for row in reversed(line.jobs()):
        assert line.run("models", "pause", row["job"])[0] == 0
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert briefly(line.jobs()) == [("tiny", "paused"), ("base", "paused")]
    hub.faults.clear()
    code, rows = line.run("models", *words)
    assert code == 0 and not [row for row in rows if row.get("state") == "paused"]
    assert [row["model"] for row in rows if row["event"] == "finished"] == ["tiny", "base"]
    assert line.jobs() == []


def test_cancel_from_another_process(line: Line, hub: LoopbackHub) -> None:
    stall(hub)
    process = line.start("models", "download", "tiny", "base")
    first, second = line.jobs()
    assert (second["model"], second["state"]) == ("base", "queued")
    code, [told] = line.run("models", "cancel", second["job"])
    assert code == 0 and told["state"] == "cancelled"
    code, [told] = line.run("models", "cancel", first["job"])
    assert code == 0 and told["state"] == "cancelled" and told["ended"] > told["created"]
    out, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert [json.loads(text)["event"] for text in out.splitlines()].count("cancelled") == 2
    # Asked again it is so already; a pause of what has ended is refused.
    assert line.run("models", "cancel", first["job"])[0] == 0
    code, [told] = line.run("models", "pause", first["job"])
    assert (code, told["error"]) == (1, "job_ended")
    code, [told] = line.run("models", "resume", first["job"])
    assert (code, told["error"]) == (1, "job_ended")


def test_what_a_killed_process_left_can_be_paused_and_cancelled(line: Line, hub: LoopbackHub) -> None:
    stall(hub)
    process = line.start("models", "download", "tiny", "base")
    line.wait_for_bytes()
    process.kill()
    process.communicate()
    rows = line.jobs()
    assert briefly(rows) == [("tiny", "interrupted"), ("base", "interrupted")] and rows[0]["bytes_done"] > 1_000_000
    assert line.run("models", "pause", rows[0]["job"])[1][0]["state"] == "paused"
    assert line.run("models", "cancel", rows[1]["job"])[1][0]["state"] == "cancelled"
    assert briefly(line.jobs("--history", "9")) == [("tiny", "paused"), ("base", "cancelled")]


def test_unknown_jobs(line: Line) -> None:
    for word in ("status", "pause", "cancel", "resume"):
        code, [told] = line.run("models", word, "nonsense")
        assert (code, told["error"]) == (1, "unknown_job")


@pytest.mark.parametrize(
    "words",
    [("jobs", "--history", "-1"), ("status",), ("pause",), ("resume", "--connections", "0"), ("cancel", "a", "b")],
)
def test_wrong_words_are_usage(line: Line, words: tuple[str, ...]) -> None:
    assert subprocess.run(line.words("models", *words), capture_output=True).returncode == 2


def test_a_failure_is_told_with_its_details(line: Line, hub: LoopbackHub) -> None:
    hub.remove_repo("Systran/faster-whisper-tiny")
    code, rows = line.run("models", "download", "tiny")
    code, [told] = line.run("models", "status", rows[-1]["job"])
    assert code == 0 and (told["state"], told["error"]) == ("failed", "not_found")
    assert told["message"] and told["hint"] and "Traceback" in told["details"]


def test_people_get_sentences(line: Line, hub: LoopbackHub) -> None:
    line.run("models", "download", "tiny")
    words = [word for word in line.words("models", "jobs", "--history", "5") if word != "--json"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=True)
    assert "tiny: done, 100 %, 3.1 MB" in done.stdout and "MB/s" in done.stdout


def test_offline_asks_nothing(line: Line, hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    code, rows = line.run("models", "download", "tiny", "--offline")
    assert (code, rows[-1]["event"], rows[-1]["error"]) == (1, "failed", "offline")
    assert hub.requests == []
    with monkeypatch.context() as environment:
        environment.setenv("HF_HUB_OFFLINE", "1")
        code, rows = line.run("models", "download", "tiny")
    assert (code, rows[-1]["error"]) == (1, "offline") and hub.requests == []
    assert line.run("models", "download", "tiny")[0] == 0
    hub.forget_requests()
    code, rows = line.run("models", "download", "tiny", "--offline")
    assert code == 0 and Path(rows[-1]["path"]).is_dir() and hub.requests == []
    [notice] = [row for row in rows if row["event"] == "notice"]
    assert "complete on this computer" in notice["message"] and "Online access is off" in notice["message"]


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is POSIX")
def test_a_disk_that_takes_no_more_of_a_file_ends_the_command(line: Line, hub: LoopbackHub) -> None:
    # Each byte behind the limit is refused, as by a disk whose files may not be as large.
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))"
    main = "import sys; from subtitle_editor.core.cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = line.words("models", "download", "tiny", "--connections", "1")
    words[1:3] = ["-c", f"{limit}; {main}"]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=60)
    last = json.loads(done.stdout.splitlines()[-1])
    assert done.returncode == 1 and (last["event"], last["error"]) == ("failed", "file_too_large")
    [row] = line.jobs("--history", "1")
    assert (row["state"], row["error"], row["message"]) == ("failed", "file_too_large", last["message"])
    hub.forget_requests()
    assert line.run("models", "download", "tiny")[0] == 0
    assert hub.bytes_served("*/model.bin", host="content") < len(MODEL) - 500_000


def test_the_token_is_in_no_file_and_no_word(line: Line, hub: LoopbackHub) -> None:
    secret = "hf_SecretOfMineAndMineAlone"
    hub.accept_token(secret, "ada")
    (line.folder / "token").write_text(secret, encoding="utf-8")
    said = ""
    for refuse in (False, True):
        if refuse:
            hub.faults.add(Fault(path="*", status=403, times=None))
        words = line.words(
            "models", "download", "base" if refuse else "tiny", "--token-file", str(line.folder / "token")
        )
        done = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=60)
        said += done.stdout + done.stderr
    assert '"account": "ada"' in said and "failed" in said and secret not in said
    files = [file for file in (line.folder / "user").rglob("*") if file.is_file()]
    assert any(file.name == "jobs.sqlite3" for file in files)
    assert not [file for file in files if secret.encode() in file.read_bytes()]


def test_a_user_folder_that_cannot_be_stops_no_download(line: Line) -> None:
    (line.folder / "user").write_text("a file", encoding="utf-8")
    code, rows = line.run("models", "download", "tiny")
    assert code == 0 and [row["event"] for row in rows].count("finished") == 1
    told = [row for row in rows if row["event"] == "notice" and "jobs.sqlite3" in row["message"]]
    assert len(told) == 1
    code, [told] = line.run("models", "jobs")
    assert (code, told["error"]) == (1, "job_store")
