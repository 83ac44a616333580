# SPDX-License-Identifier: GPL-3.0-or-later
"""The service with a hub on this machine behind it, to look at and to click. Run by `dev.py serve`, inside `.venv`.

The hub has models under the names of real ones, each of some MB and slow enough that there is a bar to see.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "demo" / "service"
MODELS = ("tiny", "tiny.en", "base", "base.en", "small", "medium")
RATE = 400_000
"""Bytes per second and connection."""


def main() -> int:
    """Serve until Ctrl-C or SIGTERM."""
    sys.path.insert(0, str(ROOT))
    from tests.hub.server import LoopbackHub

    with LoopbackHub(rate=RATE) as hub:
        for number, model in enumerate(MODELS):
            content = bytes([number]) + bytes(range(256)) * (30_000 + 20_000 * number)
            files = {"config.json": b"{}", "tokenizer.json": b"{}", "vocabulary.txt": b"a\n", "model.bin": content}
            hub.add_model(f"Systran/faster-whisper-{model}", files)
        hub.add_model("Systran/faster-whisper-large-v2", {"config.json": b"{}", "model.bin": b"x"}, gated=True)
        print(f"Hub on this machine: {hub.endpoint}. It has {', '.join(MODELS)}; large-v2 is gated.", flush=True)
        place = ["--models-dir", str(DEMO / "models"), "--user-dir", str(DEMO / "user"), "--endpoint", hub.endpoint]
        words = [sys.executable, "-m", "subtitle_editor", "serve", *place, *sys.argv[1:]]
        process = subprocess.Popen(words, env={**os.environ, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "1"})
        try:
            return process.wait()
        except KeyboardInterrupt:
            # It has heard of it too.
            return process.wait()
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
