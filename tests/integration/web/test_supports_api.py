"""Pictures beside the advice over HTTP: for the reader whose first answer is stored alone."""

from readerstudy.domain import SYSTEM
from readerstudy.services.study import drafts
from tests.integration.test_supports import bring, files, make

__all__ = ["files"]


def current(client):
    return client.get("/study-api/current").json()["case"]


def test_a_picture_has_an_opaque_name_and_one_reader(site, files):
    slug = make(site.db, files, slug="aided-web")
    bring(site.db, files, slug)
    drafts.open_study(site.db, actor=SYSTEM, slug=slug)
    reader = site.reader(slug)
    case = current(reader)
    assert case["supports"] == []
    ahead = f"/study-api/support/{case['preload'][0].split('/')[-2]}/1"
    assert reader.get(ahead).status_code == 422
    body = {"case_token": case["case_token"], "answer": "BCC", "client_token": "aided-web-1"}
    assert reader.post("/study-api/answer", json=body).status_code == 200
    case = current(reader)
    assert case["supports"][0] == ahead
    assert [p["kind"] for p in case["advice"]["pictures"]] == ["saliency", "similar", "similar"]
    answer = reader.get(ahead)
    assert answer.headers["content-type"] == "image/png"
    assert "no-store" in answer.headers["cache-control"]
    assert "map0" not in str(answer.headers) + ahead
    assert site.anonymous().get(ahead).status_code == 401
    assert site.reader(slug).get(ahead).status_code == 404
