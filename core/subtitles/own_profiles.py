# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading rules of a user's own: copies of the built-in ones with other numbers, in one TOML file that Blender and the
command line share.

A table of the file is a profile, its name the one that `--profile` takes. A table that cannot be used is left out and
named; the file itself is only written by what is asked for here. Any thread.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors.base import SubtitleEditorError
from ..system import files
from ..system.reasons import reason_of
from ..text import Text
from .profiles import NUMBERS, PROFILES, Profile

LARGEST = 1 << 20
"""Bytes of the file: thousands of profiles."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_HEAD = "# Reading rules of your own, for Subtitle Editor. A rule that is left out is none.\n"


class ProfileError(SubtitleEditorError):
    """A profile of the user's own that cannot be used or kept."""

    code = "profile"


_LEAST: dict[str, Any] = {"max_chars": 42}
"""What a profile has that says nothing of it."""
_WHOLE = ("max_chars", "max_lines", "gap_frames")


@dataclasses.dataclass(frozen=True, slots=True)
class Own:
    """What a file holds."""

    profiles: Mapping[str, Profile] = dataclasses.field(default_factory=dict)
    problems: tuple[str, ...] = ()
    """What could not be used, each a sentence with the file's name."""

    @property
    def known(self) -> dict[str, Profile]:
        """The built-in profiles and the user's own, which never stand in place of one of those."""
        return {**PROFILES, **self.profiles}


def read(path: Path) -> Own:
    """The profiles of a file; none where there is no file. Never raises: what is wrong is among the problems."""
    try:
        with open(path, "rb") as file:
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return Own()
    except OSError as error:
        return Own(problems=(Text("{path} cannot be read: {reason}.", path=path, reason=reason_of(error)),))
    if len(data) > LARGEST:
        return Own(problems=(Text("{path} is too large for a file of profiles.", path=path),))
    try:
        tables = _tables(data)
    except (ValueError, RecursionError) as error:
        return Own(problems=(Text("{path} cannot be read: {reason}.", path=path, reason=str(error)[:200]),))
    found: dict[str, Profile] = {}
    problems: list[str] = []
    for name, table in tables.items():
        try:
            found[name] = _profile(name, table)
        except ValueError as error:
            reason = str(error)
            problems.append(
                Text("{path}: the profile {name} is left out: {reason}.", path=path, name=name, reason=reason)
            )
    return Own(found, tuple(problems))


def _tables(data: bytes) -> dict[str, Any]:
    import tomllib  # Here, not above: Blender starts without it.

    return tomllib.loads(data.decode("utf-8-sig"))


def _profile(name: str, table: Any) -> Profile:
    """Raises ValueError with the reason."""
    if not _NAME.fullmatch(name):
        raise ValueError(Text("a name has small letters, digits and hyphens"))
    if name in PROFILES:
        raise ValueError(Text("a built-in profile has that name"))
    if not isinstance(table, Mapping):
        raise ValueError(Text("it is no table"))
    label, base, spaced = table.get("label", name), table.get("base", ""), table.get("spaced", True)
    if not isinstance(label, str) or not isinstance(base, str) or not isinstance(spaced, bool):
        raise ValueError(Text("label and base are texts, spaced is true or false"))
    unknown = table.keys() - NUMBERS.keys() - {"label", "base", "spaced"}
    if unknown:
        raise ValueError(Text("nobody knows {name}", name=sorted(unknown)[0]))
    numbers: dict[str, Any] = {key: _number(key, table[key]) for key in NUMBERS if key in table}
    return _sensible(Profile(name=name, label=label[:60] or name, spaced=spaced, base=base, **(_LEAST | numbers)))


def _number(key: str, value: Any) -> float | int:
    limits = NUMBERS[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:  # NaN is not itself.
        raise ValueError(Text("{name} is no number", name=key))
    if not limits.least <= value <= limits.most:
        raise ValueError(
            Text("{name} is between {least:g} and {most:g}", name=key, least=limits.least, most=limits.most)
        )
    return round(value) if key in _WHOLE else float(value)


def from_record(record: Mapping[str, Any]) -> Profile | None:
    """A profile out of what `dataclasses.asdict` once made of it; None for what is none as they are now.

    >>> from_record(dataclasses.asdict(PROFILES["bbc"])) == PROFILES["bbc"], from_record({"name": "bbc"})
    (True, None)
    """
    try:
        texts: dict[str, Any] = {key: str(record[key]) for key in ("name", "label", "base")}
        numbers: dict[str, Any] = {
            key: None if limits.optional and record[key] is None else _number(key, record[key])
            for key, limits in NUMBERS.items()
        }
        return _sensible(Profile(spaced=bool(record["spaced"]), **texts, **numbers))
    except (KeyError, ValueError):
        return None


def _sensible(profile: Profile) -> Profile:
    if profile.max_duration is not None and profile.max_duration < profile.min_duration:
        raise ValueError(Text("max_duration is less than min_duration"))
    return profile


def changed(profile: Profile, **numbers: float | int | None) -> Profile:
    """A profile with other numbers, each brought into its limits; None, or 0 for a rule that may be left out: no rule.

    What then contradicts itself gives way: of the two durations the one that was not changed.
    """
    values: dict[str, Any] = {}
    for key, value in numbers.items():
        limits = NUMBERS[key]
        if limits.optional and not value:
            values[key] = None
            continue
        kept = min(max(float(value or 0), limits.least), limits.most)
        values[key] = round(kept) if key in _WHOLE else kept
    made = dataclasses.replace(profile, **values)
    if made.max_duration is not None and made.max_duration < made.min_duration:
        if "min_duration" in values:
            return dataclasses.replace(made, max_duration=made.min_duration)
        return dataclasses.replace(made, min_duration=made.max_duration)
    return made


def copied(profile: Profile, known: Mapping[str, Profile]) -> Profile:
    """A copy under a name that nobody has yet.

    >>> copied(PROFILES["bbc"], PROFILES).name
    'bbc-own'
    """
    base = profile.base or profile.name
    stem = f"{base}-own"
    name, label, number = stem, f"{profile.label} *", 2
    while name in known:
        name, label, number = f"{stem}-{number}", f"{profile.label} *{number}", number + 1
    return dataclasses.replace(profile, name=name, label=label[:60], base=base)


def reset(profile: Profile) -> Profile:
    """With the numbers of the built-in one that it was copied from; as it is where nobody knows that one."""
    origin = PROFILES.get(profile.base)
    return (
        profile
        if origin is None
        else dataclasses.replace(origin, name=profile.name, label=profile.label, base=origin.name)
    )


def keep(path: Path, profile: Profile) -> None:
    """Put a profile into the file, in place of the one of its name. As `change`."""
    change(path, {profile.name: profile})


def remove(path: Path, name: str) -> None:
    """Take a profile out of the file. As `change`."""
    change(path, {name: None})


def change(path: Path, wanted: Mapping[str, Profile | None]) -> None:
    """Put profiles into the file by their names, each in place of the one that has it, and take out those that shall be
    None. The other profiles stay, comments do not.

    Raises ProfileError for a file that is broken, which is not written over, and what `files.disk_error` says.
    """
    own = read(path)
    if own.problems:
        hint = Text("Mend the file, or make the profile anew in the preferences.")
        raise ProfileError(own.problems[0], hint)
    found = {**own.profiles, **wanted}
    text = _HEAD + "".join(_table(profile) for profile in found.values() if profile is not None)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, text.encode("utf-8"))
    except OSError as error:
        raise files.disk_error(path.parent, error) from error


def _table(profile: Profile) -> str:
    lines = [f"\n[{profile.name}]", f"label = {_text(profile.label)}"]
    lines += [f"base = {_text(profile.base)}"] if profile.base else []
    lines += [f"{key} = {value!r}" for key in NUMBERS if (value := getattr(profile, key)) is not None]
    lines += [] if profile.spaced else ["spaced = false"]
    return "\n".join(lines) + "\n"


def _text(value: str) -> str:
    # A JSON string is a basic string of TOML, but for DEL, which TOML wants escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
