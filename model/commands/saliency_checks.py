"""`python -m model saliency-checks`: how far a checkpoint's maps can be trusted."""

import argparse
import time
from pathlib import Path

from data.version import code_version, made_now
from model.card.weights import load_checkpoint
from model.commands.labelled_images import NUISANCE, add_flags, choose
from model.errors import ModelError
from model.saliency.checks.findings import summarise
from model.saliency.checks.report import markdown, write_all
from model.saliency.checks.runner import Counts, Plan, carry_out
from model.saliency.checks.trust import SUFFIX, Trust, write_trust
from model.saliency.methods import METHODS

_DEFAULT = Counts()


def add(parser: argparse.ArgumentParser) -> None:
    """The flags of the command, but for those of the checkpoint."""
    add_flags(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the results")
    parser.add_argument(
        "--methods", nargs="+", default=list(METHODS), choices=list(METHODS), help="default: all"
    )
    for name, text in (
        ("structures", "share of the map on a phantom's structures, pointing game"),
        ("curves", "deletion and insertion"),
        ("robustness", "sensitivity-max and infidelity"),
        ("randomisation", "similarity to maps of random weights"),
    ):
        default = getattr(_DEFAULT, name)
        parser.add_argument(
            f"--n-{name}", type=int, default=default, help=f"images for: {text} ({default})"
        )
    parser.add_argument(
        "--publish", type=Path, help="folder of the checkpoint, so that the demo says the result"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Check, write, publish; the same command goes on where it was interrupted."""
    began = time.monotonic()
    network, card = load_checkpoint(options.checkpoint, folder=options.folder)
    counts = Counts(
        structures=options.n_structures,
        curves=options.n_curves,
        robustness=options.n_robustness,
        randomisation=options.n_randomisation,
    )
    if min(vars(counts).values()) < 0:
        raise ModelError("Expected numbers of images from 0 on; change the negative one.")
    most = max(counts.structures, counts.curves, counts.robustness, counts.randomisation)
    chosen = choose(options, card, n=most)
    about = {
        "checkpoint": card.name,
        "sha256": card.sha256,
        "images": chosen.words,
        "data_hash": chosen.data_hash,
        "methods": options.methods,
        "seed": options.seed,
    }
    plan = Plan(network, card, chosen.pictures, counts, about, tuple(options.methods), options.seed)
    done = carry_out(plan, options.out)
    about |= {"made_at": made_now(), "code_version": code_version()}
    if chosen.synthetic:
        about["nuisance"] = NUISANCE
    findings = tuple(summarise(done))
    trust = Trust(card.sha256, chosen.words, chosen.synthetic, findings, about)
    write_all(trust, options.out)
    if options.publish:
        write_trust(trust, options.publish / f"{card.name}{SUFFIX}")
    print(markdown(trust))
    print(f"All results are in {options.out}; {time.monotonic() - began:.0f} s.")
    return 0
