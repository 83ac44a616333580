# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user chose: for this film on the Scene, saved in the .blend; for the lists of the panels on the window
manager. Never the state of a job.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from .core.catalog.kinds import KIND_NAMES, SPEECH_TO_TEXT
from .core.languages import NAMES
from .core.subtitles.profiles import AUTO as AUTO_PROFILE
from .core.subtitles.profiles import DEFAULT_PROFILE
from .session import chosen, profiles
from .session import track as tracks
from .session.choices import ALL_KINDS, AUTO, DEFAULT_MODEL, Item, model_items, models, number

if TYPE_CHECKING:
    from bpy.types import Context


_LANGUAGES: list[Item] = [
    (AUTO, "Detect", "The model finds the language in the first half minute", "NONE", 0),
    *((code, name, "", "NONE", number(code)) for code, name in sorted(NAMES.items(), key=lambda item: item[1])),
]

_TASKS = (
    ("transcribe", "Transcribe", "Subtitles in the language that is spoken"),
    ("translate", "To English", "English subtitles, whatever is spoken (not with turbo and .en models)"),
)

_SOURCES = (
    ("SELECTED", "Selected Strips", "The selected strips, else the active one"),
    ("ALL", "Whole Edit", "All that the sequencer plays"),
)


def _track_changed(_self: bpy.types.PropertyGroup, _context: Context) -> None:
    tracks.touched()


def _line(number: int) -> Any:
    return StringProperty(
        name="Line",
        description="A line of the chosen subtitle. Empty it to remove the line",
        get=lambda self: chosen.line(self, number),
        set=lambda self, value: chosen.set_line(self, number, value),
    )


def _time(field: str) -> dict[str, Any]:
    """How a time of the chosen subtitle is read and changed."""
    return {
        "get": lambda self: chosen.time(self, field),
        "set": lambda self, value: chosen.set_time(self, field, value),
    }


def _glossary_changed(_self: bpy.types.PropertyGroup, _context: Context) -> None:
    from .session import glossary

    glossary.chosen()


class SubtitleEditorCue(bpy.types.PropertyGroup):
    """The chosen subtitle as fields. Nothing is kept in them: they are read from the strip and written to it."""

    start: StringProperty(  # type: ignore[valid-type]
        name="In", description="When the subtitle begins", **_time("start")
    )
    end: StringProperty(  # type: ignore[valid-type]
        name="Out", description="When the subtitle ends", **_time("end")
    )
    length: StringProperty(  # type: ignore[valid-type]
        name="Duration", description="How long the subtitle is shown", **_time("length")
    )
    speaker: StringProperty(  # type: ignore[valid-type]
        name="Spoken by", description="Who says it", get=chosen.speaker, set=chosen.set_speaker
    )


for _number in range(chosen.LINES):
    # Blender reads the annotations of a class when it is registered: as texts, which all others here are. With the
    # property itself Blender 4.2 crashed when it quit after the extension was removed (4.2.23).
    SubtitleEditorCue.__annotations__[f"line_{_number}"] = f"_line({_number})"


_Channels = Callable[[Any, Any], list[Any]]


def _of_channels(name: str, of: _Channels, known: Callable[[list[Any]], bool]) -> dict[str, Any]:
    """How a switch of a track is read from its channels, and set on all of them."""

    def change(track: Any, value: bool) -> None:
        for channel in of(track.id_data, track):
            setattr(channel, name, value)

    return {"get": lambda track: known(of(track.id_data, track)), "set": change}


class SubtitleEditorTrack(bpy.types.PropertyGroup):
    """A track of subtitles: channels of the Sequencer, and what holds for all subtitles on them."""

    channel: IntProperty(  # type: ignore[valid-type]
        name="Channel", description="The lowest channel of the track", min=1, max=128, default=1
    )
    rows: IntProperty(  # type: ignore[valid-type]
        name="Rows",
        description="How many channels the track has: more than one where subtitles are shown at the same time",
        min=1,
        max=32,
        default=1,
        update=_track_changed,
    )
    hidden: BoolProperty(  # type: ignore[valid-type]
        name="Hide Track",
        description="Show none of its subtitles in the picture: mutes all channels of the track",
        **_of_channels("mute", tracks.channels_of, tracks.is_hidden),
    )
    locked: BoolProperty(  # type: ignore[valid-type]
        name="Lock Track",
        description="Let nothing change its subtitles: locks all channels of the track",
        **_of_channels("lock", tracks.locks_of, tracks.is_locked),
    )
    language: StringProperty(  # type: ignore[valid-type]
        name="Language", description="The language of the subtitles, such as en, de or pt-BR"
    )
    look: StringProperty(  # type: ignore[valid-type]
        name="Look", description="What new subtitles of the track look like", options={"HIDDEN"}
    )
    original: IntProperty(  # type: ignore[valid-type]
        name="Original", description="The lowest channel of the track that this one translates; 0: of none", min=0
    )
    profile: EnumProperty(  # type: ignore[valid-type]
        name="Profile",
        description="The reading rules that the subtitles of this track are checked and edited by",
        items=profiles.items,
        default=number(DEFAULT_PROFILE.name),
        update=_track_changed,
    )


class SubtitleEditorSettings(bpy.types.PropertyGroup):
    """Choices for the work on this scene."""

    model: EnumProperty(  # type: ignore[valid-type]
        name="Model",
        description="The speech model. Larger ones hear better and take longer",
        items=models,
        default=number(DEFAULT_MODEL),
    )
    language: EnumProperty(  # type: ignore[valid-type]
        name="Language", description="What is spoken", items=_LANGUAGES, default=AUTO
    )
    task: EnumProperty(  # type: ignore[valid-type]
        name="Task", description="What the subtitles say", items=_TASKS, default="transcribe"
    )
    use_word_times: BoolProperty(  # type: ignore[valid-type]
        name="Word Times",
        description="Measure when each word is said: better line breaks and cuts, a little slower",
        default=True,
    )
    source: EnumProperty(  # type: ignore[valid-type]
        name="Sound", description="Which strips are heard; muted ones never are", items=_SOURCES, default="SELECTED"
    )
    track: StringProperty(  # type: ignore[valid-type]
        name="Audio Track",
        description="Of films with several: its number from 1, its language, or all. Empty: the first, as in Blender",
    )
    prompt: StringProperty(  # type: ignore[valid-type]
        name="Prompt", description="What was said before, or in what manner: each half minute begins with it"
    )
    hotwords: StringProperty(  # type: ignore[valid-type]
        name="Hotwords", description="Names and words to expect everywhere, with commas"
    )
    glossary: StringProperty(  # type: ignore[valid-type]
        name="Glossary",
        description="A text file with the names of this film as they are spelt, one a line, beside your own: "
        "transcription expects them, the checks look for them",
        subtype="FILE_PATH",
        update=_glossary_changed,
    )
    use_vad: BoolProperty(  # type: ignore[valid-type]
        name="Voice Detection",
        description="Hear only where somebody speaks. Off: hear all of it, such as singing; more is invented then",
        default=True,
    )
    vad_threshold: FloatProperty(  # type: ignore[valid-type]
        name="Threshold",
        description="How sure it must be of a voice",
        default=0.5,
        min=0.0001,
        max=0.9999,
        soft_min=0.05,
        soft_max=0.95,
    )
    vad_min_speech: IntProperty(  # type: ignore[valid-type]
        name="Shortest Speech",
        description="Milliseconds; what is shorter is not heard",
        default=0,
        min=0,
        max=600_000,
        soft_max=10_000,
    )
    vad_min_silence: IntProperty(  # type: ignore[valid-type]
        name="Shortest Silence",
        description="Milliseconds; shorter silence is heard with the speech around it",
        default=2000,
        min=0,
        max=600_000,
        soft_max=60_000,
    )
    vad_pad: IntProperty(  # type: ignore[valid-type]
        name="Padding",
        description="Milliseconds of silence that are heard around speech",
        default=400,
        min=0,
        max=600_000,
        soft_max=5_000,
    )
    beam_size: IntProperty(  # type: ignore[valid-type]
        name="Beam Size", description="How many wordings are weighed. 1 is fastest", default=5, min=1, max=64
    )
    batch_size: IntProperty(  # type: ignore[valid-type]
        name="Batch Size",
        description="Half minutes heard at once: faster on a graphics card, and no second try where one goes wrong",
        default=1,
        min=1,
        max=256,
        soft_max=64,
    )
    suppress_numerals: BoolProperty(  # type: ignore[valid-type]
        name="Numbers as Words", description="Write numbers as words instead of digits", default=False
    )
    profile: EnumProperty(  # type: ignore[valid-type]
        name="Profile",
        description="The reading rules that subtitles are shaped by",
        items=profiles.items_following,
        default=number(AUTO_PROFILE),
    )
    picture_style: StringProperty(  # type: ignore[valid-type]
        name="Style", description="How subtitles look that are drawn as pictures", default="file"
    )
    picture_folder: StringProperty(  # type: ignore[valid-type]
        name="Folder",
        description="Where pictures of subtitles are kept. Empty: a folder beside the .blend file",
        subtype="DIR_PATH",
    )
    only_selected: BoolProperty(  # type: ignore[valid-type]
        name="Selected Only", description="Export the selected text strips instead of all", default=False
    )
    tracks: CollectionProperty(type=SubtitleEditorTrack)  # type: ignore[valid-type]
    track_index: IntProperty(name="Track", update=_track_changed)  # type: ignore[valid-type]
    cue: PointerProperty(type=SubtitleEditorCue)  # type: ignore[valid-type]
    cue_index: IntProperty(  # type: ignore[valid-type]
        name="Subtitle",
        description="The chosen subtitle. A click goes there",
        get=chosen.index,
        set=chosen.set_index,
        options={"SKIP_SAVE"},
    )
    time_format: EnumProperty(  # type: ignore[valid-type]
        name="Times",
        description="How times are shown. Both are understood when typed",
        items=(
            ("FRAMES", "Frames", "Hours, minutes, seconds and frames"),
            ("MILLISECONDS", "Milliseconds", "Hours, minutes, seconds and milliseconds"),
        ),
    )
    follow: BoolProperty(  # type: ignore[valid-type]
        name="Follow Playhead", description="While playing, the list shows what is on the screen", default=True
    )


_KINDS: list[Item] = [
    *((kind, name, "", "NONE", place) for place, (kind, name) in enumerate(KIND_NAMES.items())),
    (ALL_KINDS, "All Kinds", "", "NONE", 99),
]


def _filter_changed(_self: bpy.types.PropertyGroup, _context: Context) -> None:
    from .session import pump

    pump.rebuild()


def _model_chosen(_self: bpy.types.PropertyGroup, _context: Context) -> None:
    from .session import pump

    pump.line_chosen()


class SubtitleEditorRow(bpy.types.PropertyGroup):
    """A line of a list. What it says is in session/shelf.py, at the same place; `name` is the id of a model."""


def _speakers(_self: bpy.types.PropertyGroup, _context: Context, typed: str) -> list[str]:
    from .session import survey

    return survey.speakers(typed)


class SubtitleEditorView(bpy.types.PropertyGroup):
    """What the panels' lists show and which line is chosen: on the window manager, the same for all files."""

    kind: EnumProperty(  # type: ignore[valid-type]
        name="Kind",
        description="Show models of this kind",
        items=_KINDS,
        default=SPEECH_TO_TEXT,
        update=_filter_changed,
    )
    search: StringProperty(  # type: ignore[valid-type]
        name="Search",
        description="Show models whose name, language, licence, tags or description have all these words",
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
        update=_filter_changed,
    )
    show_missing: BoolProperty(  # type: ignore[valid-type]
        name="Show Missing",
        description="Also show models that are not on this computer and can be downloaded",
        default=False,
        update=_filter_changed,
    )
    models: CollectionProperty(type=SubtitleEditorRow)  # type: ignore[valid-type]
    model_index: IntProperty(name="Model", update=_model_chosen, options={"SKIP_SAVE"})  # type: ignore[valid-type]
    history: CollectionProperty(type=SubtitleEditorRow)  # type: ignore[valid-type]
    history_index: IntProperty(name="Download", options={"SKIP_SAVE"})  # type: ignore[valid-type]
    cue_search: StringProperty(  # type: ignore[valid-type]
        name="Search",
        description="Show subtitles whose text or speaker has all these words",
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
    )
    cue_filter: EnumProperty(  # type: ignore[valid-type]
        name="Show",
        description="Which subtitles the list shows",
        items=(
            ("ALL", "All", "All subtitles of the track"),
            ("PROBLEMS", "With Problems", "Those that break a rule of the track's profile"),
            ("DOUBTFUL", "Doubtful", "Those with words that the model was not sure of"),
            ("SELECTED", "Selected", "Those that are selected on the timeline"),
            ("UNTRANSLATED", "Untranslated", "Those that still say what the original says, or nothing"),
            ("NEAR", "Around the Playhead", "Those of half a minute before and after the playhead"),
            ("SPEAKER", "By Speaker", "Those in which somebody speaks, whose name is asked for below"),
        ),
        options={"SKIP_SAVE"},
    )
    cue_speaker: StringProperty(  # type: ignore[valid-type]
        name="Speaker",
        description="Whose subtitles are shown; empty: those of whom nobody knows who speaks",
        search=_speakers,
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
    )
    cue_sort: EnumProperty(  # type: ignore[valid-type]
        name="Order",
        description="In which order the list shows subtitles",
        items=(
            ("TIME", "Time", "As they are shown in the film", "SORTTIME", 0),
            ("SPEED", "Reading Speed", "The fastest first", "TRIA_UP_BAR", 1),
            ("LONGEST", "Duration", "Those shown longest first", "FULLSCREEN_ENTER", 2),
            ("SHORTEST", "Shortest First", "Those shown shortest first", "FULLSCREEN_EXIT", 3),
            ("TEXT", "Text", "By the alphabet: equal texts are together", "SORTALPHA", 4),
            ("SPEAKER", "Speaker", "By who speaks", "USER", 5),
        ),
        options={"SKIP_SAVE"},
    )


_register, _unregister = bpy.utils.register_classes_factory(
    (SubtitleEditorCue, SubtitleEditorTrack, SubtitleEditorSettings, SubtitleEditorRow, SubtitleEditorView)
)


def register() -> None:
    """Called by the package."""
    _register()
    bpy.types.Scene.subtitle_editor = PointerProperty(  # type: ignore[attr-defined]
        type=SubtitleEditorSettings
    )
    bpy.types.WindowManager.subtitle_editor = PointerProperty(  # type: ignore[attr-defined]
        type=SubtitleEditorView
    )


def unregister() -> None:
    """Called by the package."""
    del bpy.types.WindowManager.subtitle_editor  # type: ignore[attr-defined]
    del bpy.types.Scene.subtitle_editor  # type: ignore[attr-defined]
    _unregister()
    model_items.clear()
