"""The one reader of YAML, TOML and JSON: what is bounded, and what still can be read."""

import json
import time
from pathlib import Path

import pytest
import yaml

from data.documents import MAX_BYTES, DocumentError, content_of, parse, read
from data.errors import UserError
from data.taxonomy import check_classes
from readerstudy.services.study.study_file import parse_study
from tests.hostile.studies import ALIASES, STUDIES

ROOT = Path(__file__).resolve().parents[2]


def make(content, form):
    """As a page does, up to the database; slug and title are checked there."""
    check_classes(parse_study(content, form=form).arguments(folder=None)["taxonomy"])


@pytest.mark.parametrize("what", STUDIES)
def test_a_hostile_study_file_is_refused_in_a_short_sentence_and_soon(what):
    form, content = STUDIES[what]
    start = time.monotonic()
    with pytest.raises(UserError) as told:
        make(content, form)
    assert time.monotonic() - start < 10
    assert len(str(told.value)) < 3_000
    assert "Expected" in str(told.value)


def test_aliases_cost_nothing_and_say_so():
    assert len(ALIASES) < 400
    with pytest.raises(DocumentError, match="aliases and anchors .* line 1 has one"):
        parse(ALIASES, "YAML")


def test_the_usual_values_are_read_as_ever():
    text = "a: [1, 2.5, true, null, x, 2026-01-02]\nb:\n  c: |\n    two\n    lines\n"
    assert parse(text, "YAML") == yaml.safe_load(text)
    assert parse('{"a": [1, 2.5, null, "李"]}', "JSON") == {"a": [1, 2.5, None, "李"]}
    assert parse(b"a.b.c = 1\n[d]\ne = 'x. y. z.'", "TOML")["a"] == {"b": {"c": 1}}
    prose = "e.g. one. two. three. " * 40
    assert parse(f'text = "{prose}"', "TOML") == {"text": prose}
    assert parse("x: 20\n" + "y: {a: [[[[1]]]]}", "YAML")["x"] == 20


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_json_has_no_number_that_is_none(number):
    with pytest.raises(DocumentError, match="no number of JSON; write null"):
        parse(f'{{"a": {number}}}', "JSON")


def test_no_more_of_an_endless_file_is_read_than_may_be(tmp_path):
    assert len(content_of(Path("/dev/zero"))) == MAX_BYTES + 1
    with pytest.raises(DocumentError, match="more than"):
        read(Path("/dev/zero"), "JSON")
    with pytest.raises(DocumentError, match="No such file"):
        read(tmp_path / "none", "JSON")


def test_every_document_of_the_project_is_read_by_it():
    """yaml.load, json.load and tomllib of files from outside stand in one module."""
    readers = {
        path.relative_to(ROOT).as_posix()
        for room in ("data", "model", "readerstudy")
        for path in (ROOT / room).rglob("*.py")
        if any(
            word in path.read_text("utf-8") for word in ("yaml.safe_load", "yaml.load", "tomllib")
        )
    }
    assert readers == {"data/documents.py"}


def test_what_it_writes_about_is_the_file_not_its_text():
    secret = "s" * 5_000
    with pytest.raises(DocumentError) as told:
        parse(f"a: [{secret}", "YAML")
    assert secret[:50] not in str(told.value)
    with pytest.raises(DocumentError) as told:
        parse(json.dumps(secret)[:-1], "JSON")
    assert secret[:50] not in str(told.value)
