# SPDX-License-Identifier: GPL-3.0-or-later
"""A fixed choice of the files that `python3 dev.py fuzz` makes, in each format, some of them to be guessed."""

from __future__ import annotations

import random
import warnings

import pytest

from subtitle_editor.core.subtitles.formats import registry
from tests.core.subtitles import fuzz

COUNT = 24


@pytest.mark.timeout(120)
@pytest.mark.parametrize("format", [format.id for format in registry.readable()])
def test_files_made_at_random(format: str) -> None:
    chosen = random.Random(format)
    files = fuzz.seeds(format)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of the libraries, on damaged files.
        read = [
            fuzz.check(fuzz.changed(chosen.choice(files), chosen), format if number % 4 else None, memory=number == 1)
            for number in range(COUNT)
        ]
    assert any(read), "the changes leave nothing to read, so that nothing was tested"
