"""Agreement among readers, with what each coefficient takes for observed and for chance."""

from collections.abc import Iterator

import numpy as np

from data.measures.tails import two_sided
from readerstudy.stats.input.study import Study
from readerstudy.stats.methods.agreement import (
    Agreement,
    CompleteFleiss,
    brennan_prediger,
    conger,
    fleiss,
    fleiss_complete,
    gwet_ac1,
    krippendorff_alpha,
    observed_agreement,
)
from readerstudy.stats.methods.majority_vote import vote_counts
from readerstudy.stats.records import ALL, Record
from readerstudy.stats.sections.common import Options
from readerstudy.stats.subjects_and_methods import READERS, Method

NO_INTERVAL = "no interval: it would take cases of one cluster as independent"


def records(study: Study, options: Options) -> Iterator[Record]:
    """Coefficients from the cases that all answered, and from every answer there is."""
    if study.n_readers < 2:
        return
    n_classes = len(study.classes)
    votes = vote_counts(study.answers, n_classes=n_classes)
    if not votes.any():  # cases were shown and nobody has answered
        return
    yield from _complete(study, fleiss_complete(votes, n_raters=study.n_readers))
    coefficients = {
        quantity: method(votes, level=options.level)
        for quantity, method in (
            ("kappa_fleiss", fleiss),
            ("ac1_gwet", gwet_ac1),
            ("alpha_krippendorff", krippendorff_alpha),
            ("kappa_brennan_prediger", brennan_prediger),
        )
    }
    coefficients["kappa_conger"] = conger(study.answers, n_classes=n_classes, level=options.level)
    for quantity, coefficient in coefficients.items():
        yield _available(study, quantity, coefficient)
    yield _available(study, "agreement_observed", observed_agreement(votes, level=options.level))
    for quantity, coefficient in coefficients.items():
        yield _part(
            study, "agreement_observed", quantity, coefficient.observed, coefficient.n_cases
        )
        yield _part(
            study, "agreement_by_chance", quantity, coefficient.by_chance, coefficient.n_cases
        )


def _complete(study: Study, fleiss: CompleteFleiss) -> Iterator[Record]:
    """Fleiss' kappa, and one of each class against all others."""
    rows = [(ALL, fleiss.value, fleiss.z if study.cluster is None else np.nan)]
    rows += [(c, k, np.nan) for c, k in zip(study.classes, fleiss.per_class, strict=True)]
    for class_, value, z in rows:
        yield Record(
            "kappa_fleiss",
            class_,
            READERS,
            Method("complete-cases"),
            value,
            statistic=z,
            p=two_sided(z, np.inf),
            n_cases=fleiss.n_cases,
            n_readers=study.n_readers,
        )


def _part(study: Study, quantity: str, coefficient: str, value: float, n_cases: int) -> Record:
    method, n_readers = Method(coefficient), study.n_readers
    return Record(quantity, ALL, READERS, method, value, n_cases=n_cases, n_readers=n_readers)


def _available(study: Study, quantity: str, agreement: Agreement) -> Record:
    """Coefficients that use every answer there is."""
    return Record(
        quantity,
        ALL,
        READERS,
        Method("available-cases"),
        agreement.value,
        agreement.se,
        ci_low=agreement.ci_low,
        ci_high=agreement.ci_high,
        p=agreement.p,
        n_cases=agreement.n_cases,
        n_readers=study.n_readers,
        notes=() if study.cluster is None else (NO_INTERVAL,),
    )
