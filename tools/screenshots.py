"""Pictures of the running pages into docs/images: `make screenshots`; or only those named after it.

Starts the application in a folder of its own with the demo study and 280 simulated readers.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, Playwright, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PATIENCE_MS = 180_000
PASSWORD = "pictures for the manual"
DESK: ViewportSize = {"width": 1280, "height": 900}
TALL: ViewportSize = {"width": 1280, "height": 1250}
PHONE: ViewportSize = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Stage:
    """A browser before a running application."""

    browser: Browser
    url: str
    environment: dict[str, str]

    def open(self, address: str, *, viewport: ViewportSize = DESK, is_dark: bool = False) -> Page:
        context = self.browser.new_context(
            viewport=viewport, color_scheme="dark" if is_dark else "light", locale="en-GB"
        )
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(address)
        return page

    def study(self, *arguments: str) -> str:
        """What `python -m readerstudy` prints."""
        return self.run("-m", "readerstudy", *arguments)

    def run(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, check=True, capture_output=True, text=True
        )
        return done.stdout

    def invitation(self) -> str:
        printed = self.study("invite", "--study", "demo", "--count", "1")
        return re.findall(r"http\S+", printed)[0]


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    named = sys.argv[1:]
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as (url, environment),
        sync_playwright() as playwright,
    ):
        stage = Stage(launch(playwright), url, environment)
        for take in (demo, quiz, quiz_on_a_phone, admin, wang_2020):
            if not named or take.__name__ in named:
                take(stage)
        stage.browser.close()


def demo(stage: Stage) -> None:
    for name, viewport, is_dark in (("demo", DESK, False), ("demo-phone", PHONE, True)):
        page = stage.open(stage.url + "/", viewport=viewport, is_dark=is_dark)
        page.locator(".sr-examples button").first.click()
        page.locator(".sr-map").wait_for()
        save(page, name, full_page=is_dark)


def quiz(stage: Stage) -> None:
    page = stage.open(stage.invitation())
    save(page, "invitation")
    begin(page)
    page.keyboard.press("3")
    save(page, "quiz")


def quiz_on_a_phone(stage: Stage) -> None:
    page = stage.open(stage.invitation(), viewport=PHONE)
    begin(page)
    page.locator(".sq-option").nth(2).click()
    save(page, "quiz-phone")


def admin(stage: Stage) -> None:
    stage.study("simulate", "--study", "demo", "--readers", "280", "--seed", "1")
    save(signed_in(stage), "admin")


def wang_2020(stage: Stage) -> None:
    stage.run("tools/reenact.py", "docs/examples/wang-2020.toml")
    page = signed_in(stage)
    choose(page, "#sr-study", "set I: skin tumours")
    page.locator("h2", has_text="set I: skin tumours").wait_for()
    page.get_by_text("published-rates minus").first.wait_for()
    choose(page, "#sr-figure", "ROC: SK")
    page.get_by_text("SK against all other").wait_for()
    page.mouse.move(0, 0)
    save(page, "wang-2020")


def choose(page: Page, box: str, words: str) -> None:
    page.locator(f"{box} input").click()
    page.get_by_role("option", name=words).click()


def signed_in(stage: Stage) -> Page:
    page = stage.open(stage.url + "/admin/", viewport=TALL)
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("#sr-plot .scatterlayer").first.wait_for()
    return page


def begin(page: Page) -> None:
    page.get_by_role("button", name="Begin").click()
    page.locator("#sr-agree input").check()
    page.locator("#sr-agree-go").click()
    page.locator("#sr-profile-go").click()
    page.locator("fieldset[data-part=fields]:not([disabled])").wait_for(state="attached")
    time.sleep(0.5)  # the page ignores clicks right after a new case


def save(page: Page, name: str, *, full_page: bool = False) -> None:
    page.wait_for_timeout(900)  # until transitions and the plot have come to rest
    page.screenshot(path=IMAGES / f"{name}.png", full_page=full_page)
    print(f"docs/images/{name}.png")


def launch(playwright: Playwright) -> Browser:
    names = ("chromium", "chromium-browser", "google-chrome")
    system = next((path for name in names if (path := shutil.which(name))), None)
    return playwright.chromium.launch(executable_path=system, args=["--no-sandbox"])


@contextmanager
def served(folder: Path) -> Iterator[tuple[str, dict[str, str]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = dict(os.environ) | {
        "SKINREADER_VAR": str(folder / "var"),
        "SKINREADER_PORT": str(port),
        "SKINREADER_ADMIN_PASSWORD": PASSWORD,
    }
    process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(url, process)
        yield url, environment
    finally:
        process.terminate()
        process.wait(20)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if process.poll() is not None:
            sys.exit("The application did not start; its message is above.")
        try:
            urllib.request.urlopen(f"{url}/healthz")
        except OSError:
            time.sleep(0.2)
        else:
            return
    sys.exit("The application did not answer within two minutes.")


if __name__ == "__main__":
    main()
