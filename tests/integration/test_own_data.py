"""A reader's own data, and what is left after withdrawing."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from data.taxonomy import DEMO8
from readerstudy import clock
from readerstudy.db import Database
from readerstudy.db.tables import (
    Answer,
    Assignment,
    Consent,
    Contact,
    Event,
    Invitation,
    Profile,
    Reader,
    SignedIn,
)
from readerstudy.domain import SYSTEM, Actor, Withdrawal
from readerstudy.domain.errors import InvitationError, StateError, StudyError
from readerstudy.domain.protocol import Protocol, Readers
from readerstudy.files.own_data import own_csv, own_json
from readerstudy.services import accounts
from readerstudy.services.reading import answering, joining, own_data
from readerstudy.services.results import results
from readerstudy.services.results.reader_flow import flow
from readerstudy.services.study import drafts, summaries
from tests.support.making import answer_next, close, dump, make_reader

PERSONAL = (Profile, SignedIn, Contact)


def opened(db: Database, manifest: Path, rule: str) -> str:
    """An open study with this rule."""
    drafts.create_study(
        db, actor=SYSTEM, slug="own", title="Own", taxonomy=DEMO8, synthetic=True,
        protocol=Protocol(readers=Readers(withdrawal=rule)),
    )  # fmt: skip
    drafts.import_cases(db, actor=SYSTEM, slug="own", manifest=manifest)
    drafts.open_study(db, actor=SYSTEM, slug="own")
    return "own"


def joined(db: Database, slug: str) -> tuple[Actor, str, str]:
    """A reader with two answers and a contact; the link; the session."""
    [link] = drafts.invite(db, actor=SYSTEM, slug=slug, count=1)
    session_token = joining.accept_invitation(db, token=link)
    actor = accounts.actor_for(db, token=session_token)
    assert actor is not None
    joining.give_consent(db, actor=actor, version="2")
    joining.save_profile(db, actor=actor, profile={"country": "=Atlantis()"})
    for _ in range(2):
        answer_next(db, actor)
    with db.transaction() as session:
        made = session.scalars(
            sa.select(Invitation).where(Invitation.reader_id == actor.reader_id)
        ).one()
        session.add(
            Contact(
                invitation_id=made.id,
                name="Ada",
                email="ada@example.org",
                note="",
                created_at=clock.now(),
            )
        )
    return actor, link, session_token


def n_rows(db: Database, table: type) -> int:
    with db.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def only_reader(db: Database) -> Reader:
    with db.reading() as session:
        return session.scalars(sa.select(Reader)).one()


@pytest.mark.parametrize("rule", list(Withdrawal))
def test_a_withdrawn_reader_cannot_come_back(
    db: Database, manifest: Path, rule: Withdrawal
) -> None:
    actor, link, session_token = joined(db, opened(db, manifest, rule))
    assert own_data.withdraw(db, actor=actor) is rule
    assert accounts.actor_for(db, token=session_token) is None
    with pytest.raises(InvitationError, match="ask for a new one"):
        joining.accept_invitation(db, token=link)
    for verb in (joining.status, answering.current_case, own_data.own_data, own_data.withdraw):
        with pytest.raises(StateError, match="has withdrawn"):
            verb(db, actor=actor)
    assert [n_rows(db, table) for table in PERSONAL] == [0, 0, 0]
    assert (only_reader(db).withdrawal, only_reader(db).withdrawn_at is None) == (rule, False)
    assert "ada@example.org" not in dump(db)
    found = flow(db, actor=SYSTEM, slug="own")
    assert (found.invited, found.accepted, found.revoked, found.withdrawn) == (1, 1, 0, {rule: 1})


def test_deleted_readings_are_gone_and_leave_the_analysis(db: Database, manifest: Path) -> None:
    slug = opened(db, manifest, "delete")
    actor, _, _ = joined(db, slug)
    before = results.study_results(db, actor=SYSTEM, slug=slug)
    assert before.meta["n_answers"] == 2
    assert summaries.list_studies(db, actor=SYSTEM)[-1].n_readers == 1
    own_data.withdraw(db, actor=actor)
    assert summaries.list_studies(db, actor=SYSTEM)[-1].n_readers == 0
    assert [n_rows(db, table) for table in (Answer, Assignment, Consent)] == [0, 0, 0]
    other = make_reader(db, slug)
    for _ in range(2):
        answer_next(db, other)
    after = results.study_results(db, actor=SYSTEM, slug=slug)
    assert f"reader:{other.name}" in {str(r.subject) for r in after.records}
    assert f"reader:{actor.name}" not in {str(r.subject) for r in after.records}
    assert [p.code for p in summaries.progress(db, actor=SYSTEM, slug=slug)] == [other.name]


def test_anonymised_readings_stay_under_a_code_that_leads_nowhere(
    db: Database, manifest: Path
) -> None:
    slug = opened(db, manifest, "anonymise")
    actor, _, _ = joined(db, slug)
    results.study_results(db, actor=SYSTEM, slug=slug)
    own_data.withdraw(db, actor=actor)
    reader = only_reader(db)
    assert reader.code != actor.name
    assert n_rows(db, Answer) == 2
    after = results.study_results(db, actor=SYSTEM, slug=slug)
    assert f"reader:{reader.code}" in {str(r.subject) for r in after.records}
    with db.reading() as session:
        trail = session.scalars(sa.select(Event)).all()
        invitation = session.scalars(sa.select(Invitation)).one()
    [event] = [e for e in trail if e.verb == "withdraw"]
    written = f"{event.actor} {event.subject} {event.old} {event.new} {event.reason}"
    assert actor.name not in written
    assert reader.code not in " ".join(f"{e.actor} {e.subject}" for e in trail)
    assert invitation.reader_id is None
    assert (reader.created_at.hour, reader.created_at.minute, reader.created_at.second) == (0, 0, 0)


def test_the_database_lets_no_other_answers_go(db: Database, study: str) -> None:
    stays, goes = make_reader(db, study), make_reader(db, study)
    for actor in (stays, goes):
        answer_next(db, actor)
    own_data.withdraw(db, actor=goes)  # anonymised: its answers stay too
    for actor in (stays, goes):
        with db.connect() as connection, pytest.raises(IntegrityError, match="append-only"):
            connection.execute(sa.delete(Answer).where(Answer.reader_id == actor.reader_id))
    assert n_rows(db, Answer) == 2


def test_own_data_is_complete_and_says_nothing_of_the_truth(db: Database, manifest: Path) -> None:
    actor, _, _ = joined(db, opened(db, manifest, "anonymise"))
    parts = own_data.own_data(db, actor=actor)
    assert [row["answer"] for row in parts["readings"]] == ["BCC", "BCC"]
    assert parts["readings"][0]["shown_at"] <= parts["readings"][0]["answered_at"]
    assert parts["consent"][0]["version"] == "2"
    assert len(parts["consent"][0]["text_sha256"]) == 64
    assert parts["reader"][0]["code"] == actor.name
    for text in (own_json(parts), own_csv(parts)):
        assert "Atlantis" in text
        assert "case-0" not in text
        assert "truth" not in text
    assert "'=Atlantis()" in own_csv(parts)


def test_withdrawing_is_possible_after_closing(db: Database, manifest: Path) -> None:
    slug = opened(db, manifest, "delete")
    actor, _, _ = joined(db, slug)
    close(db, slug)
    own_data.withdraw(db, actor=actor)
    assert n_rows(db, Answer) == 0


def test_the_protocol_chooses_the_questions_about_the_reader(db: Database, manifest: Path) -> None:
    asks = Readers(profile=("age", "profession", "years_dermoscopy"), years=(5,))
    drafts.create_study(
        db, actor=SYSTEM, slug="own", title="Own", taxonomy=DEMO8, synthetic=True,
        protocol=Protocol(readers=asks),
    )  # fmt: skip
    drafts.import_cases(db, actor=SYSTEM, slug="own", manifest=manifest)
    drafts.open_study(db, actor=SYSTEM, slug="own")
    actor = make_reader(db, "own")
    asked = [field.key for field in joining.status(db, actor=actor).profile_fields]
    assert asked == ["profession", "years_dermoscopy", "age"]
    with pytest.raises(StudyError, match="one of none, <5, >=5"):
        joining.save_profile(db, actor=actor, profile={"years_dermoscopy": "3-10"})
    with pytest.raises(StudyError, match="got the field 'country'"):
        joining.save_profile(db, actor=actor, profile={"country": "Nowhere"})
    given = {"age": "30-39", "country": "", "years_dermoscopy": ">=5"}
    joining.save_profile(db, actor=actor, profile=given)
    answer_next(db, actor)
    [group] = results.subgroups(db, actor=SYSTEM, slug="own", factor="years_dermoscopy")
    assert group.name == ">=5"
    [stored] = own_data.own_data(db, actor=actor)["profile"]
    assert (stored["age"], "country" in stored) == ("30-39", False)
