"""A predictor without a network: quick, and its answers are known beforehand."""

import time

import numpy as np

from data.taxonomy import ISIC2019, PUMCH14
from model.card.card import ModelCard, Preprocessing
from model.inference.predictor import Prediction
from model.metrics.metric import Metric
from model.metrics.prediction_sets import SetRule
from model.metrics.reliability import Bin
from model.saliency import methods

DOMAIN = "Trained on synthetic drawings only; it knows nothing about real skin."
NO_FEATURES = np.empty((1, 0), np.float32)
REAL_DOMAIN = "Real dermoscopy, 8 classes; it knows no other disease."


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
        synthetic=True,
        metrics=(
            Metric("ranking", "auc", "BCC", 0.9, 0.8, 0.95, 120, "DeLong 95%"),
            Metric("sets", "coverage", "", 0.92, 0.86, 0.96, 120, "Wilson 95%"),
        ),
        sets=SetRule(
            0.1,
            by_class=False,
            limits={c: 0.02 if c == "BCC" else 0.3 for c in PUMCH14.codes},
            n=90,
        ),
        answers=(Bin(0.0, 0.6, 0.5, 40, 18), Bin(0.6, 1.0, 0.8, 50, 41)),
    )

    foreign = None  # or how foreign every image is: above 1 it is

    seconds = 0.0  # that a prediction takes

    def __init__(self):
        self.n_maps = self.n_predictions = 0

    def predict(self, images):
        time.sleep(self.seconds)
        self.n_predictions += 1
        rows = np.full((len(images), len(PUMCH14)), 0.02)
        for row, image in zip(rows, images, strict=True):
            red, _, blue = image.reshape(-1, 3).mean(axis=0)
            row[PUMCH14.index("Hem" if red > blue + 60 else "MN")] = 0.74
        return Prediction(PUMCH14.codes, rows, NO_FEATURES, self.foreignness(images))

    def foreignness(self, images):
        return None if self.foreign is None else np.full(len(images), self.foreign)

    def explain(self, image, *, target, method, shape):
        assert image.shape == (224, 224, 3)
        assert target in PUMCH14.codes
        assert method in methods.METHODS
        self.n_maps += 1
        return np.linspace(0, 1, shape[0] * shape[1], dtype=np.float32).reshape(shape[:2])


class RealSkinPredictor(FakePredictor):
    """A second checkpoint, of other classes: every image is a melanoma."""

    card = ModelCard(
        name="real8",
        backbone="none",
        taxonomy=ISIC2019,
        preprocessing=Preprocessing(size_px=96),
        thresholds=dict.fromkeys(ISIC2019.codes, 0.5),
        temperature=1.0,
        domain=REAL_DOMAIN,
        licence="CC BY-NC 4.0",
    )

    def predict(self, images):
        assert all(image.shape == images[0].shape for image in images)
        rows = np.tile([0.65, *[0.05] * 7], (len(images), 1))
        return Prediction(ISIC2019.codes, rows, NO_FEATURES, self.foreignness(images))

    def explain(self, image, *, target, method, shape):
        assert image.shape == (96, 96, 3)
        assert target in ISIC2019.codes
        assert method in methods.METHODS
        self.n_maps += 1
        return np.ones(shape[:2], np.float32)
