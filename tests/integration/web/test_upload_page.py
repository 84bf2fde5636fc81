"""Files that owners send from the administration page: who may, how large, and what is said."""

import io
import zipfile

import pandas as pd
import pytest

from data.taxonomy import DEMO8
from readerstudy.domain import SYSTEM, Role
from readerstudy.services.study import drafts, summaries
from tests.integration.web.test_life_page import ask
from tests.support.making import write_cases, write_predictions

FILES = ("cases", "predictions?name=b4", "supports?model=b4")
STUDY = "slug: sent\ntitle: Sent\ntaxonomy: DEMO8\n"


@pytest.fixture(scope="module")
def staff(site):
    return site.staff()


@pytest.fixture
def draft(site):
    """An empty draft of its own for each test."""
    number = len(summaries.list_studies(site.db, actor=SYSTEM))
    slug = f"draft-{number}"
    drafts.create_study(
        site.db, actor=SYSTEM, slug=slug, title="Draft", taxonomy=DEMO8, synthetic=True
    )
    return slug


def packed(folder, change=lambda table: table):
    write_cases(folder, n_cases=3)
    table = change(pd.read_csv(folder / "manifest.csv", dtype=str, keep_default_na=False))
    table.to_csv(folder / "manifest.csv", index=False)
    return zipped(folder, *sorted(path.name for path in folder.iterdir()))


def zipped(folder, *names):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.write(folder / name, name)
    return made.getvalue()


def summary(site, slug):
    found = {study.slug: study for study in summaries.list_studies(site.db, actor=SYSTEM)}
    return found[slug]


def n_cases(site, slug):
    return summary(site, slug).n_cases


@pytest.fixture
def filled(site, staff, draft, tmp_path):
    """A draft with three cases, whose predictions and maps lie in the test's folder."""
    staff.put(f"/admin-api/{draft}/cases", content=packed(tmp_path))
    write_predictions(tmp_path / "predictions.csv", manifest=tmp_path / "manifest.csv")
    rows = [f"case-0{n},saliency,{n}.png," for n in range(3)]
    (tmp_path / "supports.csv").write_text("\n".join(["case_id,kind,path,caption", *rows]))
    return draft


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


def test_an_open_study_takes_nothing(staff, tmp_path):
    for what in FILES:
        answer = staff.put(f"/admin-api/alpha/{what}", content=packed(tmp_path))
        assert answer.status_code == 422
        assert "this one is open" in answer.json()["detail"]


def test_an_owner_sends_a_model_and_the_pictures_beside_its_advice(site, staff, filled, tmp_path):
    model = zipped(tmp_path, "predictions.csv", "predictions.json")
    answer = staff.put(f"/admin-api/{filled}/predictions?name=b4", content=model)
    assert answer.json() == {"said": "Imported the predictions of b4 for 3 cases."}
    assert summary(site, filled).models == ("b4",)
    beside = zipped(tmp_path, "supports.csv", "0.png", "1.png", "2.png")
    answer = staff.put(f"/admin-api/{filled}/supports?model=b4", content=beside)
    assert answer.json() == {"said": "Imported 3 pictures beside the advice of b4."}
    assert left_behind(site) == []
    again = staff.put(f"/admin-api/{filled}/supports?model=b4", content=beside)
    assert (again.status_code, "b4 has some" in again.json()["detail"]) == (422, True)


def test_bad_rows_of_predictions_and_pictures_come_back_at_once(site, staff, filled, tmp_path):
    table = tmp_path / "predictions.csv"
    good = table.read_text()
    table.write_text(good.replace("case-00", "case-77").replace("case-01", "case-02"))
    model = zipped(tmp_path, "predictions.csv", "predictions.json")
    answer = staff.put(f"/admin-api/{filled}/predictions?name=b4", content=model)
    assert answer.status_code == 422
    for told in ("line 2, case-77", "line 3, case-02", "line 4, case-02", "no row for case-01"):
        assert told in answer.json()["detail"]
    assert summary(site, filled).models == ()
    table.write_text(good)
    model = zipped(tmp_path, "predictions.csv", "predictions.json")
    staff.put(f"/admin-api/{filled}/predictions?name=b4", content=model)
    supports = tmp_path / "supports.csv"
    supports.write_text(supports.read_text().replace("1.png", "/etc/hostname") + "\nnone,map,,")
    answer = staff.put(
        f"/admin-api/{filled}/supports?model=b4", content=zipped(tmp_path, "supports.csv", "0.png")
    )
    assert answer.status_code == 422
    for told in ("line 3: hostname: it lies outside", "line 4: 2.png", "line 5: the study has no"):
        assert told in answer.json()["detail"]
    assert left_behind(site) == []


@pytest.mark.parametrize("role", [Role.ANALYST, Role.MONITOR, "owner of another"])
def test_others_are_refused_before_the_file_is_taken(site, draft, role):
    client = site.staff(study="alpha") if role == "owner of another" else site.staff(role)
    for what in FILES:
        answer = client.put(f"/admin-api/{draft}/{what}", content=b"x" * 5_000_000)
        assert answer.status_code == 403
        assert "Expected somebody who may" in answer.json()["detail"]
    answer = client.put("/admin-api/study-file?name=a.yaml", content=STUDY)
    assert answer.status_code == 403
    assert left_behind(site) == []


def test_readers_strangers_and_foreign_pages_are_refused_by_the_gate(site, draft, staff):
    own = [f"/admin-api/{draft}/{what}" for what in FILES]
    for path in (*own, "/admin-api/study-file?name=a.yaml"):
        assert site.anonymous().put(path, content=b"x").status_code == 401
        assert site.as_admin(site.reader()).put(path, content=b"x").status_code == 403
        answer = staff.put(path, content=b"x", headers={"Origin": "https://elsewhere.example"})
        assert answer.status_code == 403


def test_what_is_too_large_is_refused(staff):
    answer = staff.put("/admin-api/study-file?name=a.yaml", content=b"x" * 20_000_001)
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
        ("#" * 1_000_001, "more than 1,000,000"),
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


def test_the_forms_are_there_while_the_study_is_a_draft(site, staff, filled, tmp_path):
    _, forms, pictures, column, *_ = ask(site, staff, "show_life", filled)["output"]["data"]
    for what in ("cases", "predictions"):
        assert f'data-upload="/admin-api/{filled}/{what}"' in forms
    assert (pictures, column["visible"]) == ("", True)
    model = zipped(tmp_path, "predictions.csv", "predictions.json")
    staff.put(f"/admin-api/{filled}/predictions?name=b4", content=model)
    pictures = ask(site, staff, "show_life", filled)["output"]["data"][2]
    assert f'data-upload="/admin-api/{filled}/supports"' in pictures
    assert "<option>b4</option>" in pictures
    assert not ask(site, staff, "show_life", "alpha")["output"]["data"][3]["visible"]
