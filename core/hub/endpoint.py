# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hub is asked, and whether any is: one rule for Blender and the command line. Light: Blender starts with it."""

from __future__ import annotations

from ..system import environment

DEFAULT_ENDPOINT = "https://huggingface.co"

MIRROR = "https://hf-mirror.com"
"""A mirror of the Hub's public repositories, for networks that cannot reach it."""

CUSTOM = "custom"

PRESETS: tuple[tuple[str, str, str], ...] = (
    ("hub", "Hugging Face", DEFAULT_ENDPOINT),
    ("mirror", "hf-mirror.com", MIRROR),
    (CUSTOM, "Custom", ""),
)
"""What the preferences offer: a word to keep, its name, its address. The address of CUSTOM is the user's own."""

OFFLINE_VARIABLES = ("SUBTITLE_EDITOR_OFFLINE", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
"""Environment variables that switch the network off: ours, and those that all Hugging Face programs obey. The last one
is not looked at where the one before it says anything."""


def resolve(given: str | None) -> str:
    """The address to ask, without a slash at its end: the one given, else `HF_ENDPOINT`, else the Hub.

    Without the quotes, too, that `set HF_ENDPOINT="https://..."` leaves in a variable on Windows.

    >>> resolve(" https://hub.example/ "), resolve('"https://hub.example"')
    ('https://hub.example', 'https://hub.example')
    """
    found = environment.bare(given or "") or environment.value("HF_ENDPOINT")
    return (found or DEFAULT_ENDPOINT).rstrip("/")


def of_preset(preset: str, custom: str = "") -> str | None:
    """The address that a choice of PRESETS stands for, or None where the environment decides.

    "hub" is what the preferences begin with, so it does not overrule `HF_ENDPOINT`.

    >>> of_preset("mirror"), of_preset("custom", "https://hub.example"), of_preset("hub")
    ('https://hf-mirror.com', 'https://hub.example', None)
    """
    if preset == CUSTOM:
        return custom.strip() or None
    return next((url for word, _, url in PRESETS if word == preset and word != "hub"), None)


def offline_by() -> str | None:
    """The environment variable that switches the network off, or None if none does."""
    ours, *theirs = OFFLINE_VARIABLES
    decides = next((name for name in theirs if environment.value(name)), "")
    return next((name for name in (ours, decides) if is_true(environment.value(name))), None)


def is_true(value: str) -> bool:
    """Whether the value of an environment variable says yes, in the words that huggingface_hub takes for it."""
    return value.strip().upper() in ("1", "ON", "YES", "TRUE")
