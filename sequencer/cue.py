# SPDX-License-Identifier: GPL-3.0-or-later
"""One subtitle, one TEXT strip: its edges and its text are the strip's, all else lies in one custom property.

The property is a short text of JSON: Blender saves, copies, duplicates, splits and undoes it with the strip. What it
says of words and formatting belongs to the text that it names; when somebody has typed another into the strip since,
it is realigned as it is read, and nothing has to watch. Word times are kept in frames from the strip's left edge, so
that they go with it when it is moved; the edges of that time tell a strip that was moved from one that was cut.

Times of cues are seconds from the scene's first frame. Everything here runs on the main thread.
"""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ..core.markup import BELOW, TIME, placing_of, span_of
from . import compat, drawing
from .compat import Strip

if TYPE_CHECKING:
    from ..core.cues import Word
    from ..core.subtitles.document import Cue
    from ..core.subtitles.timecode import FrameRate

MARK = "subtitle_editor"
"""The custom property that makes a TEXT strip a subtitle: a title card has none."""

BAKED = "subtitle_editor_baked"
"""A custom property of a subtitle that is muted because a picture is shown in its place (baked.py): their common id."""

PLAIN = "{}"
"""Of a subtitle of which there is nothing to say but its text."""

_SCORES = ("avg_logprob", "no_speech_prob", "compression_ratio")
_PLAIN_FIELDS = ("style", "speaker", "name", "layer")
_KINDS = {"style": str, "speaker": str, "name": str, "layer": int, "extra": dict}
_DIGITS = 4
"""Of a frame: a hundred thousandth of a second is more than any file keeps."""


class Clock(NamedTuple):
    """Frames of a scene as seconds of its subtitles."""

    rate: FrameRate
    zero: int
    """The frame of second 0."""

    def seconds(self, frame: int) -> float:
        """When a frame begins."""
        return self.rate.frame_to_seconds(frame - self.zero)

    def frame(self, seconds: float) -> int:
        """The frame nearest to a time, halves up."""
        return self.zero + self.rate.seconds_to_frame(seconds)


def is_subtitle(strip: Strip) -> bool:
    """Whether a strip is a subtitle of ours."""
    return strip.type == "TEXT" and MARK in strip


def noted(strip: Strip) -> dict[str, Any]:
    """What the property says; nothing where it is not there, or where somebody has written something else into it."""
    data = strip.get(MARK, PLAIN)
    if data == PLAIN or not isinstance(data, str) or not data.startswith("{"):
        return {}
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def real_text(strip: Strip, data: dict[str, Any] | None = None) -> str:
    """The text of a subtitle, which its strip may draw in another order or form of letters."""
    data = noted(strip) if data is None else data
    shown: str = strip.text
    if "drawn" in data and data["drawn"] == shown and "text" in data:
        return str(data["text"])
    return drawing.meant(shown, str(data.get("text", "")))


def read(strip: Strip, clock: Clock) -> Cue:
    """The subtitle that a strip is, with word times and formatting that fit the text that it has now."""
    from ..core.subtitles.document import Cue

    left, right = compat.left(strip), compat.right(strip)
    start, end = clock.seconds(left), clock.seconds(right)
    data = noted(strip)
    if not data:
        return Cue(start, end, drawing.meant(strip.text))
    try:
        cue = Cue(start, end, str(data.get("text", strip.text)), **_fields(data, left, right, clock))
    except (TypeError, ValueError, AttributeError, LookupError, OverflowError):
        # Somebody else has written it. What is on the screen is still there.
        return Cue(start, end, strip.text)
    return _with_text_of_today(cue, real_text(strip, data))


def _with_text_of_today(cue: Cue, text: str) -> Cue:
    if text == cue.text:
        return cue
    from ..core.subtitles.realign import with_text

    return with_text(cue, text)


def _fields(data: dict[str, Any], left: int, right: int, clock: Clock) -> dict[str, Any]:
    """Raises ValueError, TypeError and others for what we have not written."""
    fields: dict[str, Any] = {name: data[name] for name in (*_KINDS, *_SCORES) if name in data}
    if any(type(data[name]) is not kind for name, kind in _KINDS.items() if name in data):
        raise ValueError("no field of ours")
    if any(not math.isfinite(data[name]) for name in _SCORES if name in data):
        raise ValueError("no number")
    if not all(isinstance(value, str) for value in data.get("extra", {}).values()):
        raise ValueError("no text")
    if "spans" in data:
        fields["spans"] = tuple(map(span_of, data["spans"]))
    if "placing" in data:
        fields["placing"] = placing_of(*data["placing"])
    if "words" in data:
        fields["words"] = tuple(_words(data, left, right, clock))
    return fields


def _words(data: dict[str, Any], left: int, right: int, clock: Clock) -> list[Word]:
    """The words at their times. A strip that was cut since they were noted leaves them where they were said."""
    from ..core.cues import Word

    noted_left, noted_right = data.get("at", (left, right))
    words, origin = data["words"], left
    if left != noted_left and right - left != noted_right - noted_left:
        first, last = noted_left + words[0][0], noted_left + words[-1][1]
        # Only its left edge was moved; or both were, but the words are still inside.
        if right == noted_right or (last > left and first < right):
            origin = noted_left
    fps = float(clock.rate)
    base = clock.seconds(origin)
    said = [
        Word(base + start / fps, base + end / fps, text, float(sure), glued=bool(glued))
        for start, end, text, sure, glued in words
    ]
    if not all(math.isfinite(one.start + one.end + one.probability) and isinstance(one.text, str) for one in said):
        raise ValueError("no word")
    return said


def encode(cue: Cue, left: int, right: int, clock: Clock, drawn: str | None = None) -> str:
    """The property of a subtitle whose strip reaches from frame `left` to `right`.

    `drawn`: what the strip shows where that is not the text itself.
    """
    if (drawn is None or drawn == cue.text) and _is_plain(cue):
        return PLAIN
    data: dict[str, Any] = {name: value for name in _PLAIN_FIELDS if (value := getattr(cue, name))}
    data |= {name: round(value, 4) for name in _SCORES if (value := getattr(cue, name)) is not None}
    if cue.extra:
        data["extra"] = dict(cue.extra)
    if cue.placing != BELOW:
        data["placing"] = list(cue.placing)
    if cue.spans:
        data["spans"] = [list(span) for span in cue.spans]
    if cue.words:
        fps, base = float(clock.rate), clock.seconds(left)
        data["at"] = [left, right]
        data["words"] = [
            [round((w.start - base) * fps, _DIGITS), round((w.end - base) * fps, _DIGITS), w.text,
             round(w.probability, 3), int(w.glued)]
            for w in cue.words
        ]  # fmt: skip
    if drawn is not None and drawn != cue.text:
        data["drawn"] = drawn
    if "spans" in data or "words" in data or "drawn" in data:
        data["text"] = cue.text
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) if data else PLAIN


def _is_plain(cue: Cue) -> bool:
    """Most of a subtitle file is, and thousands are made at once."""
    beside = cue.words or cue.spans or cue.extra or cue.speaker or cue.style or cue.name or cue.layer
    scored = cue.avg_logprob, cue.no_speech_prob, cue.compression_ratio
    return not beside and cue.placing == BELOW and scored == (None, None, None)


def write(strip: Strip, cue: Cue, clock: Clock) -> None:
    """Make a strip this subtitle: edges, text and property. Its look, its name and its channel stay."""
    left = clock.frame(cue.start)
    right = max(left + 1, clock.frame(cue.end))
    if (compat.left(strip), compat.right(strip)) != (left, right):
        compat.set_edges(strip, left, right)
    shown = drawing.drawn(cue.text)
    if strip.text != shown:
        strip.text = shown
    data = encode(cue, left, right, clock, shown)
    if strip.get(MARK) != data:
        strip[MARK] = data


_AT = r'(?<!\\)"at":\[(-?\d+),(-?\d+)\]'


def goes_along(strip: Strip) -> bool:
    """Whether all times of a subtitle go with its strip when that is moved: its words, unless it was cut by hand since
    they were noted; not a time that is noted in its text."""
    data = strip.get(MARK, PLAIN)
    if data == PLAIN or not isinstance(data, str):
        return True
    if f'"{TIME}"' in data:
        return False
    at = re.search(_AT, data)
    return at is None or int(at[2]) - int(at[1]) == compat.right(strip) - compat.left(strip)


def short_name(channel: int, number: int) -> str:
    """A name of fewer than 16 bytes: with longer ones Blender needs half as long again, or three times as long, to make
    a strip. On the timeline it shows the text beside the name anyway."""
    return f"{channel}-{number:04}"


def name_at(channel: int, frame: int) -> str:
    """A short name for one that is made beside others: none that `short_name` gives, and without counting all."""
    return f"{channel}+{frame}"
