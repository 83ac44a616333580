# SPDX-License-Identifier: GPL-3.0-or-later
"""Files made at random out of good ones, and what must hold of each: `python3 dev.py fuzz [FORMAT...] [--seconds N]`.

No exception but ours, no letter lost, memory and time in proportion to the file. Inputs are the samples of all
formats, changed byte by byte and piece by piece; with `--atheris` that library (`pip install atheris`) chooses the
changes by the code that they reach, otherwise a seeded generator does. `test_fuzz.py` runs a fixed choice each time.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
import tracemalloc
import warnings
from collections import Counter
from pathlib import Path

from subtitle_editor.core.errors.base import SubtitleEditorError
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Document
from subtitle_editor.core.subtitles.formats import registry
from subtitle_editor.core.subtitles.formats.base import ReadOptions
from tests.core.subtitles.kept import kept

DATA = Path(__file__).parents[2] / "data" / "subtitles"
MARKS = "ЖФщДѢѦѰӜԪ"
"""Letters that stand in no sample, no keyword and no message."""
MEMORY = 20
"""Bytes that reading may take for each of the file."""
AT_LEAST = 1_000_000
"""Bytes for the smallest file."""
SECONDS = 2.0
"""For reading and writing one small file; a thousand times what it takes."""

PIECES = [
    b"\n", b"\n\n", b"\r\n", b"\r", b"\t", b" ", b"<", b">", b"&", b"{", b"}", b"\\", b"\\N", b"[", b"]", b"|", b'"',
    b"'", b":", b";", b",", b".", b"-", b"-->", b"->", b"\xe2\x86\x92", b"0", b"1", b"99999999999999999999", b"-1",
    b"1e999", b"NaN", b"null", b"00:00:00,000", b"00:00:01,000 --> 00:00:02,000\n", b"00:00:01:12", b"<i>", b"</i>",
    b"<b>", b"<c.x>", b"<v A>", b"<ruby>", b"<rt>", b"<font color=red>", b"<!--", b"-->", b"<![CDATA[", b"]]>",
    b"&amp;", b"&#0;", b"&#x110000;", b"{\\an8}", b"{\\p1}", b"{\\k10}", b"{y:i}", b"WEBVTT\n", b"NOTE\n", b"STYLE\n",
    b"\0", b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\xed\xa0\x80", b"\xc3", b"\x1b", b"\x85", b"\xe2\x80\xa8",
    b"\xe2\x80\x8f", b"\xd9\xa0", b"\xef\xbc\x9a", b"\xf0\x9f\x91\xa8",
]  # fmt: skip


def seeds(format: str) -> list[bytes]:
    """Good files of a format: its sample, and the cases that have one of its endings."""
    suffixes = registry.BY_ID[format].suffixes
    cases = [path for path in sorted((DATA / "cases").iterdir()) if path.suffix in suffixes]
    return [path.read_bytes() for path in [*sorted((DATA / "samples").glob(f"{format}.*")), *cases]]


def changed(data: bytes, random: random.Random) -> bytes:
    """The file with a few changes of the kind that disks, editors and other people's programs make."""
    out = bytearray(data)
    for _ in range(random.randint(1, 6)):
        at = random.randint(0, len(out))
        match random.randint(0, 6):
            case 0:
                out[at:at] = random.choice(PIECES)
            case 1:
                out[at:at] = "".join(random.choices(MARKS, k=random.randint(1, 3))).encode()
            case 2:
                del out[at : at + random.randint(1, 40)]
            case 3:
                out[at:at] = out[at : at + random.randint(1, 200)]
            case 4 if at < len(out):
                out[at] = random.randint(0, 255)
            case 5:
                lines = bytes(out).split(b"\n")
                random.shuffle(lines)
                out = bytearray(b"\n".join(lines))
            case _:
                other = random.randint(0, len(out))
                first, last = sorted((at, other))
                out = out[first:last] if last - first > 20 else out
    return bytes(out)


def check(data: bytes, format: str | None, *, memory: bool = False) -> bool:
    """Read it, write it and read that; False where it is refused. AssertionError where something does not hold."""
    suffix = registry.BY_ID[format].suffixes[0] if format else ".srt"
    began = time.process_time()
    try:
        reading.parse(data, f"in{suffix}", format=format)
        # Captions that roll say the same letters several times, and are folded on purpose.
        document = reading.parse(data, f"in{suffix}", format=format, options=ReadOptions(keep_rolling=True))
    except SubtitleEditorError as error:
        assert str(error)
        return False
    if memory:
        _little_memory(data, f"in{suffix}", format)
    _nothing_lost(data, document)
    for target in (document.format, "srt", "ass", "ttml"):
        if registry.BY_ID[target].write is not None:
            _written(document, target)
    taken = time.process_time() - began
    assert taken < SECONDS + len(data) / 100_000 or memory, f"{taken:.1f} s for {len(data):,} bytes"
    return True


def _little_memory(data: bytes, name: str, format: str | None) -> None:
    """When the libraries are there already."""
    tracemalloc.start()
    try:
        reading.parse(data, name, format=format)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY * len(data) + AT_LEAST, f"{peak:,} bytes for a file of {len(data):,}"


def _nothing_lost(data: bytes, document: Document) -> None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    if not document.encoding.startswith("utf-8"):
        return
    found = kept(document)
    for letter, count in Counter(char for char in text if char in MARKS).items():
        assert found[letter] >= count, f"{letter} is there {found[letter]} times, not {count}"


def _written(document: Document, target: str) -> None:
    try:
        data, _ = writing.rendered(Path(f"out.{target}"), document, target)
    except SubtitleEditorError as error:
        assert str(error)
        return
    if not document.cues:
        return
    again = reading.parse(data, f"out.{target}", format=target)
    shown = [cue for cue in document.cues if cue.end > 0]
    before, after = (Counter("".join(cue.text for cue in cues)) for cues in (shown, (*again.cues, *again.hidden)))
    lost = [char for char in before if char in MARKS and after[char] < before[char]]
    assert not lost, f"{lost} are not in what was written as {target}"


def run(format: str, seconds: float, seed: int) -> tuple[int, int, int]:
    """As many files as fit into the time: how many there were, were refused, and broke what must hold."""
    chosen = random.Random(seed)
    known = seeds(format)
    count = refused = broken = 0
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        made = changed(chosen.choice(known), chosen)
        was_read = _check_and_tell(made, format if count % 5 else None, count % 50 == 0)
        refused += was_read is False
        broken += was_read is None
        count += 1
    return count, refused, broken


def _check_and_tell(data: bytes, format: str | None, memory: bool) -> bool | None:
    try:
        return check(data, format, memory=memory)
    except Exception as error:
        path = Path.cwd() / f"fuzz-{format or 'any'}-{abs(hash(data)) % 10**8}.bin"
        path.write_bytes(data)
        print(f"{path}: {type(error).__name__}: {error}", flush=True)
        return None


def _by_atheris(format: str | None, seconds: float, folder: Path) -> None:
    import atheris

    folder.mkdir(parents=True, exist_ok=True)
    for one in [format] if format else [one.id for one in registry.readable()]:
        for number, data in enumerate(seeds(one)):
            (folder / f"{one}-{number}").write_bytes(data)
    atheris.instrument_all()
    atheris.Setup(
        [sys.argv[0], str(folder), f"-max_total_time={int(seconds)}", "-max_len=20000", "-rss_limit_mb=2048",
         "-timeout=20", "-print_final_stats=1", "-verbosity=0"],
        lambda data: check(data, format),
    )  # fmt: skip
    atheris.Fuzz()


def main() -> int:
    """Fuzz each format that is named, or all together."""
    parser = argparse.ArgumentParser(prog="dev.py fuzz", description="Read files made at random.")
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help="ids of formats (default: all of them, in turn)")
    parser.add_argument("--seconds", type=float, default=600, help="for each of them (default: 600)")
    parser.add_argument("--seed", type=int, default=0, help="of the random changes (default: 0)")
    parser.add_argument("--atheris", type=Path, metavar="FOLDER", help="by coverage; FOLDER keeps what was found")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # Of the libraries, on damaged files.
    formats = options.formats or [one.id for one in registry.readable()]
    if options.atheris:
        _by_atheris(formats[0] if len(formats) == 1 else None, options.seconds, options.atheris)
        return 0
    wrong = 0
    for one in formats:
        count, refused, broken = run(one, options.seconds, options.seed)
        print(f"{one}: {count:,} files, {refused:,} refused, {broken:,} wrong", flush=True)
        wrong += broken
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
