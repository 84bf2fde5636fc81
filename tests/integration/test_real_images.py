"""The demo's own path on real images: a prediction and a map, or a sentence."""

import numpy as np
import pandas as pd
import pytest

from data.images import decode
from model.card.weights import BUNDLED, list_checkpoints
from model.inference.predictor import load_predictor

CHECKPOINT = "pumch14-phantom"


@pytest.fixture(scope="module")
def predictor():
    if CHECKPOINT not in list_checkpoints(BUNDLED):
        pytest.skip("the bundled checkpoint is not here")
    return load_predictor(CHECKPOINT)


def sampled(realdata, share):
    table = pd.read_csv(realdata / "manifest.csv")
    return [realdata / path for path in table["path"].iloc[:: round(1 / share)]]


def check(predictor, path):
    image = decode(path)
    prediction = predictor.predict([image])
    assert prediction.probabilities.shape == (1, 14)
    assert prediction.probabilities.sum() == pytest.approx(1)
    code = prediction.codes[int(prediction.probabilities[0].argmax())]
    saliency = predictor.explain(image, target=code, method="gradient")
    assert saliency.shape == image.shape[:2]
    assert np.isfinite(saliency).all()


@pytest.mark.realdata
def test_every_hundredth_real_image_is_predicted_and_explained(realdata, predictor):
    paths = sampled(realdata, share=0.01)
    assert len(paths) > 20
    for path in paths:
        check(predictor, path)


@pytest.mark.slow
@pytest.mark.realdata
@pytest.mark.timeout(3600)
def test_every_real_image_is_predicted_and_explained(realdata, predictor):
    for path in sampled(realdata, share=1):
        check(predictor, path)
