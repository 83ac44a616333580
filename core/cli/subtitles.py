# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's words about a subtitle file: `check` and `info`."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors.subtitles import SubtitleRulesError
from ..speech import glossary
from ..subtitles import fixes, own_profiles, quality, reports, writing
from ..subtitles.document import Document
from ..subtitles.formats import registry
from ..subtitles.profiles import NUMBERS, Profile
from ..subtitles.timecode import FrameRate, format_time
from ..subtitles.track import Rules
from ..system import user_folder
from . import shots
from . import subtitle_options as options
from .call import add_profile, named, profile_of
from .grammar import Words
from .output import DONE, FAILED, Output


def check(args: argparse.Namespace, output: Output) -> int:
    """`check FILE`: every rule of the profile that the file breaks, in the order of its lines; 1 if there is one."""
    profile = profile_of(args, output)
    names = glossary.read(args.glossary) if args.glossary is not None else []
    document = options.read(args.file, args, output)
    cuts = shots.found(args.shots, args, output).cuts if args.shots else ()
    film = quality.Film(float(args.fps or document.fps or 24), cuts, names)
    problems = quality.check_file(document, profile, film)
    for problem in problems:
        _tell_problem(problem, document, args, output)
    if args.report:
        text = reports.report(document.cues, problems, args.report.suffix)
        writing.write_atomically(args.report, text.encode("utf-8"))
        output.say(f"{args.report}: {len(problems)} problems written")
    if args.fix:
        _fix(document, profile, film, args, output)
    counts = {
        "profile": args.profile, "cues": len(document.cues), "problems": len(problems), "warnings": document.warnings,
    }  # fmt: skip
    if problems:
        output.error(SubtitleRulesError(args.file, len(problems), profile.label), **counts)
        return FAILED
    text = f"{args.file}: {len(document.cues)} subtitles, no problems with the rules of {args.profile}"
    output.record({"event": "finished", **counts}, text)
    return DONE


def _tell_problem(problem: quality.Problem, document: Document, args: argparse.Namespace, output: Output) -> None:
    cue = document.cues[problem.index] if problem.index >= 0 else None
    data: dict[str, Any] = {"event": "problem", "line": problem.line, "rule": problem.rule, "message": problem.message}
    if cue is None:
        where = f"line {problem.line}" if problem.line else "all of it"
        output.record(data, f"{args.file}: {where}: {problem.rule}: {problem.message}")
        return
    # The file's own number; its place where it has none.
    number = problem.index + 1 if cue.number is None else cue.number
    data |= {"number": number, "start": cue.start, "end": cue.end, "text": cue.text}
    text = f"{args.file}: {number}: {format_time(cue.start)}: {problem.rule}: {problem.message}"
    output.record(data, text)


def _fix(document: Document, profile: Profile, film: quality.Film, args: argparse.Namespace, output: Output) -> None:
    """Write the file as its reader has mended it, with what is safe to mend of the profile's rules, and say what was.

    In its own format and encoding.
    """
    rules = Rules(profile, FrameRate.from_fps(film.frame_rate))
    parts, changed = fixes.fix(document.cues, rules, film, fixes.SAFE)
    document = document.with_cues(part.cue for part in parts)
    format = document.format if registry.BY_ID[document.format].write else "srt"
    args.target_format, args.out_encoding, args.newline = format, args.out_encoding or "utf-8", "lf"
    made = options.write(args.fix, document, args, output)
    mended = [str(finding) for finding in document.findings if finding.repaired]
    mended += [f"{one.index + 1}: {one.rule}: {one.message}" for one in changed]
    for line in mended:
        output.say(f"{args.fix}: {line}")
    data = {
        "event": "fixed",
        "output": str(args.fix),
        "mended": mended,
        "losses": [str(loss) for loss in made.findings],
    }
    output.record(data, f"{args.fix}: {made.number} subtitles, {len(mended)} things mended")


def profiles(args: argparse.Namespace, output: Output) -> int:
    """`profiles`: every set of reading rules that `--profile` takes, with its numbers."""
    own = own_profiles.read(args.user_dir / user_folder.PROFILES)
    for problem in own.problems:
        output.warn(str(problem))
    for name, profile in own.known.items():
        numbers = {key: getattr(profile, key) for key in NUMBERS}
        data = {"profile": name, "label": profile.label, "own": name in own.profiles, "base": profile.base, **numbers}
        text = ", ".join(f"{key} {value:g}" for key, value in numbers.items() if value)
        output.record(data, f"{name:20} {profile.label:28} {text}")
    return DONE


def info(args: argparse.Namespace, output: Output) -> int:
    """`info FILE`: what it is and what is in it."""
    document = options.read(args.file, args, output)
    format = registry.BY_ID[document.format]
    data: dict[str, Any] = {
        "event": "info", "file": str(args.file), "format": format.id, "label": format.label,
        "encoding": document.encoding, "certainty": round(document.certainty, 2), "language": document.language,
        "fps": float(document.fps) if document.fps else None, "cues": len(document.cues),
        "hidden": len(document.hidden), "start": min((cue.start for cue in document.cues), default=None),
        "end": max((cue.end for cue in document.cues), default=None), "styles": list(document.styles),
        "words": sum(len(cue.words) for cue in document.cues),
        "findings": [
            {"kind": one.kind.value, "line": one.line, "message": one.message, "text": one.quote}
            for one in document.findings
        ],
    }  # fmt: skip
    output.record(data, "\n".join(_lines(data, document)))
    return DONE


def _lines(data: dict[str, Any], document: Document) -> list[str]:
    encoding = data["encoding"] or "binary"
    if data["certainty"] < 1:
        encoding += f", {data['certainty']:.0%} sure".replace("%", " %")
    rows = [("file", data["file"]), ("format", f"{data['label']} ({data['format']})"), ("encoding", encoding)]
    if document.language:
        rows.append(("language", document.language))
    if document.fps:
        rows.append(("frame rate", f"{data['fps']:g}"))
    rows.append(("subtitles", str(data["cues"])))
    if data["cues"]:
        rows.append(("from, to", f"{format_time(data['start'])}, {format_time(data['end'])}"))
    if data["hidden"]:
        rows.append(("never shown", str(data["hidden"])))
    if data["styles"]:
        rows.append(("styles", ", ".join(data["styles"])))
    rows.append(("findings", str(len(document.findings))))
    return [f"{name:12} {value}" for name, value in rows]


def add_commands(commands: Words, common: argparse.ArgumentParser) -> None:
    """`check` and `info`."""
    command = commands.add_parser("check", parents=[common])
    command.add_argument("file", type=named, metavar="FILE")
    add_profile(command)
    options.add_reading(command, frames=False)
    command.add_argument(
        "--fps", type=options.rate, metavar="R", help="frames per second, for rules in frames (default: 24)"
    )
    command.add_argument("--shots", type=named, metavar="MEDIA", help="also look at the cuts of this film")
    command.add_argument(
        "--fix", type=named, metavar="OUT", help="write the file with what can be mended safely mended"
    )
    command.add_argument("--glossary", type=named, metavar="FILE", help="names as they are spelt, one a line")
    command.add_argument(
        "--report", type=named, metavar="FILE", help="write the problems to a file: .txt, .csv or .json"
    )
    command.add_argument("--out-encoding", metavar="E", help="encoding of what --fix writes (default: utf-8)")
    command.set_defaults(command=check)
    command = commands.add_parser("profiles", parents=[common])
    command.set_defaults(command=profiles)
    command = commands.add_parser("info", parents=[common])
    command.add_argument("file", type=named, metavar="FILE")
    options.add_reading(command)
    command.set_defaults(command=info)
