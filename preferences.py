# SPDX-License-Identifier: GPL-3.0-or-later
"""The add-on's preferences, and one typed way to read them: `get(context)`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from .core.errors.base import SubtitleEditorError
from .core.hub import endpoint as endpoints
from .core.subtitles.profiles import DEFAULT_PROFILE, NUMBERS
from .core.transfer.limits import DEFAULT_CONNECTIONS, MOST_CONNECTIONS
from .session import profiles, settings
from .session.choices import number
from .session.settings import forget_token, get, read_token, token_path

if TYPE_CHECKING:
    from bpy.types import Context


def _get_token(_self: bpy.types.AddonPreferences) -> str:
    return read_token()


def _set_token(_self: bpy.types.AddonPreferences, value: str) -> None:
    from .core.hub.tokens import write
    from .session import state

    try:
        write(token_path(), value)
        state.now.account = None
    except SubtitleEditorError as error:
        # An error in a property's setter reaches nobody; this the preferences show.
        state.now.account = state.Account(problem=str(error))
    forget_token()


def _library_changed(_self: bpy.types.AddonPreferences, _context: Context) -> None:
    from .session import pump

    pump.refresh_soon()


def _jobs_changed(_self: bpy.types.AddonPreferences, context: Context) -> None:
    from .session import downloads

    downloads.apply(get(context))


def _drawing_changed(_self: bpy.types.AddonPreferences, context: Context) -> None:
    settings.apply_drawing(context)


def _marks_changed(_self: bpy.types.AddonPreferences, context: Context) -> None:
    from .session import marks

    marks.apply(context)


def _endpoint_changed(self: SubtitleEditorPreferences, _context: Context) -> None:
    # Whoever gives an address means to use it.
    if self.endpoint and self.endpoint_preset != endpoints.CUSTOM:
        self.endpoint_preset = endpoints.CUSTOM


def _rule(name: str) -> dict[str, Any]:
    """How a number of the shown profile is read and changed, and its most; a rule that there is none of is 0."""

    def value(self: Any) -> float | int:
        return getattr(profiles.of(self.profile), name) or 0

    def change(self: Any, new: float | int) -> None:
        shown = profiles.of(self.profile)
        if shown.name in profiles.own():
            from .core.subtitles import own_profiles

            profiles.change(own_profiles.changed(shown, **{name: new}))

    return {"min": 0, "max": NUMBERS[name].most, "get": value, "set": change}


def _label(self: SubtitleEditorRules) -> str:
    return profiles.of(self.profile).label


def _set_label(self: SubtitleEditorRules, value: str) -> None:
    shown = profiles.of(self.profile)
    if shown.name in profiles.own() and value.strip():
        profiles.change(dataclasses.replace(shown, label=value.strip()[:60]))


class SubtitleEditorRules(bpy.types.PropertyGroup):
    """The numbers of a profile as fields. Nothing is kept in them: they are those of session/profiles.py."""

    profile: EnumProperty(  # type: ignore[valid-type]
        name="Profile",
        description="The reading rules that are shown here",
        items=profiles.items,
        default=number(DEFAULT_PROFILE.name),
        options={"SKIP_SAVE"},
    )
    label: StringProperty(  # type: ignore[valid-type]
        name="Name", description="What menus call it", get=_label, set=_set_label
    )
    max_chars: IntProperty(  # type: ignore[valid-type]
        name="Characters a Line", description="The most that a line may have", **_rule("max_chars")
    )
    max_lines: IntProperty(  # type: ignore[valid-type]
        name="Lines", description="The most that a subtitle may have", **_rule("max_lines")
    )
    max_cps: FloatProperty(  # type: ignore[valid-type]
        name="Characters a Second",
        description="The most that can be read, spaces counted. 0: no such rule",
        precision=1,
        **_rule("max_cps"),
    )
    max_wpm: FloatProperty(  # type: ignore[valid-type]
        name="Words a Minute",
        description="The most that can be read. 0: no such rule",
        precision=0,
        **_rule("max_wpm"),
    )
    min_duration: FloatProperty(  # type: ignore[valid-type]
        name="Shortest", description="Seconds that a subtitle is shown", **_rule("min_duration")
    )
    max_duration: FloatProperty(  # type: ignore[valid-type]
        name="Longest",
        description="Seconds that a subtitle is shown. 0: no such rule",
        **_rule("max_duration"),
    )
    gap_frames: IntProperty(  # type: ignore[valid-type]
        name="Gap in Frames", description="Frames between two subtitles", **_rule("gap_frames")
    )
    gap_seconds: FloatProperty(  # type: ignore[valid-type]
        name="Gap in Seconds",
        description="Seconds between two subtitles",
        precision=3,
        **_rule("gap_seconds"),
    )
    close_gap_below: FloatProperty(  # type: ignore[valid-type]
        name="Close Gaps below",
        description="Seconds. A shorter gap is closed to the smallest one that may be",
        **_rule("close_gap_below"),
    )


class SubtitleEditorPreferences(bpy.types.AddonPreferences):
    """What holds for all files. The token is not among what Blender saves: see core/hub/tokens.py."""

    bl_idname = __package__

    use_shared_cache: BoolProperty(  # type: ignore[valid-type]
        name="Shared Hugging Face Cache",
        description="Keep models in the folder that all Hugging Face programs of this user share: "
        "what one has downloaded, the others find",
        default=False,
        update=_library_changed,
    )
    models_folder: StringProperty(  # type: ignore[valid-type]
        name="Models Folder",
        description="Where downloaded models are kept. Empty: a folder of this extension",
        subtype="DIR_PATH",
        update=_library_changed,
    )
    token: StringProperty(  # type: ignore[valid-type]
        name="Hub Token",
        description="Optional. A free token raises the hub's rate limits and opens gated models. "
        "Kept in a file of its own in your user folder, not in Blender's preferences",
        subtype="PASSWORD",
        get=_get_token,
        set=_set_token,
        options={"SKIP_SAVE"},
    )
    endpoint_preset: EnumProperty(  # type: ignore[valid-type]
        name="Hub",
        description="The server that models are downloaded from",
        items=[(key, name, url or "An address of your own") for key, name, url in endpoints.PRESETS],
    )
    endpoint: StringProperty(  # type: ignore[valid-type]
        name="Address",
        description="Another server with the hub's protocol, such as a mirror",
        update=_endpoint_changed,
    )
    offline: BoolProperty(  # type: ignore[valid-type]
        name="Offline Mode",
        description="Ask nothing of any server; work with what is installed",
        default=False,
    )
    prepare_right_to_left: BoolProperty(  # type: ignore[valid-type]
        name="Right to Left",
        description="Draw Persian, Arabic, Urdu and Hebrew subtitles with joined letters and from right to left, which "
        "Blender itself does not. Exported files have the real text in any case",
        default=True,
        update=_drawing_changed,
    )
    bake_before_render: BoolProperty(  # type: ignore[valid-type]
        name="Bake Before Rendering",
        description="Before a render without a window, on a farm, bring pictures of subtitles after what was edited. "
        "In a window use Bake and Render",
        default=False,
    )
    show_marks: BoolProperty(  # type: ignore[valid-type]
        name="Marks on the Timeline",
        description="Draw over subtitles on the timeline what is wrong with them, when each word is said, which words "
        "are doubtful; and the cuts inside films",
        default=False,
        update=_marks_changed,
    )
    connections: IntProperty(  # type: ignore[valid-type]
        name="Connections",
        description="How many connections one download uses at a time",
        default=DEFAULT_CONNECTIONS,
        min=1,
        max=MOST_CONNECTIONS,
    )
    speed_limit: IntProperty(  # type: ignore[valid-type]
        name="Speed Limit (MB/s)",
        description="The most that downloads take together, in megabytes per second. 0: no limit. "
        "Holds at once, for running downloads too",
        default=0,
        min=0,
        soft_max=1000,
        update=_jobs_changed,
    )
    concurrency: IntProperty(  # type: ignore[valid-type]
        name="Downloads at a Time",
        description="How many models are downloaded at the same time; the others wait their turn",
        default=1,
        min=1,
        max=4,
        update=_jobs_changed,
    )
    resume_jobs: BoolProperty(  # type: ignore[valid-type]
        name="Resume after a Restart",
        description="Go on by itself with downloads that the end of the last session, or a crash, interrupted",
        default=False,
    )
    download_missing: BoolProperty(  # type: ignore[valid-type]
        name="Download When Transcribing",
        description="Download the chosen model when Transcribe is pressed and it is not installed yet",
        default=False,
    )

    rules: PointerProperty(type=SubtitleEditorRules)  # type: ignore[valid-type]
    device: EnumProperty(  # type: ignore[valid-type]
        name="Listen With",
        description="What computes while transcribing",
        items=(
            ("auto", "Automatic", "The graphics card when it works, else the processor"),
            ("cpu", "Processor", "Works everywhere"),
            ("cuda", "Graphics Card", "NVIDIA, with cuBLAS 12"),
        ),
        default="auto",
    )
    device_number: IntProperty(  # type: ignore[valid-type]
        name="Card", description="Which graphics card, counted from 0", default=0, min=0, max=15
    )
    compute_type: EnumProperty(  # type: ignore[valid-type]
        name="Precision",
        description="How exactly it computes: less takes less memory",
        items=(
            ("default", "As the Model", "As the model was saved"),
            ("auto", "Fastest", "The fastest that the device has"),
            ("int8", "8 Bit", "Least memory"),
            ("int8_float16", "8 and 16 Bit", "For graphics cards with little memory"),
            ("float16", "16 Bit", "For graphics cards"),
            ("float32", "32 Bit", "Most memory"),
        ),
        default="default",
    )
    threads: IntProperty(  # type: ignore[valid-type]
        name="Threads",
        description="Of the processor, while transcribing; 0: as many as it likes",
        default=0,
        min=0,
        max=256,
    )
    keep_model: IntProperty(  # type: ignore[valid-type]
        name="Keep Model Loaded",
        description="Minutes that the model stays in memory after a transcription, so that the next one begins at once",
        default=5,
        min=0,
        max=1440,
    )

    def draw(self, context: Context) -> None:
        """Called by Blender for each redraw; reads memory only."""
        from .panels import account

        account.draw(self, self.layout, context)


_register, _unregister = bpy.utils.register_classes_factory((SubtitleEditorRules, SubtitleEditorPreferences))


def register() -> None:
    """Called by the package."""
    _register()


def unregister() -> None:
    """Called by the package."""
    _unregister()
    forget_token()
