"""Cases by how many readers got them wrong."""

from pathlib import Path

import pandas as pd
import pytest

from data.images import decode
from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, ReaderKind
from readerstudy.domain.errors import NotFoundError
from readerstudy.services.reading import answering
from readerstudy.services.results import results
from readerstudy.services.results.hardest_cases import hardest_cases, thumbnail
from readerstudy.services.study import drafts
from tests.support.making import answer_next, make_reader, write_predictions


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


@pytest.mark.parametrize("rule", ["renormalise", "strict"])
def test_a_tie_is_settled_as_in_the_analysis(
    db: Database, study: str, manifest: Path, tmp_path: Path, rule: str
) -> None:
    """A model of the study's classes in another order: its first column wins."""
    backwards = DEMO8.subset(tuple(reversed(DEMO8.codes)), name="backwards")
    csv = write_predictions(tmp_path / "net.csv", manifest=manifest, taxonomy=backwards)
    table = pd.read_csv(csv)
    table[[f"p_{code}" for code in backwards.codes]] = 1 / 8
    table.to_csv(csv, index=False)
    drafts.create_study(
        db, actor=SYSTEM, slug="tied", title="T", taxonomy=DEMO8, synthetic=True, rule=rule
    )
    drafts.import_cases(db, actor=SYSTEM, slug="tied", manifest=manifest)
    drafts.import_predictions(db, actor=SYSTEM, slug="tied", name="net", csv=csv)
    _, found = hardest_cases(db, actor=SYSTEM, slug="tied")
    last = DEMO8.codes[-1]
    assert {case.models["net"] for case in found} == {(last, 1 / 8)}
    analysis = results.study_results(db, actor=SYSTEM, slug="tied")
    record = analysis.get("sensitivity", last, "model:net", "wilson")
    assert record is not None
    assert record.estimate == 1.0
