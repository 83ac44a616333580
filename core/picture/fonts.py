# SPDX-License-Identifier: GPL-3.0-or-later
"""Which font has a letter: the one that is asked for, else Blender's own by script, else the system's.

Files are opened when they are first needed: mapped into memory, those that Blender brings (WOFF2) unpacked once, and
those that come with subtitles read, since they go away. What a broken file holds HarfBuzz itself looks through; one
without a single glyph is as if it were not there. For one thread.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..system.files import tree
from . import emoji, harfbuzz, woff

if TYPE_CHECKING:
    import uharfbuzz as hb

SUB = 64
"""Units of a pixel that letters are placed in."""
BOLD = 700.0
SLANT = 0.21
"""Of letters whose font has no italics: 12 degrees, as most italics."""
EMBOLDENED = 0.025
"""Of letters whose font has no bold: what is added at each side, of the size."""

_SUFFIXES = (".ttf", ".otf", ".ttc", ".otc", ".woff2")
_MOST_FILES = 20_000
"""A folder of fonts with more is none."""

_BY_SCRIPT = {
    "Arab": "NotoSansArabic", "Armn": "NotoSansArmenian", "Beng": "NotoSansBengali", "Deva": "NotoSansDevanagari",
    "Ethi": "NotoSansEthiopic", "Geor": "NotoSansGeorgian", "Gujr": "NotoSansGujarati", "Guru": "NotoSansGurmukhi",
    "Hebr": "NotoSansHebrew", "Java": "NotoSansJavanese", "Knda": "NotoSansKannada", "Khmr": "NotoSansKhmer",
    "Mlym": "NotoSansMalayalam", "Mymr": "NotoSansMyanmar", "Taml": "NotoSansTamil", "Telu": "NotoSansTelugu",
    "Thai": "NotoSansThai", "Hani": "Noto Sans CJK", "Hira": "Noto Sans CJK", "Kana": "Noto Sans CJK",
    "Hang": "Noto Sans CJK", "Bopo": "Noto Sans CJK",
}  # fmt: skip
"""What the files in Blender's `datafiles/fonts` begin with, by ISO 15924."""
_LETTERS = ("Inter", "NotoSans-")
_SIGNS = ("Noto Sans CJK", "NotoSansSymbols-", "NotoSansSymbols2", "NotoSansMath", "NotoEmoji", "DejaVuSansMono")
_USUAL = ("inter", "notosans", "arial", "helveticaneue", "segoeui", "roboto", "dejavusans", "liberationsans")
_COLOR_EMOJI = ("notocoloremoji", "applecoloremoji", "segoeuiemoji", "twemojimozilla")


@dataclasses.dataclass(frozen=True, slots=True)
class Listed:
    """One face of a font file, as its tables say."""

    path: str
    index: int
    family: str
    bold: bool
    italic: bool
    color: bool = False

    @property
    def key(self) -> str:
        """The family as names are compared."""
        return plain(self.family)


def plain(family: str) -> str:
    """A family as names are compared: programs differ in spaces and capitals.

    >>> plain("Noto Sans CJK-JP")
    'notosanscjkjp'
    """
    return "".join(char for char in family.casefold() if char.isalnum())


class Face:
    """One face that letters are shaped and drawn with."""

    def __init__(self, listed: Listed, blob: hb.Blob) -> None:
        """`blob`: what is in its file. Raises ValueError or HarfBuzzError where that is no font."""
        hb = harfbuzz.load()
        self.listed = listed
        self._face = hb.Face(blob, listed.index)
        if not self._face.glyph_count or not 16 <= self._face.upem <= 16384:
            raise ValueError(f"{listed.path} holds no font")
        self._plain = hb.Font(self._face)
        axes = {axis.tag: axis for axis in self._face.axis_infos} if self._face.has_var_data else {}
        self._weight = min(BOLD, axes["wght"].max_value) if "wght" in axes else 0.0
        self.is_colored = bool(self._face.has_color_paint or self._face.has_color_layers or self._face.has_color_png)
        extents = self._plain.get_font_extents("ltr")
        em = float(self._face.upem)
        self.ascent, self.descent = _sane(extents.ascender / em, 0.95), _sane(-extents.descender / em, 0.25)
        """Of the size, both up and down from the base line counted as positive."""
        self.windows = _windows_metrics(self._face, em) or (self.ascent, self.descent)
        """The same as SubStation's renderers take them, whose sizes are the sum of both."""
        self.foot = _foot(self._face, em)
        """How far the square that Chinese letters stand in reaches below the base line, of the size."""
        self.lines = _ruled(self._face, em)
        """Where the font wants a line under letters and one through them, up from the base line, and how thick, of the
        size; None where it says nothing."""
        self.is_pictures = "emoji" in listed.key
        """Whether it is for pictures only: even its spaces are not those of a text."""
        self._fonts: dict[tuple[int, bool, bool], Any] = {}
        self._ink: dict[tuple[int, int], tuple[float, float]] = {}

    def has(self, char: str) -> bool:
        """Whether the font has a letter."""
        return bool(self._plain.get_nominal_glyph(ord(char)))

    def draws(self, font: hb.Font, glyph: int) -> bool:
        """Whether there is something to see of a glyph of one of this face's fonts, whatever that is made of."""
        found = font.get_glyph_extents(glyph)
        if not found or not found.width or not found.height:
            return False
        return not self._face.has_color_png or emoji.has(font, glyph) or bool(self._face.has_color_paint)

    def ink(self, font: hb.Font, glyph: int) -> tuple[float, float]:
        """How far a glyph of one of this face's fonts reaches up and down from its base line, in pixels."""
        key = id(font), glyph  # The fonts live as long as the face.
        if key not in self._ink:
            found = font.get_glyph_extents(glyph)
            top = found.y_bearing / SUB if found else 0.0
            self._ink[key] = (top, -(top + found.height / SUB)) if found else (0.0, 0.0)
        return self._ink[key]

    def font(self, pixels: float, bold: bool, italic: bool) -> hb.Font:
        """HarfBuzz's font of a size, in units of 1/64 pixel; bold and italic by the font's own axis, else made."""
        hb = harfbuzz.load()
        key = round(pixels * SUB), bold and not self.listed.bold, italic and not self.listed.italic
        if key not in self._fonts:
            font = hb.Font(self._face)
            font.scale = (key[0], key[0])
            if key[1] and self._weight:
                font.set_variations({"wght": self._weight})
            elif key[1]:
                font.synthetic_bold = (EMBOLDENED, EMBOLDENED, False)
            if key[2]:
                font.synthetic_slant = SLANT
            self._fonts[key] = font
        return self._fonts[key]


def _sane(value: float, usual: float) -> float:
    return value if 0.0 < value < 4.0 else usual


def _windows_metrics(face: hb.Face, em: float) -> tuple[float, float] | None:
    data = bytes(face.reference_table("OS/2").data or b"")
    if len(data) < 78:
        return None
    ascent, descent = int.from_bytes(data[74:76], "big") / em, int.from_bytes(data[76:78], "big") / em
    return (ascent, descent) if 0.1 < ascent + descent < 8.0 else None


def _foot(face: hb.Face, em: float) -> float:
    data = bytes(face.reference_table("OS/2").data or b"")
    return _sane(-int.from_bytes(data[70:72], "big", signed=True) / em, 0.0)


def _ruled(face: hb.Face, em: float) -> tuple[tuple[float, float] | None, tuple[float, float] | None]:
    post, os2 = (bytes(face.reference_table(tag).data or b"") for tag in ("post", "OS/2"))
    under = post[8:12] if len(post) >= 12 else bytes(4)
    through = os2[28:30] + os2[26:28] if len(os2) >= 30 else bytes(4)
    found = []
    for data in (under, through):
        place, thickness = (int.from_bytes(data[at : at + 2], "big", signed=True) / em for at in (0, 2))
        found.append((place, thickness) if 0.0 < thickness < 0.5 and abs(place) < 2.0 else None)
    return found[0], found[1]


@functools.lru_cache(maxsize=64)
def _blob(path: str, _of: tuple[int, int]) -> hb.Blob:
    return _opened(path)


def _opened(path: str) -> hb.Blob:
    """Raises OSError, ValueError, HarfBuzzError."""
    hb = harfbuzz.load()
    if path.lower().endswith(".woff2"):
        return hb.Blob(woff.unpacked(Path(path).read_bytes()))
    return hb.Blob.from_file_path(path)


# What there is


def system_folders(platform: str = sys.platform) -> list[Path]:
    """Where the system keeps fonts."""
    home = Path(os.path.expanduser("~"))  # Unlike Path.home(), for who has none, too.
    if platform == "win32":
        local = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
        return [Path(os.environ.get("WINDIR") or "C:/Windows") / "Fonts", local / "Microsoft" / "Windows" / "Fonts"]
    if platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library" / "Fonts"]
    shared = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path("/run/host/usr/share/fonts")]
    return [*shared, home / ".local" / "share" / "fonts", home / ".fonts"]


def blender_folder() -> Path | None:
    """The fonts of a Blender that is installed as a Python module, where one is: for the command line."""
    import importlib.util

    try:
        spec = importlib.util.find_spec("bpy")
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.origin:
        return None
    found = sorted(Path(spec.origin).parent.glob("*/datafiles/fonts"))
    return found[-1] if found else None


def listing(folders: tuple[str, ...]) -> tuple[Listed, ...]:
    """All faces in some folders, in order of name; files that hold none are left out. Reads the disk: for a thousand
    files a second, and again only those that are new or were changed."""
    found: list[Listed] = []
    for folder in folders:
        for path in sorted(_files(folder))[:_MOST_FILES]:
            try:
                found += _faces(path, _stamp(path))
            except OSError:
                continue
    return tuple(found)


def _files(folder: str) -> Iterator[str]:
    for where, _, names in tree(Path(folder)):
        yield from (os.path.join(where, name) for name in names if name.lower().endswith(_SUFFIXES))


def _stamp(path: str) -> tuple[int, int]:
    """What changes with a file's content. Raises OSError."""
    state = os.stat(path)
    return state.st_mtime_ns, state.st_size


@functools.lru_cache(maxsize=2 * _MOST_FILES)
def _faces(path: str, _of: tuple[int, int]) -> tuple[Listed, ...]:
    return tuple(_read(path))


def _read(path: str) -> Iterator[Listed]:
    hb = harfbuzz.load()
    try:
        blob = _opened(path)
        for index in range(min(max(1, hb.Face(blob).count), 64)):
            face = hb.Face(blob, index)
            if face.glyph_count:
                yield _listed(face, path, index)
    except (OSError, ValueError, hb.HarfBuzzError):
        return


def _listed(face: hb.Face, path: str, index: int) -> Listed:
    family = face.get_name(16) or face.get_name(1) or Path(path).stem
    style = (face.get_name(17) or face.get_name(2) or "").casefold()
    data = bytes(face.reference_table("OS/2").data or b"")
    selection = int.from_bytes(data[62:64], "big") if len(data) >= 64 else 0
    weight = int.from_bytes(data[4:6], "big") if len(data) >= 6 else 400
    bold = bool(selection & 32) or "bold" in style or 600 <= weight <= 900
    italic = bool(selection & 1) or "italic" in style or "oblique" in style
    return Listed(path, index, family, bold, italic, bool(face.has_color_png or face.has_color_paint))


class Fonts:
    """The fonts that subtitles are drawn with. Opens files when it is first asked for a letter, and looks into folders
    once: for what is installed later, another one is made."""

    def __init__(
        self, given: Sequence[Path] = (), blender: Path | None = None, *, system: Sequence[Path] | None = None,
        attached: Path | None = None,
    ) -> None:  # fmt: skip
        """`given`: folders that are looked into first, by family and by letter. `blender`: its `datafiles/fonts`.
        `system`: None means the system's own folders, an empty list none. `attached`: a folder with fonts that the
        subtitles bring along, each named by what it is; before all others."""
        self._attached = () if attached is None else (str(attached),)
        self._given = (*self._attached, *map(str, given))
        self._system = tuple(map(str, system_folders() if system is None else system))
        self._bundled = _bundled(blender)
        self._opened: dict[tuple[str, int], Face | None] = {}
        self._brought: dict[str, Any] = {}
        """What is in the files that are attached."""
        self._found: dict[Any, Face | None] = {}
        self._listings: dict[tuple[str, ...], tuple[Listed, ...]] = {}

    @property
    def signature(self) -> str:
        """What tells two sets of fonts apart without opening one: where they lie, and which ones Blender has. Not what
        the system has: computers of a farm that differ in it share their pictures."""
        brought = (name for folder in self._attached for name in sorted(os.listdir(folder)))
        given = self._given[len(self._attached) :]
        return "|".join((*brought, *given, "-", *sorted(self._bundled), "-", *self._system))

    def has_family(self, family: str) -> bool:
        """Whether a family is there, in a font that can be read."""
        return any(True for listed in self._named(plain(family), False, False) for _ in self._face(listed))

    def for_text(self, cluster: str, family: str, bold: bool, italic: bool, script: str) -> Face | None:
        """The face for one letter with its marks: the first that has all of it, else its first character; None: no
        font has it."""
        key = cluster, family, bold, italic, script
        if key not in self._found:
            self._found[key] = self._search(cluster, family, bold, italic, script)
        return self._found[key]

    def _search(self, cluster: str, family: str, bold: bool, italic: bool, script: str) -> Face | None:
        partly: Face | None = None
        needed = [char for char in cluster if not is_ignorable(char)] or [cluster[0]]
        for face in self._candidates(family, bold, italic, script, cluster):
            if all(map(face.has, needed)):
                return face
            if partly is None and face.has(needed[0]):
                partly = face
        return partly

    def _candidates(self, family: str, bold: bool, italic: bool, script: str, cluster: str) -> Iterator[Face]:
        if family:
            for listed in self._named(plain(family), bold, italic):
                yield from self._face(listed)
        yield from self._faces(self._listed(self._given), bold, italic)
        if is_emoji(cluster):
            for name in _COLOR_EMOJI:
                yield from self._faces([one for one in self._all_system() if one.key == name], bold, italic)
        for prefix in (_BY_SCRIPT.get(script, ""), *_LETTERS, *_SIGNS):
            for name, path in self._bundled.items() if prefix else ():
                if name.startswith(prefix):
                    yield from self._face(Listed(path, 0, name, False, False))
        yield from self._faces(sorted(self._all_system(), key=_usefulness), bold, italic)

    def _all_system(self) -> tuple[Listed, ...]:
        return self._listed(self._system)

    def _listed(self, folders: tuple[str, ...]) -> tuple[Listed, ...]:
        if folders not in self._listings:
            self._listings[folders] = listing(folders)
        return self._listings[folders]

    def _named(self, wanted: str, bold: bool, italic: bool) -> list[Listed]:
        found = [one for one in self._listed(self._given) if one.key == wanted]
        found += [
            Listed(path, 0, name, False, False) for name, path in self._bundled.items() if _is_named(name, wanted)
        ]
        found = found or [one for one in self._all_system() if one.key == wanted]
        return sorted(found, key=lambda one: (one.bold != bold) + 2 * (one.italic != italic))

    def _faces(self, listed: Sequence[Listed], bold: bool, italic: bool) -> Iterator[Face]:
        """In the order given, but of each family first the face that is bold and italic as it is wanted."""
        families: dict[str, list[Listed]] = {}
        for one in listed:
            families.setdefault(one.key, []).append(one)
        for same in families.values():
            best = min(same, key=lambda one: (one.bold != bold) + 2 * (one.italic != italic))
            yield from self._face(best)

    def _face(self, listed: Listed) -> Iterator[Face]:
        key = listed.path, listed.index
        if key not in self._opened:
            try:
                self._opened[key] = Face(listed, self._blob(listed.path))
            except (OSError, ValueError, harfbuzz.load().HarfBuzzError):
                self._opened[key] = None
        face = self._opened[key]
        if face is not None:
            yield face

    def _blob(self, path: str) -> hb.Blob:
        if os.path.dirname(path) not in self._attached:
            return _blob(path, _stamp(path))
        # Their folder is removed while these fonts may still be there, which Windows does with no file that is mapped.
        if path not in self._brought:
            self._brought[path] = harfbuzz.load().Blob(woff.unpacked(Path(path).read_bytes()))
        return self._brought[path]


def _bundled(folder: Path | None) -> dict[str, str]:
    """The files of Blender's folder by name, without opening one."""
    if folder is None or not folder.is_dir():
        return {}
    return {path.stem: str(path) for path in sorted(folder.iterdir()) if path.suffix.lower() in _SUFFIXES}


def _is_named(file: str, wanted: str) -> bool:
    """Whether a file of Blender's is of a family: `NotoSansThai-VariableFont_wdth,wght` is `notosansthai`."""
    return plain(file.partition("-")[0].removesuffix(" Regular")) == wanted


def _usefulness(one: Listed) -> tuple[bool, int, bool, bool, str]:
    """The order in which the system's fonts are asked for a letter: plain, proportional, without serifs first."""
    usual = _USUAL.index(one.key) if one.key in _USUAL else len(_USUAL)
    name = one.key
    return one.color, usual, "mono" in name or "serif" in name, "sans" not in name, name


def is_ignorable(char: str) -> bool:
    """Whether a character is drawn as nothing: joiners, marks of direction, variation selectors."""
    code = ord(char)
    return (
        0x200B <= code <= 0x200F
        or 0x202A <= code <= 0x202E
        or 0x2060 <= code <= 0x206F
        or 0xFE00 <= code <= 0xFE0F
        or 0xE0000 <= code <= 0xE0FFF
        or code in (0xAD, 0x34F, 0x61C, 0xFEFF)
    )


def is_emoji(cluster: str) -> bool:
    """Whether a cluster is a picture, for which a font with colours is looked for: by itself, or because it says so.

    >>> is_emoji("\U0001f600"), is_emoji("❤️"), is_emoji("1️⃣"), is_emoji("☎"), is_emoji("1")
    (True, True, True, False, False)
    """
    return 0x1F000 <= ord(cluster[0]) <= 0x1FAFF or "\ufe0f" in cluster
