# SPDX-License-Identifier: GPL-3.0-or-later
"""The main job, end to end: download a model, transcribe a clip, make subtitles. Run by `dev.py demo`, inside `.venv`.

Without `--endpoint` the model is the tiny one of the tests, served by a hub on this machine under the name of the real
one, and the clip is one whose words and times are known, so that the demo can check itself.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMO = ROOT / "demo"
SRT = DEMO / "subtitles.srt"
CLIP = ROOT / "tests" / "data" / "speech" / "hello.flac"
LOCAL_MODEL = ROOT / "tests" / "data" / "tiny_whisper" / "model"
REPOSITORY = "Systran/faster-whisper-tiny"
RATE = 450_000
"""Bytes per second of the local hub: the 1.8 MB of the tiny model take about four seconds, and the bar can be seen."""
TOLERANCE = 0.3
"""Seconds that a subtitle of the known clip may be early or late."""


def main() -> int:
    """Run the demo; 0 if it made subtitles, and the right ones where we know which are right."""
    options = _options()
    media = Path(options.media).resolve() if options.media else CLIP
    DEMO.mkdir(exist_ok=True)
    SRT.unlink(missing_ok=True)
    # Blender's own settings of the user, and their cache of models, stay out of this.
    os.environ["BLENDER_USER_RESOURCES"] = str(DEMO / "blender")
    print(f"Clip: {media}")
    with _hub(options) as endpoint:
        models = DEMO / ("models" if options.endpoint else "local-models")
        if options.without_blender:
            status = _command_line(endpoint, options.model, media, models, options.language)
        else:
            from demo_blender import Job, run_in_blender

            real = bool(options.endpoint)
            status = run_in_blender(Job(endpoint, options.model, media, models, options.language, real, SRT))
    if status == 0 and not options.media and not options.endpoint:
        status = _check(SRT, CLIP.with_suffix(".json"))
    return status


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--endpoint")
    parser.add_argument("--model", default="tiny")
    parser.add_argument("--media")
    parser.add_argument("--rate", type=float, default=RATE)
    parser.add_argument("--without-blender", action="store_true")
    options = parser.parse_args()
    if options.media and not Path(options.media).is_file():
        parser.error(f"there is no file {options.media}")
    if options.model != "tiny" and not options.endpoint:
        parser.error("the hub on this machine has the model tiny only; add --endpoint https://huggingface.co")
    # The known clip is English, and the tests' own model has not learnt to tell languages apart.
    options.language = None if options.endpoint else "en"
    return options


@contextlib.contextmanager
def _hub(options: argparse.Namespace) -> Iterator[str]:
    """The endpoint to use: the one asked for, or a hub on this machine that lives as long as the `with` block."""
    if options.endpoint:
        yield options.endpoint
        return
    # So that there is something to download every time. This folder is the demo's own.
    shutil.rmtree(DEMO / "local-models", ignore_errors=True)
    sys.path.insert(0, str(ROOT))
    from tests.hub.server import LoopbackHub

    with LoopbackHub(rate=options.rate) as hub:
        hub.add_model(REPOSITORY, {file.name: file for file in sorted(LOCAL_MODEL.iterdir())})
        print(f"Hub on this machine: {hub.endpoint}, {options.rate / 1000:.0f} kB/s a connection")
        yield hub.endpoint


def _command_line(endpoint: str, model: str, media: Path, models: Path, language: str | None) -> int:
    """The same job where there is no Blender: two commands that a user could type."""
    common = ["--models-dir", str(models), "--endpoint", endpoint]
    download = ["models", "download", model, *common]
    transcribe = ["transcribe", str(media), "--model", model, "--output", str(SRT), *common]
    if language:
        transcribe += ["--language", language]
    for words in (download, transcribe):
        print(f"$ subtitle-editor {' '.join(words)}", flush=True)
        status = subprocess.call([sys.executable, "-m", "subtitle_editor", *words])
        if status:
            return status
    print(SRT.read_text(encoding="utf-8"))
    print(f"Subtitles: {SRT}")
    return 0


def _check(srt: Path, expected: Path) -> int:
    """Compare the subtitles with what was spoken: all words in order, and every start and end near a spoken one."""
    from subtitle_editor.core.subtitles import reading

    cues = reading.load(srt).cues
    spoken = json.loads(expected.read_text(encoding="utf-8"))["utterances"]
    heard_words = [word for cue in cues for word in _words(cue.text)]
    spoken_words = [word for utterance in spoken for word in _words(utterance["text"])]
    if heard_words != spoken_words:
        print(f"The words differ.\n  spoken: {' '.join(spoken_words)}\n  heard:  {' '.join(heard_words)}")
        return 1
    pairs = zip(cues, spoken, strict=False)
    off = [max(abs(cue.start - said["start"]), abs(cue.end - said["end"])) for cue, said in pairs]
    worst = max(off) if len(cues) == len(spoken) else float("inf")
    if worst > TOLERANCE:
        print(f"The times differ: {len(cues)} subtitles for {len(spoken)} utterances, at worst {worst:.2f} s off.")
        return 1
    print(f"Checked: the {len(spoken_words)} words that were spoken, at worst {worst:.2f} s early or late.")
    return 0


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z']+", text.lower())


if __name__ == "__main__":
    sys.exit(main())
