# SPDX-License-Identifier: GPL-3.0-or-later
"""SCC and EBU STL: captions in codes and blocks."""

from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.markup import COLOR, ITALIC, Placing, Span
from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.document import Document, Kind
from subtitle_editor.core.subtitles.formats.base import ReadOptions


def shown(document: Document) -> list[tuple[float, float, str]]:
    return [(round(cue.start, 3), round(cue.end, 3), cue.text) for cue in document.cues]


# SCC

RCL, ENM, EOC, EDM, CR, RU2, RDC = (0x1420, 0x142E, 0x142F, 0x142C, 0x142D, 0x1425, 0x1429)
LOW, HIGH = 0x1470, 0x1140


def line(time: str, *parts: int | str, channel: int = 1, doubled: bool = True) -> str:
    """A line of codes, each sent twice, and letters, with odd parity."""
    words: list[int] = []
    for part in parts:
        if isinstance(part, int):
            code = part | (0x0800 if channel == 2 else 0)
            words += [code, code] if doubled else [code]
        else:
            padded = part + "\0" * (len(part) % 2)
            words += [ord(a) << 8 | ord(b) for a, b in zip(padded[::2], padded[1::2], strict=True)]
    return f"{time}\t{' '.join(f'{odd(word >> 8)}{odd(word & 0xFF)}' for word in words)}\n\n"


def odd(byte: int) -> str:
    return f"{byte if bin(byte).count('1') % 2 else byte | 0x80:02x}"


def scc(*lines: str, options: ReadOptions | None = None) -> Document:
    return reading.parse(("Scenarist_SCC V1.0\n\n" + "".join(lines)).encode(), "in.scc", options=options)


FRAME = 1001 / 30000


def test_captions_that_pop_on() -> None:
    document = scc(
        line("00:00:01:00", RCL, ENM, LOW, "Hi", EOC),
        line("00:00:03:00", RCL, ENM, LOW, "you", EOC),
        line("00:00:04:00", EDM),
    )
    assert [cue.text for cue in document.cues] == ["Hi", "you"]
    # The code that shows it is the eighth word of its line.
    assert document.cues[0].start == pytest.approx((30 + 7) * FRAME)
    assert document.cues[1].end == pytest.approx(120 * FRAME)


def test_drop_frame_times_are_those_of_the_clock() -> None:
    (dropped,) = scc(line("00:10:00;00", RCL, LOW, "x", EOC), line("00:10:02;00", EDM)).cues
    (counted,) = scc(line("00:10:00:00", RCL, LOW, "x", EOC), line("00:10:02:00", EDM)).cues
    assert dropped.end == pytest.approx(602, abs=0.01)
    assert counted.end == pytest.approx(602.602, abs=0.001)


def test_captions_that_roll_up_are_read_once() -> None:
    lines = (
        line("00:00:01:00", RU2, CR, LOW, "one"),
        line("00:00:02:00", RU2, CR, LOW, "two"),
        line("00:00:03:00", RU2, CR, LOW, "three"),
        line("00:00:05:00", EDM),
    )
    assert [cue.text for cue in scc(*lines).cues] == ["one", "two", "three"]
    rolling = scc(*lines, options=ReadOptions(keep_rolling=True))
    assert [cue.text for cue in rolling.cues] == ["one", "one\ntwo", "two\nthree"]


def test_the_other_channel() -> None:
    lines = (
        line("00:00:01:00", RCL, LOW, "english", EOC),
        line("00:00:03:00", EDM),
        line("00:00:01:00", RCL, LOW, "espanol", EOC, channel=2),
        line("00:00:03:00", EDM, channel=2),
    )
    document = scc(*lines)
    assert [cue.text for cue in document.cues] == ["english"]
    assert [finding.quote for finding in document.findings if finding.kind is Kind.HIDDEN] == ["espanol"]
    assert [cue.text for cue in scc(*lines, options=ReadOptions(track=2)).cues] == ["espanol"]
    assert [cue.text for cue in scc(*lines[2:]).cues] == ["espanol"]


def test_captions_without_a_place_or_a_mode_or_a_showing() -> None:
    document = scc(
        line("00:00:01:00", "ab", EOC),
        line("00:00:02:00", EDM),
        line("00:00:03:00", RCL, "cd", EOC),
        line("00:00:04:00", EDM),
        line("00:00:05:00", RCL, ENM, LOW, "never", ENM, LOW, "ef", EOC),
        line("00:00:07:00", EDM),
        line("00:00:08:00", RCL, LOW, "cut off"),
    )
    assert [cue.text for cue in document.cues] == ["ab", "cd", "ef"]
    assert [finding.quote.rstrip() for finding in document.findings] == ["never", "cut off"]


def test_looks_and_special_letters() -> None:
    document = scc(line("00:00:01:00", RCL, HIGH, 0x112E, "Up", 0x1137, "e", 0x1231, EOC), line("00:00:03:00", EDM))
    (cue,) = document.cues
    # An extended letter takes the place of the plain one before it.
    assert cue.text == "Up♪Â"
    assert cue.spans == (Span(0, 4, ITALIC),)
    assert cue.placing == Placing(8)


def test_damaged_codes_cost_themselves() -> None:
    text = line("00:00:01:00", RCL, LOW, "ab", EOC).replace("\t", "\tzzzz 94 ") + "words\n" + line("00:00:03:00", EDM)
    document = scc(text)
    assert [cue.text for cue in document.cues] == ["ab"]
    assert [finding.quote for finding in document.findings] == ["zzzz", "94", "words"]


@settings(max_examples=300)
@given(st.lists(st.integers(0, 0xFFFF), max_size=40), st.lists(st.integers(0, 0xFFFF), max_size=40))
def test_any_codes_are_read_or_refused(first: list[int], second: list[int]) -> None:
    lines = [
        f"00:00:0{at}:00\t{' '.join(f'{word:04x}' for word in words)}\n" for at, words in ((1, first), (5, second))
    ]
    with contextlib.suppress(SubtitleFileError):
        scc(*lines)


# EBU STL


def head(rate: bytes = b"STL25.01", kind: bytes = b"0", page: bytes = b"00", language: bytes = b"09") -> bytes:
    block = bytearray(b" " * 1024)
    for place, field in ((0, b"850" + rate), (11, kind), (12, page), (14, language), (16, b"A title")):
        block[place : place + len(field)] = field
    return bytes(block)


def block(
    text: bytes, begin: tuple[int, ...] = (0, 0, 1, 0), end: tuple[int, ...] = (0, 0, 3, 12), *,
    number: int = 1, extension: int = 0xFF, cumulative: int = 0, row: int = 20, justified: int = 2, comment: int = 0,
) -> bytes:  # fmt: skip
    return struct.pack(
        "<BHB B4B4B BBB 112s", 0, number, extension, cumulative, *begin, *end, row, justified, comment,
        text.ljust(112, b"\x8f"),
    )  # fmt: skip


def stl(*blocks: bytes, first: bytes = head()) -> Document:
    return reading.parse(first + b"".join(blocks), "in.stl")


def test_stl() -> None:
    document = stl(block(b"\x80Slanted\x81 and not\x8aGr\xc8u\xfbe \xc2e"))
    (cue,) = document.cues
    assert (cue.start, cue.end, cue.text) == (1, 3.48, "Slanted and not\nGrüße é")
    assert cue.spans == (Span(0, 7, ITALIC),)
    assert (document.language, document.fps, document.encoding) == ("en", 25, "")
    assert document.extra["stl.head"]["OPT"] == "A title"


def test_other_alphabets() -> None:
    assert stl(block("Привет".encode("iso8859_5")), first=head(page=b"01")).cues[0].text == "Привет"
    assert stl(block("שלום".encode("iso8859_8")), first=head(page=b"04")).cues[0].text == "שלום"


def test_teletext_codes_are_spaces_and_colours() -> None:
    (cue,) = stl(block(b"\x0d\x0b\x0bone\x03two\x8a\x8athree\x0a\x0a"), first=head(kind=b"1")).cues
    assert cue.text == "one two\nthree"
    assert cue.spans == (Span(4, 7, COLOR, "#ffff00"),)


def test_what_broadcasters_put_together_and_apart() -> None:
    document = stl(
        block(b"one ", extension=0),
        block(b"text"),
        block(b"first", (0, 0, 5, 0), (0, 0, 9, 0), number=2, cumulative=1),
        block(b"second", (0, 0, 7, 0), (0, 0, 9, 0), number=3, cumulative=3),
        block(b"note", comment=1, number=4),
        block(b"data", extension=0xFE, number=5),
        block(b"overlaps", (0, 0, 8, 0), (0, 0, 10, 0), number=6),
        block(b"no length", (0, 0, 12, 0), (0, 0, 12, 0), number=7),
    )
    assert shown(document) == [
        (1, 3.48, "one text"),
        (5, 7, "first"),
        (7, 9, "first\nsecond"),
        (8, 10, "overlaps"),
        (12, 14, "no length"),
    ]
    assert [cue.text for cue in document.hidden] == ["note"]
    assert {finding.kind for finding in document.findings} == {Kind.HIDDEN, Kind.NO_LENGTH}


def test_more_than_a_screen_is_not_put_together() -> None:
    """A file that says so of all its texts would hold as many texts as the square of their number."""
    times = [(0, 0, n // 25, n % 25) for n in range(101)]
    blocks = [block(b"%d" % n, times[n], times[n + 1], number=n, cumulative=2 if n else 1) for n in range(100)]
    document = stl(*blocks)
    assert [cue.text.split("\n")[-1] for cue in document.cues] == [str(n) for n in range(100)]
    assert max(len(cue.lines) for cue in document.cues) == 23
    assert [cue.text for cue in document.cues][22:25] == ["\n".join(map(str, range(23))), "23", "23\n24"]
    assert [(finding.kind, finding.cue) for finding in document.findings][:1] == [(Kind.BROKEN, "22")]


def test_a_damaged_stl_is_read_as_far_as_it_goes() -> None:
    document = stl(block(b"one"), block(b"bad time", (0, 99, 0, 0), (0, 0, 7, 0)), block(b"two")[:50])
    assert {cue.text for cue in document.cues} == {"one", "bad time", "two"}
    assert {finding.kind for finding in document.findings} >= {Kind.TIME, Kind.BROKEN}
    without_text = stl(block(b"one"), block(b"two")[:10])
    assert [cue.text for cue in without_text.cues] == ["one"]
    assert [finding.kind for finding in without_text.findings] == [Kind.BROKEN]
    with pytest.raises(SubtitleFileError, match="head"):
        reading.parse(head()[:500], "in.stl")


def test_letters_under_marks_that_the_standard_does_not_put_there() -> None:
    document = stl(block(b"\xcac \xc2q \xcfs \xc2e"))
    assert document.cues[0].text == "c\u030a q\u0301 \u0161 \u00e9"
    assert document.findings == ()


def test_colours_of_teletext_in_a_file_that_calls_itself_something_else() -> None:
    """SubtitleEdit/subtitleedit#14171."""
    for kind in (b"0", b" "):
        (cue,) = stl(block(b"\x0b\x0b\x06cyan\x0a\x0a"), first=head(kind=kind)).cues
        assert (cue.text, [span.value for span in cue.spans]) == ("cyan", ["#00ffff"])


def test_a_rate_that_is_not_known_is_noted() -> None:
    assert Kind.RATE in {finding.kind for finding in stl(block(b"x"), first=head(rate=b"STL77.01")).findings}


@settings(max_examples=200)
@given(st.binary(max_size=600))
def test_any_blocks_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(SubtitleFileError):
        stl(data)
