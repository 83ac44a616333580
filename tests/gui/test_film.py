# SPDX-License-Identifier: GPL-3.0-or-later
"""A film is rendered in the window, and the subtitles are put into it by a click."""

from __future__ import annotations

import time
from pathlib import Path

import av
import pytest

from .conftest import Pictures
from .test_baking import open_pictures
from .test_look import narrow
from .test_timeline import film
from .window import Window

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]

SRT = "1\n00:00:00,500 --> 00:00:01,000\n<i>one</i>\n\n2\n00:00:01,000 --> 00:00:01,500\nسلام\n"
BUTTON = "subtitle.add_to_film("
RENDER = """
scene = bpy.context.scene
render = scene.render
render.resolution_x, render.resolution_y = 160, 90
render.fps, scene.frame_start, scene.frame_end = 10, 1, 20
render.filepath = {path!r}
if hasattr(render.image_settings, "media_type"):
    render.image_settings.media_type = "VIDEO"
render.image_settings.file_format = "FFMPEG"
render.ffmpeg.format, render.ffmpeg.codec = "MPEG4", "H264"
"""


def inside(path: Path) -> list[tuple[str, float, str]]:
    """The name of the track, the beginning and the text of each subtitle in a film; its pictures are all there."""
    with av.open(str(path)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 20
    found = []
    for number in range(len(av.open(str(path)).streams.subtitles)):
        with av.open(str(path)) as container:
            stream = container.streams.subtitles[number]
            for packet in container.demux(stream):
                data = bytes(packet)
                text = data[2 : 2 + int.from_bytes(data[:2])].decode()
                if text and packet.pts is not None:
                    found.append((stream.metadata["handler_name"], float(packet.pts * packet.time_base), text))
    return found


def test_add_subtitles_to_the_film(fresh: Window, user: Path, picture: Pictures) -> None:
    folder = user / "a film in a folder of a rather long name" / "in another one" / "in one that is not short either"
    folder.mkdir(parents=True)
    fresh.run("bpy.context.preferences.view.render_display_type = 'NONE'")
    fresh.run(RENDER.format(path=fresh.blender.inside(folder / "film")))
    film(fresh, user, SRT)
    open_pictures(fresh)
    narrow(fresh, 240)
    fresh.rest()
    picture("narrow")
    fresh.click(BUTTON)
    fresh.run("settle()")
    fresh.display.mouse("key", "Return")
    time.sleep(1)
    picture("not rendered")
    fresh.rest()
    assert list(folder.iterdir()) == []
    fresh.run(
        "with bpy.context.temp_override(window=window()):\n    bpy.ops.render.render('INVOKE_DEFAULT', animation=True)"
    )
    fresh.wait("not bpy.app.is_job_running('RENDER')", 120)
    (path,) = folder.iterdir()
    assert inside(path) == []
    want = [("film", 0.5, "one"), ("film", 1.0, "سلام")]
    for moment in ("once", "again"):
        before = path.stat().st_ino
        fresh.click(BUTTON)
        fresh.run("settle()")
        picture(f"asked {moment}")
        fresh.display.mouse("key", "Return")
        until = time.monotonic() + 30
        while path.stat().st_ino == before and time.monotonic() < until:
            time.sleep(0.1)
        fresh.wait("not part('session.state').now.tasks")
        fresh.run("settle()")
        picture(f"added {moment}")
        assert inside(path) == want
    assert list(folder.iterdir()) == [path]
