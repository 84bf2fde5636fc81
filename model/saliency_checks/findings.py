"""From values per image to numbers with their n, interval and method."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from model.rates import WILSON, wilson
from model.saliency_checks import checks
from model.saliency_checks.baselines import BASELINES
from model.saliency_checks.work import Done

Floats = npt.NDArray[np.float64]
BOOTSTRAP = "percentile bootstrap 95% over images, 2,000 draws"
PAIRED = "paired " + BOOTSTRAP
_DRAWS = 2000
# Below this an interval from resampling would be far too narrow.
_FEWEST = 5


@dataclass(frozen=True)
class Finding:
    """One number with its interval and n; nan where undefined.

    `map` is a method or baseline ("" for the images themselves), `against` what the estimate is a
    difference to ("" for a plain mean), `group` the layers that were random.
    """

    map: str
    quantity: str
    against: str
    group: str
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
    def from_dict(cls, content: Mapping[str, Any]) -> "Finding":
        """Read what `to_dict` wrote."""
        numbers = ("estimate", "ci_low", "ci_high")
        values: dict[str, Any] = {
            k: math.nan if v is None and k in numbers else v for k, v in content.items()
        }
        return cls(**values)


def summarise(done: Sequence[Done], *, seed: int = 1) -> list[Finding]:
    """All means, and the paired differences that matter, with intervals over images."""
    values = _table(done)
    found = []
    for (name, quantity, group), part in values.groupby(["map", "quantity", "group"], sort=False):
        found.append(_mean(str(name), str(quantity), str(group), part, seed=seed))
    for quantity in (checks.SHARE, checks.DELETION, checks.INSERTION, checks.UNFORETOLD):
        found += _differences(values[values["quantity"] == quantity], quantity, seed=seed)
    found += _above_area(values, seed=seed)
    return found


def mean_interval(values: Floats, *, seed: int) -> tuple[float, float, float]:
    """Mean of (n,) values and its 95% percentile bootstrap limits; nan below 5 values.

    Reference: Efron and Tibshirani 1993, ch. 13.
    """
    if len(values) == 0:
        return math.nan, math.nan, math.nan
    if len(values) < _FEWEST:
        return float(values.mean()), math.nan, math.nan
    draws = np.random.default_rng(seed).integers(0, len(values), (_DRAWS, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), [0.025, 0.975])
    return float(values.mean()), float(low), float(high)


def _table(done: Sequence[Done]) -> pd.DataFrame:
    rows = [(d.image, *value) for d in done for value in d.values]
    columns = ["image", "map", "quantity", "group", "value"]
    return pd.DataFrame(rows, columns=columns).dropna(subset=["value"])


def _mean(name: str, quantity: str, group: str, part: pd.DataFrame, *, seed: int) -> Finding:
    values = part["value"].to_numpy(dtype=np.float64)
    estimate, low, high = mean_interval(values, seed=seed)
    method = BOOTSTRAP
    if quantity == checks.HIT:
        low, high = wilson(round(float(values.sum())), len(values))
        method = WILSON
    return Finding(name, quantity, "", group, estimate, low, high, len(values), method)


def _differences(part: pd.DataFrame, quantity: str, *, seed: int) -> list[Finding]:
    """Each method minus each baseline, image by image."""
    wide = part.pivot_table(index="image", columns="map", values="value")
    baselines = [b for b in BASELINES if b in wide.columns]
    return [
        _difference(wide[name] - wide[other], str(name), quantity, other, seed=seed)
        for name in wide.columns
        if name not in baselines
        for other in baselines
    ]


def _above_area(values: pd.DataFrame, *, seed: int) -> list[Finding]:
    """Each map's share on the structures minus the share that any spread-out map would have."""
    area = values[values["quantity"] == checks.AREA].set_index("image")["value"]
    shares = values[values["quantity"] == checks.SHARE]
    return [
        _difference(
            part.set_index("image")["value"] - area, str(name), checks.SHARE, checks.AREA, seed=seed
        )
        for name, part in shares.groupby("map", sort=False)
    ]


def _difference(
    values: "pd.Series[float]", name: str, quantity: str, against: str, *, seed: int
) -> Finding:
    plain = np.asarray(values.dropna(), dtype=np.float64)
    estimate, low, high = mean_interval(plain, seed=seed)
    return Finding(name, quantity, against, "", estimate, low, high, len(plain), PAIRED)


def find(
    findings: Sequence[Finding], name: str, quantity: str, *, against: str = "", group: str = ""
) -> Finding | None:
    """The one number asked for, or None when it was not measured."""
    wanted = (name, quantity, against, group)
    return next((f for f in findings if (f.map, f.quantity, f.against, f.group) == wanted), None)
