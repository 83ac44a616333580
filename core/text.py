# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts for users that can be said in another language later on, without knowing one here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any

EXTENDED = "\\\\?\\"
"""What stands before a path in a call to Windows that may have more than 259 characters."""


def plain(path: object) -> str:
    r"""A path as people write it, for messages and for other programs.

    >>> plain("\\\\?\\C:\\models"), plain("\\\\?\\UNC\\server\\share"), plain("/models")
    ('C:\\models', '\\\\server\\share', '/models')
    """
    text = str(path)
    if not text.startswith(EXTENDED):
        return text
    text = text.removeprefix(EXTENDED)
    return "\\\\" + text[4:] if text.startswith("UNC\\") else text


def _as_data(field: object) -> object:
    return plain(field) if isinstance(field, PurePath) else field


class Text(str):
    """An English text that keeps the template and the fields that it was made of. In all else an ordinary str.

    A translator looks up `template`, which is always the same, and fills in the fields. Fields that are Texts
    themselves are translated too; all others are data (names, paths, numbers) and stay as they are.

    >>> text = Text("{host} cannot be reached: {reason}.", host="hub.example", reason=Text("it does not answer"))
    >>> print(text)
    hub.example cannot be reached: it does not answer.
    >>> text.template
    '{host} cannot be reached: {reason}.'
    """

    __slots__ = ("fields", "template")

    template: str
    fields: Mapping[str, object]

    def __new__(cls, template: str, /, **fields: object) -> Text:
        """The text of `template.format(**fields)`. Raises KeyError when the template names a field that is missing."""
        fields = {name: _as_data(field) for name, field in fields.items()}
        text = super().__new__(cls, template.format(**fields))
        text.template = template
        text.fields = fields
        return text

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        # For copy and pickle, which would otherwise take the finished text for a template.
        return (self.template,), dict(self.fields)

    def translated(self, look_up: Callable[[str], str]) -> str:
        """The text in the language of `look_up`, which gets a template and returns it translated, or as it is.

        A translation that cannot be filled in is passed over: the English text is always right.
        """
        fields = {
            name: field.translated(look_up) if isinstance(field, Text) else field for name, field in self.fields.items()
        }
        try:
            return look_up(self.template).format(**fields)
        except (LookupError, ValueError, AttributeError, TypeError):
            return self.template.format(**fields)


def counted(number: int) -> Text:
    """So many subtitles, in words that fit one of them as well.

    >>> counted(1), counted(5)
    ('1 subtitle', '5 subtitles')
    """
    return Text("1 subtitle") if number == 1 else Text("{number} subtitles", number=number)
