"""Starting the application: everything is built, or a sentence says what is missing."""

import os

import pytest

import app
from tests.serving import checkpoints


@pytest.fixture(autouse=True)
def _environment():
    before = dict(os.environ)
    yield
    os.environ.clear()
    os.environ.update(before)


def test_check_builds_everything_twice(tmp_path, capsys):
    arguments = ["--check", "--var", str(tmp_path / "var")]
    arguments += ["--checkpoints", str(checkpoints(tmp_path))]
    assert app.main(arguments) == 0
    first = capsys.readouterr().out
    assert "First administrator: admin, password: " in first
    assert app.main(arguments) == 0
    assert "password" not in capsys.readouterr().out


def test_a_missing_checkpoint_is_a_sentence(tmp_path, capsys):
    arguments = ["--check", "--var", str(tmp_path / "var"), "--checkpoints", str(tmp_path)]
    assert app.main(arguments) == 2
    assert "Expected" in capsys.readouterr().err
