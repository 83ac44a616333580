# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that can be translated: they are the English text, and remember what they were made of."""

from __future__ import annotations

import copy
import importlib
import inspect
import itertools
import json
import pickle
import pkgutil
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import subtitle_editor.core
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.downloads.store import JobStore
from subtitle_editor.core.errors.base import SubtitleEditorError
from subtitle_editor.core.errors.network import HubUnreachableError
from subtitle_editor.core.text import Text

GERMAN = {
    "{host} cannot be reached: {reason}.": "{host} ist nicht erreichbar: {reason}.",
    "it does not answer": "keine Antwort",
    "{message} {hint}": "{message} - {hint}",
}


def german(template: str) -> str:
    return GERMAN.get(template, template)


def unreachable(reason: str = "") -> Text:
    return Text("{host} cannot be reached: {reason}.", host="hub", reason=reason or Text("it does not answer"))


def test_it_is_the_english_text() -> None:
    text = unreachable()
    assert text == "hub cannot be reached: it does not answer."
    assert isinstance(text, str)
    assert json.dumps([text]) == '["hub cannot be reached: it does not answer."]'


def test_fields_that_are_texts_are_translated_and_others_are_not() -> None:
    assert unreachable().translated(german) == "hub ist nicht erreichbar: keine Antwort."
    # The same words as data, such as the name of a file.
    assert unreachable("it does not answer").translated(german) == "hub ist nicht erreichbar: it does not answer."


@pytest.mark.parametrize("bad", ["{hots}: {reason}", "{", "{host.secret}", "{host[0][x]}", "{0}", "{host:d}"])
def test_a_translation_that_cannot_be_filled_in_is_passed_over(bad: str) -> None:
    words = {**GERMAN, "{host} cannot be reached: {reason}.": bad}
    assert (
        unreachable().translated(lambda template: words.get(template, template)).startswith("hub cannot be reached: ")
    )


def test_no_translation_leaves_the_english_text() -> None:
    assert unreachable().translated(lambda template: template) == unreachable()


@given(st.text(), st.text())
def test_fields_are_never_templates(host: str, reason: str) -> None:
    text = Text("{host}: {reason}", host=host, reason=reason)
    assert text == f"{host}: {reason}"
    for again in (copy.copy(text), copy.deepcopy(text), pickle.loads(pickle.dumps(text))):
        assert again == text
        assert again.translated(lambda template: template.upper().lower()) == f"{host}: {reason}"
        assert (again.template, again.fields) == (text.template, text.fields)


def test_a_missing_field_is_a_mistake_of_ours() -> None:
    with pytest.raises(KeyError):
        Text("{host}", hots="hub")


def test_an_error_is_a_text_as_a_whole() -> None:
    error = HubUnreachableError("hub", Text("it does not answer"))
    whole = str(error)
    assert whole.startswith("hub cannot be reached: it does not answer. Check the connection")
    assert isinstance(whole, Text)
    assert whole.translated(german).startswith("hub ist nicht erreichbar: keine Antwort. - Check the connection")


def all_errors() -> Iterator[type[SubtitleEditorError]]:
    """Every error class of core that words its own message."""
    for found in pkgutil.walk_packages(subtitle_editor.core.__path__, "subtitle_editor.core."):
        importlib.import_module(found.name)
    waiting = [SubtitleEditorError]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("subtitle_editor.core") and "__init__" in vars(kind):
            yield kind


EXAMPLES: dict[object, tuple[object, ...]] = {
    str: ("a {b} c", ""),
    int: (7,),
    float: (7.5,),
    bool: (True, False),
    Path: (Path("folder") / "{name}",),
    BaseException: (ValueError("a {b} c"),),
    tuple[str, ...]: (("one", "{two}"),),
    type(None): (None,),
}


def examples(annotation: object) -> list[object]:
    kinds = typing.get_args(annotation) if annotation not in EXAMPLES else [annotation]
    return [example for kind in kinds for example in EXAMPLES[kind]]


@pytest.mark.parametrize("kind", sorted(set(all_errors()) - {SubtitleEditorError}, key=lambda kind: kind.__name__))
def test_every_error_can_be_translated(kind: type[SubtitleEditorError]) -> None:
    hints = typing.get_type_hints(kind.__init__)
    names = [name for name in inspect.signature(kind.__init__).parameters if name != "self"]
    for values in itertools.product(*(examples(hints[name]) for name in names)):
        given = dict(zip(names, values, strict=True))
        error = kind(**given)
        assert isinstance(error.message, Text), error.message
        # A hint that the caller gives is the caller's to make a Text of.
        assert isinstance(error.hint, Text) or error.hint == given.get("hint", "")
        assert "{b}" not in error.message.template
        assert str(error) == (f"{error.message} {error.hint}" if error.hint else error.message)


def test_all_errors_are_looked_at() -> None:
    assert len(set(all_errors())) > 25


@pytest.mark.timeout(60)
def test_the_history_of_a_session_can_be_translated(tmp_path: Path) -> None:
    manager = DownloadManager(tmp_path, offline=True, store=JobStore(tmp_path / "jobs.sqlite3"))
    try:
        assert manager.wait(manager.enqueue("tiny"), 30)
        # What the store has is plain; reading it again must not replace what we know.
        manager.restore()
        record = manager.history()[0]
    finally:
        manager.shutdown(10)
    assert record.error == "offline"
    assert isinstance(record.message, Text) and isinstance(record.hint, Text)
