# SPDX-License-Identifier: GPL-3.0-or-later
"""Test data of other projects, where it lies beside the checkout: read without an exception, and as they expect it.

Where we differ from what they expect, the list below says why.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from subtitle_editor.core.errors.subtitles import SubtitleFileError
from subtitle_editor.core.subtitles import reading
from subtitle_editor.core.subtitles.formats import registry
from subtitle_editor.core.subtitles.formats.base import ReadOptions

CORPORA = Path(__file__).parents[3].parent / "shared" / "corpora"
pytestmark = pytest.mark.skipif(not CORPORA.is_dir(), reason="no ../shared/corpora")

KEPT = ReadOptions(keep_rolling=True)

# WebVTT: we keep subtitles that its parsing rules drop, and name the fault.
VTT_DIFFERENCES = {
    "cue-times/fraction-digits": "two digits behind the point: read all the same",
    "cue-times/incorrect-delimiter": "a point for a colon: the end is readable",
    "cue-times/min-mid-digits": "three digits for seconds: the end is readable",
    "cue-times/minimum-spots-over-sixty": "120:00.000 is two hours of minutes to whoever types it, not 120 hours",
    "cue-times/max-spots-over-sixty": "no length: the usual one is taken, and said",
    "file-layout/cue-spacing": "a cue without text is left out, and said",
    "integration/arrows": "no length: the usual one is taken, and said",
    "integration/id": "a line of times right below a line of text begins a subtitle, which the rules drop",
}


def vtt_files() -> list[Path]:
    return sorted((CORPORA / "vtt-js" / "tests").rglob("*.vtt"))


def test_webvtt_as_mozilla_expects_it() -> None:
    compared, different = 0, []
    for path in vtt_files():
        expected_path = path.with_suffix(".json")
        if not expected_path.exists():
            continue
        expected = [
            (round(cue["startTime"], 3), round(cue["endTime"], 3), cue["id"])
            for cue in json.loads(expected_path.read_text(encoding="utf-8"))["cues"]
        ]
        try:
            cues = reading.load(path, format="vtt", options=KEPT).cues
        except SubtitleFileError:
            cues = ()
        compared += 1
        if [(cue.start, cue.end, cue.name) for cue in cues] != expected:
            different.append(str(path.relative_to(CORPORA / "vtt-js" / "tests").with_suffix("")))
    assert compared > 140
    assert set(different) == set(VTT_DIFFERENCES)


# A tag that is not closed swallows the text behind it by the parsing rules; here it is text, as it stands.
TEXT_DIFFERENCES = {
    "cuetext/lang/no-end-gt",
    "cuetext/tag-format/end-tag-no-gt",
    "cuetext/tag-format/no-closing-gt",
    "cuetext/tag-format/start-tag-missing-gt",
    "cuetext/timestamp/space-after-lt",
    "cuetext/voice/no-end-gt",
    # The two of the list above in which it is not only times that differ.
    "integration/arrows",
    "integration/id",
}


def shown(node: dict[str, object]) -> str:
    """The text of a tree of nodes without the readings over ruby."""
    if node.get("localName") == "rt":
        return ""
    if "data" in node:
        return str(node["data"])
    children = node.get("childNodes", [])
    assert isinstance(children, list)
    return "".join(map(shown, children))


def test_webvtt_texts_as_mozilla_expects_them() -> None:
    compared, different = 0, set()
    for path in vtt_files():
        tree_path = path.with_name(path.stem + "-proc.json")
        if not tree_path.exists():
            continue
        trees = json.loads(tree_path.read_text(encoding="utf-8"))
        if not trees:
            continue  # No tree was drawn: these files are about times.
        expected = [" ".join(shown(tree).split()) for tree in trees]
        try:
            cues = reading.load(path, format="vtt", options=KEPT).cues
        except SubtitleFileError:
            cues = ()
        found = [" ".join(cue.text.split()) for cue in cues]
        compared += 1
        if found != [text for text in expected if text]:
            different.add(str(path.relative_to(CORPORA / "vtt-js" / "tests").with_suffix("")))
    assert compared > 100
    assert different == TEXT_DIFFERENCES


# W3C's TTML files say in their texts when these are to be seen.
TTML_DIFFERENCES = {
    "MediaParTiming002": "a `set` shows it: animation is not followed, and named",
    "MediaSeqTiming007": "a `set` shows it: animation is not followed, and named",
    "nested-region-001": "text outside of a nested region: kept, in a player it is not seen",
}
WHEN = re.compile(r"appear at (\d+(?:\.\d+)?) seconds?\b.*?visible to (\d+(?:\.\d+)?) seconds")
NEVER = re.compile(r"(?:must|should) not appear")


def test_ttml_when_its_own_texts_say() -> None:
    compared, different = 0, set()
    for path in sorted((CORPORA / "imsc").rglob("*.ttml")):
        try:
            document = reading.load(path)
        except SubtitleFileError:
            continue
        for cue in document.cues:
            text = " ".join(cue.text.split())
            said = WHEN.search(text)
            compared += said is not None
            if NEVER.search(text) or (said and (cue.start, cue.end) != (float(said[1]), float(said[2]))):
                different.add(path.stem)
    assert compared >= 29
    assert different == set(TTML_DIFFERENCES)


def letters(texts: Iterable[str]) -> str:
    return "".join("".join(text.split()) for text in texts)


# What ttconv's own reader leaves out and ours keeps.
STL_DIFFERENCES = {
    "contained_tti": "a subtitle inside of another one's time",
    "two_contained_tti": "the same",
    "requirement-0061-004_modified": "a subtitle without length",
    "requirement-0062-001": "a subtitle without length",
}


def test_ebu_stl_has_the_letters_that_ttconv_reads() -> None:
    from ttconv import model
    from ttconv.stl import reader

    compared, different = 0, set()
    for path in sorted((CORPORA / "ttconv" / "stl").rglob("*.stl")):
        with open(path, "rb") as file:
            theirs = reader.to_model(file).get_body()
        pieces = [part.get_text() for part in theirs.dfs_iterator() if isinstance(part, model.Text)]
        document = reading.load(path, options=KEPT)
        compared += 1
        # A set that grows is one paragraph there, and a subtitle for each step here.
        last = [
            cue.text
            for cue in document.cues
            if not any(other.text.startswith(f"{cue.text}\n") for other in document.cues)
        ]
        if letters(last) != letters(pieces):
            different.add(path.stem)
    assert compared > 50
    assert different == set(STL_DIFFERENCES)


@pytest.mark.timeout(300)
def test_every_file_is_read_or_refused_with_words() -> None:
    endings = registry.suffixes()
    read = refused = 0
    for path in sorted(CORPORA.rglob("*")):
        if path.suffix.lower() not in endings or path.suffix == ".json" or path.name in ("LICENSE", "README.md"):
            continue
        try:
            reading.load(path, options=ReadOptions(fps=None))
        except SubtitleFileError as error:
            assert error.hint
            refused += 1
        else:
            read += 1
    assert read > 0.7 * (read + refused)
