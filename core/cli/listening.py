# SPDX-License-Identifier: GPL-3.0-or-later
"""How to listen: the options of `transcribe`, by faster-whisper's names, and a film's own in a `.toml` beside it."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import presets
from ..errors.base import UsageError
from ..speech import glossary
from ..speech.naming import track_wanted
from ..speech.request import TranscriptionRequest
from ..speech.voice import VoiceOptions
from ..subtitles import own_profiles
from ..system import user_folder
from .call import named, time_of

_DECODING = (
    *("multilingual", "patience", "repetition_penalty", "no_repeat_ngram_size", "compression_ratio_threshold"),
    *("log_prob_threshold", "no_speech_threshold"),
)
COMPUTE_TYPES = (
    *("default", "auto", "int8", "int8_float32", "int8_float16", "int8_bfloat16", "int16", "float16", "bfloat16"),
    "float32",
)
"""CTranslate2's. Not every device has all."""
_DEVICES = "auto, cpu, cuda, or cuda:1 for the second card"


def add_options(command: argparse.ArgumentParser) -> None:
    """The options that say what is heard, and how."""
    command.add_argument(
        "--preset", metavar="P", help="options from a .toml, or by the name of one in the user's folder"
    )
    command.set_defaults(parser=command)
    heard = command.add_argument_group("what is heard")
    heard.add_argument(
        "-l", "--language", type=_typed(presets.language), metavar="L", help="such as en or English (default: detected)"
    )
    heard.add_argument("--task", choices=("transcribe", "translate"), default="transcribe")
    heard.add_argument(
        "--track",
        type=track_wanted,
        default="",
        metavar="T",
        help="audio track: its number, its language, or all (mixed)",
    )
    heard.add_argument("--from", dest="start", type=time_of, default=0.0, metavar="S", help="seconds or H:MM:SS")
    heard.add_argument("--to", dest="end", type=time_of, metavar="S", help="seconds or H:MM:SS")
    how = command.add_argument_group("how")
    _add_words(how)
    _add_voice(how)
    _add_decoding(how)
    how.add_argument(
        "--beam-size", type=_typed(presets.CHECKS["beam_size"]), default=5, metavar="N", help="(default 5)"
    )
    how.add_argument(
        "--temperature", type=_temperatures, default=TranscriptionRequest.__dataclass_fields__["temperature"].default,
        metavar="T,...", help="one after the other where the text repeats itself (default 0,0.2,0.4,0.6,0.8,1)",
    )  # fmt: skip
    how.add_argument(
        "--batch-size", type=_typed(presets.CHECKS["batch_size"]), default=1, metavar="N",
        help="windows at once: faster on a graphics card, without other temperatures (default 1)",
    )  # fmt: skip
    how.add_argument("--device", type=_device, default="auto", metavar="D", help=f"{_DEVICES} (default auto)")
    how.add_argument(
        "--compute-type", default="default", metavar="C", choices=COMPUTE_TYPES, help=f"{', '.join(COMPUTE_TYPES)}"
    )
    how.add_argument(
        "--threads",
        type=_typed(presets.number(0, 1024)),
        default=0,
        metavar="N",
        help="of the processor (default: its choice)",
    )


def _add_words(how: argparse._ArgumentGroup) -> None:
    how.add_argument(
        "--words",
        "--word-timestamps",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="measure the time of each word",
    )
    how.add_argument(
        "--prompt", "--initial-prompt", default="", metavar="TEXT", help="what was said before each window"
    )
    how.add_argument("--hotwords", default="", metavar="TEXT", help="words to expect everywhere")
    how.add_argument("--glossary", type=named, metavar="FILE", help="names to expect everywhere, one a line")
    how.add_argument("--suppress-numerals", action="store_true", help="write numbers as words")


def _add_decoding(how: argparse._ArgumentGroup) -> None:
    """What a model takes for text, by faster-whisper's names and defaults."""
    how.add_argument("--multilingual", action="store_true", help="find the language anew for each half minute")
    for names, kind, text in (
        (("--patience",), _above_0, "of the beam search"),
        (("--repetition-penalty",), _above_0, "above 1: against loops"),
        (("--no-repeat-ngram-size",), _typed(presets.number(0, 100)), "no run of so many words twice in half a minute"),
        (("--compression-ratio-threshold",), _finite, "text that packs better repeats itself"),
        (("--log-prob-threshold", "--logprob-threshold"), _finite, "text less likely is tried again"),
        (("--no-speech-threshold",), _finite, "more likely without speech: no text"),
    ):
        field = names[0].removeprefix("--").replace("-", "_")
        default = TranscriptionRequest.__dataclass_fields__[field].default
        how.add_argument(
            *names, dest=field, default=default, metavar="N",
            type=kind, help=f"{text} (default {default})",
        )  # fmt: skip


def _add_voice(how: argparse._ArgumentGroup) -> None:
    default = VoiceOptions()
    how.add_argument(
        "--vad", "--vad-filter", action=argparse.BooleanOptionalAction, default=True, help="skip what is not speech"
    )
    how.add_argument(
        "--vad-threshold",
        type=_typed(presets.share),
        default=default.threshold,
        metavar="P",
        help="speech from this probability on (default 0.5)",
    )
    for name, value in (
        ("min-speech-duration-ms", default.min_speech_duration_ms),
        ("min-silence-duration-ms", default.min_silence_duration_ms),
        ("speech-pad-ms", default.speech_pad_ms),
    ):
        how.add_argument(
            f"--vad-{name}",
            type=_typed(presets.number(0, 600_000)),
            default=value,
            metavar="MS",
            help=f"(default {value})",
        )


def request_of(args: argparse.Namespace, media: Path, model_path: Path, model_id: str) -> TranscriptionRequest:
    """What the options ask for. Raises UsageError."""
    if args.end is not None and args.end <= args.start:
        raise UsageError("--to must be later than --from.")
    terms = glossary.read(args.glossary) if args.glossary is not None else []
    return TranscriptionRequest(
        media=media,
        model_path=model_path,
        model_id=model_id,
        language=args.language,
        task=args.task,
        start=args.start,
        end=args.end,
        track=args.track,
        words=args.words,
        device=args.device,
        libraries=args.libraries,
        compute_type=args.compute_type,
        vad=args.vad,
        voice=VoiceOptions(
            threshold=args.vad_threshold,
            min_speech_duration_ms=args.vad_min_speech_duration_ms,
            min_silence_duration_ms=args.vad_min_silence_duration_ms,
            speech_pad_ms=args.vad_speech_pad_ms,
        ),
        beam_size=args.beam_size,
        temperature=args.temperature,
        batch_size=args.batch_size,
        **{name: getattr(args, name) for name in _DECODING},
        prompt=args.prompt,
        hotwords=glossary.as_hotwords(terms, args.hotwords),
        suppress_numerals=args.suppress_numerals,
        threads=args.threads,
    )


def own_options(args: argparse.Namespace, media: Path) -> argparse.Namespace:
    """The options for this film: what a `.toml` of its name beside it says goes before the command line.

    Raises UsageError for a file that cannot be read or says what nobody understands.
    """
    path = media.with_suffix(".toml")
    return argparse.Namespace(**(vars(args) | _said(path, args))) if path.is_file() else args


def preset(args: argparse.Namespace) -> dict[str, Any]:
    """What `--preset` says, a file or the name of one of the folder `presets` in the user's folder: it goes before the
    defaults and after what is typed. Raises UsageError."""
    path = Path(args.preset)
    if path.suffix != ".toml" and path.name == args.preset:
        folder = args.user_dir / presets.FOLDER
        path = presets.path_of(folder, args.preset)
        if not path.is_file():
            there = ", ".join(presets.names(folder)) or "none yet"
            raise UsageError(f'There is no preset "{args.preset}" in {folder}.', f"There are: {there}.")
    return _said(path, args)


def _said(path: Path, args: argparse.Namespace) -> dict[str, Any]:
    """The options that stand in a file, by our names. Raises UsageError."""
    known = own_profiles.read(args.user_dir / user_folder.PROFILES).known
    said = presets.read(path, known)
    return {{"from": "start", "to": "end"}.get(name, name): value for name, value in said.items()}


def _typed(check: Callable[[Any], Any]) -> Callable[[str], Any]:
    """A check for argparse, which shows the words of this error alone."""

    def typed(text: str) -> Any:
        try:
            return check(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return typed


def _finite(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not -1000 < value < 1000:
        raise argparse.ArgumentTypeError("a number")
    return value


def _above_0(text: str) -> float:
    value = _finite(text)
    if value <= 0:
        raise argparse.ArgumentTypeError("a number above 0")
    return value


def _temperatures(text: str) -> tuple[float, ...]:
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = (-1.0,)
    if not all(0.0 <= value <= 2.0 for value in values):
        raise argparse.ArgumentTypeError("numbers from 0 to 2, with commas")
    return values


def _device(text: str) -> str:
    name, colon, number = text.partition(":")
    if name not in ("auto", "cpu", "cuda") or (colon and (name != "cuda" or not number.isdecimal())):
        raise argparse.ArgumentTypeError(_DEVICES)
    return text
