"""Studies, cases, models and the reference standard, for those who run a study."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import (
    Answer,
    Assignment,
    Case,
    Consent,
    FurtherView,
    Invitation,
    Model,
    ModelPrediction,
    Profile,
    Reader,
    ReferenceStandard,
    Study,
)
from readerstudy.domain import ReaderKind, Withdrawal
from readerstudy.domain.errors import NotFoundError


class ReaderCounts(NamedTuple):
    reader: Reader
    has_consent: bool
    has_profile: bool
    answered: int
    total: int
    last_answer_at: datetime | None


def study_by_slug(session: Session, slug: str) -> Study:
    study = find_study(session, slug)
    if study is None:
        raise NotFoundError(f"Expected the name of a study, but there is none named {slug!r}.")
    return study


def find_study(session: Session, slug: str) -> Study | None:
    return session.scalar(sa.select(Study).where(Study.slug == slug))


def lock_study(session: Session, slug: str) -> Study:
    """So that two administrators cannot import and open at once (PostgreSQL; SQLite has locked)."""
    study = session.scalar(sa.select(Study).where(Study.slug == slug).with_for_update())
    return study if study is not None else study_by_slug(session, slug)


def studies(session: Session) -> Sequence[Study]:
    return session.scalars(sa.select(Study).order_by(Study.id)).all()


def cases(session: Session, study_id: int) -> Sequence[Case]:
    """By name. Sorted here: the seal depends on it, and PostgreSQL sorts as its language does."""
    found = session.scalars(sa.select(Case).where(Case.study_id == study_id))
    return sorted(found, key=lambda case: case.case_id)


def cases_as_imported(session: Session, study_id: int) -> Sequence[Case]:
    """So that a reader's seed always draws the same order."""
    return session.scalars(sa.select(Case).where(Case.study_id == study_id).order_by(Case.id)).all()


def labels(session: Session, study_id: int) -> dict[int, str]:
    """Reference standard by the case's row id."""
    query = (
        sa.select(ReferenceStandard.case_id, ReferenceStandard.label)
        .join(Case, Case.id == ReferenceStandard.case_id)
        .where(Case.study_id == study_id)
    )
    return dict(session.execute(query).tuples().all())


def case_limits() -> dict[str, int]:
    """Most characters of each text column: SQLite would take more, PostgreSQL would not."""
    columns = sa.inspect(Case).columns
    return {
        c.name: c.type.length for c in columns if isinstance(c.type, sa.String) and c.type.length
    }


def add_case(
    session: Session, case: Case, *, label: str, basis: str, views: Sequence[FurtherView] = ()
) -> None:
    session.add(case)
    session.flush()
    session.add(ReferenceStandard(case_id=case.id, label=label, basis=basis))
    for view in views:
        view.case_id = case.id
    session.add_all(views)


def further_views(session: Session, study_id: int) -> dict[int, list[FurtherView]]:
    """In order by the case's row id; cases of one image are left out."""
    query = (
        sa.select(FurtherView)
        .join(Case, Case.id == FurtherView.case_id)
        .where(Case.study_id == study_id)
        .order_by(FurtherView.case_id, FurtherView.position)
    )
    found: dict[int, list[FurtherView]] = {}
    for view in session.scalars(query):
        found.setdefault(view.case_id, []).append(view)
    return found


def models(session: Session, study_id: int) -> Sequence[Model]:
    """By name, sorted here for the same reason."""
    found = session.scalars(sa.select(Model).where(Model.study_id == study_id))
    return sorted(found, key=lambda model: model.name)


def predictions(session: Session, model_id: int) -> dict[int, dict[str, float]]:
    """Probabilities by the case's row id."""
    query = sa.select(ModelPrediction).where(ModelPrediction.model_id == model_id)
    return {row.case_id: row.probabilities for row in session.scalars(query)}


def n_cases(session: Session, study_id: int) -> int:
    return _count(session, sa.select(Case.id).where(Case.study_id == study_id))


def n_readers(session: Session, study_id: int) -> dict[ReaderKind, int]:
    """Whoever ever came: a plan may depend on how many came before."""
    query = (
        sa.select(Reader.kind, sa.func.count())
        .where(Reader.study_id == study_id)
        .group_by(Reader.kind)
    )
    return dict(session.execute(query).tuples().all())


def n_deleted_readers(session: Session, study_id: int) -> int:
    withdrawn = (Reader.study_id == study_id, Reader.withdrawal == Withdrawal.DELETE)
    return _count(session, sa.select(Reader.id).where(*withdrawn))


def n_answers(
    session: Session, study_id: int, *, with_revisions: bool = False
) -> dict[ReaderKind, int]:
    """`with_revisions` counts stored rows: whatever is added changes it."""
    query = (
        sa.select(Reader.kind, sa.func.count())
        .join(Answer, Answer.reader_id == Reader.id)
        .where(Reader.study_id == study_id)
        .group_by(Reader.kind)
    )
    if not with_revisions:
        query = query.where(Answer.revision == 1)
    return dict(session.execute(query).tuples().all())


def n_shown(session: Session, study_id: int) -> int:
    """Cases that readers have been shown, answered or not."""
    query = (
        sa.select(Assignment.id)
        .join(Reader, Reader.id == Assignment.reader_id)
        .where(Reader.study_id == study_id, Assignment.shown_at.is_not(None))
    )
    return _count(session, query)


def n_withdrawn(session: Session, study_id: int) -> int:
    query = sa.select(Reader.id).where(
        Reader.study_id == study_id, Reader.withdrawn_at.is_not(None)
    )
    return _count(session, query)


def has_reader(session: Session, study_id: int, code: str) -> bool:
    query = sa.select(Reader.id).where(Reader.study_id == study_id, Reader.code == code)
    return session.scalar(query) is not None


def invitation(session: Session, token_hash: str, *, lock: bool = False) -> Invitation | None:
    query = sa.select(Invitation).where(Invitation.token_hash == token_hash)
    return session.scalar(query.with_for_update() if lock else query)


def reader_counts(session: Session, study_id: int) -> list[ReaderCounts]:
    """One row per reader, in the order in which they came."""
    total = _by_reader(sa.func.count(), Assignment)
    # A revision is not a further case.
    first = _by_reader(sa.func.count(), Answer, Answer.revision == 1)
    last = _by_reader(sa.func.max(Answer.answered_at), Answer)
    query = (
        sa.select(
            Reader,
            sa.exists().where(Consent.reader_id == Reader.id),
            sa.exists().where(Profile.reader_id == Reader.id),
            sa.func.coalesce(first, 0),
            sa.func.coalesce(total, 0),
            last,
        )
        .where(Reader.study_id == study_id)
        .order_by(Reader.id)
    )
    return [ReaderCounts(*row) for row in session.execute(query)]


def add_rows(session: Session, table: type[Any], rows: Iterable[dict[str, Any]]) -> None:
    """Many rows at once, without an object for each."""
    rows = list(rows)
    if rows:
        session.execute(sa.insert(table), rows)


def _by_reader(
    value: Any, table: type[Assignment | Answer], *conditions: sa.ColumnElement[bool]
) -> sa.ScalarSelect[Any]:
    query = sa.select(value).select_from(table).where(table.reader_id == Reader.id, *conditions)
    return query.correlate(Reader).scalar_subquery()


def _count(session: Session, query: sa.Select[Any]) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
