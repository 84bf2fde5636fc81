"""`plan` from a pilot's folder to grid, tables, picture and page."""

import argparse
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from readerstudy.commands import plan as command
from readerstudy.commands.plan import add_arguments, run
from readerstudy.stats import analyse, build_study
from readerstudy.stats.power.pilot import INCOMPLETE, NEVER_DIFFER, NO_SPREAD, NOT_SHARED, endpoints
from readerstudy.stats.power.planning import PlanOptions
from readerstudy.stats.power.planning import plan as make_plan
from readerstudy.stats.power.power import Claim, Components, power
from tests.support.stats_helpers import simulate

SIZES = ("--readers", 10, 280, "--cases", 50, 200)


def plan(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args([str(a) for a in arguments]))


def save_pilot(folder: Path, readings: pd.DataFrame, models: dict[str, pd.DataFrame]) -> Path:
    folder.mkdir(exist_ok=True)
    readings.to_csv(folder / "readings.csv", index=False)
    for name, frame in models.items():
        frame.to_csv(folder / f"predictions_{name}.csv", index=False)
    return folder


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Drawing takes longer than the rest."""
    monkeypatch.setattr(command, "save", lambda _, kind: f"<{kind}></{kind}>".encode())


@pytest.fixture(scope="module")
def pilot(tmp_path_factory) -> Path:
    readings, models = simulate(5, readers=12, per_class=30)
    return save_pilot(tmp_path_factory.mktemp("pilot") / "study", readings, models)


@pytest.fixture(scope="module")
def out(pilot: Path) -> Path:
    folder = pilot.parent / "out"
    assert plan("--pilot", pilot, *SIZES, "--margin", 0.1, "--effect", 0.15, "--out", folder) == 0
    return folder


@pytest.fixture(scope="module")
def table(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "plan.csv", keep_default_na=False, na_values=[""])


def test_one_row_for_every_endpoint_model_claim_and_size(table: pd.DataFrame) -> None:
    key = ["endpoint", "class", "model", "claim", "readers", "cases"]
    assert not table.duplicated(key).any()
    # Two accuracies, and three quantities of three classes.
    assert len(table) == (2 + 3 * 3) * 2 * 3 * 4
    assert table["power"].between(0, 1).all()
    assert (table["power_double_variances"] <= table["power"]).all()
    assert (table["power"] <= table["power_half_variances"]).all()


def test_classes_get_their_share_of_the_cases(table: pd.DataFrame) -> None:
    rows = table[(table["endpoint"] == "sensitivity") & (table["cases"] == 50)]
    assert set(rows["cases_entering"]) == {17}
    assert rows["notes"].str.contains("fewer than 20 cases").all()
    assert rows["notes"].str.contains("rely on or-rrrc-mover").all()
    assert (rows["df"] <= 16).all()


def test_the_table_is_the_power_of_the_pilots_components(pilot: Path, table: pd.DataFrame) -> None:
    study = build_study(*simulate(5, readers=12, per_class=30))
    endpoint = endpoints(study)[0]
    row = table[(table["model"] == "a") & (table["claim"] == "noninferiority")].iloc[1]
    assert (row["endpoint"], row["readers"], row["cases"]) == ("balanced_accuracy", 10, 200)
    found = power(
        endpoint.components, Claim("noninferiority", 0.0, 0.1), n_readers=np.array(10.0),
        n_cases=np.array(200.0),
    )  # fmt: skip
    assert row["power"] == pytest.approx(float(found.power))
    assert row["df"] == pytest.approx(float(found.df))


def test_what_is_needed_passes_its_target_and_one_case_less_does_not(
    pilot: Path, out: Path, tmp_path: Path, undrawn: None
) -> None:
    needed = pd.read_csv(out / "needed.csv")
    chosen = needed[(needed["endpoint"] == "sensitivity") & (needed["searched"] == "cases")]
    row = chosen.dropna(subset=["cases"]).iloc[-1]
    assert row["power"] > row["target"]
    cases = int(row["cases"])
    sizes = ("--readers", int(row["readers"]), "--cases", cases - 3, cases)
    plan("--pilot", pilot, *sizes, "--margin", 0.1, "--effect", 0.15, "--out", tmp_path)
    again = pd.read_csv(tmp_path / "plan.csv")
    key = ["endpoint", "class", "model", "claim"]
    same = (again[key] == row[key]).all(axis=1)
    below, at = again[same]["power"]
    assert below <= row["target"] < at == pytest.approx(row["power"])


def test_the_terminal_shows_the_grid(pilot: Path, tmp_path: Path, capsys, undrawn: None) -> None:
    plan("--pilot", pilot, *SIZES, "--effect", 0.1, "--out", tmp_path,
         "--endpoint", "sensitivity:mel")  # fmt: skip
    shown = capsys.readouterr().out
    assert "Difference of +0.1 is found: sensitivity of mel, a" in shown
    assert re.search(r"readers +50 cases +200 cases\n +10 +\d+ +\d+\n +280 +\d+ +\d+\n", shown)
    assert "280 readers: cases for 80% / 90%:" in shown
    assert str(tmp_path / "plan.html") in shown


def test_picture_and_page_stand_alone(out: Path) -> None:
    assert (out / "plan.pdf").read_bytes().startswith(b"%PDF")
    assert b"<svg" in (out / "plan.svg").read_bytes()
    page = (out / "plan.html").read_text("utf-8")
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert "simulated" not in page
    assert page.count("<h2>") == 1 + 2 * (2 + 3 * 3)


def test_the_same_files_every_time(pilot: Path, out: Path, tmp_path: Path) -> None:
    plan("--pilot", pilot, *SIZES, "--margin", 0.1, "--effect", 0.15, "--out", tmp_path)
    for path in out.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


def test_simulated_pilot_readers_are_named_everywhere(
    tmp_path: Path, capsys, undrawn: None
) -> None:
    readings, models = simulate(5, readers=3)
    readings["reader_kind"] = ["simulated" if r != "r000" else "human" for r in readings.reader_id]
    folder = save_pilot(tmp_path / "pilot", readings, models)
    assert plan("--pilot", folder, *SIZES, "--margin", 0.1, "--out", tmp_path / "out") == 0
    words = "2 of 3 pilot readers are simulated"
    shown = capsys.readouterr().out
    assert words in shown
    assert "only 3 pilot readers" in shown
    assert "only 8 pilot cases of the rarest kind" in shown
    assert words in (tmp_path / "out" / "plan.html").read_text("utf-8")


def test_stated_components_need_no_pilot(tmp_path: Path, capsys, undrawn: None) -> None:
    stated = "var_tr=0.0019 var=0.0012 cov1=0.0001 cov2=0.0008 cov3=0.0001 cases=100".split()
    assert plan("--components", *stated, *SIZES, "--effect", 0.05, "--out", tmp_path) == 0
    found = pd.read_csv(tmp_path / "plan.csv")
    pilot = Components(0.0038, 0.0022, 0.0014, 100)
    expected = power(
        pilot, Claim("superiority", 0.05), n_readers=np.array([[10.0], [280.0]]),
        n_cases=np.array([50.0, 200.0]),
    )  # fmt: skip
    assert found["power"].to_numpy() == pytest.approx(expected.power.ravel())
    assert "without a pilot" in capsys.readouterr().out


def test_the_pilots_differences_are_those_of_analyse() -> None:
    readings, models = simulate(8, readers=6, missing=0.1)
    found = endpoints(build_study(readings, models))
    analysis = analyse(readings, models)
    for e in found:
        method = "or-rrrc-capped" + (":jackknife" if e.quantity == "auc" else "")
        record = analysis.get(e.quantity, e.class_, f"model:{e.model} - mean_reader", method)
        assert e.difference == pytest.approx((record.estimate, record.ci_low, record.ci_high))
    assert sum(INCOMPLETE in e.notes for e in found) > len(found) / 2


def test_at_the_pilots_own_size_the_standard_error_is_the_pilots() -> None:
    readings, models = simulate(8, readers=6)
    analysis = analyse(readings, models)
    for e in endpoints(build_study(readings, models)):
        method = "or-rrrc" + (":delong" if e.quantity == "auc" else "")
        record = analysis.get(e.quantity, e.class_, f"model:{e.model} - mean_reader", method)
        if NO_SPREAD in e.notes or record.se == 0:
            continue
        found = power(
            e.components, Claim("superiority", 0.1), n_readers=np.array(6.0),
            n_cases=np.array(float(record.n_cases)), design="or-rrrc",
        )  # fmt: skip
        assert (float(found.se), float(found.df)) == pytest.approx((record.se, record.df))


def test_readers_who_share_no_case_give_no_power() -> None:
    readings, models = simulate(5, readers=2)
    number = readings["case_id"].str[1:].astype(int)
    apart = readings[(number % 2 == 0) == (readings["reader_id"] == "r000")]
    found = endpoints(build_study(apart, models))
    assert all(NOT_SHARED in e.notes and np.isnan(e.components.cov2) for e in found)
    planned = make_plan(found, PlanOptions((10,), (100,), (Claim("superiority", 0.1),)))
    assert all(np.isnan(row.power) for row in planned.rows)
    assert planned.needed == ()


def test_readers_who_never_differ_from_the_model_give_no_power(
    tmp_path: Path, undrawn: None
) -> None:
    readings, models = simulate(5)
    readings["answer"] = readings["truth"]
    sure = models["a"].copy()
    truth = readings.drop_duplicates("case_id").set_index("case_id")["truth"]
    for c in ("bcc", "mel", "nv"):
        sure[f"p_{c}"] = (truth.loc[sure["case_id"]] == c).to_numpy(float)
    folder = save_pilot(tmp_path / "pilot", readings.drop(columns="confidence"), {"a": sure})
    assert plan("--pilot", folder, *SIZES, "--margin", 0.1, "--out", tmp_path / "out") == 0
    found = pd.read_csv(tmp_path / "out" / "plan.csv")
    assert found["power"].isna().all()
    assert found["notes"].str.contains(NEVER_DIFFER).all()
    assert "–" in (tmp_path / "out" / "plan.html").read_text("utf-8")


def refused(capsys, *arguments: object) -> str:
    assert plan(*arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err


def test_refusals_are_sentences(pilot: Path, tmp_path: Path, capsys) -> None:
    no, margin = ("--out", tmp_path / "no"), ("--margin", 0.1)
    assert "--margin or --effect" in refused(capsys, "--pilot", pilot, *no)
    assert "to be a folder" in refused(capsys, "--pilot", pilot / "x", *margin, *no)
    said = refused(capsys, "--pilot", tmp_path, *margin, *no)
    assert "reader_id, case_id, truth, answer" in said
    said = refused(capsys, "--pilot", pilot, *margin, *no, "--endpoint", "sensitivity")
    assert "sensitivity:mel" in said
    said = refused(capsys, "--pilot", pilot, *margin, *no, "--difference", -0.1)
    assert "cannot be shown" in said
    assert "var_tr" in refused(capsys, "--components", "var=0.1", *margin, *no)
    assert "'var=x'" in refused(capsys, "--components", "var=x", *margin, *no)
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize(
    ("drop", "words"), [("models", "readers alone"), ("readers", "at least two readers")]
)
def test_a_pilot_that_cannot_carry_a_plan(tmp_path: Path, capsys, drop: str, words: str) -> None:
    readings, models = simulate(5)
    if drop == "readers":
        readings = readings[readings["reader_id"] == "r000"]
    folder = save_pilot(tmp_path / "pilot", readings, {} if drop == "models" else models)
    assert words in refused(capsys, "--pilot", folder, "--margin", 0.1, "--out", tmp_path / "no")


def test_a_misspelt_column_is_suggested(tmp_path: Path, capsys) -> None:
    readings, models = simulate(5)
    folder = save_pilot(tmp_path / "pilot", readings.rename(columns={"answer": "anwser"}), models)
    said = refused(capsys, "--pilot", folder, "--margin", 0.1, "--out", tmp_path / "no")
    assert "rename the column 'anwser'" in said


def test_two_tables_of_readings_are_not_guessed_between(tmp_path: Path, capsys) -> None:
    readings, models = simulate(5)
    folder = save_pilot(tmp_path / "pilot", readings, models)
    (folder / "readings.csv").rename(folder / "first.csv")
    readings.to_csv(folder / "second.csv", index=False)
    said = refused(capsys, "--pilot", folder, "--margin", 0.1, "--out", tmp_path / "no")
    assert "first.csv, second.csv" in said


@pytest.mark.parametrize(
    "wrong",
    [("--margin", "5"), ("--readers", "1"), ("--cases", "many"), ("--alpha", "0.5"),
     ("--effect", "nan"), ("--cases", "10000000")],
)  # fmt: skip
def test_sizes_and_fractions_are_checked(pilot: Path, capsys, wrong: tuple[str, str]) -> None:
    with pytest.raises(SystemExit):
        plan("--pilot", pilot, "--margin", 0.1, *wrong)
    assert "Expected" in capsys.readouterr().err
