# SPDX-License-Identifier: GPL-3.0-or-later
"""SubStation's `Banner` and `Scroll` of the field Effect: an event that runs through the picture."""

from __future__ import annotations

import dataclasses
import re
from typing import NamedTuple

from .dress import Block, Clip

_FARTHEST = 1_000_000
_WHOLE = re.compile(r"\s*([-+]?\d{1,9})")


class Scroll(NamedTuple):
    """How an event runs. Lengths in units of the script."""

    is_across: bool
    is_back: bool
    """From left to right, or from above to below."""
    delay: float
    """Milliseconds for one pixel of the script's layout."""
    top: float = 0.0
    bottom: float = 0.0
    """What it is seen between where it runs up or down; both 0: in all of the picture."""

    def way(self, time: float, scale: float) -> float:
        """How far it has run `time` milliseconds after its start; `scale`: pixels of the layout to one unit. As libass
        has it, no pixel of the layout takes less than one millisecond, and no fraction of one."""
        return min(time / (int(max(self.delay / scale, 1)) * scale), _FARTHEST)

    def placed(self, block: Block, way: float, size: tuple[int, int], unit: float) -> Block:
        """The block of an event that has run so far. `size`: of the picture; `unit`: its pixels to one of the script,
        along the way."""
        row, column = divmod(block.align - 1, 3)
        if self.is_across:
            x = way * unit if self.is_back else size[0] - way * unit
            return dataclasses.replace(block, hangs=row * 3 + (3 if self.is_back else 1), x=x, stacks=False)
        top, bottom = (self.top * unit, self.bottom * unit) if self.bottom else (0.0, float(size[1]))
        y = top + way * unit if self.is_back else bottom - way * unit
        clip = Clip(False, (0.0, round(top), float(size[0]), round(bottom)))
        hangs = (1 if self.is_back else 7) + column
        return dataclasses.replace(block, hangs=hangs, y=y, stacks=False, clips=(*block.clips, clip))


def scroll_of(effect: str) -> Scroll | None:
    """What the field Effect says; None where that is none of these, or not all that it needs."""
    name, *rest = effect.split(";")[:5]
    numbers = [int(match[1]) if (match := _WHOLE.match(part)) else 0 for part in rest]
    if name == "Banner" and numbers:
        return Scroll(True, len(numbers) > 1 and numbers[1] != 0, max(numbers[0], 0))
    if name in ("Scroll up", "Scroll down") and len(numbers) > 2:
        top, bottom = sorted(max(number, 0) for number in numbers[:2])
        return Scroll(False, name == "Scroll down", max(numbers[2], 0), top, bottom)
    return None
