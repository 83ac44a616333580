# SPDX-License-Identifier: GPL-3.0-or-later
"""What the libraries inside the wheels need from the computer they run on, read from their own headers.

A wheel for Windows or macOS cannot be tried on Linux, but each of its libraries says which others it asks for, and a
Mac's the oldest system it is for. pefile and macholib read them: for tests, in the environment of .venv.
"""

from __future__ import annotations

import dataclasses
import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

OLDEST_MACOS = (11, 0)
"""What Blender 4.2 asks for (its manual, System Requirements)."""

# Of Windows 10 itself (Microsoft: "Windows API sets", "Windows umbrella libraries", the UCRT since Windows 10).
_WINDOWS = re.compile(
    r"(api-ms-win-|ext-ms-win-).*|(kernel32|kernelbase|ntdll|user32|advapi32|gdi32|shell32|shlwapi|ole32|oleaut32|ws2_32"
    r"|bcrypt|bcryptprimitives|ncrypt|crypt32|secur32|userenv|iphlpapi|psapi|dbghelp|setupapi|cfgmgr32|version|winmm|avicap32"
    r"|rpcrt4|wintrust|imagehlp|d3dcompiler_47|ucrtbase|msvcrt|dxgi|d3d11|d3d12|dxcore|directml|mfplat|mf|mfreadwrite|mfuuid|powrprof|winhttp|wininet"
    r"|wldap32|dwrite|usp10|vfw32|msvfw32|strmiids|normaliz|synchronization|ntmarta|comdlg32|imm32|dwmapi|propsys|evr|dxva2|pdh)\.dll",
    re.IGNORECASE,
)
_PYTHON = re.compile(r"python3(\d\d)?\.dll", re.IGNORECASE)
_MACOS = re.compile(r"/usr/lib/|/System/Library/")


@dataclasses.dataclass(frozen=True, slots=True)
class Library:
    """One library inside a wheel."""

    wheel: str
    name: str
    """Its path inside the wheel."""
    needs: frozenset[str]
    """The libraries it asks for: file names on Windows, install names on macOS."""
    oldest: tuple[int, int] | None = None
    """The oldest macOS it is for; None on Windows, and where it does not say."""


def libraries(wheel: Path) -> Iterator[Library]:
    """The Windows and macOS libraries of one wheel."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if re.search(r"\.(pyd|dll|so|dylib)$", name):
                data = archive.read(name)
                if data[:2] == b"MZ":
                    yield Library(wheel.name, name, _imports(data))
                elif data[:4] in (b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe"):
                    yield _mach(wheel.name, name, data)


def missing(wheels: Iterable[Path]) -> list[str]:
    """What the libraries of some wheels ask for that is neither in these wheels, nor in Blender, nor in the system."""
    found = [library for wheel in wheels for library in libraries(wheel)]
    there = {Path(library.name).name.lower() for library in found}
    return sorted(
        f"{library.wheel}: {library.name} needs {need}"
        for library in found
        for need in library.needs
        if not _is_there(need, there)
    )


def too_new(wheels: Iterable[Path], oldest: tuple[int, int] = OLDEST_MACOS) -> list[str]:
    """The wheels with libraries for a newer macOS than `oldest`, and which macOS that is."""
    found: dict[str, tuple[int, int]] = {}
    for library in (library for wheel in wheels for library in libraries(wheel)):
        if library.oldest is not None and library.oldest > oldest:
            found[library.wheel] = max(library.oldest, found.get(library.wheel, oldest))
    return sorted(f"{wheel} needs macOS {major}.{minor}" for wheel, (major, minor) in found.items())


def _is_there(need: str, there: set[str]) -> bool:
    if _WINDOWS.fullmatch(need) or _PYTHON.fullmatch(need) or _MACOS.match(need):
        return True
    return need.rpartition("/")[2].lower() in there


def _imports(data: bytes) -> frozenset[str]:
    import pefile

    found = pefile.PE(data=data, fast_load=True)
    wanted = ("IMAGE_DIRECTORY_ENTRY_IMPORT", "IMAGE_DIRECTORY_ENTRY_DELAY_IMPORT")
    found.parse_data_directories([pefile.DIRECTORY_ENTRY[name] for name in wanted])
    # What is loaded only when it is first called is asked for with a fallback: those are not needed to start.
    return frozenset(entry.dll.decode() for entry in getattr(found, "DIRECTORY_ENTRY_IMPORT", ()))


def _mach(wheel: str, name: str, data: bytes) -> Library:
    from macholib import mach_o
    from macholib.MachO import MachO

    class File(MachO):  # type: ignore[misc]
        """One in memory: macholib itself reads files by name only."""

        def __init__(self) -> None:
            self.graphident, self.filename, self.loader_path = name, name, ""
            self.fat, self.allow_unknown_load_commands = None, True
            self.headers: list[Any] = []
            self.load(io.BytesIO(data))

    needs: set[str] = set()
    oldest: tuple[int, int] | None = None
    for header in File().headers:
        needs |= {path for _, _, path in header.walkRelocatables()}
        for load, command, _ in header.commands:
            if load.cmd in (mach_o.LC_BUILD_VERSION, mach_o.LC_VERSION_MIN_MACOSX):
                packed = int(getattr(command, "minos", None) or getattr(command, "version", None) or 0)
                oldest = max(oldest or (0, 0), (packed >> 16, packed >> 8 & 0xFF))
    return Library(wheel, name, frozenset(needs), oldest)
