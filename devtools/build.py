# SPDX-License-Identifier: GPL-3.0-or-later
"""`dev.py build`: extension zips for Blender, with all wheels inside. The same input gives the same bytes."""

from __future__ import annotations

import dataclasses
import email.parser
import os
import re
import time
import tomllib
import zipfile
from collections.abc import Iterable, Sequence
from email.message import Message
from pathlib import Path

from . import wheels
from .console import SetupError, run_and_keep, say
from .environment import ROOT, VENV, Ready
from .wheels import PLATFORMS, SERIES, Target

DIST = ROOT / "dist"
LIMIT = 130_000_000
"""Bytes that a zip may have."""
SERVICE = "subtitle_editor.server"
THIRD_PARTY = "LICENSES/third-party.txt"

_WHEN = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a zip: the earliest that the format has."""
_MODE = 0o100644 << 16


@dataclasses.dataclass(frozen=True)
class Options:
    """What to build. Empty: everything."""

    platform: str | None = None
    series: str | None = None
    lock: bool = False
    """Make the lock files anew before."""
    output: Path = DIST


def build_all(options: Options, ready: Ready) -> int:
    """Make the zips, judge each with Blender's own `validate`, and print a table; 0 if all are good."""
    targets = [
        Target(series, platform)
        for series in SERIES.values()
        for platform in PLATFORMS
        if options.series in (None, series.name) and options.platform in (None, platform)
    ]
    if options.lock:
        for target in targets:
            say(f"{target.lock_file.name}: {len(wheels.write_lock(target, ready.python))} wheels")
    validator = find_validator()
    if validator is None:
        say("The zips are not validated: that needs Blender's bpy module, which is not published for this Python.")
    options.output.mkdir(parents=True, exist_ok=True)
    failed = 0
    for target in targets:
        began = time.monotonic()
        made = build(target, options.output, ready.python)
        size = made.stat().st_size
        problem = f"over {LIMIT / 1e6:.0f} MB" if size > LIMIT else ""
        if validator is not None and not problem:
            problem = _validate(made, validator, ready.python)
        failed += bool(problem)
        seconds = time.monotonic() - began
        say(f"{made.name:<56} {size / 1e6:6.1f} MB  {seconds:5.1f} s  {wheels.sha256(made)[:12]}  {problem or 'ok'}")
    return 1 if failed else 0


def build(target: Target, folder: Path, python: Path) -> Path:
    """Make one zip in `folder`; its path. Raises SetupError if a wheel cannot be had."""
    source = (ROOT / "blender_manifest.toml").read_text(encoding="utf-8")
    bundled = wheels.fetch(target, python)
    contents: dict[str, bytes | Path] = {f"wheels/{wheel.name}": wheel for wheel in bundled}
    contents.update(sources())
    contents["blender_manifest.toml"] = manifest(source, target, [wheel.name for wheel in bundled]).encode()
    contents[THIRD_PARTY] = licences(bundled).encode()
    values = tomllib.loads(source)
    made = folder / f"{values['id']}-{values['version']}-{target.name}.zip"
    pack(contents, made)
    return made


def manifest(source: str, target: Target, wheel_names: Sequence[str]) -> str:
    """The manifest of one zip: `source` with its wheels, its platform and its Blender versions."""
    listed = "".join(f'    "./wheels/{name}",\n' for name in sorted(wheel_names))
    added = f'platforms = ["{target.platform}"]\nwheels = [\n{listed}]\n'
    lines = [f'blender_version_min = "{target.series.name}.0"']
    if target.series.before is not None:
        lines.append(f'blender_version_max = "{target.series.before}.0"')
    text, found = re.subn(r'^blender_version_min = ".*"$', "\n".join(lines), source, flags=re.MULTILINE)
    if found != 1:
        raise SetupError("blender_manifest.toml must have one line `blender_version_min`.")
    # `[build]` is for Blender's own build command, which makes zips without wheels from a checkout.
    text = re.sub(r"^\[build\]\n.*?(?=^\[|\Z)", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"^# The build fills in .*\n", "", text, flags=re.MULTILINE)
    head, table, rest = text.partition("\n[permissions]")
    return f"{head.rstrip()}\n{added}{table}{rest}".rstrip() + "\n"


def sources() -> dict[str, Path]:
    """What of the checkout goes into every zip: the files of pyproject.toml's packages, and what users must get.

    Without the service: it needs libraries that the zips do not carry, and no window.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    found = [ROOT / "LICENSE", ROOT / "README.md"]
    for package in project["packages"]:
        if package == SERVICE:
            continue
        folder = ROOT.joinpath(*package.split(".")[1:])
        for pattern in ("*.py", *project["package-data"].get(package, ())):
            found += folder.glob(pattern)
    return {path.relative_to(ROOT).as_posix(): path for path in found if path != ROOT / "dev.py"}


def pack(contents: dict[str, bytes | Path], made: Path) -> None:
    """Write a zip whose bytes depend on the names and the contents alone; it appears whole or not at all.

    Wheels are stored, being zips themselves. No times, owners or permissions of this machine get in.
    """
    part = made.with_name(f"{made.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(part, "w") as archive:
            for name in sorted(contents):
                content = contents[name]
                data = content.read_bytes() if isinstance(content, Path) else content
                entry = zipfile.ZipInfo(name, _WHEN)
                entry.create_system = 3  # Unix, on Windows too
                entry.external_attr = _MODE
                entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
                archive.writestr(entry, data, compresslevel=9)
        os.replace(part, made)
    finally:
        part.unlink(missing_ok=True)


def licences(bundled: Iterable[Path]) -> str:
    """The list of what is bundled, with licence and home page as each wheel states them."""
    parts = [
        "What comes with Subtitle Editor, as wheels in the folder `wheels`, and under which licence. The list is made",
        "from what each wheel says about itself; the texts are inside the wheels, under the names given here.\n",
    ]
    for wheel in sorted(bundled, key=lambda path: wheels.normalised(path.name)):
        data, texts = _metadata(wheel)
        parts.append(f"{data['Name']} {data['Version']}\n    licence: {licence_of(data)}\n    from: {_home(data)}")
        parts += [f"    text: {text}" for text in texts]
        parts.append("")
    return "\n".join(parts)


def licence_of(data: Message) -> str:
    """The licence in a wheel's metadata: the SPDX expression, else the short text, else the classifiers."""
    if expression := data.get("License-Expression"):
        return str(expression)
    classifiers = [str(line).split(" :: ")[-1] for line in data.get_all("Classifier", []) if "License ::" in line]
    text = str(data.get("License", "")).strip()
    if text and "\n" not in text and text != "UNKNOWN":
        return text
    return ", ".join(classifiers) or "see the texts"


def find_validator() -> Path | None:
    """Blender's extension tool inside the bpy wheel of `.venv`; None without one."""
    found = sorted(VENV.glob("**/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    return found[-1] if found else None


def zip_for_this_machine(folder: Path, platform: str, python: tuple[int, int]) -> Path | None:
    """The newest zip in `folder` for a Blender platform and a Python version."""
    for series in SERIES.values():
        if series.python == python:
            found = sorted(folder.glob(f"*-{Target(series, platform).name}.zip"), key=os.path.getmtime)
            return found[-1] if found else None
    return None


def _validate(made: Path, validator: Path, python: Path) -> str:
    """What Blender finds wrong with a zip; empty if nothing."""
    status, output = run_and_keep([python, validator, "validate", made], show=False)
    if status == 0 and "warning" not in output.lower():
        return ""
    say(output)
    return "not valid"


def _metadata(wheel: Path) -> tuple[Message, list[str]]:
    """A wheel's METADATA and the names of the licence texts in it."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        inside = [name for name in names if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
        data = email.parser.BytesParser().parsebytes(archive.read(inside[0]))
    wanted = re.compile(r"[^/]+\.dist-info/(.*/)?[^/]*(licen[cs]e|copying|notice|authors)[^/]*(?<!\.py)", re.IGNORECASE)
    texts = [name for name in names if wanted.fullmatch(name)]
    return data, sorted(texts)


def _home(data: Message) -> str:
    if page := data.get("Home-page"):
        return str(page)
    links = [str(link).split(", ", 1) for link in data.get_all("Project-URL", [])]
    wanted = ("homepage", "repository", "source", "source code", "github")
    named = {label.lower(): url for label, url in links}
    first = next((named[label] for label in wanted if label in named), None)
    return first or f"https://pypi.org/project/{data['Name']}/"
