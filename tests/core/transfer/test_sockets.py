# SPDX-License-Identifier: GPL-3.0-or-later
"""Connecting where some of a host's addresses lead nowhere, as half-working IPv6 does."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.transfer import sockets

pytestmark = pytest.mark.timeout(60)

PATIENCE = 20.0
"""Seconds that an address gets: nobody may wait for them where another answers."""


def info(address: tuple[str, int], family: int = socket.AF_INET) -> Any:
    return (family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)


@contextlib.contextmanager
def black_hole() -> Iterator[tuple[str, int]]:
    """An address that says neither yes nor no: its queue of connections is full, and what comes more is dropped."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        time.sleep(0.1)
        yield listener.getsockname()


@pytest.fixture
def server() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


def closed() -> tuple[str, int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()  # type: ignore[no-any-return]


def connected(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> socket.socket:
    monkeypatch.setattr(sockets, "resolve", lambda *_: [info(address) for address in addresses])
    return sockets.connect(Control(), "hub.example", 443, PATIENCE, [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)])


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue is answered elsewhere")
def test_addresses_that_lead_nowhere_cost_a_moment_each(
    server: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    with black_hole() as nowhere, connected(monkeypatch, nowhere, nowhere, nowhere, server) as sock:
        assert sock.getpeername() == server and sock.gettimeout() == PATIENCE
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        assert 3 * sockets._HEAD_START <= time.monotonic() - began < PATIENCE / 2


def test_one_that_refuses_is_followed_at_once_by_the_next(
    server: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    with connected(monkeypatch, closed(), closed(), server) as sock:
        assert sock.getpeername() == server


def test_all_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConnectionRefusedError):
        connected(monkeypatch, closed(), closed())


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue is answered elsewhere")
def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    with black_hole() as nowhere:
        monkeypatch.setattr(sockets, "resolve", lambda *_: [info(nowhere), info(nowhere)])
        with pytest.raises(TimeoutError):
            sockets.connect(Control(), "hub.example", 443, 0.3)


@pytest.mark.skipif(sys.platform != "linux", reason="a full queue is answered elsewhere")
def test_cancel_is_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    control = Control()
    with black_hole() as nowhere:
        monkeypatch.setattr(sockets, "resolve", lambda *_: [info(nowhere)])
        threading.Timer(0.3, control.cancel).start()
        began = time.monotonic()
        with pytest.raises(JobCancelled):
            sockets.connect(control, "hub.example", 443, PATIENCE)
        assert time.monotonic() - began < PATIENCE / 4


def test_the_families_take_turns() -> None:
    six, four = socket.AF_INET6, socket.AF_INET
    found = [info(("a", 1), six), info(("b", 1), six), info(("c", 1), six), info(("d", 1), four)]
    assert [row[4][0] for row in sockets.in_turns(found)] == ["a", "d", "b", "c"]
    assert sockets.in_turns([]) == []
