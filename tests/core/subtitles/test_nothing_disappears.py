# SPDX-License-Identifier: GPL-3.0-or-later
"""Each visible character of a file ends in a cue, in what is kept of its format, or in a finding that quotes it.

A sample of each format is changed at random: letters of scripts that no format uses for its own words are put anywhere,
lines and pieces are dropped, doubled and swapped. Then every such letter must be found again, as often as it went in.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.formats import registry
from subtitle_editor.core.subtitles.formats.base import ReadOptions
from tests.core.subtitles.kept import kept

SAMPLES = Path(__file__).parents[2] / "data" / "subtitles" / "samples"
MARKS = "ЖФщДѢѦѰӜԪ"
"""Letters that stand in no sample, no keyword and no message."""
TEXTS = [format.id for format in registry.readable() if not format.binary]
OPTIONS = ReadOptions(fps=None)


def sample(format: str) -> str:
    (path,) = SAMPLES.glob(f"{format}.*")
    return path.read_text(encoding="utf-8")


PIECES = st.sampled_from(
    [
        "\n",
        "\n\n",
        " ",
        ">",
        "<",
        "&",
        "{",
        "}",
        "\\",
        "<i>",
        "</i>",
        "-->",
        "1",
        "\t",
        '"',
        "|",
        "&amp;",
        ",",
        ":",
        "[",
    ]
)


@st.composite
def changed(draw: st.DrawFn, text: str) -> str:
    """The text with letters put in, and with damage of the kind that editors, converters and disks do."""
    lines = text.split("\n")
    for _ in range(draw(st.integers(0, 4))):
        where = draw(st.integers(0, len(lines) - 1))
        match draw(st.integers(0, 3)):
            case 0:
                del lines[where : where + draw(st.integers(1, 2))]
            case 1:
                lines.insert(where, draw(st.sampled_from(lines)))
            case 2:
                lines[where] = lines[where][: draw(st.integers(0, len(lines[where])))]
            case _:
                other = draw(st.integers(0, len(lines) - 1))
                lines[where], lines[other] = lines[other], lines[where]
        if not lines:
            lines = [""]
    out = "\n".join(lines)
    for _ in range(draw(st.integers(1, 5))):
        where = draw(st.integers(0, len(out)))
        put = draw(st.text(MARKS, min_size=1, max_size=4)) if draw(st.booleans()) else draw(PIECES)
        out = out[:where] + put + out[where:]
    return out


@pytest.mark.parametrize("format", TEXTS)
@settings(max_examples=300)
@given(data=st.data())
def test_every_letter_is_somewhere(format: str, data: st.DataObject) -> None:
    text = data.draw(changed(sample(format)))
    try:
        document = reading.parse(text.encode(), f"in.{format}", format=format, options=OPTIONS)
    except SubtitleFileError:
        return  # A refusal loses nothing: the file stays as it is.
    found = kept(document)
    for letter, count in Counter(char for char in text if char in MARKS).items():
        assert found[letter] >= count, (letter, text)


@pytest.mark.parametrize("format", TEXTS)
@settings(max_examples=150)
@given(data=st.data())
def test_what_is_written_keeps_every_letter_of_the_cues(format: str, data: st.DataObject) -> None:
    """X to X: what was understood as text is text again, and so is what was kept."""
    if registry.BY_ID[format].write is None:
        return
    from subtitle_editor.core.subtitles import writing

    text = data.draw(changed(sample(format)))
    try:
        document = reading.parse(text.encode(), f"in.{format}", format=format, options=OPTIONS)
    except SubtitleFileError:
        return
    if not document.cues:
        return
    written, _ = writing.rendered(Path(f"out.{format}"), document, format)
    again = reading.parse(written, f"out.{format}", format=format, options=OPTIONS)
    before, after = (Counter("".join(cue.text for cue in one.cues)) for one in (document, again))
    assert [char for char in before if char in MARKS and after[char] < before[char]] == [], written.decode()


@pytest.mark.parametrize(
    "data",
    [
        b"1\n00:00:01,000 --> 00:00:02,000\na &#6; b &#xd800; c\n",
        b"WEBVTT\n\n00:01.000 --> 00:02.000\na &#6; b &#xd800; c\n",
    ],
)
def test_an_entity_that_is_no_character_stays_as_it_is_written(data: bytes) -> None:
    document = reading.parse(data, "in.srt")
    assert document.cues[0].text == "a &#6; b &#xd800; c"


def test_a_speaker_over_two_lines_leaves_a_row_of_substation_whole() -> None:
    from subtitle_editor.core.subtitles import writing

    document = reading.parse(b"1\n00:00:01,000 --> 00:00:02,000\n<v Maria\nLopez>Hello\n", "in.srt", format="srt")
    assert document.cues[0].speaker == "Maria Lopez"
    cues = (dataclasses.replace(document.cues[0], speaker="Maria\u2028Lopez"),)
    document = dataclasses.replace(document, cues=cues)
    written, _ = writing.rendered(Path("out.ass"), document, "ass")
    cue = reading.parse(written, "out.ass").cues[0]
    assert (cue.text, cue.speaker) == ("Hello", "Maria Lopez")


def test_a_slip_of_the_keyboard_does_not_make_a_short_text_a_binary_file() -> None:
    document = reading.parse(b"WEBVTT\n\n00:01.000 --> 00:02.000\nLast\x13 one\x18\n", "in.vtt")
    assert document.cues[0].text.startswith("Last")


@pytest.mark.parametrize("format", ["ttml", "dcinema", "timedtext", "sami", "fcpxml"])
def test_what_stands_in_the_tag_that_ends_something_is_quoted(format: str) -> None:
    """Somebody typed a slash too many: `</Subtitle TimeIn="..."`."""
    good = sample(format)
    ends = list(re.finditer(r"</[\w:.-]+", good))
    assert ends
    for match in ends:
        data = f'{good[: match.end()]} Ж="Щ"{good[match.end() :]}'.encode()
        document = reading.parse(data, f"in.{format}", format=format)
        assert {"Ж", "Щ"} <= set(kept(document)), match[0]


@pytest.mark.parametrize("tag", ["<rt=1000>", "<rt Start=1000>"])
def test_a_damaged_reading_of_sami_is_quoted(tag: str) -> None:
    text = f"<SAMI><BODY>\n<SYNC Sta{tag}<P Class=ENCC>Hi\n<SYNC Start=3000><P Class=ENCC>Ho\n</BODY></SAMI>"
    document = reading.parse(text.encode(), "in.smi")
    assert tag in [finding.quote for finding in document.findings]
