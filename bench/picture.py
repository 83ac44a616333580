# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitles drawn as pictures: milliseconds of processor time a subtitle, and how long it takes when nothing changed.

    python3 dev.py bench picture [--cues 2000] [--size 1920x1080] [--style NAME]
    python3 dev.py bench picture --burn SECONDS [--size 1920x1080] [--style NAME]

One core. Processor time is what is asked for (15 ms a subtitle, 0.5 s when nothing changed); other work on the machine
changes it less than the clock, but does. With `--burn` a film of so many seconds, made by ffmpeg, is encoded with a
subtitle on each frame and without any, in turns, and the processor time of the one is divided by that of the other
(asked for: 1.15).
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from subtitle_editor.core.cues import Cue, Word
from subtitle_editor.core.film.burn import burn
from subtitle_editor.core.picture import baking, style
from subtitle_editor.core.picture.fonts import Fonts, blender_folder
from subtitle_editor.core.subtitles.document import Document

TEXTS = (
    "The quick brown fox jumps\nover the lazy dog, number {}.",
    "Nobody had looked at {} before.",
    "می‌شود مُحَمَّدٌ را «دید»، {}",
    "- Who is there?\n- It is me, {}.",
    "Съешь ещё этих мягких\nбулок, {} раз",
    "日本語の字幕です。{}",
)


def document(count: int) -> Document:
    """Subtitles of two seconds, one after the other, in several scripts, each with its words' times."""
    cues = []
    for number in range(count):
        text = TEXTS[number % len(TEXTS)].format(number)
        words = text.split()
        step = 2 / len(words)
        timed = (Word(number * 2 + i * step, number * 2 + (i + 1) * step, word) for i, word in enumerate(words))
        cues.append(Cue(number * 2.0, number * 2.0 + 2, text, words=tuple(timed)))
    return Document(tuple(cues))


def burning(options: argparse.Namespace) -> None:
    """Twice with subtitles and twice without."""
    folder = Path(tempfile.mkdtemp(prefix="bench-burn-"))
    try:
        film = folder / "film.mkv"
        source = f"testsrc2=s={options.size}:r=25:d={options.burn},noise=alls=8:allf=t"
        subprocess.run(
            ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt",
             "yuv420p", str(film)], check=True,
        )  # fmt: skip
        times: dict[str, list[float]] = {"without": [], "with": []}
        for name in ("without", "with") * 2:
            shown = document(options.burn) if name == "with" else Document()
            begun, clock = time.process_time(), time.perf_counter()
            fonts = Fonts(blender=blender_folder())
            burn(film, shown, folder / "out.mkv", style.find(options.style), fonts, overwrite=True)
            times[name].append(time.process_time() - begun)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            took = time.perf_counter() - clock
            print(f"{name:8} {times[name][-1]:7.2f} s of processor, {took:7.2f} s; peak {peak:.0f} MB")
        print(f"{min(times['with']) / min(times['without']):.3f} times the encode without subtitles")
    finally:
        shutil.rmtree(folder)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cues", type=int, default=2000)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--style", default="default")
    parser.add_argument("--burn", type=int, metavar="SECONDS")
    options = parser.parse_args()
    if options.burn:
        burning(options)
        return
    width, height = map(int, options.size.split("x"))
    film = document(options.cues)
    folder = Path(tempfile.mkdtemp(prefix="bench-picture-"))
    try:
        for name in ("first", "nothing changed", "one word changed"):
            if name == "one word changed":
                cues = list(film.cues)
                cues[len(cues) // 2] = cues[len(cues) // 2].with_text("Another text")
                film = film.with_cues(cues)
            fonts = Fonts(blender=blender_folder())
            begun, clock = time.process_time(), time.perf_counter()
            result = baking.bake(film, folder, width, height, style.find(options.style), fonts)
            used, took = time.process_time() - begun, time.perf_counter() - clock
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            each = f"{used * 1000 / options.cues:.2f} ms a subtitle"
            print(
                f"{name:18} {used:7.2f} s of processor, {took:7.2f} s; {each}; {result.made} files; peak {peak:.0f} MB"
            )
        size = sum(file.stat().st_size for file in folder.iterdir())
        print(f"{size / 1e6:.1f} MB in {len(list(folder.iterdir()))} files")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
