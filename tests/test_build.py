# SPDX-License-Identifier: GPL-3.0-or-later
"""What `dev.py build` does before and after it downloads: locks, manifests, licences and packing."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import stat
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOT_BUNDLED = {"numpy", "hf-xet"}


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(ROOT))
    return importlib.import_module("devtools.build")


@pytest.fixture
def wheels(build: ModuleType) -> ModuleType:
    return importlib.import_module("devtools.wheels")


@pytest.fixture
def targets(wheels: ModuleType) -> list[Any]:
    return [wheels.Target(series, platform) for series in wheels.SERIES.values() for platform in wheels.PLATFORMS]


def write_wheel(folder: Path, name: str, metadata: str, *texts: str) -> Path:
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Name: {name}\nVersion: 1.0\n{metadata}")
        for text in texts:
            archive.writestr(f"{name}-1.0.dist-info/{text}", "do what you like")
    return wheel


def test_each_lock_holds_what_wheels_toml_asks_for(wheels: ModuleType, targets: list[Any]) -> None:
    assert len(targets) == 8
    for target in targets:
        pins = wheels.read_lock(target.lock_file)
        assert {pin.name: pin.version for pin in pins} == wheels.versions(target.platform), target.lock_file.name
        assert [pin.name for pin in pins] == sorted({pin.name for pin in pins})
    assert {target.lock_file for target in targets} == set((ROOT / "requirements").glob("wheels-*.txt"))


def test_the_zips_have_the_versions_that_are_tested(wheels: ModuleType) -> None:
    tested = (ROOT / "requirements" / "constraints-3.11.txt").read_text(encoding="utf-8").split()
    versions = dict(line.split("==") for line in tested)
    versions = {wheels.normalised(name): version for name, version in versions.items()}
    for name, version in wheels.versions("linux-x64").items():
        assert versions[name] == version, name


def test_nothing_is_missing_and_nothing_too_much(wheels: ModuleType) -> None:
    """The packages in the zips are what pyproject.toml asks for and what these ask for, without the two left out."""
    requirements = pytest.importorskip("packaging.requirements")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    systems = {"linux-x64": ("Linux", "linux"), "windows-x64": ("Windows", "win32"), "macos-x64": ("Darwin", "darwin")}
    for platform, (system, short) in systems.items():
        marks = {"platform_system": system, "sys_platform": short, "extra": ""}
        wanted: set[str] = set()
        queue = list(project["dependencies"])
        while queue:
            requirement = requirements.Requirement(queue.pop())
            name = wheels.normalised(requirement.name)
            if name in wanted | NOT_BUNDLED or (requirement.marker and not requirement.marker.evaluate(marks)):
                continue
            wanted.add(name)
            if name != "colorama":  # Not installed on other systems than Windows; asks for nothing.
                queue += importlib.metadata.requires(name) or []
        # The C++ runtime is no Python package that anybody asks for: the libraries do.
        assert set(wheels.versions(platform)) - {"msvc-runtime"} == wanted, platform
        assert ("msvc-runtime" in wheels.versions(platform)) == (short == "win32")


@pytest.mark.parametrize("line", ["av==1", "av==1 --hash=sha256:00", "av>=1 --hash=sha256:" + "0" * 64, "-r other.txt"])
def test_a_line_without_version_or_hash_is_refused(wheels: ModuleType, tmp_path: Path, line: str) -> None:
    file = tmp_path / "wheels-x.txt"
    file.write_text(f"# comment\n\n{line}\n", encoding="utf-8")
    with pytest.raises(importlib.import_module("devtools.console").SetupError, match=r"wheels-x\.txt, line 3"):
        wheels.read_lock(file)


def test_a_spoilt_wheel_in_the_cache_is_not_used(
    wheels: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(wheels.CACHE_VARIABLE, str(tmp_path / "cache"))
    source = write_wheel(tmp_path, "one", "")
    pin = wheels.Pin("one", "1.0", wheels.sha256(source))
    assert wheels._cached(pin) is None
    wheels._keep(source)
    kept = wheels._cached(pin)
    assert kept.name == source.name and kept.read_bytes() == source.read_bytes()
    kept.write_bytes(b"half")
    assert wheels._cached(pin) is None
    assert not kept.exists()


def test_the_cache_is_outside_the_checkout(wheels: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(wheels.CACHE_VARIABLE, raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert not wheels.cache_folder().is_relative_to(ROOT)


def test_wheels_for_old_systems_come_first(wheels: ModuleType) -> None:
    tags = {platform: wheels.wheel_tags(platform) for platform in wheels.PLATFORMS}
    assert tags["windows-x64"] == ["win_amd64"]
    mac = tags["macos-arm64"]
    assert mac.index("macosx_10_9_universal2") < mac.index("macosx_11_0_arm64") < mac.index("macosx_14_0_arm64")
    assert not any(tag.endswith("x86_64") for tag in mac)
    assert "manylinux_2_28_x86_64" in tags["linux-x64"] and "manylinux_2_29_x86_64" not in tags["linux-x64"]
    assert all("arm64" not in tag for tag in tags["macos-x64"])
    with pytest.raises(ValueError):
        wheels.wheel_tags("amiga")


def test_the_manifest_of_a_zip(build: ModuleType, targets: list[Any]) -> None:
    source = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    original = tomllib.loads(source)
    for target in targets:
        made = tomllib.loads(build.manifest(source, target, ["b-1-py3-none-any.whl", "a-1-py3-none-any.whl"]))
        assert made.pop("wheels") == ["./wheels/a-1-py3-none-any.whl", "./wheels/b-1-py3-none-any.whl"]
        assert made.pop("platforms") == [target.platform]
        limits = made.pop("blender_version_min"), made.pop("blender_version_max", None)
        assert limits == {"4.2": ("4.2.0", "5.1.0"), "5.1": ("5.1.0", None)}[target.series.name]
        assert made == {k: v for k, v in original.items() if k not in ("build", "blender_version_min")}


def test_the_series_have_no_gap(wheels: ModuleType) -> None:
    series = list(wheels.SERIES.values())
    assert [one.before for one in series] == [two.name for two in series[1:]] + [None]


def test_everything_that_runs_in_blender_is_in_the_zip(build: ModuleType) -> None:
    names = set(build.sources())
    assert {"__init__.py", "core/catalog/catalog.toml", "core/speech/child.py", "LICENSE", "README.md"} <= names
    for folder in ("core", "operators", "panels", "sequencer", "session", "translations"):
        assert {path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*.py")} <= names
    paths = [part.replace(".", "/") for part in importlib.import_module("subtitle_editor").PARTS]
    assert [path for path in paths if names.isdisjoint({f"{path}.py", f"{path}/__init__.py"})] == []
    assert "dev.py" not in names
    assert not [name for name in names if re.match(r"(tests|bench|docs|devtools|demo|dist|server|\.)", name)]


def test_the_same_input_gives_the_same_bytes(build: ModuleType, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for number, folder in enumerate((first, second)):
        folder.mkdir()
        files = {"b.py": b"print()\n" * 100, "a-1-py3-none-any.whl": bytes(range(256))}
        for name in sorted(files, reverse=bool(number)):
            (folder / name).write_bytes(files[name])
        os.chmod(folder / "b.py", 0o600 if number else 0o755)
        os.utime(folder / "b.py", (1e9 + number * 1e6, 1e9))
        contents = {name: folder / name for name in sorted(files, reverse=bool(number))}
        build.pack({**contents, "blender_manifest.toml": b'id = "x"\n'}, tmp_path / f"{number}.zip")
    assert (tmp_path / "0.zip").read_bytes() == (tmp_path / "1.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "0.zip") as archive:
        assert archive.namelist() == ["a-1-py3-none-any.whl", "b.py", "blender_manifest.toml"]
        assert archive.testzip() is None
        assert archive.read("b.py") == b"print()\n" * 100
        assert archive.getinfo("a-1-py3-none-any.whl").compress_type == zipfile.ZIP_STORED
        assert all(entry.external_attr >> 16 == stat.S_IFREG | 0o644 for entry in archive.infolist())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.zip", "1.zip", "first", "second"]


def test_a_build_that_fails_leaves_nothing(build: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        build.pack({"a": b"", "b": tmp_path / "missing"}, tmp_path / "out.zip")
    assert list(tmp_path.iterdir()) == []


def test_licences_are_listed_as_the_wheels_state_them(build: ModuleType, tmp_path: Path) -> None:
    bundled = [
        write_wheel(tmp_path, "zeta", "License-Expression: MIT\nHome-page: https://z.example/\n", "licenses/LICENSE"),
        write_wheel(tmp_path, "alpha", "Classifier: License :: OSI Approved :: BSD License\n", "COPYING.txt"),
        write_wheel(tmp_path, "mid", "License: Apache 2.0\nProject-URL: Source, https://m.example/\n"),
        write_wheel(tmp_path, "none", "License: UNKNOWN\n"),
    ]
    text = build.licences(bundled)
    assert [text.index(f"\n{name} 1.0\n") for name in ("alpha", "mid", "none", "zeta")] == sorted(
        text.index(f"\n{name} 1.0\n") for name in ("zeta", "alpha", "mid", "none")
    )
    assert "zeta 1.0\n    licence: MIT\n    from: https://z.example/\n" in text
    assert "    text: zeta-1.0.dist-info/licenses/LICENSE\n" in text
    assert "alpha 1.0\n    licence: BSD License\n" in text and "alpha-1.0.dist-info/COPYING.txt" in text
    assert "mid 1.0\n    licence: Apache 2.0\n    from: https://m.example/" in text
    assert "none 1.0\n    licence: see the texts\n" in text


def test_the_zip_for_a_machine(build: ModuleType, tmp_path: Path) -> None:
    assert build.zip_for_this_machine(tmp_path, "linux-x64", (3, 11)) is None
    for name in ("subtitle_editor-0.1.0-blender4.2-linux-x64.zip", "subtitle_editor-0.1.0-blender5.1-linux-x64.zip"):
        (tmp_path / name).write_bytes(b"")
    assert "blender4.2" in build.zip_for_this_machine(tmp_path, "linux-x64", (3, 11)).name
    assert "blender5.1" in build.zip_for_this_machine(tmp_path, "linux-x64", (3, 13)).name
    assert build.zip_for_this_machine(tmp_path, "linux-x64", (3, 12)) is None
