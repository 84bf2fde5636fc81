"""Variances that do not vanish where few cases, or few mistakes, were seen."""

from dataclasses import replace

import numpy as np

from readerstudy.stats.moments import Moments

WEIGHT = 0.25


def with_imaginary_case(found: Moments, *, difference: bool) -> Moments:
    """Moments of a proportion, or of a difference of two, with a larger Cov2.

    Ten cases that model and readers all had right do not show that they always will, but their
    variance is 0. Cov2 becomes that of the n cases and a quarter of an imaginary one, read alike by
    all readers: of a difference half of it in favour of either, of a proportion half right and half
    wrong. The mean and MS stay. The weight is our choice, by simulation (docs/statistics.md); with
    many cases it changes nothing. One reader gives nan.

    Reference: Agresti & Min 2005 and Bonett & Price 2012 add whole cases to one pair of raters.

    >>> found = Moments(mean=0.0, ms=0.0, var=0.0, cov2=0.0, n_readers=5, n_cases=10)
    >>> print(f"{with_imaginary_case(found, difference=True).cov2:.5f}")
    0.00264
    """
    n, total = found.n_cases, found.n_cases + WEIGHT
    added = 0.0 if difference else WEIGHT / 2
    squares = WEIGHT if difference else WEIGHT / 2
    # The mean of the products of two readers' figures, before and after.
    products = found.mean**2 - (found.ms / found.n_readers if found.n_readers > 1 else np.nan)
    after = (n**2 * products + 2 * n * found.mean * added + added**2) / total**2
    sums = n * (n - 1) * found.cov2 + n * products + squares - total * after
    return replace(found, cov2=sums / (total * (total - 1)))
