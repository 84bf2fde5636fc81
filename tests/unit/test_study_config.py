"""Settings are read once, checked, and keep their secrets."""

import argparse
from pathlib import Path

import pytest

from readerstudy.config import (
    SETTINGS,
    Secret,
    add_arguments,
    load_settings,
    settings_from,
)
from readerstudy.domain.errors import ConfigError


def test_without_any_setting_the_documented_defaults_hold() -> None:
    settings = load_settings({})
    assert settings.var == Path("var").resolve()
    assert (settings.host, settings.port) == ("127.0.0.1", 7860)
    assert settings.public_url == "http://127.0.0.1:7860"
    assert settings.database_url == f"sqlite:///{settings.var / 'database' / 'skinreader.db'}"
    assert settings.cases == settings.var / "cases"
    assert settings.admin_password is None
    assert settings.checkpoints.parts[-2:] == ("model", "checkpoints")
    assert settings.predictor == "local"
    assert (settings.has_demo, settings.min_free) == (True, 1_000_000_000)


def test_flags_win_over_the_environment() -> None:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    arguments = parser.parse_args(["--port", "80", "--var", "/tmp/x"])
    flags = {name: getattr(arguments, name, None) for name in SETTINGS}
    settings = load_settings({"SKINREADER_PORT": "1", "SKINREADER_HOST": "0.0.0.0"}, flags=flags)
    assert (settings.port, settings.host) == (80, "0.0.0.0")
    assert settings.database_url == "sqlite:////tmp/x/database/skinreader.db"


def test_the_parser_reads_the_process_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKINREADER_PORT", "8123")
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    assert settings_from(parser.parse_args([])).port == 8123


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("SKINREADER_PROT", "SKINREADER_PORT"),
        ("SKINREADER_DATABASE", "SKINREADER_DATABASE_URL"),
        ("SKINREADER_", "SKINREADER_"),
    ],
)
def test_an_unknown_variable_names_the_nearest(name: str, near: str) -> None:
    with pytest.raises(ConfigError, match=f"did you mean {near}"):
        load_settings({name: "x"})


def test_other_programs_variables_are_ignored() -> None:
    assert load_settings({"PORT": "x", "skinreader_port": "x"}).port == 7860


@pytest.mark.parametrize("port", ["x", "-1", "65536", "80.0", "８０８０８０"])
def test_a_port_that_is_none_is_refused(port: str) -> None:
    with pytest.raises(ConfigError, match="SKINREADER_PORT"):
        load_settings({"SKINREADER_PORT": port})


@pytest.mark.parametrize(
    "url",
    [
        "study.example.org",
        "ftp://x",
        "https://",
        "http://[::1",
        "http://study.example.org:port",
        "https://study.example.org/readers",
        "https://study example.org",
        "https://ada@study.example.org",
    ],
)
def test_a_public_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="https://"):
        load_settings({"SKINREADER_PUBLIC_URL": url})


def test_the_public_address_loses_its_last_slash() -> None:
    settings = load_settings({"SKINREADER_PUBLIC_URL": "https://study.example.org/"})
    assert settings.public_url == "https://study.example.org"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SKINREADER_VAR", "~nobody-of-this-name/var"),
        ("SKINREADER_TRUSTED_PROXIES", "127.0.0.1, proxy.example.org"),
        ("SKINREADER_TRUSTED_PROXIES", "*"),
    ],
)
def test_a_setting_that_cannot_be_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load_settings({name: value})


@pytest.mark.parametrize("folder", ["file", "file/below"])
def test_a_var_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="SKINREADER_VAR"):
        load_settings({"SKINREADER_VAR": str(tmp_path / folder)}).make_var()


def test_an_address_of_the_sixth_version_is_in_brackets() -> None:
    assert load_settings({"SKINREADER_HOST": "::1"}).public_url == "http://[::1]:7860"


def test_trusted_proxies_are_addresses_and_networks() -> None:
    assert load_settings({}).trusted_proxies == ()
    given = {"SKINREADER_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"}
    assert load_settings(given).trusted_proxies == ("127.0.0.1", "10.0.0.0/8")


def test_an_empty_value_is_as_good_as_none() -> None:
    assert load_settings({"SKINREADER_PORT": " ", "SKINREADER_ADMIN_PASSWORD": ""}).port == 7860


def test_secrets_do_not_print_themselves() -> None:
    settings = load_settings(
        {
            "SKINREADER_ADMIN_PASSWORD": "hunter2hunter2",
            "SKINREADER_DATABASE_URL": "postgresql+psycopg://ada:sesame@host/db",
        }
    )
    assert settings.admin_password is not None
    assert settings.admin_password.reveal() == "hunter2hunter2"
    for text in (repr(settings), str(settings), f"{settings.admin_password}"):
        assert "hunter2" not in text
        assert "sesame" not in text
    assert settings.safe_database_url == "postgresql+psycopg://ada:***@host/db"


def test_secrets_are_equal_by_value() -> None:
    assert Secret("a") == Secret("a")
    assert len({Secret("a"), Secret("a"), Secret("b")}) == 2


def test_the_database_of_an_older_version_stays_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "skinreader.db").touch()
    settings = load_settings({"SKINREADER_VAR": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path / 'skinreader.db'}"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SKINREADER_DEMO", "yes"),
        ("SKINREADER_MIN_FREE_MB", "-1"),
        ("SKINREADER_MIN_FREE_MB", "1 GB"),
        ("SKINREADER_MIN_FREE_MB", "²"),
    ],
)
def test_a_switch_or_number_that_is_none_is_named(name: str, value: str) -> None:
    with pytest.raises(ConfigError, match=name):
        load_settings({name: value})
