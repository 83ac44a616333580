# SPDX-License-Identifier: GPL-3.0-or-later
"""dev.py and its helpers: what can be asked without setting up a second environment."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
# The demo, the search for strings and the scan of the zips run with the set-up Python, for they need more.
IN_VENV = ("demo", "strings", "libraries")
STANDARD = (ROOT / "dev.py", *(p for p in (ROOT / "devtools").glob("*.py") if not p.name.startswith(IN_VENV)))


@pytest.fixture
def devtools(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModuleType]:
    monkeypatch.syspath_prepend(str(ROOT))
    names = ("checks", "console", "environment", "system")
    return {name: importlib.import_module(f"devtools.{name}") for name in names}


@pytest.mark.parametrize("file", STANDARD, ids=lambda file: file.name)
def test_uses_the_standard_library_only(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [node.module or ""]
        for name in names:
            top = name.partition(".")[0]
            assert top in sys.stdlib_module_names or top == "devtools", f"{file.name} imports {name}"


def test_an_older_python_gets_words() -> None:
    """Everything before the version check must be syntax that an old Python can read."""
    source = (ROOT / "dev.py").read_text(encoding="utf-8")
    ast.parse(source, feature_version=(3, 7))
    forced = source.replace("import sys\n", "import sys\nsys.version_info = (3, 9, 2)\n", 1)
    result = subprocess.run([sys.executable, "-c", forced], capture_output=True, encoding="utf-8", cwd=ROOT)
    assert result.returncode == 1
    assert "needs Python 3.11" in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_help_and_unknown_words() -> None:
    environment = {**os.environ, "PYTHONUTF8": "1"}
    run = [sys.executable, str(ROOT / "dev.py")]
    ok = subprocess.run([*run, "--help"], capture_output=True, encoding="utf-8", env=environment)
    assert ok.returncode == 0 and "demo" in ok.stdout and "bench" in ok.stdout
    wrong = subprocess.run([*run, "bench", "no-such"], capture_output=True, encoding="utf-8", env=environment)
    assert wrong.returncode == 2 and 'no benchmark "no-such"' in wrong.stdout
    wrong = subprocess.run([*run, "test", "no-such"], capture_output=True, encoding="utf-8", env=environment)
    assert wrong.returncode == 2


def test_the_interpreter_on_either_platform(devtools: dict[str, ModuleType]) -> None:
    environment = devtools["environment"]
    venv = Path("somewhere")
    assert environment.venv_python(venv, windows=True) == venv / "Scripts" / "python.exe"
    assert environment.venv_python(venv, windows=False) == venv / "bin" / "python"


def test_which_blender_for_which_python(devtools: dict[str, ModuleType]) -> None:
    wanted = devtools["environment"].blender_requirement
    assert wanted((3, 11)) == "bpy==5.0.*"
    assert wanted((3, 13)) == "bpy==5.2.*"
    assert wanted((3, 12)) is None


@pytest.mark.parametrize(
    ("output", "counts"),
    [
        ("12 passed in 0.52s", (12, 0, 0)),
        ("1 failed, 3 passed, 2 skipped, 1 warning in 61.20s (0:01:01)", (3, 1, 2)),
        ("1 passed, 1 xfailed, 1 xpassed, 1 error in 2.00s", (1, 1, 1)),
        ("no tests ran in 0.01s", (0, 0, 0)),
        ("Segmentation fault", (0, 0, 0)),
        ("2 passed in 1s\nsome text after it\n", (2, 0, 0)),
    ],
)
def test_counts(devtools: dict[str, ModuleType], output: str, counts: tuple[int, int, int]) -> None:
    assert devtools["checks"].read_counts(output) == counts


def test_the_closing_line(devtools: dict[str, ModuleType], capsys: pytest.CaptureFixture[str]) -> None:
    checks = devtools["checks"]
    good = checks.Result(checks.Step("a", []), 0, 1.0, 5, 0, 1)
    bad = checks.Result(checks.Step("b", []), 3, 1.0, 0, 1, 0)
    assert checks.summarise([good]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "5 passed, 0 failed, 1 skipped"
    assert checks.summarise([good, bad], ["A note."]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[-2:] == ["A note.", "5 passed, 1 failed, 1 skipped"]
    assert checks.summarise([]) == 1, "a run that tested nothing must not pass"


WAITS = """
import pathlib, sys, time
own, other = map(pathlib.Path, sys.argv[1:])
own.touch()
until = time.monotonic() + 60
while not other.exists() and time.monotonic() < until:
    time.sleep(0.01)
print(own.name, "saw", other.name)
print("1 passed in 0.01s")
sys.exit(not other.exists())
"""
LOOKS = """
import pathlib, sys
found = sorted(path.name for path in pathlib.Path(sys.argv[1]).iterdir())
print(*found)
print("1 failed, 2 passed in 0.01s")
sys.exit(found != sys.argv[2:] or 1)
"""


@pytest.mark.timeout(180)
def test_what_watches_no_clock_runs_beside_what_is_made_and_the_rest_afterwards(
    devtools: dict[str, ModuleType],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    checks, environment = devtools["checks"], devtools["environment"]
    one, two = tmp_path / "one", tmp_path / "two"
    plan = {
        "core": [
            checks.Step("alone", [sys.executable, "-c", LOOKS, tmp_path, "one", "two"]),
            checks.Step("beside", [sys.executable, "-c", WAITS, one, two], alone=False),
        ],
        "matrix": [checks.Step("other Blenders, made", [sys.executable, "-c", WAITS, two, one], False, alone=False)],
        "blender": [checks.Step("not here", [sys.executable, "-c", "raise SystemExit(9)"])],
        "gui": [checks.Step("no window", [sys.executable, "-c", "raise SystemExit(9)"])],
    }
    monkeypatch.setattr(checks, "_steps", lambda part, _ready: plan[part])
    monkeypatch.setattr(checks.gui, "why_not", lambda _name: "There is no screen.")
    ready = environment.Ready(Path(sys.executable), False, "There is no Blender.")
    assert checks.run_parts(list(plan), ready) == 1
    out = capsys.readouterr().out
    assert out.index("two saw one") < out.index("== alone\none two\n"), "what is made is shown as it comes"
    assert out.index("== beside\none saw two\n") < out.index("== alone\none two\n")
    summary = out[out.index("== summary") :].splitlines()[1:]
    assert [line.split("  ")[0] for line in summary[:3]] == ["alone", "beside", "other Blenders, made"]
    assert [" ok " in line for line in summary[:3]] == [False, True, True]
    assert summary[3:] == [
        "There is no Blender. Its tests were left out.",
        "There is no screen. The tests in a window were left out.",
        "4 passed, 1 failed, 0 skipped",
    ]


def test_only_debian_gets_apt(devtools: dict[str, ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system = devtools["system"]
    monkeypatch.setattr(system.shutil, "which", lambda name: f"/usr/bin/{name}")
    release = tmp_path / "os-release"
    for text, expected in [
        ("ID=debian\n", True),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', True),
        ("ID=fedora\n", False),
        ("no equals sign\n", False),
    ]:
        release.write_text(text, encoding="utf-8")
        assert system.is_debian(release) is expected
    assert system.is_debian(tmp_path / "missing") is False


def test_what_is_missing_is_named_in_one_line_to_copy(
    devtools: dict[str, ModuleType], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    system, console = devtools["system"], devtools["console"]
    monkeypatch.setattr(system, "_may_install", lambda: False)
    monkeypatch.setattr(system, "is_debian", lambda: True)
    line = "Run: sudo apt-get install --no-install-recommends -y libegl1 libgl1"
    with pytest.raises(console.SetupError) as caught:
        system.provide(["libegl1", "libgl1"], "Blender", required=True)
    assert line in str(caught.value) and "\n" not in str(caught.value)
    system.provide(["libegl1", "libgl1"], "Blender", required=False)
    assert line in capsys.readouterr().out
    system.provide([], "Blender", required=True)
