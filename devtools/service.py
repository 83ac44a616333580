# SPDX-License-Identifier: GPL-3.0-or-later
"""The service for developers: `dev.py serve`, and what its tests need besides Python: a browser, and axe-core."""

from __future__ import annotations

import hashlib
import shutil
import tarfile
import tempfile
from pathlib import Path

from . import system
from .console import run, run_and_keep, say
from .environment import ROOT, VENV, Ready

PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver", "npm": "npm", "curl": "curl", "strace": "strace"}
"""What the tests use, and the Debian packages that bring it."""
FONTS = Path("/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf")
"""Without one like it Persian is boxes in every picture."""

AXE = "axe-core@4.14.1"
AXE_SHA256 = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c"
"""Of axe.min.js: what judges the page must not change by itself."""
AXE_FILE = VENV / "axe-core" / "axe.min.js"


def provide() -> None:
    """Have Chromium, axe-core and some programs for the tests; what cannot be had is said, and its tests left out."""
    missing = [package for program, package in PROGRAMS.items() if shutil.which(program) is None]
    if not FONTS.exists():
        missing.append("fonts-noto-core")
    system.provide(missing, "the tests of the service", required=False)
    if not AXE_FILE.exists() and (why := _fetch_axe()):
        say(f"axe-core cannot be had: {why} The test with it is left out.")


def _fetch_axe() -> str:
    """Fetch axe-core from the npm registry; why that was not possible, or nothing."""
    npm = shutil.which("npm")
    if npm is None:
        return "there is no npm."
    with tempfile.TemporaryDirectory() as folder:
        status, output = run_and_keep([npm, "pack", "--silent", AXE], cwd=Path(folder), show=False)
        packed = next(iter(Path(folder).glob("*.tgz")), None)
        if status or packed is None:
            return output.strip().splitlines()[-1] if output.strip() else "npm failed."
        with tarfile.open(packed) as archive:
            member = archive.extractfile("package/axe.min.js")
            content = member.read() if member else b""
    if hashlib.sha256(content).hexdigest() != AXE_SHA256:
        return "the registry sent another file than the one that is known."
    AXE_FILE.parent.mkdir(parents=True, exist_ok=True)
    AXE_FILE.write_bytes(content)
    return ""


def serve(ready: Ready, words: list[str]) -> int:
    """Start a hub on this machine and a service that asks it, until Ctrl-C. `words` are further options of `serve`."""
    return run([ready.python, ROOT / "devtools" / "demo_service.py", *words], env=ready.variables)
