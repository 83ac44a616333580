# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hostile page, program or network does: refused, nothing leaks, and the service is alive afterwards.

Only addresses of this machine are asked, in numbers that have an end.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .kit import Service, running, until

pytestmark = pytest.mark.timeout(180)

LONG = bool(os.environ.get("SUBTITLE_EDITOR_LONG_TESTS"))
TOKEN = "correct-horse-battery-staple-7"


@pytest.fixture(scope="module")
def open_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Without a token, as on somebody's own machine; one other site may use it."""
    words = ["--allow-origin", "https://studio.example", "--allow-credentials", "--cors-max-age", "77"]
    with running(tmp_path_factory.mktemp("open"), None, words) as service:
        yield service
        assert service.good("GET", "/api/health")["status"] == "ok"
        assert service.errors.read_text() == ""


@pytest.fixture(scope="module")
def closed_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """With a token."""
    folder = tmp_path_factory.mktemp("closed")
    token = folder / "token"
    token.touch(0o600)
    token.write_text(TOKEN + "\n")
    with running(folder, None, ["--access-token-file", str(token)]) as service:
        service.token = TOKEN
        yield service
        assert service.good("GET", "/api/health")["status"] == "ok"
        assert TOKEN not in service.errors.read_text()
        for path in (folder / "user").rglob("*"):
            if path.is_file():
                assert TOKEN.encode() not in path.read_bytes(), path


# Host and origin


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "a@127.0.0.1", "", "0"],
)
def test_a_foreign_host_is_refused(open_service: Service, host: str) -> None:
    headers = {"Host": host.format(port=open_service.port)}
    assert open_service.bad("GET", "/api/sources/disk", headers=headers) == (421, "foreign_host")
    with open_service.follow(headers=headers) as events:
        assert events.status == 421


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:{port}", "[::1]:{port}", "sub.localhost"])
def test_our_own_names_are_answered(open_service: Service, host: str) -> None:
    headers = {"Host": host.format(port=open_service.port)}
    assert open_service.ask("GET", "/api/sources/disk", headers=headers)[0] == 200


def test_two_hosts_are_refused(open_service: Service) -> None:
    answer = raw(open_service, b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n")
    assert answer.split()[1] in (b"400", b"421")


FOREIGN = ["https://evil.example", "null", "http://127.0.0.1:1", "https://studio.example.evil.example", "file://"]


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/sources/disk"), ("POST", "/api/sources/delete"), ("DELETE", "/api/sources/history")],
)
def test_a_foreign_origin_is_refused(open_service: Service, origin: str, method: str, path: str) -> None:
    body = {"model": "tiny"} if method == "POST" else None
    status, headers, raw_body = open_service.ask(method, path, body, headers={"Origin": origin})
    assert (status, json.loads(raw_body)["error"]["code"]) == (403, "foreign_origin")
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_gets_no_websocket_and_no_preflight(open_service: Service, origin: str) -> None:
    with open_service.follow(headers={"Origin": origin}) as events:
        assert events.status == 403 and json.loads(events.body)["error"]["code"] == "foreign_origin"
    sent = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    status, headers, _ = open_service.ask("OPTIONS", "/api/sources/delete", headers=sent)
    assert status == 403 and "access-control-allow-origin" not in headers


def test_a_picture_on_a_foreign_page_is_refused_and_a_link_is_not(open_service: Service) -> None:
    cross = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}
    assert open_service.bad("GET", "/api/sources/disk", headers=cross) == (403, "foreign_origin")
    assert open_service.ask("GET", "/", headers=cross)[0] == 200


def test_the_own_page_and_the_site_on_the_list_are_answered(open_service: Service) -> None:
    own = {"Origin": f"http://127.0.0.1:{open_service.port}"}
    assert open_service.ask("GET", "/api/sources/disk", headers=own)[0] == 200
    other = {"Origin": "https://studio.example"}
    status, headers, _ = open_service.ask("GET", "/api/sources/disk", headers=other)
    assert (status, headers["access-control-allow-origin"]) == (200, "https://studio.example")
    assert headers["access-control-allow-credentials"] == "true"
    ask = {**other, "Access-Control-Request-Method": "DELETE", "Access-Control-Request-Headers": "authorization"}
    status, headers, _ = open_service.ask("OPTIONS", "/api/sources/history", headers=ask)
    assert status == 200 and headers["access-control-max-age"] == "77"
    assert "DELETE" in headers["access-control-allow-methods"]
    status, headers, _ = open_service.ask("GET", "/api/nothing", headers=other)
    assert (status, headers["access-control-allow-origin"]) == (404, "https://studio.example")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_what_a_form_can_send_changes_nothing(open_service: Service, kind: str) -> None:
    headers = {"Content-Type": kind}
    answer = open_service.bad("POST", "/api/sources/delete", b'{"model":"tiny"}', headers=headers)
    assert answer == (415, "not_json")


# The token


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": TOKEN},
        {"Cookie": f"token={TOKEN}"},
        {"X-Token": TOKEN},
    ],
)
def test_without_the_token_nothing_is_told(closed_service: Service, headers: dict[str, str]) -> None:
    for method, path in (("GET", "/api/sources/disk"), ("GET", "/api/nothing"), ("DELETE", "/api/sources/history")):
        sent = {"Authorization": "", **headers}
        status, found, body = closed_service.ask(method, path, headers=sent)
        assert (status, json.loads(body)["error"]["code"]) == (401, "access_token")
        assert found["www-authenticate"] == "Bearer" and str(closed_service.folder) not in body.decode()
    with closed_service.follow(headers={"Authorization": "", **headers}) as events:
        assert events.status == 401


def test_a_token_in_an_address_is_never_accepted(closed_service: Service) -> None:
    for name in ("token", "access_token", "authorization"):
        headers = {"Authorization": ""}
        status, _, body = closed_service.ask("GET", f"/api/sources/disk?{name}={TOKEN}", headers=headers)
        assert status == 401 and TOKEN not in body.decode()
        # Nor with it: an address like that would end in the history of a browser, so it does not work at all.
        assert closed_service.bad("GET", f"/api/sources/disk?{name}={TOKEN}") == (400, "request")
        with closed_service.follow(f"?{name}={TOKEN}", headers=headers) as events:
            assert events.status == 401


def test_wrong_tokens_are_slowed_down_and_the_right_one_is_not(closed_service: Service) -> None:
    codes = [
        closed_service.bad("GET", "/api/sources/disk", headers={"Authorization": f"Bearer {TOKEN}{i:x}"})
        for i in range(14)
    ]
    assert codes[0] == (401, "access_token") and codes[-1] == (429, "too_many_requests")
    assert closed_service.ask("GET", "/api/sources/disk")[0] == 200


def test_the_token_opens_a_websocket_as_a_page_sends_it(closed_service: Service) -> None:
    word = base64.urlsafe_b64encode(TOKEN.encode()).decode().rstrip("=")
    sent = {"Authorization": "", "Sec-WebSocket-Protocol": f"subtitle-editor, bearer.{word}"}
    with closed_service.follow(headers=sent) as events:
        assert events.status == 101 and events.headers["sec-websocket-protocol"] == "subtitle-editor"
        events.wait_for("snapshot")
    for bad in ("bearer.", "bearer.%%%", f"bearer.{word[:-3]}", "subtitle-editor"):
        with closed_service.follow(headers={**sent, "Sec-WebSocket-Protocol": bad}) as events:
            assert events.status in (401, 429)


def test_only_what_is_in_the_package_is_open(closed_service: Service) -> None:
    for path in ("/", "/page.css", "/page.js", "/texts.js", "/icon.svg", "/api/health", "/api/openapi.json"):
        status, headers, _ = closed_service.ask("GET", path, headers={"Authorization": ""})
        assert status == 200
        assert (
            headers["x-content-type-options"] == "nosniff"
            and "default-src 'none'" in headers["content-security-policy"]
        )


# Paths and bodies


@pytest.mark.parametrize(
    "path",
    [
        "/../../etc/passwd",
        "/page/../settings.py",
        "/page.js/../../settings.py",
        "/%2e%2e/%2e%2e/etc/passwd",
        "//etc/passwd",
        "/server/settings.py",
        "/api/sources/catalog/..%2f..%2fetc%2fpasswd",
        "/api/sources/catalog/%2e%2e",
        "/api/sources/catalog/tiny%00",
        "/api/sources/download/..%2fjobs/status",
        "/api/sources/catalog/" + "a" * 5000,
    ],
)
def test_tricks_with_paths_find_nothing(open_service: Service, path: str) -> None:
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    answer = raw(open_service, request.encode())
    assert answer.split()[1] in (b"400", b"404") and b"root:" not in answer and b"SPDX" not in answer


@pytest.mark.parametrize("model", ["../x", "/etc/passwd", "a/b", "..", "tiny\x00", "C:\\x", "tiny/../..", "𝕥iny", ""])
@pytest.mark.parametrize("what", ["verify", "delete", "repair", "catalog/download"])
def test_tricks_with_ids_touch_nothing(open_service: Service, what: str, model: str) -> None:
    assert open_service.bad("POST", f"/api/sources/{what}", {"model": model}) == (400, "request")


def test_huge_bodies_are_refused(open_service: Service) -> None:
    body = b'{"model": "' + b"a" * 20_000 + b'"}'
    assert open_service.bad("POST", "/api/sources/verify", body) == (413, "too_large")
    # Said to be small, or of no length: what comes counts. The answer may be lost with the connection that we close.
    chunk = b"4000\r\n" + b"a" * 0x4000 + b"\r\n"
    head = b"POST /api/sources/verify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    before = open_service.memory()
    with contextlib.suppress(ConnectionError), contextlib.closing(connected(open_service)) as sock:
        sock.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n")
        for _ in range(2000):
            sock.sendall(chunk)
    with contextlib.suppress(ConnectionError), contextlib.closing(connected(open_service)) as sock:
        sock.sendall(head + b"Content-Length: 1000000000000\r\n\r\n")
        assert b" 413 " in sock.recv(100)
    assert open_service.memory() - before < 20_000_000


def test_huge_heads_are_refused(open_service: Service) -> None:
    answer = raw(open_service, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 100_000)
    assert answer == b"" or b" 400 " in answer[:20]
    answer = raw(open_service, os.urandom(5000) + b"\r\n\r\n")
    assert answer == b"" or b" 400 " in answer[:20]


# Slowness and numbers


def test_slow_loris_is_sent_away(open_service: Service) -> None:
    """Half requests, a letter now and then, and requests whose body never comes."""
    half = [connected(open_service) for _ in range(50)]
    for sock in half:
        sock.sendall(b"GET /api/health HTTP/1.1\r\nHost: 127")
    body = connected(open_service)
    body.sendall(
        b"POST /api/sources/verify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        b"Content-Length: 100\r\n\r\n{"
    )
    # A whole request first, then letters: the clock that Uvicorn has for idle connections stops at each letter.
    later = connected(open_service)
    later.sendall(b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    began = time.monotonic()
    while time.monotonic() - began < 16 and not all(ended(sock) for sock in (*half, later)):
        for sock in (*half, later, body):
            with contextlib.suppress(OSError):
                sock.send(b"x")
        assert open_service.ask("GET", "/api/health", timeout=5)[0] == 200
        time.sleep(0.5)
    assert all(ended(sock) for sock in (*half, later))
    answer = b""
    with contextlib.suppress(OSError):
        body.settimeout(5)
        while piece := body.recv(4096):
            answer += piece
    assert b" 408 " in answer[:20] or b'"request"' in answer
    for sock in (*half, later, body):
        sock.close()


def test_thousands_of_silent_sockets_keep_nobody_out(tmp_path: Path) -> None:
    import resource

    import psutil

    number = 5000 if LONG else 1500
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < number + 500:
        pytest.skip(f"the system allows {hard} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, number + 500), hard))
    sockets: list[socket.socket] = []
    try:
        with running(tmp_path / "service", None, ["--max-connections", "400"]) as service:
            before = service.memory()
            for i in range(number):
                with contextlib.suppress(OSError):
                    sock = socket.create_connection(("127.0.0.1", service.port), timeout=5)
                    if i % 2:
                        sock.send(b"GET / HTTP/1.1\r\n")
                    sockets.append(sock)
                if i % 250 == 249:
                    assert service.ask("GET", "/api/health", timeout=10)[0] == 200
            assert len(sockets) > number * 0.9
            assert service.memory() - before < 60_000_000
            connected = psutil.Process(service.process.pid).net_connections()
            assert sum(one.status == "ESTABLISHED" for one in connected) <= 410
            assert service.ask("GET", "/api/sources/disk", timeout=10)[0] == 200
            with service.follow() as events:
                events.wait_for("snapshot")
            assert service.errors.read_text() == ""
    finally:
        for sock in sockets:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_who_talks_on_a_websocket_is_sent_away(open_service: Service) -> None:
    with open_service.follow() as events:
        events.wait_for("snapshot")
        with contextlib.suppress(OSError):
            for _ in range(500):
                events.send(b"hello")
        assert events.closed.wait(10) and events.code in (1008, 0)
    with open_service.follow() as events:
        events.wait_for("snapshot")
        with contextlib.suppress(OSError):
            events.send(b"x" * 1_000_000)
        assert events.closed.wait(10) and events.code in (1009, 0)
    with open_service.follow() as events:
        events.wait_for("snapshot")
        events.socket.sendall(os.urandom(4096))
        assert events.closed.wait(10)


def test_listeners_have_a_limit_and_leave_their_places(tmp_path: Path) -> None:
    with running(tmp_path / "service", None, ["--max-listeners", "5"]) as service:
        events = [service.follow() for _ in range(5)]
        with service.follow() as one_more:
            assert one_more.status == 503 and json.loads(one_more.body)["error"]["code"] == "too_many_listeners"
        assert service.bad("GET", "/api/sources/events")[0] == 503
        for one in events:
            one.close()
        until(lambda: _fits(service))


def _fits(service: Service) -> bool:
    with service.follow() as events:
        return events.status == 101


def test_a_flood_of_requests_is_answered_with_429(tmp_path: Path) -> None:
    with running(tmp_path / "service", None, ["--rate", "50"]) as service:
        codes = [service.ask("GET", "/api/health") for _ in range(120)]
        refused = [headers for status, headers, _ in codes if status == 429]
        assert refused and all(1 <= int(headers["retry-after"]) <= 2 for headers in refused)
        time.sleep(1.1)
        assert service.ask("GET", "/api/health")[0] == 200
    with running(tmp_path / "service", None) as service:
        statuses = {service.ask("DELETE", "/api/sources/history")[0] for _ in range(150)}
        assert statuses == {200, 429}


# Settings


def refused(folder: Path, *words: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    import subprocess
    import sys

    place = ["--models-dir", str(folder / "models"), "--user-dir", str(folder / "user")]
    done = subprocess.run(
        [sys.executable, "-m", "subtitle_editor", "serve", "--json", *place, *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **(env or {})},
    )
    assert done.returncode == 1 and "Traceback" not in done.stderr
    return dict(json.loads(done.stdout.splitlines()[-1]))


def test_all_that_is_wrong_with_the_settings_is_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("no folder")
    words = ["--port", "70000", "--host", "0.0.0.0", "--allow-origin", "*", "--allow-origin", "http://a.example/x"]
    words += ["--allow-host", "a b", "--cors-max-age", "-1", "--rate", "0", "--production", "--max-jobs", "0"]
    error = refused(tmp_path, *words, env={"HF_TOKEN": "not-a-token"})
    assert error["error"] == "settings"
    expected = ("--port 70000", "--host 0.0.0.0", "--allow-origin *", "--allow-origin http://a.example/x")
    expected += ("--allow-host a b", "--cors-max-age -1", "--rate 0", "--production:", "--max-jobs 0", "--models-dir")
    assert [word for word in (*expected, "HF_TOKEN is no hub token") if word not in error["message"]] == []
    assert "not-a-token" not in json.dumps(error)


def test_production_wants_a_token_a_port_and_https(tmp_path: Path) -> None:
    message = refused(tmp_path, "--production", "--allow-origin", "http://a.example")["message"]
    assert all(word in message for word in ("a token is needed", "name the port", "only https"))


def test_a_token_file_is_made_private_and_one_that_is_not_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret" / "access"
    with running(tmp_path / "service", None, ["--access-token-file", str(path)]) as service:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        token = path.read_text().strip()
        assert len(token) >= 40 and token not in service.errors.read_text()
        assert service.bad("GET", "/api/sources/disk") == (401, "access_token")
        service.token = token
        assert service.good("GET", "/api/sources/disk")["installed"] == 0
    path.chmod(0o640)
    error = refused(tmp_path, "--access-token-file", str(path))
    assert error["error"] == "access_token_file" and "chmod 600" in error["message"]
    path.chmod(0o600)
    path.write_text("short")
    assert "too weak" in refused(tmp_path, "--access-token-file", str(path))["message"]
    path.write_text("")
    assert refused(tmp_path, "--access-token-file", str(path))["error"] == "access_token_file"


def test_behind_a_proxy_with_another_name(tmp_path: Path) -> None:
    with running(tmp_path / "service", None, ["--allow-host", "models.example"]) as service:
        headers = {"Host": "models.example", "Origin": "https://models.example"}
        assert service.ask("GET", "/api/sources/disk", headers=headers)[0] == 200
        other = {**headers, "Origin": "https://other.example"}
        assert service.bad("GET", "/api/sources/disk", headers=other) == (403, "foreign_origin")


# Helpers


def connected(service: Service) -> socket.socket:
    return socket.create_connection(("127.0.0.1", service.port), timeout=20)


def raw(service: Service, request: bytes) -> bytes:
    """What is answered until the connection ends or nothing more comes."""
    answer = b""
    with contextlib.closing(connected(service)) as sock, contextlib.suppress(OSError):
        sock.sendall(request)
        sock.settimeout(3)
        while piece := sock.recv(65536):
            answer += piece
    return answer


def ended(sock: socket.socket) -> bool:
    """Whether the other side has closed a connection."""
    sock.setblocking(False)
    try:
        while True:
            if sock.recv(65536) == b"":
                return True
    except BlockingIOError:
        return False
    except OSError:
        return True
    finally:
        sock.setblocking(True)
