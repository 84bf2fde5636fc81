"""Case images are stored without metadata, exactly if they are small, under their own hash."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.images import decode
from readerstudy.domain.errors import NotFoundError
from readerstudy.services.intake import image_store


def save(path: Path, *, width: int, height: int) -> np.ndarray:
    """A JPEG whose metadata name a place and the diagnosis."""
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    exif = Image.Exif()
    exif[0x010E] = "melanoma of Ada"
    Image.fromarray(pixels).save(path, exif=exif, comment=b"melanoma of Ada")
    return decode(path)


def test_a_small_image_is_kept_exactly_and_without_metadata(tmp_path: Path) -> None:
    pixels = save(tmp_path / "in.jpg", width=40, height=30)
    stored = image_store.store(tmp_path / "in.jpg", folder=tmp_path / "cases")
    content = image_store.load(stored.file, folder=tmp_path / "cases")
    assert (decode(content) == pixels).all()
    assert b"melanoma" in (tmp_path / "in.jpg").read_bytes()
    assert b"melanoma" not in content
    assert stored.sha256 == hashlib.sha256(content).hexdigest() == stored.file.split(".")[0]
    assert image_store.media_type(content) == "image/png"


def test_a_large_image_is_compressed(tmp_path: Path) -> None:
    save(tmp_path / "in.jpg", width=2000, height=1000)
    stored = image_store.store(tmp_path / "in.jpg", folder=tmp_path)
    assert stored.file.endswith(".webp")
    content = image_store.load(stored.file, folder=tmp_path)
    assert image_store.media_type(content) == "image/webp"
    assert decode(content).shape == (1000, 2000, 3)


def test_an_image_too_wide_for_webp_is_stored_all_the_same(tmp_path: Path) -> None:
    Image.new("RGB", (16400, 900)).save(tmp_path / "in.png")
    assert image_store.store(tmp_path / "in.png", folder=tmp_path).file.endswith(".png")


def test_storing_twice_leaves_one_file_and_no_scraps(tmp_path: Path) -> None:
    save(tmp_path / "in.jpg", width=40, height=30)
    folder = tmp_path / "cases"
    assert image_store.store(tmp_path / "in.jpg", folder=folder) == image_store.store(
        tmp_path / "in.jpg", folder=folder
    )
    assert len(list(folder.iterdir())) == 1


def test_a_missing_image_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="whoever runs the study"):
        image_store.load("gone.png", folder=tmp_path)
