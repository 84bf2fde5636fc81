"""Pictures that may be shown beside a model's advice."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import Model, Support
from readerstudy.domain import SupportKind

_ORDER = (Support.kind, Support.position)


def of_model(session: Session, model_id: int) -> Sequence[Support]:
    query = sa.select(Support).where(Support.model_id == model_id)
    return session.scalars(query.order_by(Support.case_id, *_ORDER)).all()


def of_case(
    session: Session,
    study_id: int,
    case_id: int,
    *,
    model: str,
    kinds: Collection[SupportKind],
) -> Sequence[Support]:
    """Those of these kinds, the saliency map first. `case_id`: the case's row id."""
    query = (
        sa.select(Support)
        .join(Model, Model.id == Support.model_id)
        .where(
            Model.study_id == study_id,
            Model.name == model,
            Support.case_id == case_id,
            Support.kind.in_(kinds),
        )
    )
    return session.scalars(query.order_by(*_ORDER)).all()
