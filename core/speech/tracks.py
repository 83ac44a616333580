# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of a file's audio tracks is heard."""

from __future__ import annotations

from typing import Any

from .wire import ChildError

ALL = "all"
"""Every track, mixed."""
FIRST = "first"
"""The first one, which Blender plays whatever the container calls its default."""

# ISO 639-2, which containers use, both of its forms, and names that muxers write. Source: the Library of Congress's
# table, for those of Whisper's languages that have a two-letter code and are not found by their first letters.
_CODES = """
aar aa, amh am, ara ar, asm as, aze az, bak ba, bel be, ben bn, bod bo, tib bo, bos bs, bre br, bul bg, cat ca, ces cs,
cze cs, cym cy, wel cy, dan da, deu de, ger de, ell el, gre el, eng en, est et, eus eu, baq eu, fao fo, fas fa, per fa,
fin fi, fra fr, fre fr, glg gl, guj gu, hat ht, hau ha, heb he, hin hi, hrv hr, hun hu, hye hy, arm hy, ind id, isl is,
ice is, ita it, jav jw, jpn ja, kan kn, kat ka, geo ka, kaz kk, khm km, kor ko, lao lo, lat la, lav lv, lin ln, lit lt,
ltz lb, mal ml, mar mr, mkd mk, mac mk, mlg mg, mlt mt, mon mn, mri mi, mao mi, msa ms, may ms, mya my, bur my, nep ne,
nld nl, dut nl, nno nn, nob no, nor no, oci oc, pan pa, pol pl, por pt, pus ps, ron ro, rum ro, rus ru, san sa, sin si,
slk sk, slo sk, slv sl, sna sn, snd sd, som so, spa es, sqi sq, alb sq, srp sr, sun su, swa sw, swe sv, tam ta, tat tt,
tel te, tgk tg, tgl tl, fil tl, tha th, tuk tk, tur tr, ukr uk, urd ur, uzb uz, vie vi, yid yi, yor yo, zho zh, chi zh,
cmn zh
"""
TWO_LETTERS: dict[str, str] = dict(item.split() for item in _CODES.replace("\n", " ").split(","))
"""Whisper's code of each."""
_BESIDE = ("comment", "visual_impaired", "descriptions", "clean_effects", "karaoke")
"""Dispositions of tracks that are not the film's own sound."""


def two_letters(language: str) -> str:
    """A container's language as Whisper's code.

    >>> two_letters("ger"), two_letters("de-CH"), two_letters("yue")
    ('de', 'de', 'yue')
    """
    base = language.strip().lower().replace("_", "-").partition("-")[0]
    return str(TWO_LETTERS.get(base, base))


def choose(streams: list[Any], wanted: str) -> list[Any]:
    """The audio streams of `streams` to try, best first, or with `all` those to mix.

    `wanted` is a number counted from 1, a language, `all`, `first`, or empty: the container's default track, then the
    others in order, those for commentary last. Raises ChildError when there is none such.
    """
    if not streams:
        raise ChildError("no_audio", "")
    if wanted in (ALL, FIRST):
        return streams
    if wanted.isdecimal():
        if not 1 <= int(wanted) <= len(streams):
            raise ChildError("no_such_track", "{wanted}", wanted=wanted, tracks=described(streams))
        return [streams[int(wanted) - 1]]
    ordered = sorted(streams, key=_rank)
    if not wanted:
        return ordered
    code = two_letters(wanted)  # Of `-1` nothing is left, and that is what tracks without a language have.
    found = [stream for stream in ordered if code and two_letters(stream.language or "") == code]
    if not found:
        raise ChildError("no_such_track", "{wanted}", wanted=wanted, tracks=described(streams))
    return found


def described(streams: list[Any]) -> str:
    """The tracks in one line, as a user can choose them: `1 eng, 2 ger (Commentary)`."""
    return ", ".join(_described(number, stream) for number, stream in enumerate(streams, 1))


def _described(number: int, stream: Any) -> str:
    title = stream.metadata.get("title", "")[:60]
    language = stream.language if stream.language not in (None, "und") else ""
    return " ".join(part for part in (str(number), language, f"({title})" if title else "") if part)


def _rank(stream: Any) -> tuple[bool, bool, int]:
    flags = stream.disposition
    beside = any(flags & getattr(type(flags), name, 0) for name in _BESIDE)
    return beside, not flags & type(flags).default, stream.index
