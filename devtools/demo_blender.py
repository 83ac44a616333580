# SPDX-License-Identifier: GPL-3.0-or-later
"""The demo inside real Blender: the same operators that the buttons call, in background."""

from __future__ import annotations

import dataclasses
import mimetypes
import sys
from pathlib import Path

import bpy  # first: it brings the folder that addon_utils is in

import addon_utils  # isort: skip

MODULE = "subtitle_editor"
BAR = 24


@dataclasses.dataclass(frozen=True)
class Job:
    """What to do, and with what."""

    endpoint: str
    model: str
    media: Path
    models: Path
    language: str | None
    """None: the model finds it."""
    word_times: bool
    srt: Path
    """Written; the .blend goes beside it."""


def run_in_blender(job: Job) -> int:
    """Download, transcribe, save and export. Prints what happens; 0 if subtitles were made."""
    print(f"Blender {bpy.app.version_string}, Python {sys.version.split()[0]}", flush=True)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    _enable(job.endpoint, job.models)
    scene = bpy.context.scene
    _place(scene, job.media)
    settings = scene.subtitle_editor
    settings.model = job.model
    if job.language:
        settings.language = job.language
    # The tests' own model gives good times for what is said, and bad ones for each word.
    settings.use_word_times = job.word_times
    bar = _Bar()
    try:
        _run(bar)
        blend = job.srt.with_suffix(".blend")
        bpy.ops.wm.save_as_mainfile(filepath=str(blend), check_existing=False)
        bpy.ops.subtitle.export_file(filepath=str(job.srt), check_existing=False)
    except RuntimeError as error:  # What an operator reports as an error arrives as this.
        bar.end()
        print(str(error).strip())
        return 1
    finally:
        addon_utils.disable(MODULE)
    print(f"\n{job.srt.read_text(encoding='utf-8')}")
    print(f"Blender file: {blend}\nSubtitles:    {job.srt}\nModels:       {job.models}", flush=True)
    return 0


def _enable(endpoint: str, models: Path) -> None:
    # Nothing here is saved: in background Blender writes no preferences, and its folder is the demo's own.
    bpy.context.preferences.system.use_online_access = True
    if addon_utils.enable(MODULE, default_set=True) is None:
        raise SystemExit("The add-on could not be enabled (the reason is above).")
    preferences = bpy.context.preferences.addons[MODULE].preferences
    preferences.endpoint = endpoint
    preferences.models_folder = str(models)


def _place(scene: bpy.types.Scene, media: Path) -> None:
    """Put the clip on the sequencer as a user would: a film as picture and sound."""
    from subtitle_editor.sequencer import compat

    editor = compat.editor_of(scene)
    strips = compat.strips_of(editor)
    kind = mimetypes.guess_type(media.name)[0] or ""
    if kind.startswith("video/"):
        strips.new_movie("Film", str(media), channel=2, frame_start=1).select = False
    sound = strips.new_sound("Speech", str(media), channel=1, frame_start=1)
    sound.select = True
    editor.active_strip = sound
    scene.frame_end = compat.right(sound)


def _run(bar: _Bar) -> None:
    from subtitle_editor.session import state

    state.listeners.append(bar.show)
    try:
        bpy.ops.subtitle.download_model()
        bar.end()
        bpy.ops.subtitle.transcribe()
        bar.end()
    finally:
        state.listeners.remove(bar.show)


class _Bar:
    """Draws events as a progress bar: in place on a terminal, as some lines in a log."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._shown = ""
        self._tenth = -1

    def show(self, event: object) -> None:
        """A listener of session/pump.py."""
        from subtitle_editor.core.events import CueFound, Progress, TranscriptionProgress
        from subtitle_editor.core.units import human_duration, human_size, human_speed

        match event:
            case Progress():
                done, total = human_size(event.bytes_done), human_size(event.bytes_total)
                left = human_duration(event.eta)
                text = f"{done} of {total}  {human_speed(event.speed)}  {left} left  {event.file}"
                self._draw(f"Download {event.state.value}", event.fraction, text)
            case TranscriptionProgress():
                text = f"{event.seconds_done:.1f} of {event.seconds_total:.1f} s"
                self._draw(f"Transcription {event.state.value}", event.fraction, text)
            case CueFound() if not self._terminal:
                print(f"  heard at {event.cue.start:.2f} s: {event.cue.text.strip()}", flush=True)

    def end(self) -> None:
        """Leave the bar as it is and go to the next line."""
        if self._terminal and self._shown:
            print(flush=True)
        self._shown, self._tenth = "", -1

    def _draw(self, label: str, fraction: float, text: str) -> None:
        full = round(fraction * BAR)
        line = f"{label:<26} [{'#' * full}{'.' * (BAR - full)}] {fraction:4.0%}  {text}"
        if self._terminal:
            print("\r" + line.ljust(len(self._shown)), end="", flush=True)
            self._shown = line
        elif int(fraction * 10) != self._tenth:
            self._tenth = int(fraction * 10)
            print(line, flush=True)
