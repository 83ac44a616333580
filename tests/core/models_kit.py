# SPDX-License-Identifier: GPL-3.0-or-later
"""Speech models that look real to the download manager: what the tests of the queue have on their hub."""

from __future__ import annotations

from collections.abc import Sequence

from tests.hub.server import LoopbackHub

MODEL = bytes(range(256)) * 12_000  # 3 MB
FILES = {"config.json": b"{}", "tokenizer.json": b"[1]", "vocabulary.txt": b"a\n"}
SIZE = len(MODEL) + sum(map(len, FILES.values()))


def add_models(hub: LoopbackHub, models: Sequence[str]) -> None:
    """Put Whisper models of these ids on the hub, SIZE bytes each, no two with the same content."""
    for number, model in enumerate(models):
        hub.add_model(f"Systran/faster-whisper-{model}", {**FILES, "model.bin": bytes([number]) + MODEL[1:]})
