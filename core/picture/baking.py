# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles as PNG files in a folder, one for each look of each subtitle; only what changed is made again.

A file is named by what it shows: text, formatting, place, style, size of the picture and fonts. `subtitles.json` beside
them says what lies where and when; its form is described in docs/picture.md. All looks of one subtitle have the same
box, so that a strip of several images stays where it is. Files that nothing uses any more are listed, never deleted
here. Pictures that lack letters, because no font had them, are made again each time: there may be one now. Any thread.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy

from ..errors.base import JobCancelled
from ..errors.picture import ManifestTakenError
from ..subtitles.document import Document
from ..system import files
from . import png
from .fonts import Fonts
from .moments import Moment
from .paint import Painted
from .render import LETTERS, Problem, Renderer
from .style import Style

MANIFEST = "subtitles.json"
VERSION = 2
"""Of what is drawn: pictures of another version are made again."""

_FILE = re.compile(r"[0-9a-f]{24}(-\d+)?\.png")
_KEPT_ENTRIES = 50_000
_MOST_HELD = 256 << 20
"""Bytes of pictures of one subtitle that are held until all of them are drawn."""

Report = Callable[[int, int], None]
"""How many subtitles are done, and of how many."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shown:
    """One picture of a subtitle and when it is seen (seconds of the document)."""

    begins: float
    ends: float
    file: str


@dataclasses.dataclass(frozen=True, slots=True)
class Baked:
    """One subtitle as pictures. The box is in pixels of the film, from its upper left corner."""

    index: int
    key: str
    x: int
    y: int
    width: int
    height: int
    shown: tuple[Shown, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Result:
    """What a folder holds now."""

    folder: Path
    size: tuple[int, int]
    baked: tuple[Baked, ...]
    """Without those that show nothing."""
    made: int
    """Files that were written."""
    kept: int
    """Subtitles whose files were there already."""
    orphans: tuple[str, ...]
    """Files of ours that nothing uses."""
    problems: tuple[Problem, ...]


@dataclasses.dataclass(slots=True)
class _Entry:
    """What the manifest knows of a subtitle's pictures: the box, and the file of each look."""

    box: list[int]
    files: list[str]
    problems: list[list[str]]
    fonts: list[str]
    """Families that were not there when it was drawn."""


def bake(
    document: Document, folder: Path, width: int, height: int, style: Style | None = None, fonts: Fonts | None = None,
    *, language: str = "", languages: Sequence[str] = (), only: Collection[int] | None = None,
    report: Report = lambda done, total: None, stopped: Callable[[], bool] = lambda: False,
) -> Result:  # fmt: skip
    """Have the subtitles of a document as files in `folder`, which is made if it is not there.

    What a SubStation file has of drawings without text comes after the subtitles (`render.cues_of`).

    `only`: the indexes of those that are wanted; they look as if all subtitles were drawn, clear of the others and in
    the colours of their speakers, and nothing else is. `languages`: as for `Renderer`. Raises JobCancelled once
    `stopped` says so (what was made is kept), OSError, PictureSizeError, and ManifestTakenError before anything is
    drawn.
    """
    fonts = fonts or Fonts()
    if only is not None:
        document = dataclasses.replace(document, hidden=())
    renderer = Renderer(document, width, height, style, fonts, language, languages=languages)
    folder.mkdir(parents=True, exist_ok=True)
    there = {name for name in os.listdir(folder) if _FILE.fullmatch(name)}
    entries = _entries(_listed(folder / MANIFEST, bool(there)))
    common = _common(document, style, width, height, fonts)
    baker = _Baker(renderer, folder, entries, there)
    known: list[Baked] = []
    total = renderer.count
    try:
        for index in range(total):
            if stopped():
                raise JobCancelled
            key = _key(common, renderer.recipe(index))
            found = baker.one(index, key) if only is None or index in only else baker.known(index, key)
            if found is not None:
                known.append(found)
            report(index + 1, total)
    finally:
        _write(folder, entries, known, (width, height))
    used = {shown.file for one in known for shown in one.shown}
    baked = tuple(one for one in known if only is None or one.index in only)
    orphans = tuple(sorted(there - used))
    return Result(folder, (width, height), baked, baker.made, baker.kept, orphans, tuple(baker.problems))


class _Baker:
    def __init__(self, renderer: Renderer, folder: Path, entries: dict[str, _Entry], there: set[str]) -> None:
        self._renderer = renderer
        self._folder = folder
        self._entries = entries
        self._there = there
        self.made = self.kept = 0
        self.problems: list[Problem] = []

    def one(self, index: int, key: str) -> Baked | None:
        """A subtitle's pictures, made if they are not there; None where it shows nothing."""
        moments = self._renderer.moments(index)
        entry = self._whole(key, moments)
        before = self.made
        if entry is None or self._may_be_better(index, entry):
            entry = self._entries[key] = self._make(index, key, moments, entry.files if entry else ())
        self.kept += self.made == before
        for family in entry.fonts:
            found = self._renderer.replaced(index, family)
            self.problems += [found] if found not in self.problems else []
        self.problems += [Problem(kind, index, text) for kind, text in entry.problems]
        return self._baked(index, key, moments, entry)

    def _may_be_better(self, index: int, entry: _Entry) -> bool:
        """Whether there may be the fonts by now that it lacked. One that another computer has drawn with more of them
        stays."""
        return any(kind == LETTERS for kind, _ in entry.problems) or not set(entry.fonts).issubset(
            self._renderer.missing_fonts(index) if entry.fonts else ()
        )

    def known(self, index: int, key: str) -> Baked | None:
        """A subtitle's pictures, if they are there and not empty."""
        moments = self._renderer.moments(index)
        entry = self._whole(key, moments)
        return None if entry is None else self._baked(index, key, moments, entry)

    def _whole(self, key: str, moments: Sequence[Moment]) -> _Entry | None:
        """What is known of pictures that are all there."""
        entry = self._entries.get(key)
        if entry is None or not self._there.issuperset(entry.files):
            return None
        return entry if len(entry.files) == (len(moments) if entry.box[2] else 0) else None

    @staticmethod
    def _baked(index: int, key: str, moments: Sequence[Moment], entry: _Entry) -> Baked | None:
        left, top, width, height = entry.box
        if not width or not moments:
            return None
        shown = (Shown(one.begins, one.ends, name) for one, name in zip(moments, entry.files, strict=True))
        return Baked(index, key, left, top, width, height, tuple(shown))

    def _make(self, index: int, key: str, moments: Sequence[Moment], known: Collection[str]) -> _Entry:
        """Draw them. `known`: files that hold what they are called by."""
        pictures: list[Painted | None] = []
        boxes: list[_Corners] = []
        held = 0
        for moment in moments:
            picture = self._renderer.picture(index, moment)
            boxes.append(_corners(picture))
            # A hundred of the film's size are more than there is memory for: those are drawn twice.
            held += picture.rgba.nbytes
            pictures.append(picture if held < _MOST_HELD else None)
        found = self._renderer.problems_of(index)
        box = _around(boxes, self._renderer.width, self._renderer.height)
        fonts = self._renderer.missing_fonts(index)
        stem = _stem(key, found, fonts)
        names: list[str] = []
        done: dict[int, str] = {}
        for number, (moment, kept) in enumerate(zip(moments, pictures, strict=True)):
            picture = kept if kept is not None else self._renderer.picture(index, moment)
            # Karaoke and fades come back to looks that were there before.
            name = done.setdefault(
                id(kept) if kept is not None else -number - 1,
                f"{stem}-{number}.png" if len(pictures) > 1 else f"{stem}.png",
            )
            if name not in names and name not in known and box[2]:
                files.write(self._folder / name, png.encoded(_padded(picture, box)), lasting=False)
                self._there.add(name)
                self.made += 1
            names.append(name)
        return _Entry(box, names if box[2] else [], [[problem.kind, problem.message] for problem in found], fonts)


_Corners = tuple[int, int, int, int]


def _corners(picture: Painted) -> _Corners:
    """Left, top, right and bottom of what is not empty; without any width where nothing is."""
    return picture.x, picture.y, picture.x + picture.rgba.shape[1], picture.y + picture.rgba.shape[0]


def _around(corners: Iterable[_Corners], film_width: int, film_height: int) -> list[int]:
    """Left, top, width and height of the box around all that is not empty.

    Odd where the film's size is odd: Blender puts the middle of an image on the middle of the film and moves it from
    there by whole pixels, so that another would lie between two pixels (seen in 5.0.1).
    """
    boxes = [box for box in corners if box[2] > box[0] and box[3] > box[1]]
    if not boxes:
        return [0, 0, 0, 0]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    width, height = max(box[2] for box in boxes) - left, max(box[3] for box in boxes) - top
    width, height = width + (film_width - width) % 2, height + (film_height - height) % 2
    return [max(0, min(left, film_width - width)), max(0, min(top, film_height - height)), width, height]


def _padded(picture: Painted, box: Sequence[int]) -> Any:
    left, top, width, height = box
    rows, columns, _ = picture.rgba.shape
    if (picture.x, picture.y, columns, rows) == (left, top, width, height):
        return picture.rgba
    out = numpy.zeros((height, width, 4), numpy.uint8)
    out[picture.y - top : picture.y - top + rows, picture.x - left : picture.x - left + columns] = picture.rgba
    return out


# Names


def _common(document: Document, style: Style | None, width: int, height: int, fonts: Fonts) -> hashlib._Hash:
    """What is the same for all subtitles of a document, hashed."""
    head = "" if style is not None else str(document.extra.get("ass.head", ""))
    said = VERSION, width, height, fonts.signature, head, repr(style), dict(style.speakers) if style else {}
    return hashlib.sha256(repr(said).encode("utf-8", "surrogatepass"))


def _key(common: hashlib._Hash, recipe: object) -> str:
    one = common.copy()
    one.update(repr(recipe).encode("utf-8", "surrogatepass"))
    return one.hexdigest()[:24]


def _stem(key: str, problems: Iterable[Problem], fonts: Sequence[str]) -> str:
    """What a subtitle's files are called: without some of its letters, or in another font, it is another picture."""
    missing = [*(str(problem.message) for problem in problems if problem.kind == LETTERS), *fonts]
    return hashlib.sha256(f"{key} {missing}".encode("utf-8", "surrogatepass")).hexdigest()[:24] if missing else key


# The manifest


def _listed(manifest: Path, is_ours: bool) -> Any:
    """What a manifest says; nothing where there is none, or a damaged one beside pictures (`is_ours`).

    Raises OSError, and ManifestTakenError for somebody's work: our own JSON of subtitles may be called the same.
    """
    try:
        data = json.loads(manifest.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        if is_ours:
            return {}
        raise ManifestTakenError(manifest) from error
    if data and not (isinstance(data, dict) and "entries" in data):
        raise ManifestTakenError(manifest)
    return data


def _entries(data: Any) -> dict[str, _Entry]:
    """The subtitles that a manifest knows; none where somebody else has written it."""
    try:
        return {
            str(key): _Entry(
                [int(value) for value in entry["box"]],
                [name for name in entry["files"] if _FILE.fullmatch(name)],
                [[str(kind), str(text)] for kind, text in entry.get("problems", [])],
                [str(family) for family in entry.get("fonts", [])],
            )
            for key, entry in data["entries"].items()
            if len(entry["box"]) == 4
        }
    except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
        return {}


def _write(folder: Path, entries: dict[str, _Entry], baked: Sequence[Baked], size: tuple[int, int]) -> None:
    # Those that were used last stay: an undo, or another style and back again, finds its pictures.
    for one in baked:
        entries[one.key] = entries.pop(one.key)
    kept = list(entries.items())[-_KEPT_ENTRIES:]
    data = {
        "version": VERSION,
        "size": list(size),
        "subtitles": [
            {
                "index": one.index, "x": one.x, "y": one.y, "width": one.width, "height": one.height,
                "images": [
                    {"start": round(shown.begins, 6), "end": round(shown.ends, 6), "file": shown.file}
                    for shown in one.shown
                ],
            }
            for one in baked
        ],
        "entries": {key: dataclasses.asdict(entry) for key, entry in kept},
    }  # fmt: skip
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    files.write(folder / MANIFEST, text.encode("utf-8", "surrogatepass"), lasting=False)


def files_of(folder: Path) -> list[str]:
    """The names of all files in a folder that `bake` has written, used or not."""
    if not folder.is_dir():
        return []
    return sorted(name for name in os.listdir(folder) if _FILE.fullmatch(name))


def remove(folder: Path, names: Iterable[str]) -> int:
    """Delete files that `bake` has listed as orphans, nothing else. How many are gone. Raises OSError."""
    gone = 0
    for name in names:
        path = folder / name
        if _FILE.fullmatch(name) and path.exists():
            files.remove(path)
            gone += 1
    return gone
