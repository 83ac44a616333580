# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers of networks, proxies and mirrors that are not the file. None of them costs a byte of what is there already:
that is given up when the listing names another file, and for nothing else."""

from __future__ import annotations

import gzip
import hashlib
import random
import re
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.errors.hub import (
    AccessDeniedError,
    CorruptDownloadError,
    HubAnswerError,
    HubError,
    WrongContentError,
)
from subtitle_editor.core.errors.network import HubUnreachableError
from subtitle_editor.core.transfer import partial
from subtitle_editor.core.transfer.blob import Blob
from subtitle_editor.core.transfer.journal import read_journal
from subtitle_editor.core.transfer.retries import RetryPolicy
from tests.core.raw_server import Asked, RawServer, Reply, answer, chunked, part, serving
from tests.core.transfer_kit import Fetch, leave_partial, names_in

pytestmark = pytest.mark.timeout(60)

MIB = 1 << 20
DATA = random.Random(7).randbytes(3 * MIB + 17)
KEPT = [(0, MIB), (2 * MIB, 2 * MIB + 500_000)]
MISSING = len(DATA) - sum(end - start for start, end in KEPT)
PAGE = b"<!DOCTYPE html><html><body>Please accept our terms to use HOTEL-WLAN</body></html>" * 20
PATIENT = RetryPolicy(tries=9, first_wait=0.01, longest_wait=0.02)


def blob_at(server: RawServer, folder: Path, **changes: object) -> Blob:
    settings: dict[str, object] = {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}
    return Blob(
        url=f"{server.url}/model.bin",
        target=folder / "blob",
        name="model.bin",
        **{**settings, **changes},  # type: ignore[arg-type]
    )


def kept(blob: Blob) -> bool:
    """Whether the bytes of KEPT are there, as they were."""
    found = read_journal(partial.journal_file(blob.target))
    content = partial.part_file(blob.target).read_bytes()
    return found is not None and all(
        found.has(start, end) and content[start:end] == DATA[start:end] for start, end in KEPT
    )


def fetch_with_some(server: RawServer, folder: Path, **changes: object) -> tuple[Fetch, Blob]:
    blob = blob_at(server, folder, **changes)
    leave_partial(blob, DATA, KEPT)
    return Fetch(blob, retry=PATIENT), blob


def stray(first: int, reply: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    """The first so many requests get `reply`, all others the right answer."""
    count = iter(range(1_000_000))
    return lambda asked: reply(asked) if next(count) < first else part(DATA, asked)


def span_of(asked: Asked) -> tuple[int, int]:
    return asked.span or (0, len(DATA))


def shifted(asked: Asked) -> bytes:
    """Another part than the one asked for."""
    start, end = span_of(asked)
    return answer(206, DATA[start:end], Content_Range=f"bytes {start + 1}-{end}/{len(DATA)}")


def contradictory(asked: Asked) -> bytes:
    start, end = span_of(asked)
    return answer(206, DATA[start : end - 1], Content_Range=f"bytes {start}-{end - 1}/{len(DATA)}")


def another_size(asked: Asked) -> bytes:
    start, end = span_of(asked)
    return answer(206, DATA[start:end], Content_Range=f"bytes {start}-{end - 1}/{len(DATA) + 1}")


def gzipped_part(asked: Asked) -> bytes:
    start, end = span_of(asked)
    body = gzip.compress(DATA[start:end], 1)
    return answer(206, body, Content_Encoding="gzip", Content_Range=f"bytes {start}-{end - 1}/{len(DATA)}")


def multipart(asked: Asked) -> bytes:
    start, end = span_of(asked)
    head = f"--xyz\r\nContent-Range: bytes {start}-{end - 1}/{len(DATA)}\r\n\r\n".encode()
    return answer(206, head + DATA[start:end] + b"\r\n--xyz--\r\n", Content_Type="multipart/byteranges; boundary=xyz")


STRAY: dict[str, Callable[[Asked], Reply]] = {
    "a web page": lambda asked: answer(200, PAGE, Content_Type="text/html; charset=utf-8"),
    "a web page in chunks": lambda asked: chunked(200, PAGE, Content_Type="text/html"),
    "a compressed web page": lambda asked: answer(
        200, gzip.compress(PAGE), Content_Type="text/html", Content_Encoding="gzip"
    ),
    "a web page as a part": lambda asked: answer(206, PAGE, Content_Type="text/html"),
    "a page that says it is binary": lambda asked: answer(200, PAGE, Content_Type="application/octet-stream"),
    "the same in chunks": lambda asked: chunked(200, PAGE, Content_Type="application/octet-stream"),
    "sign in, as the standard has it": lambda asked: answer(511, PAGE, Content_Type="text/html"),
    "nothing at all": lambda asked: answer(200, b""),
    "an empty 206": lambda asked: answer(206, b""),
    "a shorter whole": lambda asked: answer(200, DATA[:-1]),
    "a longer whole": lambda asked: answer(200, DATA + b"x"),
    "a shorter whole in chunks": lambda asked: chunked(200, DATA[:-1]),
    "a longer whole in chunks": lambda asked: chunked(200, DATA + b"x"),
    "a broken whole": lambda asked: answer(200, DATA[: 2 * MIB + 9], len(DATA)),
    "another part": shifted,
    "another size": another_size,
    "a part that contradicts itself": contradictory,
    "a part without saying which": lambda asked: answer(206, DATA[slice(*span_of(asked))]),
    "a part of nonsense": lambda asked: answer(206, b"x", Content_Range="bytes 5-3/2"),
    "several parts in one": multipart,
    "a compressed part": gzipped_part,
    "an unknown compression": lambda asked: answer(200, DATA[:-9], Content_Encoding="br"),
    "a broken compression": lambda asked: answer(200, gzip.compress(DATA, 1)[:-900], Content_Encoding="gzip"),
    "a damaged compression": lambda asked: answer(200, b"\x1f\x8bnonsense" * 50, Content_Encoding="gzip"),
    "no such part": lambda asked: answer(416, b""),
    "no such part of its size": lambda asked: answer(416, b"", Content_Range=f"bytes */{len(DATA)}"),
    "no such part of another size": lambda asked: answer(416, b"", Content_Range="bytes */1000"),
    "no such part of an empty file": lambda asked: answer(416, b"", Content_Range="bytes */0"),
    "no http": lambda asked: b"SSH-2.0-OpenSSH_9.6\r\n",
    "an endless header": lambda asked: b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500 + b"\r\n",
}


@pytest.mark.parametrize("name", STRAY)
def test_one_stray_answer_costs_nothing(tmp_path: Path, name: str) -> None:
    with serving(stray(1, STRAY[name])) as server:
        fetch, blob = fetch_with_some(server, tmp_path)
        assert fetch.run().bytes_fetched <= MISSING + (2 * MIB if "whole" in name else 0)
    assert blob.target.read_bytes() == DATA
    assert names_in(tmp_path) == {"blob"}


@pytest.mark.parametrize("name", STRAY)
def test_nothing_else_ever_comes_and_what_was_there_stays(tmp_path: Path, name: str) -> None:
    with serving(STRAY[name]) as server:
        fetch, blob = fetch_with_some(server, tmp_path)
        with pytest.raises(HubError) as caught:
            fetch.run()
        assert kept(blob), caught.value
        assert "127.0.0.1" in str(caught.value), "who sent it"
        assert not blob.target.exists()
    with serving(lambda asked: part(DATA, asked)) as server:  # And when all is well again, it goes on from there.
        assert Fetch(blob_at(server, tmp_path)).run().bytes_fetched <= MISSING
    assert blob.target.read_bytes() == DATA


@pytest.mark.parametrize("name", [name for name in STRAY if "page" in name or "sign in" in name][:4])
def test_a_network_that_wants_its_user_to_sign_in_is_told_as_such(tmp_path: Path, name: str) -> None:
    with serving(STRAY[name]) as server:
        fetch, _ = fetch_with_some(server, tmp_path)
        with pytest.raises(WrongContentError) as caught:
            fetch.run()
    assert "web page" in str(caught.value) and "sign in" in str(caught.value) and "model.bin" in str(caught.value)
    assert len(server.asked) <= 6, "nobody waits a minute for that"


def whole(**headers: object) -> Callable[[Asked], Reply]:
    return lambda asked: answer(200, DATA, **headers)


def gzipped(asked: Asked) -> bytes:
    return answer(200, gzip.compress(DATA, 1), Content_Encoding="gzip")


def deflated_chunks(asked: Asked) -> bytes:
    return chunked(200, zlib.compress(DATA, 1), Content_Encoding="deflate")


def unless_ranged(wrong: Callable[[Asked], Reply], right: Callable[[Asked], Reply]) -> Callable[[Asked], Reply]:
    return lambda asked: wrong(asked) if asked.span else right(asked)


USABLE: dict[str, Callable[[Asked], Reply]] = {
    "ignores ranges": whole(),
    "ignores ranges, in chunks": lambda asked: chunked(200, DATA),
    "ignores ranges and hangs up at the end": lambda asked: answer(200, DATA, None),
    "ignores ranges and calls the model a web page": whole(Content_Type="text/html"),
    "ignores ranges and compresses": gzipped,
    "ignores ranges and compresses in chunks": deflated_chunks,
    "says 200 to parts": lambda asked: part(DATA, asked).replace(b" 206 ", b" 200 ", 1),
    "says 200 to parts and calls a whole one": whole(Content_Range=f"bytes 0-{len(DATA) - 1}/{len(DATA)}"),
    "compresses parts": unless_ranged(gzipped_part, gzipped),
    "sends other parts": unless_ranged(shifted, whole()),
    "sends several parts in one": unless_ranged(multipart, whole()),
    "knows no parts": unless_ranged(lambda asked: answer(416), whole()),
    "sends short parts": lambda asked: part(
        DATA,
        Asked(
            "GET",
            "/",
            {"range": f"bytes={span_of(asked)[0]}-{min(span_of(asked)[1], span_of(asked)[0] + 300_000) - 1}"},
        ),
    ),
    "does not know the whole size": lambda asked: part(DATA, asked).replace(f"/{len(DATA)}".encode(), b"/*", 1),
    "answers as if it asked": lambda asked: part(DATA, asked).replace(b"Range: bytes ", b"Range: bytes=", 1),
    "sends parts in chunks": lambda asked: chunked(
        206,
        DATA[slice(*span_of(asked))],
        Content_Range=f"bytes {span_of(asked)[0]}-{span_of(asked)[1] - 1}/{len(DATA)}",
    ),
    "sends the whole as a part": lambda asked: answer(206, DATA, Content_Range=f"bytes 0-{len(DATA) - 1}/{len(DATA)}"),
    "puts spaces into the range": lambda asked: re.sub(rb"(\d)-(\d)", rb"\1 - \2", part(DATA, asked), count=1),
    "names no compression in the place of one": lambda asked: part(DATA, asked, Content_Encoding="aws-chunked"),
    "names its letters in the place of a compression": whole(Content_Encoding="UTF-8"),
    "calls what it keeps compressed": lambda asked: part(DATA, asked, Content_Encoding="gzip"),
    "calls what it keeps compressed, and ignores ranges": whole(Content_Encoding="zstd"),
    "speaks of Bytes": lambda asked: part(DATA, asked).replace(b"Range: bytes", b"Range: Bytes", 1),
}


@pytest.mark.parametrize("resumed", [True, False])
@pytest.mark.parametrize("name", USABLE)
def test_a_strange_server_that_has_the_file(tmp_path: Path, name: str, resumed: bool) -> None:
    with serving(USABLE[name]) as server:
        blob = blob_at(server, tmp_path)
        if resumed:
            leave_partial(blob, DATA, KEPT)
        result = Fetch(blob, retry=PATIENT).run()
    assert blob.target.read_bytes() == DATA
    assert names_in(tmp_path) == {"blob"}
    assert result.bytes_fetched == (MISSING if resumed else len(DATA)), "what is there is not written again"


def test_who_falls_silent_after_the_last_byte_has_sent_them_all(tmp_path: Path) -> None:
    """A proxy that counts lengths in 32 bits, and keeps the connection open."""
    over = threading.Event()

    def reply(_: Asked) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: -2147483647\r\n\r\n" + DATA
        over.wait(20)

    with serving(reply) as server:
        result = Fetch(blob_at(server, tmp_path), stall_seconds=1.0).run()
        over.set()
    assert result.verified and len(server.asked) == 1 and (tmp_path / "blob").read_bytes() == DATA


@pytest.mark.parametrize(
    "name", ["a web page", "a shorter whole in chunks", "a longer whole in chunks", "another size"]
)
def test_without_a_hash_the_size_tells(tmp_path: Path, name: str) -> None:
    with serving(STRAY[name]) as server:
        fetch, blob = fetch_with_some(server, tmp_path, sha256=None, etag="one")
        with pytest.raises(HubError):
            fetch.run()
        assert kept(blob) and not blob.target.exists()


def test_a_page_of_which_nobody_knows_the_size_is_no_model(tmp_path: Path) -> None:
    with serving(STRAY["a web page"]) as server, pytest.raises(WrongContentError):
        Fetch(blob_at(server, tmp_path, sha256=None, size=None), retry=PATIENT).run()
    assert not (tmp_path / "blob").exists()


def test_a_web_page_may_be_what_was_asked_for(tmp_path: Path) -> None:
    with serving(lambda asked: answer(200, PAGE, Content_Type="text/html")) as server:
        blob = Blob(url=f"{server.url}/index.html", target=tmp_path / "index.html", name="index.html")
        Fetch(blob).run()
    assert blob.target.read_bytes() == PAGE


def test_a_server_without_ranges_that_breaks_off_gets_on_all_the_same(tmp_path: Path) -> None:
    """It sends a little more each time: what came before is not lost, though it is sent again."""
    count = iter(range(1, 100))

    def reply(asked: Asked) -> bytes:
        return answer(200, DATA[: next(count) * 500_000], len(DATA))

    with serving(reply) as server:
        blob = blob_at(server, tmp_path)
        assert Fetch(blob, retry=PATIENT).run().bytes_fetched == len(DATA)
    assert blob.target.read_bytes() == DATA


def test_parts_are_tried_again_when_the_whole_does_not_come(tmp_path: Path) -> None:
    """Two wrong parts, then a whole that breaks off, then parts as they should be."""
    replies = [shifted, shifted, lambda asked: answer(200, DATA[:100], len(DATA))]

    def reply(asked: Asked) -> Reply:
        return replies.pop(0)(asked) if replies else part(DATA, asked)

    with serving(reply) as server:
        fetch, blob = fetch_with_some(server, tmp_path)
        fetch.run()
        assert [bool(asked.span) for asked in server.asked[:4]] == [True, True, False, True]
    assert blob.target.read_bytes() == DATA


# Another ETag in the middle


def changing(etags: list[str], data: bytes = DATA) -> Callable[[Asked], Reply]:
    count = iter(range(1_000_000))
    return lambda asked: part(data, asked, ETag=etags[min(next(count), len(etags) - 1)])


def test_with_a_hash_an_etag_that_changes_is_of_no_interest(tmp_path: Path) -> None:
    with serving(changing([f'"{number}"' for number in range(50)])) as server:
        fetch, blob = fetch_with_some(server, tmp_path)
        assert fetch.run().bytes_fetched == MISSING
    assert blob.target.read_bytes() == DATA


def test_without_a_hash_one_stray_etag_costs_nothing(tmp_path: Path) -> None:
    with serving(changing(['"one"', '"stray"', '"one"'])) as server:
        fetch, blob = fetch_with_some(server, tmp_path, sha256=None, etag="one")
        fetch = Fetch(blob, retry=PATIENT, connections=1)
        assert fetch.run().bytes_fetched == MISSING
    assert blob.target.read_bytes() == DATA


# The final hash


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def test_wrong_bytes_that_came_now_are_fetched_again_and_nothing_else(tmp_path: Path) -> None:
    wrong = [flipped(DATA, 3 * MIB)]

    def reply(asked: Asked) -> bytes:
        return part(wrong.pop() if wrong and span_of(asked)[1] > 3 * MIB else DATA, asked)

    with serving(reply) as server:
        blob = blob_at(server, tmp_path)
        leave_partial(blob, DATA, [(0, 2 * MIB)])
        fetch = Fetch(blob, retry=PATIENT, connections=1)
        rest = len(DATA) - 2 * MIB
        result = fetch.run()
    assert blob.target.read_bytes() == DATA
    assert rest < result.bytes_fetched <= 2 * rest
    assert "fetched again" in fetch.notices[0]


def test_wrong_bytes_of_an_earlier_run_are_fetched_again(tmp_path: Path) -> None:
    with serving(lambda asked: part(DATA, asked)) as server:
        blob = blob_at(server, tmp_path)
        leave_partial(blob, flipped(DATA, 5), KEPT)
        Fetch(blob, retry=PATIENT).run()
    assert blob.target.read_bytes() == DATA


def test_bytes_that_are_always_wrong_end_and_the_rest_stays(tmp_path: Path) -> None:
    """No endless "checksum error": each run ends, says who sent it, and the next that meets a sound server succeeds."""
    with serving(lambda asked: part(flipped(DATA, MIB + 5), asked)) as server:
        fetch, blob = fetch_with_some(server, tmp_path)
        for _ in range(2):
            with pytest.raises(CorruptDownloadError) as caught:
                fetch.run()
            assert kept(blob)
            assert "127.0.0.1" in str(caught.value)
        assert sum(span_of(asked)[1] - span_of(asked)[0] for asked in server.asked) <= 2 * (2 * MISSING + len(DATA))
    with serving(lambda asked: part(DATA, asked)) as server:
        assert Fetch(blob_at(server, tmp_path)).run().bytes_fetched == MISSING
    assert blob.target.read_bytes() == DATA


def test_a_complete_partial_that_is_wrong_is_no_loop(tmp_path: Path) -> None:
    with serving(lambda asked: part(DATA, asked)) as server:
        blob = blob_at(server, tmp_path)
        leave_partial(blob, flipped(DATA, 9), [(0, len(DATA))])
        assert Fetch(blob, retry=PATIENT).run().bytes_fetched == len(DATA)
    assert blob.target.read_bytes() == DATA


def test_416_to_the_whole_file_is_an_answer(tmp_path: Path) -> None:
    with serving(lambda asked: answer(416)) as server:
        with pytest.raises(HubAnswerError):
            Fetch(blob_at(server, tmp_path), retry=PATIENT).run()
        assert len(server.asked) == 3


@pytest.mark.parametrize("interim", [b"HTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\n", b"HTTP/1.1 102 Wait\r\n\r\n"])
def test_answers_that_come_before_the_answer(tmp_path: Path, interim: bytes) -> None:
    with serving(lambda asked: 2 * interim + part(DATA, asked)) as server:
        Fetch(blob_at(server, tmp_path)).run()
    assert (tmp_path / "blob").read_bytes() == DATA


@pytest.mark.parametrize(
    "reply",
    [
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"<html>hello</html>",
        b"HTTP/1.1 103 Early Hints\r\n\r\n" * 30,
        b"HTTP/1.1 200 OK\r\n" + b"X-More: x\r\n" * 150 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_no_answer_in_http_is_called_so(tmp_path: Path, reply: bytes) -> None:
    with serving(lambda asked: reply) as server, pytest.raises(HubUnreachableError, match="cannot be read as http"):
        Fetch(blob_at(server, tmp_path)).run()


@pytest.mark.parametrize("most", [1, 2])
def test_a_server_that_takes_fewer_connections_gets_fewer(tmp_path: Path, most: int) -> None:
    """Some say 403 to those that are too many, which is no word about the file."""
    data = random.Random(8).randbytes(9 * MIB)
    places = threading.Semaphore(most)
    refused = 0

    def reply(asked: Asked) -> Iterator[bytes]:
        nonlocal refused
        if not places.acquire(blocking=False):
            refused += 1
            yield answer(403, b"<html>Too many connections", Content_Type="text/html")
            return
        try:
            whole = part(data, asked)
            for at in range(0, len(whole), 65536):
                time.sleep(0.002)
                yield whole[at : at + 65536]
        finally:
            places.release()

    with serving(reply) as server:
        blob = blob_at(server, tmp_path, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        fetch = Fetch(blob, retry=RetryPolicy(first_wait=0.05))
        assert fetch.run().bytes_fetched >= len(data)
    assert blob.target.read_bytes() == data
    assert refused  # Or nothing was tried.


def test_a_file_that_is_closed_in_the_middle_ends_soon_with_what_is_there(tmp_path: Path) -> None:
    data = random.Random(9).randbytes(9 * MIB)
    served = 0

    def reply(asked: Asked) -> Iterator[bytes]:
        nonlocal served
        served += 1
        if served > 2:
            yield answer(403, b"")
            return
        whole = part(data, asked)
        for at in range(0, len(whole), 65536):
            time.sleep(0.002)
            yield whole[at : at + 65536]

    with serving(reply) as server:
        blob = blob_at(server, tmp_path, size=len(data), sha256=hashlib.sha256(data).hexdigest())
        with pytest.raises(AccessDeniedError):
            Fetch(blob, retry=PATIENT).run()
        assert served < 20
    found = partial.partial_of(blob.target)
    assert found is not None and found.bytes_done >= MIB
