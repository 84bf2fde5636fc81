"""Chromium and a real server. Without a browser the tests are skipped loudly; in CI they fail."""

import os
import shutil

import pytest
from playwright.sync_api import Error, expect, sync_playwright

from tests.support.serving import running_server

_MISSING = (
    "NO BROWSER: the browser tests were SKIPPED. Install Chromium, or run "
    "`python -m playwright install chromium`."
)
_skipped = []
# Patient: a machine that runs other work beside is no failure of the page.
_PATIENCE_MS = 30_000
expect.set_options(timeout=_PATIENCE_MS)


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/browser" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter):
    if _skipped:
        terminalreporter.section("browser", red=True, bold=True)
        terminalreporter.line(_MISSING, red=True, bold=True)


def _launch(playwright):
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    system = next((path for name in names if (path := shutil.which(name))), None)
    return playwright.chromium.launch(
        executable_path=system, args=["--no-sandbox", "--disable-gpu"]
    )


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        try:
            opened = _launch(playwright)
        except Error:
            if os.environ.get("CI") == "true":
                pytest.fail(_MISSING)
            _skipped.append(True)
            pytest.skip(_MISSING)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def served(browser, tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("browser")) as server:
        yield server


@pytest.fixture
def page(browser, served):
    """A new person: nothing remembered. The test fails when the page itself reports an error."""
    context = browser.new_context(
        base_url=served.url, viewport={"width": 1280, "height": 900}, locale="en-GB"
    )
    opened = context.new_page()
    errors = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            errors.append(f"foreign address {request.url}")
            if not request.url.startswith((served.url, "data:", "blob:"))
            else None
        ),
    )
    opened.set_default_timeout(_PATIENCE_MS)
    yield opened
    context.close()
    assert errors == []
