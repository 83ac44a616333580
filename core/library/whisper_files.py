# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the files of a folder are one Whisper model in CTranslate2's format, as faster-whisper loads it.

Reads the small files, and of `model.bin` names and shapes, not the numbers. The format is CTranslate2's
(ctranslate2/specs/model_spec.py, `_serialize`).
"""

from __future__ import annotations

import dataclasses
import json
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from ..text import Text

WHISPER = "WhisperSpec"

MEL_BANDS = 80
"""What faster-whisper hears with where there is no preprocessor_config.json (its feature_extractor.py)."""

_LANDMARKS = ("<|endoftext|>", "<|startoftranscript|>", "<|translate|>", "<|transcribe|>", "<|notimestamps|>")
"""Tokens that every Whisper has, under numbers that differ between its generations."""

_MOST_VARIABLES = 100_000
_LONGEST_JSON = 64_000_000
"""Bytes; the largest tokenizer.json of a Whisper has 2.5 million."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """What a `model.bin` says of itself."""

    mel_bands: int
    vocabulary: int
    """How many tokens it knows."""
    size: int
    """Bytes that the file must have."""


def specification(head: bytes) -> str:
    """What kind of model a `model.bin` that begins with `head` is, in CTranslate2's words; empty if it is none.

    It begins with the format's version (4 bytes), the length of a name (2 bytes, with its closing zero) and that name,
    little-endian.
    """
    version, length = struct.unpack("<IH", head[:6]) if len(head) >= 6 else (0, 0)
    spec = head[6 : 6 + length].rstrip(b"\0")
    return spec.decode() if 1 <= version < 1000 and spec.isascii() and spec.isalnum() else ""


def is_whisper(path: Path) -> bool:
    """Whether a `model.bin` is a Whisper's. Raises OSError."""
    return _specification_of(path) == WHISPER


def _specification_of(path: Path) -> str:
    with path.open("rb") as file:
        return specification(file.read(64))


def shape(path: Path) -> Shape:
    """The shape of a Whisper's `model.bin`. Raises OSError, and ValueError for what cannot be read as one."""
    with path.open("rb") as file:
        try:
            return _shape(file)
        except (struct.error, UnicodeDecodeError, KeyError, IndexError) as error:
            raise ValueError(str(error)) from error


def _shape(file: BinaryIO) -> Shape:
    version = _number(file, "I")
    _string(file)
    _number(file, "I")
    shapes: dict[str, Sequence[int]] = {}
    for _ in range(min(_number(file, "I"), _MOST_VARIABLES)):
        name = _string(file)
        dimensions = [_number(file, "I") for _ in range(_number(file, "B"))]
        # Before version 4 the size of one number stood where their type stands now.
        kind, count = _number(file, "B"), _number(file, "I")
        file.seek(count if version >= 4 else count * kind, 1)
        shapes[name] = dimensions
    end = file.tell()
    return Shape(shapes["encoder/conv1/weight"][1], shapes["decoder/embeddings/weight"][0], end)


def _number(file: BinaryIO, kind: str) -> int:
    size = struct.calcsize(f"<{kind}")
    return int(struct.unpack(f"<{kind}", file.read(size))[0])


def _string(file: BinaryIO) -> str:
    return file.read(_number(file, "H")).rstrip(b"\0").decode("ascii")


def misfits(folder: Path) -> list[Text]:
    """What is wrong with the model in `folder`, whose files are there, each to be read after "it cannot be used: ".

    Empty if its files are of one model. Raises OSError for one that cannot be read.
    """
    problems = [
        Text("{name} is not readable JSON", name=name)
        for name in ("config.json", "tokenizer.json")
        if not isinstance(_json(folder / name), dict)
    ]
    spec = _specification_of(folder / "model.bin")
    if spec != WHISPER:
        what = Text("holds a {spec}", spec=spec) if spec else Text("is something else")
        problems.append(Text("model.bin {what}, not a Whisper model in CTranslate2's format", what=what))
        return problems
    try:
        found = shape(folder / "model.bin")
    except ValueError:
        return [*problems, Text("model.bin is damaged")]
    size = (folder / "model.bin").stat().st_size
    if size < found.size:
        lacking = found.size - size
        return [*problems, Text("model.bin is cut off: at least {number} bytes are missing", number=lacking)]
    return [*problems, *_mel_problems(folder, found), *_token_problems(folder, found)]


def _mel_problems(folder: Path, found: Shape) -> list[Text]:
    """A model that is fed with another number of bands fails at its first word, or hears nonsense."""
    name = "preprocessor_config.json"
    if not (folder / name).exists():
        if found.mel_bands == MEL_BANDS:
            return []
        return [Text("it has no {name}, which a model with {bands} mel bands needs", name=name, bands=found.mel_bands)]
    settings = _json(folder / name)
    if not isinstance(settings, dict):
        return [Text("{name} is not readable JSON", name=name)]
    bands = settings.get("feature_size", MEL_BANDS)
    if bands == found.mel_bands:
        return []
    return [
        Text(
            "{name} is of another model: it says {said} mel bands, and model.bin has {bands}",
            name=name,
            said=str(bands)[:20],
            bands=found.mel_bands,
        )
    ]


def _token_problems(folder: Path, found: Shape) -> list[Text]:
    """Files of another generation of Whisper give every word another number."""
    vocabulary, name = _vocabulary(folder)
    if vocabulary is None:
        return [Text("{name} is not a list of tokens", name=name)]
    if len(vocabulary) != found.vocabulary:
        return [
            Text(
                "{name} is of another model: it has {number} tokens, and model.bin {expected}",
                name=name,
                number=len(vocabulary),
                expected=found.vocabulary,
            )
        ]
    problems = []
    tokens = _numbered(_json(folder / "tokenizer.json"))
    numbers = {token: number for number, token in enumerate(vocabulary)}
    if any(token in tokens and token in numbers and tokens[token] != numbers[token] for token in _LANDMARKS):
        text = Text("tokenizer.json is of another model: it numbers its tokens otherwise than {name}", name=name)
        problems.append(text)
    config = _json(folder / "config.json")
    languages = config.get("lang_ids") if isinstance(config, dict) else None
    if isinstance(languages, list) and any(not isinstance(one, int) or one >= len(vocabulary) for one in languages):
        problems.append(Text("config.json is of another model: it names tokens that there are not"))
    return problems


def _vocabulary(folder: Path) -> tuple[list[str] | None, str]:
    """The tokens in their order, None if they cannot be read, and the name of their file."""
    if (folder / "vocabulary.json").exists():
        found = _json(folder / "vocabulary.json")
        return (found if isinstance(found, list) else None), "vocabulary.json"
    try:
        # As CTranslate2 reads it: a token a line, whatever else Python takes for an end of one.
        lines = (folder / "vocabulary.txt").read_bytes().decode("utf-8").split("\n")
    except (FileNotFoundError, UnicodeDecodeError):
        return None, "vocabulary.txt"
    return [line.removesuffix("\r") for line in (lines[:-1] if not lines[-1] else lines)], "vocabulary.txt"


def _numbered(tokenizer: Any) -> dict[str, int]:
    """The special tokens of a `tokenizer.json` with their numbers; empty where it has none that can be read."""
    added = tokenizer.get("added_tokens") if isinstance(tokenizer, dict) else None
    rows = [row for row in added if isinstance(row, dict)] if isinstance(added, list) else []
    return {row["content"]: row["id"] for row in rows if isinstance(row.get("content"), str) and "id" in row}


def _json(path: Path) -> Any:
    """What a JSON file holds; None for one that is none."""
    try:
        if path.stat().st_size > _LONGEST_JSON:
            return None
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
