import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.out_of_distribution import KINDS, draw_foreign
from model.metrics.out_of_distribution import (
    SCORES,
    Known,
    fit_known,
    fit_scope,
    foreign_scores,
    limit_at,
    logit_scores,
    unit,
)


def clouds(n=400, d=12, *, seed=0):
    """Features of two classes around two directions."""
    rng = np.random.default_rng(seed)
    truth = np.arange(n) % 2
    centres = np.eye(2, d) * 5
    return centres[truth] + rng.normal(size=(n, d)) * np.linspace(1, 0.2, d), truth


def test_the_distance_is_mahalanobis_where_all_directions_are_kept():
    features, truth = clouds()
    scope = fit_scope(features, truth)
    rows = unit(features)
    away = np.concatenate([rows[truth == c] - rows[truth == c].mean(axis=0) for c in (0, 1)])
    values, directions = np.linalg.eigh(away.T @ away / len(away))
    values[0] = max(values[0], values.sum() / 12 * 1e-3)
    inverse = directions / values @ directions.T
    new = unit(clouds(50, seed=1)[0])
    expected = np.min(
        [
            np.sqrt(np.einsum("ni,ij,nj->n", new - c, inverse, new - c))
            for c in (rows[truth == 0].mean(axis=0), rows[truth == 1].mean(axis=0))
        ],
        axis=0,
    )
    # The file's centres and directions have half precision.
    np.testing.assert_allclose(scope.distance(new), expected, rtol=0.03)


def test_other_features_are_farther_than_known_ones_whatever_their_length():
    features, truth = clouds()
    scope = fit_scope(features, truth)
    known, _ = clouds(seed=2)
    foreign = np.random.default_rng(3).normal(size=(50, 12)) @ np.diag(np.arange(12) > 5)
    assert scope.distance(foreign).min() > np.quantile(scope.distance(known), 0.99)
    np.testing.assert_allclose(scope.distance(foreign * 7), scope.distance(foreign))


def test_it_comes_back_from_a_file_as_it_was_fitted():
    features, truth = clouds()
    known = fit_known(features, clouds(d=7)[0], truth)
    again = Known.from_arrays(known.to_arrays())
    features, style = clouds(seed=4)[0], clouds(d=7, seed=4)[0]
    for own, back in ((known.features, again.features), (known.style, again.style)):
        rows = features if own is known.features else style
        np.testing.assert_array_equal(back.distance(rows), own.distance(rows))
    older = Known.from_arrays(Known(known.features).to_arrays())
    assert older.style is None
    measured = set(foreign_scores(np.ones((400, 2)), features, style, older))
    assert measured == {*SCORES} - {"style", "joint"}


def test_features_that_are_all_the_same_make_no_division_by_zero():
    scope = fit_scope(np.ones((8, 5)), np.arange(8) % 2)
    assert np.isfinite(scope.distance(np.eye(5))).all()
    assert np.isfinite(scope.distance(np.zeros((1, 5)))).all()


def test_every_score_grows_with_foreignness():
    features, truth = clouds()
    known = fit_known(features, features, truth)
    sure, unsure = np.array([[9.0, 0.0]]), np.array([[0.1, 0.0]])
    near, far = np.eye(1, 12) * 5, -np.eye(1, 12) * 5
    for name in SCORES:
        own = foreign_scores(sure, near, near, known)[name]
        assert foreign_scores(unsure, far, far, known)[name] > own, name


def test_features_and_style_count_alike_in_the_joint_score():
    features, truth = clouds(d=96)
    style, _ = clouds(d=6, seed=5)
    known = fit_known(features, style, truth)
    one, other = clouds(2, d=96, seed=6)[0], clouds(2, d=6, seed=7)[0]
    found = foreign_scores(np.zeros((2, 2)), one, other, known)
    expected = found["distance"] ** 2 / 96 + found["style"] ** 2 / 6
    np.testing.assert_allclose(found["joint"] ** 2, expected)


def test_what_is_foreign_in_one_of_both_is_foreign_jointly():
    features, truth = clouds(n=2000)
    style, _ = clouds(n=2000, d=7, seed=5)
    known = fit_known(features, style, truth)
    own = (clouds(seed=6)[0], clouds(d=7, seed=7)[0])
    limit = limit_at(foreign_scores(np.zeros((400, 2)), *own, known)["joint"])
    away = (-np.eye(1, 12).repeat(400, axis=0), -np.eye(1, 7).repeat(400, axis=0))
    for pair in ((away[0], own[1]), (own[0], away[1])):
        assert (foreign_scores(np.zeros((400, 2)), *pair, known)["joint"] > limit).all()


def test_the_energy_is_that_of_its_definition():
    logits = np.array([[1.0, 2.0, -1.0]])
    found = logit_scores(logits)["energy"]
    assert found[0] == pytest.approx(-np.log(np.exp(logits).sum()))


@settings(deadline=None, max_examples=20)
@given(st.integers(19, 300))
def test_a_further_known_image_is_rarely_called_foreign(n):
    rng = np.random.default_rng(n)
    drawn = rng.random((2000, n + 1))
    limits = np.array([limit_at(row[:n]) for row in drawn])
    assert (drawn[:, n] > limits).mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)


def test_too_few_known_images_promise_nothing():
    assert limit_at(np.arange(18.0)) == np.inf
    assert limit_at(np.arange(19.0)) == 18


@pytest.mark.parametrize("kind", KINDS)
def test_a_foreign_picture_is_a_function_of_its_seed(kind):
    first = draw_foreign(kind, seed=3, size=64)
    assert first.shape == (64, 64, 3)
    assert first.dtype == np.uint8
    assert first.std() > 2
    np.testing.assert_array_equal(first, draw_foreign(kind, seed=3, size=64))
    assert (first != draw_foreign(kind, seed=4, size=64)).any()
