# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders and files that cannot be written."""

from __future__ import annotations

from pathlib import Path

from ..text import Text
from ..units import human_size
from .base import SubtitleEditorError


class NoSpaceError(SubtitleEditorError, OSError):
    """The disk, or with `quota` the part of it that is ours, is full, or will be. `needed` is 0 if nobody knows."""

    code = "no_space"

    def __init__(self, folder: Path, needed: int, free: int, quota: bool = False) -> None:
        self.folder = folder
        self.needed = needed
        self.free = free
        self.quota = quota
        if quota:
            message = Text("Your share of the disk of {folder} is used up.", folder=folder)
        elif not needed:
            message = Text("There is not enough space in {folder}: {free} free.", folder=folder, free=human_size(free))
        else:
            message = Text(
                "There is not enough space in {folder}: {needed} more needed, {free} free.",
                folder=folder,
                needed=human_size(needed),
                free=human_size(free),
            )
        if needed:  # Of models alone somebody knows it.
            hint = Text("Free some space or choose another models folder, then continue; what was downloaded is kept.")
        else:
            hint = Text("Free some space or choose another folder, then try again.")
        super().__init__(message, hint)


class FileTooLargeError(NoSpaceError):
    """The disk has room, but takes no file as large as this: FAT32 ends at 4 GB."""

    code = "file_too_large"

    def __init__(self, folder: Path, needed: int) -> None:
        super().__init__(folder, needed, 0)
        self.message = Text("The disk of {folder} takes no file as large as this one.", folder=folder)
        self.hint = Text("FAT32 ends at 4 GB, for example. Choose a folder on another disk.")


class FolderNotWritableError(SubtitleEditorError, PermissionError):
    """A folder or file we must write refuses."""

    code = "not_writable"

    def __init__(self, folder: Path, reason: str, hint: str = "") -> None:
        """`hint`, where the folder's permissions are not the reason."""
        self.folder = folder
        super().__init__(
            Text("{folder} cannot be written: {reason}.", folder=folder, reason=reason),
            hint or Text("Change its permissions or choose another folder."),
        )


class NoAccessError(SubtitleEditorError, OSError):
    """A file or folder that was named cannot be looked at: we may not, its name is none, its disk is gone."""

    code = "no_access"

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(
            Text("{path} cannot be used: {reason}.", path=path, reason=reason),
            Text("Look whether the name is right, and whether you may use it."),
        )


class OutputError(SubtitleEditorError, OSError):
    """What a command has to say cannot be written to its standard output."""

    code = "output"

    def __init__(self, reason: str) -> None:
        super().__init__(
            Text("The standard output cannot be written: {reason}.", reason=reason),
            Text("Look at the disk or the program that it goes to."),
        )


class FileInUseError(SubtitleEditorError, PermissionError):
    """Another program has a file open that we must write or remove."""

    code = "in_use"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("{path} is in use by another program.", path=path),
            Text("Close what has it open (a player, a virus scanner, a cloud folder), then try again."),
        )


class NotYetWrittenError(SubtitleEditorError, OSError):
    """A small file of ours is not on the disk yet, which does not answer; whoever wrote still waits for it."""

    code = "not_yet_written"

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(
            Text("{path} is not written yet: its disk does not answer.", path=path),
            Text("It is tried again for as long as Blender runs; look at the drive or the network that it lies on."),
        )
