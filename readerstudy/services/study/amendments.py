"""A wrong reference standard, mended after the study closed: recorded with its reason, for good."""

from typing import Any

from data.texts import quoted
from readerstudy import clock
from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import studies as queries
from readerstudy.db.queries import trail
from readerstudy.db.tables import Case, ReferenceAmendment, ReferenceStandard, Study
from readerstudy.domain import Actor, StudyState
from readerstudy.domain.errors import NotFoundError, StudyError
from readerstudy.domain.lifecycle import require_state
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.domain.texts import checked_reason, required_text

_MAX_BASIS = 200


def amend_reference(
    db: Database, *, actor: Actor, slug: str, case_id: str, label: str, basis: str, reason: str
) -> None:
    """The seal stays that of opening: it covers the reference standard of before."""
    with db.transaction() as session:
        study = queries.lock_study(session, slug)
        authorise(actor, Permission.MANAGE, study_id=study.id)
        require_state(study.state, StudyState.CLOSED, doing="amend a reference standard")
        case = _case(session, study, case_id.strip())
        stored = trail.reference(session, case.id)
        basis = required_text(basis, what="a basis such as histology", most=_MAX_BASIS)
        _check_label(study, stored, label, basis)
        why = checked_reason(reason)
        session.add(
            ReferenceAmendment(
                case_id=case.id,
                at=clock.now(),
                actor=f"{actor.role}:{actor.name}",
                old_label=stored.label,
                old_basis=stored.basis,
                new_label=label,
                new_basis=basis,
                reason=why,
            )
        )
        audit.record(
            session,
            actor=actor,
            verb="amend_reference",
            subject=case.case_id,
            study_id=study.id,
            old={"label": stored.label, "basis": stored.basis},
            new={"label": label, "basis": basis},
            reason=why,
        )
        stored.label, stored.basis = label, basis


def amendment_rows(session: Session, study: Study) -> list[dict[str, Any]]:
    """Rows of amendments.csv, oldest first; whoever calls has checked who asks."""
    return [
        {
            "case_id": case_id,
            "at": amendment.at,
            "old_truth": amendment.old_label,
            "old_basis": amendment.old_basis,
            "new_truth": amendment.new_label,
            "new_basis": amendment.new_basis,
            "reason": amendment.reason,
        }
        for case_id, amendment in trail.amendments(session, study.id)
    ]


def words(count: int) -> str:
    """Beside every number that an amended reference standard entered."""
    were = "reference standard was" if count == 1 else "reference standards were"
    return f"{count} {were} amended after the study closed; the seal holds those of before."


def _case(session: Session, study: Study, case_id: str) -> Case:
    case = trail.case_named(session, study.id, case_id)
    if case is None:
        raise NotFoundError(
            f"Expected the name of a case of {study.slug}, but there is none named "
            f"{quoted(case_id)}; its name is in cases.csv of the export."
        )
    return case


def _check_label(study: Study, stored: ReferenceStandard, label: str, basis: str) -> None:
    codes = study.taxonomy.codes
    if label not in codes:
        raise StudyError(
            f"Expected one of {', '.join(codes)}, but got {quoted(label)}; choose one."
        )
    if (label, basis) == (stored.label, stored.basis):
        raise StudyError(
            f"Expected another label or basis, but the reference standard is {label} by {basis} "
            "already; nothing was changed."
        )
