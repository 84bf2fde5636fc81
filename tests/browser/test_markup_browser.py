"""What a refusal quotes stays text in the page that shows it."""

from playwright.sync_api import expect

from tests.browser.test_study_browser import sign_in
from tests.hostile.texts import MARKUP


def test_a_toast_shows_markup_as_text(page):
    sign_in(page)
    page.get_by_role("tab", name="New study").click()
    page.get_by_role("button", name="From one file").click()
    page.locator("#sr-study-file textarea").fill(f"slug: s\ntitle: T\ntaxonomy: '{MARKUP}'")
    title = page.title()
    page.locator("#sr-paste").click()
    toast = page.get_by_text("Expected the classes as")
    expect(toast).to_be_visible()
    expect(toast).to_contain_text("<img src=x onerror=")
    assert page.locator("img[src=x]").count() == 0
    assert page.title() == title
