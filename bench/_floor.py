# SPDX-License-Identifier: GPL-3.0-or-later
"""A verified download with nothing else to it, in Python on this machine, for bench/download.py.

Two bare sockets, memory that is written past the cache and hashed before it is used again, and nothing else: no plan,
no resume, no retries, no cancel, no journal, and only whole blocks. Linux only: python bench/_floor.py URL
"""

from __future__ import annotations

import hashlib
import http.client
import mmap
import os
import queue
import sys
import threading
import urllib.parse

PART = 16 << 20
BLOCK = 1 << 20
BLOCKS = 48


def ask(url: str, span: str) -> http.client.HTTPResponse:
    """Ask for a range, on a connection of its own."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    connection.request("GET", parts.path + (f"?{parts.query}" if parts.query else ""), headers={"Range": span})
    return connection.getresponse()


def fetch(url: str, connections: int = 2) -> str:
    """Fetch `url` into model.bin; the SHA-256."""
    answer = ask(url, "bytes=0-0")
    url = answer.headers.get("Location") or url
    size = int((ask(url, "bytes=0-0").headers["Content-Range"]).rpartition("/")[2])
    free: queue.LifoQueue[memoryview] = queue.LifoQueue()  # The one just used is in the processor's cache.
    for _ in range(BLOCKS):
        free.put(memoryview(mmap.mmap(-1, BLOCK)))
    arrived: dict[int, memoryview] = {}
    changed = threading.Condition()
    parts = iter(range(0, size, PART))

    def work() -> None:
        descriptor = os.open("model.bin", os.O_RDWR | os.O_DIRECT)
        while True:
            with changed:
                start = next(parts, None)
            if start is None:
                return
            end = min(start + PART, size)
            answer = ask(url, f"bytes={start}-{end - 1}")
            while start < end:
                block, count = free.get(), 0
                while count < min(BLOCK, end - start):
                    count += answer.fp.readinto1(block[count : end - start])  # type: ignore[attr-defined]
                os.pwrite(descriptor, block, start)  # The last block is longer than the file: cut below.
                with changed:
                    arrived[start] = block[:count]
                    changed.notify()
                start += count

    os.close(os.open("model.bin", os.O_CREAT | os.O_TRUNC | os.O_RDWR))
    for _ in range(connections):
        threading.Thread(target=work, daemon=True).start()
    digest = hashlib.sha256()
    for start in range(0, size, BLOCK):
        with changed:
            changed.wait_for(lambda start=start: start in arrived)  # type: ignore[misc]
            block = arrived.pop(start)
        digest.update(block)
        free.put(block)
    os.truncate("model.bin", size)
    return digest.hexdigest()


if __name__ == "__main__":
    print(fetch(sys.argv[1]))
