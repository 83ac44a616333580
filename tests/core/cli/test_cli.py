# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line as a script meets it: a process, its exit code, and lines of JSON."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from subtitle_editor.core.catalog import reading
from subtitle_editor.core.cli import main
from subtitle_editor.core.subtitles.reading import load
from subtitle_editor.core.system import user_folder, version
from tests.hub.server import Fault, LoopbackHub

pytestmark = pytest.mark.timeout(120)

DATA = Path(__file__).parents[2] / "data"
MODEL = DATA / "tiny_whisper" / "model"
SPEECH = sorted((DATA / "speech").glob("*.flac"))[0]
REPO = "Systran/faster-whisper-tiny"


@pytest.fixture
def hub() -> Iterator[LoopbackHub]:
    with LoopbackHub() as hub:
        hub.add_model(REPO, {path.name: path for path in MODEL.iterdir()})
        yield hub


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "subtitle_editor", *map(str, words)]


def run(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words), capture_output=True, encoding="utf-8", timeout=100, env={**os.environ, **environment}
    )


def records(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_list_and_show_tell_what_is_installed_and_where(hub: LoopbackHub, tmp_path: Path):
    place = ("--models-dir", tmp_path, "--endpoint", hub.endpoint, "--json")
    before = records(run("models", "list", *place))
    assert len(before) == len(reading.load().entries) and not any(row["installed"] for row in before)
    done = run("models", "download", "tiny", *place)
    assert done.returncode == 0, done.stderr
    assert [row["id"] for row in records(run("models", "list", "--installed", *place))] == ["tiny"]
    shown = records(run("models", "show", "tiny", *place))[0]
    assert shown["installed"] and (Path(shown["path"]) / "model.bin").stat().st_size == 1_565_657


def test_list_filters(capsys: pytest.CaptureFixture[str]):
    assert main.main(["models", "list", "--search", "DISTIL", "--json"]) == 0
    found = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    assert found and all("distil" in name for name in found)
    assert main.main(["models", "list", "--kind", "no-such-kind", "--json"]) == 0
    assert capsys.readouterr().out == ""


def test_download_speaks_json_lines_and_ends_with_finished(hub: LoopbackHub, tmp_path: Path):
    done = run("models", "download", "tiny", "--json", "--models-dir", tmp_path, "--endpoint", hub.endpoint)
    lines = records(done)
    assert done.returncode == 0 and [row["event"] for row in lines][-1] == "finished"
    progress = [row for row in lines if row["event"] == "progress"]
    keys = {"job", "model", "state", "file", "files_done", "files_total", "bytes_done", "bytes_total", "speed", "eta"}
    assert progress and all(keys <= row.keys() for row in progress)
    assert progress[-1]["bytes_done"] == progress[-1]["bytes_total"] > 1_700_000
    assert Path(lines[-1]["path"]).is_dir()


def test_unknown_model_fails_before_any_download(hub: LoopbackHub, tmp_path: Path):
    done = run("models", "download", "tiny", "larg-v3", "--json", "--models-dir", tmp_path, "--endpoint", hub.endpoint)
    last = records(done)[-1]
    assert done.returncode == 1
    assert (last["event"], last["error"]) == ("failed", "unknown_model")
    assert "large-v3" in last["hint"] and hub.requests == []


def test_failure_has_code_message_and_hint(tmp_path: Path, hub: LoopbackHub):
    hub.remove_repo(REPO)
    done = run("models", "download", "tiny", "--json", "--models-dir", tmp_path, "--endpoint", hub.endpoint)
    last = records(done)[-1]
    assert done.returncode == 1
    assert (last["event"], last["error"]) == ("failed", "not_found") and REPO in last["message"] and last["hint"]


def test_token_comes_from_file_or_environment_and_is_not_printed(hub: LoopbackHub, tmp_path: Path):
    hub.accept_token("hf_good_token", "ada")
    file = tmp_path / "token"
    file.write_text("hf_good_token\n", encoding="utf-8")
    place = ("--models-dir", tmp_path / "models", "--endpoint", hub.endpoint, "--json")
    done = run("models", "download", "tiny", "--token-file", file, *place)
    assert done.returncode == 0
    headers = [request.headers.get("authorization") for request in hub.requests if request.path.startswith("/api")]
    assert set(headers) == {"Bearer hf_good_token"}
    # Into another folder: a model that is complete counts as downloaded, whatever the hub says.
    other = ("--models-dir", tmp_path / "other", "--endpoint", hub.endpoint, "--json")
    refused = run("models", "download", "tiny", *other, HF_TOKEN="hf_bad_token")
    assert records(refused)[-1]["error"] == "token_refused"
    for one in (done, refused):
        assert "hf_good" not in one.stdout + one.stderr and "hf_bad" not in one.stdout + one.stderr


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("models",),
        ("models", "download"),
        ("models", "download", "tiny", "--connections", "99"),
        ("models", "download", "tiny", "--limit-rate", "-1"),
        ("convert", "a.srt"),
        ("check", "a.srt", "--fps", "0"),
        ("transcribe", "a.wav"),
        ("nonsense",),
        # What a script says whose variable was never set: not the current folder.
        ("models", "download", "tiny", "--models-dir", ""),
        ("models", "list", "--user-dir", " "),
        ("models", "import", "", "--as", "tiny"),
        ("transcribe", "", "-m", "tiny"),
        ("convert", "", "b.srt"),
    ],
)
def test_wrong_words_are_usage(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    assert main.main(list(words)) == 2
    assert "usage" in capsys.readouterr().err


def test_the_version_is_that_of_the_extension(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Also where pip installed it, without Blender's manifest."""
    root = Path(__file__).parents[3]
    told = tomllib.loads((root / "blender_manifest.toml").read_text(encoding="utf-8"))["version"]
    assert told == tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert (main.main(["--version"]), capsys.readouterr().out) == (0, f"subtitle-editor {told}\n")
    monkeypatch.setattr(version, "_MANIFEST", Path("nowhere"))
    assert (main.main(["--version"]), capsys.readouterr().out) == (0, f"subtitle-editor {told}\n")


def test_help_is_no_error(capsys: pytest.CaptureFixture[str]):
    assert main.main(["--help"]) == 0
    assert "transcribe" in capsys.readouterr().out


def ended(words: list[str], by: signal.Signals) -> tuple[int, dict[str, Any]]:
    """The exit code, and the last line, of a download that is sent a signal once a megabyte is there."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, encoding="utf-8")
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("bytes_done", 0) >= 1_000_000:
            break
    process.send_signal(by)
    out, _ = process.communicate(timeout=60)
    return process.returncode, json.loads(out.splitlines()[-1])


@pytest.mark.skipif(os.name == "nt", reason="sends SIGINT")
def test_ctrl_c_keeps_the_partial_and_the_same_command_continues(hub: LoopbackHub, tmp_path: Path):
    fault = Fault(path="*", host="content", stall_after=1_200_000, times=None)
    hub.faults.add(fault)
    words = command("models", "download", "tiny", "--json", "--models-dir", tmp_path, "--endpoint", hub.endpoint)
    code, last = ended(words, signal.SIGINT)
    assert code == 130
    assert (last["event"], last["state"]) == ("cancelled", "interrupted") and last["bytes_done"] >= 1_000_000
    # People are told so, and by no shorter command, which would look for another folder.
    hub.faults.clear()
    silent = Fault(path="*", host="content", stall_before=True, times=None)
    hub.faults.add(silent)
    spoken = subprocess.Popen([word for word in words if word != "--json"], stderr=subprocess.PIPE, encoding="utf-8")
    assert silent.wait(timeout=30)
    spoken.send_signal(signal.SIGINT)
    assert "the same command again" in spoken.communicate(timeout=30)[1]
    hub.faults.clear()
    hub.forget_requests()
    assert run(*words[3:]).returncode == 0
    assert hub.bytes_served("*", host="content") < 1_000_000


@pytest.mark.skipif(os.name == "nt", reason="sends SIGTERM")
def test_the_last_line_says_how_a_signal_ended_it_and_what_is_kept(hub: LoopbackHub, tmp_path: Path):
    hub.faults.add(Fault(path="*", host="content", stall_after=1_200_000, times=None))
    words = command("models", "download", "tiny", "--json", "--models-dir", tmp_path, "--endpoint", hub.endpoint)
    code, last = ended(words, signal.SIGTERM)
    assert code == 143
    assert (last["event"], last["model"], last["state"]) == ("cancelled", "tiny", "interrupted")
    hub.faults.clear()
    again = run(*words[3:])
    [checked] = [row for row in records(again) if row["event"] == "checked"]
    assert again.returncode == 0 and 1_000_000 < checked["bytes_present"] == last["bytes_done"] < last["bytes_total"]


def test_ctrl_c_while_python_still_imports_is_an_interruption_too():
    script = """if True:
        import sys
        class CtrlC:
            def find_spec(self, name, *_):
                if name.endswith("core.cli.main"):
                    raise KeyboardInterrupt
        sys.meta_path.insert(0, CtrlC())
        from subtitle_editor.__main__ import main
        sys.exit(main())"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, encoding="utf-8", timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@pytest.mark.parametrize("address", ["hub.example", "ftp://hub.example", "http://", "https://[::1", "http://h:99999"])
def test_an_endpoint_that_is_no_address_is_usage(address: str, capsys: pytest.CaptureFixture[str]):
    assert main.main(["models", "download", "tiny", "--endpoint", address]) == 2
    assert "https://huggingface.co" in capsys.readouterr().err


@pytest.mark.parametrize("token", ["hf_first\nhf_second", "hf_tökén", "hf_first hf_second"])
def test_a_token_that_cannot_be_one_is_refused_before_it_is_sent(hub: LoopbackHub, tmp_path: Path, token: str):
    file = tmp_path / "token"
    file.write_text(token, encoding="utf-8")
    place = ("--models-dir", tmp_path / "models", "--user-dir", tmp_path / "user", "--endpoint", hub.endpoint)
    done = run("models", "download", "tiny", "--token-file", file, *place, "--json")
    assert records(done)[-1]["error"] == "token_refused" and hub.requests == []
    kept = b"".join(path.read_bytes() for path in (tmp_path / "user").rglob("*") if path.is_file()).decode("latin-1")
    for part in token.split():
        assert part not in done.stdout + done.stderr + kept


def test_transcribe_writes_subtitles(hub: LoopbackHub, tmp_path: Path):
    place = ("--models-dir", tmp_path, "--endpoint", hub.endpoint, "--json")
    assert run("models", "download", "tiny", *place).returncode == 0
    target = tmp_path / "out.srt"
    done = run("transcribe", SPEECH, "-m", "tiny", "-o", target, "--language", "en", *place)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = records(done)
    assert lines[-1]["event"] == "finished" and lines[-1]["output"] == str(target)
    assert any(row["event"] == "cue" for row in lines[:-1])
    cues = load(target).cues
    assert [cue.text for cue in cues] == [row["text"] for row in lines[-1]["cues"]] != []


@pytest.mark.parametrize(
    ("media", "code"),
    [("missing.wav", "media_not_found"), ("text.wav", "media_unreadable"), ("silent.mp4", "no_audio")],
)
def test_bad_media(hub: LoopbackHub, tmp_path: Path, media: str, code: str):
    place = ("--models-dir", tmp_path, "--endpoint", hub.endpoint, "--json")
    assert run("models", "download", "tiny", *place).returncode == 0
    (tmp_path / "text.wav").write_text("not a sound", encoding="utf-8")
    if media == "silent.mp4":
        make = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=s=32x32:d=1", tmp_path / media]
        subprocess.run(make, check=True)
    done = run("transcribe", tmp_path / media, "-m", "tiny", *place)
    assert done.returncode == 1
    assert records(done)[-1]["error"] == code
    assert not list(tmp_path.glob("*.srt"))


def test_transcribe_without_the_model_says_how_to_get_it(tmp_path: Path):
    done = run("transcribe", SPEECH, "-m", "tiny", "--json", "--models-dir", tmp_path)
    last = records(done)[-1]
    assert done.returncode == 1 and last["error"] == "not_installed" and "models download tiny" in last["hint"]


def test_a_model_that_the_user_has_added_transcribes(hub: LoopbackHub, tmp_path: Path):
    hub.add_model("ada/faster-whisper-fa", {path.name: path for path in MODEL.iterdir()})
    place = ("--models-dir", tmp_path / "models", "--user-dir", tmp_path / "user", "--endpoint", hub.endpoint, "--json")
    assert run("models", "add", "ada/faster-whisper-fa", "--id", "mine", *place).returncode == 0
    assert run("models", "download", "mine", *place).returncode == 0
    done = run("transcribe", SPEECH, "-m", "mine", "-o", tmp_path / "out.srt", "--language", "en", *place)
    assert done.returncode == 0, done.stdout + done.stderr
    assert load(tmp_path / "out.srt").cues


def test_transcribe_with_what_hears_nothing(tmp_path: Path):
    done = run("transcribe", SPEECH, "-m", "pn-summary", "--json", "--models-dir", tmp_path)
    last = records(done)[-1]
    assert done.returncode == 2 and last["error"] == "usage" and "--kind speech-to-text" in last["hint"]


def test_transcribe_does_not_overwrite_what_it_was_not_told_to(tmp_path: Path, hub: LoopbackHub):
    place = ("--models-dir", tmp_path, "--endpoint", hub.endpoint, "--json")
    assert run("models", "download", "tiny", *place).returncode == 0
    media = tmp_path / "talk.flac"
    media.write_bytes(SPEECH.read_bytes())
    mine = tmp_path / "talk.srt"
    mine.write_text("precious", encoding="utf-8")
    done = run("transcribe", media, "-m", "tiny", *place)
    assert done.returncode == 2 and mine.read_text(encoding="utf-8") == "precious"


HASTY = """1
00:00:01,000 --> 00:00:01,400
A line that is far too long to be read by anyone in so short a time

2
00:00:01,300 --> 00:00:05,000
Thanks for watching!
"""


def test_check_names_each_rule_that_is_broken(tmp_path: Path):
    source = tmp_path / "a.srt"
    source.write_text(HASTY, encoding="utf-8")
    done = run("check", source, "--json")
    *problems, last = records(done)
    assert done.returncode == 1
    assert [(one["number"], one["rule"]) for one in problems] == [
        (1, "line_length"),
        (1, "reading_speed"),
        (1, "too_short"),
        (1, "overlap"),
        (2, "invented"),
    ]
    assert all(one["event"] == "problem" and one["message"] for one in problems)
    assert (problems[-1]["start"], problems[-1]["end"], problems[-1]["text"]) == (1.3, 5.0, "Thanks for watching!")
    assert (last["event"], last["error"], last["problems"], last["cues"]) == ("failed", "rules_broken", 5, 2)
    assert source.read_text(encoding="utf-8") == HASTY
    words = run("check", source)
    assert words.returncode == 1 and words.stdout.count("a.srt: 1: 00:00:01.000: ") == 4
    assert "(problems: 5)" in words.stderr
    # Some count from 0.
    source.write_text(HASTY.replace("\n2\n", "\n1\n").replace("1\n", "0\n", 1), encoding="utf-8")
    assert [one["number"] for one in records(run("check", source, "--json"))[:-1]] == [0, 0, 0, 0, 1]


def test_check_goes_by_the_profile_and_the_frame_rate(tmp_path: Path):
    source = tmp_path / "a.srt"
    close = "1\n00:00:01,000 --> 00:00:03,000\nHello there.\n\n2\n00:00:03,050 --> 00:00:05,000\nHow are you?\n"
    source.write_text(close, encoding="utf-8")
    slow, fast = run("check", source, "--json"), run("check", source, "--fps", "40", "--json")
    assert slow.returncode == 1 and [one.get("rule") for one in records(slow)] == ["gap", None]
    assert fast.returncode == 0 and records(fast)[-1]["event"] == "finished" and records(fast)[-1]["cues"] == 2
    assert run("check", tmp_path / "none.srt", "--json").returncode == 1


def test_convert_shifts_and_scales(tmp_path: Path):
    source, target = tmp_path / "a.srt", tmp_path / "b.vtt"
    source.write_text("1\n00:00:02,000 --> 00:00:04,000\nHello\n", encoding="utf-8")
    done = run("convert", source, target, "--shift", "1.5", "--scale", "0.5", "--json")
    assert done.returncode == 0 and records(done)[-1]["cues"] == 1
    [cue] = load(target).cues
    assert (cue.start, cue.end, cue.text) == (2.5, 3.5, "Hello")
    assert target.read_text(encoding="utf-8").startswith("WEBVTT")


def test_convert_refuses_what_is_no_subtitle_file(tmp_path: Path):
    source, target = tmp_path / "a.srt", tmp_path / "b.srt"
    source.write_bytes(bytes(range(256)) * 10)
    done = run("convert", source, target, "--json")
    assert done.returncode == 1 and records(done)[-1]["error"] == "subtitle_file" and not target.exists()


def test_what_nobody_has_foreseen_is_in_the_log_and_no_secret_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    from subtitle_editor.core.cli import subtitles

    def breaks(*_: object) -> int:
        raise RuntimeError("GET https://cdn.example/f?X-Signature=SECRETSIG with Bearer hf_abcdefgh12345")

    monkeypatch.setattr(subtitles, "check", breaks)
    assert main.main(["check", "a.srt", "--user-dir", str(tmp_path), "--json"]) == 1
    told = capsys.readouterr()
    written = (tmp_path / user_folder.LOG).read_text(encoding="utf-8")
    assert '"error": "unexpected"' in told.out and "Traceback" not in told.err
    assert "Traceback" in written and "breaks" in written
    assert not any(word in text for word in ("SECRETSIG", "hf_abcd") for text in (written, told.out, told.err))


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="ffmpeg makes the film for this test")
def test_extract_lists_the_tracks_of_a_film_and_writes_one(tmp_path: Path):
    sample = DATA / "subtitles" / "samples" / "srt.srt"
    film = tmp_path / "film.mkv"
    picture = (
        "-f",
        "lavfi",
        "-i",
        "color=black:s=64x64:d=1",
        "-i",
        sample,
        "-i",
        DATA / "subtitles" / "samples" / "ass.ass",
    )
    maps = ("-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg4", "-c:s", "copy", "-metadata:s:s:1", "language=ger")
    subprocess.run(["ffmpeg", "-v", "error", *map(str, picture), *maps, str(film)], check=True, timeout=60)
    tracks = records(run("extract", film, "--json"))
    assert [(row["number"], row["codec"], row["language"], row["text"]) for row in tracks] == [
        (1, "subrip", "", True),
        (2, "ass", "ger", True),
    ]
    done = run("extract", film, tmp_path / "out.vtt", "--track", "1", "--json")
    assert done.returncode == 0, done.stderr
    assert [cue.text for cue in load(tmp_path / "out.vtt").cues] == [cue.text for cue in load(sample).cues]
    for said in ("de", "deu", "German", "2"):
        done = run("extract", film, tmp_path / f"{said}.ass", "--track", said, "--json")
        assert records(done)[-1]["cues"] == 4, done.stderr
    assert (
        records(run("extract", film, tmp_path / "no.ass", "--track", "fra", "--json"))[-1]["error"] == "subtitle_file"
    )
    assert run("extract", film, tmp_path / "no.ass", "--track", "0").returncode == 2
    assert not (tmp_path / "no.ass").exists()
    converted = run("convert", film, tmp_path / "out.ass", "--language", "de", "--json")
    assert records(converted)[-1]["cues"] == 4, converted.stderr
