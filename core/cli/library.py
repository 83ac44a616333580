# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line's words for models on disk: verify, repair, delete, update, import, folder.

Each model's work is a job with one end, as a download is: a line with --json, a sentence without. One model's failure
does not keep the others from their turn; the exit code is that of the worst.
"""

from __future__ import annotations

import argparse
import os
import secrets
from collections.abc import Callable, Sequence

from ..catalog.entries import Entry, Source
from ..catalog.kinds import DATASET, LANGUAGE
from ..errors.base import SubtitleEditorError, UsageError
from ..errors.models import ModelDamagedError
from ..events import Cancelled, Failed, Finished, as_json
from ..library import layout, removing, status, verifying
from ..library.states import ModelState
from ..system.files import free_space
from ..system.names import is_repository
from ..text import plain
from ..transfer.limits import DEFAULT_CONNECTIONS
from ..units import human_size
from .call import Call, Command, load_catalog, named, on_disk
from .grammar import Words
from .output import DONE, FAILED
from .stopping import SIGNALS, code_of, raised


def add_commands(actions: Words, common: argparse.ArgumentParser) -> None:
    """Add the words to the grammar of `models`."""

    def add(word: str, run: Command, ids: str | None) -> argparse.ArgumentParser:
        command = actions.add_parser(word, parents=[common])
        if ids:
            command.add_argument("models", metavar="ID", nargs=ids)
        command.set_defaults(command=on_disk(run))
        return command

    add("verify", verify, "*")
    add("repair", repair, "*")
    deleting = add("delete", delete, "+")
    which = deleting.add_mutually_exclusive_group()
    which.add_argument("--revision", metavar="COMMIT", help="only this commit (default: all)")
    which.add_argument("--partials", action="store_true", help="only what interrupted downloads left")
    which.add_argument("--former", action="store_true", help="only the versions that updates took the place of")
    updating = add("update", update, "*")
    updating.add_argument("--check", action="store_true", help="only ask, download nothing")
    importing = add("import", import_, None)
    importing.add_argument("folder", type=named, metavar="FOLDER")
    importing.add_argument(
        "--as", dest="model", metavar="ID", help="the model that the folder holds (default: the one it is called after)"
    )
    add("folder", folder, None)


def verify(call: Call) -> int:
    """`models verify [ID...]`: all that are on disk, unless some are named."""
    return _each(call, _chosen(call), _verify)


def _verify(call: Call, entry: Entry, job: str) -> int:
    found = verifying.verify(call.models_dir, entry, report=call.output.event, job=job)
    bad = (*found.damaged, *found.missing)
    data = {
        "state": status.status(call.models_dir, entry).state,
        "verified": len(found.verified),
        "damaged": found.damaged,
        "missing": found.missing,
        "unknown": found.unknown,
        "remembered": found.remembered,
    }
    if not found.remembered:
        call.output.say(f"{entry.id}: the result cannot be remembered: {call.models_dir} cannot be written")
    if bad:
        error = ModelDamagedError(entry.id, bad, found.text_links)
        if call.output.json:
            call.output.record(as_json(Failed(job=job, model=entry.id, error=error)) | data, "")
        else:
            call.output.error(error)
        return FAILED
    text = f"{entry.id}: {len(found.verified)} files are as they should be"
    if found.unknown:
        text += f", {len(found.unknown)} cannot be compared (nobody kept their hashes): {', '.join(found.unknown)}"
    call.output.record(as_json(Finished(job=job, model=entry.id)) | data, text)
    return DONE


def repair(call: Call) -> int:
    """`models repair [ID...]`: all that are on disk, unless some are named."""
    return _each(call, _chosen(call), _repair)


def _repair(call: Call, entry: Entry, job: str) -> int:
    found = verifying.verify(call.models_dir, entry, report=call.output.event, job=job)
    if not (found.damaged or found.missing):
        call.output.record(as_json(Finished(job=job, model=entry.id)), f"{entry.id}: nothing to repair")
        return DONE
    from ..hub.client import Hub

    # Nothing is removed that cannot be fetched again.
    Hub(call.args.endpoint, call.token, call.args.offline).check_online()
    removing.remove_damaged(call.models_dir, entry, found.damaged)
    call.output.say(f"{entry.id}: fetching {', '.join((*found.damaged, *found.missing))} again")
    # The same commit again: a repair is no update.
    return _download(call, entry, status.SAME)


def delete(call: Call) -> int:
    """`models delete ID...`: says what became free."""

    def one(call: Call, entry: Entry, job: str) -> int:
        if call.args.partials:
            freed = removing.discard(call.models_dir, entry)
        elif call.args.former:
            freed = removing.delete_former(call.models_dir, entry)
        else:
            freed = removing.delete(call.models_dir, entry, call.args.revision)
        text = f"{entry.id}: {human_size(freed)} freed" if freed else f"{entry.id}: nothing to delete"
        call.output.record(as_json(Finished(job=job, model=entry.id)) | {"freed": freed}, text)
        return DONE

    return _each(call, _named(call, _unlisted), one)


def update(call: Call) -> int:
    """`models update [ID...]`: all that are installed, unless some are named."""
    from ..hub import updates
    from ..hub.client import Hub

    hub = Hub(call.args.endpoint, call.token, call.args.offline)

    def one(call: Call, entry: Entry, job: str) -> int:
        newer = updates.check_updates(hub, call.models_dir, entry)
        if newer and not call.args.check:
            code = _download(call, entry, status.NEWEST)
            if former := status.status(call.models_dir, entry).former:
                text = f"{entry.id}: the version before takes {human_size(former)}; `models delete --former` frees them"
                call.output.say(text)
            return code
        data = {"update": newer is not None, "revision": newer and newer.commit, "size": newer.size if newer else 0}
        text = f"{entry.id}: {human_size(newer.size)} to download" if newer else f"{entry.id}: up to date"
        call.output.record(as_json(Finished(job=job, model=entry.id)) | data, text)
        return DONE

    return _each(call, _chosen(call, whole=True), one)


def import_(call: Call) -> int:
    """`models import FOLDER [--as ID]`."""
    from ..library.importing import check_is_folder, import_folder, named_after

    def one(call: Call, entry: Entry, job: str) -> int:
        made = import_folder(call.models_dir, call.args.folder, entry, report=call.output.event, job=job)
        text = f"{entry.id}: {human_size(made.size)} copied to {made.path}"
        call.output.record(as_json(Finished(job=job, model=entry.id, path=made.path)), text)
        return DONE

    known = load_catalog(call.args, call.output)
    entry = known.get(call.args.model) if call.args.model else named_after(call.args.folder, known)
    if entry is None:
        check_is_folder(call.args.folder)
        raise UsageError(f"Nothing says which model {call.args.folder} holds.", "Name it with --as ID.")
    return _each(call, [entry], one)


def folder(call: Call) -> int:
    """`models folder`: the path on standard output, for `cd`; what it holds on standard error."""
    used = layout.usage(call.models_dir)
    free = free_space(call.models_dir)
    data = {"path": plain(os.path.abspath(call.models_dir)), "used": used, "free": free}
    call.output.record(data, str(data["path"]))
    call.output.say(f"{human_size(used)} used" + (f", {human_size(free)} free" if free is not None else ""))
    return DONE


def _each(call: Call, entries: Sequence[Entry], run: Callable[[Call, Entry, str], int]) -> int:
    """One job after the other; the worst exit code. Ctrl-C, or a signal that asks for the end, ends them all."""
    with raised():
        return _one_by_one(call, entries, run)


def _one_by_one(call: Call, entries: Sequence[Entry], run: Callable[[Call, Entry, str], int]) -> int:
    worst = DONE
    for entry in entries:
        job = secrets.token_hex(6)
        try:
            code = run(call, entry, job)
        except SubtitleEditorError as error:
            if call.output.json:
                call.output.event(Failed(job=job, model=entry.id, error=error))
            else:
                call.output.error(error)
            code = FAILED
        except KeyboardInterrupt as stop:
            if call.output.json:
                call.output.event(Cancelled(job=job, model=entry.id))
            call.output.say("Interrupted.")
            return code_of(stop)
        if code > SIGNALS:
            return code
        worst = max(worst, code)
    return worst


def _download(call: Call, entry: Entry, commit: str | None) -> int:
    from .download import download

    wanted = {"models": [entry.id], "revision": commit, "connections": DEFAULT_CONNECTIONS}
    wanted |= {"concurrency": 1, "limit_rate": None}
    return download(argparse.Namespace(**{**vars(call.args), **wanted}), call.output, call.models_dir, call.token)


def _named(call: Call, other: Callable[[Call, str], Entry | None] = lambda *_: None) -> list[Entry]:
    """The models named, each once; what the catalogue has not is asked of `other`.

    Raises UnknownModelError before anything is done.
    """
    known = load_catalog(call.args, call.output)
    ids = {entry.id for entry in known}
    entries = [(None if model in ids else other(call, model)) or known.get(model) for model in call.args.models]
    return list({entry.download_id: entry for entry in entries}.values())


def _unlisted(call: Call, name: str) -> Entry | None:
    """A repository in the models folder by its `owner/name`, `datasets/owner/name` for a dataset."""
    kind, repo = (DATASET, name.removeprefix("datasets/")) if name.startswith("datasets/") else (LANGUAGE, name)
    if not is_repository(repo):
        return None
    source = Source(repo, "dataset" if kind == DATASET else "model")
    return Entry(name, name, kind, 0, (source,)) if layout.repository_folder(call.models_dir, source).is_dir() else None


def _chosen(call: Call, whole: bool = False) -> list[Entry]:
    """The models named; without a name all that are on disk (`whole`: and can be used)."""
    if call.args.models:
        return _named(call)
    known = load_catalog(call.args, call.output)
    states = status.scan(call.models_dir, (entry for entry in known if not entry.alias_of))
    chosen = [
        known.get(model)
        for model, found in states.items()
        if found.state.usable or (not whole and found.state is ModelState.DAMAGED)
    ]
    if not chosen:
        call.output.say(f"There is no model in {call.models_dir}.")
    return chosen
