# SPDX-License-Identifier: GPL-3.0-or-later
"""A model that is complete on the disk needs no server and no place to write: from outside, as a script meets it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.hub.server import Fault, LoopbackHub

pytestmark = [pytest.mark.timeout(120), pytest.mark.skipif(os.name == "nt", reason="changes the user and mounts")]

DATA = Path(__file__).parents[2] / "data"
MODEL = DATA / "tiny_whisper" / "model"
SPEECH = sorted((DATA / "speech").glob("*.flac"))[0]
REPO = "Systran/faster-whisper-tiny"

SOON = 5.0
"""Seconds more than two commands that ask nobody. What is measured is 1; five tries with their waits take 14, and a
silent server 15."""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LoopbackHub, Path]]:
    """A hub and a models folder with its model, complete and verified."""
    with LoopbackHub() as hub:
        hub.add_model(REPO, {path.name: path for path in MODEL.iterdir()})
        folder = tmp_path_factory.mktemp("complete")
        done = run("models", "download", "tiny", "--models-dir", folder, "--endpoint", hub.endpoint)
        assert done.returncode == 0, done.stderr
        yield hub, folder


@pytest.fixture
def hub(kept: tuple[LoopbackHub, Path]) -> Iterator[LoopbackHub]:
    yield kept[0]
    kept[0].faults.release()
    kept[0].faults.clear()


@pytest.fixture
def models(kept: tuple[LoopbackHub, Path], tmp_path: Path) -> Path:
    shutil.copytree(kept[1], tmp_path / "models", symlinks=True)
    return tmp_path / "models"


def run(*words: str | Path, inside: Sequence[str] = (), **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line, run by another command such as one that mounts something."""
    return subprocess.run(
        [*inside, sys.executable, "-m", "subtitle_editor", *map(str, words)],
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        env={**os.environ, **environment},
        cwd=Path(__file__).parents[3],
    )


def records(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def complete(done: subprocess.CompletedProcess[str], models: Path) -> str:
    """Check that a download said that the model is there, and where; what it noticed."""
    lines = records(done)
    assert done.returncode == 0, done.stdout + done.stderr
    assert lines[-1]["event"] == "finished"
    snapshot = Path(lines[-1]["path"])
    assert snapshot.is_relative_to(models) and (snapshot / "model.bin").read_bytes()
    return " ".join(line["message"] for line in lines if line["event"] == "notice")


@pytest.mark.parametrize("trouble", ["503", "429", "401", "gone", "refused", "silent", "offline", "web page"])
def test_a_complete_model_needs_no_hub(trouble: str, hub: LoopbackHub, models: Path, tmp_path: Path):
    endpoint, more = hub.endpoint, []
    match trouble:
        case "503" | "429" | "401":
            headers = {"Retry-After": "300"} if trouble == "429" else {}
            hub.faults.add(Fault(path="/api/*", times=None, status=int(trouble), headers=headers))
        case "gone":
            hub.faults.add(Fault(path="/api/*", times=None, status=404))
        case "silent":
            hub.faults.add(Fault(path="/api/*", times=None, stall_before=True))
        case "web page":
            hub.faults.add(
                Fault(path="/*", times=None, status=200, body=b"<html>Sign in", headers={"Content-Type": "text/html"})
            )
        case "refused":
            with socket.create_server(("127.0.0.1", 0)) as server:
                endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        case "offline":
            more = ["--offline"]
    words = ("--models-dir", models, "--endpoint", endpoint, "--user-dir", tmp_path / "user", "--json", *more)
    began = time.monotonic()
    assert run("models", "show", "tiny", *words).returncode == 0
    asked_nobody = time.monotonic() - began
    done = run("models", "download", "tiny", *words)
    took = time.monotonic() - began - 2 * asked_nobody
    notice = complete(done, models)
    assert "complete" in notice and took < SOON, (notice, took)
    people = run("models", "download", "tiny", *(word for word in words if word != "--json"))
    assert people.returncode == 0 and "tiny" in people.stdout and notice.split(".")[0] in people.stderr


def test_a_hub_that_answers_is_asked_as_ever(hub: LoopbackHub, models: Path, tmp_path: Path):
    words = ("--models-dir", models, "--endpoint", hub.endpoint, "--user-dir", tmp_path / "user", "--json")
    hub.forget_requests()
    assert complete(run("models", "download", "tiny", *words), models).count("complete") == 0
    assert hub.requests_for("/api/*")
    assert hub.bytes_served("*/resolve/*") == 0


@pytest.mark.parametrize("word", ["download", "repair", "update"])
def test_what_is_not_complete_still_fails(word: str, hub: LoopbackHub, models: Path, tmp_path: Path):
    next(models.glob("models--*/snapshots/*/tokenizer.json")).unlink()
    hub.faults.add(Fault(path="/api/*", times=None, status=404))
    words = ("--models-dir", models, "--endpoint", hub.endpoint, "--user-dir", tmp_path / "user", "--json")
    done = run("models", word, "tiny", *words)
    assert done.returncode == 1 and records(done)[-1]["event"] == "failed", done.stdout


def test_another_revision_is_not_what_is_there(hub: LoopbackHub, models: Path, tmp_path: Path):
    hub.faults.add(Fault(path="/api/*", times=None, status=404))
    words = ("--models-dir", models, "--endpoint", hub.endpoint, "--user-dir", tmp_path / "user", "--json")
    assert run("models", "download", "tiny", "--revision", "v9", *words).returncode == 1
    commit = next(models.glob("models--*/snapshots/*")).name
    assert complete(run("models", "download", "tiny", "--revision", commit, *words), models)


def test_an_update_that_was_asked_for_does_not_succeed_with_what_is_there(tmp_path: Path):
    files: dict[str, Any] = {path.name: path for path in MODEL.iterdir()}
    with LoopbackHub() as hub:
        hub.add_model(REPO, files)
        words = ("--models-dir", tmp_path / "models", "--endpoint", hub.endpoint, "--user-dir", tmp_path / "user")
        assert run("models", "download", "tiny", *words).returncode == 0
        hub.add_model(REPO, {**files, "config.json": b'{"newer": true}'})
        # The question whether there is something newer is answered, and nothing after it.
        assert records(run("models", "update", "tiny", "--check", *words, "--json"))[-1]["update"] is True
        asked = len(hub.requests_for("/api/*"))
        hub.forget_requests()
        assert records(run("models", "update", "tiny", "--check", *words, "--json"))[-1]["update"] is True
        asked = len(hub.requests_for("/api/*"))
        hub.faults.add(Fault(path="/api/*", skip=asked, times=None, status=404))
        failed = run("models", "update", "tiny", *words, "--json")
        assert failed.returncode == 1 and records(failed)[-1]["event"] == "failed", failed.stdout
        hub.faults.clear()
        updated = run("models", "update", "tiny", *words, "--json")
        assert updated.returncode == 0
        assert (Path(records(updated)[-1]["path"]) / "config.json").read_bytes() == b'{"newer": true}'
        # Found under its branch by other programs, as a download without a revision is.
        assert next(tmp_path.glob("models/*/refs/main")).read_text() == hub.revision(REPO).commit


def mounted(script: str) -> list[str]:
    """A command that runs another where `script` has mounted something. Skips where nobody may mount."""
    start = ["unshare", "-Urm", "sh", "-c"]
    if shutil.which("unshare") is None or subprocess.run([*start, script], capture_output=True).returncode:
        pytest.skip("this system lets nobody mount anything")
    return [*start, f'{script} && exec "$@"', "sh"]


def read_only(folder: Path) -> list[str]:
    """A share that may be read and not written: root could write into a folder of any mode."""
    return mounted(f"mount --bind {folder} {folder} && mount -o remount,ro,bind {folder}")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A user folder."""
    (tmp_path / "user").mkdir()
    return tmp_path / "user"


def test_a_share_that_cannot_be_written(hub: LoopbackHub, models: Path, home: Path):
    share = read_only(models)
    words = ("--models-dir", models, "--endpoint", hub.endpoint, "--user-dir", home, "--json")
    for more in ((), ("--offline",)):
        complete(run("models", "download", "tiny", *words, *more, inside=share), models)
    verified = run("models", "verify", "tiny", *words, inside=share)
    last = records(verified)[-1]
    assert verified.returncode == 0 and last["event"] == "finished", verified.stdout + verified.stderr
    assert last["verified"] == 5 and last["damaged"] == [] and last["remembered"] is False
    everything = run("models", "verify", *words[:-1], inside=share)
    assert everything.returncode == 0 and "5 files are as they should be" in everything.stdout
    assert "cannot be remembered" in everything.stderr
    checked = run("models", "update", "--check", *words, inside=share)
    assert checked.returncode == 0 and records(checked)[-1]["update"] is False, checked.stdout
    target = home / "out.srt"
    heard = run("transcribe", SPEECH, "-m", "tiny", "-o", target, "--language", "en", *words, inside=share)
    assert heard.returncode == 0 and target.read_text(), heard.stdout + heard.stderr


def test_damage_on_a_share_is_told(hub: LoopbackHub, models: Path, home: Path):
    blob = max((path for path in models.glob("models--*/blobs/*")), key=lambda path: path.stat().st_size)
    data = bytearray(blob.read_bytes())
    data[-1] ^= 1
    blob.write_bytes(data)
    done = run(
        "models", "verify", "tiny", "--models-dir", models, "--user-dir", home, "--json", inside=read_only(models)
    )
    last = records(done)[-1]
    assert done.returncode == 1 and last["damaged"] == ["model.bin"] and last["remembered"] is False


def test_a_share_cannot_be_updated_and_that_is_said(hub: LoopbackHub, models: Path, home: Path):
    share = read_only(models)
    hub.add_model(REPO, {path.name: path for path in MODEL.iterdir()} | {"config.json": b'{"newer": true}'})
    words = ("--models-dir", models, "--endpoint", hub.endpoint, "--user-dir", home, "--json")
    try:
        done = run("models", "update", "tiny", *words, inside=share)
        assert done.returncode == 1 and records(done)[-1]["error"] == "not_writable", done.stdout
    finally:
        hub.add_model(REPO, {path.name: path for path in MODEL.iterdir()})


@pytest.mark.parametrize("filled", [True, False])
def test_a_full_user_folder_fails_no_download(filled: bool, hub: LoopbackHub, home: Path, tmp_path: Path):
    """The list of downloads, its lock files and the log have no room; the models have."""
    full = f"mount -t tmpfs -o size=16k,mode=777 none {home}"
    if filled:
        full += f" && (head -c 1000000 /dev/zero > {home}/filler 2>/dev/null; true)"
    words = ("--models-dir", tmp_path / "models", "--endpoint", hub.endpoint, "--user-dir", home, "--json")
    done = run("models", "download", "tiny", *words, inside=mounted(full))
    assert done.returncode == 0, done.stdout + done.stderr
    lines = records(done)
    assert [line["event"] for line in lines if line["event"] in ("finished", "failed")] == ["finished"]
    assert "Traceback" not in done.stderr


def test_a_log_that_cannot_be_written_fails_no_command(hub: LoopbackHub, tmp_path: Path):
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    log = tmp_path / "user" / "logs" / "subtitle-editor.log"
    log.parent.mkdir(parents=True)
    log.symlink_to("/dev/full")
    words = ("--models-dir", tmp_path / "models", "--endpoint", hub.endpoint, "--user-dir", tmp_path / "user")
    done = run("models", "download", "tiny", *words, "--json")
    assert done.returncode == 0 and records(done)[-1]["event"] == "finished", done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    offline = run("models", "download", "base", *words, "--json", "--offline")
    assert records(offline)[-1]["error"] == "offline", offline.stdout


def test_marks_that_cannot_be_written_fail_no_download(hub: LoopbackHub, tmp_path: Path):
    """Room for the model's bytes, and none for what is remembered of it."""
    models = tmp_path / "models"
    folder = models / "models--Systran--faster-whisper-tiny"
    (folder / ".subtitle-editor.json").mkdir(parents=True)  # Cannot be replaced by a file.
    words = ("--models-dir", models, "--endpoint", hub.endpoint, "--user-dir", tmp_path / "user", "--json")
    complete(run("models", "download", "tiny", *words), models)
    last = records(run("models", "verify", "tiny", *words))[-1]
    assert last["event"] == "finished" and last["remembered"] is False


def test_refs_that_cannot_be_written_fail_no_download(hub: LoopbackHub, tmp_path: Path):
    models = tmp_path / "models"
    refs = models / "models--Systran--faster-whisper-tiny" / "refs"
    (refs / "main").mkdir(parents=True)
    words = ("--models-dir", models, "--endpoint", hub.endpoint, "--user-dir", tmp_path / "user", "--json")
    complete(run("models", "download", "tiny", *words), models)


def test_a_models_folder_on_a_disk_that_is_not_there(hub: LoopbackHub, tmp_path: Path):
    (tmp_path / "models").symlink_to(tmp_path / "disk" / "models")
    words = ("--models-dir", tmp_path / "models", "--endpoint", hub.endpoint, "--user-dir", tmp_path / "user", "--json")
    last = records(run("models", "download", "tiny", *words))[-1]
    assert last["error"] == "not_writable" and str(tmp_path / "disk") in last["message"]
    assert "Connect the disk" in last["hint"]
