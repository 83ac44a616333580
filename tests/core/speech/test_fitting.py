# SPDX-License-Identifier: GPL-3.0-or-later
"""Which model is named to begin with."""

from __future__ import annotations

import pytest

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.speech import fitting
from subtitle_editor.core.system import machine

GIB = 1 << 30


@pytest.mark.parametrize("cores", [1, 2, 4, 8, 16, 64])
@pytest.mark.parametrize("memory", [None, 1 * GIB, 4 * GIB, 8 * GIB, 64 * GIB])
def test_it_is_in_the_catalogue_and_grows_with_the_machine(memory: int | None, cores: int) -> None:
    known = {entry.id: entry.size for entry in reading.load(None)}
    size = known[fitting.for_processor(memory, cores)]
    assert size >= known[fitting.for_processor(memory, max(1, cores // 2))]
    assert memory is None or size >= known[fitting.for_processor(memory // 2, cores)]


def test_this_machine_has_some() -> None:
    memory = machine.memory()
    assert memory is not None and 1 << 28 < memory < 1 << 48
    assert machine.cores() >= 1
