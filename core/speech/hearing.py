# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said in a window: faster-whisper's answer as plain values, in seconds of the media."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

from .settling import begun, ended, settled
from .sound import RATE
from .voice import audible
from .windows import Window
from .wire import ChildError, first_line

_NUMERALS = frozenset("0123456789%$£€¥")

_ORDER = re.compile(r"<\|[^<>|]*\|>")
"""How the tokens look by which Whisper is told the task, the language and the time."""

_MARK = 0.02
"""Seconds between two of Whisper's marks of time."""
_PASSED_ON = (
    *("task", "beam_size", "temperature", "multilingual", "patience", "repetition_penalty", "no_repeat_ngram_size"),
    *("compression_ratio_threshold", "log_prob_threshold", "no_speech_threshold"),
)
"""Of a request: what goes to faster-whisper as it is."""

_SURE = 0.5
"""The probability of a language from which on it is believed: faster-whisper's."""
_FRAMES_PER_SECOND = 100
"""Of Whisper's spectrum, in which faster-whisper counts."""


class Listener:
    """A loaded model and how it is to listen. One window after the other."""

    def __init__(self, model: Any, request: dict[str, Any]) -> None:
        self._model = model
        self._request = request
        self.language: str = request["language"] or ""
        """Once something was heard: what it was heard in."""
        self.probability = 1.0
        self._first_mark: int = model.hf_tokenizer.token_to_id("<|notimestamps|>") + 1
        self._suppressed = [-1, *_numerals(model)] if request["suppress_numerals"] else [-1]
        prompt, orders = without_orders(request["prompt"], model.hf_tokenizer)
        hotwords, more = without_orders(request["hotwords"], model.hf_tokenizer)
        self.orders = list(dict.fromkeys(orders + more))
        """What stood in the prompt and among the words to expect and is left out, since it orders the model about."""
        self.prompt, self.hotwords, self.too_long = _fitted(model, prompt, hotwords)
        """What fits of the prompt and of the words to expect, and whether something had to go."""
        self._options = {name: request[name] for name in _PASSED_ON} | {
            "word_timestamps": request["words"],
            "initial_prompt": self.prompt or None,
            "hotwords": self.hotwords or None,
        }

    def languages(self, window: Window) -> dict[str, float]:
        """What is spoken in a window: the probability of each language, the likeliest first."""
        if not self._model.model.is_multilingual:
            return {"en": 1.0}
        *_, found = self._model.detect_language(audio=audible(window.audio))
        return dict(found)

    def hear(self, window: Window, offset: float, bare: bool = False) -> Iterator[dict[str, Any]]:
        """The window's segments as records. `offset`: seconds of the media where the part begins; `bare`: without what
        was to be expected.

        Raises ChildError for a language or task that the model does not have.
        """
        self._model.model.begin(window.begin // RATE)
        try:
            segments, info = self._model.transcribe(
                audible(window.audio),
                language=self.language or None,
                suppress_tokens=self._suppressed,
                **(self._options | ({"initial_prompt": None, "hotwords": None} if bare else {})),
                # True makes long recordings fall into a loop of one phrase, the complaint heard most.
                condition_on_previous_text=False,
            )
        except ValueError as error:  # A language or task that this model does not have.
            raise ChildError("usage", "{reason}", reason=first_line(error)) from error
        if not self.language:
            self.language, self.probability = info.language, info.language_probability
        found = False
        for segment in segments:
            if segment.text.strip():
                found = found or says_something(segment.text)
                yield as_record(segment, window, offset, self._stated_end(segment))
        if not found and not bare and (self.prompt or self.hotwords):
            # A prompt can silence a model: what is spoken counts more than how it is to be spelled.
            yield from self.hear(window, offset, bare=True)

    def _stated_end(self, segment: Any) -> float | None:
        """When the segment ends by the mark that the model set behind it, which word times do not keep to."""
        last = segment.tokens[-1] if segment.tokens else 0
        if last < self._first_mark:
            return None
        return float(segment.seek / _FRAMES_PER_SECOND + (last - self._first_mark) * _MARK)

    def hear_many(self, windows: list[Window], offset: float) -> Iterator[dict[str, Any]]:
        """The same for several windows at once: faster on a graphics card, and without second tries at a temperature.

        Segments come in order.
        """
        from faster_whisper import BatchedInferencePipeline

        if not self.language:
            # One window the usual way: batches would each ask anew.
            yield from self.hear(windows[0], offset)
            windows = windows[1:]
        request = self._request
        for number, segments in enumerate(_batched(BatchedInferencePipeline(self._model), windows, self, request)):
            for segment in segments:
                if segment.text.strip():
                    yield as_record(segment, windows[number], offset, self._stated_end(segment))


def without_orders(text: str, tokenizer: Any) -> tuple[str, list[str]]:
    """A text without what the model's tokenizer takes for orders, with a space in place of each, and those orders:
    `<|fr|><|translate|>` translates, wherever it stands. What is written alike and is no token of this model stays."""
    orders: list[str] = []

    def other(match: re.Match[str]) -> str:
        if tokenizer.token_to_id(match[0]) is None:
            return match[0]
        orders.append(match[0])
        return " "

    return _ORDER.sub(other, text), orders


def says_something(text: str) -> bool:
    """Whether there is a letter, a number or a sign such as a note in it: models write dots where nobody speaks.

    >>> says_something("... - ."), says_something("♪"), says_something("...what?"), says_something("\ufffd")
    (False, True, True, False)
    """
    signs = text.replace("\ufffd", "")  # What is left of a letter that was written in part.
    return any(unicodedata.category(char) in ("So", "Sc") or char.isalnum() for char in signs)


def is_sure(found: dict[str, float]) -> bool:
    """Whether a window leaves no doubt in which language it is."""
    return max(found.values(), default=0.0) > _SURE


def likeliest(found: list[dict[str, float]]) -> tuple[str, float]:
    """The language of some windows and its probability: that of the window that is sure, else the likeliest in all.

    >>> likeliest([{"cy": 0.3, "en": 0.2}, {"cy": 0.1, "en": 0.9}])
    ('en', 0.9)
    >>> likeliest([{"cy": 0.3, "en": 0.25}, {"nn": 0.4, "en": 0.35}])
    ('en', 0.3)
    """
    sure = [window for window in found if is_sure(window)] or found
    sums: dict[str, float] = {}
    for window in sure:
        for language, probability in window.items():
            sums[language] = sums.get(language, 0.0) + probability
    best = max(sums, key=lambda language: sums[language])
    return best, round(sums[best] / len(sure), 3)


def _batched(pipeline: Any, windows: list[Window], listener: Listener, request: dict[str, Any]) -> list[list[Any]]:
    """faster-whisper's segments for each of the windows, with times within it."""
    import numpy

    if not windows:
        return []
    lengths = [len(window.audio) / RATE for window in windows]
    begins = [sum(lengths[:number]) for number in range(len(windows))]
    segments, _ = pipeline.transcribe(
        numpy.concatenate([audible(window.audio) for window in windows]),
        language=listener.language,
        suppress_tokens=listener._suppressed,
        **listener._options,
        without_timestamps=False,
        vad_filter=False,
        batch_size=len(windows),
        clip_timestamps=[
            {"start": begin, "end": begin + length} for begin, length in zip(begins, lengths, strict=True)
        ],
    )
    found: list[list[Any]] = [[] for _ in windows]
    for segment in segments:
        number = max(0, sum(begin <= segment.start + 0.001 for begin in begins) - 1)
        found[number].append(_moved(segment, -begins[number]))
    return found


def _moved(segment: Any, seconds: float) -> Any:
    segment.seek = 0
    segment.start += seconds
    segment.end += seconds
    for word in segment.words or ():
        word.start += seconds
        word.end += seconds
    return segment


def as_record(segment: Any, window: Window, offset: float, stated_end: float | None = None) -> dict[str, Any]:
    """A faster-whisper segment as plain values, in seconds of the media. `stated_end`: by the model's own mark."""

    def time(seconds: float, is_end: bool = False) -> float:
        return round(offset + window.original(max(0.0, seconds), is_end=is_end), 3)

    start, end, words = segment.start, segment.end, [word for word in segment.words or () if word.word.strip()]
    times = [(word.start, max(word.start, word.end)) for word in words]
    if window.voiced is not None:
        end_of_voice = None if stated_end is None else ended(stated_end, window.voiced)
        start, end = begun(start, end, window.voiced), end if end_of_voice is None else end_of_voice
        times = _corrected(times, window.voiced, end_of_voice)
    if times:
        start, end = times[0][0], max(times[-1][1], min(end, times[-1][1] + 0.01))
    return {
        "start": time(start),
        "end": max(time(start), time(end, is_end=True)),
        "text": segment.text.strip(),
        "words": [
            {
                "start": time(begin),
                "end": max(time(begin), time(stop, is_end=True)),
                "text": word.word.strip(),
                "probability": word.probability,
                "glued": index > 0 and not word.word[:1].isspace(),
            }
            for index, (word, (begin, stop)) in enumerate(zip(words, times, strict=True))
        ],
        "avg_logprob": segment.avg_logprob,
        "no_speech_prob": segment.no_speech_prob,
        "compression_ratio": segment.compression_ratio,
    }


def _corrected(times: list[tuple[float, float]], voiced: Any, end_of_voice: float | None) -> list[tuple[float, float]]:
    """The times of a segment's words, in order, where there is a voice; the last one ends when the voice does."""
    if end_of_voice is not None and times:
        begin = min(times[-1][0], end_of_voice)
        times = [*times[:-1], (begin, end_of_voice)]
    clock = 0.0
    found = []
    for start, end in times:
        start, end = settled(start, end, voiced)
        if end_of_voice is not None:
            start, end = min(start, end_of_voice), min(end, end_of_voice)
        start = max(start, clock)
        clock = max(start, end)
        found.append((start, clock))
    return found


def _numerals(model: Any) -> list[int]:
    """Every token that has a digit or a sign of money in it, so that numbers are written as words."""
    tokenizer = model.hf_tokenizer
    end = tokenizer.token_to_id("<|endoftext|>")
    return [number for number in range(end) if _NUMERALS & set(tokenizer.decode([number]))]


def _fitted(model: Any, prompt: str, hotwords: str) -> tuple[str, str, bool]:
    """What fits of both into what Whisper leaves for them: half of its context, and a model that hears more of them
    than of the speech says nothing at all. Of the prompt the end counts, of the words the beginning; whether that was
    less than there was."""
    room = model.max_length // 2 - 1
    words = _first(model, hotwords, room // 2 if prompt.strip() else room)
    rest = room - len(_tokens(model, words))
    text = _last(model, prompt, rest)
    return text, words, (text, words) != (prompt.strip(), hotwords.strip())


def _tokens(model: Any, text: str) -> list[int]:
    return list(model.hf_tokenizer.encode(f" {text.strip()}", add_special_tokens=False).ids) if text.strip() else []


def _first(model: Any, text: str, most: int) -> str:
    """The words of `text` from its beginning that make at most so many tokens; up to a comma where there is one."""
    text = text.strip()
    if len(_tokens(model, text)) <= most:
        return text
    parts = [part for part in text.split(",") if part.strip()] if "," in text else text.split()
    glue = "," if "," in text else " "
    count = _most(len(parts), lambda number: len(_tokens(model, glue.join(parts[:number]))) <= most)
    return glue.join(parts[:count]).strip()


def _last(model: Any, text: str, most: int) -> str:
    text = text.strip()
    if len(_tokens(model, text)) <= most:
        return text
    parts = text.split()
    count = _most(len(parts), lambda number: len(_tokens(model, " ".join(parts[len(parts) - number :]))) <= most)
    return " ".join(parts[len(parts) - count :])


def _most(count: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `count` that fits; what is smaller fits too."""
    low, high = 0, count
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
