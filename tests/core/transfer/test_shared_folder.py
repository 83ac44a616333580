# SPDX-License-Identifier: GPL-3.0-or-later
"""A models folder that several users share, each with files of their own in it. Another user is a real one: root alone
can be two."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.system.control import Control
from subtitle_editor.core.system.locks import file_lock
from subtitle_editor.core.transfer.blob import Blob
from subtitle_editor.core.transfer.partial import LOCK, beside, part_file
from tests.core.transfer_kit import MIB, blob_of, data_of, leave_partial
from tests.hub.server import LoopbackHub

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="takes two users"),
]

NOBODY = 65534

FETCH = """
import json, os, sys, tempfile
from pathlib import Path
from subtitle_editor.core.errors.base import SubtitleEditorError
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.transfer.blob import Blob
from subtitle_editor.core.transfer.fetch import fetch
given = json.loads(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:  # Brings in all that it takes: another user may not read our Python.
    fetch(Blob(url=given["url"], target=Path(folder, "a")), control=Control())
os.setgroups([])
os.setresgid(given["user"], given["user"], given["user"])
os.setresuid(given["user"], given["user"], given["user"])
blob = Blob(url=given["url"], target=Path(given["target"]), size=given["size"], sha256=given["sha256"])
try:
    print(fetch(blob, control=Control(), report=lambda status: print(status.state, flush=True)).bytes_fetched)
except SubtitleEditorError as error:
    print(error)
"""


@pytest.fixture
def shared() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


def as_another(blob: Blob) -> subprocess.Popen[str]:
    given = {"user": NOBODY, "url": blob.url, "target": str(blob.target), "size": blob.size, "sha256": blob.sha256}
    return subprocess.Popen([sys.executable, "-c", FETCH, json.dumps(given)], stdout=subprocess.PIPE, text=True)


def test_what_another_left_with_rights_for_all_is_gone_on_with(hub: LoopbackHub, shared: Path) -> None:
    data = data_of(3 * MIB)
    blob = blob_of(hub, shared, data)
    leave_partial(blob, data, [(0, MIB)])
    beside(blob.target, LOCK).touch(0o644)
    part_file(blob.target).chmod(0o666)
    said, _ = as_another(blob).communicate(timeout=40)
    assert said.splitlines()[-1] == str(2 * MIB), said
    assert blob.target.read_bytes() == data


def test_what_another_keeps_to_themselves_is_named(hub: LoopbackHub, shared: Path) -> None:
    data = data_of(3 * MIB)
    blob = blob_of(hub, shared, data)
    leave_partial(blob, data, [(0, MIB)])
    part_file(blob.target).chmod(0o644)
    said, _ = as_another(blob).communicate(timeout=40)
    assert f"{part_file(blob.target)} cannot be written" in said and "another user" in said
    assert part_file(blob.target).read_bytes()[:MIB] == data[:MIB]


def test_a_lock_that_another_holds_is_waited_for(hub: LoopbackHub, shared: Path) -> None:
    data = data_of(MIB)
    blob = blob_of(hub, shared, data)
    with file_lock(beside(blob.target, LOCK), Control()):
        other = as_another(blob)
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "waiting"
    said, _ = other.communicate(timeout=40)
    assert said.splitlines()[-1] == str(MIB) and blob.target.read_bytes() == data
