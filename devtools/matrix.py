# SPDX-License-Identifier: GPL-3.0-or-later
"""Other Blenders than the one in `.venv`: an environment for each, made once and kept outside the checkout.

requirements/blenders.toml says which. Each takes about 1 GB and half a minute. Where the Python that a Blender needs is
missing, a Debian chroot that has it is taken; where that cannot be had either, the reason is said and the version left
out. Run as a program, it makes them all and writes down for tests/matrix what there is.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import build, chroot, environment, system, wheels
from .chroot import Chroot, NotPossibleError
from .console import Argument, SetupError, run, run_and_keep, say
from .environment import ROOT, VENV, Ready

PINS = ROOT / "requirements" / "blenders.toml"
FOUND = VENV / "blenders.json"
"""What the last run of this module found: {version: {python, root, why}}; tests/matrix reads it."""

CHROOTS = {(3, 13): "trixie"}
"""The Debian release that has a Python."""


@dataclasses.dataclass(frozen=True)
class Options:
    """Which Blenders to run in."""

    versions: tuple[str, ...] = ()
    """Empty: those that CI takes."""
    in_chroot: bool = False


@dataclasses.dataclass(frozen=True)
class Pin:
    """One Blender of blenders.toml."""

    version: str
    """Its name there, such as "4.2"."""
    python: tuple[int, int]
    packages: tuple[str, ...]
    """Every package with its version; nothing else gets into the environment."""
    ci: bool

    @property
    def bpy(self) -> str:
        """The exact version of Blender."""
        return next(word.partition("==")[2] for word in self.packages if word.startswith("bpy=="))


@dataclasses.dataclass(frozen=True)
class Blender:
    """A Blender to run scripts in. What it shall see lies in a folder from `workspace()`."""

    version: str
    python: Path
    """The interpreter with `bpy`, by its path on this machine."""
    root: Path | None = None
    """The chroot that it lives in."""

    @contextlib.contextmanager
    def workspace(self) -> Iterator[Path]:
        """An empty folder that this Blender can reach, gone at the end."""
        base = self.root / "tmp" if self.root else None
        with tempfile.TemporaryDirectory(prefix="subtitle-editor-", dir=base) as folder:
            yield Path(folder).resolve()

    def path(self, path: Path) -> str:
        """How this Blender calls a file in its workspace."""
        return "/" + path.relative_to(self.root).as_posix() if self.root else str(path)

    def run(self, words: Sequence[Argument], variables: dict[str, str], timeout: float) -> tuple[int, str]:
        """Run its Python with these words: (exit status, output). It gets `variables`, and none that steer Python.

        Raises subprocess.TimeoutExpired after `timeout` seconds; the process is gone by then.
        """
        command = [self.path(self.python), *map(str, words)]
        if self.root:
            command = Chroot("", self.root).command([*command], variables)
        steering = ("PYTHON", "HF_", "BLENDER_", "SUBTITLE_EDITOR_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
        done = subprocess.run(
            command,
            env={**kept, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=timeout,
        )
        return done.returncode, done.stdout


def pins() -> dict[str, Pin]:
    """The Blenders of blenders.toml by version."""
    table = tomllib.loads(PINS.read_text(encoding="utf-8"))
    found = {}
    for version, values in table.items():
        major, minor = values["python"].split(".")
        found[version] = Pin(version, (int(major), int(minor)), tuple(values["packages"].split()), values["ci"])
    return found


def ensure(pin: Pin, in_chroot: bool = False) -> Blender:
    """The environment of a Blender, made if need be. Another process that makes the same one is waited for.

    `in_chroot`: in a Debian chroot even where this machine has the Python. Raises NotPossibleError with one line.
    """
    name = ".".join(map(str, pin.python))
    if not in_chroot and (base := interpreter(pin.python)) is not None:
        try:
            system.provide(system.missing_for_blender(), f"Blender {pin.version}", required=True)
        except NotPossibleError:
            raise
        except SetupError as error:
            raise NotPossibleError(str(error)) from error
        return Blender(pin.version, _environment(pin, base, None))
    suite = CHROOTS.get(pin.python)
    if suite is None:
        raise NotPossibleError(f"it needs Python {name}, which is not on this machine.")
    try:
        found = chroot.ensure(suite)
    except SetupError as error:
        first = str(error).splitlines()[0]
        raise NotPossibleError(f"it needs Python {name}, which is not on this machine. {first}") from error
    return Blender(pin.version, _environment(pin, found.root / "usr/bin" / f"python{name}", found), found.root)


def interpreter(version: tuple[int, int]) -> Path | None:
    """A Python of this version that can make virtual environments, from the places where one is usually found."""
    name = f"python{version[0]}.{version[1]}"
    on_path = shutil.which(name)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    # Of this environment's own: every checkout finds the same one.
    ours = Path(getattr(sys, "_base_executable", sys.executable))
    found = [ours, *([Path(on_path)] if on_path else [])]
    found += sorted(pyenv.glob(f"{version[0]}.{version[1]}.*/bin/{name}"), reverse=True)
    # On Windows pyenv and the installer know them by other names.
    question = f"import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != {version!r})"
    return next((path for path in found if run_and_keep([path, "-c", question], show=False)[0] == 0), None)


def home_of(pin: Pin, base: Path, folder: Path) -> Path:
    """Where in `folder` the environment for `pin`, made from the Python `base`, is."""
    key = hashlib.sha256("\0".join([*pin.packages, str(base), sys.platform]).encode()).hexdigest()[:8]
    return folder / f"blender-{pin.bpy}-{key}"


def _environment(pin: Pin, base: Path, inside: Chroot | None) -> Path:
    """The interpreter of the environment for `pin`, made from `base` if there is no whole one."""
    folder = inside.root / "opt" if inside else chroot.cache_dir() / "blenders"
    folder.mkdir(parents=True, exist_ok=True)
    home = home_of(pin, base, folder)
    python = environment.venv_python(home)
    with _alone(folder / f"{home.name}.lock"):
        # It gets this name by being renamed, when it is whole. The Python that it was made from may have gone since.
        if not home.is_dir() or not _starts(pin, python, inside):
            shutil.rmtree(home, ignore_errors=True)
            _make(pin, base, home, inside)
    return python


def _make(pin: Pin, base: Path, home: Path, inside: Chroot | None) -> None:
    partial = home.with_name(f"{home.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    say(f"Making an environment with Blender {pin.bpy}: up to 400 MB to download, 1 GB on disk, once.")
    pip: list[Argument] = [environment.venv_python(partial), "-m", "pip", "install", "--quiet", "--no-input"]
    pip += ["--disable-pip-version-check", "--no-deps", "--only-binary=:all:", *pin.packages]
    try:
        _must([base, "-m", "venv", "--clear", partial], inside, "python -m venv failed")
        _must(pip, inside, f"pip could not install bpy {pin.bpy}")
        if not _starts(pin, environment.venv_python(partial), inside):
            raise NotPossibleError(f"bpy {pin.bpy} was installed but cannot be imported.")
        partial.rename(home)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _must(command: Sequence[Argument], inside: Chroot | None, complaint: str) -> None:
    status, output = run_and_keep(_seen(command, inside), show=False)
    if status:
        lines = [line for line in output.splitlines() if line.strip() and not line.startswith("WARNING")]
        raise NotPossibleError(f"{complaint}: {lines[-1] if lines else f'exit status {status}'}")


def _starts(pin: Pin, python: Path, inside: Chroot | None) -> bool:
    if inside is None and not python.exists():  # In a chroot the link points to a place in there.
        return False
    question = "import bpy; print(bpy.app.version_string)"
    status, output = run_and_keep(_seen([python, "-c", question], inside), show=False)
    return status == 0 and pin.bpy in output


def _seen(command: Sequence[Argument], inside: Chroot | None) -> list[Argument]:
    """The command as it must be called from here: in a chroot with the paths that are right in there."""
    if inside is None:
        return list(command)
    words: list[Argument] = [inside.inside(word) if isinstance(word, Path) else word for word in command]
    return list(inside.command(words))


@contextlib.contextmanager
def _alone(file: Path) -> Iterator[None]:
    if os.name == "nt":
        yield  # Two processes that make the same environment at the same time are not provided for there.
        return
    with chroot.locked(file):
        yield


def zips(folder: Path, python: Path, platform: str) -> dict[tuple[int, int], Path]:
    """The zips of the checkout as it is now for one platform, made in `folder`: {Python version: zip}.

    Raises SetupError where the wheels cannot be had.
    """
    targets = [wheels.Target(series, platform) for series in wheels.SERIES.values()]
    return {target.series.python: build.build(target, folder, python) for target in targets}


def commands(ready: Ready, options: Options) -> tuple[list[Argument], list[Argument]]:
    """What makes the environments and writes them down, and what then tests in them."""
    making: list[Argument] = [ready.python, "-m", "devtools.matrix"]
    making += [word for version in options.versions for word in ("--blender", version)]
    making += ["--chroot"] if options.in_chroot else []
    return making, [ready.python, "-m", "pytest", "-q", "tests/matrix"]


def run_matrix(options: Options, ready: Ready, zips: Path | None = None) -> int:
    """Make the environments and run tests/matrix in them, showing sizes and times. `zips`: try these, and nothing else.

    0 if no test failed.
    """
    making, testing = commands(ready, options)
    variables = dict(ready.variables)
    if zips is not None:
        variables["SUBTITLE_EDITOR_ZIPS"] = str(zips.resolve())
        testing[-1] = "tests/matrix/test_install.py"
    return run(making, env=variables, cwd=ROOT) or run([*testing, "-s"], env=variables, cwd=ROOT)


def try_zips(folder: Path, ready: Ready) -> int:
    """Try the zips of a folder that are for this machine, in each Blender that they are for. 0 if no test failed."""
    return run_matrix(Options(), ready, folder)


def read_found() -> dict[str, Blender | str]:
    """What the last run of this module wrote down: a Blender to use, or why there is none. Empty if it never ran."""
    try:
        table = json.loads(FOUND.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    found: dict[str, Blender | str] = {}
    for version, values in table.items():
        root = Path(values["root"]) if values["root"] else None
        found[version] = values["why"] or Blender(version, Path(values["python"]), root)
    return found


def main(words: Sequence[str] | None = None) -> int:
    """Make what is asked for and write down what there is. Always 0: what cannot be had is no failure of ours."""
    known = pins()
    parser = argparse.ArgumentParser(prog="matrix")
    parser.add_argument("--blender", action="append", choices=list(known))
    parser.add_argument("--chroot", action="store_true")
    options = parser.parse_args(words)
    FOUND.unlink(missing_ok=True)
    table = {}
    for version in options.blender or [pin.version for pin in known.values() if pin.ci]:
        try:
            made = ensure(known[version], options.chroot)
        except NotPossibleError as error:
            say(f"Blender {version} is left out: {error}")
            table[version] = {"python": "", "root": "", "why": str(error)}
            continue
        say(f"Blender {version}: {known[version].bpy} in {made.python}")
        table[version] = {"python": str(made.python), "root": str(made.root or ""), "why": ""}
    FOUND.write_text(json.dumps(table, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
