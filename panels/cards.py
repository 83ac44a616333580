# SPDX-License-Identifier: GPL-3.0-or-later
"""The graphics cards in the preferences: by name, with what each lacks and the model that fits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..core.text import Text
from ..core.units import human_size
from ..session import state
from ..translations import iface
from .parts import label

if TYPE_CHECKING:
    from bpy.types import UILayout

    from ..core.speech.survey import Card


def draw(layout: UILayout) -> None:
    """Memory only: the cards are those that were found when somebody asked last."""
    column = layout.column()
    column.operator("subtitle.check_cards", icon="VIEWZOOM")
    if state.now.cards is None:
        return
    if not state.now.cards:
        label(column, Text("There is no graphics card of NVIDIA's, or no driver for it"), icon="INFO")
    for card in state.now.cards:
        _draw_card(column, card)


def _draw_card(column: UILayout, card: Card) -> None:
    label(column, _title(card), icon="CHECKMARK" if card.works else "ERROR")
    if card.missing:
        label(column, Text("It lacks {names}", names=", ".join(card.missing)), icon="BLANK1")
        column.operator("subtitle.download_cublas", icon="IMPORT")
    elif not card.works:
        label(column, Text("It does not work: {reason}", reason=card.reason), icon="BLANK1")
    elif found := card.advice:
        row = column.row()
        label(row, Text("{model} as {type} fits best", model=found.model, type=found.compute_type), icon="BLANK1")
        row.operator("subtitle.use_advice", text=iface("Use")).card = card.number
    else:
        label(column, Text("No model fits into its free memory"), icon="BLANK1")


def _title(card: Card) -> Text:
    number, name, memory = card.number, card.name, human_size(card.memory)
    if not card.free:  # The driver has not said.
        return Text("{number}: {name}, {memory}", number=number, name=name, memory=memory)
    free = human_size(card.free)
    return Text("{number}: {name}, {memory}, {free} free", number=number, name=name, memory=memory, free=free)
