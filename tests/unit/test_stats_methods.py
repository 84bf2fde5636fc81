"""Single methods on numbers that can be checked by hand or by another package."""

from typing import Literal

import krippendorff
import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score, roc_auc_score
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from data.measures.auc import delong_variance, logit_interval, normal_interval, placements
from data.measures.confusion import confusion_matrix
from data.measures.proportions import interval
from data.measures.tails import quantile, two_sided, upper_tail
from readerstudy.stats.methods import agreement
from readerstudy.stats.methods.confusion import one_vs_rest
from readerstudy.stats.methods.majority_vote import (
    NO_MAJORITY,
    majority_vote,
    vote_counts,
    vote_shares,
)
from readerstudy.stats.methods.mcnemar import adjusted, chi_square, exact_p, mid_p
from readerstudy.stats.methods.moments import Moments, auc_jackknife, moments, proportion_influence
from readerstudy.stats.methods.multiclass import hand_till, macro_auc
from readerstudy.stats.methods.obuchowski_rockette import (
    CLAMPED,
    NO_SPREAD,
    TWO_READERS,
    infer,
    one_sided,
    or_inference,
)
from readerstudy.stats.methods.ustat import ONE_READER, ustat, ustat_inference

RNG = np.random.default_rng(7)


def test_tails_keep_tiny_p() -> None:
    assert upper_tail(40.0, np.inf) == pytest.approx(stats.norm.sf(40.0))
    assert two_sided(9.0, 30.5) == pytest.approx(2 * stats.t.sf(9.0, 30.5), rel=1e-12)
    assert quantile(0.9, 2.3) == pytest.approx(stats.t.isf(0.05, 2.3), rel=1e-10)


def test_wilson_of_nothing_is_undefined() -> None:
    low, high = interval([0, 3], [0, 10])
    assert np.isnan(low[0])
    assert high[1] == pytest.approx(0.6032219, abs=1e-6)


def test_one_vs_rest_counts_cells_that_count_only() -> None:
    truth, answers = np.array([0, 0, 1, 1]), np.array([[0, -1, 0, 1]])
    table = one_vs_rest(truth, answers, target=0, counted=answers >= 0)
    assert [int(x[0]) for x in (table.tp, table.fn, table.fp, table.tn)] == [1, 0, 1, 1]


def test_confusion_matrix_adds_readers() -> None:
    found = confusion_matrix(np.array([0, 1]), np.array([[0, 0], [-1, 1]]), n_classes=2)
    assert found.tolist() == [[1, 0], [1, 1]]


def test_auc_equals_scikit_learn_with_ties() -> None:
    positives, negatives = RNG.integers(0, 6, (5, 20)) + 1.0, RNG.integers(0, 6, (5, 30)) + 0.0
    found = placements(positives, negatives)
    truth = np.r_[np.ones(20), np.zeros(30)]
    for i in range(5):
        peer = roc_auc_score(truth, np.r_[positives[i], negatives[i]])
        assert found.auc[i] == pytest.approx(peer, abs=1e-14)


def test_absent_cells_do_not_touch_the_auc() -> None:
    positives, negatives = RNG.normal(1, 1, (1, 12)), RNG.normal(0, 1, (1, 15))
    hidden = np.where(np.arange(12) < 4, np.nan, positives)
    whole = placements(positives[:, 4:], negatives)
    part = placements(hidden, negatives)
    assert part.auc == pytest.approx(whole.auc)
    assert delong_variance(part) == pytest.approx(delong_variance(whole))


def test_reversed_scores_give_the_complement() -> None:
    positives, negatives = RNG.integers(0, 9, (1, 9)) + 0.0, RNG.integers(0, 9, (1, 7)) + 0.0
    both = placements(positives, negatives).auc + placements(-positives, -negatives).auc
    assert both == pytest.approx(1.0)


def test_one_positive_has_an_auc_without_variance() -> None:
    found = placements(np.array([[2.0]]), np.array([[1.0, 3.0]]))
    assert found.auc[0] == 0.5
    assert np.isnan(delong_variance(found)[0])


def test_no_positive_has_no_auc() -> None:
    assert np.isnan(placements(np.zeros((1, 0)), np.ones((1, 3))).auc[0])


def test_a_perfect_auc_has_no_interval() -> None:
    low, high = normal_interval(np.array(1.0), np.array(0.0))
    assert np.isnan([low, high]).all()
    assert np.isnan(logit_interval(np.array(1.0), np.array(0.0))).all()


def test_auc_jackknife_is_leaving_out() -> None:
    positives, negatives = RNG.normal(1, 1, (1, 6)), RNG.normal(0, 1, (1, 5))
    left_out = [placements(np.delete(positives, i, 1), negatives).auc[0] for i in range(6)]
    left_out += [placements(positives, np.delete(negatives, i, 1)).auc[0] for i in range(5)]
    variance = 10 / 11 * ((np.array(left_out) - np.mean(left_out)) ** 2).sum()
    found = (auc_jackknife(placements(positives, negatives)) ** 2).sum()
    assert found == pytest.approx(variance, rel=1e-12)


def test_moments_equal_the_covariance_matrix() -> None:
    right = (RNG.random((7, 40)) < 0.7).astype(float)
    theta, influence = proportion_influence(right, np.ones((7, 40), bool))
    found = moments(theta, influence, n_cases=40)
    matrix = np.cov(right) / 40
    assert found.var == pytest.approx(np.trace(matrix) / 7)
    assert found.cov2 == pytest.approx((matrix.sum() - np.trace(matrix)) / 42)


def test_capped_degrees_of_freedom() -> None:
    found = Moments(0.1, ms=0.001, var=0.01, cov2=0.005, n_readers=280, n_cases=20)
    plain, capped = (or_inference(found, design=d) for d in ("or-rrrc", "or-rrrc-capped"))
    assert plain.df > 1000
    assert capped.df == 19
    assert capped.se == plain.se
    assert capped.ci_high > plain.ci_high


def test_negative_covariance_is_clamped_and_noted() -> None:
    found = Moments(0.1, ms=0.01, var=0.01, cov2=-0.002, n_readers=4, n_cases=30)
    result = or_inference(found, design="or-rrrc")
    assert result.se == pytest.approx(np.sqrt(0.01 / 4))
    assert CLAMPED in result.notes


def test_two_readers_are_warned_of() -> None:
    found = Moments(0.1, ms=0.01, var=0.01, cov2=0.0, n_readers=2, n_cases=30)
    assert TWO_READERS in or_inference(found, design="or-rrrc").notes


def test_no_variance_is_undefined_and_noted() -> None:
    result = infer(0.0, 0.0, df=5.0)
    assert np.isnan([result.p, result.ci_low, result.df]).all()
    assert result.notes == ("not estimable",)


def test_readers_without_spread_are_noted_and_have_the_normal_limits() -> None:
    found = Moments(0.1, ms=0.0, var=0.01, cov2=0.01, n_readers=4, n_cases=30)
    result = or_inference(found, design="or-rrrc")
    assert np.isinf(result.df)
    assert result.ci_high == pytest.approx(0.1 + stats.norm.isf(0.025) * 0.1)
    assert NO_SPREAD in result.notes
    assert NO_SPREAD not in or_inference(found, design="or-rrrc-capped").notes


def test_non_inferiority_is_one_sided() -> None:
    statistic, p = one_sided(-0.01, 0.02, df=np.inf, margin=0.05)
    assert (statistic, p) == pytest.approx((2.0, stats.norm.sf(2.0)))


def test_ustat_of_one_reader_is_undefined() -> None:
    found = ustat(np.ones((1, 5)), np.ones((1, 5), bool))
    assert np.isnan(found.variance)
    assert ONE_READER in ustat_inference(found).notes


def test_mcnemar_equals_statsmodels() -> None:
    b, c = np.array([9, 3, 0]), np.array([2, 3, 0])
    tables = [[[5, x], [y, 4]] for x, y in zip(b, c, strict=True)]
    peers = [mcnemar(t, exact=True).pvalue for t in tables]
    assert exact_p(b, c) == pytest.approx(peers)
    assert (mid_p(b, c)[:1] < exact_p(b, c)[:1]).all()
    assert np.isnan(chi_square(b, c)[2])
    corrected = mcnemar(tables[0], exact=False, correction=True).statistic
    assert chi_square(b, c, corrected=True)[0] == pytest.approx(corrected)


def test_adjustment_leaves_the_undefined_undefined() -> None:
    found = adjusted(np.array([0.01, np.nan, 0.04]), method="holm")
    assert found[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(found[1])


@pytest.mark.parametrize("method", ["holm", "fdr_bh"])
def test_adjustment_has_the_bits_of_statsmodels(method: Literal["holm", "fdr_bh"]) -> None:
    p = np.append(np.random.default_rng(3).random(40).round(2), [0.0, 1.0, 1.0])
    assert np.array_equal(adjusted(p, method=method), multipletests(p, method=method)[1])


ANSWERS = RNG.integers(-1, 4, (6, 50))


def test_alpha_equals_the_krippendorff_package() -> None:
    votes = vote_counts(ANSWERS, n_classes=4)
    values = np.where(ANSWERS < 0, np.nan, ANSWERS)
    peer = krippendorff.alpha(reliability_data=values, level_of_measurement="nominal")
    assert agreement.krippendorff_alpha(votes).value == pytest.approx(peer, abs=1e-12)


def test_cohen_equals_scikit_learn() -> None:
    first = RNG.integers(0, 4, 50)
    found = agreement.cohen_kappa(first, ANSWERS, ANSWERS >= 0, n_classes=4)
    for j in range(6):
        given = ANSWERS[j] >= 0
        peer = cohen_kappa_score(first[given], ANSWERS[j][given])
        assert found[0, j] == pytest.approx(peer)


def test_agreement_p_is_that_of_its_own_ratio() -> None:
    found = agreement.gwet_ac1(vote_counts(ANSWERS, n_classes=4))
    assert found.p == pytest.approx(2 * stats.t.sf(abs(found.value / found.se), found.n_cases - 1))


def test_agreement_of_one_answer_each_is_undefined() -> None:
    votes = np.eye(3, dtype=int)
    for method in (agreement.gwet_ac1, agreement.fleiss, agreement.krippendorff_alpha):
        assert np.isnan(method(votes).value)


def test_a_tied_vote_has_no_winner() -> None:
    answers = np.array([[0, 1, -1], [1, 1, -1]])
    assert majority_vote(answers, n_classes=2).tolist() == [NO_MAJORITY, 1, -1]
    assert np.isnan(vote_shares(answers, n_classes=2)[2]).all()


def test_macro_auc_equals_scikit_learn_and_needs_two_classes() -> None:
    truth, scores = RNG.integers(0, 3, 60), RNG.random((60, 3))
    peer = np.mean([roc_auc_score(truth == c, scores[:, c]) for c in range(3)])
    assert macro_auc(truth, scores)[0] == pytest.approx(peer)
    assert np.isnan(hand_till(np.zeros(4, int), RNG.random((4, 3))))
