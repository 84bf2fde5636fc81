"""Files that owners send from the administration page: who may, how large, and what is said."""

import io
import zipfile

import pandas as pd
import pytest

from data.taxonomy import DEMO8
from readerstudy.entities import SYSTEM, Role
from readerstudy.services import studies
from tests.integration.making import write_cases
from tests.integration.web.test_life_page import ask

STUDY = "slug: sent\ntitle: Sent\ntaxonomy: DEMO8\n"


@pytest.fixture(scope="module")
def staff(site):
    return site.staff()


@pytest.fixture
def draft(site):
    """An empty draft of its own for each test."""
    number = len(studies.list_studies(site.db, actor=SYSTEM))
    slug = f"draft-{number}"
    studies.create_study(
        site.db, actor=SYSTEM, slug=slug, title="Draft", taxonomy=DEMO8, synthetic=True
    )
    return slug


def packed(folder, change=lambda table: table):
    write_cases(folder, n_cases=3)
    table = change(pd.read_csv(folder / "manifest.csv", dtype=str, keep_default_na=False))
    table.to_csv(folder / "manifest.csv", index=False)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    return made.getvalue()


def n_cases(site, slug):
    found = {study.slug: study.n_cases for study in studies.list_studies(site.db, actor=SYSTEM)}
    return found[slug]


def left_behind(site):
    return list(site.db.images.parent.glob(".upload-*"))


def test_an_owner_sends_cases(site, staff, draft, tmp_path):
    answer = staff.put(f"/admin-api/{draft}/cases", content=packed(tmp_path))
    assert (answer.status_code, answer.json()) == (200, {"said": "Imported 3 cases."})
    assert n_cases(site, draft) == 3
    assert left_behind(site) == []


def test_all_bad_rows_come_back_at_once_and_nothing_is_kept(site, staff, draft, tmp_path):
    def change(table):
        return table.assign(label=["XX", *table["label"][1:]], path=["0.png", "none.png", "2.png"])

    answer = staff.put(f"/admin-api/{draft}/cases", content=packed(tmp_path, change))
    assert answer.status_code == 422
    assert "2 faults" in answer.json()["detail"]
    assert "line 2: label 'XX'" in answer.json()["detail"]
    assert "line 3: image" in answer.json()["detail"]
    assert n_cases(site, draft) == 0
    assert left_behind(site) == []


def test_what_is_no_zip_or_has_no_table_is_a_sentence(staff, draft):
    no_zip = staff.put(f"/admin-api/{draft}/cases", content=b"nothing")
    assert no_zip.status_code == 422
    assert "pack it again" in no_zip.json()["detail"]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("manifest.csv", "a,b\n1,2\n")
    no_columns = staff.put(f"/admin-api/{draft}/cases", content=made.getvalue())
    assert no_columns.status_code == 422
    assert "case_id, path and label" in no_columns.json()["detail"]


def test_an_open_study_takes_no_cases(staff, tmp_path):
    answer = staff.put("/admin-api/alpha/cases", content=packed(tmp_path))
    assert answer.status_code == 422
    assert "this one is open" in answer.json()["detail"]


@pytest.mark.parametrize("role", [Role.ANALYST, Role.MONITOR, "owner of another"])
def test_others_are_refused_before_the_file_is_taken(site, draft, role):
    client = site.staff(study="alpha") if role == "owner of another" else site.staff(role)
    answer = client.put(f"/admin-api/{draft}/cases", content=b"x" * 5_000_000)
    assert answer.status_code == 403
    assert "Expected somebody who may" in answer.json()["detail"]
    answer = client.put("/admin-api/study-file?name=a.yaml", content=STUDY)
    assert answer.status_code == 403
    assert left_behind(site) == []


def test_readers_strangers_and_foreign_pages_are_refused_by_the_gate(site, draft, staff):
    for path in (f"/admin-api/{draft}/cases", "/admin-api/study-file?name=a.yaml"):
        assert site.anonymous().put(path, content=b"x").status_code == 401
        assert site.as_admin(site.reader()).put(path, content=b"x").status_code == 403
        answer = staff.put(path, content=b"x", headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 403


def test_what_is_too_large_is_refused(staff):
    answer = staff.put("/admin-api/study-file?name=a.yaml", content=b"x" * 1_000_001)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.yaml", "slug: yaml\ntitle: T\ntaxonomy: DEMO8\n"),
     ("b.TOML", 'slug = "toml"\ntitle = "T"\ntaxonomy = "DEMO8"\n')],
)  # fmt: skip
def test_a_study_file_makes_a_draft(site, staff, name, content):
    answer = staff.put(f"/admin-api/study-file?name={name}", content=content)
    assert answer.status_code == 200
    assert answer.json()["said"].startswith("Made the draft")
    assert n_cases(site, name.split(".")[1].lower()) == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("slug: [", "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        ("slug: x\ntitle: X\ntaxonomy: DEMO8\ncolour: red", "colour"),
        ("slug: x\ntitle: X\ntaxonomy: /etc/passwd", "written out"),
        ("slug: x\ntitle: X\ntaxonomy: {name: n, diseases: 3}", "Expected"),
    ],
)
def test_a_study_file_that_cannot_be_is_a_sentence(staff, content, said):
    answer = staff.put("/admin-api/study-file?name=a.yaml", content=content)
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"]


def test_the_form_is_there_while_the_study_is_a_draft(site, staff, draft):
    _, form, column, *_ = ask(site, staff, "show_life", draft)["output"]["data"]
    assert f'data-upload="/admin-api/{draft}/cases"' in form
    assert column["visible"]
    assert not ask(site, staff, "show_life", "alpha")["output"]["data"][2]["visible"]
