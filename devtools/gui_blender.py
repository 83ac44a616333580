# SPDX-License-Identifier: GPL-3.0-or-later
"""A Blender with a window for tests: where it is, how to start things beside it, what its Python gets."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from . import chroot, system
from .chroot import Chroot, NotPossibleError
from .console import Argument, SetupError, run_and_keep, say
from .environment import ROOT, venv_python

OLDEST = (4, 2)
"""The oldest Blender that the add-on is for; blender_manifest.toml says it too."""

# What drives the window: a display without a screen, a mouse without a hand, a camera.
PROGRAMS = {"Xvfb": "xvfb", "xdotool": "xdotool", "import": "imagemagick"}


@dataclasses.dataclass(frozen=True)
class Blender:
    """One Blender, ours to run: on this machine, or in a chroot."""

    name: str
    """As in reports: "Blender 5.2.2 (sid)"."""
    version: tuple[int, int, int]
    program: str
    packages: Path
    """The folder with our dependencies for its Python, as we see it. Empty path: it does not have them."""
    chroot: Chroot | None

    def command(self, words: list[Argument], variables: Mapping[str, str] | None = None) -> list[str]:
        """`words` as a command for this process to run, where this Blender is."""
        if self.chroot is not None:
            return self.chroot.command(words, variables)
        # Nothing of a developer's Blender, Python or display may leak in.
        leaks = [name for name in os.environ if name.startswith(("BLENDER", "PYTHON", "HF_"))]
        without = [word for name in leaks for word in ("-u", name)]
        given = [f"{name}={value}" for name, value in (variables or {}).items()]
        return ["/usr/bin/env", *without, *given, *map(str, words)]

    def inside(self, path: Path) -> str:
        """How Blender calls a file of ours; it must lie below `new_folder()` or `packages`."""
        return self.chroot.inside(path) if self.chroot is not None else str(path)

    def new_folder(self) -> Path:
        """An empty folder that Blender sees too. The caller removes it."""
        parent = self.chroot.root / "tmp" if self.chroot is not None else None
        return Path(tempfile.mkdtemp(prefix="subtitle-editor-gui-", dir=parent))


def find(suite: str | None = None) -> Blender:
    """A Blender to test with: `$BLENDER`, the one on the PATH if it is new enough, or Debian sid's in a chroot.

    `suite`: that Debian's, whatever else there is. Raises NotPossibleError with the reason, SetupError if making one
    failed.
    """
    if not sys.platform.startswith("linux"):
        raise NotPossibleError(f"Tests in a window need Linux, for its X server; this is {sys.platform}.")
    if suite is None:
        given = os.environ.get("BLENDER") or shutil.which("blender")
        if given and (version := _version([given, "--version"])) >= OLDEST:
            missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
            system.provide(missing, "tests in Blender's window", required=True)
            python, version_of_python = _python([given])
            pip = [str(venv_python()), "-m", "pip", "--python", python]
            packages = _packages(version_of_python, pip, chroot.cache_dir(), str(chroot.cache_dir()))
            return Blender(f"Blender {_text(version)}", version, given, packages, None)
        if os.environ.get("BLENDER"):
            raise NotPossibleError(f"$BLENDER ({given}) is not a Blender {_text(OLDEST)} or newer.")
        suite = "sid"
    place = chroot.ensure(suite)
    version = _version(place.command(["blender", "--version"]))
    python, version_of_python = _python(place.command(["blender"]))
    packages = _packages(version_of_python, place.command([python, "-m", "pip"]), place.root / "opt", "/opt")
    return Blender(f"Blender {_text(version)} ({suite})", version, "blender", packages, place)


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def _version(command: list[str]) -> tuple[int, int, int]:
    status, output = run_and_keep(command, show=False)
    found = re.search(r"Blender (\d+)\.(\d+)\.(\d+)", output)
    return (int(found[1]), int(found[2]), int(found[3])) if found and status == 0 else (0, 0, 0)


def _python(blender: list[str]) -> tuple[str, str]:
    """The Python inside: its program, and its version as "3.13"."""
    code = "import sys; print('python', *sys.version_info[:2], sys.executable)"
    _, output = run_and_keep([*blender, "--background", "--factory-startup", "--python-expr", code], show=False)
    found = re.search(r"^python (\d+) (\d+) (.+)$", output, re.MULTILINE)
    if found is None:
        raise SetupError(f"This Blender does not start:\n{output}")
    return found[3], f"{found[1]}.{found[2]}"


def _packages(version: str, pip: list[str], folder: Path, inside: str) -> Path:
    """Our dependencies for that Python, below `folder`; fetched once, with the command `pip`, which calls it `inside`.

    The extension's zip has them inside. Distributions bring Pythons of their own, for which no zip is made.
    """
    with (ROOT / "pyproject.toml").open("rb") as file:
        wanted = tomllib.load(file)["project"]["dependencies"]
    pins = (ROOT / "requirements" / "constraints-3.13.txt").read_text(encoding="utf-8")
    key = hashlib.sha256("\0".join([version, *wanted, pins]).encode()).hexdigest()
    target = folder / f"subtitle-editor-{version}-{key[:8]}"
    folder.mkdir(parents=True, exist_ok=True)
    with chroot.locked(folder / "subtitle-editor-packages.lock"):
        if not target.is_dir():
            say(f"Fetching the add-on's libraries for Python {version}: about 120 MB, once.")
            _fetch_packages(target, pip, inside, wanted, pins)
    return target


def _fetch_packages(target: Path, pip: list[str], inside: str, wanted: list[str], pins: str) -> None:
    partial = target.with_name("subtitle-editor-packages.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    (partial / "constraints.txt").write_text(pins, encoding="utf-8")
    words = ["install", "--quiet", "--only-binary=:all:", "--target", f"{inside}/{partial.name}"]
    words += ["--constraint", f"{inside}/{partial.name}/constraints.txt", *wanted]
    status, output = run_and_keep([*pip, *words], show=False)
    if status:
        raise SetupError(f"pip could not fetch the add-on's libraries:\n{output}")
    for folder in (*partial.glob("numpy"), *partial.glob("numpy-*"), *partial.glob("numpy.libs")):
        shutil.rmtree(folder)  # Blender brings its own, as it does for the zip.
    partial.rename(target)
