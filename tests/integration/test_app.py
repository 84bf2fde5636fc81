"""Starting the application: everything is built, or a sentence says what is missing."""

import os

import pytest

import app
from tests.support.serving import checkpoints


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


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert app.main(["--check", "--var", str(tmp_path / "file")]) == 2
    assert "SKINREADER_VAR" in capsys.readouterr().err


@pytest.mark.parametrize("host", ["no..host", "x" * 64])
def test_a_host_that_cannot_be_is_a_sentence(tmp_path, capsys, host):
    assert app.main(["--var", str(tmp_path / "var"), "--host", host]) == 2
    assert "SKINREADER_PORT" in capsys.readouterr().err


def test_ctrl_c_is_no_traceback(tmp_path, monkeypatch, capsys):
    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(app, "prepare", interrupted)
    assert app.main(["--check", "--var", str(tmp_path / "var")]) == 130
    assert capsys.readouterr().err == ""
