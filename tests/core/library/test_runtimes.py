# SPDX-License-Identifier: GPL-3.0-or-later
"""CUDA's libraries: by a manifest of NVIDIA's form over the loopback, out of an archive that nobody trusts."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import io
import json
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.addresses import host_of
from subtitle_editor.core.catalog import kinds, reading
from subtitle_editor.core.catalog.entries import Catalog, Entry, Link, Manifest
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.downloads import download as downloading
from subtitle_editor.core.downloads import questions
from subtitle_editor.core.downloads.preflight import SPACE_MARGIN
from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.errors.disk import NoSpaceError
from subtitle_editor.core.errors.hub import CorruptDownloadError, ManifestError
from subtitle_editor.core.errors.models import ImportModelError, ModelBusyError, RuntimeArchiveError
from subtitle_editor.core.events import Event, Failed, Finished, Notice, Progress, State
from subtitle_editor.core.hub import manifests
from subtitle_editor.core.hub.tokens import Token
from subtitle_editor.core.library import archives, importing, removing, runtimes, status
from subtitle_editor.core.library.states import ModelState
from subtitle_editor.core.speech.cards import LIBRARIES
from subtitle_editor.core.system.control import Control
from tests.core.transfer_kit import data_of
from tests.hub.server import Fault, LoopbackHub
from tests.rules import apply

pytestmark = [
    pytest.mark.timeout(90),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="archives and libraries for Linux"),
]

TOP = "libcublas-linux-x86_64-12.9.1.4-archive"
SYSTEM = "linux-x86_64"


@pytest.fixture(autouse=True)
def on_a_machine_with_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "this_platform", lambda: SYSTEM)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A library that loads: made here, or one of the system's."""
    folder = tmp_path_factory.mktemp("library")
    if shutil.which("cc"):
        (folder / "one.c").write_text("int cublas_of_the_test(void) { return 42; }", encoding="ascii")
        subprocess.run(
            ["cc", "-shared", "-fPIC", "-o", str(folder / "one.so"), str(folder / "one.c")], check=True, timeout=60
        )
        return (folder / "one.so").read_bytes()
    return next(Path("/lib/x86_64-linux-gnu").glob("libutil.so*")).read_bytes()


def tar(*members: tuple[str, bytes | str]) -> bytes:
    """A .tar.xz; a member's content, or where its link leads."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz", preset=0) as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def like_nvidias(library: bytes, filling: bytes = b"") -> bytes:
    """In the order and with the links of NVIDIA's own."""
    return tar(
        (f"{TOP}/LICENSE", b"CUDA Toolkit End User License Agreement"),
        (f"{TOP}/include/cublas.h", b"//"),
        (f"{TOP}/lib/libcublas.so", "libcublas.so.12"),
        (f"{TOP}/lib/libcublas.so.12", "libcublas.so.12.9.1.4"),
        (f"{TOP}/lib/libcublas.so.12.9.1.4", library),
        (f"{TOP}/lib/libcublasLt.so", "libcublasLt.so.12"),
        (f"{TOP}/lib/libcublasLt.so.12", "libcublasLt.so.12.9.1.4"),
        (f"{TOP}/lib/libcublasLt.so.12.9.1.4", library + b"Lt"),
        (f"{TOP}/lib/libcublas_static.a", filling),
        (f"{TOP}/lib/stubs/libcublas.so", b"a stub"),
    )


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as hub:
        yield hub


def published(hub: LoopbackHub, archive: bytes, **changes: str) -> Entry:
    """An entry whose manifest, of NVIDIA's form, names the archive."""
    path = f"libcublas/{SYSTEM}/{TOP}.tar.xz"
    hub.add_file(path, archive)
    row = {
        "relative_path": path, "sha256": hashlib.sha256(archive).hexdigest(),
        "md5": hashlib.md5(archive).hexdigest(), "size": str(len(archive)),
    }  # fmt: skip
    manifest = {
        "release_date": "2025-06-01", "release_label": "12.9.1", "release_product": "cuda",
        "cuda_cccl": {"name": "CXX Core Compute Libraries", "license": "CUDA Toolkit", SYSTEM: row},
        "libcublas": {
            "name": "CUDA cuBLAS", "license": "CUDA Toolkit", "license_path": "libcublas/LICENSE.txt",
            "version": "12.9.1.4", SYSTEM: row | changes,
        },
    }  # fmt: skip
    url = hub.add_file("redistrib_12.9.1.json", json.dumps(manifest).encode())
    return Entry("cublas", "cuBLAS", kinds.RUNTIME, len(archive), (), manifest=Manifest(url, "libcublas"), own=True)


def download(hub: LoopbackHub, folder: Path, entry: Entry, **options: Any) -> list[Event]:
    """Everything one download says, its End last."""
    manager = DownloadManager(folder, endpoint=hub.endpoint, catalog=Catalog((entry,)), **options)
    return ended(manager, manager.enqueue(entry.id, None))


def ended(manager: DownloadManager, job: str) -> list[Event]:
    """All that a job says; the manager is shut down."""
    events: list[Event] = []
    deadline = time.monotonic() + 60
    try:
        while not (events and isinstance(events[-1], Finished | Failed)):
            assert time.monotonic() < deadline
            manager.wait(job, 0.05)
            events += [event for event in manager.drain() if event.job == job]
    finally:
        manager.shutdown()
    return events


def test_from_the_manifest_to_a_library_that_loads(hub: LoopbackHub, tmp_path: Path, library: bytes) -> None:
    entry = published(hub, like_nvidias(library))
    assert status.status(tmp_path, entry).state is ModelState.MISSING and runtimes.find(tmp_path, entry) is None
    hub.accept_token("hf_secret_of_ada", "ada")  # Given to the manager; nobody may get it.
    events = download(hub, tmp_path, entry, token=Token("hf_secret_of_ada"))
    assert isinstance(events[-1], Finished), events[-1]
    assert State.UNPACKING in [event.state for event in events if isinstance(event, Progress)]
    assert all("authorization" not in request.headers for request in hub.requests)
    assert status.status(tmp_path, entry).state is ModelState.INSTALLED
    folder = runtimes.find(tmp_path, entry)
    assert folder is not None and {path.name for path in folder.iterdir()} == {*LIBRARIES, "LICENSE"}
    assert (folder / "libcublas.so.12").read_bytes() == library and not (folder / "libcublas.so.12").is_symlink()
    ctypes.CDLL(str(folder / "libcublas.so.12"))
    # Nothing is fetched and nothing unpacked again.
    before, served = (folder / "libcublas.so.12").stat(), hub.bytes_served("*archive*")
    assert isinstance(download(hub, tmp_path, entry)[-1], Finished)
    assert (folder / "libcublas.so.12").stat().st_ino == before.st_ino and hub.bytes_served("*archive*") == served


def test_what_was_unpacked_comes_back_without_a_download(hub: LoopbackHub, tmp_path: Path, library: bytes) -> None:
    entry = published(hub, like_nvidias(library))
    download(hub, tmp_path, entry)
    folder = runtimes.find(tmp_path, entry)
    assert folder is not None
    (folder / LIBRARIES[0]).unlink()
    assert runtimes.find(tmp_path, entry) is None
    found = status.status(tmp_path, entry)
    assert found.state is ModelState.PARTIAL and not found.state.usable, "what cannot be used is not installed"
    hub.forget_requests()
    assert isinstance(download(hub, tmp_path, entry)[-1], Finished)
    assert runtimes.find(tmp_path, entry) == folder and not hub.requests_for("*archive*")
    assert status.status(tmp_path, entry).state is ModelState.INSTALLED
    shutil.rmtree(folder)
    assert isinstance(download(hub, tmp_path, entry, offline=True)[-1], Finished), "not even the list is needed"
    assert runtimes.find(tmp_path, entry) == folder


def test_one_that_cannot_be_unpacked_is_not_installed(hub: LoopbackHub, tmp_path: Path, library: bytes) -> None:
    entry = published(hub, tar((f"{TOP}/lib/{LIBRARIES[0]}", library)))
    for _ in range(2):
        end = download(hub, tmp_path, entry)[-1]
        assert isinstance(end, Failed) and isinstance(end.error, RuntimeArchiveError)
        assert status.status(tmp_path, entry).state is ModelState.PARTIAL


def test_room_is_asked_for_the_libraries_too(
    hub: LoopbackHub, tmp_path: Path, library: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = like_nvidias(library, data_of(3_000_000))
    entry = published(hub, archive)
    usage = shutil.disk_usage(tmp_path)
    room = SPACE_MARGIN + len(archive) * 3 // 2
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=room))
    end = download(hub, tmp_path, entry)[-1]
    assert isinstance(end, Failed) and isinstance(end.error, NoSpaceError)
    assert end.error.needed == SPACE_MARGIN + 2 * len(archive)
    assert not hub.requests_for("*archive*"), "before the first byte"


@pytest.mark.parametrize("known", [True, False])
def test_a_disk_that_is_full_when_it_unpacks(
    hub: LoopbackHub, tmp_path: Path, library: bytes, monkeypatch: pytest.MonkeyPatch, known: bool
) -> None:
    """It says how much is lacking for what is unpacked, and the archive stays."""
    entry = published(hub, like_nvidias(library))
    copy, usage = archives.copy, shutil.disk_usage(tmp_path)

    def full(source: Any, target: Any, most: int) -> int:
        if Path(target.name).name == LIBRARIES[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return copy(source, target, most)

    def free(place: Any) -> Any:
        return usage._replace(free=len(library) - 1) if "unpacked" in Path(place).parts else usage

    if known:
        monkeypatch.setattr(shutil, "disk_usage", free)
    else:
        monkeypatch.setattr(archives, "copy", full)
    end = download(hub, tmp_path, entry, pause_when_full=False)[-1]
    assert isinstance(end, Failed) and type(end.error) is NoSpaceError
    assert end.error.needed in (len(library), len(library) + 2)
    monkeypatch.undo()
    monkeypatch.setattr(manifests, "this_platform", lambda: SYSTEM)
    hub.forget_requests()
    assert isinstance(download(hub, tmp_path, entry)[-1], Finished) and not hub.requests_for("*archive*")


@pytest.mark.parametrize("ruled", ["", "scanner"])
def test_of_an_earlier_release_nothing_is_left(
    hub: LoopbackHub, tmp_path: Path, library: bytes, monkeypatch: pytest.MonkeyPatch, ruled: str
) -> None:
    """Also where a scanner had a library open for a moment: a gigabyte stayed, until NVIDIA's next release."""
    apply(ruled, monkeypatch)
    entry = published(hub, like_nvidias(library))
    root = tmp_path / "models--subtitle-editor--cublas" / "unpacked"
    for name in ("f" * 40, "0badcafe.tmp"):
        (root / name).mkdir(parents=True)
        for one in LIBRARIES:
            (root / name / one).write_bytes(b"of the release before")
    (root / "mine").mkdir()
    found = runtimes.find(tmp_path, entry)
    assert found is not None and found.name == "f" * 40, "better than none"
    download(hub, tmp_path, entry)
    installed = status.status(tmp_path, entry).installed
    assert installed is not None
    assert {path.name for path in root.iterdir()} == {installed.revision, "mine"}
    (root / ("f" * 40)).mkdir()
    for one in LIBRARIES:
        (root / ("f" * 40) / one).write_bytes(b"of the release before")
    assert runtimes.find(tmp_path, entry) == root / installed.revision, "not the last by its name"


def test_who_unpacks_is_waited_for_and_not_deleted(hub: LoopbackHub, tmp_path: Path, library: bytes) -> None:
    entry = published(hub, like_nvidias(library))
    download(hub, tmp_path, entry)
    snapshot = status.part_status(tmp_path, entry.parts[0]).installed
    assert snapshot is not None
    shutil.rmtree(runtimes.place_of(snapshot.path))
    asked: list[str] = []

    def meanwhile(_: int) -> None:
        if not asked:
            asked.append("once")
            with pytest.raises(ModelBusyError):
                removing.delete(tmp_path, entry)
            other = Control()
            waiting = threading.Thread(target=lambda: asked.append(attempt(other)), daemon=True)
            waiting.start()
            waiting.join(0.3)
            assert waiting.is_alive()
            other.cancel()
            waiting.join(10)

    def attempt(control: Control) -> str:
        try:
            return str(runtimes.unpack(entry, snapshot.path, control))
        except JobCancelled:
            return "cancelled while it waited"

    runtimes.unpack(entry, snapshot.path, Control(), meanwhile)
    assert asked == ["once", "cancelled while it waited"] and runtimes.find(tmp_path, entry)


def test_what_is_no_archive_of_its_publisher_cannot_be_imported(
    hub: LoopbackHub, tmp_path: Path, library: bytes
) -> None:
    entry, folder = published(hub, like_nvidias(library)), tmp_path / "holiday"
    folder.mkdir()
    (folder / "photo.jpg").write_bytes(b"not a library")
    with pytest.raises(ImportModelError, match="Download it"):
        importing.import_folder(tmp_path / "models", folder, entry)
    assert not (tmp_path / "models").exists()


def test_the_publisher_is_asked_whatever_the_hub_is(hub: LoopbackHub, tmp_path: Path, library: bytes) -> None:
    entry = published(hub, like_nvidias(library))
    for number, (endpoint, token) in enumerate([("http://[no", "hf_x"), (hub.endpoint, "hf with\nlines")]):
        folder = tmp_path / str(number)
        manager = DownloadManager(folder, endpoint=endpoint, token=Token(token), catalog=Catalog((entry,)))
        events = ended(manager, manager.enqueue(entry.id, None))
        assert isinstance(events[-1], Finished), events[-1]


def test_the_server_that_does_not_answer_is_named(
    hub: LoopbackHub, tmp_path: Path, library: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = published(hub, like_nvidias(library))
    monkeypatch.setattr(questions, "WORD_AFTER", 0.05)
    hub.faults.add(Fault(path="*redistrib*", stall_before=True, stall_for=0.6))
    elsewhere = DownloadManager(tmp_path, endpoint="https://hub.invalid", catalog=Catalog((entry,)))
    events = ended(elsewhere, elsewhere.enqueue(entry.id, None))
    assert isinstance(events[-1], Finished)
    said = {str(event.reason) for event in events if isinstance(event, Progress) and "No answer" in event.reason}
    assert entry.manifest is not None
    assert said == {f"No answer from {host_of(entry.manifest.url)} yet."}
    # Also where it is asked whether there is a newer one.
    monkeypatch.setattr(downloading, "HUB_PATIENCE", 0.2)
    hub.faults.add(Fault(path="*redistrib*", stall_before=True, stall_for=2.0))
    again = DownloadManager(tmp_path, endpoint="https://hub.invalid", catalog=Catalog((entry,)))
    events = ended(again, again.enqueue(entry.id, None))
    hub.faults.release()
    assert isinstance(events[-1], Finished)
    assert [one for one in events if isinstance(one, Notice) and f"{host_of(entry.manifest.url)} cannot" in one.message]


def test_deleting_frees_both(hub: LoopbackHub, tmp_path: Path, library: bytes) -> None:
    archive = like_nvidias(library)
    entry = published(hub, archive)
    download(hub, tmp_path, entry)
    assert removing.delete(tmp_path, entry) >= len(archive) + 2 * len(library)
    assert runtimes.find(tmp_path, entry) is None and not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_it_goes_on_where_it_was_interrupted(hub: LoopbackHub, tmp_path: Path, library: bytes) -> None:
    archive = like_nvidias(library, data_of(6_000_000))
    entry = published(hub, archive)
    hub.faults.add(Fault(path="*archive.tar.xz", drop_after=2_500_000))
    assert isinstance(download(hub, tmp_path, entry)[-1], Finished)
    assert hub.bytes_served("*archive.tar.xz") < len(archive) * 1.3


def test_another_file_than_the_manifest_says(hub: LoopbackHub, tmp_path: Path, library: bytes) -> None:
    entry = published(hub, like_nvidias(library), sha256="0" * 64)
    end = download(hub, tmp_path, entry)[-1]
    assert isinstance(end, Failed) and isinstance(end.error, CorruptDownloadError)
    assert runtimes.find(tmp_path, entry) is None


# Manifests


MANIFEST = Manifest("https://archive.example/redist/redistrib_12.9.1.json", "libcublas")
ROW = {"relative_path": "libcublas/linux-x86_64/a.tar.xz", "sha256": "0A" * 32, "md5": "", "size": "933611504"}


def test_the_row_of_this_platform() -> None:
    assert manifests.chosen(MANIFEST, {"libcublas": {"linux-x86_64": ROW}}, SYSTEM) == Link(
        "https://archive.example/redist/libcublas/linux-x86_64/a.tar.xz", "a.tar.xz", 933_611_504, "0a" * 32
    )


@pytest.mark.parametrize(
    "data",
    [
        None, [], "libcublas", {}, {"libcublas": None}, {"libcublas": {}}, {"libcublas": {"windows-x86_64": ROW}},
        {"libcublas": {"linux-x86_64": []}}, {"libcublas": {"linux-x86_64": {}}},
    ],
)  # fmt: skip
def test_a_manifest_without_it(data: Any) -> None:
    with pytest.raises(ManifestError, match=r"archive\.example"):
        manifests.chosen(MANIFEST, data, SYSTEM)


@pytest.mark.parametrize(
    "change",
    [
        {"relative_path": "../../etc/passwd"}, {"relative_path": "/etc/passwd"}, {"relative_path": ""},
        {"relative_path": "a//b"}, {"relative_path": "https://evil.example/a.tar.xz"}, {"relative_path": "a\\..\\b"},
        {"relative_path": 7}, {"sha256": "0" * 63}, {"sha256": "g" * 64}, {"sha256": None}, {"size": "-1"},
        {"size": "0"}, {"size": "1e9"}, {"size": "9" * 30}, {"size": "٣"}, {"size": None},
        {"size": "0" * 19 + "19"}, {"size": "0" * 5000 + "1"},
    ],
)  # fmt: skip
def test_a_manifest_that_makes_no_sense(change: dict[str, Any]) -> None:
    with pytest.raises(ManifestError, match="makes no sense"):
        manifests.chosen(MANIFEST, {"libcublas": {SYSTEM: ROW | change}}, SYSTEM)


def test_a_machine_without_cuda() -> None:
    with pytest.raises(ManifestError, match="kind of machine"):
        manifests.chosen(MANIFEST, {"libcublas": {"": ROW}}, "")


def test_a_page_in_place_of_the_manifest(hub: LoopbackHub, tmp_path: Path) -> None:
    url = hub.add_file("redistrib_12.9.1.json", b"<html>moved</html>")
    entry = Entry("cublas", "cuBLAS", kinds.RUNTIME, 1, (), manifest=Manifest(url, "libcublas"))
    end = download(hub, tmp_path, entry)[-1]
    assert isinstance(end, Failed) and isinstance(end.error, ManifestError)


def test_the_catalogue_reads_one(tmp_path: Path) -> None:
    head = '[[model]]\nid = "x"\nname = "X"\nkind = "runtime"\n'
    path = tmp_path / "catalog.toml"
    good = 'manifest = { url = "https://a.example/redistrib.json", component = "libcublas" }\n'
    path.write_text(head + good, encoding="utf-8")
    assert reading.load(path).get("x").manifest == Manifest("https://a.example/redistrib.json", "libcublas")
    for bad in (
        'manifest = "https://a.example"\n',
        'manifest = { url = "http://a.example/r.json", component = "c" }\n',
        'manifest = { url = "https://a.example/r.json" }\n',
        good + f'link = [{{ url = "https://a.example/x", path = "x", size = 1, sha256 = "{"0" * 64}" }}]\n',
        'manifest = { url = "https://a.example/r.json", component = "c", mirror = "m" }\n',
    ):
        path.write_text(head + bad, encoding="utf-8")
        assert reading.load(path).problems, bad


# Archives


def unpacked(tmp_path: Path, archive: bytes, name: str = "a.tar.xz") -> Path:
    entry = Entry("cublas", "cuBLAS", kinds.RUNTIME, 1, (), manifest=MANIFEST)
    snapshot = tmp_path / "models--subtitle-editor--cublas" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / name).write_bytes(archive)
    try:
        return runtimes.unpack(entry, snapshot, Control())
    finally:
        # Nothing anywhere but in its place, and nothing half done.
        outside = [path for path in tmp_path.rglob("*") if path.is_file() and "unpacked" not in path.parts]
        assert outside == [snapshot / name]
        assert not list((tmp_path / "models--subtitle-editor--cublas" / "unpacked").glob("*.tmp"))


def with_type(kind: bytes, link: str = "") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        for name in LIBRARIES:
            info = tarfile.TarInfo(f"{TOP}/lib/{name}")
            info.type, info.linkname = kind, link
            archive.addfile(info)
    return buffer.getvalue()


def a_sparse_giant() -> bytes:
    """A header that promises a library of 2 TB."""
    info = tarfile.TarInfo(f"{TOP}/lib/libcublas.so.12")
    info.size = 2 << 40
    return lzma.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(100_000))


def with_a_long_header(kind: bytes) -> bytes:
    """What says of the next file that it has a name of 2 MB."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = kind, 2 << 20
    text = b"%d path=" % info.size + b"x" * (2 << 20)
    body = text[: info.size - 1] + b"\n"
    return lzma.compress(info.tobuf(tarfile.GNU_FORMAT) + body + lzma.decompress(like_nvidias(b"x")))


def a_sparse_file() -> bytes:
    """Its map goes on and on."""
    info = tarfile.TarInfo(f"{TOP}/lib/libcublas.so.12")
    info.type = tarfile.GNUTYPE_SPARSE
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[482] = 1
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return lzma.compress(bytes(header) + (bytes(504) + b"\1" + bytes(7)) * 100)


def a_dictionary_of_four_gibibytes() -> bytes:
    """What it takes to unpack is told in its header, and the decompressor would take it."""
    packed = bytearray(lzma.compress(lzma.decompress(like_nvidias(b"x"))))
    at = packed.index(b"\x21\x01", 12) + 2  # LZMA2's size of its dictionary, in the header of the block.
    packed[at] = 40
    end = 12 + (packed[12] + 1) * 4 - 4
    packed[end : end + 4] = zlib.crc32(bytes(packed[12:end])).to_bytes(4, "little")
    return bytes(packed)


@pytest.mark.parametrize(
    ("archive", "reason"),
    [
        (b"", "cannot be used"),
        (b"<html>", "cannot be used"),
        (lzma.compress(b"no tar"), "cannot be used"),
        (like_nvidias(bytes(100_000))[:-300], "cannot be used"),
        (tar((f"{TOP}/lib/libcublas.so.12", b"1")), "it lacks libcublasLt.so.12"),
        (with_type(tarfile.SYMTYPE, "/etc/passwd"), "it lacks"),
        (with_type(tarfile.LNKTYPE, "/etc/passwd"), "it lacks"),
        (with_type(tarfile.LNKTYPE, "../../../../a.tar.xz"), "it lacks"),
        (with_type(tarfile.CHRTYPE), "it lacks"),
        (with_type(tarfile.FIFOTYPE), "it lacks"),
        (with_type(tarfile.DIRTYPE), "it lacks"),
        (a_sparse_giant(), "unpacks to more"),
        *((with_a_long_header(kind), "names are too long") for kind in (b"x", b"g", b"X", b"L", b"K")),
        (a_sparse_file(), "sparse files"),
        (a_dictionary_of_four_gibibytes(), "[Mm]emory"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else None,
)
def test_archives_that_give_nothing(tmp_path: Path, archive: bytes, reason: str) -> None:
    with pytest.raises(RuntimeArchiveError, match=reason):
        unpacked(tmp_path, archive)


def test_why_an_archive_is_refused_can_be_translated(tmp_path: Path) -> None:
    from subtitle_editor.core.text import Text

    with pytest.raises(RuntimeArchiveError) as caught:
        unpacked(tmp_path, a_sparse_giant())
    message = caught.value.message
    assert isinstance(message, Text) and isinstance(message.fields["reason"], Text)


def test_names_that_lead_outside_lead_nowhere(tmp_path: Path) -> None:
    """Only the last part of a name counts, and only if it is a library's."""
    folder = unpacked(
        tmp_path,
        tar(
            ("/etc/cron.d/evil", b"evil"),
            ("../../../../evil", b"evil"),
            ("lib", "/tmp"),
            ("../../../lib/libcublas.so.12", b"one"),
            ("lib/libcublasLt.so.12.1.2", b"two"),
        ),
    )
    assert (folder / "libcublas.so.12").read_bytes() == b"one"
    assert {path.name for path in folder.iterdir()} == set(LIBRARIES)


def test_of_two_versions_the_newer(tmp_path: Path) -> None:
    folder = unpacked(
        tmp_path,
        tar(
            ("lib/libcublas.so.12.9.1", b"9"), ("lib/libcublas.so.12.10.0", b"10"), ("lib/libcublas.so.12.2", b"2"),
            ("lib/libcublasLt.so.12", b"Lt"),
        ),
    )  # fmt: skip
    assert (folder / "libcublas.so.12").read_bytes() == b"10"


def test_a_bomb_ends_at_its_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "_MOST", 20 << 20)
    filling = bytes(40 << 20)
    with pytest.raises(RuntimeArchiveError, match="unpacks to more"):
        unpacked(tmp_path, tar(("lib/filling", filling), *((f"lib/{name}", b"1") for name in LIBRARIES)))


def test_a_library_that_is_too_large_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "_LARGEST", 1000)
    with pytest.raises(RuntimeArchiveError, match="it lacks"):
        unpacked(tmp_path, tar(*((f"lib/{name}", bytes(1001)) for name in LIBRARIES)))


def zipped(*members: tuple[str, bytes], link: str = "") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            info = zipfile.ZipInfo(name)
            if name == link:
                info.external_attr = 0o120777 << 16
            archive.writestr(info, content)
    return buffer.getvalue()


def test_a_zip_as_windows_has_it(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, zipped(*((f"{TOP}/bin/{name}", name.encode()) for name in LIBRARIES)), "a.zip")
    assert all((folder / name).read_bytes() == name.encode() for name in LIBRARIES)


def test_zips_that_give_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(f"../../{name}", b"x" * 1000) for name in LIBRARIES]
    with pytest.raises(RuntimeArchiveError, match="it lacks"):
        unpacked(tmp_path / "a", zipped(*both, link=f"../../{LIBRARIES[0]}"), "a.zip")
    damaged = bytearray(zipped(*both))
    damaged[60] ^= 0xFF
    with pytest.raises(RuntimeArchiveError):
        unpacked(tmp_path / "b", bytes(damaged), "a.zip")
    monkeypatch.setattr(runtimes, "_MOST", 1500)
    with pytest.raises(RuntimeArchiveError, match="unpacks to more"):
        unpacked(tmp_path / "c", zipped(*both), "a.zip")


def test_cancelling_leaves_nothing(tmp_path: Path) -> None:
    control = Control()
    entry = Entry("cublas", "cuBLAS", kinds.RUNTIME, 1, (), manifest=MANIFEST)
    snapshot = tmp_path / "models--subtitle-editor--cublas" / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    (snapshot / "a.tar.xz").write_bytes(like_nvidias(data_of(4_000_000)))
    with pytest.raises(JobCancelled):
        runtimes.unpack(entry, snapshot, control, lambda count: control.cancel())
    assert runtimes.find(tmp_path, entry) is None
    assert not list((tmp_path / "models--subtitle-editor--cublas" / "unpacked").iterdir())
