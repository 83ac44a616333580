#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The developer's one command. Standard library only: it sets itself up, in `.venv` beside this file.

python3 dev.py demo                 the main job, end to end, in real Blender, against a hub on this machine
python3 dev.py test [PART...]       everything that CI runs; parts: lint, core, hub, service, blender, matrix,
                                    gui; when asked for: ports, the tests under the rules of other systems
python3 dev.py lint                 the quick half of `test`: ruff and mypy
python3 dev.py matrix               the zip installed and used in each Blender from 4.2 on; --blender: only in one
python3 dev.py gui [--all]          the add-on in a real Blender window, with a mouse; --pictures: docs/img anew
python3 dev.py serve [-- OPTION...] the service and its page, against a hub on this machine
python3 dev.py strings [--write]    texts that a language lacks; --write brings translations/ up to date
python3 dev.py bench NAME           bench/NAME.py; what follows NAME goes to it
python3 dev.py fuzz [FORMAT...]     subtitle files made at random, ten minutes of them for each format
python3 dev.py build                the extension's zips for Blender, with all wheels inside, into dist/
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - an older Python reaches this line, and should get words
    sys.exit(f"Subtitle Editor needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).")

import argparse
from collections.abc import Sequence
from pathlib import Path

from devtools import build, checks, environment, gui, matrix, service, wheels
from devtools.console import SetupError, run, say

DEMO_OPTIONS = ("endpoint", "model", "media", "rate")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 only when everything it did went well."""
    options = _parser().parse_args(argv)
    try:
        status: int = options.command(options)
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Interrupted.")
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dev.py", description="Set up, test and try Subtitle Editor.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="the main job, end to end, in real Blender")
    demo.add_argument("--endpoint", help="a hub, for example https://huggingface.co (default: one on this machine)")
    demo.add_argument("--model", help="a model of the catalogue (default: tiny)")
    demo.add_argument("--media", help="a sound or film file (default: the speech clip of the tests)")
    demo.add_argument("--rate", help="bytes per second of the local hub, so that there is a bar to see")
    demo.set_defaults(command=_demo)

    test = commands.add_parser("test", help="everything that CI runs")
    test.add_argument(
        "parts",
        nargs="*",
        metavar="PART",
        choices=[*checks.PARTS, *checks.MORE, []],
        help=f"{', '.join(checks.PARTS)}; only when asked for: {', '.join(checks.MORE)}",
    )
    test.set_defaults(command=lambda options: checks.run_parts(options.parts or checks.PARTS, environment.prepare()))

    lint = commands.add_parser("lint", help="ruff and mypy only")
    lint.set_defaults(command=lambda options: checks.run_parts(["lint"], environment.prepare()))

    versions = commands.add_parser("matrix", help="the zip installed and used in each Blender from 4.2 on")
    versions.add_argument("--blender", action="append", choices=list(matrix.pins()), help="only this; may be repeated")
    versions.add_argument("--chroot", action="store_true", help="take Python 3.13 from a Debian chroot in any case")
    versions.set_defaults(command=_matrix)

    window = commands.add_parser("gui", help="the add-on in a real Blender window, with a mouse")
    window.add_argument("--all", action="store_true", help="every scenario, on every Blender that can be had")
    window.add_argument("--pictures", action="store_true", help="only make the manual's pictures in docs/img anew")
    window.add_argument("--out", type=Path, help="where the screenshots go (default: demo/gui)")
    window.add_argument("rest", nargs="*", metavar="-- PYTEST...", help="passed on to pytest")
    window.set_defaults(command=_gui)

    serving = commands.add_parser("serve", help="the service and its page, against a hub on this machine")
    serving.add_argument("rest", nargs="*", metavar="-- OPTION...", help="passed on to subtitle-editor serve")
    serving.set_defaults(command=lambda options: service.serve(environment.prepare(), options.rest))

    words = commands.add_parser("strings", help="texts that a language lacks")
    words.add_argument("--write", action="store_true", help="bring translations/ up to date")
    words.set_defaults(command=_strings)

    bench = commands.add_parser("bench", help="one benchmark of bench/")
    bench.add_argument("name", metavar="NAME")
    bench.add_argument("rest", nargs=argparse.REMAINDER, help="passed on")
    bench.set_defaults(command=_bench)

    fuzz = commands.add_parser("fuzz", help="read subtitle files made at random", add_help=False)
    fuzz.add_argument("rest", nargs=argparse.REMAINDER, help="formats, --seconds N, --seed N, --atheris FOLDER")
    fuzz.set_defaults(command=_fuzz)

    zips = commands.add_parser("build", help="the extension's zips for Blender")
    zips.add_argument("--platform", choices=wheels.PLATFORMS, help="only this one (default: all)")
    zips.add_argument("--blender", choices=list(wheels.SERIES), help="only the series from this version on")
    zips.add_argument("--output", type=Path, default=build.DIST, help="the folder (default: dist)")
    zips.add_argument("--lock", action="store_true", help="first make requirements/wheels-*.txt from wheels.toml")
    zips.add_argument("--install", action="store_true", help="afterwards try the zips for this machine in Blender")
    zips.set_defaults(command=_build)
    return parser


def _demo(options: argparse.Namespace) -> int:
    ready = environment.prepare()
    given = [f"--{name}={getattr(options, name)}" for name in DEMO_OPTIONS if getattr(options, name) is not None]
    if not ready.blender:
        say(f"{ready.why_no_blender} The demo takes the command line instead.")
        given.append("--without-blender")
    return run([ready.python, environment.ROOT / "devtools" / "demo.py", *given], env=ready.variables)


def _build(options: argparse.Namespace) -> int:
    ready = environment.prepare()
    wanted = build.Options(options.platform, options.blender, options.lock, options.output)
    status = build.build_all(wanted, ready)
    return matrix.try_zips(options.output, ready) if options.install and not status else status


def _matrix(options: argparse.Namespace) -> int:
    return matrix.run_matrix(matrix.Options(tuple(options.blender or ()), options.chroot), environment.prepare())


def _gui(options: argparse.Namespace) -> int:
    wanted = gui.Options(options.all, options.pictures, options.out, options.rest)
    return gui.run_gui(wanted, environment.prepare())


def _strings(options: argparse.Namespace) -> int:
    ready = environment.prepare()
    words: list[str | Path] = [ready.python, "-m", "devtools.strings", *(["--write"] if options.write else [])]
    return run(words, env=ready.variables, cwd=environment.ROOT)


def _bench(options: argparse.Namespace) -> int:
    scripts = {path.stem: path for path in sorted((environment.ROOT / "bench").glob("[!_]*.py"))}
    if options.name not in scripts:
        say(f'There is no benchmark "{options.name}". There is: {", ".join(scripts) or "none yet"}.')
        return 2
    ready = environment.prepare()
    return run([ready.python, scripts[options.name], *options.rest], env=ready.variables)


def _fuzz(options: argparse.Namespace) -> int:
    ready = environment.prepare()
    words: list[str | Path] = [ready.python, "-m", "tests.core.subtitles.fuzz", *options.rest]
    return run(words, env=ready.variables, cwd=environment.ROOT)


if __name__ == "__main__":
    sys.exit(main())
