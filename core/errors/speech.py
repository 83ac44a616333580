# SPDX-License-Identifier: GPL-3.0-or-later
"""Turning sound into text."""

from __future__ import annotations

from pathlib import Path

from ..text import Text
from .base import SubtitleEditorError


class TranslationUnknownError(SubtitleEditorError, ValueError):
    """The model was trained to write down what it hears, not to translate it."""

    code = "cannot_translate"

    def __init__(self, model: str) -> None:
        self.model = model
        super().__init__(
            Text("{model} cannot translate.", model=model),
            Text("Choose another model, such as large-v3 or medium; turbo, distilled and English-only ones cannot."),
        )


class LanguageNotHeardError(SubtitleEditorError, ValueError):
    """The model was not trained for the language that was asked for."""

    code = "cannot_hear"

    def __init__(self, model: str, language: str) -> None:
        """`language`: its name."""
        self.model, self.language = model, language
        super().__init__(
            Text("{model} does not know this language: {language}.", model=model, language=language),
            Text("Choose another model. Those named .en know English alone, and only large-v3 knows Cantonese."),
        )


class GraphicsCardError(SubtitleEditorError):
    """The graphics card was asked for and cannot be used. `missing` names libraries, with commas."""

    code = "graphics_card"

    def __init__(self, reason: str, missing: str, *, memory: bool = False) -> None:
        """`memory`: it has too little of it."""
        self.missing = missing
        if memory:
            hint = Text("Choose a smaller model, less precision (int8_float16), or the processor.")
        elif missing:
            hint = Text(
                "These libraries of NVIDIA's CUDA 12 are missing: {missing}. Download cublas-12 as you would a model, "
                "or choose the processor.",
                missing=missing,
            )
        else:
            hint = Text("Choose the processor, or a smaller model.")
        super().__init__(Text("The graphics card cannot be used: {reason}.", reason=reason), hint)


class CardsUnknownError(SubtitleEditorError):
    """Nobody says which graphics cards there are: the driver has not answered, or has ended the process that asked."""

    code = "cards_unknown"

    def __init__(self, reason: str) -> None:
        super().__init__(
            Text("It cannot be told which graphics cards there are: {reason}.", reason=reason),
            Text("Start the computer again, or renew NVIDIA's driver. The processor can listen meanwhile."),
        )


class NotEnoughMemoryError(SubtitleEditorError):
    """The model, or the sound, did not fit into memory."""

    code = "memory"

    def __init__(self, model: str) -> None:
        self.model = model
        super().__init__(
            Text("There is not enough memory for {model}.", model=model),
            Text("Close other programs, or choose a smaller model. What was heard so far is kept."),
        )


class TranscriberFailedError(SubtitleEditorError):
    """A library below us failed in a way that nobody has foreseen."""

    code = "transcriber_failed"

    def __init__(self, reason: str) -> None:
        super().__init__(
            Text("The transcriber failed: {reason}.", reason=reason),
            Text("The subtitles found so far are kept; the log has the details."),
        )


class TranscriberCrashedError(SubtitleEditorError):
    """The child process died. Blender and the cues found so far are unharmed."""

    code = "transcriber_crashed"

    def __init__(self, exit_code: int, last_words: str) -> None:
        self.exit_code = exit_code
        self.last_words = last_words
        if last_words:
            message = Text(
                "The transcriber stopped unexpectedly (exit code {exit_code}): {last_words}.",
                exit_code=exit_code,
                last_words=last_words,
            )
        else:
            message = Text("The transcriber stopped unexpectedly (exit code {exit_code}).", exit_code=exit_code)
        super().__init__(
            message,
            Text("The subtitles found so far are kept. Try again, or try a smaller model."),
        )


class SyncUncertainError(SubtitleEditorError):
    """Subtitles fit the speech of a film nowhere better than elsewhere."""

    code = "sync_uncertain"

    def __init__(self, path: Path, media: Path) -> None:
        self.path = path
        super().__init__(
            Text("It is not certain how {path} fits {media}.", path=path, media=media),
            Text("Are they of the same film? Another audio track may fit better; or shift it by hand with convert."),
        )


class JournalError(SubtitleEditorError):
    """What was heard of a file is in use by another process."""

    code = "journal_busy"

    def __init__(self, media: Path) -> None:
        self.media = media
        super().__init__(
            Text("{media} is being transcribed by another process.", media=media), Text("Wait for it, or end it.")
        )
