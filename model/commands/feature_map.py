"""`python -m model map`: known cases of a checkpoint in two dimensions."""

import argparse
import dataclasses
import time
from pathlib import Path

import numpy as np

from data.version import code_version, made_now
from model.commands.labelled_images import NUISANCE, Chosen, add_flags, choose
from model.feature_map.files import MAP_SUFFIX, SPRITE_SUFFIX, write_map, write_sprite
from model.feature_map.quality import quality
from model.feature_map.tsne import PERPLEXITY, FeatureMap, fit_map
from model.inference.predictor import load_predictor

_N = 1400


def add(parser: argparse.ArgumentParser) -> None:
    """The flags of the command, but for those of the checkpoint."""
    add_flags(parser)
    parser.add_argument("--out", type=Path, required=True, help="folder of the map's files")
    parser.add_argument("--n", type=int, default=_N, help=f"cases at most (default: {_N})")
    parser.add_argument("--perplexity", type=float, default=PERPLEXITY, help="of t-SNE")
    parser.add_argument(
        "--thumbnails",
        action="store_true",
        help="also small copies of the images, which the demo then shows to everybody",
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Fit, judge and write; the server finds the map beside the checkpoint's weights."""
    began = time.monotonic()
    predictor = load_predictor(options.checkpoint, folder=options.folder)
    card = predictor.card
    chosen = choose(options, card, n=options.n)
    images = [picture.image for picture in chosen.pictures]
    labels = np.array([card.taxonomy.index(p.label) for p in chosen.pictures], dtype=np.int64)
    found = fit_map(
        predictor.features(images),
        labels,
        case_ids=[picture.case_id for picture in chosen.pictures],
        card=card,
        perplexity=options.perplexity,
        seed=options.seed,
    )
    found = dataclasses.replace(found, about=_about(found, chosen, seed=options.seed))
    options.out.mkdir(parents=True, exist_ok=True)
    write_map(found, options.out / f"{card.name}{MAP_SUFFIX}")
    sprite = options.out / f"{card.name}{SPRITE_SUFFIX}"
    sprite.unlink(missing_ok=True)  # of an earlier map
    if options.thumbnails:
        write_sprite(images, sprite)
    for record in found.about["quality"]:
        print(_line(record))
    print(f"{len(found)} {chosen.words}; {time.monotonic() - began:.0f} s.")
    if not chosen.synthetic:
        print("The demo shows everybody the case ids (in a folder: paths) of the nearest cases.")
    if options.thumbnails and not chosen.synthetic:
        licence = chosen.licence or "not stated"
        print(f"The thumbnails are copies of the images; their licence: {licence}.")
    return 0


def _about(found: FeatureMap, chosen: Chosen, *, seed: int) -> dict[str, object]:
    return {
        "images": chosen.words,
        "synthetic": chosen.synthetic,
        "nuisance": NUISANCE if chosen.synthetic else None,
        "data_hash": chosen.data_hash,
        "licence": chosen.licence,
        "seed": seed,
        "quality": quality(found, seed=seed),
        "made_at": made_now(),
        "code_version": code_version(),
    }


def _line(record: dict[str, object]) -> str:
    limits = (
        f" [{record['ci_low']:.3f}, {record['ci_high']:.3f}]  n = {record['n']}, {record['method']}"
        if "n" in record
        else ""
    )
    return f"{record['quantity']:34}{record['estimate']:.3f}{limits}"
