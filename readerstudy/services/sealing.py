"""What a seal covers: everything that decides how answers become numbers."""

import hashlib
from typing import Any

from data.taxonomy import Taxonomy
from readerstudy.db import Session
from readerstudy.db import queries_studies as queries
from readerstudy.db.tables import Case, Model, Study
from readerstudy.errors import StateError

_FORMAT = 1
_SHOWN = 20


def seal_content(session: Session, study: Study) -> dict[str, Any]:
    """JSON-ready; `rules.seal` of it is the seal. The export carries it as seal.json."""
    cases = queries.cases(session, study.id)
    labels = queries.labels(session, study.id)
    return {
        "format": _FORMAT,
        "study": _study(study),
        "cases": [_case(case, labels[case.id]) for case in cases],
        "models": [_model(session, model, cases) for model in queries.models(session, study.id)],
    }


def check_predictions(session: Session, study: Study) -> None:
    """No model at all is fine; one that leaves cases or classes out is not."""
    cases = queries.cases(session, study.id)
    classes = Taxonomy.from_dict(study.taxonomy).codes
    for model in queries.models(session, study.id):
        found = queries.predictions(session, model.id)
        gaps = [
            f"{case.case_id} ({', '.join(missing)})"
            for case in cases
            if (missing := [code for code in classes if code not in found.get(case.id, {})])
        ]
        if gaps:
            more = f" and {len(gaps) - _SHOWN} more cases" if len(gaps) > _SHOWN else ""
            raise StateError(
                f"Expected predictions of {model.name} for every case and class of the study "
                f"before opening, but these are missing: {'; '.join(gaps[:_SHOWN])}{more}; "
                "import cases and predictions into a new study."
            )


def _study(study: Study) -> dict[str, Any]:
    content = {
        "slug": study.slug,
        "title": study.title,
        "synthetic": study.synthetic,
        "taxonomy": study.taxonomy,
        "rule": study.rule.value,
        "ask_confidence": study.ask_confidence,
        "consent_version": study.consent_version,
        "consent_sha256": _sha256(study.consent_text),
    }
    # Only where there is one, so that seals from before there could be one still hold.
    if study.consent_text_zh is not None:
        content["consent_zh_sha256"] = _sha256(study.consent_text_zh)
    return content


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _case(case: Case, label: str) -> dict[str, str]:
    return {"case_id": case.case_id, "image_sha256": case.image_sha256, "reference": label}


def _model(session: Session, model: Model, cases: Any) -> dict[str, Any]:
    predictions = queries.predictions(session, model.id)
    return {
        "name": model.name,
        "checkpoint_sha256": model.checkpoint_sha256,
        "predictions": {case.case_id: predictions[case.id] for case in cases},
    }
