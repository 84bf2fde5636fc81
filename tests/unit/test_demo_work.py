"""How often the demo runs the network and fits the picture to it, over one visit."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

from data.images import encode
from model.card import preprocessing
from model.card.weights import load_checkpoint
from model.demo import intake
from model.demo.handlers import Demo
from model.demo.intake import Intake
from model.demo.map_section import MapSection
from model.demo.visits import Visits
from model.feature_map.files import PublicMap
from model.feature_map.quality import quality
from model.feature_map.tsne import fit_map
from model.inference.predictor import Predictor
from tests.support.model_world import noise, tiny_checkpoint


class Visitor:
    """One visitor of a page with one checkpoint and its map of features, and what it cost."""

    def __init__(self, folder, monkeypatch):
        tiny_checkpoint(folder)
        network, card = load_checkpoint("tiny", folder=folder)
        self.n_forward = self.n_fitted = 0
        network.head.register_forward_hook(lambda *_: self._count_forward())
        self.predictor = Predictor(network, card)
        visits, public = Visits(), public_map(self.predictor)
        self.demo = Demo([self.predictor], visits=visits)
        self.section = MapSection(self.demo.cards, {"tiny": public}, visits)
        fit_square = preprocessing.fit_square

        def counted(*args):
            self.n_fitted += 1
            return fit_square(*args)

        for module in (intake, preprocessing):
            monkeypatch.setattr(module, "fit_square", counted)
        self.n_forward = 0
        self.handle = Intake(self.demo.cards, visits, examples=()).take_picture(
            encode(noise(120, 150)), visitor="somebody"
        )

    def _count_forward(self):
        self.n_forward += 1

    def rank(self):
        return self.demo.rank(SimpleNamespace(handle=self.handle), "tiny")

    def place(self):
        return self.section.place(self.handle, "tiny")


def public_map(predictor):
    features = predictor.features([noise(seed=seed) for seed in range(24)])
    ids = [f"c{i}" for i in range(24)]
    found = fit_map(features, np.arange(24) % 3, case_ids=ids, card=predictor.card)
    about = {"images": "noise", "synthetic": True, "quality": quality(found)}
    return PublicMap(dataclasses.replace(found, about=about), "tiny.json", "")


@pytest.fixture
def visitor(tmp_path, monkeypatch):
    return Visitor(tmp_path, monkeypatch)


def test_a_visit_runs_the_network_once_for_the_ranking_and_once_for_the_map(visitor):
    visitor.rank()
    assert visitor.n_forward == 1
    assert "sr-map" in visitor.demo.explain(visitor.handle, "MN", "gradient")
    assert visitor.n_forward == 2
    assert "data-spot=" in visitor.place()
    assert visitor.n_forward == 2
    assert visitor.n_fitted == 1


def test_a_picture_that_was_not_ranked_has_no_place_and_costs_nothing(visitor):
    assert "data-spot=" not in visitor.place()
    assert visitor.n_forward == 0
