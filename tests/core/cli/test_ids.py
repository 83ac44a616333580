# SPDX-License-Identifier: GPL-3.0-or-later
"""OWNER/NAME is understood by each word of the command line that takes an id."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hub.server import LoopbackHub

pytestmark = pytest.mark.timeout(120)

DATA = Path(__file__).parents[2] / "data"
MODEL = DATA / "tiny_whisper" / "model"
SPEECH = sorted((DATA / "speech").glob("*.flac"))[0]
REPO = "Systran/faster-whisper-tiny"


def test_every_word_understands_a_repository(tmp_path: Path) -> None:
    with LoopbackHub() as hub:
        hub.add_model(REPO, {path.name: path for path in MODEL.iterdir()})
        common = ["--models-dir", tmp_path / "models", "--user-dir", tmp_path, "--endpoint", hub.endpoint, "--json"]

        def said(*words: str | Path) -> dict[str, Any]:
            command = [sys.executable, "-m", "subtitle_editor", *words, *common]
            done = subprocess.run(
                list(map(str, command)),
                capture_output=True,
                encoding="utf-8",
                timeout=100,
                cwd=Path(__file__).parents[3],
            )
            assert done.returncode == 0, (words, done.stdout, done.stderr)
            last: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
            return last

        assert said("models", "import", MODEL, "--as", REPO)["model"] == "tiny"
        assert said("models", "delete", REPO)["freed"] > 0
        assert said("models", "download", REPO)["model"] == "tiny"
        assert said("models", "show", REPO)["id"] == "tiny"
        assert said("models", "verify", REPO)["model"] == "tiny"
        assert said("models", "repair", REPO)["model"] == "tiny"
        assert said("models", "update", REPO)["model"] == "tiny"
        assert said("models", "update", REPO, "--check")["update"] is False
        out = tmp_path / "out.srt"
        assert said("transcribe", SPEECH, "-m", REPO, "-o", out, "--language", "en")["model"] == "tiny"
        assert said("models", "delete", REPO, "--partials")["event"] == "finished"
        assert said("models", "add", REPO, "--check")["repository"] == REPO
        hub.add_model("ada/mine", {"a.bin": b"a"})
        assert said("models", "add", "ada/mine")["model"] == "mine"
        assert said("models", "unlist", "ada/mine")["model"] == "mine"
