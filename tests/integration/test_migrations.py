"""The schema: migrations equal the tables, and the invariants hold in the database itself."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from data.taxonomy import DEMO8
from readerstudy import clock
from readerstudy.db import Database, backup, engine
from readerstudy.db.queries import readings
from readerstudy.db.queries.assignments import reader_and_study
from readerstudy.db.queries.studies import cases, lock_study, study_by_slug
from readerstudy.db.tables import Base, Case, Consent, Event, Reader, SignInAttempt
from readerstudy.domain import Actor, Role
from readerstudy.domain.errors import BusyError, ConfigError, ConflictError, StateError, StudyError
from readerstudy.services.reading.joining import status
from readerstudy.services.study.seal_content import seal_content
from tests.support.making import answer_next, close, dump, make_reader
from tests.support.stores import Store

ROOT = Path(__file__).resolve().parents[2]


def only(backend: str) -> pytest.MarkDecorator:
    """In place of both."""
    return pytest.mark.parametrize("backend", [backend])


@pytest.fixture
def bare(store: Store, tmp_path: Path) -> Iterator[Database]:
    """A database without tables."""
    database = store.make(tmp_path / "bare")
    yield database
    store.remove(database)


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


def test_migrations_lead_to_the_checks(db: Database, bare: Database) -> None:
    with bare.transaction() as session:
        Base.metadata.create_all(session.connection())
    with bare.connect() as wanted, db.connect() as found:
        assert checks_of(found) == checks_of(wanted)


VERSION_1 = (
    "INSERT INTO studies (slug, title, state, synthetic, taxonomy, rule, ask_confidence, "
    "consent_text, consent_version, created_at) VALUES "
    "('old', 'Old', 'open', FALSE, '{taxonomy}', 'strict', TRUE, 'I agree.', '7', '2030-01-01')",
    "INSERT INTO readers (study_id, code, kind, order_seed, created_at) "
    "SELECT id, 'R-1', 'human', 1, '2030-01-01' FROM studies",
    "INSERT INTO consents (reader_id, version, text_sha256, given_at) "
    "SELECT id, '7', 'abc', '2030-01-01' FROM readers",
    "INSERT INTO accounts (name, role, password_hash, created_at) "
    "VALUES ('ada', 'owner', 'hash', '2030-01-01')",
    "INSERT INTO sign_in_attempts (name, at) VALUES ('ada', '2030-01-01')",
)


def test_a_database_of_the_first_version_is_brought_forward(bare: Database) -> None:
    config = engine._alembic_config()
    with bare.transaction() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "0001")
        for row in VERSION_1:
            filled = row.replace("{taxonomy}", json.dumps(DEMO8.to_dict()).replace("'", "''"))
            session.connection().exec_driver_sql(filled.replace("%", "%%"))
    with pytest.raises(StateError, match="readerstudy migrate"):
        bare.check_version()
    bare.migrate()
    bare.check_version()
    with bare.reading() as session:
        study = study_by_slug(session, "old")
        given = session.scalars(sa.select(Consent)).one()
        sealed = seal_content(session, study)["study"]
        attempt = session.scalars(sa.select(SignInAttempt)).one()
    assert (study.consent_text, study.consent_text_zh) == ("I agree.", None)
    assert (given.version, given.language, given.text_sha256) == ("7", "en", "abc")
    assert attempt.address == ""
    assert set(sealed) == SEALED_IN_VERSION_1
    reader = Actor(role=Role.READER, reader_id=given.reader_id, name="R-1")
    assert status(bare, actor=reader, language="zh").consent_language == "en"


_READER = (
    "INSERT INTO readers (study_id, code, kind, order_seed, created_at, withdrawn_at, withdrawal) "
    "SELECT id, '{}', 'human', 1, '2030-01-01', {}, {} FROM studies"
)
_EVENT = (
    "INSERT INTO events (at, actor, study_id, verb, subject, old, new, reason) "
    "SELECT '2030-01-01', 'reader:{}', id, '{}', '{}', '{}', '{}', 'why' FROM studies"
)
# Longer than a class's code, which a random id may hold by chance.
_REVISED = (
    '{"answer": "the-first", "confidence": 7, "revision": 1}',
    '{"answer": "the-second", "revision": 2}',
)
# R-HERE takes part, R-GONE withdrew and deleted; who was R-OLD is somebody else since.
VERSION_4 = (
    "INSERT INTO studies (slug, title, state, synthetic, taxonomy, rule, consent_text, "
    "consent_version, created_at) VALUES "
    "('old', 'Old', 'open', FALSE, '{}', 'strict', 'I agree.', '7', '2030-01-01')",
    _READER.format("R-HERE", "NULL", "NULL"),
    _READER.format("R-GONE", "'2030-01-02'", "'delete'"),
    _READER.format("R-NEW", "'2030-01-02'", "'anonymise'"),
    *(_EVENT.format(code, "accept_invitation", code, "null", "null")
      for code in ("R-HERE", "R-GONE", "R-OLD")),
    *(_EVENT.format(code, "revise_answer", "position 3", *_REVISED)
      for code in ("R-HERE", "R-GONE", "R-OLD")),
    _EVENT.format("R-GONE", "withdraw", "R-GONE", "null", '{"rule": "delete"}'),
    _EVENT.format("", "withdraw", "a reader", "null", '{"rule": "anonymise"}'),
)  # fmt: skip


def test_events_of_before_are_cleaned_of_codes_and_answers(bare: Database) -> None:
    config = engine._alembic_config()
    with bare.transaction() as session:
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "0004")
        for row in VERSION_4:
            session.connection().exec_driver_sql(row)
    bare.migrate()
    kept = dump(bare)
    gone = ("R-GONE", "R-OLD", "the-first", "the-second", "confidence")
    assert [word for word in gone if word in kept] == []
    with bare.reading() as session:
        events = session.scalars(sa.select(Event).order_by(Event.id)).all()
        known = {r.code: r.trail_id for r in session.scalars(sa.select(Reader))}
    names = [event.actor.removeprefix("reader:") for event in events]
    assert names[:3] == names[3:6]
    assert len(set(names[:3])) == 3
    assert names[6:] == ["", ""]
    assert names[0] == known.pop("R-HERE")
    assert (set(known.values()), "R-NEW" in known) == ({None}, True)
    assert [e.subject for e in events] == ["old"] * 3 + ["position 3"] * 3 + ["a reader"] * 2
    assert [(e.old, e.new) for e in events[3:6]] == [({"revision": 1}, {"revision": 2})] * 3
    assert events[6].new == {"rule": "delete"}
    for statement in ("UPDATE events SET reason = ''", "DELETE FROM events"):
        with bare.connect() as connection, pytest.raises(IntegrityError, match="append-only"):
            connection.exec_driver_sql(statement)


# A seal of a study that was opened then must come out the same now.
SEALED_IN_VERSION_1 = {
    "slug",
    "title",
    "synthetic",
    "taxonomy",
    "rule",
    "ask_confidence",
    "consent_version",
    "consent_sha256",
}


def test_migrating_twice_is_harmless(db: Database) -> None:
    db.migrate()
    db.check_version()


def test_a_database_that_was_not_migrated_is_refused(bare: Database) -> None:
    with pytest.raises(StateError, match="readerstudy migrate"):
        bare.check_version()


def test_two_machines_may_migrate_at_once(bare: Database) -> None:
    script = "import sys; from readerstudy.db import Database; Database(sys.argv[1]).migrate()"
    url = bare.url.render_as_string(hide_password=False)
    started = [subprocess.Popen([sys.executable, "-c", script, url], cwd=ROOT) for _ in range(2)]
    assert [process.wait(60) for process in started] == [0, 0]
    bare.check_version()


@only("postgresql")
def test_postgresql_does_not_wait_for_ever(db: Database) -> None:
    with db.connect() as connection:
        assert connection.exec_driver_sql("SHOW lock_timeout").scalar() == "30s"


@only("sqlite")
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
    "SELECT reader_id, case_id, arm, 1, 'BCC', 'token', '2030-01-01', '2030-01-02', 50, 10, FALSE "
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
        (("reader_id, case_id, arm, 1,", "reader_id, case_id, 'asleep', 1,"), "(?i)check"),
        (("reader_id, case_id, arm, 1,", "reader_id, 999, arm, 1,"), "(?i)foreign key"),
        (("SELECT reader_id,", "SELECT 999,"), "(?i)foreign key"),
    ],
)
def test_the_database_itself_refuses_impossible_answers(
    db: Database, reader: Actor, change: tuple[str, str], said: str
) -> None:
    with db.connect() as connection:
        connection.exec_driver_sql(ROW)
        connection.rollback()
        with pytest.raises(IntegrityError, match=said):
            connection.exec_driver_sql(ROW.replace(*change))


@pytest.mark.parametrize("table", ["answers", "events"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = 7", "DELETE FROM {}"])
def test_answers_and_events_are_append_only(
    db: Database, reader: Actor, table: str, statement: str
) -> None:
    answer_next(db, reader)
    with db.connect() as connection, pytest.raises(IntegrityError, match="append-only"):
        connection.exec_driver_sql(statement.format(table))


@only("postgresql")
def test_answers_are_not_emptied_either(db: Database) -> None:
    with db.connect() as connection, pytest.raises(IntegrityError, match="append-only"):
        connection.exec_driver_sql("TRUNCATE answers")


def test_one_revision_of_a_cell_and_one_use_of_a_token(db: Database, reader: Actor) -> None:
    again = ROW.replace("'token'", "'another'")
    with db.connect() as connection:
        connection.exec_driver_sql(ROW)
        for repeated, said in (
            (ROW.replace(" 1, 'BCC'", " 2, 'BCC'"), "client_token"),
            (again, "revision"),
        ):
            with pytest.raises(IntegrityError, match=said), connection.begin_nested():
                connection.exec_driver_sql(repeated)
        connection.exec_driver_sql(again.replace(" 1, 'BCC'", " 2, 'SK'"))


def test_a_broken_rule_is_a_sentence_and_stores_nothing(db: Database) -> None:
    event = Event(at=clock.now(), actor="a", study_id=99, verb="v", subject="s", reason="")
    with pytest.raises(ConflictError, match="try again"), db.transaction() as session:
        session.add_all([SignInAttempt(name="kept?", at=clock.now()), event])
    with db.reading() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SignInAttempt)) == 0


@only("sqlite")
def test_a_database_that_cannot_answer_is_a_sentence(db: Database) -> None:
    with pytest.raises(BusyError, match="nothing was stored"), db.transaction() as session:
        session.execute(sa.text("SELECT * FROM nowhere"))


def test_a_database_that_somebody_else_holds_is_a_sentence(
    db: Database, study: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_BUSY_SECONDS", 0.1)
    other = Database(db.url.render_as_string(hide_password=False))
    with db.transaction() as session:
        lock_study(session, study)
        with pytest.raises(BusyError, match="try again"), other.transaction() as waiting:
            lock_study(waiting, study)
    with other.transaction() as session:
        assert lock_study(session, study).slug == study
    other.close()


def test_a_study_is_not_closed_while_an_answer_is_being_stored(
    db: Database, study: str, reader: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_BUSY_SECONDS", 0.1)
    other = Database(db.url.render_as_string(hide_password=False))
    with db.transaction() as session:
        reader_and_study(session, reader.reader_id or 0, lock=True)
        with pytest.raises(BusyError, match="try again"):
            close(other, study)
    close(other, study)
    other.close()


@only("postgresql")
def test_readers_of_one_study_do_not_wait_for_each_other(
    db: Database, study: str, reader: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    neighbour = make_reader(db, study)
    monkeypatch.setattr(engine, "_BUSY_SECONDS", 0.1)
    other = Database(db.url.render_as_string(hide_password=False), files=db.images)
    with db.transaction() as session:
        reader_and_study(session, reader.reader_id or 0, lock=True)
        answer_next(other, neighbour)
        assert status(other, actor=neighbour).answered == 1
    other.close()


@only("postgresql")
def test_two_that_wait_for_each_other_are_told_to_try_again(db: Database, study: str) -> None:
    """Which of the two the server gives up is its own choice."""
    both_hold = threading.Barrier(2)

    def lock(slugs: tuple[str, str]) -> bool:
        try:
            with db.transaction() as session:
                lock_study(session, slugs[0])
                both_hold.wait(30)
                lock_study(session, slugs[1])
        except BusyError:
            return False
        return True

    with ThreadPoolExecutor(max_workers=2) as pool:
        assert sorted(pool.map(lock, (("alpha", "beta"), ("beta", "alpha")))) == [False, True]


@only("postgresql")
def test_a_lost_connection_is_a_sentence_and_the_next_one_works(db: Database) -> None:
    with pytest.raises(BusyError, match="try again"), db.transaction() as session:
        session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
    with db.reading() as session:
        assert session.scalar(sa.text("SELECT 1")) == 1


@only("postgresql")
def test_a_page_that_only_looks_cannot_write(db: Database) -> None:
    with db.reading() as session, pytest.raises(DBAPIError, match="read-only"):
        session.execute(sa.insert(SignInAttempt).values(name="a", at=clock.now()))


@only("postgresql")
def test_the_order_of_cases_does_not_depend_on_the_servers_language(
    db: Database, study: str
) -> None:
    """The seal depends on it. In English, a stands before B; by code point it does not."""
    with db.transaction() as session:
        session.execute(sa.text('ALTER TABLE cases ALTER case_id TYPE text COLLATE "en-x-icu"'))
        found = cases(session, study_by_slug(session, study).id)
        found[0].case_id, found[1].case_id = "case-B", "case-a"
    with db.reading() as session:
        by_server = session.scalars(sa.select(Case.case_id).order_by(Case.case_id)).all()
        alpha = study_by_slug(session, study)
        ours = [case.case_id for case in cases(session, alpha.id)]
        exported = [row["case_id"] for row in readings.cases(session, alpha)]
    assert by_server.index("case-a") < by_server.index("case-B")
    assert ours == exported == sorted(ours)


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


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite//x", "mysql://root:secret@host/name"])
def test_an_address_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ConfigError, match="SKINREADER_DATABASE_URL") as caught:
        Database(url)
    assert "secret" not in str(caught.value)


def test_a_missing_driver_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(
        ConfigError, match="pip install --require-hashes -r requirements-scale.lock"
    ):
        Database("postgresql://somebody@nowhere/study")


def test_a_server_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    away = Database(f"postgresql:///study?host={tmp_path}")
    with pytest.raises(BusyError, match="connection"):
        away.check_version()
    with pytest.raises(ConfigError, match="folder for case images"):
        away.images  # noqa: B018 -- reading it is what fails


@only("postgresql")
def test_backups_of_a_server_are_left_to_its_own_tools(db: Database, tmp_path: Path) -> None:
    for verb in (
        lambda: backup.backup(db, out=tmp_path / "copy.zip"),
        lambda: backup.restore(db, source=tmp_path / "copy.zip"),
    ):
        with pytest.raises(StudyError, match="pg_dump"):
            verb()


def test_a_database_in_memory_is_shared_by_threads() -> None:
    memory = Database("sqlite:///:memory:")
    memory.migrate()
    memory.check_version()
    memory.close()
