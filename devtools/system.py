# SPDX-License-Identifier: GPL-3.0-or-later
"""What the operating system must bring, found by asking for it; installed where that is ours to do."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import sys
from pathlib import Path

from .console import SetupError, run_and_keep, say

# What `import bpy` loads from the system, with the Debian and Ubuntu package that brings it (measured on a bare
# bookworm: with these the import works, without any of them it raises ImportError).
BLENDER_LIBRARIES = {
    "libX11.so.6": "libx11-6",
    "libXrender.so.1": "libxrender1",
    "libXxf86vm.so.1": "libxxf86vm1",
    "libXfixes.so.3": "libxfixes3",
    "libXi.so.6": "libxi6",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libSM.so.6": "libsm6",
    "libICE.so.6": "libice6",
    "libXext.so.6": "libxext6",
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
}

# Programs with which tests make their own speech and films.
PROGRAMS = {"espeak-ng": "espeak-ng", "ffmpeg": "ffmpeg"}


def missing_for_venv() -> list[str]:
    """The package without which `python -m venv` fails: Debian takes ensurepip out of its Python."""
    if importlib.util.find_spec("ensurepip") is not None:
        return []
    return [f"python{sys.version_info.major}.{sys.version_info.minor}-venv"]


def missing_for_blender() -> list[str]:
    """Packages with the libraries that `import bpy` would not find. Only Linux leaves these to the system."""
    if not sys.platform.startswith("linux"):
        return []
    return [package for library, package in BLENDER_LIBRARIES.items() if not _loads(library)]


def missing_programs() -> list[str]:
    """Packages with programs that tests use. Nothing but those tests needs them."""
    return [package for program, package in PROGRAMS.items() if shutil.which(program) is None]


def provide(packages: list[str], purpose: str, required: bool) -> None:
    """Install `packages` with apt-get where we are root on Debian or Ubuntu; elsewhere name them in one line to copy.

    Raises SetupError if they are required and were not installed.
    """
    if not packages:
        return
    if _may_install():
        say(f"Installing for {purpose}, with apt-get: {' '.join(packages)}")
        if _apt_get("update") == 0 and _apt_get("install", "--no-install-recommends", *packages) == 0:
            return
        text = f"apt-get could not install what {purpose} needs: {' '.join(packages)}"
    else:
        text = f"For {purpose} this machine lacks something. {_advice(packages)}"
    if required:
        raise SetupError(text)
    say(text)


def os_release(file: Path = Path("/etc/os-release")) -> dict[str, str]:
    """What a Linux says about itself, such as ID and VERSION_CODENAME; empty elsewhere."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {name: value.strip("\"'") for name, value in (line.split("=", 1) for line in lines if "=" in line)}


def is_debian(file: Path = Path("/etc/os-release")) -> bool:
    """Whether this is Debian, Ubuntu or a child of theirs: where our package names mean something."""
    values = os_release(file)
    families = f"{values.get('ID', '')} {values.get('ID_LIKE', '')}".split()
    return bool({"debian", "ubuntu"} & set(families)) and shutil.which("apt-get") is not None


def _may_install() -> bool:
    # os.geteuid does not exist on Windows.
    return hasattr(os, "geteuid") and os.geteuid() == 0 and is_debian()


def _advice(packages: list[str]) -> str:
    if is_debian():
        return f"Run: sudo apt-get install --no-install-recommends -y {' '.join(packages)}"
    return f"Install what Debian calls: {' '.join(packages)}"


def _apt_get(*words: str) -> int:
    # Without the variable, packages such as tzdata stop to ask a question. What apt-get says, hundreds of lines even
    # with -qq, is worth reading only when it fails.
    command = ["apt-get", "-qq", "-y", "-o", "Dpkg::Use-Pty=0", *words]
    status, output = run_and_keep(command, env={"DEBIAN_FRONTEND": "noninteractive"}, show=False)
    if status:
        say(output)
    return status


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
