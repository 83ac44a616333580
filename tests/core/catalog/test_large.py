# SPDX-License-Identifier: GPL-3.0-or-later
"""A catalogue of one's own may be long, and may be held by another program: neither takes time that nobody has."""

from __future__ import annotations

import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.catalog import cutting, own
from subtitle_editor.core.catalog.entries import Source
from subtitle_editor.core.catalog.own import Found
from subtitle_editor.core.errors.catalog import CatalogEntryError

pytestmark = pytest.mark.timeout(60)

ROOT = Path(__file__).parents[3]


def catalogue(count: int) -> str:
    row = (
        '# About {0}.\n[[model]]\nid = "m{0}"\nname = "Model {0}"\nkind = "language"\nsize = 1\n'
        'description = """\nWords of {0}.\n[[model]]\n"""\nsource = [{{ repo = "ada/m{0}", allow = ["a", "b"] }}]\n\n'
    )
    return "".join(row.format(number) for number in range(count))


def test_taking_one_out_of_many_takes_as_long_as_reading_them(tmp_path: Path) -> None:
    """It took a parse for each pair of lines: minutes for a hundred entries."""
    path, text = tmp_path / "catalog.toml", catalogue(300)
    path.write_text(text, encoding="utf-8")
    began = time.perf_counter()
    tomllib.loads(text)
    once = time.perf_counter() - began
    began = time.perf_counter()
    own.remove(path, "m150")
    assert time.perf_counter() - began < 40 * once
    left = tomllib.loads(path.read_text(encoding="utf-8"))["model"]
    assert [table["id"] for table in left] == [f"m{number}" for number in range(300) if number != 150]
    assert path.read_text(encoding="utf-8").count("# About ") == 300


HOLD = """
import sys
from pathlib import Path
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.system.locks import file_lock
with file_lock(Path(sys.argv[1]), Control()):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("word", ["add", "remove"])
def test_a_lock_that_nobody_gives_back_is_not_waited_for_for_ever(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own, "LOCK_LIMIT", 0.3)
    path = tmp_path / "catalog.toml"
    path.write_text(catalogue(2), encoding="utf-8")
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, f"{path}.lock"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    assert holder.stdin is not None and holder.stdout is not None
    try:
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(CatalogEntryError) as caught:
            if word == "add":
                own.add(path, Found(Source("ada/new"), "language", 1, 1, "c" * 40, False, True, False))
            else:
                own.remove(path, "m1")
        assert str(path) in str(caught.value) and "again" in caught.value.hint
        assert path.read_text(encoding="utf-8") == catalogue(2)
    finally:
        holder.stdin.close()
        holder.wait(10)
    own.remove(path, "m1")
    assert tomllib.loads(path.read_text(encoding="utf-8"))["model"][0]["id"] == "m0"


_PIECES = st.sampled_from([
    "# a comment\n", "\n", "  \n", "[extra]\nx = 1\n", "# [[model]]\n", "[more]\nm = [\n[1],\n]\n# x\n",
    '[[model]]\nid = "a"\nname = "[[model]]"\n', '[[model]] # b\nid = "b"\n[[model.source]]\nrepo = "a/b"\n',
    "[[ model ]]\nid = 'c'\nnote = \'\'\'\n[[model]]\nid = 'no'\n\'\'\'\n",
    '[[model]]\nid = "d"\n  # about d\nsize = 1\n', '[[model]]\nid = "e"\nsource = [\n  { repo = "a/b" },\n]\n',
    '[[model]]\nid = "f"\nnote = """\n# text"""\n', '[[model]]\nid = "j"\nx = "\\"[[model]]\\\\"\n',
    '[[model]]\nid = "g"\nnote = """"quoted""""\nx = [\n["[[model]]"],\n[1],\n]\n',
    '[[model]]\nid = "k"\nnote = "a\u2028[[model]]\u0085b"\n', "[[model]]\nid = \"i\"\nx = '''' '''' \n",
])  # fmt: skip


@given(st.lists(_PIECES, max_size=8, unique=True), st.sampled_from(["\n", "\r\n"]))
def test_a_cut_changes_nothing_else(pieces: list[str], eol: str) -> None:
    text = "".join(pieces).replace("\n", eol)
    before = tomllib.loads(text)
    listed = before.pop("model", [])
    assert cutting.without(text, len(listed), "# Added") is None
    for number, table in enumerate(listed):
        left = cutting.without(text, number, "# Added")
        assert left is not None
        after = tomllib.loads(left)
        assert after.pop("model", []) == listed[:number] + listed[number + 1 :] and after == before
        marks = [f'id = "{table["id"]}"', f"id = '{table['id']}'"]
        kept = [piece for piece in pieces if not any(mark in piece for mark in marks)]
        assert [line for line in left.split(eol) if line.strip()] == [
            line for line in "".join(kept).split("\n") if line.strip()
        ]


def test_a_table_of_the_entry_that_stands_further_down_goes_too() -> None:
    text = '[[model]]\nid = "a"\n[aside]\nb = 1\n[model.other]\nc = 1\n\n# next\n[[model]]\nid = "b"\n'
    assert cutting.without(text, 0, "") == '[aside]\nb = 1\n\n# next\n[[model]]\nid = "b"\n'
