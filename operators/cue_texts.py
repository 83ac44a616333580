# SPDX-License-Identifier: GPL-3.0-or-later
"""How subtitles are written: lines, letters, signs; and cut anew."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import EnumProperty

from ..session import chosen
from ..session import track as tracks
from ..translations import translated
from .editing import (
    SELECTED,
    CueOperator,
    nothing_chosen,
    numbers_in,
    scope,
)
from .slow import ScopeOperator

if TYPE_CHECKING:
    from ..core.subtitles.track import Edited, Rules
    from ..sequencer.track import Excerpt, Row

_Result = set[str]


class SUBTITLE_OT_rewrite_cues(ScopeOperator, bpy.types.Operator):
    """Change how texts are written: lines, capital letters, dashes, spaces"""

    bl_idname = "subtitle.rewrite_cues"
    bl_label = "Rewrite"

    how: EnumProperty(  # type: ignore[valid-type]
        name="How",
        items=(
            ("BALANCE", "Balance Lines", "Break lines anew where the sense allows, the lower one longer"),
            ("UPPER", "Capital Letters", "All letters as capitals"),
            ("LOWER", "Small Letters", "All letters small"),
            ("SENTENCE", "Sentence Case", "A capital letter where a sentence begins; names lose theirs"),
            ("DASHES", "Dashes for Speakers", "A dash before each line, for two speakers"),
            ("NO_DASHES", "No Dashes", "Lines without a dash at their beginning"),
            ("ELLIPSES", "Ellipses", "Three full stops become one sign"),
            ("TIDY", "Remove Spaces", "Without double spaces, spaces at edges, and empty lines"),
        ),
    )
    which: scope()  # type: ignore[valid-type]

    def many(self, some: Excerpt, places: list[int], rules: Rules) -> Edited:
        from ..core.subtitles import wording
        from ..core.subtitles.track import replaced

        def rewritten(one: Any) -> Any:
            match self.how:
                case "BALANCE":
                    return wording.rebalanced(one, rules.profile)
                case "DASHES" | "NO_DASHES":
                    return wording.with_dashes(one, self.how == "DASHES")
                case "ELLIPSES":
                    return wording.with_ellipses(one)
                case "TIDY":
                    return wording.tidy(one)
            return wording.with_case(one, wording.Case[self.how])

        changes = {place: rewritten(some.cues[place]) for place in places}
        return replaced(some.cues, {place: new for place, new in changes.items() if new != some.cues[place]})


class SUBTITLE_OT_segment_again(CueOperator, bpy.types.Operator):
    """Cut the selected subtitles, or all of the track, anew by its reading rules, from the times of their words"""

    bl_idname = "subtitle.segment_again"
    bl_label = "Re-Segment"

    def edit(self, scene: bpy.types.Scene, row: Row, rules: Rules) -> _Result:
        from ..core.subtitles import editing

        numbers = numbers_in(scene, row, SELECTED)
        if not numbers:
            raise nothing_chosen()
        first, last = numbers[0], numbers[-1] + 1
        some = row.part(first, last)
        earliest = row.clock.seconds(int(row.right[:first].max())) if first else 0.0
        latest = row.clock.seconds(int(row.left[last])) if last < len(row) else math.inf
        return self.told(some.apply(editing.segment_again(some.cues, rules, earliest, latest)))


class SUBTITLE_OT_add_line(CueOperator, bpy.types.Operator):
    """Add a line to the chosen subtitle"""

    bl_idname = "subtitle.add_line"
    bl_label = "Add Line"

    def edit(self, scene: bpy.types.Scene, _row: Row, _rules: Rules) -> _Result:
        if tracks.chosen_strip(scene) is None:
            raise nothing_chosen()
        chosen.write_text(scene, "\n".join([*chosen.lines(scene), translated("new line")]))
        return {"FINISHED"}


register, unregister = bpy.utils.register_classes_factory(
    (
        SUBTITLE_OT_rewrite_cues,
        SUBTITLE_OT_segment_again,
        SUBTITLE_OT_add_line,
    )
)
