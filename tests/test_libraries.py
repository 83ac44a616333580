# SPDX-License-Identifier: GPL-3.0-or-later
"""Every library in the zips for Windows and macOS: what it asks for is in the zip, in Blender or in the system.

Neither system can be had here; the libraries' own headers can. The wheels are those of the lock files.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
PLATFORMS = ("windows-x64", "macos-arm64", "macos-x64")


@pytest.fixture(scope="module")
def libraries() -> ModuleType:
    return importlib.import_module("devtools.libraries")


def wheels_of(series: str, platform: str) -> list[Path]:
    wheels = importlib.import_module("devtools.wheels")
    return list(wheels.fetch(wheels.Target(wheels.SERIES[series], platform), Path(sys.executable)))


@pytest.mark.parametrize("platform", PLATFORMS)
@pytest.mark.parametrize("series", ["4.2", "5.1"])
@pytest.mark.timeout(600)
def test_nothing_is_missing(libraries: ModuleType, series: str, platform: str) -> None:
    found = wheels_of(series, platform)
    assert sum(1 for wheel in found for _ in libraries.libraries(wheel)) > 20
    assert libraries.missing(found) == []


@pytest.mark.timeout(600)
def test_without_the_runtime_the_scan_says_what_windows_would(libraries: ModuleType) -> None:
    found = [wheel for wheel in wheels_of("4.2", "windows-x64") if not wheel.name.startswith("msvc_runtime")]
    text = "\n".join(libraries.missing(found)).lower()
    for wheel, library in (("ctranslate2", "msvcp140"), ("onnxruntime", "msvcp140_1"), ("av", "vcruntime140")):
        assert any(line.startswith(wheel) and f"needs {library}.dll" in line for line in text.splitlines()), library


@pytest.mark.parametrize("platform", ["macos-arm64", "macos-x64"])
@pytest.mark.timeout(600)
def test_the_oldest_mac_is_the_one_that_the_documents_name(libraries: ModuleType, platform: str) -> None:
    page = (ROOT / "docs" / "platforms.md").read_text(encoding="utf-8")
    newest = max(line.rpartition("macOS ")[2] for line in libraries.too_new(wheels_of("4.2", platform)))
    assert f"| {platform} | {newest} |" in page
