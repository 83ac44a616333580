# SPDX-License-Identifier: GPL-3.0-or-later
"""Sizes, speeds, durations and paths as people read them. One place: a panel and the command line say the same."""

from __future__ import annotations

from pathlib import PurePath

_UNITS = ("kB", "MB", "GB", "TB")


def human_size(size: float) -> str:
    """Bytes as a short text in decimal units, as model pages and disk makers count them.

    >>> human_size(0), human_size(999), human_size(1_000)
    ('0 B', '999 B', '1.0 kB')
    >>> human_size(75_538_270), human_size(3_087_284_237)
    ('75.5 MB', '3.09 GB')
    >>> human_size(999_999), human_size(999_950_000)
    ('1.0 MB', '1.00 GB')
    """
    if size < 1000:
        return f"{int(size)} B"
    value = float(size)
    for unit in _UNITS:
        value /= 1000
        digits = 2 if unit in ("GB", "TB") else 1
        if round(value, digits) < 1000 or unit == _UNITS[-1]:
            return f"{value:.{digits}f} {unit}"
    raise AssertionError("unreachable")


def human_speed(bytes_per_second: float) -> str:
    """A speed such as `12.3 MB/s`.

    >>> human_speed(12_345_678)
    '12.3 MB/s'
    """
    return f"{human_size(bytes_per_second)}/s"


def human_duration(seconds: float | None) -> str:
    """A duration as people say it, rounded up to whole seconds; an unknown one is a dash.

    >>> human_duration(None), human_duration(0.2), human_duration(59.5), human_duration(61)
    ('–', '1 s', '1 min', '1 min 01 s')
    >>> human_duration(3600 * 2 + 60 * 5)
    '2 h 05 min'
    """
    if seconds is None:
        return "–"
    whole = -int(-seconds // 1)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min"


def short_path(path: str | PurePath, most: int = 60) -> str:
    """A path for a line of a dialog that has room for so many letters: of a longer one its end, in whole names.

    >>> short_path("/films/out.mp4"), short_path("/somewhere/far away/films/out.mp4", 20)
    ('/films/out.mp4', '…/films/out.mp4')
    >>> short_path("/films/" + 20 * "long" + ".mp4", 20), short_path("C:\\\\far away\\\\films\\\\out.mp4", 16)
    ('…onglonglonglong.mp4', '…\\\\films\\\\out.mp4')
    """
    text = str(path)
    if len(text) <= most:
        return text
    first = len(text) - most + 1
    begins = [at for at in range(first, len(text)) if text[at] in "/\\"]
    return f"…{text[begins[0] if begins else first :]}"
