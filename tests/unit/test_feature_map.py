import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
from sklearn.manifold import trustworthiness as sklearn_trustworthiness

from data.images import ImageError, decode
from data.labelled_images import read_pictures
from model.card.weights import load_checkpoint
from model.commands.main import main
from model.demo.map_section import MapSection, section
from model.demo.visits import Visit, Visits
from model.errors import CheckpointError, ModelError
from model.feature_map.files import (
    GRID,
    THUMBNAIL_PX,
    PublicMap,
    publish,
    publish_all,
    read_map,
    write_map,
    write_sprite,
)
from model.feature_map.quality import purity, quality, trustworthiness
from model.feature_map.tsne import fit_map
from model.inference.predictor import Predictor
from tests.support.model_world import tiny_card, tiny_checkpoint

CARD = dataclasses.replace(tiny_card(), sha256="a" * 64)


def clusters(n=60, *, seed=0):
    """Three well separated classes in 12 dimensions."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    centres = 8 * np.eye(3, 12)
    return (centres[labels] + rng.normal(size=(n, 12))).astype(np.float32), labels


@pytest.fixture(scope="module")
def fitted():
    features, labels = clusters()
    found = fit_map(features, labels, case_ids=[f"c{i}" for i in range(60)], card=CARD)
    return dataclasses.replace(
        found, about={"images": "x", "synthetic": True, "quality": quality(found)}
    )


def test_classes_that_are_apart_in_features_are_apart_on_the_map(fitted):
    assert fitted.positions.shape == (60, 2)
    found = {record["quantity"]: record for record in fitted.about["quality"]}
    for name in ("purity of 10 nearest, features", "purity of 10 nearest, map"):
        assert found[name]["estimate"] > 0.95
        assert found[name]["n"] == 60
        assert found[name]["ci_low"] <= found[name]["estimate"] <= found[name]["ci_high"]
    assert found["purity by chance"]["estimate"] == pytest.approx(1 / 3)


def test_labels_that_mean_nothing_have_the_purity_of_chance():
    points = np.random.default_rng(0).normal(size=(400, 2))
    labels = np.random.default_rng(1).integers(0, 4, 400)
    assert purity(points, labels).mean() == pytest.approx(0.25, abs=0.03)


def test_trustworthiness_is_that_of_scikit_learn():
    before = np.random.default_rng(0).normal(size=(50, 5))
    after = before[:, :2] + np.random.default_rng(1).normal(size=(50, 2))
    found = trustworthiness(before, after, k=7)
    assert found.shape == (50,)
    assert found.mean() == pytest.approx(sklearn_trustworthiness(before, after, n_neighbors=7))


def test_a_new_image_comes_to_its_class_and_the_map_does_not_move(fitted):
    before = fitted.positions.copy()
    features, labels = clusters(9, seed=5)
    placed = fitted.place(features, CARD)
    np.testing.assert_array_equal(fitted.positions, before)
    centres = np.array([before[fitted.labels == k].mean(axis=0) for k in range(3)])
    nearest = np.linalg.norm(placed[:, None] - centres[None], axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest, labels)
    np.testing.assert_allclose(fitted.place(features[:1], CARD), placed[:1], atol=0.5)


def test_the_nearest_of_a_known_case_is_itself(fitted):
    features, labels = clusters()
    [first] = fitted.nearest(features[7:8], CARD)
    assert first[0].row == 7
    assert first[0].distance < 0.1
    assert [n.distance for n in first] == sorted(n.distance for n in first)
    assert {labels[n.row] for n in first} == {labels[7]}


def test_something_else_lies_farther_than_all_known_cases(fitted):
    strange = np.full((1, 12), 40, np.float32)
    assert fitted.share_nearer(fitted.nearest(strange, CARD)[0]) == 1
    usual = fitted.nearest(clusters()[0][:1], CARD)[0]
    assert fitted.share_nearer(usual) < 0.9


def test_features_of_another_checkpoint_are_refused(fitted):
    other = dataclasses.replace(CARD, sha256="b" * 64)
    for refused in (fitted.place, fitted.nearest):
        with pytest.raises(ModelError, match="make a map of that checkpoint"):
            refused(clusters(1)[0], other)
    with pytest.raises(ModelError, match="Expected features of the checkpoint"):
        fitted.place(np.zeros((1, 13), np.float32), CARD)


def test_too_few_cases_are_no_map():
    with pytest.raises(ModelError, match="at least 20"):
        fit_map(*clusters(19), case_ids=["a"] * 19, card=CARD)


def test_a_map_read_again_is_the_same_and_places_the_same(fitted, tmp_path):
    write_map(fitted, tmp_path / "tiny.map.npz")
    again = read_map(tmp_path, CARD)
    for name in ("positions", "reduced", "axes", "mean", "labels"):
        np.testing.assert_array_equal(getattr(again, name), getattr(fitted, name))
    assert (again.codes, again.case_ids, again.about) == (
        fitted.codes, fitted.case_ids, fitted.about,
    )  # fmt: skip
    features, _ = clusters(1, seed=3)
    np.testing.assert_array_equal(again.place(features, CARD), fitted.place(features, CARD))
    assert read_map(tmp_path, dataclasses.replace(CARD, sha256="c" * 64)) is None
    assert read_map(tmp_path / "nowhere", CARD) is None
    (tmp_path / "tiny.map.npz").write_bytes(b"PK\x03\x04")
    with pytest.raises(CheckpointError, match="make it again"):
        read_map(tmp_path, CARD)


def test_the_page_gets_places_and_classes_but_no_features(fitted, tmp_path):
    images = [np.full((64, 64, 3), 4 * i, np.uint8) for i in range(60)]
    write_sprite(images, tmp_path / "tiny.map.webp")
    sheet = decode(tmp_path / "tiny.map.webp")
    assert sheet.shape == (8 * THUMBNAIL_PX, 8 * THUMBNAIL_PX, 3)
    # Number 13 lies in the second row, the sixth column.
    assert abs(int(sheet[60, 220, 0]) - 52) < 8
    public = publish(fitted, CARD, source=tmp_path, folder=tmp_path)
    content = json.loads((tmp_path / public.points).read_text())
    assert set(content) == {"names", "labels", "x", "y", "tile"}
    assert (min(content["x"]), min(content["y"])) == (0, 0)
    assert max(*content["x"], *content["y"]) == GRID
    assert (tmp_path / public.sprite).read_bytes() == (tmp_path / "tiny.map.webp").read_bytes()
    place = public.on_grid(fitted.positions[3:4])[0]
    assert (content["x"][3], content["y"][3]) == tuple(place)


def test_files_of_any_name_of_a_checkpoint_have_an_address(fitted):
    public = PublicMap(fitted, "my moles (2)-0a.json", "my moles (2)-0a.webp")
    about = {"synthetic": True, "images": "synthetic images", "quality": quality(fitted)}
    public = dataclasses.replace(public, found=dataclasses.replace(fitted, about=about))
    shown = section(public, CARD)
    assert 'data-points="/app-assets/map/my%20moles%20%282%29-0a.json"' in shown
    assert 'data-sprite="/app-assets/map/my%20moles%20%282%29-0a.webp"' in shown


@pytest.mark.parametrize(
    ("flag", "value", "words"),
    [
        ("--n", "0", "at least 1, but got 0"),
        ("--n", "-5", "at least 1, but got -5"),
        ("--perplexity", "0", "--perplexity to be at least 1, but got 0"),
        ("--perplexity", "nan", "--perplexity to be at least 1, but got nan"),
        ("--seed", "-1", "--seed to be 0 or more, but got -1"),
        ("--part", "test", "leave --part out"),
    ],
)
def test_a_flag_that_cannot_be_followed_is_refused(tmp_path, capsys, flag, value, words):
    tiny_checkpoint(tmp_path)
    given = ["--data", "phantom", "--checkpoint", "tiny", "--folder", str(tmp_path), "--n", "20"]
    assert main(["map", *given, flag, value, "--out", str(tmp_path)]) == 2
    assert words in capsys.readouterr().err


def test_an_unreadable_image_is_named(tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_text("no picture")
    cases = pd.DataFrame({"case_id": ["1"], "label": ["BCC"], "path": [str(broken)]})
    with pytest.raises(ImageError, match=r"broken\.jpg"):
        list(read_pictures(cases))


def test_the_command_makes_a_map_that_the_server_finds(tmp_path, capsys):
    card = tiny_checkpoint(tmp_path)
    code = main([
        "map", "--data", "phantom", "--checkpoint", "tiny", "--folder", str(tmp_path),
        "--n", "24", "--thumbnails", "--out", str(tmp_path),
    ])  # fmt: skip
    assert code == 0
    printed = capsys.readouterr().out
    assert "purity of 10 nearest, map" in printed
    assert "24 synthetic images" in printed
    [public] = publish_all([card], source=tmp_path, folder=tmp_path / "var").values()
    assert len(public.found) == 24
    assert (tmp_path / "var" / public.sprite).is_file()
    predictor = Predictor(*load_checkpoint("tiny", folder=tmp_path))
    visits = Visits()
    image = np.full((64, 64, 3), 120, np.uint8)
    features = {"tiny": predictor.features([image])}
    key = visits.add(Visit("", image, {"tiny": image}, "", checkpoint="tiny", features=features))
    maps = MapSection([card], {"tiny": public}, visits)
    shown = maps.place(key, "tiny")
    assert shown.count("<li data-code=") == 5
    assert "data-spot=" in shown
    assert "Synthetic images" in shown
    assert "n = 24 synthetic images, percentile" in shown
    assert "mean nothing" not in shown
    visits.get(key).foreign.add("tiny")
    assert "its nearest cases mean nothing" in maps.place(key, "tiny")
    assert "data-spot=" not in maps.place("", "tiny")
    assert "No map was made" in MapSection([card], {}, visits).place(key, "tiny")
