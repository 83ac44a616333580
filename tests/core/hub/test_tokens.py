# SPDX-License-Identifier: GPL-3.0-or-later
"""Which token is used, and that it goes to the hub alone and is kept nowhere."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from subtitle_editor.core.cli import main
from subtitle_editor.core.errors.hub import TokenRefusedError
from subtitle_editor.core.errors.network import OnlineAccessError
from subtitle_editor.core.hub import endpoint, tokens
from subtitle_editor.core.hub.client import Hub
from subtitle_editor.core.hub.tokens import Origin, Token
from tests.core.transfer_kit import data_of
from tests.hub.server import Fault, LoopbackHub

pytestmark = pytest.mark.timeout(90)

SECRET = "hf_aSecretThatNobodyMaySee"
REPO = "Systran/faster-whisper-tiny"
FILES = {"config.json": b"{}", "tokenizer.json": b"[1]", "vocabulary.txt": b"a\n", "model.bin": data_of(1_500_000)}


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No token from anywhere; the answer is the login file."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_TOKEN_PATH", "HF_HUB_DISABLE_IMPLICIT_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HF_ENDPOINT", "XDG_CACHE_HOME", *endpoint.OFFLINE_VARIABLES):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "home"))
    (tmp_path / "home").mkdir()
    return tmp_path / "home" / "token"


def test_the_order(nobody: Path, monkeypatch: pytest.MonkeyPatch):
    assert tokens.resolve(None) == Token() and not tokens.resolve("  ")
    nobody.write_text("hf_login\n", encoding="utf-8")
    assert tokens.resolve("") == Token("hf_login", Origin.LOGIN)
    monkeypatch.setenv("HF_TOKEN", " hf_environment ")
    assert tokens.resolve(None) == Token("hf_environment", Origin.ENVIRONMENT)
    assert tokens.resolve(" hf_mine ") == Token("hf_mine", Origin.PREFERENCE)


def test_the_login_file_is_where_hugging_face_keeps_it(nobody: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    assert tokens.login_file() == nobody
    monkeypatch.setenv("HF_TOKEN_PATH", str(tmp_path / "elsewhere"))
    assert tokens.login_file() == tmp_path / "elsewhere"
    (tmp_path / "elsewhere").write_bytes(b"\xff\xfe")
    assert not tokens.resolve(None)
    monkeypatch.delenv("HF_TOKEN_PATH")
    monkeypatch.delenv("HF_HOME")
    assert tokens.login_file() == Path.home() / ".cache" / "huggingface" / "token"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert tokens.login_file() == tmp_path / "huggingface" / "token"


def test_the_login_is_for_the_hub_and_no_stranger(nobody: Path, monkeypatch: pytest.MonkeyPatch):
    nobody.write_text("hf_login", encoding="utf-8")
    assert tokens.resolve(None, "https://huggingface.co") and tokens.resolve(None, "http://127.0.0.1:9")
    assert not tokens.resolve(None, "https://mirror.example")
    assert tokens.resolve("hf_mine", "https://mirror.example")
    # Whoever sets this sends the login there with every Hugging Face program.
    monkeypatch.setenv("HF_ENDPOINT", "https://mirror.example/")
    assert tokens.resolve(None, "https://mirror.example") and tokens.resolve(None)
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
    assert not tokens.resolve(None)


@pytest.mark.parametrize(
    "data",
    [
        b"hf_login",
        b"hf_login\r\n",
        b"\xef\xbb\xbfhf_login\r\n",
        "hf_login\r\n".encode("utf-16"),
        b"\xfe\xff" + "hf_login\n".encode("utf-16-be"),
        b"\n  hf_login\t\n\n",
    ],
)
def test_a_token_file_as_editors_and_shells_leave_it(
    nobody: Path, data: bytes, hub: LoopbackHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    nobody.write_bytes(data)
    assert tokens.resolve(None) == Token("hf_login", Origin.LOGIN)
    hub.accept_token("hf_login", "ada")
    hub.add_model(REPO, FILES, private=True)
    hub.grant(REPO, "ada")
    words = ["models", "download", "tiny", "--quiet", "--endpoint", hub.endpoint, "--user-dir", str(tmp_path / "user")]
    code = main.main([*words, "--models-dir", str(tmp_path / "models"), "--token-file", str(nobody)])
    assert code == 0, capsys.readouterr().err


@pytest.mark.parametrize("given", ["hf_good\r\n", "\ufeffhf_good", '"hf_good"', " 'hf_good' ", '"hf_good"\n'])
def test_a_token_with_what_came_along_when_it_was_copied(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch, given: str):
    """Docker's --env-file and Windows' set keep quotes, Kubernetes' secrets the line end of a file."""
    hub.accept_token("hf_good", "ada")
    monkeypatch.setenv("HF_TOKEN", given)
    token = tokens.resolve(None)
    assert Hub(hub.endpoint, token).whoami() == "ada"


@pytest.mark.parametrize("given", ["hf bad", "hf_bäd", "password: hf_good"])
def test_a_token_that_cannot_be_one_is_not_called_refused(hub: LoopbackHub, given: str):
    with pytest.raises(TokenRefusedError) as caught:
        Hub(hub.endpoint, Token(given, Origin.ENVIRONMENT)).whoami()
    assert "The token from HF_TOKEN is none" in str(caught.value) and given not in str(caught.value)
    assert hub.requests == []


def test_the_variable_of_before_counts_where_the_new_one_is_not_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HUGGING_FACE_HUB_TOKEN", "hf_old")
    assert tokens.resolve(None) == Token("hf_old", Origin.OLD_ENVIRONMENT)
    assert tokens.resolve(None).source.label == "HUGGING_FACE_HUB_TOKEN"
    monkeypatch.setenv("HF_TOKEN", "hf_new")
    assert tokens.resolve(None) == Token("hf_new", Origin.ENVIRONMENT)


@pytest.mark.parametrize(
    ("said", "by"),
    [
        ({"TRANSFORMERS_OFFLINE": "1"}, "TRANSFORMERS_OFFLINE"),
        ({"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "0"}, "HF_HUB_OFFLINE"),
        ({"HF_HUB_OFFLINE": "0", "TRANSFORMERS_OFFLINE": "1"}, None),
        ({"HF_HUB_OFFLINE": "0", "SUBTITLE_EDITOR_OFFLINE": "on"}, "SUBTITLE_EDITOR_OFFLINE"),
        ({"HF_HUB_OFFLINE": "", "TRANSFORMERS_OFFLINE": "yes"}, "TRANSFORMERS_OFFLINE"),
    ],
    ids=str,
)
def test_offline_is_what_hugging_face_programs_take_for_it(
    said: dict[str, str], by: str | None, monkeypatch: pytest.MonkeyPatch
):
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    assert endpoint.offline_by() == by


def test_a_token_does_not_show_itself():
    assert SECRET not in repr(Token(SECRET, Origin.LOGIN)) and SECRET not in f"{Token(SECRET)}"


@pytest.mark.parametrize("origin", [Origin.FILE, Origin.PREFERENCE, Origin.ENVIRONMENT, Origin.LOGIN])
def test_a_refused_token_is_named_by_where_it_came_from(hub: LoopbackHub, tmp_path: Path, origin: Origin):
    hub.add_model(REPO, FILES)
    with pytest.raises(TokenRefusedError) as caught:
        Hub(hub.endpoint, Token("hf_wrong", origin)).whoami()
    assert origin.label in caught.value.message and "hf_wrong" not in str(caught.value)
    with pytest.raises(TokenRefusedError, match="wants a token"):
        Hub(hub.endpoint).whoami()


def test_presets():
    assert [word for word, _, _ in endpoint.PRESETS] == ["hub", "mirror", "custom"]
    assert Hub(endpoint.of_preset("mirror")).host == "hf-mirror.com"
    assert endpoint.of_preset("custom", "  ") is None


@pytest.mark.parametrize("name", endpoint.OFFLINE_VARIABLES)
def test_offline_asks_nothing(hub: LoopbackHub, monkeypatch: pytest.MonkeyPatch, name: str, tmp_path: Path):
    from subtitle_editor.core.catalog import reading

    hub.add_model(REPO, FILES)
    monkeypatch.setenv(name, "yes")
    service = Hub(hub.endpoint)
    for ask in (service.whoami, lambda: service.plan(reading.load().get("tiny").sources[0], tmp_path)):
        with pytest.raises(OnlineAccessError, match=name):
            ask()
    assert not hub.requests
    monkeypatch.setenv(name, "0")
    assert endpoint.offline_by() is None


def test_the_command_line_takes_the_file_first(
    hub: LoopbackHub, nobody: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    hub.add_model(REPO, FILES)
    for name in ("file", "environment", "login"):
        hub.accept_token(f"hf_{name}", name)
    file = tmp_path / "given"
    file.write_text("hf_file\n", encoding="utf-8")
    nobody.write_text("hf_login", encoding="utf-8")
    monkeypatch.setenv("HF_TOKEN", "hf_environment")

    def used(*words: str) -> set[str]:
        hub.forget_requests()
        place = ("--models-dir", str(tmp_path / "m"), "--user-dir", str(tmp_path / "u"), "--endpoint", hub.endpoint)
        main.main(["models", "add", REPO, "--check", *words, *place, "--json"])
        return {request.headers.get("authorization", "") for request in hub.requests_for("/api/*")}

    assert used("--token-file", str(file)) == {"Bearer hf_file"}
    assert used() == {"Bearer hf_environment"}
    monkeypatch.delenv("HF_TOKEN")
    assert used() == {"Bearer hf_login"}
    hub.revoke_token("hf_login")
    capsys.readouterr()
    used()
    assert f"refused the token from the Hugging Face login ({nobody})" in capsys.readouterr().out
    nobody.unlink()
    assert used() == {""}


# Nothing of it stays


def test_no_secret_stays_anywhere(
    hub: LoopbackHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """A run with a token: a download, a gated one, a failing one, one that is refused; then look into every file."""
    logger = logging.getLogger("subtitle_editor")
    monkeypatch.setattr(logger, "level", logger.level)  # To be put back.
    logger.setLevel(logging.DEBUG)
    hub.accept_token(SECRET, "ada")
    hub.add_model(REPO, FILES)
    hub.add_model("Systran/faster-whisper-base", FILES, gated=True)
    hub.add_model("Systran/faster-whisper-small", FILES, private=True)
    hub.add_model("ada/thing", {"a.bin": data_of(1_100_000)}, gated=True)
    hub.grant("ada/thing", "ada")
    monkeypatch.setenv("HF_TOKEN", SECRET)
    place = ["--user-dir", str(tmp_path / "user"), "--models-dir", str(tmp_path / "m"), "--endpoint", hub.endpoint]

    def run(*words: str) -> int:
        return main.main(["models", *words, *place, "--json"])

    assert run("download", "tiny") == 0
    assert run("add", "ada/thing") == 0 and run("download", "thing") == 0
    assert run("download", "base", "small") == 1
    hub.faults.add(Fault(path="*/model.bin", host="hub", status=403, times=None))
    hub.add_model(REPO, {**FILES, "model.bin": data_of(1_500_000, 2)})
    assert run("download", "tiny") == 1
    hub.revoke_token(SECRET)
    assert run("download", "medium") == 1
    told = capsys.readouterr()
    assert '"token_refused"' in told.out and "HF_TOKEN" in told.out
    assert SECRET not in told.out + told.err
    files = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    assert {path.name for path in files} >= {"subtitle-editor.log", "jobs.sqlite3", "catalog.toml"}
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]
    # It was really used, and only there.
    assert any(r.headers.get("authorization") == f"Bearer {SECRET}" for r in hub.requests)
    assert all("authorization" not in r.headers for r in hub.requests_for("*", host="content"))


@pytest.mark.parametrize("content", [b"", b" \n", b'""'])
def test_a_token_file_with_nothing_in_it_is_told(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """Going on without a token is no answer to somebody who has named one."""
    (tmp_path / "token").write_bytes(content)
    assert main.main(["models", "download", "tiny", "--offline", "--token-file", str(tmp_path / "token")]) == 2
    assert "is empty" in capsys.readouterr().err
