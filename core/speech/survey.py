# SPDX-License-Identifier: GPL-3.0-or-later
"""Which graphics cards there are, whether they can listen, what is missing, and which model fits.

Asked of processes that are thrown away (`probe.py`): a driver that does not fit may end the one that asks.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..errors.speech import CardsUnknownError
from ..system.reasons import reason_of
from ..text import Text
from .process import environment, folder

log = logging.getLogger(__name__)

_CHILD = Path(__file__).with_name("child.py")

_LIST_LIMIT = 30.0
"""Seconds for the driver's answer. A card that sleeps takes some to wake."""
_DECODE_LIMIT = 180.0
"""Seconds for a second of sound: the first time ever, a driver makes the kernels for the card. 18 s were seen."""
_MIB = 1 << 20
_SPARE = 1.1
"""What a model needs beyond what was measured of it, for longer prompts and other drivers."""


@dataclasses.dataclass(frozen=True, slots=True)
class Card:
    """A graphics card, and whether it can listen. Sizes in bytes; 0 where the driver does not say."""

    number: int
    """CUDA's, from 0: the 1 of `cuda:1`."""
    name: str
    memory: int
    free: int
    works: bool
    reason: str = ""
    """Why it does not work."""
    missing: tuple[str, ...] = ()
    """Libraries that it lacks."""

    @property
    def advice(self) -> Advice | None:
        """What fits into its free memory, or into all of it where the driver does not say what is free."""
        return advice(self.free or self.memory)

    def as_dict(self) -> dict[str, Any]:
        """As JSON has it, with the model that fits."""
        found = self.advice
        return dataclasses.asdict(self) | {
            "missing": list(self.missing),
            "model": found.model if found else "",
            "compute_type": found.compute_type if found else "",
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Advice:
    """What to listen with. `compute_type` as CTranslate2 calls it."""

    model: str
    compute_type: str


# Measured with models of these sizes on an H100, CTranslate2 4.8, one window of 30 s, beam 5, CUDA's context included.
_NEEDS: tuple[tuple[int, Advice], ...] = (
    (4181, Advice("large-v3", "float16")),
    (2549, Advice("large-v3-turbo", "float16")),
    (1623, Advice("large-v3-turbo", "int8_float16")),
    (1269, Advice("small", "float16")),
    (951, Advice("small", "int8_float16")),
)
"""MiB of a card's memory, the best first."""


def advice(free: int) -> Advice | None:
    """The best model for a card with so many bytes free; None: none fits."""
    return next((found for need, found in _NEEDS if free >= need * _MIB * _SPARE), None)


def cards(libraries: Path | None = None) -> list[Card]:
    """All graphics cards, each tried. `libraries`: our folder of CUDA's libraries. Takes seconds.

    Raises CardsUnknownError where the driver does not answer.
    """
    if sys.platform == "darwin":
        return []  # There is no CUDA.
    where = str(libraries or "")
    answer = _asked({"do": "list", "libraries": where}, _LIST_LIMIT)
    if answer["type"] != "cards":
        raise CardsUnknownError(answer["reason"])
    return [_tried(card, where) for card in answer["cards"]]


def _tried(card: dict[str, Any], libraries: str) -> Card:
    answer = _asked({"do": "decode", "number": card["number"], "libraries": libraries}, _DECODE_LIMIT)
    return Card(
        **card,
        works=answer["type"] == "works",
        reason=answer.get("reason", ""),
        missing=tuple(answer.get("missing", ())),
    )


def _asked(request: dict[str, Any], limit: float) -> dict[str, Any]:
    """What a process of its own answers, or why it does not."""
    try:
        ended = subprocess.run(
            [sys.executable, "-P", str(_CHILD), "probe"],
            input=json.dumps(request | {"limit": limit}).encode() + b"\n",
            capture_output=True,
            timeout=limit,
            env=environment(),
            cwd=folder(),
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"type": "fails", "reason": Text("it has not answered for {seconds} s", seconds=f"{limit:.0f}")}
    except OSError as error:
        return {"type": "fails", "reason": reason_of(error)}
    for said in ended.stderr.decode("utf-8", "replace").splitlines():
        log.info("probe: %s", said)
    for line in reversed(ended.stdout.splitlines()):
        if isinstance(answer := _parsed(line), dict) and "type" in answer:
            return answer
    return {"type": "fails", "reason": Text("the process that tried it ended with code {code}", code=ended.returncode)}


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
