# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads as jobs, and their list."""

from __future__ import annotations

from pathlib import Path

from ..text import Text
from .base import SubtitleEditorError


class JobStoreError(SubtitleEditorError, OSError):
    """The file with the list of downloads cannot be used. Downloads go on without it."""

    code = "job_store"

    def __init__(self, path: Path, reason: str, newer: bool = False) -> None:
        """`newer`: a newer version of this program has made it."""
        self.path = path
        if newer:
            hint = Text("Downloads work all the same, but are not remembered; update this version.")
        else:
            hint = Text(
                "Downloads work all the same, but are not remembered. Look whether you may write there, whether the "
                "disk has room, and whether another program holds the file; one that is damaged can be removed."
            )
        super().__init__(Text("The list of downloads {path} cannot be used: {reason}.", path=path, reason=reason), hint)


class UnknownJobError(SubtitleEditorError, LookupError):
    """No job has this id, or several begin like it."""

    code = "unknown_job"

    def __init__(self, job: str, several: bool = False) -> None:
        self.job = job
        if several:
            message = Text('Several jobs have an id that begins with "{job}".', job=job)
        else:
            message = Text('There is no job "{job}".', job=job)
        super().__init__(message, Text("See the list with: subtitle-editor models jobs --history 20"))


class JobEndedError(SubtitleEditorError):
    """Something was asked of a job that has ended."""

    code = "job_ended"

    def __init__(self, job: str, state: str, model: str) -> None:
        self.job = job
        super().__init__(
            Text("The job {job} has ended already ({state}).", job=job, state=state),
            Text("To download it again: subtitle-editor models download {model}", model=model),
        )


class JobElsewhereError(SubtitleEditorError):
    """A job runs in another process, so it cannot run in this one."""

    code = "busy"

    def __init__(self, job: str) -> None:
        self.job = job
        super().__init__(
            Text("The job {job} runs in another process.", job=job), Text("Wait for it, or pause it first.")
        )


class JobNotObeyedError(SubtitleEditorError, TimeoutError):
    """The process that runs a job was asked to stop it, and has not done so."""

    code = "not_obeyed"

    def __init__(self, job: str) -> None:
        self.job = job
        super().__init__(
            Text("The process that runs the job {job} has not stopped it yet.", job=job),
            Text("It will when it can; see the state with: subtitle-editor models status {job}", job=job),
        )
