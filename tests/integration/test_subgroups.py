"""Results of groups of readers and of cases."""

import pytest

from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.domain import SYSTEM
from readerstudy.domain.errors import StudyError
from readerstudy.services.reading import joining
from readerstudy.services.results import results, subgroups
from readerstudy.services.results.simulation import simulate_readers
from readerstudy.services.results.subgroups import FACTORS, NOT_STATED
from tests.support.making import answer_next, make_reader


@pytest.fixture
def backend() -> str:
    return "sqlite"


def groups(db: Database, study: str, factor: str, **more: object) -> dict[str, object]:
    found = results.subgroups(db, actor=SYSTEM, slug=study, factor=factor, **more)  # type: ignore[arg-type]
    return {group.name: group.analysis for group in found}


def test_a_group_of_all_has_the_numbers_of_the_study(db: Database, study: str) -> None:
    simulate_readers(db, actor=SYSTEM, slug=study, readers=6, seed=1)
    whole = results.study_results(db, actor=SYSTEM, slug=study)
    found = groups(db, study, "site")
    assert list(found) == [NOT_STATED]
    name = ("accuracy", "all", "mean_reader", "or-rrrc-capped")
    assert found[NOT_STATED].get(*name) == whole.get(*name)  # type: ignore[attr-defined]


def test_families_split_the_cases(db: Database, study: str) -> None:
    simulate_readers(db, actor=SYSTEM, slug=study, readers=3, seed=1)
    found = groups(db, study, "family")
    assert set(found) == {disease.family.value for disease in DEMO8.diseases}
    n_cases = [analysis.meta["n_cases"] for analysis in found.values()]  # type: ignore[attr-defined]
    assert sum(n_cases) == 16


def test_readers_are_grouped_by_what_they_declared(db: Database, study: str) -> None:
    assert groups(db, study, "profession") == {}
    for _ in range(2):
        answer_next(db, make_reader(db, study))
    found = groups(db, study, "profession")
    assert list(found) == ["student"]
    assert found["student"].meta["n_readers"] == 2  # type: ignore[attr-defined]
    assert all(groups(db, study, factor) for factor in FACTORS)


def test_groups_come_in_the_order_of_what_they_count(db: Database, study: str) -> None:
    for years in (">10", "3-10", "none", "<3"):
        reader = make_reader(db, study)
        joining.save_profile(db, actor=reader, profile={"years_dermoscopy": years})
        answer_next(db, reader)
    assert list(groups(db, study, "years_dermoscopy")) == ["none", "<3", "3-10", ">10"]
    ages = {"a": "10-14", "b": "5-9", "c": "", "d": "100", "e": "adult"}
    assert list(subgroups._sorted(ages)) == ["5-9", "10-14", "100", "adult", NOT_STATED]


def test_an_unknown_grouping_is_a_sentence(db: Database, study: str) -> None:
    with pytest.raises(StudyError, match="Expected a grouping"):
        groups(db, study, "shoe size")
