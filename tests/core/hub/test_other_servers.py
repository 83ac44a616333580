# SPDX-License-Identifier: GPL-3.0-or-later
"""Mirrors, proxies and networks as people report them: what is a hub is understood, what is none is named."""

from __future__ import annotations

import base64
import json
import os
import shutil
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.catalog.entries import Entry, Source
from subtitle_editor.core.errors.base import SubtitleEditorError
from subtitle_editor.core.errors.network import NoHubError
from subtitle_editor.core.events import Event, Failed, Finished, Progress
from subtitle_editor.core.hub import asking, look
from subtitle_editor.core.hub.answers import described
from subtitle_editor.core.hub.asking import patience, silence
from subtitle_editor.core.hub.client import Hub
from subtitle_editor.core.hub.tokens import Origin, Token
from subtitle_editor.core.library import status, verifying
from subtitle_editor.core.library.states import ModelState
from tests import rules
from tests.core.hub.book import ENTRY, FILES, REPO, asked_for, code_of, contents, download, stock, token
from tests.hub_by_the_book import server
from tests.hub_by_the_book.server import Hub as Server
from tests.hub_by_the_book.server import Reply, Seen

pytestmark = pytest.mark.timeout(90)


@pytest.fixture
def hub() -> Iterator[Server]:
    with Server() as running:
        stock(running)
        yield running


@pytest.mark.parametrize(
    "differs",
    [
        {"commit_header": False},
        {"linked_headers": False},
        {"commit_header": False, "linked_headers": False, "etags": False},
        {"head": 405},
        {"head": 404},
        {"xet": True},
        {"lengths": False},
        {"ranges": "ignore"},
        {"resolve_cache": True},
        {"resolve_cache": True, "absolute_redirects": True},
        {"prefix": "/hub", "resolve_cache": True},
        {"page_size": 1},
    ],
    ids=str,
)
def test_a_mirror_that_differs_in_this_will_do(hub: Server, tmp_path: Path, differs: dict[str, object]):
    for name, value in differs.items():
        setattr(hub.behaviour, name, value)
    end = download(hub.url, tmp_path)
    assert isinstance(end, Finished), end
    assert contents(tmp_path) == FILES
    assert not [seen for seen in hub.seen if "xet-read-token" in seen.path]


def test_a_redirect_to_an_address_that_is_not_written_out(hub: Server, tmp_path: Path):
    """With spaces and letters as they are, as in the names that storage hosts give to downloads."""

    def elsewhere(seen: Seen) -> Reply | None:
        if "/resolve/" not in seen.path or seen.query:
            return None
        name = "ein Modell é 模型.bin".encode().decode("latin-1")  # As http.server writes headers.
        return Reply(302, {"Location": f"{seen.path}?name={name}"})

    hub.overrides.append(elsewhere)
    end = download(hub.url, tmp_path)
    assert isinstance(end, Finished), end
    assert contents(tmp_path) == FILES
    assert any("模型" in seen.query.get("name", [""])[0] for seen in hub.seen)


def test_a_mirror_that_sends_everybody_on_to_the_hub(hub: Server, tmp_path: Path):
    with Server() as mirror:
        mirror.behaviour.forward_to = hub.url
        mirror.accounts["hf_good"] = "ada"
        hub.behaviour.page_size = 2
        end = download(mirror.url, tmp_path, token=token())
        assert isinstance(end, Finished), end
        assert contents(tmp_path) == FILES and {seen.token for seen in hub.seen} == {None}


def test_questions_are_understood_when_they_come_compressed(hub: Server, tmp_path: Path):
    hub.behaviour.compress = True
    found = Hub(hub.url).repository(REPO)
    assert found.files["tokenizer.json"] == len(FILES["tokenizer.json"])


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_server_without_listings_says_it_with_the_repository(hub: Server, tmp_path: Path, status: int):
    hub.override(lambda seen: "/tree/" in seen.path, Reply(status, {}, b"Not Found"))
    assert isinstance(end := download(hub.url, tmp_path), Finished), end
    assert contents(tmp_path) == FILES
    assert verifying.verify(tmp_path, ENTRY).whole


def names_alone(hub: Server, tree: bool) -> None:
    """Make it one that lists names, and at most types, whatever is asked."""
    repository = hub.repositories[0]
    [commit] = repository.commits
    if tree:
        rows = [{"type": "file", "path": path} for path in repository.commits[commit]]
        hub.override(lambda seen: "/tree/" in seen.path, Reply(200, {}, json.dumps(rows).encode()))
        return
    said = {"id": REPO, "sha": commit, "siblings": [{"rfilename": path} for path in repository.commits[commit]]}
    hub.override(lambda seen: "/tree/" in seen.path, Reply(404))
    hub.override(lambda seen: "/api/models/" in seen.path, Reply(200, {}, json.dumps(said).encode()))


@pytest.mark.parametrize("tree", [True, False], ids=["tree", "siblings"])
@pytest.mark.parametrize("differs", [{}, {"resolve_cache": True}, {"ranges": "ignore"}, {"head": 405}], ids=str)
def test_a_mirror_that_lists_names_alone_is_asked_for_each_file(
    hub: Server, tmp_path: Path, tree: bool, differs: dict[str, object]
):
    for name, value in differs.items():
        setattr(hub.behaviour, name, value)
    names_alone(hub, tree)
    said: list[Event] = []
    assert isinstance(end := download(hub.url, tmp_path, said=said.append), Finished), end
    assert contents(tmp_path) == FILES and verifying.verify(tmp_path, ENTRY).whole
    totals = {event.bytes_total for event in said if isinstance(event, Progress)}
    assert totals <= {0, sum(map(len, FILES.values()))}, "the bar is honest from its first byte"
    assert not [seen for seen in hub.seen if seen.path.endswith("README.md")], "nor is more asked than wanted"
    # Another entry of the same repository, which the listing that was kept knows nothing of.
    other = Entry("read", "Read", "language", 1, (Source(REPO, allow=("README.md",)),))
    assert isinstance(end := download(hub.url, tmp_path, other), Finished), end
    for entry in (ENTRY, other):
        assert status.status(tmp_path, entry).state is ModelState.INSTALLED
    assert verifying.verify(tmp_path, ENTRY).whole


@pytest.mark.parametrize("differs", [{"linked_headers": False}, {"commit_header": False}, {"etags": False}], ids=str)
def test_a_mirror_that_says_nothing_of_a_file_is_named(hub: Server, tmp_path: Path, differs: dict[str, object]):
    """The ETag of storage may be anything; so may one of 40 digits, which other servers make of the content itself."""
    for name, value in differs.items():
        setattr(hub.behaviour, name, value)
    names_alone(hub, tree=True)
    end = download(hub.url, tmp_path)
    assert code_of(end) == "undescribed" and hub.url.removeprefix("http://") in str(end.error)
    assert not any(tmp_path.rglob("*.part"))


def test_of_how_many_files_a_mirror_is_asked_one_by_one_no_page_decides(
    hub: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Each page was taken for a listing of its own."""
    [commit] = hub.repositories[0].commits
    rows = [{"type": "file", "path": path} for path in FILES]

    def page(seen: Seen) -> Reply | None:
        if "/tree/" not in seen.path:
            return None
        number = int(seen.query.get("cursor", ["0"])[0])
        following = f"{hub.url}/api/models/{REPO}/tree/{commit}?recursive=true&cursor={number + 1}"
        link = {"Link": f'<{following}>; rel="next"'} if number + 1 < len(rows) else {}
        return Reply(200, link, json.dumps(rows[number : number + 1]).encode())

    hub.overrides.append(page)
    assert isinstance(end := download(hub.url, tmp_path / "few"), Finished), end
    hub.seen.clear()
    monkeypatch.setattr(asking, "_MOST_LOOKS", len(FILES) - 1)
    assert code_of(download(hub.url, tmp_path / "many")) == "undescribed"
    assert not [seen for seen in hub.seen if "/resolve/" in seen.path], "and none is asked in vain"


def test_a_repository_that_was_renamed(hub: Server, tmp_path: Path):
    """The Hub sends on who asks by the old name, for what is said of it and for its files."""
    hub.repositories[0].name = "ada/new-name"

    def moved(seen: Seen) -> Reply | None:
        if seen.server != "hub" or REPO not in seen.path:
            return None
        query = "&".join(f"{name}={values[0]}" for name, values in seen.query.items())
        return Reply(307, {"Location": f"{seen.path.replace(REPO, 'ada/new-name')}{'?' + query if query else ''}"})

    hub.overrides.append(moved)
    assert isinstance(end := download(hub.url, tmp_path), Finished), end
    assert contents(tmp_path) == FILES and status.status(tmp_path, ENTRY).state is ModelState.INSTALLED


def test_a_mirror_that_hangs_up_after_each_answer(hub: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A plain file server of the old kind: HTTP/1.0, and no ranges."""
    monkeypatch.setattr(server._Handler, "protocol_version", "HTTP/1.0")
    hub.behaviour.ranges = "ignore"
    assert isinstance(end := download(hub.url, tmp_path), Finished), end
    assert contents(tmp_path) == FILES


def test_a_models_folder_that_is_deleted_under_a_download(hub: Server, tmp_path: Path):
    folder = tmp_path / "models"

    def deleting(seen: Seen) -> Reply | None:
        if seen.server == "storage":
            shutil.rmtree(folder, ignore_errors=True)
        return None

    hub.overrides.append(deleting)
    end = download(hub.url, folder)
    assert code_of(end) == "not_writable" and "no such file or folder" in str(end.error)
    hub.overrides.clear()
    assert isinstance(end := download(hub.url, folder), Finished), end
    assert contents(folder) == FILES


@pytest.mark.parametrize("where", ["/tree/", "/resolve/"])
def test_a_version_that_the_hub_names_and_does_not_have(hub: Server, tmp_path: Path, where: str):
    hub.override(lambda seen: where in seen.path, Reply(404, {"X-Error-Code": "RevisionNotFound"}))
    end = download(hub.url, tmp_path)
    assert code_of(end) == "revision_not_found" and "itself has just named it" in str(end.error)
    end = download(hub.url, tmp_path, revision="no-such-branch")
    assert code_of(end) == "revision_not_found" and "Leave the revision empty" in str(end.error)


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_server_that_does_not_know_who_may_read_is_asked_for_the_files(hub: Server, tmp_path: Path, status: int):
    hub.accounts["hf_good"] = "ada"
    hub.repositories[0].gated, hub.repositories[0].accepted_by = "auto", {"ada"}
    hub.override(lambda seen: seen.path.endswith("/auth-check"), Reply(status))
    assert code_of(download(hub.url, tmp_path)) == "gated"
    assert isinstance(download(hub.url, tmp_path, token=token()), Finished)


def test_a_token_that_has_expired_is_what_is_wrong(hub: Server, tmp_path: Path):
    """The Hub then answers as it does to strangers: RepoNotFound."""
    said = {"X-Error-Code": "RepoNotFound", "X-Error-Message": 'User Access Token "old" is expired'}
    hub.override(lambda seen: seen.token is not None, Reply(401, said))
    given = Token("hf_old", Origin.ENVIRONMENT)
    end = download(hub.url, tmp_path, token=given)
    assert code_of(end) == "token_refused" and "HF_TOKEN" in str(end.error)


@pytest.mark.parametrize("value", ["", "60", "7.5", "soon", "-1", "1e9"])
def test_how_long_an_answer_may_take(monkeypatch: pytest.MonkeyPatch, value: str):
    monkeypatch.setenv("HF_HUB_DOWNLOAD_TIMEOUT", value)
    monkeypatch.delenv("HF_HUB_ETAG_TIMEOUT", raising=False)
    assert patience() == (60.0 if value == "60" else 30.0)
    assert silence() == (60.0 if value == "60" else 20.0)


@pytest.mark.parametrize("name", ["config.json", "vocabulary.txt"])
@pytest.mark.parametrize("how", ["gzip", "chunked"])
def test_small_files_come_as_they_like(hub: Server, tmp_path: Path, name: str, how: str):
    import gzip

    headers = {"Content-Encoding": "gzip"} if how == "gzip" else {}
    body = gzip.compress(FILES[name]) if how == "gzip" else FILES[name]
    hub.override(asked_for(f"/{name}"), Reply(200, headers, body))
    hub.behaviour.lengths = how != "chunked"
    assert isinstance(end := download(hub.url, tmp_path), Finished), end
    assert contents(tmp_path) == FILES


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "only called so"])
@pytest.mark.parametrize("cuts", [(1,), (10,), (1, 2), ()], ids=str)
def test_an_answer_is_unpacked_however_it_is_cut(cuts: tuple[int, ...], packed: bool):
    """Over a socket of its own, since a server of Python's sends as it likes."""
    import gzip
    import socket
    import threading

    data = json.dumps({"name": "me"}).encode()
    body = gzip.compress(data) if packed else data
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            line, _ = server.accept()
            with line:
                line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while b"\r\n\r\n" not in line.recv(65536):
                    pass
                head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
                line.sendall(head.encode())
                for start, end in zip((0, *cuts), (*cuts, len(body)), strict=True):
                    time.sleep(0.05)
                    line.sendall(body[start:end])

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        found = Hub(f"http://127.0.0.1:{server.getsockname()[1]}", token()).whoami()
        thread.join(10)
    assert found == "me"


# What is no hub, and what is not the file


@pytest.mark.parametrize("path", ["/api/models/", "/tree/", "/config.json", "/vocabulary.txt"])
def test_a_sign_in_page_is_called_one(hub: Server, tmp_path: Path, path: str):
    hub.portal(lambda seen: path in seen.path + "/")
    end = download(hub.url, tmp_path)
    assert code_of(end) == ("no_hub" if path.startswith(("/api", "/tree")) else "wrong_content"), end
    assert "sign in" in str(end.error) and "certificate" not in str(end.error)


@pytest.mark.parametrize(
    "body",
    [b"", b"nonsense", b"[[[", b"[" * 100_000, b'"text"', b"12", b"{}", b'{"sha": 1}', b'{"id": "a/b", "sha": null}'],
    ids=lambda body: repr(body[:20]),
)
def test_what_is_no_answer_of_a_hub_is_called_so(hub: Server, tmp_path: Path, body: bytes):
    hub.override(lambda seen: "/api/" in seen.path, Reply(200, {"Content-Type": "application/json"}, body))
    for ask in (
        lambda service: service.plan(ENTRY.sources[0], tmp_path),
        lambda service: service.repository(REPO),
        lambda service: service.whoami(),
    ):
        with pytest.raises(NoHubError):
            ask(Hub(hub.url, token()))


@pytest.mark.parametrize(
    "row",
    [
        1,
        {},
        {"path": "", "size": 8},
        {"path": "config.json", "size": "8 B", "oid": "a" * 40},
        {"path": "config.json", "size": -1, "oid": "a" * 40},
        {"path": "config.json", "size": True, "oid": "a" * 40},
        {"path": 7, "size": 8, "oid": "a" * 40},
        {"path": "config.json", "size": 8, "oid": "../../x"},
        {"path": "config.json", "size": 8, "oid": "a" * 40, "lfs": {"oid": "../x", "size": 8}},
        {"path": "config.json", "size": 8, "oid": "a" * 40, "lfs": {"size": 8}},
        {"path": "config.json", "size": 8, "oid": "a" * 40, "lfs": {"oid": 5, "size": 8}},
        {"path": "config.json", "size": 1 << 70, "oid": "a" * 40},
    ],
    ids=str,
)
def test_a_listing_that_makes_no_sense_is_no_hubs(hub: Server, tmp_path: Path, row: object):
    reply = Reply(200, {"Content-Type": "application/json"}, json.dumps([row]).encode())
    hub.override(lambda seen: "/tree/" in seen.path, reply)
    assert code_of(download(hub.url, tmp_path)) == "no_hub"


def test_what_is_no_file_is_left_out_of_a_listing(hub: Server, tmp_path: Path):
    """Folders; and repositories inside of others, of which nobody tells the size."""
    others = [
        {"type": "directory", "path": "sub", "oid": "a" * 40, "size": 0},
        {"type": "unknown", "path": "other"},
        {"type": "commit", "path": "vendor", "oid": "b" * 40},
    ]
    hub.more_rows = others
    end = download(hub.url, tmp_path)
    assert isinstance(end, Finished), end
    assert contents(tmp_path) == FILES


NAMES = ["a b.txt", "x#y?z%20.txt", "سلام/فایل.txt", "tag+v&1=2.txt", "ſ'\".txt", "deep/er/and/deeper.txt"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
@pytest.mark.parametrize("lfs", [(), ("*.txt",)])
def test_names_with_signs_that_addresses_use_otherwise(tmp_path: Path, lfs: tuple[str, ...]):
    files = {name: name.encode() * 7 for name in NAMES}
    entry = Entry("odd", "Odd", "language", 1, (Source("ada/odd-names"),))
    with Server() as hub:
        hub.add("ada/odd-names").commit(files, lfs=lfs)
        end = download(hub.url, tmp_path, entry)
        assert isinstance(end, Finished), end
        found = contents(tmp_path)
        assert {name: found[name] for name in NAMES} == files


def test_many_small_files_come_over_few_connections(tmp_path: Path):
    files = {f"part/{number:04}.json": b"[%d]" % number for number in range(400)}
    entry = Entry("many", "Many", "dataset", 1, (Source("ada/many", "dataset"),))
    with Server() as hub:
        hub.add("ada/many", "datasets").commit(files)
        said: list[Event] = []
        assert isinstance(download(hub.url, tmp_path, entry, said.append), Finished)
        assert len(contents(tmp_path)) == 401
        assert hub.connections <= 8
        done = [event.files_done for event in said if isinstance(event, Progress)]
        assert done == sorted(done) and done[-1] == 401


def test_links_wait_for_no_scanner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each was renamed to its place, and so waited for whoever looked into it: a minute for 400 files."""
    held: set[str] = set()
    refused = rules.refused

    def counted(number: int, path: object) -> PermissionError:
        held.add(str(path))
        return refused(number, path)

    monkeypatch.setattr(rules, "refused", counted)
    rules.apply("scanner", monkeypatch)
    files = dict.fromkeys((f"part/{number:02}.json" for number in range(60)), b"[]")
    entry = Entry("many", "Many", "dataset", 1, (Source("ada/many", "dataset"),))
    with Server() as hub:
        hub.add("ada/many", "datasets").commit(files)
        assert isinstance(download(hub.url, tmp_path, entry), Finished)
    assert contents(tmp_path).items() >= files.items()
    assert 0 < len(held) < 30, held


def test_a_listing_that_turns_in_a_circle_ends(hub: Server, tmp_path: Path):
    hub.behaviour.page_size = 2
    query = "recursive=true&limit=2&cursor=2"
    link = {"Link": f'<{hub.url}/api/models/{REPO}/tree/x?{query}>; rel="next"', "Content-Type": "application/json"}
    hub.override(lambda seen: "cursor" in seen.query, Reply(200, link, b"[]"))
    assert code_of(download(hub.url, tmp_path)) == "no_hub"
    assert len([seen for seen in hub.seen if "/tree/" in seen.path]) <= 3


@pytest.mark.parametrize("path", ["/api/models/", "/tree/", "/config.json"])
def test_a_redirect_in_a_circle_is_called_so_soon(hub: Server, tmp_path: Path, path: str):
    hub.overrides.append(lambda seen: Reply(302, {"Location": seen.path}) if path in seen.path + "/" else None)
    began = time.monotonic()
    end = download(hub.url, tmp_path)
    assert code_of(end) == "hub_answer" and "redirect" in str(end.error)
    assert len([seen for seen in hub.seen if path in seen.path]) <= 12 and time.monotonic() - began < 30


@pytest.mark.parametrize("path", ["/api/models/", "/tree/", "/config.json", "/model.bin"])
@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (401, "GatedRepo", "gated"),
        (403, "GatedRepo", "gated"),
        (401, "RepoNotFound", "not_found"),
        (404, "RepoNotFound", "not_found"),
        (404, "RevisionNotFound", "revision_not_found"),
        (404, "EntryNotFound", "file_not_found"),
        (401, "", "token_refused"),
        (403, "", "access_denied"),
        (451, "", "access_denied"),
    ],
)
def test_the_hubs_own_words_for_a_refusal_are_understood_everywhere(
    hub: Server, tmp_path: Path, path: str, status: int, code: str, expected: str
):
    headers = {"X-Error-Code": code} if code else {}
    hub.override(lambda seen: path in seen.path + "/" and seen.server == "hub", Reply(status, headers))
    end = download(hub.url, tmp_path)
    assert code_of(end) == expected, end


@pytest.mark.parametrize("times", [1, None])
@pytest.mark.parametrize(("status", "expected"), [(403, "access_denied"), (401, "token_refused"), (400, "hub_answer")])
def test_a_fresh_address_that_storage_refuses_is_made_anew_once(
    hub: Server, tmp_path: Path, times: int | None, expected: str, status: int
):
    """S3 and Google call a signature that has expired a bad request."""
    hub.override(lambda seen: seen.server == "storage", Reply(status), times)
    end = download(hub.url, tmp_path)
    assert code_of(end) == (expected if times is None else ""), end


@pytest.mark.parametrize("path", ["/api/models/", "/model.bin", "/config.json"])
def test_a_mirror_that_has_to_fetch_it_first_is_asked_again(hub: Server, tmp_path: Path, path: str):
    hub.override(lambda seen: path in seen.path and "/tree/" not in seen.path, Reply(202, {"Retry-After": "0"}), 1)
    end = download(hub.url, tmp_path)
    assert isinstance(end, Finished), end
    assert contents(tmp_path) == FILES


def rows_changed(hub: Server, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Have the listing written as another server does."""
    rows = json.loads(urllib.request.urlopen(f"{hub.url}/api/models/{REPO}/tree/main?recursive=true").read())
    written = json.dumps([change(row) for row in rows]).encode()
    hub.override(lambda seen: "/tree/" in seen.path, Reply(200, {"Content-Type": "application/json"}, written))


LISTINGS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "capitals": lambda row: row | {"oid": row["oid"].upper()},
    "capitals of LFS": lambda row: (
        row | ({"lfs": row["lfs"] | {"oid": row["lfs"]["oid"].upper()}} if "lfs" in row else {})
    ),
    "the hash by its own name": lambda row: (
        row | ({"lfs": {"sha256": row["lfs"]["oid"], "size": row["lfs"]["size"]}} if "lfs" in row else {})
    ),
    "nothing of LFS": lambda row: row | {"lfs": row.get("lfs", {})},
    "git's word for a file": lambda row: row | {"type": {"file": "blob", "directory": "tree"}[row["type"]]},
    "sizes as text": lambda row: row | {"size": str(row["size"])},
    "sizes with a point": lambda row: row | {"size": float(row["size"])},
}


@pytest.mark.parametrize("name", LISTINGS)
def test_a_listing_that_is_written_otherwise(hub: Server, tmp_path: Path, name: str):
    rows_changed(hub, LISTINGS[name])
    end = download(hub.url, tmp_path)
    assert isinstance(end, Finished), end
    assert contents(tmp_path) == FILES


def test_a_note_of_git_lfs_is_no_model(tmp_path: Path):
    """Who mirrors a repository with git and without git-lfs has nothing else."""
    note = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"ab" * 32 + b"\nsize 75538270\n"
    with Server() as hub:
        hub.add(REPO).commit({**FILES, "model.bin": note})
        end = download(hub.url, tmp_path)
    assert code_of(end) == "wrong_content"
    assert "Git LFS" in str(end.error) and "model.bin" in str(end.error)  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("given", "message", "word"),
    [
        (None, "", "network or country"),
        ("hf_good", "", "token may read it"),
        (None, "Access to this resource is disabled.", "closed it for everybody"),
    ],
)
def test_a_refusal_says_what_may_be_wrong(hub: Server, tmp_path: Path, given: str | None, message: str, word: str):
    hub.accounts["hf_good"] = "ada"
    said = {"X-Error-Message": message} if message else {"Content-Type": "text/html"}
    hub.override(lambda seen: "whoami" not in seen.path, Reply(403, said, b"<html>No</html>"))
    end = download(hub.url, tmp_path, token=token(given) if given else None)
    assert code_of(end) == "access_denied" and word in str(end.error)


@pytest.mark.parametrize("given", [None, "hf_good"])
def test_a_server_that_wants_a_name_and_a_password_is_not_said_to_want_a_token(
    hub: Server, tmp_path: Path, given: str | None
):
    """A company's mirror behind a login of its own."""
    asks = {"WWW-Authenticate": 'Basic realm="Nexus, for staff", charset="UTF-8"'}
    hub.override(lambda seen: True, Reply(401, asks, b"<html>Unauthorized"))
    end = download(hub.url, tmp_path, token=token(given) if given else None)
    assert code_of(end) == "token_refused"
    assert "name and a password" in str(end.error) and "NAME:PASSWORD@" in str(end.error)  # type: ignore[union-attr]
    end = download(hub.url.replace("//", "//ada:wrong@"), tmp_path)
    assert hub.seen[-1].token == "Basic " + base64.b64encode(b"ada:wrong").decode()
    assert "the address of the hub" in str(end.error) and "wrong" not in str(end.error)  # type: ignore[union-attr]


@pytest.mark.parametrize(("code", "expected"), [("GatedRepo", "gated"), ("", "access_denied")])
def test_a_refusal_comes_with_the_hubs_own_words(hub: Server, tmp_path: Path, code: str, expected: str):
    """A request that waits for its review, and a fine-grained token without the right for gated repositories."""
    words = "Your request to access this repository is awaiting a review from its authors."
    said = {"X-Error-Message": f" {words}\t", **({"X-Error-Code": code} if code else {})}
    hub.override(lambda seen: True, Reply(403, said))
    end = download(hub.url, tmp_path)
    assert code_of(end) == expected and str(end.error).endswith(f'The hub says: "{words}"')


def test_an_error_of_our_own_is_called_unexpected_and_logged(
    hub: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    """Not "no hub", whatever its type is."""
    from subtitle_editor.core.hub import client

    def broken(*_: object) -> bool:
        raise ValueError("our own mistake")

    monkeypatch.setattr(client, "size_on_disk", broken)
    end = download(hub.url, tmp_path)
    assert isinstance(end, Failed) and end.error.code == "unexpected"
    assert "our own mistake" in caplog.text


def test_a_hub_without_https_is_told_to_have_none(hub: Server, tmp_path: Path):
    end = download(hub.url.replace("http://", "https://"), tmp_path)
    assert code_of(end) == "unreachable" and "does not speak https" in str(end.error)
    assert hub.connections == 1  # Trying again does not help.


def test_a_hub_that_is_away_is_named_with_its_port(tmp_path: Path):
    with Server() as gone:
        url = gone.url
    with pytest.raises(SubtitleEditorError) as caught:
        Hub(url).plan(ENTRY.sources[0], tmp_path)
    assert caught.value.code == "unreachable" and url.removeprefix("http://") in str(caught.value)


def test_a_gated_repository_is_refused_before_the_first_byte(hub: Server, tmp_path: Path):
    hub.accounts["hf_good"] = "ada"
    hub.repositories[0].gated = "manual"
    for given in (token(), None):
        end = download(hub.url, tmp_path, token=given)
        assert code_of(end) == "gated"
    assert not [seen for seen in hub.seen if "/resolve/" in seen.path]
    found = look.inspect(Hub(hub.url, token()), REPO, "language")
    assert (found.gated, found.readable) == (True, False)
    hub.repositories[0].accepted_by.add("ada")
    assert isinstance(download(hub.url, tmp_path, token=token()), Finished)
    assert look.inspect(Hub(hub.url, token()), REPO, "language").readable


def test_a_branch_with_a_slash_a_tag_and_a_commit(hub: Server, tmp_path: Path):
    import dataclasses

    repository = hub.repositories[0]
    old = repository.commit({**FILES, "config.json": b"old"}, lfs=("*.bin",), branch="feature/x")
    repository.tag("v1.0", old)
    for number, revision in enumerate(("feature/x", "v1.0", old)):
        source = dataclasses.replace(ENTRY.sources[0], revision=revision)
        end = download(hub.url, tmp_path / str(number), dataclasses.replace(ENTRY, sources=(source,)))
        assert isinstance(end, Finished), end
        assert contents(tmp_path / str(number))["config.json"] == b"old"


def test_cancel_is_at_once_while_small_files_do_not_come(hub: Server, tmp_path: Path):
    import threading

    from subtitle_editor.core.catalog.entries import Catalog
    from subtitle_editor.core.download_manager import DownloadManager
    from subtitle_editor.core.events import Cancelled

    asked, go_on = threading.Event(), threading.Event()

    def silent(seen):
        if seen.path.endswith("/config.json"):
            asked.set()
            go_on.wait(30)

    hub.overrides.append(silent)
    manager = DownloadManager(tmp_path, endpoint=hub.url, catalog=Catalog((ENTRY,)))
    job = manager.enqueue("tiny")
    assert asked.wait(30)
    began = time.monotonic()
    manager.cancel(job)
    assert manager.wait(job, 10) and time.monotonic() - began < 2
    go_on.set()
    assert any(isinstance(event, Cancelled) for event in manager.drain())
    manager.shutdown()


@pytest.mark.parametrize("size", ["", "-1", "1e3", "٣", "0" * 20 + "9" * 20, "*", None])
@pytest.mark.parametrize("tag", ["a" * 64, '"../../evil"', "", None])
def test_headers_that_make_no_sense_describe_no_file(size: str | None, tag: str | None):
    said = {"x-linked-size": size, "x-linked-etag": tag}
    given = {name: value for name, value in said.items() if value is not None}
    assert described("model.bin", given) is None
    assert described("model.bin", given | {"x-linked-size": "8", "x-linked-etag": "b" * 64}) is not None
