# SPDX-License-Identifier: GPL-3.0-or-later
"""How subtitles look: every number and colour that drawing them needs, and the TOML files that styles are shared as.

Lengths are shares, so that a style fits each picture: margins and places of the picture's width and height, all else of
the size of the letters, and that is a share of `reference(width, height)`. Presets are in presets.toml.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors.base import SubtitleEditorError
from ..system.reasons import reason_of
from ..text import Text
from . import names

_PRESETS = Path(__file__).with_name("presets.toml")
_COLOR = re.compile(r"#[0-9a-f]{6}([0-9a-f]{2})?")

BOXES = ("", "line", "block")
KARAOKE = ("", "fill", "word")
PROPORTION = 1.25
"""The tallest picture, in widths, whose height letters are measured by: in one that is taller they would not fit."""
LONGEST_FILE = 65536
"""Bytes of a style file. One with all that a style has takes two thousand."""


class StyleError(SubtitleEditorError):
    """A style that cannot be used: what it is and why."""

    code = "style"

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        super().__init__(
            Text('The style "{name}" cannot be used: {reason}.', name=name, reason=reason),
            Text("Correct it, or choose another style."),
        )


def reference(width: int, height: int) -> float:
    """Pixels that a style's `size` is a share of: the picture's height, in upright pictures less.

    >>> reference(1920, 1080), reference(1080, 1080), reference(1080, 1920)
    (1080, 1080, 1350.0)
    """
    return min(height, width * PROPORTION)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One look. As it comes it can be read on any film: proportional letters with a dark edge and a soft shadow.

    Colours are `#rrggbb` or `#rrggbbaa`, in small letters.
    """

    name: str = "default"
    """The id: what the command line takes and the file is called."""
    label: str = ""
    """What a menu shows; without one its name."""

    # Letters
    font: str = ""
    """The family. Without one, or where it has no such letter: the first that has it (fonts.py)."""
    size: float = 0.05
    """Share of `reference`: the height of a line of Latin letters from top to bottom, the em."""
    bold: bool = False
    italic: bool = False
    underline: bool = False
    strike: bool = False
    uppercase: bool = False
    color: str = "#ffffff"
    letter_spacing: float = 0.0
    """Between letters, of the size. Not in scripts that join their letters."""
    line_spacing: float = 1.25
    """From one base line to the next, of the size."""
    stretch_x: float = 1.0
    stretch_y: float = 1.0
    angle: float = 0.0
    """Degrees, against the clock."""

    # Edge, shadow, box
    outline: float = 0.06
    """Its width on each side, of the size."""
    outline_color: str = "#000000"
    shadow_x: float = 0.03
    shadow_y: float = 0.05
    """How far the shadow lies from the letters, of the size: to the right and down."""
    shadow_blur: float = 0.08
    """How soft it is (the deviation of the Gaussian), of the size."""
    shadow_color: str = "#000000b0"
    box: str = ""
    """`line`: a box behind each line; `block`: one behind all of them; empty: none."""
    box_color: str = "#000000c0"
    box_padding: float = 0.2
    """Of the size."""
    box_round: float = 0.0
    """The radius of the corners, of the size."""

    # Place
    align: int = 2
    """As `markup.Placing.align`."""
    margin_x: float = 0.05
    margin_y: float = 0.05
    """Share of the picture left free at its sides, and above and below: the safe area of EBU R 95."""
    max_width: float = 0.9
    """Share of the picture's width that a line may have."""
    wrap: bool = True
    """Break lines that are wider. Breaks that the subtitle has stay."""
    stack: bool = True
    """Move a subtitle up or down that would lie on another one."""

    # Words in time
    words: int = 0
    """Words that are shown at a time; 0: all."""
    karaoke: str = ""
    """`fill`: what was spoken has the `spoken_color`; `word`: only the word that is being spoken; empty: nothing."""
    spoken_color: str = "#ffd400"
    spoken_box: str = ""
    """The colour of a box behind the word that is being spoken; empty: none."""
    fade_in: float = 0.0
    fade_out: float = 0.0
    """Seconds."""

    # Speakers
    speaker_colors: tuple[str, ...] = ()
    """The colours of the first speaker, the second and so on; the last one is for all who follow."""
    speakers: Mapping[str, str] = dataclasses.field(default_factory=dict, hash=False)
    """The colours of speakers by name."""

    def __post_init__(self) -> None:
        for check in _CHECKS:
            if reason := check(self):
                raise StyleError(self.name, reason)

    @property
    def title(self) -> str:
        """What a menu shows."""
        return self.label or self.name

    def pixels(self, width: int, height: int) -> float:
        """The size of the letters in a picture, before `stretch_x` and `stretch_y`."""
        return self.size * reference(width, height)

    def as_dict(self) -> dict[str, Any]:
        """What differs from the default style, and its name."""
        return {
            field.name: list(value) if isinstance(value, tuple) else value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != getattr(DEFAULT, field.name) or field.name == "name"
        }


def of(values: Mapping[str, Any], base: Style | None = None) -> Style:
    """The style of a table of a TOML file; what it does not name is as in `base`. Raises StyleError."""
    given = values.get("name", "")
    name = given[:80] if isinstance(given, str) else ""
    _check_name(name)
    start = base or Style()
    changes: dict[str, Any] = {}
    for key, value in values.items():
        if key not in _FIELDS:
            raise StyleError(name, Text('there is nothing that is called "{key}" in a style', key=str(key)[:80]))
        changes[key] = _converted(name, key, value)
    return dataclasses.replace(start, **changes)


def _check_name(name: str) -> None:
    if name == names.AS_IN_FILE:
        raise StyleError(name, Text("that name stands for the style of the subtitle file"))
    if not names.may_be(name):
        raise StyleError(name, Text("a name has letters, digits, hyphens and underscores, up to 63"))


def _converted(name: str, key: str, value: Any) -> Any:
    kind: type = type(getattr(Style(), key)) if key != "speakers" else dict
    if kind is float and type(value) is int:
        with contextlib.suppress(OverflowError):
            return float(value)
    if kind is tuple and isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(item.lower() for item in value)
    if kind is dict and isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values()):
        return {str(speaker): color.lower() for speaker, color in value.items()}
    if type(value) is not kind or kind in (tuple, dict):
        raise StyleError(name, Text('"{key}" is not of the kind that it should be', key=key))
    return str(value).lower() if "color" in key or key == "spoken_box" else value


# What a style may say. Sizes end where a picture would: a hostile file must not ask for gigabytes.

_RANGES: dict[str, tuple[float, float]] = {
    "size": (0.005, 0.5), "letter_spacing": (-0.5, 2.0), "line_spacing": (0.5, 4.0), "stretch_x": (0.1, 4.0),
    "stretch_y": (0.1, 4.0), "angle": (-360.0, 360.0), "outline": (0.0, 0.5), "shadow_x": (-1.0, 1.0),
    "shadow_y": (-1.0, 1.0), "shadow_blur": (0.0, 1.0), "box_padding": (0.0, 2.0), "box_round": (0.0, 2.0),
    "align": (1, 9), "margin_x": (0.0, 0.45), "margin_y": (0.0, 0.45), "max_width": (0.05, 1.0), "words": (0, 100),
    "fade_in": (0.0, 10.0), "fade_out": (0.0, 10.0),
}  # fmt: skip


def _ranges(style: Style) -> Text | None:
    for key, (low, high) in _RANGES.items():
        if not low <= getattr(style, key) <= high:
            return Text('"{key}" goes from {low} to {high}', key=key, low=low, high=high)
    return None


def _choices(style: Style) -> Text | None:
    for key, allowed in (("box", BOXES), ("karaoke", KARAOKE)):
        if getattr(style, key) not in allowed:
            return Text('"{key}" is one of: {words}', key=key, words=", ".join(word or '""' for word in allowed))
    return None


def _colors(style: Style) -> Text | None:
    named = {key: getattr(style, key) for key in _FIELDS if key.endswith("color")}
    if style.spoken_box:
        named["spoken_box"] = style.spoken_box
    named |= {f"speaker_colors {number}": color for number, color in enumerate(style.speaker_colors, 1)}
    named |= {f"speakers {speaker}": color for speaker, color in style.speakers.items()}
    wrong = next((key for key, color in named.items() if not _COLOR.fullmatch(color)), None)
    return None if wrong is None else Text('"{key}" is no colour such as #ffd400 or #000000b0', key=wrong)


_CHECKS = (_ranges, _choices, _colors)
_FIELDS = frozenset(field.name for field in dataclasses.fields(Style))

DEFAULT = Style(label="Readable")


# Files


@functools.cache
def presets() -> Mapping[str, Style]:
    """The built-in styles by name, in the order of a menu; the default first."""
    import tomllib  # Here, not above: Blender starts without drawing anything.

    data = tomllib.loads(_PRESETS.read_text(encoding="utf-8"))
    return {DEFAULT.name: DEFAULT} | {name: of({"name": name, **table}) for name, table in data.items()}


def read(path: Path) -> Style:
    """The style of a file. Raises StyleError, and OSError where the file cannot be read."""
    import tomllib

    with open(path, "rb") as file:
        data = file.read(LONGEST_FILE + 1)
    if len(data) > LONGEST_FILE:
        raise StyleError(path.stem, Text("the file is too large for a style"))
    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # Of numbers with thousands of digits it is Python that complains.
        reason = Text("its file is not TOML ({details})", details=str(error)[:200])
        raise StyleError(path.stem, reason) from error
    return of({"name": path.stem, **table})


def written(style: Style) -> str:
    """The text of a style's file, with what differs from the default style."""
    lines = [f"# A style of Subtitle Editor. Lengths are shares; see {PAGE}."]
    values = style.as_dict()
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    lines += [f"{key} = {_toml(value)}" for key, value in values.items() if key not in tables]
    for key, table in tables.items():
        lines += ["", f"[{key}]", *(f"{_toml(str(name))} = {_toml(value)}" for name, value in table.items())]
    return "\n".join(lines) + "\n"


PAGE = "docs/picture.md"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        import json

        # A JSON string is a basic string of TOML, but for DEL, which TOML wants escaped.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return repr(value)


def load(folder: Path) -> tuple[dict[str, Style], list[StyleError]]:
    """The styles of a user's folder by name, and what is wrong with files that hold none. Reads the disk."""
    found: dict[str, Style] = {}
    wrong: list[StyleError] = []
    for path in sorted(folder.glob("*.toml")) if folder.is_dir() else ():
        try:
            style = read(path)
        except StyleError as error:
            wrong.append(error)
        except OSError as error:
            wrong.append(StyleError(path.stem, reason_of(error)))
        else:
            found[style.name] = style
    return found, wrong


def save(style: Style, folder: Path) -> Path:
    """Keep a style in a folder, in place of one with the same name. Returns its file. Raises OSError; StyleError for a
    name that no file can have everywhere, or that another has but for its capitals: some disks have one file for both.
    """
    from ..system import files
    from ..system.names import folded, is_inner_path

    _check_name(style.name)
    if not is_inner_path(style.name, windows=True):
        raise StyleError(style.name, Text("Windows has a device of that name"))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{style.name}.toml"
    for other in folder.glob("*.toml"):
        if other.name != path.name and folded(other.name) == folded(path.name):
            raise StyleError(style.name, Text("there is {name}, which differs in capitals alone", name=other.stem))
    files.write(path, written(style).encode("utf-8"))
    return path


def find(given: str, folder: Path | None = None) -> Style:
    """The style that a user names: one of the folder, a built-in one, or the file at a path.

    Raises StyleError and OSError.

    >>> find("default").size
    0.05
    """
    if given.endswith(".toml"):
        return read(Path(given))
    own = load(folder)[0] if folder is not None else {}
    known = {**presets(), **own}
    if given not in known:
        raise StyleError(given[:80], Text("there is none of this name; there are {names}", names=", ".join(known)))
    return known[given]
