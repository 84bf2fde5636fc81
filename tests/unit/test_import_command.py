import os

import numpy as np
import pandas as pd
import pytest

from data.commands.main import main
from data.csv_tables import ManifestError
from data.images import encode
from data.label_maps import Match, follow, load_map, shipped
from data.manifest import FURTHER, read_manifest
from data.taxonomy import ISIC2019, PUMCH14


def run(*arguments):
    return main(["import", *map(str, arguments)])


def images(folder, *names):
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(np.full((8, 8, 3), number, np.uint8)))
    return folder


def text(path, *lines):
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def test_ham10000_with_its_parts_of_images(tmp_path):
    first = images(tmp_path / "HAM10000_images_part_1", "ISIC_1.jpg", "ISIC_2.jpg")
    second = images(tmp_path / "HAM10000_images_part_2", "ISIC_3.jpg")
    table = text(
        tmp_path / "HAM10000_metadata.csv",
        "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset",
        "HAM_1,ISIC_1,nv,histo,45.0,male,back,vidir",
        "HAM_1,ISIC_2,nv,histo,45.0,male,back,vidir",
        "HAM_2,ISIC_3,akiec,histo,,female,unknown,vidir",
    )
    out = tmp_path / "m.csv"
    maps = ("--map", "ham10000_to_isic2019", "--taxonomy", "ISIC2019")
    assert run("ham10000", table, first, second, "--out", out, *maps) == 0
    cases = read_manifest(out, taxonomy=ISIC2019).set_index("case_id")
    assert cases.loc["ISIC_2", ["label", "lesion_id", "age_band", "site"]].tolist() == [
        "NV", "HAM_1", "40-49", "back",
    ]  # fmt: skip
    assert cases.loc["ISIC_3", ["label", "age_band", "site"]].tolist() == ["AK", "", ""]
    assert set(cases["licence"]) == {"CC BY-NC 4.0"}
    assert cases["sha256"].str.len().eq(64).all()
    assert pd.read_csv(out)["path"][0] == "HAM10000_images_part_1/ISIC_1.jpg"


def test_isic_2019_joins_truth_and_metadata_and_leaves_outside_what_has_no_class(tmp_path, capsys):
    folder = images(tmp_path / "in", "ISIC_1.jpg", "ISIC_2_downsampled.jpg", "ISIC_3.jpg")
    truth = text(
        tmp_path / "truth.csv",
        "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK",
        "ISIC_1,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0",
        "ISIC_2_downsampled,0.0,0.0,0.0,0.0,1.0,0.0,0.0,0.0,0.0",
        "ISIC_3,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0",
    )
    facts = text(
        tmp_path / "meta.csv",
        "image,age_approx,anatom_site_general,lesion_id,sex",
        "ISIC_1,55.0,anterior torso,BCN_1,female",
        "ISIC_3,,,,",
    )
    out = tmp_path / "m.csv"
    arguments = (facts, folder, truth, "--out", out, "--map", "isic2019_to_pumch14")
    assert run("isic2019", *arguments, "--taxonomy", "PUMCH14") == 0
    cases = read_manifest(out, taxonomy=PUMCH14)
    assert cases["label"].tolist() == ["MN", "SK"]
    assert cases.loc[0, ["lesion_id", "age_band", "site"]].tolist() == [
        "BCN_1", "50-59", "anterior torso",
    ]  # fmt: skip
    outside = read_manifest(tmp_path / "m.outside.csv")
    assert outside[["case_id", "label"]].to_numpy().tolist() == [["ISIC_3", "MEL"]]
    said = capsys.readouterr().out
    assert "1 NV -> MN (exact)" in said
    assert "1 BKL -> SK (approximate): BKL also holds lentigo" in said
    assert "1 MEL -> – (outside)" in said
    assert "1 cases lie outside" in said


def test_isic_2018_and_two_marks_in_a_row(tmp_path, capsys):
    folder = images(tmp_path / "in", "ISIC_1.jpg", "ISIC_2.jpg")
    lines = ["image,MEL,NV,BCC,AKIEC,BKL,DF,VASC", "ISIC_1,0,0,0,1.0,0,0,0", "ISIC_2,0,1,1,0,0,0,0"]
    truth = text(tmp_path / "truth.csv", *lines)
    groups = text(
        tmp_path / "groups.csv", "image,lesion_id,diagnosis_confirm_type", "ISIC_1,HAM_7,histo"
    )
    out = tmp_path / "m.csv"
    assert run("isic2018", truth, groups, folder, "--out", out) == 2
    assert "line 3: has 2 classes marked with 1" in capsys.readouterr().err
    text(truth, *lines[:2])
    assert (
        run("isic2018", truth, groups, folder, "--out", out, "--map", "isic2018_to_isic2019") == 0
    )
    assert read_manifest(out).loc[0, ["label", "lesion_id"]].tolist() == ["AK", "HAM_7"]
    assert run("isic2018", groups, folder, "--out", tmp_path / "n.csv") == 2
    assert "ground-truth table" in capsys.readouterr().err


PAD = "patient_id,lesion_id,age,gender,fitspatrick,region,diagnostic,img_id,biopsed"


def test_pad_ufes_makes_lesions_unique_across_patients(tmp_path):
    images(tmp_path / "images", "imgs_part_1/PAT_1_5_1.png", "imgs_part_2/PAT_2_5_9.png")
    table = text(
        tmp_path / "metadata.csv",
        PAD,
        "PAT_1,5,55,FEMALE,3.0,NECK,NEV,PAT_1_5_1.png,False",
        "PAT_2,5,79,,,FACE,SEK,PAT_2_5_9.png,False",
    )
    out = tmp_path / "m.csv"
    arguments = (table, tmp_path / "images", "--out", out, "--map", "pad_ufes_to_isic2019")
    assert run("pad-ufes", *arguments) == 0
    cases = read_manifest(out)
    assert cases["lesion_id"].tolist() == ["PAT_1/5", "PAT_2/5"]
    assert cases["skin_tone"].tolist() == ["Fitzpatrick 3", ""]
    assert cases["label"].tolist() == ["NV", "BKL"]


def test_any_csv_with_other_names_and_images_elsewhere(tmp_path):
    folder = images(tmp_path / "elsewhere ü", "a.png", "b.jpeg")
    table = text(tmp_path / "t.csv", "file;finding;person", "a;MN;7", "b.jpeg;BCC;7")
    columns = [f"--column={c}" for c in ("path=file", "label=finding", "patient_id=person")]
    out = tmp_path / "new" / "m.csv"
    arguments = (table, folder, "--out", out, *columns, "--source", "ours", "--licence", "CC0")
    assert run("csv", *arguments) == 0
    cases = read_manifest(out)
    assert cases["case_id"].tolist() == ["a", "b.jpeg"]
    assert cases["patient_id"].tolist() == ["7", "7"]
    assert set(cases["licence"]) == {"CC0"}


def test_a_folder_of_labels_and_patients(tmp_path, capsys):
    folder = images(tmp_path / "f", "MN/p1/a.png", "MN/p1/b.png", "SK/p2/c.png")
    assert run("folder", folder, "--patients", "--out", tmp_path / "m.csv") == 0
    assert read_manifest(tmp_path / "m.csv")["patient_id"].tolist() == ["p1", "p1", "p2"]
    images(folder, "loose.png")
    assert run("folder", folder, "--out", tmp_path / "n.csv") == 2
    assert "loose.png: is not in <label>/" in capsys.readouterr().err
    assert not (tmp_path / "n.csv").exists()


def test_all_bad_rows_are_named_at_once_and_nothing_is_written(tmp_path, capsys):
    images(tmp_path, "x/a.png", "y/a.png", "b.png")
    table = text(
        tmp_path / "t.csv", "case_id,path,label", "1,b.png,NV", "1,b.png,NV", "2,none.png,NV",
        "3,a.png,NV", "=4,b.png,NV", "5,b.png,", "6,b.png,odd",
    )  # fmt: skip
    out = tmp_path / "m.csv"
    assert run("csv", table, tmp_path, "--out", out, "--map", "isic2019_to_pumch14") == 2
    said = capsys.readouterr().err
    for part in (
        "line 2: repeats case_id '1'",
        "line 4: image 'none.png' is in none",
        "line 5: image 'a.png' is there 2 times",
        "line 6: case_id '=4' would run as a formula",
        "line 7: has no label",
        "line 8: label 'odd' is not in isic2019_to_pumch14",
    ):
        assert part in said
    assert not out.exists()


def test_a_manifest_that_is_there_is_kept(tmp_path, capsys):
    folder = images(tmp_path / "f", "MN/a.png")
    out = text(tmp_path / "m.csv", "precious")
    assert run("folder", folder, "--out", out) == 2
    assert out.read_text() == "precious\n"
    assert run("folder", folder, "--out", out, "--overwrite") == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("csv", "nowhere.csv"),
        ("folder", "nowhere"),
        ("csv", ".", "--column", "path"),
        ("csv", "t.csv", "--column", "colour=x"),
        ("csv", "t.csv", "--column", "path=x"),
        ("ham10000", "t.csv"),
        ("folder", "f", "--map", "none"),
    ],
)
def test_mistakes_in_the_command_are_sentences(tmp_path, monkeypatch, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    text(tmp_path / "t.csv", "a,b", "1,2")
    images(tmp_path / "f", "MN/a.png")
    assert run(*arguments, "--out", "m.csv") == 2
    assert capsys.readouterr().err.startswith("error: Expected")


def test_nothing_that_subgroups_and_studies_use_is_lost(tmp_path):
    folder = images(tmp_path / "in", "ISIC_1.jpg", "ISIC_2.jpg")
    table = text(
        tmp_path / "HAM10000_metadata",
        "lesion_id,image_id,dx,dx_type,age,sex,localization",
        "HAM_1,ISIC_1,nv,histo,45.0,male,back",
        "HAM_2,ISIC_2,nv,follow_up,45.0,unknown,back",
    )
    assert run("ham10000", table, folder, "--out", tmp_path / "ham.csv") == 0
    cases = read_manifest(tmp_path / "ham.csv", further=FURTHER)
    assert cases["sex"].tolist() == ["male", ""]
    assert cases["basis"].tolist() == ["histopathology", "follow-up"]
    truth = text(tmp_path / "truth.csv", "image,MEL,NV", "ISIC_1,1,0", "ISIC_2,0.00,1.00")
    facts = text(tmp_path / "facts.csv", "image,sex", "ISIC_2,female")
    assert run("isic2019", truth, facts, folder, "--out", tmp_path / "isic.csv") == 0
    cases = read_manifest(tmp_path / "isic.csv", further=FURTHER)
    assert cases[["label", "sex"]].to_numpy().tolist() == [["MEL", ""], ["NV", "female"]]
    pad = text(tmp_path / "p.csv", PAD, "PAT_1,5,55,FEMALE,3.0,NECK,NEV,ISIC_1.jpg,True")
    assert run("pad-ufes", pad, folder, "--out", tmp_path / "pad.csv") == 0
    cases = read_manifest(tmp_path / "pad.csv", further=FURTHER)
    assert cases.loc[0, ["sex", "basis"]].tolist() == ["female", "biopsy"]
    own = text(tmp_path / "own.csv", "path,label,gender,modality", "in/ISIC_1.jpg,NV,f,clinical")
    assert run("csv", own, "--column", "sex=gender", "--out", tmp_path / "csv.csv") == 0
    cases = read_manifest(tmp_path / "csv.csv", further=FURTHER)
    assert cases.loc[0, ["sex", "modality"]].tolist() == ["f", "clinical"]


def test_images_that_no_row_names_and_files_that_cannot_be_read_are_told(tmp_path, capsys):
    folder = images(tmp_path / "f", "NV/a.png", "NV/b.jfif", "MEL /c.JPE", "NV/d.gif")
    assert run("folder", folder, "--out", tmp_path / "m.csv") == 0
    said = capsys.readouterr().out
    assert "3 cases written" in said
    assert "1 files are left out" in said
    assert "NV/d.gif" in said
    assert read_manifest(tmp_path / "m.csv")["label"].tolist() == ["MEL", "NV", "NV"]
    table = text(tmp_path / "t.csv", "path,label", "a,NV")
    assert run("csv", table, folder, "--out", tmp_path / "n.csv") == 0
    assert "2 images of the folders are in no row of the table: c.JPE" in capsys.readouterr().out


def test_images_saved_anew_in_folders_within_each_other_are_found(tmp_path):
    images(tmp_path / "all", "part/a.jpg", "part/u\u0308.jpg")
    table = text(tmp_path / "t.csv", "path,label", "a.png,NV", "\u00fc.png,NV")
    folders = (tmp_path / "all", tmp_path / "all" / "part")
    assert run("csv", table, *folders, "--out", tmp_path / "m.csv") == 0
    names = [path.rpartition("/")[2] for path in read_manifest(tmp_path / "m.csv")["path"]]
    assert names == ["a.jpg", "u\u0308.jpg"]


def test_words_for_nothing_join_no_strangers(tmp_path):
    folder = images(tmp_path / "in", "a.png", "b.png")
    table = text(tmp_path / "t.csv", "path,label,patient_id,site", "a,NV,NA,nan", "b,NV,NA,arm")
    assert run("csv", table, folder, "--out", tmp_path / "m.csv") == 0
    cases = read_manifest(tmp_path / "m.csv")
    assert cases["patient_id"].tolist() == ["", ""]
    assert cases["site"].tolist() == ["", "arm"]


def test_a_name_that_is_no_text_and_another_hash_are_named(tmp_path, capsys):
    folder = images(tmp_path / "f", os.fsdecode(b"NV/\xff.png"), "NV/a.png")
    assert run("folder", folder, "--out", tmp_path / "m.csv") == 2
    assert "is not UTF-8; rename it" in capsys.readouterr().err
    table = text(tmp_path / "t.csv", "path,label,sha256", f"f/NV/a.png,NV,{'ab' * 32}")
    assert run("csv", table, "--out", tmp_path / "m.csv") == 2
    assert "line 2: the image is not the one" in capsys.readouterr().err


def test_the_table_to_import_is_never_overwritten(tmp_path, capsys):
    folder = images(tmp_path / "f", "a.png")
    table = text(tmp_path / "t.csv", "path,label,more", "a,NV,precious")
    assert run("csv", table, folder, "--out", table, "--overwrite") == 2
    assert "the very table to read" in capsys.readouterr().err
    assert "precious" in table.read_text()


def test_a_path_that_begins_with_a_space_is_read_back(tmp_path):
    folder = images(tmp_path, " NV/a.png")
    assert run("folder", folder, "--out", tmp_path / "m.csv") == 0
    assert read_manifest(tmp_path / "m.csv")["label"].tolist() == ["NV"]


def test_facts_that_contradict_each_other_are_named(tmp_path, capsys):
    folder = images(tmp_path / "in", "ISIC_1.jpg")
    truth = text(tmp_path / "truth.csv", "image,MEL,NV", "ISIC_1,1,0")
    facts = text(tmp_path / "facts.csv", "image,lesion_id", "ISIC_1,a", "ISIC_1,a", "ISIC_1,b")
    assert run("isic2019", truth, facts, folder, "--out", tmp_path / "m.csv") == 2
    assert "facts.csv, line 4: says something else of 'ISIC_1'" in capsys.readouterr().err


def test_unknown_lesions_of_isic_2019_can_be_put_outside(tmp_path):
    folder = images(tmp_path / "in", "ISIC_1.jpg", "ISIC_2.jpg")
    truth = text(tmp_path / "truth.csv", "image,MEL,UNK", "ISIC_1,1,0", "ISIC_2,0,1")
    arguments = (truth, folder, "--map", "isic2019_to_isic2019", "--taxonomy", "ISIC2019")
    assert run("isic2019", *arguments, "--out", tmp_path / "m.csv") == 0
    assert read_manifest(tmp_path / "m.csv")["label"].tolist() == ["MEL"]
    assert read_manifest(tmp_path / "m.outside.csv")["label"].tolist() == ["UNK"]


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_map_leads_into_its_class_list(name):
    taxonomy = {"isic2019": ISIC2019, "pumch14": PUMCH14}[name.split("_to_")[1]]
    targets = load_map(name).targets.values()
    assert all(t.label in taxonomy.codes for t in targets if t.match != Match.OUTSIDE)
    # What is only nearly the same says in which way.
    assert all(t.note for t in targets if t.match == Match.APPROXIMATE)


def test_two_maps_in_turn_are_as_good_as_the_worse_one():
    maps = [load_map("pad_ufes_to_isic2019"), load_map("isic2019_to_pumch14")]
    assert follow(maps, "NEV")[:2] == ("MN", "exact")
    assert follow(maps, "SEK")[:2] == ("SK", "approximate")
    assert follow(maps, "ACK")[:2] == ("", "outside")
    assert follow(maps, "new") is None


def test_all_that_is_wrong_with_a_map_is_named(tmp_path):
    path = text(
        tmp_path / "m.csv",
        "from,to,match,note",
        "a,X,exact,",
        "a,Y,exact,",
        "b,X,nearly,",
        "c,,exact,",
    )
    with pytest.raises(ManifestError, match=r"(?s)line 3: maps 'a'.*line 4: match.*line 5: needs"):
        load_map(str(path))
