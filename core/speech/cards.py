# SPDX-License-Identifier: GPL-3.0-or-later
"""Graphics cards: which devices to try, and what is missing when one cannot be used."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from typing import Any

from .wire import ChildError

LIBRARIES = (
    ("cublas64_12.dll", "cublasLt64_12.dll") if sys.platform == "win32" else ("libcublasLt.so.12", "libcublas.so.12")
)
"""What CTranslate2 4 opens when it first computes on a card; everything else is inside its wheel. In the order in
which they need each other."""
ENVIRONMENT = "SUBTITLE_EDITOR_CUDA"
"""A folder with these libraries, asked before the system's."""
_LESS = "int8_float16"
"""The compute type for a card whose memory is too small: a third to two fifths less."""


_ANY = ("default", "auto")
"""Compute types that mean something everywhere."""


class Device:
    """Something to compute on."""

    def __init__(self, name: str, index: int, compute_type: str) -> None:
        self.name = name
        """`cpu` or `cuda`."""
        self.index = index
        self.compute_type = compute_type


def devices(wanted: str, compute_type: str) -> list[Device]:
    """What to try, in order. `wanted` is `auto`, `cpu`, `cuda` or `cuda:1`."""
    name, _, number = wanted.partition(":")
    index = int(number) if number.isdecimal() else 0
    card = [Device("cuda", index, compute_type)]
    if compute_type != _LESS:
        card.append(Device("cuda", index, _LESS))
    if name == "cuda":
        return card
    import ctranslate2

    able = ctranslate2.get_supported_compute_types("cpu")
    if name == "cpu":
        if compute_type not in able and compute_type not in _ANY:
            raise ChildError(
                "usage",
                "the processor of this machine does not compute in {type}, but in {able}",
                type=compute_type,
                able=", ".join(sorted(able)),
            )
        return [Device("cpu", 0, compute_type)]
    processor = Device("cpu", 0, compute_type if compute_type in (*able, *_ANY) else "default")
    return [*card, processor] if ctranslate2.get_cuda_device_count() > 0 else [processor]


def is_short_of_memory(error: BaseException) -> bool:
    """Whether the card had too little memory: CUDA's own words, or cuBLAS's (CUBLAS_STATUS_ALLOC_FAILED), for
    CTranslate2 passes on nothing else."""
    words = str(error).lower()
    return "out of memory" in words or "alloc_failed" in words


def preload(given: str = "") -> None:
    """Load the libraries from where CTranslate2 does not look: the folder that is `given`, and NVIDIA's Python
    packages."""
    for folder in _folders(given):
        for name in LIBRARIES:
            with contextlib.suppress(OSError):
                _open(os.path.join(folder, name))


def missing() -> list[str]:
    """Those of the libraries that cannot be loaded."""
    lacking = []
    for name in LIBRARIES:
        try:
            _open(name)
        except OSError:
            lacking.append(name)
    return lacking


def _open(name: str) -> Any:
    return ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)


def _variable() -> str:
    """The folder that the user names, without the quotes that `set NAME="VALUE"` of Windows leaves in a variable."""
    return os.environ.get(ENVIRONMENT, "").strip().strip("\"'")


def _folders(given: str) -> Iterator[str]:
    yield from (folder for folder in (_variable(), given) if folder)
    inside = ("bin",) if sys.platform == "win32" else ("lib",)
    for path in sys.path:
        folder = os.path.join(path, "nvidia", "cublas", *inside)
        if os.path.isdir(folder):
            yield folder
