# SPDX-License-Identifier: GPL-3.0-or-later
"""Folders that users name: as they wrote them, in a variable or on the command line; and Hugging Face's own."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors.base import UsageError
from ..text import Text
from . import environment

_HOME = "USERPROFILE" if os.name == "nt" else "HOME"


def expanded(text: str | Path) -> Path:
    """A folder as it was written, with `~` and variables such as `$HOME` put in, as huggingface_hub does with its own.

    Raises UsageError where that user has no home folder, as in a container: all would go into a folder called `~`.

    >>> expanded("~/models") == Path.home() / "models", str(expanded("a/b").name)
    (True, 'b')
    """
    path = os.path.expanduser(text)
    user = Path(path).parts[:1]
    if user and user[0].startswith("~") and not os.path.lexists(user[0]):
        raise _no_home(user[0])
    return Path(os.path.expandvars(path))


def home() -> Path:
    """The user's own folder. Raises UsageError where there is none."""
    try:
        return Path.home()
    except RuntimeError as error:
        raise _no_home("~") from error


def _no_home(user: str) -> UsageError:
    if user != "~":
        return UsageError(Text('There is no home folder "{name}".', name=user), Text("Write the folder whole."))
    return UsageError(
        Text("This user has no home folder."),
        Text("Set {variable}, or name the folders with --models-dir and --user-dir.", variable=_HOME),
    )


def hugging_face_home() -> Path:
    """Where all Hugging Face programs of this user keep their things: `HF_HOME`, or below the user's caches."""
    if home := environment.value("HF_HOME"):
        return expanded(home)
    return expanded(environment.value("XDG_CACHE_HOME") or "~/.cache") / "huggingface"
