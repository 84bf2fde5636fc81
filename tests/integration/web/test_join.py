"""The page where somebody asks to take part, and the tab where owners decide."""

import re
import uuid

import pytest

from readerstudy.domain import SYSTEM, ContactData, RequestState, Role
from readerstudy.services.people import requests
from readerstudy.services.study import summaries
from tests.integration.web.test_admin_page import ask
from tests.support.live import STUDY_COOKIE
from tests.support.making import make_study, write_cases


@pytest.fixture
def slug(site, tmp_path):
    """A study of its own, so that nobody's attempts count for another test."""
    name = f"join-{uuid.uuid4().hex[:6]}"
    make_study(site.db, name, write_cases(tmp_path, n_cases=2))
    requests.allow_requests(site.db, actor=SYSTEM, slug=name, is_allowed=True)
    return name


def form(**changes):
    return {"name": "Ada", "email": f"{uuid.uuid4().hex[:6]}@example.org", "note": ""} | changes


def said(site, staff, handler, *data):
    return str(ask(site, staff, handler, *data)["output"])


def can_decide(site, staff, slug):
    """Whether the boxes to decide on a request show."""
    _address, _requests, _which, deciding, *_buttons = ask(site, staff, "show_requests", slug)[
        "output"
    ]["data"]
    return deciding["visible"]


def pending(site, slug):
    found = requests.list_requests(site.db, actor=SYSTEM, slug=slug)
    return [its.contact for its in found if its.state is RequestState.PENDING]


def test_anybody_can_ask_in_both_languages(site, slug):
    client = site.anonymous()
    page = client.get(f"/join/{slug}")
    assert (page.status_code, "Ask to take part" in page.text) == (200, True)
    client.cookies.set("skinreader-language", "zh")
    assert "申请参加" in client.get(f"/join/{slug}").text
    sent = client.post(f"/join/{slug}", data=form(name="<b>Ada", email="ada@example.org"))
    assert (sent.status_code, "申请已提交" in sent.text) == (200, True)
    assert pending(site, slug) == [ContactData("<b>Ada", "ada@example.org", "")]
    assert STUDY_COOKIE not in client.cookies


def test_what_is_wrong_is_said_in_the_page_s_language_and_nothing_typed_is_lost(site, slug):
    client = site.anonymous(**{"accept-language": "zh-CN"})
    sent = client.post(f"/join/{slug}", data=form(name='"><i>Ada', email="nothing", note="Ward 7"))
    assert sent.status_code == 422
    assert "请填写姓名" in sent.text
    assert "Expected" not in sent.text
    assert "Ward 7" in sent.text
    assert "<i>Ada" not in sent.text
    assert pending(site, slug) == []


def test_too_many_requests_are_refused_and_said(site, slug):
    client = site.anonymous()
    codes = [client.post(f"/join/{slug}", data=form()).status_code for _ in range(6)]
    assert codes == [200] * 5 + [429]
    assert len(pending(site, slug)) == 5


def test_a_study_that_takes_none_looks_like_one_that_is_not_there(site):
    client = site.anonymous()
    pages = [client.get(f"/join/{slug}") for slug in ("beta", "no-such-study")]
    sent = [client.post(f"/join/{slug}", data=form()) for slug in ("beta", "no-such-study")]
    assert {page.status_code for page in pages + sent} == {404}
    # The way back in the language links is the page's own address.
    texts = {re.sub(r"%2Fjoin%2F[\w-]+|/join/[\w-]+", "", page.text) for page in pages + sent}
    assert len(texts) == 1


def test_another_site_cannot_send_the_form(site, slug):
    client = site.anonymous(origin="https://elsewhere.example")
    assert client.post(f"/join/{slug}", data=form()).status_code == 403
    assert pending(site, slug) == []


def test_an_owner_decides_on_the_page(site, slug):
    for name in ("Ada", "Ben"):
        site.anonymous().post(f"/join/{slug}", data=form(name=name))
    owner = site.staff(Role.OWNER, slug)
    shown = said(site, owner, "show_requests", slug)
    assert f"/join/{slug}" in shown
    assert "Ada" in shown
    assert can_decide(site, owner, slug)
    [ben, ada] = requests.list_requests(site.db, actor=SYSTEM, slug=slug)
    made = said(site, owner, "approve_request", slug, str(ada.number), 9)
    [link] = re.findall(r"/invite/[\w-]+", made)
    assert site.anonymous().post(link).status_code == 303
    said(site, owner, "refuse_request", slug, str(ben.number))
    said(site, owner, "stop_requests", slug)
    assert pending(site, slug) == []
    assert site.anonymous().get(f"/join/{slug}").status_code == 404
    assert "Nobody can ask now" in said(site, owner, "show_requests", slug)
    assert not can_decide(site, owner, slug)
    said(site, owner, "allow_requests", slug)
    [study] = [s for s in summaries.list_studies(site.db, actor=SYSTEM) if s.slug == slug]
    assert study.takes_requests


@pytest.mark.parametrize("role", [Role.ANALYST, Role.MONITOR])
def test_nobody_else_sees_who_asks(site, slug, role):
    site.anonymous().post(f"/join/{slug}", data=form(name="Countess"))
    staff = site.staff(role, slug)
    shown = said(site, staff, "show_requests", slug)
    assert "Countess" not in shown
    assert "Only owners" in shown
    [its] = requests.list_requests(site.db, actor=SYSTEM, slug=slug)
    refused = said(site, staff, "approve_request", slug, str(its.number), 9)
    assert "Expected somebody who may" in refused
    assert len(pending(site, slug)) == 1
