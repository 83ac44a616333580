# SPDX-License-Identifier: GPL-3.0-or-later
"""Which language is spoken, found out before the first word is written down; and what is no word at all."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy
import pytest

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.speech import hearing, model, serving
from subtitle_editor.core.speech.process import _as_json
from subtitle_editor.core.speech.request import TranscriptionRequest
from subtitle_editor.core.speech.segments import Place
from tests.core.speech_kit import MODEL, clip, silence, write

pytestmark = pytest.mark.timeout(120)


class Heard:
    """The records of a child."""

    def __init__(self) -> None:
        self.all: list[dict[str, Any]] = []

    def send(self, kind: str, **fields: Any) -> None:
        self.all.append({"type": kind} | fields)

    def notice(self, message: str, **fields: str) -> None:
        self.send("notice", message=message, fields=fields)


@pytest.mark.parametrize(
    ("said", "language", "asked"),
    [
        ([{"en": 0.9, "cy": 0.1}], "en", 1),
        ([{"cy": 0.3, "en": 0.2}, {"de": 0.9, "cy": 0.1}], "de", 2),
        ([{"cy": 0.4, "en": 0.3}, {"nn": 0.4, "en": 0.3}, {"en": 0.45}, {"fr": 0.4}, {"fr": 0.9}], "en", 4),
    ],
    ids=["sure at once", "a song first", "never sure"],
)
def test_a_song_at_the_beginning_does_not_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: list[dict[str, float]], language: str, asked: int
) -> None:
    parts = [numpy.concatenate([clip("hello"), silence(30 - len(clip("hello")) / 16000)]) for _ in range(3)]
    media = write(tmp_path / "film.wav", *parts)
    answers = iter(said)
    monkeypatch.setattr(hearing.Listener, "languages", lambda self, window: next(answers))
    request = TranscriptionRequest(media=media, model_path=MODEL, device="cpu", vad=False, words=False, beam_size=1)
    heard = Heard()
    serving.transcribe(_as_json(request, Place(), 0), heard, serving.Shelf())  # type: ignore[arg-type]
    told = [record["language"] for record in heard.all if record["type"] == "language"]
    assert told == [language] and len(list(answers)) == len(said) - asked
    windows = [record for record in heard.all if record["type"] == "window"]
    assert len(windows) == 5 and {record["language"] for record in windows} == {language}
    first = next(number for number, record in enumerate(heard.all) if record["type"] == "segment")
    assert heard.all.index(windows[0]) > first > [record["type"] for record in heard.all].index("language")
    assert sum(record["type"] == "segment" for record in heard.all) > 6


def test_dots_are_no_subtitle_and_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = hearing.Listener.hear

    def with_dots(self: Any, *arguments: Any, **more: Any) -> Any:
        for record in real(self, *arguments, **more):
            yield record | {"text": " . . ."}
            yield record
            yield record | {"text": "♪"}

    monkeypatch.setattr(hearing.Listener, "hear", with_dots)
    media = write(tmp_path / "film.wav", clip("hello"))
    heard = Heard()
    request = TranscriptionRequest(media=media, model_path=MODEL, device="cpu", words=False, beam_size=1)
    serving.transcribe(_as_json(request, Place(), 0), heard, serving.Shelf())  # type: ignore[arg-type]
    texts = [record["text"] for record in heard.all if record["type"] == "segment"]
    assert "hello blender" in texts and texts.count("♪") == 3 and " . . ." not in texts
    [notice] = [record for record in heard.all if record["type"] == "notice"]
    assert notice["fields"] == {"count": "3", "places": "0:00.5, 0:02.2, 0:05.4"}


@pytest.mark.parametrize(
    ("words", "known", "language", "can"),
    [
        (51864, "<|en|><|de|>", "de", False), (51864, "<|en|><|de|>", "en", True), (51865, "<|en|><|de|>", "de", True),
        (51865, "<|en|><|de|>", "yue", False), (51866, "<|en|><|yue|>", "yue", True), (51865, "", "de", True),
    ],
)  # fmt: skip
def test_which_languages_a_model_knows_by_its_small_files(
    tmp_path: Path, words: int, known: str, language: str, can: bool
) -> None:
    shutil.copytree(MODEL, tmp_path / "m")
    (tmp_path / "m" / "vocabulary.json").write_text(json.dumps([""] * words), encoding="utf-8")
    (tmp_path / "m" / "tokenizer.json").write_text(known, encoding="utf-8")
    assert model.hears(str(tmp_path / "m"), language) is can


def test_distilled_models_for_english_say_so_by_the_list() -> None:
    models = reading.load().entries
    known = {entry.id: entry for entry in models}
    assert not known["distil-large-v3"].hears("de") and known["distil-large-v3"].hears("en")
    assert known["distil-large-v3"].hears(None) and known["large-v3"].hears("de")
