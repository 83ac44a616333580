# SPDX-License-Identifier: GPL-3.0-or-later
"""Who is asked, and who gets the token: every kind of request, with servers that write down what they were told."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.catalog.entries import Link
from subtitle_editor.core.errors.hub import TokenRefusedError
from subtitle_editor.core.events import Finished, Notice
from subtitle_editor.core.hub import look
from subtitle_editor.core.hub.client import Hub
from tests.core.hub.book import ENTRY, FILES, REPO, code_of, contents, download, stock, token
from tests.hub_by_the_book.server import Hub as Server
from tests.hub_by_the_book.server import Proxy, Reply

pytestmark = pytest.mark.timeout(90)

SECRET = "hf_good"


@pytest.fixture
def hub() -> Iterator[Server]:
    with Server() as running:
        running.accounts[SECRET] = "ada"
        stock(running)
        yield running


@pytest.fixture
def stranger() -> Iterator[Server]:
    """Another server, which knows the same repository and would like to know the token."""
    with Server() as running:
        running.accounts[SECRET] = "eve"
        stock(running)
        yield running


def test_the_hub_gets_the_token_and_its_storage_does_not(hub: Server, tmp_path: Path):
    assert isinstance(download(hub.url, tmp_path, token=token()), Finished)
    assert {seen.token for seen in hub.seen if seen.server == "hub"} == {f"Bearer {SECRET}"}
    assert {seen.token for seen in hub.seen if seen.server == "storage"} == {None}
    assert contents(tmp_path) == FILES


@pytest.mark.parametrize("gated", [False, "auto"])
def test_a_listing_that_goes_on_elsewhere_is_asked_of_the_hub(
    hub: Server, stranger: Server, tmp_path: Path, gated: bool | str
):
    """A hostile mirror names a host of its own; an honest one passes on the addresses of the hub behind it."""
    hub.behaviour.page_size, hub.behaviour.next_host = 2, stranger.url
    hub.repositories[0].gated, hub.repositories[0].accepted_by = gated, {"ada"}
    assert isinstance(download(hub.url, tmp_path, token=token()), Finished)
    found = look.inspect(Hub(hub.url, token()), REPO, "language")
    assert found.files == len(FILES) + 2 and stranger.seen == []
    assert contents(tmp_path) == FILES


def test_a_listing_whose_next_page_has_no_host(hub: Server, tmp_path: Path):
    hub.behaviour.page_size, hub.behaviour.relative_next, hub.behaviour.prefix = 1, True, "/mirror/hub"
    assert isinstance(download(hub.url, tmp_path, token=token()), Finished)


@pytest.mark.parametrize("what", ["/api/models/", "/tree/", "/resolve/", "/whoami-v2", "/auth-check"])
def test_a_redirect_to_another_host_gets_no_token(hub: Server, stranger: Server, tmp_path: Path, what: str):
    """Whatever is redirected: questions, listings, small files and large ones, the account."""
    hub.repositories[0].gated, hub.repositories[0].accepted_by = "auto", {"ada"}

    def elsewhere(seen):
        query = "&".join(f"{name}={values[0]}" for name, values in seen.query.items())
        return Reply(307, {"Location": f"{stranger.url}{seen.path}?{query}"}) if what in seen.path else None

    hub.overrides.append(elsewhere)
    end = download(hub.url, tmp_path, token=token())
    assert any(what in seen.path for seen in stranger.seen)
    assert {seen.token for seen in stranger.seen} == {None}
    assert isinstance(end, Finished) or what == "/auth-check", end


@pytest.mark.parametrize("what", ["whoami", "plan", "look"])
def test_a_hub_without_encryption_gets_no_token(
    hub: Server, tmp_path: Path, what: str, monkeypatch: pytest.MonkeyPatch
):
    """It is not on this machine as far as anybody can see: the proxy is."""
    with Proxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        proxy.names = {"hub.lan": hub.url.removeprefix("http://")}
        endpoint = "http://hub.lan"
        if what == "plan":
            said: list[object] = []
            assert isinstance(download(endpoint, tmp_path, said=said.append, token=token()), Finished)
            assert any("not encrypted" in event.message for event in said if isinstance(event, Notice))
            assert contents(tmp_path) == FILES
        elif what == "look":
            assert look.inspect(Hub(endpoint, token()), REPO, "language").commit
        else:
            with pytest.raises(TokenRefusedError, match="without encryption"):
                Hub(endpoint, token()).whoami()
        assert bool(proxy.asked) is (what != "whoami")
        assert not [headers for _, _, headers in proxy.asked if "authorization" in headers]


def test_a_hub_on_this_machine_gets_no_token_by_way_of_a_proxy(
    hub: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Who knows where that is. Encrypted, it would see nothing of it."""
    with Proxy() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        said: list[object] = []
        assert isinstance(download(hub.url, tmp_path, said=said.append, token=token()), Finished)
        assert proxy.asked and not [headers for _, _, headers in proxy.asked if "authorization" in headers]
        assert {seen.token for seen in hub.seen} == {None}
        assert any("not encrypted" in event.message for event in said if isinstance(event, Notice))


def test_a_login_in_the_endpoints_address_is_for_the_endpoint(hub: Server, stranger: Server, tmp_path: Path):
    """Some mirrors want one; the storage behind them does not."""
    plain = hub.url.replace("://", "://ada:s%40cret@")
    seen_by: list[str | None] = []

    def check(seen):
        seen_by.append(seen.token)
        wanted = "Basic YWRhOnNAY3JldA=="
        if seen.server == "hub" and seen.token != wanted:
            return Reply(401, {"WWW-Authenticate": "Basic"})
        seen.headers.pop("authorization", None)
        return None

    hub.overrides.append(check)
    assert isinstance(download(plain, tmp_path), Finished)
    assert set(seen_by) == {"Basic YWRhOnNAY3JldA==", None}


def test_a_token_that_cannot_be_one_goes_nowhere(hub: Server, tmp_path: Path):
    end = download(hub.url, tmp_path, token=token("hf_good\nX-Evil: 1"))
    assert code_of(end) == "token_refused" and hub.seen == []


def test_one_file_is_asked_of_direct_addresses_without_a_token(hub: Server, tmp_path: Path):
    """Even where the address is the hub's own: nobody gave us the token for it."""
    url = f"{hub.url}/{REPO}/resolve/main/vocabulary.txt"
    data = FILES["vocabulary.txt"]
    link = Link(url, "v.txt", len(data), hashlib.sha256(data).hexdigest())
    entry = dataclasses.replace(ENTRY, sources=(), links=(link,))
    assert isinstance(download(hub.url, tmp_path, entry, token=token()), Finished)
    assert {seen.token for seen in hub.seen} == {None}
