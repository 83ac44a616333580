# SPDX-License-Identifier: GPL-3.0-or-later
"""Which names from outside may become names on this disk. Servers and files that a user was given are not trusted."""

from __future__ import annotations

import re
import sys
import unicodedata

_WINDOWS_DEVICES = {"CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$"}
_WINDOWS_DEVICES |= {f"{port}{number}" for port in ("COM", "LPT") for number in "123456789¹²³"}
_REPOSITORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,95}/[A-Za-z0-9_][A-Za-z0-9._-]{0,95}")
_HASH = re.compile(r"[0-9A-Za-z]{16,128}")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+@-]*(?:/[A-Za-z0-9_][A-Za-z0-9._+@-]*)*")


def is_inner_path(name: str, windows: bool = sys.platform == "win32") -> bool:
    """Whether a relative path with forward slashes stays inside the folder it is put into, and can be made there.

    Windows reserves signs and names that are good anywhere else, and those are refused there alone: `windows`.

    >>> is_inner_path("a/b.bin"), is_inner_path("../b"), is_inner_path("/b"), is_inner_path("a//b")
    (True, False, False, False)
    >>> is_inner_path("nul.txt", windows=True), is_inner_path("nul.txt", windows=False)
    (False, True)
    """
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return False
    if any(ord(char) < 32 or 0xD800 <= ord(char) < 0xE000 for char in name):
        return False
    return not windows or all(_is_good_on_windows(part) for part in parts)


def _is_good_on_windows(part: str) -> bool:
    return not (
        part[-1] in ". "
        or any(char in ':*?"<>|\\' for char in part)
        or part.split(".")[0].rstrip(" ").upper() in _WINDOWS_DEVICES
    )


_LEFT_BY_SYSTEMS = {".ds_store", ".localized", "icon\r", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory"}
_LEFT_FOR_A_WHILE = ("._", ".nfs", ".fuse_hidden", ".smbdelete")
"""What macOS puts beside each file where it cannot note more of one (exFAT, network), and what network disks make of a
file that is deleted while somebody has it open."""


def is_left_by_system(name: str) -> bool:
    """Whether a file of this name is what an operating system or its file manager leaves in folders that it has shown.

    >>> [is_left_by_system(name) for name in (".DS_Store", "Thumbs.db", "._model.bin", "model.bin", ".gitattributes")]
    [True, True, True, False, False]
    """
    return name.lower() in _LEFT_BY_SYSTEMS or name.startswith(_LEFT_FOR_A_WHILE)


def folded(name: str) -> str:
    """What is equal for names that a disk of macOS or Windows may take for one: by capitals, and by the form of their
    accents.

    >>> folded("Café.srt") == folded("CAFE\u0301.SRT"), folded("a.srt") == folded("b.srt")
    (True, False)
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def is_repository(name: str) -> bool:
    """Whether this is the `owner/name` of a repository as the hub allows it: a folder is called after it.

    >>> is_repository("Systran/faster-whisper-tiny"), is_repository("../x"), is_repository("a/b--c")
    (True, False, False)
    """
    return bool(_REPOSITORY.fullmatch(name)) and ".." not in name and "--" not in name and name[-1] not in ".-"


def is_hash(name: str) -> bool:
    """Whether this can be the hash of a file or a commit, which blobs and snapshots are called after.

    >>> is_hash("0a" * 20), is_hash("../" + "0a" * 20), is_hash("main")
    (True, False, False)
    """
    return bool(_HASH.fullmatch(name))


def is_revision(name: str) -> bool:
    """Whether this can be a branch, tag or commit: a file below `refs` is called after it.

    >>> is_revision("refs/convert/parquet"), is_revision("v1.0"), is_revision("../main"), is_revision("/etc")
    (True, True, False, False)
    """
    return len(name) <= 200 and bool(_REVISION.fullmatch(name)) and ".." not in name
