# SPDX-License-Identifier: GPL-3.0-or-later
"""A line in each of twelve scripts, as somebody would write it, and how a picture is compared with another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy

DATA = Path(__file__).parents[2] / "data" / "picture"

LINES = {
    "latin": ("en", "Où est l’île? Łódź, Škoda, Ngũgĩ"),
    "greek": ("el", "Ξεσκεπάζω την ψυχοφθόρα"),
    "cyrillic": ("ru", "Съешь ещё этих мягких булок"),
    "arabic": ("ar", "السلام عليكم، كيف حالك؟ (12)"),
    "persian": ("fa", "می‌شود مُحَمَّدٌ را «دید»، ۱۲٪"),
    "hebrew": ("he", "שָׁלוֹם עוֹלָם, 12%"),
    "hindi": ("hi", "नमस्ते दुनिया क्षत्रिय हिन्दी"),
    "bengali": ("bn", "আমি বাংলায় গান গাই ক্ষ"),
    "thai": ("th", "สวัสดีชาวโลก น้ำ ที่นี่"),
    "japanese": ("ja", "日本語の字幕です。「はい」"),
    "korean": ("ko", "한국어 자막입니다"),
    "chinese": ("zh", "中文字幕，你好！"),
}


def read(path: Path) -> Any:
    """A PNG file as red, green, blue and alpha."""
    import av

    with av.open(str(path)) as container:
        return next(container.decode(video=0)).to_ndarray(format="rgba")


def difference(one: Any, other: Any) -> float:
    """How far two pictures of straight alpha are apart, 0 to 255: the mean over all pixels that either has, each laid
    on grey."""
    height = max(one.shape[0], other.shape[0])
    width = max(one.shape[1], other.shape[1])
    shown = []
    for picture in (one, other):
        alpha = picture[..., 3:].astype(float) / 255
        laid = numpy.full((height, width, 3), 128.0)
        laid[: picture.shape[0], : picture.shape[1]] = picture[..., :3] * alpha + 128.0 * (1 - alpha)
        shown.append(laid)
    return float(numpy.abs(shown[0] - shown[1]).mean())
