"""The drawn plan of a reader as rows of the database: order, arms, buttons and advice."""

from dataclasses import dataclass
from typing import Any

from readerstudy.db import Session
from readerstudy.db.queries import studies
from readerstudy.db.tables import Reader, Study
from readerstudy.domain import Arm, reading_plan
from readerstudy.domain.protocol import Protocol
from readerstudy.domain.reading_plan import PlannedCase
from readerstudy.security import tokens


@dataclass(frozen=True)
class Drawer:
    """Everything of a study that a plan depends on; `predictions` are those of the advice.

    `malignant`: those of the codes.
    """

    protocol: Protocol
    codes: tuple[str, ...]
    cases: tuple[PlannedCase, ...]
    predictions: dict[int, dict[str, float]]
    malignant: tuple[str, ...]

    def option_order(self, *, seed: int) -> list[str] | None:
        """Of a reader's buttons; None: that of the study."""
        if self.protocol.questions.option_order == "fixed":
            return None
        return reading_plan.draw_options(self.codes, seed=seed)

    def rows(self, reader: Reader, *, number: int) -> list[dict[str, Any]]:
        """Assignments in order; `number` counts the readers of the study from 0."""
        seed = reader.order_seed
        plan = reading_plan.draw_plan(self.cases, self.protocol, seed=seed, number=number)
        by_id = {case.id: case for case in self.cases}
        return [
            {
                "reader_id": reader.id,
                "case_id": its.id,
                "arm": its.arm,
                "position": position,
                "token": tokens.new_case_token(),
                "advice": self._advice(by_id[its.id], its, seed) if its.arm is Arm.AIDED else None,
            }
            for position, its in enumerate(plan, start=1)
        ]

    def _advice(self, case: PlannedCase, its: reading_plan.Planned, seed: int) -> dict[str, Any]:
        aid = self.protocol.aid
        probabilities = self.predictions[case.id]
        if its.is_misled:
            probabilities = reading_plan.mislead(
                probabilities, truth=case.label, seed=seed, case_id=case.case_id
            )
        return reading_plan.advice_of(
            probabilities,
            model=aid.model,
            top_k=aid.top_k,
            is_misled=its.is_misled,
            malignant=self.malignant if aid.malignancy else None,
        )


def drawer_of(session: Session, study: Study) -> Drawer:
    protocol = study.protocol
    taxonomy = study.taxonomy
    codes = taxonomy.codes
    malignant = tuple(disease.code for disease in taxonomy.diseases if disease.malignant)
    labels = studies.labels(session, study.id)
    cases = tuple(
        PlannedCase(case.id, case.case_id, case.role, case.is_repeated, labels[case.id])
        for case in studies.cases_as_imported(session, study.id)
    )
    predictions = _advised(session, study, protocol, codes)
    return Drawer(protocol, codes, cases, predictions, malignant)


def _advised(
    session: Session, study: Study, protocol: Protocol, codes: tuple[str, ...]
) -> dict[int, dict[str, float]]:
    """Probabilities of the study's classes by case, adding up to one: a reader can give no other.

    This is what is shown even where the analysis is strict about other classes of the model.
    """
    if protocol.aid.design == "none":
        return {}
    named = {model.name: model.id for model in studies.models(session, study.id)}
    found = studies.predictions(session, named[protocol.aid.model])
    return {case_id: _restricted(probabilities, codes) for case_id, probabilities in found.items()}


def _restricted(probabilities: dict[str, float], codes: tuple[str, ...]) -> dict[str, float]:
    total = sum(probabilities[code] for code in codes)
    # A model that gives no probability at all to the study's classes has no advice among them.
    share = {code: probabilities[code] / total for code in codes} if total > 0 else None
    return share or dict.fromkeys(codes, 1 / len(codes))
