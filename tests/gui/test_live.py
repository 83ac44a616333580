# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles that come to the timeline while it hears, and an editor at work beside it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy
import pytest
import soundfile

from devtools.gui_blender import Blender
from tests.hub.server import LoopbackHub

from .conftest import DATA, DOWNLOAD, SLOW, Pictures, prepare
from .test_look import language, narrow
from .test_transcription import PUT
from .window import Display, Window

# Half a minute each on a quiet machine: run by `dev.py gui --all`.
pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

TIMELINE = (400, 300)
MINUTES = 15
"""Of the recording: it must take longer to hear than what is done meanwhile."""

LOOK = """
def made():
    return len(subtitles())

def under(x, y):
    window().cursor_warp(x, window().height - y)
    for _ in range(4):
        yield
    return _under_the_mouse(region())

def running():
    return part('session.state').now.transcription is not None

def chosen():
    editor = bpy.context.scene.sequence_editor
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    return sorted({strip.type for strip in strips if strip.select})
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A talk that takes longer to hear than what a user does meanwhile."""
    names = ["hello", "long", "late", "colours", "numbers", "british"]
    parts = [soundfile.read(DATA / "speech" / f"{name}.flac", dtype="int16")[0] for name in names]
    round_ = numpy.concatenate([part for sound in parts for part in (sound, numpy.zeros(11_200, numpy.int16))])
    path = tmp_path_factory.mktemp("media") / "talk.flac"
    soundfile.write(path, numpy.tile(round_, -(-MINUTES * 60 * 16000 // len(round_))), 16000)
    return path


@pytest.fixture
def talk(ready: Window, hub: LoopbackHub, user: Path, recording: Path) -> Iterator[Window]:
    """A model, and the recording on the timeline."""
    hear(ready, user, recording)
    yield ready


def hear(window: Window, user: Path, recording: Path) -> None:
    window.click(DOWNLOAD)
    window.wait("part('session.shelf').installed('tiny') is not None", 60)
    inside = user / "talk.flac"
    inside.write_bytes(recording.read_bytes())
    window.run(PUT + LOOK)
    window.run(f"put({window.blender.inside(inside)!r}); bpy.ops.ed.undo_push(message='a talk')")
    window.rest()


def texts(window: Window) -> list[str]:
    return [text for _, text in window.run("subtitles()")]


def under(window: Window, place: tuple[int, int]) -> str:
    """What the mouse finds at a place."""
    return str(window.run(f"under{place}"))


def in_the_box(window: Window, button: str) -> tuple[int, int]:
    """A button of the box that stands above the settings: looked for where it can be."""
    left, top, width, _ = window.sidebar()
    columns = [left + width // 4, left + width // 2 + 20, left + width - 60]
    places = [(x, top + down) for down in range(30, 140, 12) for x in columns]
    return next(place for place in places if button in under(window, place))


def import_below(window: Window, button: tuple[int, int]) -> tuple[int, int]:
    """Where the button Import is, in the panel below that of Transcribe."""
    left, _, width, _ = window.sidebar()
    places = [(left + width // 4, button[1] + down) for down in range(50, 160, 10)]
    return next(place for place in places if "subtitle.import_file(" in under(window, place))


def cross(window: Window, button: tuple[int, int]) -> tuple[int, int]:
    """The button that cancels: at the right end of where Transcribe was."""
    left, _, width, _ = window.sidebar()
    place = (left + width - 49, button[1])
    assert "subtitle.cancel_transcription(" in under(window, place)
    return place


def begin(window: Window, button: tuple[int, int] | str = "subtitle.transcribe(", count: int = 12) -> None:
    """Press Transcribe, and wait for so many subtitles."""
    window.click(button)
    window.wait(f"made() >= {count}", 90)
    assert window.run("running()")


def end(window: Window) -> None:
    window.wait("not running()", 150)
    window.rest()


def undisturbed(window: Window) -> list[str]:
    """What a transcription makes of it when nobody does anything; taken back by one undo."""
    window.click("subtitle.transcribe(")
    window.wait("running()")
    end(window)
    found = texts(window)
    window.press("ctrl+z", TIMELINE)
    window.wait("made() == 0")
    return found


def test_an_editor_at_work(talk: Window, picture: Pictures) -> None:
    """Live strips; an undo and a redo, a cancel, going on; nothing moves under the mouse; one undo takes all back."""
    expected = undisturbed(talk)
    button = talk.find("subtitle.transcribe(")
    below = import_below(talk, button)
    begin(talk, button)
    talk.rest()
    picture("live")
    assert "subtitle.import_file(" in under(talk, below), "what lies below has moved"
    some = texts(talk)
    assert set(some) <= set(expected) and len(some) < len(expected)
    assert talk.reads("real time", "left")
    # Something else that the user does, taken back and done again with the keys.
    talk.run("bpy.context.scene.frame_end = 4321; bpy.ops.ed.undo_push(message='work')")
    talk.press("ctrl+z", TIMELINE)
    talk.wait("bpy.context.scene.frame_end != 4321")
    before = talk.run("made()")
    talk.wait(f"made() > {max(before, 12)}", 60)
    talk.press("ctrl+shift+z", TIMELINE)
    talk.wait("bpy.context.scene.frame_end == 4321")
    talk.click(cross(talk, button))
    talk.wait("not running()")
    talk.rest()
    kept = texts(talk)
    assert kept == expected[: len(kept)] and 12 <= len(kept) < len(expected)
    talk.wait_to_read("heard up to")
    picture("cancelled")
    talk.click(in_the_box(talk, "subtitle.continue_unfinished("))
    end(talk)
    assert texts(talk) == expected
    assert talk.run("chosen()") == ["TEXT"], "the next drag would move the film"
    picture("whole")
    talk.press("ctrl+z", TIMELINE)
    talk.wait(f"made() == {len(kept)}")
    talk.press("ctrl+z", TIMELINE)
    talk.wait("made() == 0 and bpy.context.scene.frame_end == 4321")


def test_another_file_and_back(talk: Window, picture: Pictures) -> None:
    """What was heard is offered where it belongs, and nowhere else."""
    expected = undisturbed(talk)
    file = talk.blender.inside(talk.user / "film.blend")
    talk.run(f"bpy.ops.wm.save_as_mainfile(filepath={file!r})")
    begin(talk)
    talk.run("bpy.ops.wm.read_homefile(app_template='')")
    talk.wait("not running()")
    talk.run("show_sidebar()")
    talk.rest()
    assert not talk.reads("heard up to") and not talk.reads("were kept")
    picture("elsewhere")
    talk.run(f"bpy.ops.wm.open_mainfile(filepath={file!r})")
    talk.run("show_sidebar()")
    talk.wait_to_read("heard up to")
    picture("offered")
    talk.click(in_the_box(talk, "subtitle.continue_unfinished("))
    end(talk)
    assert texts(talk) == expected


def test_saved_in_the_middle_quit_and_continued(
    blender: Blender, display: Display, user: Path, hub: LoopbackHub, recording: Path, picture: Pictures,
) -> None:  # fmt: skip
    with Window(blender, display, user) as window:
        window.run("enable(); show_sidebar()")
        prepare(window, hub, user)
        window.run("bpy.context.preferences.view.use_save_prompt = False; bpy.ops.wm.save_userpref()")
        hear(window, user, recording)
        expected = undisturbed(window)
        begin(window)
        file = blender.inside(user / "half.blend")
        window.run(f"bpy.ops.wm.save_as_mainfile(filepath={file!r})")
        began = time.monotonic()
        window.press("ctrl+q", TIMELINE)
        assert window.wait_for_end() == 0, window.log()
        assert time.monotonic() - began < 15
    with Window(blender, display, user, [file]) as window:
        window.run(PUT + LOOK)
        window.run("show_sidebar()")
        window.wait_to_read("heard up to")
        assert 12 <= window.run("made()") < len(expected)
        window.rest()
        picture("offered")
        window.click(in_the_box(window, "subtitle.continue_unfinished("))
        end(window)
        assert texts(window) == expected


def test_it_waits_for_its_model(ready: Window, hub: LoopbackHub, user: Path, picture: Pictures) -> None:
    """Pressed while the model is still being downloaded it begins by itself; taken back, the download goes on."""
    clip = user / "hello.flac"
    clip.write_bytes((DATA / "speech" / "hello.flac").read_bytes())
    ready.run(PUT + LOOK)
    ready.run(f"put({ready.blender.inside(clip)!r})")
    hub.settings.rate = SLOW
    ready.click(DOWNLOAD)
    ready.wait("arrived() > 0")
    ready.click("subtitle.transcribe(")
    ready.wait("running()")
    ready.rest()
    picture("waiting")
    ready.click("subtitle.cancel_transcription(")
    ready.wait("not running()")
    assert ready.run("[state for _, _, state in jobs()]") == ["downloading"]
    ready.click("subtitle.transcribe(")
    ready.wait("running()")
    hub.settings.rate = None
    ready.run("again()")
    ready.wait("made() > 0 and not running()", 90)


@pytest.mark.parametrize("look", ["narrow", "persian", "german"])
def test_look(talk: Window, picture: Pictures, look: str) -> None:
    if look == "narrow":
        narrow(talk, 240)
    else:
        language(talk, "fa_IR" if look == "persian" else "de_DE")
    talk.rest()
    picture("idle")
    button = talk.find("subtitle.transcribe(")
    below = import_below(talk, button)
    begin(talk, button)
    talk.rest()
    picture("live")
    assert "subtitle.import_file(" in under(talk, below), "what lies below has moved"
    talk.click(cross(talk, button))
    talk.wait("not running()")
    talk.rest()
    time.sleep(1)
    picture("cancelled")
    for name in ("continue", "take", "discard"):
        in_the_box(talk, f"subtitle.{name}_unfinished(")
