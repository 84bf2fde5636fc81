"""The study in docs/examples is made as it stands, with small images and few readers."""

from pathlib import Path

import pytest

from data.errors import UserError
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, StudyState
from readerstudy.services.results import results
from readerstudy.services.study import summaries
from tools.reenact import read_file, reenact

FILE = Path(__file__).resolve().parents[2] / "docs" / "examples" / "wang-2020.toml"
# Sensitivity and specificity of the network in the abstract of PMC7478660.
PUBLISHED = {
    "BCC": (0.800, 1.000),
    "MN": (0.800, 0.840),
    "SK": (0.850, 0.940),
    "others": (0.750, 0.940),
}


@pytest.fixture
def backend() -> str:
    return "sqlite"


def test_wang_2020_is_made_read_and_closed(db: Database, tmp_path: Path) -> None:
    given = read_file(FILE)
    assert given.readers == 164
    few = given.model_copy(update={"readers": 3, "image_px": 32})
    reenact(db, few, folder=tmp_path)
    made = {s.slug: s for s in summaries.list_studies(db, actor=SYSTEM) if "wang" in s.slug}
    assert {slug: s.n_cases for slug, s in made.items()} == {
        "wang-2020-tumours": 70,
        "wang-2020-psoriasis": 60,
    }
    for study in made.values():
        assert study.synthetic
        assert study.state is StudyState.CLOSED
        assert (study.n_readers, study.n_simulated) == (0, 3)
        assert study.n_simulated_answers == 3 * study.n_cases
        assert "drawn images, simulated readers" in study.title
    found = results.study_results(db, actor=SYSTEM, slug="wang-2020-tumours")
    for code, rates in PUBLISHED.items():
        for quantity, rate in zip(("sensitivity", "specificity"), rates, strict=True):
            record = found.get(quantity, code, "model:published-rates", "wilson")
            assert record is not None
            assert round(record.estimate, 3) == rate, (code, quantity)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("BCC = 8, MN = 2", "BCC = 8", r"answers\.BCC to add up to the 10 images"),
        ("image_px", "pixels", "pixels: there is no such setting"),
        ("[[parts]]", "[[parts", "Expected TOML in"),
    ],
    ids=["counts", "unknown setting", "no TOML"],
)
def test_a_file_that_is_wrong_is_refused(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(FILE.read_text("utf-8").replace(old, new, 1), "utf-8")
    with pytest.raises(UserError, match=words):
        read_file(path)
