# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text is there in every language, fits its fields, and reaches Blender in the form that it can draw.

Blender with its window is tested in tests/gui: the `bpy` wheel knows no language but English.
"""

from __future__ import annotations

import ast
import doctest
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devtools import po, strings
from devtools.po import Entry
from devtools.strings import ANYWHERE, OPERATOR, Complaint, Found

ROOT = Path(__file__).parents[1]


def load(name: str) -> ModuleType:
    """A module of translations/, without the package, which needs bpy."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "translations" / f"{name}.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# The languages


@pytest.fixture(scope="module")
def texts() -> dict[str, list[Found]]:
    return strings.collect()


@pytest.mark.parametrize("language", strings.LANGUAGES)
def test_each_language_is_complete(language: str, texts: dict[str, list[Found]]) -> None:
    # `python3 dev.py strings --write` brings the files up to date; what is new has to be translated.
    assert [str(complaint) for complaint in strings.check(language, texts)] == []


def test_every_text_can_be_translated() -> None:
    assert strings.read_code()[1] == []


def test_texts_are_found_in_every_part(texts: dict[str, list[Found]]) -> None:
    places = {found.place.partition("/")[0] for several in texts.values() for found in several}
    assert places >= {"core", "operators", "panels", "sequencer", "preferences.py", "properties.py"}
    assert len(texts) > 400


@pytest.mark.parametrize("language", strings.LANGUAGES)
def test_blender_gets_each_text_under_each_context(language: str, texts: dict[str, list[Found]]) -> None:
    made = load(language).TEXTS
    assert set(made) == {(found.context, text) for text, several in texts.items() for found in several}
    for (_context, text), translation in made.items():
        assert strings.fields_of(text) == strings.fields_of(translation)


def test_persian_is_written_with_persian_letters() -> None:
    for entry in po.read(strings.FOLDER / "fa.po"):
        # Arabic yeh and kaf look alike, and are not found by a search. A joiner belongs between letters.
        assert not set("\u064a\u0643") & set(entry.translation), entry
        assert "\u200c " not in entry.translation and " \u200c" not in entry.translation, entry


def test_german_is_not_typed_with_english_marks() -> None:
    for entry in po.read(strings.FOLDER / "de.po"):
        words = entry.translation.replace('["...", "..."]', "")  # That is to be typed as it is.
        assert '"' not in words and "'" not in words, entry


# Comparing


TEXTS = {
    "Try {name}": [Found("Try {name}", ANYWHERE, "a.py")],
    "Stop": [Found("Stop", ANYWHERE, "a.py"), Found("Stop", OPERATOR, "b.py")],
}
GOOD = [Entry("Try {name}", "{name} probieren"), Entry("Stop", "Halt")]


@pytest.mark.parametrize(
    ("entries", "kind"),
    [
        ([GOOD[0]], "new"),
        ([GOOD[0], Entry("Stop")], "new"),
        ([*GOOD, Entry("Go", "Los")], "gone"),
        ([*GOOD, Entry("Try {name}", "{name} probieren", context=OPERATOR)], "gone"),
        ([*GOOD, Entry("Stop", "Ende")], "twice"),
        ([GOOD[0], Entry("Stop", "Halt", is_unsure=True)], "unsure"),
        ([Entry("Try {name}", "{nmae} probieren"), GOOD[1]], "fields"),
        ([Entry("Try {name}", "probieren"), GOOD[1]], "fields"),
        ([Entry("Try {name}", "{name} probieren {name}"), GOOD[1]], "fields"),
        ([Entry("Try {name}", "{name:d} probieren"), GOOD[1]], "fields"),
        ([Entry("Try {name}", "{name probieren"), GOOD[1]], "fields"),
    ],
)
def test_what_is_wrong_is_noticed(entries: list[Entry], kind: str) -> None:
    assert [complaint.kind for complaint in strings.compare(entries, TEXTS)] == [kind]


def test_what_is_right_is_right() -> None:
    assert strings.compare(GOOD, TEXTS) == []
    assert strings.compare([*GOOD, Entry("Stop", "Anhalten", context=OPERATOR)], TEXTS) == []


def test_a_context_can_have_words_of_its_own() -> None:
    made = ast.parse(strings.as_module("de", [*GOOD, Entry("Stop", "Anhalten", context=OPERATOR)], TEXTS)).body[-1]
    assert isinstance(made, ast.Assign)
    assert ast.literal_eval(made.value) == {
        (ANYWHERE, "Try {name}"): "{name} probieren",
        (ANYWHERE, "Stop"): "Halt",
        (OPERATOR, "Stop"): "Anhalten",
    }


def test_what_cannot_be_used_does_not_reach_blender() -> None:
    module = strings.as_module("de", [Entry("Try {name}", "{x}"), Entry("Stop", "Halt", is_unsure=True)], TEXTS)
    assert "Halt" not in module and "{x}" not in module


def test_update_keeps_translations_and_drops_what_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(strings, "FOLDER", tmp_path)
    monkeypatch.setattr(strings, "SERVICE", tmp_path / "service")
    po.write(tmp_path / "de.po", "de", [Entry("Go", "Los"), Entry("Stop", "Anhalten", OPERATOR), GOOD[0]])
    strings.update("de", TEXTS)
    kept = [(entry.context, entry.text, entry.translation) for entry in po.read(tmp_path / "de.po")]
    assert kept == [("", "Try {name}", "{name} probieren"), ("", "Stop", ""), (OPERATOR, "Stop", "Anhalten")]
    assert strings.check("de", TEXTS) == [Complaint("new", "Stop")]


# Finding


SAMPLE = '''
ITEMS = [("a", "First", "The first one"), ("b", "Second", "", "ICON", 1)]
LABEL = "By name"
class X_OT_go(Mixin, bpy.types.Operator):
    """Go on"""
    bl_label = "Go"
    choice: EnumProperty(name="Choice", description="What " "to choose", items=ITEMS)
    @classmethod
    def poll(cls, context):
        cls.poll_message_set("Not yet" if context else "Never")
    def execute(self, context):
        self.report({"INFO"}, "Gone")
        self.report({"INFO"}, f"{1} gone")
        self.report({"INFO"}, Text("{n} went", n=1))
        raise HubError("it is away", Text("Wait."))
class X_PT_panel(bpy.types.Panel):
    bl_label = "Going"
    bl_description = "About going"
    bl_category = "Tab"
    def draw(self, context):
        text = "Go now" if context else "Gone already"
        layout.operator("x.go", text=text)
        layout.label(text=LABEL)
        layout.label(text=iface("{a} of {b}").format(a=1, b=2))
        layout.prop(self, "choice", text="", placeholder="None", icon="NONE")
        layout.label(text=f"{a}  {b}")
        layout.label(text="3 %")
class Plain:
    """Not for users."""
    def work(self):
        strips.new_effect(text="data")
        raise ValueError("not for users")
'''


def test_every_kind_of_text_is_found() -> None:
    finder = strings._Finder("sample.py", ast.parse(SAMPLE))
    finder.visit(ast.parse(SAMPLE))
    anywhere = {found.text for found in finder.found if found.context == ANYWHERE}
    assert {found.text for found in finder.found if found.context == OPERATOR} == {"Go", "Go now", "Gone already"}
    assert anywhere == {
        *("First", "The first one", "Second", "By name", "Go on", "Choice", "What to choose", "Not yet", "Never"),
        *("Gone", "{n} went", "Wait.", "Going", "About going", "Tab", "{a} of {b}", "None"),
    }
    assert [one.code for one in finder.composed] == ["f'{1} gone'", "'it is away'"]


# The files


def entries() -> st.SearchStrategy[list[Entry]]:
    words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp"]) | st.sampled_from("\n\t"))
    entry = st.builds(Entry, words.filter(bool), words, st.sampled_from(["", OPERATOR]), is_unsure=st.booleans())
    return st.lists(entry, unique_by=lambda entry: (entry.context, entry.text))


@given(entries())
def test_a_file_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, written: list[Entry]) -> None:
    path = tmp_path_factory.mktemp("po") / "de.po"
    po.write(path, "de", written)
    assert po.read(path) == written


def test_what_other_programs_write_is_read(tmp_path: Path) -> None:
    path = tmp_path / "de.po"
    path.write_text(
        '# Note\nmsgid ""\nmsgstr "Language: de\\n"\n\n#: core/a.py core/b.py\n#, python-brace-format, fuzzy\n'
        'msgid ""\n"One "\n"{two}"\nmsgstr "Eins {two}"\n\n#~ msgid "Old"\n#~ msgstr "Alt"\n',
        encoding="utf-8",
    )
    assert po.read(path) == [Entry("One {two}", "Eins {two}", "", ("core/a.py", "core/b.py"), True)]


@pytest.mark.parametrize("line", ["msgid One", 'msgid "a"b"', "<html>", 'msgstr "\\x"'])
def test_a_broken_file_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "de.po"
    path.write_text(f'msgid "a"\nmsgstr "b"\n\n{line}\n', encoding="utf-8")
    with pytest.raises(ValueError, match="line 4"):
        po.read(path)


def test_examples() -> None:
    result = doctest.testmod(strings)
    assert result.attempted and not result.failed
