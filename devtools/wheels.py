# SPDX-License-Identifier: GPL-3.0-or-later
"""The wheels inside the zips: which ones (lock files), and getting them (pip, then a cache outside the checkout)."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
import shutil
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import chroot
from .console import Argument, SetupError, run_and_keep, say
from .environment import ROOT

REQUIREMENTS = ROOT / "requirements"
CACHE_VARIABLE = "SUBTITLE_EDITOR_WHEELS"

PLATFORMS = ("linux-x64", "windows-x64", "macos-arm64", "macos-x64")


@dataclasses.dataclass(frozen=True)
class Series:
    """Blenders with the same Python, which one zip per platform serves."""

    name: str
    """Also the first version it is for."""
    before: str | None
    """The first version it is no longer for; None: not known yet."""
    python: tuple[int, int]


SERIES = {series.name: series for series in (Series("4.2", "5.1", (3, 11)), Series("5.1", None, (3, 13)))}


@dataclasses.dataclass(frozen=True)
class Target:
    """One zip."""

    series: Series
    platform: str

    @property
    def name(self) -> str:
        """As in the zip's own name.

        >>> Target(SERIES["5.1"], "linux-x64").name
        'blender5.1-linux-x64'
        """
        return f"blender{self.series.name}-{self.platform}"

    @property
    def lock_file(self) -> Path:
        """Where the wheels of this zip are written down."""
        major, minor = self.series.python
        return REQUIREMENTS / f"wheels-cp{major}{minor}-{self.platform}.txt"


@dataclasses.dataclass(frozen=True)
class Pin:
    """One wheel, by version and content."""

    name: str
    """Normalised, as in `huggingface-hub`."""
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


def normalised(name: str) -> str:
    """The one spelling of a package's name.

    >>> normalised("Typing_Extensions")
    'typing-extensions'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def versions(platform: str) -> dict[str, str]:
    """What wheels.toml wants on this platform: {name: version}, sorted by name."""
    table = tomllib.loads((REQUIREMENTS / "wheels.toml").read_text(encoding="utf-8"))
    return dict(sorted({**table["all"], **table.get(platform, {})}.items()))


def read_lock(file: Path) -> list[Pin]:
    """The wheels of a lock file. Raises SetupError for a line that is not one wheel with its hash."""
    pins = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"([a-z0-9-]+)==(\S+) --hash=sha256:([0-9a-f]{64})", line)
        if match is None:
            raise SetupError(f"{file.name}, line {number}: this is not NAME==VERSION --hash=sha256:HASH: {line}")
        pins.append(Pin(*match.groups()))
    return pins


def write_lock(target: Target, python: Path) -> list[Pin]:
    """Ask the package index for the wheels of wheels.toml and write them down with their hashes."""
    wanted = [f"{name}=={version}" for name, version in versions(target.platform).items()]
    with tempfile.TemporaryDirectory() as folder:
        _download(wanted, target, Path(folder), python)
        pins = [_pin(wheel) for wheel in Path(folder).iterdir()]
    pins.sort(key=lambda pin: pin.name)
    if [f"{pin.name}=={pin.version}" for pin in pins] != wanted:
        raise SetupError(f"pip brought other packages than asked for: {', '.join(map(str, pins))}")
    head = "# Made by `python3 dev.py build --lock` from wheels.toml: one wheel a line. Do not edit.\n"
    text = head + "".join(f"{pin}\n" for pin in pins)
    target.lock_file.write_text(text, encoding="utf-8", newline="\n")
    return pins


def fetch(target: Target, python: Path) -> list[Path]:
    """The wheels of the target's lock file, in its order, from the cache or downloaded with `python -m pip`.

    Every one has the content that the lock file names. Raises SetupError if one cannot be had.
    """
    pins = read_lock(target.lock_file)
    missing = [pin for pin in pins if _cached(pin) is None]
    if missing:
        say(f"Downloading {len(missing)} wheels for {target.name}.")
        with tempfile.TemporaryDirectory() as folder:
            _download([str(pin) for pin in missing], target, Path(folder), python, "--require-hashes")
            for wheel in Path(folder).iterdir():
                _keep(wheel)
    found = [_cached(pin) for pin in pins]
    lost = [str(pin) for pin, wheel in zip(pins, found, strict=True) if wheel is None]
    if lost:
        raise SetupError(f"Not among what pip downloaded: {', '.join(lost)}")
    return [wheel for wheel in found if wheel is not None]


def cache_folder() -> Path:
    """Where wheels are kept between builds: never in the checkout, which is thrown away more often than they change."""
    given = os.environ.get(CACHE_VARIABLE)
    return Path(given) if given else chroot.cache_dir() / "wheels"


def wheel_tags(platform: str) -> list[str]:
    """The platform tags that Blender's platform accepts, the least demanding first: pip takes the first that exists."""
    match platform:
        case "linux-x64":
            # Blender itself needs glibc 2.28.
            older = ["manylinux1", "manylinux2010", "manylinux2014"]
            return [f"{tag}_x86_64" for tag in older + [f"manylinux_2_{minor}" for minor in range(5, 29)]]
        case "windows-x64":
            return ["win_amd64"]
        case "macos-arm64":
            systems, machine = [f"{major}_0" for major in range(11, 15)], "arm64"
        case "macos-x64":
            systems = [f"10_{minor}" for minor in range(9, 17)] + [f"{major}_0" for major in range(11, 14)]
            machine = "x86_64"
        case _:
            raise ValueError(platform)
    tags = [f"macosx_{system}_{kind}" for system in systems for kind in (machine, "universal2")]
    # Wheels for both kinds of Mac name the oldest system of the two, on which no arm64 ever ran.
    return tags if machine == "x86_64" else [*(f"macosx_10_{minor}_universal2" for minor in range(9, 17)), *tags]


def sha256(file: Path) -> str:
    """The hash of a file, in hexadecimal."""
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _download(lines: Iterable[str], target: Target, folder: Path, python: Path, *options: str) -> None:
    listed = folder / "requirements.txt"
    listed.write_text("\n".join(lines), encoding="utf-8")
    major, minor = target.series.python
    command: list[Argument] = [python, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    command += ["--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", f"{major}.{minor}"]
    command += _repeated("--platform", wheel_tags(target.platform))
    status, _ = run_and_keep([*command, *options, "--dest", folder, "--requirement", listed])
    listed.unlink()
    if status:
        raise SetupError(f"pip could not download the wheels for {target.name} (its messages are above).")


def _repeated(option: str, values: Sequence[str]) -> list[str]:
    return [word for value in values for word in (option, value)]


def _pin(wheel: Path) -> Pin:
    name, version, *_ = wheel.name.split("-")
    return Pin(normalised(name), version, sha256(wheel))


def _cached(pin: Pin) -> Path | None:
    for wheel in (cache_folder() / pin.sha256).glob("*.whl"):
        if sha256(wheel) == pin.sha256:
            return wheel
        wheel.unlink()  # a write that was cut short, or a bad disk
    return None


def _keep(wheel: Path) -> None:
    folder = cache_folder() / sha256(wheel)
    folder.mkdir(parents=True, exist_ok=True)
    # Two steps, so that a wheel with its right name is whole.
    part = folder / f"{wheel.name}.{os.getpid()}"
    shutil.copyfile(wheel, part)
    os.replace(part, folder / wheel.name)
