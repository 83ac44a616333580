# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be mended of what `quality` finds: one problem, all of a rule, all that is safe. Nothing silently.

Safe is what no viewer would want otherwise: times within what profile and neighbours allow, spaces, line breaks. What
takes a text away, or guesses at it, is only done when it is asked for by its rule.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence

from ..text import Text
from . import editing, quality, realign, snapping, timing, wording
from .document import Cue
from .track import Edited, Part, Rules, replaced, unchanged

Mend = Callable[[Sequence[Cue], Collection[int], Rules, quality.Film], Edited]
"""Gets a track, and which of its subtitles to mend."""


@dataclasses.dataclass(frozen=True, slots=True)
class Fixed:
    """One subtitle that was mended."""

    rule: str
    index: int
    """Which it was before anything was mended, from 0."""
    before: Cue
    after: Cue | None
    """None: it is gone."""

    @property
    def message(self) -> str:
        """What has changed, in a sentence."""
        old, new = self.before, self.after
        if new is None:
            return Text("Removed: {text}", text=old.text.replace("\n", " / "))
        if old.text != new.text:
            return Text("{before} -> {after}", before=_flat(old), after=_flat(new))
        return Text(
            "{start:.3f}-{end:.3f} s -> {new_start:.3f}-{new_end:.3f} s",
            start=old.start, end=old.end, new_start=new.start, new_end=new.end,
        )  # fmt: skip


def _flat(cue: Cue) -> str:
    return cue.text.replace("\n", " / ")


def _each(change: Callable[[Cue, Rules], Cue]) -> Mend:
    """A mend that looks at one subtitle at a time."""

    def mend(cues: Sequence[Cue], indices: Collection[int], rules: Rules, _film: quality.Film) -> Edited:
        return replaced(cues, {i: new for i in indices if (new := change(cues[i], rules)) != cues[i]})

    return mend


def _with_next(change: Callable[[Cue, Cue | None, Rules], Cue]) -> Mend:
    """A mend that looks at a subtitle and at where the next one begins."""

    def mend(cues: Sequence[Cue], indices: Collection[int], rules: Rules, _film: quality.Film) -> Edited:
        changes: dict[int, Cue] = {}
        for index in indices:
            new = change(cues[index], cues[index + 1] if index + 1 < len(cues) else None, rules)
            if new != cues[index]:
                changes[index] = new
        return replaced(cues, changes)

    return mend


def _turned(cue: Cue, _rules: Rules) -> Cue:
    return dataclasses.replace(cue, start=cue.end, end=cue.start) if cue.end < cue.start else cue


def _without_unseen(cue: Cue, _rules: Rules) -> Cue:
    return realign.with_text(cue, quality.without_unseen(cue.text))


def _without_tags(cue: Cue, _rules: Rules) -> Cue:
    return realign.with_text(cue, quality.without_tags(cue.text))


def _laid_out(cue: Cue, rules: Rules) -> Cue:
    new = wording.fitted(cue, rules.profile)
    return new if wording.fits(new.text, rules.profile) else cue


def _right_gap(cue: Cue, after: Cue | None, rules: Rules) -> Cue:
    end = timing.gap_end(cue, after, rules) if after is not None and after.start >= cue.start else None
    return cue if end is None else dataclasses.replace(cue, end=end)


def _shorter(cue: Cue, _after: Cue | None, rules: Rules) -> Cue:
    """Not longer than allowed, but never gone before its last word was said."""
    spoken = max((word.end for word in cue.words), default=cue.start)
    end = rules.snap(max(cue.start + rules.max_duration, spoken))
    return dataclasses.replace(cue, end=end) if end < cue.end else cue


def _named(cues: Sequence[Cue], indices: Collection[int], _rules: Rules, film: quality.Film) -> Edited:
    names = quality.Names(film.names)
    return replaced(cues, {i: realign.with_text(cues[i], names.corrected(cues[i].text)) for i in indices})


def _without(cues: Sequence[Cue], indices: Collection[int], _rules: Rules, _film: quality.Film) -> Edited:
    return editing.remove(cues, indices)


def _merged(cues: Sequence[Cue], indices: Collection[int], rules: Rules, _film: quality.Film) -> Edited:
    merged = editing.merge_doubled(cues, rules)
    return merged if indices else unchanged(cues)


def _at_cuts(cues: Sequence[Cue], indices: Collection[int], rules: Rules, film: quality.Film) -> Edited:
    return snapping.snap(cues, film.cuts, rules, sorted(indices))


MENDS: dict[str, Mend] = {
    "order": _each(_turned),
    "empty": _without,
    "characters": _each(_without_unseen),
    "spaces": _each(lambda cue, _rules: wording.tidy(cue)),
    "tags": _each(_without_tags),
    "names": _named,
    "repeated": _merged,
    "invented": _without,
    "lines": _each(_laid_out),
    "line_length": _each(_laid_out),
    "overlap": _with_next(_right_gap),
    "shots": _at_cuts,
    "gap": _with_next(_right_gap),
    "too_long": _with_next(_shorter),
    "too_short": _with_next(timing.with_time_to_read),
    "reading_speed": _with_next(timing.with_time_to_read),
}
"""How each rule is mended, in the order in which all of them are: what makes room comes before what needs it."""

SAFE = frozenset(
    "order empty characters spaces lines line_length overlap shots gap too_long too_short reading_speed".split()
)
"""Rules whose mends take no letter away that a viewer sees."""


def fix(
    cues: Sequence[Cue], rules: Rules, film: quality.Film, only: Iterable[str], indices: Collection[int] | None = None
) -> tuple[Edited, list[Fixed]]:
    """The track with what breaks the rules `only` mended, where it can be, and all that was changed.

    `indices`: of these subtitles only. A mend that would make another problem of an order before it leaves it to the
    user: what cannot be mended stays as it is.
    """
    wanted = set(only)
    parts: Edited = unchanged(cues)
    changed: list[Fixed] = []
    broken: dict[str, set[int]] | None = None
    for rule, mend in MENDS.items():
        if rule not in wanted:
            continue
        now = [part.cue for part in parts]
        if broken is None:
            # Only after something was mended: looking for all problems takes most of the time.
            broken = _broken(now, rules, film)
        found = {index for index in broken.get(rule, ()) if indices is None or parts[index].source in indices}
        if found:
            before = len(changed)
            parts = _then(parts, mend(now, sorted(found), rules, film), rule, changed)
            broken = None if len(changed) > before else broken
    return parts, changed


def _broken(cues: Sequence[Cue], rules: Rules, film: quality.Film) -> dict[str, set[int]]:
    """Rule to the subtitles that break it."""
    found: dict[str, set[int]] = {}
    for problem in quality.problems(cues, rules.profile, film):
        found.setdefault(problem.rule, set()).add(problem.index)
    return found


def _then(parts: Edited, mended: Edited, rule: str, changed: list[Fixed]) -> Edited:
    """Two edits as one; notes what the second has changed."""
    result = [
        Part(parts[part.source].source, part.cue, is_new=part.is_new or parts[part.source].is_new) for part in mended
    ]
    for part in mended:
        before = parts[part.source]
        if part.cue != before.cue:
            changed.append(Fixed(rule, before.source, before.cue, part.cue))
    kept = {part.source for part in mended}
    changed += [Fixed(rule, part.source, part.cue, None) for index, part in enumerate(parts) if index not in kept]
    return result
