# SPDX-License-Identifier: GPL-3.0-or-later
"""What is pushed to those who follow: each tick's events are written once, and the same bytes go to everybody.

On the event loop's thread only.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from .answers import encoded
from .languages import localized

NAME = "download"

_MOST_FRAMES = 50
"""Frames that wait for one slow listener; then it gets the state as a whole instead."""

EventData = dict[str, Any]
"""An event as it is sent; texts that can be translated are still Texts."""


class Frame:
    """The events of one moment, in the form and the language that somebody wants."""

    def __init__(self, events: Sequence[EventData]) -> None:
        self._events = events
        self._messages: dict[str, str] = {}
        self._streams: dict[str, bytes] = {}

    def as_message(self, language: str) -> str:
        """For a WebSocket: one object with all events."""
        if language not in self._messages:
            data = {"channel": NAME, "events": localized(list(self._events), language)}
            self._messages[language] = encoded(data).decode()
        return self._messages[language]

    def as_stream(self, language: str) -> bytes:
        """For server-sent events: each event by itself."""
        if language not in self._streams:
            self._streams[language] = b"".join(_block(event) for event in localized(list(self._events), language))
        return self._streams[language]


def _block(event: Mapping[str, Any]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (str(event["event"]).encode(), encoded(event))


class Listener:
    """One program that follows."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.lost = False
        """It was too slow, and frames were thrown away."""
        self.closed = False
        self._frames: deque[Frame] = deque()
        self._news = asyncio.Event()

    def put(self, frame: Frame) -> None:
        """Hand over what is new."""
        if len(self._frames) >= _MOST_FRAMES:
            self._frames.clear()
            self.lost = True
        self._frames.append(frame)
        self._news.set()

    def close(self) -> None:
        """There is nothing more to come."""
        self.closed = True
        self._news.set()

    async def next(self, timeout: float) -> Frame | None:
        """The next frame; None after `timeout` seconds without one, or when there is nothing more to come."""
        if not self._frames and not self.closed:
            try:
                async with asyncio.timeout(timeout):
                    await self._news.wait()
            except TimeoutError:
                return None
        if not self._frames:
            return None
        frame = self._frames.popleft()
        if not self._frames and not self.closed:
            self._news.clear()
        return frame


class Channel:
    """All who follow."""

    def __init__(self) -> None:
        self.listeners: set[Listener] = set()
        self.closed = False

    def publish(self, events: Sequence[EventData]) -> None:
        """Tell everybody."""
        if not events or not self.listeners:
            return
        frame = Frame(events)
        for listener in self.listeners:
            listener.put(frame)

    def close(self) -> None:
        """End all of them."""
        self.closed = True
        for listener in self.listeners:
            listener.close()
