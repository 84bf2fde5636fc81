"""A reader takes a copy of the own data, then withdraws, with the mouse alone."""

import json
from pathlib import Path

from playwright.sync_api import expect

from tests.browser.test_study_browser import answer_with_keys, expect_case, reader  # noqa: F401


def test_own_data_then_two_clicks_to_withdraw(reader):  # noqa: F811
    answer_with_keys(reader, 1, 1)
    # A click that falls between two questions would hit what has moved away.
    expect_case(reader, 2)
    with reader.expect_download() as download:
        reader.get_by_role("link", name="Download as JSON").click()
    copy = json.loads(Path(download.value.path()).read_text("utf-8"))
    assert copy["profile"][0]["country"] == "Nowhere"
    assert len([row for row in copy["readings"] if row["answer"]]) == 1
    reader.get_by_role("link", name="Withdraw from the study").click()
    reader.get_by_role("button", name="Withdraw now").click()
    expect(reader.locator("h1")).to_have_text("You have withdrawn")
    reader.goto("/study/")
    expect(reader.locator("h1")).to_have_text("Open your invitation link")
