"""The words about the columns are those of the table that drives the export."""

import csv
import io
from pathlib import Path

from readerstudy.files.codebook import codebook_csv, data_dictionary
from readerstudy.files.columns import READINGS, RESULTS, TABLES, names
from readerstudy.stats.records import FIELDS

DOCS = Path(__file__).resolve().parents[2] / "docs"

# The contract of readings.csv; programs outside this project read it.
CONTRACT = (
    "study, reader_id, reader_kind, case_id, patient_id, truth, arm, answer, answer_2, answer_3, "
    "confidence, management, position, shown_at, answered_at, active_ms, timed_out, changed, "
    "cannot_tell, advice, advice_shown, is_misled, screen, zooms, advice_malignancy"
)


def test_the_data_dictionary_is_current() -> None:
    assert (DOCS / "data-dictionary.md").read_text("utf-8") == data_dictionary()


def test_readings_keep_their_contract() -> None:
    assert ", ".join(names(READINGS)) == CONTRACT


def test_results_have_the_fields_of_a_record() -> None:
    assert names(RESULTS) == FIELDS


def test_the_codebook_describes_every_column_once() -> None:
    rows = list(csv.DictReader(io.StringIO(codebook_csv())))
    described = [(row["file"], row["column"]) for row in rows]
    assert described == [
        (file, column) for file, table in TABLES.items() for column in names(table)
    ]
    assert len(set(described)) == len(described)
    assert all(row["meaning"] and row["kind"] for row in rows)
