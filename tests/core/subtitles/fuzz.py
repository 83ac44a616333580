# SPDX-License-Identifier: GPL-3.0-or-later
"""Files made at random out of good ones, and what must hold of each: `python3 dev.py fuzz [FORMAT...] [--seconds N]`.

No exception but ours, no letter lost, memory and time in proportion to the file. Inputs are the samples of all
formats, changed byte by byte and piece by piece, by a seeded generator; with `--atheris` that library (`pip install
atheris`) chooses by the code that they reach which of them are changed further. Each file that breaks something is
left in the working folder. `test_fuzz.py` runs a fixed choice each time.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import re
import signal
import sys
import time
import tracemalloc
import warnings
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from subtitle_editor.core.errors.base import SubtitleEditorError
from subtitle_editor.core.markup import Span
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Document
from subtitle_editor.core.subtitles.formats import registry
from subtitle_editor.core.subtitles.formats.base import ReadOptions
from tests.core.subtitles.kept import kept

DATA = Path(__file__).parents[2] / "data" / "subtitles"
MARKS = "ЖФщДѢѦѰӜԪ"
"""Letters that stand in no sample, no keyword and no message."""
MEMORY = 20
"""Bytes that reading may take for each of the file; see `allowed()`."""
AT_LEAST = 1_000_000
"""Bytes for the smallest file: some hundred findings, and the tags of one text while it is read."""
SECONDS = 2.0
"""For reading and writing one small file; a thousand times what it takes."""
EACH_MEMORY = 50
"""One file in so many is read a third time to see how much memory that takes, which makes it slow."""
LARGE = 100_000
"""Bytes of a file that says one thing again and again."""
EACH_LARGE = 30
"""One file in so many is such a file."""
PATIENCE = 20.0
"""Seconds of processor time after which a file is given up, where the system can tell (all but Windows)."""

_TWICE = frozenset({"json", "whisper", "whispercpp"})
"""Formats whose texts are there whole and word by word: once is enough."""
_INSIDE = re.compile(r"<[^<>]*>")

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


def peak_of(data: bytes, name: str, format: str | None = None) -> tuple[int, Document]:
    """The bytes that reading takes, when the libraries are there already, and what was read."""
    tracemalloc.start()
    try:
        document = reading.parse(data, name, format=format)
        return tracemalloc.get_traced_memory()[1], document
    finally:
        tracemalloc.stop()


def allowed(size: int, document: Document) -> int:
    """Bytes that reading may take for a file of so many bytes.

    MEMORY times the file; or half of that, for its text and what of it is read at a time, and what the subtitles
    take and an eighth of that again. That is more where rows have fewer than some 35 bytes: two times, a line and a
    short text take Python 290 bytes, in whatever way they are read.
    """
    return max(MEMORY * size, MEMORY * size // 2 + held(document) * 9 // 8) + AT_LEAST


def held(document: Document) -> int:
    """Bytes of the document's subtitles: of their times, texts, spans and words, each object once."""
    sizes: dict[int, int] = {}
    for cue in (*document.cues, *document.hidden):
        parts: list[object] = [cue, cue.start, cue.end, cue.line, cue.text, cue.spans, cue.words]
        for part in (*cue.spans, *cue.words):
            parts += (part, part.start, part.end, part.value if isinstance(part, Span) else part.text)
        sizes.update((id(part), sys.getsizeof(part)) for part in parts)
    return sum(sizes.values())


def _little_memory(data: bytes, name: str, format: str | None) -> None:
    peak, document = peak_of(data, name, format)
    assert peak < allowed(len(data), document), f"{peak:,} bytes for a file of {len(data):,}"


def _nothing_lost(data: bytes, document: Document) -> None:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    if not document.encoding.startswith("utf-8"):
        return
    found = kept(document)
    # What tags say may be the same in many and kept once: the name of a class.
    said = dict.fromkeys((char for tag in _INSIDE.findall(text) for char in tag if char in MARKS), 1)
    shown = Counter(char for char in _INSIDE.sub("", text) if char in MARKS)
    if document.format in _TWICE:
        shown = Counter(set(shown))
    for letter, count in (said | shown).items():
        assert found[letter] >= count, f"{letter} is there {found[letter]} times, not {count}"


def _written(document: Document, target: str) -> None:
    try:
        data, _ = writing.rendered(Path(f"out.{target}"), document, target)
    except SubtitleEditorError as error:
        assert str(error)
        return
    if not document.cues:
        return
    # What rolls and was kept on purpose is kept again.
    again = reading.parse(data, f"out.{target}", format=target, options=ReadOptions(keep_rolling=True))
    shown = [cue for cue in document.cues if cue.end > 0]
    before, after = (Counter("".join(cue.text for cue in cues)) for cues in (shown, (*again.cues, *again.hidden)))
    lost = [char for char in before if char in MARKS and after[char] < before[char]]
    assert not lost, f"{lost} are not in what was written as {target}"


def swollen(data: bytes, random: random.Random) -> bytes:
    """The file with one piece, or one line of its own, some thousand times over: what takes quadratic time shows."""
    lines = data.split(b"\n")
    piece = random.choice([random.choice(PIECES), random.choice(lines) + b"\n", random.choice(PIECES) * 2])
    at = random.randint(0, len(data))
    return data[:at] + piece * (random.choice((LARGE // 10, LARGE)) // len(piece)) + data[at:]


class Tally:
    """How many files were tried, were refused, and broke what must hold; and which of these were kept."""

    def __init__(self, format: str | None) -> None:
        self.format = format
        self.count = self.refused = self.broken = 0
        self._seen: set[tuple[str, str]] = set()
        self._began = time.process_time()

    def __str__(self) -> str:
        return (
            f"{self.format or 'all'}: {self.seconds:.0f} s of processor time, {self.count:,} files, "
            f"{self.refused:,} refused, {self.broken:,} wrong"
        )

    @property
    def seconds(self) -> float:
        """Processor time since it was made."""
        return time.process_time() - self._began

    def take(self, data: bytes) -> None:
        """Check one file: every fifth as if nobody had said its format. What is wrong is told and kept, each once."""
        named = self.format if self.count % 5 else None
        memory = self.count % EACH_MEMORY == 0
        self.count += 1
        try:
            with _patience():
                self.refused += not check(data, named, memory=memory)
        except Exception as error:
            self.broken += 1
            self._keep(data, named, error)

    def _keep(self, data: bytes, format: str | None, error: Exception) -> None:
        where = _place(error)
        if (type(error).__name__, where) in self._seen:
            return
        self._seen.add((type(error).__name__, where))
        path = Path.cwd() / f"fuzz-{self.format or 'all'}-{format or 'any'}-{zlib.crc32(data):08x}.bin"
        path.write_bytes(data)
        print(f"{path}: {where}: {type(error).__name__}: {error}", flush=True)


@contextlib.contextmanager
def _patience() -> Iterator[None]:
    """Raises TimeoutError, from wherever it is then, after PATIENCE."""
    if sys.platform == "win32":
        yield
        return

    def give_up(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"more than {PATIENCE:g} s")

    signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, PATIENCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _place(error: Exception) -> str:
    """Where it was raised."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace is not None else ""


def run(format: str, seconds: float, seed: int) -> Tally:
    """As many files as fit into so much processor time."""
    chosen = random.Random(seed)
    known = seeds(format)
    tally = Tally(format)
    while tally.seconds < seconds:
        make = swollen if tally.count % EACH_LARGE == 0 else changed
        tally.take(make(chosen.choice(known), chosen))
    return tally


def _by_atheris(formats: list[str], seconds: float, seed: int, folder: Path) -> None:
    """Does not come back: that library ends the process."""
    import atheris

    folder.mkdir(parents=True, exist_ok=True)
    for one in formats:
        for number, data in enumerate(seeds(one)):
            (folder / f"{one}-{number}").write_bytes(data)
    atheris.instrument_all()  # Some twenty seconds, which are not the readers'.
    tally = Tally(formats[0] if len(formats) == 1 else None)

    def one_file(data: bytes) -> None:
        tally.take(data)
        if tally.seconds > seconds:
            print(f"{tally}; seed {seed}, by coverage", flush=True)
            os._exit(1 if tally.broken else 0)

    atheris.Setup(
        [sys.argv[0], str(folder), "-max_len=20000", "-rss_limit_mb=4096", "-timeout=60", f"-seed={seed + 1}"],
        one_file,
        custom_mutator=_changed_again,
    )
    atheris.Fuzz()


def _changed_again(data: bytes, most: int, seed: int) -> bytes:
    """What keeps to what subtitle files are made of; the library's own changes of single bytes hardly ever do."""
    return changed(data, random.Random(seed))[:most]


def main() -> int:
    """Fuzz each format that is named, or all together."""
    parser = argparse.ArgumentParser(prog="dev.py fuzz", description="Read files made at random.")
    parser.add_argument("formats", nargs="*", metavar="FORMAT", help="ids of formats (default: all of them, in turn)")
    parser.add_argument("--seconds", type=float, default=600, help="of processor time for each (default: 600)")
    parser.add_argument("--seed", type=int, default=0, help="of the random changes (default: 0)")
    parser.add_argument("--atheris", type=Path, metavar="FOLDER", help="by coverage; FOLDER keeps what was found")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # Of the libraries, on damaged files.
    formats = options.formats or [one.id for one in registry.readable()]
    if options.atheris:
        _by_atheris(formats, options.seconds, options.seed, options.atheris)
    wrong = 0
    for one in formats:
        tally = run(one, options.seconds, options.seed)
        print(f"{tally}; seed {options.seed}", flush=True)
        wrong += tally.broken
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
