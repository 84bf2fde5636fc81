"""Real images of the ISIC 2019 classes as a second study: commands, quiz, admin page, export."""

import io
import json
import zipfile

import pandas as pd
import pytest

from data.manifest import write_manifest
from data.taxonomy import ISIC2019
from readerstudy.commands.main import main
from readerstudy.domain import SYSTEM
from readerstudy.services.results import results
from readerstudy.ui.admin import view as admin_view

CASES_PER_CLASS = 10
ANSWERS = 8


@pytest.fixture(scope="module")
def manifest(realdata, tmp_path_factory):
    table = pd.read_csv(realdata / "manifest.csv")
    ham = table[table["source"] == "ham224"].groupby("label").head(CASES_PER_CLASS)
    rows = [
        {
            "case_id": row.isic_id,
            "path": str(realdata / row.path),
            "sha256": row.sha256,
            "label": row.label,
            "lesion_id": row.group_id,
            "source": "HAM10000",
            "licence": "CC BY-NC 4.0",
        }
        for row in ham.itertuples()
    ]
    path = tmp_path_factory.mktemp("ham") / "manifest.csv"
    write_manifest(rows, path)
    return path


@pytest.fixture(scope="module")
def ham(site, manifest):
    """The study made with the commands of the README, and two readers' first answers."""
    var = ["--var", str(site.db.images.parent)]
    make = ["create-study", "--slug", "ham", "--title", "HAM images", "--taxonomy", "ISIC2019"]
    assert main([*make, *var]) == 0
    assert main(["import-cases", "--study", "ham", "--manifest", str(manifest), *var]) == 0
    assert main(["open", "--study", "ham", *var]) == 0
    return [_read(site.reader("ham"), number) for number in range(2)]


def _read(reader, number):
    given = []
    for step in range(ANSWERS):
        case = reader.get("/study-api/current").json()["case"]
        assert [o["code"] for o in case["options"]] == list(ISIC2019.codes)
        assert reader.get(case["images"][0]).headers["content-type"].startswith("image/")
        code = ISIC2019.codes[(step + number) % len(ISIC2019)]
        body = {
            "case_token": case["case_token"],
            "answer": code,
            "confidence": 50 + step,
            "client_token": f"answer-ham-{number}-{step}",
            "active_ms": 800,
        }
        assert reader.post("/study-api/answer", json=body).json()["is_saved"]
        given.append(code)
    return given


@pytest.mark.realdata
def test_no_real_name_or_label_reaches_the_reader(site, ham):
    reader = site.reader("ham")
    case = reader.get("/study-api/current").json()
    picture = reader.get(case["case"]["images"][0])
    assert "ISIC_" not in json.dumps(case)
    assert b"ISIC_" not in picture.content
    assert "ISIC_" not in str(picture.headers)


@pytest.mark.realdata
def test_admin_sees_the_readers_alone_and_is_told_why(site, ham):
    analysis = results.study_results(site.db, actor=SYSTEM, slug="ham")
    subjects = {str(record.subject) for record in analysis.records}
    assert "mean_reader" in subjects
    assert not any(subject.startswith("model:") for subject in subjects)
    assert "No checkpoint predicts these classes" in admin_view.results(analysis)


@pytest.mark.realdata
def test_export_equals_what_was_answered(site, ham):
    content = site.staff().get("/admin-api/ham/export.zip").content
    with zipfile.ZipFile(io.BytesIO(content)) as bundle:
        readings = pd.read_csv(bundle.open(_named(bundle, "readings.csv")))
    answered = readings[readings["answer"].notna()].sort_values(["reader_id", "position"])
    by_reader = answered.groupby("reader_id", sort=False)["answer"].apply(list).tolist()
    assert sorted(by_reader) == sorted(ham)


def _named(bundle, name):
    return next(entry for entry in bundle.namelist() if entry.endswith(name))
