# SPDX-License-Identifier: GPL-3.0-or-later
"""What is written and read again looks the same, or is counted as lost: one thing at a time, into every format."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core import markup
from subtitle_editor.core.markup import COLOR, FONT, Placing, Span, flattened
from subtitle_editor.core.subtitles import losses, reading, writing
from subtitle_editor.core.subtitles.document import Cue, Document
from subtitle_editor.core.subtitles.formats import registry

TEXT = "one two three"
FORMATS = [format.id for format in registry.writable() if format.read]
VALUES = {
    markup.COLOR: ("#ff0000", "#123456", "#ff000080"),
    markup.BACKGROUND: ("#000000", "#00000080"),
    markup.FONT: ("Arial", 'A "b" <c>'),
    markup.RUBY: ("x",),
    markup.VOICE: ("Ann",),
    markup.LANGUAGE: ("fr",),
}
THINGS: dict[str, dict[str, Any]] = {
    f"{kind} {value} {place}": {"spans": (Span(*place, kind, value),)}
    for kind in (*markup.SWITCHES, *VALUES)
    for value in VALUES.get(kind, ("",))
    for place in ((0, len(TEXT)), (4, 7))
} | {
    "colours in each other": {"spans": (Span(0, 13, COLOR, "#ff0000"), Span(4, 7, COLOR, "#00ff00"))},
    "fonts in each other": {"spans": (Span(0, 13, FONT, "Arial"), Span(4, 7, FONT, "Times"))},
    "crossing": {"spans": (Span(0, 7, markup.ITALIC), Span(4, 13, markup.BOLD))},
    "a time": {"spans": (Span(4, 4, markup.TIME, "1.5"),)},
    "speaker": {"speaker": "Ann: <b> {x}"},
    "layer": {"layer": 3},
    **{
        f"{place}": {"placing": place}
        for place in (
            Placing(8), Placing(1), Placing(5), Placing(2, 0.3), Placing(2, None, 0.9), Placing(2, 0.3, 0.9),
            Placing(2, vertical="rl"), Placing(2, vertical="lr"),
        )
    },
}  # fmt: skip


def look(cue: Cue) -> dict[str, Any]:
    """What a viewer sees of it, and who speaks; what one person says of all is the cue's."""
    spans = flattened(cue.spans, {span.kind for span in cue.spans})
    voices = [span for span in spans if span.kind == markup.VOICE and (span.start, span.end) == (0, len(cue.text))]
    shown = {span for span in spans if "." not in span.kind and span not in voices}
    x, y = cue.placing.x, cue.placing.y
    near = (None, None) if y is not None and y > 0.8 else (None, y)  # Low, as `align` says already.
    return {
        "text": cue.text,
        "spans": {span._replace(value=span.value.rstrip("0")) if span.kind == markup.TIME else span for span in shown},
        "placing": (cue.placing.align, x, near[1], cue.placing.vertical),
        "speaker": cue.speaker or "".join(voice.value for voice in voices),
        "layer": cue.layer,
    }


@pytest.mark.parametrize("thing", THINGS)
@pytest.mark.parametrize("format", FORMATS)
def test_what_is_lost_is_counted(format: str, thing: str) -> None:
    document = Document((Cue(1, 2, TEXT, **THINGS[thing]), Cue(3, 4, "plain")))
    data, _ = writing.rendered(Path("out"), document, format)
    again = reading.parse(data, "out", format=format).cues[0]
    is_lost = losses.losses_of(document, registry.BY_ID[format]) is not None
    assert is_lost or look(again) == look(document.cues[0])


def test_of_lines_that_are_whole_none_is_counted() -> None:
    """MicroDVD says formatting of lines."""
    microdvd = registry.BY_ID["microdvd"]
    for start, end in ((0, 3), (4, 7), (0, 7)):
        document = Document((Cue(1, 2, "one\ntwo", spans=(Span(start, end, markup.ITALIC),)),))
        assert losses.losses_of(document, microdvd) is None
    partly = Document((Cue(1, 2, "one\ntwo", spans=(Span(2, 7, markup.ITALIC),)),))
    assert str(losses.losses_of(partly, microdvd)) == "1 text in italics cannot be written as MicroDVD."


def test_notes_above_and_below_all_cues_are_counted() -> None:
    text = "WEBVTT\n\nSTYLE\n::cue(.a) { color: red }\n\nNOTE one\n\n00:01.000 --> 00:02.000\nx\n\nNOTE two\n"
    document = reading.parse(text.encode(), "in.vtt")
    assert str(losses.losses_of(document, registry.BY_ID["srt"])) == "2 notes cannot be written as SubRip."
    assert losses.losses_of(document, registry.BY_ID["vtt"]) is None


places = st.integers(0, 9)
colors = st.sampled_from(["#ff0000", "#00ff00", "#0000ff"])


def seen(spans: tuple[Span, ...]) -> list[str]:
    """The colour of each character: that of the innermost span."""
    return [next((span.value for span in reversed(spans) if span.start <= at < span.end), "") for at in range(9)]


@given(st.lists(st.tuples(places, places, colors), max_size=6))
def test_flattened_spans_look_the_same(drawn: list[tuple[int, int, str]]) -> None:
    spans = markup.tidied((Span(min(a, b), max(a, b), COLOR, value) for a, b, value in drawn if a != b), 9)
    flat = flattened(spans, (COLOR,))
    assert seen(flat) == seen(spans)
    assert all(first.end <= second.start for first, second in itertools.pairwise(flat))
