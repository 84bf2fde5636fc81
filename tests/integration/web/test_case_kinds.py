"""What leaves the server while a reader reads must not say what kind of case this is."""

import pandas as pd
import sqlalchemy as sa

from data.taxonomy import DEMO8
from readerstudy.db.tables import Assignment, Reader
from readerstudy.domain import SYSTEM, Arm
from readerstudy.services.study import drafts
from tests.support.making import write_cases

# What differs from case to case whatever its kind.
OF_THE_CASE = ("case_token", "position", "images", "preload", "preload_views", "clinical_text")


def make_study(db, folder):
    """Six test cases, two of them repeated, one for practice and one as a check."""
    manifest = write_cases(folder, n_cases=8)
    table = pd.read_csv(manifest, dtype=str, keep_default_na=False)
    table["role"] = ["", "", "", "", "", "", "practice", "attention"]
    table["repeat"] = ["yes", "yes", *["no"] * 6]
    table.to_csv(manifest, index=False)
    drafts.create_study(
        db, actor=SYSTEM, slug="kinds", title="Kinds", taxonomy=DEMO8, synthetic=True
    )
    drafts.import_cases(db, actor=SYSTEM, slug="kinds", manifest=manifest)
    drafts.open_study(db, actor=SYSTEM, slug="kinds")


def read_all(client):
    """The case and the reply to its answer, as sent, in order."""
    sent = []
    while (case := client.get("/study-api/current").json()["case"]) is not None:
        body = {
            "case_token": case["case_token"],
            "answer": "BCC",
            "confidence": 50,
            "client_token": f"client-{case['position']}",
        }
        reply = client.post("/study-api/answer", json=body).json()
        sent.append((case, reply))
    return sent


def test_only_practice_says_what_it_is(site, tmp_path):
    make_study(site.db, tmp_path)
    client = site.reader("kinds")
    sent = read_all(client)
    code = client.get("/study-api/current").json()["code"]
    query = sa.select(Assignment.arm).join(Reader, Reader.id == Assignment.reader_id)
    with site.db.reading() as session:
        arms = session.scalars(query.where(Reader.code == code).order_by(Assignment.position)).all()
    assert [arms.count(arm) for arm in Arm] == [6, 0, 1, 1, 2]
    for arm, (case, reply) in zip(arms, sent, strict=True):
        assert case.pop("is_practice") == (arm is Arm.PRACTICE)
        for name in OF_THE_CASE:
            case.pop(name)
        assert (case, set(reply)) == (sent[0][0], set(sent[0][1]))
        assert reply["reference"] is None
