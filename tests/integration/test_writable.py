"""Whether the database takes writes, asked without writing; on SQLite and PostgreSQL."""

import pytest
import sqlalchemy as sa

from readerstudy.db import Database
from readerstudy.domain.errors import BusyError


def test_a_database_that_takes_writes(db):
    db.check_writable()
    Database("sqlite://").check_writable()


def test_one_that_somebody_else_holds_does_not(db, monkeypatch):
    if not db.is_sqlite:
        pytest.skip("only SQLite has one writer")
    monkeypatch.setattr("readerstudy.db.engine._PROBE_SECONDS", 0.1)
    with db.transaction() as session:
        session.execute(sa.text("SELECT 1"))
        with pytest.raises(BusyError):
            db.check_writable()


def test_one_that_only_reads_does_not(db, monkeypatch):
    if db.is_sqlite:
        pytest.skip("a question to PostgreSQL")
    with db.connect() as connection:
        name = connection.engine.url.database
        connection.execute(sa.text("COMMIT"))
        connection.execute(
            sa.text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        )
        connection.commit()
    db.close()
    with pytest.raises(BusyError):
        db.check_writable()
