# SPDX-License-Identifier: GPL-3.0-or-later
"""Web fonts, also those that a few bytes of become far too much."""

from __future__ import annotations

import contextlib
import io
import tracemalloc
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.picture import coverage, fonts, woff

from .little_font import bomb, made

MANY = 24 << 20


@pytest.mark.parametrize("flavor", ["woff", "woff2"])
def test_a_packed_font_is_the_one_that_was_packed(tmp_path: Path, flavor: str) -> None:
    plain, packed = made(tmp_path / "a", "abc").read_bytes(), made(tmp_path / "b", "abc", flavor).read_bytes()
    found = woff.unpacked(packed)
    old, new = (TTFont(io.BytesIO(data)) for data in (plain, found))
    assert found[:4] == plain[:4] and old.getBestCmap() == new.getBestCmap() and old["glyf"] == new["glyf"]
    assert woff.unpacked(plain) is plain
    assert woff.unpacked(packed, len(found)) == found


@pytest.mark.parametrize("flavor", ["woff", "woff2"])
@pytest.mark.parametrize("says", [MANY, 1000])
def test_what_is_too_large_is_refused_before_it_is_unpacked(flavor: str, says: int) -> None:
    """Whether it says so or not."""
    data = bomb(flavor, MANY, says=says)
    assert len(data) < MANY / 500
    tracemalloc.start()
    try:
        with pytest.raises(woff.TooLargeError if says == MANY else ValueError):
            woff.unpacked(data, MANY - 1)
        assert tracemalloc.get_traced_memory()[1] < MANY / 2
    finally:
        tracemalloc.stop()


def test_too_many_outlines_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take many times as much to unpack as they are large."""
    packed = made(tmp_path / "a", "abc", "woff2").read_bytes()
    assert woff.unpacked(packed)
    monkeypatch.setattr(woff, "MOST_OUTLINES", 50)
    with pytest.raises(woff.TooLargeError):
        woff.unpacked(packed)


@pytest.mark.parametrize("flavor", ["woff", "woff2"])
def test_a_description_is_not_unpacked(flavor: str) -> None:
    data = bomb(flavor, MANY, described=True)
    tracemalloc.start()
    try:
        with contextlib.suppress(ValueError):
            assert len(woff.unpacked(data)) < 100
        assert tracemalloc.get_traced_memory()[1] < MANY / 2
    finally:
        tracemalloc.stop()


def test_all_who_read_fonts_refuse_such_a_one(tmp_path: Path) -> None:
    data = bomb("woff2", woff.MOST + 1)
    (tmp_path / "big.woff2").write_bytes(data)
    assert fonts.listing((str(tmp_path),)) == ()
    with pytest.raises(woff.TooLargeError):
        coverage.letters("packed", data)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(["woff", "woff2"]), st.data())
def test_damaged_ones_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, flavor: str, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / f"whole.{flavor}"
    whole = bytearray((path if path.exists() else made(path, "abc", flavor)).read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(4, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    for one in (bytes(whole), bytes(whole[:cut])):
        try:
            assert len(woff.unpacked(one)) <= woff.MOST
        except ValueError:
            continue
