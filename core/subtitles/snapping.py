# SPDX-License-Identifier: GPL-3.0-or-later
"""Edges of subtitles at the cuts of a film, where they disturb least.

The rules are Netflix's (Timed Text Style Guide, "Shot Changes"): a beginning up to half a second after a cut moves to
the cut; an end near a cut moves to two frames before it.
"""

from __future__ import annotations

import bisect
import dataclasses
from collections.abc import Sequence

from .. import cues as base
from .document import Cue
from .track import TOLERANCE, Edited, Rules, replaced

NEAR = 0.5
"""Seconds."""
FRAMES_BEFORE = 2
"""Between the end of a subtitle and the cut after it."""


def snap(cues: Sequence[Cue], cuts: Sequence[float], rules: Rules, indices: Sequence[int] | None = None) -> Edited:
    """All, or some, with their edges at the cuts. `cuts` are seconds, in order.

    A word that was measured is never cut off, nothing becomes shorter than the profile's shortest nor overlaps.
    """
    changed = list(cues)
    chosen = range(len(cues)) if indices is None else sorted(set(indices))
    for index in chosen:
        changed[index] = _with_end(changed[index], changed[index + 1] if index + 1 < len(cues) else None, cuts, rules)
    for index in chosen:
        changed[index] = _with_start(changed[index], changed[index - 1] if index else None, cuts, rules)
    return replaced(cues, {index: cue for index, cue in enumerate(changed) if cue is not cues[index]})


def wanted_start(cue: base.Cue, cuts: Sequence[float], rules: Rules) -> float | None:
    """The cut that a subtitle should begin at; None where it begins well."""
    at = bisect.bisect_right(cuts, cue.start + TOLERANCE) - 1
    if at < 0 or not TOLERANCE < cue.start - cuts[at] <= NEAR + TOLERANCE:
        return None
    start = rules.snap(cuts[at])
    return start if abs(start - cue.start) > TOLERANCE else None


def wanted_end(cue: base.Cue, cuts: Sequence[float], rules: Rules) -> float | None:
    """Where a subtitle should end because of a cut; None where it ends well, or is spoken on over the cut."""
    if not cuts:
        return None
    after = bisect.bisect_left(cuts, cue.end)
    near = [cut for cut in cuts[max(0, after - 1) : after + 1] if abs(cut - cue.end) <= NEAR + TOLERANCE]
    near = [cut for cut in near if cut > cue.start + TOLERANCE]
    if not near:
        return None
    cut = min(near, key=lambda time: abs(time - cue.end))
    end = rules.snap(cut - FRAMES_BEFORE / float(rules.rate))
    spoken = max((word.end for word in cue.words), default=0.0)
    if abs(end - cue.end) <= TOLERANCE or spoken > end + TOLERANCE:
        return None
    shorter = end < cue.end and end - cue.start < min(rules.min_duration, cue.duration) - TOLERANCE
    return None if shorter or end - cue.start < rules.step / 2 else end


def _with_end(cue: Cue, after: Cue | None, cuts: Sequence[float], rules: Rules) -> Cue:
    end = wanted_end(cue, cuts, rules)
    if end is None or (after is not None and end > max(cue.end, after.start - rules.gap) + TOLERANCE):
        return cue
    return dataclasses.replace(cue, end=end)


def _with_start(cue: Cue, before: Cue | None, cuts: Sequence[float], rules: Rules) -> Cue:
    start = wanted_start(cue, cuts, rules)
    if start is None or (before is not None and before.end > min(cue.start, start - rules.gap) + TOLERANCE):
        return cue
    return dataclasses.replace(cue, start=start)
