# SPDX-License-Identifier: GPL-3.0-or-later
"""Jobs on disk: the queue and the history survive a restart and a crash, and several processes share them.

A job that is queued or runs belongs to the process that runs it. Each process holds a lock file under a random name,
its owner id; when that lock can be had, the process is dead and its jobs are interrupted: free for anyone, as paused
ones are. Only the owner writes a job; others leave it a wish, to pause or to be cancelled.

No token is in here: it is nowhere in a record, and texts are redacted before they come here.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors.base import SubtitleEditorError
from ..errors.jobs import JobStoreError, UnknownJobError
from ..events import State
from ..system.locks import try_lock
from ..text import Text
from .database import Database
from .record import JobRecord, Wish

if TYPE_CHECKING:
    import sqlite3


_SCRIPTS = (
    (
        """CREATE TABLE jobs (
            id TEXT PRIMARY KEY, model TEXT NOT NULL, revision TEXT, models_dir TEXT NOT NULL,
            state TEXT NOT NULL, position INTEGER NOT NULL,
            bytes_done INTEGER NOT NULL, bytes_total INTEGER NOT NULL, bytes_fetched INTEGER NOT NULL,
            created REAL NOT NULL, started REAL, ended REAL, seconds REAL NOT NULL,
            error TEXT NOT NULL, message TEXT NOT NULL, hint TEXT NOT NULL, details TEXT NOT NULL, path TEXT,
            owner TEXT, wish TEXT)""",
        "CREATE INDEX jobs_by_end ON jobs (ended)",
    ),
)
"""What brings the file from version n to n + 1. To change the table, add a script; never change a released one."""


_FIELDS = tuple(field.name for field in dataclasses.fields(JobRecord) if field.name != "elsewhere")
_COLUMNS = ", ".join(_FIELDS)
_WRITE = (
    f"INSERT INTO jobs ({_COLUMNS}, owner) VALUES ({', '.join(f':{name}' for name in _FIELDS)}, :owner) "
    f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{name} = :{name}' for name in _FIELDS if name != 'id')}, "
    "owner = :owner, wish = CASE WHEN :keep_wish THEN wish END"
)


class JobStore:
    """The jobs of one user. Touches the disk at the first use. Every method may be called from any thread.

    Each blocks on the disk, and for up to `timeout` seconds on another process: none is for Blender's main thread.
    Each raises JobStoreError when the file cannot be used.
    """

    def __init__(self, path: Path, timeout: float = 5.0) -> None:
        """Touches nothing."""
        self.path = path
        self._database = Database(path, _SCRIPTS, timeout)
        self._owners = path.with_name(f"{path.stem}.owners")
        self._owner: str | None = None
        self._held = contextlib.ExitStack()
        self._lock = threading.Lock()

    def on_notice(self, notice: Callable[[str], None]) -> None:
        """Have `notice` told, on the thread that meets it, when a damaged file was set aside."""
        self._database.notice = notice

    # Reading

    def jobs(self) -> list[JobRecord]:
        """Those that have not ended, in the order in which they start."""
        return self._read(f"SELECT {_COLUMNS}, owner FROM jobs WHERE ended IS NULL ORDER BY position, id", ())

    def history(self, limit: int = -1) -> list[JobRecord]:
        """Those that have ended, newest first; `limit` -1: all."""
        query = f"SELECT {_COLUMNS}, owner FROM jobs WHERE ended IS NOT NULL ORDER BY ended DESC, rowid DESC"
        return self._read(f"{query} LIMIT ?", (limit,))

    def get(self, job: str) -> JobRecord:
        """The job whose id is or begins with `job`. Raises UnknownJobError for none, and for more than one."""
        query = f"SELECT {_COLUMNS}, owner FROM jobs WHERE substr(id, 1, ?) = ? LIMIT 2"
        found = self._read(query, (len(job), job))
        if len(found) != 1 or not job:
            raise UnknownJobError(job, several=len(found) > 1)
        return found[0]

    def version(self) -> tuple[int, int, int, float]:
        """A value that changes when another process has changed something, and then whether the history has."""
        opened, changed = self._database.version()
        query = "SELECT count(*), max(ended) FROM jobs WHERE ended IS NOT NULL"
        count, last = self._database.run(lambda connection: connection.execute(query).fetchone(), write=False)
        return opened, changed, int(count), float(last or 0.0)

    # Writing

    def save(self, records: Iterable[JobRecord]) -> set[str]:
        """Write jobs of this process, in one transaction. A live one is this process's from then on.

        The answer: the ids that were refused, because another process has the job now or the job has ended.
        """
        wanted = list(records)
        owner = self._own() if any(record.is_live for record in wanted) else self._owner

        def write(connection: sqlite3.Connection) -> set[str]:
            alive = self._liveness()
            return {record.id for record in wanted if not self._save(connection, record, owner, alive)}

        return self._database.run(write)

    def _save(
        self, connection: sqlite3.Connection, record: JobRecord, owner: str | None, alive: Callable[[str], bool]
    ) -> bool:
        row = connection.execute("SELECT owner, ended FROM jobs WHERE id = ?", (record.id,)).fetchone()
        mine = row is None or row[0] == owner
        if row is not None and (row[1] is not None or not (mine or row[0] is None or not alive(row[0]))):
            return False
        values = {name: _kept(getattr(record, name)) for name in _FIELDS} | {
            "state": record.state.value,
            "owner": owner if record.is_live else None,
            # A wish is for the run that it was made in; the owner removes it (`take_wishes`).
            "keep_wish": record.is_live and mine,
        }
        connection.execute(_WRITE, values)
        return True

    def wish(self, job: str, wish: Wish) -> JobRecord:
        """Ask for a pause or an end. The answer is the job afterwards: one that nobody has obeys at once.

        The owner of a live one obeys within about a second. No effect on a job that has ended. Raises UnknownJobError.
        """

        def write(connection: sqlite3.Connection) -> None:
            row = connection.execute("SELECT state, owner, ended FROM jobs WHERE id = ?", (job,)).fetchone()
            if row is None:
                raise UnknownJobError(job)
            state, owner, ended = row
            if ended is not None:
                return
            if owner is not None and self._liveness()(owner):
                connection.execute("UPDATE jobs SET wish = ? WHERE id = ?", (wish, job))
            elif wish == "cancel":
                query = "UPDATE jobs SET state = ?, ended = ?, owner = NULL, wish = NULL WHERE id = ?"
                connection.execute(query, (State.CANCELLED.value, time.time(), job))
            elif state != State.PAUSED:
                query = "UPDATE jobs SET state = ?, owner = NULL, wish = NULL WHERE id = ?"
                connection.execute(query, (State.PAUSED.value, job))

        self._database.run(write)
        return self.get(job)

    def take_wishes(self) -> dict[str, Wish]:
        """What others have asked of this process's jobs since the last call, by job."""
        if self._owner is None:
            return {}
        mine = (self._owner,)

        def take(connection: sqlite3.Connection) -> dict[str, Wish]:
            query = "SELECT id, wish FROM jobs WHERE owner = ? AND wish IS NOT NULL"
            found = dict(connection.execute(query, mine).fetchall())
            if found:
                connection.execute("UPDATE jobs SET wish = NULL WHERE owner = ?", mine)
            return found

        # Mostly there is none, and then nobody has to wait for a writer.
        query = "SELECT 1 FROM jobs WHERE owner = ? AND wish IS NOT NULL"
        if self._database.run(lambda connection: connection.execute(query, mine).fetchone(), write=False) is None:
            return {}
        return self._database.run(take)

    def forget(self, job: str) -> None:
        """Remove a job that has ended from the history. No effect on others."""
        self._database.run(lambda connection: connection.execute("DELETE FROM jobs WHERE id = ? AND ended > 0", (job,)))

    def clear_history(self) -> None:
        """Remove all jobs that have ended. What they downloaded stays."""
        self._database.run(lambda connection: connection.execute("DELETE FROM jobs WHERE ended IS NOT NULL"))

    def close(self) -> None:
        """Close the file and give up this process's jobs; whichever still run count as interrupted.

        The store can be used again afterwards, as if by another process.
        """
        with self._lock:
            self._database.close()
            self._held.close()
            self._owner = None

    # Owners

    def _own(self) -> str:
        """This process's owner id, whose lock it holds from now on."""
        with self._lock:
            if self._owner is None:
                self._owner = self._new_owner()
            return self._owner

    def _new_owner(self) -> str:
        try:
            self._sweep()
            while True:
                owner = secrets.token_hex(8)
                # Refused when another process sweeps at this very moment.
                if self._held.enter_context(try_lock(self._lock_file(owner))):
                    return owner
        except (SubtitleEditorError, OSError) as error:
            raise JobStoreError(self.path, Text("its folder cannot be written")) from error

    def _lock_file(self, owner: str) -> Path:
        return self._owners / f"{owner}.lock"

    def _sweep(self) -> None:
        """Remove the lock files of dead processes."""
        with contextlib.suppress(OSError):
            self._owners.mkdir(parents=True, exist_ok=True)
            for place in self._owners.glob("*.lock"):
                with try_lock(place):
                    pass

    def _liveness(self) -> Callable[[str], bool]:
        """Whether the process behind an owner id lives; each is asked once."""
        known: dict[str, bool] = {}

        def alive(owner: str) -> bool:
            if owner not in known:
                known[owner] = owner == self._owner or self._lives(owner)
            return known[owner]

        return alive

    def _lives(self, owner: str) -> bool:
        try:
            if not self._lock_file(owner).exists():
                return False
            with try_lock(self._lock_file(owner)) as had:
                return not had
        except (SubtitleEditorError, OSError):
            # Nothing can be told, so nothing is taken away.
            return True

    # Rows

    def _read(self, query: str, values: tuple[Any, ...]) -> list[JobRecord]:
        rows = self._database.run(lambda connection: connection.execute(query, values).fetchall(), write=False)
        alive = self._liveness()
        return [self._record(dict(zip((*_FIELDS, "owner"), row, strict=True)), alive) for row in rows]

    def _record(self, values: Mapping[str, Any], alive: Callable[[str], bool]) -> JobRecord:
        fields = dict(values)
        fields |= {name: os.fsdecode(value) for name, value in values.items() if isinstance(value, bytes)}
        owner = fields.pop("owner")
        record = JobRecord(**fields | {"state": _state(fields["state"])})
        if not record.is_live:
            return record
        if owner is None or not alive(owner):
            return dataclasses.replace(record, state=State.INTERRUPTED)
        return dataclasses.replace(record, elsewhere=True) if owner != self._owner else record


def _kept(value: Any) -> Any:
    """A value as sqlite takes it: a folder whose name is no text (in an old encoding) as the disk has it."""
    if isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            return os.fsencode(value)
    return value


def _state(word: str) -> State:
    """A state that a newer version may have written counts as interrupted: it can be resumed."""
    try:
        return State(word)
    except ValueError:
        return State.INTERRUPTED
