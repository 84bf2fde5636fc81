"""A reader's own data: a copy of all of it, and withdrawing it."""

from datetime import datetime
from typing import Any

from readerstudy import clock
from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import assignments as queries
from readerstudy.db.queries import readers
from readerstudy.db.tables import Answer, Assignment, Invitation, Reader, Study
from readerstudy.domain import Actor, Arm, Given, Measured, Role, Stage, Withdrawal
from readerstudy.domain.permissions import reader_of
from readerstudy.domain.reading import names
from readerstudy.security import tokens
from readerstudy.services.reading.readers import stage_of

_ANSWER = ("revision", *names(Given), "answered_at", *names(Measured))


def own_data(db: Database, *, actor: Actor) -> dict[str, Any]:
    """Parts by name, each a list of rows. No reference standard, and no name of a case."""
    reader_id = reader_of(actor)
    with db.reading() as session:
        reader, study = queries.reader_and_study(session, reader_id)
        is_over = stage_of(session, reader, study) in (Stage.DONE, Stage.CLOSED)
        profile = queries.profile(session, reader_id)
        declared = {**profile.fields, "saved_at": profile.saved_at} if profile else None
        return {
            "study": [_study(study)],
            "reader": [{"code": reader.code, "joined_at": reader.created_at}],
            "profile": [declared] if declared else [],
            "consent": [
                {
                    "version": consent.version,
                    "language": consent.language,
                    "text_sha256": consent.text_sha256,
                    "given_at": consent.given_at,
                }
                for consent in readers.consents(session, reader_id)
            ],
            "readings": [
                _reading(assignment, answer, is_over=is_over)
                for assignment, answer in readers.readings(session, reader_id)
            ],
        }


def withdraw(db: Database, *, actor: Actor) -> Withdrawal:
    """At any time, by the study's rule; the row that stays says that somebody withdrew, and when.

    Nothing leads from the old code, or from what the trail says, to the row that stays.
    """
    reader_id = reader_of(actor)
    with db.transaction() as session:
        reader, study = queries.reader_and_study(session, reader_id, lock=True)
        rule = Withdrawal(study.protocol.readers.withdrawal)
        reader.withdrawn_at, reader.withdrawal = _day_of(clock.now()), rule
        session.flush()  # the database asks for this before it lets answers go
        invitation = readers.invitation_of(session, reader_id)
        readers.forget_person(session, reader_id, invitation.id if invitation else None)
        if rule is Withdrawal.DELETE:
            readers.forget_readings(session, reader_id)
        _cut_off(invitation, reader, rule)
        _renew_tokens(session, reader)
        _record(session, study, rule)
    return rule


def _cut_off(invitation: Invitation | None, reader: Reader, rule: Withdrawal) -> None:
    """The invitation stays to be counted, but opens nothing."""
    if invitation is not None:
        invitation.revoked_at = reader.withdrawn_at
    reader.code, reader.trail_id = tokens.new_reader_code(), None
    # To the day, like the withdrawal: the trail knows the moments at which somebody came and went.
    reader.created_at = _day_of(reader.created_at)
    if invitation is not None and rule is Withdrawal.ANONYMISE:
        invitation.reader_id, invitation.token_hash = None, tokens.hash_token(tokens.new_token())


def _renew_tokens(session: Session, reader: Reader) -> None:
    """Those of before stand in web logs, beside an address of the network."""
    for assignment in readers.assignments(session, reader.id):
        assignment.token = tokens.new_case_token()


def _day_of(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _record(session: Session, study: Study, rule: Withdrawal) -> None:
    audit.record(
        session,
        actor=Actor(role=Role.READER),
        verb="withdraw",
        subject="a reader",
        study_id=study.id,
        new={"rule": rule.value},
    )


def _study(study: Study) -> dict[str, Any]:
    return {"slug": study.slug, "title": study.title, "seal": study.seal_hash}


def _reading(assignment: Assignment, answer: Answer | None, *, is_over: bool) -> dict[str, Any]:
    """Which cases are checks or come again, and which advice misleads, is known at the end only."""
    advice = assignment.advice or {}
    row: dict[str, Any] = {
        "position": assignment.position,
        "arm": assignment.arm if is_over else _open_arm(assignment.arm),
        "shown_at": assignment.shown_at,
        "advice_model": advice.get("model"),
        "advice_shown": advice.get("shown"),
        "advice_malignancy": advice.get("malignancy"),
    }
    if is_over:
        row["advice_is_misleading"] = advice.get("is_misled")
    return row | {name: getattr(answer, name, None) for name in _ANSWER}


def _open_arm(arm: Arm) -> Arm:
    return Arm.UNAIDED if arm in (Arm.ATTENTION, Arm.REPEAT) else arm
