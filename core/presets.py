# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a transcription in a file: presets by name in the user's folder, and a film's own beside it.

The names are those of the command line, with underscores, and so are the values.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Container, Mapping
from pathlib import Path
from typing import Any

from .errors.base import UsageError
from .languages import NAMES
from .speech.naming import language_code, track_wanted
from .subtitles.profiles import AUTO
from .system import files
from .system.names import is_inner_path
from .text import Text

FOLDER = "presets"
"""In the user's folder."""
_SUFFIX = ".toml"
_LARGEST = 1 << 20
"""Bytes of a file that are read."""
_LONGEST_NAME = 60
_HEAD = "# Options for transcribing, by the names of the command line: subtitle-editor transcribe --preset NAME\n"


# What a value may be


def number(least: int, most: int) -> Callable[[Any], int]:
    """A check of whole numbers, as they are typed or stand in a file. It raises ValueError.

    >>> number(1, 256)("00000000000000000000064")
    64
    >>> number(1, 256)("00000000000000000000999")
    Traceback (most recent call last):
    ValueError: 1 to 256
    """

    def check(value: Any) -> int:
        text = str(value)
        # Of a number of any length no more than is needed to see that it is too large.
        digits = text.lstrip("0")[:20] or "0"
        if not text.isascii() or not text.isdigit() or not least <= int(digits) <= most:
            raise ValueError(f"{least} to {most}")
        return int(digits)

    return check


def share(value: Any) -> float:
    """A probability. Raises ValueError."""
    with contextlib.suppress(ValueError):
        if 0.0 < float(str(value)) < 1.0:
            return float(str(value))
    raise ValueError("a number between 0 and 1")


def language(value: Any) -> str | None:
    """Whisper's code of a language, None to have it detected. Raises ValueError for one that Whisper does not know: an
    hour later it would be too late."""
    text = str(value)
    if text.strip().lower() in ("", "auto", "detect", "none"):
        return None
    code = language_code(text)
    if code is None:
        import difflib  # Here, not above, as all that only a file needs: Blender starts with this one, and reads none.

        near = difflib.get_close_matches(text.strip().title(), NAMES.values(), n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f'a language that Whisper knows, not "{text}"{meant}')
    return code


def _time(value: Any) -> float:
    from .subtitles.timecode import parse_time

    try:
        seconds = parse_time(str(value))
    except ValueError as error:
        raise ValueError("seconds or H:MM:SS") from error
    if not 0 <= seconds < float("inf"):
        raise ValueError("a finite time of 0 or later")
    return seconds


def _task(value: Any) -> str:
    if value not in ("transcribe", "translate"):
        raise ValueError("transcribe or translate")
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a text in quotes")
    return value


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


CHECKS: dict[str, Callable[[Any], Any]] = {
    "language": language,
    "task": _task,
    "track": lambda value: track_wanted(str(value)),
    "profile": _text,
    "prompt": _text,
    "hotwords": _text,
    "glossary": _text,
    "words": _switch,
    "suppress_numerals": _switch,
    "vad": _switch,
    "vad_threshold": share,
    "vad_min_speech_duration_ms": number(0, 600_000),
    "vad_min_silence_duration_ms": number(0, 600_000),
    "vad_speech_pad_ms": number(0, 600_000),
    "beam_size": number(1, 64),
    "batch_size": number(1, 256),
    "multilingual": _switch,
    "from": _time,
    "to": _time,
}
"""Each option that a file may have, and what its value becomes."""


# Files


def read(path: Path, profiles: Container[str]) -> dict[str, Any]:
    """The options that stand in a file; `profiles` are the names of the reading rules that there are. A glossary is a
    path, from the file's own folder; None for none. Raises UsageError, which names what is wrong.
    """
    import tomllib

    try:
        with path.open("rb") as file:
            said = tomllib.loads(file.read(_LARGEST).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            Text("{path} cannot be read: {reason}.", path=path, reason=str(error)), Text("Mend or remove the file.")
        ) from error
    found: dict[str, Any] = {}
    for name, value in said.items():
        key = name.replace("-", "_")
        if key not in CHECKS:
            known = Text("It may have: {names}.", names=", ".join(CHECKS))
            raise UsageError(Text('{path}: nobody knows "{name}".', path=path, name=name), known)
        try:
            found[key] = _checked(key, value, path, profiles)
        except ValueError as error:
            wrong = Text('{path}: "{name}" cannot be {value}.', path=path, name=name, value=repr(value))
            raise UsageError(wrong, str(error)) from error
    return found


def _checked(key: str, value: Any, path: Path, profiles: Container[str]) -> Any:
    found = CHECKS[key](value)
    if key == "profile" and found != AUTO and found not in profiles:
        raise ValueError(f"one of {', '.join(profiles)}" if isinstance(profiles, Mapping) else "one that there is")
    if key == "glossary":
        return path.parent / found if found else None
    return found


def names(folder: Path) -> list[str]:
    """The names of the presets in a folder; none where it is not there."""
    with contextlib.suppress(OSError):
        return sorted((file.stem for file in folder.glob(f"*{_SUFFIX}") if file.is_file()), key=str.casefold)
    return []


def path_of(folder: Path, name: str) -> Path:
    """The file of a preset, there or not. Raises UsageError for a name that no file can have everywhere."""
    name = name.strip()
    file = f"{name}{_SUFFIX}"
    if not name or len(name) > _LONGEST_NAME or name[0] == "." or "/" in name or not is_inner_path(file, windows=True):
        raise UsageError(
            Text('"{name}" cannot be the name of a preset.', name=name),
            Text("Take up to {number} letters, digits, spaces and dashes.", number=_LONGEST_NAME),
        )
    return folder / file


def write(path: Path, options: Mapping[str, Any]) -> None:
    """Make a file of these options, in place of one that is there. Raises SubtitleEditorError where it cannot be."""
    lines = [f"{key} = {_value(options[key])}\n" for key in CHECKS if key in options]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, (_HEAD + "".join(lines)).encode("utf-8"))
    except OSError as error:
        raise files.disk_error(path.parent, error) from error


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    # A JSON string is a basic string of TOML, but for DEL, which TOML wants escaped.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def remove(path: Path) -> None:
    """Delete a preset; one that is gone already is no fault. Raises SubtitleEditorError where it stays."""
    try:
        files.remove(path)
    except OSError as error:
        raise files.disk_error(path.parent, error) from error
