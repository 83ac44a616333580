# SPDX-License-Identifier: GPL-3.0-or-later
"""Graphics cards: found, tried in a process of their own, and left when they fail.

No machine of the tests has one. The driver is a real library with the driver's functions, compiled here; a model that
fails as on a card is the real one with the failure put before it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.cli import devices
from subtitle_editor.core.errors.speech import CardsUnknownError, GraphicsCardError
from subtitle_editor.core.events import Failed
from subtitle_editor.core.speech import cards, model, process, serving, smallest, survey
from subtitle_editor.core.speech.job import Transcription
from subtitle_editor.core.speech.request import TranscriptionRequest
from subtitle_editor.core.speech.segments import Place
from subtitle_editor.core.speech.survey import Card, advice
from tests.core import speech_kit

pytestmark = pytest.mark.timeout(120)

GIB = 1 << 30
needs_compiler = pytest.mark.skipif(
    shutil.which("cc") is None or not sys.platform.startswith("linux"), reason="makes a library with cc"
)

DRIVER = r"""
#include <string.h>
#include <stdlib.h>
#include <unistd.h>
int cuInit(unsigned flags) { return 0; }
int cuDeviceGetCount(int *count) { *count = 2; return 0; }
int cuDeviceGet(int *device, int number) { *device = number + 7; return 0; }
int cuDeviceGetName(char *name, int length, int device) {
    strncpy(name, device == 7 ? "Made Up 4090" : "Made Up 1030", length); return 0;
}
int cuDeviceTotalMem_v2(size_t *bytes, int device) { *bytes = (device == 7 ? 24ul : 2ul) << 30; return 0; }
int cuDevicePrimaryCtxRetain(void **context, int device) { *context = (void *)(long)device; return 0; }
static long current;
int cuCtxSetCurrent(void *context) { current = (long)context; return 0; }
int cuMemGetInfo_v2(size_t *free, size_t *total) {
    if (getenv("DRIVER_ABORTS")) abort();
    if (getenv("DRIVER_HANGS")) for (;;) sleep(1);
    if (getenv("DRIVER_IS_SILENT")) return 1;
    *free = current == 7 ? 20ul << 30 : 1ul << 30; *total = 0; return 0;
}
int cuDevicePrimaryCtxRelease_v2(int device) { return 0; }
"""


def compiled(folder: Path, name: str, source: str, soname: str = "") -> Path:
    """A shared library made of C."""
    code = folder / "library.c"
    code.write_text(source, encoding="ascii")
    path = folder / name
    subprocess.run(
        ["cc", "-shared", "-fPIC", f"-Wl,-soname,{soname or name}", "-o", str(path), str(code)], check=True, timeout=60
    )
    return path


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A driver with two cards, found as the system finds one."""
    path = compiled(tmp_path, "libcuda.so.1", DRIVER)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    return path


@needs_compiler
def test_cards_by_name_and_memory(driver: Path) -> None:
    first, second = survey.cards()
    assert (first.number, first.name, first.memory, first.free) == (0, "Made Up 4090", 24 * GIB, 20 * GIB)
    assert (second.number, second.name, second.memory, second.free) == (1, "Made Up 1030", 2 * GIB, GIB)
    # The driver's other functions are missing, so it cannot compute; and this machine lacks CUDA's libraries.
    for card in (first, second):
        assert not card.works and card.reason
    if cards.missing():
        assert first.missing == cards.LIBRARIES


@needs_compiler
def test_a_driver_that_ends_the_process_harms_nobody(driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it is not said that there is no card."""
    monkeypatch.setenv("DRIVER_ABORTS", "1")
    with pytest.raises(CardsUnknownError, match="ended with code"):
        survey.cards()


@needs_compiler
def test_a_driver_that_hangs_is_no_missing_card(
    driver: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from subtitle_editor.core.cli.main import main

    monkeypatch.setenv("DRIVER_HANGS", "1")
    monkeypatch.setattr(survey, "_LIST_LIMIT", 2.0)
    with pytest.raises(CardsUnknownError, match="has not answered for 2 s"):
        survey.cards()
    assert main(["devices", "--models-dir", str(tmp_path)]) == 1
    said = capsys.readouterr()
    assert "cpu     processor" in said.out + said.err and "no graphics card" not in said.out + said.err
    assert "has not answered" in said.err


@needs_compiler
def test_a_probe_that_hangs_ends_though_nobody_ends_it(driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DRIVER_HANGS", "1")
    request = b'{"do": "list", "libraries": "", "limit": -4.0}\n'
    child = Path(survey.__file__).with_name("child.py")
    ended = subprocess.run([sys.executable, "-P", str(child), "probe"], input=request, timeout=60, check=False)
    assert ended.returncode == 3


def test_no_card_at_all() -> None:
    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        pytest.skip("this machine has a graphics card")
    assert survey.cards() == []


@needs_compiler
def test_our_folder_gives_what_the_system_lacks(driver: Path, tmp_path: Path) -> None:
    if not cards.missing():
        pytest.skip("this machine has CUDA's libraries")
    ours = tmp_path / "ours"
    ours.mkdir()
    compiled(ours, "libcublasLt.so.12", "int cublasLtGetVersion(void) { return 1; }")
    assert survey.cards(ours)[0].missing == ("libcublas.so.12",)
    compiled(ours, "libcublas.so.12", "int cublasGetVersion(void) { return 1; }")
    assert survey.cards(ours)[0].missing == ()
    assert cards.missing(), "they were loaded in the child alone"


def test_the_smallest_model_computes(tmp_path: Path) -> None:
    smallest.save(str(tmp_path))
    assert smallest.decode(str(tmp_path), "cpu", 0, "default") == "float32"
    assert smallest.decode(str(tmp_path), "cpu", 0, "int8").startswith("int8")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 2_000_000


@pytest.mark.parametrize(
    ("gib", "model", "compute_type"),
    [
        (80.0, "large-v3", "float16"),
        (4.6, "large-v3", "float16"),
        (4.4, "large-v3-turbo", "float16"),
        (2.0, "large-v3-turbo", "int8_float16"),
        (1.5, "small", "float16"),
        (1.1, "small", "int8_float16"),
    ],
)
def test_the_model_that_fits(gib: float, model: str, compute_type: str) -> None:
    found = advice(int(gib * GIB))
    assert found is not None and (found.model, found.compute_type) == (model, compute_type)
    assert reading.load().get(found.model)


def test_a_card_too_small_for_any() -> None:
    assert advice(GIB // 2) is None
    assert Card(0, "x", GIB, GIB // 2, works=True).as_dict()["model"] == ""


@needs_compiler
def test_a_driver_that_does_not_say_what_is_free(driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its memory counts then: of 0 bytes nothing would fit."""
    monkeypatch.setenv("DRIVER_IS_SILENT", "1")
    first, second = survey.cards()
    assert (first.free, second.free) == (0, 0)
    assert first.as_dict()["model"] == "large-v3" and second.as_dict()["model"] == "large-v3-turbo"
    assert "free" not in devices._line(Card(0, "x", 24 * GIB, 0, works=True))


# Going on with less


class Wrapped:
    """The real model on the processor, with what a card would do first."""

    def __init__(self, real: Any, before: Any) -> None:
        self._real = real
        self._before = before

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def generate(self, *args: Any, **options: Any) -> Any:
        self._before()
        return self._real.generate(*args, **options)


def heard(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fails: Any, **options: Any
) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    """What the child says when `fails(compute_type, windows heard)` is what a card does; and what was loaded."""
    media = speech_kit.write(
        tmp_path / "long.wav", *(part for _ in range(10) for part in (speech_kit.clip("hello"), speech_kit.silence(4)))
    )
    said: list[dict[str, Any]] = []
    loaded: list[tuple[str, str]] = []
    real = model.load

    def load(path: str, device: str, index: int, compute_type: str, threads: int) -> Any:
        loaded.append((device, compute_type))
        found = real(path, "cpu", 0, "default", threads)
        if device == "cuda":

            def before() -> None:
                if error := fails(compute_type, sum(record["type"] == "window" for record in said)):
                    raise RuntimeError(error)

            found.model._model = Wrapped(found.model._model, before)
        return found

    class Records:
        def send(self, type: str, **fields: Any) -> None:
            said.append({"type": type, **fields})

        def notice(self, message: str, **fields: str) -> None:
            self.send("notice", message=message, fields=fields)

    monkeypatch.setattr(model, "load", load)
    monkeypatch.setattr(
        cards, "devices", lambda wanted, compute_type: [
            *(cards.Device("cuda", 0, one) for one in ("default", "int8_float16")),
            *([cards.Device("cpu", 0, "default")] if wanted == "auto" else []),
        ],
    )  # fmt: skip
    request = process._as_json(
        TranscriptionRequest(
            media=media, model_path=speech_kit.MODEL, language="en", beam_size=1, temperature=(0.0,), threads=1,
            **options,
        ),
        Place(),
        0.0,
    )  # fmt: skip
    serving._answer(request, Records(), serving.Shelf())  # type: ignore[arg-type]
    return said, loaded


MEMORY = "CUDA failed with error out of memory"
ALLOCATION = "cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED"


def words(said: list[dict[str, Any]]) -> list[tuple[float, str]]:
    return [(record["start"], record["text"]) for record in said if record["type"] == "segment"]


@pytest.mark.parametrize("words_of_the_card", [MEMORY, ALLOCATION])
def test_out_of_memory_goes_on_with_less_and_then_with_the_processor(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words_of_the_card: str
) -> None:
    """In the middle: what was heard before is neither heard again nor lost."""
    undisturbed, _ = heard(monkeypatch, tmp_path, lambda kind, windows: "")
    windows = sum(record["type"] == "window" for record in undisturbed)
    assert windows >= 3 and undisturbed[-1]["type"] == "end"
    monkeypatch.undo()

    def fails(kind: str, windows: int) -> str:
        return words_of_the_card if windows >= (1 if kind == "default" else 2) else ""

    said, loaded = heard(monkeypatch, tmp_path, fails)
    assert loaded == [("cuda", "default"), ("cuda", "int8_float16"), ("cpu", "default")]
    assert words(said) == words(undisturbed) and said[-1]["type"] == "end"
    assert sum(record["type"] == "window" for record in said) == windows
    assert [record["message"] for record in said if record["type"] == "notice"] == [
        "The graphics card's memory is too small for this model; going on with less precision.",
        "The graphics card's memory is too small for this model; using the processor.",
    ]


def test_out_of_memory_with_a_card_that_was_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(serving.driver, "found", lambda: [serving.driver.Found(0, "a card", GIB, 0)])
    said, _ = heard(monkeypatch, tmp_path, lambda kind, windows: MEMORY, device="cuda")
    assert said[-1]["type"] == "error" and said[-1]["code"] == "graphics_card"
    assert said[-1]["fields"]["memory"] == "1"


@needs_compiler
def test_a_card_that_is_not_there_is_said_to_be_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not that libraries are missing: without a card, and with another number, they would not help."""

    def said(device: str) -> Failed:
        job = Transcription(
            TranscriptionRequest(media=speech_kit.SPEECH / "hello.flac", model_path=speech_kit.MODEL, device=device)
        )
        job.start()
        assert job.wait(60)
        end = job.drain()[-1]
        assert isinstance(end, Failed) and isinstance(end.error, GraphicsCardError), end
        assert not end.error.missing
        return end

    import ctranslate2

    if ctranslate2.get_cuda_device_count():
        pytest.skip("this machine has a graphics card")
    assert "there is none of NVIDIA's" in str(said("cuda").error)
    compiled(tmp_path, "libcuda.so.1", DRIVER)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    assert "no card 5, they are: 0 (Made Up 4090), 1 (Made Up 1030)" in str(said("cuda:5").error)


def test_several_windows_at_once_become_one_before_anything_else(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Less at a time is the least that a user loses."""
    at_once: list[int] = []
    real = serving.Listener.hear_many

    def hear_many(self: Any, windows: Any, offset: float) -> Any:
        at_once.append(len(windows))
        if len(windows) > 1:
            raise RuntimeError(MEMORY)
        return real(self, windows, offset)

    monkeypatch.setattr(serving.Listener, "hear_many", hear_many)
    said, loaded = heard(monkeypatch, tmp_path, lambda kind, windows: "", batch_size=4)
    assert said[-1]["type"] == "end" and len(words(said)) >= 3
    assert loaded == [("cuda", "default")] and max(at_once) > 1
    assert [record["message"] for record in said if record["type"] == "notice"] == [
        "The graphics card's memory is too small for so much at once; hearing one window after the other."
    ]


@needs_compiler
def test_a_missing_library_is_named_and_the_processor_goes_on(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said, loaded = heard(
        monkeypatch, tmp_path, lambda kind, windows: "Library libcublas.so.12 is not found or cannot be loaded"
    )
    assert loaded == [("cuda", "default"), ("cpu", "default")] and said[-1]["type"] == "end"
    if cards.missing():
        notice = next(record for record in said if record["type"] == "notice")
        assert notice["fields"] == {"missing": "libcublasLt.so.12, libcublas.so.12"}


def test_the_environment_reaches_the_probe() -> None:
    assert "HF_TOKEN" not in survey.environment() and os.environ.get("PATH") == survey.environment().get("PATH")
