"""Numbers that judge a classifier, each with its interval, its n and the method's name.

Two families of decisions, never mixed: "argmax" (the most probable class is the answer) and
"threshold" (each class against the rest at its own threshold). "ranking" needs no decision at all,
and "probability" asks whether the probabilities can be believed.
"""

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from data.arrays import Bools, Floats, Ints
from data.measures.auc import (
    delong_influence,
    normal_interval,
    placements,
    separated_interval,
)
from data.measures.confusion import confusion_matrix
from model.metrics.bootstrap import PERCENTILE, estimates, percentile_intervals
from model.metrics.metric import FamilyName, Metric, f1, mean_rate, pooled_rate, proportion
from model.metrics.reliability import probability_metrics

DELONG = "DeLong 95%"
PERFECT = "Clopper-Pearson 95% of the smaller group, as a perfect ranking has no variance"
PERFECT_ALL = "Clopper-Pearson 95% of the smallest class, as perfect rankings have no variance"
MACRO_AUC = "normal 95%, variance from DeLong components of all classes"


def auc_components(scores: Floats, positive: Bools) -> tuple[float, Floats]:
    """Area under the ROC curve and what each case contributes to it.

    `scores` (n,) float, `positive` (n,) bool. Returns the AUC (ties count one half) and (n,) signed
    contributions whose squares sum to DeLong's variance: nan with fewer than two cases in a group,
    and the AUC too when one is empty.
    Reference: DeLong et al. 1988; ranks as in Sun & Xu 2014.
    """
    n_pos = int(positive.sum())
    n_neg = len(positive) - n_pos
    found = placements(scores[positive][None], scores[~positive][None])
    contributions = np.full(len(scores), math.nan)
    if min(n_pos, n_neg) > 1:
        [influence] = delong_influence(found)
        contributions[positive], contributions[~positive] = influence[:n_pos], influence[n_pos:]
    return float(found.auc[0]), contributions


def macro_auc(probabilities: Floats, truth: Ints) -> float:
    """Mean one-vs-rest AUC over the classes present in `truth` (n,); `probabilities` is (n, k)."""
    areas = [
        auc_components(probabilities[:, c], truth == c)[0] for c in range(probabilities.shape[1])
    ]
    known = [area for area in areas if not math.isnan(area)]
    return float(np.mean(known)) if known else math.nan


def auc_metrics(probabilities: Floats, truth: Ints, codes: Sequence[str]) -> list[Metric]:
    """One-vs-rest AUC per class (DeLong), after their mean over the classes present.

    The variance of the mean keeps the covariance of the classes' areas.
    """
    n = len(truth)
    columns = [(probabilities[:, c], truth == c) for c in range(len(codes))]
    rows = [auc_metric(*column, class_=code) for column, code in zip(columns, codes, strict=True)]
    found = [auc_components(*column) for column in columns]
    parts = [contributions for area, contributions in found if not math.isnan(area)]
    macro = macro_auc(probabilities, truth)
    together = np.mean(parts, axis=0) if parts else np.full(n, math.nan)
    (low, high), method = _normal(macro, together), MACRO_AUC
    if macro in (0.0, 1.0):
        smallest = min(min(int(p.sum()), int((~p).sum())) for _, p in columns if 0 < p.sum() < n)
        low, high = separated_interval(macro, n_positive=smallest, n_negative=smallest)
        method = PERFECT_ALL
    return [Metric("ranking", "macro auc", "", macro, low, high, n, method), *rows]


def ranking_metrics(probabilities: Floats, truth: Ints, codes: Sequence[str]) -> list[Metric]:
    """AUC and average precision: of each class against the rest, and their means."""
    return [
        *auc_metrics(probabilities, truth, codes),
        *_precision_metrics(probabilities, truth, codes),
    ]


def auc_metric(
    scores: Floats,
    positive: Bools,
    *,
    class_: str = "",
    family: FamilyName = "ranking",
    quantity: str = "auc",
) -> Metric:
    """The AUC of (n,) scores with DeLong's interval; nan without positives or negatives.

    A perfect or inverted ranking has no variance to DeLong, but no certainty either.
    """
    area, contributions = auc_components(scores, positive)
    n = len(positive)
    if area in (0.0, 1.0):
        low, high = separated_interval(
            area, n_positive=int(positive.sum()), n_negative=int((~positive).sum())
        )
        return Metric(family, quantity, class_, area, low, high, n, PERFECT)
    low, high = _normal(area, contributions)
    return Metric(family, quantity, class_, area, low, high, n, DELONG)


def average_precision(scores: Floats, positive: Bools) -> Callable[[Floats], Floats]:
    """The average precision of (n,) scores as a function of (b, n) weights of the cases.

    The sum over the thresholds of precision x step of sensitivity, nan where no positive counts;
    equal scores share one threshold. Reference: Zhu 2004; scikit-learn computes the same.
    """
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], positive[order]
    # The last of the ranked cases, and of the positives, that reaches the score of each positive.
    reach = np.searchsorted(-ranked, -ranked[hits], side="right") - 1

    own_reach = np.searchsorted(-ranked[hits], -ranked[hits], side="right") - 1

    def statistic(weights: Floats) -> Floats:
        drawn = weights[:, order]
        own = drawn[:, hits]
        called = np.cumsum(drawn, axis=1)[:, reach]
        found = np.cumsum(own, axis=1)[:, own_reach]
        total = own.sum(axis=1)
        area = (own * found / np.maximum(called, 1)).sum(axis=1)
        found = np.full(len(total), math.nan)
        np.divide(area, total, out=found, where=total > 0)
        return found

    return statistic


def _precision_metrics(probabilities: Floats, truth: Ints, codes: Sequence[str]) -> list[Metric]:
    """Average precision of each class, and their mean over the classes present."""
    n = len(truth)
    numbers = np.bincount(truth, minlength=len(codes))
    # Without others to rank them against, cases of one class are in no order.
    ranked = (numbers > 0) & (numbers < n)
    parts = [average_precision(probabilities[:, c], truth == c) for c in range(len(codes))]

    def all_parts(weights: Floats) -> Floats:
        found = np.column_stack([part(weights) for part in parts])
        found[:, ~ranked] = math.nan
        return np.column_stack([found[:, ranked].mean(axis=1), found])

    size, is_defined = len(codes) + 1, bool(ranked.any())
    values = estimates(all_parts, n) if is_defined else np.full(size, math.nan)
    limits = percentile_intervals(all_parts, n) if is_defined else np.full((size, 2), math.nan)
    rows = [
        _precision_metric(code, value, (low, high), int(number), n=n)
        for code, value, (low, high), number in zip(
            codes, values[1:].tolist(), limits[1:].tolist(), numbers, strict=True
        )
    ]
    fewest = int(numbers[ranked].min()) if is_defined else 0
    low, high = limits[0].tolist()
    whole = _precision_metric("", float(values[0]), (low, high), fewest, n=n)
    method = PERFECT_ALL if whole.method == PERFECT else whole.method
    return [dataclasses.replace(whole, quantity="macro average precision", method=method), *rows]


def _precision_metric(
    code: str, value: float, limits: tuple[float, float], n_positive: int, *, n: int
) -> Metric:
    """Redrawing cases tells nothing about a perfect ranking, and nothing of one positive."""
    (low, high), method = limits, PERCENTILE
    if value == 1:
        low, high = separated_interval(value, n_positive=n_positive, n_negative=n_positive)
        method = PERFECT
    elif n_positive < 2:
        low = high = math.nan
    return Metric("ranking", "average precision", code, value, low, high, n, method)


def argmax_metrics(probabilities: Floats, truth: Ints, codes: Sequence[str]) -> list[Metric]:
    """Top-1 and top-3 accuracy, balanced accuracy, and per class what the argmax answer is worth.

    `probabilities` (n, k), `truth` (n,) int in [0, k). A class without cases has nan.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    answer = order[:, 0]
    rows = [
        proportion("argmax", "top-1 accuracy", "", answer == truth),
        proportion("argmax", "top-3 accuracy", "", (order[:, :3] == truth[:, None]).any(axis=1)),
    ]
    decided = answer[:, None] == np.arange(len(codes))
    macro = _over_classes("argmax", decided, truth)
    rows.append(dataclasses.replace(macro[0], quantity="balanced accuracy"))
    return rows + macro + _per_class("argmax", decided, truth, codes)


def threshold_metrics(
    probabilities: Floats, truth: Ints, codes: Sequence[str], *, thresholds: Mapping[str, float]
) -> list[Metric]:
    """Each class against the rest: positive when its probability reaches its threshold.

    The macro figures are means over the classes; this is the family in which the paper's accuracy,
    sensitivity and specificity can stand beside each other (see docs/model.md).
    """
    limits = np.array([thresholds[code] for code in codes])
    decided = probabilities >= limits
    return _over_classes("threshold", decided, truth) + _per_class(
        "threshold", decided, truth, codes
    )


def _per_class(
    family: FamilyName, decided: Bools, truth: Ints, codes: Sequence[str]
) -> list[Metric]:
    rows = []
    for index, code in enumerate(codes):
        said, is_ = decided[:, index], truth == index
        rows += [
            proportion(family, "sensitivity", code, said[is_]),
            proportion(family, "specificity", code, ~said[~is_]),
            proportion(family, "ppv", code, is_[said]),
            proportion(family, "npv", code, ~is_[~said]),
            f1(family, code, said, is_),
        ]
    return rows


def _over_classes(family: FamilyName, decided: Bools, truth: Ints) -> list[Metric]:
    """Means over the classes that have cases (macro), and all their decisions pooled (micro).

    A class that is never answered has no PPV and is left out of that mean.
    """
    present = np.unique(truth)
    is_, said = truth[:, None] == present, decided[:, present]
    right = said == is_
    parts = {
        "sensitivity": (right, is_),
        "specificity": (right, ~is_),
        "ppv": (right, said),
        "npv": (right, ~said),
        "accuracy": (right, np.ones_like(is_)),
    }
    both = said & is_, said | is_
    macro = [mean_rate(family, f"macro {name}", *part) for name, part in parts.items()]
    micro = [pooled_rate(family, f"micro {name}", *part) for name, part in parts.items()]
    return [
        *macro,
        mean_rate(family, "macro f1", *both, is_f1=True),
        *micro,
        pooled_rate(family, "micro f1", *both, is_f1=True),
    ]


def _normal(estimate: float, contributions: Floats) -> tuple[float, float]:
    low, high = normal_interval(np.array(estimate), np.sqrt((contributions**2).sum()))
    return float(low), float(high)


def confusion(probabilities: Floats, truth: Ints) -> Ints:
    """(k, k) int64 counts: rows are the reference standard, columns the argmax answer."""
    return confusion_matrix(truth, probabilities.argmax(axis=1), n_classes=probabilities.shape[1])


def all_metrics(
    probabilities: Floats, truth: Ints, codes: Sequence[str], *, thresholds: Mapping[str, float]
) -> tuple[Metric, ...]:
    """Ranking, argmax, threshold and probability metrics of one set of cases, in that order."""
    return (
        *ranking_metrics(probabilities, truth, codes),
        *argmax_metrics(probabilities, truth, codes),
        *threshold_metrics(probabilities, truth, codes, thresholds=thresholds),
        *probability_metrics(probabilities, truth, codes),
    )
