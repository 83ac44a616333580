# SPDX-License-Identifier: GPL-3.0-or-later
"""The user's own catalogue: what is sound is used, what is not is named, and the built-in list is always there."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.catalog import entries, reading
from subtitle_editor.core.errors.catalog import CatalogError, UnknownModelError
from subtitle_editor.core.library import layout, states, status

BUILT_IN = reading.load().entries
GOOD = """
# Mine.
[[model]]
id = "mine"
name = "My own"
kind = "speech-to-text"
source = [{ repo = "ada/whisper" }]
"""
SHA = "ab" * 32


def entry(**fields: str) -> str:
    """An entry in TOML; the values as they stand in the file."""
    values = {"id": '"other"', "name": '"Other"', "kind": '"language"', "source": '[{ repo = "ada/other" }]', **fields}
    return "[[model]]\n" + "".join(f"{key} = {value}\n" for key, value in values.items() if value)


def load(path: Path, text: str | bytes) -> entries.Catalog:
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return reading.load(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "catalog.toml"


def test_without_a_file_there_is_the_built_in_list(path: Path):
    assert reading.load(path) is reading.load()
    assert not reading.load(path).problems


def test_own_entries_come_after_the_built_in_ones(path: Path):
    found = load(path, GOOD)
    assert found.entries[:-1] == BUILT_IN and not found.problems
    assert found.get("mine").own and not found.get("tiny").own
    assert found.get("mine").sources == (entries.Source("ada/whisper"),)
    assert found.get("mine").size == 0


def test_a_change_of_the_file_is_seen(path: Path):
    assert load(path, GOOD).get("mine").name == "My own"
    assert reading.load(path) is reading.load(path)
    before = path.stat()
    path.write_text(GOOD.replace("My own", "Changed"), encoding="utf-8")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000))
    assert reading.load(path).get("mine").name == "Changed"
    path.unlink()
    with pytest.raises(UnknownModelError):
        reading.load(path).get("mine")


def test_every_field(path: Path):
    found = load(path, f"""
        [[model]]
        id = "all"
        name = "همه"
        provider = "Ada"
        kind = "dataset"
        languages = ["fa", "en"]
        size = 12_000
        licence = "CC0"
        tags = ["a", "b"]
        description = "All of it."
        homepage = "https://example.org/all"
        source = [
            {{ repo = "ada/speech", type = "dataset", revision = "v1.0", allow = ["*.tar"], ignore = ["old/*"] }},
            {{ repo = "ada/text", optional = ["x"] }},
        ]
        link = [{{ url = "https://example.org/f.bin", path = "sub/f.bin", size = 5, sha256 = "{SHA.upper()}" }}]
        """)  # fmt: skip
    assert not found.problems
    one = found.get("all")
    assert one.sources[0] == entries.Source("ada/speech", "dataset", "v1.0", ("*.tar",), (), ("old/*",))
    assert one.links == (entries.Link("https://example.org/f.bin", "sub/f.bin", 5, SHA),)
    assert one.is_bundle and len(one.parts) == 3 and one.parts[2].links == one.links
    assert (one.name, one.languages, one.size, one.tags) == ("همه", ("fa", "en"), 12_000, ("a", "b"))


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("[[model]]\nid = x\n", 2, "invalid value"),
        ('# A comment.\n\n[[model]\nid = "x"\n', 3, "expected"),
        ('[[model]]\nid = "x', 2, "at its end"),
        (b'[[model]]\nid = "\xff"\n', 2, "UTF-8"),
        ('model = "none"\n', None, "[[model]]"),
        ("[model]\nid = 1\n", None, "[[model]]"),
        ("x = " + "[" * 5000, None, ""),
        ("x = " + "9" * 5000, None, ""),
    ],
)
def test_a_broken_file_is_named_with_line_and_reason(path: Path, text: str | bytes, line: int | None, reason: str):
    found = load(path, text)
    assert found.entries == BUILT_IN
    [problem] = found.problems
    assert problem.path == path and str(path) in str(problem)
    if line is not None:
        assert problem.line == line and f"line {line}" in str(problem)
    assert reason in str(problem)


def test_a_file_that_cannot_be_read_is_named(path: Path):
    path.mkdir()
    [problem] = reading.load(path).problems
    assert "folder" in str(problem).lower() or "denied" in str(problem).lower()
    assert reading.load(path).entries == BUILT_IN


def test_the_mark_that_editors_put_before_utf_8_is_no_error(path: Path):
    assert load(path, b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()).get("mine").own


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (entry(id="7"), '"id" as a text'),
        (entry(id='""'), 'lacks "id"'),
        (entry(id='"../../etc"'), "must have an id"),
        (entry(id='"a/b"'), "must have an id"),
        (entry(id='"con"'), "must have an id"),
        (entry(id='"a--b"'), "must have an id"),
        (entry(id='"' + "a" * 81 + '"'), "must have an id"),
        (entry(id='"tiny"'), "built-in"),
        (entry(id='"TINY"'), "built-in"),
        (entry(id='"mine"'), "twice"),
        (entry(name=""), 'lacks "name"'),
        (entry(name='"a\\u0000b"'), "control characters"),
        (entry(kind='"whatever"'), "unknown kind"),
        (entry(size='"big"'), '"size"'),
        (entry(size="-1"), '"size"'),
        (entry(size="true"), '"size"'),
        (entry(languages='"fa"'), '"languages" as a list'),
        (entry(homepage='"javascript:alert(1)"'), "not https"),
        (entry(source=""), 'lacks "source"'),
        (entry(source="[]"), 'lacks "source"'),
        (entry(source='"ada/other"'), "list of tables"),
        (entry(source='[{ repo = "../../etc" }]'), "no owner/name"),
        (entry(source='[{ repo = "ada/.." }]'), "no owner/name"),
        (entry(source='[{ repo = "ada" }]'), "no owner/name"),
        (entry(source='[{ repo = "a/b", type = "space" }]'), "unknown type"),
        (entry(source='[{ repo = "a/b", revision = "../../../main" }]'), "revision"),
        (entry(source='[{ repo = "a/b", revision = "/etc" }]'), "revision"),
        (entry(source="", link=f'[{{ url = "http://x.org/f", path = "f", size = 1, sha256 = "{SHA}" }}]'), "https"),
        (entry(source="", link=f'[{{ url = "ftp://x.org/f", path = "f", size = 1, sha256 = "{SHA}" }}]'), "https"),
        (entry(source="", link=f'[{{ url = "https://x/f", path = "../f", size = 1, sha256 = "{SHA}" }}]'), "path"),
        (entry(source="", link=f'[{{ url = "https://x/f", path = "C:f", size = 1, sha256 = "{SHA}" }}]'), "path"),
        (entry(source="", link='[{ url = "https://x/f", path = "f", size = 1, sha256 = "12" }]'), "SHA-256"),
        (entry(source="", link='[{ url = "https://x/f", path = "f", size = 1 }]'), "sha256"),
        (entry(source="", link=f'[{{ url = "https://x/f", path = "f", sha256 = "{SHA}" }}]'), "size"),
        (entry(alias_of='"nobody"'), "nobody"),
    ],
)
def test_one_bad_entry_costs_no_other(path: Path, bad: str, reason: str):
    third = entry(id='"third"')
    found = load(path, f"{GOOD}\n{bad}\n{third}")
    assert [one.id for one in found.entries[len(BUILT_IN) :]] == ["mine", "third"]
    [problem] = found.problems
    assert reason in str(problem)
    assert problem.line == GOOD.count("\n") + 2 and f"line {problem.line}" in str(problem)


def test_an_unknown_field_is_told_and_the_entry_used(path: Path):
    found = load(path, entry(licences='"MIT"', source='[{ repo = "a/b", branch = "x" }]'))
    assert found.get("other").sources == (entries.Source("a/b"),)
    [problem] = found.problems
    assert '"branch", "licences"' in str(problem)


def test_another_name_for_a_built_in_model(path: Path):
    found = load(path, '[[model]]\nid = "mini"\nalias_of = "tiny"\n')
    assert found.get("mini").download_id == "tiny" and found.get("mini").own


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12)
    | st.sampled_from(["tiny", "a/b", "../x", "language", "https://x/f", SHA, "http://127.0.0.1/x", "refs/../.."]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(sorted({"repo", "type", "revision", "url", "path", "size", "sha256"})), inner),
    max_leaves=8,
)  # fmt: skip


def _toml(value: object) -> str:
    import json

    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(_toml(one) for one in value)}]"
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(one)}' for key, one in value.items())} }}"
    return "0" if value is None else str(value)


_FIELDS = sorted(
    {"id", "name", "kind", "size", "languages", "tags", "source", "link", "alias_of", "homepage", "nonsense"}
)


@settings(max_examples=150)
@given(st.lists(st.dictionaries(st.sampled_from(_FIELDS), _VALUES, max_size=8), max_size=4))
def test_no_entry_can_break_the_list(tmp_path_factory: pytest.TempPathFactory, tables: list[dict[str, object]]):
    folder = tmp_path_factory.mktemp("own")
    text = "".join(
        "[[model]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in table.items()) for table in tables
    )
    found = load(folder / "catalog.toml", text)
    assert found.entries[: len(BUILT_IN)] == BUILT_IN
    own = found.entries[len(BUILT_IN) :]
    assert all(isinstance(problem, CatalogError) for problem in found.problems)
    try:
        tomllib.loads(text)
    except ValueError:
        assert not own and found.problems
    for one in own:
        for part in one.parts:
            # Whatever the file says, its files stay in the models folder.
            place = Path(os.path.normpath(layout.repository_folder(folder, part)))
            assert place.parent == folder and place.name.startswith(("models--", "datasets--"))
        assert status.status(folder, one).state is states.ModelState.MISSING


@settings(max_examples=150)
@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")))
def test_no_file_can_break_the_list(tmp_path_factory: pytest.TempPathFactory, content: bytes):
    found = load(tmp_path_factory.mktemp("own") / "catalog.toml", content)
    assert found.entries[: len(BUILT_IN)] == BUILT_IN
