# SPDX-License-Identifier: GPL-3.0-or-later
"""The letters of TEXT strips: how large they are, their dark edge, and a proportional font for texts that it has.

Blender's default font is one of equal widths, but looks in others for letters that it has not; a font that was chosen
does not, and shows crossed boxes. So a strip has Inter, which Blender brings, as long as its text is in Latin, Greek or
Cyrillic letters, and the default font otherwise. Whoever has chosen another font keeps it. Main thread.

It is a TrueType file in the user's folder, not the WOFF2 that Blender brings: when Blender closes a file that was read
from the disk, it unpacks a WOFF2 font anew for each strip that has it, 6 ms each (measured in 5.0.1; TrueType: none).
And it is not packed: Blender 5.0.1 crashes after undoing and redoing steps in between which strips with a packed font
were made (tests/blender/test_live.py, within some dozen random sequences). Another computer shows its default font,
unless the user packs the file.
"""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import bpy

from . import compat
from .compat import Strip

log = logging.getLogger(__name__)

FONT = "subtitle_editor_font"
"""A custom property of a font: it is ours, and may be taken off a strip again."""

SIZED = "subtitle_editor_film"
"""A custom property of a strip: the pixels that its size was a share of (`reference`)."""

folder: Path | None = None
"""Where the unpacked font is kept, for the next time; None: as long as this Blender runs. The package sets it."""

_FILE = "Inter.woff2"
_TRUETYPE = b"\x00\x01\x00\x00"
"""What a TrueType file begins with (OpenType 1.9, "Table directory")."""
_COVERED = re.compile(
    "[\\n -~\u00a0-\u00ac\u00ae-\u0148\u014a-\u017f\u0218-\u021b\u0384-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce"
    "\u0400-\u045f\u0490-\u0493\u049a-\u049d\u04a2\u04a3\u04ae-\u04b1\u04ba\u04bb\u04d8\u04d9\u04e8\u04e9"
    "\u1e9e-\u1ef9\u2010-\u2015\u2018-\u201f\u2020-\u2022\u2026\u2030\u2032\u2033\u2039\u203a\u20ac\u2116"
    "\u2122\u2190-\u2193\u266a\u266b]*"
)
"""Letters of which Inter has each (a test compares them)."""


def has(text: str) -> bool:
    """Whether Inter has all letters of a text."""
    return _COVERED.fullmatch(text) is not None


def dress(strip: Strip, text: str, size: float, film: float) -> None:
    """Give a new TEXT strip letters that can be read on any film. `film`: the pixels that `size` is a share of."""
    from ..core.picture.style import DEFAULT

    strip.font_size = size
    strip.wrap_width = DEFAULT.max_width
    strip.use_shadow = True
    strip[SIZED] = float(film)
    wanted: dict[str, Any] = {
        "use_outline": True, "outline_width": DEFAULT.outline, "outline_color": (0.0, 0.0, 0.0, 1.0),
        "shadow_blur": DEFAULT.shadow_blur, "shadow_offset": DEFAULT.shadow_y,
    }  # fmt: skip
    for name, value in wanted.items():
        # Some of them came after Blender 4.2.
        if hasattr(strip, name):
            setattr(strip, name, value)
    suit(strip, text)


def suit(strip: Strip, text: str) -> None:
    """Choose between Inter and the default font by what the text has; any other font stays."""
    font = strip.font
    if font is not None and font.get(FONT) is None:
        return
    wanted = inter() if has(text) else None
    if font != wanted:
        strip.font = wanted


def inter() -> bpy.types.VectorFont | None:
    """Blender's Inter, loaded when first needed in a file; None where this Blender brings none. It takes 0.7 s the
    first time that there is none in `folder`."""
    for font in bpy.data.fonts:
        if font.get(FONT) is not None:
            return font
    utils: Any = bpy.utils  # The stubs do not know system_resource.
    fonts = utils.system_resource("DATAFILES", path="fonts")
    try:
        font = bpy.data.fonts.load(str(_unpacked(Path(fonts or "", _FILE))))
    except (OSError, ValueError, ImportError, RuntimeError):
        log.info("no Inter for the letters of subtitles", exc_info=True)
        return None
    font.name = "Inter"
    font[FONT] = 1
    return font


def _unpacked(source: Path) -> Path:
    """The TrueType file of a WOFF2 one. Raises OSError, ValueError, ImportError."""
    kept = (folder or Path(bpy.app.tempdir)) / f"{source.stem}-{source.stat().st_size}.ttf"
    try:
        with kept.open("rb") as file:
            if file.read(len(_TRUETYPE)) == _TRUETYPE:
                return kept
    except OSError:
        pass
    # Here, not above: not needed where the file or the folder has it already.
    from ..core.picture import fonts
    from ..core.system import files

    kept.parent.mkdir(parents=True, exist_ok=True)
    files.write(kept, fonts.unpacked(str(source)), lasting=False)
    return kept


def film_of(scene: bpy.types.Scene) -> float:
    """Pixels of a scene's film that sizes are a share of."""
    from ..core.picture.style import reference

    return float(reference(scene.render.resolution_x, scene.render.resolution_y))


def is_off(strip: Strip, scene: bpy.types.Scene) -> bool:
    """Whether a subtitle's size is that of another film than the scene is now. Takes no time."""
    return strip.type == "TEXT" and SIZED in strip and abs(float(strip[SIZED]) - film_of(scene)) > 0.5


def fit(scene: bpy.types.Scene) -> int:
    """Bring the sizes of all subtitles to the film that the scene is now; how many had another one."""
    editor = scene.sequence_editor
    film = film_of(scene)
    count = 0
    for strip in compat.strips_of(editor) if editor is not None else ():
        if is_off(strip, scene):
            strip.font_size = max(1.0, strip.font_size * film / max(1.0, float(strip[SIZED])))
            strip[SIZED] = film
            count += 1
    return count
