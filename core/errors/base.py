# SPDX-License-Identifier: GPL-3.0-or-later
"""The root of all errors that a user can meet, and those that fit no subject.

Each error says what happened, to what, and what to do next; `str(error)` is what the user reads. Tracebacks go to the
log, never into a message. `code` is stable: scripts and the command line's `--json` depend on it.
"""

from __future__ import annotations

from typing import ClassVar

from ..text import Text


class SubtitleEditorError(Exception):
    """Base of all errors that reach a user. `message` says what happened, `hint` what to do next.

    Both are Texts wherever the words are ours, so that Blender can show them in the user's language.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        # A Text: `str(error)` can be translated as well.
        return Text("{message} {hint}", message=self.message, hint=self.hint) if self.hint else self.message


class JobCancelled(Exception):
    """Raised inside a worker to unwind it when its job was cancelled. Never shown: the job ends with `Cancelled`."""


class UnexpectedError(SubtitleEditorError):
    """A defect of ours, or of a library below us."""

    code = "unexpected"

    def __init__(self, cause: BaseException) -> None:
        super().__init__(
            Text("Something went wrong inside Subtitle Editor ({kind}).", kind=type(cause).__name__),
            Text("The log has the details; please report them."),
        )


class UsageError(SubtitleEditorError):
    """The command line, or a caller, asked for something that makes no sense."""

    code = "usage"
