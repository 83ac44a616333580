# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Blender window on a display without a screen, with a mouse: started, looked at and clicked by a test.

`Window.run()` asks and prepares by running code inside Blender (see agent.py); `click()` is what a user does, with the
X server's own mouse. Times are seconds, places are pixels from the top left of the screen.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

from devtools.gui_blender import Blender

# Another checkout can be looked at with the same tests.
ROOT = Path(os.environ.get("SUBTITLE_EDITOR_GUI_SOURCE") or Path(__file__).parents[2]).resolve()
MODULE = "bl_ext.user_default.subtitle_editor"
SIZE = (1280, 1120)
# What the extension's zip has in it, without the wheels.
PARTS = ("core", "operators", "panels", "sequencer", "session", "translations")


class BlenderError(AssertionError):
    """Code that a test sent into Blender raised; the text is the traceback."""


class Display:
    """An X server of its own, beside the Blender that it is for."""

    def __init__(self, blender: Blender, size: tuple[int, int] = SIZE) -> None:
        self._blender = blender
        if blender.chroot is not None:
            # X makes this folder itself only as long as nobody else made it first with other rights.
            sockets = blender.chroot.root / "tmp/.X11-unix"
            sockets.mkdir(exist_ok=True)
            sockets.chmod(0o1777)
        words = ["Xvfb", "-displayfd", "1", "-screen", "0", f"{size[0]}x{size[1]}x24", "-nolisten", "tcp"]
        self._server = subprocess.Popen(
            blender.command(words), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL
        )
        assert self._server.stdout is not None
        # It picks a free number, and says so when it is ready.
        number = self._server.stdout.readline().decode().strip()
        if not number:
            self.close()
            raise RuntimeError("Xvfb did not start.")
        self.variables = {"DISPLAY": f":{number}"}

    def close(self) -> None:
        """End the server, and with it whatever still has a window there."""
        self._server.terminate()
        self._server.wait(10)

    def mouse(self, *words: str | int) -> None:
        """Do what xdotool calls by these words."""
        self.call(["xdotool", *map(str, words)])

    def picture(self, path: Path, box: tuple[int, int, int, int] | None = None) -> Path:
        """Save what is on the screen, or the part `box` (left, top, width, height), as a PNG. Its path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.call(["import", "-window", "root", *_crop(box), "+repage", "png:-"]))
        return path

    def pixels(self, box: tuple[int, int, int, int]) -> bytes:
        """Red, green and blue of each pixel of a part of the screen, line by line from the top."""
        return self.call(["import", "-window", "root", "-depth", "8", *_crop(box), "rgb:-"])

    def call(self, words: list[Any], given: bytes = b"") -> bytes:
        """Run a program on this display, with `given` as its input; what it printed."""
        command = self._blender.command(words, self.variables)
        done = subprocess.run(command, input=given, capture_output=True, timeout=60)
        assert done.returncode == 0, f"{words}: {done.stderr.decode(errors='replace')}"
        return done.stdout


def _crop(box: tuple[int, int, int, int] | None) -> list[str]:
    return [] if box is None else ["-crop", f"{box[2]}x{box[3]}+{box[0]}+{box[1]}"]


class Window:
    """A running Blender. `user` is its folder of settings and extensions: start again with it to restart."""

    def __init__(self, blender: Blender, display: Display, user: Path, arguments: list[str] | None = None) -> None:
        self.blender, self.display, self.user = blender, display, user
        self._log = (user / "blender.log").open("ab")
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(60)
            self.process = subprocess.Popen(
                blender.command(self._words(arguments or []), self._variables(server.getsockname()[1])),
                stdout=self._log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
            try:
                self._connection, _ = server.accept()
            except TimeoutError:
                self.kill()
                raise RuntimeError(f"Blender did not start:\n{self.log()}") from None
        self._answers = self._connection.makefile("rb")

    def _words(self, arguments: list[str]) -> list[Any]:
        agent = self.user / "agent.py"
        shutil.copyfile(Path(__file__).with_name("agent.py"), agent)
        return [
            *(self.blender.program, "--window-geometry", 0, 0, *SIZE, "--python-use-system-env"),
            *("--python-expr", "import bpy; bpy.context.preferences.view.show_splash = False"),
            *("--python", self.blender.inside(agent), *arguments),
        ]

    def _variables(self, port: int) -> dict[str, str]:
        temporary = self.user / "tmp"
        temporary.mkdir(exist_ok=True)
        return {
            **self.display.variables,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            # Without it X gives no letters but Latin ones.
            "LC_ALL": "C.UTF-8",
            "BLENDER_USER_RESOURCES": self.blender.inside(self.user),
            # What a Blender that was killed leaves behind goes with the rest.
            "TMPDIR": self.blender.inside(temporary),
            "PYTHONPATH": self.blender.inside(self.blender.packages),
            "PYTHONDONTWRITEBYTECODE": "1",
            "SUBTITLE_EDITOR_AGENT": str(port),
            "HF_HUB_DISABLE_XET": "1",
            # Allowed online, Blender itself asks its makers for news: here it gets no further than this machine.
            "https_proxy": "http://127.0.0.1:9",
            "HF_HUB_DISABLE_TELEMETRY": "1",
        }

    # Inside

    def run(self, code: str, timeout: float = 30.0) -> Any:
        """Run code on Blender's main thread; the value of its last expression, as JSON can carry it.

        Raises BlenderError if it raised, TimeoutError if Blender did not answer.
        """
        self._connection.settimeout(timeout)
        self._connection.sendall(json.dumps({"code": code}).encode() + b"\n")
        line = self._answers.readline()
        if not line:
            raise BlenderError(f"Blender has ended (status {self.process.poll()}):\n{self.log()}")
        answer = json.loads(line)
        if "error" in answer:
            raise BlenderError(answer["error"])
        return answer["value"]

    def wait(self, condition: str, timeout: float = 30.0) -> float:
        """Ask until an expression is true; the seconds that took. Fails after `timeout`, with what it was last."""
        began = time.monotonic()
        while not (value := self.run(condition)):
            assert time.monotonic() - began < timeout, f"after {timeout} s {condition} is {value!r}\n{self.log()}"
            time.sleep(0.05)
        return time.monotonic() - began

    def texts(self) -> list[str]:
        """Every text that our panels show now, from top to bottom."""
        return list(self.run("texts()"))

    def reads(self, *words: str) -> bool:
        """Whether the sidebar shows all of these, wherever its lines are broken."""
        shown = "".join("".join(self.texts()).split())
        return all("".join(word.split()) in shown for word in words)

    def wait_to_read(self, *words: str, timeout: float = 30.0) -> None:
        """Wait until the sidebar shows all of these; fails with what it shows instead."""
        began = time.monotonic()
        while not self.reads(*words):
            assert time.monotonic() - began < timeout, f"not shown: {words}; shown: {self.texts()}\n{self.log()}"
            time.sleep(0.1)

    # The mouse

    def find(self, button: str) -> tuple[int, int]:
        """Where on the sidebar the button is whose command or data path contains `button`."""
        found = self.run(f"buttons({button!r})", 60)
        if not found:
            # An error's popup keeps the mouse to itself until it is dismissed.
            self.rest()
            found = self.run(f"buttons({button!r})", 60)
        assert found, f"no button {button} in the sidebar; there is: {self.run('buttons()', 60)}\n{self.texts()}"
        return found[0][0], found[0][1]

    def click(self, button: str | tuple[int, int]) -> float:
        """Click on a button with the mouse, found by its text or place; `time.monotonic()` of the press."""
        x, y = self.find(button) if isinstance(button, str) else button
        self.display.mouse("mousemove", x, y)
        time.sleep(0.15)  # Blender highlights what is under the mouse before it can be pressed.
        pressed = time.monotonic()
        self.display.mouse("click", 1)
        return pressed

    def press(self, keys: str, at: tuple[int, int]) -> None:
        """Press keys as xdotool names them, with the mouse at a place: Blender gives them to what is below it."""
        self.display.mouse("mousemove", *at)
        time.sleep(0.15)
        self.display.mouse("key", keys)

    def rest(self) -> None:
        """Move the mouse off the sidebar, so that no button is lit and no tooltip comes up; dismiss popups."""
        self.display.mouse("mousemove", 700, SIZE[1] - 40, "key", "Escape")
        time.sleep(0.2)
        self.run("settle()")

    def sidebar(self) -> tuple[int, int, int, int]:
        """The box of the sidebar."""
        left, top, width, height = self.run("box()")
        return left, top, width, height

    # The process

    def log(self) -> str:
        """The end of what Blender has printed."""
        return (self.user / "blender.log").read_text(encoding="utf-8", errors="replace")[-4000:]

    def wait_for_end(self, timeout: float = 20.0) -> int:
        """The exit status, when Blender has ended by itself. Raises subprocess.TimeoutExpired."""
        return self.process.wait(timeout)

    def kill(self) -> None:
        """End Blender now, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self._log.close()

    def __enter__(self) -> Window:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()


def new_user(blender: Blender, folder: Path) -> Path:
    """A user's folder with the extension installed and nothing else: no preferences yet. `folder` must be Blender's."""
    extension = folder / "extensions" / "user_default" / "subtitle_editor"
    extension.mkdir(parents=True)
    for file in (*ROOT.glob("*.py"), ROOT / "blender_manifest.toml"):
        if file.name != "dev.py":
            shutil.copy2(file, extension)
    for part in PARTS:
        if (ROOT / part).is_dir():
            shutil.copytree(ROOT / part, extension / part, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@contextlib.contextmanager
def folder_of(blender: Blender) -> Iterator[Path]:
    """A folder that Blender sees too, for as long as the `with` block."""
    folder = blender.new_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
