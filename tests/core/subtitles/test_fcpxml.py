# SPDX-License-Identifier: GPL-3.0-or-later
"""Final Cut Pro's XML: when captions are seen inside of clips inside of clips, and what is none."""

from __future__ import annotations

from fractions import Fraction

import pytest

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.document import Document, Kind
from subtitle_editor.core.subtitles.formats.base import ReadOptions

HEAD = (
    '<?xml version="1.0"?>\n<!DOCTYPE fcpxml>\n<fcpxml version="1.9"><resources>{}</resources><library><event><project>'
)
FILM = '<format id="r1" frameDuration="100/2500s"/>'


def read(spine: str, sequence: str = "", options: ReadOptions | None = None) -> Document:
    text = f'{HEAD.format(FILM)}<sequence format="r1" {sequence}><spine>{spine}</spine></sequence></project></event>'
    return reading.parse(f"{text}</library></fcpxml>".encode(), "a.fcpxml", options=options)


def said(text: str, times: str, name: str = "caption", role: str = "") -> str:
    return f'<{name} lane="1" {times} role="{role}"><text><text-style ref="a">{text}</text-style></text></{name}>'


def rows(document: Document) -> list[tuple[float, float, str]]:
    return [(round(cue.start, 3), round(cue.end, 3), cue.text) for cue in document.cues]


@pytest.mark.parametrize(
    ("what", "spine", "sequence", "start"),
    [
        ("a gap begins at an hour", '<gap offset="0s" start="3600s" duration="9s">{}</gap>', "", "3605/1s"),
        ("one has no start", '<gap offset="0s" duration="9s">{}</gap>', "", "5s"),
        ("a film that is cut", '<asset-clip offset="4s" start="20s" duration="5s">{}</asset-clip>', "", "21s"),
        ("a timeline that begins at an hour", '<clip offset="3604/1s" start="20s" duration="5s">{}</clip>',
         'tcStart="3600/1s"', "42/2s"),
        ("clips without a place", '<gap duration="2s"/><clip duration="2s"/><clip duration="9s">{}</clip>', "", "1s"),
        ("a storyline of its own", '<gap offset="0s" duration="9s"><spine lane="1" offset="3s">'
         '<clip offset="1s" duration="9s">{}</clip></spine></gap>', "", "1s"),
        ("fractions", '<gap offset="0s" start="86400314/24000s" duration="9s">{}</gap>', "", "86520314/24000s"),
    ],
)  # fmt: skip
def test_times_are_those_of_what_holds_them(what: str, spine: str, sequence: str, start: str) -> None:
    caption = said("Hello", f'offset="{start}" start="3600s" duration="50/25s"')
    document = read(spine.format(caption), sequence)
    assert rows(document) == [(5, 7, "Hello")], what
    assert (document.format, document.fps, document.findings) == ("fcpxml", Fraction(25), ())


def test_titles_are_read_where_there_are_no_captions() -> None:
    title = said("A name", 'offset="1s" duration="2s"', "title")
    gap = '<gap offset="0s" duration="9s">{}</gap>'
    assert rows(read(gap.format(title))) == [(1, 3, "A name")]
    assert rows(read('<title offset="1s" duration="2s"><text>one</text><text>two</text></title>')) == [
        (1, 3, "one\ntwo")
    ]
    both = read(gap.format(title + said("Hello", 'offset="2s" duration="2s"')))
    assert rows(both) == [(2, 4, "Hello")]
    assert [(finding.kind, finding.quote) for finding in both.findings] == [(Kind.HIDDEN, "A name")]


def test_one_of_several_languages() -> None:
    roles = [("Hello", "iTT?captionFormat=ITT.en"), ("Hallo", "SRT?captionFormat=SRT.de-DE")]
    gap = "".join(said(text, 'offset="1s" duration="2s"', role=role) for text, role in roles)
    gap = f'<gap offset="0s" duration="9s">{gap}</gap>'
    assert [cue.text for cue in read(gap).cues] == ["Hello", "Hallo"]
    german = read(gap, options=ReadOptions(language="de"))
    assert ([cue.text for cue in german.cues], german.language) == (["Hallo"], "de-DE")


def test_what_is_switched_off_is_not_seen() -> None:
    seen, unseen = said("seen", 'offset="1s" duration="1s"'), said("unseen", 'enabled="0" offset="3s" duration="1s"')
    document = read(f'<gap offset="0s" duration="9s">{seen}{unseen}</gap>')
    assert rows(document) == [(1, 2, "seen")]
    assert [(finding.kind, finding.quote) for finding in document.findings] == [(Kind.HIDDEN, "unseen")]


def test_a_timeline_without_captions_has_no_subtitles() -> None:
    with pytest.raises(SubtitleFileError, match="no subtitles"):
        read('<asset-clip offset="0s" duration="9s"/>')
