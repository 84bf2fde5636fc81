"""`python -m model train|predict|evaluate|card`: arguments in, sentences and exit codes out."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from data.errors import UserError
from model import config as settings
from model.train import train

EXIT_OK, EXIT_USER_ERROR, EXIT_SOME_UNREADABLE = 0, 2, 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; an error the user can mend is one sentence on stderr and exit code 2."""
    options = make_parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        return EXIT_USER_ERROR
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; the same command goes on where it was saved.\n")
        return 130


def make_parser() -> argparse.ArgumentParser:
    """All commands and their flags."""
    parser = argparse.ArgumentParser(prog="python -m model", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    training = commands.add_parser("train", help="train a network, or go on with a training")
    training.add_argument("--config", type=Path, help="YAML file of settings; flags override it")
    training.add_argument("--out", type=Path, required=True, help="folder of the run")
    settings.add_flags(training)
    training.set_defaults(run=_train)
    return parser


def _train(options: argparse.Namespace) -> int:
    config = settings.resolve(file=options.config, flags=vars(options))
    train(config, out=options.out)
    return EXIT_OK
