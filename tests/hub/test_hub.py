# SPDX-License-Identifier: GPL-3.0-or-later
"""The loopback hub looks like huggingface.co to the real huggingface_hub, and breaks as it is told."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hub.faults import Fault
from tests.hub.routes import parse_range
from tests.hub.server import LoopbackHub

pytestmark = pytest.mark.timeout(60)

TINY = "Systran/faster-whisper-tiny"
DATA = random.Random(1).randbytes(1_500_000)
SHA256 = hashlib.sha256(DATA).hexdigest()
MODEL: dict[str, bytes | str | Path] = {"model.bin": DATA, "config.json": b"{}", "a/b/c.txt": "deep"}


@pytest.fixture
def model(hub: LoopbackHub) -> Iterator[LoopbackHub]:
    """A hub with one model."""
    hub.add_model(TINY, MODEL)
    yield hub


class Answer:
    """A whole answer read with http.client; `error` is what broke off the body."""

    def __init__(self, url: str, method: str = "GET", timeout: float = 20.0, **headers: str) -> None:
        parts = urlsplit(url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=timeout)
        self.body = b""
        self.error: Exception | None = None
        try:
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, headers={k.replace("_", "-"): v for k, v in headers.items()})
            response = connection.getresponse()
            self.status = response.status
            self.headers = response.headers
            self._read(response)
        finally:
            connection.close()

    def _read(self, response: http.client.HTTPResponse) -> None:
        try:
            while piece := response.read1(65536):
                self.body += piece
            if response.length:
                self.error = http.client.IncompleteRead(b"", response.length)
        except OSError as error:
            self.error = error


def resolve(hub: LoopbackHub, name: str = "model.bin", revision: str = "main", repo: str = TINY) -> str:
    """The address on the hub."""
    return f"{hub.endpoint}/{repo}/resolve/{revision}/{name}"


def signed(hub: LoopbackHub) -> str:
    """A fresh signed address of the model's LFS file."""
    return str(Answer(resolve(hub), "HEAD").headers["Location"])


# ---- What huggingface_hub makes of it


def test_snapshot_download_dry_run_and_real(model: LoopbackHub, tmp_path: Path) -> None:
    from huggingface_hub import HfApi, snapshot_download

    files = snapshot_download(TINY, cache_dir=tmp_path, endpoint=model.endpoint, dry_run=True)
    found = {f.filename: (f.file_size, f.is_cached, f.commit_hash) for f in files}
    commit = model.revision(TINY).commit
    assert found == {
        "model.bin": (len(DATA), False, commit),
        "config.json": (2, False, commit),
        "a/b/c.txt": (4, False, commit),
    }
    folder = Path(snapshot_download(TINY, cache_dir=tmp_path, endpoint=model.endpoint))
    assert folder.name == commit
    assert (folder / "model.bin").read_bytes() == DATA
    assert (folder / "a/b/c.txt").read_text(encoding="utf-8") == "deep"
    assert (tmp_path / "models--Systran--faster-whisper-tiny" / "blobs" / SHA256).exists()
    checked = HfApi(endpoint=model.endpoint).verify_repo_checksums(TINY, cache_dir=tmp_path)
    assert (checked.checked_count, checked.mismatches) == (3, [])
    assert model.bytes_served("*/model.bin", host="content") == len(DATA)


def test_blob_put_in_place_is_not_fetched(model: LoopbackHub, tmp_path: Path) -> None:
    from huggingface_hub import snapshot_download

    blobs = tmp_path / "models--Systran--faster-whisper-tiny" / "blobs"
    blobs.mkdir(parents=True)
    (blobs / SHA256).write_bytes(DATA)
    snapshot_download(TINY, cache_dir=tmp_path, endpoint=model.endpoint)
    assert model.requests_for(host="content") == []


def test_model_info_gives_sizes_and_hashes(model: LoopbackHub) -> None:
    from huggingface_hub import HfApi

    info = HfApi(endpoint=model.endpoint).model_info(TINY, files_metadata=True)
    assert (info.id, info.sha, info.private, info.gated) == (TINY, model.revision(TINY).commit, False, False)
    files = {s.rfilename: s for s in info.siblings or []}
    assert files["model.bin"].lfs is not None
    assert (files["model.bin"].lfs.sha256, files["model.bin"].lfs.size) == (SHA256, len(DATA))
    assert files["config.json"].lfs is None
    # `printf '{}' | git hash-object --stdin`
    assert files["config.json"].blob_id == "9e26dfeeb6e641a33dae4961196235bdb965b21b"


@pytest.mark.parametrize("expand", [False, True])
def test_list_repo_tree(model: LoopbackHub, expand: bool) -> None:
    from huggingface_hub import HfApi

    api = HfApi(endpoint=model.endpoint)
    top = [e.path for e in api.list_repo_tree(TINY, expand=expand)]
    assert top == ["a", "config.json", "model.bin"]
    everything = list(api.list_repo_tree(TINY, recursive=True, expand=expand))
    assert [e.path for e in everything] == ["a", "a/b", "a/b/c.txt", "config.json", "model.bin"]
    assert (everything[0].last_commit is not None) == expand
    assert [e.path for e in api.list_repo_tree(TINY, "a/b", expand=expand)] == ["a/b/c.txt"]
    assert [e.path for e in api.get_paths_info(TINY, ["config.json"])] == ["config.json"]


def test_tree_comes_in_pages() -> None:
    from huggingface_hub import HfApi

    names = [f"f{n:02}" for n in range(25)]
    with LoopbackHub(page_size=10) as hub:
        hub.add_model("o/many", {name: name for name in names})
        tree = HfApi(endpoint=hub.endpoint).list_repo_tree("o/many", recursive=True)
        assert [e.path for e in tree] == names
        assert len(hub.requests_for("*/tree/*")) == 3


def test_dataset(hub: LoopbackHub, tmp_path: Path) -> None:
    from huggingface_hub import HfApi, snapshot_download

    commit = hub.add_dataset("o/speech", {"clip.wav": DATA})
    assert HfApi(endpoint=hub.endpoint).dataset_info("o/speech").sha == commit
    folder = snapshot_download("o/speech", repo_type="dataset", cache_dir=tmp_path, endpoint=hub.endpoint)
    assert (Path(folder) / "clip.wav").read_bytes() == DATA


def test_a_new_revision_moves_main_and_keeps_the_old(model: LoopbackHub, tmp_path: Path) -> None:
    from huggingface_hub import hf_hub_download

    old = model.revision(TINY).commit
    new = model.add_model(TINY, {"config.json": b"[]"})
    assert new != old
    for revision, text in ((None, "[]"), (old, "{}"), (new, "[]")):
        path = hf_hub_download(TINY, "config.json", revision=revision, cache_dir=tmp_path, endpoint=model.endpoint)
        assert Path(path).read_text(encoding="utf-8") == text
    assert model.add_model(TINY, {"config.json": b"[]"}) != new, "the same files again are a commit of their own"


def test_whoami_and_tokens(model: LoopbackHub) -> None:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    model.accept_token("hf_good", user="ada")
    api = HfApi(endpoint=model.endpoint)
    assert api.whoami("hf_good")["name"] == "ada"
    with pytest.raises(HfHubHTTPError, match="Invalid user token") as caught:
        api.whoami("hf_bad")
    assert caught.value.response.status_code == 401
    with pytest.raises(HfHubHTTPError) as caught:
        api.model_info(TINY, token="hf_bad")
    assert caught.value.response.headers["X-Error-Message"] == "Invalid credentials in Authorization header"


def test_gated(hub: LoopbackHub, tmp_path: Path) -> None:
    from huggingface_hub import HfApi, hf_hub_download
    from huggingface_hub.errors import GatedRepoError

    hub.add_model("o/gated", MODEL, gated=True)
    hub.accept_token("hf_good", user="ada")
    assert HfApi(endpoint=hub.endpoint).model_info("o/gated").gated == "manual"

    def fetch(token: str | bool) -> str:
        return hf_hub_download("o/gated", "model.bin", token=token, cache_dir=tmp_path, endpoint=hub.endpoint)

    for token, status in ((False, 401), ("hf_good", 403)):
        with pytest.raises(GatedRepoError) as caught:
            fetch(token)
        assert caught.value.response.status_code == status
    hub.grant("o/gated", "ada")
    assert Path(fetch("hf_good")).read_bytes() == DATA
    assert not [r for r in hub.requests_for(host="content") if "authorization" in r.headers]


def test_private_and_missing(hub: LoopbackHub) -> None:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    hub.add_model("o/secret", MODEL, private=True)
    hub.accept_token("hf_good", user="ada")
    api = HfApi(endpoint=hub.endpoint)
    for repo in ("o/secret", "o/missing", "missing"):
        for token, status in ((False, 401), ("hf_good", 404)):
            with pytest.raises(RepositoryNotFoundError) as caught:
                api.model_info(repo, token=token)
            assert not isinstance(caught.value, GatedRepoError)
            assert caught.value.response.status_code == status
    hub.grant("o/secret", "ada")
    assert api.model_info("o/secret", token="hf_good").private is True


def test_missing_revision_file_and_blob(model: LoopbackHub, tmp_path: Path) -> None:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, RemoteEntryNotFoundError, RevisionNotFoundError

    def fetch(name: str, revision: str = "main") -> str:
        return hf_hub_download(TINY, name, revision=revision, cache_dir=tmp_path, endpoint=model.endpoint)

    with pytest.raises(RevisionNotFoundError):
        fetch("config.json", "no-such")
    with pytest.raises(RemoteEntryNotFoundError):
        fetch("no-such.bin")
    model.delete_file(TINY, "config.json")
    with pytest.raises(RemoteEntryNotFoundError):
        fetch("config.json")
    model.delete_blob(SHA256)
    with pytest.raises(HfHubHTTPError) as caught:
        fetch("model.bin")
    assert caught.value.response.status_code == 404
    model.remove_repo(TINY)
    assert Answer(f"{model.endpoint}/api/models/{TINY}").headers["X-Error-Code"] == "RepoNotFound"


# ---- Plain HTTP


def test_redirect_to_the_second_host(model: LoopbackHub) -> None:
    answer = Answer(resolve(model), "HEAD")
    assert (answer.status, answer.body) == (302, b"")
    assert answer.headers["X-Linked-Etag"] == f'"{SHA256}"'
    assert answer.headers["X-Linked-Size"] == str(len(DATA))
    assert answer.headers["X-Repo-Commit"] == model.revision(TINY).commit
    assert not [name for name in answer.headers if "xet" in name.lower()]
    location = answer.headers["Location"]
    assert location.startswith(model.content_endpoint)
    assert urlsplit(location).netloc != urlsplit(model.endpoint).netloc
    content = Answer(location)
    assert (content.status, content.body, content.headers["ETag"]) == (200, DATA, f'"{SHA256}"')
    assert Answer(location.replace("Signature=", "Signature=0")).status == 403
    assert Answer(f"{model.content_endpoint}/").status == 403


@pytest.mark.parametrize(
    ("header", "status", "start", "end"),
    [
        ("bytes=0-", 206, 0, len(DATA)),
        ("bytes=0-0", 206, 0, 1),
        ("bytes=1000-1999", 206, 1000, 2000),
        (f"bytes={len(DATA) - 1}-", 206, len(DATA) - 1, len(DATA)),
        (f"bytes=5-{2 * len(DATA)}", 206, 5, len(DATA)),
        ("bytes=-7", 206, len(DATA) - 7, len(DATA)),
        (f"bytes={len(DATA)}-", 416, 0, 0),
        ("bytes=-0", 416, 0, 0),
        ("bytes=9-3", 200, 0, len(DATA)),
        ("lines=1-2", 200, 0, len(DATA)),
    ],
)
def test_ranges(model: LoopbackHub, header: str, status: int, start: int, end: int) -> None:
    answer = Answer(signed(model), Range=header)
    assert (answer.status, answer.body) == (status, DATA[start:end])
    if status == 206:
        assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(DATA)}"
    if status == 416:
        assert answer.headers["Content-Range"] == f"bytes */{len(DATA)}"
    assert model.requests[-1].range == header


def test_if_range(model: LoopbackHub) -> None:
    url = signed(model)
    assert Answer(url, Range="bytes=9-", If_Range=f'"{SHA256}"').status == 206
    changed = Answer(url, Range="bytes=9-", If_Range='"other"')
    assert (changed.status, changed.body) == (200, DATA)


@given(st.integers(0, 50), st.one_of(st.none(), st.integers(0, 60)), st.one_of(st.none(), st.integers(0, 60)))
def test_parse_range_stays_inside_the_file(size: int, first: int | None, last: int | None) -> None:
    header = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    try:
        span = parse_range(header, size)
    except ValueError:
        assert size == 0 or (first is not None and first >= size) or (first is None and last == 0)
        return
    if span is not None:
        start, length = span
        assert 0 <= start < start + length <= size
        if first is not None:
            assert start == first and (last is None or start + length <= last + 1)
        else:
            assert last is not None and length == min(last, size)


def test_empty_and_one_byte_files() -> None:
    with LoopbackHub(lfs=("*",)) as hub:
        hub.add_model(TINY, {"empty": b"", "one": b"x"})
        for name, body in (("empty", b""), ("one", b"x")):
            redirect = Answer(resolve(hub, name), "HEAD")
            assert (redirect.status, redirect.headers["X-Linked-Size"]) == (302, str(len(body)))
            answer = Answer(redirect.headers["Location"])
            assert (answer.status, answer.body, answer.error) == (200, body, None)
        assert Answer(Answer(resolve(hub, "empty"), "HEAD").headers["Location"], Range="bytes=0-").status == 416


def test_keep_alive(model: LoopbackHub) -> None:
    connection = http.client.HTTPConnection(urlsplit(model.endpoint).netloc, timeout=20)
    for name in ("config.json", "model.bin", "no-such", "config.json"):
        connection.request("GET", urlsplit(resolve(model, name)).path)
        connection.getresponse().read()
    connection.close()
    assert [r.status for r in model.requests] == [200, 302, 404, 200]
    assert len({r.connection for r in model.requests}) == 1


def test_plain_folder_and_its_changes(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "o" / "plain"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "x.txt").write_text("one", encoding="utf-8")
    (tmp_path / "secret").write_text("no", encoding="utf-8")
    with LoopbackHub(tmp_path) as hub:
        url = resolve(hub, "sub/x.txt", repo="o/plain")
        first = Answer(url)
        (folder / "sub" / "x.txt").write_text("two!", encoding="utf-8")
        second = Answer(url)
        assert (first.body, second.body) == (b"one", b"two!")
        assert first.headers["X-Repo-Commit"] != second.headers["X-Repo-Commit"]
        assert Answer(resolve(hub, "sub/x.txt", first.headers["X-Repo-Commit"], "o/plain")).status == 404
        for bad in ("../../../secret", "..%2F..%2F..%2Fsecret"):
            assert Answer(resolve(hub, bad, repo="o/plain")).status == 404
        assert Answer(f"{hub.endpoint}/api/models/../plain").status in (401, 404)


def test_addresses_expire(model: LoopbackHub) -> None:
    url = signed(model)
    model.expire_addresses()
    assert Answer(url).status == 403
    assert Answer(signed(model)).status == 200
    with LoopbackHub(address_lifetime=-1) as hub:
        hub.add_model(TINY, MODEL)
        assert Answer(signed(hub)).status == 403


# ---- Faults


def test_status_and_headers(model: LoopbackHub) -> None:
    fault = model.faults.add(Fault(path="*/config.json", status=429, headers={"Retry-After": "3"}, times=2))
    answers = [Answer(resolve(model, "config.json")) for _ in range(3)]
    assert [a.status for a in answers] == [429, 429, 200]
    assert (answers[0].headers["Retry-After"], answers[2].headers["Retry-After"]) == ("3", None)
    assert fault.fired == 2


def test_faults_choose_their_requests(model: LoopbackHub) -> None:
    model.faults.add(
        Fault(path="/api/*", status=503, times=None),
        Fault(host="content", status=500, skip=1, times=1),
        Fault(path="*/config.json", method="HEAD", status=502, times=None),
    )
    url = signed(model)
    assert [Answer(url).status for _ in range(3)] == [200, 500, 200]
    api = f"{model.endpoint}/api/models/{TINY}"
    assert [Answer(api).status for _ in range(3)] == [503] * 3
    assert Answer(resolve(model, "config.json"), "HEAD").status == 502
    assert Answer(resolve(model, "config.json")).status == 200
    model.faults.clear()
    assert Answer(api).status == 200


@pytest.mark.parametrize("after", [0, 1, 70_001, len(DATA) - 1])
def test_drop_resets_after_exactly_so_many_bytes(model: LoopbackHub, after: int) -> None:
    model.faults.add(Fault(host="content", drop_after=after))
    url = signed(model)
    answer = Answer(url)
    assert isinstance(answer.error, ConnectionResetError)
    assert answer.body == DATA[:after]
    assert Answer(url).body == DATA


def test_truncate_ends_in_good_order(model: LoopbackHub) -> None:
    model.faults.add(Fault(host="content", truncate_after=1234))
    answer = Answer(signed(model))
    assert answer.headers["Content-Length"] == str(len(DATA))
    assert isinstance(answer.error, http.client.IncompleteRead)
    assert answer.body == DATA[:1234]


def test_counts_only_when_it_has_an_effect(model: LoopbackHub) -> None:
    drop = model.faults.add(Fault(host="content", drop_after=5000))
    corrupt = model.faults.add(Fault(host="content", corrupt_at=100))
    url = signed(model)
    assert Answer(url, Range="bytes=200-299").body == DATA[200:300]
    assert (drop.fired, corrupt.fired) == (0, 0)
    bad = bytearray(DATA[:5000])
    bad[100] ^= 0xFF
    assert Answer(url).body == bytes(bad)
    assert (drop.fired, corrupt.fired) == (1, 1)


@pytest.mark.parametrize("start", [0, 700, 777])
def test_corrupt_byte_is_an_offset_of_the_file(model: LoopbackHub, start: int) -> None:
    model.faults.add(Fault(host="content", corrupt_at=777))
    url = signed(model)
    body = Answer(url, Range=f"bytes={start}-").body
    assert [n + start for n, (a, b) in enumerate(zip(body, DATA[start:], strict=True)) if a != b] == [777]
    assert Answer(url).body == DATA


def test_ignore_range(model: LoopbackHub) -> None:
    model.faults.add(Fault(host="content", ignore_range=True))
    url = signed(model)
    answer = Answer(url, Range="bytes=10-19")
    assert (answer.status, answer.body, answer.headers["Content-Range"]) == (200, DATA, None)
    assert Answer(url, Range="bytes=10-19").body == DATA[10:20]


def test_stall_then_recover(model: LoopbackHub) -> None:
    fault = model.faults.add(Fault(host="content", stall_after=1000))
    url = signed(model)
    got: list[Answer] = []
    reader = threading.Thread(target=lambda: got.append(Answer(url)), daemon=True)
    reader.start()
    assert fault.wait(timeout=20)
    assert model.requests[-1].bytes_sent == 1000
    assert reader.is_alive()
    fault.release()
    reader.join(20)
    assert got[0].body == DATA


def test_stall_for_a_while_and_latency(model: LoopbackHub) -> None:
    model.faults.add(Fault(host="content", stall_after=10, stall_for=0.3), Fault(host="content", latency=0.3))
    url = signed(model)
    began = time.monotonic()
    assert Answer(url).body == DATA
    assert time.monotonic() - began >= 0.6


@pytest.mark.parametrize("fault", [Fault(stall_before=True), Fault(host="content", stall_after=500)])
def test_stall_for_ever_ends_when_the_client_leaves(model: LoopbackHub, fault: Fault) -> None:
    url = signed(model)
    model.faults.add(fault)
    threads = threading.active_count()
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)
    connection.request("GET", url.partition(urlsplit(url).netloc)[2])
    assert fault.wait(timeout=20)
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()
    deadline = time.monotonic() + 20
    while threading.active_count() > threads and time.monotonic() < deadline:
        time.sleep(0.02)
    assert threading.active_count() <= threads


def test_close_before(model: LoopbackHub) -> None:
    model.faults.add(Fault(close_before=True))
    with pytest.raises(ConnectionError):
        Answer(resolve(model))
    assert model.requests[0].status == 0
    assert Answer(resolve(model)).status == 302


def test_rate(model: LoopbackHub) -> None:
    model.faults.add(Fault(host="content", rate=1_000_000))
    url = signed(model)
    began = time.monotonic()
    assert Answer(url, Range="bytes=0-499999").body == DATA[:500_000]
    # Only the lower bound: how much slower it is depends on the machine.
    assert time.monotonic() - began >= 0.45


def test_expire_after(model: LoopbackHub) -> None:
    model.faults.add(Fault(expire_after=2, times=1))
    first, second = signed(model), signed(model)
    assert [Answer(first).status for _ in range(4)] == [200, 200, 403, 403]
    assert [Answer(second).status for _ in range(4)] == [200] * 4


def test_lies_about_size(model: LoopbackHub) -> None:
    model.faults.add(Fault(host="content", size_delta=1000, times=2))
    url = signed(model)
    longer = Answer(url)
    assert longer.headers["Content-Length"] == str(len(DATA) + 1000)
    assert (longer.body, type(longer.error)) == (DATA, http.client.IncompleteRead)
    beyond = Answer(url, Range=f"bytes={len(DATA) + 10}-")
    assert (beyond.status, beyond.body) == (206, b"")
    assert beyond.headers["Content-Range"] == f"bytes {len(DATA) + 10}-{len(DATA) + 999}/{len(DATA) + 1000}"
    model.faults.add(Fault(host="content", size_delta=-1000))
    shorter = Answer(url)
    assert (shorter.body, shorter.error) == (DATA[:-1000], None)


def test_lies_about_size_in_listings(model: LoopbackHub) -> None:
    model.lie_about_size(TINY, "model.bin", 7)
    model.faults.add(Fault(path="/api/*", size_delta=1, times=None))
    tree = json.loads(Answer(f"{model.endpoint}/api/models/{TINY}/tree/main").body)
    sizes = {entry["path"]: entry["size"] for entry in tree}
    assert (sizes["model.bin"], sizes["config.json"]) == (len(DATA) + 8, 2)
    assert Answer(resolve(model), "HEAD").headers["X-Linked-Size"] == str(len(DATA) + 7)


def test_faults_reach_huggingface_hub(model: LoopbackHub, tmp_path: Path) -> None:
    """The faults are real enough for the real client: it retries a 429, and takes a flipped byte for good."""
    from huggingface_hub import hf_hub_download

    model.faults.add(
        Fault(host="content", status=429, headers={"Retry-After": "0"}),
        Fault(host="content", corrupt_at=9),
    )
    path = hf_hub_download(TINY, "model.bin", cache_dir=tmp_path, endpoint=model.endpoint)
    assert Path(path).read_bytes() != DATA
    assert [r.status for r in model.requests_for(host="content")] == [429, 200]


def test_faults_that_answer_take_turns(model: LoopbackHub) -> None:
    model.faults.add(
        Fault(host="content", corrupt_at=9),
        Fault(host="content", status=429),
        Fault(host="content", status=503, times=2),
        Fault(host="content", close_before=True, skip=1),
    )
    url = signed(model)
    assert [Answer(url).status for _ in range(3)] == [429, 503, 503]
    assert Answer(url).body != DATA
    with pytest.raises(ConnectionError):
        Answer(url)
    assert Answer(url).body == DATA


# ---- Its own life


def test_without_sendfile(model: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.sendfile", raising=False)
    model.faults.add(Fault(host="content", corrupt_at=70_000), Fault(host="content", drop_after=80_000))
    url = signed(model)
    answer = Answer(url)
    assert (len(answer.body), type(answer.error)) == (80_000, ConnectionResetError)
    assert Answer(url).body == DATA
    assert Answer(url, Range="bytes=123456-").body == DATA[123_456:]


def test_second_host_where_there_is_one_address_only(monkeypatch: pytest.MonkeyPatch) -> None:
    # TEST-NET-1 is nobody's own address: binding it fails, as 127.0.0.2 does on macOS.
    monkeypatch.setattr("tests.hub.server.CONTENT_ADDRESS", "192.0.2.1")
    with LoopbackHub() as hub:
        hub.add_model(TINY, MODEL)
        assert urlsplit(hub.content_endpoint).hostname == "localhost"
        assert Answer(signed(hub)).body == DATA


def test_close_is_fast_with_stalled_and_slow_connections() -> None:
    with LoopbackHub(rate=1000) as hub:
        hub.add_model(TINY, MODEL)
        url = signed(hub)
        stall = hub.faults.add(Fault(stall_before=True, times=5))
        threads = [threading.Thread(target=_read_and_ignore, args=(url,), daemon=True) for _ in range(15)]
        for thread in threads:
            thread.start()
        assert stall.wait(count=5, timeout=20)
        assert hub.wait_for_request(host="content", count=15, timeout=20)
        began = time.monotonic()
        hub.close()
        took = time.monotonic() - began
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert took < 5, "an order of magnitude above what it takes, for a busy machine"


def _read_and_ignore(url: str) -> None:
    with contextlib.suppress(OSError):
        Answer(url, timeout=60)


def test_as_a_process(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "o" / "m"
    folder.mkdir(parents=True)
    (folder / "model.bin").write_bytes(DATA)
    command = [sys.executable, str(Path(__file__).with_name("server.py")), str(tmp_path), "--json", "--until-eof"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        started = json.loads(process.stdout.readline())
        location = Answer(f"{started['endpoint']}/o/m/resolve/main/model.bin").headers["Location"]
        assert location.startswith(started["content_endpoint"])
        assert Answer(location).body == DATA
        process.stdin.close()
        assert process.wait(20) == 0
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_branch_beside_main(hub: LoopbackHub, tmp_path: Path):
    from huggingface_hub import snapshot_download

    main = hub.add_dataset("ada/set", {"script.py": b"pass"})
    other = hub.add_branch("ada/set", "refs/convert/parquet", {"train/0.parquet": DATA})
    assert main != other and hub.revision("ada/set").commit == main
    place = {"repo_type": "dataset", "cache_dir": tmp_path, "endpoint": hub.endpoint, "token": False}
    path = Path(snapshot_download("ada/set", revision="refs/convert/parquet", **place))
    assert path.name == other and (path / "train" / "0.parquet").read_bytes() == DATA
    assert Path(snapshot_download("ada/set", **place)).name == main


def test_what_a_repository_says_of_itself(model: LoopbackHub):
    from huggingface_hub import HfApi

    model.describe(TINY, ["license:mit", "fa"], "automatic-speech-recognition")
    info = HfApi(endpoint=model.endpoint, token=False).model_info(TINY, files_metadata=True)
    assert info.tags == ["license:mit", "fa"] and info.pipeline_tag == "automatic-speech-recognition"
    assert {file.rfilename: file.size for file in info.siblings or ()}["model.bin"] == len(DATA)


def test_a_file_of_no_repository(hub: LoopbackHub):
    url = hub.add_file("a b.bin", DATA)
    address = urlsplit(url)
    assert address.netloc == urlsplit(hub.content_endpoint).netloc
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    with contextlib.closing(connection):
        connection.request("GET", address.path, headers={"Range": "bytes=10-19"})
        answer = connection.getresponse()
        assert answer.status == 206 and answer.read() == DATA[10:20]
        connection.request("GET", "/files/nothing")
        assert connection.getresponse().status == 404
