# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job: speech on the timeline, a click, strips, a file."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.hub.server import LoopbackHub

from .conftest import DATA, DOWNLOAD, Pictures
from .window import Window

pytestmark = pytest.mark.timeout(240)

PUT = """
def put(path):
    scene = bpy.context.scene
    editor = scene.sequence_editor or scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    strip = strips.new_sound("Speech", path, 1, 1)
    strip.select = True
    editor.active_strip = strip
    scene.frame_end = 260
    scene.subtitle_editor.language = "en"
    # The tests' model has no good times for single words.
    scene.subtitle_editor.use_word_times = False
    area = sequencer()
    with bpy.context.temp_override(window=window(), area=area, region=region("WINDOW", area)):
        bpy.ops.sequencer.view_all()

def subtitles():
    cues, _ = part("sequencer.strips").cues_of(bpy.context.scene)
    return [(cue.start, cue.text) for cue in cues]
"""


def words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


def test_speech_to_strips_to_a_file(ready: Window, hub: LoopbackHub, user: Path, picture: Pictures) -> None:
    clip = DATA / "speech" / "hello.flac"
    shutil.copy(clip, user)
    spoken = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))["utterances"]
    ready.click(DOWNLOAD)
    ready.wait("part('session.shelf').installed('tiny') is not None", 60)
    ready.run(PUT)
    ready.run(f"put({ready.blender.inside(user / clip.name)!r})")
    ready.rest()
    picture("speech")
    ready.click("subtitle.transcribe(")
    ready.wait("subtitles() and part('session.state').now.transcription is None", 90)
    ready.rest()
    picture("strips")
    found = ready.run("subtitles()")
    assert [words(text) for _, text in found] == [words(said["text"]) for said in spoken]
    assert [start for start, _ in found] == pytest.approx([said["start"] for said in spoken], abs=0.3)
    _export(ready, user, picture)
    written = (user / "mine.srt").read_text(encoding="utf-8")
    said = [word for one in spoken for word in words(one["text"])]
    assert words(re.sub(r"[\d:,\->]+", "", written)) == said


def _export(window: Window, user: Path, picture: Pictures) -> None:
    """Press Export, name the file in Blender's file browser, and press Enter."""
    window.run("bpy.context.preferences.view.filebrowser_display_type = 'SCREEN'")
    window.click("subtitle.export_file(")
    browser = "next((a for a in window().screen.areas if a.type == 'FILE_BROWSER' and a.spaces.active.params), None)"
    window.wait(f"{browser} is not None")
    window.run(f"params = {browser}.spaces.active.params")
    window.run(f"params.directory = {window.blender.inside(user).encode() + b'/'!r}; params.filename = 'mine.srt'")
    picture("file browser")
    window.press("Return", (640, 400))
    window.wait(f"{browser} is None")
    window.wait("not part('session.waker').timers")  # It is written on a thread.
