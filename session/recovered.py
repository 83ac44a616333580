# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles that found no place on a timeline: kept as files in the user's folder, and offered where they belong until
the user has taken them or said no, also after a restart.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.errors.base import SubtitleEditorError
from ..core.system.logs import log
from .state import Recovered, now

if TYPE_CHECKING:
    from ..core.cues import Cue

FOLDER = "recovered"
"""In the user's folder."""
_NOTE = ".offer.json"
"""What the file beside the subtitles is called that says where they belong; without it they are not offered."""
_MOST = 1 << 31
"""Subtitles that a note may count."""
_LARGEST = 65536
"""Bytes of a note that are read."""


def rescue(folder: Path, media: Path, cues: Sequence[Cue], *, blend: str, scene: str) -> Recovered | None:
    """`keep` and `offer`. None when there is nothing to keep or it cannot be written, as the log says. Never raises."""
    try:
        found = keep(folder, media, cues, blend=blend, scene=scene)
    except SubtitleEditorError:
        log(__name__).exception("%d subtitles could not be kept in %s", len(cues), folder)
        return None
    if found is not None:
        offer(found)
    return found


def keep(folder: Path, media: Path, cues: Sequence[Cue], *, blend: str, scene: str) -> Recovered | None:
    """Write subtitles that find no place to a file below the user's folder, with the times of the timeline. `blend`:
    the file that they belong to, empty for one that was never saved; `scene`: the name of its scene. Any thread.

    None when there is nothing to keep. Raises SubtitleEditorError where it cannot be written.
    """
    late = [dataclasses.replace(cue, start=max(0.0, cue.start), words=()) for cue in cues if cue.end > 0]
    if not late:
        return None
    # Here, not above: only needed when a file is closed during a transcription.
    from ..core.subtitles import writing
    from ..core.system import files

    path = folder / FOLDER
    try:
        path.mkdir(parents=True, exist_ok=True)
        path = _free_name(path, media.stem, time.strftime("%Y-%m-%d %H-%M-%S"))
        writing.save_cues(path, sorted(late, key=lambda cue: (cue.start, cue.end)))
        found = Recovered(path, len(late), blend, scene, str(media))
        files.write(_note(path), json.dumps(_as_note(found)).encode())
    except OSError as error:
        raise files.disk_error(folder, error) from error
    log(__name__).info("%d subtitles are kept in %s", len(late), path)
    return found


def offer(found: Recovered) -> None:
    """Show it where it belongs. Main thread."""
    now.recovered = [found, *now.recovered]


def _free_name(folder: Path, stem: str, when: str) -> Path:
    """A file in `folder` that is not there yet, called after a media file whose name may be as long as names can be."""
    from ..core.system.files import fitted

    suffixes = ("", *(f" ({number})" for number in range(2, 1000)))
    # The note's name is the longer one.
    places = (folder / fitted(stem, f" {when}{suffix}.srt{_NOTE}").removesuffix(_NOTE) for suffix in suffixes)
    return next(place for place in places if not place.exists())


def _note(path: Path) -> Path:
    return path.with_name(path.name + _NOTE)


def _as_note(found: Recovered) -> dict[str, Any]:
    return {"count": found.number, "blend": found.blend, "scene": found.scene, "media": found.media}


def read(folder: Path) -> list[Recovered]:
    """What is still to be offered, newest first. Reads the disk; any thread. Never raises."""
    found = []
    try:
        notes = sorted((folder / FOLDER).glob(f"*{_NOTE}"), key=lambda note: note.stat().st_mtime, reverse=True)
    except OSError:
        return []
    for note in notes:
        try:
            if note.stat().st_size > _LARGEST:
                continue
            said = json.loads(note.read_text(encoding="ascii"))
            path = note.with_name(note.name.removesuffix(_NOTE))
            if path.is_file():
                found.append(_of_note(path, said))
        except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
            log(__name__).warning("%s: %s", note, error)
    return found


def _of_note(path: Path, said: dict[str, Any]) -> Recovered:
    """Raises ValueError, TypeError, KeyError for what is none of our notes."""
    count, texts = said["count"], [said[name] for name in ("blend", "scene", "media")]
    if type(count) is not int or not 0 < count < _MOST or not all(isinstance(text, str) for text in texts):
        raise ValueError("no note of ours")
    return Recovered(path, count, *texts)


def here(scene: bpy.types.Scene) -> list[Recovered]:
    """What belongs to this scene of this file; of files that were never saved to all that were not. Memory only."""
    blend = bpy.data.filepath
    names = {other.name for other in bpy.data.scenes}
    mine = [one for one in now.recovered if is_same_file(one.blend, blend)]
    return [one for one in mine if one.scene == scene.name or one.scene not in names]


def is_same_file(one: str, other: str, platform: str = sys.platform) -> bool:
    """Whether two paths name one file, without a look at the disk. Windows and macOS call it by whatever letters it was
    opened with."""
    if platform not in ("win32", "darwin"):
        return one == other
    from ..core.system.names import folded

    return folded(one.replace("\\", "/")) == folded(other.replace("\\", "/"))


def let_go(path: Path) -> None:
    """Offer these no more; the file of subtitles stays where it is."""
    from ..core.system import files

    now.recovered = [one for one in now.recovered if one.path != path]
    try:
        files.remove(_note(path))
    except OSError as error:
        log(__name__).warning("%s will be offered again: %s", path, error)
