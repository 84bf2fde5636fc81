"""`analyse` from files to files."""

import argparse
import csv
import json
import math
from pathlib import Path

import pandas as pd
import pytest

from readerstudy.analyse.recompute import _as_now
from readerstudy.commands import analyse as command
from readerstudy.commands.analyse import add_arguments, run
from readerstudy.files import columns
from readerstudy.files.study_analysis import result_tables
from readerstudy.report.figures import render
from readerstudy.stats.records import ALL, FIELDS, Analysis, Record
from readerstudy.stats.subjects_and_methods import Method, Subject
from tests.support.stats_helpers import simulate


@pytest.fixture
def undrawn(monkeypatch) -> None:
    """Drawing takes seconds; only the curve that two runs are compared by is really drawn."""

    def quick(picture, kind: str = "svg") -> bytes:
        if getattr(picture, "class_", "") == "mel" and kind == "svg":
            return render(picture)
        return f"<{kind}></{kind}>".encode()

    monkeypatch.setattr(command, "render", quick)


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    readings, models = simulate(11)
    readings["reader_kind"] = "simulated"
    readings.to_csv(folder / "readers.csv", index=False)
    for name, frame in models.items():
        frame.to_csv(folder / f"model_{name}.csv", index=False)
    return folder


def analyse(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args([str(a) for a in arguments]))


@pytest.fixture(scope="module")
def out(inputs) -> Path:
    folder = inputs / "out"
    status = analyse(
        "--readings", inputs / "readers.csv",
        "--predictions", f"a={inputs / 'model_a.csv'}",
        "--predictions", f"b={inputs / 'model_b.csv'}",
        "--margin", "0.05", "--replicates", 50, "--seed", 3, "--out", folder,
    )  # fmt: skip
    assert status == 0
    return folder


def test_results_have_the_agreed_fields(out) -> None:
    body = json.loads((out / "results.json").read_text())
    assert set(body) == {"meta", "records"}
    assert all(tuple(record) == FIELDS for record in body["records"])
    assert "NaN" not in (out / "results.json").read_text()


def test_csv_and_json_hold_the_same_records(out) -> None:
    body = json.loads((out / "results.json").read_text())
    table = pd.read_csv(out / "results.csv", keep_default_na=False)
    assert len(table) == len(body["records"])
    assert table["method"].tolist() == [r["method"] for r in body["records"]]


@pytest.mark.parametrize(
    ("quantity", "subject", "method"),
    [
        ("sensitivity", "model:a", "wilson"),
        ("specificity", "reader:r001", "clopper-pearson"),
        ("sensitivity", "mean_reader", "or-rrrc-capped"),
        ("sensitivity", "model:a - mean_reader", "or-rrrc"),
        ("specificity", "model:b - mean_reader", "ustat"),
        ("auc", "model:a", "delong"),
        ("auc", "model:a - model:b", "delong"),
        ("auc", "mean_reader", "or-rrrc:delong"),
        ("auc", "model:a - reader:r000", "delong"),
        ("noninferiority", "model:a - mean_reader", "or-rrrc-capped:sensitivity"),
        ("specificity_at_reader_sensitivity", "model:a", "bootstrap-2way"),
    ],
)
def test_records_by_their_agreed_names(out, quantity, subject, method) -> None:
    body = json.loads((out / "results.json").read_text())
    keys = {(r["quantity"], r["class"], r["subject"], r["method"]) for r in body["records"]}
    assert (quantity, "mel", subject, method) in keys


def test_names_are_unique(out) -> None:
    body = json.loads((out / "results.json").read_text())
    keys = [(r["quantity"], r["class"], r["subject"], r["method"]) for r in body["records"]]
    assert len(keys) == len(set(keys))


def test_one_picture_per_class(out) -> None:
    pictures = {p.name for p in (out / "figures").glob("roc_*.svg")}
    assert pictures == {"roc_bcc.svg", "roc_mel.svg", "roc_nv.svg"}


def test_the_report_stands_alone_and_warns(out) -> None:
    page = (out / "report.html").read_text()
    assert "simulated" in page
    assert 'src="http' not in page
    assert 'href="http' not in page
    assert page.count("<svg") >= 3


def test_the_same_seed_gives_the_same_files(inputs, out, undrawn) -> None:
    again = inputs / "again"
    analyse(
        "--readings", inputs / "readers.csv",
        "--predictions", f"a={inputs / 'model_a.csv'}",
        "--predictions", f"b={inputs / 'model_b.csv'}",
        "--margin", "0.05", "--replicates", 50, "--seed", 3, "--out", again,
    )  # fmt: skip
    for name in ("results.json", "results.csv", "figures/roc_mel.svg"):
        assert (again / name).read_bytes() == (out / name).read_bytes(), name


def test_readers_alone(inputs, undrawn) -> None:
    status = analyse(
        "--readings", inputs / "readers.csv", "--replicates", 0, "--out", inputs / "alone"
    )
    assert status == 0
    assert "readers alone" in (inputs / "alone" / "report.html").read_text()


def test_refusals_are_sentences_on_standard_error(inputs, capsys) -> None:
    status = analyse(
        "--readings", inputs / "readers.csv", "--predictions", "model_a.csv", "--out", inputs / "no"
    )
    assert status == 2
    assert "NAME=FILE" in capsys.readouterr().err
    assert not (inputs / "no").exists()


def test_a_misspelt_column_is_suggested(tmp_path, capsys) -> None:
    bad = tmp_path / "bad.csv"
    bad.write_text("reader_id,case_id,truth,anwser,age\nr1,1,a,a,40\n")
    assert analyse("--readings", bad, "--out", tmp_path / "out") == 2
    assert "rename the column 'anwser'" in capsys.readouterr().err


@pytest.mark.parametrize("margin", ["5", "0", "big"])
def test_a_margin_is_a_fraction(inputs, margin) -> None:
    with pytest.raises(SystemExit):
        analyse("--readings", inputs / "readers.csv", "--margin", margin, "--out", inputs / "no")


@pytest.mark.parametrize("option", ["--seed", "--replicates"])
@pytest.mark.parametrize("value", ["-1", "many"])
def test_a_seed_and_replicates_are_whole_numbers(inputs, option, value, capsys) -> None:
    with pytest.raises(SystemExit):
        analyse("--readings", inputs / "readers.csv", option, value, "--out", inputs / "no")
    assert "Expected a whole number from 0" in capsys.readouterr().err


def test_a_table_of_results_is_as_the_data_dictionary_says() -> None:
    model, wilson = Subject.model("a"), Method("wilson")
    records = (
        Record("accuracy", "=1+1", model, wilson, -0.5, df=math.inf, n_cases=9, n_readers=3),
        Record("accuracy", ALL, model, wilson, 0.5, n_cases=9),
    )
    table = result_tables(Analysis({}, records))["results.csv"].decode()
    first, second = csv.DictReader(table.splitlines())
    assert (first["class"], first["estimate"]) == ("'=1+1", "-0.5")
    assert (first["df"], first["n_cases"], first["n_readers"]) == ("", "9", "3")
    assert second["n_readers"] == ""


@pytest.mark.parametrize("note", ["", "plain", 'quoted, with "marks"', "of two\nlines"])
def test_a_table_of_today_is_taken_as_it_is(note) -> None:
    model, method, notes = Subject.model("a"), Method("none"), (note,)
    records = (
        Record("x", ALL, model, method, 0, 0.0, 2.0, 3.0, 1.0, 1.0, 1.0, 9, 3, notes),
        Record("x", ALL, model, method, 0, 0.0, n_cases=9, notes=notes),
    )
    now = result_tables(Analysis({}, records))["results.csv"]
    assert _as_now("results.csv", now) == now
    assert _as_now("results.csv", now.replace(b",9,3,", b",9,3.0,")) == now


def test_whole_numbers_of_the_data_dictionary_are_written_as_such(out) -> None:
    whole = [column.name for column in columns.RESULTS if column.kind == "whole number"]
    assert whole == ["n_cases", "n_readers"]
    rows = list(csv.DictReader((out / "results.csv").read_text("utf-8").splitlines()))
    written = {row[name] for row in rows for name in whole}
    assert {text for text in written if not text.isdecimal()} == {""}
    body = json.loads((out / "results.json").read_text("utf-8"))
    kinds = {type(record[name]) for record in body["records"] for name in whole}
    assert kinds == {int, type(None)}


def test_the_files_are_those_of_the_export(inputs, tmp_path, undrawn, monkeypatch) -> None:
    made = []
    monkeypatch.setattr(command, "describe", lambda *given: made.append(given[-1]) or {})
    assert analyse("--readings", inputs / "readers.csv", "--replicates", 0, "--out", tmp_path) == 0
    for name, content in result_tables(made[0]).items():
        assert (tmp_path / name).read_bytes() == content


def test_a_second_reading_has_its_tables_and_sentence(inputs, tmp_path, undrawn) -> None:
    first = pd.read_csv(inputs / "readers.csv")
    second = first.assign(arm="aided", answer=first["truth"], advice=first["truth"])
    both = pd.concat([first.assign(arm="unaided", advice=""), second])
    both.to_csv(tmp_path / "readers.csv", index=False)
    out = tmp_path / "out"
    assert analyse("--readings", tmp_path / "readers.csv", "--replicates", 0, "--out", out) == 0
    page = (out / "report.html").read_text()
    for words in ("Aided minus unaided reading", "What readers did with advice", "took_right"):
        assert words in page or words.replace("_", " ") in page
    assert f"{len(second)} second answers were given" in page


def test_clusters_are_named_on_the_command_line(inputs, tmp_path, undrawn) -> None:
    readings = pd.read_csv(inputs / "readers.csv", dtype=str, keep_default_na=False)
    readings["Patient No"] = [f"p{int(case[1:]) // 2}" for case in readings["case_id"]]
    readings.to_csv(tmp_path / "readers.csv", index=False)
    status = analyse(
        "--readings", tmp_path / "readers.csv",
        "--predictions", f"a={inputs / 'model_a.csv'}",
        "--replicates", 0, "--cluster", "Patient No", "--out", tmp_path / "out",
    )  # fmt: skip
    assert status == 0
    meta = json.loads((tmp_path / "out" / "results.json").read_text())["meta"]
    assert (meta["cluster"], meta["n_clusters"]) == ("Patient No", 12)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Cases with the same Patient No are not independent: 12 clusters" in page
    assert "Obuchowski NA" in page


def test_a_misspelt_cluster_is_refused_with_the_likely_name(inputs, tmp_path, capsys) -> None:
    readings = pd.read_csv(inputs / "readers.csv", dtype=str, keep_default_na=False)
    readings["patient"] = readings["case_id"]
    readings.to_csv(tmp_path / "readers.csv", index=False)
    status = analyse("--readings", tmp_path / "readers.csv", "--cluster", "patients",
                     "--out", tmp_path / "out")  # fmt: skip
    assert status == 2
    assert "patient" in capsys.readouterr().err


def test_an_out_that_is_a_file_is_refused_before_anything_is_computed(
    inputs, tmp_path, capsys
) -> None:
    (tmp_path / "taken").write_text("mine")
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        assert analyse("--readings", inputs / "readers.csv", "--out", out) == 2
        assert f"but {tmp_path / 'taken'} is a file" in capsys.readouterr().err
    assert (tmp_path / "taken").read_text() == "mine"


def test_an_out_that_may_not_be_written_to_is_refused(
    inputs, tmp_path, capsys, monkeypatch
) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    assert analyse("--readings", inputs / "readers.csv", "--out", tmp_path / "new") == 2
    assert f"{tmp_path} may not" in capsys.readouterr().err


def test_a_full_disk_is_a_sentence(inputs, tmp_path, capsys, monkeypatch) -> None:
    def full(*_: object) -> dict[str, bytes]:
        raise OSError(28, "No space left on device", "results.json")

    monkeypatch.setattr(command, "result_tables", full)
    status = analyse(
        "--readings", inputs / "readers.csv", "--replicates", 0, "--out", tmp_path / "new"
    )
    assert status == 2
    assert "No space left on device (results.json)" in capsys.readouterr().err


def test_numbers_that_do_not_fit_the_memory_are_a_sentence(
    inputs, tmp_path, capsys, monkeypatch
) -> None:
    def too_much(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(command, "analyse", too_much)
    assert analyse("--readings", inputs / "readers.csv", "--out", tmp_path / "new") == 2
    assert "fewer --replicates" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_more_replicates_than_anybody_needs_are_refused(inputs, tmp_path, capsys) -> None:
    with pytest.raises(SystemExit):
        analyse(
            "--readings", inputs / "readers.csv", "--replicates", 10**9, "--out", tmp_path / "new"
        )
    assert "at most 100,000" in capsys.readouterr().err


def test_old_pictures_do_not_stand_beside_new_ones_and_other_files_stay(
    inputs, tmp_path, undrawn
) -> None:
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "roc_old.svg").write_text("old")
    (tmp_path / "mine.txt").write_text("mine")
    arguments = ("--readings", inputs / "readers.csv", "--replicates", 0, "--out", tmp_path)
    assert analyse(*arguments) == 0
    assert not (tmp_path / "figures" / "roc_old.svg").exists()
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_the_report_says_what_to_report_with_few_cases(out) -> None:
    page = (out / "report.html").read_text()
    assert "With few cases" in page
    assert "Korn EL" in page
    table = page.split("<h2>With few cases</h2>")[1].split("<h2>")[0]
    # Sensitivity and specificity of three classes, of the mean reader and two differences.
    assert table.count("or-rrrc-mover</td>") >= 3 * 2 * 3
    margins = page.split("<h2>Non-inferiority and equivalence</h2>")[1].split("<h2>")[0]
    # One row of each rate and claim: by the method to rely on, named once.
    assert margins.count("sensitivity, noninferiority</td>") == 3 * 2
    assert margins.count("sensitivity, equivalence</td>") == 3 * 2
    assert margins.count(">or-rrrc-mover</td>") >= 2 * 3 * 2
    assert margins.count("<tr><td") == 2 * 2 * (3 + 3 + 1 + 1)
