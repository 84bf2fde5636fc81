"""What a seal covers: everything that decides how answers become numbers."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from readerstudy.db import Session
from readerstudy.db.queries import studies as queries
from readerstudy.db.queries import supports as queries_supports
from readerstudy.db.queries import trail
from readerstudy.db.tables import Case, FurtherView, Model, Study
from readerstudy.domain import CaseRole
from readerstudy.domain.errors import StateError
from readerstudy.domain.protocol import Protocol
from readerstudy.domain.seal import seal_of

# Since 2 with the basis of the reference standard and what results are grouped by.
_FORMATS = (2, 1)
_DETAILS = ("lesion_id", "patient_id", "site", "age_band", "skin_tone", "source", "licence")
_SHOWN = 20


def seal_content(session: Session, study: Study) -> dict[str, Any]:
    """JSON-ready; `seal_of` of it is the seal. The export carries it as seal.json.

    A study that was opened by an earlier version was sealed in an earlier format.
    """
    newest = _content(session, study, _FORMATS[0])
    if study.seal_hash in (None, seal_of(newest)):
        return newest
    earlier = (_content(session, study, format_) for format_ in _FORMATS[1:])
    return next((its for its in earlier if seal_of(its) == study.seal_hash), newest)


def _content(session: Session, study: Study, format_: int) -> dict[str, Any]:
    cases = queries.cases(session, study.id)
    # What was amended later is sealed as it was, so that the hash can be computed again.
    references = trail.sealed_references(session, study.id)
    views = queries.further_views(session, study.id)
    return {
        "format": format_,
        "study": _study(study),
        "cases": [
            _case(case, *references[case.id], study, format_) | _views(views.get(case.id, []))
            for case in cases
        ],
        "models": [_model(session, model, cases) for model in queries.models(session, study.id)],
    }


def check_complete(session: Session, study: Study) -> None:
    """Before opening, and before a preview: all that the protocol promises is there."""
    check_protocol(session, study)
    check_predictions(session, study)
    check_supports(session, study)


def check_protocol(session: Session, study: Study) -> None:
    """Before opening: something to read, and the model whose advice the protocol promises."""
    cases = queries.cases(session, study.id)
    if not any(case.role is CaseRole.TEST for case in cases):
        raise StateError(
            "Expected at least one test case before opening, but got none; import a manifest first."
        )
    protocol = study.protocol
    if any(case.is_repeated for case in cases):
        _check_repeats_are_honest(protocol)
    aid = protocol.aid
    names = [model.name for model in queries.models(session, study.id)]
    if aid.design != "none" and aid.model not in names:
        raise StateError(
            f"Expected predictions of {aid.model}, whose advice the protocol shows, but got those "
            f"of {', '.join(names) or 'no model'}; import them under that name before opening."
        )


def _check_repeats_are_honest(protocol: Protocol) -> None:
    if protocol.policies.back:
        raise StateError(
            "Expected no repeated cases, since the protocol lets readers look back and copy their "
            "first answer; make the study without policies.back, or import the cases without "
            "repeat."
        )
    if protocol.policies.feedback != "none":
        raise StateError(
            "Expected no repeated cases, since the protocol tells the reference standard after a "
            "case, and that it is not told yet would say that the case comes again; make the study "
            "without policies.feedback, or import the cases without repeat."
        )


def check_predictions(session: Session, study: Study) -> None:
    """No model at all is fine; one that leaves cases or classes out is not."""
    cases = queries.cases(session, study.id)
    classes = study.taxonomy.codes
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


def check_supports(session: Session, study: Study) -> None:
    """A reader who gets a picture beside the advice on one case gets it on all of them."""
    aid = study.protocol.aid
    tests = [c for c in queries.cases(session, study.id) if c.role is CaseRole.TEST]
    named = {model.name: model.id for model in queries.models(session, study.id)}
    found = queries_supports.of_model(session, named[aid.model]) if aid.support else []
    for kind in aid.support:
        there = {support.case_id for support in found if support.kind == kind}
        gaps = [case.case_id for case in tests if case.id not in there]
        if gaps:
            more = f" and {len(gaps) - _SHOWN} more" if len(gaps) > _SHOWN else ""
            raise StateError(
                f"Expected pictures of kind {kind} for every test case before opening, as the "
                f"protocol says, but these have none: {', '.join(gaps[:_SHOWN])}{more}; import "
                f"those of {aid.model} with import-supports."
            )


def _study(study: Study) -> dict[str, Any]:
    content = {
        "slug": study.slug,
        "title": study.title,
        "synthetic": study.synthetic,
        "taxonomy": study.stored_taxonomy,
        "rule": study.rule.value,
        "ask_confidence": study.protocol.questions.confidence,
        "consent_version": study.consent_version,
        "consent_sha256": _sha256(study.consent_text),
    }
    # Only where there is one, so that seals from before there could be one still hold.
    if study.consent_text_zh is not None:
        content["consent_zh_sha256"] = _sha256(study.consent_text_zh)
    if _has_protocol(study):
        content["protocol"] = study.stored_protocol
    return content


def _has_protocol(study: Study) -> bool:
    return "format" in study.stored_protocol


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _case(case: Case, label: str, basis: str, study: Study, format_: int) -> dict[str, Any]:
    content = {
        "case_id": case.case_id,
        "image_sha256": case.image_sha256,
        "reference": label,
    }
    if format_ > 1:
        content |= {"basis": basis} | {name: getattr(case, name) for name in _DETAILS}
    if not _has_protocol(study):
        return content
    return content | {
        "role": case.role.value,
        "is_repeated": case.is_repeated,
        "clinical_text_sha256": _sha256(case.clinical_text),
    }


def _views(views: Sequence[FurtherView]) -> dict[str, Any]:
    """Only where there are any, as above."""
    if not views:
        return {}
    return {"views": [{"image_sha256": v.image_sha256, "caption": v.caption} for v in views]}


def _model(session: Session, model: Model, cases: Any) -> dict[str, Any]:
    predictions = queries.predictions(session, model.id)
    content = {
        "name": model.name,
        "checkpoint_sha256": model.checkpoint_sha256,
        "predictions": {case.case_id: predictions[case.id] for case in cases},
    }
    supports = _supports(session, model, {case.id: case.case_id for case in cases})
    # Only where there are any, as above.
    return content | ({"supports": supports} if supports else {})


def support_rows(session: Session, study: Study) -> list[dict[str, Any]]:
    """Pictures beside the advice of all models, in the order of models and cases."""
    names = {case.id: case.case_id for case in queries.cases(session, study.id)}
    return [
        {"model": model.name, **row}
        for model in queries.models(session, study.id)
        for row in _supports(session, model, names)
    ]


def _supports(session: Session, model: Model, names: Mapping[int, str]) -> list[dict[str, Any]]:
    rows = [
        {
            "case_id": names[support.case_id],
            "kind": support.kind.value,
            "position": support.position,
            "image_sha256": support.image_sha256,
            "caption": support.caption,
        }
        for support in queries_supports.of_model(session, model.id)
    ]
    return sorted(rows, key=lambda row: (row["case_id"], row["kind"], row["position"]))
