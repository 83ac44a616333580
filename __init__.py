# SPDX-License-Identifier: GPL-3.0-or-later
"""Subtitle Editor: speech on Blender's timeline to subtitles.

This file registers the parts with Blender and does nothing else. `import subtitle_editor` works without Blender:
`bpy` is imported inside `register()` and in the folders that are for Blender only.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

PARTS = (
    "translations",
    "properties",
    "preferences",
    "operators.downloads",
    "operators.tasks",
    "operators.models",
    "operators.own_models",
    "operators.leftovers",
    "operators.moving",
    "operators.account",
    "operators.cards",
    "operators.transcription",
    "operators.unfinished",
    "operators.presets",
    "operators.importing",
    "operators.exporting",
    "operators.film_tracks",
    "operators.dropping",
    "operators.right_to_left",
    "operators.pictures",
    "operators.places",
    "operators.cues",
    "operators.cue_times",
    "operators.rippling",
    "operators.cue_texts",
    "operators.going",
    "operators.finding",
    "operators.checks",
    "operators.shots",
    "operators.tracks",
    "operators.as_text",
    "operators.own_profiles",
    "operators.styles",
    "panels.transcription",
    "panels.subtitles",
    "panels.cues",
    "panels.styles",
    "panels.checks",
    "panels.cue_menus",
    "panels.pictures",
    "panels.models",
    "panels.jobs",
    "panels.menu",
    "sequencer.undo",
    "session.survey",
    "session.pictures",
    "session.screen",
    "session.following",
    "session.taking_back",
    "session.marks",
    "session.outlines",
    "session.downloads",
    # Last in, first out: it stops the jobs before anything they show themselves in is gone.
    "session.lifetime",
)
"""Modules with a `register()` and an `unregister()`, in the order of registering."""

_registered: list[ModuleType] = []
_commands: list[Any] = []


def register() -> None:
    """Called by Blender when the extension is enabled, and at start."""
    import bpy

    for name in PARTS:
        module = importlib.import_module(f".{name}", __name__)
        module.register()
        _registered.append(module)
    _commands.append(bpy.utils.register_cli_command("subtitle_editor", _command))


def unregister() -> None:
    """Called by Blender when the extension is disabled, and when Blender quits. Never removes a user's file."""
    import bpy

    while _commands:
        bpy.utils.unregister_cli_command(_commands.pop())
    while _registered:
        _registered.pop().unregister()


def _command(arguments: list[str]) -> int:
    """`blender --command subtitle_editor ...`: the words and exit codes of `subtitle-editor`."""
    import os

    import bpy

    from .core.cli.main import main
    from .core.system import user_folder
    from .session import settings

    # The same jobs and catalogue as in the window.
    os.environ.setdefault(user_folder.ENVIRONMENT, str(settings.user_dir()))
    # And no more is asked of a server than there.
    offline = ["--offline"] if settings.why_offline(bpy.context) is not None else []
    return main([*arguments, *offline] if arguments else arguments)
