# SPDX-License-Identifier: GPL-3.0-or-later
"""A repository into the user's own catalogue and out again, and what people type to name one."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subtitle_editor.core.catalog import kinds, reading
from subtitle_editor.core.catalog import own as catalog_add
from subtitle_editor.core.catalog.entries import Source
from subtitle_editor.core.download_manager import DownloadManager
from subtitle_editor.core.errors.catalog import CatalogEntryError, CatalogError, HubReferenceError, UnsuitableModelError
from subtitle_editor.core.errors.disk import FolderNotWritableError
from subtitle_editor.core.errors.hub import RepositoryNotFoundError, RevisionNotFoundError
from subtitle_editor.core.errors.network import OnlineAccessError
from subtitle_editor.core.hub import look
from subtitle_editor.core.hub.client import Hub
from subtitle_editor.core.hub.reference import Reference, parse
from subtitle_editor.core.hub.tokens import Token
from subtitle_editor.core.library import layout, states, status
from tests.hub.server import LoopbackHub

pytestmark = pytest.mark.timeout(60)

REAL = Path(__file__).parents[2] / "data" / "tiny_whisper" / "model"
WHISPER = {path.name: path for path in REAL.iterdir()}
SIZE = sum(path.stat().st_size for path in WHISPER.values())
MINE = "ada/faster-whisper-fa"


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as hub:
        hub.add_model(MINE, {**WHISPER, "README.md": b"#"})
        hub.describe(MINE, ["license:apache-2.0", "fa", "whisper", "region:us"], "automatic-speech-recognition")
        yield hub


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "user" / "catalog.toml"


# What people type


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("ada/whisper", Reference("ada/whisper")),
        ("  <ada/whisper> ", Reference("ada/whisper")),
        ("ada/whisper@v2", Reference("ada/whisper", revision="v2")),
        ("datasets/ada/speech", Reference("ada/speech", "dataset")),
        ("hf://ada/whisper", Reference("ada/whisper")),
        ("hf://datasets/ada/speech@v1/train/a.tar", Reference("ada/speech", "dataset", "v1", "train/a.tar")),
        ("hf://ada/w@refs%2Fpr%2F1", Reference("ada/w", revision="refs/pr/1")),
        ("https://huggingface.co/ada/whisper", Reference("ada/whisper")),
        ("HTTPS://HuggingFace.co/ada/whisper/", Reference("ada/whisper")),
        ("huggingface.co/ada/whisper?library=x#usage", Reference("ada/whisper")),
        ("https://hf.co/ada/whisper/tree/main", Reference("ada/whisper")),
        ("https://www.huggingface.co/ada/whisper/tree/v1.0", Reference("ada/whisper", revision="v1.0")),
        ("https://hf-mirror.com/ada/whisper/discussions/3", Reference("ada/whisper")),
        ("https://huggingface.co/datasets/ada/speech/viewer", Reference("ada/speech", "dataset")),
        (
            "https://huggingface.co/datasets/ada/speech/tree/refs%2Fconvert%2Fparquet/default",
            Reference("ada/speech", "dataset", "refs/convert/parquet", "default"),
        ),
        (
            "https://huggingface.co/ada/w/blob/main/sub%20dir/model.gguf",
            Reference("ada/w", path="sub dir/model.gguf", is_file=True),
        ),
        (
            "https://huggingface.co/ada/w/resolve/abc1234/m.gguf?download=true",
            Reference("ada/w", revision="abc1234", path="m.gguf", is_file=True),
        ),
        ("https://mirror.example:8443/hub/ada/whisper", Reference("ada/whisper")),
        ("https://me:pw@Mirror.example:8443/hub/ada/whisper", Reference("ada/whisper")),
        ("https://mirror.example:8443/hubby/ada", Reference("hubby/ada")),
    ],
)
def test_what_people_type_and_paste(typed: str, expected: Reference):
    assert parse(typed, "https://mirror.example:8443/hub") == expected


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "whisper",
        "https://huggingface.co",
        "https://huggingface.co/ada",
        "https://huggingface.co/spaces/ada/demo",
        "https://example.org/ada/whisper",
        "https://huggingface.co.evil.example/ada/whisper",
        "file:///etc/passwd",
        "ftp://huggingface.co/ada/whisper",
        "../../etc/passwd",
        "ada/..",
        "ada/whisper@../../x",
        "https://huggingface.co/ada/w/blob/main/..%2F..%2Fx",
        "https://huggingface.co/ada/w/tree/..%2Fx",
        "https://[::1/ada/whisper",
        "ada whisper/x y",
    ],
)
def test_what_names_no_repository_is_refused(typed: str):
    with pytest.raises(HubReferenceError):
        parse(typed)


def test_a_refusal_repeats_no_secret():
    with pytest.raises(HubReferenceError) as caught:
        parse("https://me:pw@cdn.example/a/b?X-Amz-Signature=abc")
    assert caught.value.text == "https://cdn.example/a/b" and "pw" not in str(caught.value)


def test_a_refusal_says_why():
    for typed, reason in [
        ("https://example.org/a/b", "no address of the hub (huggingface.co)"),
        ("https://[::1/a/b", "is no address."),
        ("https://huggingface.co/spaces/a/b", "is a space"),
        ("https://huggingface.co/a", "names no repository"),
    ]:
        with pytest.raises(HubReferenceError) as caught:
            parse(typed)
        assert reason in caught.value.message and typed in caught.value.message


@given(st.text(max_size=60) | st.lists(st.sampled_from(
    ["https://", "huggingface.co", "/", "datasets", "ada", "..", "@", "tree", "%2F", "hf:", "refs", "\\", ":", "?", "["]
)).map("".join))  # fmt: skip
def test_nothing_typed_leaves_the_folder_or_crashes(typed: str):
    try:
        found = parse(typed)
    except HubReferenceError:
        return
    folder = layout.repository_folder(Path("/models"), Source(found.repo, found.repo_type))
    assert os.path.normpath(folder) == str(folder) and folder.parent == Path("/models")


# Look


def test_a_whisper_model_is_known_by_its_files_and_their_content(hub: LoopbackHub):
    found = look.inspect(Hub(hub.endpoint), MINE)
    assert found.whisper is True and found.kind == kinds.SPEECH_TO_TEXT
    assert (found.size, found.files, found.gated, found.readable) == (SIZE, 5, False, True)
    assert found.licence == "apache-2.0" and found.languages == ("fa",)
    assert (found.provider, found.name) == ("ada", "faster-whisper-fa")
    assert found.source == Source(MINE, allow=look._WHISPER_FILES, optional=look._WHISPER_EXTRA)


def test_other_kinds(hub: LoopbackHub):
    service = Hub(hub.endpoint)
    for task, kind in [("text-to-speech", "text-to-speech"), ("text-to-image", "image"), (None, "language")]:
        hub.add_model("ada/other", {"model.safetensors": b"x" * 10, "config.json": b"{}"})
        hub.describe("ada/other", task=task)
        found = look.inspect(service, "ada/other")
        assert (found.kind, found.whisper, found.size) == (kind, False, 12)
    hub.add_dataset("ada/set", {"a.txt": b"a"})
    assert look.inspect(service, f"{hub.endpoint}/datasets/ada/set").kind == kinds.DATASET
    assert look.inspect(service, "ada/other", kind=kinds.IMAGE).kind == kinds.IMAGE


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"model.safetensors": b"x", "config.json": b"{}"}, "no model.bin, tokenizer.json"),
        ({**WHISPER, "model.bin": b""}, "no model.bin"),
        ({**WHISPER, "model.bin": b"\x06\0\0\0\x10\0TransformerSpec\0" + bytes(100)}, "none of Whisper"),
        ({**WHISPER, "model.bin": b"pickle"}, "none of Whisper"),
    ],
)
def test_a_speech_model_that_cannot_be_loaded_is_refused(hub: LoopbackHub, files: dict[str, bytes], reason: str):
    hub.add_model("ada/pytorch", files)
    hub.describe("ada/pytorch", task="automatic-speech-recognition")
    with pytest.raises(UnsuitableModelError, match=reason):
        look.inspect(Hub(hub.endpoint), "ada/pytorch")
    with pytest.raises(UnsuitableModelError, match=reason):
        look.inspect(Hub(hub.endpoint), "ada/pytorch", kind=kinds.SPEECH_TO_TEXT)
    assert look.inspect(Hub(hub.endpoint), "ada/pytorch", kind=kinds.LANGUAGE).whisper is False


def test_a_gated_model_says_so_and_a_token_opens_it(hub: LoopbackHub):
    hub.add_model(MINE, WHISPER, gated=True)
    found = look.inspect(Hub(hub.endpoint), MINE)
    assert (found.gated, found.readable, found.whisper) == (True, False, None)
    assert found.kind == kinds.SPEECH_TO_TEXT
    hub.accept_token("hf_ada", "ada")
    hub.grant(MINE, "ada")
    found = look.inspect(Hub(hub.endpoint, Token("hf_ada")), MINE)
    assert (found.gated, found.readable, found.whisper) == (True, True, True)


def test_what_is_not_there(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch):
    service = Hub(hub.endpoint)
    with pytest.raises(RepositoryNotFoundError):
        look.inspect(service, "ada/nothing")
    with pytest.raises(RevisionNotFoundError):
        look.inspect(service, f"{MINE}@v9")
    asked = len(hub.requests)
    with pytest.raises(OnlineAccessError):
        look.inspect(Hub(hub.endpoint, offline=True), MINE)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(OnlineAccessError, match="HF_HUB_OFFLINE"):
        look.inspect(service, MINE)
    assert len(hub.requests) == asked


# Write


def test_added_downloaded_removed(hub: LoopbackHub, own: Path, tmp_path: Path):
    entry = catalog_add.add(own, look.inspect(Hub(hub.endpoint), f"{hub.endpoint}/{MINE}/tree/main"))
    assert entry == reading.load(own).get("faster-whisper-fa") and entry.own
    assert (entry.kind, entry.size, entry.licence, entry.provider) == ("speech-to-text", SIZE, "apache-2.0", "ada")
    assert entry.languages == ("fa",)
    manager = DownloadManager(tmp_path / "models", endpoint=hub.endpoint, catalog=reading.load(own))
    assert manager.wait(manager.enqueue(entry.id), 30)
    assert status.status(tmp_path / "models", entry).state is states.ModelState.INSTALLED
    assert manager.shutdown(10)
    catalog_add.remove(own, entry.id)
    assert reading.load(own).entries == reading.load().entries
    assert status.find(tmp_path / "models", entry)
    assert [path.name for path in own.parent.iterdir()] == ["catalog.toml"]


def test_one_file_of_a_repository(hub: LoopbackHub, own: Path):
    hub.add_model("ada/gguf", {"a-Q4.gguf": b"4" * 40, "a-Q8.gguf": b"8" * 80, "sub/[1].bin": b"1", "sub/2.bin": b"22"})
    service = Hub(hub.endpoint)
    found = look.inspect(service, f"{hub.endpoint}/ada/gguf/blob/main/a-Q8.gguf")
    assert (found.size, found.files) == (80, 1)
    entry = catalog_add.add(own, found, "q8")
    assert entry.sources == (Source("ada/gguf", allow=("a-Q8.gguf",)),)
    assert look.inspect(service, "hf://ada/gguf/sub").size == 3
    assert look.inspect(service, "hf://ada/gguf/sub/[1].bin").size == 1


BY_HAND = """\
# My models. ‏فارسی

[[model]]  # the first
id = "first"   # odd   spacing
name = 'First'
kind = "language"
description = \"\"\"
[[model]]
id = "not one"
\"\"\"
source = [{ repo = "ada/first" }]

# About the second.
[[model]]
id = "second"
name = "Second"
kind = "language"
[[model.source]]
repo = "ada/second"

[other]
kept = true
"""


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_what_was_written_by_hand_stays(hub: LoopbackHub, own: Path, eol: str, end: str):
    own.parent.mkdir()
    text = BY_HAND.rstrip("\n").replace("\n", eol) + end.replace("\n", eol)
    own.write_bytes(text.encode())
    assert not reading.load(own).problems
    found = look.inspect(Hub(hub.endpoint), MINE)
    catalog_add.add(own, found)
    written = own.read_bytes().decode()
    assert written.startswith(text) and written.count("\r\n") == (written.count("\n") if eol == "\r\n" else 0)
    assert [one.id for one in reading.load(own) if one.own] == ["first", "second", "faster-whisper-fa"]
    catalog_add.remove(own, "faster-whisper-fa")
    assert own.read_bytes().decode().rstrip() == text.rstrip()
    catalog_add.remove(own, "second")
    assert [one.id for one in reading.load(own) if one.own] == ["first"]
    assert "# About the second." in own.read_text(encoding="utf-8")
    assert tomllib.loads(own.read_text(encoding="utf-8"))["other"] == {"kept": True}
    catalog_add.remove(own, "first")
    assert tomllib.loads(own.read_text(encoding="utf-8")) == {"other": {"kept": True}}


def test_ids_do_not_collide(hub: LoopbackHub, own: Path):
    service = Hub(hub.endpoint)
    hub.add_model("bob/faster-whisper-fa", WHISPER)
    hub.add_model("eve/tiny", {"a": b"a"})
    catalog_add.add(own, look.inspect(service, MINE))
    assert catalog_add.add(own, look.inspect(service, "bob/faster-whisper-fa")).id == "bob-faster-whisper-fa"
    assert catalog_add.add(own, look.inspect(service, "eve/tiny")).id == "eve-tiny"
    for bad in ("tiny", "Faster-Whisper-FA", "../x", "", "a b"):
        hub.add_model("eve/more", {"a": b"a"})
        with pytest.raises(CatalogEntryError):
            catalog_add.add(own, look.inspect(service, "eve/more"), bad)
    with pytest.raises(CatalogEntryError, match="faster-whisper-fa"):
        catalog_add.add(own, look.inspect(service, MINE), "again")
    hub.add_model("Systran/faster-whisper-tiny", WHISPER)
    with pytest.raises(CatalogEntryError, match='"tiny"'):
        catalog_add.add(own, look.inspect(service, "Systran/faster-whisper-tiny"))


@pytest.mark.parametrize("text", ['[[model]]\nid = "x', "\xff", 'model = [{ id = "inline" }]\n', "model = 1\n"])
def test_a_file_that_nothing_can_be_added_to_stays_as_it_is(hub: LoopbackHub, own: Path, text: str):
    own.parent.mkdir()
    data = text.encode("latin-1")
    own.write_bytes(data)
    with pytest.raises((CatalogError, CatalogEntryError)) as caught:
        catalog_add.add(own, look.inspect(Hub(hub.endpoint), MINE))
    assert str(own) in str(caught.value)
    assert own.read_bytes() == data


def test_only_what_was_added_is_removed(own: Path):
    for model in ("tiny", "nothing"):
        with pytest.raises(CatalogEntryError, match=model):
            catalog_add.remove(own, model)


def test_a_folder_that_cannot_be_made(hub: LoopbackHub, own: Path):
    own.parent.write_text("in the way", encoding="utf-8")
    with pytest.raises(FolderNotWritableError):
        catalog_add.add(own, look.inspect(Hub(hub.endpoint), MINE))


@pytest.mark.skipif(os.name == "nt", reason="makes links")
def test_a_catalogue_that_is_a_link_stays_one(hub: LoopbackHub, own: Path, tmp_path: Path):
    own.parent.mkdir()
    real = tmp_path / "synced.toml"
    real.write_text("# mine\n", encoding="utf-8")
    own.symlink_to(real)
    catalog_add.add(own, look.inspect(Hub(hub.endpoint), MINE))
    assert own.is_symlink() and real.read_text(encoding="utf-8").startswith("# mine\n")


def test_two_at_once_lose_nothing(hub: LoopbackHub, own: Path):
    service = Hub(hub.endpoint)
    for number in range(6):
        hub.add_model(f"ada/m{number}", {"a": b"a"})
    found = [look.inspect(service, f"ada/m{number}") for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda one: catalog_add.add(own, one), found))
    assert sorted(one.id for one in reading.load(own) if one.own) == [f"m{number}" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda number: catalog_add.remove(own, f"m{number}"), range(6)))
    assert not [one.id for one in reading.load(own) if one.own]


_PIECES = st.sampled_from([
    "# a comment\n", "\n", "  \n", "[extra]\nx = 1\n", "# [[model]]\n",
    '[[model]]\nid = "a"\nname = "[[model]]"\n', '[[model]] # b\nid = "b"\n[[model.source]]\nrepo = "a/b"\n',
    "[[ model ]]\nid = 'c'\nnote = \'\'\'\n[[model]]\nid = 'no'\n\'\'\'\n",
    '[[model]]\nid = "d"\n  # about d\nsize = 1\n',
    '[[model]]\nid = "e"\nsource = [\n  { repo = "a/b" },\n]\n', '[[model]]\nid = "f"\nnote = """\n# text"""\n',
])  # fmt: skip


@given(st.lists(_PIECES, max_size=7, unique=True), st.sampled_from("abcdef"))
def test_taking_one_out_changes_nothing_else(tmp_path_factory: pytest.TempPathFactory, pieces: list[str], model: str):
    own = tmp_path_factory.mktemp("own") / "catalog.toml"
    text = "".join(pieces)
    own.write_text(text, encoding="utf-8")
    before = tomllib.loads(text)
    listed = [table["id"] for table in before.get("model", [])]
    if model not in listed:
        with pytest.raises(CatalogEntryError):
            catalog_add.remove(own, model)
        assert own.read_text(encoding="utf-8") == text
        return
    catalog_add.remove(own, model)
    left = own.read_text(encoding="utf-8")
    after = tomllib.loads(left)
    assert after.pop("model", []) == [table for table in before.pop("model") if table["id"] != model]
    assert after == before
    gone = next(piece for piece in pieces if f'id = "{model}"' in piece or f"id = '{model}'" in piece)
    kept = "".join(piece for piece in pieces if piece != gone)
    assert [line for line in left.splitlines() if line.strip()] == [line for line in kept.splitlines() if line.strip()]


def test_a_login_in_the_endpoint_is_neither_needed_nor_shown():
    endpoint = "https://eve:secret@hub.example/mirror"
    assert parse("https://hub.example/mirror/ada/speech", endpoint).repo == "ada/speech"
    with pytest.raises(HubReferenceError) as caught:
        parse("https://elsewhere.example/ada/speech", endpoint)
    assert "secret" not in str(caught.value) and "hub.example" in str(caught.value)


def test_hostile_words_of_a_server_stay_words(hub: LoopbackHub, own: Path):
    licence = 'x"\n[[model]]\nid = "evil"\\\x7f\u202e'
    hub.describe(MINE, [f"license:{licence}"], "automatic-speech-recognition")
    entry = catalog_add.add(own, look.inspect(Hub(hub.endpoint), MINE))
    assert entry.licence == 'x"[[model]]id = "evil"\\'
    assert [one.id for one in reading.load(own) if one.own] == ["faster-whisper-fa"]
