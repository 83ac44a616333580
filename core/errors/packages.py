# SPDX-License-Identifier: GPL-3.0-or-later
"""Libraries that this program is made with, and that are not there."""

from __future__ import annotations

from ..text import Text
from .base import SubtitleEditorError

_VC = "https://aka.ms/vs/17/release/vc_redist.x64.exe"


class LibraryMissingError(SubtitleEditorError):
    """One of the packages that come with the extension is not there, or does not load."""

    code = "library_missing"

    def __init__(self, reason: str, system: str = "") -> None:
        """`system` (`sys.platform`) is given where the library is there, but the system does not load it."""
        self.system = system
        if system == "win32":
            hint = Text("Install Microsoft's Visual C++ Redistributable and restart Blender: {address}", address=_VC)
        elif system == "darwin":
            hint = Text("Transcribing needs macOS 14, on Intel Macs 13.4, or newer.")
        else:
            hint = Text("Install the extension again; on the command line, the package.")
        super().__init__(Text("A library that transcribing needs cannot be loaded: {reason}.", reason=reason), hint)


class ServiceLibraryError(SubtitleEditorError):
    """The service, or what it is made with, is not installed."""

    code = "service_library"

    def __init__(self, library: str) -> None:
        self.library = library
        super().__init__(
            Text("The service needs {library}, which is not installed.", library=library),
            Text("Install it, outside of Blender, with: pip install subtitle-editor[server]"),
        )
