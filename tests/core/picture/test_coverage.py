# SPDX-License-Identifier: GPL-3.0-or-later
"""Which letters a font file has."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitle_editor.core.picture import coverage
from subtitle_editor.core.picture.harfbuzz import load

from .little_font import made

LETTERS = "abcÅдش\u200c日\U0001f600"


@pytest.mark.parametrize("flavor", [None, "woff2"])
def test_the_letters_of_a_file_and_of_a_packed_one(flavor: str | None, tmp_path: Path) -> None:
    path = made(tmp_path / "little.font", LETTERS, flavor)
    assert coverage.letters(str(path)) == frozenset(LETTERS)
    assert coverage.letters("not/there", path.read_bytes()) == frozenset(LETTERS)


@pytest.mark.parametrize("content", [b"", b"no font", b"wOF2", b"wOF2" + bytes(100), b"\x00\x01\x00\x00" + bytes(60)])
def test_what_is_no_font_is_said(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "broken.ttf"
    path.write_bytes(content)
    with pytest.raises((ValueError, load().HarfBuzzError)):
        coverage.letters(str(path))


def test_a_cut_off_font_is_read_or_said(tmp_path: Path) -> None:
    whole = made(tmp_path / "little.ttf", LETTERS).read_bytes()
    for size in range(0, len(whole), 37):
        try:
            assert coverage.letters("", whole[:size]) <= frozenset(LETTERS)
        except (ValueError, load().HarfBuzzError):
            continue


def test_a_font_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        coverage.letters(str(tmp_path / "gone.ttf"))
