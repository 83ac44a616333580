# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle files: what loading and saving costs beside pysubs2, ttconv and webvtt-py, in one run.

`python3 dev.py bench files` loads and saves 20,000 subtitles of two lines in each format that one of the others has,
in turns, and prints seconds of processor time (the median of the rounds) and how often the fastest of them ours takes.
webvtt-py is measured where it is installed. Not measured are SCC and EBU STL, which ttconv reads here too.
"""

from __future__ import annotations

import argparse
import gc
import importlib.util
import io
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import pysubs2

from subtitle_editor.core.cues import Cue
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Document
from subtitle_editor.core.subtitles.formats import registry
from subtitle_editor.core.subtitles.formats.base import WriteOptions

Work = Callable[[], Any]

PYSUBS2 = {"srt": "srt", "vtt": "vtt", "ass": "ass", "ssa": "ssa", "ttml": "ttml", "microdvd": "microdvd",
           "mpl2": "mpl2", "tmplayer": "tmp"}  # fmt: skip
"""What pysubs2 calls the formats."""
FORMATS = ("srt", "vtt", "ass", "ssa", "ttml", "sbv", "microdvd", "mpl2", "tmplayer")
OPTIONS = WriteOptions(fps=Fraction(25))


def film(count: int) -> Document:
    """Subtitles of a second and a half, every 1.75 seconds: 20,000 of them end before SubStation's ten hours do."""
    return Document(tuple(Cue(1.75 * n, 1.75 * n + 1.5, f"Line of subtitle {n}\nand its second") for n in range(count)))


def raced(works: Mapping[str, Work], rounds: int) -> dict[str, float]:
    """Processor seconds of each, one after the other in each round: the median."""
    taken: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            gc.collect()
            began = time.process_time()
            work()
            taken[name].append(time.process_time() - began)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def others(format: str, text: str, folder: Path) -> dict[str, tuple[Work, Work | None]]:
    """Who else reads the format: loading, and saving what was loaded."""
    found: dict[str, tuple[Work, Work | None]] = {}
    if name := PYSUBS2.get(format):
        rate = {"fps": 25.0} if format == "microdvd" else {}
        subs = pysubs2.SSAFile.from_string(text, format_=name)
        found["pysubs2"] = (
            lambda: pysubs2.SSAFile.from_string(text, format_=name),
            lambda: subs.to_string(name, **rate),
        )
    if format in ("srt", "vtt", "sbv") and importlib.util.find_spec("webvtt"):
        import webvtt

        captions = webvtt.from_buffer(io.StringIO(text), format=format)
        save = {
            "srt": lambda: captions.write(io.StringIO(), format="srt"),
            "vtt": lambda: captions.write(io.StringIO()),
        }
        found["webvtt-py"] = (lambda: webvtt.from_buffer(io.StringIO(text), format=format), save.get(format))
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


def row(format: str, what: str, seconds: dict[str, float]) -> str:
    """One line of the table."""
    ours = seconds.pop("ours")
    listed = "  ".join(f"{name} {taken:.3f} s" for name, taken in sorted(seconds.items(), key=lambda item: item[1]))
    ratio = ours / min(seconds.values())
    return f"{format:8} {what:5} ours {ours:6.3f} s  {ratio:5.2f} of the fastest   {listed}"


def written(document: Document, format: str) -> bytes:
    """The document in a format, by pysubs2 where ours only reads it."""
    if registry.BY_ID[format].write is not None:
        return writing.rendered(Path("film"), document, format, options=OPTIONS)[0]
    base = pysubs2.SSAFile.from_string(written(document, "srt").decode("utf-8"), format_="srt")
    return base.to_string(PYSUBS2[format]).encode("utf-8")


def compare(format: str, document: Document, rounds: int, folder: Path) -> None:
    """Print the rows of one format."""
    data = written(document, format)
    loaded = reading.parse(data, "film", format=format)
    assert len(loaded.cues) == len(document.cues), f"{format} lost subtitles on the way"
    peers = others(format, data.decode("utf-8"), folder)
    loading: dict[str, Work] = {"ours": lambda: reading.parse(data, "film", format=format)}
    print(row(format, "load", raced(loading | {name: work for name, (work, _) in peers.items()}, rounds)), flush=True)
    savers = {name: work for name, (_, work) in peers.items() if work is not None}
    if savers and registry.BY_ID[format].write is not None:
        saving: dict[str, Work] = {"ours": lambda: writing.rendered(Path("film"), loaded, format, options=OPTIONS)}
        print(row(format, "save", raced(saving | savers, rounds)), flush=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help=f"of {', '.join(FORMATS)} (default: all)")
    parser.add_argument("--count", type=int, default=20_000, help="subtitles (default 20000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, whose median counts (default 3)")
    options = parser.parse_args()
    document = film(options.count)
    with tempfile.TemporaryDirectory() as folder:
        for format in options.formats or FORMATS:
            compare(format, document, options.rounds, Path(folder))


if __name__ == "__main__":
    main()
