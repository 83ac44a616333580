# SPDX-License-Identifier: GPL-3.0-or-later
"""`check --fix` mends what is safe of the profile's rules, and says what."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from subtitle_editor.core.cli.main import main

BROKEN = """1
00:00:00,000 --> 00:00:02,000
two  spaces <i>kept</i>

2
00:00:03,000 --> 00:00:03,250
Too short
"""


def test_what_is_safe_is_mended_and_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "in.srt", tmp_path / "out.srt"
    source.write_text(BROKEN)
    assert main(["check", str(source), "--fix", str(target)]) == 1
    written = target.read_text()
    assert "two spaces <i>kept</i>" in written
    assert "00:00:03,000 --> 00:00:03,832" in written
    assert source.read_text() == BROKEN
    told = capsys.readouterr()
    assert "1: spaces: two  spaces kept -> two spaces kept" in told.out + told.err
    # What it has written has nothing left to find.
    assert main(["check", str(target)]) == 0


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a user who has a profile of their own."""
    monkeypatch.setenv("SUBTITLE_EDITOR_USER_DIR", str(tmp_path / "user"))
    folder = tmp_path / "user"
    folder.mkdir()
    (folder / "profiles.toml").write_text("[mine]\nmax_chars = 10\n[broken]\nmax_chars = 0\n")
    return folder


def test_a_profile_of_ones_own(tmp_path: Path, own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.srt"
    path.write_text("1\n00:00:01,000 --> 00:00:05,000\nmore than ten letters\n")
    assert main(["check", str(path)]) == 0
    assert main(["check", str(path), "--profile", "mine"]) == 1
    told = capsys.readouterr()
    assert "line_length: A line has 21 characters; at most 10" in told.out and "broken" in told.err
    assert main(["check", str(path), "--profile", "broken"]) == 2
    assert "mine" in capsys.readouterr().err
    assert main(["transcribe", "a.wav", "-m", "tiny", "--profile", "none"]) == 2
    assert 'There is no profile "none"' in capsys.readouterr().err
    assert main(["profiles", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"profile": "mine", "own": True, "max_chars": 10}.items() <= rows[-1].items()
    assert rows[0]["profile"] == "netflix-en" and not rows[0]["own"]


def test_a_glossary_and_a_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, names = tmp_path / "a.srt", tmp_path / "names.txt"
    path.write_text("1\n00:00:01,000 --> 00:00:03,000\nhello dunja\n\n2\n00:00:09,000 --> 00:00:05,000\n=again\n")
    names.write_text("Dunja\n")
    for ending in ("txt", "csv", "json"):
        report = tmp_path / f"r.{ending}"
        assert main(["check", str(path), "--glossary", str(names), "--report", str(report)]) == 1
        assert "names" in report.read_text(encoding="utf-8")
    (first, second) = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert (first["number"], first["rule"], first["text"]) == (1, "names", "hello dunja")
    assert second["rule"] == "order"
    assert "“dunja” is spelt “Dunja”" in (tmp_path / "r.txt").read_text(encoding="utf-8")
    with (tmp_path / "r.csv").open(encoding="utf-8") as file:
        assert [row["rule"] for row in csv.DictReader(file)] == ["names", "order"]
    assert main(["check", str(path), "--glossary", str(tmp_path / "none.txt")]) == 2
