# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's words for the catalogue: list, show, add, unlist."""

from __future__ import annotations

import argparse
import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..addresses import without_login
from ..catalog import entries, search
from ..catalog.kinds import KIND_NAMES
from ..errors.catalog import UnknownModelError
from ..errors.hub import GatedError
from ..library import files as library_files
from ..library import rows, states
from ..library import status as library
from ..library.states import ModelState
from ..system import user_folder
from ..units import human_size
from .call import Call, load_catalog, on_disk
from .grammar import Words
from .output import DONE


def add_commands(actions: Words, common: argparse.ArgumentParser) -> None:
    """Add the words to the grammar of `models`."""
    listing = actions.add_parser("list", parents=[common])
    listing.add_argument("--kind", metavar="K", help=f"only this kind: {', '.join(KIND_NAMES)}")
    listing.add_argument(
        "--search", metavar="TEXT", default="", help="only where name, tags, description, languages have these words"
    )
    which = listing.add_mutually_exclusive_group()
    which.add_argument("--installed", action="store_true", help="only installed ones")
    which.add_argument("--missing", action="store_true", help="only missing ones")
    listing.set_defaults(command=on_disk(list_))
    showing = actions.add_parser("show", parents=[common])
    showing.add_argument("model", metavar="ID")
    showing.set_defaults(command=on_disk(show))
    adding = actions.add_parser("add", parents=[common])
    adding.add_argument("repository", metavar="OWNER/NAME", help="or the address of its page")
    adding.add_argument("--id", metavar="ID", help="what to call it (default: after the repository)")
    adding.add_argument("--kind", metavar="K", choices=KIND_NAMES, help="what it is (default: as the hub says)")
    adding.add_argument("--check", action="store_true", help="only look at it, add nothing")
    adding.set_defaults(command=on_disk(add))
    unlisting = actions.add_parser("unlist", parents=[common])
    unlisting.add_argument("model", metavar="ID")
    unlisting.set_defaults(command=on_disk(unlist))


def list_(call: Call) -> int:
    """`models list`: one line for each."""
    known = load_catalog(call.args, call.output)
    if call.args.kind and call.args.kind not in KIND_NAMES:
        call.output.warn(f'There is no kind "{call.args.kind}". There are {", ".join(KIND_NAMES)}.')
    width = min(_WIDEST, max(len(entry.id) for entry in known))
    for entry in known:
        if call.args.kind and entry.kind != call.args.kind:
            continue
        if not search.finds(entry, call.args.search):
            continue
        status = library.status(call.models_dir, entry)
        if (call.args.installed and not status.state.usable) or (call.args.missing and status.state.usable):
            continue
        # Nobody has said yet how large an entry is that was written by hand.
        size = status.installed.size if status.installed else entry.size
        shown = human_size(size) if size else "?"
        name = f"{_MARKS[status.state]} {entry.id:<{width}}"
        text = f"{name} {shown:>9}  {_state_in_words(status):<13} {entry.description}"
        call.output.record(rows.as_dict(entry, status), text.rstrip())
    return DONE


_WIDEST = 26
"""Characters of the column of ids; the few that are longer push the rest of their line."""

_MARKS = {
    ModelState.MISSING: " ",
    ModelState.PARTIAL: "~",
    ModelState.INSTALLED: "✓",
    ModelState.UNVERIFIED: "✓",
    ModelState.DAMAGED: "!",
    ModelState.UPDATE: "↑",
}


def _state_in_words(status: states.Status) -> str:
    if status.state is ModelState.PARTIAL and status.bytes_total:
        return f"{status.state} {100 * status.bytes_done // status.bytes_total} %"
    return str(status.state)


def show(call: Call) -> int:
    """`models show ID`: everything, and each file with its place and state."""
    entry = load_catalog(call.args, call.output).get(call.args.model)
    status = library.status(call.models_dir, entry)
    files = [file.as_dict() for file in library_files.files(call.models_dir, entry)]
    data = rows.as_dict(entry, status)
    call.output.record({**data, "files": files}, "\n".join([*_lines(data), *_file_lines(files)]))
    return DONE


def _lines(data: dict[str, Any]) -> list[str]:
    """What is known, a line each, without what is empty."""
    shown = {key: value for key, value in data.items() if value not in (None, "", [], 0, False)}
    for key in ("size", "bytes_done", "bytes_total", "partials"):
        if data[key]:
            shown[key] = human_size(data[key])
    shown.pop("repository", None)
    shown["repositories"] = [_repository_in_words(one) for one in data["repositories"]]
    shown["own"] = "yes" if data["own"] else ""
    shown["installed"] = "yes" if data["installed"] else "no"
    words = {key: ", ".join(value) if isinstance(value, list) else str(value) for key, value in shown.items()}
    return [f"{key + ':':<13} {value}" for key, value in words.items() if value]


def _repository_in_words(data: dict[str, Any]) -> str:
    kind = "" if data["type"] == "model" else f"{data['type']}s/"
    return f"{kind}{data['repository']}" + (f"@{data['revision']}" if data["revision"] else "")


def _file_lines(files: list[dict[str, Any]]) -> list[str]:
    # Nobody has said yet how large a file is that was never asked for.
    sizes = [human_size(file["size"]) if file["size"] else "?" for file in files]
    rows = [
        f"  {file['state']:<11} {size:>9}  {file['path'] or file['name']}"
        for file, size in zip(files, sizes, strict=True)
    ]
    return ["files:", *rows] if rows else []


def add(call: Call) -> int:
    """`models add OWNER/NAME`: look at the repository, then write it into the user's own catalogue."""
    from ..catalog import own
    from ..hub import look
    from ..hub.client import Hub

    hub = Hub(call.args.endpoint, call.token, call.args.offline)
    found = look.inspect(hub, call.args.repository, call.args.kind)
    path: Path = call.args.user_dir / user_folder.CATALOG
    data: dict[str, Any] = {
        "event": "finished",
        "model": None,
        "repository": found.source.repo,
        "type": found.source.repo_type,
        "revision": found.commit,
        "kind": found.kind,
        "size": found.size,
        "files": found.files,
        "licence": found.licence,
        "languages": list(found.languages),
        "gated": found.gated,
        "readable": found.readable,
        "whisper": found.whisper,
    }
    about = f"{KIND_NAMES[found.kind].lower()}, {human_size(found.size)} in {found.files} files"
    if not found.readable:
        page = f"{without_login(hub.endpoint)}/{found.source.page}"
        call.output.say(str(GatedError(found.source.repo, page, hub.has_token)))
    if call.args.check:
        call.output.record(data, f"{found.source.repo}: {about}")
        return DONE
    entry = own.add(path, found, call.args.id)
    data.update(model=entry.id, catalog=os.path.abspath(path))
    call.output.record(data, f"{entry.id}: {about}; added to {path}")
    return DONE


def unlist(call: Call) -> int:
    """`models unlist ID`: out of the user's own catalogue. What is on the disk stays."""
    from ..catalog import own

    path: Path = call.args.user_dir / user_folder.CATALOG
    model: str = call.args.model
    parts: Sequence[entries.Source] = ()
    # One that is written wrongly is no entry, and can be taken out all the same.
    with contextlib.suppress(UnknownModelError):
        entry = load_catalog(call.args, call.output).get(model)
        model, parts = entry.id, entry.parts
    own.remove(path, model)
    data = {"event": "finished", "model": model, "catalog": os.path.abspath(path)}
    call.output.record(data, f"{model}: taken out of {path}")
    if parts:
        call.output.say(f"Its files stay; to remove them: models delete {' '.join(part.page for part in parts)}")
    return DONE
