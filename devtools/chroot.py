# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian of another release in a folder: another Blender with its window, another Python.

Made once with debootstrap, as root, and kept outside the checkout: a few minutes and 1.5 GB each. Nothing is mounted,
so that removing one is removing a folder; files go in and out by their path under `Chroot.root`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from . import system
from .console import Argument, SetupError, run_and_keep, say

# Debian's word for its newest state, and its release of 2025. Blender 5.2 and 4.3, Python 3.14 and 3.13 (measured).
SUITES = ("sid", "trixie")

PACKAGES = (
    *("blender", "xvfb", "xdotool", "imagemagick", "libgl1-mesa-dri"),
    # What every build of Blender's makers has inside, and Debian's only recommends.
    *("python3-numpy", "python3-cattr", "python3-requests"),
    *("python3", "python3-pip", "python3-venv", "ca-certificates", "git", "espeak-ng", "ffmpeg"),
)

CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
"""Variables that lead out of this machine, in either case."""

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# How this machine reaches its mirror: the mirror inside is the same one, and so is the way to it.
_APT_SETTINGS = ("Acquire::http", "Acquire::https", "Acquire::Check-Valid-Until", "Acquire::Check-Date")


class NotPossibleError(SetupError):
    """A chroot cannot be had on this machine; the text is the reason, in one line."""


@dataclasses.dataclass(frozen=True)
class Chroot:
    """A whole Debian below `root`. Commands see it as `/`, and share the network and the processes with us."""

    suite: str
    root: Path

    def command(self, words: list[Argument], variables: Mapping[str, str] | None = None) -> list[str]:
        """`words` as a command to run from outside. It gets `variables` and little else: not our environment."""
        given = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            # pip trusts what this machine trusts, which may be more than Debian does.
            "SSL_CERT_FILE": str(CERTIFICATES),
            "PIP_CERT": str(CERTIFICATES),
            **{name: value for name, value in os.environ.items() if name.lower() in _PROXIES},
            **(variables or {}),
        }
        assignments = [f"{name}={value}" for name, value in given.items()]
        return ["chroot", str(self.root), "/usr/bin/env", "-i", *assignments, *(str(word) for word in words)]

    def inside(self, path: Path) -> str:
        """The path by which commands inside know a file that we know as `path`. Raises ValueError: not below root."""
        return "/" + path.relative_to(self.root).as_posix()


def ensure(suite: str) -> Chroot:
    """The chroot of a suite, made if need be. Another process that makes the same one is waited for.

    Raises NotPossibleError where it cannot be had, SetupError where making it failed.
    """
    if suite not in SUITES:
        raise ValueError(suite)
    _check_machine()
    folder = cache_dir() / "chroots"
    folder.mkdir(parents=True, exist_ok=True)
    root = folder / f"{suite}-{_key(suite)}"
    with locked(folder / f"{suite}.lock"):
        # It gets this name by being renamed, when it is whole.
        if not root.is_dir():
            _make(suite, root)
    chroot = Chroot(suite, root)
    _refresh(chroot)
    return chroot


def cache_dir() -> Path:
    """Where what is expensive to make is kept for all checkouts: `$SUBTITLE_EDITOR_CACHE`, or the user's cache."""
    if given := os.environ.get("SUBTITLE_EDITOR_CACHE"):
        return Path(given).resolve()
    if os.name == "nt":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base.resolve() / "subtitle-editor"


def _check_machine() -> None:
    if not sys.platform.startswith("linux"):
        raise NotPossibleError(f"A Debian chroot needs Linux; this is {sys.platform}.")
    if os.geteuid() != 0:
        raise NotPossibleError("Making a Debian chroot needs root.")
    if not system.is_debian():
        raise NotPossibleError("Making a Debian chroot needs Debian or a child of it, for debootstrap and a mirror.")


def _make(suite: str, root: Path) -> None:
    if shutil.which("debootstrap") is None:
        system.provide(["debootstrap"], f"a Debian {suite} with Blender", required=True)
    mirror = _mirror()
    for left in root.parent.glob(f"{suite}-*.partial"):
        remove(left)
    partial = root.with_name(root.name + ".partial")
    say(f"Making a Debian {suite} with Blender in {root}: about 1.5 GB, a few minutes, once.")
    command: list[Argument] = ["debootstrap", "--variant=minbase", "--include=ca-certificates"]
    if _KEYRING.exists():
        command.append(f"--keyring={_KEYRING}")
    try:
        _must([*command, suite, partial, mirror], f"debootstrap could not make a Debian {suite}")
        chroot = Chroot(suite, partial)
        _use_our_apt_settings(chroot)
        _refresh(chroot)
        _must(chroot.command(["apt-get", "-qq", "update"]), f"apt-get update failed in the Debian {suite}")
        install = ("apt-get", "-qq", "-y", "-o", "Dpkg::Use-Pty=0", "install", "--no-install-recommends")
        _must(chroot.command([*install, *PACKAGES]), f"apt-get could not install Blender in the Debian {suite}")
        _must(chroot.command(["apt-get", "clean"]), "apt-get clean failed")
        _must(chroot.command(["blender", "--version"]), f"Blender does not start in the Debian {suite}")
    except BaseException:
        remove(partial)
        raise
    partial.rename(root)


def _must(command: list[Argument] | list[str], complaint: str) -> None:
    """Run quietly; what it said is worth reading only when it fails."""
    status, output = run_and_keep(command, env={"DEBIAN_FRONTEND": "noninteractive"}, show=False)
    if status:
        tail = "\n".join(output.splitlines()[-15:])
        raise SetupError(f"{complaint} (exit {status}):\n{tail}")


def _mirror() -> str:
    """The Debian mirror that this machine's apt uses, or `$SUBTITLE_EDITOR_DEBIAN_MIRROR` (Ubuntu's has no Debian)."""
    if given := os.environ.get("SUBTITLE_EDITOR_DEBIAN_MIRROR"):
        return given
    status, output = run_and_keep(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"],
        show=False,
    )
    codename = system.os_release().get("VERSION_CODENAME", "")
    found = [line.split() for line in output.splitlines() if line.count(" ") == 2]
    mirrors = [uri for uri, release, component in found if release == codename and component == "main"]
    if status or not mirrors or system.os_release().get("ID") != "debian":
        raise NotPossibleError(
            "apt knows no Debian mirror here; name one in SUBTITLE_EDITOR_DEBIAN_MIRROR to have a Debian chroot."
        )
    return mirrors[0]


def _use_our_apt_settings(chroot: Chroot) -> None:
    _, output = run_and_keep(["apt-config", "dump", "--no-empty"], show=False)
    lines = [line for line in output.splitlines() if line.startswith(_APT_SETTINGS)]
    file = chroot.root / "etc/apt/apt.conf.d/90host"
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _refresh(chroot: Chroot) -> None:
    """What changes on the machine and must be the same inside: name servers, names, trusted certificates.

    After every apt-get, because installing ca-certificates writes Debian's own bundle over ours.
    """
    for file in (Path("/etc/resolv.conf"), Path("/etc/hosts"), CERTIFICATES):
        if file.exists():
            target = chroot.root / file.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            # A link would be followed to the outside.
            if target.is_symlink():
                target.unlink()
            shutil.copyfile(file, target)


def remove(root: Path) -> None:
    """Remove a chroot, whole or not. What was mounted in it (debootstrap mounts /proc) is unmounted, never emptied.

    Raises SetupError if something stays mounted.
    """
    for _ in range(2):  # A place may be mounted on twice.
        for place in _mounts_below(root):
            subprocess.call(["umount", "--lazy", place], stderr=subprocess.DEVNULL)
    if left := _mounts_below(root):
        raise SetupError(f"These are still mounted and must be unmounted first: {' '.join(left)}")
    if root.exists():
        subprocess.call(["rm", "-rf", "--one-file-system", str(root)])


def _mounts_below(root: Path) -> list[str]:
    """Mount points below a folder, deepest first."""
    lines = Path("/proc/mounts").read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    places = [line.split()[1].encode().decode("unicode_escape") for line in lines]  # A space is \040.
    return sorted((place for place in places if root in Path(place).parents), key=len, reverse=True)


def _key(suite: str) -> str:
    return hashlib.sha256("\0".join([suite, "1", *PACKAGES]).encode()).hexdigest()[:8]


@contextlib.contextmanager
def locked(file: Path) -> Iterator[None]:
    """Only one process at a time; the system lets go of the lock when its owner dies."""
    import fcntl  # Not on Windows, where nobody gets this far.

    with file.open("w", encoding="utf-8") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)  # type: ignore[attr-defined,unused-ignore]
        yield
