# SPDX-License-Identifier: GPL-3.0-or-later
"""The same strips in every Blender: sequencer_in_blender.py runs in each, and the results are compared."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest

from .conftest import VERSIONS, Stage, blender_of, stage_package

pytestmark = pytest.mark.timeout(600)

RATES = ((24, 1.0), (24, 1.001), (25, 1.0), (30, 1.001), (60, 1.001))
LONG = {
    "latin": "x" * 600,
    "two bytes": "é" * 400,
    "four bytes": "🎬" * 150,
    "just fits": "y" * 511,
    "one over": "z" * 512,
}

APART = {"blender", "warnings", "limits"}
"""What may differ, or is looked at in each version by itself."""


SAVED: dict[str, bytes] = {}
"""A file that each Blender has saved, whose subtitles are all over the picture."""


@functools.cache
def result(version: str, film: Path) -> tuple[dict[str, Any], str]:
    """What the script found in one Blender, and all that was printed."""
    blender = blender_of(version)
    with blender.workspace() as folder:
        stage = Stage(blender, folder)
        task = {"package": stage_package(stage), "film": stage.bring(film), "blend": stage.at("saved.blend")}
        task["placed"] = stage.at("placed.blend")
        found = stage.run("sequencer_in_blender.py", {**task, "rates": RATES, "long": LONG})
        SAVED[version] = (folder / "placed.blend").read_bytes()
        return found


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_strips_in_every_version(version: str, film: Path) -> None:
    found, _ = result(version, film)
    expected, reference = None, ""
    for reference in VERSIONS:
        try:
            expected, _ = result(reference, film)
            break
        except pytest.skip.Exception:
            continue
    assert expected is not None
    assert found.keys() == expected.keys()
    for part in found.keys() - APART:
        assert found[part] == expected[part], f"{part}: {found['blender']} is not as {expected['blender']}"


@pytest.mark.parametrize("version", VERSIONS)
def test_the_result_is_right(version: str, film: Path) -> None:
    """Equal is not enough: all could be wrong alike."""
    found, _ = result(version, film)
    assert len(found["round trips"]) == 8 * len(RATES)
    assert all(trip["made"] == len(trip["strips"]) == len(trip["cues"]) == 60 for trip in found["round trips"])
    for trip in found["round trips"]:
        assert_apart(trip["strips"])
    *moved, strips = found["moves"]
    assert [line[:2] for line in moved] == [line[2:4] for line in moved]
    assert [line[3] for line in strips].count("stays") == 1
    after, again, _ = found["deletes"]
    assert (len(after), len(again)) == (20, 30)
    assert all(mark == "{}" for *_, mark in again)
    assert found["saved"][0] is True
    assert [text for *_, text in found["early"][0]["cues"]] == ["half before", "after"]
    assert found["early"][0]["cues"][0][:2] == [0.0, 1.0]
    assert found["channels"]["full"]
    assert found["metas"][1]["cues"] == [[0.0, 1.0, "in outer"], [11 / 24, 1.0, "in inner"]]
    _, *edges, trimmed = found["film"]
    assert [line[:2] for line in edges] == [line[2:4] for line in edges]
    assert trimmed == [12, 195 - 12]
    assert found["look"] == ["BOTTOM", 108, [0.5, 0.06], 0.9, True]
    assert found["clicked"] == [True] * 3


def test_a_file_of_blender_5_has_its_subtitles_in_place_in_blender_4_5(film: Path, tmp_path: Path) -> None:
    """4.5 is the only one before 5.0 that opens it. There places are not in pixels."""
    placed, _ = result("5.0", film)
    older = blender_of("4.5")
    (tmp_path / "newer.blend").write_bytes(SAVED["5.0"])
    with older.workspace() as folder:
        stage = Stage(older, folder)
        task = {"package": stage_package(stage), "opened": stage.bring(tmp_path / "newer.blend")}
        found, _ = stage.run("sequencer_in_blender.py", task)
    assert len(placed["placed"]) == 6
    for size in found["opened"]:
        for was, now in zip(placed["placed"], size, strict=True):
            assert (now[0], now[5]) == (was[0], was[5])
            assert now[1:5] == pytest.approx(was[1:5], abs=0.003)


def assert_apart(strips: list[list[Any]]) -> None:
    """No two strips on one channel share a frame, and each has one at least."""
    until: dict[int, int] = {}
    for channel, start, end, *_ in sorted(strips, key=lambda line: line[1]):
        assert start >= until.get(channel, start)
        assert end > start
        until[channel] = end


@pytest.mark.parametrize("version", VERSIONS)
def test_long_texts(version: str, film: Path) -> None:
    limits = result(version, film)[0]["limits"]
    assert limits["limit"] == (511 if version in ("4.2.0", "4.2", "4.5") else None)
    # What the strip does not hold, its property does.
    assert limits["texts"] == LONG
    too_long = sum(len(text.encode()) > 511 for text in LONG.values())
    assert limits["cut"] == (0 if limits["limit"] is None else too_long)
    assert too_long == 4


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_is_said_to_be_deprecated(version: str, film: Path) -> None:
    found, output = result(version, film)
    assert found["warnings"] == []
    # What Blender itself prints does not pass through Python's warnings.
    assert "deprecat" not in output.lower()
