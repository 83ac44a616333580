# SPDX-License-Identifier: GPL-3.0-or-later
"""Saying things and running things."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

Argument = str | Path


class SetupError(Exception):
    """Setting up cannot go on; the text says why, and what the user can do about it."""


def say(text: str) -> None:
    """One line to the user, in order with what children print, and whole where threads speak at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(command: Sequence[Argument], env: Mapping[str, str] | None = None, cwd: Path | None = None) -> int:
    """Run a command with this terminal as its own; its exit status, 128 + N if signal N ended it."""
    status = subprocess.call([str(part) for part in command], env=_merged(env), cwd=cwd)
    return status if status >= 0 else 128 - status


def run_and_keep(
    command: Sequence[Argument], env: Mapping[str, str] | None = None, cwd: Path | None = None, show: bool = True
) -> tuple[int, str]:
    """Run a command, show its output as it comes, and return (exit status, the output)."""
    kept: list[str] = []
    with subprocess.Popen(
        [str(part) for part in command],
        env=_merged(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    ) as child:
        assert child.stdout is not None
        for line in child.stdout:
            kept.append(line)
            if show:
                sys.stdout.write(line)
                sys.stdout.flush()
    status = child.returncode
    return (status if status >= 0 else 128 - status), "".join(kept)


def _merged(env: Mapping[str, str] | None) -> dict[str, str] | None:
    return None if env is None else {**os.environ, **env}
