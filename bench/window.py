# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether Blender's window stays alive while the add-on works: `python3 dev.py bench window`.

In a real window an app timer asks for every 10 ms; the gaps between its calls are how long Blender had no time for
the user. Measured in turns, in one run: a modal operator with an event timer that redraws the sidebar ten times a
second and does nothing else, which is how add-ons show progress; a download at 100 MB/s from a hub in another process;
a transcription (in its child process), whose strips come to the timeline meanwhile; an app timer that redraws the
sidebar as seldom as ours does where drawing is slow; nothing at all. The mouse is over the timeline. Without a display
the window is drawn in software, by the same two cores: compare the rows, not with another machine.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from devtools import gui_blender  # noqa: E402
from tests.gui.window import Display, Window, folder_of, new_user  # noqa: E402

MODEL_FILES = ROOT / "tests" / "data" / "tiny_whisper" / "model"
SPEECH = ROOT / "tests" / "data" / "speech" / "long.flac"
CONNECTIONS = 6
RATE = 100_000_000
"""Bytes per second that the hub gives in all."""
REPORT = 7.0
"""Seconds that Blender shows what an operator has reported; meanwhile it draws 20 times a second."""
TIMELINE = 640, 400
"""Where the mouse rests, in pixels from the top left."""

# Run inside Blender, after tests/gui/agent.py.
MEASURE = """
beats = []

def beat():
    beats.append(time.perf_counter())
    return 0.01

def measure(seconds):
    # What has just been started or ended is not part of it.
    until = time.perf_counter() + 1.0
    while time.perf_counter() < until:
        yield
    beats.clear()
    bpy.app.timers.register(beat)
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        yield
    bpy.app.timers.unregister(beat)
    return [after - before for before, after in zip(beats, beats[1:])]
"""
INSIDE = """
class BENCH_OT_idle(bpy.types.Operator):
    bl_idname, bl_label = "bench.idle", "Idle"
    stop = False

    def invoke(self, context, event):
        BENCH_OT_idle.stop = False
        self.screen = part("session.screen")
        self.timer = context.window_manager.event_timer_add(part("session.state").TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if BENCH_OT_idle.stop:
            context.window_manager.event_timer_remove(self.timer)
            return {"FINISHED"}
        self.screen.redraw()
        context.workspace.status_text_set(f"{time.perf_counter():.1f}")
        return {"PASS_THROUGH"}

bpy.utils.register_class(BENCH_OT_idle)

def as_ours():
    screen = part("session.screen")
    screen.redraw()
    return screen.LONGEST

def invoke(operator, **given):
    area = sequencer()
    with bpy.context.temp_override(window=window(), area=area, region=region("WINDOW", area)):
        return operator("INVOKE_DEFAULT", **given)

def transcribe(path):
    # Each turn begins anew: what the one before has heard would come all at once.
    for item in list(part("session.state").now.unfinished):
        part("core.speech.segments").remove(item.journal)
    scene = bpy.context.scene
    scene.sequence_editor_clear()
    editor = scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    editor.active_strip = strips.new_sound("Speech", path, 1, 1)
    settings = scene.subtitle_editor
    settings.model, settings.language, settings.use_word_times = "tiny", "en", False
    invoke(bpy.ops.subtitle.transcribe)
"""


@dataclasses.dataclass(frozen=True)
class Phase:
    """What is under way while the gaps are measured: code to start it, to tell that it runs, and to end it."""

    name: str
    start: str
    runs: str
    stop: str


SESSION = "part('session.state')"
PHASES = (
    Phase("modal only", "invoke(bpy.ops.bench.idle)", "True", "BENCH_OT_idle.stop = True"),
    Phase(
        "download, 100 MB/s",
        "invoke(bpy.ops.subtitle.download_model, model='base')",
        f"any({SESSION}.progress(record).speed > 50e6 for record in {SESSION}.jobs())",
        f"[{SESSION}.now.manager.cancel(job) for job in list({SESSION}.now.followed)]",
    ),
    Phase(
        "transcription",
        "transcribe(CLIP)",
        f"{SESSION}.now.transcription is not None and {SESSION}.now.transcription.fraction > 0",
        "bpy.ops.subtitle.cancel_transcription()",
    ),
    Phase(
        "drawing as seldom as ours", "bpy.app.timers.register(as_ours)", "True", "bpy.app.timers.unregister(as_ours)"
    ),
    Phase("nothing", "None", "True", "None"),
)
MODAL, DOWNLOAD, TRANSCRIPTION, SELDOM, NOTHING = PHASES
IDLE = f"not {SESSION}.busy() and {SESSION}.now.transcription is None"


def main() -> int:
    """Print one row for each kind of work; 0 if a download and a transcription stay within 1.2 times of the modal
    operator alone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=6.0, help="of each turn")
    parser.add_argument("--turns", type=int, default=3, help="of each kind of work")
    parser.add_argument("--suite", choices=["sid", "trixie"], help="that Debian's Blender")
    names = [phase.name for phase in PHASES if phase is not MODAL]
    parser.add_argument("--only", choices=names, help="this kind of work beside the modal operator")
    options = parser.parse_args()
    blender = gui_blender.find(options.suite)
    gaps: dict[str, list[float]] = {phase.name: [] for phase in PHASES}
    with folder_of(blender) as folder, _hub(folder / "hub", options.seconds * options.turns) as endpoint:
        display = Display(blender)
        try:
            with Window(blender, display, new_user(blender, folder)) as window:
                _prepare(window, folder, endpoint, options.seconds)
                display.mouse("mousemove", *TIMELINE)
                for _ in range(options.turns):
                    for phase in (MODAL, DOWNLOAD, SELDOM, NOTHING, MODAL, TRANSCRIPTION):
                        if options.only not in (None, phase.name) and phase is not MODAL:
                            continue
                        gaps[phase.name] += _turn(window, phase, options.seconds)
        finally:
            display.close()
    return _report(f"{blender.name}, {options.turns} turns of {options.seconds:g} s", gaps)


@contextmanager
def _hub(root: Path, seconds: float) -> Iterator[str]:
    """A hub in a process of its own, limited in all to RATE: the tests' model as tiny, as base a file that takes more
    than twice `seconds`: each turn begins before and ends after its measurement."""
    for name in ("tiny", "base"):
        model = root / "models" / "Systran" / f"faster-whisper-{name}"
        model.mkdir(parents=True)
        for file in MODEL_FILES.iterdir():
            (model / file.name).write_bytes(file.read_bytes())
    with (model / "model.bin").open("r+b") as file:
        file.truncate(max(3_000_000_000, int(2.5 * seconds * RATE)))
    words = [sys.executable, str(ROOT / "tests" / "hub" / "server.py"), str(root), "--json", "--until-eof"]
    words += ["--rate", str(RATE / CONNECTIONS)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())["endpoint"]
        finally:
            server.stdin.close()


def _prepare(window: Window, folder: Path, endpoint: str, seconds: float) -> None:
    """Everything that the phases need: the small model, and a clip that takes longer to hear than a turn lasts."""
    import numpy
    import soundfile

    inside = window.blender.inside
    sound, rate = soundfile.read(SPEECH)
    # The tests' model hears up to 200 times as fast as one speaks, and twice as long is safe.
    repeats = int(seconds * 2 * 200 / (len(sound) / rate)) + 1
    clip = folder / "speech.flac"
    soundfile.write(clip, numpy.tile(sound, repeats), rate)
    window.run("enable()")
    window.run("show_sidebar()")
    window.run(f"allow({endpoint!r}, {inside(folder / 'models')!r})")
    window.run(f"preferences().connections = {CONNECTIONS}")
    window.run(INSIDE)
    window.run("invoke(bpy.ops.subtitle.download_model, model='tiny')")
    window.wait("part('session.shelf').installed('tiny') is not None", 60)
    window.wait(IDLE, 60)
    window.run(f"CLIP = {inside(clip)!r}")


def _turn(window: Window, phase: Phase, seconds: float) -> list[float]:
    window.run(phase.start, 120)
    window.wait(phase.runs, 240)  # The voice in the whole clip is looked for first.
    found = window.run(f"measure({seconds})", seconds + 60)
    assert window.run(phase.runs), f"{phase.name} ended before it was measured\n{window.log()}"
    window.run(phase.stop)
    window.wait(IDLE, 60)
    if phase in (DOWNLOAD, TRANSCRIPTION):
        time.sleep(REPORT)
    return list(found)


def _report(title: str, gaps: dict[str, list[float]]) -> int:
    print(f"{title}. Gaps between the calls of a 10 ms timer, in milliseconds:\n")
    print("| under way | calls | p50 | p90 | p99 | longest | p99, against modal only |")
    print("|---|---|---|---|---|---|---|")
    base = _quantile(gaps[MODAL.name], 0.99)
    for name, found in gaps.items():
        if not found:
            continue
        numbers = [*(_quantile(found, part) for part in (0.5, 0.9, 0.99)), max(found)]
        texts = " | ".join(f"{1000 * number:.1f}" for number in numbers)
        print(f"| {name} | {len(found)} | {texts} | {numbers[2] / base:.2f} |")
    wanted = [gaps[phase.name] for phase in (DOWNLOAD, TRANSCRIPTION)]
    return int(any(_quantile(found, 0.99) > 1.2 * base for found in wanted if found))


def _quantile(values: list[float], part: float) -> float:
    return sorted(values)[int(part * (len(values) - 1))]


if __name__ == "__main__":
    sys.exit(main())
