# SPDX-License-Identifier: GPL-3.0-or-later
"""The pictures of the manual, docs/img/: `python3 dev.py gui --pictures`. One user's first half hour."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from tests.hub.server import LoopbackHub

from .conftest import BASE, DATA, DOWNLOAD, MODEL_FILES, PAUSE, TINY, prepare, start
from .test_files import DIALOG, TEXTS, drop, folder_with
from .test_timeline import film
from .test_transcription import PUT
from .window import SIZE, Window

OUT = os.environ.get("SUBTITLE_EDITOR_GUI_PICTURES")
BASE_SIZE = 145_000_000
"""Bytes, near to what Whisper base really has: pictures tell people how long things take."""

pytestmark = [
    pytest.mark.timeout(400),
    pytest.mark.slow,
    pytest.mark.skipif(not OUT, reason="pictures are made by python3 dev.py gui --pictures"),
]


class Camera:
    """Takes pictures for the manual: small, with nothing of this machine's in them."""

    def __init__(self, window: Window, folder: Path) -> None:
        self._window, self._folder = window, folder

    def sidebar(self, name: str) -> None:
        """The sidebar with what is in it, cut below the last panel."""
        self._window.rest()
        left, top, width, height = self._window.sidebar()
        display = self._window.display
        # Beside the tabs: how far down is anything?
        panels = display.picture(self._folder / f"{name}.png", (left, top, width - 40, height)).read_bytes()
        trim = ["convert", "-", "-fuzz", "1%", "-trim", "-format", "%[fx:page.y+h]", "info:-"]
        used = int(float(display.call(trim, panels)))
        self._take(name, (left, top, width, min(height, max(used + 8, 300))))

    def editor(self, name: str, height: int = SIZE[1]) -> None:
        """The large editor, from the top of the window down."""
        self._window.rest()
        right = self._window.run("max((a.width * a.height, a.x + a.width) for a in window().screen.areas)[1]")
        self._take(name, (0, 0, right, height))

    def part(self, name: str, box: tuple[int, int, int, int]) -> None:
        """A part of the screen as it is now."""
        self._take(name, box)

    def now(self, name: str, height: int) -> None:
        """As `editor`, with the dialog that is open."""
        right = self._window.run("max((a.x + a.width) for a in window().screen.areas if a.type == 'SEQUENCE_EDITOR')")
        self._take(name, (0, 0, right, height))

    def _take(self, name: str, box: tuple[int, int, int, int]) -> None:
        # 200 colours are enough for an interface and a quarter of the bytes.
        words = ["convert", "-", "+dither", "-colors", "200", "-strip", "png:-"]
        taken = self._window.display.picture(self._folder / f"{name}.png", box)
        taken.write_bytes(self._window.display.call(words, taken.read_bytes()))


def test_pictures(fresh: Window, hub: LoopbackHub, user: Path) -> None:
    """From the first start to subtitles on the timeline."""
    assert OUT is not None
    camera = Camera(fresh, Path(OUT))
    fresh.wait_to_read("Allow Online Access")
    camera.sidebar("first-start")
    files = {file.name: file for file in MODEL_FILES.iterdir()}
    hub.add_model(BASE, {**files, "model.bin": os.urandom(BASE_SIZE)})
    prepare(fresh, hub, user)
    camera.sidebar("models")
    _downloads(fresh, hub, camera)
    _subtitles(fresh, user, camera)
    _preferences(fresh, camera)
    hub.remove_repo(TINY)


def _downloads(window: Window, hub: LoopbackHub, camera: Camera) -> None:
    hub.settings.rate = 1_200_000
    start(window, "base")
    window.wait(f"arrived() > {0.4 * BASE_SIZE}", 120)
    camera.sidebar("downloading")
    window.run("preferences().speed_limit = 1")  # So that there is still something to pause.
    window.run("choose('tiny')")
    window.click(DOWNLOAD)
    window.wait("len(jobs()) == 2")
    base = window.run("jobs()")[0][0]
    window.click(f'{PAUSE}job="{base}"')
    hub.settings.rate = 60_000
    window.wait("{'paused', 'downloading'} == {state for _, _, state in jobs()} and arrived() > 0")
    camera.sidebar("paused")
    hub.settings.rate = None
    window.run("preferences().speed_limit = 0")
    window.wait("part('session.shelf').installed('tiny') is not None", 90)
    for job, _, _ in window.run("jobs()"):
        window.run(f"bpy.ops.subtitle.cancel_download(job={job!r})")
    window.wait("jobs() == []")


def _subtitles(window: Window, user: Path, camera: Camera) -> None:
    window.run("choose('tiny')")
    shutil.copy(DATA / "speech" / "hello.flac", user)
    window.run(PUT)
    window.run(f"put({window.blender.inside(user / 'hello.flac')!r})")
    window.run("sequencer().spaces.active.timeline_overlay.show_strip_source = False")
    camera.editor("speech")
    window.click("subtitle.transcribe(")
    window.wait("subtitles() and part('session.state').now.transcription is None", 90)
    camera.editor("subtitles")


def _preferences(window: Window, camera: Camera) -> None:
    window.run(
        "area = sequencer(); area.type = 'PREFERENCES'; bpy.context.preferences.active_section = 'ADDONS'\n"
        "bpy.context.window_manager.addon_search = 'Subtitle Editor'\n"
        "preferences().models_folder = ''; preferences().endpoint_preset = 'hub'\n"
        "bpy.ops.preferences.addon_expand(module=MODULE)"
    )
    camera.editor("preferences", 620)


def test_editing_pictures(fresh: Window, user: Path) -> None:
    """The list, a translation, the text editor, the style, the rules."""
    assert OUT is not None
    camera = Camera(fresh, Path(OUT))
    film(fresh, user)
    go = "part('session.chosen').go_to(bpy.context.scene, part('session.track').row(bpy.context.scene).strip({}))"
    fresh.run(go.format(2))
    fresh.wait("part('session.survey').reader.is_current")
    camera.editor("editing", 900)
    fresh.run(
        "with bpy.context.temp_override(window=window(), area=sequencer(), region=region('WINDOW')):\n"
        "    bpy.ops.subtitle.duplicate_track(language='de')"
    )
    for number, text in ((0, "Herein. Setzen Sie sich, Frau Ana."), (2, "Wer hat es Ana gesagt?")):
        fresh.run(f"{go.format(number)}; bpy.context.scene.subtitle_editor.cue.line_0 = {text!r}")
    fresh.wait("part('session.survey').reader.is_current")
    camera.sidebar("translating")
    fresh.run(
        "with bpy.context.temp_override(window=window(), area=sequencer(), region=region('WINDOW')):\n"
        "    bpy.ops.subtitle.edit_as_text()\n"
        "text = bpy.data.texts[0]\n"
        "text.from_string(text.as_string().replace('Nobody.', 'Niemand.'))\n"
        "window().cursor_warp(400, 700)"
    )
    fresh.display.mouse("mousemove", 420, 480)
    fresh.run(
        "with bpy.context.temp_override(window=window(), area=sequencer(), region=region('WINDOW')):\n"
        "    bpy.ops.subtitle.take_text('INVOKE_DEFAULT')"
    )
    fresh.run("settle()")
    camera.now("edit-as-text", 640)


def test_file_pictures(fresh: Window, user: Path) -> None:
    """The sides of the two file dialogs, and the question about letters."""
    assert OUT is not None
    camera = Camera(fresh, Path(OUT))
    drop(fresh, folder_with(user), "russian.srt")
    time.sleep(1.0)
    left, top = fresh.run("[region('WINDOW').x, window().height - region('WINDOW').y - region('WINDOW').height]")
    camera.part("letters", (0, top + 400, left + 500, 240))
    fresh.display.mouse("key", "Return")
    fresh.wait(f"len({TEXTS}) == 1")
    fresh.run(DIALOG)
    fresh.run("bpy.context.preferences.view.filebrowser_display_type = 'SCREEN'")
    for name in ("import", "export"):
        fresh.run(
            "with bpy.context.temp_override(window=window(), area=sequencer(), region=region('WINDOW')):\n"
            f"    bpy.ops.subtitle.{name}_file('INVOKE_DEFAULT')"
        )
        fresh.wait("dialog() is not None")
        time.sleep(1.5)
        left, top, width, _ = fresh.run("side()")
        camera.part(name, (left, top, width, 210))
        fresh.display.mouse("key", "Escape")
        fresh.wait("dialog() is None")
