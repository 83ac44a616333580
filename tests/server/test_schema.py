# SPDX-License-Identifier: GPL-3.0-or-later
"""The OpenAPI document is true: schemathesis asks every address whatever the document allows, and what it forbids."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.server import LoopbackHub

from .kit import Service, add_models, running

pytest.importorskip("schemathesis", reason="schemathesis is not installed")

pytestmark = pytest.mark.timeout(900)

LONG = bool(os.environ.get("SUBTITLE_EDITOR_LONG_TESTS"))
EXAMPLES = 400 if LONG else 12

HOOKS = '''
import json, os, random, re, urllib.request
import schemathesis

ADDRESS = os.environ["SERVICE_ADDRESS"]

ID = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,79}", re.ASCII)

def ids(path, key):
    with urllib.request.urlopen(ADDRESS + path) as answer:
        return [row[key] for row in json.load(answer)["data"]]

@schemathesis.hook
def map_path_parameters(context, path_parameters):
    """Half of the ids are of something that there is: the answers for those are to be true as well."""
    if path_parameters and random.random() < 0.6:
        for name, path, key in (
            ("job", "/api/sources/downloads", "job"),
            ("job", "/api/sources/history", "job"),
            ("task", "/api/sources/tasks", "task"),
            ("id", "/api/sources/catalog", "id"),
        ):
            if name in path_parameters and (found := ids(path, key)):
                path_parameters[name] = random.choice(found)
    return path_parameters

@schemathesis.hook
def map_body(context, body):
    if isinstance(body, dict) and ID.fullmatch(str(body.get("model"))) and random.random() < 0.6:
        body["model"] = random.choice(("tiny", "base", "small", "medium"))
    return body
'''


@pytest.fixture
def asked(hub: LoopbackHub, tmp_path: Path) -> Iterator[Service]:
    """With something installed, something that cannot be had, and limits that do not count."""
    add_models(hub, "tiny", "base")
    words = ["--rate", "1000000", "--change-rate", "1000000", "--max-jobs", "10000", "--concurrency", "4"]
    with running(tmp_path / "service", hub.endpoint, words) as service:
        service.wait(service.download("tiny"), "done")
        service.wait(service.download("medium"), "failed")
        service.task("verify", "tiny")
        # So that there are downloads under way to be asked for.
        hub.settings.rate = 20_000
        service.download("base")
        yield service


def test_schemathesis_finds_nothing(asked: Service, tmp_path: Path) -> None:
    (tmp_path / "hooks.py").write_text(HOOKS)
    environment = {
        **os.environ,
        "SERVICE_ADDRESS": asked.address,
        "SCHEMATHESIS_HOOKS": "hooks",
        "PYTHONPATH": str(tmp_path),
    }
    limits = ["--max-examples", str(EXAMPLES), "--seed", "1", "--request-timeout", "30"]
    words = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{asked.address}/api/openapi.json", "--no-color"),
        # DELETE of a download cancels it, and the download stays to be looked at: nothing is used after it was freed.
        *("--exclude-checks", "use_after_free"),
        # The one that never ends by itself.
        *("--exclude-path", "/api/sources/events"),
        *limits,
    ]
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=880, check=False, env=environment, cwd=tmp_path
    )
    print(done.stdout[-12000:], done.stderr[-2000:])
    assert done.returncode == 0
    counts = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert counts is not None and counts[1] == counts[2] and int(counts[1]) > 300
    assert asked.good("GET", "/api/health")["status"] == "ok"
    log = (asked.user / "logs" / "subtitle-editor.log").read_text()
    assert "Traceback" not in log and " ERROR " not in log
