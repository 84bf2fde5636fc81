"""Files of iMRMC, MRMCaov and RJafroc: as documented, there and back, and refused in words."""

import argparse
import shutil
import subprocess
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from readerstudy.commands.convert import add_arguments, run
from readerstudy.files.read_tables import read_predictions, read_readings
from readerstudy.interchange.files import READ, study_files
from readerstudy.interchange.imrmc_mrmcaov import (
    imrmc_frame,
    imrmc_text,
    mrmcaov_frame,
    read_imrmc,
    read_imrmc_frame,
    read_mrmcaov,
)
from readerstudy.interchange.ratings import Choice, Ratings, ratings_of, tidy_of
from readerstudy.interchange.rjafroc import workbook_and_ids
from readerstudy.stats import StatsError, Study, analyse, build_study
from tests.support.stats_helpers import simulate

# Written by hand after the packages' documents: see docs/interchange.md.
IMRMC = """Front matter is free text
NR: 2
N0: 2
N1: 1
NM: 1

BEGIN DATA:
-1,1,0,0
-1,2,0,0
-1,3,0,1
1,1,A,0.5
1,2,A,-1
1,3,A,2
2,1,A,0.00E+00
2,3,A,1.5
"""


def write(format_: str, ratings: Ratings, path: Path) -> None:
    if format_ == "rjafroc":
        content, ids = workbook_and_ids(ratings)
        path.with_suffix(".ids.csv").write_bytes(ids.encode())
    elif format_ == "imrmc":
        content = imrmc_text(ratings, title="a title, with a comma").encode()
    else:
        content = {"imrmc-csv": imrmc_frame, "mrmcaov": mrmcaov_frame}[format_](ratings).encode()
    path.write_bytes(content)


def write_study(study: Study, folder: Path, *, format_: str, kind: str) -> list[Path]:
    files = study_files(study, format_=format_, kind=kind)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in files if not name.endswith(".ids.csv")]


def same(first: Ratings, second: Ratings) -> None:
    assert first.truth == second.truth
    order = ["reader", "modality", "case"]
    a, b = (r.rows.sort_values(order).reset_index(drop=True) for r in (first, second))
    pd.testing.assert_frame_equal(a[[*order, "rating"]], b[[*order, "rating"]])


def convert(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args([str(a) for a in arguments]))


NAMES = st.text(
    st.characters(categories=["L", "N", "P", "Zs"], exclude_characters=",\"'"), min_size=1
)
SAFE = NAMES.map(str.strip).filter(
    lambda n: n and not n.startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠")) and n != "truth"
)


@st.composite
def any_ratings(draw) -> Ratings:
    readers = draw(st.lists(SAFE, min_size=1, max_size=3, unique=True))
    cases = draw(st.lists(SAFE, min_size=2, max_size=4, unique=True))
    modalities = draw(st.lists(SAFE, min_size=1, max_size=2, unique=True))
    numbers = st.floats(-1e6, 1e6, allow_subnormal=False)
    rows = [(r, m, c, draw(numbers)) for r in readers for m in modalities for c in cases]
    truth = {c: i % 2 for i, c in enumerate(cases)}
    return Ratings(pd.DataFrame(rows, columns=["reader", "modality", "case", "rating"]), truth)


@pytest.mark.parametrize("format_", READ)
@settings(max_examples=30)
@given(ratings=any_ratings())
def test_every_format_gives_back_what_was_written(tmp_path_factory, format_, ratings) -> None:
    ending = ".xlsx" if format_ == "rjafroc" else ".txt"
    path = tmp_path_factory.mktemp("there") / f"file{ending}"
    write(format_, ratings, path)
    same(READ[format_](path), ratings)


@pytest.mark.parametrize("format_", ["imrmc", "imrmc-csv", "mrmcaov"])
def test_missing_readings_are_kept_missing(tmp_path, format_) -> None:
    readings, models = simulate(2, missing=0.3)
    study = build_study(readings, models)
    ratings = ratings_of(study, class_="bcc", kind="call")
    write(format_, ratings, tmp_path / "file")
    same(READ[format_](tmp_path / "file"), ratings)
    assert len(ratings.rows) == 3 * study.answered.sum()


def test_imrmc_is_read_as_its_manual_writes_it(tmp_path) -> None:
    path = tmp_path / "study.imrmc"
    path.write_text(IMRMC)
    found = read_imrmc(path)
    assert found.truth == {"1": 0, "2": 0, "3": 1}
    assert found.rows["rating"].tolist() == [0.5, -1.0, 2.0, 0.0, 1.5]
    # As a spreadsheet saves it, and with the newer words for the truth.
    path.write_text(IMRMC.replace("\n", ",,,\r\n", 7).replace("-1,", "truth,"))
    same(read_imrmc(path), found)


def test_imrmc_is_written_field_by_field(tmp_path) -> None:
    path = tmp_path / "study.imrmc"
    path.write_text(IMRMC)
    lines = imrmc_text(read_imrmc(path), title="Title").splitlines()
    assert lines[0] == "Title"
    assert set(lines[1:7]) == {"", "NR: 2", "N0: 2", "N1: 1", "NM: 1"}
    assert lines[7:11] == ["BEGIN DATA:", "-1,1,truth,0", "-1,2,truth,0", "-1,3,truth,1"]
    assert lines[11:] == ["1,1,A,0.5", "1,2,A,-1", "1,3,A,2", "2,1,A,0", "2,3,A,1.5"]


def test_frames_have_the_packages_columns() -> None:
    ratings = ratings_of(
        build_study(*simulate(2, readers=2, per_class=2)), class_="mel", kind="call"
    )
    frame = pd.read_csv(StringIO(imrmc_frame(ratings)))
    assert list(frame.columns) == ["readerID", "caseID", "modalityID", "score"]
    truth = frame[frame["readerID"] == "truth"]
    assert set(truth["modalityID"]) == {"truth"}
    assert dict(zip(truth["caseID"], truth["score"], strict=True)) == ratings.truth
    frame = pd.read_csv(StringIO(mrmcaov_frame(ratings)))
    assert list(frame.columns) == ["reader", "treatment", "case", "truth", "rating"]
    assert set(frame["truth"]) == {0, 1}
    assert set(frame["treatment"]) == {"unaided", "a", "b"}


# What MRMCaov's own source asks of `data`, in base R: `mrmc` takes factors of truth, test, reader
# and case, the highest level of truth as positive, and numeric ratings; a factorial design has
# every test with every reader; its covariances want every cell once.
MRMCAOV_ASKS = """
d <- read.csv(commandArgs(TRUE)[1])
stopifnot(is.numeric(d$rating), !anyNA(d))
stopifnot(identical(levels(factor(d$truth)), c("0", "1")))
stopifnot(all(table(d$treatment, d$reader) > 0))
stopifnot(all(table(d$treatment, d$reader, d$case) == 1))
for (part in split(d, list(d$treatment, d$reader))) {
  is_present <- as.integer(factor(part$truth)) == 2
  won <- outer(part$rating[is_present], part$rating[!is_present], "-")
  cat(part$treatment[1], part$reader[1], format(mean((sign(won) + 1) / 2), digits = 15), "\\n")
}
"""


@pytest.mark.skipif(shutil.which("Rscript") is None, reason="NO R to read the frame with")
def test_the_frame_has_what_mrmcaov_asks_of_each_field(tmp_path) -> None:
    """Read by R itself, with areas as of this project's analysis."""
    readings, models = simulate(2, readers=3, per_class=4)
    ratings = ratings_of(build_study(readings, models), class_="mel", kind="confidence")
    write("mrmcaov", ratings, tmp_path / "m.csv")
    done = subprocess.run(
        ["Rscript", "-e", MRMCAOV_ASKS, str(tmp_path / "m.csv")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    found = analyse(readings, models)
    for treatment, reader, area in rows:
        subject = f"reader:{reader}" if treatment == "unaided" else f"model:{treatment}"
        mine = found.get("auc", "mel", subject, "delong").estimate
        assert float(area) == pytest.approx(mine, rel=1e-12)
    assert len(rows) == 3 * 3


def test_rjafrocs_workbook_has_its_three_sheets(tmp_path) -> None:
    study = build_study(*simulate(2, readers=3, per_class=2))
    ratings = ratings_of(study, class_="mel", kind="confidence")
    write("rjafroc", ratings, tmp_path / "s.xlsx")
    book = load_workbook(tmp_path / "s.xlsx")
    assert book.sheetnames == ["Truth", "FP", "TP"]
    truth = list(book["Truth"].iter_rows(values_only=True))
    assert truth[0] == ("CaseID", "LesionID", "Weight", "ReaderID", "ModalityID", "Paradigm")
    assert [row[5] for row in truth[1:4]] == ["ROC", "FCTRL", None]
    assert {row[3] for row in truth[1:]} == {"1, 2, 3"}
    assert sorted(row[1] for row in truth[1:]) == [0, 0, 0, 0, 1, 1]
    assert all(isinstance(row[0], int) for row in truth[1:])
    false, true = (list(book[name].iter_rows(values_only=True)) for name in ("FP", "TP"))
    assert false[0] == ("ReaderID", "ModalityID", "CaseID", "FP_Rating")
    assert true[0] == ("ReaderID", "ModalityID", "CaseID", "LesionID", "TP_Rating")
    assert (len(false) - 1, len(true) - 1) == (3 * 3 * 4, 3 * 3 * 2)


def test_rjafroc_needs_a_crossed_design(tmp_path) -> None:
    study = build_study(*simulate(2, missing=0.3))
    with pytest.raises(StatsError, match="every case in every modality"):
        write_study(study, tmp_path, format_="rjafroc", kind="call")


@pytest.mark.parametrize("format_", READ)
@pytest.mark.parametrize("kind", ["call", "confidence"])
def test_an_analysis_of_the_file_is_that_of_the_study(tmp_path, format_, kind) -> None:
    """Calls keep sensitivity and specificity, confidence keeps the areas under the curve."""
    readings, models = simulate(5, readers=4, per_class=6, classes=("no", "yes"))
    expected = analyse(readings, models, positive="yes")
    study = build_study(readings, models, positive="yes")
    paths = write_study(study, tmp_path, format_=format_, kind=kind)
    file = next(p for p in paths if p.name.startswith("yes"))
    choice = Choice(
        unaided="unaided",
        models=(("a", "a"), ("b", "b")),
        positive_from=None if kind == "call" else 50.0,
        present="yes",
        absent="no",
    )
    found = analyse(*tidy_of(READ[format_](file), choice), positive="yes")
    for quantity in ("sensitivity", "specificity") if kind == "call" else ("auc",):
        method = "or-rrrc" if quantity != "auc" else "or-rrrc:delong"
        for subject in ("mean_reader", "model:a - mean_reader"):
            mine = found.get(quantity, "yes", subject, method)
            theirs = expected.get(quantity, "yes", subject, method)
            assert mine.estimate == pytest.approx(theirs.estimate, rel=1e-9)
            assert mine.se == pytest.approx(theirs.se, rel=1e-9)


def test_two_modalities_are_two_arms(tmp_path) -> None:
    rows = [(r, m, c, float((hash_ + len(m)) % 2)) for r in ("1", "2", "3") for m in ("A", "BB")
            for hash_, c in enumerate(("x", "y", "z", "w"))]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["reader", "modality", "case", "rating"])
    ratings = Ratings(frame, {"x": 0, "y": 1, "z": 0, "w": 1})
    readings, _ = tidy_of(ratings, Choice(unaided="A", aided="BB"))
    found = analyse(readings, {})
    gain = found.get("accuracy", "all", "mean_reader:aided - mean_reader", "or-rrrc")
    assert gain is not None
    assert abs(gain.estimate) == 1


@pytest.mark.parametrize("how", ["utf-16", "semicolon"])
def test_a_frame_as_other_programs_save_it(tmp_path, how) -> None:
    text = "reader,treatment,case,truth,rating\nr1,A,c1,1,2.5\nr1,A,c2,0,-1.5\n"
    content = (
        text.encode("utf-16")
        if how == "utf-16"
        else text.replace(",", ";").replace(".", ",").encode()
    )
    (tmp_path / "f.csv").write_bytes(content)
    found = read_mrmcaov(tmp_path / "f.csv")
    assert found.rows["rating"].tolist() == [2.5, -1.5]
    assert found.truth == {"c1": 1, "c2": 0}


def test_a_truth_in_words_is_not_guessed(tmp_path) -> None:
    (tmp_path / "f.csv").write_text("reader,test,case,truth,rating\nr1,A,c1,Abnormal,2\n")
    with pytest.raises(StatsError, match="line 2.*'Abnormal'; write 1 where"):
        read_mrmcaov(tmp_path / "f.csv")


def test_a_quotation_mark_left_open_is_a_sentence(tmp_path) -> None:
    text = f'reader,test,case,truth,rating\nr1,A,"{"c" * 140_000},1,2\n'
    (tmp_path / "f.csv").write_text(text)
    with pytest.raises(StatsError, match="quotation mark"):
        read_mrmcaov(tmp_path / "f.csv")


def test_nothing_is_left_of_a_refused_conversion(tmp_path, capsys) -> None:
    readings, _ = simulate(5, readers=3)
    readings.loc[readings["truth"] == "nv", "case_id"] += ","  # the last class alone has it
    readings.to_csv(tmp_path / "r.csv", index=False)
    out = tmp_path / "out"
    assert convert("--to", "imrmc", "--readings", tmp_path / "r.csv", "--out", out) == 2
    assert convert("--from", "imrmc", tmp_path, "--out", out) == 2
    assert "got a folder" in capsys.readouterr().err
    assert not out.exists()


def test_classes_that_differ_in_odd_letters_alone_have_their_own_files(tmp_path) -> None:
    readings, _ = simulate(5, readers=2, per_class=2, classes=("a b", "a/b"))
    paths = write_study(build_study(readings, {}), tmp_path, format_="imrmc", kind="call")
    assert len({p.read_text() for p in paths}) == len(list(tmp_path.iterdir())) == 2


def test_a_model_may_not_have_the_name_of_the_readers_modality() -> None:
    readings, models = simulate(5, readers=2, per_class=2)
    study = build_study(readings, {"unaided": models["a"]})
    with pytest.raises(StatsError, match="unaided; rename the model"):
        ratings_of(study, class_="bcc", kind="call")


def test_both_classes_may_not_have_one_name_and_equal_ratings_are_no_confidence() -> None:
    rows = pd.DataFrame(
        [("1", "A", c, 3.0) for c in "xy"], columns=["reader", "modality", "case", "rating"]
    )
    ratings = Ratings(rows, {"x": 0, "y": 1})
    with pytest.raises(StatsError, match="two names"):
        tidy_of(ratings, Choice(present="x", absent="x"))
    readings, _ = tidy_of(ratings, Choice(positive_from=4.0))
    assert "confidence" not in readings


def test_the_command_writes_and_reads(tmp_path, capsys) -> None:
    readings, models = simulate(5, readers=3)
    readings.to_csv(tmp_path / "r.csv", index=False)
    models["a"].to_csv(tmp_path / "a.csv", index=False)
    out = tmp_path / "out"
    given_ = ("--readings", tmp_path / "r.csv", "--predictions", f"a={tmp_path / 'a.csv'}")
    assert convert("--to", "imrmc", *given_, "--out", out) == 0
    assert {p.name for p in out.iterdir()} == {"bcc.imrmc", "mel.imrmc", "nv.imrmc"}
    back = tmp_path / "back"
    options = ("--unaided", "unaided", "--model", "a=a", "--present", "bcc", "--absent", "rest")
    assert convert("--from", "imrmc", out / "bcc.imrmc", *options, "--out", back) == 0
    table = pd.read_csv(back / "readings.csv")
    assert set(table["answer"]) == {"bcc", "rest"}
    assert (back / "predictions_a.csv").is_file()
    assert convert("--out", out) == 2
    assert "--to and --from" in capsys.readouterr().err


def test_no_cell_of_what_is_read_runs_in_a_spreadsheet_and_the_tables_still_fit(tmp_path) -> None:
    hostile = IMRMC.replace("1,2,A", "1,=2,A").replace("2,1,A", "2,1,@B").replace("2,3,A", "2,3,@B")
    (tmp_path / "s.imrmc").write_text(
        hostile.replace("-1,2,0,0", "-1,=2,0,0").replace("NM: 1", "NM: 2")
    )
    named = ("--unaided", "A", "--model", "m=@B", "--present", "=1+1", "--positive-from", "0.2")
    assert convert("--from", "imrmc", tmp_path / "s.imrmc", *named, "--out", tmp_path) == 0
    tables = [tmp_path / "readings.csv", tmp_path / "predictions_m.csv"]
    cells = [c for table in tables for c in pd.read_csv(table, dtype=str).to_numpy().ravel()]
    assert not [cell for cell in cells if cell.startswith(("=", "@"))]
    assert "'=2" in cells
    readings = read_readings(tables[0])
    positive = set(readings["truth"]) - {"absent"}
    assert {f"p_{name}" for name in positive} < set(read_predictions(tables[1]).columns)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("a,b\n", "BEGIN DATA"),
        (IMRMC.replace("NR: 2", "NR: 3"), "NR: 2 in line 2"),
        (IMRMC.replace("-1,3,0,1\n", ""), "case '3' \\(line 12\\) has none"),
        (IMRMC.replace("-1,3,0,1", "-1,3,0,2"), "truth of 0 .* in line 10"),
        (IMRMC.replace("-1,3,0,1", "-1,2,0,0"), "truth of case '2' once"),
        (IMRMC.replace("1,2,A,-1", "1,1,A,-1"), "lines 11, 12 repeat"),
        (IMRMC.replace("1,2,A,-1", "1,2,A,high"), "number as rating in line 12"),
        (IMRMC.replace("1,2,A,-1", "1,2,A"), "line 12"),
        (IMRMC.replace("1,2,A,-1", "1,2,A,nan"), "number as rating"),
    ],
)
def test_a_wrong_imrmc_file_is_refused_with_its_line(tmp_path, text, words) -> None:
    (tmp_path / "f.imrmc").write_text(text)
    with pytest.raises(StatsError, match=words):
        read_imrmc(tmp_path / "f.imrmc")


def test_frames_with_wrong_columns_are_refused(tmp_path) -> None:
    (tmp_path / "f.csv").write_text("reader,case,score\n1,2,3\n")
    with pytest.raises(StatsError, match="readerID, caseID, modalityID"):
        read_imrmc_frame(tmp_path / "f.csv")
    with pytest.raises(StatsError, match="treatment, truth, rating is missing"):
        read_mrmcaov(tmp_path / "f.csv")
    (tmp_path / "f.csv").write_text("rating,Test,case,truth,reader\n3,A,c1,1,r1\n2,A,c1,0,r2\n")
    with pytest.raises(StatsError, match="another one in line 3"):
        read_mrmcaov(tmp_path / "f.csv")


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04 spoilt"])
def test_a_file_that_is_no_workbook_is_refused(tmp_path, content) -> None:
    (tmp_path / "f.xlsx").write_bytes(content)
    with pytest.raises(StatsError, match="Excel workbook"):
        READ["rjafroc"](tmp_path / "f.xlsx")


def test_ratings_on_a_scale_need_to_be_told_what_positive_is() -> None:
    frame = pd.DataFrame(
        [("1", "A", "x", 3.0), ("1", "A", "y", 5.0)],
        columns=["reader", "modality", "case", "rating"],
    )
    ratings = Ratings(frame, {"x": 0, "y": 1})
    with pytest.raises(StatsError, match="--positive-from 4"):
        tidy_of(ratings, Choice())
    readings, _ = tidy_of(ratings, Choice(positive_from=4))
    assert readings["answer"].tolist() == ["absent", "present"]
    assert np.isfinite(readings["confidence"]).all()


def test_an_unknown_or_unnamed_modality_is_refused() -> None:
    rows = [("1", m, c, 1.0) for m in ("A", "B") for c in ("x", "y")]
    ratings = Ratings(
        pd.DataFrame(rows, columns=["reader", "modality", "case", "rating"]), {"x": 0, "y": 1}
    )
    with pytest.raises(StatsError, match="which of the modalities A, B"):
        tidy_of(ratings, Choice())
    with pytest.raises(StatsError, match="'C'"):
        tidy_of(ratings, Choice(unaided="C"))


def test_names_that_a_format_cannot_hold_are_refused() -> None:
    frame = pd.DataFrame([("a,b", "A", "x", 1.0)], columns=["reader", "modality", "case", "rating"])
    with pytest.raises(StatsError, match="'a,b'"):
        imrmc_text(Ratings(frame, {"x": 1}), title="t")


def test_names_that_the_program_would_run_together_are_refused() -> None:
    """It takes white space out of names."""
    rows = pd.DataFrame(
        [("a 1", "A", "c", 1.0), ("a1", "A", "c", 0.0)],
        columns=["reader", "modality", "case", "rating"],
    )
    with pytest.raises(StatsError, match="differ in more than spaces.*'a 1' and 'a1'"):
        imrmc_text(Ratings(rows, {"c": 1}), title="t")
