# SPDX-License-Identifier: GPL-3.0-or-later
"""What other programs left unfinished is listed with its size, and deleted when the user says so: as a script does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.library import leftovers

pytestmark = pytest.mark.timeout(60)

ROOT = Path(__file__).parents[3]
DIGEST = "ab" * 32


def leave(models: Path, folder: str, name: str, size: int, age: float = 3600.0) -> Path:
    path = models / folder / "blobs" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    os.utime(path, (time.time() - age,) * 2)
    return path


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    leave(folder, "models--Systran--faster-whisper-tiny", f"{DIGEST}.1a2b3c4d.incomplete", 3_000_000)
    leave(folder, "datasets--ada--speech", f"{DIGEST}.incomplete", 1_000)
    leave(folder, "models--ada--whole", DIGEST, 5_000)
    leave(folder, "models--ada--ours", f"{DIGEST}.part", 7_000)
    return folder


def run(*words: str | Path, answer: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "subtitle_editor", "models", "leftovers", *map(str, words)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", timeout=50, input=answer or "", cwd=ROOT)


def records(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def everything(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_they_are_listed_with_their_size(models: Path) -> None:
    rows = records(run("--models-dir", models, "--json"))
    assert [(row["repository"], row["size"], row["in_use"]) for row in rows] == [
        ("Systran/faster-whisper-tiny", 3_000_000, False),
        ("datasets/ada/speech", 1_000, False),
    ]
    people = run("--models-dir", models)
    assert "3.0 MB" in people.stdout and "Systran/faster-whisper-tiny" in people.stdout
    assert everything(models) == {f"{DIGEST}.1a2b3c4d.incomplete", f"{DIGEST}.incomplete", DIGEST, f"{DIGEST}.part"}


def test_nothing_is_deleted_unasked(models: Path) -> None:
    before = everything(models)
    done = run("--models-dir", models, "--delete")
    assert done.returncode == 2 and "--yes" in done.stderr and everything(models) == before
    done = run("--models-dir", models, "--delete", "--json")
    assert done.returncode == 2 and records(done)[-1]["error"] == "usage" and everything(models) == before


def test_yes_deletes_them_and_nothing_else(models: Path) -> None:
    done = run("--models-dir", models, "--delete", "--yes", "--json")
    last = records(done)[-1]
    assert done.returncode == 0 and last["freed"] == 3_001_000 and last["kept"] == 0
    assert everything(models) == {DIGEST, f"{DIGEST}.part"}
    again = run("--models-dir", models, "--delete", "--yes", "--json")
    assert again.returncode == 0 and records(again)[-1]["freed"] == 0


@pytest.mark.skipif(os.name == "nt", reason="opens a pseudo terminal")
@pytest.mark.parametrize(("answer", "gone"), [("n\n", False), ("\n", False), ("y\n", True), ("", False)])
def test_in_a_terminal_it_asks(models: Path, answer: str, gone: bool) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "subtitle_editor", "models", "leftovers", "--delete", "--models-dir", str(models)],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
    )
    os.write(ours, (answer or "\x04").encode())
    out, errors = process.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)
    assert "3.0 MB" in out + errors and "?" in errors
    assert (not any(name.endswith(".incomplete") for name in everything(models))) == gone
    assert process.returncode == 0


def test_what_somebody_writes_now_stays(models: Path) -> None:
    fresh = leave(models, "models--ada--now", f"{DIGEST}.incomplete", 10, age=0)
    done = run("--models-dir", models, "--delete", "--yes", "--json")
    assert records(done)[-1]["kept"] == 1 and fresh.exists()
    people = run("--models-dir", models, "--delete", "--yes")
    assert "in use" in people.stderr


def test_what_huggingface_hub_has_locked_stays(models: Path) -> None:
    from huggingface_hub.utils import WeakFileLock

    lock = models / ".locks" / "models--Systran--faster-whisper-tiny" / f"{DIGEST}.lock"
    lock.parent.mkdir(parents=True)
    with WeakFileLock(lock):
        found = leftovers.find(models)
        assert [one.in_use for one in found] == [True, False]
        freed, kept = leftovers.remove(models, found)
        assert freed == 1_000 and [one.size for one in kept] == [3_000_000]
        assert lock.exists(), "asking whether it is locked must not take the lock away"
    assert leftovers.remove(models, leftovers.find(models)) == (3_000_000, ())


def test_a_real_download_of_huggingface_hub_that_was_killed(tmp_path: Path) -> None:
    from tests.hub.server import Fault, LoopbackHub

    with LoopbackHub() as hub:
        hub.add_model("ada/big", {"model.bin": bytes(30_000_000)})
        hub.faults.add(Fault(path="*", host="content", stall_after=25_000_000, times=None))
        script = (
            "import sys; from huggingface_hub import snapshot_download; "
            "snapshot_download('ada/big', cache_dir=sys.argv[1], endpoint=sys.argv[2])"
        )
        environment = {**os.environ, "HF_HUB_DISABLE_XET": "1"}
        process = subprocess.Popen([sys.executable, "-c", script, str(tmp_path), hub.endpoint], env=environment)
        deadline = time.monotonic() + 40
        while not any(one.size > 1_000_000 for one in leftovers.find(tmp_path)):
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.05)
        process.kill()
        process.wait(10)
        (found,) = leftovers.find(tmp_path)
        assert found.repo == "ada/big" and found.size > 1_000_000


def test_links_are_not_followed(models: Path, tmp_path: Path) -> None:
    if os.name == "nt":
        pytest.skip("makes links")
    outside = leave(tmp_path / "outside", "models--eve--x", f"{DIGEST}.incomplete", 50)
    (models / "models--eve--x").symlink_to(outside.parents[1])
    (models / "models--ada--whole" / "blobs" / "y.incomplete").symlink_to(outside)
    found = leftovers.find(models)
    assert all("eve" not in one.repo and one.path.name != "y.incomplete" for one in found)
    leftovers.remove(models, found)
    assert outside.exists()


def test_a_folder_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert leftovers.find(tmp_path / "nothing") == ()
    assert records(run("--models-dir", tmp_path / "nothing", "--json")) == []
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert leftovers.find(tmp_path / "file") == ()
