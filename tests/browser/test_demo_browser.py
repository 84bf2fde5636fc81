"""A visitor with a picture."""

import json

import pytest
from playwright.sync_api import expect

from data.taxonomy import PUMCH14
from model.demo import EXAMPLES


@pytest.fixture
def picture(served):
    return served.var.parent / "phantoms" / "00.png"


def upload(page, file):
    page.goto("/")
    page.set_input_files("#sr-photo input[type=file]", file)


def test_upload_gives_a_ranked_list_and_then_a_map(page, picture):
    upload(page, picture)
    expect(page.locator("#sr-rank li")).to_have_count(5)
    expect(page.locator(".sr-result li[data-code]")).to_have_count(len(PUMCH14))
    expect(page.locator(".sr-map")).to_be_visible()
    expect(page.locator(".sr-viewer figcaption")).to_contain_text("Vanilla gradient")
    expect(page.locator(".sr-domain")).to_be_visible()


def test_another_class_and_method_can_be_explained(page, picture):
    upload(page, picture)
    first = page.locator(".sr-map").get_attribute("src")
    page.locator("#sr-method input").click()
    page.get_by_role("option", name="Grad-CAM").click()
    expect(page.locator(".sr-viewer figcaption")).to_contain_text("Grad-CAM")
    assert page.locator(".sr-map").get_attribute("src") != first
    page.locator("#sr-target input").click()
    second = page.get_by_role("option").nth(1)
    name = second.inner_text().split("·")[1].strip()
    second.click()
    expect(page.locator(".sr-viewer figcaption")).to_contain_text(name)


def test_opacity_asks_the_server_nothing(page, picture):
    upload(page, picture)
    expect(page.locator(".sr-map")).to_be_visible()
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    page.locator("#sr-opacity").fill("25")
    expect(page.locator(".sr-map")).to_have_css("opacity", "0.25")
    assert [url for url in requests if "queue" in url] == []


def test_a_file_that_is_no_image_is_answered_in_words(page, tmp_path):
    fake = tmp_path / "page.jpg"
    fake.write_text("<html></html>")
    upload(page, fake)
    expect(page.locator(".sr-refusal")).to_contain_text("cannot be used")
    expect(page.locator("#sr-photo")).to_be_visible()


def test_another_picture_may_follow(page, picture):
    upload(page, picture)
    expect(page.locator(".sr-map")).to_be_visible()
    page.get_by_role("button", name="Try another picture").click()
    expect(page.locator(".sr-viewer")).to_have_count(0)
    page.set_input_files("#sr-photo input[type=file]", picture)
    expect(page.locator(".sr-map")).to_be_visible()


@pytest.mark.skipif(not list(EXAMPLES.glob("*.jpg")), reason="no example image is there")
def test_an_example_is_ranked_by_a_click(page):
    page.goto("/")
    page.locator(".sr-examples button").nth(1).click()
    expect(page.locator("#sr-rank li")).to_have_count(5)
    expect(page.locator(".sr-map")).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_sticks_out_sideways(page, picture, width):
    page.set_viewport_size({"width": width, "height": 844})
    upload(page, picture)
    expect(page.locator(".sr-map")).to_be_visible()
    wide = json.loads(page.evaluate("JSON.stringify(document.documentElement.scrollWidth)"))
    assert wide <= width
