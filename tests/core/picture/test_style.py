# SPDX-License-Identifier: GPL-3.0-or-later
"""Styles: what they promise, the files that they are shared as, and files that hold anything else."""

from __future__ import annotations

import ast
import dataclasses
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.picture import style
from subtitle_editor.core.picture.style import DEFAULT, Style, StyleError
from subtitle_editor.core.system.names import is_inner_path

PAGE = Path(__file__).parents[3] / "docs" / "picture.md"

colors = st.from_regex(r"\A#[0-9a-f]{6}([0-9a-f]{2})?\Z")
names = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
shares = st.floats(0.0, 0.4)
styles = st.builds(
    Style,
    name=st.from_regex(r"\A[a-z][a-z0-9-]{0,20}\Z").filter(lambda name: is_inner_path(name, windows=True)),
    label=names,
    font=names,
    size=st.floats(0.005, 0.5),
    bold=st.booleans(),
    color=colors,
    outline=shares,
    shadow_y=shares,
    box=st.sampled_from(style.BOXES),
    align=st.integers(1, 9),
    karaoke=st.sampled_from(style.KARAOKE),
    speaker_colors=st.lists(colors, max_size=4).map(tuple),
    speakers=st.dictionaries(names, colors, max_size=4),
)


@given(styles)
@settings(max_examples=60)
def test_a_style_comes_back_out_of_its_file(tmp_path_factory: pytest.TempPathFactory, one: Style) -> None:
    path = style.save(one, tmp_path_factory.getbasetemp() / "styles")
    assert style.read(path) == one
    assert style.read(path).speakers == dict(one.speakers)


def test_own_styles_are_found_by_name_and_by_path(tmp_path: Path) -> None:
    mine = Style(name="mine", size=0.07)
    path = style.save(mine, tmp_path)
    assert style.find("mine", tmp_path) == style.find(str(path)) == mine
    style.save(Style(name="netflix", size=0.1), tmp_path)
    assert style.find("netflix", tmp_path).size == 0.1 != style.find("netflix").size


@pytest.mark.parametrize("name", ["con", "Nul", "COM1", "lpt9"])
def test_a_style_is_called_what_a_file_can_be_called_everywhere(tmp_path: Path, name: str) -> None:
    with pytest.raises(style.StyleError, match=name):
        style.save(Style(name=name), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_style_is_never_replaced_by_one_with_other_capitals(tmp_path: Path) -> None:
    style.save(Style(name="Film", size=0.07), tmp_path)
    with pytest.raises(style.StyleError, match="Film"):
        style.save(Style(name="film"), tmp_path)
    assert style.find("Film", tmp_path).size == 0.07
    assert style.save(Style(name="Film", size=0.08), tmp_path).name == "Film.toml"


def test_a_broken_file_hides_no_other(tmp_path: Path) -> None:
    style.save(Style(name="good"), tmp_path)
    (tmp_path / "bad.toml").write_text("size = ")
    (tmp_path / "binary.toml").write_bytes(os.urandom(2000))
    (tmp_path / "digits.toml").write_text("size = " + "9" * 5000)
    (tmp_path / "file.toml").write_text("size = 0.1")
    (tmp_path / "huge.toml").write_text("size = 1" + "0" * 400)
    found, wrong = style.load(tmp_path)
    assert list(found) == ["good"]
    assert [error.name for error in wrong] == ["bad", "binary", "digits", "file", "huge"]


def test_no_style_is_saved_under_the_name_that_stands_for_those_of_a_file(tmp_path: Path) -> None:
    with pytest.raises(StyleError, match="stands for"):
        style.save(Style(name="file"), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sise = 1", "sise"),
        ("size = 40", "size"),
        ("size = nan", "size"),
        ("size = inf", "size"),
        ('size = "large"', "size"),
        ("bold = 1", "bold"),
        ("align = true", "align"),
        ('color = "red"', "color"),
        ('speaker_colors = ["#ffffff", "yellow"]', "speaker_colors 2"),
        ("speaker_colors = 5", "speaker_colors"),
        ('speakers = { Anna = "blue" }', "speakers Anna"),
        ("speakers = { Anna = 7 }", "speakers"),
        ('box = "round"', "box"),
        ('name = "../../etc"', "letters"),
        ('name = "file"', "stands for"),
        ("name = 0x" + "f" * 5000, "letters"),
        ("size = 1" + "0" * 400, "size"),
        ("size = " + "9" * 5000, "TOML"),
        ("words = " + "9" * 5000, "TOML"),
        ("words = 0x" + "f" * 5000, "words"),
        ("outline = -1", "outline"),
        ("x = " + "[" * 5000, "TOML"),
        ("#" * 70000, "too large"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "one.toml"
    path.write_text(text)
    with pytest.raises(StyleError) as found:
        style.read(path)
    assert named in str(found.value)


def test_an_unknown_name_is_answered_with_those_there_are() -> None:
    with pytest.raises(StyleError, match="netflix"):
        style.find("nteflix")


def test_letters_are_a_twentieth_of_the_picture_and_fit_into_an_upright_one() -> None:
    assert [DEFAULT.pixels(w, h) for w, h in ((1280, 720), (1920, 1080), (3840, 2160))] == [36, 54, 108]
    # The 24 letters that the profile of upright video promises, of half an em each, and a tenth more.
    assert DEFAULT.pixels(1080, 1920) * 0.55 * 24 <= 1080 * DEFAULT.max_width


def test_presets_are_styles_that_differ() -> None:
    found = style.presets()
    assert next(iter(found)) == "default"
    assert len({dataclasses.replace(one, name="", label="") for one in found.values()}) == len(found) >= 6


# The manual's tables


def tables() -> dict[str, str]:
    tree = ast.parse(Path(style.__file__).read_text(encoding="utf-8"))
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Style").body
    rows = []
    for node, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign):
            said = ast.get_docstring(ast.Module([after], [])) if isinstance(after, ast.Expr) else None
            key = ast.unparse(node.target)
            default = getattr(DEFAULT, key) if key not in ("name", "label") else ""
            value = "" if default in ("", (), {}) else str(default).lower() if default in (True, False) else default
            rows.append(f"| `{key}` | {value} | {' '.join((said or '').split())} |")
    presets = [f"- `{name}`: {one.title}" for name, one in style.presets().items()]
    return {"style": "\n".join(rows), "presets": "\n".join(presets)}


@pytest.mark.parametrize("name", ["style", "presets"])
def test_the_manual_lists_them(name: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(f"<!-- {name} -->\n")
    inside, _, after = rest.partition(f"<!-- /{name} -->")
    if os.environ.get("SUBTITLE_EDITOR_WRITE_DOCS"):
        PAGE.write_text(f"{before}<!-- {name} -->\n{tables()[name]}\n<!-- /{name} -->{after}", encoding="utf-8")
        return
    assert inside.strip() == tables()[name].strip()
