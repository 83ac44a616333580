# SPDX-License-Identifier: GPL-3.0-or-later
"""What the preferences show: where models are kept and where they come from, how they are fetched, and with what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..core.hub import endpoint as endpoints
from ..core.text import Text
from ..session import profiles, state
from ..session.settings import token, why_offline
from . import cards
from .parts import Icon, fact, label

if TYPE_CHECKING:
    from bpy.types import Context, UILayout

    from ..session.settings import Preferences


def draw(settings: Preferences, layout: UILayout, context: Context) -> None:
    """Called for each redraw of the preferences; reads memory only."""
    layout.use_property_split = True
    layout.use_property_decorate = False
    if message := why_offline(context):
        label(layout, message, icon="INTERNET_OFFLINE")
    _draw_folders(settings, layout)
    _draw_hub(settings, layout, context)
    column = layout.column()
    column.prop(settings, "concurrency")
    column.prop(settings, "connections")
    column.prop(settings, "speed_limit")
    column = layout.column(heading="Downloads")
    column.prop(settings, "resume_jobs")
    column.prop(settings, "download_missing")
    column = layout.column()
    column.prop(settings, "device")
    if settings.device == "cuda":
        column.prop(settings, "device_number")
    column.prop(settings, "compute_type")
    column.prop(settings, "threads")
    column.prop(settings, "keep_model")
    cards.draw(layout)
    layout.prop(settings, "prepare_right_to_left")
    _draw_rules(settings.rules, layout)
    layout.prop(settings, "bake_before_render")
    layout.prop(settings, "show_marks")
    row = layout.row(align=True)
    row.operator("subtitle.open_user_folder", icon="FILE_FOLDER")
    row.operator("subtitle.open_log", icon="TEXT")


def _draw_rules(rules: Any, layout: UILayout) -> None:
    """The reading rules: those of the user's own can be changed here."""
    layout.separator()
    row = layout.row(align=True)
    row.prop(rules, "profile", text="Reading Rules")
    row.operator("subtitle.copy_profile", text="", icon="DUPLICATE")
    row.operator("subtitle.reset_profile", text="", icon="LOOP_BACK")
    row.operator("subtitle.delete_profile", text="", icon="TRASH")
    if profiles.problem:
        label(layout, profiles.problem, icon="ERROR")
    is_own = rules.profile in profiles.own()
    column = layout.column(align=True)
    column.active = is_own
    if is_own:
        column.prop(rules, "label")
    for name in ("max_chars", "max_lines", "max_cps", "max_wpm"):
        column.prop(rules, name)
    column.separator()
    for name in ("min_duration", "max_duration", "gap_frames", "gap_seconds", "close_gap_below"):
        column.prop(rules, name)
    if is_own:
        fact(layout, "On the command line", Text("--profile {name}", name=rules.profile))
    layout.operator("subtitle.edit_glossary", icon="TEXT").own = True


def _draw_folders(settings: Preferences, layout: UILayout) -> None:
    column = layout.column()
    folder = column.row(align=True)
    folder.active = not settings.use_shared_cache
    folder.prop(settings, "models_folder", placeholder="In the extension's own folder")
    folder.operator("subtitle.open_model_folder", text="", icon="FOLDER_REDIRECT")
    column.prop(settings, "use_shared_cache")


def _draw_hub(settings: Preferences, layout: UILayout, context: Context) -> None:
    column = layout.column()
    column.prop(settings, "endpoint_preset")
    if settings.endpoint_preset == endpoints.CUSTOM:
        column.prop(settings, "endpoint", placeholder=endpoints.DEFAULT_ENDPOINT)
    column.prop(settings, "offline")
    row = column.row(align=True)
    row.prop(settings, "token", placeholder="Optional")
    row.operator("subtitle.open_token_page", text="", icon="URL")
    row.operator("subtitle.test_token", text="Test")
    for text, icon in token_lines(context):
        label(column, text, icon=icon)


def token_lines(context: Context) -> list[tuple[str, Icon]]:
    """What is known of the token, a text and an icon a line. Memory only."""
    found = token(context)
    account = state.now.account
    lines: list[tuple[str, Icon]] = []
    if account is not None and account.problem:
        lines.append((account.problem, "ERROR"))
    if not found:
        return lines
    # Here, not above: it is not needed to register.
    from ..core.hub import tokens

    if found.source is not tokens.Origin.PREFERENCE:
        lines.append((Text("The token from {source} is used", source=found.source.label), "INFO"))
    if not tokens.looks_right(found.value):
        lines.append((Text('Tokens of the hub begin with "hf_": is this one whole?'), "ERROR"))
    if account is not None and not account.problem:
        lines.append((Text("It belongs to {name}", name=account.name), "CHECKMARK"))
    return lines
