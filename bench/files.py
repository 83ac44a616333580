# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files: what loading and saving costs beside pysubs2, ttconv and webvtt-py, in one run.

`python3 dev.py bench files` loads and saves 20,000 subtitles of two lines in each format that one of the others has,
and prints seconds of processor time and how often the fastest of them ours takes. webvtt-py is measured where it is
installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import pysubs2

from subtitle_editor.core.cues import Cue
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Document

Work = Callable[[], Any]


def film(count: int) -> Document:
    """Subtitles of a second and a half, every 1.75 seconds: 20,000 of them end before SubStation's ten hours do."""
    return Document(tuple(Cue(1.75 * n, 1.75 * n + 1.5, f"Line of subtitle {n}\nand its second") for n in range(count)))


def taken(work: Work, rounds: int) -> float:
    """Processor seconds of the fastest of some rounds."""
    best = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        work()
        best = min(best, time.process_time() - began)
    return best


def others(format: str, text: str, folder: Path) -> dict[str, tuple[Work, Work | None]]:
    """Who else reads the format: loading, and saving what was loaded."""
    found: dict[str, tuple[Work, Work | None]] = {}
    if format in ("srt", "vtt", "ass", "ttml"):
        subs = pysubs2.SSAFile.from_string(text, format_=format)
        found["pysubs2"] = (
            lambda: pysubs2.SSAFile.from_string(text, format_=format),
            lambda: subs.to_string(format),
        )
    if format == "vtt" and importlib.util.find_spec("webvtt"):
        import webvtt

        captions = webvtt.from_string(text)
        found["webvtt-py"] = (lambda: webvtt.from_string(text), lambda: captions.write(io.StringIO()))
    if format == "ttml":
        import xml.etree.ElementTree as et

        from ttconv.imsc import reader

        path = folder / "film.ttml"
        path.write_text(text, encoding="utf-8")
        found["ttconv"] = (lambda: reader.to_model(et.parse(path)), None)
    if format == "srt":
        from ttconv.srt import reader as srt_reader

        found["ttconv"] = (lambda: srt_reader.to_model(io.StringIO(text)), None)
    return found


def row(format: str, what: str, ours: float, theirs: dict[str, float]) -> str:
    """One line of the table."""
    listed = "  ".join(f"{name} {seconds:.2f} s" for name, seconds in sorted(theirs.items(), key=lambda item: item[1]))
    ratio = ours / min(theirs.values()) if theirs else float("nan")
    return f"{format:6} {what:5} ours {ours:6.2f} s  {ratio:5.2f} of the fastest   {listed}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="subtitles (default 20000)")
    parser.add_argument("--rounds", type=int, default=2, help="rounds, of which the fastest counts (default 2)")
    options = parser.parse_args()
    document = film(options.count)
    with tempfile.TemporaryDirectory() as folder:
        for format in ("srt", "vtt", "ass", "ttml"):
            data, _ = writing.rendered(Path("film"), document, format)
            peers = others(format, data.decode("utf-8"), Path(folder))
            load = taken(lambda data=data, format=format: reading.parse(data, "film", format=format), options.rounds)
            print(row(format, "load", load, {name: taken(work, options.rounds) for name, (work, _) in peers.items()}))
            loaded = reading.parse(data, "film", format=format)
            save = taken(lambda one=loaded, format=format: writing.rendered(Path("film"), one, format), options.rounds)
            savers = {name: work for name, (_, work) in peers.items() if work is not None}
            print(row(format, "save", save, {name: taken(work, options.rounds) for name, work in savers.items()}))
            sys.stdout.flush()


if __name__ == "__main__":
    main()
