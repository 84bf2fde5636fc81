"""CSV files as they come out of spreadsheets."""

from pathlib import Path

import pytest

from readerstudy.files import read_tables
from readerstudy.files.read_tables import read_predictions, read_readings
from readerstudy.stats import StatsError

HEADER = "reader_id,case_id,truth,answer"
ROWS = "r1,001,mel,mel\nr1,002,nv,\n"


@pytest.fixture
def write(tmp_path: Path):
    def _write(content: str | bytes, name: str = "readers.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return _write


def refused(path: Path, **options) -> str:
    with pytest.raises(StatsError) as caught:
        read_readings(path, **options)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_ids_stay_text(write) -> None:
    frame = read_readings(write(f"{HEADER}\n{ROWS}"))
    assert frame["case_id"].tolist() == ["001", "002"]
    assert frame["answer"].tolist() == ["mel", ""]


def test_the_index_is_the_line_of_the_file(write) -> None:
    frame = read_readings(write(f"{HEADER}\nr1,1,mel,mel\n\nr1,2,nv,nv\n,,,\n"))
    assert frame.index.tolist() == [2, 4]


@pytest.mark.parametrize(
    "content",
    [
        f"\ufeff{HEADER}\n{ROWS}".encode(),
        f"{HEADER}\n{ROWS}".encode("utf-16"),
        f"{HEADER}\n{ROWS}".replace(",", ";").encode(),
        f"{HEADER}\n{ROWS}".replace(",", "\t").encode(),
        f"{HEADER}\r\n{ROWS}".replace("\n", "\r\n").encode(),
        f'"reader_id", case_id ,truth,"answer"\n{ROWS}'.encode(),
    ],
    ids=["bom", "utf-16", "semicolon", "tab", "crlf", "quotes and blanks"],
)
def test_dialects_of_csv(write, content) -> None:
    frame = read_readings(write(content))
    assert frame.columns.tolist() == HEADER.split(",")
    assert frame["truth"].tolist() == ["mel", "nv"]


def test_a_decimal_comma_in_a_semicolon_file(write) -> None:
    frame = read_predictions(write("case_id;p_a;p_b\n1;0,25;0,75\n"))
    assert frame.loc[2, "p_a"] == 0.25


def test_a_confidence_with_a_decimal_comma(write) -> None:
    header = f"{HEADER},confidence".replace(",", ";")
    frame = read_readings(write(f"{header}\nr1;1;mel;mel;72,5\n"))
    assert frame["confidence"].tolist() == ["72.5"]


def test_ids_of_predictions_stay_text(write) -> None:
    frame = read_predictions(write(" case_id ,p_a,p_b\n001,0.25,0.75\n"))
    assert frame["case_id"].tolist() == ["001"]
    assert frame.loc[2, "p_a"] == 0.25


def test_utf16_without_its_mark_is_refused_with_its_name(write) -> None:
    message = refused(write(f"{HEADER}\n{ROWS}".encode("utf-16-le")))
    assert "--encoding utf-16-le" in message
    assert "--encoding utf-16-be" in refused(write(f"{HEADER}\n{ROWS}".encode("utf-16-be")))


def test_a_folder_is_refused_as_one(tmp_path) -> None:
    assert "got a folder" in refused(tmp_path)


def test_another_encoding_must_be_named(write) -> None:
    path = write(f"{HEADER}\nr1,1,näevus,näevus\n".encode("cp1252"))
    message = refused(path)
    assert "line 2" in message
    assert "--encoding cp1252" in message
    assert read_readings(path, encoding="cp1252").loc[2, "truth"] == "näevus"


def test_an_unknown_encoding_is_refused(write) -> None:
    assert "klingon" in refused(write(f"{HEADER}\n{ROWS}"), encoding="klingon")


@pytest.mark.parametrize("content", ["", "\n"])
def test_empty_files_are_refused(write, content) -> None:
    assert "empty" in refused(write(content))


def test_a_line_with_too_many_columns_is_named(write) -> None:
    assert "got 6 in line 3" in refused(write(f"{HEADER}\nr1,1,a,a\nr1,2,a,a,a,a\n"))


def test_a_first_line_with_too_many_columns_is_named(write) -> None:
    assert "got 5 in line 2, 3" in refused(write(f"{HEADER}\nr1,1,a,a,a\nr1,2,a,a,a\n"))


def test_lines_of_another_separator_than_the_header_are_named(write) -> None:
    message = refused(write(f"{HEADER}\nr1;1;a;a\nr1;2;a;a\n"))
    assert "got 1 in line 2, 3" in message
    assert "','" in message


def test_a_quotation_mark_left_open_is_named(write) -> None:
    assert "one in line 3 is not" in refused(write(f'{HEADER}\nr1,1,a,a\nr1,2,"a,a\nr1,3,a,a\n'))


def test_confidence_on_another_scale_is_not_taken_for_per_cent(write) -> None:
    def rows(confidence: str) -> str:
        return f"{HEADER},confidence\n" + "".join(f"r1,{i},a,a,{confidence}\n" for i in range(20))

    message = refused(write(rows("0.9")))
    assert "none of 20 is above 0.9" in message
    assert "rescale" in message
    assert len(read_readings(write(rows("55")))) == 20


def test_a_line_with_too_few_columns_is_not_an_empty_answer(write) -> None:
    assert "line 3" in refused(write(f"{HEADER}\nr1,1,a,a\nr1,2,a\n"))


def test_a_repeated_column_is_refused(write) -> None:
    assert "'truth'" in refused(write(f"{HEADER},truth\nr1,1,a,a,b\n"))


def test_no_file_is_refused(tmp_path) -> None:
    assert "no" in refused(tmp_path / "gone.csv")


def test_a_file_too_big_is_refused_with_the_reason(write, monkeypatch) -> None:
    monkeypatch.setattr(read_tables, "MOST_BYTES", 10)
    assert "memory" in refused(write(f"{HEADER}\n{ROWS}"))
