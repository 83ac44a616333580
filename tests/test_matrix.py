# SPDX-License-Identifier: GPL-3.0-or-later
"""devtools/matrix.py: the environments of other Blenders, as far as they can be asked without making one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from devtools import matrix, wheels
from devtools.chroot import NotPossibleError

NOWHERE = matrix.Pin("0.0", sys.version_info[:2], ("bpy==0.0",), False)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and a pip that finds nothing: as on a machine without a network."""
    monkeypatch.setenv("SUBTITLE_EDITOR_CACHE", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setattr(matrix.system, "missing_for_blender", list)
    return tmp_path / "blenders"


def test_everything_is_pinned() -> None:
    pins = matrix.pins()
    assert {pin.version for pin in pins.values() if pin.ci} >= {"4.2", "4.5", "5.0", "5.2"}
    for pin in pins.values():
        assert pin.bpy.startswith(pin.version)
        assert all(len(word.split("==")) == 2 for word in pin.packages)
        assert {"numpy", "requests", "urllib3"} <= {word.split("==")[0] for word in pin.packages}
    assert {pin.python for pin in pins.values()} == {series.python for series in wheels.SERIES.values()}


def test_each_blender_has_a_zip_for_its_python() -> None:
    for pin in matrix.pins().values():
        version = tuple(int(part) for part in pin.bpy.split(".")[:2])
        [series] = [series for series in wheels.SERIES.values() if series.python == pin.python]
        first, before = (tuple(map(int, name.split("."))) for name in (series.name, series.before or "99.0"))
        assert first <= version < before, pin.version


def test_a_python_is_found_or_not() -> None:
    found = matrix.interpreter(sys.version_info[:2])
    assert found is not None and found.exists()
    assert matrix.interpreter((3, 99)) is None


def test_without_a_network_one_line_says_why(cache: Path) -> None:
    with pytest.raises(NotPossibleError) as caught:
        matrix.ensure(NOWHERE)
    assert str(caught.value).startswith("pip could not install bpy 0.0: ")
    assert len(str(caught.value).splitlines()) == 1
    assert [path for path in cache.iterdir() if path.is_dir()] == []


def test_without_the_python_one_line_says_why(cache: Path) -> None:
    with pytest.raises(NotPossibleError, match=r"^it needs Python 3\.99, which is not on this machine\.$"):
        matrix.ensure(matrix.Pin("0.0", (3, 99), ("bpy==0.0",), False))


def test_an_environment_that_does_not_start_is_made_anew(cache: Path) -> None:
    base = matrix.interpreter(NOWHERE.python)
    assert base is not None
    home = matrix.home_of(NOWHERE, base, cache)
    (home / "bin").mkdir(parents=True)
    with pytest.raises(NotPossibleError, match="pip could not install"):
        matrix.ensure(NOWHERE)
    assert not home.exists(), "a broken environment must not be taken for whole"


def test_what_was_found_is_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "blenders.json"
    monkeypatch.setattr(matrix, "FOUND", file)
    assert matrix.read_found() == {}
    file.write_text("{", encoding="utf-8")
    assert matrix.read_found() == {}
    monkeypatch.setattr(matrix, "ensure", _ensure)
    assert matrix.main(["--blender", "4.2", "--blender", "5.2"]) == 0
    assert matrix.read_found() == {"4.2": matrix.Blender("4.2", Path("/python"), Path("/chroot")), "5.2": "no Python."}


def _ensure(pin: matrix.Pin, in_chroot: bool) -> matrix.Blender:
    if pin.version == "5.2":
        raise NotPossibleError("no Python.")
    return matrix.Blender(pin.version, Path("/python"), Path("/chroot"))


def test_how_a_blender_in_a_chroot_calls_its_files() -> None:
    inside = matrix.Blender("5.2", Path("/c/opt/b/bin/python"), Path("/c"))
    assert inside.path(Path("/c/tmp/x/film.mp4")) == "/tmp/x/film.mp4"
    assert matrix.Blender("5.2", Path("/b/bin/python")).path(Path("/tmp/x")) == "/tmp/x"
