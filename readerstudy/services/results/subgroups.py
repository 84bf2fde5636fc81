"""By what readers and cases are grouped for results of parts."""

import re
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from readerstudy.db import Session
from readerstudy.db.queries import readings, studies
from readerstudy.db.tables import Study
from readerstudy.domain import CaseRole
from readerstudy.domain.errors import StudyError
from readerstudy.services.reading.readers import asked_of
from readerstudy.stats import Analysis

NOT_STATED = "not stated"
OF_READERS = {
    "years_dermatology": "Years in dermatology",
    "years_dermoscopy": "Years of dermoscopy",
    "profession": "Profession",
    "board_certified": "Board-certified in dermatology",
}
OF_CASES = {
    "family": "Family of the disease",
    "skin_tone": "Skin tone",
    "site": "Site",
    "age_band": "Age",
    "source": "Source of the image",
}
FACTORS = OF_READERS | OF_CASES
# Below these a group is shown and flagged: its intervals are wide, and people might be told apart.
FEWEST_READERS = 5
FEWEST_CASES = 10


@dataclass(frozen=True)
class Group:
    name: str
    analysis: Analysis

    @property
    def is_small(self) -> bool:
        meta = self.analysis.meta
        return bool(meta["n_readers"] < FEWEST_READERS or meta["n_cases"] < FEWEST_CASES)


def groups_of(
    session: Session, study: Study, factor: str
) -> tuple[Literal["reader_id", "case_id"], dict[str, list[str]]]:
    """The column, and its values by group; what nobody stated is the last group."""
    if factor in OF_READERS:
        return "reader_id", _sorted(_of_readers(session, study, factor), _choices(study, factor))
    if factor in OF_CASES:
        return "case_id", _sorted(_of_cases(session, study, factor))
    raise StudyError(f"Expected a grouping ({', '.join(FACTORS)}), but got {factor!r}; choose one.")


def _of_readers(session: Session, study: Study, factor: str) -> dict[str, str]:
    declared = readings.declarations(session, study)
    return {
        counts.reader.code: str(declared[counts.reader.id].get(factor) or "")
        for counts in studies.reader_counts(session, study.id)
    }


def _choices(study: Study, factor: str) -> tuple[str, ...]:
    return next((field.choices for field in asked_of(study) if field.key == factor), ())


def _of_cases(session: Session, study: Study, factor: str) -> dict[str, str]:
    diseases = study.taxonomy
    cases = [c for c in readings.cases(session, study) if c["role"] is CaseRole.TEST]
    if factor == "family":
        return {case["case_id"]: diseases[case["truth"]].family.value for case in cases}
    return {case["case_id"]: case[factor] for case in cases}


def _sorted(values: dict[str, str], choices: Sequence[str] = ()) -> dict[str, list[str]]:
    """In the order of the choices; others by the numbers in them, so that 5-9 is before 10-14."""
    found: dict[str, list[str]] = defaultdict(list)
    for member, value in values.items():
        found[value or NOT_STATED].append(member)
    names = sorted(found, key=_by_number)
    names.sort(key=lambda name: choices.index(name) if name in choices else len(choices))
    names.sort(key=lambda name: name == NOT_STATED)
    return {name: found[name] for name in names}


def _by_number(name: str) -> list[tuple[int, str]]:
    """Text and numbers in turn, numbers first where one stands against a text."""
    parts = re.findall(r"\d+|\D+", name)
    return [(int(part), "") if part.isdecimal() else (sys.maxsize, part) for part in parts]
