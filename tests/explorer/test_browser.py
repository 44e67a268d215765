"""The explorer in a real browser: Debian's chromium, without a screen.  Without a browser these tests are skipped."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from checker.explorer.page import page
from checker.explorer.server import Explorer, server
from checker.explorer.session import Session, opened, whole
from checker.trace.trace import Trace
from tests.explorer.test_page import LARGEST, PETERSON, RACE

DRIVER = shutil.which("chromedriver")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.skipif(not (DRIVER and BROWSER), reason="no chromium with chromedriver"),
    pytest.mark.xdist_group("browser"),
]
WIDTHS = (360, 1600)
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")


class Page:
    """A browser that shows one page."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, address: str, width: int = 1600, scheme: str = "light") -> None:
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get("about:blank")
        self.driver.get(address)
        self.until(lambda: self.text("#at"))

    def press(self, keys: str) -> None:
        from selenium.webdriver.common.by import By

        self.driver.find_element(By.TAG_NAME, "body").send_keys(keys)

    def click(self, selector: str) -> None:
        from selenium.webdriver.common.by import By

        self.run(f"document.querySelector({selector!r}).scrollIntoView({{block: 'center'}})")
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def run(self, script: str) -> Any:
        return self.driver.execute_script(f"return {script}")

    def text(self, selector: str) -> str:
        return self.run(f"document.querySelector({selector!r})?.innerText ?? ''")

    def texts(self, selector: str) -> list[str]:
        return self.run(f"[...document.querySelectorAll({selector!r})].map((one) => one.innerText)")

    def until(self, met: Any, seconds: float = 60) -> Any:
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.driver, seconds, 0.05).until(lambda _: met())

    def is_at(self, place: str) -> None:
        self.until(lambda: self.text("#at") == place)


@pytest.fixture(scope="module")
def driver() -> Iterator[Any]:
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield running
    running.quit()


@pytest.fixture
def browser(driver: Any) -> Iterator[Page]:
    driver.get_log("browser")
    yield Page(driver)
    assert [entry["message"] for entry in driver.get_log("browser")] == []


@pytest.fixture(scope="module")
def found() -> tuple[Session, Trace]:
    return opened(RACE, None, None, None, None)


@pytest.fixture(scope="module")
def file(found: tuple[Session, Trace], tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("explorer") / "race.html"
    path.write_text(page(whole(*found)), encoding="utf-8")
    return path.as_uri()


def served(session: Session, trace: Trace) -> Iterator[str]:
    """The address of a server that runs meanwhile."""
    application = Explorer(session, trace)
    running = server(application)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.port}/"
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture(scope="module")
def race(found: tuple[Session, Trace]) -> Iterator[str]:
    yield from served(*found)


@pytest.fixture
def peterson() -> Iterator[str]:
    yield from served(*opened(None, PETERSON, "turn_first", None, None))


def test_the_file_is_stepped_through_from_the_disk(browser: Page, file: str) -> None:
    browser.open(file)
    assert browser.text("#violated") == "recorded_size_is_backed" and browser.text("#at") == "45 / 45"
    assert "recorded_size_is_backed" in browser.text(".false") and "i_disk_size = 2" in browser.text(".because")

    browser.press("k")
    browser.is_at("44 / 45")
    assert browser.texts(".false") == []
    browser.click("[data-row='22']")
    browser.is_at("22 / 45")
    assert "PG_writeback" in browser.text("#values .changed") and "0 → 1" in browser.text("#values .changed")
    assert "folio_start_writeback" in browser.text("#source .done")
    assert "D0" in browser.text("#drawn .cells").replace("\n", "")
    browser.press("v")
    browser.is_at("45 / 45")


def test_a_place_in_the_file_has_an_address(browser: Page, file: str) -> None:
    browser.open(file + "#at=7")
    browser.is_at("7 / 45")
    browser.press("jj")
    assert browser.run("location.hash") == "#at=9"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(browser: Page, file: str, width: int) -> None:
    browser.open(file, width)
    assert browser.run("document.documentElement.scrollWidth") <= width
    cut = "[...document.querySelectorAll('nav button, .line .text, #tabs button')].filter((one) => one.offsetParent && one.getBoundingClientRect().right > innerWidth + 1).length"
    assert browser.run(cut) == 0
    shown = browser.run("[...document.querySelectorAll('#left > section, #right > section')].filter((one) => one.offsetParent).length")
    assert shown == (1 if width == 360 else 4)


def test_light_and_dark(browser: Page, file: str) -> None:
    grounds = []
    for scheme in ("light", "dark"):
        browser.open(file, scheme=scheme)
        grounds.append(browser.run("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(251, 251, 249)", "rgb(21, 24, 28)"]


def test_two_designs_are_side_by_side(browser: Page, file: str) -> None:
    browser.open(file)
    browser.press("b")
    browser.is_at("28 / 45")
    assert "io_size = 1, not 2" in browser.text("#parts")
    assert browser.texts(".sources h3") == ["no_io_size_clamp", "iomap"]
    assert [line.split("\n") for line in browser.texts(".group:nth-child(2) .value")] == [["ioend 0 io_size", "0 → 2", "1"]]
    assert "clamp_io_size" in browser.text(".sources > div:last-child .edited")
    browser.press("b")
    assert browser.text("#parts") == ""


def test_the_last_step_is_chosen_and_violates(browser: Page, race: str) -> None:
    browser.open(race)
    browser.press("k")
    browser.is_at("44 / 45")
    browser.until(lambda: browser.texts("#next .step"))
    threads = browser.texts("#next .step b")
    assert {"writer", "flusher", "kworker"} == set(threads)

    browser.press(str(threads.index("writer") + 1))
    browser.until(lambda: browser.text("#violated") == "no violation")
    browser.press("u")
    browser.until(lambda: browser.text("#violated") == "recorded_size_is_backed")
    browser.is_at("44 / 45")
    browser.until(lambda: browser.texts("#next .step b") == threads)
    browser.press(str(threads.index("kworker") + 1))
    browser.until(lambda: browser.texts(".false"))
    browser.is_at("45 / 45")


def test_a_schedule_is_in_the_address(browser: Page, peterson: str) -> None:
    browser.open(peterson)
    assert browser.text("#violated") == "nothing has happened yet" and browser.text("#at") == "0 / 0"
    for taken in (1, 2, 3):
        browser.until(lambda: browser.texts("#next .step"))
        browser.press("1")
        browser.is_at(f"{taken} / {taken}")
    steps, address = browser.texts(".line:not(.call) .text"), browser.driver.current_url
    assert "steps=aaa" in address

    browser.open(address)
    browser.until(lambda: browser.texts(".line:not(.call) .text") == steps)
    browser.press("u")
    assert "nothing to take back" in browser.text("#said")


def test_a_violation_is_searched_for_and_told(browser: Page, peterson: str) -> None:
    browser.open(peterson)
    browser.press("v")
    browser.until(lambda: browser.text("#violated") == "mutual_exclusion", 120)
    assert "mutual_exclusion" in browser.text(".false") and "violated" in browser.text("#said")


def test_another_design_is_put_beside_the_steps(browser: Page, race: str) -> None:
    browser.open(race + "#with=iomap")
    browser.until(lambda: browser.text("#parts"))
    assert "with iomap these steps do not violate" in browser.text("#parts")


def test_the_largest_trace_is_shown(browser: Page, tmp_path: Path) -> None:
    path = tmp_path / "largest.html"
    path.write_text(page(whole(*opened(LARGEST, None, None, None, None))), encoding="utf-8")
    browser.open(path.as_uri(), 360, "dark")
    assert browser.text("#at") == "105 / 105"
    assert browser.run("document.documentElement.scrollWidth") <= 360
