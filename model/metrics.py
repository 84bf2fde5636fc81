"""Numbers that judge a classifier, each with its interval, its n and the method's name.

Two families, never mixed: "argmax" (the most probable class is the answer) and "threshold" (each
class against the rest at its own threshold); "ranking" needs no decision at all.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from scipy import stats

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
FamilyName = Literal["argmax", "threshold", "ranking"]

_Z95 = float(stats.norm.ppf(0.975))
WILSON = "Wilson 95%"
DELONG = "DeLong 95%"
PERFECT = "Wilson 95% of the smaller group, as DeLong's variance is 0"
MOVER = "MOVER 95% from the classes' Wilson intervals and their correlation"
MACRO_AUC = "normal 95%, variance from DeLong components of all classes"


@dataclass(frozen=True)
class Metric:
    """One number: a fraction in [0, 1] (nan when undefined), its 95% interval and its n.

    `class_` is empty for a figure over all classes; `n` is the number of cases it rests on.
    """

    family: FamilyName
    quantity: str
    class_: str
    estimate: float
    ci_low: float
    ci_high: float
    n: int
    method: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; an undefined number becomes None."""
        return {
            key: None if isinstance(value, float) and math.isnan(value) else value
            for key, value in asdict(self).items()
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Metric":
        """Read what `to_dict` wrote."""
        numbers = ("estimate", "ci_low", "ci_high")
        values: dict[str, Any] = {
            k: math.nan if v is None and k in numbers else v for k, v in content.items()
        }
        return cls(**values)


def wilson(k: int, n: int) -> tuple[float, float]:
    """95% score interval of k successes in n; (nan, nan) for n = 0. Reference: Wilson 1927.

    >>> tuple(round(bound, 3) for bound in wilson(8, 10))
    (0.49, 0.943)
    """
    if n == 0:
        return math.nan, math.nan
    p, z2 = k / n, _Z95**2
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, centre - half), min(1.0, centre + half)


def auc_components(scores: Floats, positive: Bools) -> tuple[float, Floats]:
    """Area under the ROC curve and what each case contributes to it.

    `scores` (n,) float, `positive` (n,) bool. Returns the AUC (ties count one half) and (n,) signed
    contributions whose squares sum to DeLong's variance: nan with fewer than two cases in a group,
    and the AUC too when one is empty.
    Reference: DeLong et al. 1988; ranks as in Sun & Xu 2014.
    """
    n_pos = int(positive.sum())
    n_neg = len(positive) - n_pos
    if n_pos == 0 or n_neg == 0:
        return math.nan, np.full(len(scores), math.nan)
    overall = stats.rankdata(scores)
    placed = np.empty(len(scores))
    placed[positive] = (overall[positive] - stats.rankdata(scores[positive])) / n_neg
    placed[~positive] = 1 - (overall[~positive] - stats.rankdata(scores[~positive])) / n_pos
    auc = float(placed[positive].mean())
    if min(n_pos, n_neg) < 2:
        return auc, np.full(len(scores), math.nan)
    size = np.where(positive, n_pos * (n_pos - 1), n_neg * (n_neg - 1))
    return auc, (placed - auc) / np.sqrt(size)


def macro_auc(probabilities: Floats, truth: Ints) -> float:
    """Mean one-vs-rest AUC over the classes present in `truth` (n,); `probabilities` is (n, k)."""
    areas = [
        auc_components(probabilities[:, c], truth == c)[0] for c in range(probabilities.shape[1])
    ]
    known = [area for area in areas if not math.isnan(area)]
    return float(np.mean(known)) if known else math.nan


def ranking_metrics(probabilities: Floats, truth: Ints, codes: Sequence[str]) -> list[Metric]:
    """One-vs-rest AUC per class (DeLong) and their mean, whose variance keeps their covariance."""
    n = len(truth)
    rows, parts = [], []
    for index, code in enumerate(codes):
        area, contributions = auc_components(probabilities[:, index], truth == index)
        rows.append(_auc_metric(code, area, contributions, truth == index))
        if not math.isnan(area):
            parts.append(contributions)
    macro = macro_auc(probabilities, truth)
    together = np.mean(parts, axis=0) if parts else np.full(n, math.nan)
    low, high = _normal(macro, together)
    return [Metric("ranking", "macro auc", "", macro, low, high, n, MACRO_AUC), *rows]


def _auc_metric(code: str, area: float, contributions: Floats, positive: Bools) -> Metric:
    """A perfect or inverted ranking has no variance to DeLong, but no certainty either."""
    n = len(positive)
    if area in (0.0, 1.0):
        smaller = min(int(positive.sum()), int((~positive).sum()))
        low, high = wilson(round(area * smaller), smaller)
        return Metric("ranking", "auc", code, area, low, high, n, PERFECT)
    low, high = _normal(area, contributions)
    return Metric("ranking", "auc", code, area, low, high, n, DELONG)


def argmax_metrics(probabilities: Floats, truth: Ints, codes: Sequence[str]) -> list[Metric]:
    """Top-1 and top-3 accuracy, balanced accuracy, and per class what the argmax answer is worth.

    `probabilities` (n, k), `truth` (n,) int in [0, k). A class without cases has nan.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    answer = order[:, 0]
    rows = [
        _proportion("argmax", "top-1 accuracy", "", answer == truth),
        _proportion("argmax", "top-3 accuracy", "", (order[:, :3] == truth[:, None]).any(axis=1)),
    ]
    decided = answer[:, None] == np.arange(len(codes))
    macro = _macro("argmax", decided, truth)
    balanced = macro[0]
    rows.append(Metric(**{**asdict(balanced), "quantity": "balanced accuracy"}))
    rows.append(macro[1])
    return rows + _per_class("argmax", decided, truth, codes)


def threshold_metrics(
    probabilities: Floats, truth: Ints, codes: Sequence[str], *, thresholds: Mapping[str, float]
) -> list[Metric]:
    """Each class against the rest: positive when its probability reaches its threshold.

    The macro figures are means over the classes; this is the family in which the paper's accuracy,
    sensitivity and specificity can stand beside each other (see docs/model.md).
    """
    limits = np.array([thresholds[code] for code in codes])
    decided = probabilities >= limits
    return _macro("threshold", decided, truth) + _per_class("threshold", decided, truth, codes)


def _per_class(
    family: FamilyName, decided: Bools, truth: Ints, codes: Sequence[str]
) -> list[Metric]:
    rows = []
    for index, code in enumerate(codes):
        said, is_ = decided[:, index], truth == index
        rows += [
            _proportion(family, "sensitivity", code, said[is_]),
            _proportion(family, "specificity", code, ~said[~is_]),
            _proportion(family, "ppv", code, is_[said]),
            _proportion(family, "npv", code, ~is_[~said]),
        ]
    return rows


def _macro(family: FamilyName, decided: Bools, truth: Ints) -> list[Metric]:
    """Mean sensitivity, specificity and accuracy over the classes that have cases."""
    present = np.unique(truth)
    is_ = truth[:, None] == present
    right = decided[:, present] == is_
    return [
        _mean_rate(family, "macro sensitivity", right, is_),
        _mean_rate(family, "macro specificity", right, ~is_),
        _mean_rate(family, "macro accuracy", right, np.ones_like(is_)),
    ]


def _mean_rate(family: FamilyName, quantity: str, right: Bools, counted: Bools) -> Metric:
    """Mean over columns of the share of `right` among `counted`, all (n, k) bool.

    MOVER keeps an interval around rates of 0 and 1, where a normal one has no width.
    Reference: Zou & Donner 2008; correlated parts: Zou 2008, Stat Med 27:1693.
    """
    sizes = counted.sum(axis=0)
    right, counted, sizes = right[:, sizes > 0], counted[:, sizes > 0], sizes[sizes > 0]
    n = int(counted.any(axis=1).sum())
    if not sizes.size:
        return Metric(family, quantity, "", math.nan, math.nan, math.nan, n, MOVER)
    hits = (right & counted).sum(axis=0)
    rates = hits / sizes
    bounds = np.array([wilson(int(k), int(m)) for k, m in zip(hits, sizes, strict=True)])
    related = _correlation((right - rates) * counted, shared=(counted.T @ counted) > 0)
    down, up = (np.sqrt(max(0.0, d @ related @ d)) / len(sizes) for d in (bounds.T - rates))
    estimate = float(rates.mean())
    low, high = max(0.0, estimate - float(down)), min(1.0, estimate + float(up))
    return Metric(family, quantity, "", estimate, low, high, n, MOVER)


def _correlation(away: Floats, *, shared: Bools) -> Floats:
    """(k, k) correlation of the columns' mistakes; 1 where it cannot be known but cases are shared.

    Classes that share no case, as in sensitivity, are independent.
    """
    products = away.T @ away
    spread = np.sqrt(np.diag(products))
    scale = np.outer(spread, spread)
    related = np.where(shared, 1.0, 0.0)
    np.divide(products, scale, out=related, where=scale > 0)
    np.fill_diagonal(related, 1.0)
    return related


def _normal(estimate: float, contributions: Floats) -> tuple[float, float]:
    half = _Z95 * math.sqrt(float((contributions**2).sum()))
    # Not max and min: they would turn nan into a bound.
    return float(np.clip(estimate - half, 0, 1)), float(np.clip(estimate + half, 0, 1))


def _proportion(family: FamilyName, quantity: str, class_: str, right: Bools) -> Metric:
    n, k = len(right), int(right.sum())
    low, high = wilson(k, n)
    return Metric(family, quantity, class_, k / n if n else math.nan, low, high, n, WILSON)


def confusion(probabilities: Floats, truth: Ints) -> Ints:
    """(k, k) int64 counts: rows are the reference standard, columns the argmax answer."""
    k = probabilities.shape[1]
    counts = np.zeros((k, k), dtype=np.int64)
    np.add.at(counts, (truth, probabilities.argmax(axis=1)), 1)
    return counts


def all_metrics(
    probabilities: Floats, truth: Ints, codes: Sequence[str], *, thresholds: Mapping[str, float]
) -> tuple[Metric, ...]:
    """Ranking, argmax and threshold metrics of one set of cases, in that order."""
    return (
        *ranking_metrics(probabilities, truth, codes),
        *argmax_metrics(probabilities, truth, codes),
        *threshold_metrics(probabilities, truth, codes, thresholds=thresholds),
    )
