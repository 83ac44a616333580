# SPDX-License-Identifier: GPL-3.0-or-later
"""Which folders lie on another machine, and how the list of jobs is kept there."""

from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.downloads import database
from subtitle_editor.core.downloads.database import Database
from subtitle_editor.core.system import network_disk

pytestmark = pytest.mark.timeout(60)

SCRIPTS = [["CREATE TABLE numbers (n INTEGER)"]]


@pytest.mark.parametrize(
    ("path", "kind", "remote"),
    [
        ("\\\\server\\profiles\\ada", 3, True),
        ("\\\\?\\UNC\\server\\profiles", 3, True),
        ("H:\\subtitle-editor", 4, True),
        ("C:\\Users\\ada", 3, False),
        ("\\\\?\\C:\\Users\\ada", 3, False),
    ],
)
def test_on_windows(monkeypatch: pytest.MonkeyPatch, path: str, kind: int, remote: bool) -> None:
    class Kernel:
        def GetDriveTypeW(self, root: str) -> int:
            assert root in ("C:\\", "H:\\")
            return kind

    monkeypatch.setattr(network_disk, "_kernel", Kernel)
    assert network_disk._is_remote_on_windows(path) is remote


def test_where_the_system_does_not_say(tmp_path: Path) -> None:
    for platform in ("linux", "win32", "darwin", "sunos"):
        assert network_disk.is_remote(tmp_path / "none" / "yet", platform) in (True, False)
    assert network_disk.is_remote(tmp_path, "linux") is False


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "vboxsf", "ext4", "tmpfs", "fuseblk"])
def test_by_the_table_of_mounts(kind: str) -> None:
    table = f"disk / btrfs rw 0 0\nother /home/ada {kind} rw 0 0\n"
    assert network_disk._is_remote_by(table, "/home/ada/.local") is (kind not in ("ext4", "tmpfs", "fuseblk"))
    assert not network_disk._is_remote_by(table, "/home/bob")


def test_a_link_to_another_machine_is_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there, home = tmp_path / "net", tmp_path / "home"
    there.mkdir()
    home.symlink_to(there, target_is_directory=True)
    read = Path.read_text

    def mounts(self: Path, *rest: Any, **options: Any) -> str:
        if self == Path("/proc/self/mounts"):
            return f"disk / ext4 rw 0 0\nnas:/home {os.path.realpath(there)} nfs4 rw 0 0\n"
        return read(self, *rest, **options)

    monkeypatch.setattr(Path, "read_text", mounts)
    assert network_disk.is_remote(home / "ada", "linux") and not network_disk.is_remote(tmp_path, "linux")


@pytest.mark.parametrize("remote", [True, False])
def test_two_write_at_once_and_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, remote: bool) -> None:
    monkeypatch.setattr(database, "is_remote", lambda _: remote)
    stores = [Database(tmp_path / "jobs.sqlite3", SCRIPTS, timeout=30.0) for _ in range(2)]

    def write(store: Database) -> None:
        for number in range(20):
            store.run(lambda connection, number=number: connection.execute("INSERT INTO numbers VALUES (?)", (number,)))

    threads = [threading.Thread(target=write, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)
    [count] = stores[0].run(lambda connection: connection.execute("SELECT count(*) FROM numbers").fetchone())
    assert count == 40
    [mode] = stores[1].run(lambda connection: connection.execute("PRAGMA journal_mode").fetchone(), write=False)
    assert mode == ("delete" if remote else "wal")
    for store in stores:
        store.close()


def test_a_list_that_was_kept_with_a_log_is_read_there_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Database(tmp_path / "jobs.sqlite3", SCRIPTS)
    store.run(lambda connection: connection.execute("INSERT INTO numbers VALUES (7)"))
    store.close()
    monkeypatch.setattr(database, "is_remote", lambda _: True)
    again = Database(tmp_path / "jobs.sqlite3", SCRIPTS)
    assert again.run(lambda connection: connection.execute("SELECT n FROM numbers").fetchall()) == [(7,)]
    again.close()
    assert not (tmp_path / "jobs.sqlite3-wal").exists()
    assert sqlite3.connect(tmp_path / "jobs.sqlite3").execute("PRAGMA journal_mode").fetchone() == ("delete",)
