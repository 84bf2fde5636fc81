"""A visitor with a picture."""

import base64
import json
import re
import time

import numpy as np
import pytest
from playwright.sync_api import expect

from data.taxonomy import PUMCH14
from model.card.weights import BUNDLED
from model.demo.page import EXAMPLES

HAS_MAP = (BUNDLED / "pumch14-phantom.map.npz").is_file()


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
    # The last request of an upload places it on the map of features.
    expect(page.locator(".sr-atlas[data-spot]")).to_be_visible()
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


@pytest.mark.skipif(not EXAMPLES, reason="no example image is there")
def test_an_example_is_ranked_by_a_click(page):
    page.goto("/")
    page.locator(".sr-examples button").nth(1).click()
    expect(page.locator("#sr-rank li")).to_have_count(5)
    expect(page.locator(".sr-map")).to_be_visible()


@pytest.mark.skipif(not HAS_MAP, reason="no map of features is there")
def test_the_picture_gets_its_place_on_the_map_and_its_nearest_cases(page, picture):
    page.goto("/")
    section = page.locator(".sr-atlas")
    expect(section).to_have_attribute("data-drawn", re.compile(r"\d+"))
    expect(section).to_contain_text("Synthetic images")
    expect(page.locator(".sr-nearest")).to_have_count(0)
    page.set_input_files("#sr-photo input[type=file]", picture)
    expect(page.locator(".sr-atlas[data-spot][data-drawn]")).to_be_visible()
    expect(page.locator(".sr-nearest li")).to_have_count(5)
    expect(page.locator(".sr-atlas-legend button")).to_have_count(len(PUMCH14))
    expect(page.locator(".sr-viewer .sr-trust")).to_contain_text("synthetic images")
    page.get_by_role("button", name="Try another picture").click()
    expect(page.locator(".sr-atlas[data-spot]")).to_have_count(0)


@pytest.mark.skipif(not HAS_MAP, reason="no map of features is there")
def test_pointing_at_a_case_names_its_class_and_shows_it(page):
    page.goto("/")
    expect(page.locator(".sr-atlas")).to_have_attribute("data-drawn", re.compile(r"\d+"))
    canvas = page.locator(".sr-atlas-plot > canvas")
    canvas.scroll_into_view_if_needed()
    box, tip = canvas.bounding_box(), page.locator(".sr-atlas-tip")
    for step in range(1, 40):
        share = step / 40
        page.mouse.move(box["x"] + share * box["width"], box["y"] + share * box["height"])
        if tip.is_visible():
            break
    expect(tip).to_contain_text(re.compile(r"\((" + "|".join(PUMCH14.codes) + r")\)"))
    expect(tip.locator(".sr-thumb")).to_be_visible()


@pytest.mark.bench
@pytest.mark.skipif(not HAS_MAP, reason="no map of features is there")
def test_ten_thousand_points_are_there_within_two_seconds(page, served):
    rng = np.random.default_rng(0)
    many = {
        "names": [f"class {i}" for i in range(14)],
        "labels": rng.integers(0, 14, 10_000).tolist(),
        "x": rng.integers(0, 4097, 10_000).tolist(),
        "y": rng.integers(0, 4097, 10_000).tolist(),
        "tile": 40,
    }
    page.goto("/")  # the first visit fetches Gradio's own files
    [file] = (served.var / "maps").glob("pumch14-phantom-*.json")
    shipped = file.read_text()
    file.write_text(json.dumps(many))
    began = time.perf_counter()
    page.reload(wait_until="commit")
    expect(page.locator('.sr-atlas[data-drawn="10000"]')).to_be_visible()
    seconds = time.perf_counter() - began
    file.write_text(shipped)
    print(f"10,000 points after {seconds:.2f} s")
    assert seconds < 2


@pytest.mark.parametrize("width", [390, 1280])
def test_nothing_sticks_out_sideways(page, picture, width):
    page.set_viewport_size({"width": width, "height": 844})
    upload(page, picture)
    expect(page.locator(".sr-map")).to_be_visible()
    wide = json.loads(page.evaluate("JSON.stringify(document.documentElement.scrollWidth)"))
    assert wide <= width


def test_a_dropped_picture_is_ranked(page, picture):
    page.goto("/")
    expect(page.locator(".sr-drop")).to_be_visible()
    content = base64.b64encode(picture.read_bytes()).decode()
    page.evaluate(
        """(content) => {
            const bytes = Uint8Array.from(atob(content), (sign) => sign.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], "lesion.png"));
            const box = document.querySelector(".sr-drop");
            for (const kind of ["dragenter", "dragover", "drop"])
                box.dispatchEvent(new DragEvent(kind, { dataTransfer: data, bubbles: true }));
        }""",
        content,
    )
    expect(page.locator("#sr-rank li")).to_have_count(5)
