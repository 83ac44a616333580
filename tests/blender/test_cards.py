# SPDX-License-Identifier: GPL-3.0-or-later
"""Graphics cards in the preferences: tried at a click, named with what they lack, fetched for, and advised on."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.hub.server import LoopbackHub

from .test_panels import preferences_drawn

pytestmark = pytest.mark.timeout(90)

GIB = 1 << 30

DRIVER = """
#include <string.h>
int cuInit(unsigned f) { return 0; }
int cuDeviceGetCount(int *n) { *n = 1; return 0; }
int cuDeviceGet(int *d, int n) { *d = n; return 0; }
int cuDeviceGetName(char *name, int length, int d) { strncpy(name, "Made Up 4090", length); return 0; }
int cuDeviceTotalMem_v2(size_t *bytes, int d) { *bytes = 24ul << 30; return 0; }
int cuDevicePrimaryCtxRetain(void **c, int d) { *c = 0; return 0; }
int cuCtxSetCurrent(void *c) { return 0; }
int cuMemGetInfo_v2(size_t *free, size_t *total) { *free = 5ul << 30; return 0; }
int cuDevicePrimaryCtxRelease_v2(int d) { return 0; }
"""


def card(**fields: Any) -> Any:
    from subtitle_editor.core.speech.survey import Card

    return Card(**{"number": 0, "name": "Made Up 4090", "memory": 24 * GIB, "free": 5 * GIB, "works": True, **fields})


def show(*found: Any) -> Any:
    from subtitle_editor.session import state

    state.now.cards = tuple(found)
    return preferences_drawn()


def test_nothing_is_tried_before_somebody_asks(ready: Any) -> None:
    from subtitle_editor.session import state

    assert state.now.cards is None
    layout = preferences_drawn()
    assert "subtitle.check_cards" in layout.buttons() and "Made Up" not in " ".join(layout.texts())


@pytest.mark.skipif(shutil.which("cc") is None or not sys.platform.startswith("linux"), reason="makes a driver with cc")
def test_a_click_tries_them(ready: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "driver.c").write_text(DRIVER, encoding="ascii")
    command = ["cc", "-shared", "-fPIC", "-o", str(tmp_path / "libcuda.so.1"), str(tmp_path / "driver.c")]
    subprocess.run(command, check=True, timeout=60)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    assert bpy.ops.subtitle.check_cards() == {"FINISHED"}
    text = " ".join(preferences_drawn().texts())
    assert "0: Made Up 4090, 25.77 GB, 5.37 GB free" in text
    assert "It lacks libcublasLt.so.12, libcublas.so.12" in text or "It does not work" in text


def test_each_state_has_its_way_on(ready: Any) -> None:
    missing = show(card(works=False, reason="x", missing=("libcublas.so.12",)))
    assert "It lacks libcublas.so.12" in missing.texts() and "subtitle.download_cublas" in missing.buttons()
    broken = show(card(works=False, reason="the driver is too old"))
    assert "It does not work: the driver is too old" in broken.texts()
    good = show(card())
    assert "large-v3 as float16 fits best" in good.texts() and "subtitle.use_advice" in good.buttons()
    assert "No model fits into its free memory" in show(card(free=GIB // 2)).texts()
    silent = show(card(free=0))
    assert "0: Made Up 4090, 25.77 GB" in silent.texts() and "large-v3 as float16 fits best" in silent.texts()
    assert "There is no graphics card of NVIDIA's, or no driver for it" in show().texts()


def test_advice_is_taken_at_a_click(ready: Any, addon: Any) -> None:
    show(card(free=3 * GIB), card(number=1, free=2 * GIB))
    assert bpy.ops.subtitle.use_advice(card=0) == {"FINISHED"}
    assert (ready.model, addon.compute_type, addon.device) == ("large-v3-turbo", "float16", "auto")
    assert bpy.ops.subtitle.use_advice(card=1) == {"FINISHED"}
    assert (addon.compute_type, addon.device, addon.device_number) == ("int8_float16", "cuda", 1)
    assert bpy.ops.subtitle.use_advice(card=7) == {"CANCELLED"}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="an archive for Linux")
def test_what_is_missing_is_a_click_away(ready: Any, hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the entry of the built-in catalogue, with NVIDIA's address put elsewhere, to the request of the child."""
    import dataclasses

    from subtitle_editor.core.catalog import reading
    from subtitle_editor.core.catalog.entries import CUBLAS, Catalog, Manifest
    from subtitle_editor.core.library import runtimes
    from subtitle_editor.session import settings

    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:xz") as archive:
        for name in ("libcublas.so.12", "libcublasLt.so.12"):
            info = tarfile.TarInfo(f"x/lib/{name}.9.1.4")
            info.size = 3
            archive.addfile(info, io.BytesIO(b"lib"))
    data = buffer.getvalue()
    hub.add_file("a.tar.xz", data)
    row = {"relative_path": "a.tar.xz", "sha256": hashlib.sha256(data).hexdigest(), "size": str(len(data))}
    url = hub.add_file("redistrib_12.9.1.json", json.dumps({"libcublas": {"linux-x86_64": row}}).encode())
    built_in = reading.load()
    changed = Catalog(
        tuple(
            dataclasses.replace(entry, manifest=Manifest(url, "libcublas")) if entry.id == CUBLAS else entry
            for entry in built_in
        )
    )
    monkeypatch.setattr(reading, "_built_in", lambda: changed)
    reading._load.cache_clear()
    try:
        assert bpy.ops.subtitle.download_cublas() == {"FINISHED"}
        models_dir = settings.get(bpy.context).models_dir
        folder = runtimes.cuda(models_dir, reading.load())
        assert folder is not None and (folder / "libcublas.so.12").read_bytes() == b"lib"
    finally:
        reading._load.cache_clear()
