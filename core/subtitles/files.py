# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files in and out.

SubRip, WebVTT and SubStation are read by `subtitle_parsing`, everything else by pysubs2. Whatever the file, `load()`
raises a `SubtitleEditorError` or returns the cues with a warning for everything that is not quite what the file says.
Safe on any thread; nothing here touches Blender.
"""

from __future__ import annotations

import codecs
import contextlib
import dataclasses
import errno
import json
import math
import os
import re
import secrets
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cues import Cue, Word
from ..errors import FolderNotWritableError, SubtitleFileError
from ..text import Text
from .formats.blocks import Block, Parsed, finish, looks_timed, parse_ass, parse_srt, parse_vtt, plain_text, tidy

if TYPE_CHECKING:
    import pysubs2

FORMATS: dict[str, str] = {
    "srt": "SubRip",
    "vtt": "WebVTT",
    "ass": "Advanced SubStation Alpha",
    "ssa": "SubStation Alpha",
    "ttml": "Timed Text Markup Language",
    "json": "JSON with word times",
    "txt": "Plain text without times",
}
"""What `save()` writes: the id, which is also the file name's ending, and what a menu shows."""

READABLE_SUFFIXES = (".srt", ".vtt", ".ass", ".ssa", ".ttml", ".dfxp", ".json", ".sub", ".smi", ".sami", ".txt")
"""For a file dialog. `load()` goes by the content first."""

MAX_SIZE = 64 * 1024 * 1024
"""Bytes. Days of speech fit into one; a larger file is a film chosen by mistake."""

_MAX_ASS_SECONDS = 10 * 3600 - 0.01
"""SubStation has one digit for the hours."""


@dataclasses.dataclass(frozen=True, slots=True)
class SubtitleFile:
    """What `load()` found."""

    cues: list[Cue]
    """In order of time."""
    warnings: list[str]
    """Everything that had to be guessed, mended or left out, with its line."""
    encoding: str
    """Python's name of it, such as `utf-8-sig`."""
    format: str
    """`srt`, `vtt`, `ass`, `ssa`, `json`, or pysubs2's name of the format."""


def load(path: Path, *, encoding: str | None = None, fps: float | None = None) -> SubtitleFile:
    """Read a subtitle file, whatever its encoding and format.

    `encoding` overrides the guess. `fps` is needed by formats that count frames (MicroDVD).
    Raises SubtitleFileError when it is missing, cannot be read, or is no subtitle file.
    """
    path = Path(path)
    data = _read(path)
    warnings: list[str] = []
    text, found = _decode(path, data, encoding, warnings)
    if "\0" in text:
        raise SubtitleFileError(path, Text("this is not a text file"))
    format = _detect(text, path.suffix.lower())
    if not text.strip("\ufeff \t\r\n"):
        return SubtitleFile([], [*warnings, Text("The file is empty.")], found, format or "srt")
    if format is None:
        raise SubtitleFileError(path, Text("there are no subtitles in it"))
    parsed = _parse(path, text, format, fps)
    if not parsed.cues:
        parsed.warnings.append(Text("There are no subtitles in the file."))
    return SubtitleFile(parsed.cues, warnings + parsed.warnings, found, format)


def save(path: Path, cues: Sequence[Cue], format: str | None = None) -> None:
    """Write `cues` as UTF-8: whole or not at all, for a full disk must not cost the file that was there.

    `format` is a key of `FORMATS`; without it the name's ending decides. Times are rounded to the format's own steps
    (milliseconds; hundredths in SubStation), and none lies before zero.
    Raises FolderNotWritableError when the file system refuses, SubtitleFileError when the format cannot hold it.
    """
    path = Path(path)
    format = format or path.suffix.lower().lstrip(".")
    writer = _WRITERS.get(format)
    if writer is None:
        known = ", ".join(f".{name}" for name in FORMATS)
        raise SubtitleFileError(
            path,
            Text('"{format}" is not a format to write', format=format),
            Text("Choose one of {known}.", known=known),
        )
    if format in ("ass", "ssa") and any(cue.end > _MAX_ASS_SECONDS for cue in cues):
        raise SubtitleFileError(path, Text("this format ends at 10 hours"), Text("Choose .srt or .vtt."))
    ordered = sorted(cues, key=lambda cue: cue.start)
    _write_atomically(path, writer(ordered, format).encode("utf-8", errors="replace"))


# Bytes to text


def _read(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if size > MAX_SIZE:
            raise SubtitleFileError(path, Text("{size} MB is too large for a subtitle file", size=size // 1_000_000))
        return path.read_bytes()
    except FileNotFoundError:
        raise SubtitleFileError(path, Text("the file does not exist")) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SubtitleFileError(path, Text("the file cannot be read ({reason})", reason=reason)) from error


_BOMS = (
    # UTF-32 first: its little-endian mark begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def _decode(path: Path, data: bytes, encoding: str | None, warnings: list[str]) -> tuple[str, str]:
    """The text and the name of its encoding."""
    if encoding:
        try:
            return data.decode(encoding), encoding
        except (LookupError, UnicodeError) as error:
            raise SubtitleFileError(
                path, Text("it is not {encoding}", encoding=encoding), Text("Leave the encoding empty to guess.")
            ) from error
    guess = next((name for mark, name in _BOMS if data.startswith(mark)), None) or _guess_utf16(data)
    if guess:
        return _decode_leniently(data, guess, warnings), guess
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _decode_broken(data, warnings)


def _decode_leniently(data: bytes, encoding: str, warnings: list[str]) -> str:
    text = data.decode(encoding, errors="replace")
    if "\ufffd" in text:
        warnings.append(Text("Some characters are not valid {encoding}; they were replaced.", encoding=encoding))
    return text


def _guess_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark: most characters of a subtitle file are ASCII, so every other byte is zero."""
    sample = data[:4096]
    if len(sample) < 8 or b"\0" not in sample:
        return None
    half = len(sample) // 2
    if sample[1::2].count(0) > 0.6 * half and sample[0::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if sample[0::2].count(0) > 0.6 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _decode_broken(data: bytes, warnings: list[str]) -> tuple[str, str]:
    """Not UTF-8 throughout: either UTF-8 with a few bad bytes (a cut-off file), or an old Windows encoding."""
    text = data.decode("utf-8", errors="replace")
    bad = text.count("\ufffd")
    good = sum(1 for char in text if ord(char) > 127) - bad
    if good >= bad:
        warnings.append(Text("Some characters are not valid utf-8; they were replaced."))
        return text, "utf-8"
    warnings.append(
        Text("The file is not UTF-8; it was read as Windows-1252. If letters are wrong, name the encoding.")
    )
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        # Five byte values mean nothing in Windows-1252.
        return data.decode("cp1252", errors="replace"), "cp1252"


# Text to cues


_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("vtt", re.compile(r"WEBVTT\b")),
    ("ass", re.compile(r"\[V4\+ Styles\]", re.IGNORECASE)),
    ("ssa", re.compile(r"\[V4 Styles\]", re.IGNORECASE)),
    ("ass", re.compile(r"\[(Script Info|Events)\]\s*$", re.IGNORECASE | re.MULTILINE)),
    ("ttml", re.compile(r"\s*(<\?xml[^>]*>\s*)?(<!--.*?-->\s*)?<(\w+:)?tt\b", re.DOTALL)),
    ("sami", re.compile(r"\s*<SAMI\b", re.IGNORECASE)),
    ("microdvd", re.compile(r"\s*\{\d+\}\{\d+\}")),
    ("mpl2", re.compile(r"\s*\[\d+\]\[\d+\]")),
    ("json", re.compile(r"\s*[\[{]\s*(\"|\{|\]|\})")),
)
_ANYWHERE = {"ass", "ssa"}
_TMP = re.compile(r"\s*\d{1,2}:\d{2}:\d{2}[:=]\S")


def _detect(text: str, suffix: str) -> str | None:
    """The format by content; the name's ending only where the content leaves it open."""
    head = text[:16384].lstrip("\ufeff")
    for name, sign in _SIGNS:
        if sign.search(head) if name in _ANYWHERE else sign.match(head.lstrip()):
            return name
    if looks_timed(text):
        return "vtt" if suffix == ".vtt" else "srt"
    if _TMP.match(head):
        return "tmp"
    if not text.strip("\ufeff \t\r\n") and suffix.lstrip(".") in FORMATS:
        return suffix.lstrip(".")
    return None


def _parse(path: Path, text: str, format: str, fps: float | None) -> Parsed:
    match format:
        case "srt":
            return parse_srt(text)
        case "vtt":
            return parse_vtt(text)
        case "ass" | "ssa":
            return parse_ass(text)
        case "json":
            return _parse_json(path, text)
    return _parse_with_pysubs2(path, text, format, fps)


def _parse_with_pysubs2(path: Path, text: str, format: str, fps: float | None) -> Parsed:
    import pysubs2

    try:
        subs = pysubs2.SSAFile.from_string(text, format_=format, fps=fps)
    except pysubs2.UnknownFPSError:
        raise SubtitleFileError(
            path, Text("its times are in frames"), Text("Say how many frames a second has.")
        ) from None
    except Exception as error:  # Whatever a parser does on a broken file, it is the file that is broken.
        detail = f"{type(error).__name__}: {error}"[:180]
        raise SubtitleFileError(path, Text("it is broken ({detail})", detail=detail)) from error
    events = [event for event in subs.events if not event.is_comment]
    blocks = [Block(0, ev.start / 1000, ev.end / 1000, plain_text(ev.text)) for ev in events]
    return finish(blocks, [])


def _parse_json(path: Path, text: str) -> Parsed:
    """Our own JSON, Whisper's (`segments`), or a bare list of `{start, end, text}`."""
    try:
        data = json.loads(text)
        rows = data if isinstance(data, list) else data.get("cues", data.get("segments"))
        cues = [_cue_from_json(row) for row in rows]
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
        raise SubtitleFileError(path, Text("it is JSON, but not of subtitles")) from error
    warnings: list[str] = []
    kept: list[Cue] = []
    for index, cue in enumerate(cues):
        one = finish([Block(0, cue.start, cue.end, cue.text)], warnings, first=index + 1)
        kept += [dataclasses.replace(cue, start=fixed.start, end=fixed.end, text=fixed.text) for fixed in one.cues]
    return Parsed(sorted(kept, key=lambda cue: cue.start), warnings)


def _cue_from_json(row: dict[str, Any]) -> Cue:
    words = tuple(
        Word(
            _finite(word["start"]),
            _finite(word["end"]),
            str(word.get("text", word.get("word", ""))).strip(),
            _finite(word.get("probability", 1.0)),
        )
        for word in row.get("words") or ()
    )
    return Cue(_finite(row["start"]), _finite(row["end"]), tidy(str(row["text"])), words)


def _finite(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


# Cues to text


def _clock(seconds: float, mark: str) -> str:
    millis = max(0, math.floor(seconds * 1000 + 0.5))
    whole, millis = divmod(millis, 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{mark}{millis:03}"


def _srt(cues: Sequence[Cue], format: str) -> str:
    blocks = (
        # An arrow in the text would be read as a line of times.
        f"{number}\n{_clock(cue.start, ',')} --> {_clock(cue.end, ',')}\n{tidy(cue.text).replace('-->', '->')}\n"
        for number, cue in enumerate(cues, 1)
    )
    return "\n".join(blocks)


_ESCAPED_TAG = re.compile(r"&lt;(/?[ibu])&gt;")


def _vtt(cues: Sequence[Cue], format: str) -> str:
    parts = ["WEBVTT\n"]
    for cue in cues:
        text = _ESCAPED_TAG.sub(r"<\1>", _escape(tidy(cue.text)))
        parts.append(f"{_clock(cue.start, '.')} --> {_clock(cue.end, '.')}\n{text}\n")
    return "\n".join(parts)


def _escape(text: str) -> str:
    """`&`, `<` and `>` as WebVTT and XML want them; quotes stay as they are."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _pysubs2(cues: Sequence[Cue], format: str) -> str:
    import pysubs2

    subs = pysubs2.SSAFile()
    subs.info.update({"PlayResX": "1920", "PlayResY": "1080", "WrapStyle": "2", "ScaledBorderAndShadow": "yes"})
    # Sizes are in the units of PlayRes: pysubs2's default of 20 is meant for a picture 288 lines high.
    style = pysubs2.SSAStyle(fontsize=64.0, outline=3.0, shadow=1.0, marginl=96, marginr=96, marginv=54)
    subs.styles["Default"] = style
    subs.events = [_event(cue) for cue in cues]
    return str(subs.to_string(format, header_notice="Made with Subtitle Editor"))


def _event(cue: Cue) -> pysubs2.SSAEvent:
    import pysubs2

    start, end = (max(0, math.floor(seconds * 1000 + 0.5)) for seconds in (cue.start, cue.end))
    text = tidy(cue.text).replace("{", "\\{").replace("}", "\\}").replace("\n", "\\N")
    return pysubs2.SSAEvent(start=start, end=end, text=text)


def _ttml(cues: Sequence[Cue], format: str) -> str:
    # Not pysubs2's: it takes {braces} in the text for SubStation tags.
    lines = (
        f'<p begin="{_clock(cue.start, ".")}" end="{_clock(cue.end, ".")}">'
        + _escape(tidy(cue.text)).replace("\n", "<br/>")
        + "</p>\n"
        for cue in cues
    )
    head = '<?xml version="1.0" encoding="utf-8"?>\n<tt xmlns="http://www.w3.org/ns/ttml" xml:lang="">\n<body><div>\n'
    return head + "".join(lines) + "</div></body>\n</tt>\n"


def _json(cues: Sequence[Cue], format: str) -> str:
    return json.dumps({"cues": [cue.as_dict() for cue in cues]}, ensure_ascii=False, indent=1) + "\n"


def _txt(cues: Sequence[Cue], format: str) -> str:
    return "".join(f"{tidy(cue.text)}\n" for cue in cues)


_WRITERS: dict[str, Callable[[Sequence[Cue], str], str]] = {
    "srt": _srt,
    "vtt": _vtt,
    "ass": _pysubs2,
    "ssa": _pysubs2,
    "ttml": _ttml,
    "json": _json,
    "txt": _txt,
}


def _write_atomically(path: Path, data: bytes) -> None:
    target = Path(os.path.realpath(path))  # A link stays a link.
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")  # The name may be as long as names can be.
    try:
        # Not tempfile: it makes files that only their owner may read, and a subtitle file is not a secret.
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, temporary)
        os.replace(temporary, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise SubtitleFileError(path, Text("the disk is full"), Text("Free some space and save again.")) from error
        raise FolderNotWritableError(target.parent, error.strerror or str(error)) from error
