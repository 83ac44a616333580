# SPDX-License-Identifier: GPL-3.0-or-later
"""A life of a download under the rules of other systems. All tests run under them with `python3 dev.py test ports`."""

from __future__ import annotations

import socket
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from subtitle_editor.core.errors.hub import CorruptDownloadError, HubAnswerError, WrongContentError
from subtitle_editor.core.errors.network import HubUnreachableError
from subtitle_editor.core.transfer import partial, watchful, work
from subtitle_editor.core.transfer.file import PartFile
from tests.core.transfer.test_faults import certificate
from tests.core.transfer_kit import MIB, PATTERN, Fetch, blob_of, data_of, names_in
from tests.hub.server import Fault, LoopbackHub
from tests.rules import apply, is_open

pytestmark = pytest.mark.timeout(60)

__all__ = ["certificate"]
"""A fixture."""

DATA = data_of(8 * MIB + 3)


@pytest.mark.parametrize(
    "rules",
    [
        "share",
        "scanner",
        "deaf",
        "share,scanner,deaf,nosync,coarse,shortpaths",
        "nosync",
        "nolocks",
        "unstable",
        "coarse",
    ],
)
def test_paused_resumed_damaged_finished_and_discarded(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str
) -> None:
    apply(rules, monkeypatch)
    blob = blob_of(hub, tmp_path, DATA)
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, stall_after=2_500_000))
    fetch = Fetch(blob, stall_seconds=20.0, connections=1).start()
    fetch.wait(lambda status: status.bytes_done >= 2_500_000)
    assert fetch.cancel() < 1.0
    hub.faults.clear()
    left = partial.bytes_on_disk(blob.target)
    assert left >= 2 * MIB, "but for what a busy machine was too late to write"
    hub.faults.add(Fault(path=PATTERN, host="content", corrupt_at=6_000_000))
    assert Fetch(blob).run().bytes_fetched == 2 * (len(DATA) - left)
    assert blob.target.read_bytes() == DATA
    assert names_in(tmp_path) - {"blob.lock"} == {"blob"}
    blob.target.unlink()
    hub.faults.clear()
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, stall_after=2_500_000))
    fetch = Fetch(blob, stall_seconds=20.0, connections=1).start()
    fetch.wait(lambda status: status.bytes_done >= 2_500_000)
    assert fetch.cancel() < 1.0
    assert partial.discard(blob.target)
    assert not any(path.name.startswith("blob.part") for path in tmp_path.iterdir()), "it is not held any more"


def test_connections_that_learn_the_size_at_once_begin_one_journal(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A scanner has the journal open, and while it is waited for another connection has its answer. What the server
    says is wrong, and told; not that the folder could not be written."""
    apply("scanner", monkeypatch)
    monkeypatch.setattr("tests.rules.LOOK", 1.5)
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, size_delta=-1000))
    with pytest.raises((CorruptDownloadError, HubUnreachableError, HubAnswerError, WrongContentError)):
        Fetch(blob_of(hub, tmp_path, DATA, size=None)).run()


@pytest.mark.parametrize("rules", ["share", "share,scanner"])
def test_a_sync_that_outlasts_the_download(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rules: str
) -> None:
    """The thread of the checkpoints is in the middle of one when all is there: its file is open, and gets no name."""
    apply(rules, monkeypatch)
    monkeypatch.setattr("subtitle_editor.core.transfer.checkpoints._EVERY", 0.01)
    syncing, sync = threading.Event(), PartFile.sync

    def slow(file: PartFile) -> None:
        if "checkpoints" in threading.current_thread().name:
            syncing.set()
            hub.faults.release()
            threading.Event().wait(0.7)
        sync(file)

    monkeypatch.setattr(PartFile, "sync", slow)
    # However fast it is, the rest comes only while a checkpoint is under way.
    hub.faults.add(Fault(path=PATTERN, host="content", stall_after=MIB, stall_for=20))
    blob = blob_of(hub, tmp_path, DATA)
    assert Fetch(blob).run().bytes_fetched == len(DATA)
    assert syncing.is_set() and blob.target.read_bytes() == DATA
    assert not is_open(blob.target)


class Stalling(BaseHTTPRequestHandler):
    """Sends some of DATA and then nothing more, without an end."""

    protocol_version = "HTTP/1.1"
    sent = 2_500_000

    def do_GET(self) -> None:
        first, last = self.headers["Range"].removeprefix("bytes=").split("-")
        body = DATA[int(first) : int(last) + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(body) - 1}/{len(DATA)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.sent])
        self.server.ended.wait(30)  # type: ignore[attr-defined]

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.mark.parametrize("encrypted", [False, True])
def test_a_thread_that_nobody_can_wake_looks_up(
    hub: LoopbackHub, tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch, encrypted: bool
) -> None:
    """Before it stayed as long as a silent server may take, with what it had in memory."""
    apply("deaf", monkeypatch)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Stalling)
    server.daemon_threads, server.ended = True, threading.Event()  # type: ignore[attr-defined]
    if encrypted:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http{'s' * encrypted}://127.0.0.1:{server.server_port}/x"
        fetch = Fetch(blob_of(hub, tmp_path, DATA, url=url), stall_seconds=20.0, connections=2).start()
        fetch.wait(lambda status: status.bytes_done >= 2 * MIB)
        reading = [one for one in threading.enumerate() if one.name.startswith("model.bin #")]
        assert fetch.cancel() < 1.0
        for thread in reading:
            thread.join(3.0)
        assert reading and not any(thread.is_alive() for thread in reading)
        assert partial.bytes_on_disk(tmp_path / "blob") >= 2 * MIB
    finally:
        server.ended.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()


def test_what_is_in_memory_is_kept_however_lately_its_reader_looked_up(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It had half as long as it takes to look up again, and then its file was closed under it."""
    apply("deaf", monkeypatch)
    # Ten times what they are, or less: what counts is which is longer, and a busy machine is late.
    monkeypatch.setattr(watchful, "_LOOK_UP", 0.8)
    monkeypatch.setattr(work, "_FAREWELL", 0.4)
    is_all_there, waits, real = threading.Event(), threading.Event(), watchful._has_something

    def look(sock: socket.socket, seconds: float) -> bool:
        if is_all_there.is_set():
            waits.set()
        return real(sock, seconds)

    monkeypatch.setattr(watchful, "_has_something", look)
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, stall_after=500_000))
    fetch = Fetch(blob_of(hub, tmp_path, DATA), stall_seconds=20.0, connections=1).start()
    fetch.wait(lambda status: status.bytes_done >= 500_000)
    is_all_there.set()
    assert waits.wait(5.0)
    fetch.cancel()
    assert partial.bytes_on_disk(fetch.blob.target) == 500_000
