# SPDX-License-Identifier: GPL-3.0-or-later
"""Options as other command lines spell them: `--beam_size 5`, `--vad_filter True`, `--shift -0:01:02.5`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_SWITCHES = ("--vad", "--vad-filter", "--words", "--word-timestamps")
"""Those that can be switched off by `--no-...`."""
_FLAGS = (
    "--suppress-numerals",
    "--multilingual",
    "--recursive",
    "--skip-existing",
    "--json",
    "--quiet",
    "--offline",
    "--overwrite",
)
"""Those that are off unless they are given."""
_WORDS = {"true": True, "false": False}
_EARLIER = re.compile(r"-\d+(?:[:.,]\d+)*m?s?", re.ASCII)
"""A time before another. argparse takes such a one, unless it is a plain number, for an option of that name."""


def ours(words: Sequence[str]) -> list[str]:
    """A command line with the options as this program spells them. What follows `--` is left alone.

    >>> ours(["transcribe", "a_b.mp4", "--beam_size", "1", "--vad_filter", "False", "--max_line_width=20"])
    ['transcribe', 'a_b.mp4', '--beam-size', '1', '--no-vad-filter', '--max-line-width=20']
    >>> ours(["convert", "a.srt", "b.srt", "--shift", "-0:01:02.5"])
    ['convert', 'a.srt', 'b.srt', '--shift=-0:01:02.5']
    """
    return list(_spelled(list(words)))


def _spelled(words: list[str]) -> Iterator[str]:
    while words:
        word = words.pop(0)
        if word == "--":
            yield word
            yield from words
            return
        if not word.startswith("--"):
            yield word
            continue
        name, equals, value = word.partition("=")
        name = name.replace("_", "-")
        said = value if equals else words[0] if words else ""
        if not equals and _EARLIER.fullmatch(said):
            yield f"{name}={words.pop(0)}"
            continue
        if name not in (*_SWITCHES, *_FLAGS) or said.lower() not in _WORDS:
            yield f"{name}{equals}{value}"
            continue
        if not equals:
            words.pop(0)
        if _WORDS[said.lower()]:
            yield name
        elif name in _SWITCHES:
            yield f"--no-{name.removeprefix('--')}"
