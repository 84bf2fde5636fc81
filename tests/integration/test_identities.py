"""Who is behind a code is told to owners alone, and that they asked is kept."""

import csv
import io
import zipfile

import pytest
import sqlalchemy as sa

from readerstudy.db import Database
from readerstudy.db.tables import Event, Reader
from readerstudy.domain import SYSTEM, ContactData, Withdrawal
from readerstudy.domain.errors import PermissionDenied, StateError
from readerstudy.services import accounts
from readerstudy.services.people import identities, invitations
from readerstudy.services.reading import joining
from readerstudy.services.results import results
from readerstudy.services.study import summaries
from tests.support.making import World, close, dump


def invite(db: Database, name: str, *, accept: bool) -> str:
    """The code of the reader who came, or nothing."""
    contact = ContactData(name, f"{name.strip('=')}@example.org", "")
    token = invitations.invite_person(db, actor=SYSTEM, slug="alpha", days=9, contact=contact)
    if not accept:
        return ""
    actor = accounts.actor_for(db, token=joining.accept_invitation(db, token=token))
    assert actor is not None
    return actor.name


def table(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_codes_stand_beside_contacts_and_the_trail_names_nobody(world: World) -> None:
    code = invite(world.db, "=Ada", accept=True)
    invite(world.db, "Ben", accept=False)
    owner = world.actors["owner alpha"]
    rows = table(identities.export_identities(world.db, actor=owner, slug="alpha"))
    assert [(r["reader_id"], r["name"]) for r in rows] == [(code, "'=Ada"), ("", "Ben")]
    assert rows[0]["joined_at"].endswith("+00:00")
    with world.db.reading() as session:
        event = session.scalars(sa.select(Event).order_by(Event.id.desc())).first()
        assert event is not None
        assert (event.verb, event.subject, event.new) == (
            "export identified",
            "alpha",
            {"contacts": 2},
        )
        assert event.actor == f"owner:{owner.name}"


def test_who_withdrew_has_no_code_any_more(world: World) -> None:
    code = invite(world.db, "Ada", accept=True)
    with world.db.transaction() as session:
        its = session.scalars(sa.select(Reader).where(Reader.code == code)).one()
        its.withdrawn_at, its.withdrawal = its.created_at, Withdrawal.ANONYMISE
    content = identities.export_identities(world.db, actor=SYSTEM, slug="alpha")
    assert code.encode() not in content


@pytest.mark.parametrize(
    "who", ["analyst everywhere", "analyst alpha", "monitor alpha", "reader alpha", "owner beta"]
)
def test_nobody_else_is_told(world: World, who: str) -> None:
    invite(world.db, "Ada", accept=True)
    with pytest.raises(PermissionDenied):
        identities.export_identities(world.db, actor=world.actors[who], slug="alpha")


def test_names_and_addresses_are_forgotten_once_the_study_is_closed(world: World) -> None:
    code = invite(world.db, "Ada Countess", accept=True)
    with pytest.raises(StateError, match="closed or archived"):
        identities.forget_contacts(world.db, actor=SYSTEM, slug="alpha")
    close(world.db, "alpha")
    assert identities.forget_contacts(world.db, actor=SYSTEM, slug="alpha") == 1
    assert "Countess" not in dump(world.db)
    assert code in [one.code for one in summaries.progress(world.db, actor=SYSTEM, slug="alpha")]
    assert table(identities.export_identities(world.db, actor=SYSTEM, slug="alpha")) == []


def test_the_identified_export_carries_the_seal(world: World) -> None:
    invite(world.db, "Ada", accept=True)
    [row] = table(identities.export_identities(world.db, actor=SYSTEM, slug="alpha"))
    [study] = [s for s in summaries.list_studies(world.db, actor=SYSTEM) if s.slug == "alpha"]
    assert row["seal"] == study.seal_hash


def test_the_bundle_has_no_contact(world: World) -> None:
    invite(world.db, "Ada Countess", accept=True)
    content = results.export_bundle(world.db, actor=SYSTEM, slug="alpha")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert not any(b"Countess" in archive.read(name) for name in archive.namelist())
