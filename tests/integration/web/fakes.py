"""A predictor without a network: quick, and its answers are known beforehand."""

import numpy as np

from data.taxonomy import PUMCH14
from model import saliency
from model.card import ModelCard, Preprocessing
from model.metrics import Metric

DOMAIN = "Trained on synthetic drawings only; it knows nothing about real skin."


class FakePredictor:
    """The reddest image is a hemangioma, every other a melanocytic nevus."""

    card = ModelCard(
        name="fake",
        backbone="none",
        taxonomy=PUMCH14,
        preprocessing=Preprocessing(),
        thresholds=dict.fromkeys(PUMCH14.codes, 0.5),
        temperature=1.0,
        domain=DOMAIN,
        metrics=(Metric("ranking", "auc", "BCC", 0.9, 0.8, 0.95, 120, "DeLong 95%"),),
    )

    def __init__(self):
        self.n_maps = 0

    def predict(self, images):
        rows = np.full((len(images), len(PUMCH14)), 0.02)
        for row, image in zip(rows, images, strict=True):
            red, _, blue = image.reshape(-1, 3).mean(axis=0)
            row[PUMCH14.index("Hem" if red > blue + 60 else "MN")] = 0.74
        return _Prediction(PUMCH14.codes, rows)

    def explain(self, image, *, target, method):
        assert target in PUMCH14.codes
        assert method in saliency.METHODS
        self.n_maps += 1
        return np.linspace(0, 1, image.shape[0] * image.shape[1], dtype=np.float32).reshape(
            image.shape[:2]
        )


class _Prediction:
    def __init__(self, codes, probabilities):
        self.codes = codes
        self.probabilities = probabilities
