# SPDX-License-Identifier: GPL-3.0-or-later
"""Words of the command line that learn their options when they are said: what they need is imported only then."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    _Parsers = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    _Parsers = argparse._SubParsersAction


class Words(_Parsers):
    """The words that a command takes, for `add_subparsers(action=Words)`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._teachers: dict[str, Callable[[], None]] = {}

    def name(self, words: Mapping[str, str], teach: Callable[[Words], None]) -> None:
        """Have these words in the help, each with its sentence. When one of them is said `teach` gets this and adds a
        parser for each of them, without help."""
        for word, help in words.items():
            self.add_parser(word, help=help, add_help=False)
            self._teachers[word] = lambda: teach(self)

    def add_parser(self, name: str, **options: Any) -> argparse.ArgumentParser:
        """As argparse's, in place of one that was only named."""
        if self._teachers.pop(name, None) is not None:
            del self._name_parser_map[name]
        return super().add_parser(name, **options)

    def parser_of(self, word: str) -> argparse.ArgumentParser:
        """The parser of a word, with all its options."""
        if word in self._teachers:
            self._teachers[word]()
        return self._name_parser_map[word]

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: str | Sequence[Any] | None,
        option_string: str | None = None,
    ) -> None:
        """Called by argparse with the word, one of those that there are, and all behind it."""
        assert values
        self.parser_of(values[0])
        super().__call__(parser, namespace, values, option_string)
