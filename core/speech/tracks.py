# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a file's audio tracks is heard."""

from __future__ import annotations

from typing import Any

from ..languages import two_letters
from .wire import ChildError

ALL = "all"
"""Every track, mixed."""

_BESIDE = ("comment", "visual_impaired", "descriptions", "clean_effects", "karaoke")
"""Dispositions of tracks that are not the film's own sound."""


def choose(streams: list[Any], wanted: str) -> list[Any]:
    """The audio streams of `streams` to try, best first, or with `all` those to mix.

    `wanted` is a number counted from 1, a language, `all`, or empty: the container's default track, then the others
    in order, those for commentary last. Raises ChildError when there is none such.
    """
    if not streams:
        raise ChildError("no_audio", "")
    if wanted == ALL:
        return streams
    if wanted.isdecimal():
        if not 1 <= int(wanted) <= len(streams):
            raise ChildError("no_such_track", "{wanted}", wanted=wanted, tracks=described(streams))
        return [streams[int(wanted) - 1]]
    ordered = sorted(streams, key=_rank)
    if not wanted:
        return ordered
    found = [stream for stream in ordered if two_letters(stream.language or "") == two_letters(wanted)]
    if not found:
        raise ChildError("no_such_track", "{wanted}", wanted=wanted, tracks=described(streams))
    return found


def described(streams: list[Any]) -> str:
    """The tracks in one line, as a user can choose them: `1 eng, 2 ger (Commentary)`."""
    return ", ".join(_described(number, stream) for number, stream in enumerate(streams, 1))


def _described(number: int, stream: Any) -> str:
    title = stream.metadata.get("title", "")[:60]
    language = stream.language if stream.language not in (None, "und") else ""
    return " ".join(part for part in (str(number), language, f"({title})" if title else "") if part)


def _rank(stream: Any) -> tuple[bool, bool, int]:
    flags = stream.disposition
    beside = any(flags & getattr(type(flags), name, 0) for name in _BESIDE)
    return beside, not flags & type(flags).default, stream.index
