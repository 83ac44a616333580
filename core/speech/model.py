# SPDX-License-Identifier: GPL-3.0-or-later
"""A Whisper model in memory, whose random draws can be repeated."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from typing import Any

from .wire import ChildError, first_line

_BIG_ENCODER = 128
"""Mel bands of large-v3 and of what was distilled from it; all others have 80."""
_ENGLISH_WORDS = 51864
"""Of the vocabulary of English-only models; others have one more and up."""
_POINTER = b"version https://git-lfs.github.com/spec/"
"""How what git leaves without git-lfs begins."""
_MOST_VERSIONS = 1000
"""A CTranslate2 model begins with the version of its format, which is 6 today, in four bytes; others with a word."""
_SMALL_FILES = ("config.json", "tokenizer.json", "vocabulary.json")
_MARKS = ("<|endoftext|>", "<|startoftranscript|>", "<|transcribe|>", "<|notimestamps|>")
"""Of every Whisper model. Where their numbers differ, all that comes after them does."""
_FEW_LAYERS = 4
"""Decoder layers of what was distilled, turbo the largest of them. It was trained to transcribe alone."""


def check_folder(path: str) -> None:
    """Raises ChildError unless the folder has what faster-whisper would otherwise look for on the network."""
    if not os.path.isdir(path):
        raise ChildError("model_unusable", "the folder does not exist")
    for names in (("model.bin",), ("config.json",), ("tokenizer.json",), ("vocabulary.json", "vocabulary.txt")):
        if not any(os.path.isfile(os.path.join(path, name)) for name in names):
            raise ChildError("model_unusable", "{name} is missing", name=names[0])


def check_file(path: str) -> None:
    """Raises ChildError unless the large file of the folder begins as CTranslate2's do."""
    try:
        with open(os.path.join(path, "model.bin"), "rb") as file:
            head = file.read(64)
    except OSError as error:
        fields = {"name": "model.bin", "reason": first_line(error), "number": str(error.errno or 0)}
        raise ChildError("model_unusable", "{name} cannot be read: {reason}", **fields) from error
    if head.startswith(_POINTER):
        raise ChildError("model_unusable", "{name} is a pointer of Git LFS and not the file itself", name="model.bin")
    if int.from_bytes(head[:4], "little") >= _MOST_VERSIONS:
        raise ChildError("model_unusable", "model.bin is not in CTranslate2's format, but in another program's")


def _check_small_files(path: str) -> None:
    """Raises ChildError for the first that is no JSON: the libraries say where, and not in which file."""
    for name in _SMALL_FILES:
        with contextlib.suppress(FileNotFoundError):
            try:
                with open(os.path.join(path, name), encoding="utf-8-sig") as file:
                    json.load(file)
            except (OSError, ValueError, RecursionError) as error:
                raise ChildError("model_unusable", "{name} is not what it should be", name=name) from error


def _check_words(path: str, tokenizer: Any) -> None:
    """Raises ChildError unless the tokenizer's marks have the numbers that they have in the vocabulary: with the small
    file of another model every word would be another one, or the first window fails."""
    words = _vocabulary(path)
    places = {word: number for number, word in enumerate(words)}
    for mark in _MARKS:
        number = tokenizer.token_to_id(mark)
        if number is None or number != places.get(mark, number if not words else None):
            wrong = "tokenizer.json" if mark in places else "vocabulary.json"
            raise ChildError("model_unusable", "{name} belongs to another model", name=wrong)


def load(path: str, device: str, index: int, compute_type: str, threads: int) -> Any:
    """faster-whisper's model, with a `Repeatable` inside. Raises ChildError, or on a graphics card what it raises."""
    from faster_whisper import WhisperModel

    check_folder(path)
    check_file(path)
    threads = min(threads, os.cpu_count() or threads)  # More than there are wait for each other.
    try:
        model = WhisperModel(
            path,
            device=device,
            device_index=index,
            compute_type=compute_type,
            cpu_threads=threads,
            local_files_only=True,
        )
    except Exception as error:  # Native code: RuntimeError, ValueError, and what pybind11 makes of the rest.
        _check_small_files(path)
        if device == "cuda":
            raise RuntimeError(str(error)) from error
        raise ChildError("model_unusable", "{reason}", reason=first_line(error)) from error
    _check_words(path, model.hf_tokenizer)
    if model.feature_extractor.mel_filters.shape[0] != model.model.n_mels:
        # Without its small file, or with that of another model: what it was trained with counts.
        model.feature_extractor = type(model.feature_extractor)(feature_size=model.model.n_mels)
    model.model = Repeatable(model.model, lambda: _native(path, device, index, compute_type, threads))
    return model


def _native(path: str, device: str, index: int, compute_type: str, threads: int) -> Any:
    import ctranslate2

    return ctranslate2.models.Whisper(
        path, device=device, device_index=index, compute_type=compute_type, intra_threads=threads
    )


def translates(path: str, loaded: Any = None) -> bool:
    """Whether the model in a folder was trained to translate into English: not so English-only and distilled ones.

    By its small files, so that the user hears of it before gigabytes are loaded; once it is `loaded`, by itself too.
    True where nothing says so.
    """
    if (loaded is not None and not loaded.model.is_multilingual) or _is_english_only(path):
        return False
    try:
        heads = _read(path, "config.json").get("alignment_heads") or []
        layers = 1 + max((int(layer) for layer, _ in heads), default=_FEW_LAYERS)
        bands = loaded.model.n_mels if loaded else int(_read(path, "preprocessor_config.json").get("feature_size") or 0)
    except (ValueError, TypeError, AttributeError, OverflowError):
        return True
    return not (bands >= _BIG_ENCODER and layers <= _FEW_LAYERS)


def hears(path: str, language: str) -> bool:
    """Whether the model in a folder was trained for a language, by its small files: faster-whisper takes another for
    granted, or none at all. True where nothing says so.
    """
    if _is_english_only(path):
        return language == "en"
    try:
        with open(os.path.join(path, "tokenizer.json"), encoding="utf-8") as file:
            known = file.read()
    except (OSError, ValueError):
        return True
    return "<|en|>" not in known or f"<|{language}|>" in known


def _is_english_only(path: str) -> bool:
    return len(_vocabulary(path)) == _ENGLISH_WORDS


def _vocabulary(path: str) -> Any:
    return _read(path, "vocabulary.json") or _lines(path, "vocabulary.txt")


def _read(path: str, name: str) -> Any:
    try:
        with open(os.path.join(path, name), encoding="utf-8") as file:
            return json.load(file)
    except (OSError, ValueError, RecursionError):
        return {}


def _lines(path: str, name: str) -> list[str]:
    try:
        with open(os.path.join(path, name), encoding="utf-8", newline="\n") as file:
            return file.read().splitlines()
    except (OSError, ValueError):
        return []


class Repeatable:
    """CTranslate2's model. Where Whisper is unsure it draws at random; after `begin(seed)` it draws the same again.

    CTranslate2 (4.8) reads its seed once a worker thread, when that first draws, and threads live as long as their
    model. So a model that has drawn is loaded anew before it draws again: most windows never draw at all.
    """

    def __init__(self, model: Any, load: Callable[[], Any]) -> None:
        self._model = model
        self._load = load
        self._seed = 0
        self._used = False
        """Whether this model has drawn."""
        self._drawing = False
        """Whether it has since the last `begin`."""

    def begin(self, seed: int) -> None:
        """What is drawn from here on depends on `seed` alone."""
        self._seed = seed
        self._drawing = False

    def generate(self, *args: Any, **options: Any) -> Any:
        """As CTranslate2's."""
        # Beam search and the greedy choice draw nothing; sampling among all tokens does.
        if options.get("sampling_topk", 1) != 1 and not self._drawing:
            self._make_ready()
        return self._model.generate(*args, **options)

    def _make_ready(self) -> None:
        import ctranslate2

        ctranslate2.set_random_seed(self._seed)
        if self._used:
            self._model = None  # First: two of them may not fit.
            self._model = self._load()
        self._used = self._drawing = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)
