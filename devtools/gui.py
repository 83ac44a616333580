# SPDX-License-Identifier: GPL-3.0-or-later
"""`dev.py gui`: the tests in a real window, and the pictures of the manual."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from . import gui_blender
from .chroot import SUITES
from .console import Argument, SetupError, run, say
from .environment import ROOT, Ready

PICTURES = ROOT / "docs" / "img"


@dataclasses.dataclass(frozen=True)
class Options:
    """What `dev.py gui` was asked for."""

    all: bool = False
    """Every scenario on every Blender that can be had, instead of the quick ones on one."""
    pictures: bool = False
    """Only make docs/img/ anew."""
    out: Path | None = None
    """Where the screenshots go (default: demo/gui)."""
    rest: Sequence[str] = ()
    """For pytest."""


def run_gui(options: Options, ready: Ready) -> int:
    """Run the tests, or make the pictures; 0 if all went well, and where no Blender can be had, which is said."""
    worst = 0
    for name in names() if options.all else names()[:1]:
        if reason := why_not(name):
            say(f"Tests in a window were left out. {reason}")
            continue
        worst = max(worst, run(command(ready, options), env={**ready.variables, **variables(name, options)}))
    return worst


def names() -> list[str]:
    """The Blenders that there may be, the first choice first: "here" is this machine's own, others are Debian's."""
    own = os.environ.get("BLENDER") or shutil.which("blender")
    return [*(["here"] if own else []), *SUITES]


def why_not(name: str) -> str:
    """Why this one cannot be had, or an empty string: then it is there now. The first time this takes minutes."""
    try:
        found = gui_blender.find(None if name == "here" else name)
    except SetupError as error:
        # No network is no failure of ours. Of a long report the first line says what it is about.
        return str(error).splitlines()[0]
    say(f"Tests in the window of {found.name}")
    return ""


def command(ready: Ready, options: Options) -> list[Argument]:
    """What runs the tests."""
    words: list[Argument] = [ready.python, "-m", "pytest", "-q"]
    if options.pictures:
        return [*words, "tests/gui/test_pictures.py", *options.rest]
    return [*words, "tests/gui", *([] if options.all else ["-m", "not slow"]), *options.rest]


def variables(name: str, options: Options) -> dict[str, str]:
    """What tells the tests which Blender and where to."""
    found = {"SUBTITLE_EDITOR_GUI": name}
    if options.out is not None:
        found["SUBTITLE_EDITOR_GUI_OUT"] = str(options.out.resolve())
    if options.pictures:
        found["SUBTITLE_EDITOR_GUI_PICTURES"] = str(PICTURES)
    return found
