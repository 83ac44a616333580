# SPDX-License-Identifier: GPL-3.0-or-later
"""The log of one user: what happened, when, for the bug report. A file that turns over, and holds no secrets.

It never fails a job: a disk that is full, or a file that another program holds, costs log lines and nothing else.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from .redaction import redact
from .user_folder import LOG

if TYPE_CHECKING:
    from io import TextIOWrapper
    from logging.handlers import RotatingFileHandler

_PACKAGE = __name__.rpartition(".core.")[0]
"""Ours and nobody else's: in Blender `bl_ext.….subtitle_editor`."""

_LARGEST = 1_000_000
"""Bytes; then the file becomes `.1`, and the one before that `.2`, which is the last."""
_OLD_ONES = 2

_secrets: set[str] = set()
_lock = threading.Lock()
_handler: RotatingFileHandler | None = None
_level_before = logging.NOTSET


def start(user_dir: Path, delay: bool = False) -> Path:
    """Write what the package logs, from INFO on, to the log file of a user folder, and say which file that is.

    Does nothing when that file is in use already; one of another folder is closed. With `delay` the file is made when
    there is something to write. Raises OSError when it cannot be made. Any thread.
    """
    global _handler, _level_before
    path = Path(os.path.abspath(user_dir)) / LOG
    with _lock:
        if _handler is not None and Path(_handler.baseFilename) == path:
            return path
        fresh = _make(path, delay)
        _close()
        logger = logging.getLogger(_PACKAGE)
        _level_before = logger.level
        if logger.getEffectiveLevel() > logging.INFO:
            logger.setLevel(logging.INFO)
        logger.addHandler(fresh)
        _handler = fresh
    return path


@contextlib.contextmanager
def running(user_dir: Path) -> Iterator[None]:
    """Log into a user folder for the length of a `with` block, if that is possible; in Blender it does already."""
    if _handler is not None:
        yield
        return
    with contextlib.suppress(OSError):
        start(user_dir, delay=True)
    try:
        yield
    finally:
        stop()


def stop() -> None:
    """Close the log file. Nothing happens without one."""
    with _lock:
        _close()


def hide(secret: str | None) -> None:
    """Never write this: for secrets that do not look like one."""
    if secret and len(secret) >= 4:
        _secrets.add(secret)


def _close() -> None:
    global _handler
    if _handler is None:
        return
    logger = logging.getLogger(_PACKAGE)
    logger.removeHandler(_handler)
    logger.setLevel(_level_before)
    handler, _handler = _handler, None
    # What a full disk did not take is tried once more now, and fails once more.
    with contextlib.suppress(OSError):
        handler.close()


def _make(path: Path, delay: bool) -> RotatingFileHandler:
    from logging.handlers import RotatingFileHandler

    class Handler(RotatingFileHandler):
        """Readable by its owner only; silent about its own troubles."""

        def _open(self) -> TextIOWrapper:
            os.makedirs(os.path.dirname(self.baseFilename), exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            # Line ends are written by the text layer: O_BINARY, which only Windows has, keeps them as they are.
            descriptor = os.open(self.baseFilename, flags | getattr(os, "O_BINARY", 0), 0o600)
            with contextlib.suppress(OSError):
                os.chmod(self.baseFilename, 0o600)  # One that was there before may have been opened to others.
            return open(descriptor, "a", encoding="utf-8", errors="backslashreplace")

        def emit(self, record: logging.LogRecord) -> None:
            super().emit(record)
            # Python prints warnings only while no handler is there at all; this one must not make the console silent.
            if logging.lastResort and not logging.getLogger().handlers and record.levelno >= logging.lastResort.level:
                logging.lastResort.handle(_plain(record))

        def doRollover(self) -> None:
            try:
                super().doRollover()
            except OSError:
                # On Windows another Blender has the file open: go on in it.
                if self.stream is None:
                    self.stream = self._open()

        def handleError(self, record: logging.LogRecord) -> None:
            pass

    handler = Handler(path, maxBytes=_LARGEST, backupCount=_OLD_ONES, encoding="utf-8", delay=delay)
    handler.setFormatter(_Formatter("%(asctime)s %(process)d %(levelname)s %(module)s: %(message)s"))
    return handler


def _plain(record: logging.LogRecord) -> logging.LogRecord:
    """A copy for the console that has no secrets either, in message and traceback."""
    text = redact(logging.Formatter().format(record), *_secrets)
    return logging.LogRecord(record.name, record.levelno, record.pathname, record.lineno, text, None, None)


class _Formatter(logging.Formatter):
    """One record as text, traceback included, without secrets."""

    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record), *_secrets)
