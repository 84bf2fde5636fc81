"""How the commands on files end: done, or refused in a sentence."""

import sys
from collections.abc import Callable

from readerstudy.stats import StatsError

EXIT_REFUSED = 2


def outcome(work: Callable[[], str]) -> int:
    """Exit status: 0 done and said on standard output, 2 refused with the reason on the other."""
    try:
        said = work()
    except StatsError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_REFUSED
    sys.stdout.write(said)
    return 0
