# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files in and out by Blender's own dialogs, and the question that is asked where letters may be wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from .conftest import Pictures
from .test_timeline import over_timeline
from .window import Window

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]

SURE = "1\n00:00:01,000 --> 00:00:02,000\n{}\n"
RUSSIAN = SURE.format("Чей это дом?")
GREEK = SURE.format("Ποιος είναι;")
TEXTS = "sorted(strip.text for strip in bpy.context.scene.sequence_editor.strips_all if strip.type == 'TEXT')"
DIALOG = """
def dialog(kind='FILE_BROWSER'):
    for one in bpy.context.window_manager.windows:
        for area in one.screen.areas:
            if area.type == kind:
                return one, area
    return None

def side():
    place, area = dialog()
    found = region('TOOL_PROPS', area)
    return found.x, place.height - found.y - found.height, found.width, found.height
"""
"""A file dialog is an area of its own, in this window or in another."""
ROW = 26
"""Pixels from one line of a dialog's side to the next."""
PRESS = (
    "with bpy.context.temp_override(window=dialog()[0], area=dialog()[1], region=region('WINDOW', dialog()[1])):\n"
    "    bpy.ops.file.execute()"
)
"""What its button does."""


def drop(window: Window, folder: Path, *names: str) -> None:
    """What Blender's file handler does with files that are let go over the timeline."""
    place = over_timeline(window)
    window.display.mouse("mousemove", *place)
    given = f"directory={window.blender.inside(folder)!r}, files={[{'name': name} for name in names]!r}"
    window.run(
        "with bpy.context.temp_override(window=window(), area=sequencer(), region=region('WINDOW')):\n"
        f"    bpy.ops.subtitle.import_file('INVOKE_DEFAULT', {given})"
    )


def turn(window: Window, place: tuple[int, int]) -> None:
    """The next choice of a menu, by the wheel."""
    window.display.mouse("mousemove", *place)
    time.sleep(0.5)
    window.display.mouse("keydown", "ctrl", "click", "5", "keyup", "ctrl")
    time.sleep(0.5)


def folder_with(user: Path) -> Path:
    folder = user / "film"
    folder.mkdir()
    (folder / "sure.srt").write_text(SURE.format("Wem gehört das?"), encoding="utf-8")
    (folder / "russian.srt").write_bytes(RUSSIAN.encode("cp1251"))
    (folder / "greek.srt").write_bytes(GREEK.encode("cp1253"))
    return folder


def test_files_whose_letters_may_be_wrong(fresh: Window, user: Path, picture: Pictures) -> None:
    """Each is asked for, after all that are sure; saying no to one leaves out that one alone."""
    folder = folder_with(user)
    drop(fresh, folder, "russian.srt", "sure.srt", "greek.srt")
    fresh.wait(f"{TEXTS} == ['Wem gehört das?']")
    time.sleep(1.0)
    picture("first-question")
    fresh.display.mouse("key", "Escape")
    time.sleep(1.5)
    picture("second-question")
    assert fresh.run(TEXTS) == ["Wem gehört das?"]
    fresh.display.mouse("key", "Return")
    fresh.wait(f"{TEXTS} == ['Wem gehört das?', 'Ποιος είναι;']")
    picture("both")


def test_the_dialogs(fresh: Window, user: Path, picture: Pictures) -> None:
    folder = folder_with(user)
    fresh.run(DIALOG)
    fresh.run("bpy.context.preferences.view.filebrowser_display_type = 'SCREEN'")
    fresh.click("subtitle.import_file(")
    fresh.wait("dialog() is not None")
    fresh.run(
        "params = dialog()[1].spaces.active.params\n"
        f"params.directory = {fresh.blender.inside(folder).encode()!r}\nparams.filename = 'sure.srt'"
    )
    time.sleep(1.5)
    picture("import")
    fresh.run(PRESS)
    fresh.wait(f"{TEXTS} == ['Wem gehört das?']")
    fresh.wait("dialog() is None")
    fresh.click("subtitle.export_file(")
    fresh.wait("dialog() is not None")
    fresh.run(f"dialog()[1].spaces.active.params.directory = {fresh.blender.inside(folder).encode()!r}")
    time.sleep(1.5)
    picture("export")
    left, top, width, _ = fresh.run("side()")
    turn(fresh, (left + width * 2 // 3, top + ROW // 2))
    # The name follows the format, or players would not know it.
    fresh.wait("dialog()[1].spaces.active.params.filename == 'subtitles.vtt'")
    turn(fresh, (left + width * 2 // 3, top + ROW * 5 // 2))
    fresh.run("dialog()[1].spaces.active.active_operator.start_time = '01:00:00:00'")
    picture("export-webvtt")
    fresh.run(PRESS)
    fresh.wait("dialog() is None and not part('session.waker').timers")  # It is written on a thread.
    (written,) = folder.glob("*.vtt")
    assert b"01:00:01.000 --> 01:00:02.000\r\nWem geh\xc3\xb6rt das?" in written.read_bytes()


SLOW = """
import threading
from subtitle_editor.core.subtitles import reading, tracks, writing
answers = threading.Event()

def slowly(before):
    def act(path, *arguments, **more):
        if 'slow' in path.name:
            answers.wait(60)
        return before(path, *arguments, **more)
    return act

reading.load = slowly(reading.load)
writing.save = slowly(writing.save)
tracks.listed = slowly(tracks.listed)
"""
"""A folder in a network that does not answer: files of that name are read and written once it does."""
MODULE = "next(name for name in __import__('sys').modules if name.endswith('subtitle_editor.core.subtitles'))"


def many(name: str, number: int) -> str:
    """So many that their strips are made in turns with Blender."""
    begins = [f"{minute // 60:02}:{minute % 60:02}" for minute in range(number)]
    return "".join(f"{at}\n{begin}:01,000 --> {begin}:02,000\n{name} {at}\n\n" for at, begin in enumerate(begins, 1))


def test_a_folder_that_does_not_answer_holds_nothing_up(fresh: Window, user: Path, picture: Pictures) -> None:
    folder = user / "film"
    folder.mkdir()
    for name in ("first", "slow", "third"):
        (folder / f"{name}.srt").write_text(many(name, 600), encoding="utf-8")
    module = fresh.run(MODULE)
    fresh.run(SLOW.replace("subtitle_editor.core.subtitles", module))
    count = "sum(strip.text.startswith({!r}) for strip in bpy.context.scene.sequence_editor.strips_all)"
    drop(fresh, folder, "first.srt", "slow.srt", "third.srt")
    fresh.wait(f"{count.format('first')} == 600", 60)
    time.sleep(1.0)
    picture("waiting")
    began = time.monotonic()
    assert fresh.run(count.format("slow")) == 0 and time.monotonic() - began < 5, "Blender goes on meanwhile"
    fresh.run("answers.set()")
    # Three files one after the other by one operator, which is called for each event once.
    fresh.wait(f"{count.format('third')} == 600", 90)
    assert fresh.run(count.format("slow")) == 600
    fresh.run("answers.clear()")
    drop(fresh, folder, "slow.srt", "third.srt")
    time.sleep(1.0)
    fresh.display.mouse("key", "Escape")
    fresh.wait("'Not imported: third.srt' in str([r.message for r in bpy.context.window_manager.reports])", 20)
    assert fresh.run(count.format("slow")) == 600
    fresh.run(f"bpy.ops.subtitle.export_file(filepath={fresh.blender.inside(folder / 'slow.vtt')!r})")
    time.sleep(1.0)
    assert not (folder / "slow.vtt").exists()
    fresh.run("answers.set()")
    deadline = time.monotonic() + 20
    while not (folder / "slow.vtt").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert (folder / "slow.vtt").read_text(encoding="utf-8").count("-->") > 500
    picture("written")
