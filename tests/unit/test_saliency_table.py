"""Maps of a manifest as pictures with the table that a study imports."""

import csv

import numpy as np
import pytest

from data.images import decode, encode
from data.manifest import write_manifest
from model.commands.main import EXIT_OK, EXIT_USER_ERROR, main
from model.commands.saliency_table import COLUMNS, MAX_SIDE_PX
from readerstudy.services.intake import supports
from tests.support.model_world import THREE, noise, tiny_predictor


@pytest.fixture
def place(tmp_path):
    """A checkpoint and a manifest of two images, one of them large and none known to the model."""
    (tmp_path / "a.png").write_bytes(encode(noise()))
    (tmp_path / "b.png").write_bytes(encode(noise(90, MAX_SIDE_PX + 200, seed=1)))
    rows = [{"case_id": name, "path": f"{name}.png", "label": "other"} for name in "ab"]
    write_manifest(rows, tmp_path / "cases.csv")
    return tmp_path


@pytest.fixture
def predictor(place):
    return tiny_predictor(place)


def run(place, *arguments):
    asked = ["saliency", "--data", place / "cases.csv", "--out", place / "maps", *arguments]
    return main([*map(str, asked), "--checkpoint", "tiny", "--folder", str(place)])


def table(place):
    with (place / "maps" / "supports.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_each_image_has_a_map_of_the_likeliest_class(place, predictor):
    assert run(place) == EXIT_OK
    rows = table(place)
    assert [row["case_id"] for row in rows] == ["a", "b"]
    assert tuple(rows[0]) == COLUMNS == supports._COLUMNS
    image = decode(place / "a.png")
    first = predictor.predict([image]).probabilities[0].argmax()
    assert THREE.diseases[first].name_en in rows[0]["caption"]
    shown = decode(place / "maps" / rows[0]["path"])
    assert shown.shape == image.shape
    assert not np.array_equal(shown, image)
    assert max(decode(place / "maps" / rows[1]["path"]).shape) == MAX_SIDE_PX
    assert "a" not in rows[0]["path"].removesuffix(".png")


def test_the_classes_of_a_study_decide_which_class_is_explained(place, predictor):
    probabilities = predictor.predict([decode(place / "a.png")]).probabilities[0]
    last = THREE.codes[int(probabilities.argmin())]
    assert run(place, "--classes", last) == EXIT_OK
    assert {row["caption"].split()[0] for row in table(place)} == {
        THREE.diseases[THREE.index(last)].name_en.split()[0]
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("--classes", "XX"), "XX"), (("--opacity", "2"), "opacity in [0, 1]")],
)
def test_what_cannot_be_is_a_sentence(place, predictor, capsys, arguments, said):
    assert run(place, *arguments) == EXIT_USER_ERROR
    assert said in capsys.readouterr().err


def test_unreadable_images_are_named_and_no_table_is_written(place, predictor, capsys):
    (place / "b.png").write_bytes(b"<svg/>")
    assert run(place) == EXIT_USER_ERROR
    assert "b: Expected" in capsys.readouterr().err
    assert not (place / "maps" / "supports.csv").exists()
