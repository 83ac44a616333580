# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's word for what other programs have left unfinished in the models folder: `models leftovers`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence

from ..errors.base import UsageError
from ..library import leftovers
from ..library.leftovers import Leftover
from ..units import human_size
from .call import Call, on_disk
from .grammar import Words
from .output import DONE


def add_commands(actions: Words, common: argparse.ArgumentParser) -> None:
    """Add the word to the grammar of `models`."""
    command = actions.add_parser("leftovers", parents=[common])
    command.add_argument("--delete", action="store_true", help="delete them, after a question")
    command.add_argument("--yes", action="store_true", help="with --delete: do not ask")
    command.set_defaults(command=on_disk(list_))


def list_(call: Call) -> int:
    """`models leftovers [--delete [--yes]]`: a line each, the largest first."""
    found = leftovers.find(call.models_dir)
    if call.args.delete:
        return _delete(call, found)
    for one in found:
        call.output.record(one.as_dict(), _line(one))
    if not found:
        call.output.say(f"Other programs have left nothing unfinished in {call.models_dir}.")
    return DONE


def _line(one: Leftover) -> str:
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.changed))
    use = "  in use" if one.in_use else ""
    return f"{human_size(one.size):>9}  {when}  {one.repo}  {one.path.name}{use}"


def _delete(call: Call, found: Sequence[Leftover]) -> int:
    total = human_size(sum(one.size for one in found))
    if found and not call.args.yes:
        if call.output.json or not sys.stdin.isatty():
            raise UsageError("Nothing is deleted unasked.", "Add --yes to delete them without a question.")
        for one in found:
            call.output.warn(_line(one))
        if not call.output.confirm(f"Delete {len(found)} unfinished files of other programs, {total}?"):
            call.output.say("Nothing was deleted.")
            return DONE
    freed, kept = leftovers.remove(call.models_dir, found)
    for one in kept:
        call.output.warn(f"{one.path} stays: it is in use.")
    data = {"event": "finished", "freed": freed, "deleted": len(found) - len(kept), "kept": len(kept)}
    call.output.record(data, f"{human_size(freed)} freed" if freed else "Nothing to delete.")
    return DONE
