# SPDX-License-Identifier: GPL-3.0-or-later
"""A service of its own for each test that wants one, and a hub behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("starlette", reason="the service's libraries are not installed")

from tests.hub.server import LoopbackHub

from .kit import Service, add_models, running


@pytest.fixture
def hub(hub: LoopbackHub) -> LoopbackHub:
    """With three Whisper models."""
    add_models(hub, "tiny", "base", "small")
    return hub


@pytest.fixture
def service(hub: LoopbackHub, tmp_path: Path) -> Iterator[Service]:
    """One that downloads from `hub`."""
    with running(tmp_path / "service", hub.endpoint) as service:
        yield service
