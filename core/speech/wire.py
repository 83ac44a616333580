# SPDX-License-Identifier: GPL-3.0-or-later
"""What the listening child can say to its parent: records on a line, and errors that have a name.

The child's modules (this one, `reading`, `stated`, `jumps`, `tracks`, `mixing`, `sound`, `voice`, `windows`,
`hearing`, `child`) import each other and nothing else of this package: the child starts without it.
"""

from __future__ import annotations

import json
import os
import threading
from typing import Any


class ChildError(Exception):
    """Something the user can mend. `code` is the code of the error class in errors.py, `reason` a template."""

    def __init__(self, code: str, reason: str, /, **fields: str) -> None:
        super().__init__(reason.format(**fields))
        self.code = code
        self.reason = reason
        self.fields = fields


class Records:
    """The line back to the parent."""

    def __init__(self) -> None:
        self._file = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
        self._lock = threading.Lock()
        os.dup2(2, 1)

    def send(self, type: str, **fields: Any) -> None:
        """One record, at once: the parent may be all that is left of us in a moment. Any thread."""
        with self._lock:
            self._file.write(json.dumps({"type": type, **fields}, ensure_ascii=True) + "\n")
            self._file.flush()

    def notice(self, message: str, **fields: str) -> None:
        """Something worth telling once; `message` is a template of text.py."""
        self.send("notice", message=message, fields=fields)


def first_line(error: BaseException) -> str:
    """What a library says, short enough for a message."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0].rstrip(".")[:300]


def clock(seconds: float) -> str:
    """A time as a player shows it.

    >>> clock(62.04), clock(3723.5)
    ('1:02.0', '1:02:03.5')
    """
    minutes, rest = divmod(round(max(0.0, seconds), 1), 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02}:{rest:04.1f}" if hours else f"{minutes}:{rest:04.1f}"
