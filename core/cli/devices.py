# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's `devices`: what can listen on this machine."""

from __future__ import annotations

import argparse
import os

from ..catalog.entries import CUBLAS
from ..errors.speech import CardsUnknownError
from ..library import runtimes
from ..speech import survey
from ..speech.survey import Card
from ..units import human_size
from .call import load_catalog, models_dir_of
from .grammar import Words
from .output import DONE, Output


def devices(args: argparse.Namespace, output: Output) -> int:
    """`devices`: each graphics card is tried with a second of sound, in a process of its own."""
    output.say("Trying the graphics cards ...")
    processor = f"cpu     processor, {os.cpu_count() or 1} threads"
    try:
        found = survey.cards(runtimes.cuda(models_dir_of(args), load_catalog(args, output)))
    except CardsUnknownError:
        output.say(processor)
        raise
    lines = [processor, *(_line(card) for card in found)]
    if not found:
        lines.append("There is no graphics card of NVIDIA's, or no driver for it.")
    output.record({"event": "finished", "cards": [card.as_dict() for card in found]}, "\n".join(lines))
    return DONE


def _line(card: Card) -> str:
    memory = human_size(card.memory) + (f", {human_size(card.free)} free" if card.free else "")
    text = f"cuda:{card.number}  {card.name}, {memory}"
    if card.missing:
        lacking = ", ".join(card.missing)
        return f"{text}; lacks {lacking}: subtitle-editor models download {CUBLAS}"
    if not card.works:
        return f"{text}; does not work: {card.reason}"
    found = card.advice
    return f"{text}; works" + (f", best with {found.model} as {found.compute_type}" if found else "")


def add_commands(commands: Words, common: argparse.ArgumentParser) -> None:
    """The grammar of `devices`."""
    command = commands.add_parser("devices", parents=[common])
    command.set_defaults(command=devices)
