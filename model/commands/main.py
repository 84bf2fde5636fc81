"""`python -m model …`: arguments in, sentences and exit codes out."""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path

from data.errors import UserError
from data.manifest import read_manifest
from model.card.card import ModelCard
from model.card.page import write_page
from model.card.tuning import thresholds_by
from model.card.weights import BUNDLED, find_weights, load_card, load_checkpoint
from model.commands import feature_map, saliency_checks
from model.commands.compare import add_compare
from model.commands.out_of_distribution import add_scope
from model.commands.saliency_table import write_maps
from model.errors import ModelError
from model.evaluation.evaluate import N_WORST, caveats, evaluate, publish, write_evaluation
from model.inference.predict_files import (
    Predicted,
    check_targets,
    collect,
    predict_cases,
    write_errors,
    write_predictions,
)
from model.inference.predictor import load_predictor
from model.metrics.metric import Metric
from model.metrics.prediction_sets import MISSES
from model.metrics.temperature import ThresholdRule, parse_rule
from model.saliency.methods import METHODS
from model.training import config as settings
from model.training.calibrate import cases_of, parts_of, settle
from model.training.train import train

EXIT_OK, EXIT_USER_ERROR, EXIT_SOME_UNREADABLE, EXIT_INTERRUPTED = 0, 2, 3, 130
DEFAULT_CHECKPOINT = "pumch14-phantom"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error the user can mend is one sentence on stderr and exit code 2."""
    options = make_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return EXIT_USER_ERROR
    except OSError as error:
        sys.stderr.write(f"error: Expected to read and write files, but {error}; check the path.\n")
        return EXIT_USER_ERROR
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; the same command goes on or begins anew.\n")
        return EXIT_INTERRUPTED


def make_parser() -> argparse.ArgumentParser:
    """All commands and their flags."""
    parser = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    _add_train(commands.add_parser("train", help="train a network, or go on with a training"))
    _add_predict(commands.add_parser("predict", help="predict images into predictions.csv"))
    _add_evaluate(commands.add_parser("evaluate", help="judge a checkpoint on labelled images"))
    add_compare(commands.add_parser("compare", help="train several networks and compare them"))
    _add_calibrate(
        commands.add_parser("calibrate", help="settle a checkpoint again on its tuning part")
    )
    _add_saliency_checks(commands)
    _add_map(commands)
    add_scope(commands.add_parser("scope", help="measure how well it tells foreign images"))
    _add_saliency(commands.add_parser("saliency", help="write the saliency maps of a manifest"))
    _add_card(commands.add_parser("card", help="show the facts of a checkpoint"))
    return parser


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, help="YAML file of settings; flags override it")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    settings.add_flags(parser)
    parser.set_defaults(run=_train)


def _add_predict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="images and folders")
    parser.add_argument("--out", type=Path, required=True, help="the table to write, a .csv file")
    parser.add_argument("--errors", type=Path, help="table of unreadable images (default: beside)")
    _add_checkpoint(parser)
    parser.set_defaults(run=_predict)


def _add_evaluate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", required=True, help="manifest CSV, or a folder per class")
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument(
        "--part",
        choices=("train", "tuning", "test"),
        default="",
        help="judge this part of the training's own split of --data (default: all cases)",
    )
    parser.add_argument(
        "--threshold-rule",
        default="youden",
        help="youden, sensitivity=0.9 or specificity=0.9, on the tuning part (default: youden)",
    )
    parser.add_argument(
        "--worst", type=int, default=N_WORST, help=f"errors in the gallery (default: {N_WORST})"
    )
    parser.add_argument(
        "--publish",
        action="store_true",
        help="write figures and subgroups into the checkpoint's card; with --part test only",
    )
    _add_checkpoint(parser)
    parser.set_defaults(run=_evaluate)


def _add_calibrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", default=DEFAULT_CHECKPOINT, help="name or .safetensors")
    parser.add_argument("--folder", type=Path, default=BUNDLED, help="folder of checkpoints")
    parser.add_argument("--data", default="", help="where the data of its training lies now")
    parser.add_argument("--workers", type=int, default=2, help="processes that load images")
    parser.add_argument(
        "--set-misses",
        type=float,
        default=MISSES,
        help="share of images whose prediction set may lack the right class (%(default)s)",
    )
    parser.add_argument(
        "--sets-by-class", action="store_true", help="keep that share for every class of its own"
    )
    parser.set_defaults(run=_calibrate)


def _add_saliency_checks(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("saliency-checks", help="how far the saliency maps can be trusted")
    saliency_checks.add(parser)
    _add_checkpoint(parser)


def _add_map(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser("map", help="the map of features, and its quality")
    feature_map.add(parser)
    _add_checkpoint(parser)


def _add_saliency(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="manifest CSV")
    parser.add_argument("--out", type=Path, required=True, help="folder of the maps")
    parser.add_argument("--classes", nargs="+", default=(), metavar="CODE", help="those of a study")
    parser.add_argument(
        "--method", choices=list(METHODS), default="gradient", help="how (gradient)"
    )
    parser.add_argument("--opacity", type=float, default=0.5, help="of the map, 0 to 1 (0.5)")
    _add_checkpoint(parser)
    parser.set_defaults(run=_saliency)


def _add_card(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", default=DEFAULT_CHECKPOINT, help="name or .safetensors")
    parser.add_argument("--folder", type=Path, default=BUNDLED, help="folder of checkpoints")
    parser.add_argument("--json", action="store_true", help="the whole card, for programs")
    parser.add_argument("--out", type=Path, help="write it for people into a .html or .md file")
    parser.set_defaults(run=_card)


def _add_checkpoint(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint",
        default=DEFAULT_CHECKPOINT,
        help=f"name or .safetensors file (default: {DEFAULT_CHECKPOINT})",
    )
    parser.add_argument("--folder", type=Path, default=BUNDLED, help="folder of checkpoints")


def _train(options: argparse.Namespace) -> int:
    config = settings.resolve(file=options.config, flags=vars(options))
    card = train(config, out=options.out)
    if card is not None:
        print(summary(card))
    return EXIT_OK


def _predict(options: argparse.Namespace) -> int:
    check_targets(options.out, options.errors)
    cases = collect(options.paths)
    predictor = load_predictor(options.checkpoint, folder=options.folder)
    predicted = predict_cases(predictor, cases)
    write_predictions(predicted, predictor.card, options.out)
    errors = options.errors or options.out.with_name(f"{options.out.stem}.errors.csv")
    if predicted.errors or options.errors:
        write_errors(predicted.errors, errors)
    else:
        errors.unlink(missing_ok=True)  # of an earlier run
    print(f"{len(predicted.case_ids)} predicted into {options.out}. {predictor.card.domain}")
    return _exit_code(predicted, errors)


def _evaluate(options: argparse.Namespace) -> int:
    rule = parse_rule(options.threshold_rule)
    if options.publish and (options.part != "test" or rule != ThresholdRule()):
        raise ModelError(
            "Expected --publish with --part test and the card's own thresholds, since a card tells "
            "of held-out images; add --part test and leave --threshold-rule out."
        )
    if options.worst < 0:
        raise ModelError(f"Expected --worst from 0, but got {options.worst}; change it.")
    weights = find_weights(options.checkpoint, folder=options.folder)
    predictor = load_predictor(weights)
    thresholds = thresholds_by(rule, predictor.card, weights.parent)
    cases = cases_of(predictor.card, data=options.data, part=options.part)
    done = evaluate(predictor, cases=cases, thresholds=thresholds, rule=rule)
    write_evaluation(done, options.out, n_worst=options.worst)
    if options.publish:
        publish(done, weights.with_suffix(".json"))
    print("\n".join(describe(metric) for metric in done.metrics if not metric.class_))
    print("".join(f"{sentence}\n" for sentence in caveats(done)), end="")
    print(f"All results are in {options.out}. {predictor.card.domain}")
    return _exit_code(done.predicted, options.out / "errors.csv")


def _calibrate(options: argparse.Namespace) -> int:
    if not 0 < options.set_misses < 1:
        raise ModelError(
            f"Expected --set-misses to lie between 0 and 1, but got {options.set_misses:g}; use "
            "0.1 for sets that hold the right class in 90 of 100 images."
        )
    weights = find_weights(options.name, folder=options.folder)
    network, card = load_checkpoint(weights)
    settled = settle(
        network,
        card,
        parts_of(card, data=options.data),
        folder=weights.parent,
        workers=options.workers,
        misses=options.set_misses,
        by_class=options.sets_by_class,
    )
    print(summary(settled))
    return EXIT_OK


def _exit_code(predicted: Predicted, errors: Path) -> int:
    if not predicted.errors:
        return EXIT_OK
    sys.stderr.write(f"{len(predicted.errors)} could not be read; the reasons are in {errors}.\n")
    return EXIT_SOME_UNREADABLE


def _saliency(options: argparse.Namespace) -> int:
    cases = read_manifest(options.data)
    predictor = load_predictor(options.checkpoint, folder=options.folder)
    count = write_maps(
        predictor,
        cases,
        options.out,
        classes=options.classes,
        method=options.method,
        opacity=options.opacity,
    )
    print(f"{count} maps and supports.csv are in {options.out}. {predictor.card.domain}")
    return EXIT_OK


def _card(options: argparse.Namespace) -> int:
    card = load_card(options.name, folder=options.folder)
    if options.out:
        write_page(card, options.out)
        return EXIT_OK
    print(
        json.dumps(card.to_dict(), indent=1, ensure_ascii=False) if options.json else summary(card)
    )
    return EXIT_OK


def summary(card: ModelCard) -> str:
    """The card for people: facts, then the figures over all classes."""
    facts = {
        "name": card.name,
        "domain": card.domain,
        "backbone": card.backbone,
        "classes": ", ".join(card.taxonomy.codes),
        "input": f"{card.preprocessing.size_px} px",
        "licence": card.licence,
        "made": card.made_at,
        "sha256": card.sha256,
    }
    rows = [f"{name:10}{value}" for name, value in facts.items()]
    return "\n".join([*rows, *(describe(m) for m in card.metrics if not m.class_)])


def describe(metric: Metric) -> str:
    """One figure with its family, interval, n and method; an undefined one is a dash."""
    estimate, low, high = (
        "–" if math.isnan(value) else f"{value:.3f}"
        for value in (metric.estimate, metric.ci_low, metric.ci_high)
    )
    name = f"{metric.family}: {metric.quantity} {metric.class_}".rstrip()
    return f"{name:34}{estimate} [{low}, {high}]  n = {metric.n}, {metric.method}"
