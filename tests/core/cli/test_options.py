# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of `transcribe` as people type them, after what other programs for subtitles taught them and complaints about
those: languages by name, several formats, long prompts, models by folder, and errors that come before the work."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from subtitle_editor.core.cli import main, spelling
from subtitle_editor.core.cues import Cue
from subtitle_editor.core.speech import model as models
from subtitle_editor.core.speech.naming import language_code
from subtitle_editor.core.speech.wire import ChildError
from subtitle_editor.core.subtitles.profiles import for_language
from subtitle_editor.core.subtitles.reading import load
from tests.core.speech_kit import MODEL, SPEECH, clip, ffmpeg, needs_ffmpeg, silence, write
from tests.hub.server import LoopbackHub

pytestmark = pytest.mark.timeout(120)

HELLO = ["hello blender", "please start the subtitle download", "the cat sits on a table"]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("models")
    with LoopbackHub() as hub:
        for name in ("tiny", "tiny.en"):
            hub.add_model(f"Systran/faster-whisper-{name}", {path.name: path for path in MODEL.iterdir()})
        download = ["models", "download", "tiny", "tiny.en", "--models-dir", str(folder), "--quiet"]
        assert main.main([*download, "--endpoint", hub.endpoint]) == 0
    yield folder


class Runs:
    """The command line in a folder with a sound in it."""

    def __init__(self, folder: Path, models: Path) -> None:
        self.folder = folder
        self._models = models
        shutil.copy(SPEECH / "hello.flac", folder / "a.flac")
        self.said = ""

    def __call__(self, *words: str, model: str = "tiny") -> int:
        command = [sys.executable, "-m", "subtitle_editor", "transcribe", *words, "-m", model, "--device", "cpu"]
        where = ["--models-dir", str(self._models), "--user-dir", str(self.folder / "user")]
        done = subprocess.run([*command, *where], capture_output=True, encoding="utf-8", timeout=100, cwd=self.folder)
        self.said = done.stdout + done.stderr
        return done.returncode

    def cues(self, name: str = "a.srt") -> list[Cue]:
        return list(load(self.folder / name).cues)


@pytest.fixture
def run(tmp_path: Path, installed: Path) -> Runs:
    return Runs(tmp_path, installed)


def texts(cues: list[Cue]) -> list[str]:
    return [" ".join(cue.text.split()) for cue in cues]


# Spelling


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("en", "en"), ("EN", "en"), (" English ", "en"), ("en-US", "en"), ("pt_BR", "pt"), ("zh-Hant-TW", "zh"),
        ("ger", "de"), ("deu", "de"), ("Farsi", "fa"), ("Mandarin", "zh"), ("haitian creole", "ht"), ("nb", "no"),
        ("Deutsch", "de"), ("Français", "fr"), ("espanol", "es"), ("日本語", "ja"), ("ไทย", "th"),
        ("Bahasa_Indonesia", "id"),
        ("jp", "ja"), ("cn", "zh"), ("ua", "uk"), ("haitian_creole", "ht"), ("हिन्दी", "hi"),
        ("yue", "yue"), ("kr", None), ("kr-NG", None), ("klingon", None), ("x", None), ("", None),
    ],
)  # fmt: skip
def test_languages_as_people_write_them(typed: str, code: str | None) -> None:
    assert language_code(typed) == code


@pytest.mark.parametrize("typed", ["jp", "CN", "dk", "gr-GR", "kr"])
def test_a_country_is_no_language_where_any_can_be_meant(typed: str) -> None:
    assert language_code(typed, countries=False) is None


def test_options_as_other_programs_spell_them() -> None:
    typed = "transcribe a_b.mp4 --word_timestamps True --vad_filter=False --max_line_count 1 --prompt a_b --json false"
    assert spelling.ours(typed.split()) == [
        "transcribe", "a_b.mp4", "--word-timestamps", "--no-vad-filter", "--max-line-count", "1", "--prompt", "a_b",
    ]  # fmt: skip
    assert spelling.ours(["--vad", "film.mp4"]) == ["--vad", "film.mp4"]
    assert spelling.ours(["x", "--", "--a_b"]) == ["x", "--", "--a_b"]
    typed = "--condition_on_previous_text False --suppress_blank=True --translate --verbose True"
    assert spelling.ours(typed.split()) == ["--task", "translate", "--verbose", "True"]
    assert spelling.ours(["--shift", "-0:1:2.5", "--shift", "-65s"]) == ["--shift=-0:1:2.5", "--shift=-65s"]


def test_the_command_line_of_another_program_works(run: Runs) -> None:
    words = "a.flac --language English --task transcribe --output_dir out --output_format srt,vtt --output_format txt"
    more = "--word_timestamps True --vad_filter True --beam_size 2 --initial_prompt x --max_line_width 20"
    assert run(*words.split(), *more.split(), "--max_line_count", "1", "--multilingual", "False") == 0, run.said
    assert sorted(path.name for path in (run.folder / "out").iterdir()) == ["a.srt", "a.txt", "a.vtt"]
    found = run.cues("out/a.vtt")
    assert " ".join(texts(found)).split() == " ".join(HELLO).split()
    assert all("\n" not in cue.text and len(cue.text) <= 20 for cue in found)


def test_all_formats_of_whisper_by_one_word(run: Runs) -> None:
    assert run("a.flac", "--output_format", "all", "--output_dir", "out") == 0, run.said
    assert sorted(path.suffix for path in (run.folder / "out").iterdir()) == [".json", ".srt", ".tsv", ".txt", ".vtt"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.flac", "--language", "klingon"], "klingon"),
        (["a.flac", "--language", "Germann"], "did you mean German?"),
        (["a.flac", "--compute-type", "fp16"], "float16"),
        (["a.flac", "--repetition-penalty", "0"], "above 0"),
        (["a.flac", "--patience=-1"], "above 0"),
        (["https://example.com/a.mp4"], "https://example.com/a.mp4 is an address"),
        (["-"], "from a pipe"),
        (["a.flac", "-o", "user"], "--out-dir"),
        (["a.flac", "-o", "-"], "Name one with -o"),
        (["a.flac", "--suffix", ".docx"], "not a subtitle format"),
        (["a.flac", "--hallucination_silence_threshold", "2"], "what is not speech is skipped"),
        (["a.flac", "--device_index=1"], "--device cuda:1"),
        (["a.flac", "--condition_on_previous_text", "True"], "each window is heard by itself"),
    ],
)
def test_what_cannot_be_is_said_before_the_work(
    tmp_path: Path, installed: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: list[str], said: str,
) -> None:  # fmt: skip
    (tmp_path / "user").mkdir()
    shutil.copy(SPEECH / "hello.flac", tmp_path / "a.flac")
    monkeypatch.chdir(tmp_path)
    assert main.main(["transcribe", *words, "-m", "tiny", "--models-dir", str(installed), "--user-dir", "user"]) == 2
    told = capsys.readouterr()
    assert said in told.err + told.out and "loading" not in told.out + told.err


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_what_is_no_file_is_not_said_to_be_missing(run: Runs) -> None:
    os.mkfifo(run.folder / "live.wav")
    assert run("live.wav") == 2 and "is a pipe or a device" in run.said
    (run.folder / "empty.wav").touch()
    assert run("empty.wav") == 1 and "empty.wav is empty. Copy, download" in run.said


def test_a_preset_goes_before_the_defaults_and_after_what_is_typed(run: Runs) -> None:
    presets = run.folder / "user" / "presets"
    presets.mkdir(parents=True)
    (presets / "phone.toml").write_text('language = "Korean"\nbeam_size = 1\nprofile = "vertical"\n', encoding="utf-8")
    assert run("a.flac", "--preset", "phone", "-o", "a.json") == 0, run.said
    assert run("a.flac", "--preset", "phone", "--language", "en", "--profile", "netflix-en", "-o", "b.srt") == 0, (
        run.said
    )
    assert texts(run.cues("b.srt")) == HELLO
    assert max(len(line) for cue in run.cues("a.json") for line in cue.text.splitlines()) <= 24
    (run.folder / "own.toml").write_text('beam_size = "many"', encoding="utf-8")
    assert run("a.flac", "--preset", "own.toml") == 2 and "beam_size" in run.said
    assert run("a.flac", "--preset", "nope") == 2 and "There are: phone." in run.said


# What is heard


def test_a_prompt_that_is_too_long_costs_no_text(run: Runs) -> None:
    """Both used to fill the model's context: nothing was heard, or it failed, and nothing was said."""
    long, words = "the cat sits on a table " * 300, "blender, " * 1000
    assert run("a.flac", "--language", "en", "--prompt", long, "--hotwords", words) == 0, run.said
    assert texts(run.cues()) == HELLO and "too long for the model" in run.said


def test_orders_to_the_model_in_a_prompt_are_left_out_and_told(run: Runs) -> None:
    words = ["--prompt", "<|fr|><|translate|> <|Neo|> speaks", "--hotwords", "<|0.00|>, <|fr|>"]
    assert run("a.flac", "--language", "en", *words) == 0, run.said
    assert texts(run.cues()) == HELLO and "for orders: <|fr|>, <|translate|>, <|0.00|>." in run.said
    assert run("a.flac", "--language", "en", "--prompt", "<|Neo|> speaks", "-o", "b.srt") == 0, run.said
    assert texts(run.cues("b.srt")) == HELLO and "orders" not in run.said


def test_nothing_heard_is_told(run: Runs) -> None:
    write(run.folder / "still.wav", silence(8))
    assert run("still.wav") == 0
    assert "Nothing in it sounds like speech" in run.said and run.cues("still.srt") == []


def test_a_model_by_its_folder(run: Runs) -> None:
    assert run("a.flac", "--language", "en", model=str(MODEL)) == 0, run.said
    assert texts(run.cues()) == HELLO
    (run.folder / "mine").symlink_to(MODEL, target_is_directory=True)
    assert run("a.flac", "-o", "b.srt", "--language", "en", model="mine") == 0, run.said
    assert texts(run.cues("b.srt")) == HELLO


def test_what_is_no_model_is_called_what_it_is(run: Runs) -> None:
    (run.folder / "ggml.bin").touch()
    (run.folder / "hf").mkdir()
    (run.folder / "hf" / "model.safetensors").touch()
    (run.folder / "none").mkdir()
    for name, said in (("ggml.bin", "is a file, and"), ("hf", "for another program"), ("none", "without a model")):
        assert run("a.flac", model=str(run.folder / name)) == 2 and said in run.said, run.said
    assert run("a.flac", model=str(run.folder / "nowhere")) == 2 and "There is no folder" in run.said
    assert run("a.flac", model="~nobody-is-called-so/model") == 2 and "There is no home folder" in run.said


def test_a_model_by_one_of_its_files_or_by_its_place_in_a_cache(run: Runs, installed: Path) -> None:
    place = installed / "models--Systran--faster-whisper-tiny"
    file = next(place.glob("snapshots/*/model.bin"))
    for name in (file, place, place / "snapshots"):
        assert run("no.wav", model=str(name)) == 1 and "no.wav does not exist" in run.said, run.said
    assert run("a.flac", model=str(place)) == 0 and f"{place.name}: loading" in run.said, run.said


def test_a_model_in_a_cache_that_cannot_be_loaded_is_not_sent_to_repair(run: Runs) -> None:
    place = run.folder / "models--me--mine"
    shutil.copytree(MODEL, place / "snapshots" / "0123abc")
    (place / "snapshots" / "0123abc" / "model.bin").write_bytes(b"lmgg" + bytes(2000))
    assert run("a.flac", model=str(place)) == 1 and "another program's" in run.said and "repair" not in run.said


@pytest.mark.parametrize("name", ["large-v3.pt", "ggml-large-v3.bin", "pytorch_model-00001.bin", "encoder.onnx"])
def test_a_folder_with_another_programs_model_is_called_so(run: Runs, name: str) -> None:
    (run.folder / "theirs").mkdir()
    (run.folder / "theirs" / name).touch()
    assert run("a.flac", model="theirs/") == 2 and "for another program" in run.said, run.said


def test_a_folder_around_a_model_names_the_one_inside(run: Runs) -> None:
    shutil.copytree(MODEL, run.folder / "around" / "inside")
    assert run("a.flac", model="around/") == 2 and f"-m {Path('around', 'inside')}" in run.said, run.said


def unusable(folder: Path, name: str, content: str) -> str:
    """What is said of the test model with another small file."""
    shutil.copytree(MODEL, folder / "mine", dirs_exist_ok=True)
    (folder / "mine" / name).write_text(content, encoding="utf-8")
    with pytest.raises(ChildError) as caught:
        models.load(str(folder / "mine"), "cpu", 0, "default", 1)
    assert caught.value.code == "model_unusable"
    return str(caught.value)


def test_small_files_of_another_model_are_named(tmp_path: Path) -> None:
    """The first window failed with words of the library, and a tokenizer of another kind gave other words."""
    tokenizer = json.loads((MODEL / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer["added_tokens"], tokenizer["post_processor"] = [], None
    vocabulary = tokenizer["model"]["vocab"]
    tokenizer["model"]["vocab"] = {word: number for word, number in vocabulary.items() if not word.startswith("<|")}
    words = json.loads((MODEL / "vocabulary.json").read_text(encoding="utf-8"))
    assert "tokenizer.json belongs to another" in unusable(tmp_path / "a", "tokenizer.json", json.dumps(tokenizer))
    for number, wrong in enumerate((["a", "b"], ["one more", *words])):
        assert "belongs to another" in unusable(tmp_path / str(number), "vocabulary.json", json.dumps(wrong))


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "vocabulary.json"])
def test_a_small_file_that_is_none_is_named(tmp_path: Path, name: str) -> None:
    """As where a page that asks to sign in was saved in its place."""
    assert f"{name} is not what it should be" in unusable(tmp_path, name, "<!DOCTYPE html><html>")


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="has no file that opens and cannot be read")
def test_a_model_file_that_the_disk_does_not_give_is_called_so(run: Runs) -> None:
    shutil.copytree(MODEL, run.folder / "mine")
    (run.folder / "mine" / "model.bin").unlink()
    (run.folder / "mine" / "model.bin").symlink_to("/proc/self/mem")
    assert run("a.flac", model="mine/") == 1
    assert "model.bin cannot be read: the disk reports an error." in run.said, run.said
    assert "Look whether you may read it" in run.said and "onvert" not in run.said, run.said


@pytest.mark.parametrize(
    ("begins", "said"),
    [(b"version https://git-lfs.github.com/spec/v1\noid", "pointer of Git LFS"), (b"lmgg\0\0", "another program's")],
)
def test_a_model_file_that_is_none_is_called_what_it_is(run: Runs, begins: bytes, said: str) -> None:
    """And nobody is sent to repair what no hub knows of."""
    shutil.copytree(MODEL, run.folder / "mine")
    (run.folder / "mine" / "model.bin").write_bytes(begins + bytes(2000))
    assert run("a.flac", model="mine/") == 1 and said in run.said and "repair" not in run.said, run.said


def test_a_home_folder_that_no_shell_wrote_out(run: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME" if os.name != "nt" else "USERPROFILE", str(run.folder))
    assert run("~/b.flac") == 1 and str(run.folder / "b.flac") in run.said, run.said


def test_a_model_with_another_models_small_file_works(run: Runs) -> None:
    """Without the file large-v3 was asked with 80 bands, and with another one's the others with 128."""
    shutil.copytree(MODEL, run.folder / "mine")
    (run.folder / "mine" / "preprocessor_config.json").write_text('{"feature_size": 128}', encoding="utf-8")
    assert run("a.flac", model=str(run.folder / "mine")) == 0 and texts(run.cues()) == HELLO


def test_a_name_that_would_be_too_long_is_told_before_the_work(run: Runs) -> None:
    name = "n" * 240
    shutil.copy(SPEECH / "hello.flac", run.folder / f"{name}.flac")
    assert run(f"{name}.flac", "--suffix", ".a-long-suffix.srt") == 2 and "too long: nnn" in run.said
    assert "loading" not in run.said and run(f"{name}.flac") == 0


def test_who_reads_no_progress_has_the_subtitles_all_the_same(run: Runs) -> None:
    command = [sys.executable, "-m", "subtitle_editor", "transcribe", "a.flac", "-m", str(MODEL), "--device", "cpu"]
    process = subprocess.Popen(
        [*command, "--user-dir", "user"], cwd=run.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None and process.stderr is not None
    process.stderr.close()
    said = process.stdout.read().decode()
    assert process.wait(60) == 0 and "3 subtitles" in said and texts(run.cues()) == HELLO


def test_no_subtitle_is_shown_after_the_end_of_the_film(run: Runs) -> None:
    write(run.folder / "b.wav", clip("hello")[: 7 * 16000 - 800])
    assert run("b.wav", "--language", "en") == 0
    cues = run.cues("b.srt")
    assert texts(cues)[:2] == HELLO[:2] and cues[-1].start < 6.5 and max(cue.end for cue in cues) <= 6.951


def test_skip_existing_for_one_film(run: Runs) -> None:
    (run.folder / "a.srt").write_text("mine", encoding="utf-8")
    assert run("a.flac", "--skip-existing") == 0 and "exists already" in run.said
    assert (run.folder / "a.srt").read_text(encoding="utf-8") == "mine"
    (run.folder / "a.vtt").write_text("mine", encoding="utf-8")
    assert run("a.flac", "--out-dir", ".", "--suffix", ".ass", "--suffix", ".vtt") == 2
    assert (run.folder / "a.vtt").read_text(encoding="utf-8") == "mine"


@needs_ffmpeg
def test_a_track_by_the_name_of_its_language(run: Runs) -> None:
    ffmpeg(
        *("-i", SPEECH / "numbers.flac", "-i", SPEECH / "hello.flac", "-map", "0:a", "-map", "1:a", "-c:a", "flac"),
        *("-metadata:s:a:0", "language=eng", "-metadata:s:a:1", "language=ger", run.folder / "two.mkv"),
    )
    assert run("two.mkv", "--track", "German", "--language", "en") == 0, run.said
    assert texts(run.cues("two.srt")) == HELLO


def test_a_processor_that_cannot_compute_so_says_how_it_can(run: Runs) -> None:
    import ctranslate2

    if "bfloat16" in ctranslate2.get_supported_compute_types("cpu"):
        pytest.skip("this one can")
    assert run("a.flac", "--compute-type", "bfloat16") == 1
    assert "does not compute in bfloat16, but in" in run.said and "again" not in run.said


def test_more_threads_than_processors_wait_for_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import faster_whisper

    asked: list[int] = []
    real = faster_whisper.WhisperModel

    def loaded(*args: object, cpu_threads: int, **options: object) -> object:
        asked.append(cpu_threads)
        return real(*args, cpu_threads=1, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(faster_whisper, "WhisperModel", loaded)
    models.load(str(MODEL), "cpu", 0, "default", 1024)
    assert asked == [os.cpu_count()]


# Translation


def folder_of(path: Path, words: int, layers: int, bands: int) -> str:
    """The small files of a model; its large one is none, so that loading it would fail."""
    shutil.copytree(MODEL, path)
    (path / "model.bin").write_bytes(b"no model")
    (path / "vocabulary.json").write_text(json.dumps([f"w{number}" for number in range(words)]), encoding="utf-8")
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    config["alignment_heads"] = [[layers - 1, 0]]
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (path / "preprocessor_config.json").write_text(json.dumps({"feature_size": bands}), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("words", "layers", "bands", "can"),
    [
        (51866, 32, 128, True), (51866, 4, 128, False), (51865, 4, 80, True), (51864, 4, 80, False),
        (51864, 24, 80, False),
    ],
    ids=["large-v3", "turbo", "tiny", "tiny.en", "medium.en"],
)  # fmt: skip
def test_who_can_translate_is_known_by_small_files(
    tmp_path: Path, words: int, layers: int, bands: int, can: bool
) -> None:
    assert models.translates(folder_of(tmp_path / "m", words, layers, bands)) is can


def test_who_cannot_translate_says_so_before_anything_is_loaded(run: Runs, tmp_path: Path) -> None:
    turbo = folder_of(tmp_path / "turbo", 51866, 4, 128)
    assert run("a.flac", "--task", "translate", model=turbo) == 1
    assert "turbo cannot translate" in run.said
    assert run("a.flac", "--task", "translate", model="tiny.en") == 1
    assert "tiny.en cannot translate" in run.said and "loading" not in run.said


def test_a_language_that_the_model_does_not_know_is_refused(run: Runs) -> None:
    assert run("a.flac", "--language", "de", model="tiny.en") == 1
    assert "tiny.en does not know this language: German." in run.said and "loading" not in run.said


@needs_ffmpeg
def test_silence_on_the_first_of_two_tracks_is_told(run: Runs) -> None:
    inputs = ["-f", "lavfi", "-i", "anullsrc=r=16000:cl=mono:d=8", "-i", run.folder / "a.flac", "-c:a", "flac"]
    ffmpeg(*inputs, "-map", "0", "-map", "1", "-metadata:s:a:1", "title=Microphone", run.folder / "two.mkv")
    assert run("two.mkv", "--language", "en") == 0
    assert "Nothing on track 1 sounds like speech. Choose another one: 1, 2 (Microphone)." in run.said
    assert run("two.mkv", "-o", "b.srt", "--track", "2") == 0 and "3 subtitles, heard as English" in run.said


def test_a_translation_is_shaped_as_english(run: Runs) -> None:
    """Not by the rules of what is spoken: Japanese has no spaces, and lines of 13 characters."""
    assert run("a.flac", "--task", "translate", "--language", "ja") == 0, run.said
    assert texts(run.cues()) == HELLO


# Profiles


def test_the_profile_follows_the_language(run: Runs) -> None:
    assert for_language("de").name == "netflix" and for_language("").name == "netflix-en"
    # English text told to be Korean is shaped by the rules for Korean, unless others are chosen.
    assert run("a.flac", "--language", "ko") == 0, run.said
    assert max(len(line) for cue in run.cues() for line in cue.text.splitlines()) <= 16
    assert run("a.flac", "--language", "ko", "--profile", "netflix-en", "-o", "b.srt") == 0, run.said
    assert texts(run.cues("b.srt")) == HELLO


def test_two_languages_in_one_film(run: Runs) -> None:
    """Each half minute finds its own; the text is the same where there is but one."""
    write(run.folder / "b.wav", clip("hello"), silence(3), clip("hello"))
    assert run("b.wav", "--multilingual") == 0, run.said
    assert texts(run.cues("b.srt")) == HELLO * 2


@pytest.mark.parametrize("wrong", ["[" * 50_000, '{"alignment_heads": [[1e999, 0]]}', '{"alignment_heads": 5}', "5"])
def test_a_model_that_says_nonsense_of_itself_is_tried(tmp_path: Path, wrong: str) -> None:
    folder = folder_of(tmp_path / "m", 51866, 32, 128)
    (Path(folder) / "config.json").write_text(wrong, encoding="utf-8")
    assert models.translates(folder)
