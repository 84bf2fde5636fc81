"""The readers together: majority vote and vote shares."""

import numpy as np

from data.arrays import Floats, Ints
from readerstudy.stats.input.study import UNANSWERED

NO_MAJORITY = -2


def vote_counts(answers: Ints, *, n_classes: int) -> Ints:
    """(n, k) votes per case and class. `answers`: (J, n) intp, negative where there is none.

    >>> vote_counts(np.array([[0, 1], [0, -1]]), n_classes=2)
    array([[2, 0],
           [0, 1]])
    """
    return np.stack([(answers == c).sum(axis=0) for c in range(n_classes)], axis=1)


def vote_shares(answers: Ints, *, n_classes: int) -> Floats:
    """(n, k) share of the answers in [0, 1]; nan in a case that nobody answered."""
    votes = vote_counts(answers, n_classes=n_classes).astype(np.float64)
    total = votes.sum(axis=1, keepdims=True)
    shares: Floats = np.divide(votes, total, out=np.full(votes.shape, np.nan), where=total > 0)
    return shares


def majority_vote(answers: Ints, *, n_classes: int) -> Ints:
    """(n,) the class with most votes; NO_MAJORITY on a tie, UNANSWERED without a vote.

    A tie is not broken: it counts as wrong for every class, which favours nobody.

    >>> majority_vote(np.array([[0, 1], [0, 0]]), n_classes=2)
    array([ 0, -2])
    """
    votes = vote_counts(answers, n_classes=n_classes)
    top = votes.max(axis=1)
    tied = (votes == top[:, None]).sum(axis=1) > 1
    winner = np.where(tied, NO_MAJORITY, votes.argmax(axis=1))
    return np.where(top == 0, UNANSWERED, winner).astype(np.intp)
