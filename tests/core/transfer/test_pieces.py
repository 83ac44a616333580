# SPDX-License-Identifier: GPL-3.0-or-later
"""The small parts of a transfer: speed, limit, retries, locks, control."""

from __future__ import annotations

import contextlib
import email.utils
import errno
import http.client
import socket
import ssl
import sys
import threading
import time
import types
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core import addresses
from subtitle_editor.core.errors.base import JobCancelled
from subtitle_editor.core.errors.network import HubUnreachableError
from subtitle_editor.core.system import locks
from subtitle_editor.core.system.control import Control
from subtitle_editor.core.system.speed import SpeedMeter
from subtitle_editor.core.transfer import sockets
from subtitle_editor.core.transfer.failures import TransientError, translated
from subtitle_editor.core.transfer.retries import Retries, RetryPolicy, asked_wait
from subtitle_editor.core.transfer.throttle import Throttle

pytestmark = pytest.mark.timeout(30)


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# Speed


def test_speed_is_the_average_of_the_window_and_goes_to_zero() -> None:
    clock = Clock()
    meter = SpeedMeter(window=5.0, clock=clock)
    assert meter.speed == 0.0
    for second in range(11):
        meter.add(second * 1000)
        clock.now += 1
    clock.now -= 1
    assert meter.speed == pytest.approx(1000)
    assert meter.eta(5000) == pytest.approx(5)
    speeds = []
    for _ in range(60):
        clock.now += 0.1
        speeds.append(meter.speed)
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[-1] == 0.0
    assert meter.eta(5000) is None


@given(steps=st.lists(st.tuples(st.floats(0.001, 10), st.integers(-50, 10_000)), max_size=50))
def test_speed_is_never_negative_nor_more_than_what_came(steps: list[tuple[float, int]]) -> None:
    clock, total, most = Clock(), 0, 0
    meter = SpeedMeter(clock=clock)
    for pause, gained in steps:
        clock.now += pause
        total = max(0, total + gained)
        most = max(most, total)
        meter.add(total)
        assert 0 <= meter.speed <= most / 0.1
    clock.now += 60
    assert meter.speed == 0.0


# The limit


class Limited:
    """Threads that take all that they get of a limit, from construction to `taken()`."""

    def __init__(self, rate: float, threads: int) -> None:
        self.rate, self.throttle, self.control = rate, Throttle(rate), Control()
        self.counts = [0] * threads
        self.workers = [threading.Thread(target=self.work, args=(i,), daemon=True) for i in range(threads)]
        self.began = time.monotonic()
        for worker in self.workers:
            worker.start()

    def work(self, number: int) -> None:
        with contextlib.suppress(JobCancelled):
            while True:
                self.counts[number] += self.throttle.take(1 << 20, self.control)

    def taken(self) -> tuple[int, float]:
        """The bytes, and the bytes that they should be."""
        self.control.cancel()
        for worker in self.workers:
            worker.join(5)
        return sum(self.counts), self.rate * (time.monotonic() - self.began)


def test_ten_seconds_of_a_limit_are_exact() -> None:
    """In 2 s of real time the share of the 10 s that the tolerance of 5 % leaves: half a second's worth.

    All at once: each has a limit of its own, and nearly all of the time they wait.
    """
    cases = [Limited(rate, threads) for rate in (20_000.0, 1e6, 50e6) for threads in (1, 6)]
    time.sleep(2)
    for case in cases:
        taken, expected = case.taken()
        assert abs(taken - expected) < 0.5 * case.rate, (case.rate, len(case.counts))


def test_a_throttle_without_limit_does_not_wait() -> None:
    throttle = Throttle()
    assert throttle.take(123, Control()) == 123
    throttle.give_back(5)
    with pytest.raises(ValueError):
        throttle.rate = 0


def test_what_was_not_used_is_given_back() -> None:
    clock = Clock()
    throttle = Throttle(1e6, clock=clock)
    clock.now += 0.1
    assert throttle.take(50_000, Control()) == 50_000
    throttle.give_back(50_000)
    assert throttle.take(50_000, Control()) == 50_000
    assert throttle.take(50_000, Control()) == 50_000


# Retries


def test_failures_of_one_epoch_count_once_and_progress_resets() -> None:
    clock = Clock()
    retries = Retries(RetryPolicy(tries=3, first_wait=1.0), clock, jitter=lambda: 1.0)
    epoch = retries.epoch
    assert retries.failed(epoch) and retries.failed(epoch) and retries.failed(epoch)
    assert (retries.attempt, retries.wait_left) == (2, 1.0)
    clock.now += 1
    assert retries.failed(retries.epoch)
    assert retries.wait_left == 2.0
    assert not retries.failed(retries.epoch)
    retries.progress()
    assert retries.attempt == 1
    assert retries.failed(retries.epoch)


@given(failures=st.integers(1, 40), jitter=st.floats(0, 1))
def test_waits_grow_within_their_bounds(failures: int, jitter: float) -> None:
    policy = RetryPolicy()
    retries = Retries(policy, Clock(), lambda: jitter)
    for _ in range(failures):
        retries.failed(retries.epoch)
    ideal = min(policy.longest_wait, policy.first_wait * 2 ** (failures - 1))
    assert ideal / 2 - 1e-6 <= retries.wait_left <= ideal + 1e-6


def test_what_the_server_asks_is_never_shortened() -> None:
    retries = Retries(RetryPolicy(), Clock(), lambda: 0.0)
    assert retries.failed(0, 30.0)
    assert retries.failed(0, 5.0)
    assert retries.wait_left == 30.0
    assert not retries.failed(1, 601.0)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 1.5 "}, 1.5),
        ({"Retry-After": "-7"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": email.utils.formatdate(1060, usegmt=True)}, 60.0),
        ({"Retry-After": email.utils.formatdate(940, usegmt=True)}, 0.0),
        # By the server's clock, whatever ours says.
        ({"Retry-After": email.utils.formatdate(9060, usegmt=True), "Date": email.utils.formatdate(9000)}, 60.0),
        ({"Retry-After": email.utils.formatdate(90, usegmt=True), "Date": email.utils.formatdate(30)}, 60.0),
        ({"Retry-After": email.utils.formatdate(90, usegmt=True), "Date": "nonsense"}, 0.0),
        ({"Retry-After": "Thu, 01 Jan 1970 00:17:40"}, 60.0),
        # Absurd ones are as good as none.
        ({"Retry-After": "86401"}, None),
        ({"Retry-After": "99999999999999999999"}, None),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, None),
        ({"RateLimit": '"api";r=0;t=999999999'}, None),
        ({"RateLimit": '"api";r=0;t=55'}, 55.0),
        ({"RateLimit": '"api";r=12;t=55'}, None),
        ({"RateLimit": "nonsense"}, None),
        ({"Retry-After": "3", "RateLimit": '"api";r=0;t=55'}, 3.0),
    ],
)
def test_what_servers_say_about_waiting(headers: dict[str, str], wait: float | None) -> None:
    assert asked_wait(headers, now=lambda: 1000.0) == wait


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_header_is_survived(retry_after: str, rate_limit: str) -> None:
    wait = asked_wait({"Retry-After": retry_after, "RateLimit": rate_limit})
    assert wait is None or wait >= 0


# Control


def test_a_child_ends_with_its_parent_but_not_the_other_way_round() -> None:
    parent = Control()
    first, second = parent.child(), parent.child()
    first.cancel()
    assert (first.cancelled, second.cancelled, parent.cancelled) == (True, False, False)
    parent.cancel()
    assert second.cancelled
    assert parent.child().cancelled


def test_work_apart_brings_its_answer_or_its_error() -> None:
    control = Control()
    assert control.apart(lambda: threading.current_thread().name, "apart") == "apart"
    with pytest.raises(ZeroDivisionError):
        control.apart(lambda: 1 // 0, "apart")


def test_work_apart_is_left_behind_when_cancelled() -> None:
    control, begun, may_end, ended = Control(), threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait(20)
        ended.set()

    def cancel() -> None:
        begun.wait(20)
        control.cancel()

    threading.Thread(target=cancel, daemon=True).start()
    with pytest.raises(JobCancelled):
        control.apart(work, "apart")
    assert not ended.is_set()
    may_end.set()
    assert ended.wait(20), "it goes on, for nobody"
    with pytest.raises(JobCancelled):
        control.apart(lambda: pytest.fail("not begun"), "apart")


def test_work_apart_that_takes_too_long() -> None:
    may_end = threading.Event()
    with pytest.raises(TimeoutError):
        Control().apart(lambda: may_end.wait(20), "apart", timeout=0.05)
    may_end.set()


def test_a_name_that_nobody_answers_for(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: may_end.wait(20))
    with pytest.raises(TimeoutError, match=r"hub\.example within 0\.05 s"):
        sockets.resolve(Control(), "hub.example", 443, 0.05)
    may_end.set()


def test_a_name_that_is_none() -> None:
    with pytest.raises(socket.gaierror):
        sockets.resolve(Control(), "a..b", 443, 10)


def test_adopted_sockets_are_shut_down_and_then_let_go() -> None:
    control = Control()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        release = control.adopt(ours)
        threading.Timer(0.1, control.cancel).start()
        assert ours.recv(1) == b""
        release()
        with pytest.raises(JobCancelled):
            control.adopt(theirs)


# Locks


def fake_msvcrt(held: set[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The part of Windows that locks.py uses, with its rules: a lock belongs to a file, not to who opened it."""
    import os

    def locking(descriptor: int, mode: int, count: int) -> None:
        assert (mode, count) == (1, 1)
        file = os.fstat(descriptor).st_ino
        if file in held:
            raise OSError(errno.EACCES, "Permission denied")
        held.add(file)

    module = types.SimpleNamespace(LK_NBLCK=1, locking=locking)
    monkeypatch.setitem(sys.modules, "msvcrt", module)  # type: ignore[arg-type]


def test_the_lock_of_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held: set[int] = set()
    fake_msvcrt(held, monkeypatch)
    path = tmp_path / "lock"
    first = locks._take(path, windows=True)
    assert first is not None
    assert locks._take(path, windows=True) is None
    held.clear()
    locks._release(path, first, windows=True)
    assert not path.exists()
    second = locks._take(path, windows=True)
    assert second is not None
    locks._release(path, second, windows=True)


def test_a_lock_is_held_once(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    inside, most = 0, 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with locks.try_lock(path) as held:
                if held:
                    with guard:
                        inside += 1
                        most = max(most, inside)
                    with guard:
                        inside -= 1

    workers = [threading.Thread(target=work, daemon=True) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(10)
    assert most == 1
    assert not path.exists()


# Addresses


@pytest.mark.parametrize(
    ("address", "safe"),
    [
        ("https://cdn.example/x", True),
        ("http://cdn.example/x", False),
        ("http://127.0.0.1:80/x", True),
        ("http://127.9.9.9/x", True),
        ("http://[::1]/x", True),
        ("http://localhost/x", True),
        ("http://localhost.example/x", False),
        ("http://127.0.0.1@cdn.example/x", False),
        ("http://192.168.0.1/x", False),
        ("file:///x", False),
        ("//x", False),
    ],
)
def test_where_a_redirect_may_lead(address: str, safe: bool) -> None:
    assert addresses.is_safe(address) is safe


def test_importing_a_transfer_does_not_import_urllib3() -> None:
    import subprocess

    modules = "subtitle_editor.core.transfer.fetch, subtitle_editor.core.transfer.work"
    code = f"import sys, {modules}; assert 'urllib3' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=20)


@pytest.mark.parametrize(
    ("raised", "word"),
    [
        (OSError(errno.ECONNREFUSED, ""), "refused"),
        (OSError(errno.ECONNRESET, "Unknown error"), "cut"),
        (OSError(errno.EHOSTUNREACH, "x"), "no way"),
        (OSError(errno.EMFILE, "Too many open files"), "too many files"),
        (OSError(errno.EPERM, "Operation not permitted"), "firewall"),
        (ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1)"), "encryption"),
        (OSError(errno.ENOBUFS, "No buffer space available"), "no buffer space"),
        (OSError(), "lost"),
        (http.client.BadStatusLine("x"), "http"),
        (TimeoutError(), "silent"),
    ],
)
def test_a_sockets_error_is_never_the_disks(raised: Exception, word: str) -> None:
    with pytest.raises(TransientError) as caught, translated("hub.example", Control()):
        raise raised
    assert word in caught.value.reason
    assert isinstance(caught.value.for_good("model.bin"), HubUnreachableError)
