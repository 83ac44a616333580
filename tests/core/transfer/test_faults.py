# SPDX-License-Identifier: GPL-3.0-or-later
"""The fault matrix: each fault ends in the right bytes or the right error, with at most a resumable partial behind."""

from __future__ import annotations

import logging
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from subtitle_editor.core.errors.base import SubtitleEditorError
from subtitle_editor.core.errors.disk import FolderNotWritableError, NoSpaceError
from subtitle_editor.core.errors.hub import (
    AccessDeniedError,
    CorruptDownloadError,
    FileNotOnHubError,
    HubAnswerError,
    HubError,
    RateLimitedError,
    TokenRefusedError,
    WrongContentError,
)
from subtitle_editor.core.errors.network import HubUnreachableError, UnsafeRedirectError
from subtitle_editor.core.events import State
from subtitle_editor.core.transfer import partial
from subtitle_editor.core.transfer.retries import RetryPolicy
from tests.core.transfer_kit import (
    IMPATIENT,
    MIB,
    PATTERN,
    Fetch,
    blob_of,
    data_of,
    leave_partial,
    names_in,
    start_child,
)
from tests.hub.server import Fault, LoopbackHub

pytestmark = pytest.mark.timeout(60)

RESUMABLE = {"blob.part", "blob.part.journal"}
DATA = data_of(12 * MIB + 3)


def assert_right(fetch: Fetch, fetched: int | None = len(DATA)) -> None:
    """The fetch ends with the right bytes and nothing else, having fetched so many."""
    result = fetch.run()
    assert fetch.blob.target.read_bytes() == DATA
    assert names_in(fetch.blob.target.parent) == {"blob"}
    assert result.verified
    if fetched is not None:
        assert result.bytes_fetched == fetched


def assert_fails(fetch: Fetch, error: type[SubtitleEditorError], left: set[str] = RESUMABLE) -> SubtitleEditorError:
    """The fetch fails so, and a later one without the fault continues and succeeds."""
    with pytest.raises(error) as caught:
        fetch.run()
    assert names_in(fetch.blob.target.parent) == left
    return caught.value


# Broken connections


@pytest.mark.parametrize("seed", range(20))
def test_a_drop_at_a_random_byte(hub: LoopbackHub, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(chance.randint(1, 3)):
        skip, drop_after = chance.randint(0, 3), chance.randrange(2**21)
        hub.faults.add(Fault(path=PATTERN, host="content", skip=skip, drop_after=drop_after))
    assert_right(Fetch(blob_of(hub, tmp_path, DATA), connections=chance.randint(1, 6)))


@pytest.mark.parametrize("after", [0, 1, 700_000])
def test_a_truncated_body(hub: LoopbackHub, tmp_path: Path, after: int) -> None:
    fault = hub.faults.add(Fault(path=PATTERN, host="content", truncate_after=after))
    assert_right(Fetch(blob_of(hub, tmp_path, DATA)))
    assert fault.fired == 1


def test_a_connection_reset_before_the_answer(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, times=2, close_before=True))
    assert_right(Fetch(blob_of(hub, tmp_path, DATA)))


def test_a_server_that_always_drops_moves_us_on_all_the_same(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, drop_after=500_000))
    assert_right(Fetch(blob_of(hub, tmp_path, DATA), connections=2))


def test_a_server_that_never_sends_a_byte_is_given_up(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, drop_after=0))
    fetch = Fetch(blob_of(hub, tmp_path, DATA))
    error = assert_fails(fetch, HubUnreachableError)
    assert "127.0.0.2" in str(error)
    hub.faults.clear()
    assert_right(fetch)


def test_a_server_that_is_not_there(hub: LoopbackHub, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    blob = blob_of(hub, tmp_path, DATA, url=f"http://127.0.0.1:{port}/x")
    error = assert_fails(Fetch(blob), HubUnreachableError)
    assert "refused" in str(error)


def test_a_name_that_does_not_exist(hub: LoopbackHub, tmp_path: Path) -> None:
    error = assert_fails(Fetch(blob_of(hub, tmp_path, DATA, url="http://hub.invalid/x")), HubUnreachableError)
    assert "hub.invalid" in str(error)


# Silence


def test_a_short_silence_is_sat_out(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="content", stall_after=100_000, stall_for=0.5))
    fetch = Fetch(blob_of(hub, tmp_path, DATA), connections=1)
    assert_right(fetch)
    assert len(hub.requests_for(PATTERN, host="content")) <= 3


def test_a_long_silence_is_shown_and_ends_in_a_new_connection(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="content", stall_after=100_000))
    fetch = Fetch(blob_of(hub, tmp_path, DATA), connections=1, stall_seconds=1.0)
    assert_right(fetch)
    assert State.STALLED in fetch.states


def test_silence_for_ever_can_be_cancelled_and_continued(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, stall_after=1_500_000))
    fetch = Fetch(blob_of(hub, tmp_path, DATA), stall_seconds=30.0).start()
    fetch.wait(lambda status: status.state is State.STALLED)
    assert fetch.cancel() < 1.0
    left = partial.bytes_on_disk(fetch.blob.target)
    assert left >= 1_500_000
    hub.faults.clear()
    assert_right(Fetch(fetch.blob), fetched=len(DATA) - left)


# What servers say


def test_429_waits_as_long_as_it_is_told(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="hub", status=429, headers={"Retry-After": "1"}))
    fetch = Fetch(blob_of(hub, tmp_path, DATA))
    assert_right(fetch)
    first, second = (r.time for r in hub.requests_for(PATTERN, host="hub")[:2])
    assert second - first >= 0.99
    waits = [status for status in fetch.statuses if status.state is State.RETRYING]
    countdown = [status.retry_in or 0.0 for status in waits]
    assert 0.8 < countdown[0] <= 1.0
    assert countdown == sorted(countdown, reverse=True)
    assert {status.attempt for status in waits} == {1}


def test_a_429_with_the_hubs_rate_limit_header(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="hub", status=429, headers={"RateLimit": '"resolvers";r=0;t=1'}))
    assert_right(Fetch(blob_of(hub, tmp_path, DATA)))
    first, second = (r.time for r in hub.requests_for(PATTERN, host="hub")[:2])
    assert second - first >= 0.99


def test_a_wait_beyond_our_patience_is_an_error(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, status=429, headers={"Retry-After": "3600"}))
    error = assert_fails(Fetch(blob_of(hub, tmp_path, DATA)), RateLimitedError)
    assert "1 h" in str(error)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_a_server_in_trouble_three_times(hub: LoopbackHub, tmp_path: Path, status: int) -> None:
    hub.faults.add(Fault(path=PATTERN, host="content", times=3, status=status))
    assert_right(Fetch(blob_of(hub, tmp_path, DATA)))


def test_a_server_in_trouble_for_ever(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, times=None, status=503))
    fetch = Fetch(blob_of(hub, tmp_path, DATA))
    assert_fails(fetch, HubAnswerError)
    assert len(hub.requests_for(PATTERN)) == IMPATIENT.tries


def test_progress_resets_the_count(hub: LoopbackHub, tmp_path: Path) -> None:
    for skip in range(0, 24, 2):  # More failures than tries, but each second request brings something.
        hub.faults.add(Fault(path=PATTERN, host="content", skip=0, drop_after=400_000))
        hub.faults.add(Fault(path=PATTERN, host="content", skip=skip, status=503))
    assert_right(Fetch(blob_of(hub, tmp_path, DATA), connections=1))


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, TokenRefusedError),
        (403, AccessDeniedError),
        (404, FileNotOnHubError),
        (418, HubAnswerError),
    ],
)
def test_decided_answers_are_not_asked_for_again(
    hub: LoopbackHub, tmp_path: Path, status: int, error: type[HubError]
) -> None:
    hub.faults.add(Fault(path=PATTERN, host="hub", times=None, status=status))
    assert_fails(Fetch(blob_of(hub, tmp_path, DATA)), error)
    assert len(hub.requests_for(PATTERN)) == 1


def test_401_tells_a_wrong_token_from_a_missing_one(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="hub", times=None, status=401))
    error = assert_fails(Fetch(blob_of(hub, tmp_path, DATA)), TokenRefusedError)
    assert isinstance(error, TokenRefusedError) and not error.sent
    blob = blob_of(hub, tmp_path, DATA, headers={"authorization": "Bearer hf_x"})
    error = assert_fails(Fetch(blob), TokenRefusedError)
    assert isinstance(error, TokenRefusedError) and error.sent


def test_an_address_that_expires_is_looked_up_again(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="content", times=3, expire_after=2))
    assert_right(Fetch(blob_of(hub, tmp_path, DATA), connections=2))
    assert 2 <= len(hub.requests_for(PATTERN, host="hub")) <= 8


def test_an_address_that_expires_in_the_middle(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.settings.rate = 4_000_000
    fetch = Fetch(blob_of(hub, tmp_path, DATA), connections=2).start()
    fetch.wait(lambda status: status.bytes_done > 2 * MIB)
    hub.expire_addresses()
    fetch.join()
    assert fetch.result and fetch.result.bytes_fetched == len(DATA)
    assert len(hub.requests_for(PATTERN, host="hub")) >= 2


# Wrong bytes


def test_a_corrupt_byte_once_is_mended(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="content", corrupt_at=5_000_000))
    fetch = Fetch(blob_of(hub, tmp_path, DATA))
    assert_right(fetch, fetched=2 * len(DATA))
    assert "not the published" in fetch.notices[0]


def test_a_corrupt_byte_always_is_an_error_and_no_file(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, corrupt_at=5_000_000))
    error = assert_fails(Fetch(blob_of(hub, tmp_path, DATA)), CorruptDownloadError, left=set())
    assert "model.bin" in str(error) and "127.0.0.2" in str(error), "the host that sent the bytes"


def test_a_corrupt_partial_is_mended(hub: LoopbackHub, tmp_path: Path) -> None:
    blob = blob_of(hub, tmp_path, DATA)
    leave_partial(blob, bytes(len(DATA)), [(0, 5 * MIB)])
    # What came now is fetched again first, then all.
    assert_right(Fetch(blob), fetched=2 * (len(DATA) - 5 * MIB) + len(DATA))


def test_an_ignored_range_starts_over_on_one_connection(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, ignore_range=True))
    blob = blob_of(hub, tmp_path, DATA)
    fetch = Fetch(blob)
    assert_right(fetch)
    assert max(status.connections for status in fetch.statuses) <= 1
    assert len(hub.requests_for(PATTERN, host="content")) == 1
    blob.target.unlink()
    leave_partial(blob, DATA, [(0, 5 * MIB), (7 * MIB, 8 * MIB)])
    assert_right(Fetch(blob), fetched=len(DATA) - 6 * MIB)


def test_an_ignored_range_and_a_drop(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(
        Fault(path=PATTERN, host="content", times=None, ignore_range=True),
        Fault(path=PATTERN, host="content", drop_after=3_000_000),
    )
    assert_right(Fetch(blob_of(hub, tmp_path, DATA)), fetched=None)


def test_a_range_ignored_later_on(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.faults.add(Fault(path=PATTERN, host="content", skip=2, times=None, ignore_range=True))
    assert_right(Fetch(blob_of(hub, tmp_path, DATA), connections=2), fetched=None)


@pytest.mark.parametrize("delta", [-1000, -1, 1, 1000])
def test_a_plan_that_is_wrong_about_the_size(hub: LoopbackHub, tmp_path: Path, delta: int) -> None:
    blob = blob_of(hub, tmp_path, DATA, size=len(DATA) + delta)
    error = assert_fails(Fetch(blob), WrongContentError, left={"blob.part", "blob.part.journal"})
    assert str(len(DATA)) in str(error) and str(len(DATA) + delta) in str(error)


@pytest.mark.parametrize("delta", [-1000, -1, 1, 1000])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_server_that_lies_about_the_size(
    hub: LoopbackHub, tmp_path: Path, delta: int, known: bool, ranges: bool
) -> None:
    if not ranges:
        hub.faults.add(Fault(path=PATTERN, host="content", times=None, ignore_range=True))
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, size_delta=delta))
    blob = blob_of(hub, tmp_path, DATA, **({} if known else {"size": None}))
    with pytest.raises((CorruptDownloadError, HubUnreachableError, HubAnswerError, WrongContentError)):
        Fetch(blob).run()
    assert names_in(tmp_path) <= RESUMABLE


def test_a_file_that_changes_under_way_is_started_over(hub: LoopbackHub, tmp_path: Path) -> None:
    new = data_of(len(DATA), seed=9)
    hub.faults.add(Fault(path=PATTERN, host="content", rate=2_000_000, times=None))
    fetch = Fetch(blob_of(hub, tmp_path, DATA, sha256=None), connections=2).start()
    fetch.wait(lambda status: status.bytes_done > MIB)
    hub.faults.clear()
    blob_of(hub, tmp_path, new)
    hub.expire_addresses()
    fetch.join()
    assert fetch.result
    assert fetch.blob.target.read_bytes() == new


# Safety


def test_the_token_goes_to_the_hub_and_to_no_one_else(
    hub: LoopbackHub, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    hub.accept_token("hf_secret", "me")
    hub.faults.add(Fault(path=PATTERN, host="content", times=2, drop_after=1000))
    hub.faults.add(Fault(path=PATTERN, host="content", expire_after=1))
    blob = blob_of(hub, tmp_path, DATA, headers={"authorization": "Bearer hf_secret", "X-Private": "hf_secret"})
    assert "hf_secret" not in repr(blob)
    fetch = Fetch(blob).start()
    fetch.wait(lambda status: status.bytes_done > 0)
    journal = partial.journal_file(blob.target)
    seen = journal.read_bytes() if journal.exists() else b""
    fetch.join()
    assert fetch.result
    assert all(r.headers["authorization"] == "Bearer hf_secret" for r in hub.requests_for(PATTERN, host="hub"))
    content = hub.requests_for(PATTERN, host="content")
    assert content and not any("hf_secret" in str(r.headers) for r in content)
    assert b"hf_secret" not in seen
    assert "hf_secret" not in caplog.text
    assert content[0].query and content[0].query not in caplog.text


def test_no_secret_in_an_error(hub: LoopbackHub, tmp_path: Path) -> None:
    hub.accept_token("hf_secret", "me")
    hub.faults.add(Fault(path=PATTERN, host="content", times=None, drop_after=0))
    blob = blob_of(hub, tmp_path, DATA, headers={"authorization": "Bearer hf_secret"})
    error = assert_fails(Fetch(blob), HubUnreachableError)
    query = hub.requests_for(PATTERN, host="content")[0].query
    for text in (str(error), repr(error), repr(error.__cause__)):
        assert "hf_secret" not in text
        assert not query or query not in text


@pytest.mark.parametrize(
    "target",
    [
        "http://example.com/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "http://127.0.0.1.example.com/",
        "http://[bad/x?sig=1",
        "https://h:99999/x",
    ],
)
def test_a_redirect_to_an_unsafe_address_is_refused(hub: LoopbackHub, tmp_path: Path, target: str) -> None:
    hub.faults.add(Fault(path=PATTERN, host="hub", times=None, status=302, headers={"Location": target}))
    assert_fails(Fetch(blob_of(hub, tmp_path, DATA)), UnsafeRedirectError)


def test_redirects_in_a_circle_end(hub: LoopbackHub, tmp_path: Path) -> None:
    blob = blob_of(hub, tmp_path, DATA)
    hub.faults.add(Fault(path=PATTERN, host="hub", times=None, status=302, headers={"Location": blob.url}))
    error = assert_fails(Fetch(blob), HubAnswerError)
    assert "circle" in str(error) and len(hub.requests_for(PATTERN)) == 10


# The disk


@pytest.mark.skipif(sys.platform == "win32", reason="RLIMIT_FSIZE is POSIX")
@pytest.mark.parametrize("limit", [1, 100_000, 5 * MIB])
def test_a_disk_that_fills_up_loses_nothing(hub: LoopbackHub, tmp_path: Path, limit: int) -> None:
    blob = blob_of(hub, tmp_path / "models", DATA)
    limited = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    child = start_child(blob, Path("/dev/null"), before=limited)
    out, err = child.communicate(timeout=30)
    assert out.startswith("FileTooLargeError"), err
    assert str(blob.target.parent) in out
    left = partial.bytes_on_disk(blob.target)
    # The system refuses each byte behind the limit: the connection that is farthest in the file meets it first and
    # stops the others, wherever they are. What they had written down by then is what counts.
    assert left <= limit
    assert_right(Fetch(blob), fetched=len(DATA) - left)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting needs root")
@pytest.mark.parametrize("room", [300 * 1024, 4 * MIB])
def test_a_full_file_system(hub: LoopbackHub, tmp_path: Path, room: int) -> None:
    """What fits is kept, though it be less than a connection writes in one go, and with six in each other's way."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={room}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        blob = blob_of(hub, folder, DATA)
        error = assert_fails(Fetch(blob), NoSpaceError)
        assert isinstance(error, NoSpaceError) and error.needed >= len(DATA) - room
        left = partial.bytes_on_disk(blob.target)
        assert left >= room - 64 * 1024, "but for the journal and a page for each connection"
        subprocess.run(["mount", "-o", "remount,size=20m", str(folder)], check=True)
        assert_right(Fetch(blob), fetched=len(DATA) - left)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=False)


def test_a_folder_that_is_a_file(hub: LoopbackHub, tmp_path: Path) -> None:
    (tmp_path / "models").touch()
    with pytest.raises(FolderNotWritableError):
        Fetch(blob_of(hub, tmp_path / "models", DATA)).run()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX permissions")
def test_a_read_only_folder(hub: LoopbackHub) -> None:
    # Not below pytest's folders: those are closed to other users, and it is not for a test to open them.
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o755)
        folder = Path(place, "models")
        folder.mkdir()
        blob = blob_of(hub, folder, DATA)
        folder.chmod(0o555)
        ordinary = "import os; os.getuid() or os.setuid(65534)"  # Root may write everywhere.
        out, err = start_child(blob, Path("/dev/null"), before=ordinary).communicate(timeout=30)
        folder.chmod(0o755)
        assert out.startswith("FolderNotWritableError"), err
        assert names_in(folder) == set()


def test_a_journal_cut_at_every_byte(hub: LoopbackHub, tmp_path: Path) -> None:
    data = data_of(300_000)
    blob = blob_of(hub, tmp_path, data)
    leave_partial(blob, data, [(0, 100_000), (150_000, 200_000), (250_000, 250_001)])
    journal = partial.journal_file(blob.target).read_bytes()
    part = partial.part_file(blob.target).read_bytes()
    fetched = []
    for cut in range(len(journal) + 1):
        partial.part_file(blob.target).write_bytes(part)
        partial.journal_file(blob.target).write_bytes(journal[:cut])
        fetch = Fetch(blob)
        fetched.append(fetch.run().bytes_fetched)
        assert blob.target.read_bytes() == data
        assert names_in(tmp_path) == {"blob"}
        assert bool(fetch.notices) == (cut <= journal.index(b"\n"))
        blob.target.unlink()
    assert set(fetched) == {300_000, 200_000, 150_000, 149_999}
    assert fetched == sorted(fetched, reverse=True)


def test_a_part_file_without_its_bytes(hub: LoopbackHub, tmp_path: Path) -> None:
    blob = blob_of(hub, tmp_path, DATA)
    leave_partial(blob, DATA, [(0, 5 * MIB)])
    os.truncate(partial.part_file(blob.target), MIB)
    assert_right(Fetch(blob), fetched=len(DATA) - MIB)
    blob.target.unlink()
    leave_partial(blob, DATA, [(0, 5 * MIB)])
    partial.part_file(blob.target).unlink()
    assert_right(Fetch(blob))


# The way there: proxies and certificates


class Proxy(BaseHTTPRequestHandler):
    """Passes plain GETs on, as a company's proxy does."""

    protocol_version = "HTTP/1.1"
    asked: list[tuple[str, str | None]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Proxy-Authorization"]))
        keep = {name: value for name, value in self.headers.items() if name in ("Range", "Accept-Encoding")}

        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *arguments: object) -> None:
                return None

        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
        try:
            answer = opener.open(urllib.request.Request(self.path, headers=keep))
        except urllib.error.HTTPError as ex:
            answer = ex
        body = answer.read()
        self.send_response(answer.status)
        for name in ("Location", "Content-Range", "ETag"):
            if answer.headers[name]:
                self.send_header(name, answer.headers[name])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def proxy() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    Proxy.asked = []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_proxy_of_the_environment_is_used(
    hub: LoopbackHub, tmp_path: Path, proxy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://me:p%40ss@{proxy}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert_right(Fetch(blob_of(hub, tmp_path, DATA)))
    assert len(Proxy.asked) >= 2
    assert {word for _, word in Proxy.asked} == {"Basic bWU6cEBzcw=="}


def test_no_proxy_is_respected(hub: LoopbackHub, tmp_path: Path, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://{proxy}")
    monkeypatch.setenv("no_proxy", "127.0.0.1,127.0.0.2,localhost")
    assert_right(Fetch(blob_of(hub, tmp_path, DATA)))
    assert Proxy.asked == []


@pytest.fixture
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("needs the openssl command")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1"
    words = [*command.split(), "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return folder


class Files(BaseHTTPRequestHandler):
    """Sends DATA, with ranges."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        first, last = self.headers["Range"].removeprefix("bytes=").split("-")
        body = DATA[int(first) : int(last) + 1]
        self.send_response(206)
        self.send_header("Content-Range", f"bytes {first}-{int(first) + len(body) - 1}/{len(DATA)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.mark.parametrize("trusted", [True, False])
def test_the_systems_trust_store_decides(
    hub: LoopbackHub, tmp_path: Path, certificate: Path, monkeypatch: pytest.MonkeyPatch, trusted: bool
) -> None:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    try:
        fetch = Fetch(blob_of(hub, tmp_path, DATA, url=f"https://127.0.0.1:{server.server_port}/x"))
        if trusted:
            assert_right(fetch)
        else:
            assert "certificate" in str(assert_fails(fetch, HubUnreachableError))
    finally:
        server.shutdown()
        server.server_close()


def test_the_default_patience_outlasts_a_router_that_restarts() -> None:
    policy = RetryPolicy()
    waits = [min(policy.longest_wait, policy.first_wait * 2**n) for n in range(policy.tries - 1)]
    assert 60 <= sum(waits) <= 180
