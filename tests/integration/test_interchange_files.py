"""The bundle's files for iMRMC, MRMCaov and RJafroc, field by field, and read by the packages."""

import csv
import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook

from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.domain import SYSTEM
from readerstudy.services.reading import answering
from readerstudy.services.results import results
from tests.support.making import answer_next, make_reader

CLASS = "BCC"
Rows = list[dict[str, str]]


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def bundle(db: Database, study: str, tmp_path: Path) -> Path:
    """Three readers who read all 16 cases, each in an own way."""
    for number in range(3):
        reader = make_reader(db, study)
        step = 0
        while answering.current_case(db, actor=reader):
            step += 1
            answer_next(db, reader, DEMO8.codes[(step * (number + 1)) % len(DEMO8)])
    content = results.export_bundle(db, actor=SYSTEM, slug=study)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path / "bundle")
    return tmp_path / "bundle"


def table(path: Path) -> Rows:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def wanted(bundle: Path) -> tuple[dict[str, int], set[tuple[str, str, str, float]]]:
    """Truth by case, and (reader, modality, case, rating 0 or 1), from the bundle's own tables."""
    readings = table(bundle / "readings.csv")
    columns = [f"p_{code}" for code in DEMO8.codes]
    says = {
        row["case_id"]: max(columns, key=lambda c: float(row[c]))
        for row in table(bundle / "predictions_net.csv")
    }
    truth = {row["case_id"]: int(row["truth"] == CLASS) for row in readings}
    rows = set()
    for row in readings:
        reader, case = row["reader_id"], row["case_id"]
        rows.add((reader, "unaided", case, float(row["answer"] == CLASS)))
        rows.add((reader, "net", case, float(says[case] == f"p_{CLASS}")))
    return truth, rows


def test_imrmc_is_as_its_manual_says(bundle: Path) -> None:
    """Free text, counts, BEGIN DATA, then readerID,caseID,modalityID,score; reader -1 is truth."""
    truth, rows = wanted(bundle)
    text = (bundle / f"mrmc/call/{CLASS}.imrmc").read_text("utf-8")
    head, data = text.split("BEGIN DATA:\n")
    counts = dict(
        line.split(": ") for line in head.splitlines() if line[:2] in ("N0", "N1", "NR", "NM")
    )
    assert counts == {"NR": "3", "N0": "14", "N1": "2", "NM": "2"}
    lines = [line.split(",") for line in data.splitlines()]
    assert {len(line) for line in lines} == {4}
    assert {case: int(score) for reader, case, _, score in lines if reader == "-1"} == truth
    found = [(r, m, c, float(score)) for r, c, m, score in lines if r != "-1"]
    assert len(found) == len(rows) == 3 * 16 * 2
    assert set(found) == rows


def test_the_frames_are_as_the_packages_examples(bundle: Path) -> None:
    """iMRMC's dfMRMC_example, and MRMCaov's VanDyke."""
    truth, rows = wanted(bundle)
    frame = table(bundle / f"mrmc/call/{CLASS}.imrmc.csv")
    assert list(frame[0]) == ["readerID", "caseID", "modalityID", "score"]
    told = [row for row in frame if row["readerID"] == "truth"]
    assert {row["modalityID"] for row in told} == {"truth"}
    assert {row["caseID"]: int(float(row["score"])) for row in told} == truth
    found = {
        (row["readerID"], row["modalityID"], row["caseID"], float(row["score"]))
        for row in frame
        if row["readerID"] != "truth"
    }
    assert found == rows
    frame = table(bundle / f"mrmc/call/{CLASS}.mrmcaov.csv")
    assert list(frame[0]) == ["reader", "treatment", "case", "truth", "rating"]
    assert {(r["reader"], r["treatment"], r["case"], float(r["rating"])) for r in frame} == rows
    assert {row["case"]: int(row["truth"]) for row in frame} == truth


def test_the_workbook_is_as_the_quick_start_says(bundle: Path) -> None:
    """Sheets Truth, FP and TP; whole numbers for names; FP of healthy, TP of diseased cases."""
    truth, rows = wanted(bundle)
    book = load_workbook(bundle / f"mrmc/call/{CLASS}.xlsx")
    assert {"Truth", "FP", "TP"} <= set(book.sheetnames)
    name = {
        (row["kind"], int(row["number"])): row["name"]
        for row in table(bundle / f"mrmc/call/{CLASS}.ids.csv")
    }
    head, *lines = book["Truth"].iter_rows(values_only=True)
    assert head == ("CaseID", "LesionID", "Weight", "ReaderID", "ModalityID", "Paradigm")
    assert {name["case", line[0]]: line[1] for line in lines} == truth
    assert {line[2] for line in lines} == {0}
    assert {(line[3], line[4]) for line in lines} == {("1, 2, 3", "1, 2")}
    assert [lines[0][5], lines[1][5]] == ["ROC", "FCTRL"]
    found = set()
    for sheet, is_present in (("FP", 0), ("TP", 1)):
        _, *lines = book[sheet].iter_rows(values_only=True)
        for reader, modality, case, *_, rating in lines:
            assert truth[name["case", case]] == is_present
            key = name["reader", reader], name["modality", modality], name["case", case]
            found.add((*key, float(rating)))
    assert found == rows


COUNT = """
cat(length(unique(d$reader)), sum(!duplicated(d$case) & d$truth == 0),
    sum(!duplicated(d$case) & d$truth == 1))
"""
R = {
    "iMRMC": """
        d <- read.csv("CLASS.imrmc.csv")
        found <- iMRMC::doIMRMC(data = d)
        stopifnot(nrow(found$perReader) > 0)
        told <- d[d$readerID == "truth", ]
        cat(length(unique(d$readerID)) - 1, sum(told$score == 0), sum(told$score == 1))
    """,
    "MRMCaov": """
        d <- read.csv("CLASS.mrmcaov.csv")
        library(MRMCaov)
        found <- mrmc(empirical_auc(truth, rating), treatment, reader, case, data = d)
        stopifnot(inherits(found, "mrmc"))
    """
    + COUNT,
    "RJafroc": """
        d <- RJafroc::DfReadDataFile("CLASS.xlsx", newExcelFileFormat = TRUE)
        n <- dim(d$ratings$NL)
        diseased <- dim(d$ratings$LL)[3]
        cat(n[2], n[3] - diseased, diseased)
    """,
}


BASE_R = """
whole <- function(d) stopifnot(!anyNA(d), nrow(d) > 0)
d <- read.csv("CLASS.imrmc.csv"); whole(d)
stopifnot(identical(names(d), c("readerID", "caseID", "modalityID", "score")), is.numeric(d$score))
m <- read.csv("CLASS.mrmcaov.csv"); whole(m)
stopifnot(is.numeric(m$rating), is.integer(m$truth), is.character(m$reader))
stopifnot(all(table(m$reader, m$treatment, m$case) == 1))
r <- read.csv("../../readings.csv", na.strings = "NA"); whole(r[c("reader_id", "case_id", "truth")])
stopifnot(is.integer(r$position), is.integer(r$confidence))
stopifnot(!anyNA(as.POSIXct(r$shown_at, format = "%Y-%m-%dT%H:%M:%OS", tz = "UTC")))
stopifnot(is.numeric(read.csv("../../results.csv")$estimate))
lines <- readLines("CLASS.imrmc", encoding = "UTF-8")
start <- which(lines == "BEGIN DATA:")
stopifnot(length(start) == 1)
line_of <- function(name) grep(paste0("^", name, ":"), lines, value = TRUE)
count <- function(name) as.integer(sub(".*:", "", line_of(name)))
i <- read.csv(text = lines[-seq_len(start)], header = FALSE,
              col.names = c("reader", "case", "modality", "score"), colClasses = "character")
i$score <- as.numeric(i$score); whole(i)
truth <- i[i$reader == "-1", ]
stopifnot(sum(truth$score == 0) == count("N0"), sum(truth$score == 1) == count("N1"))
rated <- i[i$reader != "-1", ]
stopifnot(length(unique(rated$modality)) == count("NM"))
stopifnot(all(rated$case %in% truth$case), nrow(rated) == nrow(m))
cat(length(unique(rated$reader)), count("N0"), count("N1"))
"""


def asked(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    rscript = shutil.which("Rscript")
    if rscript is None:
        pytest.skip("NO R: install r-base-core, and the package asked for.")
    command = [rscript, "-e", script.replace("CLASS", CLASS)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_rs_own_readers_take_the_files(bundle: Path) -> None:
    """Without any package: classes of columns, nothing missing, counts as the header says."""
    done = asked(BASE_R, bundle / "mrmc" / "call")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["3", "14", "2"]


@pytest.mark.parametrize("package", R)
def test_the_package_itself_reads_the_file(bundle: Path, package: str) -> None:
    """Counts of readers, healthy and diseased cases, as the package found them."""
    script = f'if (!requireNamespace("{package}", quietly = TRUE)) quit(status = 77)\n{R[package]}'
    done = asked(script, bundle / "mrmc" / "call")
    if done.returncode == 77:
        pytest.skip(f"NO {package}: R is here, the package is not; install.packages('{package}').")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-3:] == ["3", "14", "2"]
