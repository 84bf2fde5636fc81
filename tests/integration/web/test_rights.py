"""Own data and withdrawal over HTTP."""

import csv
import io

from tests.integration.web.test_quiz_api import current, save
from tests.support.live import STUDY_COOKIE
from tests.support.making import close, make_study, write_cases, write_predictions


def test_own_data_comes_as_json_and_csv(site):
    reader = site.reader()
    save(reader, token="own-data-answer")
    code = current(reader)["code"]
    answered = reader.get("/study-api/my-data.json")
    assert f'filename="{code}.json"' in answered.headers["content-disposition"]
    assert answered.json()["readings"][0]["answer"] == "BCC"
    rows = list(csv.DictReader(io.StringIO(reader.get("/study-api/my-data.csv").text)))
    found = {(row["part"], row["field"]): row["value"] for row in rows}
    assert found["profile", "profession"] == "student"
    assert found["reader", "code"] == code


def test_withdrawing_takes_a_question_and_an_answer(site):
    reader = site.reader()
    assert "kept with their times under a new random code" in reader.get("/study-api/withdraw").text
    before = dict(reader.cookies)
    done = reader.post("/study-api/withdraw")
    assert "You have withdrawn" in done.text
    assert STUDY_COOKIE not in reader.cookies
    assert site.anonymous(Cookie=f"{STUDY_COOKIE}={before[STUDY_COOKIE]}").get(
        "/study-api/my-data.json"
    ).status_code in (401, 403)


def test_nobody_else_gets_data_or_withdraws(site):
    paths = ("/study-api/my-data.json", "/study-api/my-data.csv", "/study-api/withdraw")
    for client in (site.anonymous(), site.staff()):
        for path in paths:
            assert client.get(path).status_code == 401
        assert client.post("/study-api/withdraw").status_code == 401


def test_a_foreign_page_cannot_withdraw_for_a_reader(site):
    reader = site.reader()
    headers = {"Origin": "https://evil.example"}
    assert reader.post("/study-api/withdraw", headers=headers).status_code == 403
    assert current(reader)["stage"] == "quiz"


def test_the_own_result_comes_after_closing_alone(site, tmp_path):
    manifest = write_cases(tmp_path, n_cases=8)
    make_study(
        site.db, "ending", manifest, write_predictions(tmp_path / "n.csv", manifest=manifest)
    )
    reader = site.reader("ending")
    save(reader, token="one-answer-of-ending")
    before = reader.get("/study-api/my-result")
    assert before.status_code == 422
    assert "Reference standard" not in before.text
    assert current(reader)["has_result"] is False
    close(site.db, "ending")
    assert current(reader)["has_result"] is True
    assert "Your result" in reader.get("/study-api/my-result").text
    assert "您的结果" in reader.get("/study-api/my-result", headers={"Accept-Language": "zh"}).text
    assert site.anonymous().get("/study-api/my-result").status_code == 401
    assert site.staff().get("/study-api/my-result").status_code == 401
    assert reader.get("/study-api/missed/any").status_code == 404
