# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `transcribe`. Whatever ends it early keeps the subtitles found so far, and it can go on there."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import errno
import os
import time
from pathlib import Path
from typing import Any

from ..catalog.entries import Catalog, Entry
from ..catalog.kinds import SPEECH_TO_TEXT
from ..cues import Cue
from ..errors.base import SubtitleEditorError, UsageError
from ..errors.catalog import UnknownModelError
from ..errors.media import MediaNotFoundError
from ..errors.speech import JournalError, LanguageNotHeardError, TranslationUnknownError
from ..errors.subtitles import OutputNotWrittenError
from ..events import Cancelled, End, Event, Failed, Finished, as_json
from ..languages import NAMES
from ..library import runtimes, status
from ..library.layout import snapshots_of
from ..speech import segments
from ..speech.job import Transcription, about
from ..speech.segments import Kept
from ..subtitles import quality, writing
from ..subtitles.profiles import Profile, resolved
from ..subtitles.segmentation import ended_by, segment
from ..subtitles.timecode import format_time
from ..system.files import fitted
from ..system.folders import expanded
from ..system.reasons import reason_of
from ..units import human_duration
from . import films, listening
from .call import add_profile, load_catalog, models_dir_of, named, profile_of, up_to
from .films import Film
from .grammar import Words
from .output import DONE, FAILED, Output
from .running import attended, follow

_DOUBTS = 10
"""Doubtful places that are told to people; programs are told all."""
_OTHERS = ("*.safetensors", "*.pt", "*.pth", "pytorch_model*.bin", "ggml*.bin", "*.gguf", "*.onnx", "*.h5", "*.msgpack")
"""Whisper models of other programs: PyTorch's, whisper.cpp's, ONNX's, TensorFlow's, Flax's."""
_KEEP = 120.0
"""Seconds that the child waits for the next film."""


def transcribe(args: argparse.Namespace, output: Output, models_dir: Path) -> int:
    """`transcribe MEDIA... -m ID`: writes the subtitles when done, and what there is when interrupted or failed."""
    profile_of(args, output)  # A wrong name is told before anything is looked for.
    known = load_catalog(args, output)
    model, model_path = model_of(args, known, models_dir)
    args.libraries = runtimes.cuda(models_dir, known)  # For each film.
    work = films.films_of(args)
    with attended():
        if not films.is_many(args):
            one = _One(args, output, model_path, model, work[0])
            if one.is_done:
                output.record({"event": "skipped", "output": str(work[0].target)}, f"{work[0].target} exists already.")
                return DONE
            return one.run().code
        return _many(args, output, model_path, model, work)


def model_of(args: argparse.Namespace, known: Catalog, models_dir: Path) -> tuple[str, Path]:
    """The model that is named, by its id or as a folder that has one, and where it lies. Raises as `usable`."""
    folder = _folder_of(expanded(args.model))
    of_folder = (_name_of(Path(os.path.abspath(folder))), folder) if os.path.isfile(folder / "model.bin") else None
    if of_folder and os.sep in args.model:
        return of_folder
    try:
        entry = known.get(args.model)
    except UnknownModelError:
        if of_folder:  # Of one word, or with the other slash on Windows.
            return of_folder
        _refuse_path(folder, args.model)
        raise
    if args.task == "translate" and entry.languages == ("en",):
        raise TranslationUnknownError(entry.id)
    if not entry.hears(args.language):
        raise LanguageNotHeardError(entry.id, NAMES[args.language])
    return entry.id, usable(entry, models_dir)


def _folder_of(path: Path) -> Path:
    """The folder that is meant by one of its files, or by the place that a cache has for all versions of a model."""
    if path.name == "model.bin" and path.is_file():
        return path.parent
    repository = path.parent if path.name == "snapshots" else path
    if not repository.name.startswith("models--"):
        return path
    return next((found for found in snapshots_of(repository, None) if (found / "model.bin").is_file()), path)


def _name_of(folder: Path) -> str:
    """What a model's folder is called; in a cache that of all its versions, which are called by their commits."""
    place = folder.parent.parent
    return place.name if folder.parent.name == "snapshots" and place.name.startswith("models--") else folder.name


def _refuse_path(path: Path, typed: str) -> None:
    """Raises UsageError for what can only be meant as a path, and has no model."""
    hint = "Name a folder with a model for faster-whisper, or one of the list: subtitle-editor models list"
    if path.is_file():
        raise UsageError(f"{path} is a file, and a model is a folder.", hint)
    if path.is_dir():
        inside = sorted(name.parent for name in path.glob("*/model.bin"))
        if inside:
            raise UsageError(
                f"{path} has no model itself (no model.bin), but in a folder inside.", f"Name it: -m {inside[0]}"
            )
        if any(next(path.glob(pattern), None) for pattern in _OTHERS):
            raise UsageError(f"{path} has a model for another program (no model.bin).", hint)
        raise UsageError(f"{path} is a folder without a model (no model.bin).", hint)
    if path.is_absolute() or typed.startswith("."):
        raise UsageError(f"There is no folder {path}.", hint)


# One film


@dataclasses.dataclass(slots=True)
class _Result:
    """What became of one film."""

    film: Film
    state: str
    """`done`, `failed`, `cancelled`, `skipped` or `waiting`."""
    code: int
    subtitles: int = 0
    seconds: float = 0.0
    why: str = ""


class _One:
    """One film from its sound to its subtitles."""

    def __init__(
        self, args: argparse.Namespace, output: Output, model_path: Path, model_id: str, film: Film, many: bool = False
    ) -> None:
        films.check_names(film)
        self._args = listening.own_options(args, film.media)
        self._profile = profile_of(self._args)
        self._output = output
        self._film = film
        self._many = many
        self._more = {"media": str(film.media)} if many else {}
        self._request = listening.request_of(self._args, film.media, model_path, model_id)
        self._journals = args.user_dir / segments.FOLDER
        self._earlier: Kept | None = None
        """What an earlier run had heard when this one began."""

    @property
    def is_done(self) -> bool:
        """Whether it is to be left out: it has subtitles, and not those that an earlier run of the same has begun."""
        if not self._args.skip_existing or not self._film.target.exists():
            return False
        kept = self._kept()
        return kept is None or not segments.is_ours(kept, self._film.target)

    def run(self) -> _Result:
        """Hear it and write. Raises SubtitleEditorError for what can be known before the work; Stopped never."""
        began = time.monotonic()
        kept = self._earlier = self._kept()
        self._check_target()
        if self._args.unfinished == "take":
            return self._take(kept, began)
        if self._args.unfinished == "fresh" and kept is not None and not segments.remove(kept.path):
            raise JournalError(self._film.media)
        job = Transcription(self._request, journals=self._journals, keep=_KEEP if self._many else 0.0)
        end, stopped = follow(job, self._event)
        made, written = self._write(end, job.language, job.until if isinstance(end, Finished) else None)
        self._tell(end, made, written)
        if isinstance(end, Finished) and written is not None:
            job.settle()
        elif written is not None and made and job.kept is not None:
            with contextlib.suppress(OSError):
                segments.note_written(job.kept, written)
        code = stopped.code if stopped is not None else DONE if isinstance(end, Finished) and written else FAILED
        state = {Finished: "done", Failed: "failed", Cancelled: "cancelled"}[type(end)]
        why = str(end.error.message) if isinstance(end, Failed) else ""
        if written is None:
            state, why = "failed", "the subtitles could not be written"
        return _Result(self._film, state, code, len(made), time.monotonic() - began, why)

    def _kept(self) -> Kept | None:
        """What was heard of it in an earlier run."""
        with contextlib.suppress(OSError, MediaNotFoundError):
            return segments.find(self._journals, about(self._request))
        return None

    def _check_target(self) -> None:
        """Never write over a file that may be somebody's work, unless it was named with -o."""
        film, args = self._film, self._args
        for path in (film.target, *film.more):
            if self._is_anothers(path):
                raise UsageError(f"{path} exists already.", "Name the file to write with -o, or use --skip-existing.")
        if film.media.exists() or args.output is not None or args.out_dir is not None:
            films.check_folder(film, make=args.out_dir is not None)

    def _is_anothers(self, path: Path) -> bool:
        is_ours = self._earlier is not None and segments.is_ours(self._earlier, path)
        return self._args.output is None and path.exists() and not is_ours

    def _event(self, event: Event) -> None:
        if self._many and self._output.json:
            self._output.record(as_json(event) | self._more, "")
        else:
            self._output.event(event)

    def _take(self, kept: Kept | None, began: float) -> _Result:
        """Write what an earlier run has heard, and be done with it."""
        if kept is None or not kept.all_cues:
            raise UsageError(f"Nothing is kept of {self._film.media} with these options.", "Transcribe it.")
        end = Finished(job="", model=self._request.model_id, cues=kept.all_cues, language=kept.place.language)
        made, written = self._write(end, end.language)
        self._tell(end, made, written)
        if written is not None:
            segments.remove(kept.path)
        return _Result(self._film, "done", DONE if written else FAILED, len(made), time.monotonic() - began)

    def _write(self, end: End, language: str, last: float | None = None) -> tuple[list[Cue], Path | None]:
        """The subtitles, none of them shown after the second `last`, and the file they are in: None when they found no
        place."""
        if not isinstance(end, Finished) and not end.cues:
            return [], self._film.target
        language = self._request.written_in(language)
        made = ended_by(segment(end.cues, self._profile_for(language), language=language), last)
        try:
            for target in (self._film.target, *self._film.more):
                # Asked again: hearing has taken its time.
                if self._is_anothers(target):
                    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
                writing.save_cues(target, made)
            return made, self._film.target
        except (OSError, SubtitleEditorError) as error:
            self._rescue(made, error)
            return made, None

    def _profile_for(self, language: str) -> Profile:
        """The reading rules: by the language that is written, unless they were chosen; with numbers of their own."""
        args, found = self._args, resolved(self._profile, language)
        numbers = {"max_chars": args.max_line_width, "max_lines": args.max_line_count}
        return dataclasses.replace(found, **{name: value for name, value in numbers.items() if value is not None})

    def _rescue(self, made: list[Cue], error: Exception) -> None:
        """Put the subtitles into the user's folder instead, and say so."""
        stamp = time.strftime("%Y-%m-%d %H-%M-%S")
        name = fitted(self._film.media.stem, f" {stamp}{self._film.target.suffix}")
        path = self._args.user_dir / "recovered" / name
        reason = reason_of(error)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            writing.save_cues(path, made)
        except (OSError, SubtitleEditorError):
            # The journal has them, and the same command writes them without listening again.
            self._output.error(OutputNotWrittenError(self._film.target, reason, None), **self._more)
        else:
            self._output.error(OutputNotWrittenError(self._film.target, reason, path), **self._more)

    def _tell(self, end: End, made: list[Cue], written: Path | None) -> None:
        text = f"{self._film.target}: {len(made)} subtitles"
        if self._request.language is None and made and (language := getattr(end, "language", "")):
            text += f", heard as {NAMES.get(language, language)}"
        if self._output.json:
            cues = [cue.as_dict() for cue in made]
            doubts = [
                {"number": one.index + 1, "start": made[one.index].start, "rule": one.rule, "message": one.message}
                for one in quality.doubts(made)
            ]
            data = (
                as_json(end)
                | {"output": str(written) if written else None, "cues": cues, "doubts": doubts}
                | self._more
            )
            self._output.record(data, "")
        elif isinstance(end, Finished):
            if written is not None:
                self._output.record({}, text)
                for doubt in quality.doubts(made)[:_DOUBTS]:
                    self._output.say(f"  check {format_time(made[doubt.index].start)}: {doubt.message}")
        else:
            if isinstance(end, Failed):
                self._output.error(end.error)
            self._output.say(f"{text} (those found so far)" if made else "No subtitles were found so far.")
            if made:
                self._output.say("The same command goes on from there.")


# Many films


def _many(args: argparse.Namespace, output: Output, model_path: Path, model_id: str, work: list[Film]) -> int:
    """One after the other with one warm child; one that fails stops no other. A table at the end."""
    results: list[_Result] = []
    for number, film in enumerate(work, 1):
        output.say(f"[{number}/{len(work)}] {film.media}")
        result = _one_of_many(args, output, model_path, model_id, film)
        results.append(result)
        if result.state == "cancelled":
            break
    results += [_Result(film, "waiting", FAILED) for film in work[len(results) :]]
    _tell_table(results, output)
    stopped = next((result.code for result in results if result.state == "cancelled"), None)
    if stopped is not None:
        return stopped
    return FAILED if any(result.state == "failed" for result in results) else DONE


def _one_of_many(args: argparse.Namespace, output: Output, model_path: Path, model_id: str, film: Film) -> _Result:
    try:
        one = _One(args, output, model_path, model_id, film, many=True)
        if one.is_done:
            return _Result(film, "skipped", DONE)
        return one.run()
    except SubtitleEditorError as error:
        output.error(error, media=str(film.media))
        return _Result(film, "failed", FAILED, why=str(error.message))
    except KeyboardInterrupt as stop:
        return _Result(film, "cancelled", getattr(stop, "code", 130))


def _tell_table(results: list[_Result], output: Output) -> None:
    rows: list[dict[str, Any]] = [
        {
            "media": str(result.film.media), "state": result.state, "output": str(result.film.target),
            "subtitles": result.subtitles, "seconds": round(result.seconds, 1), "why": result.why,
        }
        for result in results
    ]  # fmt: skip
    names = [" ".join(row["media"].splitlines()) for row in rows]
    width = max(map(len, names))
    lines = [
        f"{name:<{width}}  {row['state']:<9}  {row['subtitles']:>6}  "
        f"{human_duration(row['seconds']) if row['seconds'] else '':>8}  {row['why']}".rstrip()
        for name, row in zip(names, rows, strict=True)
    ]
    output.record({"event": "summary", "films": rows}, "\n".join(lines))


def usable(entry: Entry, models_dir: Path) -> Path:
    """The folder of a model that can transcribe now. Raises UsageError, ModelNotInstalledError, ModelDamagedError."""
    if entry.kind != SPEECH_TO_TEXT:
        hint = "See those that do with: subtitle-editor models list --kind speech-to-text"
        raise UsageError(f"{entry.id} does not turn speech into text.", hint)
    return status.usable(models_dir, entry).path


def add_commands(commands: Words, common: argparse.ArgumentParser) -> None:
    """The grammar of `transcribe`."""
    command = commands.add_parser("transcribe", parents=[common])
    command.add_argument("media", type=named, metavar="MEDIA", nargs="+", help="files, or folders of them")
    command.add_argument("-m", "--model", required=True, metavar="ID")
    command.add_argument(
        "-o", "--output", type=named, metavar="OUT", help="subtitle file (default: beside the media, .srt)"
    )
    command.add_argument("--recursive", action="store_true", help="look into folders inside of folders")
    command.add_argument(
        "--out-dir", "--output-dir", type=named, metavar="D", help="write there instead of beside the media"
    )
    command.add_argument(
        "--suffix", "--output-format", action="append", metavar="S",
        help="end of the names to write, such as .en.vtt (default .srt); several give several files",
    )  # fmt: skip
    command.add_argument("--skip-existing", action="store_true", help="leave out what has subtitles already")
    command.add_argument(
        "--unfinished", choices=("continue", "take", "fresh"), default="continue",
        help="what an interrupted run has heard: go on there, write it as it is, or begin anew",
    )  # fmt: skip
    add_profile(command, follows=True)
    command.add_argument("--max-line-width", type=up_to(200), metavar="N", help="instead of the profile's")
    command.add_argument("--max-line-count", type=up_to(10), metavar="N", help="instead of the profile's")
    listening.add_options(command)
    command.set_defaults(command=lambda args, output: transcribe(args, output, models_dir_of(args)))
