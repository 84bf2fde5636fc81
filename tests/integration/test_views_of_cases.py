"""Cases of several images: imported, sealed, shown and served one by one."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from data.images import decode, encode
from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.db.tables import Assignment
from readerstudy.domain import SYSTEM, Actor
from readerstudy.domain.errors import AnswerError, ImportRefused, NotFoundError
from readerstudy.domain.protocol import DEFAULT_PROTOCOL, Protocol, Questions
from readerstudy.services.reading import answering
from readerstudy.services.study import drafts, preview, summaries
from tests.integration.test_protocol import table
from tests.support.making import make_reader, write_cases


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """Three cases of three images each; those of one case have one grey value each."""
    path = write_cases(tmp_path, n_cases=3)
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    for case in range(3):
        for view in (2, 3):
            pixels = np.full((16, 16, 3), 10 * case + view, dtype=np.uint8)
            (tmp_path / f"{case}-{view}.png").write_bytes(encode(pixels))
    rows["views"] = [f"{case}-2.png | {case}-3.png" for case in range(3)]
    rows["view_captions"] = "overview|close"
    rows.to_csv(path, index=False)
    return path


def create(db: Database, protocol: Protocol = DEFAULT_PROTOCOL) -> None:
    drafts.create_study(
        db, actor=SYSTEM, slug="views", title="Views", taxonomy=DEMO8, synthetic=True,
        protocol=protocol,
    )  # fmt: skip


def make(db: Database, several: Path, protocol: Protocol = DEFAULT_PROTOCOL) -> Actor:
    create(db, protocol)
    drafts.import_cases(db, actor=SYSTEM, slug="views", manifest=several)
    drafts.open_study(db, actor=SYSTEM, slug="views")
    return make_reader(db, "views")


def test_all_views_of_a_case_are_shown_and_served(db: Database, several: Path) -> None:
    actor = make(db, several)
    case = answering.current_case(db, actor=actor)
    assert case is not None
    assert case.views == ("", "overview", "close")
    assert case.preload_views == 3

    def grey(token: str, view: int) -> int:
        content = answering.case_image(db, actor=actor, case_token=token, view=view)
        return int(decode(content)[0, 0, 0])

    assert grey(case.case_token, 3) - grey(case.case_token, 2) == 1
    assert case.preload is not None
    assert grey(case.preload, 2) % 10 == 2
    for missing in (0, 4):
        with pytest.raises(NotFoundError, match=f"no view {missing}"):
            answering.case_image(db, actor=actor, case_token=case.case_token, view=missing)
    other = make_reader(db, "views")
    with pytest.raises(NotFoundError, match="a case of yours"):
        answering.case_image(db, actor=other, case_token=case.case_token, view=2)


def test_at_the_first_level_of_information_the_own_image_is_all(
    db: Database, several: Path
) -> None:
    rows = pd.read_csv(several, dtype=str, keep_default_na=False)
    rows.assign(clinical_text="A man of 40").to_csv(several, index=False)
    level = Protocol(questions=Questions(information="image"))
    actor = make(db, several, level)
    case = answering.current_case(db, actor=actor)
    assert case is not None
    assert (case.views, case.preload_views, case.clinical_text) == (("",), 1, "")
    assert answering.case_image(db, actor=actor, case_token=case.case_token)
    with pytest.raises(NotFoundError, match="no view 2"):
        answering.case_image(db, actor=actor, case_token=case.case_token, view=2)
    seen = preview.preview_case(db, actor=SYSTEM, slug="views", position=1)
    assert (seen.views, seen.clinical_text) == (("",), "")
    with pytest.raises(NotFoundError, match="no view 2"):
        preview.preview_image(db, actor=SYSTEM, slug="views", position=1, view=2)


def test_views_of_a_case_beyond_the_next_stay_unseen(db: Database, several: Path) -> None:
    actor = make(db, several)
    answering.current_case(db, actor=actor)
    with db.reading() as session:
        query = sa.select(Assignment.token).where(Assignment.position == 3)
        token = session.scalars(query).one()
    with pytest.raises(AnswerError, match="a later one"):
        answering.case_image(db, actor=actor, case_token=token, view=2)


def test_the_seal_and_the_export_cover_all_views(db: Database, several: Path) -> None:
    make(db, several)
    rows = table(db, "views", "cases.csv")
    assert [len(row["view_sha256"].split()) for row in rows] == [2, 2, 2]
    first = summaries.list_studies(db, actor=SYSTEM)[0].seal_hash
    content = pd.read_csv(several, dtype=str, keep_default_na=False)
    content["view_captions"] = "overview|detail"
    content.to_csv(several, index=False)
    drafts.create_study(
        db, actor=SYSTEM, slug="other", title="Views", taxonomy=DEMO8, synthetic=True
    )
    drafts.import_cases(db, actor=SYSTEM, slug="other", manifest=several)
    assert drafts.open_study(db, actor=SYSTEM, slug="other") != first


def test_everything_wrong_with_views_is_named_and_nothing_stored(
    db: Database, several: Path
) -> None:
    rows = pd.read_csv(several, dtype=str, keep_default_na=False)
    rows.loc[0, "views"] = "0-2.png|absent.png"
    rows.loc[1, "views"] = "1-2.png|1-2.png"
    rows.loc[2, "views"] = "0-2.png"
    rows.to_csv(several, index=False)
    create(db)
    with pytest.raises(ImportRefused, match="4 faults") as caught:
        drafts.import_cases(db, actor=SYSTEM, slug="views", manifest=several)
    said = str(caught.value)
    assert "case-00: absent.png" in said
    assert "case-01: 1-2.png is the same image as another of this case" in said
    assert "case-02: the same image as case-00" in said
    assert "case-02: view_captions has 2 parts, but views 1" in said
    assert summaries.list_studies(db, actor=SYSTEM)[0].n_cases == 0
