# SPDX-License-Identifier: GPL-3.0-or-later
"""Our keys: none is one of Blender's own where the Sequencer gets keys, and the manual names each."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest

from subtitle_editor.panels import cue_menus

pytestmark = pytest.mark.usefixtures("addon")

HEARD = ("Window", "Screen", "Screen Editing", "Frames", "View2D", "Region Context Menu", "Markers", "Animation",
         "Sequencer", "SequencerCommon", "SequencerTimeline", "SequencerPreview", "Video Sequence Editor")  # fmt: skip
"""Keymaps whose keys are heard with the mouse over the Sequencer."""
HELD = ("ctrl", "alt", "shift", "oskey")


def blenders_own(select: str) -> Iterator[tuple[str, frozenset[str], str]]:
    """Key, keys held with it, and operator of each entry of Blender's default keymap."""
    (found,) = bpy.utils.preset_paths("keyconfig")[:1]
    path = Path(found) / "keymap_data" / "blender_default.py"
    spec = importlib.util.spec_from_file_location("blender_default_keys", path)
    assert spec is not None and spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, _, content in module.generate_keymaps(module.Params(select_mouse=select)):
        if name in HEARD:
            for operator, event, *_rest in content["items"]:
                held = frozenset(HELD) if event.get("any") else frozenset(key for key in HELD if event.get(key))
                yield event["type"], held, f"{name}: {operator}"


@pytest.mark.parametrize("select", ["LEFT", "RIGHT"])
def test_no_key_is_one_of_blenders(select: str) -> None:
    own = {(key, held): what for key, held, what in blenders_own(select)}
    assert len(own) > 100
    taken = {
        f"{key} {sorted(held)}": own[key, frozenset(held)]
        for _, key, held, _ in cue_menus.KEYS
        if (key, frozenset(held)) in own
    }
    assert taken == {}


def test_no_key_is_there_twice() -> None:
    keys = [(key, frozenset(held)) for _, key, held, _ in cue_menus.KEYS]
    assert len(set(keys)) == len(keys)


def test_each_key_does_something_that_there_is() -> None:
    for operator, _, _, given in cue_menus.KEYS:
        module, name = operator.split(".")
        kind = getattr(getattr(bpy.ops, module), name).get_rna_type()
        for field, value in given.items():
            prop = kind.properties[field]
            assert prop.type != "ENUM" or value in prop.enum_items


def test_the_manual_names_each_key() -> None:
    manual = (Path(__file__).parents[2] / "docs" / "manual.md").read_text(encoding="utf-8")
    table = manual.split("### Keys", 1)[1].split("###", 1)[0]
    rows = [line for line in table.splitlines() if line.startswith("| ") and "key |" not in line]
    named = sum(line.split("|")[1].count(",") + 1 for line in rows)
    assert named == len(cue_menus.KEYS)
