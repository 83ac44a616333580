# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text that a user of Blender can read, and which of them each language lacks: `python3 dev.py strings`.

Texts are found in the syntax tree, where Blender or a `Text` takes them, and in the add-on's data. Without arguments it
lists per language what is new, what is gone and what cannot be used, and ends with 1 if there is any. With `--write` it
brings the `.po` files up to date, new texts without a translation, and makes the modules that Blender reads of them.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import json
import string
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from . import po

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "translations"
SERVICE = ROOT / "server" / "texts"
_SPOKEN = tuple(f"core/{name}" for name in ("catalog/", "download", "errors/", "hub/", "library/", "transfer/"))
"""Where the service's texts are from besides its own files: downloads and models, not subtitles."""
LANGUAGES = {"de": "German", "fa": "Persian"}
FROM_RIGHT = {"fa"}
"""Languages that are written from right to left: Blender has to get them ready to draw."""

ANYWHERE, OPERATOR = "*", "Operator"
"""Blender's contexts: it looks up the labels of operators apart from all else."""

_CALLS = {
    "Text": 0,
    "iface": 0,
    "translated": 0,
    "ChildError": 1,
    "report": 1,
    "poll_message_set": 0,
    "status_text_set": 0,
    "label": 1,
    "fact": 1,
    "wrapped": 2,
    "notice": 0,
    "_any_job": 1,
}
"""Functions that take a text, and which of their arguments it is."""
_WORDED = {
    "text": ("label", "prop", "menu", "progress", "popover", "prop_search", "prop_enum", "prop_menu_enum", "panel"),
    "heading": ("row", "column", "box", "prop", "grid_flow"),
    "placeholder": ("prop",),
    "message": ("send", "Notice", "invoke_confirm"),
    "title": ("invoke_confirm", "invoke_props_dialog", "popup_menu"),
    "confirm_text": ("invoke_confirm", "invoke_props_dialog"),
}
"""Keywords that take a text, and the functions that have them."""
_WITHOUT_TEXTS = {name for name in dir(builtins) if name.endswith("Error")} | {"ChildError"}
"""Errors that no user reads. ChildError has a template, see `_CALLS`."""
_OPERATOR_BUTTONS = ("operator", "operator_menu_enum", "operator_enum")
_CLASSES = ("Operator", "Panel", "Menu")


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A text, where Blender looks it up, and the file that it is from."""

    text: str
    context: str
    place: str


@dataclasses.dataclass(frozen=True, slots=True)
class Composed:
    """A text that nobody can translate: put together before it is looked up, or given to an error as a plain str."""

    place: str
    code: str


# Finding


class _Finder(ast.NodeVisitor):
    """What one file holds."""

    def __init__(self, place: str, tree: ast.Module) -> None:
        self.found: list[Found] = []
        self.composed: list[Composed] = []
        self._place = place
        self._constants = {
            target.id: node.value
            for node in tree.body
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None
            for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
            if isinstance(target, ast.Name)
        }

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        outside = self._constants
        inside = [line for line in ast.walk(node) if isinstance(line, ast.Assign)]
        self._constants = outside | {ast.unparse(line.targets[0]): line.value for line in inside}
        self.generic_visit(node)
        self._constants = outside

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        bases = {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        is_operator = "Operator" in bases or "_OT_" in node.name
        assigned = {ast.unparse(line.targets[0]): line.value for line in node.body if isinstance(line, ast.Assign)}
        if "bl_label" in assigned:
            self._take(assigned["bl_label"], OPERATOR if is_operator else ANYWHERE)
        for name in ("bl_description", "bl_category"):
            if name in assigned:
                self._take(assigned[name])
        # Blender shows the docstring of a class that has no description of its own.
        if "bl_description" not in assigned and bases & set(_CLASSES) and isinstance(node.body[0], ast.Expr):
            self._take(node.body[0].value)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        words = {keyword.arg: keyword.value for keyword in node.keywords}
        if name in _CALLS and len(node.args) > _CALLS[name]:
            self._take(node.args[_CALLS[name]])
        if name in _OPERATOR_BUTTONS and "text" in words:
            self._take(words["text"], OPERATOR)
        for keyword, functions in _WORDED.items():
            if name in functions and keyword in words:
                self._take(words[keyword])
        if (
            name.endswith("Error")
            and name not in _WITHOUT_TEXTS
            and not ast.unparse(node.func).startswith("exceptions.")
        ):
            self.composed += [
                Composed(f"{self._place}:{node.lineno}", ast.unparse(a)) for a in node.args if _is_plain(a)
            ]
        if name.endswith("Property"):
            for keyword in ("name", "description"):
                if keyword in words:
                    self._take(words[keyword])
            if "items" in words:
                self._take_items(words["items"])
        self.generic_visit(node)

    def _take(self, node: ast.expr, context: str = ANYWHERE) -> None:
        match node:
            case ast.Constant(value=str(text)) if is_translatable(text):
                self.found.append(Found(text, context, self._place))
            case ast.IfExp():
                self._take(node.body, context)
                self._take(node.orelse, context)
            case ast.BoolOp():
                for value in node.values:
                    self._take(value, context)
            case ast.Name(id=name) if name in self._constants:
                self._take(self._constants[name], context)
            case ast.JoinedStr() | ast.BinOp() if _has_words(node):
                self.composed.append(Composed(f"{self._place}:{node.lineno}", ast.unparse(node)))

    def _take_items(self, node: ast.expr) -> None:
        """The names and descriptions of an enum's items."""
        if isinstance(node, ast.Name):
            node = self._constants.get(node.id, node)
        for item in ast.walk(node):
            if isinstance(item, ast.Tuple) and isinstance(item.ctx, ast.Load) and len(item.elts) >= 3:
                for value in item.elts[1:3]:
                    self._take(value)


def _is_plain(node: ast.expr) -> bool:
    """Whether this is a phrase for a person: words with a space between them, not a Text."""
    return isinstance(node, (ast.Constant, ast.JoinedStr)) and " " in ast.unparse(node) and _has_words(node)


def _has_words(node: ast.AST) -> bool:
    return any(isinstance(part, ast.Constant) and is_translatable(str(part.value)) for part in ast.walk(node))


def is_translatable(text: str) -> bool:
    """Whether there is anything in it to translate: a word, or an order of fields.

    >>> is_translatable("{done} of {total}"), is_translatable("{message} {hint}"), is_translatable("{size}")
    (True, True, False)
    """
    try:
        literals = "".join(literal for literal, *_ in string.Formatter().parse(text))
        return len(fields_of(text)) > 1 or any(char.isalpha() for char in literals)
    except ValueError:  # Not a template: braces of another kind.
        return True


def fields_of(text: str) -> list[str]:
    """The fields of a template, sorted, with all that is said of their form. Raises ValueError for what is none."""
    parsed = string.Formatter().parse(text)
    return sorted(
        f"{name}{'!' + conversion if conversion else ''}{':' + form if form else ''}"
        for _, name, form, conversion in parsed
        if name is not None
    )


def sources() -> Iterator[Path]:
    """The files that hold texts for Blender and the service. The command line speaks English only."""
    yield from (ROOT / name for name in ("__init__.py", "preferences.py", "properties.py"))
    for folder in ("core", "operators", "panels", "sequencer", "server", "session"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.relative_to(ROOT).parts[:2] != ("core", "cli"):
                yield path


def read_code() -> tuple[list[Found], list[Composed]]:
    """All that is in the code."""
    found: list[Found] = []
    composed: list[Composed] = []
    for path in sources():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        finder = _Finder(path.relative_to(ROOT).as_posix(), tree)
        finder.visit(tree)
        found += finder.found
        composed += finder.composed
    return found, composed


def read_data() -> Iterator[Found]:
    """The texts in the add-on's tables: what models are for, languages, profiles."""
    from subtitle_editor.core import languages
    from subtitle_editor.core.catalog import kinds, reading
    from subtitle_editor.core.hub import endpoint
    from subtitle_editor.core.picture import style
    from subtitle_editor.core.subtitles import profiles

    for entry in reading.load():
        if entry.description:
            yield Found(entry.description, ANYWHERE, "core/catalog/catalog.toml")
    for name in kinds.KIND_NAMES.values():
        yield Found(name, ANYWHERE, "core/catalog/kinds.py")
    for profile in profiles.PROFILES.values():
        yield from (Found(text, ANYWHERE, "core/subtitles/profiles.py") for text in (profile.label, profile.summary))
    for look in style.presets().values():
        yield Found(look.title, ANYWHERE, "core/picture/presets.toml")
    for _, name, _ in endpoint.PRESETS:
        yield Found(name, ANYWHERE, "core/hub/endpoint.py")
    for name in languages.NAMES.values():
        yield Found(name, ANYWHERE, "core/languages.py")


def collect() -> dict[str, list[Found]]:
    """Text to where it stands, in a fixed order: that of the files, then of the texts in them."""
    texts: dict[str, list[Found]] = defaultdict(list)
    for found in sorted({*read_code()[0], *read_data()}, key=lambda found: (found.place, found.text, found.context)):
        texts[found.text].append(found)
    return texts


# Comparing


@dataclasses.dataclass(frozen=True, slots=True)
class Complaint:
    """One thing to mend in a language."""

    kind: str
    """`new` (no translation yet), `gone` (the code has it no more), `unsure` (fuzzy), `fields`, `twice`, `stale`."""
    text: str

    def __str__(self) -> str:
        return f"{self.kind:<7} {self.text}"


def check(language: str, texts: dict[str, list[Found]]) -> list[Complaint]:
    """What is wrong with a language."""
    entries = po.read(FOLDER / f"{language}.po")
    return [*compare(entries, texts), *_stale(language, entries, texts)]


def compare(entries: Sequence[po.Entry], texts: dict[str, list[Found]]) -> list[Complaint]:
    """What is wrong with these entries for these texts."""
    complaints: list[Complaint] = []
    seen: set[tuple[str, str]] = set()
    for entry in entries:
        key = (entry.context, entry.text)
        if key in seen:
            complaints.append(Complaint("twice", entry.text))
        seen.add(key)
        if not _is_wanted(entry, texts):
            complaints.append(Complaint("gone", entry.text))
        elif not entry.translation:
            complaints.append(Complaint("new", entry.text))
        elif entry.is_unsure:
            complaints.append(Complaint("unsure", entry.text))
        elif not _fields_agree(entry):
            complaints.append(Complaint("fields", f"{entry.text} -> {entry.translation}"))
    complaints += [Complaint("new", text) for text in texts if ("", text) not in seen]
    return complaints


def _is_wanted(entry: po.Entry, texts: dict[str, list[Found]]) -> bool:
    return any(entry.context in ("", found.context) for found in texts.get(entry.text, ()))


def _fields_agree(entry: po.Entry) -> bool:
    try:
        return fields_of(entry.text) == fields_of(entry.translation)
    except ValueError:
        return False


def _stale(language: str, entries: Sequence[po.Entry], texts: dict[str, list[Found]]) -> list[Complaint]:
    wanted = {
        FOLDER / f"{language}.py": as_module(language, entries, texts),
        SERVICE / f"{language}.json": as_table(entries, texts),
    }
    made = {path: path.read_text(encoding="utf-8") if path.exists() else "" for path in wanted}
    return [Complaint("stale", f"{path.name}: use --write") for path in wanted if made[path] != wanted[path]]


# Writing


def update(language: str, texts: dict[str, list[Found]]) -> None:
    """Bring the `.po` file up to date with the code, and what is made of it with the file."""
    path = FOLDER / f"{language}.po"
    known = po.read(path) if path.exists() else []
    by_text = {(entry.context, entry.text): entry for entry in known}
    entries: list[po.Entry] = []
    for text, found in texts.items():
        places = tuple(sorted({one.place for one in found}))
        entry = by_text.get(("", text), po.Entry(text))
        entries.append(dataclasses.replace(entry, places=places))
        for context in sorted({one.context for one in found}):
            if (context, text) in by_text:
                entries.append(dataclasses.replace(by_text[context, text], places=places))
    po.write(path, language, entries)
    module = as_module(language, entries, texts)
    (FOLDER / f"{language}.py").write_text(module, encoding="utf-8", newline="\n")
    SERVICE.mkdir(exist_ok=True)
    (SERVICE / f"{language}.json").write_text(as_table(entries, texts), encoding="utf-8", newline="\n")


def as_module(language: str, entries: Sequence[po.Entry], texts: dict[str, list[Found]]) -> str:
    """The module that Blender's table is read from: each text under each context that it is looked up in."""
    ready = {
        (entry.context, entry.text): entry.translation
        for entry in entries
        if entry.translation and not entry.is_unsure and _fields_agree(entry)
    }
    from subtitle_editor.core.right_to_left import visual

    ready_to_draw = visual if language in FROM_RIGHT else str
    lines = [
        "# SPDX-License-Identifier: GPL-3.0-or-later",
        f'"""{LANGUAGES[language]}. Made of {language}.po by `python3 dev.py strings --write`: edit that one."""',
        "",
        "from __future__ import annotations",
        "",
        "TEXTS = {",
    ]
    for text, found in texts.items():
        for context in sorted({one.context for one in found}):
            translation = ready.get((context, text)) or ready.get(("", text))
            if translation:
                lines.append(f"    ({context!r}, {text!r}): {ready_to_draw(translation)!r},")
    return "\n".join([*lines, "}", ""])


def as_table(entries: Sequence[po.Entry], texts: dict[str, list[Found]]) -> str:
    """What the service says: the texts of core and its own, as they are written, not as Blender draws them."""
    ready = {
        entry.text: entry.translation
        for entry in entries
        if entry.translation and not entry.context and not entry.is_unsure and _fields_agree(entry)
    }
    spoken = ("server/", *_SPOKEN)
    of_service = [text for text, found in texts.items() if any(one.place.startswith(spoken) for one in found)]
    table = {text: ready[text] for text in of_service if text in ready}
    return json.dumps(table, ensure_ascii=False, indent=0, sort_keys=True) + "\n"


def main(words: Sequence[str] | None = None) -> int:
    """The command. 0 if nothing is left to do in any language."""
    given = list(sys.argv[1:] if words is None else words)
    texts = collect()
    if "--write" in given:
        for language in LANGUAGES:
            update(language, texts)
    composed = read_code()[1]
    for one in composed:
        print(f"{one.place}: nobody can translate this, because it is no Text: {one.code}")
    return int(bool(_report(texts)) or bool(composed))


def _report(texts: dict[str, list[Found]]) -> list[Complaint]:
    everything: list[Complaint] = []
    for language, name in LANGUAGES.items():
        complaints = check(language, texts)
        print(f"{name}: {len(texts)} texts, {_summary(complaints)}")
        for complaint in complaints:
            print(f"  {complaint}")
        everything += complaints
    return everything


def _summary(complaints: Iterable[Complaint]) -> str:
    kinds = [complaint.kind for complaint in complaints]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))) or "all translated"


if __name__ == "__main__":
    sys.exit(main())
