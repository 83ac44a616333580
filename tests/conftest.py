# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures for all tests."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

# A shell without job control starts what it puts in the background with Ctrl-C ignored, and children inherit that: the
# tests that press Ctrl-C would wait for ever. A handler of our own becomes the default action in a child.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# So does nohup with the signal of a closed terminal.
if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# huggingface_hub reads these when it is imported. No test may send the developer's own token.
os.environ["HF_HUB_DISABLE_XET"] = "1"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1"

if importlib.util.find_spec("hypothesis"):  # The other Blenders' environments do without.
    from hypothesis import settings

    # No test may depend on how fast the machine is, nor on chance: what a run says, it says of the commit. Others are
    # tried where more is wanted, see CONTRIBUTING.md.
    others = bool(os.environ.get("SUBTITLE_EDITOR_LONG_TESTS"))
    settings.register_profile("ours", deadline=None, derandomize=not others, print_blob=True)
    settings.load_profile("ours")

if TYPE_CHECKING:
    from tests.hub.server import LoopbackHub


@pytest.fixture(scope="session", autouse=True)
def user_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No test may write into the developer's own list of jobs; the processes that tests start inherit this."""
    folder = tmp_path_factory.mktemp("user")
    os.environ["SUBTITLE_EDITOR_USER_DIR"] = str(folder)
    return folder


@pytest.fixture(autouse=True)
def rules(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The rules of another system, if a variable asks for them: see tests/rules.py."""
    if names := os.environ.get("SUBTITLE_EDITOR_TEST_RULES"):
        from tests.rules import apply, leaves_out

        if leaves_out(names, request.node.name):
            pytest.skip(f"cannot be under the rule {names}")
        apply(names, monkeypatch, request.node.name)


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    """An empty loopback hub, closed after the test."""
    from tests.hub.server import LoopbackHub

    with LoopbackHub() as running:
        yield running
