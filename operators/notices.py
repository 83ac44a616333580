# SPDX-License-Identifier: GPL-3.0-or-later
"""How operators say what was noticed: the first few, and that there are more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..core.text import Text
from ..translations import translated

if TYPE_CHECKING:
    import bpy

SHOWN = 3
"""Warnings that are shown one by one; the rest is a number here, and whole in the system console."""


def report_all(operator: bpy.types.Operator, warnings: Sequence[str]) -> None:
    """Report warnings to the user of an operator."""
    for warning in warnings[:SHOWN]:
        operator.report({"WARNING"}, translated(warning))
    if len(warnings) > SHOWN:
        more = Text("and {number} more; the system console has them all", number=len(warnings) - SHOWN)
        operator.report({"WARNING"}, translated(more))
        for warning in warnings:
            print("Subtitle Editor:", warning)
