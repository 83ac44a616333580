# SPDX-License-Identifier: GPL-3.0-or-later
"""Which files `transcribe` hears, and where the subtitles of each go."""

from __future__ import annotations

import argparse
import dataclasses
import errno
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ..errors.base import UsageError
from ..errors.disk import FolderNotWritableError
from ..subtitles.formats import registry
from ..system.files import disk_error, tree, try_to_write
from ..system.names import folded
from ..text import Text

# What FFmpeg reads and people have; a file that is named itself may be of any kind.
_SUFFIXES = frozenset(
    ".3g2 .3gp .aac .ac3 .aif .aifc .aiff .amr .ape .asf .au .avi .awb .caf .divx .dff .dsf .dts .dv .eac3 .f4v .flac "
    ".flv .g722 .gsm .m2t .m2ts .m4a .m4b .m4v .mka .mkv .mov .mp2 .mp3 .mp4 .mpe .mpeg .mpg .mpga .mts .mxf .oga .ogg "
    ".ogm .ogv .opus .qt .qta .ra .rm .rmvb .snd .spx .thd .tod .trp .ts .tta .voc .vob .w64 .wav .weba .webm .wma "
    ".wmv .wtv .wv".split()
)


_SUFFIX = ".srt"
_ALL = ("srt", "vtt", "txt", "tsv", "json")
"""What Whisper's own command line writes for `all`."""
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/", re.IGNORECASE)
"""A path has one slash left where an address has two."""


@dataclasses.dataclass(frozen=True, slots=True)
class Film:
    """One file to hear and the file to write."""

    media: Path
    target: Path
    more: tuple[Path, ...] = ()
    """Other formats of the same, beside it."""


def films_of(args: argparse.Namespace) -> list[Film]:
    """All that the command line names, each once, in its order; a folder's files by name. Raises UsageError."""
    if args.output is not None and (len(args.media) > 1 or args.media[0].is_dir()):
        raise UsageError("-o names one file, but there are several to write.", "Use --out-dir and --suffix.")
    suffixes = _suffixes(args.suffix or [_SUFFIX])
    for media in args.media:
        _check_is_file(media)
    if args.output is not None:
        check_format(args.output)
        return [Film(args.media[0], args.output)]
    found = list(dict.fromkeys(_found(args)))
    if not found:
        raise UsageError(
            "There is no sound and no film in there.", "Name files, or look into folders with --recursive."
        )
    folders = [(args.out_dir / inside if args.out_dir is not None else media.parent) for media, inside in found]
    taken = Counter((folder, folded(media.stem)) for folder, (media, _) in zip(folders, found, strict=True))
    films = []
    for folder, (media, _) in zip(folders, found, strict=True):
        # Of a.mp4 and a.wav in one folder neither may write over the other; nor of A.mp4, where capitals make no other
        # file.
        name = media.stem if taken[folder, folded(media.stem)] == 1 else media.name
        target, *more = (folder / f"{name}{suffix}" for suffix in suffixes)
        films.append(Film(media, target, tuple(more)))
    _check_apart(films)
    return films


def _check_apart(films: list[Film]) -> None:
    """Raises UsageError where the files of two films would be one, on some disks at least."""
    there: dict[str, Film] = {}
    for film in films:
        other = there.setdefault(folded(str(film.target)), film)
        # Those that lie beside each other can do so under their new names as well.
        if other is not film and (other.target == film.target or other.media.parent != film.media.parent):
            raise UsageError(
                f"The subtitles of {other.media} and {film.media} would be one file.",
                "Leave out --out-dir, or transcribe them one by one.",
            )


def _suffixes(given: list[str]) -> list[str]:
    """Ends of names, each once: several in one with commas, `all` for those of Whisper. Raises UsageError."""
    parts = [part.strip() for text in given for part in text.split(",") if part.strip()]
    named = [one for part in parts for one in (_ALL if part == "all" else (part,))]
    found = list(dict.fromkeys(part if part.startswith(".") else f".{part}" for part in named))
    for suffix in found:
        check_format(Path("x" + suffix))
    return found or [_SUFFIX]


def _check_is_file(media: Path) -> None:
    """Raises UsageError for what other programs take in place of a file."""
    text = media.as_posix()
    if text == "-":
        raise UsageError("Sound from a pipe is not heard.", "Write it to a file first.")
    if _ADDRESS.match(text) and not media.exists():
        address = _ADDRESS.sub(lambda match: f"{match[0]}/", text, count=1)
        raise UsageError(f"{address} is an address, and only files are heard.", "Download it first.")
    if media.exists() and not media.is_file() and not media.is_dir():
        raise UsageError(f"{text} is a pipe or a device, and only files are heard.", "Write it to a file first.")


def is_many(args: argparse.Namespace) -> bool:
    """Whether there is a table at the end: more than one file may be meant."""
    return len(args.media) > 1 or args.media[0].is_dir()


def _found(args: argparse.Namespace) -> Iterator[tuple[Path, Path]]:
    """Media, and the folder below the one that was named in which it lies."""
    for named in args.media:
        if not named.is_dir():
            yield named, Path()
            continue
        for folder, inner, names in tree(named):
            inner[:] = sorted(name for name in inner if args.recursive and not name.startswith("."))
            for name in sorted(names):
                if Path(name).suffix.lower() in _SUFFIXES and not name.startswith("."):
                    path = Path(folder, name)
                    if not os.path.isdir(path):
                        yield path, path.parent.relative_to(named)


def check_format(target: Path) -> None:
    """Raises UsageError unless the name's ending is that of a format to write."""
    if target.is_dir():
        raise UsageError(f"{target} is a folder.", "Name a file with -o, or the folder with --out-dir.")
    if target.as_posix() == "-":
        raise UsageError("Subtitles are written to a file.", "Name one with -o; with --json they are in the last line.")
    # Before the work: a misspelt ending must not show after an hour.
    if registry.by_suffix(target.suffix, writing=True) is None:
        known = ", ".join(registry.suffixes(writing=True))
        raise UsageError(f'"{target.suffix}" is not a subtitle format to write.', f"Choose one of {known}.")


def check_names(film: Film) -> None:
    """Raises UsageError where a name to write is longer than the disk takes."""
    for path in (film.target, *film.more):
        try:
            path.lstat()
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise UsageError(
                    f"The name to write is too long: {path.name}", "Name a shorter one with -o, or a shorter --suffix."
                ) from error


def check_folder(film: Film, make: bool) -> None:
    """Raises FolderNotWritableError unless the subtitles can be written where they go; `make` it if need be."""
    folder = film.target.parent
    if make:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_error(folder, error) from error
    if not folder.is_dir():
        hint = Text("Make the folder, or choose another.")
        raise FolderNotWritableError(folder, Text("there is no such folder"), hint)
    try_to_write(folder)
