# SPDX-License-Identifier: GPL-3.0-or-later
"""What the disk may do to a transfer: names at its limit, files too large for it, programs that hold a file."""

from __future__ import annotations

import errno
import hashlib
import os
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from subtitle_editor.core.errors.disk import FileInUseError, FileTooLargeError, FolderNotWritableError
from subtitle_editor.core.transfer import partial
from subtitle_editor.core.transfer.blob import Blob
from tests.core.raw_server import RawServer, part, serving
from tests.core.transfer_kit import Fetch, leave_partial, names_in

pytestmark = pytest.mark.timeout(60)

MIB = 1 << 20
DATA = random.Random(3).randbytes(2 * MIB + 5)


def blob_at(server: RawServer, target: Path, **changes: object) -> Blob:
    settings: dict[str, object] = {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}
    return Blob(url=f"{server.url}/x", target=target, name="model.bin", **{**settings, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "漢" * 85, "x" * 239, "x" * 238, "x" * 250 + ".bin"])
def test_a_file_with_the_longest_name(tmp_path: Path, name: str) -> None:
    """Its partial, found again, continued, listed and discarded, though no name is left for what lies beside it."""
    with serving(lambda asked: part(DATA, asked)) as server:
        blob = blob_at(server, tmp_path / name)
        leave_partial(blob, DATA, [(0, MIB)])
        assert partial.bytes_on_disk(blob.target) == MIB
        [(listed, _)] = partial.partials(tmp_path)
        assert partial.bytes_on_disk(listed) == MIB
        assert Fetch(blob).run().bytes_fetched == len(DATA) - MIB
        assert names_in(tmp_path) == {name}
        leave_partial(blob, DATA, [(0, MIB)])
        [(listed, _)] = partial.partials(tmp_path)
        assert partial.discard(listed)
    assert names_in(tmp_path) == {name}


def test_two_long_names_have_two_partials(tmp_path: Path) -> None:
    with serving(lambda asked: part(DATA, asked)) as server:
        for end in "ab":
            leave_partial(blob_at(server, tmp_path / ("x" * 254 + end)), DATA, [(0, MIB)])
    assert len(list(partial.partials(tmp_path))) == 2


def test_a_name_that_is_too_long_for_the_disk_is_told(tmp_path: Path) -> None:
    with serving(lambda asked: part(DATA, asked)) as server, pytest.raises(FolderNotWritableError) as caught:
        Fetch(blob_at(server, tmp_path / ("x" * 256))).run()
    assert "too long" in str(caught.value)


def test_a_file_too_large_for_the_disk_is_told_before_the_first_byte(tmp_path: Path) -> None:
    """No file system here takes an exabyte, as FAT32 takes no 4 GB."""
    with serving(lambda asked: part(DATA, asked)) as server:
        with pytest.raises(FileTooLargeError):
            Fetch(blob_at(server, tmp_path / "blob", size=1 << 61)).run()
        assert not server.asked


class Scanner:
    """Another program that opens each file for a moment, as Windows has it: the call that meets it fails."""

    def __init__(self, call: Callable[..., None], seconds: float) -> None:
        self._call = call
        self._seconds = seconds
        self._since: dict[str, float] = {}

    def __call__(self, source: object, *rest: object, **options: object) -> None:
        name = os.fspath(source)  # type: ignore[call-overload]
        since = self._since.setdefault(name, time.monotonic())
        if time.monotonic() - since < self._seconds:
            error = PermissionError(errno.EACCES, "Access is denied", name)
            error.winerror = 32  # type: ignore[attr-defined]
            raise error
        del self._since[name]
        self._call(source, *rest, **options)


def test_a_scanner_that_looks_into_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda asked: part(DATA, asked)) as server:
        blob = blob_at(server, tmp_path / "blob")
        leave_partial(blob, DATA, [(0, MIB)])
        monkeypatch.setattr(os, "replace", Scanner(os.replace, 0.3))
        monkeypatch.setattr(os, "unlink", Scanner(os.unlink, 0.3))
        assert Fetch(blob).run().bytes_fetched == len(DATA) - MIB
    assert blob.target.read_bytes() == DATA
    assert names_in(tmp_path) - {"blob.lock"} == {"blob"}


def test_a_program_that_never_lets_go_is_named_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partial, "LONG_PATIENCE", 0.3)
    with serving(lambda asked: part(DATA, asked)) as server:
        blob = blob_at(server, tmp_path / "blob")
        with monkeypatch.context() as patch:
            replace = os.replace

            def held(source: str, target: str) -> None:
                if Path(target) == blob.target:
                    error = PermissionError(errno.EACCES, "Access is denied", str(source), None, str(target))
                    error.winerror = 32  # type: ignore[attr-defined]
                    raise error
                replace(source, target)

            patch.setattr(os, "replace", held)
            with pytest.raises(FileInUseError) as caught:
                Fetch(blob).run()
            assert str(blob.target) in str(caught.value)
        assert Fetch(blob).run().bytes_fetched == 0
    assert blob.target.read_bytes() == DATA


def test_waiting_for_a_program_is_cancelled_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(lambda asked: part(DATA, asked)) as server:
        blob = blob_at(server, tmp_path / "blob")
        held = threading.Event()
        replace = os.replace

        def never(source: str, target: str) -> None:
            if Path(target) == blob.target:
                held.set()
                error = PermissionError(errno.EACCES, "Access is denied", str(source))
                error.winerror = 5  # type: ignore[attr-defined]
                raise error
            replace(source, target)

        monkeypatch.setattr(os, "replace", never)
        fetch = Fetch(blob).start()
        assert held.wait(20)
        assert fetch.cancel() < 1.0
