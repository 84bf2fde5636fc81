"""What readers learn, and when."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.db.tables import Assignment
from readerstudy.domain import SYSTEM, Actor
from readerstudy.domain.errors import NotFoundError, StateError
from readerstudy.domain.protocol import Aid, Feedback, Protocol
from readerstudy.services.reading import answering
from readerstudy.services.results import own_result, results
from readerstudy.services.results.own_result import Share, share
from readerstudy.services.study import drafts
from readerstudy.stats.subjects_and_methods import AREA_METHODS
from tests.support.making import answer_next, close, make_reader


def opened(db: Database, manifest: Path, predictions: Path, protocol: Protocol) -> str:
    drafts.create_study(
        db, actor=SYSTEM, slug="end", title="End", taxonomy=DEMO8, synthetic=True,
        protocol=protocol,
    )  # fmt: skip
    drafts.import_cases(db, actor=SYSTEM, slug="end", manifest=manifest)
    drafts.import_predictions(db, actor=SYSTEM, slug="end", name="net", csv=predictions)
    drafts.open_study(db, actor=SYSTEM, slug="end")
    return "end"


def read(db: Database, slug: str, answer: str, *, n_cases: int = 99) -> Actor:
    actor = make_reader(db, slug)
    while n_cases and answering.current_case(db, actor=actor):
        answer_next(db, actor, answer)
        n_cases -= 1
    return actor


def test_nothing_before_closing(db: Database, study: str) -> None:
    actor = read(db, study, "BCC")
    with pytest.raises(StateError, match="closed"):
        own_result.own_result(db, actor=actor)
    with pytest.raises(StateError, match="closed"):
        own_result.missed_image(db, actor=actor, case_token="any")


def test_own_result_stands_beside_models_and_three_others(
    db: Database, manifest: Path, predictions: Path
) -> None:
    slug = opened(db, manifest, predictions, Protocol())
    me = read(db, slug, "BCC")
    for _ in range(2):
        read(db, slug, "SK")
    close(db, slug)
    lines = {(x.code, x.quantity): x for x in own_result.own_result(db, actor=me).lines}
    assert lines["", "accuracy"].own == Share(2, 16)
    assert lines["BCC", "sensitivity"].own == Share(2, 2)
    assert lines["BCC", "specificity"].own == Share(0, 14)
    assert lines["", "accuracy"].others is None
    analysis = results.study_results(db, actor=SYSTEM, slug=slug)
    [model] = analysis.find(subject="model:net", quantity="accuracy", method="wilson")
    its = lines["", "accuracy"].models["net"]
    assert its.hits / its.n == pytest.approx(model.estimate)
    assert own_result.own_result(db, actor=me).missed is None


def test_the_others_are_a_median_of_three_or_more(
    db: Database, manifest: Path, predictions: Path
) -> None:
    slug = opened(db, manifest, predictions, Protocol())
    me = read(db, slug, "BCC", n_cases=1)
    others = [read(db, slug, "SK").name for _ in range(3)]
    close(db, slug)
    result = own_result.own_result(db, actor=me)
    found = result.lines[0].others
    assert found is not None
    assert (found.n, found.middle) == (3, 2 / 16)
    assert not any(name in repr(result) for name in others)


def test_the_curves_are_those_of_the_results_and_of_models_alone(
    db: Database, manifest: Path, predictions: Path
) -> None:
    slug = opened(db, manifest, predictions, Protocol())
    me = read(db, slug, "BCC")
    others = [read(db, slug, "SK").name for _ in range(3)]
    close(db, slug)
    curves = own_result.own_result(db, actor=me).curves
    assert list(curves) == list(DEMO8.codes)
    analysis = results.study_results(db, actor=SYSTEM, slug=slug)
    for code, figure in curves.items():
        [curve] = figure.curves
        assert curve.auc == analysis.best("auc", code, "model:net", AREA_METHODS)
        assert {point.kind for point in figure.points} <= {"model"}
    assert not any(name in repr(curves) for name in (me.name, *others))


def test_missed_cases_come_only_where_the_protocol_allows(
    db: Database, manifest: Path, predictions: Path
) -> None:
    allows = Protocol(feedback=Feedback(missed_cases=True))
    slug = opened(db, manifest, predictions, allows)
    me, other = read(db, slug, "BCC"), read(db, slug, "SK")
    close(db, slug)
    missed = own_result.own_result(db, actor=me).missed
    assert missed is not None
    assert len(missed) == 14
    assert "BCC" not in {case.truth for case in missed}
    assert own_result.missed_image(db, actor=me, case_token=missed[0].case_token)
    with pytest.raises(NotFoundError, match="of yours"):
        own_result.missed_image(db, actor=other, case_token=missed[0].case_token)


def test_misleading_advice_is_disclosed_to_whoever_is_done(
    db: Database, manifest: Path, predictions: Path
) -> None:
    aid = Aid(design="second-read", model="net", wrong_share=0.25)
    slug = opened(db, manifest, predictions, Protocol(aid=aid))
    reading, done = read(db, slug, "BCC", n_cases=5), read(db, slug, "BCC")
    assert own_result.misled_at(db, actor=reading) == []
    told = own_result.misled_at(db, actor=done)
    with db.reading() as session:
        query = sa.select(Assignment).where(Assignment.reader_id == done.reader_id)
        advised = [a for a in session.scalars(query) if a.advice]
    assert told == sorted(a.position for a in advised if a.advice and a.advice["is_misled"])
    assert len(told) == 4


def test_shares_by_hand() -> None:
    pairs = [("A", "A"), ("B", "A"), ("B", "B"), ("A", "C"), ("", "C")]
    assert share(pairs, "accuracy", "") == Share(2, 5)
    assert share(pairs, "sensitivity", "A") == Share(1, 2)
    assert share(pairs, "specificity", "A") == Share(2, 3)
    assert share(pairs, "sensitivity", "D") == Share(0, 0)
