"""The reader's way through invitation and quiz, over HTTP as the page goes it."""

import io
import re
from hashlib import sha256

import pytest
from PIL import Image

from data.taxonomy import DEMO8
from readerstudy.db.tables import Consent, Reader
from readerstudy.domain import SYSTEM
from readerstudy.domain.consent import DEFAULT_CONSENT
from readerstudy.domain.errors import BusyError, ConflictError
from readerstudy.services.reading import answering
from readerstudy.services.study import drafts, summaries
from readerstudy.ui.translations import quiz_words
from tests.support.live import STUDY_COOKIE, call
from tests.support.making import close, make_study, write_cases


def answer(case, code="BCC", *, token="token-of-one-answer", confidence=70):
    return {
        "case_token": case["case_token"],
        "answer": code,
        "confidence": confidence,
        "client_token": token,
        "active_ms": 900,
    }


def current(client):
    return client.get("/study-api/current").json()


def save(client, code="BCC", *, token):
    return client.post("/study-api/answer", json=answer(current(client)["case"], code, token=token))


@pytest.fixture
def reader(site):
    return site.reader()


def test_opening_a_link_does_not_use_it_up(site):
    [token] = drafts.invite(site.db, actor=SYSTEM, slug="alpha", count=1)
    preview = site.anonymous().get(f"/invite/{token}")
    assert preview.status_code == 200
    assert "Study alpha" in preview.text
    assert "Not a medical device" in preview.text
    assert STUDY_COOKIE not in preview.cookies
    before = {s.slug: s.n_readers for s in summaries.list_studies(site.db, actor=SYSTEM)}["alpha"]
    site.anonymous().get(f"/invite/{token}")
    after = {s.slug: s.n_readers for s in summaries.list_studies(site.db, actor=SYSTEM)}["alpha"]
    assert before == after


def test_unknown_link_is_a_sentence(site):
    page = site.anonymous().get("/invite/unknown")
    assert page.status_code == 404
    assert "ask for a new one" in page.text
    assert site.anonymous().post("/invite/unknown").status_code == 404


def test_the_same_link_resumes_on_another_device(site):
    [token] = drafts.invite(site.db, actor=SYSTEM, slug="alpha", count=1)
    phone, laptop = site.anonymous(), site.anonymous()
    phone.post(f"/invite/{token}")
    site.make_ready(phone)
    save(phone, token="from-the-phone")
    laptop.post(f"/invite/{token}")
    assert current(laptop)["case"]["position"] == 2


def test_stages_follow_consent_and_profile(site):
    client = site.reader(ready=False)
    assert client.get("/study-api/status").json()["stage"] == "consent"
    assert current(client)["case"] is None
    site.make_ready(client)
    assert current(client)["stage"] == "quiz"


def test_consent_and_profile_through_the_page(site):
    client = site.reader(ready=False)
    loaded, consent, profile = range(3)
    shown = call(client, "/study", loaded)["output"]["data"]
    assert "Before you begin" in str(shown)
    assert "Tick the box" in str(call(client, "/study", consent, [False, "2", "en"]))
    assert "About you" in str(call(client, "/study", consent, [True, "2", "en"]))
    fields = ["student", "no", "none", "none", "Nowhere", None, None]
    assert call(client, "/study", profile, fields)["success"]
    assert current(client)["stage"] == "quiz"


def test_consent_is_shown_and_kept_in_the_chosen_language(site):
    client = site.reader(ready=False)
    client.cookies.set("skinreader-language", "zh")
    shown = call(client, "/study", 0)["output"]["data"]
    assert "参加完全自愿" in str(shown)
    assert "Taking part is voluntary" not in str(shown)
    version, language = shown[3], shown[4]
    client.cookies.set("skinreader-language", "en")  # chosen meanwhile, in another tab
    assert call(client, "/study", 1, [True, version, language])["success"]
    with site.db.reading() as session:
        reader = session.query(Reader).filter_by(code=current(client)["code"]).one()
        [given] = session.query(Consent).filter_by(reader_id=reader.id)
    assert given.language == "zh"
    assert given.text_sha256 == sha256(DEFAULT_CONSENT.text_zh.encode()).hexdigest()


def test_an_answer_counts_once_however_often_it_is_sent(reader):
    case = current(reader)["case"]
    replies = [reader.post("/study-api/answer", json=answer(case)) for _ in range(3)]
    assert {r.status_code for r in replies} == {200}
    assert {r.json()["answered"] for r in replies} == {1}
    assert replies[0].json()["is_saved"] is True


def test_a_second_different_answer_does_not_stand(reader):
    case = current(reader)["case"]
    reader.post("/study-api/answer", json=answer(case, "BCC", token="first-answer"))
    second = reader.post("/study-api/answer", json=answer(case, "SK", token="second-answer"))
    assert second.status_code == 409
    assert second.json()["answered"] == 1


def test_asking_again_shows_the_same_case(reader):
    assert current(reader) == current(reader)


@pytest.mark.parametrize(
    "change",
    [
        {"answer": "not a class"},
        {"confidence": 101},
        {"confidence": "70"},
        {"client_token": ""},
        {"extra": 1},
    ],
)
def test_a_broken_answer_is_refused_and_nothing_is_stored(reader, change):
    body = answer(current(reader)["case"]) | change
    assert reader.post("/study-api/answer", json=body).status_code == 422
    assert current(reader)["answered"] == 0


@pytest.mark.parametrize("error", [BusyError, ConflictError])
def test_a_busy_database_is_no_refusal_and_the_same_answer_counts_later(reader, monkeypatch, error):
    """The page sends again whatever is answered with 5xx."""
    case = current(reader)["case"]
    given = answer(case, token=f"busy-{case['case_token']}")

    def fail(*_, **__):
        raise error("connection to server at 10.0.0.7 failed")

    with monkeypatch.context() as patch:
        patch.setattr(answering, "submit_answer", fail)
        refused = reader.post("/study-api/answer", json=given)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) >= 1
    assert "10.0.0.7" not in refused.text
    assert reader.post("/study-api/answer", json=given).json()["answered"] == 1


def test_another_readers_case_is_unknown(site, reader):
    foreign = current(site.reader())["case"]
    assert reader.post("/study-api/answer", json=answer(foreign)).status_code == 404
    assert reader.get(foreign["images"][0]).status_code == 404


def test_the_image_is_bare_and_belongs_to_the_session(site, reader):
    address = current(reader)["case"]["images"][0]
    image = reader.get(address)
    assert image.headers["cache-control"] == "private, no-store"
    assert "content-disposition" not in image.headers
    with Image.open(io.BytesIO(image.content)) as opened:
        assert dict(opened.getexif()) == {}
    assert site.anonymous().get(address).status_code == 401


def test_the_last_answer_ends_the_quiz(reader):
    for number in range(16):
        assert save(reader, token=f"answer-number-{number}").status_code == 200
    end = current(reader)
    assert end.pop("code")
    assert end == {
        "stage": "done",
        "answered": 16,
        "total": 16,
        "back": None,
        "case": None,
        "has_result": False,
        "misled_at": [],
    }


def test_a_closed_study_takes_no_answer_and_says_so(site, tmp_path):
    make_study(site.db, "closing", write_cases(tmp_path, n_cases=8))
    client = site.reader("closing")
    case = current(client)["case"]
    close(site.db, "closing")
    refused = client.post("/study-api/answer", json=answer(case))
    assert refused.status_code == 422
    assert "closed" in refused.json()["detail"]
    assert current(client)["stage"] == "closed"


def test_no_truth_reaches_the_browser(site, reader):
    """Names of cases, files, models and the reference standard; classes appear as options only."""
    sent = [
        reader.get(path).text
        for path in ("/study/", "/study/config", "/study-api/status", "/study-api/current")
    ]
    sent += [str(call(reader, "/study", 0))]
    case = current(reader)["case"]
    sent.append(reader.post("/study-api/answer", json=answer(case)).text)
    sent.append(str(reader.get(case["images"][0]).headers))
    for text in sent:
        assert not re.search(
            r"case-\d\d|manifest\.csv|\btruth\b|p_BCC|\bnet\b|malignant|\.png", text
        )
    assert case["reference"] is None
    assert set(case) == {
        "case_token",
        "position",
        "total",
        "is_practice",
        "questions",
        "clinical_text",
        "seconds_left",
        "advice",
        "supports",
        "first_answer",
        "views",
        "preload",
        "preload_views",
        "back",
        "forth",
        "given",
        "is_locked",
        "reference",
        "synthetic",
        "images",
        "options",
    }
    assert case["advice"] is None
    assert [option["code"] for option in case["options"]] == list(DEMO8.codes)
    assert all(set(option) == {"code", "name_en", "name_zh"} for option in case["options"])


def test_the_order_is_the_readers_own_and_says_nothing(site):
    """Tokens of two readers share nothing, so that positions cannot be matched to cases."""
    first, second = (current(site.reader())["case"]["case_token"] for _ in range(2))
    assert first != second


@pytest.mark.parametrize(
    ("headers", "cookie", "word"),
    [
        ({"Accept-Language": "zh-CN,zh;q=0.9"}, None, "已保存"),
        ({"Accept-Language": "de"}, None, "Saved"),
        ({"Accept-Language": "zh"}, "en", "Saved"),
    ],
)
def test_words_come_in_the_readers_language(reader, headers, cookie, word):
    if cookie:
        reader.get(f"/language/{cookie}", params={"back": "/study/"})
    found = reader.get("/study-api/status", headers=headers).json()
    assert found["words"]["quiz.saved"] == word


@pytest.mark.parametrize("back", ["https://evil.example", "//evil.example", "/\\evil.example"])
def test_choosing_a_language_leads_back_here_only(site, back):
    answered = site.anonymous().get("/language/zh", params={"back": back})
    assert answered.headers["location"] == "/study/"


def test_an_answer_is_never_stored_for_another_reader_of_the_same_browser(site):
    mine, other = site.reader(), site.reader()
    case = current(other)["case"]
    body = answer(case, token="from-the-wrong-tab") | {"reader_code": current(mine)["code"]}
    refused = other.post("/study-api/answer", json=body)
    assert refused.status_code == 403
    assert "another reader's link" in refused.json()["detail"]
    assert current(other)["answered"] == 0


def test_a_day_in_front_of_a_case_does_not_cost_the_answer(reader):
    body = answer(current(reader)["case"], token="after-a-long-day") | {"active_ms": 10**9}
    assert reader.post("/study-api/answer", json=body).json()["is_saved"]


def test_synthetic_cases_say_so(reader):
    assert current(reader)["case"]["synthetic"] is True
    assert "Synthetic" in quiz_words("en")["quiz.synthetic"]
