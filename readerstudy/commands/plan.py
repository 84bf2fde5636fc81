"""`python -m readerstudy plan`: power of a future study from the files of a pilot."""

import argparse
from pathlib import Path

from readerstudy.commands.outcome import check_folder, outcome
from readerstudy.commands.plan_options import add_arguments, claims_of, components_of
from readerstudy.files.csvio import write_csv
from readerstudy.files.pilot_folder import read_pilot
from readerstudy.files.plan_tables import NEEDED, ROWS, needed_rows, plan_rows
from readerstudy.report.figure_style import save
from readerstudy.report.plan_page import render_page
from readerstudy.report.plan_words import (
    Facts,
    claim_words,
    endpoint_words,
    facts_of,
    facts_of_stated,
    terminal,
)
from readerstudy.report.power_curves import power_curves
from readerstudy.stats import StatsError, build_study
from readerstudy.stats.power.pilot import PRIMARY_ENDPOINT, Endpoint, endpoints
from readerstudy.stats.power.planning import Plan, PlanOptions, plan, stated_endpoint

__all__ = ["add_arguments", "run"]


def run(args: argparse.Namespace) -> int:
    """Exit status: 0 done, 2 refused with the reason on standard error."""
    return outcome(lambda: _run(args))


def _run(args: argparse.Namespace) -> str:
    check_folder(args.out)
    options = PlanOptions(
        tuple(sorted(set(args.readers))),
        tuple(sorted(set(args.cases))),
        claims_of(args),
        args.alpha,
        args.method,
    )
    found, facts = _from(args)
    shown = _shown(found, args.endpoint)
    planned = plan(found, options)
    written = _write(planned, shown, facts, args.out)
    return terminal(planned, shown, facts) + "".join(f"{path}\n" for path in written)


def _from(args: argparse.Namespace) -> tuple[list[Endpoint], Facts]:
    if args.components is not None:
        return [stated_endpoint(components_of(args.components))], facts_of_stated()
    readings, predictions = read_pilot(args.pilot, encoding=args.encoding)
    study = build_study(
        readings, predictions, positive=args.positive, rule=args.rule, missing=args.missing
    )
    return endpoints(study, covariance=args.covariance), facts_of(study)


def _shown(found: list[Endpoint], wanted: str | None) -> Endpoint:
    if wanted is None:
        main = [e for e in found if e.quantity == PRIMARY_ENDPOINT]
        return [*main, *found][0]
    quantity, _, class_ = wanted.partition(":")
    fitting = [e for e in found if (e.quantity, e.class_) == (quantity, class_ or "all")]
    if not fitting:
        names = dict.fromkeys(
            e.quantity if e.class_ == "all" else f"{e.quantity}:{e.class_}" for e in found
        )
        raise StatsError(
            f"Expected --endpoint to be one of {', '.join(names)}, but got {wanted!r}; choose one."
        )
    return fitting[0]


def _write(planned: Plan, shown: Endpoint, facts: Facts, out: Path) -> list[Path]:
    titles = {claim: claim_words(claim) for claim in planned.options.claims}
    heading = ". ".join([endpoint_words(shown), *facts.warnings])
    drawn = power_curves(planned, shown, heading=heading, titles=titles)
    svg = save(drawn, "svg")
    files = {
        "plan.csv": write_csv(ROWS, plan_rows(planned)).encode(),
        "needed.csv": write_csv(NEEDED, needed_rows(planned)).encode(),
        "plan.svg": svg,
        "plan.pdf": save(drawn, "pdf"),
        "plan.html": render_page(planned, shown, facts, svg).encode(),
    }
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)
    return [out / name for name in files]
