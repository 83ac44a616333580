# SPDX-License-Identifier: GPL-3.0-or-later
"""YouTube's timed text: what pens, places and windows say goes along, or is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from subtitle_editor.core.markup import BACKGROUND, BELOW, BOLD, COLOR, Placing
from subtitle_editor.core.subtitles import losses, reading
from subtitle_editor.core.subtitles.document import Document
from subtitle_editor.core.subtitles.formats import registry

SAMPLE = Path(__file__).parents[2] / "data" / "subtitles" / "samples" / "timedtext.srv3"


def read(head: str, attributes: str) -> Document:
    body = f'<body><p t="1000" d="900" {attributes}>word</p></body>'
    return reading.parse(f'<timedtext format="3"><head>{head}</head>{body}</timedtext>'.encode(), "in.srv3")


def lost(document: Document) -> str:
    finding = losses.losses_of(document, registry.BY_ID["srt"])
    return str(finding) if finding else ""


@pytest.mark.parametrize(
    ("place", "window", "placing"),
    [
        ('ap="7" ah="50" av="100"', "", BELOW),
        ('ap="1" ah="50" av="0"', "", Placing(8)),
        ('ap="0" ah="10" av="5"', "", Placing(7, 0.1, 0.05)),
        ('ap="5" ah="100" av="62.5"', "", Placing(6, None, 0.625)),
        ('ap="7"', "", BELOW),
        ('ap="6" ah="20" av="100" rc="2" cc="40"', "", BELOW),
        ('ap="8" ah="97" av="50"', 'pd="2"', Placing(3, 0.97, 0.5, "rl")),
    ],
)
def test_places(place: str, window: str, placing: Placing) -> None:
    document = read(f'<wp id="4" {place}/><ws id="5" {window}/>', 'wp="4" ws="5"')
    assert document.cues[0].placing == placing
    assert "formatting" not in lost(document)


def test_pens() -> None:
    document = read('<pen id="1" b="1" fc="#FF0000" bc="#000000" bo="128" fo="254"/>', 'p="1"')
    assert [span[2:] for span in document.cues[0].spans] == [
        (BACKGROUND, "#00000080"), (BOLD, ""), (COLOR, "#ff0000"),
    ]  # fmt: skip
    assert lost(read('<pen id="1" bc="#000000" bo="0"/>', 'p="1"')) == ""


@pytest.mark.parametrize(
    ("head", "attributes", "pieces"),
    [
        ('<pen id="1" sz="150" et="3"/>', 'p="1"', 2),
        ('<ws id="1" ju="0"/>', 'ws="1"', 1),
        ('<wp id="1" ap="nine" ah="200"/>', 'wp="1"', 1),
        ("", 'p="9"', 1),
        ("", 'wp="9"', 1),
    ],
)
def test_what_no_other_format_says_is_counted(head: str, attributes: str, pieces: int) -> None:
    assert lost(read(head, attributes)).startswith(f"{pieces} piece{'s' * (pieces > 1)} of formatting cannot be")


def test_what_youtube_heard_by_itself_loses_nothing() -> None:
    rolling = '<pen id="1" fc="#E5E5E5"/><ws id="1" mh="2" ju="0" sd="3"/><wp id="1" ap="6" ah="20" av="100" rc="2"/>'
    text = f'<timedtext format="3"><head>{rolling}</head><body><w t="0" id="1" wp="1" ws="1"/>'
    text += '<p t="10" d="2000" w="1"><s ac="0">one</s><s t="300"> two</s></p></body></timedtext>'
    assert "formatting" not in lost(reading.parse(text.encode(), "in.srv3"))
    assert all(cue.placing == BELOW for cue in reading.load(SAMPLE).cues)


def test_a_control_character_in_a_time_costs_nothing() -> None:
    words = "words " * 20  # A text of little else than control characters is refused.
    text = f'<timedtext format="3"><body><p t="1000\x1f" d="\x1c900">{words}</p></body></timedtext>'
    assert [(cue.start, cue.end) for cue in reading.parse(text.encode(), "in.srv3").cues] == [(1.0, 1.9)]
