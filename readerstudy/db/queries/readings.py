"""Everything that was read, for analysis and export."""

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from readerstudy.db.tables import (
    Answer,
    Assignment,
    Case,
    Consent,
    FurtherView,
    Profile,
    Reader,
    ReferenceStandard,
    Study,
)
from readerstudy.domain.reading import Given, Measured, names

Row = dict[str, Any]


def readings(session: Session, study: Study) -> list[Row]:
    """One row per case that was shown to a reader, with the current answer if there is one."""
    query = (
        sa.select(
            Reader.code.label("reader_id"),
            Reader.kind.label("reader_kind"),
            Case.case_id,
            Case.patient_id,
            ReferenceStandard.label.label("truth"),
            Assignment.arm,
            *(getattr(Answer, name) for name in (*names(Given), *names(Measured))),
            Assignment.advice,
            Assignment.position,
            Assignment.shown_at,
            Answer.answered_at,
            (Answer.revision > 1).label("changed"),
        )
        .select_from(Assignment)
        .join(Reader, Reader.id == Assignment.reader_id)
        .join(Case, Case.id == Assignment.case_id)
        .join(ReferenceStandard, ReferenceStandard.case_id == Case.id)
        .outerjoin(Answer, _is_current_answer())
        .where(Reader.study_id == study.id, Assignment.shown_at.is_not(None))
        .order_by(Reader.id, Assignment.position)
    )
    return [
        {"study": study.slug, **row, **_advice(row["advice"])}
        for row in session.execute(query).mappings()
    ]


def assigned(session: Session, study: Study) -> list[Row]:
    """What the rules of exclusion look at: every assignment, shown or not, and its answer."""
    query = (
        sa.select(
            Reader.code.label("reader_id"),
            Assignment.arm,
            Answer.answer,
            Answer.id.is_not(None).label("is_answered"),
            ReferenceStandard.label.label("truth"),
        )
        .select_from(Assignment)
        .join(Reader, Reader.id == Assignment.reader_id)
        .join(ReferenceStandard, ReferenceStandard.case_id == Assignment.case_id)
        .outerjoin(Answer, _is_current_answer())
        .where(Reader.study_id == study.id)
        .order_by(Reader.id)
    )
    return [dict(row) for row in session.execute(query).mappings()]


def _advice(stored: Row | None) -> Row:
    if stored is None:
        return dict.fromkeys(("advice", "advice_shown", "is_misled", "advice_malignancy"))
    return {
        "advice": stored["suggests"],
        "advice_shown": json.dumps(stored["shown"]),
        "is_misled": stored["is_misled"],
        "advice_malignancy": stored.get("malignancy"),
    }


def cases(session: Session, study: Study) -> list[Row]:
    query = (
        sa.select(
            Case.case_id,
            ReferenceStandard.label.label("truth"),
            ReferenceStandard.basis,
            Case.role,
            Case.is_repeated,
            Case.clinical_text,
            Case.lesion_id,
            Case.patient_id,
            Case.site,
            Case.age_band,
            Case.skin_tone,
            Case.source,
            Case.licence,
            Case.image_sha256,
        )
        .join(ReferenceStandard, ReferenceStandard.case_id == Case.id)
        .where(Case.study_id == study.id)
    )
    views = _view_hashes(session, study)
    rows = [
        {**row, "view_sha256": " ".join(views.get(row["case_id"], ()))}
        for row in session.execute(query).mappings()
    ]
    return sorted(rows, key=lambda row: row["case_id"])


def _view_hashes(session: Session, study: Study) -> dict[str, list[str]]:
    query = (
        sa.select(Case.case_id, FurtherView.image_sha256)
        .join(Case, Case.id == FurtherView.case_id)
        .where(Case.study_id == study.id)
        .order_by(FurtherView.case_id, FurtherView.position)
    )
    found: dict[str, list[str]] = {}
    for case_id, sha256 in session.execute(query).tuples():
        found.setdefault(case_id, []).append(sha256)
    return found


def declarations(session: Session, study: Study) -> dict[int, Row]:
    """Consent and profile by the reader's row id."""
    query = (
        sa.select(Reader.id, Consent.version, Consent.language, Consent.given_at, Profile.fields)
        .outerjoin(
            Consent,
            sa.and_(Consent.reader_id == Reader.id, Consent.version == study.consent_version),
        )
        .outerjoin(Profile, Profile.reader_id == Reader.id)
        .where(Reader.study_id == study.id)
    )
    return {
        reader_id: {
            "consent_version": version,
            "consent_language": language,
            "consent_at": given_at,
            **(fields or {}),
        }
        for reader_id, version, language, given_at, fields in session.execute(query).tuples()
    }


def consents(session: Session, study: Study) -> dict[tuple[str, str, str], int]:
    """How many accepted a text, by its version, language and hash."""
    text = (Consent.version, Consent.language, Consent.text_sha256)
    query = (
        sa.select(*text, sa.func.count())
        .join(Reader, Reader.id == Consent.reader_id)
        .where(Reader.study_id == study.id)
        .group_by(*text)
    )
    return {(v, language, sha): n for v, language, sha, n in session.execute(query).tuples()}


def _is_current_answer() -> sa.ColumnElement[bool]:
    later = aliased(Answer)
    return sa.and_(
        Answer.reader_id == Assignment.reader_id,
        Answer.case_id == Assignment.case_id,
        Answer.arm == Assignment.arm,
        ~sa.exists().where(
            later.reader_id == Answer.reader_id,
            later.case_id == Answer.case_id,
            later.arm == Answer.arm,
            later.revision > Answer.revision,
        ),
    )
