"""The options of `plan`, checked in words."""

import argparse
import math
from collections.abc import Callable, Sequence
from pathlib import Path

from readerstudy.stats import StatsError
from readerstudy.stats.methods.obuchowski_rockette import DESIGNS
from readerstudy.stats.methods.reader_area import COVARIANCES
from readerstudy.stats.power.planning import PRIMARY
from readerstudy.stats.power.power import Claim, Components, obuchowski_rockette

_READERS, _CASES = (10, 20, 50, 280), (50, 100, 200)
_MOST_READERS, _MOST_CASES, _MOST_SIZES = 100_000, 1_000_000, 50
_NAMES = ("var_tr", "var", "cov1", "cov2", "cov3", "cases")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `plan`."""
    _add_source(parser)
    _add_sizes(parser)
    _add_claims(parser)
    add = parser.add_argument
    endpoint = "shown first, for example sensitivity:BCC (default: balanced_accuracy)"
    add("--endpoint", metavar="QUANTITY[:CLASS]", help=endpoint)
    out = "folder to write (default: %(default)s)"
    add("--out", type=Path, default=Path("var") / "plan", metavar="DIR", help=out)


def _add_source(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    pilot = "folder of a pilot: readings.csv and the models' predictions, as `analyse` reads them"
    source.add_argument("--pilot", type=Path, metavar="DIR", help=pilot)
    stated = f"published components instead: {' '.join(f'{name}=…' for name in _NAMES)}"
    source.add_argument("--components", nargs="+", metavar="NAME=VALUE", help=stated)
    add = parser.add_argument
    add("--positive", metavar="CLASS", help="plan for this class only")
    rules = ("renormalise", "strict")
    add("--rule", choices=rules, default=rules[0], help="for a model with more classes")
    missing = ("omit", "wrong")
    add("--missing", choices=missing, default=missing[0], help="what an empty answer counts as")
    add("--encoding", default="utf-8", help="of the CSV files (default: %(default)s)")


def _add_sizes(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    readers, cases = _whole("readers", _MOST_READERS), _whole("cases", _MOST_CASES)
    shown = f"numbers of readers (default: {' '.join(map(str, _READERS))})"
    add("--readers", nargs="+", type=readers, default=_READERS, metavar="J", help=shown)
    shown = f"numbers of cases in the whole study (default: {' '.join(map(str, _CASES))})"
    add("--cases", nargs="+", type=cases, default=_CASES, metavar="N", help=shown)


def _add_claims(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add(
        "--margin",
        type=_between(0, 1),
        metavar="FRACTION",
        help="plan non-inferiority and equivalence, for example 0.05",
    )
    add(
        "--difference",
        type=_between(-1, 1),
        default=0.0,
        metavar="FRACTION",
        help="model minus mean reader, if so, for --margin (default: 0, equally good)",
    )
    add(
        "--effect",
        type=_between(0, 1),
        metavar="FRACTION",
        help="plan to find a difference of this size, for example 0.1",
    )
    add(
        "--alpha",
        type=_between(0, 0.5),
        default=0.05,
        metavar="FRACTION",
        help="two-sided level; --margin tests each side at half of it (default: %(default)s)",
    )
    shown = "whose interval the study will report (default: %(default)s)"
    add("--method", choices=DESIGNS, default=PRIMARY, help=shown)
    shown = "of readers' AUC (default: delong where everybody read everything, else jackknife)"
    add("--covariance", choices=COVARIANCES, help=shown)


def claims_of(args: argparse.Namespace) -> tuple[Claim, ...]:
    """What --margin and --effect ask for. Raises StatsError."""
    if args.margin is None and args.effect is None:
        raise StatsError(
            "Expected --margin or --effect, but got neither; write --margin 0.05 to plan "
            "non-inferiority and equivalence, --effect 0.1 to plan superiority, or both."
        )
    if len(args.readers) > _MOST_SIZES or len(args.cases) > _MOST_SIZES:
        raise StatsError(f"Expected at most {_MOST_SIZES} sizes each; give fewer.")
    claims = []
    if args.margin is not None:
        if args.difference <= -args.margin:
            raise StatsError(
                f"Expected --difference to be above -{args.margin:g}, but got {args.difference:g}; "
                "a model that is worse by the margin cannot be shown to be not worse."
            )
        claims.append(Claim("noninferiority", args.difference, args.margin))
        claims.append(Claim("equivalence", args.difference, args.margin))
    if args.effect is not None:
        claims.append(Claim("superiority", args.effect))
    return tuple(claims)


def components_of(given: Sequence[str]) -> Components:
    """Obuchowski-Rockette components as papers and RJafroc print them. Raises StatsError."""
    values = dict(_component(item) for item in given)
    lacking = [name for name in _NAMES if name not in values]
    if lacking or len(values) < len(given):
        raise StatsError(
            f"Expected --components to give each of {', '.join(_NAMES)} once, but got "
            f"{' '.join(given)}; a package such as MRMCaov or RJafroc prints them all."
        )
    n_cases = values.pop("cases")
    if n_cases < 2 or values["var"] <= values["cov1"]:
        raise StatsError(
            "Expected --components with cases of at least 2 and var above cov1, but got "
            f"{' '.join(given)}; check which is which."
        )
    return obuchowski_rockette(**values, n_cases=n_cases)


def _component(item: str) -> tuple[str, float]:
    name, _, text = item.partition("=")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if name not in _NAMES or not math.isfinite(value):
        raise StatsError(
            f"Expected --components as NAME=NUMBER with names among {', '.join(_NAMES)}, but got "
            f"{item!r}; write for example var=0.0012."
        )
    return name, value


def _between(low: float, high: float) -> Callable[[str], float]:
    def fraction(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not low < value < high:
            raise argparse.ArgumentTypeError(
                f"Expected a fraction between {low:g} and {high:g}, but got {text!r}; write 0.05 "
                "for 5 points"
            )
        return value

    return fraction


def _whole(what: str, most: int) -> Callable[[str], int]:
    def size(text: str) -> int:
        value = int(text) if text.isdecimal() else 0
        if not 2 <= value <= most:
            raise argparse.ArgumentTypeError(
                f"Expected a number of {what} from 2 to {most:,}, but got {text!r}"
            )
        return value

    return size
