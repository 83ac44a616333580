# SPDX-License-Identifier: GPL-3.0-or-later
"""The one rule: `core` has no bpy. And what is slow to import waits until it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import subtitle_editor
from subtitle_editor import core

CORE = Path(core.__path__[0])
MODULES = sorted(
    path.relative_to(CORE).with_suffix("").as_posix().replace("/", ".")
    for path in CORE.rglob("*.py")
    if path.stem != "__init__"
)
HEAVY = (
    "huggingface_hub", "faster_whisper", "ctranslate2", "av", "onnxruntime", "httpx2", "pysubs2", "urllib3", "budoux",
)  # fmt: skip


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_core_imports_without_bpy():
    assert "download_manager" in MODULES
    lines = "\n".join(f"import subtitle_editor.core.{name}" for name in MODULES if name != "speech.child")
    run(f"import sys\nsys.modules['bpy'] = None\n{lines}")


def test_package_imports_without_bpy():
    run("import sys\nsys.modules['bpy'] = None\nimport subtitle_editor")


def test_no_heavy_import_before_it_is_used():
    # What the panels and operators import when Blender starts.
    names = (
        "catalog.reading",
        "library.status",
        "download_manager",
        "speech.job",
        "subtitles.segmentation",
        "events",
        "cli.main",
    )
    lines = "\n".join(f"import subtitle_editor.core.{name}" for name in names)
    assert run(f"{lines}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])").strip() == "[]"


NOT_NEEDED = {
    ("--version",): ("catalog", "downloads", "download_manager", "library", "speech", "picture", "film", "hub.client"),
    ("--help",): ("catalog", "downloads", "download_manager", "library", "speech", "picture", "film", "hub.client"),
    ("models", "list"): ("downloads", "download_manager", "picture", "film", "hub.client", "subtitles.formats"),
    ("convert", "a.srt", "a.vtt"): ("catalog", "downloads", "library", "speech", "picture", "film", "hub.client"),
}
"""Of the rooms of the house, by what is said to the command line. Each of these is said many times by a script."""


@pytest.mark.parametrize("words", list(NOT_NEEDED), ids=" ".join)
def test_the_command_line_imports_what_its_words_need(words: tuple[str, ...], tmp_path: Path):
    (tmp_path / "a.srt").write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n", encoding="utf-8")
    loaded = run(
        "import os, sys\n"
        "from subtitle_editor.core.cli.main import main\n"
        f"os.chdir({str(tmp_path)!r})\n"
        f"os.environ.update(HF_HOME={str(tmp_path)!r}, SUBTITLE_EDITOR_USER_DIR={str(tmp_path)!r})\n"
        f"assert main({words!r}) == 0\n"
        "print('LOADED', *sys.modules)"
    ).rpartition("LOADED")[2].split()  # fmt: skip
    ours = [name.removeprefix("subtitle_editor.core.") for name in loaded if name.startswith("subtitle_editor.core.")]
    assert [name for name in ours for room in NOT_NEEDED[words] if name == room or name.startswith(f"{room}.")] == []
    assert {"numpy", "importlib.metadata", *HEAVY}.isdisjoint(loaded)
    assert (tmp_path / "a.vtt").exists() is (words[0] == "convert")


def test_installed_package_is_this_repository():
    assert Path(subtitle_editor.__path__[0]) == Path(__file__).parents[2]
