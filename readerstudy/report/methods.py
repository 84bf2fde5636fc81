"""The methods paragraph of a report: only what was really run, with its references."""

from typing import Any

from readerstudy.stats.records import Analysis

REFERENCES = {
    "wilson": "Wilson EB. Probable inference, the law of succession, and statistical inference. "
    "J Am Stat Assoc 1927;22:209-12.",
    "delong": "DeLong ER, DeLong DM, Clarke-Pearson DL. Comparing the areas under two or more "
    "correlated receiver operating characteristic curves. Biometrics 1988;44:837-45.",
    "hillis": "Hillis SL. A comparison of denominator degrees of freedom methods for multiple "
    "observer ROC analysis. Stat Med 2007;26:596-619.",
    "gallas": "Gallas BD, Bandos A, Samuelson FW, Wagner RF. A framework for random-effects ROC "
    "analysis. Commun Stat Theory Methods 2009;38:2586-603.",
    "handtill": "Hand DJ, Till RJ. A simple generalisation of the area under the ROC curve for "
    "multiple class classification problems. Mach Learn 2001;45:171-86.",
    "mcnemar": "Fagerland MW, Lydersen S, Laake P. The McNemar test for binary matched-pairs data. "
    "BMC Med Res Methodol 2013;13:91.",
    "raoscott": "Rao JNK, Scott AJ. A simple method for the analysis of clustered binary data. "
    "Biometrics 1992;48:577-85.",
    "obuchowski": "Obuchowski NA. Nonparametric analysis of clustered ROC curve data. Biometrics "
    "1997;53:567-78.",
    "durkalski": "Durkalski VL, Palesch YY, Lipsitz SR, Rust PF. Analysis of clustered "
    "matched-pair data. Stat Med 2003;22:2417-28.",
    "korn": "Korn EL, Graubard BI. Confidence intervals for proportions with small expected number "
    "of positive counts estimated from survey data. Surv Methodol 1998;24:193-201.",
    "zou": "Zou GY, Donner A. Construction of confidence limits about effect measures: a general "
    "approach. Stat Med 2008;27:1693-702.",
    "gwet": "Gwet KL. Computing inter-rater reliability and its variance in the presence of high "
    "agreement. Br J Math Stat Psychol 2008;61:29-48.",
}


def methods_paragraph(analysis: Analysis) -> list[tuple[str, tuple[str, ...]]]:
    """Sentences, each with the keys of its references."""
    meta = analysis.meta
    run = {record.method.name for record in analysis.records}
    quantities = {record.quantity for record in analysis.records}
    sentences = [_design(meta), _missing(meta)]
    if meta["models"]:
        sentences.append(_rule(meta))
    sentences.append(("Proportions of one model or reader have Wilson's interval.", ("wilson",)))
    optional = (
        ("or-rrrc-capped" in run, _primary()),
        ("or-rrrc-mover" in run, _mover()),
        (bool(meta["cluster"]), _clusters(meta)),
        ("ustat" in run, _pooled()),
        ("delong" in run, _areas()),
        ("auc_hand_till" in quantities, _multiclass()),
        ("noninferiority" in quantities, _margin(meta)),
        ("mcnemar-exact" in run, _mcnemar()),
        ("mcnemar-clustered" in run, _mcnemar_clustered()),
        (bool(meta["n_aided"]), _aided(meta)),
        ("ac1_gwet" in quantities, _agreement()),
        ("accuracy_per_10_trials" in quantities, _learning()),
        (bool(meta["replicates"]), _bootstrap(meta)),
    )
    return sentences + [sentence for really, sentence in optional if really]


def cited(sentences: list[tuple[str, tuple[str, ...]]]) -> list[str]:
    """The references of the sentences, each once, in order."""
    keys = dict.fromkeys(key for _, used in sentences for key in used)
    return [REFERENCES[key] for key in keys]


Sentence = tuple[str, tuple[str, ...]]


def _design(meta: dict[str, Any]) -> Sentence:
    crossed = "every reader answered every case" if meta["crossed"] else "not all answered all"
    simulated = f", {meta['n_simulated']} of them simulated," if meta["n_simulated"] else ""
    return (
        f"{meta['n_readers']} readers{simulated} gave {meta['n_answers']} answers to "
        f"{meta['n_cases']} cases of {len(meta['classes'])} classes ({crossed}). Sensitivity and "
        "specificity are one class against all others.",
        (),
    )


def _missing(meta: dict[str, Any]) -> Sentence:
    if meta["missing"] == "wrong":
        return ("A case that was shown and not answered counts as wrong.", ())
    return (
        "Cases that were shown and not answered are left out; each model is then compared on each "
        "reader's own cases.",
        (),
    )


def _rule(meta: dict[str, Any]) -> Sentence:
    if meta["rule"] == "strict":
        return (
            "A model decides for its most probable class; one outside the study's counts as wrong.",
            (),
        )
    return (
        "A model decides for the most probable of the study's classes, probabilities of others "
        "being divided among them in proportion.",
        (),
    )


def _learning() -> Sentence:
    return (
        "Learning and fatigue are the readers' own accuracies and slopes by trial, averaged over "
        "readers with t intervals; orders are random, so that early and late cases do not differ.",
        (),
    )


def _primary() -> Sentence:
    return (
        "The primary analysis takes readers and cases both as random samples "
        "(Obuchowski-Rockette, one treatment against a fixed model), with t intervals whose "
        "degrees of freedom are at most the number of cases less one: with many readers the usual "
        "ones promise more than few cases can hold.",
        ("hillis",),
    )


def _mover() -> Sentence:
    return (
        "For rates behind which few cases or mistakes stand, intervals are joined from exact "
        "limits of the model's and the mean reader's rate, the latter with the number of "
        "independent answers that its variance implies, by variance estimates recovery "
        "(or-rrrc-mover).",
        ("korn", "zou"),
    )


def _clusters(meta: dict[str, Any]) -> Sentence:
    return (
        f"Cases with the same {meta['cluster']} are not independent: {meta['n_clusters']} clusters "
        "take the place of the cases in every variance, in the degrees of freedom and in the "
        "bootstrap, and Wilson's interval has the number of cases divided by the design effect.",
        ("raoscott", "obuchowski"),
    )


def _pooled() -> Sentence:
    return (
        "As a cross-check and for incomplete designs, U-statistics pool all answers.",
        ("gallas",),
    )


def _areas() -> Sentence:
    return ("Areas under ROC curves have DeLong's variance, paired where cases are.", ("delong",))


def _multiclass() -> Sentence:
    return ("Over all classes, the macro one-vs-rest AUC and Hand and Till's M are given.",
            ("handtill",))  # fmt: skip


def _margin(meta: dict[str, Any]) -> Sentence:
    return (
        "Non-inferiority is tested one-sided, and equivalence by two one-sided tests, at a "
        f"margin of {meta['margin']}.",
        (),
    )


def _mcnemar() -> Sentence:
    return (
        "Each model is compared with each reader by McNemar's exact test, p adjusted by Holm and "
        "by Benjamini and Hochberg.",
        ("mcnemar",),
    )


def _mcnemar_clustered() -> Sentence:
    return (
        "Each model is compared with each reader by McNemar's test for clustered pairs, p adjusted "
        "by Holm and by Benjamini and Hochberg.",
        ("durkalski",),
    )


def _aided(meta: dict[str, Any]) -> Sentence:
    return (
        f"{meta['n_aided']} second answers were given with a model's advice; the mean over readers "
        "of aided minus unaided takes readers and cases both as random samples.",
        ("hillis",),
    )


def _agreement() -> Sentence:
    return ("Agreement among readers: Fleiss' kappa, Gwet's AC1, Krippendorff's alpha.", ("gwet",))


def _bootstrap(meta: dict[str, Any]) -> Sentence:
    return (
        f"The two-way bootstrap draws readers, and cases within their class, "
        f"{meta['replicates']} times; percentile intervals.",
        (),
    )
