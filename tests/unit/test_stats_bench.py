"""Time of an analysis of 280 readers x 160 cases x 8 classes, two models, from files to records."""

import time
from pathlib import Path

import numpy as np
import pytest

from readerstudy.files.read_tables import read_predictions, read_readings
from readerstudy.stats import analyse
from tests.support.stats_helpers import simulate

STUDY = Path(__file__).parents[1] / "golden" / "studies" / "multi_large"


def seconds(call) -> float:
    """Of the processor, not of the clock: other work on the machine does not count."""
    call()
    start = time.process_time()
    call()
    return time.process_time() - start


def from_files(**options):
    models = {m: read_predictions(STUDY / f"{m}.csv") for m in ("model_a", "model_b")}
    return analyse(read_readings(STUDY / "readers.csv"), models, **options)


@pytest.mark.bench
def test_all_closed_forms_take_under_a_second() -> None:
    assert seconds(from_files) < 1.0


@pytest.mark.bench
def test_two_thousand_bootstrap_replicates_take_under_ten_seconds() -> None:
    assert seconds(lambda: from_files(replicates=2000, rng=np.random.default_rng(0))) < 10.0


@pytest.mark.bench
def test_time_grows_no_faster_than_readers() -> None:
    times = []
    for readers in (250, 1000):
        readings, models = simulate(1, readers=readers, per_class=20)
        times.append(seconds(lambda r=readings, m=models: analyse(r, m)))
    assert times[1] < 6 * times[0]
