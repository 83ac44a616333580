# SPDX-License-Identifier: GPL-3.0-or-later
"""TTML: times, nesting, spaces, regions, styles, damage, and what is written."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.markup import BACKGROUND, BOLD, COLOR, ITALIC, LANGUAGE, RUBY, STRIKE, Placing, Span
from subtitle_editor.core.subtitles import reading, writing
from subtitle_editor.core.subtitles.document import Cue, Document, Kind
from subtitle_editor.core.subtitles.formats import ttml
from subtitle_editor.core.subtitles.formats.base import ReadOptions
from subtitle_editor.core.subtitles.formats.xml_tokens import tokens

NAMESPACES = (
    'xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" '
    'xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ttm="http://www.w3.org/ns/ttml#metadata"'
)


def read(body: str, root: str = 'xml:lang="en"', head: str = "") -> Document:
    text = f"<tt {NAMESPACES} {root}><head>{head}</head><body>{body}</body></tt>"
    return reading.parse(text.encode(), "in.ttml")


def shown(document: Document) -> list[tuple[float, float, str]]:
    return [(round(cue.start, 6), round(cue.end, 6), cue.text) for cue in document.cues]


def rewritten(document: Document) -> Document:
    data, _ = writing.rendered(Path("out.ttml"), document, "ttml")
    ElementTree.fromstring(data)  # It is XML for others too.
    return reading.parse(data, "out.ttml")


@pytest.mark.parametrize(
    ("root", "begin", "seconds"),
    [
        ("", "00:00:01.5", 1.5),
        ("", "00:00:01,5", 1.5),
        ("", "01:02", 62),
        ("", "1.5", 1.5),
        ("", "1500ms", 1.5),
        ("", "0.5m", 30),
        ("", "0.5h", 1800),
        ('ttp:tickRate="10000000"', "15000000t", 1.5),
        ('ttp:frameRate="25"', "00:00:01:12", 1.48),
        ("", "00:00:01:500", 1.5),
        ('ttp:frameRate="25"', "00:00:01:040", 1.04),
        ('ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001"', "24f", 1.001),
        ('ttp:frameRate="24" ttp:frameRateMultiplier="1000 1001"', "00:00:02:12", 2 + 12 * 1001 / 24000),
        # By time code a second of 24 frames lasts 1.001 s.
        ('ttp:timeBase="smpte" ttp:frameRate="24" ttp:frameRateMultiplier="1000:1001"', "00:01:00:00", 60.06),
        # The two numbers left out at each minute: frame 1800 is called 00:01:00:02.
        (
            'ttp:timeBase="smpte" ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001" ttp:dropMode="dropNTSC"',
            "00:01:00:02",
            1800 * 1001 / 30000,
        ),
        ('ttp:frameRate="25" ttp:subFrameRate="2"', "00:00:01:12.1", 1.5),
    ],
)
def test_times(root: str, begin: str, seconds: float) -> None:
    document = read(f'<div><p begin="{begin}" dur="2s">x</p></div>', root)
    assert [(cue.start, cue.end) for cue in document.cues] == [
        (pytest.approx(seconds, abs=1e-9), pytest.approx(seconds + 2, abs=1e-9))
    ]


def test_frames_without_a_rate_are_noted() -> None:
    document = read('<div><p begin="00:00:01:15" end="00:00:02:00">x</p></div>')
    assert shown(document) == [(1.5, 2, "x")]
    assert [finding.kind for finding in document.findings] == [Kind.RATE]


def test_times_of_what_is_around_add_up_and_cut_off() -> None:
    document = read(
        '<div begin="10s" end="20s"><div begin="1s"><p begin="1s" end="3s">one</p><p begin="5s" end="99s">two</p>'
        '<p begin="15s" end="16s">never</p></div></div>'
        '<div timeContainer="seq"><p dur="1s">a</p><p dur="1s">b</p></div>'
    )
    assert shown(document) == [(0, 1, "a"), (1, 2, "b"), (12, 14, "one"), (16, 20, "two")]
    (hidden,) = [finding for finding in document.findings if finding.kind is Kind.HIDDEN]
    assert hidden.quote == "never"


@pytest.mark.parametrize(
    "paragraph",
    [
        '<div end="5s"><p begin="6s" end="7s">late <span x:mood="sad">words</span></p></div>',
        '<p begin="1s" end="5s">a<span begin="6s" x:mood="sad">b</span></p>',
        '<div end="5s"><p begin="6s" end="7s"><span tts:ruby="container"><span tts:ruby="base">a</span>'
        '<span tts:ruby="text">sad</span></span></p></div>',
    ],
)
def test_what_formatting_says_of_a_text_that_is_never_shown_is_noted(paragraph: str) -> None:
    document = read(f'<p begin="1s" end="2s">x</p>{paragraph}', 'xmlns:x="urn:x"')
    (hidden,) = [finding for finding in document.findings if finding.kind is Kind.HIDDEN]
    assert "sad" in hidden.quote


def test_sequences() -> None:
    """After W3C's MediaSeqTiming002 and 003."""
    document = read(
        '<div timeContainer="seq" dur="40s"><div timeContainer="seq"><p begin="5s" dur="5s">a</p>'
        '<p begin="5s" timeContainer="seq">never</p><p dur="5s">b</p></div>'
        '<div timeContainer="seq" dur="20s"><p begin="5s" dur="5s">c</p><p begin="5s" dur="5s">d</p></div></div>'
    )
    assert shown(document) == [(5, 10, "a"), (15, 20, "b"), (25, 30, "c"), (35, 40, "d")]
    assert [finding.quote for finding in document.findings] == ["never"]


def test_spans_with_times_of_their_own() -> None:
    """As Subby and dash.js were asked for: text and effect in one paragraph, each when it is to be seen."""
    document = read(
        '<div><p><span begin="1s" end="4s">Why should I pay?</span><br/><span begin="2s" end="4s">DOORBELL</span></p>'
        '<p begin="5s" end="9s"><span end="1s">first</span><span begin="2s" end="3s">last</span></p></div>'
    )
    assert shown(document) == [
        (1, 2, "Why should I pay?"),
        (2, 4, "Why should I pay?\nDOORBELL"),
        (5, 6, "first"),
        (7, 8, "last"),
    ]


def test_text_before_inside_between_and_behind_spans() -> None:
    document = read(
        '<div><p begin="1s" end="2s">&gt;&gt; <span tts:fontStyle="italic">Tonight on</span> Frontline,\n   '
        "<span><span>they</span><br/>\n live</span>  on.</p></div>"
    )
    (cue,) = document.cues
    assert cue.text == ">> Tonight on Frontline, they\nlive on."
    assert cue.spans == (Span(3, 13, ITALIC),)


def test_spaces() -> None:
    (default, kept) = read(
        '<div><p begin="1s" end="2s">a   b\n c</p><p xml:space="preserve" begin="3s" end="4s">a   b\nc</p></div>'
    ).cues
    assert (default.text, kept.text) == ("a b c", "a   b\nc")


def test_empty_paragraphs_are_nothing_to_speak_of() -> None:
    document = read('<div><p begin="1s" end="2s"/><p begin="2s" end="3s"><br/></p><p begin="3s" end="4s">x</p></div>')
    assert shown(document) == [(3, 4, "x")]
    assert document.findings == ()


def test_old_namespaces_and_prefixes() -> None:
    text = (
        '<?xml version="1.0"?><tt:tt xmlns:tt="http://www.w3.org/2006/10/ttaf1" '
        'xmlns:s="http://www.w3.org/2006/10/ttaf1#style"><tt:body><tt:div><tt:p begin="1s" end="2s">'
        '<tt:span s:fontWeight="bold">x</tt:span> y</tt:p></tt:div></tt:body></tt:tt>'
    )
    document = reading.parse(text.encode(), "in.dfxp")
    assert shown(document) == [(1, 2, "x y")]
    assert document.cues[0].spans == (Span(0, 1, BOLD),)
    again = rewritten(document)
    assert again.cues == document.cues
    assert "2006/10/ttaf1" in str(again.extra["ttml.root"])


def test_styles_are_inherited_and_undone() -> None:
    head = (
        '<styling><style xml:id="a" tts:color="yellow"/><style xml:id="b" style="a" tts:fontStyle="italic"/></styling>'
        '<layout><region xml:id="r" tts:displayAlign="before" tts:textDecoration="lineThrough"/></layout>'
    )
    document = read(
        '<div style="b"><p region="r" begin="1s" end="2s">one <span tts:fontStyle="normal" tts:color="white">two</span>'
        "</p></div>",
        head=head,
    )
    (cue,) = document.cues
    assert cue.spans == (Span(0, 7, STRIKE), Span(0, 4, COLOR, "#ffff00"), Span(0, 4, ITALIC))
    assert cue.placing == Placing(8)
    assert rewritten(document).cues == document.cues
    plain = document.with_cues([Cue(1, 2, "plain", style=cue.style, extra=cue.extra, placing=cue.placing)])
    assert rewritten(plain).cues[0].spans == ()


def test_a_background_a_ruby_and_a_language() -> None:
    document = read(
        '<div><p begin="1s" end="2s"><span tts:backgroundColor="#00000080" xml:lang="ja"><span tts:ruby="container">'
        '<span tts:ruby="base">漢字</span> <span tts:ruby="text">かんじ</span></span></span></p></div>'
    )
    (cue,) = document.cues
    assert cue.text == "漢字"
    assert set(cue.spans) == {
        Span(0, 2, BACKGROUND, "#00000080"),
        Span(0, 2, RUBY, "かんじ"),
        Span(0, 2, LANGUAGE, "ja"),
    }
    assert set(rewritten(document).cues[0].spans) == set(cue.spans)


@pytest.mark.parametrize(
    ("region", "placing"),
    [
        ('tts:origin="10% 80%" tts:extent="80% 10%" tts:displayAlign="after"', Placing(2)),
        ('tts:origin="10% 10%" tts:extent="80% 20%"', Placing(8)),
        ('tts:origin="0% 45%" tts:extent="20% 10%" tts:displayAlign="center" tts:textAlign="left"', Placing(4)),
        ('tts:origin="60% 35%" tts:extent="20% 25%" tts:displayAlign="after"', Placing(5, 0.7, 0.6)),
        ('tts:origin="8c 12c" tts:extent="16c 3c" tts:displayAlign="after"', Placing(2)),
        ('tts:writingMode="tbrl" tts:origin="0% 0%" tts:extent="100% 100%"', Placing(8, vertical="rl")),
    ],
)
def test_places(region: str, placing: Placing) -> None:
    document = read(
        '<div><p region="r" begin="1s" end="2s">x</p></div>', head=f'<layout><region xml:id="r" {region}/></layout>'
    )
    assert document.cues[0].placing == placing
    assert rewritten(document).cues[0].placing == placing
    elsewhere = document.with_cues([Cue(1, 2, "x", placing=placing)])
    foreign = Document(elsewhere.cues, format="srt")
    data, _ = writing.rendered(Path("out.ttml"), foreign, "ttml")
    assert reading.parse(data, "out.ttml").cues[0].placing == placing


@pytest.mark.parametrize(
    "damage",
    [
        "Salt & pepper",
        "1 < 2",
        "x &nbsp; y",
        "a <3 b",
        "<unknown>y</unknown>",
        "</span>x",
        "<span>x",
        "<!-- c -->x",
        "<![CDATA[a < b]]>",
        '<span tts:color="x>y</span>',
    ],
)
def test_one_fault_costs_no_more_than_itself(damage: str) -> None:
    document = read(f'<div><p begin="1s" end="2s">{damage}</p><p begin="3s" end="4s">after</p></div>')
    assert document.cues[-1].text.endswith("after")
    assert document.cues[-1].start == 3
    rewritten(document)


def test_a_file_that_breaks_off() -> None:
    text = f'<tt {NAMESPACES}><body><div><p begin="1s" end="2s">one</p><p begin="3s" end="4s">tw'
    assert shown(reading.parse(text.encode(), "in.ttml")) == [(1, 2, "one"), (3, 4, "tw")]


def test_a_bad_time_costs_that_time() -> None:
    document = read('<div><p begin="1s" end="soon">x</p><p begin="9s" end="4s">y</p></div>')
    assert shown(document) == [(1, 3, "x"), (4, 9, "y")]
    assert next((finding.kind, finding.quote) for finding in document.findings) == (Kind.TIME, "soon")
    assert Kind.REVERSED in {finding.kind for finding in document.findings}


def test_pictures_are_called_pictures() -> None:
    with pytest.raises(SubtitleFileError, match="pictures"):
        read('<div begin="1s" end="2s" smpte:backgroundImage="#img"/>')


def test_nobody_makes_a_bomb_of_it() -> None:
    bomb = '<!DOCTYPE tt [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    text = f'{bomb}<tt {NAMESPACES}><body><div><p begin="1s" end="2s">{"&b;" * 50}</p></div></body></tt>'
    document = reading.parse(text.encode(), "in.ttml")
    assert document.cues[0].text == "&b;" * 50
    assert [finding.kind for finding in document.findings] == [Kind.BROKEN]
    with pytest.raises(SubtitleFileError, match="deeply"):
        read('<div><p begin="1s" end="2s">' + "<span>" * 20_000 + "</p></div>")
    styles = "".join(
        f'<style xml:id="s{i}" style="{" ".join(f"s{j}" for j in range(i - 20, i) if j >= 0)}"/>' for i in range(60)
    )
    assert (
        len(read('<div><p style="s59" begin="1s" end="2s">x</p></div>', head=f"<styling>{styles}</styling>").cues) == 1
    )


def test_speakers() -> None:
    head = '<metadata><ttm:agent xml:id="a" type="person"><ttm:name type="full">Ana</ttm:name></ttm:agent></metadata>'
    document = read('<div><p ttm:agent="a" begin="1s" end="2s">x</p></div>', head=head)
    assert document.cues[0].speaker == "Ana"
    assert rewritten(document).cues[0].speaker == "Ana"
    made = Document((Cue(1, 2, "x", speaker="B & <b>"),), format="vtt")
    assert rewritten(made).cues[0].speaker == "B & <b>"


def test_what_no_xml_may_hold_is_replaced() -> None:
    assert rewritten(Document((Cue(1, 2, "a\x08b\ufffec  d"),))).cues[0].text == "a\ufffdb\ufffdc  d"


def test_times_are_written_as_media_times() -> None:
    """What said frames or ticks says seconds, and nothing is left in the root that would change what they mean."""
    root = 'ttp:timeBase="smpte" ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001" ttp:dropMode="dropNTSC"'
    document = read('<div><p begin="01:00:00:00" end="01:00:10:00">x</p></div>', root)
    (before,), (after,) = document.cues, rewritten(document).cues
    assert (after.start, after.end) == (pytest.approx(before.start, abs=5e-4), pytest.approx(before.end, abs=5e-4))


def test_tags_and_text_as_an_xml_parser_sees_them() -> None:
    sample = (Path(__file__).parents[2] / "data" / "subtitles" / "samples" / "ttml.ttml").read_text(encoding="utf-8")
    ours = [
        (token.name.rpartition(":")[2], dict(token.attributes).get("begin"))
        for token in tokens(sample)
        if token.kind == "open"
    ]
    root = ElementTree.fromstring(sample)
    theirs = [(element.tag.rpartition("}")[2], element.get("begin")) for element in root.iter()]
    assert ours == theirs
    assert (
        "".join(token.text for token in tokens(sample) if token.kind == "text").split()
        == "".join(root.itertext()).split()
    )
    assert "".join(token.raw for token in tokens(sample)) == sample


def test_a_damaged_declaration_is_no_prefix(tmp_path: Path) -> None:
    damaged = '<tt xmlns&="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2s">word</p></div></body></tt>'
    document = reading.parse(damaged.encode(), "in.ttml", format="ttml")
    written, _ = writing.rendered(tmp_path / "out.ttml", document, "ttml")
    assert [cue.text for cue in reading.parse(written, "out.ttml", format="ttml").cues] == ["word"]


PLAIN = """
<div>
<p begin="00:00:01.000" end="00:00:03.000" region="low" style="soft">one<br/>two &amp; more</p>
<p xml:id="a" begin="00:00:02.500" end="00:00:04.000" region="low" style="soft">  three
 and   more<br/>   </p>
<p begin="00:00:05.000" end="00:00:06.000">none</p>
<p begin="00:00:05.000" end="00:00:06.000" xml:space="preserve">  kept   as it is </p>
<p begin="00:00:09.000" end="00:00:08.000" region="low">turned round</p>
<p begin="00:00:10.000" end="00:00:11.000" region="low" other:thing="x">strange</p>
<p begin="00:00:12.000" end="00:00:13.000" region="low" other:thing="x">strange again</p>
<P begin="00:00:14.000" end="00:00:15.000">large</P>
<other:p begin="00:00:14.000" end="00:00:15.000">of others</other:p>
<p begin="00:00:16.000" end="00:00:17.000"></p>
<!-- <p begin="00:00:18.000" end="00:00:19.000">not there</p> -->
<p begin="00:00:20.000" begin="00:00:21.000" end="00:00:22.000">twice</p>
</div>
<div begin="00:01:00.000" end="00:01:04.000">
<p begin="00:00:01.000" end="00:00:03.000" region="low" style="soft">later</p>
<p begin="00:00:01.000" end="00:00:09.000" region="low" style="soft">cut</p>
</div>
<div timeContainer="seq"><p begin="00:00:01.000" end="00:00:03.000">s</p>
<p begin="00:00:01.000" end="00:00:03.000">t</p></div>
<div tts:fontStyle="italic" xml:lang="fr"><p begin="00:02:01.000" end="00:02:03.000" region="low">u</p>
<p begin="00:02:04.000" end="00:02:05.000" region="low">v<br/>w</p></div>
"""
HEAD = """<styling><style xml:id="soft" tts:color="yellow"/></styling><layout>
<region xml:id="low" tts:origin="10% 80%" tts:extent="80% 10%" tts:displayAlign="after"/></layout>"""


def slowly(data: bytes, monkeypatch: pytest.MonkeyPatch) -> Document:
    """As it is read where no paragraph is taken for like another."""
    with monkeypatch.context() as patched:
        patched.setattr(ttml, "plain_paragraph", lambda token: None)
        return reading.parse(data, "in.ttml")


def test_paragraphs_that_are_alike_are_read_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = f'<tt {NAMESPACES} xml:lang="en"><head>{HEAD}</head><body>{PLAIN}{PLAIN}</body></tt>'.encode()
    document = reading.parse(text, "in.ttml")
    assert document == slowly(text, monkeypatch)
    assert [cue.line for cue in document.cues] == [cue.line for cue in slowly(text, monkeypatch).cues]
    sample = (Path(__file__).parents[2] / "data" / "subtitles" / "samples" / "ttml.ttml").read_bytes()
    assert reading.parse(sample, "in.ttml") == slowly(sample, monkeypatch)


def test_nothing_is_kept_that_was_not_there() -> None:
    assert "ttml.others" not in read('<div><p begin="00:00:01.000" end="00:00:02.000">one</p></div>').extra


PIECES = st.sampled_from(re.findall(r"<[^<>]*>|[^<>]+", PLAIN))


@settings(max_examples=200)
@given(st.lists(st.one_of(PIECES, st.sampled_from(PLAIN.strip().split("\n"))), max_size=25))
def test_so_are_damaged_ones(pieces: list[str]) -> None:
    text = f'<tt {NAMESPACES} xml:lang="en"><head>{HEAD}</head><body>{"".join(pieces)}</body></tt>'.encode()
    try:
        document = reading.parse(text, "in.ttml")
    except SubtitleFileError:
        return
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert document == slowly(text, monkeypatch)


INSIDE = st.lists(
    st.sampled_from(
        ["one", "two", " ", "  ", "\n", "\t", "<br/>", "<br />", "&amp;", "&lt;i&gt;", "\u00a0", "\u3000", "…"]
    ),
    max_size=6,
).map("".join)
SAID = st.sampled_from(
    [
        "",
        ' xml:id="p1"',
        ' style="s"',
        ' region="r"',
        ' style="none"',
        ' tts:color="red"',
        ' xml:space="preserve"',
        ' dur="1s"',
    ]
)
TIMES = st.sampled_from(["00:00:01", "00:00:02.5", "00:00:03.1234", "100:00:00.000", "00:00:60", "1.5s", "00:00:04:12"])


@settings(max_examples=200)
@given(st.lists(st.tuples(TIMES, TIMES, SAID, INSIDE), min_size=1, max_size=5))
def test_plain_paragraphs_are_read_as_those_that_take_all_rules(said: list[tuple[str, str, str, str]]) -> None:
    head = '<styling><style xml:id="s" tts:fontStyle="italic"/></styling><layout><region xml:id="r"/></layout>'

    def body(more: str) -> str:
        """`more` says nothing, and makes a paragraph one of those that are read piece by piece."""
        lines = (
            f'<p begin="{begin}" end="{end}"{attributes}>{inside}{more}</p>' for begin, end, attributes, inside in said
        )
        return '<div>\n<p begin="0s" end="1s">x</p>' + "\n".join(lines) + "\n</div>"

    quick, slow = read(body(""), head=head), read(body("<!---->"), head=head)
    assert quick.cues == slow.cues
    assert [cue.line for cue in quick.cues] == [cue.line for cue in slow.cues]
    assert [(finding.kind, finding.line) for finding in quick.findings] == [
        (finding.kind, finding.line) for finding in slow.findings
    ]


@pytest.mark.parametrize(
    "end",
    [
        "<!-- left open",
        "<?program",
        "<!DOCTYPE tt [",
        "<![CDATA[&",
        "<metadata><a b='c'>",
        "<head><styling><style",
        "<!-->",
    ],
)
@pytest.mark.parametrize("above", ["", "<head><metadata>"])
def test_what_a_file_leaves_open_swallows_nothing_when_it_is_written(above: str, end: str) -> None:
    text = f'<tt {NAMESPACES}>{above}<body><div><p begin="0s" end="1s">x</p></div></body>{end}'
    document = reading.parse(text.encode(), "in.ttml")
    again = reading.parse(writing.rendered(Path("out.ttml"), document, "ttml")[0], "out.ttml")
    assert shown(again) == shown(document) == [(0, 1, "x")]


def test_times_of_the_root_are_not_written_again() -> None:
    document = reading.parse(b'<p begin="0s" end="1s">x</p><tt end="0s" dur="0s"></tt>', "in.ttml")
    assert shown(rewritten(document)) == shown(document) == [(0, 1, "x")]


@pytest.mark.parametrize(
    "root", ['<tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling">', "<\ntt>"]
)
@pytest.mark.parametrize("more", ['<span Дtts:ruby="text">', '<span tts:ruby="text" Д="1">'])
def test_what_nobody_knows_of_a_reading_is_told(root: str, more: str) -> None:
    base = '<span tts:ruby="container"><span tts:ruby="base">A</span>'
    text = f'{root}<body><div><p begin="1s" end="2s">{base}{more}kanji</span></span></p></div></body></tt>'
    document = reading.parse(text.encode(), "a.ttml", format="ttml")
    assert any("Д" in str(finding) for finding in document.findings)


TWO_LANGUAGES = (
    '<div xml:lang="en"><p begin="1s" end="2s">Hello</p></div>'
    '<div xml:lang="de-AT"><p begin="1s" end="2s">Servus</p></div>'
)


@pytest.mark.parametrize(
    ("options", "text", "language"),
    [
        (ReadOptions(track=1), "Hello", "en"),
        (ReadOptions(track=2), "Servus", "de-AT"),
        (ReadOptions(language="de"), "Servus", "de-AT"),
    ],
)
def test_one_of_several_languages(options: ReadOptions, text: str, language: str) -> None:
    data = f"<tt {NAMESPACES}><body>{TWO_LANGUAGES}</body></tt>".encode()
    document = reading.parse(data, "in.ttml", options=options)
    assert [(cue.text, cue.spans) for cue in document.cues] == [(text, ())]
    assert document.language == language
    assert [(finding.kind, finding.quote != text) for finding in document.findings] == [(Kind.HIDDEN, True)]


def test_all_languages_where_nobody_chooses() -> None:
    assert [cue.text for cue in read(TWO_LANGUAGES).cues] == ["Hello", "Servus"]
    data = f"<tt {NAMESPACES}><body>{TWO_LANGUAGES}</body></tt>".encode()
    for options in (ReadOptions(track=3), ReadOptions(language="fr")):
        assert len(reading.parse(data, "in.ttml", options=options).cues) == 2
