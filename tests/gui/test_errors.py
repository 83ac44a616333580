# SPDX-License-Identifier: GPL-3.0-or-later
"""What the user reads when it does not work: what happened, to what, and what to do next."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.server import LoopbackHub

from .conftest import BASE, DOWNLOAD, MODEL_BYTES, MODEL_FILES, SLOW, TINY, Pictures, start
from .window import Window

pytestmark = pytest.mark.timeout(180)


def test_wrong_token(ready: Window, picture: Pictures) -> None:
    ready.run("preferences().token = 'hf_' + 34 * 'x'")
    ready.click(DOWNLOAD)
    ready.wait_to_read("refused the token", "preferences")
    ready.rest()
    picture("panel")
    assert "xxxx" not in " ".join(ready.texts()) + ready.log()


def test_gated_repository(ready: Window, hub: LoopbackHub, picture: Pictures) -> None:
    hub.add_model(BASE, {file.name: file for file in MODEL_FILES.iterdir()}, gated=True)
    ready.run("choose('base')")
    ready.click(DOWNLOAD)
    ready.wait_to_read(BASE, "accept its licence", f"{hub.endpoint}/{BASE}")
    ready.rest()
    picture("panel")


def test_missing_repository(ready: Window, hub: LoopbackHub, picture: Pictures) -> None:
    hub.remove_repo(TINY)
    ready.click(DOWNLOAD)
    ready.wait_to_read("has no repository", TINY)
    ready.rest()
    picture("panel")


def test_hub_down(ready: Window, hub: LoopbackHub, picture: Pictures) -> None:
    hub.close()
    ready.click(DOWNLOAD)
    ready.wait_to_read("127.0.0.1", "cannot be reached", timeout=90)
    ready.rest()
    picture("panel")


@pytest.fixture
def small_disk(user: Path) -> Iterator[Path]:
    """The models folder on a file system of 68 MB: a little more than what is always left free."""
    folder = user / "models"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=68m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("a small file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_disk_too_small(small_disk: Path, ready: Window, hub: LoopbackHub, picture: Pictures) -> None:
    """Said before the first byte is fetched."""
    (small_disk / "film.mov").write_bytes(bytes(20_000_000))
    ready.click(DOWNLOAD)
    ready.wait_to_read("free", "choose another models folder")
    ready.rest()
    picture("panel")
    assert hub.bytes_served("*", "content") == 0


def test_disk_full_on_the_way(small_disk: Path, ready: Window, hub: LoopbackHub, picture: Pictures) -> None:
    """The download pauses, says why, and goes on when there is room."""
    hub.settings.rate = SLOW
    start(ready)
    film = small_disk / "film.mov"
    with film.open("wb") as file, pytest.raises(OSError, match="No space"):
        while True:
            file.write(bytes(100_000))
            file.flush()
    hub.settings.rate = None
    ready.wait("[state for _, _, state in jobs()] == ['paused']")
    ready.wait_to_read("Paused at", "Free some space")
    ready.rest()
    picture("panel")
    film.unlink()
    ready.click("subtitle.resume_download(")
    ready.wait("ended('Finished') > 0")
    assert any(file.read_bytes() == MODEL_BYTES for file in small_disk.rglob("model.bin"))
