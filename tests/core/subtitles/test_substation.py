# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation: what is not changed comes back byte for byte, what is changed is all that changes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pysubs2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from subtitle_editor.core.markup import BOLD, COLOR, ITALIC, Span
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Cue, Document, Kind
from subtitle_editor.core.subtitles.formats import base, substation

DATA = Path(__file__).parents[2] / "data" / "subtitles"
ASS = DATA / "samples" / "ass.ass"


def written(document: Document, format: str = "ass") -> str:
    return writing.rendered(Path("out"), document, format)[0].decode()


def changed_lines(before: str, after: str) -> list[tuple[str, str]]:
    old, new = before.splitlines(), after.splitlines()
    assert len(old) == len(new)
    return [(a, b) for a, b in zip(old, new, strict=True) if a != b]


@pytest.mark.parametrize("path", [ASS, DATA / "samples" / "ssa.ssa", DATA / "cases" / "ass-mixed.ass"])
def test_what_was_not_touched_is_the_same_to_the_byte(path: Path) -> None:
    assert written(reading.load(path), path.suffix[1:]) == path.read_text(encoding="utf-8")


def test_a_shift_changes_times_and_nothing_else_those_of_drawings_and_comments_too() -> None:
    source = pysubs2.SSAFile.load(str(ASS))
    moved = pysubs2.SSAFile.from_string(written(reading.load(ASS).moved(1.0)))
    assert [(e.start, e.end) for e in moved] == [(e.start + 1000, e.end + 1000) for e in source]
    assert [(e.text, e.style, e.name, e.effect, e.layer, e.marginv, e.type) for e in moved] == [
        (e.text, e.style, e.name, e.effect, e.layer, e.marginv, e.type) for e in source
    ]
    assert moved.styles == source.styles


def test_an_edited_text_keeps_its_tags_and_no_other_line_changes() -> None:
    document = reading.load(ASS)
    index = next(i for i, cue in enumerate(document.cues) if cue.text == "sing a song")
    cues = list(document.cues)
    cues[index] = cues[index].with_text("sing a long song")
    ((_, line),) = changed_lines(ASS.read_text(encoding="utf-8"), written(document.with_cues(cues)))
    assert line == (
        r"Dialogue: 1,0:00:04.00,0:00:06.50,Sign,,0,0,20,Banner;20,{\k20}sing {\kf30}a long {\k40}{\t(0,100,\fs20)}song"
    )


def test_style_speaker_and_layer_can_be_changed() -> None:
    document = reading.load(ASS)
    first = dataclasses.replace(document.cues[0], style="Sign", speaker="Ben, senior", layer=3)
    ((_, line),) = changed_lines(
        ASS.read_text(encoding="utf-8"), written(document.with_cues([first, *document.cues[1:]]))
    )
    # A comma would begin the next column. The place of another style's is not where the text is: that is said too.
    assert line.startswith(r"Dialogue: 3,0:00:01.00,0:00:03.00,Sign,Ben; senior,0,0,0,,{\an2}")


def test_a_deleted_and_a_new_cue_leave_the_others_where_they_are() -> None:
    document = reading.load(ASS)
    new = Cue(20.0, 21.0, "new\nlines {here}", spans=(Span(0, 3, BOLD),), style="Default")
    text = written(document.with_cues([*document.cues[1:], new]))
    again = reading.parse(text.encode(), "in.ass")
    assert [cue.text for cue in again.cues] == [cue.text for cue in document.cues[1:]] + ["new\nlines {here}"]
    assert [cue.text for cue in again.hidden] == [cue.text for cue in document.hidden]
    assert again.cues[-1].spans == (Span(0, 3, BOLD),)


def test_a_style_becomes_formatting_where_there_are_no_styles() -> None:
    (cue,) = [
        cue for cue in reading.parse(written(reading.load(ASS), "srt").encode(), "in.srt").cues if "sing" in cue.text
    ]
    assert {(span.kind, span.value) for span in cue.spans} == {(BOLD, ""), (ITALIC, ""), (COLOR, "#ffff00")}
    assert cue.placing.align == 8


def test_positions_are_shares_of_the_picture() -> None:
    (cue,) = [cue for cue in reading.load(ASS).cues if cue.text.startswith("two")]
    assert cue.placing == (7, 0.1, 0.1, "")
    new = Document((dataclasses.replace(cue, extra={}),))
    assert r"{\an7\pos(192,108)}" in written(new)


@pytest.mark.parametrize("text", ["C:\\Notes\\home\\new", "a\\", "\\N", "\\\\{", "{\\an8}", "}{", "\\h\\n"])
def test_backslashes_and_braces_of_other_formats_are_text(text: str) -> None:
    made = written(Document((Cue(1.0, 2.0, text),)))
    row = made.splitlines()[-1].split(",", 9)[9]
    assert not any(escape in row for escape in ("\\N", "\\n", "\\h"))
    assert reading.parse(made.encode(), "in.ass").cues[0].text == text
    assert "\n" not in pysubs2.SSAFile.from_string(made)[0].plaintext


def test_both_versions_into_each_other() -> None:
    ass, ssa = reading.load(ASS), reading.load(DATA / "samples" / "ssa.ssa")
    into_ssa = reading.parse(written(ass, "ssa").encode(), "in.ssa")
    into_ass = reading.parse(written(ssa, "ass").encode(), "in.ass")
    assert (into_ssa.format, into_ass.format) == ("ssa", "ass")
    for before, after in ((ass, into_ssa), (ssa, into_ass)):
        assert [(c.start, c.text, c.spans, c.placing, c.style) for c in after.cues] == [
            (c.start, c.text, c.spans, c.placing, c.style) for c in before.cues
        ]
        assert set(after.styles) == set(before.styles)


def test_broken_rows_cost_only_themselves() -> None:
    text = ASS.read_text(encoding="utf-8").replace("0:00:01.00,0:00:03.00,Default,Ana", "0:00:xx.00,never,Default,Ana")
    text = text.replace("\n[Fonts]", "Dialogue: 0,0:00:05\n\n[Fonts]")
    document = reading.parse(text.encode(), "in.ass")
    assert document.cues[0].text == "Slanted and bold under, yes"
    assert len(document.cues) == 4
    found = {finding.kind: finding for finding in document.findings}
    assert found[Kind.TIME].quote == "0:00:xx.00,never"
    assert found[Kind.BROKEN].quote == "Dialogue: 0,0:00:05"


def test_what_nobody_sees_is_said() -> None:
    document = reading.load(DATA / "cases" / "ass-mixed.ass")
    assert [str(finding) for finding in document.findings] == [
        "Line 15: a drawing, not text; it is kept, and drawn where the file is burnt in.",
        'Line 17: "zero length" has no length, so that nobody sees it.',
    ]
    assert [(cue.start, cue.end, cue.text) for cue in document.cues] == [
        (1, 3, "Well, yes, of course, sure"),
        (4, 6, "sing a song"),
        (7, 9, "Shop open"),
        (10, 12, "two\nlines\u00a0here"),
    ]


@pytest.mark.parametrize(
    "damage",
    [
        ("Dialogue: 0,0:00:01.00", "Dialogue: 0,0:000:01.00"),
        ("[V4+ Styles]", "[V4+ Stiles]"),
        ("Dialogue: 0,", "Dialogue: zero,"),
    ],
)
def test_a_damaged_file_is_written_in_the_other_version_too(damage: tuple[str, str]) -> None:
    text = ASS.read_text(encoding="utf-8").replace(*damage)
    document = reading.parse(text.encode(), "in.ass", format="ass")
    data, _ = writing.rendered(Path("out.ssa"), document, "ssa")
    again = reading.parse(data, "out.ssa")
    assert [cue.text for cue in again.cues] == [cue.text for cue in document.cues]


def test_a_text_that_looks_like_another_format_is_a_text() -> None:
    text = '<tt xmlns="http://www.w3.org/ns/ttml"> WEBVTT {1}{1} --> [Script Info]'
    document = Document((Cue(1, 2, text),), format="srt")
    again = reading.parse(written(document, "ssa").encode(), "out.ssa", format="ssa")
    assert [cue.text for cue in again.cues] == [text]


def test_columns_that_change_on_the_way() -> None:
    text = (
        "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Layer, Start, End, Style, Text\n"
        "Dialogue: 0,0:00:01.00,0:00:02.00,Default,one, two\n"
        "Format: Start, End, Text\n"
        "Dialogue: 0:00:03.00,0:00:04.00,three, four\n"
    )
    document = reading.parse(text.encode(), "in.ass")
    assert [cue.text for cue in document.cues] == ["one, two", "three, four"]
    assert writing.rendered(Path("out.ass"), document)[0].decode() == text


def one_of(*values: str) -> st.SearchStrategy[str]:
    return st.sampled_from(values)


TIMES = one_of("0:00:01.00", "0:00:02.50", "0:00:02.5", "00:00:03,00", "0:00:61.00", "1:2", "", " 0:00:04.00 ")
TEXTS = st.lists(
    one_of("word", " ", "  ", ",", "\\N", "\\n", "\\h", "\\", "\\{", "{", "}", "{\\i1}", "\t", "\u200b", "&"),
    max_size=8,
)
ROWS = st.builds(
    "{0}{1},{2},{3},{4},{5},{6},0,0,{7},{8}".format,
    one_of("Dialogue: ", "Dialogue:", "Dialogue:   ", "dialogue: ", "Comment: ", " Dialogue: "),
    one_of("0", "3", " 1", "-1", "Marked=0", "", "1234567890"),
    TIMES,
    TIMES,
    one_of("Default", "*Default", "Top", " Top ", "nobody", ""),
    one_of("", "Ana", " Ana "),
    one_of("0", "", "x"),
    one_of("", "Banner;20", "Karaoke"),
    TEXTS.map("".join),
)
LINES = st.one_of(
    ROWS,
    one_of(
        "", "; remark", "Dialogue: 0", "[Fonts]", "[Events]", "Format: Start, End, Text", "Format: Text, Start, End",
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text",
        "Format: Start, Start, End, Text",
        "Dialogue: 0:00:01.00,0:00:02.00,short", "Format: Layer, Start, End, Style, Actor, Text",
    ),
)  # fmt: skip
ROW = "Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,"
STYLES = "[Script Info]\n[V4+ Styles]\nFormat: Name, Alignment\nStyle: Default,2\nStyle: Top,8\n[Events]\n"
ALWAYS = "[Events]\n" + ROW
LONGEST = 24
"""Characters: what the longest text is taken for, so that short ones are longer."""


def slowly(data: bytes) -> Document:
    """As it is read where no event is taken for one as nearly all are."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(substation, "plain_row", lambda columns: (None, ()))
        return reading.parse(data, "in.ass", format="ass")


@settings(max_examples=150)
@given(st.lists(LINES, max_size=8))
@example([f"Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{'word ' * 9}end"])
@example([f"Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{'word ' * 9}{{\\i1}}end"])
def test_usual_events_are_read_as_all_others_are(lines: list[str]) -> None:
    data = (STYLES + "\n".join([*lines, ALWAYS])).encode()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(base, "LONGEST_TEXT", LONGEST)
        document, other = reading.parse(data, "in.ass", format="ass"), slowly(data)
    assert document == other
    assert [(cue.line, cue.extra) for cue in document.cues] == [(cue.line, cue.extra) for cue in other.cues]
    assert document.findings == other.findings


@pytest.mark.parametrize("text", ["word " * 30_000 + "end", "two\\N" * 30_000 + "end"])
def test_no_formatting_is_missed_in_a_long_text_that_has_none(text: str) -> None:
    """Two rows: nearly all are read by a pattern, and one whose text begins with a comma by all rules."""
    rows = "".join(f"Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{first}{text}\n" for first in ("", ","))
    document = reading.parse((STYLES + rows).encode(), "in.ass")
    assert len(document.cues) == 2
    assert document.findings == ()


def test_times_that_only_we_read_are_written_for_the_other_version() -> None:
    row = "[Events]\nDialogue: 0,0:1,,Default,,0,0,0,,one\nDialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,two\n"
    document = reading.parse(row.encode(), "in.ssa", format="ssa")
    again = reading.parse(written(document, "ass").encode(), "out.ass")
    assert [(cue.start, cue.end, cue.text) for cue in again.cues] == [(1, 3, "one"), (5, 6, "two")]


# What other programs and hands wrote

EVENTS = "[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
ITALIC_ABOVE = "Style: Default,Arial,16,&H00FFFFFF,&H000000FF,0,0,0,-1,0,0,100,100,0,0,1,1,0,8,10,10,10,1\n"


def events(*rows: str) -> Document:
    text = "[Script Info]\nScriptType: v4.00+\n\n" + EVENTS + "".join(f"Dialogue: {row}\n" for row in rows)
    return reading.parse(text.encode(), "a.ass")


def test_commas_before_the_hundredths() -> None:
    document = events("0,0:00:05,50,0:00:06,25,Default,Ann,0,0,0,,a, b", "0,0:00:07.00,0:00:08.00,Default,,0,0,0,,5,50")
    assert [(cue.start, cue.end, cue.speaker, cue.text) for cue in document.cues] == [
        (5.5, 6.25, "Ann", "a, b"), (7, 8, "", "5,50"),
    ]  # fmt: skip


def test_an_event_with_too_few_columns_is_read_as_far_as_it_goes() -> None:
    document = events("0,0:00:03.00,0:00:04.00,Default,Hi", "0,0:00:05.00,0:00:06.00", "0,x,y,Default,lost")
    assert [(cue.start, cue.end, cue.text) for cue in document.cues] == [(3, 4, "Hi")]
    assert [(finding.kind, finding.line, "lost" in finding.quote) for finding in document.findings] == [
        (Kind.BROKEN, 6, False), (Kind.BROKEN, 7, False), (Kind.BROKEN, 8, True),
    ]  # fmt: skip


@pytest.mark.parametrize("format", ["", "Format: Name, Fontname, Fontsize\n"])
def test_styles_without_a_line_that_names_their_columns(format: str) -> None:
    text = f"[V4+ Styles]\n{format}{ITALIC_ABOVE}\n{EVENTS}Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,x\n"
    document = reading.parse(text.encode(), "a.ass")
    assert "{\\an8}<i>x</i>" in written(document, "srt") if not format else "\nx" in written(document, "srt")


def test_styles_below_the_events() -> None:
    text = f"{EVENTS}Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,x\n\n[V4+ Styles]\n{ITALIC_ABOVE}"
    document = reading.parse(text.encode(), "a.ass")
    assert "{\\an8}<i>x</i>" in written(document, "srt")
    assert written(document) == text


@pytest.mark.parametrize("tag", ["\\c&H0000FF&", "\\c&H0000FF", "\\cH0000FF&", "\\cFF", "\\1c0000FF", "\\c&HFF&"])
def test_colours_are_of_base_16_however_they_are_written(tag: str) -> None:
    document = events(f"0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{{{tag}}}x")
    assert document.cues[0].spans == (Span(0, 1, COLOR, "#ff0000"),)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("one\\N\\Ntwo", "one\n\ntwo"),
        ("\\N \\Nlow\\N\\N", "low"),
        ("{\\i1}one\\N{\\i0}\\N \\N{\\b1}two{\\b0}\\N", "one\n\n\ntwo"),
    ],
)
@pytest.mark.parametrize("format", ["ass", "ssa", "ttml", "json", "srt", "vtt", "sbv"])
def test_empty_lines_inside_of_a_text_are_seen_in_other_formats_too(said: str, text: str, format: str) -> None:
    """A no-break space has the place of each where an empty line ends the subtitle."""
    text_of_file = written(Document((Cue(1, 2, "HERE"), Cue(3, 4, "x"))), "ass").replace("HERE", said)
    document = reading.parse(text_of_file.encode(), "a.ass")
    assert [cue.text for cue in document.cues] == [text, "x"]
    again = reading.parse(written(document, format).encode(), f"a.{format}")
    assert [cue.text.replace("\xa0", "") for cue in again.cues] == [text, "x"] and again.findings == ()
    if format in ("srt", "vtt"):
        looks = [{span.kind for span in cue.spans} for cue in (document.cues[0], again.cues[0])]
        assert looks[0] == looks[1]
    edited = document.with_cues([document.cues[0].with_text(text.replace("two", "three").replace("low", "deep"))])
    assert "\n\n" not in text or "\\N\\N" in written(edited)
