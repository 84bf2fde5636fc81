import dataclasses
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from data.taxonomy import TaxonomyError
from model.card.card import ScopeLimit
from model.card.preprocessing import Serving, fit_square
from model.card.weights import load_checkpoint
from model.errors import CheckpointError, ModelError
from model.inference.predictor import Predictor, load_predictor
from model.inference.views import look_at
from model.metrics.out_of_distribution import fit_known
from model.metrics.temperature import softmax
from model.saliency import methods
from model.saliency.methods import METHODS
from tests.support.model_world import noise, tiny_checkpoint, tiny_predictor


def test_probabilities_are_the_softmax_of_the_scaled_logits(tmp_path):
    predictor = tiny_predictor(tmp_path)
    network, card = load_checkpoint("tiny", folder=tmp_path)
    with torch.no_grad():
        logits = network(Serving(card.preprocessing)(noise())[None]).logits.double().numpy()
    found = predictor.predict([noise()])
    assert found.codes == ("BCC", "MN", "SK")
    np.testing.assert_allclose(found.probabilities, softmax(logits, temperature=2), atol=1e-6)
    assert found.probabilities.sum() == pytest.approx(1, abs=1e-12)


def test_a_batch_is_its_images_one_by_one(tmp_path):
    predictor = tiny_predictor(tmp_path)
    images = [noise(60 + 3 * i, 70 + i, seed=i) for i in range(20)]
    together = predictor.predict(images).probabilities
    apart = np.concatenate([predictor.predict([image]).probabilities for image in images])
    np.testing.assert_allclose(together, apart, atol=1e-6)


@pytest.mark.parametrize(("score", "n_looks"), [("joint", 1), ("distance", 1), ("energy", 4)])
def test_whether_a_picture_is_foreign_is_answered_alike_for_as_few_looks(tmp_path, score, n_looks):
    tiny_checkpoint(tmp_path)
    network, card = load_checkpoint("tiny", folder=tmp_path)
    images = [noise(seed=seed) for seed in range(12)]
    seen = look_at(network, torch.stack([Serving(card.preprocessing)(i) for i in images[:6]]))
    features, style = (part.detach().double().numpy() for part in (seen.features, seen.style))
    known = fit_known(features, style, np.arange(6) % 2)
    served = dataclasses.replace(card, views=4, scope=ScopeLimit(score, 0.0, 0.05, 20))
    limit = float(np.median(Predictor(network, served, known=known).foreign_scores(images)[score]))
    served = dataclasses.replace(served, scope=ScopeLimit(score, limit, 0.05, 20))
    predictor = Predictor(network, served, known=known)
    looks = []
    network.head.register_forward_hook(lambda *_: looks.append(1))
    found = predictor.foreignness(images) > 1
    assert len(looks) == n_looks
    assert 0 < found.sum() < 12
    np.testing.assert_array_equal(found, predictor.predict(images).foreign)
    assert Predictor(network, card).foreignness(images) is None


def test_no_images_give_no_rows(tmp_path):
    predictor = tiny_predictor(tmp_path)
    assert predictor.predict([]).probabilities.shape == (0, 3)
    assert predictor.predict([]).features.shape == (0, *predictor.features([noise()]).shape[1:])


def test_a_prediction_carries_the_features_of_the_picture_as_it_is(tmp_path):
    tiny_checkpoint(tmp_path)
    network, card = load_checkpoint("tiny", folder=tmp_path)
    predictor = Predictor(network, dataclasses.replace(card, views=8))
    found = predictor.predict([noise()]).features
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, predictor.features([noise()]))


def test_a_map_of_a_fitted_picture_is_laid_on_the_picture(tmp_path):
    predictor = tiny_predictor(tmp_path)
    square = fit_square(noise(90, 150), predictor.card.preprocessing)
    np.testing.assert_array_equal(
        predictor.explain(square, target="MN", shape=(90, 150, 3)),
        predictor.explain(noise(90, 150), target="MN"),
    )


@pytest.mark.parametrize("method", METHODS)
def test_a_map_has_the_images_own_size(tmp_path, method):
    found = tiny_predictor(tmp_path).explain(noise(90, 150), target="SK", method=method)
    assert found.shape == (90, 150)
    assert found.dtype == np.float32
    assert 0 <= found.min() < found.max() <= 1


def test_visitors_at_the_same_time_get_what_they_would_get_alone(tmp_path):
    predictor = tiny_predictor(tmp_path)
    images = [noise(seed=seed) for seed in range(4)]
    alone = [(predictor.predict([i]), predictor.explain(i, target="MN")) for i in images]
    wrong = []

    def visit(number):
        for _ in range(5):
            found = predictor.predict([images[number]])
            found_map = predictor.explain(images[number], target="MN")
            predictor.explain(images[number], target="MN", method="grad-cam")
            expected, expected_map = alone[number]
            same = np.allclose(found.probabilities, expected.probabilities, atol=1e-6)
            if not (same and np.allclose(found_map, expected_map, atol=1e-3)):
                wrong.append(number)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_not_an_image_is_refused(tmp_path, wrong):
    predictor = tiny_predictor(tmp_path)
    with pytest.raises(ModelError, match=r"\(h, w, 3\) uint8"):
        predictor.predict([wrong])
    with pytest.raises(ModelError, match=r"\(h, w, 3\) uint8"):
        predictor.explain(wrong, target="MN")


def test_unknown_class_or_checkpoint_is_a_sentence(tmp_path):
    with pytest.raises(TaxonomyError, match="'LP'"):
        tiny_predictor(tmp_path).explain(noise(), target="LP")
    with pytest.raises(CheckpointError, match="tiny"):
        load_predictor("other", folder=tmp_path)


def test_loading_by_name(tmp_path):
    card = tiny_checkpoint(tmp_path)
    assert load_predictor("tiny", folder=tmp_path).card == card


def test_maps_of_all_checkpoints_are_made_one_at_a_time(tmp_path, monkeypatch):
    """Each needs half a gigabyte while it is made."""
    predictors = [tiny_predictor(tmp_path) for _ in range(3)]
    running, most = 0, 0

    def slow(network, image, *, target, method):
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.05)
        running -= 1
        return np.zeros(image.shape[1:], np.float32)

    monkeypatch.setattr(methods, "explain", slow)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda one: one.explain(noise(), target="BCC"), predictors))
    assert most == 1


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems give it back")
def test_the_memory_of_a_map_goes_back_to_the_system():
    predictor = load_predictor("ham8")
    image = noise(256, 256)
    predictor.explain(image, target="BCC", method="gradient")

    def resident():
        pages = Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    before = resident()
    for _ in range(2):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(predictor.explain, image, target="BCC", method="smoothgrad").result()
    assert resident() - before < 150_000_000
