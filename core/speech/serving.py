# SPDX-License-Identifier: GPL-3.0-or-later
"""The child process that listens: faster-whisper and nothing else.

Each line on stdin is a JSON object that says what to do. Records, one JSON object a line, come back on stdout:

    {"type": "accepted"}                            before anything else
    {"type": "loading", "device": "cpu"}            before a model is loaded
    {"type": "read", "seconds": 128.0}              of the part: decoded, and searched for voices
    {"type": "started", "seconds": 12.5}            of the part; 0.0 when the file does not say
    {"type": "language", "language": "en", "probability": 0.98}
    {"type": "segment", "start": 1.0, "end": 2.5, "text": ..., "words": [...], ...}   seconds of the media
    {"type": "window", "at": 425984, "speaking": false, "until": 26.6, "language": "en"}   all of it was heard
    {"type": "notice", "message": ..., "fields": {...}}  the message is a template, see text.py
    {"type": "error", "code": ..., "reason": ..., "fields": {...}}            the reason is a template too
    {"type": "end"}                                 all segments are out: what happens after this does not matter

stdout carries nothing else: file descriptor 1 is given away to stderr before any library is imported, because native
code prints where it likes. The process ends when its parent does, however that ended, and when nothing was asked of
it for the time that the last request named; until then it keeps its model.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import queue
import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from typing import Any, NoReturn, TypeVar

from . import cards, driver, lifetime, model, runtime, voice
from .hearing import Listener, is_sure, likeliest, says_something
from .sound import RATE, Loss, Sound
from .voice import VoiceOptions
from .windows import Tape, Window, cut
from .wire import ChildError, Records, clock, first_line

T = TypeVar("T")

_AHEAD = 2
"""Windows that are decoded while another is heard."""
_MUCH = 5.0
"""Seconds that sound like speech and give no text, to be told of: a cough is shorter."""
_ASKED = 4
"""Windows that are asked for the language while none is sure of it."""
_NAMED = 5
"""Places of a loss, or other things, that are named; of more only the first ones."""


def main() -> NoReturn:
    """Do what stdin says, and end without any teardown: CUDA and CTranslate2 have been seen to abort in theirs."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches the whole group; the parent decides.
    records = Records()
    shelf = Shelf()
    line = sys.stdin.buffer.readline()
    if line:
        lifetime.die_with_parent(json.loads(line)["parent"])
        lifetime.step_back()
        runtime.prepare()
    while line:
        request = json.loads(line)
        records.send("accepted")
        _answer(request, records, shelf)
        sys.stderr.flush()
        if not request["keep"]:
            break
        with lifetime.ending_after(request["keep"]):
            line = sys.stdin.buffer.readline()
    os._exit(0)


def _answer(request: dict[str, Any], records: Records, shelf: Shelf) -> None:
    try:
        transcribe(request, records, shelf)
        records.send("end")
    except ChildError as error:
        records.send("error", code=error.code, reason=error.reason, fields=error.fields)
    except ImportError as error:
        # With a path it is there and does not load: what it asks the system for is not.
        system = sys.platform if error.path else ""
        fields = {"reason": first_line(error), "system": system}
        records.send("error", code="library_missing", reason="{reason}", fields=fields)
    except MemoryError:
        records.send("error", code="memory", reason="", fields={})
    except Exception as error:  # The last one who can tell the parent what it was.
        traceback.print_exc()
        records.send("error", code="failed", reason="{reason}", fields={"reason": first_line(error)})


# Work


class Shelf:
    """The model that was loaded last."""

    def __init__(self) -> None:
        self._key: tuple[Any, ...] = ()
        self._model: Any = None

    def get(self, request: dict[str, Any], device: cards.Device, records: Records) -> Any:
        """The request's model on `device`. Raises as `model.load` does."""
        path = request["model_path"]
        key = (path, os.path.realpath(path), device.name, device.index, device.compute_type, request["threads"])
        records.send("loading", device=device.name)
        if key != self._key or self._model is None:
            self._model, self._key = None, ()  # First: two of them may not fit.
            self._model = model.load(path, device.name, device.index, device.compute_type, request["threads"])
            self._key = key
        return self._model


def transcribe(request: dict[str, Any], records: Records, shelf: Shelf) -> None:
    """Decode, load, listen. Raises ChildError for what the user can mend."""
    model.check_folder(request["model_path"])
    if request["task"] == "translate" and not model.translates(request["model_path"]):
        raise ChildError("cannot_translate", "")
    if request["language"] and not model.hears(request["model_path"], request["language"]):
        raise ChildError("cannot_hear", "")
    model.check_file(request["model_path"])
    start = float(request["start"])
    sound = Sound(request["media"], start, request["end"], request["track"])
    options = _voice_options(request, records)
    place = request["place"]
    detect = voice.available() and (request["vad"] or request["words"])
    _import_libraries(detect)
    tape = Tape(_told(sound.blocks(), records), place["at"], detect)
    ears = _Ears(request, records, shelf)
    unheard = _Unheard(goes_on=place["at"] > 0)
    with _ahead(cut(tape, options, place["at"], place["speaking"])) as windows:
        ears.prepare()
        records.send("started", seconds=sound.total or 0.0)
        for group in _grouped(ears.told(windows), request["batch_size"]):
            found = ears.hear(group, start)
            for segment in found:
                records.send("segment", **segment)
            unheard.add(group, start, bool(found))
            last = group[-1]
            records.send(
                "window", at=last.end, speaking=last.speaking, until=start + last.end / RATE, language=ears.language
            )
    if ears.dots:
        places = _places(ears.dots)
        records.notice(
            "Left out: {count} times nothing but dots or dashes, at {places}.", count=str(len(ears.dots)), places=places
        )
    if not tape.samples:
        records.notice("The chosen part of the media holds no sound.")
    elif options is not None:
        unheard.tell(records, sound)
    _tell_loss(sound.loss, records)


def _told(blocks: Iterator[Any], records: Records) -> Iterator[Any]:
    """The blocks of sound; each one is told once it was taken in, when the next is asked for."""
    samples = 0
    for block in blocks:
        samples += len(block)
        yield block
        records.send("read", seconds=samples / RATE)


def _import_libraries(detect: bool) -> None:
    """All that both threads use, before there are two: modules that import each other may lock each other out."""
    importlib.import_module("faster_whisper")
    if detect:
        importlib.import_module("onnxruntime")


def _voice_options(request: dict[str, Any], records: Records) -> VoiceOptions | None:
    if not request["vad"]:
        return None
    if not voice.available():
        records.notice("Voice detection is not available on this machine; going on without.")
        return None
    return VoiceOptions(**request["voice"])


class _Unheard:
    """Speech that gave no text: what nobody tells of is taken for a film in which nobody speaks."""

    def __init__(self, goes_on: bool) -> None:
        """`goes_on`: an earlier run has heard what comes before, and told of it."""
        self._places: list[tuple[float, float]] = []
        self._heard = goes_on
        """Whether anything sounded like speech."""

    def add(self, group: list[Window], offset: float, has_text: bool) -> None:
        """What was heard, and whether that gave text."""
        loud = [window for window in group if window.spans]
        self._heard = self._heard or bool(loud)
        seconds = sum(end - begin for window in loud for begin, end in window.spans) / RATE
        if not has_text and seconds >= _MUCH:
            self._places.append((offset + loud[0].spans[0][0] / RATE, seconds))

    def tell(self, records: Records, sound: Sound) -> None:
        """Say so."""
        if not self._heard and sound.tracks:
            records.notice(
                "Nothing on track {number} sounds like speech. Choose another one: {tracks}.",
                number=str(sound.number),
                tracks=sound.tracks,
            )
        elif not self._heard:
            records.notice("Nothing in it sounds like speech. Singing is heard without voice detection.")
        elif self._places:
            records.notice(
                "{seconds} s that sound like speech gave no text, at {places}.",
                seconds=f"{sum(seconds for _, seconds in self._places):.0f}",
                places=_places(self._places),
            )


def _grouped(windows: Iterator[Window], most: int) -> Iterator[list[Window]]:
    """Windows to be heard at once: one, or with batches up to `most` that have something to hear."""
    group: list[Window] = []
    for window in windows:
        group.append(window)
        if not window.spans or sum(bool(item.spans) for item in group) >= max(1, most):
            yield group
            group = []
    if group:
        yield group


class _Ears:
    """A listener on the first device that works."""

    def __init__(self, request: dict[str, Any], records: Records, shelf: Shelf) -> None:
        self._request = request
        self._records = records
        self._shelf = shelf
        cards.preload(request["libraries"])
        self._devices = cards.devices(request["device"], request["compute_type"])
        first, wanted = self._devices[0], request["compute_type"]
        if first.name == "cpu" and first.compute_type != wanted:
            records.notice("The processor does not compute in {type}; it does as the model was saved.", type=wanted)
        self._listener: Listener | None = None
        self._told = False
        """Whether it was said what does not count of the prompt."""
        self._at_once: int = request["batch_size"]
        """Windows that the device has room for."""
        self.dots: list[tuple[float, float]] = []
        """When segments began that were left out."""
        self.language: str = request["place"]["language"] or request["language"] or ""

    def prepare(self) -> None:
        """Load the model. Raises ChildError, for what it was not made for too."""
        self._try(lambda listener: None)

    def told(self, windows: Iterator[Window]) -> Iterator[Window]:
        """The windows; before the first of them it is known what is spoken, if that is to be found out and is one
        language: a song or a crowd at the beginning must not decide for the whole film."""
        held: list[Window] = []
        found: list[dict[str, float]] = []
        if not self.language and not self._request["multilingual"]:
            for window in windows:
                held.append(window)
                if window.spans:
                    found.append(self._try(lambda listener, window=window: listener.languages(window)))
                    if is_sure(found[-1]) or len(found) == _ASKED:
                        break
        if found:
            self.language, probability = likeliest(found)
            if self._listener is not None:
                self._listener.language = self.language
            self._records.send("language", language=self.language, probability=probability)
        yield from held
        yield from windows

    def hear(self, windows: list[Window], offset: float) -> list[dict[str, Any]]:
        """All segments of the windows. A card that fails in the middle costs no more than these."""
        loud = [window for window in windows if window.spans]
        if not loud:
            return []

        def heard(listener: Listener) -> list[dict[str, Any]]:
            if self._at_once > 1:
                return list(listener.hear_many(loud, offset))
            return [record for window in loud for record in listener.hear(window, offset)]

        records: list[dict[str, Any]] = self._try(heard)
        found = [record for record in records if says_something(record["text"])]
        self.dots += [(record["start"], 0.0) for record in records if not says_something(record["text"])]
        if not self.language and self._listener is not None:
            self.language = self._listener.language
            self._records.send("language", language=self.language, probability=self._listener.probability)
        return found

    def _try(self, work: Any) -> Any:
        while True:
            device = self._devices[0]
            try:
                if self._listener is None:
                    self._listener = self._new_listener(device)
                return work(self._listener)
            except RuntimeError as error:
                if device.name != "cuda":
                    raise
                if self._listener is not None and self._at_once > 1 and cards.is_short_of_memory(error):
                    self._at_once = 1
                    self._records.notice(
                        "The graphics card's memory is too small for so much at once; hearing one window after the "
                        "other."
                    )
                    continue
                self._listener = None
                self._next_device(error)

    def _new_listener(self, device: cards.Device) -> Listener:
        loaded = self._shelf.get(self._request, device, self._records)
        if self._request["task"] == "translate" and not model.translates(self._request["model_path"], loaded):
            raise ChildError("cannot_translate", "")
        listener = Listener(loaded, self._request | {"language": self.language})
        if not self._told:
            self._told = True
            self._tell_expected(listener)
        return listener

    def _tell_expected(self, listener: Listener) -> None:
        """What does not count of the prompt and of the words to expect."""
        if listener.orders:
            self._records.notice(
                "Left out of the prompt and the words to expect, since the model would take it for orders: {orders}.",
                orders=_first_of(listener.orders),
            )
        if listener.too_long:
            self._records.notice(
                "The prompt and the words to expect are too long for the model: the end of the prompt and the first "
                "words count."
            )

    def _next_device(self, error: RuntimeError) -> None:
        """Go on with less, or with the processor. Raises ChildError when there is nothing else to try."""
        print(f"{self._devices[0].name}: {error}", file=sys.stderr, flush=True)
        short = cards.is_short_of_memory(error)
        failed = self._devices.pop(0)
        while self._devices and not short and self._devices[0].name == "cuda":
            self._devices.pop(0)
        lacking = ", ".join(cards.missing())
        if not self._devices:
            _check_there(failed.index)
            fields = {"reason": first_line(error), "missing": lacking, "memory": "1" if short else ""}
            raise ChildError("graphics_card", "{reason}", **fields) from error
        if self._devices[0].name == "cuda":
            self._records.notice(
                "The graphics card's memory is too small for this model; going on with less precision."
            )
        elif short:
            self._records.notice("The graphics card's memory is too small for this model; using the processor.")
        elif lacking:
            self._records.notice(
                "The graphics card cannot be used without {missing}; using the processor.", missing=lacking
            )
        else:
            self._records.notice(
                "The graphics card cannot be used ({reason}); using the processor.", reason=first_line(error)
            )


def _check_there(number: int) -> None:
    """Raises ChildError if there is no such card at all, which the library that failed did not say so plainly."""
    there = driver.found()
    if not there:
        raise ChildError(
            "graphics_card", "there is none of NVIDIA's in this machine, or no driver for it", missing="", memory=""
        )
    if number >= len(there):
        raise ChildError(
            "graphics_card",
            "there is no card {number}, they are: {cards}",
            number=str(number),
            cards=", ".join(f"{card.number} ({card.name})" for card in there),
            missing="",
            memory="",
        )


def _tell_loss(loss: Loss, records: Records) -> None:
    """What the file could not give. Raises ChildError when that is so much that it must not pass for the whole."""
    if loss.damaged:
        records.notice(
            "{seconds} s of sound could not be read, at {places}.",
            seconds=f"{loss.seconds:.1f}",
            places=_places(loss.damaged),
        )
    if loss.holes:
        records.notice(
            "The sound has holes of {seconds} s, at {places}; they count as silence.",
            seconds=f"{sum(length for _, length in loss.holes):.1f}",
            places=_places(loss.holes),
        )
    if loss.cut_off is not None:
        raise ChildError(
            "media_incomplete",
            "it ends at {reached}, though it should last until {claimed}",
            reached=clock(loss.reached),
            claimed=clock(loss.cut_off),
        )
    if loss.grave:
        raise ChildError(
            "media_incomplete", "{seconds} s of its sound could not be read", seconds=f"{loss.seconds:.1f}"
        )


def _places(places: list[tuple[float, float]]) -> str:
    """When, in words."""
    return _first_of([clock(begin) for begin, _ in places])


def _first_of(things: list[str]) -> str:
    named = ", ".join(things[:_NAMED])
    return f"{named}, ..." if len(things) > _NAMED else named


@contextlib.contextmanager
def _ahead(source: Iterator[T]) -> Iterator[Iterator[T]]:
    """The items of `source`, made on another thread while the one before is in use."""
    made: queue.Queue[tuple[T | None, BaseException | None]] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def put(item: T | None, error: BaseException | None) -> None:
        while not stopped.is_set():
            with contextlib.suppress(queue.Full):
                made.put((item, error), timeout=0.1)
                return

    def make() -> None:
        try:
            for item in source:
                put(item, None)
                if stopped.is_set():
                    return
            put(None, None)
        except BaseException as error:
            put(None, error)

    def taken() -> Iterator[T]:
        while True:
            item, error = made.get()
            if error is not None:
                raise error
            if item is None:
                return
            yield item

    maker = threading.Thread(target=make, daemon=True)
    maker.start()
    try:
        yield taken()
    finally:
        stopped.set()
        maker.join(5.0)
