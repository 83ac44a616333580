# SPDX-License-Identifier: GPL-3.0-or-later
"""What a sound or film says about itself in its header. Nothing is decoded."""

from __future__ import annotations

from pathlib import Path

from ..errors.media import MediaNotFoundError, MediaUnreadableError
from ..system.reasons import reason_of


def duration(path: Path) -> float | None:
    """How long the media is, in seconds; None when the file does not say.

    Raises MediaNotFoundError and MediaUnreadableError.
    """
    if not path.is_file():
        raise MediaNotFoundError(path)
    # Here, not above: PyAV brings FFmpeg's libraries and takes 0.1 s and more.
    import av

    try:
        with av.open(str(path)) as container:
            return container.duration / av.time_base if container.duration else None
    except (av.FFmpegError, OSError, ValueError) as error:
        raise MediaUnreadableError(path, reason_of(error)) from error
