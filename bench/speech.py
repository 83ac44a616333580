# SPDX-License-Identifier: GPL-3.0-or-later
"""What transcribing costs over faster-whisper alone: `python3 dev.py bench speech`.

Makes recordings out of the clips of the tests, whose words are known, and hears them with the tests' own model: by a
script that does nothing but call faster-whisper, and by ours (child, windows, journal, cues), process against process,
in turns. Prints the median of the ratios of each pair; a run with a child that has its model already against one
that has not, against decoding and listening alone (our own modules called in one process that has the model: no pipes,
no journal, no cues), and against faster-whisper with its model loaded; the memory of the child for several lengths; and
the word errors of both. Where whisper-ctranslate2 is installed, it hears the same with the same model, with its
defaults but for voice activity and times of words, as ours has them. (openai-whisper's command line needs weights of
its own, of which there are none small enough for tests.)
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy
import soundfile
from _measure import median

from subtitle_editor.core.events import CueFound, Finished
from subtitle_editor.core.speech import process
from subtitle_editor.core.speech.job import Transcription
from subtitle_editor.core.speech.request import TranscriptionRequest
from subtitle_editor.core.speech.segments import Place

DATA = Path(__file__).parents[1] / "tests" / "data"
MODEL = DATA / "tiny_whisper" / "model"
RATE = 16000

BARE = """
import resource, sys
from faster_whisper import WhisperModel
model = WhisperModel(sys.argv[1], device="cpu", cpu_threads=1)
segments, _ = model.transcribe(sys.argv[2], language="en", word_timestamps=True, vad_filter=True,
                               condition_on_previous_text=False)
print(" ".join(segment.text.strip() for segment in segments))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def make(path: Path, minutes: float) -> list[str]:
    """A recording of so many minutes; its words."""
    rng = random.Random(5)
    clips = sorted((DATA / "speech").glob("*.flac"))
    words: list[str] = []
    with soundfile.SoundFile(path, "w", RATE, 1, subtype="PCM_16") as file:
        while file.frames < minutes * 60 * RATE:
            clip = rng.choice(clips)
            file.write(soundfile.read(clip, dtype="int16")[0])
            file.write(numpy.zeros(round(rng.choice([0.1, 0.3, 0.8, 2.5, 6.0]) * RATE), numpy.int16))
            said = json.loads(clip.with_suffix(".json").read_text(encoding="utf-8"))["utterances"]
            words += " ".join(row["text"] for row in said).split()
    return words


def bare(media: Path) -> tuple[float, list[str], int]:
    """Seconds, words and mebibytes of faster-whisper alone."""
    began = time.perf_counter()
    command = [sys.executable, "-c", BARE, str(MODEL), str(media)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - began
    text, _, memory = done.stdout.strip().rpartition("\n")
    return seconds, text.split(), int(memory)


def request_of(media: Path) -> TranscriptionRequest:
    """What is asked of ours."""
    return TranscriptionRequest(media=media, model_path=MODEL, model_id="tiny", language="en", device="cpu", threads=1)


def ours(media: Path, folder: Path, keep: float = 0.0) -> tuple[float, float, list[str], int]:
    """Seconds to the end and to the first subtitle, words, and mebibytes of the child."""
    job = Transcription(request_of(media), journals=folder, keep=keep)
    began = time.perf_counter()
    job.start()
    first, memory = 0.0, 0
    while not job.wait(0.02):
        memory = max(memory, peak(job.pid))
        if not first and any(isinstance(event, CueFound) for event in job.drain()):
            first = time.perf_counter() - began
    seconds = time.perf_counter() - began
    end: Any = job.drain()[-1]
    if not isinstance(end, Finished):
        raise SystemExit(f"it did not finish: {end}")
    job.settle()
    return seconds, first or seconds, " ".join(cue.text for cue in end.cues).split(), memory


LISTENING = """
import json, os, sys, time
from subtitle_editor.core.speech import serving
os.nice(10)

class Nobody:
    def send(self, type, **fields): pass
    def notice(self, message, **fields): pass

shelf = serving.Shelf()
for line in sys.stdin:
    began = time.perf_counter()
    serving.transcribe(json.loads(line), Nobody(), shelf)
    print(time.perf_counter() - began, flush=True)
"""

LOADED = """
import json, os, sys, time
from faster_whisper import WhisperModel
os.nice(10)
model = WhisperModel(sys.argv[1], device="cpu", cpu_threads=1)
for line in sys.stdin:
    began = time.perf_counter()
    segments, _ = model.transcribe(json.loads(line)["media"], language="en", word_timestamps=True, vad_filter=True,
                                   condition_on_previous_text=False)
    list(segments)
    print(time.perf_counter() - began, flush=True)
"""


class Loaded:
    """A process that has its model and hears a file whenever it is asked."""

    def __init__(self, script: str) -> None:
        command = [sys.executable, "-c", script, str(MODEL)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def hear(self, request: TranscriptionRequest) -> float:
        """The seconds that it took."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps(process._as_json(request, Place(), 0.0)) + "\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())

    def end(self) -> None:
        """Nothing more is asked."""
        self._process.communicate(timeout=30)


def against_loaded(media: Path, folder: Path, rounds: int) -> None:
    """A second run, with the model in memory, against what cannot be left out of it; in turns."""
    scripts = {"decoding and listening alone": LISTENING, "faster-whisper with its model loaded": LOADED}
    others = {name: Loaded(script) for name, script in scripts.items()}
    request = request_of(media)
    for other in others.values():
        other.hear(request)  # It loads its model.
    cold, *_ = ours(media, folder, keep=60.0)
    pairs: dict[str, list[float]] = {name: [] for name in others}
    again = []
    for _ in range(rounds):
        again.append(ours(media, folder, keep=60.0)[0])
        for name, other in others.items():
            pairs[name].append(again[-1] / other.hear(request))
    process.warm.close()
    for other in others.values():
        other.end()
    print(f"with a child that starts {cold:.2f} s, with one that waits {median(again):.2f} s")
    for name, ratios in pairs.items():
        print(f"second run / {name}, median of {len(ratios)} pairs: {median(ratios):.3f}")


PEER = """
import resource, sys
from whisper_ctranslate2.whisper_ctranslate2 import main
main()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def peer(media: Path, folder: Path) -> tuple[float, list[str], int]:
    """Seconds, words and mebibytes of whisper-ctranslate2."""
    options = "--device cpu --threads 1 --compute_type default --language en --word_timestamps True --vad_filter True"
    where = ["--model_directory", str(MODEL), "--output_dir", str(folder)]
    more = ["--output_format", "txt", "--verbose", "False"]
    command = [sys.executable, "-c", PEER, str(media), *options.split(), *where, *more]
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - began
    return seconds, (folder / f"{media.stem}.txt").read_text(encoding="utf-8").split(), int(done.stdout.split()[-1])


def against_peer(media: Path, said: list[str], folder: Path, rounds: int) -> None:
    """Ours and whisper-ctranslate2 in turns."""
    if importlib.util.find_spec("whisper_ctranslate2") is None:
        print("whisper-ctranslate2 is not installed")
        return
    pairs, words, memory = [], [""], 0
    for _ in range(rounds):
        theirs, words, memory = peer(media, folder)
        pairs.append(ours(media, folder / "heard")[0] / theirs)
    print(
        f"10 minutes: ours / whisper-ctranslate2, median of {len(pairs)} pairs: {median(pairs):.3f}; "
        f"it takes {memory} MiB and has {errors(words, said):.1%} word errors"
    )


def peak(pid: int | None) -> int:
    """The most memory that a process has had, in mebibytes; 0 where nothing says so."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in text.splitlines() if line.startswith("VmHWM")), 0)


def errors(heard: list[str], said: list[str]) -> float:
    """Word error rate: what must be put in, taken out or changed, a word said."""
    row = list(range(len(said) + 1))
    for number, word in enumerate(heard, 1):
        before, row[0] = row[0], number
        for place, wanted in enumerate(said, 1):
            before, row[place] = row[place], min(before + (word != wanted), row[place] + 1, row[place - 1] + 1)
    return row[-1] / len(said)


def main() -> None:
    """Called by dev.py."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--lengths", default="10,60", help="minutes, with commas (default 10,60)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        media = folder / "ten.flac"
        said = make(media, 10)
        pairs = []
        for _ in range(options.rounds):
            theirs, their_words, their_memory = bare(media)
            mine, first, my_words, _ = ours(media, folder / "heard")
            pairs.append(mine / theirs)
            print(f"faster-whisper alone {theirs:6.2f} s ({their_memory} MiB)", end="   ")
            print(f"ours {mine:6.2f} s, first cue {first:.2f} s")
        print(f"10 minutes: ours / faster-whisper alone, median of {len(pairs)} pairs: {median(pairs):.3f}")
        print(f"word errors: faster-whisper alone {errors(their_words, said):.1%}, ours {errors(my_words, said):.1%}")
        against_peer(media, said, folder, options.rounds)
        against_loaded(media, folder / "heard", options.rounds)
        for minutes in (float(text) for text in options.lengths.split(",")):
            path = folder / f"{minutes}.flac"
            make(path, minutes)
            seconds, _, _, memory = ours(path, folder / "heard")
            print(f"{minutes:g} minutes: {seconds:.1f} s, the child takes {memory} MiB at most")


if __name__ == "__main__":
    main()
