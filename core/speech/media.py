# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sound or film says about itself in its header. Nothing is decoded."""

from __future__ import annotations

from pathlib import Path

from ..system import media


def duration(path: Path) -> float | None:
    """How long the media is, in seconds; None when the file does not say.

    Raises MediaNotFoundError and MediaUnreadableError.
    """
    with media.opened(path) as container:
        import av

        return container.duration / av.time_base if container.duration else None
