# SPDX-License-Identifier: GPL-3.0-or-later
"""How this machine reaches others: its proxies and the certificates it trusts, as environment and system say.

curl, requests, urllib and httpx each read the environment in a way of their own, and people have it set up for the one
they use. Here it is decided: `proxy_for` says by which proxy an address is asked, `tls_context` whom to trust. Nothing
here asks the network.
"""

from __future__ import annotations

import base64
import codecs
import contextlib
import fnmatch
import ipaddress
import logging
import os
import re
import ssl
import sys
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from ..errors.network import ProxyError, UntrustedCertificateError
from ..text import Text
from . import environment
from .folders import expanded

log = logging.getLogger(__name__)

BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Environment variables that name a file, or a folder, of certificate authorities. All that are set are trusted beside
those of the system: a company's bundle often holds the company's alone."""

_FOLDERS = "SSL_CERT_DIR"
"""Folders of them, as a list. OpenSSL knows it, where it is asked: not on Windows and macOS."""

_HASHED = re.compile(r"[0-9a-f]{8}\.\d+")
_CERTIFICATES = (".pem", ".crt", ".cer", ".der")
_MOST_FILES = 1000
_LARGEST = 16 << 20
"""Bytes of a bundle."""
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How what PowerShell writes begins."""

_PORTS = {"http": 80, "https": 443}
_WITHOUT_HOST = re.compile(r"[\s,;|]+")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A server that passes requests on."""

    kind: str
    """`http`, or `https` where the way to the proxy is encrypted itself."""
    host: str
    port: int
    login: str | None = field(default=None, repr=False)
    """`name:password` as they are, not as an address writes them. A secret."""
    variable: str = ""
    """The environment variable that names the proxy; empty if it is the system's."""

    @property
    def address(self) -> str:
        """For the libraries, and fit to be shown: without the login."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.kind}://{host}:{self.port}"

    @property
    def label(self) -> str:
        """The proxy in a message."""
        return f"{self.host}:{self.port}"

    @property
    def headers(self) -> dict[str, str]:
        """What the proxy is told and nobody else. A secret."""
        if self.login is None:
            return {}
        return {"Proxy-Authorization": f"Basic {base64.b64encode(self.login.encode()).decode()}"}


def proxy_for(url: str) -> Proxy | None:
    """The proxy by which `url` is to be asked, None for none. Any thread; on Windows and macOS it may ask the system.

    `SCHEME_proxy` decides, then `all_proxy`, each in lower case before upper; where none of them is set, the settings
    of the system. What `no_proxy` names is asked directly, whatever proxy there is: names with all below them, `*`,
    addresses, networks such as 10.0.0.0/8, each with a port if only that is meant, and, as on Windows, 192.168.* and
    `<local>`, which are names without a point. Raises ProxyError for a setting that
    is no proxy that can be used.
    """
    parts = urllib.parse.urlsplit(url)
    host, port = (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme, 0)
    if _excepted(host, port, _variable("no_proxy")[1]):
        return None
    for variable in (f"{parts.scheme}_proxy", "all_proxy"):
        name, text = _variable(variable)
        if text is not None:
            return _proxy(text, name) if text else None
    text = _system_proxy(parts.scheme, host, port)
    return _proxy(text, "") if text else None


def _variable(name: str) -> tuple[str, str | None]:
    """The variable in one of its two spellings, and its value; None if it is not set."""
    names = [name] if name == "http_proxy" and "REQUEST_METHOD" in os.environ else [name, name.upper()]
    for one in names:  # In a CGI script HTTP_PROXY is a header that anybody may send.
        if one in os.environ:
            return one, environment.value(one)
    return name, None


def _excepted(host: str, port: int, exceptions: str | None) -> bool:
    """Whether `no_proxy` names the host."""
    return any(_covers(entry, host.lower(), port) for entry in _WITHOUT_HOST.split(exceptions or "") if entry)


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether one entry of `no_proxy` does.

    >>> [_covers(entry, "10.1.2.3", 443) for entry in ("10.0.0.0/8", "10.1.2.3", "10.1.2.3:80", "*", "10.1.2")]
    [True, True, False, True, False]
    >>> [_covers(entry, "cdn.hub.example", 443) for entry in ("hub.example", ".hub.example:443", "b.example")]
    [True, True, False]
    >>> [_covers("192.168.*", host, 443) for host in ("192.168.7.1", "192.168.evil.example")]
    [True, False]
    >>> [_covers(entry, "fe80::1", 443) for entry in ("[fe80::*]", "fe80::*", "[fe80::*]:80")]
    [True, True, False]
    """
    entry = entry.rpartition("://")[2].rstrip("/")
    if entry == "*":
        return True
    address = _address(host)
    if entry.lower() == "<local>":
        return address is None and "." not in host
    with contextlib.suppress(ValueError):
        network = ipaddress.ip_network(entry.strip("[]"), strict=False)
        return address is not None and address.version == network.version and address in network
    name, mark, wanted = entry.rpartition(":")
    if mark and wanted.isdecimal():
        return int(wanted) == port and _covers(name, host, port)
    if "*" in entry[1:]:
        pattern = entry.strip("[]").lower()
        if address is None and not pattern.partition("*")[0].strip("0123456789."):
            return False  # 10.* means addresses, and 10.example is a name.
        return fnmatch.fnmatchcase(host, pattern)
    name = entry.lower().removeprefix("*").strip(".")
    return bool(name) and (host == name or (address is None and host.endswith(f".{name}")))


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _system_proxy(scheme: str, host: str, port: int) -> str | None:
    """What the settings of Windows or macOS say; None on systems whose settings are the environment."""
    request: Any = urllib.request
    platform: str = sys.platform  # Not the literal: each system's branch is checked on all of them.
    if platform == "win32":
        proxies, bypass = request.getproxies_registry(), request.proxy_bypass_registry
    elif platform == "darwin":
        proxies, bypass = request.getproxies_macosx_sysconf(), request.proxy_bypass_macosx_sysconf
    else:
        return None
    found: str | None = proxies.get(scheme) or proxies.get("all")
    return found if found and not bypass(f"{host}:{port}") else None


def _proxy(text: str, variable: str) -> Proxy:
    """A proxy as people write it: with or without scheme and port, its login with `@`, `#` and `/` as they are.

    >>> _proxy("me:p@ss/w#rd%21@proxy.example:3128", "")
    Proxy(kind='http', host='proxy.example', port=3128, variable='')
    """
    kind, mark, rest = text.partition("://") if "://" in text else ("http", "", text)
    kind = kind.lower()
    login, mark, place = rest.rpartition("@")
    place = re.split(r"[/?#]", place, maxsplit=1)[0]
    try:
        parts = urllib.parse.urlsplit(f"//{place}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port = "", None
    if not host or any(ord(char) <= 32 for char in host):
        raise ProxyError("", Text("it is no address"), variable=variable)
    if kind not in _PORTS:
        raise ProxyError(
            host,
            Text("proxies of the kind {kind} are not supported here, only http and https", kind=kind),
            variable=variable,
        )
    user, _, password = login.partition(":")
    word = f"{urllib.parse.unquote(user)}:{urllib.parse.unquote(password)}" if mark else None
    return Proxy(kind, host, port or _PORTS[kind], word, variable)


def tls_context() -> ssl.SSLContext:
    """Trust what the system trusts, and what `BUNDLES` name: companies with an authority of their own need either.

    Never share one between threads: truststore holds a lock of the context for as long as a handshake takes, so that
    one silent server would hold up all others.
    """
    try:
        import truststore
    except ImportError:
        context = ssl.create_default_context()
    else:
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    known = _known_to_openssl()
    for variable, path in _bundles():
        if path not in known or _is_otherwise(path):
            try:  # A bundle takes some 30 ms to read: once, and not where OpenSSL does it anyway.
                _trust(context, path)
            except (OSError, ValueError) as ex:  # SSLError is an OSError. Left over from what was uninstalled, mostly.
                log.info("%s names %s, which cannot be used: %s", variable, path, ex)
    return context


def _bundles() -> list[tuple[str, str]]:
    """The variables that are set, and the files and folders that they name, each once."""
    found = {os.fspath(expanded(path)): name for name in BUNDLES if (path := environment.value(name))}
    for folder in environment.value(_FOLDERS).split(os.pathsep):
        if folder.strip():
            found.setdefault(os.fspath(expanded(folder.strip())), _FOLDERS)
    return [(name, path) for path, name in found.items()]


def _trust(context: ssl.SSLContext, path: str) -> None:
    """Trust what a file or folder has. Raises OSError, and ValueError for what cannot be certificates."""
    if not os.path.isdir(path):
        return _trust_file(context, path)
    names = sorted(os.listdir(path))
    hashed = [name for name in names if _HASHED.fullmatch(name)]
    if hashed and not _asks_the_system():
        return context.load_verify_locations(capath=path)
    # OpenSSL finds certificates by such names alone, and nobody but its own command makes them. Windows and macOS are
    # given those that the context has read, and of a folder OpenSSL reads none before it looks for one.
    files = hashed or [name for name in names if name.lower().endswith(_CERTIFICATES)]
    refused: Exception | None = ValueError("no certificates")
    for name in files[:_MOST_FILES]:
        try:
            _trust_file(context, os.path.join(path, name))
            refused = None
        except (OSError, ValueError) as ex:  # A key lies beside its certificate.
            log.info("%s is no certificate: %s", os.path.join(path, name), ex)
            refused = refused and ex
    if refused:
        raise refused


def _trust_file(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_verify_locations(cafile=path)
    except ssl.SSLError:
        with open(path, "rb") as file:
            data = file.read(_LARGEST)
        # What names the certificate may have any letters, and is not read.
        text = data.decode("utf-16").encode("ascii", "replace").decode() if data.startswith(_WIDE) else None
        context.load_verify_locations(cadata=text or data)  # As bytes: DER, as Windows exports them.


def _is_otherwise(path: str) -> bool:
    """Whether a file is written in a form that OpenSSL does not read by itself, or a folder has no names of hashes."""
    try:
        if os.path.isdir(path):
            return not any(map(_HASHED.fullmatch, os.listdir(path)))
        with open(path, "rb") as file:
            return file.read(2).startswith((b"0", *_WIDE))  # A DER sequence.
    except OSError:
        return False


def _asks_the_system() -> bool:
    """Whether the system says who is trusted, and not OpenSSL with its files."""
    return sys.platform in ("win32", "darwin")


def _can_be_used(path: str) -> bool:
    try:
        _trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), path)
    except (OSError, ValueError):
        return False
    return True


def _known_to_openssl() -> set[str]:
    """The bundle that OpenSSL reads by itself, where it is what the system trusts: it knows SSL_CERT_FILE."""
    paths = ssl.get_default_verify_paths()
    return set() if _asks_the_system() else {path for path in (paths.cafile, paths.capath) if path}


_OTHER_NAME = {62, 64, 0x800B010F, -67602}
_NOT_NOW = {9, 10, 0x800B0101, -67818, -67819}
"""Numbers of OpenSSL, Windows and macOS: a certificate is for another host, or not valid yet or any more."""


def untrusted(host: str, refused: ssl.SSLCertVerificationError | None = None) -> UntrustedCertificateError:
    """The error that says that the certificate of `host` is signed by nobody we trust, or what else `refused` says."""
    code = getattr(refused, "verify_code", None)
    if code in _NOT_NOW:
        reason = Text("its certificate is not valid at this time")
        return UntrustedCertificateError(host, reason=reason, now=time.strftime("%Y-%m-%d %H:%M"))
    if code in _OTHER_NAME:
        return UntrustedCertificateError(host, reason=Text("the certificate that it shows is another host's"))
    for name, path in _bundles():
        if not _can_be_used(path):
            return UntrustedCertificateError(host, name, path, there=os.path.exists(path))
    return UntrustedCertificateError(host)
