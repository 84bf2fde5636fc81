"""`python -m model compare`: arguments in, tables and a sentence out."""

import argparse
from pathlib import Path

from model.errors import ModelError
from model.evaluation.compare import BASELINES, REFERENCE, compare, plan_arms
from model.evaluation.compare_report import write_comparison
from model.training import config as settings


def add_compare(parser: argparse.ArgumentParser) -> None:
    """The flags of the comparison, and every setting of a training."""
    parser.add_argument("--config", type=Path, help="YAML file of settings; flags override it")
    parser.add_argument("--out", type=Path, required=True, help="folder of all trainings, tables")
    parser.add_argument(
        "--backbones",
        nargs="+",
        default=[REFERENCE, *BASELINES],
        metavar="NAME",
        help="timm backbones, the reference first (default: %(default)s)",
    )
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], help="one training per seed")
    parser.add_argument(
        "--ablation",
        action="store_true",
        help="also train the reference without its auxiliary classifiers",
    )
    parser.add_argument("--replicates", type=int, default=2000, help="of the bootstrap")
    settings.add_flags(parser)
    parser.set_defaults(run=_compare)


def _compare(options: argparse.Namespace) -> int:
    if options.replicates < 1 or len(set(options.seeds)) < len(options.seeds):
        raise ModelError(
            "Expected at least one bootstrap replicate and every seed once, but got --replicates "
            f"{options.replicates} and --seeds {' '.join(map(str, options.seeds))}; change them."
        )
    config = settings.resolve(file=options.config, flags=vars(options))
    arms = plan_arms(options.backbones, auxiliary=config.auxiliary, ablation=options.ablation)
    found = compare(config, arms, seeds=options.seeds, out=options.out)
    write_comparison(found, out=options.out, replicates=options.replicates)
    print((options.out / "comparison.md").read_text("utf-8"))
    print(f"Tables and the ROC figure are in {options.out}.")
    return 0
