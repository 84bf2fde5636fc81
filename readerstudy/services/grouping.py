"""By what readers and cases are grouped for results of parts."""

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from data.taxonomy import Taxonomy
from readerstudy.db import Session, queries_results
from readerstudy.db import queries_studies as studies
from readerstudy.db.tables import Study
from readerstudy.entities import CaseRole
from readerstudy.errors import StudyError
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
        return "reader_id", _sorted(_of_readers(session, study, factor))
    if factor in OF_CASES:
        return "case_id", _sorted(_of_cases(session, study, factor))
    raise StudyError(f"Expected a grouping ({', '.join(FACTORS)}), but got {factor!r}; choose one.")


def _of_readers(session: Session, study: Study, factor: str) -> dict[str, str]:
    declared = queries_results.declarations(session, study)
    return {
        counts.reader.code: str(declared[counts.reader.id].get(factor) or "")
        for counts in studies.reader_counts(session, study.id)
    }


def _of_cases(session: Session, study: Study, factor: str) -> dict[str, str]:
    diseases = Taxonomy.from_dict(study.taxonomy)
    cases = [c for c in queries_results.cases(session, study) if c["role"] is CaseRole.TEST]
    if factor == "family":
        return {case["case_id"]: diseases[case["truth"]].family.value for case in cases}
    return {case["case_id"]: case[factor] for case in cases}


def _sorted(values: dict[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for member, value in values.items():
        found[value or NOT_STATED].append(member)
    return dict(sorted(found.items(), key=lambda item: (item[0] == NOT_STATED, item[0])))
