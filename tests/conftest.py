"""What all tests share: where the real images are, when they are there."""

from pathlib import Path

import pytest
from hypothesis import settings

# A loaded machine is not a defect: properties are about values, `make bench` is about time.
settings.register_profile("skinreader", deadline=None)
settings.load_profile("skinreader")

REALDATA = Path(__file__).resolve().parents[2] / "shared" / "realdata"


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real labelled images; the test is skipped on machines without it."""
    if not (REALDATA / "manifest.csv").is_file():
        pytest.skip("the folder of real images is not here")
    return REALDATA
