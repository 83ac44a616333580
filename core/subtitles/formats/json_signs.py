# SPDX-License-Identifier: GPL-3.0-or-later
"""By which words in its head one kind of JSON is told from another."""

from __future__ import annotations

import re
from collections.abc import Callable

_JSON = re.compile(r"[\[{]\s*(?:[\[{\"\]}]|$)")
YOUTUBE = re.compile(r"\"(?:wireMagic|tStartMs)\"\s*:")
WHISPER_CPP = re.compile(r"\"(?:systeminfo|transcription)\"\s*:")
WHISPER = re.compile(r"\"segments\"\s*:\s*\[|\A\{\s*\"text\"\s*:\s*\"")
OURS = re.compile(r"\"cues\"\s*:")


def looks_like(pattern: re.Pattern[str] | None, *others: re.Pattern[str]) -> Callable[[str], bool]:
    """`Format.looks` of JSON that has this in its head, and none of the others."""

    def looks(head: str) -> bool:
        if not _JSON.match(head) or any(other.search(head) for other in others):
            return False
        return pattern is None or pattern.search(head) is not None

    return looks
