# SPDX-License-Identifier: GPL-3.0-or-later
"""How well shaping breaks: streams of speech made of texts in 17 languages, and what is wrong with the lines.

    python3 dev.py bench shaping [--streams 300] [--seed 1]

For each language and profile: the share of lines that end in an article, a preposition or a conjunction although some
layout of the same subtitle would not (`ends`), of subtitles too fast to read although there was free time beside them
(`fast`), breaks inside a word of a script without spaces by another dictionary than ours (`inside`, with janome
installed, Japanese only); streams to which a space was added (`spaces`), subtitles with a line too wide (`wide`).
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import itertools
import random
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from subtitle_editor.core.cues import Cue, Word, text_length  # noqa: E402
from subtitle_editor.core.subtitles import breaks  # noqa: E402
from subtitle_editor.core.subtitles.profiles import PROFILES, Profile  # noqa: E402
from subtitle_editor.core.subtitles.segmentation import segment  # noqa: E402

TEXTS = {path.stem: path.read_text(encoding="utf-8").strip() for path in (ROOT / "tests/data/shaping").glob("*.txt")}
WIDE = {"zh": "netflix-zh", "ja": "netflix-ja", "ko": "netflix-ko"}


def stream(language: str, rng: random.Random) -> list[Cue]:
    """Segments as a model hears them: some sentences, cut anywhere after at most 30 s, at a pace of its own."""
    if language in ("zh", "ja"):
        sentences = [f"{part}。" for part in TEXTS[language].split("。") if part.strip()]
    elif language == "th":
        sentences = TEXTS[language].split()
    else:
        sentences = TEXTS[language].replace("?", ".").split(". ")
        sentences = [f"{part.rstrip('.')}." for part in sentences]
    chosen = rng.sample(sentences, min(len(sentences), rng.randint(3, 6)))
    pace, clock = rng.uniform(0.045, 0.11), rng.uniform(0, 5)
    if language in ("zh", "ja"):
        pace *= 3
    words: list[Word] = []
    for sentence in chosen:
        parts = [(piece, False) for piece in sentence.split()]
        if breaks.is_unspaced(sentence):
            parts = [(piece, True) for piece in breaks.clusters("".join(sentence.split()))]
        for text, glued in parts:
            length = max(0.06, pace * (len(text) + 1) * rng.uniform(0.7, 1.3))
            words.append(Word(clock, clock + length, text, glued=glued))
            clock += length + (rng.uniform(0.1, 0.5) if rng.random() < 0.05 else 0.0)
        clock += rng.choice((0.0, 0.2, 0.6, 1.5))
    return list(_segments(words, rng))


def _segments(words: list[Word], rng: random.Random) -> list[Cue]:
    found: list[Cue] = []
    begin, longest = 0, rng.uniform(4, 28)
    for index in range(1, len(words) + 1):
        if index == len(words) or words[index].end - words[begin].start > longest:
            part = words[begin:index]
            text = "".join(w.text if w.glued and i else f" {w.text}" for i, w in enumerate(part)).strip()
            # A segment's first word carries no hint whether a space belongs before it.
            part[0] = dataclasses.replace(part[0], glued=False)
            found.append(Cue(part[0].start, part[-1].end, text, tuple(part)))
            begin, longest = index, rng.uniform(4, 28)
    return found


def bad_ends(cue: Cue, following: Cue | None, profile: Profile, rules: breaks.Rules) -> tuple[int, int]:
    """Lines that end badly although another layout of the same subtitle would not, and lines."""
    words = cue.text.split()
    count = 0
    for line in cue.lines[:-1]:
        if breaks.bare(line.split()[-1]) in rules.ends_not and _has_better(words, profile, rules):
            count += 1
    last = words[-1] if words else ""
    near = following is not None and following.words and cue.words
    if near and breaks.bare(last) in rules.ends_not and not rules.ends_sentence(last):
        count += following.words[0].start - cue.words[-1].end < 1.0
    return count, len(cue.lines)


def _has_better(words: list[str], profile: Profile, rules: breaks.Rules) -> bool:
    for at in range(1, len(words)):
        one, two = " ".join(words[:at]), " ".join(words[at:])
        if (
            max(text_length(one), text_length(two)) <= profile.max_chars
            and breaks.bare(words[at - 1]) not in rules.ends_not
        ):
            return True
    return False


def too_fast_with_room(cues: list[Cue], profile: Profile, rate: float) -> int:
    """Subtitles over the limit that have at least 0.2 s free after them, or before them within half a second."""
    count = 0
    gap = profile.gap(rate)
    for index, cue in enumerate(cues):
        if profile.max_cps is None or cue.cps <= profile.max_cps * 1.001:
            continue
        after = cues[index + 1].start - gap - cue.end if index + 1 < len(cues) else 1e9
        before = cue.start - (cues[index - 1].end + gap if index else 0.0)
        spoken = cue.words[0].start - cue.start if cue.words else 0.0
        longest = profile.max_duration is not None and cue.duration >= profile.max_duration - 0.001
        count += not longest and (after > 0.2 or (before > 0.2 and spoken < 0.3))
    return count


def inside_words(cues: list[Cue]) -> tuple[int, int]:
    """Line and subtitle breaks inside a word by janome's dictionary, and breaks."""
    from janome.tokenizer import Tokenizer  # type: ignore[import-not-found]

    tokenizer = inside_words.__dict__.setdefault("tokenizer", Tokenizer())
    text = "".join(cue.text.replace("\n", "") for cue in cues)
    ends = set(itertools.accumulate(len(token.surface) for token in tokenizer.tokenize(text)))
    position, bad, all_ = 0, 0, 0
    for line in (line for cue in cues for line in cue.lines):
        position += len(line)
        all_ += 1
        bad += position not in ends
    return bad, all_


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--streams", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    janome = importlib.util.find_spec("janome") is not None
    print(f"{'':<4}{'profile':<22}{'ends':>8}{'fast':>8}{'inside':>8}{'spaces':>8}{'wide':>6}{'ms/min':>8}")
    for language in sorted(TEXTS):
        profiles = [WIDE[language]] if language in WIDE else ["netflix", "netflix-en-children", "prime", "bbc"]
        for name in profiles:
            profile, rules = PROFILES[name], breaks.rules_of(language)
            ends = lines = fast = count = inside = inner = spaces = wide = 0
            took = spoken = 0.0
            for number in range(options.streams):
                heard = stream(language, random.Random(f"{options.seed} {language} {number}"))
                began = time.perf_counter()
                cues = segment(heard, profile, language=language)
                took += time.perf_counter() - began
                spoken += heard[-1].end
                for cue, following in itertools.zip_longest(cues, cues[1:]):
                    bad, all_ = bad_ends(cue, following, profile, rules)
                    ends, lines = ends + bad, lines + all_
                    wide += any(text_length(line) > profile.max_chars for line in cue.lines)
                fast, count = fast + too_fast_with_room(cues, profile, 24.0), count + len(cues)
                if language == "ja" and janome:
                    bad, all_ = inside_words(cues)
                    inside, inner = inside + bad, inner + all_
                spaces += language in ("zh", "ja") and any(" " in cue.text for cue in cues)
            share = f"{inside / inner:7.1%}" if inner else "      -"
            print(
                f"{language:<4}{name:<22}{ends / lines:8.2%}{fast / count:8.2%}{share:>8}{spaces:>8}{wide:>6}"
                f"{took / spoken * 60e3:8.1f}"
            )


if __name__ == "__main__":
    main()
