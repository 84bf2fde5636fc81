"""`make audit` is green only when every locked version was asked about."""

import json

import pytest

from tools.audit import FOUND, UNASKED, main

CLEAN = {"name": "six", "version": "1.16.0", "vulns": []}
ADVISED = {
    "name": "urllib3",
    "version": "1.26.4",
    "vulns": [{"id": "PYSEC-2021-108", "fix_versions": ["1.26.5"]}],
}
SKIPPED = {"name": "torch", "skip_reason": "Dependency not found on PyPI"}


def pip_audit(folder, text):
    """A program that says this, and ends as well as pip-audit does when it skips everything."""
    program = folder / "pip-audit"
    (folder / "said").write_text(text)
    program.write_text(f"#!/bin/sh\ncat {folder}/said\n")
    program.chmod(0o755)
    return str(program)


def audited(folder, *dependencies):
    said = json.dumps({"dependencies": dependencies, "fixes": []})
    return main(pip_audit(folder, said), ["requirements.lock"])


def test_versions_without_advisory_are_green(tmp_path, capsys):
    assert audited(tmp_path, CLEAN) == 0
    assert "1 versions" in capsys.readouterr().out


def test_an_advisory_is_named_with_the_version_that_mends_it(tmp_path, capsys):
    assert audited(tmp_path, CLEAN, ADVISED, SKIPPED) == FOUND
    assert capsys.readouterr().out == "urllib3 1.26.4: PYSEC-2021-108, mended in 1.26.5\n"


def test_a_version_that_nobody_asked_about_is_not_green(tmp_path, capsys):
    assert audited(tmp_path, CLEAN, SKIPPED) == UNASKED
    assert "none for 1 of 2 (torch, …)" in capsys.readouterr().out


@pytest.mark.parametrize("said", ["", "Traceback: no connection", '{"dependencies": []}'])
def test_an_index_that_does_not_answer_is_not_green(tmp_path, capsys, said):
    assert main(pip_audit(tmp_path, said), ["requirements.lock"]) == UNASKED
    assert "none for 1 of 1 (all of requirements.lock, …)" in capsys.readouterr().out
