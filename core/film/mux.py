# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles into a film as tracks that a player shows or not. Nothing is decoded or encoded."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors.film import FilmNotWrittenError
from ..subtitles import tracks
from ..subtitles.document import Finding, Kind
from ..system import files
from ..text import Text
from . import containers, copying, output, soft
from .soft import Subtitles, Track


@dataclasses.dataclass(frozen=True, slots=True)
class Muxed:
    """What came of it."""

    tracks: int
    """Subtitle tracks that the film has now."""
    findings: tuple[tuple[Path, Finding], ...]
    """What the film does not say, and whose it is."""


def mux(
    media: Path,
    subtitles: Sequence[Subtitles],
    target: Path,
    told: copying.Told = lambda _fraction: None,
    cancelled: Callable[[], bool] = bool,
    *,
    keep_default: bool = True,
    overwrite: bool = False,
) -> Muxed:
    """Write `media` with these subtitles to `target`, whose ending says the kind of film. All that is in it stays as it
    is; only that one of the tracks is the default goes, without `keep_default`, or where a new one is it.

    Raises MediaError, FilmNotWrittenError, ContainerError, SubtitleFileError, FolderNotWritableError and JobCancelled;
    then nothing is written. Any thread.
    """
    container = containers.of(target)
    with copying.opened(media) as film:
        output.check(media, target, overwrite=overwrite)
        new = [Track(one, container) for one in subtitles]
        with output.written(target, container, overwrite=overwrite) as out:
            copy = copying.prepared(media, film, out, target, container)
            if not keep_default or any(one.default for one in subtitles):
                _not_default(out)
            _copied(media, film, out, target, copy, new, told, cancelled)
            count = sum(stream.type == "subtitle" for stream in out.streams)
    found = [(media, finding) for finding in copy.findings]
    found += [(track.subtitles.path, finding) for track in new for finding in track.findings]
    return Muxed(count, (*found, *_languages_lost(subtitles, target, container)))


def add(
    film: Path, subtitles: Sequence[Subtitles], told: copying.Told = lambda _fraction: None,
    cancelled: Callable[[], bool] = bool,
) -> Muxed:  # fmt: skip
    """Put these subtitles into a film itself, in place of tracks of it with the same title and language. The film is
    replaced when the new one is whole, and not at all where anything of it would be lost or where it was changed since.

    Raises as `mux`.
    """
    container = containers.of(film)
    target = Path(os.path.realpath(film))
    files.try_to_write(target.parent)
    before = _state(target)

    def check_again() -> None:
        if _state(target) != before:
            raise FilmNotWrittenError(film, Text("it was changed meanwhile"), Text("Do it again."))

    with copying.opened(target) as old:
        new = [Track(one, container) for one in subtitles]
        gone = [stream for stream in old.streams.subtitles if any(_is_of(stream, one, container) for one in subtitles)]
        with output.written(target, container, check_again, overwrite=True) as out:
            copy = copying.prepared(target, old, out, target, container, gone)
            if any(one.default for one in subtitles):
                _not_default(out)
            if not copy.findings:
                _copied(target, old, out, target, copy, new, told, cancelled)
            if copy.findings:
                reason = Text("it would lose something ({details})", details=str(copy.findings[0]))
                raise FilmNotWrittenError(film, reason, Text("Write another film with mux of the command line."))
            count = sum(stream.type == "subtitle" for stream in out.streams)
            old.close()  # Windows replaces no file that is open.
            shutil.copymode(target, out.name)
    found = [(track.subtitles.path, finding) for track in new for finding in track.findings]
    return Muxed(count, (*found, *_languages_lost(subtitles, film, container)))


def _state(path: Path) -> tuple[int, int] | None:
    """What changes when a film is written anew; None where there is none. Not its number on the disk: on some, that is
    another one each time."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size


def _copied(
    media: Path, film: Any, out: Any, target: Path, copy: copying.Copy, new: Sequence[Track], told: copying.Told,
    cancelled: Callable[[], bool],
) -> None:  # fmt: skip
    """All packets, those of new tracks between the others."""
    packets = [*copy.packets, *(packet for track in new for packet in track.add_to(out))]
    with output.writing(target):
        out.start_encoding()
    mixer = copying.Mixer(out, target, packets)
    streams = [film.streams[index] for index in copy.streams]
    for packet in copying.packets(media, film, streams, told, cancelled):
        packet.stream = copy.streams[packet.stream.index]
        mixer.add(packet)
    mixer.done()
    copy.findings += copying.cut_off(film, mixer.reached)


def _is_of(stream: Any, subtitles: Subtitles, container: containers.Container) -> bool:
    """Whether a film's track is what some subtitles were before."""
    title = stream.metadata.get(soft.title_of(container), "")
    title = "" if container.is_mp4 and title == "SubtitleHandler" else title  # FFmpeg's own.
    language = stream.metadata.get("language", "und")
    code = soft.code(subtitles.language, container) if subtitles.language else "und"
    return (title, language) == (subtitles.title, code)


def _languages_lost(
    subtitles: Sequence[Subtitles], target: Path, container: containers.Container
) -> Iterator[tuple[Path, Finding]]:
    """QuickTime has codes for some hundred languages only."""
    for one, track in zip(subtitles, tracks.listed(target)[-len(subtitles) :], strict=True):
        if one.language and not track.language:
            message = Text("{container} has no code for {language}.", container=container.label, language=one.language)
            yield one.path, Finding(Kind.NOT_WRITTEN, message)


def _not_default(out: Any) -> None:
    for stream in out.streams:
        if stream.type == "subtitle":
            stream.disposition = stream.disposition & ~type(stream.disposition).default
