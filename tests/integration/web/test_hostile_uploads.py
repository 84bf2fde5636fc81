"""Hostile zips, tables and study files over HTTP: an answer in words, soon, and no trace."""

import json
import time

import pytest

from data.taxonomy import DEMO8
from data.texts import problem
from readerstudy.domain import SYSTEM
from readerstudy.domain.profile import PROFILE_FIELDS
from readerstudy.services import accounts
from readerstudy.services.reading import joining
from readerstudy.services.study import drafts
from tests.hostile.archives import all_archives, packed
from tests.hostile.studies import STUDIES
from tests.hostile.tables import all_pairs
from tests.hostile.texts import MARKUP
from tests.integration.web.test_admin_page import ask, handlers
from tests.integration.web.test_life_page import EMPTY
from tests.integration.web.test_upload_page import left_behind, n_cases
from tests.support.live import STUDY_COOKIE, call
from tests.support.making import write_cases, write_predictions

SECONDS = 10
NO_IMAGE = "<img"


@pytest.fixture(scope="module")
def staff(site):
    return site.staff()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("hostile")
    write_predictions(made / "net.csv", manifest=write_cases(made, n_cases=3))
    return made


@pytest.fixture(scope="module")
def good(folder):
    names = ("manifest.csv", "0.png", "1.png", "2.png")
    return {name: (folder / name).read_bytes() for name in names}


def new_draft(site, slug):
    drafts.create_study(
        site.db, actor=SYSTEM, slug=slug, title="Draft", taxonomy=DEMO8, synthetic=True
    )
    return slug


def put(client, address, content):
    """The answer's sentence, "" if it was taken."""
    start = time.monotonic()
    answer = client.put(address, content=content)
    assert time.monotonic() - start < SECONDS
    assert answer.status_code in (200, 413, 422), answer.text[:300]
    assert len(answer.content) < 20_000
    said = "" if answer.status_code == 200 else answer.json()["detail"]
    assert problem(said, most=12_000, has_lines=True) == ""
    assert "Traceback" not in said
    assert str(client.base_url) not in said
    return said


def send_zips(site, staff, archives, prefix):
    refused = 0
    for number, (what, make) in enumerate(archives):
        slug = new_draft(site, f"{prefix}-{number}")
        said = put(staff, f"/admin-api/{slug}/cases", make())
        assert n_cases(site, slug) == (0 if said else 3), what
        assert str(site.db.images.parent) not in said
        refused += bool(said)
    assert left_behind(site) == []
    return refused


def send_models(site, staff, folder, good, pairs, prefix):
    slug = new_draft(site, prefix)
    assert put(staff, f"/admin-api/{slug}/cases", packed(good)) == ""
    refused = 0
    for number, (what, make) in enumerate(pairs):
        table, sidecar = make()
        sent = packed({"predictions.csv": table, "predictions.json": sidecar}, method=0)
        said = put(staff, f"/admin-api/{slug}/predictions?name=m{number}", sent)
        assert str(site.db.images.parent) not in said, what
        refused += bool(said)
    assert left_behind(site) == []
    return refused


def send_studies(staff, files):
    for form, content in files:
        name = f"a.{form.lower()}"
        sent = content.encode() if isinstance(content, str) else content
        assert put(staff, f"/admin-api/study-file?name={name}", sent)


def pairs_of(folder):
    card = json.loads((folder / "net.json").read_text())
    return list(all_pairs((folder / "net.csv").read_text(), card).items())


def test_hostile_files_are_answered_in_words(site, staff, folder, good):
    """A few of each; all of them are sent by the slow test."""
    assert send_zips(site, staff, list(all_archives(good).items())[::25], "few") > 5
    assert send_models(site, staff, folder, good, pairs_of(folder)[::12], "few-models") > 5
    send_studies(staff, list(STUDIES.values())[::9])


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_all_hostile_files_are_answered_in_words(site, staff, folder, good):
    assert send_zips(site, staff, all_archives(good).items(), "all") > 150
    assert send_models(site, staff, folder, good, pairs_of(folder), "all-models") > 80
    send_studies(staff, STUDIES.values())


@pytest.mark.parametrize("body", [
    '{"case_token": "\\ud800", "answer": "BCC", "client_token": "12345678"}',
    '{"case_token": "x", "answer": "\\ud800", "client_token": "12345678"}',
    '{"case_token": "x", "answer": "BCC", "client_token": "\\ud80012345678"}',
    '{"case_token": "x", "answer": "BCC", "client_token": "12345678", "confidence": NaN}',
    '{"case_token": "x", "answer": "BCC", "client_token": "12345678", "active_ms": 1e999}',
    '{"case_token": "x", "answer": "BCC", "client_token": "12345678", "zooms": %s}' % ("9" * 5000),
    '{"case_token": "x\\u0000", "answer": "BCC", "client_token": "12345678"}',
    "[" * 100_000,
])  # fmt: skip
def test_an_answer_of_odd_text_or_numbers_is_refused_in_words(site, body):
    reader = site.reader()
    for path in ("answer", "revise"):
        answer = reader.post(
            f"/study-api/{path}", content=body, headers={"Content-Type": "application/json"}
        )
        assert answer.status_code in (400, 404, 422), answer.text[:200]


def test_numbers_that_no_database_holds_are_refused_in_words(site, staff):
    big = "9" * 30
    reader = site.reader()
    token = reader.get("/study-api/current").json()["case"]["case_token"]
    for client, path in (
        (staff, f"/admin-api/alpha/preview/{big}/view/1"),
        (staff, f"/admin-api/alpha/preview/1/view/{big}"),
        (staff, f"/admin-api/alpha/preview/1/support/{big}"),
        (reader, f"/study-api/image/{token}/{big}"),
        (reader, f"/study-api/support/{token}/{big}"),
    ):
        assert client.get(path).status_code in (404, 422), path


REFUSALS = {
    "paste_study": (f"slug: s\ntitle: T\ntaxonomy: '{MARKUP}'", "YAML"),
    "make_study": (MARKUP, "T", "DEMO8", "strict", False),
    "copy_study": ("alpha", MARKUP, "T", False),
    "amend": ("beta", MARKUP, MARKUP, "histology", "why"),
    "preview_this": (MARKUP, 1),
}


@pytest.mark.parametrize("handler", REFUSALS)
def test_a_refusal_that_quotes_markup_is_text(site, staff, handler):
    data = (*REFUSALS[handler], *(EMPTY if handler == "make_study" else ()))
    said = json.dumps(ask(site, staff, handler, *data)["output"])
    assert NO_IMAGE not in said
    if handler in ("paste_study", "make_study", "copy_study"):
        assert "&lt;img src=x" in said


@pytest.mark.parametrize("value", ["\ud800x", "a\0b", "abc\u202egnp", MARKUP])
def test_a_profile_of_odd_text_is_refused_and_markup_is_text(site, value):
    """The request as any program can write it: half a sign, escaped in JSON."""
    reader = site.reader(ready=False)
    actor = accounts.actor_for(site.db, token=reader.cookies[STUDY_COOKIE])
    joining.give_consent(site.db, actor=actor, version="2")
    keys = [field.key for field in PROFILE_FIELDS]
    save = handlers(site, "/study")["profile"]
    for key in ("country", "profession"):
        data = [value if k == key else None for k in keys]
        done = call(reader, "/study", save, data)
        if value.startswith("\ud800"):
            assert done == 400  # half a sign is no JSON
            continue
        is_taken = key == "country" and value == MARKUP
        assert done["success"] is is_taken, done
        assert is_taken or NO_IMAGE not in done["output"]["error"]
    for path in ("export.zip", "report.html", "trail.csv", "identities.csv"):
        assert site.staff().get(f"/admin-api/alpha/{path}").status_code == 200
    for path in ("my-data.json", "my-data.csv"):
        assert reader.get(f"/study-api/{path}").status_code == 200
