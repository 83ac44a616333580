# SPDX-License-Identifier: GPL-3.0-or-later
"""Which model to begin with on a machine. For a graphics card: `survey.advice`."""

from __future__ import annotations

_GIB = 1 << 30

# On a processor the weights are computed with as 32-bit numbers: 0.15, 0.3, 1.0 and 3.2 GB for Whisper's 39, 74, 244
# and 809 million. What a sentence costs grows with them, and turbo's encoder is that of the largest: a rule of thumb.
_NEEDS: tuple[tuple[float, int, str], ...] = (
    (16, 16, "large-v3-turbo"),
    (6, 4, "small"),
    (3, 2, "base"),
)
"""GiB of memory, with Blender and a film beside it, and cores; the best first."""

SMALLEST = "tiny"


def for_processor(memory: int | None, cores: int) -> str:
    """The id of the model for a machine without a graphics card that can listen. `memory` in bytes; None: not known.

    >>> for_processor(32 << 30, 8), for_processor(8 << 30, 2), for_processor(2 << 30, 8)
    ('small', 'base', 'tiny')
    """
    has = (memory or 8 * _GIB) / _GIB
    # Firmware and a graphics chip keep some of what is built in.
    fits = (model for need, least, model in _NEEDS if has >= 0.9 * need and cores >= least)
    return next(fits, SMALLEST)
