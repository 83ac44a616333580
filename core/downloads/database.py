# SPDX-License-Identifier: GPL-3.0-or-later
"""A small sqlite3 file that several processes use at once and that may be damaged, locked, read-only or gone.

What a table means is its user's business (store.py); here is how the file is opened, upgraded and, if it must be,
set aside.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ..errors.base import SubtitleEditorError
from ..errors.disk import FolderNotWritableError
from ..errors.jobs import JobStoreError
from ..system.control import Control
from ..system.files import is_still, replace
from ..system.locks import file_lock
from ..system.network_disk import is_remote
from ..system.reasons import reason_of
from ..text import Text

if TYPE_CHECKING:
    import sqlite3

log = logging.getLogger(__name__)

T = TypeVar("T")

JOURNAL = "WAL"
"""With a write-ahead log readers never wait for a writer."""

JOURNAL_ON_NETWORK = "DELETE"
"""On another machine's disk: a write-ahead log needs memory that all processes share, and would lose what two machines
write, without an error. Redirected profiles lie on such disks. Everything works the same, a little slower."""

_DAMAGED = (1, 11, 26)
"""SQLITE_CORRUPT, SQLITE_NOTADB, and SQLITE_ERROR: our statements are right, so a file they do not fit is not ours."""


class Database:
    """One connection to one file, opened at the first use. Every method may be called from any thread.

    `scripts[n]` are the statements that bring version n to version n + 1; the file's `user_version` counts them.
    `timeout`: seconds to wait for another process's transaction.
    """

    def __init__(self, path: Path, scripts: Sequence[Sequence[str]], timeout: float = 5.0) -> None:
        self.path = path
        self._scripts = scripts
        self._timeout = timeout
        self.notice: Callable[[str], None] | None = None
        """Told when a damaged file was set aside."""
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._opened: os.stat_result | None = None
        self._times_opened = 0

    def run(self, work: Callable[[sqlite3.Connection], T], write: bool = True) -> T:
        """`work(connection)` in one transaction, which is undone if it raises.

        A damaged file is set aside under another name, a new one is begun, and `work` is done there. Raises
        JobStoreError when the file cannot be used: read-only, locked for too long, made by a newer version.
        """
        import sqlite3

        with self._lock:
            try:
                # Twice: seen through a new connection it may be sound, or a newer version's.
                for _ in range(2):
                    try:
                        return self._attempt(work, write)
                    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                        # sqlite quotes a damaged schema in its message, and Python may fail to read that.
                        if isinstance(error, sqlite3.DatabaseError) and not _is_damage(error):
                            raise
                        log.info("%s seems damaged: %s", self.path, error)
                        self.close()
                try:
                    self._set_aside()
                except FolderNotWritableError as error:
                    raise JobStoreError(self.path, Text("it is damaged and cannot be moved")) from error
                return self._attempt(work, write)
            except SubtitleEditorError:
                raise
            except (sqlite3.Error, OSError) as error:
                raise JobStoreError(self.path, reason_of(error)) from error

    def version(self) -> tuple[int, int]:
        """A value that changes whenever another connection has changed the file. Raises JobStoreError."""
        changed = self.run(lambda connection: int(connection.execute("PRAGMA data_version").fetchone()[0]), write=False)
        return self._times_opened, changed

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # Inside; the lock is held

    def _attempt(self, work: Callable[[sqlite3.Connection], T], write: bool) -> T:
        connection = self._current()
        connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        try:
            answer = work(connection)
            connection.execute("COMMIT")
        except BaseException:
            # sqlite has undone some failed transactions already, and then there is none to undo.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return answer

    def _current(self) -> sqlite3.Connection:
        if self._connection is not None and not self._is_still_there():
            # Removed, or set aside by another process: what we wrote into the old file nobody would ever read.
            self.close()
        if self._connection is None:
            self._connection = self._open()
            self._times_opened += 1
        return self._connection

    def _is_still_there(self) -> bool:
        return self._opened is not None and is_still(self.path, self._opened)

    def _open(self) -> sqlite3.Connection:
        import sqlite3

        self.path.parent.mkdir(parents=True, exist_ok=True)
        _make_private(self.path)
        self._opened = os.stat(self.path)
        connection = sqlite3.connect(self.path, timeout=self._timeout, isolation_level=None, check_same_thread=False)
        connection.text_factory = lambda data: data.decode("utf-8", "replace")
        try:
            if connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
                raise _damage("quick_check")
            with contextlib.suppress(sqlite3.OperationalError):
                # Refused while another process is inside: the next who opens the file asks again.
                journal = JOURNAL_ON_NETWORK if is_remote(self.path.parent) else JOURNAL
                if connection.execute("PRAGMA journal_mode").fetchone()[0].upper() != journal:
                    connection.execute(f"PRAGMA journal_mode = {journal}")
            # A power cut may cost the last seconds, never the file; and no commit waits for a disk that is busy, which
            # can take long while a download writes to it.
            connection.execute("PRAGMA synchronous = NORMAL")
            self._upgrade(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _upgrade(self, connection: sqlite3.Connection) -> None:
        if self._version_of(connection) == len(self._scripts):
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Again, now that nobody else can upgrade it meanwhile.
            version = self._version_of(connection)
            if version > len(self._scripts):
                raise JobStoreError(self.path, Text("a newer version of Subtitle Editor has made it"), newer=True)
            for script in self._scripts[version:]:
                for statement in script:
                    connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {len(self._scripts)}")
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    @staticmethod
    def _version_of(connection: sqlite3.Connection) -> int:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])

    def _set_aside(self) -> None:
        """Give the damaged file and its journals another name. Another process may be doing the same."""
        with file_lock(self.path.with_name(f"{self.path.name}.lock"), Control(), limit=self._timeout):
            if not self._is_still_there():
                return
            kept = _free_name(self.path)
            # The file itself comes last: until then whoever opens it sees the damage, and waits for our lock.
            for suffix in ("-wal", "-shm", "-journal", ""):
                with contextlib.suppress(FileNotFoundError):
                    replace(Path(f"{self.path}{suffix}"), Path(f"{kept}{suffix}"))
        if self.notice is not None:
            self.notice(
                Text("The list of downloads was damaged. It was kept as {path}; a new one is begun.", path=kept)
            )


def _make_private(path: Path) -> None:
    """Have a file that only its owner can read. sqlite gives its journals the same mode.

    Not by opening a file that exists: when any descriptor of a file is closed, POSIX drops all locks that the process
    has on it, also those of another connection.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.chmod(0o600)


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    return (getattr(error, "sqlite_errorcode", None) or 0) & 0xFF in _DAMAGED


def _damage(what: str) -> sqlite3.DatabaseError:
    import sqlite3

    error = sqlite3.DatabaseError(what)
    error.sqlite_errorcode = _DAMAGED[0]
    return error


def _free_name(path: Path) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    names = (f"{path.name}.damaged-{stamp}{number}" for number in ("", *(f"-{n}" for n in range(1, 1000))))
    return next(place for place in map(path.with_name, names) if not place.exists())
