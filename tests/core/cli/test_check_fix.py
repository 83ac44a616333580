# SPDX-License-Identifier: GPL-3.0-or-later
"""`check --fix` mends what is safe of the profile's rules, and says what."""

from __future__ import annotations

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
