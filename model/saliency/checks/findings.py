"""From values per image to numbers with their n, interval and method."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from model.metrics.bootstrap import PERCENTILE, mean_interval
from model.metrics.metric import WILSON, from_plain_row, plain_row, wilson
from model.saliency.checks import checks
from model.saliency.checks.baselines import BASELINES
from model.saliency.checks.runner import Done


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
        return plain_row(asdict(self))

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Finding":
        """Read what `to_dict` wrote."""
        return cls(**from_plain_row(content))


def summarise(done: Sequence[Done]) -> list[Finding]:
    """All means, and the paired differences that matter, with intervals over images."""
    values = _table(done)
    found = []
    for (name, quantity, group), part in values.groupby(["map", "quantity", "group"], sort=False):
        found.append(_mean(str(name), str(quantity), str(group), part))
    for quantity in (checks.SHARE, checks.DELETION, checks.INSERTION, checks.UNFORETOLD):
        found += _differences(values[values["quantity"] == quantity], quantity)
    found += _above_area(values)
    return found


def _table(done: Sequence[Done]) -> pd.DataFrame:
    rows = [(d.image, *value) for d in done for value in d.values]
    columns = ["image", "map", "quantity", "group", "value"]
    return pd.DataFrame(rows, columns=columns).dropna(subset=["value"])


def _mean(name: str, quantity: str, group: str, part: pd.DataFrame) -> Finding:
    values = part["value"].to_numpy(dtype=np.float64)
    estimate, low, high = mean_interval(values)
    method = PERCENTILE
    if quantity == checks.HIT:
        low, high = wilson(round(float(values.sum())), len(values))
        method = WILSON
    return Finding(name, quantity, "", group, estimate, low, high, len(values), method)


def _differences(part: pd.DataFrame, quantity: str) -> list[Finding]:
    """Each method minus each baseline, image by image."""
    wide = part.pivot_table(index="image", columns="map", values="value")
    baselines = [b for b in BASELINES if b in wide.columns]
    return [
        _difference(wide[name] - wide[other], str(name), quantity, other)
        for name in wide.columns
        if name not in baselines
        for other in baselines
    ]


def _above_area(values: pd.DataFrame) -> list[Finding]:
    """Each map's share on the structures minus the share that any spread-out map would have."""
    area = values[values["quantity"] == checks.AREA].set_index("image")["value"]
    shares = values[values["quantity"] == checks.SHARE]
    return [
        _difference(part.set_index("image")["value"] - area, str(name), checks.SHARE, checks.AREA)
        for name, part in shares.groupby("map", sort=False)
    ]


def _difference(
    values: "pd.Series[float]",
    name: str,
    quantity: str,
    against: str,
) -> Finding:
    plain = np.asarray(values.dropna(), dtype=np.float64)
    estimate, low, high = mean_interval(plain)
    return Finding(
        name, quantity, against, "", estimate, low, high, len(plain), "paired " + PERCENTILE
    )


def find(
    findings: Sequence[Finding], name: str, quantity: str, *, against: str = "", group: str = ""
) -> Finding | None:
    """The one number asked for, or None when it was not measured."""
    wanted = (name, quantity, against, group)
    return next((f for f in findings if (f.map, f.quantity, f.against, f.group) == wanted), None)
