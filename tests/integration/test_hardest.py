"""Cases by how many readers got them wrong."""

import pytest

from data.images import decode
from readerstudy.db import Database
from readerstudy.entities import SYSTEM, ReaderKind
from readerstudy.errors import NotFoundError
from readerstudy.services import answering
from readerstudy.services.hardest import hardest_cases, thumbnail
from tests.integration.making import answer_next, make_reader


@pytest.fixture
def backend() -> str:
    return "sqlite"


def test_the_hardest_come_first_and_the_unread_last(db: Database, study: str) -> None:
    for _ in range(2):
        reader = make_reader(db, study)
        while answering.current_case(db, actor=reader):
            answer_next(db, reader, "VW")
    kinds, found = hardest_cases(db, actor=SYSTEM, slug=study)
    assert kinds == (ReaderKind.HUMAN,)
    assert len(found) == 16
    assert {case.n for case in found} == {2}
    assert [case.truth for case in found[-2:]] == ["VW", "VW"]
    first, last = found[0], found[-1]
    assert (first.n_wrong, first.answers) == (2, {"VW": 2})
    assert (first.low, first.high) == pytest.approx((0.342, 1.0), abs=1e-3)
    assert last.n_wrong == 0
    code, probability = first.models["net"]
    assert 0 < probability <= 1
    assert code


def test_without_answers_nothing_is_counted(db: Database, study: str) -> None:
    _, found = hardest_cases(db, actor=SYSTEM, slug=study)
    assert {case.n for case in found} == {0}
    assert all(case.low != case.low for case in found)


def test_a_thumbnail_is_of_this_study_alone(db: Database, study: str) -> None:
    small = thumbnail(db, actor=SYSTEM, slug=study, case_id="case-00")
    assert decode(small).shape == (16, 24, 3)
    with pytest.raises(NotFoundError, match="gone"):
        thumbnail(db, actor=SYSTEM, slug=study, case_id="gone")
