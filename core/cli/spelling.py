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
_AS_HERE = {"--condition-on-previous-text": "false", "--local-files-only": "true", "--suppress-blank": "true"}
"""Options of other programs with the value that says what is done here anyway; any other value is not understood."""
_ELSEWHERE = {
    "--best-of": "leave it out: at a temperature five are tried.",
    "--clip-timestamps": "a part is heard with --from and --to.",
    "--condition-on-previous-text": "leave it out: each window is heard by itself, against loops.",
    "--device-index": "the second card is --device cuda:1.",
    "--diarize": "leave it out: speakers are not told apart.",
    "--fp16": "say how to compute with --compute-type, such as float32.",
    "--hallucination-silence-threshold": "leave it out: what is not speech is skipped (--vad-threshold says what is).",
    "--highlight-words": "leave it out: a .lrc and a .json have the time of each word.",
    "--max-words-per-line": "say how long a line may be with --max-line-width, or choose a --profile.",
    "--max-len": "say how long a line may be with --max-line-width, or choose a --profile.",
    "--model-dir": "a folder with a model is -m FOLDER, the folder of all is --models-dir.",
    "--model-directory": "a folder with a model is -m FOLDER, the folder of all is --models-dir.",
    "--output-file": "the file to write is -o FILE.",
    "--print-colors": "leave it out.",
    "--temperature-increment-on-fallback": "name the temperatures: --temperature 0,0.2,0.4.",
    "--vad-max-speech-duration-s": "leave it out: windows are cut where it is quiet.",
    "--verbose": "leave it out: --quiet says less, --json more.",
}
"""Options of other programs that hear speech, and what is said here in their place."""
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


def hints(words: Sequence[str]) -> list[str]:
    """What to say in place of other programs' options, a sentence each.

    >>> hints(["transcribe", "a.mp4", "--device-index=1", "--device-index", "1"])
    ['--device-index: the second card is --device cuda:1.']
    """
    named = dict.fromkeys(word.partition("=")[0] for word in words)
    return [f"{name}: {_ELSEWHERE[name]}" for name in named if name in _ELSEWHERE]


def _spelled(words: list[str]) -> Iterator[str]:
    while words:
        word = words.pop(0)
        if word == "--":
            yield word
            yield from words
            return
        if word.startswith("--"):
            yield from _option(word, words)
        else:
            yield word


def _option(word: str, words: list[str]) -> Iterator[str]:
    """One option as it is called here; a value of its own is taken from the words behind it."""
    name, equals, value = word.partition("=")
    name = name.replace("_", "-")
    said = (value if equals else words[0] if words else "").lower()
    as_here, is_switch = _AS_HERE.get(name) == said, name in (*_SWITCHES, *_FLAGS) and said in _WORDS
    if not equals and _EARLIER.fullmatch(said):
        yield f"{name}={words.pop(0)}"
        return
    if not equals and (as_here or is_switch):
        words.pop(0)
    if name == "--translate" and not equals:
        yield from ("--task", "translate")
    elif not as_here and not is_switch:
        yield f"{name}{equals}{value}"
    elif is_switch and _WORDS[said]:
        yield name
    elif is_switch and name in _SWITCHES:
        yield f"--no-{name.removeprefix('--')}"
