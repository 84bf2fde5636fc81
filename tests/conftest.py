"""What all tests share: where the real images are, when they are there."""

from pathlib import Path

import pytest

REALDATA = Path(__file__).resolve().parents[2] / "shared" / "realdata"


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder of real labelled images; the test is skipped on machines without it."""
    if not (REALDATA / "manifest.csv").is_file():
        pytest.skip("the folder of real images is not here")
    return REALDATA
