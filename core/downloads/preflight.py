# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked at and told before the first byte of a download: the servers, the token, the disk, the names."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from ..addresses import server_of, without_login
from ..catalog.entries import Entry
from ..catalog.kinds import RUNTIME
from ..errors.disk import NoSpaceError
from ..events import Checked, Event, Notice
from ..hub import kept
from ..hub.client import Hub
from ..hub.plan import Plan
from ..library import runtimes
from ..system import long_paths
from ..system.control import Control
from ..system.files import disk_error, free_space, remove
from ..text import Text
from ..transfer import partial

SPACE_MARGIN = 64 * 1024 * 1024
"""Bytes that must stay free beyond the download: a full system disk harms more than the download."""


class Preflight:
    """The look of one download. For the worker's thread."""

    def __init__(
        self, job: str, entry: Entry, models_dir: Path, hub: Hub, control: Control, report: Callable[[Event], None]
    ) -> None:
        self._job = job
        self._entry = entry
        self._models_dir = models_dir
        self._hub = hub
        self._control = control
        self._report = report

    def check(self, plans: list[Plan]) -> None:
        """Tell what is known before the first byte, and refuse what cannot end well: a folder that cannot be written,
        a disk too small."""
        folder = self._models_dir
        needed = sum(
            file.size - partial.bytes_on_disk(file.target)
            for plan in plans
            # Files with the same content are one blob, except where links are not supported.
            for file in {file.target: file for file in plan.files if not file.present}.values()
        )
        try:
            if needed:
                # A share that cannot be written serves a model that is all there.
                folder.mkdir(parents=True, exist_ok=True)
                probe = folder / f".{self._job}.probe"
                probe.touch()
                remove(probe)
            free = free_space(folder)
        except OSError as error:
            raise disk_error(folder, error, needed) from error
        self._tell_checked(plans, needed, free)
        self._tell_of_long_path(plans)
        room = needed + sum(map(_bytes_to_copy, plans))
        if needed and self._entry.kind == RUNTIME:
            room += sum(map(_bytes_to_unpack, plans))
        if room and free is not None and room + SPACE_MARGIN > free:
            raise NoSpaceError(folder, room + SPACE_MARGIN, free)

    def _tell_checked(self, plans: list[Plan], needed: int, free: int | None) -> None:
        hub = self._hub
        files = [file for plan in plans for file in plan.files]
        checked = Checked(
            job=self._job,
            model=self._entry.id,
            endpoint=", ".join(self._servers()),
            token=bool(self._entry.sources) and hub.has_token and not hub.withholds_token,
            # A question more, so only where a download follows.
            account=self._account() if needed else "",
            gated=any(plan.gated for plan in plans),
            files_total=len(files),
            bytes_total=sum(file.size for file in files),
            bytes_present=sum(file.size if file.present else partial.bytes_on_disk(file.target) for file in files),
            bytes_needed=needed,
            bytes_free=free,
        )
        self._report(checked)

    def _tell_of_long_path(self, plans: list[Plan], platform: str = sys.platform) -> None:
        """Say before the first byte which file other programs on Windows will not be able to open."""
        places = [plan.snapshot / file.path for plan in plans for file in plan.files]
        longest = max(places, key=long_paths.length, default=None)
        if platform != "win32" or longest is None or long_paths.length(longest) <= long_paths.LONGEST:
            return
        text = Text(
            "The path of {file} will have {number} characters. Programs that take no more than {most} cannot open it: a"
            " models folder with a shorter path helps.",
            file=longest.name,
            number=long_paths.length(longest),
            most=long_paths.LONGEST,
        )
        self._report(Notice(job=self._job, message=text))

    def _servers(self) -> list[str]:
        """Whom the files are asked of, each once."""
        hub = [without_login(self._hub.endpoint)] if self._entry.sources else []
        direct = [one.url for one in (*self._entry.links, self._entry.manifest) if one is not None]
        return list(dict.fromkeys(hub + [server_of(url) for url in direct]))

    def _account(self) -> str:
        """Whose token it is. None is asked where the files are not the hub's."""
        hub = self._hub
        if not (hub.has_token and self._entry.sources):
            return ""
        return self._control.apart(lambda: hub.account(self._control), "hub request")


def _bytes_to_copy(plan: Plan) -> int:
    """Bytes that an earlier version has and the new one needs again, on a disk where files have one name each."""
    size = sum(file.size for file in plan.files if file.origin is not None)
    return size if size and not kept.can_share(plan.folder) else 0


def _bytes_to_unpack(plan: Plan) -> int:
    """About as much again as the archive has: NVIDIA's libraries are all but incompressible, and what else is in there
    is not unpacked."""
    return 0 if runtimes.is_unpacked(plan.snapshot) else plan.bytes_total
