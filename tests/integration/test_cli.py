"""The command line, as a person uses it."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from data.taxonomy import DEMO8
from readerstudy.commands import accounts as cli_accounts
from readerstudy.commands import main
from readerstudy.config import SETTINGS
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, StudyState
from readerstudy.services import accounts, setup
from readerstudy.services.study import drafts, summaries
from tests.support.making import write_cases, write_predictions

ROOT = Path(__file__).resolve().parents[2]
CLI_PAGE = ROOT / "docs" / "cli.md"


@pytest.fixture(autouse=True)
def var(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SKINREADER_VAR", str(tmp_path / "var"))
    return tmp_path / "var"


@pytest.fixture
def demo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "demo"
    folder.mkdir()
    manifest = write_cases(folder, n_cases=8)
    write_predictions(folder / "predictions.csv", manifest=manifest, name="phantom")
    real = setup.initialise
    monkeypatch.setattr(
        setup, "initialise", lambda db, *, password: real(db, password=password, demo=folder)
    )
    return folder


def run(*command: str) -> int:
    return main.main(command)


def database(var: Path) -> Database:
    return Database(f"sqlite:///{var / 'database' / 'skinreader.db'}", files=var / "cases")


def test_init_prints_the_password_once_and_repeats_harmlessly(
    demo: Path, var: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("init") == 0
    first = capsys.readouterr().out
    assert "Demo study: demo, 8 cases, open" in first
    password = re.search(r"password (\S+)", first)
    assert password is not None
    assert run("init") == 0
    again = capsys.readouterr().out
    assert "First administrator" not in again
    db = database(var)
    assert accounts.sign_in(db, name="admin", password=password[1])
    db.close()


def test_init_takes_the_password_of_the_environment(
    demo: Path,
    var: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SKINREADER_ADMIN_PASSWORD", "from the environment")
    assert run("init") == 0
    assert "from the environment" not in capsys.readouterr().out
    db = database(var)
    assert accounts.sign_in(db, name="admin", password="from the environment")
    db.close()


def test_a_study_from_the_command_line_alone(
    demo: Path, var: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = ("--study", "mine")
    manifest, csv = str(demo / "manifest.csv"), str(demo / "predictions.csv")
    bundle = tmp_path / "bundle.zip"
    assert run("migrate") == 0
    for command in (
        ("create-study", "--slug", "mine", "--title", "Mine", "--taxonomy", "DEMO8"),
        ("import-cases", *study, "--manifest", manifest),
        ("import-predictions", *study, "--name", "net", "--csv", csv),
        ("open", *study),
        ("invite", *study, "--count", "3", "--public-url", "https://study.example.org/"),
        ("simulate", *study, "--readers", "3", "--seed", "1"),
        ("close", *study, "--sign-off", "Dr. Example", "--statement", "Done."),
        ("export", *study, "--out", str(bundle)),
    ):
        assert run(*command) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert len(re.findall(r"https://study\.example\.org/invite/\S{43}\n", said)) == 3
    assert "3 simulated readers with 24 answers" in said
    with zipfile.ZipFile(bundle) as archive:
        assert archive.testzip() is None
    db = database(var)
    [found] = summaries.list_studies(db, actor=SYSTEM)
    db.close()
    assert (found.state, found.synthetic, found.n_simulated) == (StudyState.CLOSED, False, 3)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("open", "--study", "nope"), "no"),
        (("invite", "--study", "nope"), "'nope'"),
        (("import-cases", "--study", "nope", "--manifest", "nope.csv"), "'nope'"),
        (("create-study", "--slug", "x", "--title", "X", "--taxonomy", "nope"), "DEMO8"),
        (("restore", "--from", "nope.zip"), "there is one"),
        (("init", "--port", "x"), "SKINREADER_PORT"),
        (("init", "--database-url", "nonsense"), "SKINREADER_DATABASE_URL"),
    ],
)
def test_a_refusal_is_a_sentence_and_exit_status_2(
    command: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("migrate")
    assert run(*command) == 2
    caught = capsys.readouterr()
    assert said in caught.err
    assert "Traceback" not in caught.err


def test_a_folder_that_is_not_there_is_a_sentence(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init")
    for command in ("backup", "export --study demo"):
        assert run(*command.split(), "--out", str(tmp_path / "no" / "x.zip")) == 2
        assert "No such file" in capsys.readouterr().err


def test_a_database_that_cannot_be_opened_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("migrate", "open --study demo"):
        assert run(*command.split(), "--database-url", f"sqlite:///{tmp_path}") == 2
        assert "unable to open" in capsys.readouterr().err


def test_an_unknown_setting_names_the_nearest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SKINREADER_PROT", "80")
    assert run("init") == 2
    assert "did you mean SKINREADER_PORT" in capsys.readouterr().err


def test_commands_before_migrate_say_what_to_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("invite", "--study", "demo") == 2
    assert "python -m readerstudy migrate" in capsys.readouterr().err


def test_create_admin_asks_for_the_password(
    var: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("migrate")
    monkeypatch.setattr(cli_accounts, "getpass", lambda _: "typed password")
    assert run("create-admin", "--name", "Ada", "--role", "analyst") == 0
    assert "typed password" not in capsys.readouterr().out
    db = database(var)
    assert accounts.sign_in(db, name="ada", password="typed password")
    db.close()


def test_accounts_are_kept_from_the_command_line(
    var: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("migrate")
    monkeypatch.setattr(cli_accounts, "getpass", lambda _: "typed password")
    for name in ("ada", "eve"):
        assert run("create-admin", "--name", name) == 0
    db = database(var)
    token = accounts.sign_in(db, name="eve", password="typed password")
    monkeypatch.setattr(cli_accounts, "getpass", lambda _: "a new password")
    assert run("set-password", "--name", "eve") == 0
    assert accounts.actor_for(db, token=token) is None
    token = accounts.sign_in(db, name="eve", password="a new password")
    capsys.readouterr()
    assert run("accounts") == 0
    assert "eve  owner  every study  sessions: 1" in capsys.readouterr().out
    assert run("end-sessions", "--name", "eve") == 0
    assert accounts.actor_for(db, token=token) is None
    assert run("disable-account", "--name", "eve") == 0
    assert run("disable-account", "--name", "ada") == 2
    assert "is the last" in capsys.readouterr().err
    assert run("accounts") == 0
    assert "eve  owner  every study  disabled" in capsys.readouterr().out
    assert run("enable-account", "--name", "eve") == 0
    assert accounts.sign_in(db, name="eve", password="a new password")
    db.close()


def python(*command: str, **given: Any) -> "subprocess.CompletedProcess[str]":
    """In a session of its own, where there is no terminal to ask at."""
    given = {"stdin": subprocess.DEVNULL} if "input" not in given else given
    return subprocess.run(
        [sys.executable, "-m", "readerstudy", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        start_new_session=True,
        **given,
    )


@pytest.mark.parametrize("given", [{}, {"input": "a password for nobody\n"}])
def test_without_a_terminal_create_admin_says_what_to_do(given: dict[str, str]) -> None:
    run("migrate")
    done = python("create-admin", "--name", "ada", **given)
    assert done.returncode == 2
    assert "--password-stdin" in done.stderr
    assert "SKINREADER_ADMIN_PASSWORD" in done.stderr
    assert "Traceback" not in done.stderr


def test_create_admin_takes_the_password_from_a_pipe(var: Path) -> None:
    run("migrate")
    done = python("create-admin", "--name", "ada", "--password-stdin", input="piped password\n")
    assert (done.returncode, done.stderr) == (0, "")
    db = database(var)
    assert accounts.sign_in(db, name="ada", password="piped password")
    db.close()


def test_ctrl_c_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_: str) -> str:
        raise KeyboardInterrupt

    run("migrate")
    monkeypatch.setattr(cli_accounts, "getpass", interrupted)
    assert run("create-admin", "--name", "ada") == 130
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("address", "warned"),
    [
        ((), True),
        (("--host", "0.0.0.0"), True),
        (("--host", "::1"), True),
        (("--public-url", "http://localhost:7860"), True),
        (("--public-url", "http://192.168.1.5:7860"), False),
        (("--public-url", "https://study.example.org"), False),
    ],
)
def test_links_that_open_only_here_are_warned_of(
    demo: Path, address: tuple[str, ...], warned: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    run("init")
    assert run("invite", "--study", "demo", *address) == 0
    caught = capsys.readouterr()
    assert ("open only on this computer" in caught.err) is warned
    assert "/invite/" in caught.out


def test_the_var_folder_is_for_its_owner_alone(var: Path, tmp_path: Path) -> None:
    run("migrate")
    assert var.stat().st_mode & 0o777 == 0o700
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o750)
    run("migrate", "--var", str(shared))
    assert shared.stat().st_mode & 0o777 == 0o750


def test_the_name_of_the_demo_study_is_kept_for_it(capsys: pytest.CaptureFixture[str]) -> None:
    run("migrate")
    made = ("create-study", "--slug", "demo", "--title", "Mine", "--taxonomy", "DEMO8")
    assert run(*made) == 2
    assert "kept for the demo study" in capsys.readouterr().err


def test_init_leaves_a_study_of_ones_own_alone(
    demo: Path, var: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of before the name was kept."""
    run("migrate")
    db = database(var)
    mine = {"slug": "demo", "title": "Mine", "taxonomy": DEMO8, "synthetic": False}
    drafts.create_study(db, actor=SYSTEM, is_demo=True, **mine)
    assert run("init") == 0
    assert "a study of your own is named demo" in capsys.readouterr().out
    [found] = summaries.list_studies(db, actor=SYSTEM)
    db.close()
    assert (found.title, found.n_cases, found.state) == ("Mine", 0, StudyState.DRAFT)


def test_a_backup_is_restored_elsewhere(
    demo: Path, var: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy, other = tmp_path / "backup.zip", tmp_path / "other"
    run("init")
    run("simulate", "--study", "demo", "--readers", "2")
    assert run("backup", "--out", str(copy)) == 0
    assert run("backup", "--out", str(copy)) == 2
    assert run("restore", "--from", str(copy), "--var", str(other)) == 0
    assert "8 images" in capsys.readouterr().out
    db = database(other)
    [found] = summaries.list_studies(db, actor=SYSTEM)
    db.close()
    assert (found.n_cases, found.n_simulated_answers) == (8, 16)
    assert {p.name for p in (other / "cases").iterdir()} == {
        p.name for p in (var / "cases").iterdir()
    }


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip"])
def test_a_file_that_is_no_backup_is_refused(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    assert run("restore", "--from", str(tmp_path / "x.zip")) == 2
    assert "`backup` made" in capsys.readouterr().err


def test_every_command_and_flag_is_documented() -> None:
    page = CLI_PAGE.read_text("utf-8")
    parser = main.build_parser(with_statistics=True)
    commands = next(a for a in parser._actions if a.dest == "command").choices
    assert isinstance(commands, dict)
    for name, command in commands.items():
        section = re.search(rf"(?ms)^### {name}\n(.*?)(?=^### |^## |\Z)", page)
        assert section, f"docs/cli.md has no section {name}"
        for action in command._actions:
            shared = action.dest in SETTINGS or action.dest == "help"
            for flag in action.option_strings:
                where = page if shared else section[1]
                assert flag in where, f"docs/cli.md: {name} lacks {flag}"


def test_every_setting_is_documented() -> None:
    page = CLI_PAGE.read_text("utf-8")
    assert not [name for name in SETTINGS if f"`{name}`" not in page]
