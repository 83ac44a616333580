# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a film cuts from one shot to the next: found by FFmpeg's own `scdet`, through PyAV. What was found of a film is
kept, and known again by a part of what the film holds, wherever it lies and whatever it is called.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import itertools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors.base import JobCancelled
from ..errors.media import MediaError, MediaNotFoundError, NoPicturesError
from ..system.media import opened, unreadable

if TYPE_CHECKING:
    import av.container

THRESHOLD = 10.0
"""How much a picture has to differ from the one before, of 100: FFmpeg's own default."""
WIDTH = 320
"""Pixels that a picture is made narrower to before it is compared: a cut is seen there as well, and much sooner."""
_PIECE = 1 << 20
"""Bytes of each of the three places by which a film is known again."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shots:
    """What is known of a film's shots."""

    cuts: tuple[float, ...]
    """When each but the first begins, in seconds from the film's first picture, in order."""
    duration: float | None
    """How long the film says that it is, in seconds."""


def find(media: Path, moved: Callable[[float], None] | None = None, cancelled: Callable[[], bool] = bool) -> Shots:
    """The shots of a film. `moved` is told how much of it was looked at, 0.0 to 1.0. Takes as long as decoding it.

    Pictures that cannot be decoded are passed over. Raises MediaNotFoundError, MediaUnreadableError, NoPicturesError,
    JobCancelled. Any thread; FFmpeg leaves Python free meanwhile.
    """
    import av

    try:
        with opened(media) as film:
            duration = film.duration / av.time_base if film.duration else None
            cuts = []
            for at, is_cut in _pictures(film, media):
                if cancelled():
                    raise JobCancelled
                if is_cut:
                    cuts.append(at)
                if moved is not None and duration:
                    moved(min(1.0, at / duration))
    except (av.FFmpegError, OSError, ValueError) as error:
        if isinstance(error, MediaError):
            raise
        raise unreadable(media, error) from error
    return Shots(tuple(cuts), duration)


def _pictures(film: av.container.InputContainer, media: Path) -> Iterator[tuple[float, bool]]:
    """The time of each picture, and whether a shot begins with it."""
    # A cover is a stream of pictures too: of one.
    streams = [stream for stream in film.streams.video if not stream.disposition & stream.disposition.attached_pic]
    if not streams:
        raise NoPicturesError(media)
    stream = streams[0]
    stream.thread_type = "AUTO"
    graph: Any = None
    looks: object = None
    first: float | None = None
    for frame in _decoded(film, stream):
        if frame.time is None:
            continue
        first = frame.time if first is None else first
        if looks != (frame.width, frame.height, frame.format.name):
            # A broadcast may change its size on the way.
            looks = frame.width, frame.height, frame.format.name
            graph = _graph(frame, stream)
        graph.push(frame)
        yield frame.time - first, _has_cut(graph)


def _decoded(film: av.container.InputContainer, stream: Any) -> Iterator[Any]:
    import av

    for packet in film.demux(stream):
        with contextlib.suppress(av.error.InvalidDataError):
            yield from packet.decode()


def _graph(frame: Any, stream: Any) -> Any:
    import av.filter

    graph = av.filter.Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format.name, time_base=stream.time_base
    )
    steps = [
        source,
        graph.add("scale", rf"w=min(iw\,{WIDTH}):h=-2"),
        graph.add("scdet", f"threshold={THRESHOLD}:sc_pass=1"),
        graph.add("buffersink"),
    ]
    for before, after in itertools.pairwise(steps):
        before.link_to(after)
    graph.configure()
    return graph


def _has_cut(graph: Any) -> bool:
    """Whether the filter lets something through: it keeps all but the first picture of each shot to itself."""
    import av

    found = False
    with contextlib.suppress(av.error.BlockingIOError, av.error.EOFError):
        while True:
            graph.pull()
            found = True
    return found


# What was found before


def fingerprint(media: Path) -> str:
    """By what a film is known again: its size, and a piece of its beginning, its middle and its end.

    Raises MediaNotFoundError, MediaUnreadableError.
    """
    try:
        with media.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            found = hashlib.sha256(str(size).encode())
            for place in (0, max(0, size // 2 - _PIECE // 2), max(0, size - _PIECE)):
                file.seek(place)
                found.update(file.read(_PIECE))
    except FileNotFoundError:
        raise MediaNotFoundError(media) from None
    except OSError as error:
        raise unreadable(media, error) from error
    return found.hexdigest()[:32]


def _place(folder: Path, media: Path) -> Path:
    return folder / "shots" / f"{fingerprint(media)}.json"


def remembered(folder: Path, media: Path) -> Shots | None:
    """What was found in this film before; None where nothing was. `folder`: the user's. Raises as `fingerprint`."""
    try:
        data = json.loads(_place(folder, media).read_text(encoding="utf-8"))
        cuts = tuple(float(cut) for cut in data["cuts"])
        duration = data["duration"]
        if list(cuts) != sorted(cuts) or not all(0 <= cut < 1e9 for cut in cuts):
            return None
        return Shots(cuts, None if duration is None else float(duration))
    except MediaNotFoundError:
        raise
    except (OSError, ValueError, TypeError, LookupError, OverflowError, RecursionError):
        # Not there, or written by somebody else: it can be found anew.
        return None


def remember(folder: Path, media: Path, shots: Shots) -> None:
    """Keep what was found. A disk that does not take it is no reason not to use it."""
    from ..system import files

    place = _place(folder, media)
    data = json.dumps({"media": media.name, "cuts": [round(cut, 4) for cut in shots.cuts], "duration": shots.duration})
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        files.write(place, data.encode("utf-8"), lasting=False)
