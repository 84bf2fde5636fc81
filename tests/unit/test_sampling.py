import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from model.training.sampling import FIRST_TRAINING_SEED, BatchSampler, class_shares, epoch_order

LABELS = [0] * 50 + [1] * 5 + [2] * 20


def batches(order, **options):
    return list(BatchSampler(order, batch_size=8, seed=1, **{"epoch": 0, **options}))


@settings(deadline=None)
@given(st.integers(1, 200), st.integers(0, 5))
def test_balanced_classes_come_equally_often_whatever_their_frequency(length, epoch):
    order = epoch_order(LABELS, length=length, balance=1.0, seed=3, epoch=epoch)
    counts = np.bincount(np.array(LABELS)[order], minlength=3)
    assert len(order) == length
    assert np.ptp(counts) <= 1


def test_within_a_class_no_row_comes_twice_before_all_have_come():
    order = epoch_order(LABELS, length=75, balance=1.0, seed=0, epoch=0)
    rare = order[np.array(LABELS)[order] == 1]
    assert np.ptp(np.bincount(rare - 50, minlength=5)) == 0


def test_order_without_balance_is_a_permutation():
    order = epoch_order(LABELS, length=75, balance=0.0, seed=0, epoch=0)
    assert sorted(order) == list(range(75))


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(0, 5))
def test_partial_balance_draws_each_class_by_its_share(length, epoch):
    order = epoch_order(LABELS, length=length, balance=0.5, seed=3, epoch=epoch)
    expected = length * class_shares(LABELS, n_classes=3, balance=0.5)
    assert len(order) == length
    assert np.all(np.abs(np.bincount(np.array(LABELS)[order], minlength=3) - expected) <= 1)


def test_shares_lie_between_frequencies_and_equality():
    natural = class_shares(LABELS, n_classes=4, balance=0.0)
    assert natural.tolist() == [50 / 75, 5 / 75, 20 / 75, 0]
    assert class_shares(LABELS, n_classes=4, balance=1.0).tolist() == [1 / 3, 1 / 3, 1 / 3, 0]
    roots = np.sqrt([50, 5, 20, 0])
    np.testing.assert_allclose(class_shares(LABELS, n_classes=4, balance=0.5), roots / roots.sum())


def test_seed_and_epoch_decide_the_order():
    def order(seed, epoch):
        return epoch_order(LABELS, length=75, balance=1.0, seed=seed, epoch=epoch).tolist()

    assert order(0, 0) == order(0, 0)
    assert order(0, 0) != order(0, 1)
    assert order(0, 0) != order(1, 0)


@settings(deadline=None)
@given(st.integers(0, 9))
def test_going_on_in_the_middle_gives_the_rest_of_the_epoch(first_step):
    order = np.arange(75)
    assert batches(order, first_step=first_step) == batches(order)[first_step:]


def test_ranks_share_every_step_without_overlap():
    order = np.arange(64)
    shares = [batches(order, rank=rank, world_size=2) for rank in (0, 1)]
    together = [draw.row for pair in zip(*shares, strict=True) for b in pair for draw in b]
    assert together == list(range(64))


def test_no_two_draws_of_a_run_share_a_seed_and_none_is_a_held_out_one():
    seeds = [
        draw.seed
        for epoch in range(4)
        for batch in batches(np.arange(64), epoch=epoch)
        for draw in batch
    ]
    assert len(set(seeds)) == 4 * 64
    assert min(seeds) >= FIRST_TRAINING_SEED
