# SPDX-License-Identifier: GPL-3.0-or-later
"""Lyrics of Kugou, QQ Music and NetEase, which each write the times of words in their own way."""

from __future__ import annotations

import pytest

from tests.core.subtitles.test_more_complaints import read, rows, written

TWO = [(1, 3, "Hello you"), (4, 5, "Bye")]
QRC = "[ti:Song]\n[1000,2000]Hel(1000,500)lo (1500,500)you(2000,1000)\n[4000,1000]Bye(4000,1000)\n"


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("Kugou", "[ti:Song]\n[1000,2000]<0,500,0>Hel<500,500,0>lo <1000,1000,0>you\n[4000,1000]<0,1000,0>Bye\n"),
        ("QQ Music", QRC),
        ("QQ Music in XML", '<?xml version="1.0" encoding="utf-8"?>\n<QrcInfos>\n<LyricInfo LyricCount="1">\n'
         f'<Lyric_1 LyricType="1" LyricContent="{QRC}"/>\n</LyricInfo>\n</QrcInfos>'),
        ("NetEase", "[1000,2000](1000,500,0)Hel(1500,500,0)lo (2000,1000,0)you\n[4000,1000](4000,1000,0)Bye\n"),
    ],
)  # fmt: skip
def test_each_word_has_its_time(program: str, text: str) -> None:
    document = read(text, "a.txt")
    assert (document.format, rows(document), document.findings) == ("krc", TWO, ()), program
    assert [(word.text, word.start, word.end) for word in document.cues[0].words] == [
        ("Hel", 1, 1.5), ("lo", 1.5, 2), ("you", 2, 3),
    ]  # fmt: skip
    assert "[00:01.00]<00:01.00>Hel<00:01.50>lo <00:02.00>you<00:03.00>\n" in written(document, "lrc")
    assert "{\\k50}Hel{\\k50}lo {\\k100}you" in written(document, "ass")


def test_credits_of_netease() -> None:
    text = '{"t":0,"c":[{"tx":"Words: "},{"tx":"Ann","li":"http://a.b/c"}]}\n[1000,2000](1000,500,0)Hello\n'
    document = read(text, "a.yrc")
    assert rows(document) == [(0, 1, "Words: Ann"), (1, 3, "Hello")]
    assert "http://a.b/c" in str(document.cues[0].extra)


@pytest.mark.parametrize("line", ['{"t":0}', '{"t":"x","c":[{"tx":"a"}]}', '{"t":0,"c":[{"tx":1}]}', "{", "said"])
def test_other_lines_are_quoted(line: str) -> None:
    document = read(f"{line}\n[1000,2000]<0,500,0>Hello\n", "a.krc", None)
    assert [finding.quote for finding in document.findings] == [line]
    assert rows(document) == [(1, 3, "Hello")]


def test_brackets_that_somebody_sings() -> None:
    text = "[1000,2000]<0,500,0>Oh <500,500,0>(yeah)\n[4000,1000]no times (here)\n"
    assert [cue.text for cue in read(text, "a.krc").cues] == ["Oh (yeah)", "no times (here)"]
