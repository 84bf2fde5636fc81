import numpy as np
import pandas as pd
import pytest

from data.commands.main import main
from data.csv_tables import ManifestError
from data.images import encode
from data.manifest import read_manifest
from data.split_file import read_split, write_split
from data.splits import SplitError


@pytest.fixture
def manifest(tmp_path):
    rows = ["case_id,path,label,patient_id"]
    for number in range(40):
        pixels = [[[number, 3 * number, 0]] * 9] * 9
        (tmp_path / f"bild ü{number}.png").write_bytes(encode(np.array(pixels, np.uint8)))
        label = "MN" if number % 4 else "BCC"
        rows.append(f"c{number},bild ü{number}.png,{label},p{number // 2}")
    path = tmp_path / "cases.csv"
    path.write_text("\n".join(rows), "utf-8")
    return path


def run(*arguments):
    return main([str(argument) for argument in arguments])


def test_a_split_is_stored_and_read_back(manifest, tmp_path, capsys):
    out = tmp_path / "new" / "split.csv"
    assert run("split", manifest, "--out", out, "--seed", 3) == 0
    stored = pd.read_csv(out)
    assert list(stored.columns) == ["case_id", "part", "seed", "method"]
    assert stored["seed"].unique().tolist() == [3]
    assert "stratified" in stored["method"][0]
    assert "train 0.65" in stored["method"][0]
    cases = read_manifest(manifest)
    parts = read_split(out, cases)
    assert parts.groupby(cases["patient_id"]).nunique().max() == 1
    assert "40 cases in 20 groups" in capsys.readouterr().out


def test_an_existing_split_is_kept_unless_told_otherwise(manifest, tmp_path, capsys):
    out = tmp_path / "split.csv"
    out.write_text("precious")
    assert run("split", manifest, "--out", out) == 2
    assert out.read_text() == "precious"
    assert "already there" in capsys.readouterr().err
    assert run("split", manifest, "--out", out, "--overwrite") == 0


def test_pairs_of_a_check_are_kept_together(manifest, tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("case_a,case_b\n" + "".join(f"c{i},c{i + 2}\n" for i in range(38)))
    assert run("split", manifest, "--out", tmp_path / "s.csv", "--join", pairs) == 0
    assert pd.read_csv(tmp_path / "s.csv")["part"].nunique() == 1


def test_classes_that_are_missing_in_a_part_are_named(manifest, tmp_path, capsys):
    text = manifest.read_text("utf-8").replace(",BCC,", ",MN,").replace(",MN,p0", ",DF,p0")
    manifest.write_text(text, "utf-8")
    run("split", manifest, "--out", tmp_path / "s.csv")
    assert "DF: none in tuning, test" in capsys.readouterr().out


@pytest.mark.parametrize("share", ["train", "train=x", "train=0.5", "=1"])
def test_shares_that_are_none_get_a_sentence(manifest, tmp_path, capsys, share):
    assert run("split", manifest, "--out", tmp_path / "s.csv", "--share", share) == 2
    assert "error: Expected" in capsys.readouterr().err


def test_the_manifest_is_never_overwritten(manifest, capsys):
    before = manifest.read_bytes()
    assert run("split", manifest, "--out", manifest, "--overwrite") == 2
    assert "the very table to read" in capsys.readouterr().err
    assert run("check", manifest, "--out", manifest) == 2
    assert manifest.read_bytes() == before


def test_a_part_that_is_named_twice_is_refused(manifest, tmp_path, capsys):
    shares = ["--share", "a=0.5", "--share", "a=1"]
    assert run("split", manifest, "--out", tmp_path / "s.csv", *shares) == 2
    assert "parts with different names" in capsys.readouterr().err


def table(*ids):
    return pd.DataFrame({"case_id": ids})


def stored(tmp_path, text):
    path = tmp_path / "s.csv"
    path.write_text(text)
    return path


def test_a_case_without_a_part_is_named(tmp_path):
    path = stored(tmp_path, "case_id,part\na,train\n")
    with pytest.raises(SplitError, match=r"2 of 3 are not \(b, c\)"):
        read_split(path, table("a", "b", "c"))


def test_cases_of_the_file_that_the_manifest_lacks_are_passed_over(tmp_path):
    path = stored(tmp_path, "case_id,part\na,train\nb,test\n")
    assert read_split(path, table("b")).tolist() == ["test"]


def test_all_that_is_wrong_with_a_split_is_named_at_once(tmp_path):
    path = stored(tmp_path, "case_id,part\na,train\na,test\nb,\n")
    with pytest.raises(ManifestError, match=r"(?s)line 3: repeats case_id 'a'.*line 4: has no"):
        read_split(path, table("a", "b"))
    with pytest.raises(SplitError, match="part is missing"):
        read_split(stored(tmp_path, "case_id,fold\na,1\n"), table("a"))


def test_an_id_that_looks_like_a_formula_is_guarded_and_still_found(tmp_path):
    cases = table("=1+1", "b")
    path = tmp_path / "s.csv"
    write_split(cases["case_id"], pd.Series(["x", "y"]), path, seed=1, fractions={"x": 1})
    assert "\n'=1+1," in path.read_text()
    assert read_split(path, cases).tolist() == ["x", "y"]
