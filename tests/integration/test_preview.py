"""An owner looks at the study as a reader would, and leaves nothing behind."""

from pathlib import Path

import pytest

from data.errors import UserError
from readerstudy.db import Database
from readerstudy.domain import SYSTEM
from readerstudy.domain.errors import StateError, StudyError
from readerstudy.domain.protocol import Aid, Protocol, Questions
from readerstudy.services.study import drafts, lifecycle, preview, summaries
from readerstudy.services.study.study_file import parse_study, read_study_file
from tests.support.making import dump

YAML = """
slug: trial
title: Trial
taxonomy: DEMO8
rule: strict
protocol:
  questions: {top3: true, management: [wait, biopsy]}
  analysis: {margin: 0.05}
"""
TOML = """
slug = "trial"
title = "Trial"
taxonomy = "DEMO8"
rule = "strict"
[protocol.questions]
top3 = true
management = ["wait", "biopsy"]
[protocol.analysis]
margin = 0.05
"""


def look(db: Database, slug: str, position: int = 1) -> preview.Preview:
    return preview.preview_case(db, actor=SYSTEM, slug=slug, position=position)


def test_a_preview_stores_nothing_and_repeats(db: Database, study: str) -> None:
    before = dump(db)
    seen = [look(db, study, n) for n in range(1, 17)]
    pictures = {
        preview.preview_image(db, actor=SYSTEM, slug=study, position=n) for n in range(1, 17)
    }
    assert {p.total for p in seen} == {16}
    assert len(pictures) == 16
    assert look(db, study, 3) == seen[2]
    assert dump(db) == before


def test_a_preview_names_no_reference_standard(db: Database, study: str) -> None:
    assert not {"label", "truth", "reference", "case_id"} & set(vars(look(db, study)))


@pytest.mark.parametrize("position", [0, -1, 17])
def test_a_case_that_is_not_there_is_a_sentence(db: Database, study: str, position: int) -> None:
    with pytest.raises(UserError, match="from 1 to 16"):
        look(db, study, position)


def test_a_draft_shows_advice_and_questions(
    db: Database, study: str, manifest: Path, predictions: Path
) -> None:
    protocol = Protocol(
        aid=Aid(design="second-read", model="net"), questions=Questions(cannot_tell=True)
    )
    file = parse_study(YAML)
    drafts.create_study(db, actor=SYSTEM, **(file.arguments(folder=None) | {"protocol": protocol}))
    with pytest.raises(StateError, match="at least one test case"):
        look(db, "trial")
    drafts.import_cases(db, actor=SYSTEM, slug="trial", manifest=manifest)
    with pytest.raises(StateError, match="predictions of net"):
        look(db, "trial")
    drafts.import_predictions(db, actor=SYSTEM, slug="trial", name="net", csv=predictions)
    first, second = look(db, "trial", 1), look(db, "trial", 2)
    assert first.advice is None
    assert second.advice is not None
    assert second.advice.model == "net"
    assert first.questions.cannot_tell


def test_toml_and_yaml_and_a_copy_make_the_same_study(db: Database, tmp_path: Path) -> None:
    (tmp_path / "study.toml").write_text(TOML)
    (tmp_path / "study.yaml").write_text(YAML)
    read = [read_study_file(tmp_path / f"study.{end}") for end in ("toml", "yaml")]
    assert read[0] == read[1] == parse_study(TOML, form="TOML")
    drafts.create_study(db, actor=SYSTEM, **read[0].arguments(folder=tmp_path))
    lifecycle.copy_study(db, actor=SYSTEM, slug="trial", new_slug="twin", title="Trial")
    assert {s.slug for s in summaries.list_studies(db, actor=SYSTEM)} == {"trial", "twin"}


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("slug = ", "TOML", "cannot be read"),
        ("slug: [", "YAML", "cannot be read"),
        ("", "YAML", "holds none"),
        ("", "TOML", "3 settings are wrong"),
        ("slug: x", "INI", "YAML or TOML"),
        ("slug: x\ntitle: X\ntaxonomy: DEMO8\ncolour: red", "YAML", "colour"),
    ],
)
def test_a_file_that_cannot_be_is_a_sentence(text: str, form: str, said: str) -> None:
    with pytest.raises(StudyError, match=said):
        parse_study(text, form=form)


def test_a_pasted_file_reads_no_file_of_the_server(tmp_path: Path) -> None:
    path = tmp_path / "classes.json"
    path.write_text("{}")
    file = parse_study(f"slug: x\ntitle: X\ntaxonomy: {path}")
    with pytest.raises(StudyError, match="written out"):
        file.arguments(folder=None)
