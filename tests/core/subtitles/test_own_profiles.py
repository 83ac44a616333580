# SPDX-License-Identifier: GPL-3.0-or-later
"""Profiles of a user's own and their file."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.subtitles import own_profiles
from subtitle_editor.core.subtitles.own_profiles import ProfileError
from subtitle_editor.core.subtitles.profiles import NUMBERS, PROFILES, Profile


def test_a_copy_is_kept_changed_reset_and_removed(tmp_path: Path) -> None:
    path = tmp_path / "new" / "profiles.toml"
    assert own_profiles.read(path).known == PROFILES
    copy = own_profiles.copied(PROFILES["netflix-ja"], PROFILES)
    assert (copy.name, copy.base, copy.spaced) == ("netflix-ja-own", "netflix-ja", False)
    mine = own_profiles.changed(copy, max_chars=15, max_cps=0, min_duration=9.0)
    assert (mine.max_chars, mine.max_cps, mine.min_duration, mine.max_duration) == (15, None, 9.0, 9.0)
    own_profiles.keep(path, dataclasses.replace(mine, label='Mein "eigenes" \x7f ネット'))
    own_profiles.keep(path, own_profiles.copied(PROFILES["bbc"], PROFILES))
    found = own_profiles.read(path)
    assert found.problems == () and list(found.profiles) == ["netflix-ja-own", "bbc-own"]
    assert found.profiles["netflix-ja-own"] == dataclasses.replace(mine, label='Mein "eigenes" \x7f ネット')
    assert found.profiles["bbc-own"] == dataclasses.replace(PROFILES["bbc"], name="bbc-own", label="BBC *", base="bbc")
    again = own_profiles.reset(found.profiles["netflix-ja-own"])
    assert again.max_cps == 4.0 and again.name == "netflix-ja-own" and again.label.startswith("Mein")
    own_profiles.remove(path, "netflix-ja-own")
    assert list(own_profiles.read(path).profiles) == ["bbc-own"]


def test_names_of_copies_do_not_meet() -> None:
    known = dict(PROFILES)
    for name in ("bbc-own", "bbc-own-2", "bbc-own-3"):
        copy = own_profiles.copied(known.get("bbc-own", PROFILES["bbc"]), known)
        assert copy.name == name
        known[name] = copy


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[bbc]\nmax_chars = 40", "built-in"),
        ("[Mine]\nmax_chars = 40", "small letters"),
        ("[mine]\nmax_chars = 4000", "max_chars is between 5 and 200"),
        ("[mine]\nmax_chars = true", "no number"),
        ("[mine]\nmax_cps = nan", "no number"),
        ("[mine]\nmax_cps = 1" + "0" * 400, "max_cps is between"),
        ("[mine]\nchars = 40", "chars"),
        ("[mine]\nlabel = 3", "texts"),
        ("[mine]\nmin_duration = 5\nmax_duration = 2", "less than"),
        ("mine = 3", "no table"),
        ("[mine", "cannot be read"),
    ],
)
def test_what_cannot_be_used_is_named_and_not_written_over(tmp_path: Path, table: str, said: str) -> None:
    path = tmp_path / "profiles.toml"
    path.write_text(f"{table}\n", encoding="utf-8")
    own = own_profiles.read(path)
    (problem,) = own.problems
    assert "mine" not in own.profiles and said in problem and str(path) in problem
    with pytest.raises(ProfileError):
        own_profiles.keep(path, own_profiles.copied(PROFILES["bbc"], PROFILES))
    assert path.read_text(encoding="utf-8") == f"{table}\n"


def test_one_bad_table_costs_no_good_one(tmp_path: Path) -> None:
    path = tmp_path / "profiles.toml"
    path.write_bytes(b"\xef\xbb\xbf[good]\nmax_chars = 30\n[bad]\nmax_chars = 0\n")
    own = own_profiles.read(path)
    assert own.known["good"].max_chars == 30 and own.known["good"].label == "good" and len(own.problems) == 1


@given(st.data())
def test_any_numbers_come_back_as_they_were_kept(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    numbers = {key: data.draw(st.none() | st.floats(-10, 2000, allow_nan=False), label=key) for key in NUMBERS}
    profile = own_profiles.changed(Profile(name="mine", label="Mine", max_chars=42), **numbers)
    path = tmp_path_factory.mktemp("own") / "profiles.toml"
    own_profiles.keep(path, profile)
    assert own_profiles.read(path) == own_profiles.Own({"mine": profile})


@given(st.binary(max_size=300))
def test_any_file_is_read_or_named(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.mktemp("own") / "profiles.toml"
    path.write_bytes(data)
    own = own_profiles.read(path)
    assert all(PROFILES[name] == own.known[name] for name in PROFILES)
