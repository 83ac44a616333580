# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads against their peers, on this machine, against the loopback hub: `python3 dev.py bench download`.

Prints ratios: peers take turns with us (A B A B), and the middle of the rounds counts. Ours is the whole job: plan,
disk check, transfer, SHA-256, finish. POSIX only (it asks the system for the peers' processor time).
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from _cancel import cancel_table
from _measure import Run, have, measure, median

HERE = Path(__file__).parent
SERVER = HERE.parent / "tests" / "hub" / "server.py"
ONCE = [sys.executable, str(HERE / "_download_once.py")]
MB = 1_000_000


@contextlib.contextmanager
def serving(root: Path, *options: str) -> Iterator[str]:
    """The loopback hub in a process of its own; the answer is its endpoint."""
    command = [sys.executable, str(SERVER), str(root), "--json", "--until-eof", *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin and process.stdout
    try:
        yield json.loads(process.stdout.readline())["endpoint"]
    finally:
        process.stdin.close()
        process.wait(timeout=20)


def make_repository(root: Path, size: int) -> tuple[str, str]:
    """A repository with one large file; the answer is the path of its URL and its SHA-256."""
    folder = root / "models" / "bench" / "big"
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with (folder / "model.bin").open("wb") as file:
        block = os.urandom(8 * 1024 * 1024)
        while size > 0:
            piece = block[: min(size, len(block))]
            file.write(piece)
            digest.update(piece)
            size -= len(piece)
    (folder / "config.json").write_text("{}", encoding="utf-8")
    return "/bench/big/resolve/main/model.bin", digest.hexdigest()


def peers(url: str, sha256: str) -> dict[str, list[str]]:
    """What there is to compare with, as commands for an empty folder."""
    found: dict[str, list[str]] = {"snapshot_download": [*ONCE, "hub", url.split("/bench/")[0], ".", "1"]}
    if have("curl", "curl"):
        found["curl"] = ["curl", "-sfL", "-o", "model.bin", url]
        pipe = f"curl -sfL '{url}' | tee model.bin | sha256sum"
        if have("openssl", "openssl"):  # What most people do who want to be sure: first the file, then its hash.
            after = f"curl -sfL -o model.bin '{url}' && openssl dgst -sha256 model.bin"
            found["curl, then openssl"] = ["bash", "-c", after]
        found["curl to sha256sum"] = ["bash", "-o", "pipefail", "-c", pipe]
    if have("aria2c", "aria2"):
        aria = ["aria2c", "-x8", "-s8", "--file-allocation=none", "-q", "-o", "model.bin"]
        found["aria2c -x8"] = [*aria, url]
        found["aria2c -x8 --checksum"] = [*aria, f"--checksum=sha-256={sha256}", url]
    found["prototype"] = [sys.executable, str(HERE / "_prototype.py"), url, "4"]
    if hasattr(os, "O_DIRECT"):
        found["bare sockets"] = [sys.executable, str(HERE / "_floor.py"), url]
    return found


def race(
    endpoint: str, others: dict[str, list[str]], work: Path, rounds: int, connections: int
) -> dict[str, list[Run]]:
    """Each round: ours, then a peer, ours, then the next peer. Our runs are under "ours PEER"."""
    ours = [*ONCE, "ours", endpoint, ".", str(connections)]
    runs: dict[str, list[Run]] = {}
    measure(ours, work)  # The server hashes its file once; that is not ours to be timed.
    for _ in range(rounds):
        for name, command in others.items():
            runs.setdefault(f"ours {name}", []).append(measure(ours, work))
            runs.setdefault(name, []).append(measure(command, work))
    return runs


ASKED = {"snapshot_download": 2.0, "curl": 1.5, "curl, then openssl": 1.0, "aria2c -x8 --checksum": 5.0}
"""How many times as fast as each peer we are asked to be."""
ASKED_CPU = 1.5
ASKED_MEMORY = 80


def load() -> str:
    """How busy the machine is with other things, for the reader to judge by."""
    return f"{os.cpu_count()} cores, load {', '.join(f'{figure:.1f}' for figure in os.getloadavg())}"


def verdict(value: float, asked: float | None, at_most: bool = False) -> str:
    """What was asked for, and whether it was reached."""
    if asked is None:
        return "-"
    reached = value <= asked if at_most else value >= asked
    return f"{asked:g}: {'yes' if reached else 'no'}"


def job_of(run: Run) -> Run:
    """Of a run of _download_once.py, what came after Python's start and imports; any other run whole."""
    if not run.said.startswith("{"):
        return run
    told = json.loads(run.said)
    return dataclasses.replace(run, seconds=told["seconds"], cpu=told["cpu"])


def memory_of(run: Run) -> int:
    """Peak resident bytes of a run of _download_once.py."""
    return int(json.loads(run.said)["memory"])


def hash_line() -> str:
    """What our processor time cannot be less than."""
    data = memoryview(os.urandom(64 * 1024 * 1024))
    began = time.process_time()
    for _ in range(8):
        hashlib.sha256(data)
    hashing = (time.process_time() - began) / (8 * len(data) / 1e9)
    return f"Of ours, {hashing:.2f} CPU s/GB are SHA-256."


def ratios_of(theirs: list[Run], ours: list[Run]) -> float:
    """How many times as fast as theirs ours were: the middle of the rounds."""
    return median([a.seconds / b.seconds for a, b in zip(theirs, ours, strict=True)])


def speed_table(root: Path, work: Path, size: int, rounds: int, connections: int, only: list[str] | None) -> None:
    """The main table: ratios of time, and processor seconds per GB.

    Ours twice: the job, from the plan to the finished snapshot, and the whole process with Python's start and imports.
    snapshot_download's seconds are those of its job, too. `only`: the peers to run against, None for all.
    """
    path, sha256 = make_repository(root, size)
    with serving(root) as endpoint:
        others = {name: words for name, words in peers(endpoint + path, sha256).items() if not only or name in only}
        before = load()
        runs = race(endpoint, others, work, rounds, connections)
    print(f"\nOne file of {size / 1e9:g} GB from the loopback hub, median of {rounds} rounds")
    print(f"Before: {before}. After: {load()}.\n")
    print("| peer | peer s | our job s | peer / job | asked for | our process s | peer / process "
          "| peer CPU s/GB | job CPU s/GB | asked for | process CPU s/GB |")  # fmt: skip
    print("|" + "---|" * 11)
    for name in others:
        alien, whole = runs[name], runs[f"ours {name}"]
        theirs, job = ([job_of(run) for run in one] for one in (alien, whole))
        seconds = [median([run.seconds for run in one]) for one in (theirs, job, whole)]
        cpu = [median([run.cpu for run in one]) / (size / 1e9) for one in (theirs, job, whole)]
        ratio = ratios_of(theirs, job)
        print(f"| {name} | {seconds[0]:.2f} | {seconds[1]:.2f} | {ratio:.2f} | {verdict(ratio, ASKED.get(name))} "
              f"| {seconds[2]:.2f} | {ratios_of(alien, whole):.2f} "
              f"| {cpu[0]:.2f} | {cpu[1]:.2f} | {verdict(cpu[1], ASKED_CPU, at_most=True)} | {cpu[2]:.2f} |",
              flush=True)  # fmt: skip
    print(f"\n{hash_line()}", flush=True)


def memory_table(root: Path, work: Path, connections: int, sizes: list[int]) -> None:
    """Peak memory beyond the interpreter with its imports."""
    floor = memory_of(measure([*ONCE, "imports", "-", "-", "0"], work))
    print(f"\nPeak memory above the interpreter with imports ({floor / MB:.0f} MB)\n")
    print("| file | above | asked for |")
    print("|---|---|---|")
    for size in sizes:
        make_repository(root, size)
        with serving(root) as endpoint:
            run = measure([*ONCE, "ours", endpoint, ".", str(connections)], work)
        above = (memory_of(run) - floor) / MB
        print(f"| {size / MB:.0f} MB | {above:.0f} MB | {verdict(above, ASKED_MEMORY, at_most=True)} |", flush=True)


def limited_table(root: Path, work: Path, rounds: int, connections: int) -> None:
    """A server that gives each connection 10 MB/s: what matters is that all of them are busy."""
    size = 100 * MB * connections
    make_repository(root, size)
    with serving(root, "--rate", str(10 * MB)) as endpoint:
        ours = [*ONCE, "ours", endpoint, ".", str(connections)]
        times = [job_of(measure(ours, work)).seconds for _ in range(rounds)]
    reached = size / median(times)
    print(f"\n10 MB/s a connection, {connections} connections, {size / MB:.0f} MB: {reached / MB:.1f} MB/s, "
          f"{reached / (10 * MB * connections):.3f} of what is there, asked for "
          f"{verdict(reached / (10 * MB * connections), 0.95)}", flush=True)  # fmt: skip


def latency_table(root: Path, work: Path, size: int, rounds: int, connections: int) -> None:
    """50 ms before each answer, as across an ocean, against the fastest peer."""
    path, sha256 = make_repository(root, size)
    with serving(root, "--latency", "0.05") as endpoint:
        others = {name: words for name, words in peers(endpoint + path, sha256).items() if name == "aria2c -x8"}
        runs = race(endpoint, others, work, rounds, connections)
    for name in others:
        ratio = ratios_of(runs[name], runs[f"ours {name}"])
        print(f"\n50 ms added before each answer, {size / 1e9:g} GB, {load()}: {name} / ours {ratio:.2f}, "
              f"asked for {verdict(ratio, 1.0)}", flush=True)  # fmt: skip


PARTS = ("speed", "memory", "limited", "latency", "cancel")


def main() -> int:
    """Run the parts asked for, all of them by default."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)} (default: all)")
    parser.add_argument("--size", type=float, default=2e9, help="bytes of the file (default 2e9)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=6)
    parser.add_argument("--peer", action="append", help="of the table of speeds, only this one; may be repeated")
    options = parser.parse_args()
    parts = options.parts or PARTS
    size, rounds, connections = int(options.size), options.rounds, options.connections
    with tempfile.TemporaryDirectory(prefix="bench-download-") as place:
        root, work = Path(place, "hub"), Path(place, "work")
        if "speed" in parts:
            speed_table(root, work, size, rounds, connections, options.peer)
        if "memory" in parts:
            memory_table(root, work, connections, [100 * MB, 2000 * MB, 10_000 * MB])
        if "limited" in parts:
            limited_table(root, work, 3, connections)
        if "latency" in parts:
            latency_table(root, work, size, rounds, connections)
    if "cancel" in parts:
        cancel_table(50)
    return 0


if __name__ == "__main__":
    sys.exit(main())
