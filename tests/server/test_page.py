# SPDX-License-Identifier: GPL-3.0-or-later
"""The page in real Chromium, by clicks and keys, compared with the disk; what it looks like is in demo/service-page."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")

from selenium.common.exceptions import (  # noqa: E402
    ElementClickInterceptedException,
    NoSuchElementException,
    StaleElementReferenceException,
)
from selenium.webdriver.chrome.service import Service as Driver  # noqa: E402
from selenium.webdriver.common.by import By  # noqa: E402
from selenium.webdriver.common.keys import Keys  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402

from tests.hub.server import LoopbackHub  # noqa: E402

from .kit import MODEL, SMALL, Service, add_models, command, running, until  # noqa: E402

CHROMIUM, CHROMEDRIVER = shutil.which("chromium"), shutil.which("chromedriver")
ROOT = Path(__file__).parents[2]
AXE = ROOT / ".venv" / "axe-core" / "axe.min.js"
LONG = bool(os.environ.get("SUBTITLE_EDITOR_LONG_TESTS"))
PICTURES = ROOT / "demo" / "service-page"

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(CHROMIUM is None or CHROMEDRIVER is None, reason="Chromium is not installed"),
]

FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --hide-scrollbars --disable-dev-shm-usage"
).split()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}", "--lang=en"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Driver(CHROMEDRIVER))
    try:
        yield driver
    finally:
        driver.quit()


class Page:
    """The page of one service, as somebody who looks at it and clicks."""

    def __init__(self, driver: Any, service: Service) -> None:
        self.driver = driver
        self.service = service
        self.look(1280)

    def open(self) -> Page:
        # The page of the test before looks for its service, which is gone, for as long as it is open.
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(self.service.address)
        until(lambda: self.text("#link") in ("Connected", "Verbunden", "متصل"), "the page is connected")
        until(lambda: self.all("#cards > .card"), "cards")
        return self

    def look(self, width: int, height: int = 900, dark: bool = False) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        # Still, so that a picture is the same each time.
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme, still]})

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.driver.save_screenshot(str(PICTURES / f"{name}.png"))

    def all(self, selector: str) -> list[Any]:
        return list(self.driver.find_elements(By.CSS_SELECTOR, selector))

    def one(self, selector: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector: str) -> str:
        with contextlib.suppress(StaleElementReferenceException, NoSuchElementException):
            return plain(self.one(selector).text)
        return ""

    def card(self, model: str, inside: str = "") -> str:
        return f'[data-model="{model}"].card {inside}'.strip()

    def state(self, model: str) -> str:
        return self.text(self.card(model, ".badge"))

    def live(self, model: str) -> str:
        return self.text(self.card(model, ".live"))

    def buttons(self, model: str) -> list[str]:
        return [button.text for button in self.all(self.card(model, "button")) if button.is_displayed()]

    def click(self, model: str, action: str) -> None:
        selector = self.card(model, f'button[data-action="{action}"]')
        until(lambda: self.all(selector), f"the card of {model}")
        button = self.one(selector)
        until(lambda: button.is_displayed() and not button.get_attribute("data-busy"), f"{action} of {model}")

        def pressed() -> bool:
            # News of another model may move the card between the two.
            with contextlib.suppress(ElementClickInterceptedException):
                self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", button)
                button.click()
                return True
            return False

        until(pressed, f"{action} of {model}")

    def wait(self, condition: Callable[[], Any], what: str = "") -> Any:
        def safely() -> Any:
            with contextlib.suppress(StaleElementReferenceException):
                return condition()
            return None

        return until(safely, what)

    def toasts(self) -> str:
        return plain(" ".join(toast.text for toast in self.all(".toast")))

    def complaints(self) -> list[str]:
        """What the browser complains of, except that a service that is away does not answer."""
        entries = self.driver.get_log("browser")
        return [e["message"] for e in entries if "ERR_CONNECTION" not in e["message"] and "401" not in e["message"]]

    def asked(self) -> set[str]:
        """The addresses that the page has asked since it was opened, without their paths."""
        found = set()
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            url = message["params"].get("request", {}).get("url") or message["params"].get("url", "")
            if message["method"] in ("Network.requestWillBeSent", "Network.webSocketCreated"):
                found.add("/".join(url.split("/")[:3]).replace("ws://", "http://"))
        return {address for address in found if not address.startswith("data:")}


@pytest.fixture
def page(browser: Any, service: Service) -> Iterator[Page]:
    found = Page(browser, service).open()
    yield found
    assert found.complaints() == []
    assert found.asked() <= {service.address}
    browser.execute_script("localStorage.clear(); sessionStorage.clear()")
    browser.get("about:blank")


def plain(text: str) -> str:
    """Without what only keeps numbers and units together."""
    return text.replace("\u00a0", " ").replace("\u202f", " ").replace("\u2068", "").replace("\u2069", "")


def model_file(service: Service, model: str) -> Path | None:
    return next(service.models.glob(f"models--Systran--faster-whisper-{model}/snapshots/*/model.bin"), None)


def test_download_pause_resume_and_cancel_by_clicks(page: Page, hub: LoopbackHub) -> None:
    service = page.service
    hub.settings.rate = 150_000
    assert page.state("tiny") == "Not installed" and page.buttons("tiny") == ["Download", "Details"]
    page.click("tiny", "download")
    page.wait(lambda: "MB of 3.1 MB" in page.live("tiny") and "left" in page.live("tiny"))
    assert "File 1 of 4: model.bin" in page.live("tiny") and "/s" in page.live("tiny")
    bar = page.one(page.card("tiny", '[role="progressbar"]'))
    assert 0 <= int(bar.get_attribute("aria-valuenow")) <= 100 and "%" in bar.get_attribute("aria-valuetext")
    assert page.text("#count") == "1"
    page.picture("downloading")
    service.begun(service.good("GET", "/api/sources/downloads")[0]["job"])
    page.click("tiny", "pause")
    page.wait(lambda: "Paused" in page.live("tiny"))
    (row,) = service.good("GET", "/api/sources/downloads")
    assert row["state"] == "paused"
    # What had the focus is gone, and the focus is on what comes next.
    assert page.driver.switch_to.active_element.text == "Resume"
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait(lambda: "Paused" not in page.live("tiny") and "/s" in page.live("tiny"))
    page.click("tiny", "cancel")
    page.wait(lambda: page.state("tiny") == "◐ Incomplete")
    assert "cancelled" in page.toasts()
    assert service.good("GET", "/api/sources/history")[0]["state"] == "cancelled"
    hub.settings.rate = None
    page.click("tiny", "download")
    page.wait(lambda: page.state("tiny") == "✓ Installed")
    found = model_file(service, "tiny")
    assert found is not None and found.read_bytes()[32:] == MODEL[32:]


def test_verify_repair_and_delete_by_clicks(page: Page) -> None:
    service = page.service
    page.click("base", "download")
    page.wait(lambda: page.state("base") == "✓ Installed")
    page.click("base", "verify")
    page.wait(lambda: "every file is as published (4)" in page.toasts())
    found = model_file(service, "base")
    assert found is not None
    target = found.resolve()
    target.write_bytes(b"x" + target.read_bytes()[1:])
    page.click("base", "verify")
    page.wait(lambda: page.state("base") == "! Damaged")
    assert "model.bin" in page.text(page.card("base", ".problem:not([hidden])"))
    page.picture("damaged")
    page.click("base", "repair")
    page.wait(lambda: page.state("base") == "✓ Installed")
    assert target.read_bytes()[32:] == MODEL[32:]
    # Deleting asks first, and the answer that does nothing is the one that Enter gives.
    page.click("base", "delete")
    page.wait(lambda: page.one("#question").is_displayed())
    assert "Delete Whisper base?" in page.text("#question") and "3.1 MB" in page.text("#question")
    page.picture("question")
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.wait(lambda: not page.one("#question").is_displayed())
    assert target.is_file()
    page.click("base", "delete")
    page.wait(lambda: page.one("#question").is_displayed())
    page.one("#yes").click()
    page.wait(lambda: page.state("base") == "Not installed")
    assert not target.exists()
    assert "3.1 MB are free again" in page.toasts()


def test_search_filters_details_history_and_log(page: Page) -> None:
    page.click("tiny", "download")
    page.wait(lambda: page.state("tiny") == "✓ Installed")
    everything = len(page.all("#cards > .card"))
    assert page.text("#found") == f"{everything} models"
    page.driver.switch_to.active_element.send_keys("/")
    assert page.driver.switch_to.active_element.get_attribute("id") == "search"
    page.one("#search").send_keys("tiny english")
    page.wait(lambda: [card.get_attribute("data-model") for card in page.all("#cards > .card")] == ["tiny.en"])
    page.one("#search").clear()
    page.one("#search").send_keys("zzzz")
    page.wait(lambda: page.one("#empty").is_displayed())
    assert "Nothing fits" in page.text("#empty")
    page.picture("nothing")
    page.one("#search").send_keys(Keys.BACKSPACE * 4)
    page.wait(lambda: len(page.all("#cards > .card")) == everything)
    Select(page.one("#kind")).select_by_value("dataset")
    page.wait(lambda: 0 < len(page.all("#cards > .card")) < everything)
    assert all("Dataset" in card.text for card in page.all("#cards > .card"))
    Select(page.one("#kind")).select_by_value("")
    page.one("#missing").click()
    page.wait(lambda: [card.get_attribute("data-model") for card in page.all("#cards > .card")] == ["tiny"])
    page.click("tiny", "details")
    page.wait(lambda: page.one("#details").is_displayed())
    files = [plain(row.text) for row in page.all(".files li")]
    assert len(files) == 4 and any("model.bin" in row and "Installed · 3.1 MB" in row for row in files)
    assert str(page.service.models) in files[0] and "MIT" in page.text("#details")
    page.picture("details")
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.wait(lambda: not page.one("#details").is_displayed())
    page.one('[data-view="history"]').click()
    page.wait(lambda: "Finished" in page.text("#past"))
    assert "Whisper tiny" in page.text("#past") and "3.1 MB" in page.text("#past")
    page.picture("history")
    page.one("#clear").click()
    page.one("#yes").click()
    page.wait(lambda: page.one("#no-past").is_displayed())
    page.one('[data-view="log"]').click()
    page.wait(lambda: "download 'tiny' from 127.0.0.1" in page.text("#lines"))
    assert "3.1 MB used" in page.text("#disk") and str(page.service.models) in page.text("#disk")
    page.picture("log")
    page.one('[data-view="downloads"]').click()
    page.wait(lambda: page.one("#no-jobs").is_displayed())


def test_a_bundle_with_a_gated_part_and_a_hub_that_is_away(browser: Any, hub: LoopbackHub, tmp_path: Path) -> None:
    hub.add_model("owner/one", {"a.bin": MODEL})
    hub.add_dataset("owner/two", {"b.bin": MODEL[::-1]})
    hub.add_model("owner/farsi", {**SMALL, "model.bin": MODEL[1:] + b"f"})
    hub.add_model("owner/gated", {**SMALL, "model.bin": MODEL}, gated=True)
    user = tmp_path / "service" / "user"
    user.mkdir(parents=True)
    (user / "catalog.toml").write_text(
        '[[model]]\nid = "both"\nname = "Both"\nkind = "image"\nlicence = "CC0"\n'
        'source = [{ repo = "owner/one" }, { repo = "owner/two", type = "dataset" }]\n'
        '[[model]]\nid = "gated"\nname = "Gated <b>model</b>"\nkind = "language"\nsource = [{ repo = "owner/gated" }]\n'
        '[[model]]\nid = "persian"\nname = "مدل فارسی"\nkind = "language"\nlanguages = ["fa"]\n'
        'description = "گفتار و متن فارسی"\nsource = [{ repo = "owner/farsi" }]\n'
        '[[model]]\nid = "broken"\nname = "Broken"\n'
    )
    with running(tmp_path / "service", hub.endpoint) as service:
        page = Page(browser, service).open()
        page.click("both", "download")
        page.wait(lambda: page.state("both") == "✓ Installed")
        assert (service.models / "datasets--owner--two").is_dir()
        page.click("persian", "download")
        page.wait(lambda: page.state("persian") == "✓ Installed")
        page.one("#search").send_keys("گفتار")
        page.wait(lambda: "persian" in [card.get_attribute("data-model") for card in page.all("#cards > .card")])
        page.one("#search").send_keys(Keys.BACKSPACE * 5)
        page.click("gated", "download")
        page.wait(
            lambda: "asks you to accept its licence first" in page.text(page.card("gated", ".problem:not([hidden])"))
        )
        # A name is a text, whatever it looks like.
        assert page.text(page.card("gated", "h3")) == "Gated <b>model</b>"
        assert "Broken" not in page.text("#cards") and 'the entry "broken"' in page.text("#problems")
        hub.close()
        page.click("tiny", "download")
        page.wait(lambda: "Trying again" in page.live("tiny"), "a countdown")
        page.picture("hub-away")
        page.click("tiny", "cancel")
        page.wait(lambda: page.live("tiny") == "")
        assert page.complaints() == []


def test_the_page_survives_a_restart_in_the_middle(page: Page, hub: LoopbackHub) -> None:
    service = page.service
    hub.settings.rate = 150_000
    page.click("small", "download")
    page.wait(lambda: "MB of" in page.live("small"))
    (row,) = service.good("GET", "/api/sources/downloads")
    service.begun(row["job"])
    port = service.port
    service.end(signal.SIGKILL)
    page.wait(lambda: page.one("#away").is_displayed())
    page.picture("away")
    hub.settings.rate = None
    service.start(port)
    page.wait(lambda: page.text("#link") == "Connected" and not page.one("#away").is_displayed())
    page.wait(lambda: "Interrupted" in page.live("small"))
    page.click("small", "resume")
    page.wait(lambda: page.state("small") == "✓ Installed")
    found = model_file(service, "small")
    assert found is not None and found.stat().st_size == len(MODEL)


def test_a_job_of_the_command_line_is_seen_and_cancelled_and_the_other_way_round(page: Page, hub: LoopbackHub) -> None:
    service = page.service
    hub.settings.rate = 150_000
    words = [sys.executable, "-m", "subtitle_editor", "models", "download", "base", *service.place(), "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        page.wait(lambda: "(in another program)" in page.live("base") and "MB of" in page.live("base"))
        page.one('[data-view="downloads"]').click()
        page.wait(lambda: page.all("#jobs .row"))
        page.picture("elsewhere")
        page.wait(lambda: [b for b in page.all("#jobs .row button") if b.text == "Cancel" and b.is_displayed()])[
            0
        ].click()
        assert process.wait(30) == 1
    page.wait(lambda: not page.all("#jobs .row"))
    page.one('[data-view="models"]').click()
    page.click("tiny", "download")
    page.wait(lambda: "MB of" in page.live("tiny"))
    (row,) = service.good("GET", "/api/sources/downloads")
    assert command(service, "models", "cancel", row["job"])[0] == 0
    page.wait(lambda: page.live("tiny") == "")


def test_persian_from_right_to_left_and_german(page: Page, hub: LoopbackHub) -> None:
    hub.settings.rate = 150_000
    page.click("tiny", "download")
    page.wait(lambda: "MB of" in page.live("tiny"))
    Select(page.one("#language")).select_by_value("fa")
    page.wait(lambda: page.text("#link") == "متصل" and "سریع‌ترین" in page.text("#cards"))
    root = page.one("html")
    assert (root.get_attribute("dir"), root.get_attribute("lang")) == ("rtl", "fa")
    card = page.one(page.card("tiny"))
    name, badge = card.find_element(By.TAG_NAME, "h3").rect, card.find_element(By.CLASS_NAME, "badge").rect
    assert name["x"] > badge["x"], "the name is on the right"
    measure = "return ['.fill', '.track'].map((part) => arguments[0].querySelector(part).getBoundingClientRect().right)"
    fill, track = page.driver.execute_script(measure, card)
    assert abs(fill - track) < 1, "the bar grows from the right"
    page.picture("persian")
    page.click("tiny", "cancel")
    page.click("medium", "download")
    page.wait(lambda: "Systran/faster-whisper-medium" in page.text(page.card("medium", ".problem:not([hidden])")))
    assert "\u06cc" in page.text(page.card("medium", ".problem:not([hidden])")), "the reason is Persian"
    page.driver.refresh()
    page.wait(lambda: page.text("#link") == "متصل")
    Select(page.one("#language")).select_by_value("de")
    page.wait(lambda: page.text("#link") == "Verbunden")
    assert page.one("html").get_attribute("dir") == "ltr"
    page.wait(lambda: "Herunterladen" in page.buttons("base"))
    page.picture("german")


def test_the_page_asks_for_the_token(browser: Any, hub: LoopbackHub, tmp_path: Path) -> None:
    token = tmp_path / "access"
    with running(tmp_path / "service", hub.endpoint, ["--access-token-file", str(token)]) as service:
        page = Page(browser, service)
        browser.get(service.address)
        page.wait(lambda: page.one("#login").is_displayed())
        page.picture("login")
        page.one("#token").send_keys("wrong-token-wrong-token" + Keys.ENTER)
        page.wait(lambda: "not the access token" in page.text("#login-problem"))
        page.one("#token").clear()
        page.one("#token").send_keys(token.read_text().strip() + Keys.ENTER)
        page.wait(lambda: not page.one("#login").is_displayed() and page.text("#link") == "Connected")
        page.wait(lambda: page.all("#cards > .card"))
        page.click("tiny", "download")
        page.wait(lambda: page.state("tiny") == "✓ Installed")
        assert token.read_text().strip() not in browser.current_url
        browser.refresh()
        page.wait(lambda: page.text("#link") == "Connected")
        browser.execute_script("localStorage.clear(); sessionStorage.clear()")
        browser.get("about:blank")


def test_everything_is_reached_by_the_keyboard_and_the_focus_is_seen(page: Page) -> None:
    reached = set()
    for _ in range(30):
        page.driver.switch_to.active_element.send_keys(Keys.TAB)
        element = page.driver.switch_to.active_element
        reached.add(element.get_attribute("id") or element.get_attribute("data-view") or element.get_attribute("class"))
        style = page.driver.execute_script("return getComputedStyle(arguments[0]).outlineStyle", element)
        assert style != "none", element.get_attribute("outerHTML")
    assert {
        "skip",
        "language",
        "theme",
        "models",
        "downloads",
        "history",
        "log",
        "search",
        "kind",
        "missing",
    } <= reached
    assert any("main" in one for one in reached), "the buttons of the cards"


WIDTHS = (320, 768, 1280, 2560)


LOOKS = [("en", False), ("fa", True)] + ([("en", True), ("de", False), ("de", True), ("fa", False)] if LONG else [])


@pytest.mark.parametrize(("language", "dark"), LOOKS)
def test_axe_finds_nothing_and_nothing_sticks_out(page: Page, hub: LoopbackHub, language: str, dark: bool) -> None:
    """At each width, in each view, with a download, a failure, an installed model and a dialog on the screen."""
    if not AXE.exists():
        pytest.skip("axe-core is not there: python3 dev.py test service fetches it")
    add_models(hub, "tiny.en")
    page.service.wait(page.service.download("tiny"), "done")
    page.service.wait(page.service.download("medium"), "failed")
    hub.settings.rate = 150_000
    page.service.download("base")
    page.service.good("POST", f"/api/sources/download/{page.service.download('small')}/pause")
    Select(page.one("#language")).select_by_value(language)
    page.wait(lambda: page.one("html").get_attribute("lang") == language and page.live("base"))
    page.driver.execute_script(AXE.read_text(encoding="utf-8"))
    for width in WIDTHS:
        page.look(width, 1400 if width == 2560 else 900, dark)
        for view in ("models", "downloads", "history", "log"):
            page.one(f'[data-view="{view}"]').click()
            page.wait(lambda view=view: page.one(f"#{view}").is_displayed())  # type: ignore[misc]
            page.driver.execute_script("scrollTo(0, 0)")
            page.picture(f"{view}-{width}-{'dark' if dark else 'light'}-{language}")
            sticks_out = page.driver.execute_script("return document.documentElement.scrollWidth - innerWidth")
            assert sticks_out <= 0, f"{view} at {width} is {sticks_out} px too wide"
            if width in (320, 1280):
                assert findings(page) == []
    page.look(1280, 900, dark)
    page.one('[data-view="models"]').click()
    page.click("tiny", "details")
    page.wait(lambda: page.one("#details").is_displayed())
    assert findings(page) == []
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.click("tiny", "delete")
    page.wait(lambda: page.one("#question").is_displayed())
    assert findings(page) == []
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)


def findings(page: Page) -> list[str]:
    """What axe-core finds, of all its rules."""
    script = (
        "const done = arguments[arguments.length - 1]; axe.run(document).then(done, (e) => done({error: String(e)}))"
    )
    found = page.driver.execute_async_script(script)
    assert "error" not in found, found
    return [
        f"{one['id']}: {node['target']}: {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]


def test_the_page_is_small_and_asks_nobody_else() -> None:
    folder = ROOT / "server" / "page"
    files = list(folder.iterdir())
    assert sum(file.stat().st_size for file in files) <= 60_000
    for file in files:
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text and "https://" not in text.replace("/^https:/", ""), file


def test_every_text_is_there_in_each_language_and_used() -> None:
    import re

    texts = (ROOT / "server" / "page" / "texts.js").read_text(encoding="utf-8")
    rows = re.findall(r'^  "?([\w-]+)"?: (\[.*\]),$', texts, re.MULTILINE)
    assert len(rows) > 80
    used = "".join((ROOT / "server" / "page" / name).read_text(encoding="utf-8") for name in ("page.js", "index.html"))
    used += texts.partition("};")[2]
    composed = ("s_", "w_", "speech-to-text", "text-to-speech", "dataset", "image")
    for key, row in rows:
        words = json.loads(row)
        assert len(words) == 3 and all(words), key
        fields = [sorted(re.findall(r"\{(\w+)\}", word)) for word in words]
        assert fields[0] == fields[1] == fields[2] or key == "found_one", key
        assert not set("\u064a\u0643") & set(words[2]), f"{key}: Arabic letters in Persian"
        assert f'"{key}"' in used or f"{key}:" in used or key.startswith(composed), f"{key} is not used"
