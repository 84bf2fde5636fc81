"""What killed uploads left behind goes; what is under way stays."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from readerstudy import clock
from readerstudy.services.intake.staging import clear_abandoned, part_of, scratch, staged


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "kept.png").write_bytes(b"an image")
    return folder


def written(path: Path, *, hours_ago: float) -> Path:
    then = (clock.now() - timedelta(hours=hours_ago)).timestamp()
    os.utime(path, (then, then))
    return path


def test_what_nobody_wrote_to_for_a_day_is_cleared(images: Path) -> None:
    left = images.parent / ".upload-old"
    left.mkdir()
    (left / "sent.zip").write_bytes(b"half")
    part = part_of(images / "kept.png", name="old")
    part.write_bytes(b"half")
    for path in (left / "sent.zip", left, part):
        written(path, hours_ago=25)
    written(images / "kept.png", hours_ago=1000)
    clear_abandoned(images)
    assert [path.name for path in images.parent.iterdir()] == ["cases"]
    assert [path.name for path in images.iterdir()] == ["kept.png"]


def test_an_upload_under_way_is_left_alone(images: Path) -> None:
    with scratch(images) as folder:
        (folder / "sent.zip").write_bytes(b"more to come")
        written(folder, hours_ago=30)  # a folder's time stands still while its file grows
        clear_abandoned(images)
        assert (folder / "sent.zip").is_file()
    assert not folder.exists()


def test_pictures_are_kept_only_if_all_goes_well(images: Path) -> None:
    def take(*, is_good: bool) -> None:
        with staged(images) as folder:
            (folder / "new.png").write_bytes(b"new")
            if not is_good:
                raise ValueError

    with pytest.raises(ValueError):
        take(is_good=False)
    assert not (images / "new.png").exists()
    take(is_good=True)
    assert (images / "new.png").read_bytes() == b"new"
