"""Counts of answers against the truth."""

import numpy as np

from data.arrays import Ints


def confusion_matrix(truth: Ints, answers: Ints, *, n_classes: int) -> Ints:
    """(k, k) counts, rows truth and columns answers; negative answers are left out.

    `answers`: (..., n) intp; leading axes are summed.

    >>> confusion_matrix(np.array([0, 1]), np.array([[0, 0], [0, 1]]), n_classes=2)
    array([[2, 0],
           [1, 1]])
    """
    true = np.broadcast_to(truth, answers.shape)
    given = answers >= 0
    flat = true[given] * n_classes + answers[given]
    return np.bincount(flat, minlength=n_classes**2).reshape(n_classes, n_classes)
