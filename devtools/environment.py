# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual environment in `.venv`: made once, and again only when what it is made from changes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

from . import system
from .console import Argument, SetupError, run, run_and_keep, say

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
# Stubs and the real `bpy` have the same name and cannot share an environment: a folder that only mypy looks into.
FAKE_BPY = VENV / "fake-bpy"
FAKE_BPY_PIN = "fake-bpy-module-5.0==20260730"

# Blender publishes each series for the one Python that it ships.
BLENDER_OF_PYTHON = {(3, 11): "bpy==5.0.*", (3, 13): "bpy==5.2.*"}

_PIP = ("--disable-pip-version-check", "--no-input", "--no-warn-script-location", "--prefer-binary")


@dataclasses.dataclass(frozen=True)
class Ready:
    """An environment to run things in."""

    python: Path
    blender: bool
    """Whether the real `bpy` is in it."""
    why_no_blender: str

    @property
    def variables(self) -> dict[str, str]:
        """What children get on top of the user's own environment."""
        # A Windows console or LANG=C must not decide how we read and print subtitles.
        # Tests start hundreds of Pythons. If none may keep what it has compiled, each compiles all that it imports.
        return {"PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1", "PYTHONDONTWRITEBYTECODE": ""}


def prepare() -> Ready:
    """The environment, made or brought up to date if need be. Raises SetupError with words for the user."""
    key = _key()
    stamp = VENV / "dev-stamp.json"
    done = _read_stamp(stamp)
    if done.get("key") != key or not venv_python().exists():
        stamp.unlink(missing_ok=True)  # a setup that is interrupted must start over next time
        why = _set_up()
        stamp.write_text(json.dumps({"key": key, "why_no_blender": why}), encoding="utf-8")
    else:
        why = str(done.get("why_no_blender", ""))
    if not why:
        # Asked every time, because the folder may have moved to another machine; it takes milliseconds.
        system.provide(system.missing_for_blender(), "Blender (import bpy)", required=True)
    return Ready(venv_python(), not why, why)


def venv_python(venv: Path = VENV, windows: bool = os.name == "nt") -> Path:
    """The interpreter inside a virtual environment."""
    return venv / "Scripts" / "python.exe" if windows else venv / "bin" / "python"


def blender_requirement(python: tuple[int, int] = sys.version_info[:2]) -> str | None:
    """What to ask pip for to get Blender as a module on this Python; None where it is not published."""
    return BLENDER_OF_PYTHON.get(python)


def _set_up() -> str:
    """Make the environment; why it has no Blender, or an empty string."""
    system.provide(system.missing_for_venv(), "python -m venv", required=True)
    system.provide(system.missing_programs(), "tests that make their own speech and films", required=False)
    say("Setting up .venv: the first time this downloads about 550 MB and takes a few minutes.")
    _make_venv()
    why = _install_packages()
    _install_fake_bpy()
    return why


def _install_fake_bpy() -> None:
    shutil.rmtree(FAKE_BPY, ignore_errors=True)
    if _pip("install", "--no-deps", "--target", FAKE_BPY, FAKE_BPY_PIN)[0]:
        raise SetupError(f"pip could not install {FAKE_BPY_PIN} (its messages are above).")
    # mypy takes "bpy-stubs" for bpy in site-packages only; in a folder of its own it wants the plain name.
    for folder in FAKE_BPY.glob("*-stubs"):
        folder.rename(folder.with_name(folder.name.removesuffix("-stubs")))
    # The stubs say that it returns None; it returns the two functions that every module of ours takes from it.
    utils = FAKE_BPY / "bpy" / "utils" / "__init__.pyi"
    wrong = "def register_classes_factory(classes) -> None:"
    right = (
        "def register_classes_factory(classes: collections.abc.Iterable[type]) -> "
        "tuple[collections.abc.Callable[[], None], collections.abc.Callable[[], None]]:"
    )
    utils.write_text(utils.read_text(encoding="utf-8").replace(wrong, right), encoding="utf-8")


def _make_venv() -> None:
    python = venv_python()
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    question = "import pip, sys; print('%d.%d' % sys.version_info[:2])"
    if python.exists() and run_and_keep([python, "-c", question], show=False) == (0, f"{wanted}\n"):
        return
    if run([sys.executable, "-m", "venv", "--clear", VENV]):
        raise SetupError(f"python -m venv could not make {VENV} (its messages are above).")


def _install_packages() -> str:
    ours: list[Argument] = ["install", "--editable", f"{ROOT}[dev]"]
    constraints = _constraints()
    if constraints.exists():
        ours += ["--constraint", constraints]
    blender = blender_requirement()
    why = f"Blender's bpy module is not published for Python {sys.version_info.major}.{sys.version_info.minor}."
    if blender is not None:
        status, output = _pip(*ours, blender)
        if status == 0:
            return ""
        # pip says this for a platform without a wheel; anything else (no network, no space) is a real failure.
        if "No matching distribution found for bpy" not in output:
            raise SetupError("pip could not install the packages (its messages are above).")
        why = f"Blender's bpy module is not published for this platform ({sys.platform})."
    if _pip(*ours)[0]:
        raise SetupError("pip could not install the packages (its messages are above).")
    return why


def _pip(*words: Argument) -> tuple[int, str]:
    python = venv_python()
    if sys.stdout.isatty() and "--target" not in words:
        # A person watching a 370 MB download wants pip's own bar, which pip draws only on a terminal.
        status = run([python, "-m", "pip", *words, *_PIP])
        if status == 0:
            return 0, ""
    return run_and_keep([python, "-m", "pip", *words, "--quiet", *_PIP])


def _constraints() -> Path:
    return ROOT / "requirements" / f"constraints-{sys.version_info.major}.{sys.version_info.minor}.txt"


def _key() -> str:
    """Names everything that the environment is made from: another key means that it is out of date."""
    digest = hashlib.sha256()
    # The folder itself is part of it: an editable install and a venv both hold absolute paths.
    words = (str(ROOT), sys.version.split()[0], sys.platform, FAKE_BPY_PIN, str(blender_requirement()))
    digest.update("\0".join(words).encode())
    for file in (ROOT / "pyproject.toml", _constraints()):
        digest.update(file.read_bytes() if file.exists() else b"none")
    return digest.hexdigest()


def _read_stamp(stamp: Path) -> dict[str, object]:
    try:
        data = json.loads(stamp.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
