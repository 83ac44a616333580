# SPDX-License-Identifier: GPL-3.0-or-later
"""The prototype that our speed was once promised by, for bench/download.py: urllib3 threads, and a hash behind them.

No plan, no resume, no retries, no cancel, no journal: python bench/_prototype.py URL CONNECTIONS
"""

from __future__ import annotations

import hashlib
import os
import sys
import threading

import urllib3

PART = 16 << 20
READ = 1 << 20


def fetch(url: str, connections: int) -> str:
    """Fetch `url` into model.bin, in parts of 16 MiB, hashing the finished beginning as it grows; the SHA-256."""
    pool = urllib3.PoolManager(maxsize=connections)
    head = pool.request("HEAD", url)
    url, size = head.geturl() or url, int(head.headers["Content-Length"])
    finished: set[int] = set()
    parts = iter(range(0, size, PART))
    changed = threading.Condition()

    def work() -> None:
        with open("model.bin", "r+b", buffering=0) as file:
            while True:
                with changed:
                    start = next(parts, None)
                if start is None:
                    return
                end = min(start + PART, size)
                answer = pool.request("GET", url, headers={"Range": f"bytes={start}-{end - 1}"}, preload_content=False)
                file.seek(start)
                for piece in answer.stream(READ):
                    file.write(piece)
                answer.release_conn()
                with changed:
                    finished.add(start)
                    changed.notify()

    open("model.bin", "wb").close()
    for _ in range(connections):
        threading.Thread(target=work).start()
    digest = hashlib.sha256()
    with open("model.bin", "rb", buffering=0) as file:
        for start in range(0, size, PART):
            with changed:
                changed.wait_for(lambda start=start: start in finished)  # type: ignore[misc]
            left = min(PART, size - start)
            while left:
                piece = file.read(min(READ, left))
                digest.update(piece)
                left -= len(piece)
    return digest.hexdigest()


if __name__ == "__main__":
    print(fetch(sys.argv[1], int(sys.argv[2])), os.path.getsize("model.bin"))
