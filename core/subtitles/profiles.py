# SPDX-License-Identifier: GPL-3.0-or-later
"""Broadcasters' rules for subtitles."""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A broadcaster's rules for subtitles. Times in seconds; None means that there is no such rule."""

    name: str
    """The id: what the command line takes."""
    label: str
    """What a menu shows."""
    max_chars: int
    """Characters a line."""
    max_lines: int = 2
    max_cps: float | None = None
    """Characters per second, counted over all characters including spaces."""
    max_wpm: float | None = None
    """Words per minute."""
    min_duration: float = 0.0
    max_duration: float | None = None
    gap_frames: int = 0
    """Frames that must stay empty between two subtitles."""
    gap_seconds: float = 0.0
    """The same in seconds, where the rule is written so."""
    close_gap_below: float = 0.0
    """A gap shorter than this is closed to the smallest one allowed: a blink disturbs more than no gap."""
    spaced: bool = True
    """Words are parted by spaces; not so in Chinese and Japanese."""
    base: str = ""
    """The built-in one that a user's own was copied from."""

    @property
    def summary(self) -> str:
        """What a menu says about it when asked.

        >>> DEFAULT_PROFILE.summary
        'Up to 2 lines of 42 characters'
        """
        return f"Up to {self.max_lines} lines of {self.max_chars} characters"

    def gap(self, frame_rate: float) -> float:
        """The smallest gap allowed, in seconds, at `frame_rate` frames per second."""
        return max(self.gap_seconds, self.gap_frames / frame_rate)


class Limits(NamedTuple):
    """What a number of a profile of the user's own may be."""

    least: float
    most: float
    optional: bool = False
    """It may be left out: there is no such rule then."""


NUMBERS: dict[str, Limits] = {
    "max_chars": Limits(5, 200),
    "max_lines": Limits(1, 10),
    "max_cps": Limits(1, 100, optional=True),
    "max_wpm": Limits(10, 1000, optional=True),
    "min_duration": Limits(0, 10),
    "max_duration": Limits(0.5, 60, optional=True),
    "gap_frames": Limits(0, 24),
    "gap_seconds": Limits(0, 2),
    "close_gap_below": Limits(0, 5),
}
"""The fields of a profile that a user may change, in the order in which they are shown."""


def _netflix(name: str, label: str, max_cps: float, **changes: Any) -> Profile:
    rules: dict[str, Any] = {
        "max_chars": 42, "min_duration": 5 / 6, "max_duration": 7.0, "gap_frames": 2, "close_gap_below": 0.5,
    }  # fmt: skip
    return Profile(name=name, label=label, max_cps=max_cps, **(rules | changes))


# Sources: Netflix Timed Text Style Guide (general requirements and the language pages), BBC Subtitle Guidelines,
# the presets of Subtitle Edit. Netflix's 20 and 17 characters per second are second-hand but consistent.
PROFILES: dict[str, Profile] = {
    profile.name: profile
    for profile in (
        _netflix("netflix-en", "Netflix, English", 20.0),
        _netflix("netflix-en-children", "Netflix, English, children", 17.0),
        _netflix("netflix", "Netflix, most languages", 17.0),
        _netflix("netflix-children", "Netflix, children", 13.0),
        _netflix("netflix-zh", "Netflix, Chinese", 9.0, max_chars=16, spaced=False),
        _netflix("netflix-ja", "Netflix, Japanese", 4.0, max_chars=13, min_duration=0.5, spaced=False),
        _netflix("netflix-ko", "Netflix, Korean", 12.0, max_chars=16),
        Profile(
            name="prime", label="Amazon Prime", max_chars=42, max_cps=17.0,
            min_duration=1.0, max_duration=7.0, gap_seconds=0.083,
        ),
        Profile(name="bbc", label="BBC", max_chars=37, max_wpm=180.0, close_gap_below=1.0),
        Profile(name="bbc-vertical", label="BBC, 9:16", max_chars=25, max_lines=3, max_wpm=180.0, close_gap_below=1.0),
        Profile(
            name="vertical", label="Vertical video, 9:16", max_chars=24, max_cps=25.0,
            min_duration=0.7, max_duration=5.0,
        ),
    )
}  # fmt: skip


DEFAULT_PROFILE = PROFILES["netflix-en"]

AUTO = "auto"
"""In place of a profile's name: the one for the language."""
_OF_LANGUAGES = {"en": "netflix-en", "zh": "netflix-zh", "yue": "netflix-zh", "ja": "netflix-ja", "ko": "netflix-ko"}


FOLLOWING = dataclasses.replace(DEFAULT_PROFILE, name=AUTO, label="By the language")
"""Stands for the profile of a language that is not known yet: `resolved` puts it in."""


def resolved(profile: Profile, language: str) -> Profile:
    """The profile, or the one for the language where it is `FOLLOWING`."""
    return for_language(language) if profile.name == AUTO else profile


def for_language(language: str) -> Profile:
    """The rules for a language, a tag such as `pt-BR`; the default ones where it is not known.

    >>> for_language("ja").max_chars, for_language("zh-TW").max_chars, for_language("de").max_cps
    (13, 16, 17.0)
    """
    base = language.lower().replace("_", "-").partition("-")[0]
    return PROFILES[_OF_LANGUAGES.get(base, "netflix")] if base else DEFAULT_PROFILE
