# SPDX-License-Identifier: GPL-3.0-or-later
"""MacCaption's MCC: the packets of each frame, with and without short forms, at any rate."""

from __future__ import annotations

import pytest

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.document import Document, Kind

POP, PLACE, SHOW, CLEAR = 0x9420, 0x9470, 0x942F, 0x942C
HELLO = (POP, PLACE, 0xC8E5, 0xECEC, 0xEF80, SHOW)
TIME_CODE = bytes.fromhex("7172727272")
"""Whose digits look like what begins captions."""


def packet(first: int, second: int = 0x8080, *, between: bytes = b"", of_708: int = 18) -> str:
    triplets = b"\xfc" + first.to_bytes(2, "big") + b"\xfd" + second.to_bytes(2, "big") + of_708 * b"\xfa\0\0"
    captions = b"\x4f\x43\0\0" + between + bytes([0x72, 0xE0 | len(triplets) // 3]) + triplets + b"\x74\0\0\0"
    return (
        (b"\x61\x01" + bytes([len(captions) + 3]) + b"\x96\x69" + bytes([len(captions) + 3]) + captions).hex().upper()
    )


def shortened(digits: str) -> str:
    for long, short in (("FA0000" * 9, "O"), ("FC8080", "Q"), ("9669", "S"), ("6101", "T"), ("FD8080", "R")):
        digits = digits.replace(long, short)
    return digits


def read(lines: list[str], rate: str = "30") -> Document:
    head = f"File Format=MacCaption_MCC V1.0\n\n// {'/' * 60}\n\nUUID=2B13\nTime Code Rate={rate}\n\n"
    return reading.parse((head + "\n".join(lines)).encode(), "a.mcc")


def said(words: tuple[int, ...], **options: object) -> list[str]:
    """From the first second on, a pair of bytes a frame; cleared at the third."""
    shown = [f"00:00:01:{n:02}\t{packet(word, **options)}" for n, word in enumerate(words)]  # type: ignore[arg-type]
    return [*shown, f"00:00:03:00\t{packet(CLEAR, **options)}"]  # type: ignore[arg-type]


@pytest.mark.parametrize("between", [b"", TIME_CODE])
@pytest.mark.parametrize("short", [False, True])
def test_packets(between: bytes, short: bool) -> None:
    lines = [shortened(line) if short else line for line in said(HELLO, between=between)]
    assert not short or "OO" in lines[0]
    document = read(lines)
    (cue,) = document.cues
    assert cue.text == "Hello"
    assert cue.start == pytest.approx(35 * 1001 / 30000, abs=0.05)
    assert cue.end == pytest.approx(90 * 1001 / 30000, abs=0.05)
    assert document.findings == ()
    assert "UUID=2B13" in document.extra["mcc.head"]


@pytest.mark.parametrize(
    ("rate", "code", "start"),
    [
        ("25", "00:01:00:00", 60.0),
        ("24", "00:01:00:00", 60.06),
        ("30", "00:01:00:00", 60.06),
        ("30DF", "00:01:00;02", 60.06),
        ("60DF", "00:01:00;04", 60.06),
        ("50", "00:00:59:25", 59.5),
    ],
)
def test_times_of_each_rate(rate: str, code: str, start: float) -> None:
    pairs = "".join(f"FC{word:04X}" for word in HELLO)  # All in one frame, as slow films have several in each.
    line = f"{code}\tT00S004F430000 72E6{pairs}74".replace(" ", "")
    (cue,) = read([line, f"00:01:09:00\t{packet(CLEAR)}"], rate).cues
    assert cue.start == pytest.approx(start + len(HELLO) / 30, abs=0.1)


def test_the_second_field_where_the_first_is_empty() -> None:
    lines = [f"00:00:01:{n:02}\t{packet(0x8080, word)}" for n, word in enumerate((0x1520, *HELLO[1:-1], 0x152F))]
    assert [cue.text for cue in read([*lines, f"00:00:03:00\t{packet(0x8080, 0x152C)}"]).cues] == ["Hello"]


def test_captions_of_cea_708_only_are_called_that() -> None:
    with pytest.raises(SubtitleFileError, match="708"):
        read([f"00:00:01:00\t{packet(0x8080)}"])


def test_what_is_no_code_is_quoted() -> None:
    lines = said(HELLO)
    document = read([*lines[:3], lines[3] + "é", "nothing", *lines[4:]])
    assert [cue.text for cue in document.cues] == ["Hello"]
    assert [(finding.kind, finding.quote) for finding in document.findings] == [
        (Kind.BROKEN, "é"), (Kind.STRAY, "nothing"),
    ]  # fmt: skip
