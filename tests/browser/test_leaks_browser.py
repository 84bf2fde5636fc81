"""A whole quiz in a real browser: no byte that it receives tells what the reader must not know."""

import pytest
from playwright.sync_api import Error, expect

from tests.attacks.secrets_of import Secrets
from tests.browser.test_study_browser import N_CASES, answer_with_keys, begin


@pytest.mark.slow
def test_no_byte_that_a_browser_receives_tells_a_case(page, served):
    received = {}

    def keep(response):
        try:
            body = response.body()
        except Error:  # a redirect has none
            body = b""
        received[response.url, len(received)] = str(response.all_headers()).encode() + body

    page.on("requestfinished", lambda request: keep(request.response()))
    begin(page, served)
    for number in range(1, N_CASES + 1):
        answer_with_keys(page, number, number % 8 + 1)
    expect(page.locator("#sr-quiz")).to_contain_text("Thank you")
    folder = served.var.parent
    secrets = Secrets.of(folder / "phantoms" / "manifest.csv", folder / "net.csv")
    assert sum("/study-api/image/" in url for url, _ in received) >= N_CASES
    leaks = {at: found for at, data in received.items() if (found := secrets.found_in(data))}
    assert leaks == {}
