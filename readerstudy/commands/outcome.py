"""How the commands on files begin and end: a folder to write to; done, or refused in a sentence."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from readerstudy.stats import StatsError

EXIT_REFUSED = 2


def outcome(work: Callable[[], str]) -> int:
    """Exit status: 0 done and said on standard output, 2 refused with the reason on the other."""
    try:
        said = work()
    except StatsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_REFUSED
    except MemoryError:
        sys.stderr.write(
            "Expected the numbers to fit this computer's memory, but they do not; give fewer "
            "--replicates, or tables of fewer readers or cases.\n"
        )
        return EXIT_REFUSED
    except OSError as error:
        sys.stderr.write(
            f"Expected to read and write files, but got: {error.strerror} "
            f"({error.filename or 'no name'}); change its rights, make room, or name another.\n"
        )
        return EXIT_REFUSED
    sys.stdout.write(said)
    return 0


def check_folder(out: Path) -> None:
    """Refuse a folder that cannot be made or written to, before anything is computed.

    Nothing is made yet, so that a refusal for another reason leaves nothing behind.
    """
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir():
        raise StatsError(
            f"Expected --out to be a folder, but {there} is a file; name a folder, new or old."
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise StatsError(
            f"Expected --out to be a folder that may be written to, but {there} may not; change "
            "its rights, or name another."
        )
