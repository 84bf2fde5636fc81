"""One product, one formula: the model card and the study say the same of the same data."""

import numpy as np
import pandas as pd
import pytest
from statsmodels.stats.multitest import multipletests

from data.measures.multiplicity import holm
from data.measures.resampling import percentile_interval
from model.metrics.classification import auc_metric
from readerstudy.stats import analyse


def study_record(scores, positive, method):
    """The study's AUC of a model with these scores, judged by one reader."""
    ids = [f"c{i:03d}" for i in range(len(scores))]
    truth = np.where(positive, "yes", "no")
    readings = pd.DataFrame({"reader_id": "r", "case_id": ids, "truth": truth, "answer": truth})
    model = pd.DataFrame({"case_id": ids, "p_yes": scores, "p_no": 1 - scores})
    return analyse(readings, {"net": model}, positive="yes").get("auc", "yes", "model:net", method)


@pytest.mark.parametrize(
    ("name", "method", "low"),
    [("perfect", "clopper-pearson-pairs", 0.692), ("inverted", "clopper-pearson-pairs", 0.0),
     ("overlapping", "delong", None)],
)  # fmt: skip
def test_card_and_study_give_one_interval_of_an_auc(name, method, low):
    positive = np.arange(50) < 10
    noise = np.random.default_rng(0).uniform(size=50)
    scores = {
        "perfect": 0.5 * positive + 0.4 * noise,
        "inverted": 0.5 * ~positive + 0.4 * noise,
        "overlapping": 0.2 * positive + 0.4 * noise,
    }[name]
    card, study = auc_metric(scores, positive), study_record(scores, positive, method)
    assert card.estimate == pytest.approx(study.estimate, abs=1e-12)
    assert (card.ci_low, card.ci_high) == pytest.approx((study.ci_low, study.ci_high), abs=1e-12)
    assert low is None or card.ci_low == pytest.approx(low, abs=5e-4)


def test_adjusted_p_values_agree_with_statsmodels():
    p = np.array([0.04, np.nan, 0.01, 0.03, 0.03, 0.9])
    known = ~np.isnan(p)
    np.testing.assert_allclose(holm(p)[known], multipletests(p[known], method="holm")[1])
    assert np.isnan(holm(p)[1])
    assert np.isnan(holm(np.array([np.nan]))).all()


def test_percentiles_are_of_the_finite_replicates():
    drawn = np.random.default_rng(0).normal(size=1000)
    expected = (drawn.std(ddof=1), *np.percentile(drawn, (2.5, 97.5)))
    found = percentile_interval(np.r_[drawn, np.nan, np.inf])
    assert found == pytest.approx(expected, abs=1e-12)
    assert np.isnan(percentile_interval(np.array([0.3, np.nan]))).all()
