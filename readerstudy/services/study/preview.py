"""What a reader would see, for whoever runs the study: drawn anew each time, nothing stored."""

from dataclasses import dataclass
from typing import Any

from readerstudy.db import Database, Session
from readerstudy.db.queries import studies as queries
from readerstudy.db.tables import Reader, Study
from readerstudy.domain import Actor, Advice, Arm, Option, ReaderKind
from readerstudy.domain.errors import NotFoundError
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.domain.protocol import Questions
from readerstudy.services.intake import image_store, supports
from readerstudy.services.reading import answering, case_views
from readerstudy.services.reading.plans import drawer_of
from readerstudy.services.reading.readers import options_of
from readerstudy.services.study.seal_content import check_complete

_SEED = 0


@dataclass(frozen=True)
class Preview:
    """One reading as a reader would get it; never the reference standard.

    `views`: a caption, or nothing, for each image of the case.
    """

    position: int
    total: int
    arm: Arm
    options: tuple[Option, ...]
    questions: Questions
    clinical_text: str
    views: tuple[str, ...]
    advice: Advice | None
    time_limit_s: int | None


def preview_case(db: Database, *, actor: Actor, slug: str, position: int) -> Preview:
    """`position` from 1 in the order of a reader who does not exist."""
    with db.reading() as session:
        study = _visible(session, actor, slug)
        rows, buttons = _plan(session, study)
        row = _row(rows, position)
        protocol = study.protocol
        return Preview(
            position=position,
            total=len(rows),
            arm=row["arm"],
            options=options_of(study, buttons),
            questions=protocol.questions,
            clinical_text=case_views.clinical_text(session, study, row["case_id"]),
            views=case_views.views(session, study, row["case_id"]),
            advice=answering.advice_of(
                row["advice"], supports.shown(session, study, row["case_id"])
            )
            if row["advice"]
            else None,
            time_limit_s=protocol.time_limit_s,
        )


def preview_image(db: Database, *, actor: Actor, slug: str, position: int, view: int = 1) -> bytes:
    with db.reading() as session:
        study = _visible(session, actor, slug)
        rows, _ = _plan(session, study)
        case_id = _row(rows, position)["case_id"]
        file = case_views.image_file(session, study, case_id, view=view)
    if file is None:
        raise NotFoundError(f"Expected a view of this case, but it has no view {view}.")
    return image_store.load(file, folder=db.images)


def preview_support(db: Database, *, actor: Actor, slug: str, position: int, number: int) -> bytes:
    """A picture beside the advice, numbered as in `preview_case`."""
    with db.reading() as session:
        study = _visible(session, actor, slug)
        rows, _ = _plan(session, study)
        row = _row(rows, position)
        found = supports.shown(session, study, row["case_id"]) if row["advice"] else []
        if not 1 <= number <= len(found):
            raise NotFoundError(f"Expected a picture beside the advice, but got number {number}.")
        file = found[number - 1].image_file
    return image_store.load(file, folder=db.images)


def _visible(session: Session, actor: Actor, slug: str) -> Study:
    study = queries.study_by_slug(session, slug)
    authorise(actor, Permission.MANAGE, study_id=study.id)
    return study


def _plan(session: Session, study: Study) -> tuple[list[dict[str, Any]], list[str] | None]:
    """The rows are those of a reader that is never added to the database."""
    check_complete(session, study)
    drawer = drawer_of(session, study)
    nobody = Reader(study_id=study.id, kind=ReaderKind.HUMAN, order_seed=_SEED)
    return drawer.rows(nobody, number=0), drawer.option_order(seed=_SEED)


def _row(rows: list[dict[str, Any]], position: int) -> dict[str, Any]:
    if not 1 <= position <= len(rows):
        raise NotFoundError(f"Expected a case from 1 to {len(rows)}, but got {position}.")
    return rows[position - 1]
