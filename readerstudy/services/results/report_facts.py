"""What the report of a study says beside its numbers."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from readerstudy import __version__
from readerstudy.db import Session
from readerstudy.db.queries import readings as queries_results
from readerstudy.db.queries import studies, trail
from readerstudy.db.tables import Model, Study
from readerstudy.domain import Arm, CaseRole, ReaderKind, Withdrawal
from readerstudy.files.study_analysis import Settings
from readerstudy.files.zip_bundle import commit
from readerstudy.report.about import About, ReaderGroup
from readerstudy.services.reading.readers import asked_of
from readerstudy.services.results.reader_flow import flow_of
from readerstudy.services.results.readings import Readings, Rows

_NOT_SAID = "not said"
_FREE_TEXT_SHOWN = 12


def about_of(session: Session, study: Study, *, readings: Readings, settings: Settings) -> About:
    models = studies.models(session, study.id)
    cases = queries_results.cases(session, study)
    return About(
        title=study.title,
        slug=study.slug,
        state=study.state.value,
        seal=study.seal_hash,
        synthetic=study.synthetic,
        made_by=made_by(),
        dates=_dates(study),
        flow=_flow(session, study),
        groups=_groups(session, study),
        models=[(model.name, model.checkpoint_sha256) for model in models],
        amended=trail.n_amendments(session, study.id),
        facts=_facts(study, cases=cases, models=models, readings=readings, settings=settings),
    )


def made_by() -> str:
    found = commit()
    return f"SkinReader {__version__}" + (f", commit {found}" if found else "")


def _dates(study: Study) -> list[tuple[str, str]]:
    times = (
        ("Made", study.created_at),
        ("Opened and sealed", study.opened_at),
        ("Closed", study.closed_at),
        ("Archived", study.archived_at),
    )
    return [(words, f"{at:%Y-%m-%d %H:%M} UTC") for words, at in times if at]


def _flow(session: Session, study: Study) -> list[tuple[str, int]]:
    its = flow_of(session, study)
    excluded = [(f"Excluded: {reason}", n) for reason, n in its.excluded.items()]
    withdrawn = [(f"Withdrew ({rule.value} answers)", n) for rule, n in its.withdrawn.items()]
    steps = [
        ("Invited", its.invited),
        ("Accepted the invitation", its.accepted),
        ("Consented", its.consented),
        ("Started", its.started),
        ("Completed", its.completed),
        *(excluded or [("Excluded", 0)]),
        *(withdrawn or [("Withdrew", 0)]),
        ("Analysed", its.analysed),
    ]
    if its.requests:
        steps.insert(0, ("Asked to take part", its.requests))
    return [*steps, ("Simulated readers, apart from all these", its.simulated)]


def _groups(session: Session, study: Study) -> list[ReaderGroup]:
    declared = queries_results.declarations(session, study)
    counts = studies.reader_counts(session, study.id)
    found = []
    counts = [one for one in counts if one.reader.withdrawal is not Withdrawal.DELETE]
    for question in asked_of(study):
        by_answer = defaultdict(list)
        for one in counts:
            by_answer[declared[one.reader.id].get(question.key) or _NOT_SAID].append(one)
        order = [*question.choices, _NOT_SAID] if question.choices else sorted(by_answer)
        for answer in [a for a in order if a in by_answer][:_FREE_TEXT_SHOWN]:
            kinds = Counter(one.reader.kind for one in by_answer[answer])
            found.append(
                ReaderGroup(
                    question=question.label,
                    answer=answer,
                    people=kinds[ReaderKind.HUMAN],
                    simulated=kinds[ReaderKind.SIMULATED],
                    answered=sum(one.answered for one in by_answer[answer]),
                )
            )
    return found


def _facts(
    study: Study, *, cases: Rows, models: Iterable[Model], readings: Readings, settings: Settings
) -> dict[str, str]:
    test = [case for case in cases if case["role"] is CaseRole.TEST]
    classes = ", ".join(f"{c} {n}" for c, n in sorted(Counter(c["truth"] for c in test).items()))
    names = ", ".join(f"{m.name} (checkpoint {m.checkpoint_sha256[:12]}…)" for m in models)
    given = [row for row in readings.kept if row["answered_at"] is not None]
    return {
        "sources": _counted(case["source"] for case in test),
        "software": f"Answers were collected by the study server, {made_by()}.",
        "preparation": "Images were decoded and stored without their metadata; what a model does "
        "with them is on its card (predictions_*.json).",
        "models": f"{names}." if names else "",
        "rule": _rule(settings),
        "bases": _counted(case["basis"] for case in test),
        "blinding": _blinding(study, test),
        "indeterminate": _indeterminate(study, given),
        "missing": f"{len(readings.kept) - len(given)} cases were shown and not answered; "
        f"missing answers are {_MISSING[settings.missing]}.",
        "variability": "See the figures: every reader's own point, agreement among readers, and "
        "accuracy by trial.",
        "subgroups": _subgroups(test),
        "baseline": f"{len(test)} test cases: {classes}. Readers: see their table." if test else "",
        "planned": _planned(study, n_cases=len(test)),
        "crossed": "See the confusion matrices among the figures." if given else "",
        "protocol": "Fixed before the first answer, see study.yaml and the seal above."
        if study.seal_hash
        else "",
        "code": f"{made_by()}; the export carries readings, predictions and checksums.",
        "identities": "Readers appear under random codes; images are stored without their "
        "metadata, under new names.",
    }


_MISSING = {"omit": "left out", "wrong": "counted as wrong"}


def _rule(settings: Settings) -> str:
    margin = "no margin" if settings.margin is None else f"a margin of {settings.margin}"
    fixed = "fixed by the seal" if settings.seal else "not sealed yet"
    return f"The most probable class decides ({settings.rule}); {margin}; {fixed}."


def _planned(study: Study, *, n_cases: int) -> str:
    analysis = study.protocol.analysis
    if analysis.planned_readers is None:
        return ""
    return (
        f"The protocol planned {analysis.planned_readers} readers, with {n_cases} test cases; its "
        f"primary endpoint is {analysis.endpoint.replace('_', ' ')}, alpha {analysis.alpha}."
    )


def _blinding(study: Study, test: Rows) -> str:
    is_full = study.protocol.questions.information == "full"
    told = sum(is_full and bool(case["clinical_text"]) for case in test)
    reference = (
        "No reader was sent a reference standard before the study closed"
        if study.protocol.policies.feedback == "none"
        else "Readers were told the reference standard after each case"
    )
    return f"{reference}; clinical text was shown with {told} of {len(test)} test cases."


def _indeterminate(study: Study, given: Rows) -> str:
    if not study.protocol.questions.cannot_tell:
        return "The study forces a choice: there is no indeterminate answer."
    unsure = sum(bool(row["cannot_tell"]) for row in given if row["arm"] is not Arm.PRACTICE)
    return f"{unsure} answers are “cannot tell”; they are treated like missing ones."


def _subgroups(test: Rows) -> str:
    known = {
        words: sum(bool(case[key]) for case in test)
        for key, words in (("skin_tone", "skin tone"), ("site", "site"), ("age_band", "age"))
    }
    said = [f"{words} of {n} of {len(test)} cases" for words, n in known.items() if n]
    return f"Known: {', '.join(said)}." if said else ""


def _counted(values: Iterable[Any]) -> str:
    counts = Counter(str(value) for value in values if value)
    shown = "; ".join(f"{value} ({n})" for value, n in sorted(counts.items())[:8])
    return f"{shown}." if shown else ""
