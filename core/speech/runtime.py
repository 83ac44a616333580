# SPDX-License-Identifier: GPL-3.0-or-later
"""What the speech libraries need of Windows before they are imported: the C++ runtime and `python3.dll`.

CTranslate2, onnxruntime and av ask for msvcp140.dll and vcruntime140.dll, which Windows itself does not have; av and
tokenizers ask for python3.dll. Blender's own copies lie beside blender.exe, where the child's python.exe does not look.
The zips for Windows bring the runtime as a wheel (msvc-runtime), and a library that is loaded already, from wherever,
serves all that ask for its name later. Standard library only, for the child.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

RUNTIME = ("vcruntime140", "vcruntime140_1", "msvcp140", "msvcp140_1", "msvcp140_2", "vcomp140", "concrt140")
"""In the order in which they need each other."""


def prepare(
    paths: Iterable[str] | None = None,
    *,
    windows: bool = os.name == "nt",
    load: Callable[[str], Any] | None = None,
    is_loaded: Callable[[str], bool] | None = None,
) -> list[str]:
    """Load what is there of the runtime and python3.dll; the files that were loaded. Never raises: what is missing, the
    library that needs it says itself.

    `paths` are the folders that Python looks into (`sys.path`); the others are for systems that have no such calls.
    """
    if not windows:
        return []
    load, is_loaded = load or _load, is_loaded or _is_loaded
    done = []
    for file in (*_runtime(sys.path if paths is None else paths), *_python()):
        if not is_loaded(file.name):
            try:
                load(str(file))
            except OSError:
                continue
            done.append(str(file))
    return done


def _runtime(paths: Iterable[str]) -> Iterator[Path]:
    """The files of the wheel msvc-runtime, wherever Python's packages are; the newest version of each once."""
    folders = [folder for path in paths if path for folder in sorted(Path(path).glob("msvc_runtime-*.data/data"))]
    for name in RUNTIME:
        places = (place / f"{name}.dll" for folder in reversed(folders) for place in (folder, folder / "Scripts"))
        yield from [file for file in places if file.is_file()][:1]


def _python(executable: str = sys.executable, prefix: str = sys.base_prefix) -> Iterator[Path]:
    """python3.dll: beside python.exe, or up to blender.exe."""
    folders = [Path(executable).parent, Path(prefix), *list(Path(executable).parents)[1:4]]
    yield from [file for folder in folders if (file := folder / "python3.dll").is_file()][:1]


def _load(path: str) -> Any:
    import ctypes

    return ctypes.WinDLL(path)  # type: ignore[attr-defined, unused-ignore]


def _is_loaded(name: str) -> bool:
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined, unused-ignore]
    kernel.GetModuleHandleW.restype = ctypes.c_void_p
    return bool(kernel.GetModuleHandleW(name))
