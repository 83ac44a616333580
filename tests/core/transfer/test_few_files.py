# SPDX-License-Identifier: GPL-3.0-or-later
"""As many open files as macOS gives a program, 256, and a process that uses most of what it may."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.models_kit import MODEL, add_models
from tests.hub.server import LoopbackHub

pytestmark = [pytest.mark.timeout(120), pytest.mark.skipif(os.name == "nt", reason="has no such limit")]

MODELS = ("tiny", "base", "small", "medium", "large-v1", "large-v2", "large-v3", "tiny.en")


def test_eight_models_on_six_connections_each_are_within_256_files(hub: LoopbackHub, tmp_path: Path) -> None:
    import resource

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

    add_models(hub, MODELS)
    words = ["models", "download", *MODELS, "--models-dir", str(tmp_path / "m"), "--endpoint", hub.endpoint]
    done = subprocess.run(
        [sys.executable, "-m", "subtitle_editor", *words, "--concurrency", "8", "--connections", "6"],
        cwd=Path(__file__).parents[3],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = sorted((tmp_path / "m").rglob("snapshots/*/model.bin"))
    assert len(found) == len(MODELS) and all(path.stat().st_size == len(MODEL) for path in found)
