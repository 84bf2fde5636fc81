import numpy as np
import pandas as pd
import pytest
import torch

from data.images import ImageError, encode
from data.phantom import draw_phantom
from data.torch_datasets import Draw, ManifestDataset, PhantomDataset
from tests.support.model_world import THREE, noise


def as_tensor(image, rng):
    return torch.from_numpy(image.astype(np.float32)) + float(rng.random())


def phantoms(**options):
    return PhantomDataset(THREE, length=9, transform=as_tensor, **{"sizes": (64,), **options})


def test_rows_of_a_phantom_set_take_turns_through_the_classes():
    assert phantoms().labels == [0, 1, 2] * 3


def test_a_phantom_is_that_of_the_keys_seed_and_class():
    image, label = phantoms()[Draw(4, 123)]
    expected = draw_phantom("MN", seed=123, size=64).image
    assert label == 1
    assert torch.equal(image.floor() - expected.astype(np.float32), torch.zeros(64, 64, 3))


def test_the_key_decides_everything():
    dataset = phantoms(sizes=(64, 80))
    assert torch.equal(dataset[Draw(0, 5)][0], dataset[Draw(0, 5)][0])
    shapes = {tuple(dataset[Draw(0, seed)][0].shape) for seed in range(12)}
    assert shapes == {(64, 64, 3), (80, 80, 3)}


def test_plain_rows_start_at_the_sets_own_seed():
    image, label = phantoms(first_seed=100)[2]
    again, _ = phantoms(first_seed=0)[Draw(2, 102)]
    assert label == 2
    assert torch.equal(image, again)


def manifest(folder, *contents):
    paths = []
    for number, content in enumerate(contents):
        paths.append(folder / f"{number}.png")
        paths[-1].write_bytes(content)
    return pd.DataFrame({"path": map(str, paths), "label": ["SK", "BCC"][: len(paths)]})


def test_images_of_a_manifest_come_with_their_class(tmp_path):
    image = noise(8, 8)
    cases = manifest(tmp_path, encode(image), encode(255 - image))
    dataset = ManifestDataset(cases, taxonomy=THREE, transform=as_tensor)
    assert len(dataset) == 2
    assert dataset.labels == [2, 0]
    found, label = dataset[Draw(1, 7)]
    assert label == 0
    assert torch.equal(found.floor(), torch.from_numpy((255 - image).astype(np.float32)))


def test_an_unreadable_image_is_a_sentence(tmp_path):
    dataset = ManifestDataset(manifest(tmp_path, b"no"), taxonomy=THREE, transform=as_tensor)
    with pytest.raises(ImageError):
        dataset[0]
