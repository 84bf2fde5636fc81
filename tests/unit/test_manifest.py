import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.images import encode
from data.manifest import (
    COLUMNS,
    ManifestError,
    check_manifest,
    file_sha256,
    read_manifest,
    scan_folder,
    write_manifest,
)
from data.taxonomy import ISIC2019, PUMCH14


@pytest.fixture
def folder(tmp_path):
    for name in ("NV/a.png", "NV/b.PNG", "MEL/c.png"):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(np.zeros((8, 8, 3), "uint8")))
    (tmp_path / "images" / "notes.txt").write_text("not an image")
    return tmp_path


def write(folder, text):
    path = folder / "m.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_relative_paths_start_at_the_manifest(folder):
    table = read_manifest(write(folder, "case_id,path,label\n1,images/NV/a.png,NV\n"))
    assert tuple(table.columns) == COLUMNS
    assert table["path"][0] == str(folder / "images/NV/a.png")
    assert table["patient_id"][0] == ""


def test_semicolons_and_byte_order_mark_are_read(folder):
    table = read_manifest(write(folder, "\ufeffcase_id;path;label\n1;images/NV/a.png;NV\n"))
    assert table["case_id"].tolist() == ["1"]


def test_all_bad_rows_are_listed_at_once(folder):
    text = (
        "case_id,path,label,sha256\n"
        "1,images/NV/a.png,NV,\n"
        "1,images/NV/b.PNG,NV,\n"
        "2,images/none.png,NV,\n"
        "3,images/MEL/c.png,melanoma,\n"
        ",images/MEL/c.png,,\n"
        "4,images/MEL/c.png,MEL,00\n"
    )
    with pytest.raises(ManifestError) as caught:
        read_manifest(write(folder, text), taxonomy=ISIC2019)
    said = str(caught.value)
    for part in (
        "line 2: repeats case_id '1'",
        "line 4: image",
        "line 5: label 'melanoma'",
        "line 6: has no case_id",
        "line 6: has no label",
        "line 7: image 'c.png' is not the one that was hashed",
    ):
        assert part in said


def test_who_sends_a_folder_is_not_told_where_it_lies_here(folder):
    table = write(folder, "case_id,path,label\n1,images/lost.png,NV\n")
    [[said]] = check_manifest(table, is_closed_folder=True)[1].values()
    assert said == "image 'images/lost.png' is not there"


def test_right_hash_is_accepted(folder):
    digest = file_sha256(folder / "images/NV/a.png")
    table = read_manifest(
        write(folder, f"case_id,path,label,sha256\n1,images/NV/a.png,NV,{digest}\n")
    )
    assert len(table) == 1


def test_missing_column_is_named_with_those_found(folder):
    with pytest.raises(ManifestError, match="label is missing .*diagnosis"):
        read_manifest(write(folder, "case_id,path,diagnosis\n1,images/NV/a.png,NV\n"))


def test_empty_and_absent_manifest(folder):
    with pytest.raises(ManifestError, match="at least one case"):
        read_manifest(write(folder, "case_id,path,label\n"))
    with pytest.raises(ManifestError, match="is not there"):
        read_manifest(folder / "none.csv")


def test_folder_per_class_becomes_a_manifest(folder):
    table = scan_folder(folder / "images", taxonomy=ISIC2019)
    assert table["case_id"].tolist() == ["MEL/c.png", "NV/a.png", "NV/b.PNG"]
    assert table["label"].tolist() == ["MEL", "NV", "NV"]


def test_folder_with_a_stranger_class_is_refused(folder):
    (folder / "images/NV").rename(folder / "images/moles")
    with pytest.raises(ManifestError, match="label 'moles'"):
        scan_folder(folder / "images", taxonomy=ISIC2019)


def test_folder_without_images_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="found none"):
        scan_folder(tmp_path, taxonomy=ISIC2019)


def test_written_manifest_reads_back(folder):
    path = folder / "out.csv"
    write_manifest([{"case_id": "x", "path": "images/NV/a.png", "label": "NV"}], path)
    assert read_manifest(path)["label"].tolist() == ["NV"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "CSV file"), ("case_id,path,label,label \n1,a,b,c\n", "each column")],
)
def test_files_that_are_no_table_get_a_sentence(folder, text, complaint):
    with pytest.raises(ManifestError, match=complaint):
        read_manifest(write(folder, text))


def test_a_folder_names_the_file_that_is_wrong(tmp_path):
    (tmp_path / "XYZ").mkdir()
    (tmp_path / "XYZ" / "1.png").write_bytes(b"x")
    with pytest.raises(ManifestError, match=r"XYZ/1.png: label 'XYZ' is not a class"):
        scan_folder(tmp_path, taxonomy=PUMCH14)


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_header_tells_the_delimiter(tmp_path, delimiter):
    (tmp_path / "a.png").write_bytes(b"x")
    rows = [["case_id", "path", "label", '"notes, of all; kinds"'], ["a", "a.png", "MN", '"x,y;z"']]
    text = "\n".join(delimiter.join(row) for row in rows)
    (tmp_path / "m.csv").write_text(text)
    table = read_manifest(tmp_path / "m.csv", taxonomy=PUMCH14)
    assert table.loc[0, ["case_id", "label"]].tolist() == ["a", "MN"]


def test_a_table_of_one_column_is_not_cut_at_its_letters(tmp_path):
    (tmp_path / "m.csv").write_text("path\nimages/a.png\n")
    with pytest.raises(ManifestError, match=r"case_id, label is missing \(found: path\)"):
        read_manifest(tmp_path / "m.csv")


def test_trailing_delimiters_do_not_shift_columns(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "m.csv").write_text("case_id,path,label\na,a.png,MN,\n")
    assert read_manifest(tmp_path / "m.csv")["case_id"].tolist() == ["a"]


def test_lines_are_those_of_the_file_whatever_lies_between(tmp_path):
    text = (
        'case_id,path,label,source\n\na,a.png,MN,"two\nlines"\n\n\nb,b.png,MN,\nc,c.png,MN,,odd\n'
    )
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(ManifestError, match="line 8: 5 cells, but 4 columns"):
        read_manifest(tmp_path / "m.csv")
    (tmp_path / "m.csv").write_text(text.replace(",odd", ""))
    with pytest.raises(ManifestError) as caught:
        read_manifest(tmp_path / "m.csv")
    lines = [line.split(":")[0] for line in str(caught.value).splitlines()[1:]]
    assert lines == ["line 3", "line 7", "line 8"]


def test_spreadsheets_encodings_are_read_or_named(tmp_path):
    (tmp_path / "ä.png").write_bytes(b"x")
    text = "case_id\tpath\tlabel\nä\tä.png\tMN\n"
    (tmp_path / "m.csv").write_text(text, "utf-16")
    assert read_manifest(tmp_path / "m.csv")["case_id"].tolist() == ["ä"]
    (tmp_path / "m.csv").write_text(text, "cp1252")
    with pytest.raises(ManifestError, match='line 2 holds other characters; save .* "CSV UTF-8"'):
        read_manifest(tmp_path / "m.csv")


def test_what_spreadsheets_add_is_no_row_and_no_column(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    (tmp_path / "m.csv").write_text("sep=;\ncase_id;path;label;;\na;a.png;MN;;\nb;b.png;MN;;\n")
    with pytest.raises(ManifestError, match=r"1 problem.*\nline 4: image"):
        read_manifest(tmp_path / "m.csv")
    (tmp_path / "m.csv").write_text("case_id,path,label,,\na,a.png,MN,,odd\n")
    with pytest.raises(ManifestError, match="line 2: 5 cells, but 3 columns"):
        read_manifest(tmp_path / "m.csv")


def test_pictures_of_a_folder_that_nothing_can_read_are_cases_too(folder):
    (folder / "images" / "NV" / "d.gif").write_bytes(b"GIF89a")
    assert "NV/d.gif" in scan_folder(folder / "images", taxonomy=ISIC2019)["case_id"].tolist()


def test_a_folder_with_a_name_that_is_no_text_is_a_sentence(folder):
    (folder / "images" / "NV" / os.fsdecode(b"\xff.png")).write_bytes(b"x")
    with pytest.raises(ManifestError, match="not UTF-8; rename it"):
        scan_folder(folder / "images", taxonomy=ISIC2019)


def test_a_word_for_nothing_is_no_patient(folder):
    text = "case_id,path,label,patient_id\n1,images/NV/a.png,NV,NA\n2,images/NV/b.PNG,NV,NA\n"
    assert read_manifest(write(folder, text))["patient_id"].tolist() == ["", ""]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_sentence(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("any") / "m.csv"
    path.write_bytes(content)
    with pytest.raises(ManifestError):
        read_manifest(path, taxonomy=PUMCH14)
