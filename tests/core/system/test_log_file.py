# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's log: the user's own, without secrets, never too long, and never in the way of a job."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.cli import main
from subtitle_editor.core.system import log_file

SECRET = "hf_aSecretThatNobodyMaySee"
PLAIN = "a mirror's own secret 4711"
PRIVATE = 0o077 if os.name == "posix" else 0
"""The bits that no one else may have; Windows has none."""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    yield log_file.start(tmp_path / "user")
    log_file.stop()


def test_the_log_is_the_users_own_and_holds_no_secret(log: Path, tmp_path: Path):
    assert log == tmp_path / "user" / "logs" / "subtitle-editor.log" and log.stat().st_mode & PRIVATE == 0
    log_file.hide(PLAIN)
    logger = logging.getLogger("subtitle_editor.core.anything")
    signed = "https://u:pw@cdn.example/f?X-Amz-Signature=deadbeef&Expires=1"
    logger.info("asked %s with Bearer %s and %s", signed, SECRET, PLAIN)
    try:
        raise ValueError(f"Authorization: Bearer {PLAIN} {SECRET} \u202eفارسی \ud800")
    except ValueError:
        logger.exception("failed")
    text = log.read_text(encoding="utf-8")
    assert "cdn.example" in text and "ValueError" in text and "فارسی" in text
    for secret in (SECRET, PLAIN, "deadbeef", "pw@"):
        assert secret not in text


def test_the_log_turns_over(log: Path, monkeypatch: pytest.MonkeyPatch):
    logger = logging.getLogger("subtitle_editor.core.anything")
    for number in range(2500):
        logger.info("%d %s", number, "x" * 1000)
    files = sorted(log.parent.iterdir())
    assert [path.name for path in files] == [log.name, f"{log.name}.1", f"{log.name}.2"]
    assert all(path.stat().st_size <= 1_000_000 and path.stat().st_mode & PRIVATE == 0 for path in files)
    assert "2499 xxx" in log.read_text(encoding="utf-8")


def test_a_log_that_cannot_be_written_fails_nothing(log: Path, capfd: pytest.CaptureFixture[str]):
    logger = logging.getLogger("subtitle_editor.core.anything")
    assert log_file._handler is not None
    log_file._handler.close()
    shutil.rmtree(log.parent)
    log.parent.write_text("in the way", encoding="utf-8")
    logger.info("lost")
    assert "Traceback" not in capfd.readouterr().err


def test_warnings_still_reach_the_console(log: Path, capfd: pytest.CaptureFixture[str]):
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    try:
        try:
            raise ValueError("with Bearer hf_SecretOfMine")
        except ValueError:
            logging.getLogger("subtitle_editor.core.anything").exception("look %s", "here")
    finally:
        root.handlers = handlers
    for told in (log.read_text(encoding="utf-8"), capfd.readouterr().err):
        assert "look here" in told and "Traceback" in told and "hf_SecretOfMine" not in told


def test_start_twice_and_elsewhere(log: Path, tmp_path: Path):
    assert log_file.start(tmp_path / "user") == log
    other = log_file.start(tmp_path / "other")
    logging.getLogger("subtitle_editor").info("here")
    assert "here" in other.read_text(encoding="utf-8") and "here" not in log.read_text(encoding="utf-8")
    log_file.stop()
    log_file.stop()
    assert logging.getLogger("subtitle_editor").level == logging.NOTSET


def test_the_command_line_leaves_no_log_where_nothing_happened(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main.main(["models", "list", "--user-dir", str(tmp_path / "user"), "--json"]) == 0
    assert not (tmp_path / "user").exists()
    assert json.loads(capsys.readouterr().out.splitlines()[0])["id"] == "tiny"
