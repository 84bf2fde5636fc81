"""The rows of plan.csv and needed.csv."""

from collections.abc import Iterator
from typing import Any

from readerstudy.stats.power.pilot import Endpoint
from readerstudy.stats.power.planning import Needed, Plan, size_notes
from readerstudy.stats.power.power import Claim

_WHAT = ("endpoint", "class", "model", "claim", "margin", "difference", "alpha", "method")
ROWS = (
    *_WHAT,
    "readers",
    "cases",
    "cases_entering",
    "power",
    "power_half_variances",
    "power_double_variances",
    "se",
    "df",
    "notes",
)
NEEDED = (*_WHAT, "target", "searched", "readers", "cases", "power", "notes")


def plan_rows(plan: Plan) -> Iterator[dict[str, Any]]:
    """One row for each endpoint, claim and size."""
    for row in plan.rows:
        yield {
            **_what(row.endpoint, row.claim, plan),
            "readers": row.readers,
            "cases": row.cases,
            "cases_entering": row.cases_entering,
            "power": row.power,
            "power_half_variances": row.power_half,
            "power_double_variances": row.power_double,
            "se": row.se,
            "df": row.df,
            "notes": row.note,
        }


def needed_rows(plan: Plan) -> Iterator[dict[str, Any]]:
    """The smallest study for each target; an empty number where none is enough."""
    for found in plan.needed:
        yield {
            **_what(found.endpoint, found.claim, plan),
            "target": found.target,
            "searched": found.searched,
            "readers": found.readers,
            "cases": found.cases,
            "power": found.power,
            "notes": "; ".join(_needed_notes(found)),
        }


def _needed_notes(found: Needed) -> Iterator[str]:
    if found.readers is None or found.cases is None:
        yield "none is enough; the power is that of the most that was tried"
    yield from found.endpoint.notes
    if found.cases is not None:
        yield from size_notes(found.endpoint, found.cases)


def _what(endpoint: Endpoint, claim: Claim, plan: Plan) -> dict[str, Any]:
    return {
        "endpoint": endpoint.quantity,
        "class": endpoint.class_,
        "model": endpoint.model,
        "claim": claim.kind,
        "margin": claim.margin or None,
        "difference": claim.difference,
        "alpha": plan.options.alpha,
        "method": plan.options.method,
    }
