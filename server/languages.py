# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers in the client's language: `texts/xx.json`, which `python3 dev.py strings --write` makes of translations/."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

from ..core.text import Text

ENGLISH = "en"
LANGUAGES = (ENGLISH, "de", "fa")

_FOLDER = Path(__file__).with_name("texts")


def said(text: str, language: str) -> str:
    """A text in a language; English where there is no translation, and what is no Text of ours as it is."""
    if language == ENGLISH or not isinstance(text, Text):
        return str(text)
    texts = _texts(language)
    return str(text.translated(lambda template: texts.get(template, template)))


def localized(value: Any, language: str) -> Any:
    """The same with all its texts in a language."""
    match value:
        case str():
            return said(value, language)
        case dict():
            return {name: localized(inner, language) for name, inner in value.items()}
        case list():
            return [localized(inner, language) for inner in value]
    return value


def chosen(header: str) -> str:
    """The first of our languages that an Accept-Language header names with the highest weight; English without one.

    >>> chosen("fa-IR,fa;q=0.9,en;q=0.5"), chosen("fr, de;q=0.4, en;q=0.3"), chosen(""), chosen("*"), chosen("de;q=x")
    ('fa', 'de', 'en', 'en', 'en')
    """
    best, weight = ENGLISH, 0.0
    for part in header[:200].split(","):
        name, _, quality = part.strip().partition(";q=")
        try:
            value = float(quality or 1.0)
        except ValueError:
            continue
        language = name.strip().lower().partition("-")[0]
        if language in LANGUAGES and value > weight:
            best, weight = language, value
    return best


@functools.cache
def _texts(language: str) -> dict[str, str]:
    try:
        data = json.loads((_FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(text): str(translation) for text, translation in data.items()}
