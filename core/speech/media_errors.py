# SPDX-License-Identifier: GPL-3.0-or-later
"""What went wrong with a media file, as a user is told, of what `reading` and `sound` say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..errors.media import (
    MediaEmptyError,
    MediaError,
    MediaIncompleteError,
    MediaNotFoundError,
    MediaProtectedError,
    NoAudioError,
    NoSuchTrackError,
)
from ..system.media import told
from ..text import Text


def error_of(media: Path, code: str, reason: Text, fields: Mapping[str, str]) -> MediaError:
    """The error for a `ChildError`'s code, reason and fields."""
    match code:
        case "media_not_found":
            return MediaNotFoundError(media)
        case "no_audio":
            return NoAudioError(media)
        case "no_such_track":
            return NoSuchTrackError(media, fields["wanted"], fields["tracks"])
        case "media_empty":
            return MediaEmptyError(media)
        case "media_protected":
            return MediaProtectedError(media)
        case "media_unreadable":
            return told(media, reason, int(fields.get("number", 0)))
        case "media_incomplete":
            return MediaIncompleteError(media, reason)
    return MediaError(Text("{media}: {reason}.", media=media, reason=reason))
