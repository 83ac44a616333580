# SPDX-License-Identifier: GPL-3.0-or-later
"""The words for the catalogue, as a script meets them; bundles and own entries through every other word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.cli import main
from subtitle_editor.core.units import human_size
from tests.core.transfer_kit import data_of
from tests.hub.server import LoopbackHub

pytestmark = pytest.mark.timeout(90)

REAL = Path(__file__).parents[2] / "data" / "tiny_whisper" / "model"
WHISPER = {path.name: path for path in REAL.iterdir()}
BUNDLE = {
    "leejet/Z-Image-Turbo-GGUF": ("z_image_turbo-Q8_0.gguf", data_of(1_300_000, 1)),
    "black-forest-labs/FLUX.1-schnell": ("ae.safetensors", data_of(1_100_000, 2)),
    "unsloth/Qwen3-4B-Instruct-2507-GGUF": ("Qwen3-4B-Instruct-2507-Q8_0.gguf", data_of(1_200_000, 3)),
}
SIZE = sum(len(data) for _, data in BUNDLE.values())


class Line:
    """The command line with a hub, a models folder and a user folder of its own."""

    def __init__(self, place: Path, hub: LoopbackHub, capsys: pytest.CaptureFixture[str]) -> None:
        self.user, self.models, self.hub, self.capsys = place / "user", place / "models", hub, capsys
        self.errors = ""

    def __call__(self, *words: str | Path, json_lines: bool = True) -> tuple[int, Any]:
        place = ("--models-dir", self.models, "--user-dir", self.user, "--endpoint", self.hub.endpoint)
        code = main.main([str(word) for word in ("models", *words, *place, *(("--json",) if json_lines else ()))])
        told = self.capsys.readouterr()
        self.errors = told.err
        return code, [json.loads(line) for line in told.out.splitlines()] if json_lines else told.out

    def ids(self, *words: str) -> list[str]:
        code, rows = self("list", *words)
        assert code == 0
        return [row["id"] for row in rows]


@pytest.fixture
def line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Line]:
    with LoopbackHub() as hub:
        for repo, (name, data) in BUNDLE.items():
            hub.add_model(repo, {name: data, "README.md": b"#"})
        hub.add_model("ada/faster-whisper-fa", {**WHISPER, "README.md": b"#"})
        yield Line(tmp_path, hub, capsys)


# List and show


def test_kinds_and_searches(line: Line):
    assert line.ids("--kind", "dataset") == [
        "parsinlu-reading-comprehension", "common-voice-13-fa", "pn-summary", "parsinlu-translation-fa-en",
    ]  # fmt: skip
    assert line.ids("--kind", "image") == ["z-image-turbo"]
    assert len(line.ids("--kind", "speech-to-text")) == 19
    for typed in ("leejet", "stable-diffusion.cpp", "Z-Image", "text to IMAGE"):
        assert line.ids("--search", typed) == ["z-image-turbo"], typed
    assert line.ids("--search", "kamtera male") == ["persian-tts-male-vits", "persian-tts-female-vits"]
    assert line.ids("--search", "coqui زن") == ["persian-tts-female-vits"]
    # An Arabic keyboard's yeh and kaf; with the joiner and without.
    assert line.ids("--search", "گفتار فارسي") == [
        "persian-tts-male-vits", "persian-tts-female-vits", "common-voice-13-fa",
    ]  # fmt: skip
    assert "persian-tts-male-vits" in line.ids("--search", "PERSIAN") and "tiny" not in line.ids("--search", "persian")
    assert line.ids("--search", "persian", "--installed") == []
    assert line.ids("--kind", "image", "--missing") == ["z-image-turbo"]
    assert line.ids("--search", "no such words") == []


def test_a_bundle_through_every_word(line: Line):
    code, [row] = line("show", "z-image-turbo")
    assert code == 0 and row["state"] == "missing" and row["kind"] == "image" and row["tags"]
    assert [one["repository"] for one in row["repositories"]] == list(BUNDLE)
    assert [(file["name"], file["state"], file["path"]) for file in row["files"]] == [
        (name, "missing", None) for name, _ in BUNDLE.values()
    ]
    code, rows = line("download", "z-image-turbo")
    assert code == 0 and rows[-1]["event"] == "finished"
    last = [row for row in rows if row["event"] == "progress"][-1]
    assert (last["files_done"], last["files_total"], last["bytes_done"], last["bytes_total"]) == (3, 3, SIZE, SIZE)
    code, [row] = line("show", "z-image-turbo")
    assert row["state"] == "installed" and row["size"] == SIZE
    for file in row["files"]:
        name, data = BUNDLE[file["repository"]]
        path = Path(file["path"])
        assert (file["name"], file["size"], file["state"]) == (name, len(data), "installed")
        assert path.is_absolute() and path.read_bytes() == data
    code, text = line("show", "z-image-turbo", json_lines=False)
    assert code == 0 and all(file["path"] in text for file in row["files"])
    code, rows = line("verify", "z-image-turbo")
    assert code == 0 and rows[-1]["verified"] == 3
    flux = Path(row["files"][1]["path"])
    flux.write_bytes(b"x" + flux.read_bytes()[1:])
    code, rows = line("verify", "z-image-turbo")
    assert code == 1 and rows[-1]["damaged"] == ["black-forest-labs/FLUX.1-schnell/ae.safetensors"]
    line.hub.forget_requests()
    assert line("repair", "z-image-turbo")[0] == 0
    assert line.hub.bytes_served("*", host="content") == 1_100_000
    assert line("update", "z-image-turbo", "--check")[1][-1]["update"] is False
    code, rows = line("delete", "z-image-turbo")
    assert code == 0 and rows[-1]["freed"] == SIZE
    assert line.ids("--installed") == []


def test_people_are_told_the_size_of_the_whole(line: Line):
    code, text = line("download", "z-image-turbo", json_lines=False)
    assert code == 0 and text.startswith(f"z-image-turbo: {human_size(SIZE)} in ")


def test_a_part_that_is_gone_is_told_and_fetched_again(line: Line):
    import shutil

    assert line("download", "z-image-turbo")[0] == 0
    shutil.rmtree(line.models / "models--unsloth--Qwen3-4B-Instruct-2507-GGUF")
    code, rows = line("verify", "z-image-turbo")
    assert code == 1 and rows[-1]["missing"] == ["unsloth/Qwen3-4B-Instruct-2507-GGUF"]
    assert line("repair", "z-image-turbo")[0] == 0
    assert line("show", "z-image-turbo")[1][0]["state"] == "installed"


# Own entries


def test_add_use_and_unlist(line: Line):
    code, [row] = line("add", f"{line.hub.endpoint}/ada/faster-whisper-fa/tree/main", "--check")
    assert code == 0 and row["whisper"] is True and row["model"] is None
    assert not line.user.joinpath("catalog.toml").exists()
    code, [row] = line("add", "ada/faster-whisper-fa", "--id", "mine")
    assert code == 0 and (row["event"], row["model"], row["kind"]) == ("finished", "mine", "speech-to-text")
    assert row["catalog"] == str(line.user / "catalog.toml") and row["gated"] is False
    assert line.ids()[-1] == "mine" and line("show", "mine")[1][0]["own"] is True
    assert line("download", "mine")[0] == 0
    code, rows = line("verify")
    assert code == 0 and rows[-1]["model"] == "mine"
    code, [row] = line("add", "ada/faster-whisper-fa")
    assert code == 1 and row["error"] == "catalog_entry" and '"mine"' in row["message"]
    assert line("unlist", "mine")[0] == 0
    code, [row] = line("show", "mine")
    assert code == 1 and row["error"] == "unknown_model"
    code, [row] = line("unlist", "tiny")
    assert code == 1 and row["error"] == "catalog_entry"
    assert (line.models / "models--ada--faster-whisper-fa").is_dir()


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("https://example.org/a/b", "bad_reference"),
        ("ada/nothing", "not_found"),
        ("leejet/Z-Image-Turbo-GGUF@v9", "revision_not_found"),
    ],
)
def test_what_cannot_be_added(line: Line, typed: str, error: str):
    code, [row] = line("add", typed)
    assert code == 1 and row["error"] == error
    code, [row] = line("add", typed, "--offline")
    assert code == 1 and row["error"] == ("bad_reference" if error == "bad_reference" else "offline")


def test_a_broken_own_catalogue_is_told_and_hides_nothing(line: Line):
    line.user.mkdir()
    own = line.user / "catalog.toml"
    own.write_text('[[model]]\nid = "half\n', encoding="utf-8")
    assert line.ids() == [entry.id for entry in reading.load()]
    assert f"{own}, line 2" in line.errors
    own.write_text(
        '[[model]]\nid = "x"\nkind = "language"\n\n'
        '[[model]]\nid = "y"\nname = "Y"\nkind = "language"\nsource = [{ repo = "a/b" }]\n',
        encoding="utf-8",
    )
    assert line.ids()[-1] == "y"
    assert f'{own}, line 1: the entry "x" lacks "name"' in line.errors


def test_an_unknown_id_is_explained_by_a_broken_own_catalogue(line: Line):
    line.user.mkdir()
    (line.user / "catalog.toml").write_text("[[model]\n", encoding="utf-8")
    for words in (("download", "mine"), ("delete", "mine"), ("verify", "mine"), ("import", line.user, "--as", "mine")):
        code, [row] = line(*words)
        assert (code, row["error"]) == (1, "unknown_model")
        assert line.errors.count("catalog.toml") == 1


def test_a_kind_that_there_is_not_is_told(line: Line):
    assert line("list", "--kind", "datasets") == (0, [])
    assert '"datasets"' in line.errors and "dataset, image" in line.errors


def test_names_from_outside_do_nothing_to_the_terminal(line: Line):
    code, told = line("show", "\x1b[2J\x9b2Jtiny\r", json_lines=False)
    assert code == 1 and "tiny" in line.errors and not set("\x1b\x9b\r") & set(told + line.errors)


def test_what_is_in_no_catalogue_any_more_can_still_be_deleted(line: Line):
    line.hub.add_dataset("ada/set", {"a.bin": data_of(1_200_000, 1)})
    for typed, model in (("ada/faster-whisper-fa", "speech"), ("datasets/ada/set", "set")):
        assert line("add", typed, "--id", model)[0] == 0
        assert line("download", model)[0] == 0
        assert line("unlist", model, json_lines=False)[0] == 0 and f"models delete {typed}\n" in line.errors
        code, [row] = line("delete", typed)
        assert code == 0 and row["freed"] > 0
    assert not [path for path in line.models.iterdir() if "--" in path.name]
    for typed in ("ada/never", "datasets/ada/faster-whisper-fa", "../ada/set", "models--ada--set"):
        code, [row] = line("delete", typed)
        assert (code, row["error"]) == (1, "unknown_model")


# Adopt


def test_what_another_program_has_fetched_is_adopted_without_a_copy(line: Line):
    from huggingface_hub import snapshot_download

    line.hub.add_model("Systran/faster-whisper-tiny", WHISPER)
    theirs = snapshot_download(
        "Systran/faster-whisper-tiny", cache_dir=line.models, endpoint=line.hub.endpoint, token=False
    )
    before = sorted(path for path in line.models.rglob("*") if not path.is_dir())
    [row] = line("show", "tiny")[1]
    assert row["state"] == "unverified" and row["installed"] and Path(row["path"]) == Path(theirs)
    assert {file["state"] for file in row["files"]} == {"unverified"}
    line.hub.forget_requests()
    assert line("verify", "tiny")[0] == 0
    [row] = line("show", "tiny")[1]
    assert row["state"] == "installed" and {file["state"] for file in row["files"]} == {"installed"}
    assert not line.hub.requests
    after = sorted(path for path in line.models.rglob("*") if not path.is_dir())
    assert [path.name for path in after if path not in before] == [".subtitle-editor.json"]
