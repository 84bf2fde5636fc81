"""The schema: migrations equal the tables, and the invariants hold in the database itself."""

import io
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy.exc import StatementError

from readerstudy import clock
from readerstudy.db import Database
from readerstudy.db.migrations.versions import v0001_first_tables
from readerstudy.db.tables import Base, Event, SignInAttempt
from readerstudy.entities import Actor
from readerstudy.errors import BusyError, ConfigError, ConflictError, StateError
from tests.integration.making import answer_next


def checks_of(connection: sa.Connection) -> dict[str, list[tuple[str | None, str]]]:
    inspector = sa.inspect(connection)
    return {
        table: sorted((c["name"], c["sqltext"]) for c in inspector.get_check_constraints(table))
        for table in Base.metadata.tables
    }


def test_migrations_lead_to_the_tables(db: Database) -> None:
    with db.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_lead_to_the_checks(db: Database) -> None:
    bare = Database("sqlite:///:memory:")
    with bare.transaction() as session:
        Base.metadata.create_all(session.connection())
    with bare.connect() as wanted, db.connect() as found:
        assert checks_of(found) == checks_of(wanted)
    bare.close()


def test_the_first_migration_speaks_postgresql_too() -> None:
    """Its words only; no server is needed."""
    text = io.StringIO()
    options = {"as_sql": True, "output_buffer": text}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context):
        v0001_first_tables.upgrade()
    script = text.getvalue()
    assert "id SERIAL NOT NULL" in script
    assert "TIMESTAMP WITH TIME ZONE" in script
    for table in ("answers", "events"):
        assert f"BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}" in script


def test_migrating_twice_is_harmless(db: Database) -> None:
    db.migrate()
    db.check_version()


def test_a_database_that_was_not_migrated_is_refused(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with pytest.raises(StateError, match="readerstudy migrate"):
        empty.check_version()
    empty.close()


def test_sqlite_keeps_what_was_said(db: Database) -> None:
    with db.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("foreign_keys", "journal_mode", "synchronous", "busy_timeout")
        }
    assert found == {
        "foreign_keys": 1,
        "journal_mode": "wal",
        "synchronous": 2,
        "busy_timeout": 30000,
    }


ROW = (
    "INSERT INTO answers (reader_id, case_id, arm, revision, answer, client_token, shown_at, "
    "answered_at, confidence, active_ms, timed_out) "
    "SELECT reader_id, case_id, arm, 1, 'BCC', 'token', '2030-01-01', '2030-01-02', 50, 10, 0 "
    "FROM assignments WHERE position = 1"
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("'2030-01-02'", "'2029-12-31'"), "answered_after_shown"),
        ((" 50,", " 101,"), "confidence_0_to_100"),
        ((" 50,", " -1,"), "confidence_0_to_100"),
        ((" 10,", " -10,"), "active_ms_from_0"),
        ((" 1, 'BCC'", " 0, 'BCC'"), "revision_from_1"),
        (("reader_id, case_id, arm, 1,", "reader_id, case_id, 'asleep', 1,"), "CHECK"),
        (("reader_id, case_id, arm, 1,", "reader_id, 999, arm, 1,"), "FOREIGN KEY"),
        (("SELECT reader_id,", "SELECT 999,"), "FOREIGN KEY"),
    ],
)
def test_the_database_itself_refuses_impossible_answers(
    db: Database, reader: Actor, change: tuple[str, str], said: str
) -> None:
    with raw(db) as connection:
        connection.execute(ROW)
        connection.rollback()
        with pytest.raises(sqlite3.IntegrityError, match=said):
            connection.execute(ROW.replace(*change))


@pytest.mark.parametrize("table", ["answers", "events"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = 7", "DELETE FROM {}"])
def test_answers_and_events_are_append_only(
    db: Database, reader: Actor, table: str, statement: str
) -> None:
    answer_next(db, reader)
    with raw(db) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(statement.format(table))


def test_one_revision_of_a_cell_and_one_use_of_a_token(db: Database, reader: Actor) -> None:
    with raw(db) as connection:
        connection.execute(ROW)
        with pytest.raises(sqlite3.IntegrityError, match="client_token"):
            connection.execute(ROW.replace(" 1, 'BCC'", " 2, 'BCC'"))
        with pytest.raises(sqlite3.IntegrityError, match="revision"):
            connection.execute(ROW.replace("'token'", "'another'"))
        connection.execute(ROW.replace("'token'", "'another'").replace(" 1, 'BCC'", " 2, 'SK'"))


def raw(db: Database) -> "closing[sqlite3.Connection]":
    assert db.path is not None
    connection = sqlite3.connect(db.path)
    connection.execute("PRAGMA foreign_keys = ON")
    return closing(connection)


def test_a_broken_rule_is_a_sentence_and_stores_nothing(db: Database) -> None:
    event = Event(at=clock.now(), actor="a", study_id=99, verb="v", subject="s", reason="")
    with pytest.raises(ConflictError, match="try again"), db.transaction() as session:
        session.add_all([SignInAttempt(name="kept?", at=clock.now()), event])
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 0


def test_a_database_that_cannot_answer_is_a_sentence(db: Database) -> None:
    with pytest.raises(BusyError, match="nothing was stored"), db.transaction() as session:
        session.execute(sa.text("SELECT * FROM nowhere"))


def test_times_are_aware_and_utc_or_refused(db: Database) -> None:
    moment = datetime.fromisoformat("2030-01-01T08:00:00.123456+08:00")
    with db.transaction() as session:
        session.add(SignInAttempt(name="a", at=moment))
    with db.reading() as session:
        found = session.scalars(sa.select(SignInAttempt.at)).one()
    assert found == moment
    assert found.tzinfo is UTC
    with pytest.raises(StatementError, match="aware"), db.transaction() as session:
        session.add(SignInAttempt(name="b", at=moment.replace(tzinfo=None)))


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite//x"])
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="SKINREADER_DATABASE_URL"):
        Database(url)


def test_a_database_in_memory_is_shared_by_threads() -> None:
    memory = Database("sqlite:///:memory:")
    memory.migrate()
    memory.check_version()
    memory.close()
