# SPDX-License-Identifier: GPL-3.0-or-later
"""Transcriptions that ended before their end, in this session or an earlier one: what was heard of them is on the disk.

Read on a thread, shown from memory. Main thread otherwise.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ..core.text import Text
from ..sequencer import compat, sounds, strips
from . import choices, screen, track
from .state import Unfinished, now
from .transcription import Part, rescue, shape

if TYPE_CHECKING:
    from ..core.speech.segments import Kept
    from ..core.subtitles.profiles import Profile

_reader: threading.Thread | None = None
_found: list[Unfinished] = []
_POLL = 0.1
"""Seconds between two looks at whether the thread has read all."""


def look_soon(folder: Path) -> None:
    """Read on a thread what there is, and show it; in background, where timers never tick, at once."""
    global _reader, _found
    _found = []
    _reader = threading.Thread(target=_read, args=(folder, _found), name="unfinished", daemon=True)
    _reader.start()
    if bpy.app.background:
        _reader.join()
        show()
    elif not bpy.app.timers.is_registered(show):
        bpy.app.timers.register(show, first_interval=_POLL, persistent=True)


def show() -> float | None:
    """Called by a timer until the thread is done."""
    if _reader is not None and _reader.is_alive():
        return _POLL
    now.unfinished = list(_found)
    screen.redraw()
    return None


def _read(folder: Path, found: list[Unfinished]) -> None:
    from ..core.speech import segments
    from ..core.speech.wire import clock

    for kept in segments.unfinished(folder / segments.FOLDER):
        until = max(kept.until, kept.all_cues[-1].end)
        text = Text("{media}: heard up to {time}", media=kept.media.name, time=clock(until))
        found.append(Unfinished(kept.path, kept.media, text))


def kept_of(journal: str) -> Kept | None:
    """What is in a journal that the panel named. Reads it."""
    from ..core.speech import segments

    path = Path(journal)
    return segments.read(path) if any(item.journal == path for item in now.unfinished) else None


def strips_of(scene: bpy.types.Scene, media: Path) -> list[Any]:
    """The strips that are shown and play this file."""
    if scene.sequence_editor is None:
        return []
    shown = compat.strips_of(compat.shown(scene.sequence_editor))
    return [strip for strip in shown if strip.type in sounds.MEDIA and sounds.path_of(strip, scene) == media]


def choose_again(scene: bpy.types.Scene, kept: Kept) -> bool:
    """Select the strips and set the options as they were, so that Transcribe goes on; whether there are such strips."""
    found = strips_of(scene, kept.media)
    if not found:
        return False
    for strip in compat.strips_of(compat.shown(scene.sequence_editor)):
        strip.select = any(strip == one for one in found)
    scene.sequence_editor.active_strip = found[0]
    asked, choice = kept.about["request"], choices.of(scene)
    choice.source = "SELECTED"
    choice.language = asked["language"] or choices.AUTO
    choice.use_word_times, choice.use_vad = bool(asked["words"]), bool(asked["vad"])
    for name in ("task", "track", "prompt", "hotwords", "beam_size", "batch_size", "suppress_numerals"):
        setattr(choice, name, asked[name])
    choice.glossary = ""  # Its words are among the hotwords.
    voice = asked["voice"]
    choice.vad_threshold = voice["threshold"]
    choice.vad_min_speech, choice.vad_pad = voice["min_speech_duration_ms"], voice["speech_pad_ms"]
    choice.vad_min_silence = voice["min_silence_duration_ms"]
    if asked["model_id"] in {item[0] for item in choices.model_items}:
        choice.model = asked["model_id"]
    return True


def take(scene: bpy.types.Scene, kept: Kept, profile: Profile, folder: Path) -> int:
    """Make strips of what was heard, where its media is played; without such a strip a subtitle file, as for a file
    that was closed. How many subtitles. Raises SubtitleEditorError.
    """
    zero, language = int(scene.frame_start), kept.place.language
    uses = [sounds.media_use(strip, scene) for strip in strips_of(scene, kept.media)]
    part = Part(uses, 0.0, 0.0, list(kept.all_cues))
    cues = [
        cue for use in part.uses for cue in shape(use.on_timeline(part.heard, zero), profile, float(use.rate), language)
    ]
    if not uses:
        cues = shape(part.heard, profile, float(strips.rate_of(scene)), language)
        now.recovered = rescue(folder, kept.media, cues)
        return len(cues) if now.recovered is not None else 0
    cues.sort(key=lambda cue: (cue.start, cue.end))
    placements = strips.place(cues, strips.clock_of(scene).frame)
    writer = strips.Writer(scene, placements, max(use.channel for use in uses))
    track.enter(scene, writer.channel, writer.rows, uses[0].path.stem, language)
    writer.step()
    writer.select()
    return writer.made
