"""Shares of cases with honest intervals: one share, means over classes, pooled over classes."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from data.arrays import Bools, Floats
from data.measures.proportions import interval

FamilyName = Literal["argmax", "threshold", "ranking", "probability", "sets", "scope"]

WILSON = "Wilson 95%"
F1_WILSON = "Wilson 95% of TP / (TP + FP + FN), carried over to F1"
MOVER = "MOVER 95% from the classes' Wilson intervals and their correlation"
POOLED = "Wilson 95% at the effective number of cases (Rao & Scott)"


def plain_row(row: Mapping[Any, Any]) -> dict[str, Any]:
    """`row` for JSON, which has no nan: an undefined number becomes None."""
    return {str(k): None if isinstance(v, float) and math.isnan(v) else v for k, v in row.items()}


def from_plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Back from `plain_row`: an estimate or bound that is None becomes nan."""
    numbers = ("estimate", "ci_low", "ci_high")
    return {k: math.nan if v is None and k in numbers else v for k, v in row.items()}


@dataclass(frozen=True)
class Metric:
    """One number (nan when undefined), its 95% interval and its n.

    A fraction in [0, 1], but for the Brier score over all classes, in [0, 2], and the size of
    prediction sets. `class_` is empty for a figure over all classes; `n` is the number of cases it
    rests on.
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
        return plain_row(asdict(self))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Metric":
        """Read what `to_dict` wrote."""
        return cls(**from_plain_row(content))


@dataclass(frozen=True)
class SubgroupMetric:
    """A figure over the cases whose `column` of the manifest is `value`."""

    column: str
    value: str
    metric: Metric

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready, flat; an undefined number becomes None."""
        return {"column": self.column, "value": self.value, **self.metric.to_dict()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "SubgroupMetric":
        """Read what `to_dict` wrote."""
        rest = dict(content)
        return cls(str(rest.pop("column")), str(rest.pop("value")), Metric.from_dict(rest))


def wilson(k: float, n: float) -> tuple[float, float]:
    """95% score interval of k successes in n; (nan, nan) for n = 0. Reference: Wilson 1927.

    >>> tuple(round(bound, 3) for bound in wilson(8, 10))
    (0.49, 0.943)
    """
    low, high = interval(k, n)
    return float(low), float(high)


def proportion(family: FamilyName, quantity: str, class_: str, right: Bools) -> Metric:
    """The share of `right` (n,) bool, with Wilson's interval; undefined for n = 0."""
    n, k = len(right), int(right.sum())
    low, high = wilson(k, n)
    return Metric(family, quantity, class_, k / n if n else math.nan, low, high, n, WILSON)


def f1_of(share: float) -> float:
    """F1 from J = TP / (TP + FP + FN): 2J / (1 + J), which rises with J, so that limits carry over.

    >>> f1_of(1 / 3)
    0.5
    """
    return 2 * share / (1 + share)


def f1(family: FamilyName, class_: str, said: Bools, is_: Bools) -> Metric:
    """F1 of the answers `said` (n,) bool against the truth `is_` (n,) bool.

    Given that a case is of the class or is called so, it is either right or not: Wilson's interval
    of that share, whose n is these cases, keeps a width where all are right.
    """
    union = said | is_
    n, k = int(union.sum()), int((said & is_).sum())
    low, high = wilson(k, n)
    estimate = f1_of(k / n) if n else math.nan
    return Metric(family, "f1", class_, estimate, f1_of(low), f1_of(high), n, F1_WILSON)


def mean_rate(
    family: FamilyName, quantity: str, right: Bools, counted: Bools, *, is_f1: bool = False
) -> Metric:
    """Mean over columns of the share of `right` among `counted`, all (n, k) bool.

    Columns that count nothing are left out. With `is_f1` each share is carried over to F1. MOVER
    keeps an interval around rates of 0 and 1, where a normal one has no width.
    Reference: Zou & Donner 2008; correlated parts: Zou 2008, Stat Med 27:1693.
    """
    sizes = counted.sum(axis=0)
    right, counted, sizes = right[:, sizes > 0], counted[:, sizes > 0], sizes[sizes > 0]
    n = int(counted.any(axis=1).sum())
    if not sizes.size:
        return Metric(family, quantity, "", math.nan, math.nan, math.nan, n, MOVER)
    hits = (right & counted).sum(axis=0)
    rates = hits / sizes
    bounds = np.transpose(interval(hits, sizes))
    related = _correlation((right - rates) * counted, shared=(counted.T @ counted) > 0)
    if is_f1:
        rates, bounds = 2 * rates / (1 + rates), 2 * bounds / (1 + bounds)
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


def pooled_rate(
    family: FamilyName, quantity: str, right: Bools, counted: Bools, *, is_f1: bool = False
) -> Metric:
    """The share of `right` among `counted`, both (n, k) bool, pooled over the k columns.

    A case's decisions on the k classes are not independent: the interval is Wilson's at the number
    of independent decisions with the same variance, at most those counted; where all or none are
    right it is the number of cases. Reference: Rao & Scott 1992, Biometrics 48:577.
    """
    total = int(counted.sum())
    n = int(counted.any(axis=1).sum())
    if not total:
        return Metric(family, quantity, "", math.nan, math.nan, math.nan, n, POOLED)
    rate = float((right & counted).sum()) / total
    away = ((right - rate) * counted).sum(axis=1)
    variance = float((away**2).sum()) / total**2
    effective = min(total, rate * (1 - rate) / variance) if variance > 0 else n
    low, high = wilson(rate * effective, effective)
    if is_f1:
        rate, low, high = f1_of(rate), f1_of(low), f1_of(high)
    return Metric(family, quantity, "", rate, low, high, n, POOLED)
