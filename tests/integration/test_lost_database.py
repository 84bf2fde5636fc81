"""The database's file is deleted, moved or replaced under a running server."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from readerstudy.domain.errors import LostError, RetryError
from readerstudy.services import accounts
from tests.support.making import answer_next

pytestmark = pytest.mark.usefixtures("study")


@pytest.fixture
def backend():
    return "sqlite"


def replace(path):
    shutil.copy(path, f"{path}.copy")
    Path(f"{path}.copy").replace(path)


@pytest.fixture(params=["unlink", "rename", "replace"])
def lose(request):
    ways = {
        "unlink": lambda path: path.unlink(),
        "rename": lambda path: path.rename(f"{path}.moved"),
        "replace": replace,
    }
    return ways[request.param]


def test_nothing_is_stored_in_a_lost_file_and_the_reader_is_told(db, reader, lose):
    lose(db.path)
    with pytest.raises(LostError, match="nothing was stored"):
        answer_next(db, reader)
    assert issubclass(LostError, RetryError)


def test_no_empty_database_is_made_in_its_place(db, reader):
    db.path.unlink()
    held = [db.connect()]  # the one of the pool
    with pytest.raises(LostError):
        held.append(db.connect())
    assert not db.path.exists()
    held[0].close()


def test_once_it_is_back_answers_are_stored_again(db, reader):
    away = db.path.with_name("away")
    db.path.rename(away)
    with pytest.raises(LostError):
        answer_next(db, reader)
    away.rename(db.path)
    answer_next(db, reader)
    with sqlite3.connect(db.path) as seen:
        assert seen.execute("select count(*) from answers").fetchone() == (1,)


def test_the_log_says_it_once_each_way(db, reader, caplog):
    away = db.path.with_name("away")
    db.path.rename(away)
    for _ in range(3):
        with pytest.raises(LostError):
            answer_next(db, reader)
    away.rename(db.path)
    answer_next(db, reader)
    said = [record.getMessage() for record in caplog.records if "database file" in record.msg]
    assert [("gone" in text, "back" in text) for text in said] == [(True, False), (False, True)]


def test_reading_goes_on_for_those_who_are_inside(db, reader):
    db.path.rename(db.path.with_name("away"))
    assert accounts.actor_for(db, token="unknown") is None


def test_a_lost_file_is_not_writable(db, reader):
    db.check_writable()
    db.path.unlink()
    with pytest.raises(LostError):
        db.check_writable()
