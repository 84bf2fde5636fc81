"""A reader from the invitation to the answers, and the study's owner looking at them."""

import re
import time

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from data.taxonomy import DEMO8
from readerstudy.db.tables import Answer, Reader
from tests.support.making import PASSWORD

N_CASES = 12


@pytest.fixture
def reader(page, served):
    """Stands before the first case."""
    # From the first page on: a route that a test adds later would miss requests of a page that
    # Chromium has not yet told to ask, which happens on a loaded machine.
    page.route("**/intercepted-from-the-start", lambda route: route.abort())
    begin(page, served)
    expect_case(page, 1)
    return page


def begin(page, served):
    """Takes a new invitation, up to the quiz."""
    page.goto(served.invite())
    page.get_by_role("button", name="Begin").click()
    page.locator("#sr-agree input").check()
    page.locator("#sr-agree-go").click()
    page.locator("#sr-profession label").first.click()
    page.locator("#sr-country textarea, #sr-country input").fill("Nowhere")
    page.locator("#sr-profile-go").click()


def expect_case(page, number):
    expect(page.locator(".sq-count")).to_have_text(f"Case {number} of {N_CASES}")
    expect(page.locator("fieldset:not([disabled])")).to_be_attached()  # the image has arrived


def answer_with_keys(page, number, key):
    expect_case(page, number)
    page.keyboard.press(str(key))
    page.keyboard.press("Enter")
    expect(page.locator(".sq-state")).to_have_text("Saved")


def test_reader_resumes_after_a_reload(reader):
    for number in (1, 2, 3):
        answer_with_keys(reader, number, number)
    reader.reload()
    expect_case(reader, 4)


def test_reader_resumes_on_another_device(reader, browser, served):
    answer_with_keys(reader, 1, 1)
    state = reader.context.storage_state()
    phone = browser.new_context(
        base_url=served.url, storage_state=state, viewport={"width": 390, "height": 844}
    )
    other = phone.new_page()
    other.goto("/study/")
    expect_case(other, 2)
    assert other.evaluate("document.documentElement.scrollWidth") <= 390
    expect(other.get_by_role("button", name="Save and next")).to_be_in_viewport()
    phone.close()


def test_a_double_click_saves_one_answer(reader):
    time.sleep(0.45)
    reader.locator(".sq-option").first.click()
    reader.get_by_role("button", name="Save and next").dblclick()
    expect_case(reader, 2)
    assert reader.locator("input[name=answer]:checked").count() == 0


def test_a_slip_can_be_mended_before_it_is_saved(reader):
    expect(reader.get_by_role("button", name="Save and next")).to_be_disabled()
    reader.keyboard.press("1")
    reader.keyboard.press("3")
    assert reader.locator("input[name=answer]:checked").input_value() == DEMO8.codes[2]
    expect_case(reader, 1)


def test_an_answer_waits_out_a_lost_connection(reader):
    reader.route("**/study-api/answer", lambda route: route.abort())
    reader.keyboard.press("2")
    reader.keyboard.press("Enter")
    expect(reader.locator(".sq-state")).to_contain_text("Not saved yet")
    expect(reader.locator("fieldset[disabled]")).to_be_attached()
    reader.unroute("**/study-api/answer")
    expect_case(reader, 2)
    expect(reader.locator(".sq-state")).to_have_text("Saved")


def test_an_answer_waits_out_a_closed_tab(reader):
    reader.route("**/study-api/answer", lambda route: route.abort())
    reader.keyboard.press("2")
    reader.keyboard.press("Enter")
    expect(reader.locator(".sq-state")).to_contain_text("Not saved yet")
    reader.unroute("**/study-api/answer")
    reader.reload()
    expect_case(reader, 2)


def test_an_answer_without_network_survives_a_reload_and_is_stored_once(reader, served):
    """The first sending arrives and its reply is lost: the answer must not be stored again."""
    code = reader.evaluate("fetch('/study-api/status').then(r => r.json()).then(s => s.code)")

    sent = []

    def lose_the_reply(route):
        sent.append(route.request)
        if len(sent) == 1:
            route.fetch()
        route.abort()

    reader.route("**/study-api/answer", lose_the_reply)
    reader.keyboard.press("2")
    reader.keyboard.press("Enter")
    expect(reader.locator(".sq-state")).to_contain_text("Not saved yet")
    waiting = reader.evaluate(f"localStorage.getItem('skinreader-pending-{code}')")
    assert DEMO8.codes[1] in waiting
    reader.unroute("**/study-api/answer")
    reader.reload()
    expect_case(reader, 2)
    assert reader.evaluate(f"localStorage.getItem('skinreader-pending-{code}')") is None
    with served.database().reading() as session:
        query = sa.select(Answer.answer).join(Reader, Reader.id == Answer.reader_id)
        assert list(session.scalars(query.where(Reader.code == code))) == [DEMO8.codes[1]]


def test_saved_is_not_said_before_the_server_says_so(reader):
    held = []
    reader.route("**/study-api/answer", lambda route: held.append(route))  # noqa: PLW0108
    reader.keyboard.press("2")
    reader.keyboard.press("Enter")
    expect(reader.locator(".sq-state")).to_have_text("Saving…")
    assert reader.locator(".sq-count").inner_text() == f"Case 1 of {N_CASES}"
    held[0].continue_()
    expect_case(reader, 2)


def test_chinese_from_the_invitation_to_the_quiz(page, served):
    page.goto(served.invite())
    page.get_by_role("link", name="简体中文").click()
    page.get_by_role("button", name="开始").click()
    page.locator("#sr-agree input").check()
    page.locator("#sr-agree-go").click()
    page.locator("#sr-profile-go").click()
    expect(page.locator(".sq-count")).to_have_text(f"第 1 例，共 {N_CASES} 例")
    expect(page.locator(".sq-option").first).to_contain_text(DEMO8.diseases[0].name_zh)


def test_owner_makes_links_that_open(browser, served):
    page = browser.new_context(base_url=served.url).new_page()
    sign_in(page)
    page.get_by_role("tab", name="Invite").click()
    page.locator("#sr-invite").click()
    links = page.locator("#sr-links textarea")
    expect(links).to_have_value(re.compile(r"(http\S+/invite/\S+\n){2}http\S+"))
    page.goto(links.input_value().splitlines()[0])
    expect(page.get_by_role("button", name="Begin")).to_be_visible()
    page.context.close()


def test_an_open_admin_page_survives_a_restart(browser, served):
    page = browser.new_context(base_url=served.url).new_page()
    sign_in(page)
    expect(page.locator("#sr-results")).to_contain_text("Accuracy")
    # Gradio loads a page anew when it meets another server; what is clicked before that is lost.
    with page.expect_event("framenavigated", timeout=90_000):
        served.kill()
        served.start()
    expect(page.locator("#sr-results")).to_contain_text("Accuracy", timeout=90_000)
    page.locator("#sr-figure input").click()
    page.get_by_role("option").nth(2).click()
    page.get_by_role("tab", name="Invite").click()
    page.locator("#sr-invite").click()
    # The server computes everything anew first, and other tests may share its cores.
    links = page.locator("#sr-links textarea")
    expect(links).to_have_value(re.compile(r"/invite/"), timeout=90_000)
    assert page.locator(".toast-body").count() == 0
    page.context.close()


def test_a_wrong_password_is_answered_in_words(page):
    sign_in(page, password="not this one")
    expect(page.get_by_role("alert")).to_contain_text("try again")


def sign_in(page, *, password=PASSWORD):
    page.goto("/admin/")
    page.get_by_label("Name").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
