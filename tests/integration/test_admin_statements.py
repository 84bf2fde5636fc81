"""What the page of administration asks the database does not grow with the number of studies."""

import pytest

from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.domain import SYSTEM
from readerstudy.domain.errors import StudyError
from readerstudy.services.study import drafts
from readerstudy.ui.admin.tab import OUT_OF_DATE, picker, study_of
from tests.support.making import statements


def counts(db: Database, slug: str) -> tuple[int, int]:
    one = statements(db, lambda: study_of(db, SYSTEM, slug))
    return len(one), len(statements(db, lambda: picker(db, SYSTEM, slug)))


def test_one_study_is_asked_for_alone(db: Database, study: str) -> None:
    alone = counts(db, study)
    for number in range(20):
        drafts.create_study(
            db, actor=SYSTEM, slug=f"n{number}", title="T", taxonomy=DEMO8, synthetic=True
        )
    assert counts(db, study) == alone
    assert max(alone) <= 10


def test_a_study_that_is_not_offered_is_an_old_page(db: Database, study: str) -> None:
    with pytest.raises(StudyError, match=OUT_OF_DATE):
        study_of(db, SYSTEM, "lost")
    with pytest.raises(StudyError, match=OUT_OF_DATE):
        study_of(db, SYSTEM, None)
