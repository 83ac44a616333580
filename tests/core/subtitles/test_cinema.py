# SPDX-License-Identifier: GPL-3.0-or-later
"""Formats of cinemas and of those who make discs, as their own programs write them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.markup import BELOW, BOLD, COLOR, ITALIC, RUBY, Placing, Span
from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.document import Document, Kind
from subtitle_editor.core.subtitles.formats import dcinema
from subtitle_editor.core.subtitles.formats.base import ReadOptions


def read(text: str, name: str, fps: int | None = None) -> Document:
    return reading.parse(text.encode(), name, options=ReadOptions(fps=Fraction(fps) if fps else None))


def interop(subtitles: str) -> Document:
    font = '<Font Id="F" Color="FFFFFFFF" Size="42">'
    text = (
        f'<?xml version="1.0"?><DCSubtitle Version="1.0"><Language>de</Language>{font}{subtitles}</Font></DCSubtitle>'
    )
    return read(text, "a.xml")


def test_times_of_interop_are_ticks_of_four_thousandths() -> None:
    times = [("00:00:01:000", "00:00:02:125"), ("00:01:00:249", "01:00:00:010"), ("00:00:05.25", "00:00:06.5")]
    subtitles = "".join(f'<Subtitle TimeIn="{a}" TimeOut="{b}"><Text>x</Text></Subtitle>' for a, b in times)
    document = interop(subtitles)
    found = [(cue.start, cue.end) for cue in document.cues]
    assert found == [(1, 2.5), (5.25, 6.5), (60.996, 3600.04)]
    assert (document.language, document.fps) == ("de", None)
    assert [finding.kind for finding in document.findings] == [Kind.UNSORTED]


@pytest.mark.parametrize(
    ("rate", "end"), [("24 1", 2.5), ("25 1", 2.48), ("24000 1001", float(Fraction(60 * 1001, 24000)))]
)
def test_times_of_smpte_are_frames(rate: str, end: float) -> None:
    text = (
        '<?xml version="1.0"?><dcst:SubtitleReel xmlns:dcst="http://www.smpte-ra.org/schemas/428-7/2010/DCST">'
        f"<dcst:EditRate>{rate}</dcst:EditRate><dcst:TimeCodeRate>24</dcst:TimeCodeRate><dcst:SubtitleList>"
        '<dcst:Font ID="F" Color="FFFFFFFF"><dcst:Subtitle SpotNumber="7" TimeIn="00:00:01:00" TimeOut="00:00:02:12">'
        '<dcst:Text Valign="bottom" Vposition="8">one <dcst:Font Italic="yes" Weight="bold">two</dcst:Font></dcst:Text>'
        "</dcst:Subtitle></dcst:Font></dcst:SubtitleList></dcst:SubtitleReel>"
    )
    document = read(text, "a.xml")
    (cue,) = document.cues
    assert (cue.end, cue.text, cue.name, cue.placing) == (end, "one two", "7", BELOW)
    assert set(cue.spans) == {Span(4, 7, ITALIC, ""), Span(4, 7, BOLD, "")}
    assert document.findings == ()


def test_lines_stand_at_their_heights() -> None:
    document = interop(
        '<Subtitle TimeIn="00:00:01:000" TimeOut="00:00:02:000">'
        '<Text VAlign="bottom" VPosition="8">low</Text><Text VAlign="bottom" VPosition="14">higher</Text>'
        '<Text VAlign="top" VPosition="14">under</Text><Text VAlign="top" VPosition="8">at the top</Text>'
        '<Text VAlign="bottom" HAlign="left" HPosition="30" VPosition="40">beside</Text></Subtitle>'
    )
    assert [(cue.text, cue.placing) for cue in document.cues] == [
        ("higher\nlow", BELOW), ("at the top\nunder", Placing(8)), ("beside", Placing(1, 0.3, 0.6)),
    ]  # fmt: skip


def test_looks_and_readings() -> None:
    document = interop(
        '<Subtitle TimeIn="00:00:01:000" TimeOut="00:00:02:000"><Font Color="FFFFFF00" Size="50"><Text>'
        '<Ruby><Rb>漢</Rb><Rt Size="0.5">kan</Rt></Ruby><Font Color="FFFFFFFF">white</Font><Space/>x'
        "</Text></Font></Subtitle>"
    )
    (cue,) = document.cues
    assert cue.text == "漢white x"
    assert {(span.start, span.end, span.kind, span.value) for span in cue.spans} == {
        (0, 8, COLOR, "#ffff00"), (0, 8, dcinema.FONT, "Size 50"), (0, 1, RUBY, "kan"), (1, 6, COLOR, "#ffffff"),
    }  # fmt: skip
    assert [finding.quote for finding in document.findings] == ['Size="0.5"']


def test_pictures_are_called_pictures() -> None:
    with pytest.raises(SubtitleFileError, match="picture"):
        interop('<Subtitle TimeIn="00:00:01:000" TimeOut="00:00:02:000"><Image>a.png</Image></Subtitle>')


SPRUCE = """//Font select and font size
$FontName       = Arial
$FontSize       = 30
$HorzAlign      = Center
$VertAlign      = Bottom
$Italic         = FALSE
$TapeOffset     = FALSE

00:00:01:00 , 00:00:02:12 , One ^Itwo^I|three
$Italic = TRUE
$VertAlign = Top
00:00:03:00\t,\t00:00:04:00\t,\tfour, ^Ifive^I
"""


def test_spruce() -> None:
    document = read(SPRUCE, "a.stl", fps=25)
    assert [(cue.start, cue.end, cue.text, cue.placing.align) for cue in document.cues] == [
        (1, 2.48, "One two\nthree", 2), (3, 4, "four, five", 8),
    ]  # fmt: skip
    assert [cue.spans for cue in document.cues] == [(Span(4, 7, ITALIC, ""),), (Span(0, 6, ITALIC, ""),)]
    assert document.findings == ()


def test_spruce_without_settings_and_rate() -> None:
    document = read("00:00:01;02 , 00:00:02;00 , one\n00:00:03;00 , 00:00:04;00 , two, three\n", "a.stl")
    assert (document.format, document.fps) == ("spruce", Fraction(30000, 1001))
    assert [cue.text for cue in document.cues] == ["one", "two, three"]
    assert [finding.kind for finding in document.findings] == [Kind.RATE]
