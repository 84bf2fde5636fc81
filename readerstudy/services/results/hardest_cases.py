"""Cases by how many readers got them wrong. It shows the reference standard: results, not progress.

Analysts see results while a study is open, as in the other tables: they do not read.
"""

from collections import Counter, defaultdict

from data.measures.proportions import interval
from readerstudy.db import Database, Session
from readerstudy.db.queries import readings, studies, trail
from readerstudy.db.tables import Study
from readerstudy.domain import Actor, Arm, CaseAnswers, CaseRole, ReaderKind
from readerstudy.domain.errors import NotFoundError
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.services.intake import image_store
from readerstudy.services.results.cache_key import state_of
from readerstudy.services.results.readings import (
    choose_kinds,
    classes_of,
    collect_readings,
    has_answers,
    predictions_frames,
)
from readerstudy.stats.input.restriction import prediction_classes, restrict

_Counts = dict[str, Counter[str]]
_Models = dict[str, dict[str, tuple[str, float]]]


def hardest_cases(
    db: Database, *, actor: Actor, slug: str
) -> tuple[tuple[ReaderKind, ...], list[CaseAnswers]]:
    """Whose answers they are, and all test cases, the largest share of wrong answers first."""
    with db.reading() as session:
        study = studies.study_by_slug(session, slug)
        authorise(actor, Permission.SEE_RESULTS, study_id=study.id)
        kinds = choose_kinds(has_answers(session, study), None)
        slot, key = ("hardest", study.id), (kinds, *state_of(session, study))
        return kinds, list(db.cache.get(slot, key, lambda: _ranked(session, study, kinds)))


def _ranked(session: Session, study: Study, kinds: tuple[ReaderKind, ...]) -> list[CaseAnswers]:
    counts = _answers(session, study, kinds)
    models = _models(session, study)
    is_wrong = study.protocol.analysis.missing == "wrong"
    found = [
        _case(case["case_id"], case["truth"], counts, models, is_missing_wrong=is_wrong)
        for case in readings.cases(session, study)
        if case["role"] is CaseRole.TEST
    ]
    return sorted(found, key=_hardness, reverse=True)


def thumbnail(db: Database, *, actor: Actor, slug: str, case_id: str) -> bytes:
    with db.reading() as session:
        study = studies.study_by_slug(session, slug)
        authorise(actor, Permission.SEE_RESULTS, study_id=study.id)
        case = trail.case_named(session, study.id, case_id)
        if case is None:
            raise NotFoundError(
                f"Expected a case of this study, but there is none named {case_id!r}."
            )
        file = case.image_file
    return image_store.thumbnail(image_store.load(file, folder=db.images))


def _answers(session: Session, study: Study, kinds: tuple[ReaderKind, ...]) -> _Counts:
    found: _Counts = defaultdict(Counter)
    for row in collect_readings(session, study, kinds=kinds).kept:
        if row["arm"] is Arm.UNAIDED:
            found[row["case_id"]][row["answer"] or ""] += 1
    return found


def _models(session: Session, study: Study) -> _Models:
    """By case and model: what each says by the rule of the analysis."""
    found: _Models = defaultdict(dict)
    for name, frame in predictions_frames(session, study).items():
        columns = prediction_classes(name, frame)
        raw = frame[[f"p_{code}" for code in columns]].to_numpy(dtype=float)
        its = restrict(raw, columns, classes_of(study), rule=study.rule.value)
        for case_id, code, share in zip(frame["case_id"], its.named, its.share, strict=True):
            found[case_id][name] = (code, float(share))
    return found


def _case(
    case_id: str, truth: str, counts: _Counts, models: _Models, *, is_missing_wrong: bool
) -> CaseAnswers:
    answers = counts.get(case_id, Counter())
    n = answers.total() - (0 if is_missing_wrong else answers[""])
    n_wrong = n - answers[truth]
    low, high = interval(n_wrong, n)
    return CaseAnswers(
        case_id=case_id,
        truth=truth,
        n=n,
        n_wrong=n_wrong,
        low=float(low),
        high=float(high),
        answers=dict(answers.most_common()),
        models=models.get(case_id, {}),
    )


def _hardness(case: CaseAnswers) -> tuple[float, int]:
    return (case.n_wrong / case.n if case.n else -1.0, case.n)
