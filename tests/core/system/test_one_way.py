# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are renamed, removed and synced, and errors of the system worded, in core/system alone: what other systems need
there (waiting for a scanner, numbers without words) would be forgotten elsewhere."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
ROOMS = ("core", "session", "server", "operators", "panels", "sequencer", "translations")
INSTEAD = {
    "os.replace": "files.replace",
    "os.rename": "files.replace",
    "os.renames": "files.replace",
    "os.remove": "files.remove",
    "os.unlink": "files.remove",
    "os.fsync": "files.sync",
    "os.access": "files.try_to_write",
    "shutil.move": "files.replace",
    "shutil.rmtree": "files.remove_tree",
    ".unlink": "files.remove",
    ".rename": "files.replace",
    ".strerror": "reasons.reason_of",
    ".write_text": "files.write",
    ".write_bytes": "files.write",
    ".resolve": "os.path.abspath, for on Windows that makes a server's name of a network drive's letter",
    "av.open": "media.opened",
    ".samefile": "files.is_same",
}
BPY = {"session/chosen.py", "operators/cue_texts.py"}
"""Writes into a scene, with a function of that name."""
WORDS = {"core/transfer/failures.py", "core/speech/reading.py"}
"""Words what a socket says, by number; and in the child, which has no `core.system`, what FFmpeg says."""
OPENING = {"core/film/output.py", "core/film/soft.py", "core/speech/reading.py"}
"""Open what is written, what is in memory, and what the child hears."""


def found_in(source: str) -> Iterator[tuple[int, str]]:
    """The lines with something of `INSTEAD`, and what it is."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            of = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
            for name in dict.fromkeys((f"{of}.{node.func.attr}", f".{node.func.attr}")):
                if name == ".resolve" and node.args:  # Not a path's.
                    continue
                if name in INSTEAD and (of != "os" or name.startswith("os.")):
                    yield node.lineno, name
            # Path.replace takes one argument, str.replace two.
            if node.func.attr == "replace" and len(node.args) == 1 and not node.keywords and of != "dataclasses":
                yield node.lineno, "os.replace"
        elif isinstance(node, ast.Attribute) and node.attr == "strerror":
            if not (isinstance(node.value, ast.Name) and node.value.id == "os"):
                yield node.lineno, ".strerror"
        elif isinstance(node, ast.Constant) and node.value == "strerror":
            yield node.lineno, ".strerror"


def test_the_scan_finds_what_it_looks_for() -> None:
    source = """
os.replace(a, b); os.rename(a, b); path.unlink(missing_ok=True); path.rename(b); path.replace(b)
reason = error.strerror or getattr(error, "strerror", None); os.fsync(file.fileno()); os.access(folder, os.W_OK)
shutil.rmtree(folder); path.write_text("x"); "a".replace("a", "b"); dataclasses.replace(a); os.strerror(3)
path.resolve(); av.open(str(path)); os.path.samefile(a, b)
"""
    found = [name for _, name in sorted(found_in(source))]
    expected = "os.replace os.rename .unlink .rename os.replace .strerror .strerror os.fsync os.access shutil.rmtree"
    assert sorted(found) == sorted([*expected.split(), ".write_text", ".resolve", "av.open", ".samefile"])


def test_files_are_handled_in_one_place() -> None:
    wrong = []
    for path in sorted(file for room in ROOMS for file in (ROOT / room).rglob("*.py")):
        place = path.relative_to(ROOT).as_posix()
        if place.startswith("core/system/"):
            continue
        for line, name in found_in(path.read_text(encoding="utf-8")):
            if (place in BPY and name == ".write_text") or (place in WORDS and name == ".strerror"):
                continue
            if place in OPENING and name == "av.open":
                continue
            wrong.append(f"{place}:{line}: {name}; use {INSTEAD[name]}")
    assert not wrong, "\n".join(wrong)
