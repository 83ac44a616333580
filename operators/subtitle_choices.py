# SPDX-License-Identifier: GPL-3.0-or-later
"""What the dialogs for subtitle files offer: encodings, formats, endings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core import right_to_left

if TYPE_CHECKING:
    from bpy.types import Context

_Item = tuple[str, str, str]

_CODECS: dict[str, tuple[str, str, str]] = {
    # The id that a .blend keeps: Python's name, the label, what it is for.
    "UTF8": ("utf-8", "UTF-8", "All languages; what most programs write today"),
    "UTF16": ("utf-16", "UTF-16", "All languages; some programs for Windows"),
    "CP1252": ("cp1252", "Western (Windows-1252)", "English, German, French, Spanish and others"),
    "CP1250": ("cp1250", "Central European (Windows-1250)", "Polish, Czech, Hungarian, Romanian and others"),
    "CP1251": ("cp1251", "Cyrillic (Windows-1251)", "Russian, Ukrainian, Bulgarian and others"),
    "KOI8": ("koi8-r", "Cyrillic (KOI8-R)", "Russian"),
    "CP1253": ("cp1253", "Greek (Windows-1253)", "Greek"),
    "CP1254": ("cp1254", "Turkish (Windows-1254)", "Turkish"),
    "CP1255": ("cp1255", "Hebrew (Windows-1255)", "Hebrew"),
    "CP1256": ("cp1256", "Arabic (Windows-1256)", "Arabic and Persian"),
    "CP1257": ("cp1257", "Baltic (Windows-1257)", "Estonian, Latvian and Lithuanian"),
    "CP1258": ("cp1258", "Vietnamese (Windows-1258)", "Vietnamese"),
    "CP874": ("cp874", "Thai (Windows-874)", "Thai"),
    "SJIS": ("cp932", "Japanese (Shift JIS)", "Japanese"),
    "EUCJP": ("euc_jis_2004", "Japanese (EUC)", "Japanese"),
    "CP949": ("cp949", "Korean (CP949)", "Korean"),
    "GB18030": ("gb18030", "Chinese, Simplified (GB 18030)", "Chinese"),
    "BIG5": ("big5hkscs", "Chinese, Traditional (Big5)", "Chinese"),
}

READ_ENCODINGS: tuple[_Item, ...] = (
    ("AUTO", "Automatic", "What the file says, or what its letters are most likely to be"),
    *((id, label, what) for id, (_, label, what) in _CODECS.items()),
)
WRITE_ENCODINGS: tuple[_Item, ...] = (
    ("UTF8", "UTF-8", "All languages; what players expect"),
    ("UTF8BOM", "UTF-8 with Mark", "All languages, with a byte order mark, which some programs for Windows need"),
    *((id, label, what) for id, (_, label, what) in _CODECS.items() if id != "UTF8"),
)


def codec_of(item: str) -> str | None:
    """Python's name of an encoding that was chosen; None for *Automatic*."""
    return "utf-8-sig" if item == "UTF8BOM" else _CODECS[item][0] if item in _CODECS else None


def item_of(codec: str) -> str:
    """The item of an encoding; *Automatic* where the menu does not have it."""
    return next((id for id, (name, _, _) in _CODECS.items() if name == codec), "AUTO")


def glob(*, writing: bool) -> str:
    """What the file dialog shows."""
    from ..core.subtitles.formats import registry

    return ";".join(f"*{suffix}" for suffix in registry.suffixes(writing=writing))


_format_items: list[_Item] = []
"""Blender keeps no reference to the texts of a dynamic enum: they must live here, or menus show rubbish."""


def format_items(_self: object, _context: Context | None) -> list[_Item]:
    """Formats to write. Called by Blender; reads memory only after the first time."""
    if not _format_items:
        from ..core.subtitles.formats import registry

        _format_items.append(("AUTO", "By Ending", "The format that the file's name ends in"))
        _format_items.extend((one.id, one.label, " ".join(one.suffixes)) for one in registry.writable())
    return _format_items


def drawable(text: str) -> str:
    """A line in the order and the forms of letters in which Blender draws it."""
    return right_to_left.drawn(text)
