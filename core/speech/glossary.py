# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and terms that are to be spelled as they are: a text file with one a line."""

from __future__ import annotations

import codecs
from pathlib import Path

from ..errors.base import UsageError
from ..text import Text

_LARGEST = 1 << 20
"""Bytes. A glossary is a page or two; a larger file is another one chosen by mistake."""


def read(path: Path) -> list[str]:
    """The terms, in order, each once. Empty lines and what follows a # are not terms. Raises UsageError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(
                Text("{path} is too large for a glossary.", path=path), Text("Name a text file with one term a line.")
            )
        text = text_of(path)
    except FileNotFoundError as error:
        raise UsageError(
            Text("There is no file {path}.", path=path), Text("Name a readable text file in UTF-8.")
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            Text("The glossary {path} cannot be read.", path=path), Text("Name a readable text file in UTF-8.")
        ) from error
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return list(dict.fromkeys(line for line in lines if line))


def text_of(path: Path) -> str:
    """A text file in UTF-8, or in UTF-16 with its mark, which Windows' Notepad calls Unicode. Raises OSError,
    UnicodeDecodeError."""
    data = path.read_bytes()
    return data.decode("utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig")


def as_hotwords(terms: list[str], more: str = "") -> str:
    """The terms as what a model is told to expect.

    >>> as_hotwords(["Dunja", "Ottakring"], "Blender")
    'Dunja, Ottakring, Blender'
    """
    return ", ".join([*terms, *([more.strip()] if more.strip() else [])])
