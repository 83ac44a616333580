# SPDX-License-Identifier: GPL-3.0-or-later
"""The C++ runtime of Windows in the child, forced here: which files are loaded, in which order, and from where."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import pytest

from subtitle_editor.core.errors.packages import LibraryMissingError
from subtitle_editor.core.events import Failed
from subtitle_editor.core.speech import runtime
from subtitle_editor.core.speech.job import Transcription
from subtitle_editor.core.speech.request import TranscriptionRequest

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """Site-packages with the wheel as Blender unpacks it: some of its files in `data`, all in `data/Scripts`."""
    data = tmp_path / "msvc_runtime-14.44.35112.data" / "data"
    (data / "Scripts").mkdir(parents=True)
    for name in ("msvcp140", "msvcp140_1", "concrt140"):
        (data / f"{name}.dll").touch()
    for name in runtime.RUNTIME:
        (data / "Scripts" / f"{name}.dll").touch()
    return tmp_path


def names(loaded: list[str]) -> list[str]:
    return [Path(path).stem for path in loaded]


def test_each_file_is_loaded_once_before_what_needs_it(packages: Path) -> None:
    asked: list[str] = []
    done = runtime.prepare(["", str(packages)], windows=True, load=asked.append, is_loaded=lambda _: False)
    assert names(done)[: len(runtime.RUNTIME)] == list(runtime.RUNTIME) and done == asked
    assert names(done).index("vcruntime140") < names(done).index("msvcp140")


def is_vcruntime(name: str) -> bool:
    return name.startswith("vcruntime")


def test_what_the_process_has_already_is_left_alone(packages: Path) -> None:
    done = runtime.prepare(
        [str(packages)], windows=True, load=lambda _: None, is_loaded=lambda name: "vcruntime" in name
    )
    assert "vcruntime140" not in names(done) and "msvcp140" in names(done)


def test_one_file_that_does_not_load_stops_no_other(packages: Path) -> None:
    def load(path: str) -> None:
        if "msvcp140_1" in path:
            raise OSError(126, "The specified module could not be found")

    done = runtime.prepare([str(packages)], windows=True, load=load, is_loaded=lambda _: False)
    assert "msvcp140_1" not in names(done) and "concrt140" in names(done)


def test_python3_is_found_beside_python_or_blender(tmp_path: Path) -> None:
    inside = tmp_path / "Blender" / "5.0" / "python" / "bin"
    inside.mkdir(parents=True)
    (tmp_path / "Blender" / "python3.dll").touch()
    (found,) = runtime._python(str(inside / "python.exe"), str(tmp_path / "nowhere"))
    assert found == tmp_path / "Blender" / "python3.dll"
    (inside / "python3.dll").touch()
    (found,) = runtime._python(str(inside / "python.exe"), str(tmp_path / "nowhere"))
    assert found == inside / "python3.dll"


def test_elsewhere_nothing_is_loaded(packages: Path) -> None:
    assert runtime.prepare([str(packages)], windows=False, load=lambda _: pytest.fail("loaded")) == []


@pytest.mark.parametrize(("system", "says"), [("win32", "vc_redist.x64.exe"), ("darwin", "macOS 14"), ("", "again")])
def test_a_library_that_does_not_load_is_told_with_what_to_do(system: str, says: str) -> None:
    assert says in str(LibraryMissingError("DLL load failed while importing _ext", system))


def test_the_child_tells_a_library_that_is_not_there_from_one_that_does_not_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real child whose ctranslate2 is a shared library that is none."""
    broken = tmp_path / "packages" / f"ctranslate2{sysconfig.get_config_var('EXT_SUFFIX')}"
    broken.parent.mkdir()
    broken.write_bytes(b"no library")
    # The child looks where we look, in our order.
    monkeypatch.syspath_prepend(str(broken.parent))
    media = next((DATA / "speech").glob("*.flac"))
    job = Transcription(TranscriptionRequest(media=media, model_path=DATA / "tiny_whisper" / "model", device="cpu"))
    job.start()
    assert job.wait(60)
    end = job.drain()[-1]
    assert isinstance(end, Failed) and isinstance(end.error, LibraryMissingError)
    assert end.error.system == sys.platform
