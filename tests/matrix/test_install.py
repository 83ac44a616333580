# SPDX-License-Identifier: GPL-3.0-or-later
"""The zip as a user gets it, in each Blender: installed into an empty user folder, used, used again, and removed.

Where no zip can be made (no network and no cache of wheels) the checkout is enabled as a module instead, with the
packages of `.venv`; the test then says so.
"""

from __future__ import annotations

import json
import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

from tests.hub.server import LoopbackHub

from .conftest import PINS, SPEECH, Stage, stage_package

pytestmark = pytest.mark.timeout(600)

LEFT_BY_BLENDER = re.compile(
    r"extensions/\.cache/.*"  # Its own lists of extensions.
    r"|extensions/.*/\.blender_ext/.*"
    r"|config/.*"  # The preferences that the user saved, and recent files.
    # The compiled half of a wheel that is one file: Blender removes what the wheel names, and it names the other half.
    r"|extensions/\.local/.*/__pycache__/(typing_extensions|brotli)\.[^/]*\.pyc"
)
KEEPS_WHEELS = {"4.2.0"}
"""Blenders that leave the unpacked wheels of a removed extension where they are: their own fault, mended since."""

THERE = {"operators", "preferences", "scene settings", "panels", "sys.path"}


def task_for(stage: Stage, hub: LoopbackHub, film: Path, session: str) -> dict[str, str]:
    names = {"models": "models", "srt": "out.srt", "blend": "saved.blend"}
    return {
        "session": session,
        "endpoint": hub.endpoint,
        "sound": stage.bring(SPEECH / "hello.flac"),
        "film": stage.bring(film),
        **{key: stage.at(name) for key, name in names.items()},
    }


def assert_words(cues: list[dict[str, Any]]) -> None:
    """The words that were spoken, all and in order, and each subtitle near the time at which it was spoken."""
    spoken = json.loads((SPEECH / "hello.json").read_text(encoding="utf-8"))["utterances"]
    heard = [re.findall(r"[a-z']+", cue["text"].lower()) for cue in cues]
    assert heard == [re.findall(r"[a-z']+", line["text"].lower()) for line in spoken]
    for cue, line in zip(cues, spoken, strict=True):
        assert (cue["start"], cue["end"]) == pytest.approx((line["start"], line["end"]), abs=0.3)


def test_install_use_and_remove(
    stage: Stage, zips: dict[tuple[int, int], Path] | str, hub: LoopbackHub, film: Path
) -> None:
    if isinstance(zips, str):
        run_as_module(stage, hub, film, zips)
        return
    archive = zips.get(PINS[stage.blender.version].python)
    if archive is None:
        pytest.skip("no zip was given for the Python of this Blender")
    task = task_for(stage, hub, film, "install")
    first, output = stage.run("install_in_blender.py", {**task, "zip": stage.bring(archive)})
    print(f"\n{archive.name}, {archive.stat().st_size / 1e6:.1f} MB, in Blender {first['blender']}: {first['seconds']}")
    assert first["blender"].startswith(PINS[stage.blender.version].bpy)
    assert first["had"] == [], "the environment must not have what the zip brings"
    assert first["outside"] == {}, "these were not imported from the extension's own wheels"
    assert first["numpy"] == []
    assert {line.partition(":")[0] for line in first["there"]} >= THERE
    assert first["kind"] == ("MOVIE" if stage.series == (4, 2) else "SOUND")
    assert first["used"] == {"seconds": pytest.approx([2.0, 5.0]), "frames": [49, 121, 73], "said": []}
    assert_words(first["cues"])
    assert first["reopened"] == first["cues"]
    assert (stage.folder / "out.srt").read_text(encoding="utf-8").startswith("1\n00:00:00,")

    second, more = stage.run("install_in_blender.py", {**task, "session": "again"})
    print(f"the next start: {second['seconds']}")
    assert second["reopened"] == first["cues"]
    assert second["endpoint"] == hub.endpoint
    assert len(second["cues"]) == 2 * len(first["cues"])
    assert second["outside"] == {}
    assert [line for line in second["left_when_disabled"] if not line.startswith("sys.path")] == []
    assert [line for line in second["left"] if not is_wheels(stage, line)] == []
    assert not re.search(r"deprecat|Traceback", output + more, re.IGNORECASE)
    assert_only_the_users_own_is_left(stage)


def assert_only_the_users_own_is_left(stage: Stage) -> None:
    """Models, subtitles and .blend files stay. Of the rest nothing does but what is Blender's own."""
    unknown = [file for file in stage.left("user") if not LEFT_BY_BLENDER.fullmatch(file)]
    assert [file for file in unknown if not is_wheels(stage, file)] == []
    # Blender makes a small picture of each .blend, for file managers.
    assert [file for file in stage.left("home") if not file.startswith(".cache/thumbnails/")] == []
    assert stage.left("temp") == []
    assert any(file.endswith("model.bin") for file in stage.left("models"))
    assert {"out.srt", "saved.blend"} <= set(os.listdir(stage.folder))


def is_wheels(stage: Stage, line: str) -> bool:
    """Whether this is what a Blender that keeps them leaves of the wheels, as a file or as a folder on sys.path."""
    return stage.blender.version in KEEPS_WHEELS and "extensions/.local" in line


def run_as_module(stage: Stage, hub: LoopbackHub, film: Path, why: str) -> None:
    if stage.blender.root or PINS[stage.blender.version].python != sys.version_info[:2]:
        pytest.skip(f"no zip ({why}), and the packages of .venv are for another Python")
    task = task_for(stage, hub, film, "module")
    task |= {"packages": sysconfig.get_path("platlib"), "package": stage_package(stage)}
    report, _ = stage.run("install_in_blender.py", task)
    print(f"\nNo zip ({why}): the checkout as a module in Blender {report['blender']}: {report['seconds']}")
    assert_words(report["cues"])
    assert report["reopened"] == report["cues"]
    assert [line for line in report["left"] if not line.startswith("sys.path")] == []
