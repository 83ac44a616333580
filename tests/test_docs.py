# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents are true where a machine can tell: no dead links, no missing pictures, every error explained."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").rglob("*.md"))

_CODE = re.compile(r"^```[\s\S]*?^```|`[^`\n]*`|^ {4}.*$", re.MULTILINE)
_LINK = re.compile(r"(?<!\\)!?\[[^\]]*\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The anchors that a forge makes of a page's headings."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    found: set[str] = set()
    for title in re.findall(r"^#{1,6} +(.+?) *#*$", text, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-")
        number = 0
        while (name := f"{plain}-{number}" if number else plain) in found:
            number += 1
        found.add(name)
    return found


def links(page: Path) -> list[str]:
    return _LINK.findall(_CODE.sub("", page.read_text(encoding="utf-8")))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    dead = []
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_pages_are_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        targets = ((page.parent / link.partition("#")[0]).resolve() for link in links(page) if ":" not in link)
        waiting += [target for target in targets if target.suffix == ".md" and target.is_file()]
    assert set(PAGES) <= seen


def test_links_are_found_at_all() -> None:
    assert sum(len(links(page)) for page in PAGES) > 30
    assert "offline-computers" in anchors(ROOT / "docs" / "administrators.md")


# Checks


def test_every_rule_is_named_where_scripts_look_for_it() -> None:
    from subtitle_editor.core.subtitles.quality import RULES

    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert [rule for rule in RULES if f"`{rule}`" not in page] == []


# Recipes


def test_long_tests_are_named() -> None:
    """Who sets the switch must know what it is good for, and how long each test then takes part."""
    said = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tests = [
        path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)
    ]
    assert [test for test in tests if "SUBTITLE_EDITOR_LONG_TESTS" in _read(test) and f"`{test}`" not in said] == []


def _read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_administrators_know_all_of_the_users_folder() -> None:
    """Each name that the code puts into it, where it says so."""
    places = {
        "core/system/user_folder.py": r'^(?:JOBS|CATALOG|PROFILES|GLOSSARY|STYLES|LOG) = "(.+)"$',
        "core/hub/tokens.py": r'^FILE_NAME = "(.+)"$',
        "core/downloads/store.py": r'with_name\(f"\{path\.stem\}(.+)"\)',
        "core/speech/segments.py": r'^FOLDER = "(.+)"$',
        "session/recovered.py": r'^FOLDER = "(.+)"$',
        "core/presets.py": r'^FOLDER = "(.+)"$',
        "core/subtitles/shots.py": r'folder / "(\w+)" /',
    }
    said = _read("docs/administrators.md")
    for path, pattern in places.items():
        names = re.findall(pattern, _read(path), re.MULTILINE)
        assert names, path
        for name in names:
            assert re.search(rf"^\| `\S*{re.escape(name)}/?`", said, re.MULTILINE), name


def test_recipes_name_what_there_is() -> None:
    """Each file, and each name of one, that CONTRIBUTING tells a newcomer to change."""
    page = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for heading in ("a model", "a language", "a format of subtitle files", "a check", "an operator"):
        assert f"## Add {heading}\n" in page
    for path, names in {
        "core/subtitles/quality.py": ["RULES", "_readability", "_signs", "_credibility", "_neighbours"],
        "core/subtitles/fixes.py": ["MENDS"],
        "core/subtitles/formats/registry.py": ["FORMATS"],
        "devtools/strings.py": ["LANGUAGES", "FROM_RIGHT"],
        "translations/__init__.py": ["LANGUAGES"],
        "server/languages.py": ["LANGUAGES"],
        "__init__.py": ["PARTS"],
    }.items():
        text = (ROOT / path).read_text(encoding="utf-8")
        for name in names:
            assert name in page and re.search(rf"^(def )?{name}\b", text, re.MULTILINE), (path, name)


# Errors


def error_classes() -> Iterator[ast.ClassDef]:
    for folder in ("core", "sequencer", "session", "operators", "server"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef) and node.name.endswith("Error") and code_of(node):
                    yield node


def code_of(node: ast.ClassDef) -> str:
    for line in node.body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code":
            return str(ast.literal_eval(line.value))
    return ""


def sentences(node: ast.ClassDef) -> Iterator[str]:
    """What the class can say, with its fields as the page writes them."""
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "Text" and isinstance(call.args[0], ast.Constant):
            template = str(call.args[0].value)
            if " " in template:
                yield re.sub(r"\{(\w+)[^{}]*\}", lambda field: f"*{field[1].replace('_', ' ')}*", template)


def sections() -> dict[str, str]:
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    parts = re.split(r"^#{2,3} (.+)$", text, flags=re.MULTILINE)
    return {title.strip("`"): body for title, body in zip(parts[1::2], parts[2::2], strict=True)}


@pytest.mark.parametrize("node", list(error_classes()), ids=lambda node: node.name)
def test_every_error_is_explained(node: ast.ClassDef) -> None:
    section = sections().get(code_of(node))
    assert section is not None, f"docs/troubleshooting.md has nothing on {code_of(node)}"
    assert "**Cause.**" in section and "**Cure.**" in section
    assert [said for said in sentences(node) if said not in section] == []


def test_no_error_is_explained_that_there_is_not() -> None:
    codes = {code_of(node) for node in error_classes()}
    explained = {title for title, body in sections().items() if "**Cause.**" in body}
    assert explained == codes
    assert len(codes) > 30


# Commands


def commands(program: str) -> set[str]:
    """What the pages tell people to type after `program`, where it is meant to be typed as it stands."""
    found: set[str] = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8").replace("\n    ", "\n")
        text = re.sub(r"`[^`\n]+\n[^`\n]+`", lambda code: code[0].replace("\n", " "), text)
        for line in re.findall(rf"(?:^|`|\$ ){re.escape(program)} ([^\n`]+)", text, re.MULTILINE):
            words = re.split(r"  +|[|<>;]|&&|\$\(| #", line)[0].strip()
            if words and not re.search(r"[\[…]|\.\.\.|\b[A-Z]{2,}\b", words):
                found.add(words)
    return found


@pytest.mark.parametrize("words", sorted(commands("subtitle-editor")))
def test_commands_are_understood(words: str) -> None:
    from subtitle_editor.core.cli.main import build_parser

    try:
        build_parser().parse_args(shlex.split(words))
    except SystemExit as end:
        assert end.code == 0, words  # --help


@pytest.mark.parametrize("words", sorted(commands("python3 dev.py")))
def test_developers_commands_are_understood(words: str) -> None:
    import dev

    try:
        dev._parser().parse_args(shlex.split(words))
    except SystemExit as end:
        assert end.code == 0, words


def test_commands_are_found_at_all() -> None:
    assert len(commands("subtitle-editor")) > 15
    assert len(commands("python3 dev.py")) > 10
