# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a model's files and comparing them with what they should be."""

from __future__ import annotations

import dataclasses
import logging
import os
import time
from pathlib import Path

from ..catalog.entries import Entry, Source
from ..errors.disk import NoAccessError
from ..errors.models import ModelNotInstalledError
from ..events import Progress, ProgressReport, State
from ..system.control import Control
from ..system.reasons import is_kept_from_us, reason_of
from ..system.speed import SpeedMeter
from . import layout, status
from . import listing as listings
from . import marks as library_marks
from .layout import repository_folder

log = logging.getLogger(__name__)

_REPORT_EVERY = 0.1
"""Seconds between progress events."""


@dataclasses.dataclass(frozen=True, slots=True)
class Verification:
    """What reading every file of a model showed. Names are relative to their repository; a bundle's have it before."""

    verified: tuple[str, ...]
    damaged: tuple[str, ...]
    """There, but not what was published."""
    missing: tuple[str, ...]
    unknown: tuple[str, ...]
    """There, but nobody kept the published hash: the cache was written by a program that does not."""
    text_links: tuple[str, ...] = ()
    """Those of `damaged` that are links which have become small text files."""
    remembered: bool = True
    """Whether the result could be written down for `status`: a share may be read and not written."""

    @property
    def whole(self) -> bool:
        """Whether every file is what was published."""
        return not (self.damaged or self.missing or self.unknown)


@dataclasses.dataclass(frozen=True, slots=True)
class _Check:
    """One file to read, and what it should be; `expected` None if nobody knows."""

    name: str
    snapshot: Path
    expected: listings.Published | None
    label: str = ""
    """Put before the name in messages: the repository, where there are several."""

    @property
    def path(self) -> Path:
        return self.snapshot / self.name


def verify(
    models_dir: Path, entry: Entry, control: Control | None = None, report: ProgressReport | None = None, job: str = ""
) -> Verification:
    """Read every file of a model and compare its hash with the published one; remember the result for `status`.

    `report` gets progress in state VERIFYING on this thread, under the name `job`. Blocks for about a second a
    gigabyte. Raises JobCancelled soon after `control.cancel()` (what was compared until then is remembered),
    ModelNotInstalledError if there is no snapshot, NoAccessError for a file that we may not read, or cannot now. Where
    nothing can be written the result is as good: `remembered`.
    """
    parts = {source: _checks(models_dir, source, entry.is_bundle) for source in entry.parts}
    checks = [check for part in parts.values() for check in part]
    if not checks:
        raise ModelNotInstalledError(entry.id)
    reader = _Reader(control or Control(), report or (lambda _: None), _expected_progress(job, entry, checks))
    outcome: dict[str, list[str]] = {"verified": [], "damaged": [], "missing": [], "unknown": [], "text_links": []}
    # Of a part of which nothing is there nobody may know the files.
    outcome["missing"] += [source.repo for source, part in parts.items() if not part]
    found: dict[Path, list[tuple[_Check, os.stat_result, bool]]] = {}
    try:
        for check in checks:
            kind, state = reader.read(check)
            if state is not None and kind != "verified" and layout.is_text_link(check.path, state.st_size):
                kind = "damaged"
                outcome["text_links"].append(check.label + check.name)
            elif state is not None and kind == "unknown" and layout.is_pointer(check.path, state.st_size):
                kind = "damaged"
            outcome[kind].append(check.label + check.name)
            if state is not None and kind != "unknown":
                found.setdefault(check.snapshot.parent.parent, []).append((check, state, kind == "verified"))
    finally:
        kept = [_remember(folder, rows) for folder, rows in found.items()]
    return Verification(**{kind: tuple(names) for kind, names in outcome.items()}, remembered=all(kept))


def _checks(models_dir: Path, source: Source, in_bundle: bool) -> list[_Check]:
    """The files to read of a repository: of its complete snapshot, or, without one, of the one that should be."""
    folder = repository_folder(models_dir, source)
    snapshot = status.newest_snapshot(folder, source)
    if snapshot is None:
        return []
    label = f"{source.repo}/" if in_bundle else ""
    listing = listings.published(folder, snapshot.name)
    if listing is None and source.links:
        listing = listings.listing(source)
    if listing is not None:
        return [_Check(name, snapshot, file, label) for name, file in listing.items() if source.wants(name)]
    paths = [path for path in sorted(layout.snapshot_files(folder, snapshot.name)) if not path.is_dir()]
    names = [name for path in paths if source.wants(name := path.relative_to(snapshot).as_posix())]
    return [_Check(name, snapshot, _named_hash(snapshot / name), label) for name in names]


def _named_hash(path: Path) -> listings.Published | None:
    """What a file should be by the name of its blob, which is its hash, where no listing was kept."""
    try:
        blob = Path(os.readlink(path)).name
        size = path.stat().st_size
    except OSError:
        return None
    hexadecimal = len(blob) in (40, 64) and set(blob) <= set("0123456789abcdef")
    return listings.Published(size, blob) if hexadecimal else None


def _expected_progress(job: str, entry: Entry, checks: list[_Check]) -> Progress:
    total = sum(check.expected.size for check in checks if check.expected)
    return Progress(job=job, model=entry.id, state=State.VERIFYING, files_total=len(checks), bytes_total=total)


class _Reader:
    """Reads file after file and says how far it is."""

    def __init__(self, control: Control, report: ProgressReport, progress: Progress) -> None:
        self._control = control
        self._report = report
        self._progress = progress
        self._meter = SpeedMeter()
        self._reported = 0.0

    def read(self, check: _Check) -> tuple[str, os.stat_result | None]:
        """What became of one file ("verified", "damaged", ...) and the state it was in."""
        self._control.check()
        self._say(file=check.label + check.name)
        path = check.path
        kind, found = "unknown", None
        try:
            found = path.stat()
            if check.expected is not None and found.st_size != check.expected.size:
                kind = "damaged"
            elif check.expected is not None:
                digest, found = listings.digest(path, check.expected, self._advance)
                kind = "verified" if digest == check.expected.digest else "damaged"
        except FileNotFoundError:
            kind = "missing"
        except OSError as error:
            if is_kept_from_us(error):
                raise NoAccessError(path, reason_of(error)) from error
            # A disk that cannot give the bytes back has damaged them.
            log.warning("%s cannot be read: %s", path, error)
            kind = "damaged"
        self._say(files_done=self._progress.files_done + 1)
        return kind, found

    def _advance(self, count: int) -> None:
        self._control.check()
        done = self._progress.bytes_done + count
        self._meter.add(done)
        self._say(bytes_done=done)

    def _say(self, **changes: object) -> None:
        last = self._progress.files_done + 1 == self._progress.files_total and "files_done" in changes
        self._progress = dataclasses.replace(self._progress, **changes)  # type: ignore[arg-type]
        if time.monotonic() - self._reported < _REPORT_EVERY and not last:
            return
        self._reported = time.monotonic()
        left = self._progress.bytes_total - self._progress.bytes_done
        speed, eta = self._meter.speed, self._meter.eta(left) if left > 0 else 0.0
        self._report(dataclasses.replace(self._progress, speed=speed, eta=eta))


def _remember(folder: Path, rows: list[tuple[_Check, os.stat_result, bool]]) -> bool:
    """Whether it could be written. Never raises."""
    marks = library_marks.read(folder)
    for check, found, whole in rows:
        marks.set(check.snapshot, check.name, found, whole)
    return library_marks.remember(folder, marks)
