# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies and certificates of the environment: which are used, and what is said of those that cannot be."""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.errors.network import HubUnreachableError, ProxyError, UntrustedCertificateError
from subtitle_editor.core.system import network
from subtitle_editor.core.transfer import replies
from subtitle_editor.core.transfer.blob import Blob
from tests.core.raw_server import Asked, answer, part, serving
from tests.core.transfer_kit import IMPATIENT, Fetch

pytestmark = pytest.mark.timeout(60)

DATA = bytes(range(256)) * 5000
VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ssl_cert_file", "ssl_cert_dir")
VARIABLES += ("requests_ca_bundle", "curl_ca_bundle", "request_method")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def fetch(url: str, folder: Path) -> bytes:
    blob = Blob(url=url, target=folder / "blob", size=len(DATA), name="model.bin")
    Fetch(blob, retry=IMPATIENT, connections=1).run()
    return blob.target.read_bytes()


# Which proxy


@pytest.mark.parametrize(
    ("environment", "url", "proxy"),
    [
        ({}, "https://hub.example/x", None),
        ({"https_proxy": "http://p.example:3128"}, "https://hub.example/x", "http://p.example:3128"),
        ({"HTTPS_PROXY": "p.example:3128"}, "https://hub.example/x", "http://p.example:3128"),
        (
            {"HTTPS_PROXY": "http://a.example", "https_proxy": "b.example"},
            "https://hub.example/x",
            "http://b.example:80",
        ),
        ({"HTTPS_PROXY": "http://a.example", "https_proxy": ""}, "https://hub.example/x", None),
        ({"http_proxy": "p.example"}, "https://hub.example/x", None),
        ({"http_proxy": "p.example"}, "http://hub.example/x", "http://p.example:80"),
        ({"HTTP_PROXY": "p.example"}, "http://hub.example/x", "http://p.example:80"),
        ({"HTTP_PROXY": "p.example", "REQUEST_METHOD": "GET"}, "http://hub.example/x", None),
        ({"ALL_PROXY": "https://p.example"}, "https://hub.example/x", "https://p.example:443"),
        ({"ALL_PROXY": "http://a.example", "https_proxy": "b.example"}, "https://hub.example/x", "http://b.example:80"),
        ({"https_proxy": "http://[fd00::1]:3128"}, "https://hub.example/x", "http://[fd00::1]:3128"),
        ({"https_proxy": "HTTP://P.example:3128/"}, "https://hub.example/x", "http://p.example:3128"),
        ({"https_proxy": '"http://p.example:3128" '}, "https://hub.example/x", "http://p.example:3128"),
        ({"https_proxy": "p.example", "no_proxy": "'a.example, hub.example'"}, "https://hub.example/x", None),
    ],
)
def test_which_proxy_is_asked(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], url: str, proxy: str | None
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = network.proxy_for(url)
    assert (found.address if found else None) == proxy


@pytest.mark.parametrize(
    ("exceptions", "url", "direct"),
    [
        ("10.0.0.0/8", "https://10.20.30.40/x", True),
        ("10.0.0.0/8", "https://11.20.30.40/x", False),
        ("192.168.1.0/24,10.0.0.0/8", "https://10.1.1.1:8443/x", True),
        ("192.168.1.0/24 10.0.0.0/8", "https://10.1.1.1:8443/x", True),
        ("fd00::/8", "https://[fd12::1]/x", True),
        ("fd00::/8", "https://10.1.1.1/x", False),
        ("10.0.0.0/8", "https://[::ffff:10.1.1.1]/x", True),
        ("10.0.0.0/8", "https://10.hub.example/x", False),
        ("10.1.1.1", "https://10.1.1.1/x", True),
        ("1.1.1", "https://10.1.1.1/x", False),
        ("[::1]", "https://[::1]:8443/x", True),
        ("hub.example", "https://hub.example/x", True),
        ("hub.example", "https://cdn.hub.example/x", True),
        ("hub.example", "https://myhub.example/x", False),
        (".hub.example", "https://hub.example/x", True),
        ("*.hub.example", "https://cdn.hub.example/x", True),
        ("HUB.example", "https://Hub.Example/x", True),
        ("hub.example.", "https://hub.example/x", True),
        ("hub.example", "https://hub.example./x", True),
        ("hub.example:8443", "https://hub.example:8443/x", True),
        ("hub.example:8443", "https://hub.example/x", False),
        ("hub.example:443", "https://hub.example/x", True),
        ("*", "https://hub.example/x", True),
        ("", "https://hub.example/x", False),
        (" , ,", "https://hub.example/x", False),
        ("localhost, 127.0.0.1", "https://127.0.0.1/x", True),
        ("192.168.*", "https://192.168.1.7/x", True),
        ("192.168.*", "https://192.169.1.7/x", False),
        ("192.168.*:8443", "https://192.168.1.7/x", False),
        ("hub*.example", "https://hub2.example/x", True),
        ("https://hub.example", "https://hub.example/x", True),
        ("http://hub.example:8443/", "https://hub.example:8443/x", True),
        ("hub.example/", "https://hub.example/x", True),
        ("<local>", "https://mirror/x", True),
        ("<local>", "https://hub.example/x", False),
        ("<local>", "https://[fd12::1]/x", False),
        ("localhost|hub.example", "https://hub.example/x", True),
    ],
)
def test_what_no_proxy_excepts(monkeypatch: pytest.MonkeyPatch, exceptions: str, url: str, direct: bool) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://p.example:3128")
    monkeypatch.setenv("NO_PROXY", exceptions)
    assert (network.proxy_for(url) is None) == direct


@given(st.text(max_size=60), st.sampled_from(["https://hub.example/x", "http://10.1.2.3:80/", "https://[::1]/"]))
def test_any_setting_is_used_or_refused(text: str, url: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("https_proxy", "no_proxy", "http_proxy"):
            patch.setenv(name, text.replace("\0", "").encode("utf-8", "ignore").decode())
        with contextlib.suppress(ProxyError):
            network.proxy_for(url)


LOGINS = {
    "me:secret": "me:secret",
    "me:p%40ss%3Aword": "me:p@ss:word",
    "me:p@ss": "me:p@ss",
    "me:p#a/s?s": "me:p#a/s?s",
    "me:100%": "me:100%",
    "m%C3%BCller:stra%C3%9Fe": "müller:straße",
    "müller:straße": "müller:straße",
    "DOMAIN\\me:x": "DOMAIN\\me:x",
    "me": "me:",
}


@pytest.mark.parametrize("written", LOGINS)
def test_a_login_is_sent_as_it_is_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str) -> None:
    def reply(asked: Asked) -> bytes:
        assert asked.target.startswith("http://hub.example/")
        return part(DATA, asked)

    with serving(reply) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{written}@127.0.0.1:{proxy.port}")
        assert fetch("http://hub.example/x", tmp_path) == DATA
    words = {asked.headers["proxy-authorization"].removeprefix("Basic ") for asked in proxy.asked}
    assert {base64.b64decode(word).decode() for word in words} == {LOGINS[written]}
    found = network.proxy_for("http://hub.example/x")
    assert found and "secret" not in f"{found!r} {found.address} {found.label}"


# What is said of a proxy that cannot be used


@pytest.mark.parametrize("value", ["http://", "http://:3128", "http://p.example:99999", "://", "http://a b/"])
def test_a_setting_that_is_no_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("HTTPS_PROXY", value)
    with pytest.raises(ProxyError) as caught:
        fetch("https://hub.example/x", tmp_path)
    assert "HTTPS_PROXY" in str(caught.value)


@pytest.mark.parametrize("kind", ["socks5", "socks5h", "socks4", "socks", "ftp"])
def test_a_socks_proxy_is_an_error_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setenv("ALL_PROXY", f"{kind}://me:secret@p.example:1080")
    with pytest.raises(ProxyError) as caught:
        fetch("https://hub.example/x", tmp_path)
    text = str(caught.value)
    assert kind in text and "ALL_PROXY" in text and "p.example" in text and "secret" not in text


def test_a_socks_proxy_that_is_not_for_this_host_is_of_no_interest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("all_proxy", "socks5://p.example:1080")
    monkeypatch.setenv("no_proxy", "127.0.0.0/8")
    with serving(lambda asked: part(DATA, asked)) as server:
        assert fetch(f"{server.url}/x", tmp_path) == DATA


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_407_is_told_as_the_proxys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    page = b"<html>Proxy login</html>"
    refuse = answer(407, page, Proxy_Authenticate='Basic realm="x"', Content_Type="text/html")
    with serving(lambda asked: refuse) as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://me:wrong@127.0.0.1:{proxy.port}")
        with pytest.raises(ProxyError) as caught:
            fetch(f"{scheme}://hub.example/x", tmp_path)
    text = str(caught.value)
    assert f"127.0.0.1:{proxy.port}" in text and "password" in text and f"{scheme}_proxy" in text
    assert "wrong" not in text
    assert len(proxy.asked) == 1, "what is decided is not asked again"


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("kind", ["NTLM", "Negotiate", 'Digest realm="basic", nonce="x"'])
def test_a_proxy_with_a_login_that_we_do_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str, kind: str
) -> None:
    """To write a name and a password somewhere would be of no use there."""
    with serving(lambda asked: answer(407, b"no", Proxy_Authenticate=kind)) as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://me:right@127.0.0.1:{proxy.port}")
        with pytest.raises(ProxyError) as caught:
            fetch(f"{scheme}://hub.example/x", tmp_path)
    assert f"by {kind.split()[0]}," in str(caught.value) and f"{scheme}_proxy" in str(caught.value)
    assert "PASSWORD" not in str(caught.value) and "right" not in str(caught.value)


def test_a_proxy_that_keeps_the_connection_open_when_it_wants_a_login() -> None:
    """Pythons from 3.12 on read its headers after the status: there is nothing more to wait for."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(5)
        theirs.sendall(b"HTTP/1.1 407 Login\r\nProxy-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n")
        reply = replies.TunnelReply(ours, method="CONNECT")
        assert reply._read_status() == ("HTTP/1.1", 407, "NTLM")
        assert reply.fp.readline() == b""


@pytest.mark.parametrize("status", [400, 403, 404, 405, 501])
def test_a_proxy_that_refuses_to_connect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with serving(lambda asked: answer(status, b"no")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(ProxyError) as caught:
            fetch("https://hub.example/x", tmp_path)
    assert str(status) in str(caught.value) and "hub.example" in str(caught.value)
    assert [asked.method for asked in proxy.asked] == ["CONNECT"]


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_proxy_in_trouble_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    with serving(lambda asked: answer(status, b"no")) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(HubUnreachableError) as caught:
            fetch("https://hub.example/x", tmp_path)
    assert f"127.0.0.1:{proxy.port}" in str(caught.value) and str(status) in str(caught.value)
    assert len(proxy.asked) == IMPATIENT.tries


def test_a_proxy_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
    with pytest.raises(HubUnreachableError) as caught:
        fetch("https://hub.example/x", tmp_path)
    assert f"proxy 127.0.0.1:{port}" in str(caught.value) and "refused" in str(caught.value)


def test_a_plain_proxy_that_is_called_https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def chat(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=chat, args=(listener,), daemon=True).start()
        monkeypatch.setenv("HTTPS_PROXY", f"https://127.0.0.1:{listener.getsockname()[1]}")
        with pytest.raises(ProxyError) as caught:
            fetch("https://hub.example/x", tmp_path)
    assert "http://" in str(caught.value)


# Encrypted ways


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("needs the openssl command")
    folder = tmp_path_factory.mktemp("tls")
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test -addext subjectAltName=IP:127.0.0.1"
    words = [*command.split(), "-keyout", "key.pem", "-out", "cert.pem"]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


@contextlib.contextmanager
def tunnel(wrap: Callable[[socket.socket], socket.socket] = lambda plain: plain) -> Iterator[tuple[int, list[bytes]]]:
    """A proxy that opens tunnels; what it was asked is in the list."""
    asked: list[bytes] = []

    def pipe(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve(plain: socket.socket) -> None:
        with contextlib.suppress(OSError):
            client = wrap(plain)
            head = b""
            while b"\r\n\r\n" not in head:
                head += client.recv(4096)
            asked.append(head)
            host, _, port = head.split()[1].decode().rpartition(":")
            with socket.create_connection((host, int(port))) as server:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                threading.Thread(target=pipe, args=(client, server), daemon=True).start()
                pipe(server, client)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1], asked


@pytest.mark.parametrize("encrypted", [False, True])
def test_through_a_tunnel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: Path, tls: ssl.SSLContext, encrypted: bool
) -> None:
    """Also where the way to the proxy is encrypted itself."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate / "cert.pem"))

    def wrap(plain: socket.socket) -> socket.socket:
        return tls.wrap_socket(plain, server_side=True) if encrypted else plain

    with serving(lambda asked: part(DATA, asked), tls) as server, tunnel(wrap) as (port, asked):
        monkeypatch.setenv("HTTPS_PROXY", f"http{'s' * encrypted}://me:p%40ss@127.0.0.1:{port}")
        assert fetch(f"{server.url}/x", tmp_path) == DATA
        assert f"CONNECT 127.0.0.1:{server.port}".encode() in asked[0]
        assert base64.b64encode(b"me:p@ss") in asked[0]
        assert not any("proxy-authorization" in one.headers for one in server.asked), "which is the proxy's alone"


@pytest.mark.parametrize("variable", network.BUNDLES)
@pytest.mark.parametrize("folder", [False, True])
def test_a_bundle_of_the_environment_is_trusted(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    certificate: Path,
    tls: ssl.SSLContext,
    variable: str,
    folder: bool,
) -> None:
    bundle = certificate / "cert.pem"
    if folder:
        bundle = tmp_path / "authorities"
        bundle.mkdir()
        shutil.copy(certificate / "cert.pem", bundle)
        subprocess.run(["openssl", "rehash", str(bundle)], check=True, capture_output=True)
    monkeypatch.setenv("HOME", str(bundle.parent))
    # Some are written as `set NAME="VALUE"` leaves them.
    monkeypatch.setenv(variable, f'"~/{bundle.name}" ' if folder else str(bundle))
    with serving(lambda asked: part(DATA, asked), tls) as server:
        assert fetch(f"{server.url}/x", tmp_path) == DATA


def test_a_bundle_as_windows_writes_it_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: Path, tls: ssl.SSLContext
) -> None:
    """The certificate manager exports DER, PowerShell writes UTF-16, and neither gives files the names of hashes."""
    text = (certificate / "cert.pem").read_text()
    wide = f"# Für alle\n{text}".encode("utf-16")
    written = {"der.cer": ssl.PEM_cert_to_DER_cert(text), "wide.pem": wide}
    for name, data in written.items():
        (tmp_path / name).write_bytes(data)
    folder = tmp_path / "authorities"
    folder.mkdir()
    shutil.copy(certificate / "cert.pem", folder / "company.crt")
    (folder / "README").write_text("not one")
    shutil.copy(certificate / "key.pem", folder / "a-key.pem")  # As a server's own certificate has it beside it.
    (folder / "b-empty.pem").write_bytes(b"")
    with serving(lambda asked: part(DATA, asked), tls) as server:

        def is_trusted(variable: str, value: str, system: str = "linux") -> bool:
            with monkeypatch.context() as patch:
                patch.setenv(variable, value)
                patch.setattr(network.sys, "platform", system)
                context = network.tls_context()
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
                try:
                    context.wrap_socket(plain, server_hostname="127.0.0.1").close()
                except ssl.SSLCertVerificationError:
                    return False
                return True

        for variable in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
            for path in (*(tmp_path / name for name in written), folder):
                assert is_trusted(variable, str(path)), path
        for system in ("linux", "win32", "darwin"):
            folders = os.pathsep.join([str(tmp_path / "gone"), str(folder)])
            assert is_trusted("SSL_CERT_DIR", folders, system), system
            assert is_trusted("SSL_CERT_DIR", str(folder), system), system
        assert not is_trusted("SSL_CERT_DIR", str(tmp_path / "gone"))


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_a_folder_with_names_of_hashes_is_read_where_the_system_decides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: Path, system: str
) -> None:
    """The system is handed the certificates that the context has in its memory; those of a folder come only later."""
    shutil.copy(certificate / "cert.pem", tmp_path)
    subprocess.run(["openssl", "rehash", str(tmp_path)], check=True, capture_output=True)
    monkeypatch.setattr(network.sys, "platform", system)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    network._trust(context, str(tmp_path))
    assert len(context.get_ca_certs()) == 1


def test_a_certificate_that_nobody_trusts(tmp_path: Path, tls: ssl.SSLContext) -> None:
    with serving(lambda asked: part(DATA, asked), tls) as server, pytest.raises(UntrustedCertificateError) as caught:
        fetch(f"{server.url}/x", tmp_path)
    assert "127.0.0.1" in str(caught.value) and "SSL_CERT_FILE" in str(caught.value)


def test_a_folder_with_nothing_but_a_key_is_of_no_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: Path, tls: ssl.SSLContext
) -> None:
    folder = tmp_path / "authorities"
    folder.mkdir()
    shutil.copy(certificate / "key.pem", folder)
    monkeypatch.setenv("SSL_CERT_DIR", str(folder))
    with serving(lambda asked: part(DATA, asked), tls) as server, pytest.raises(UntrustedCertificateError) as caught:
        fetch(f"{server.url}/x", tmp_path)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize("content", [None, b"", b"no certificate"])
def test_a_bundle_left_over_by_something_uninstalled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: Path, tls: ssl.SSLContext, content: bytes | None
) -> None:
    """It does no harm where another is right, and is named where none is."""
    stale = tmp_path / "gone.pem"
    if content is not None:
        stale.write_bytes(content)
    monkeypatch.setenv("CURL_CA_BUNDLE", str(stale))
    with serving(lambda asked: part(DATA, asked), tls) as server:
        with pytest.raises(UntrustedCertificateError) as caught:
            fetch(f"{server.url}/x", tmp_path)
        assert str(stale) in str(caught.value) and "CURL_CA_BUNDLE" in str(caught.value)
        assert ("not there" in str(caught.value)) == (content is None)
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
        assert fetch(f"{server.url}/x", tmp_path) == DATA


AUTHORITY = """[ca]
default_ca = own
[own]
database = {0}/index
serial = {0}/serial
new_certs_dir = {0}
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = {1}
"""


@pytest.mark.parametrize(
    ("name", "until", "said"),
    [("DNS:other.example", "20800101000000Z", "another host"), ("IP:127.0.0.1", "20210101000000Z", "clock of this")],
)
def test_a_certificate_for_another_host_or_another_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, certificate: Path, name: str, until: str, said: str
) -> None:
    """Whoever is told to install an authority then looks in the wrong place."""
    (tmp_path / "index").touch()
    (tmp_path / "serial").write_text("01")
    (tmp_path / "own.cnf").write_text(AUTHORITY.format(tmp_path, name))
    subprocess.run(
        ["openssl", "req", "-new", "-key", certificate / "key.pem", "-subj", "/CN=test", "-out", tmp_path / "asked"],
        check=True,
        capture_output=True,
    )
    words = "openssl ca -batch -notext -selfsign -startdate 20200101000000Z -enddate".split()
    files = {"-config": tmp_path / "own.cnf", "-keyfile": certificate / "key.pem", "-in": tmp_path / "asked"}
    made = [*words, until, "-out", tmp_path / "cert.pem", *(part for pair in files.items() for part in pair)]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", certificate / "key.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
    with serving(lambda asked: part(DATA, asked), context) as server, pytest.raises(HubUnreachableError) as caught:
        fetch(f"{server.url}/x", tmp_path)
    assert caught.value.code == "untrusted_certificate" and said in str(caught.value)
    assert "not trusted" not in str(caught.value)


def test_nothing_of_this_asks_the_environment_at_import() -> None:
    code = "import os; os.environ['HTTPS_PROXY']='://'; import subtitle_editor.core.system.network"
    subprocess.run([os.sys.executable, "-c", code], check=True, timeout=20)  # type: ignore[attr-defined]
