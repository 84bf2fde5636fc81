import cv2
import numpy as np
import pandas as pd
import pytest

from data import decoding
from data.commands.main import main
from data.duplicates.candidates import candidates
from data.duplicates.fingerprints import fingerprint, unframed
from data.duplicates.registration import near_duplicates
from data.images import decode, encode
from data.phantom import draw_phantom
from tests.hostile.formats import tiff_of_tiny_tiles

CODES = ("MN", "BCC", "SK", "DF")


def picture(number):
    code = CODES[number % len(CODES)]
    return draw_phantom(code, seed=number, size=160, nuisance=1.0).image


def run(*arguments):
    return main([str(argument) for argument in arguments])


def write(folder, name, rows):
    """A manifest of (case_id, picture, label, patient_id) rows with its images."""
    lines = ["case_id,path,label,patient_id"]
    for case_id, image, label, patient in rows:
        file = f"{name} ü {case_id}.png"
        (folder / file).write_bytes(image if isinstance(image, bytes) else encode(image))
        lines.append(f"{case_id},{file},{label},{patient}")
    path = folder / f"{name}.csv"
    path.write_text("\n".join(lines), "utf-8")
    return path


def test_parts_that_share_nothing_are_clean(tmp_path, capsys):
    one = write(tmp_path, "a", [(f"a{i}", picture(i), "MN", f"p{i}") for i in range(6)])
    two = write(tmp_path, "b", [(f"b{i}", picture(i), "MN", f"q{i}") for i in range(6, 12)])
    assert run("check", one, two, "--out", tmp_path / "pairs.csv") == 0
    assert "0 finding(s) in 12 cases of 2 manifests" in capsys.readouterr().out
    assert len(pd.read_csv(tmp_path / "pairs.csv")) == 0


def test_everything_shared_is_named(tmp_path, capsys):
    twin = encode(picture(3)), encode(cv2.flip(picture(3), 1), format="JPEG", quality=60)
    one = write(
        tmp_path, "a", [("x", picture(0), "MN", "p0"), ("a1", picture(1), "MN", "p1"),
                        ("a2", picture(2), "MN", ""), ("a3", twin[0], "DF", "")],
    )  # fmt: skip
    two = write(
        tmp_path, "b", [("x", picture(4), "MN", "p1"), ("b2", picture(2), "SK", ""),
                        ("b3", twin[1], "DF", "")],
    )  # fmt: skip
    assert run("check", one, two, "--out", tmp_path / "pairs.csv") == 1
    pairs = pd.read_csv(tmp_path / "pairs.csv").set_index("kind")[["case_a", "case_b"]]
    assert pairs.loc["case_id"].tolist() == ["x", "x"]
    assert pairs.loc["patient_id"].tolist() == ["a1", "x"]
    assert pairs.loc["same pixels"].tolist() == ["a2", "b2"]
    assert pairs.loc["two labels"].tolist() == ["a2", "b2"]
    assert pairs.loc["near-duplicate"].tolist() == ["a3", "b3"]
    said = capsys.readouterr().out
    assert "p1: a1" in said
    assert "5 finding(s)" in said


def test_a_stored_split_decides_what_is_parted(tmp_path):
    cases = write(tmp_path, "a", [("1", picture(0), "MN", ""), ("2", picture(0), "MN", "")])
    split = tmp_path / "split.csv"
    split.write_text("case_id,part\n1,train\n2,test\n")
    assert run("check", cases, "--split", split) == 1
    split.write_text("case_id,part\n1,train\n2,train\n")
    assert run("check", cases, "--split", split) == 0


def test_before_a_split_groups_are_compared_and_pairs_join_them(tmp_path):
    rows = [(str(i), picture(i % 4), "MN", f"p{i}") for i in range(8)]
    cases, pairs, out = write(tmp_path, "a", rows), tmp_path / "pairs.csv", tmp_path / "s.csv"
    assert run("check", cases, "--out", pairs) == 1
    assert run("split", cases, "--out", out, "--join", pairs) == 0
    assert run("check", cases, "--split", out) == 0


def test_unreadable_images_are_named_and_the_rest_is_checked(tmp_path, capsys):
    rows = [("1", picture(0), "MN", "p"), ("2", b"no picture", "MN", "q")]
    assert run("check", write(tmp_path, "a", rows)) == 3
    assert "2.png: Expected a" in capsys.readouterr().err


def test_an_image_that_takes_too_long_is_named_and_the_rest_is_checked(
    tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(decoding, "CPU_SECONDS", 1)
    rows = [("1", tiff_of_tiny_tiles(), "MN", "p"), ("2", picture(0), "MN", "q")]
    assert run("check", write(tmp_path, "a", rows)) == 3
    assert "1.png: Expected a picture that is read within" in capsys.readouterr().err


def test_a_split_of_two_manifests_is_refused(tmp_path, capsys):
    cases = write(tmp_path, "a", [("1", picture(0), "MN", "p")])
    assert run("check", cases, cases, "--split", cases) == 2
    assert run("check", cases, cases) == 2
    assert "different manifests" in capsys.readouterr().err


COPIES = {
    "JPEG of quality 40": lambda i: cv2.imdecode(
        cv2.imencode(".jpg", i, [cv2.IMWRITE_JPEG_QUALITY, 40])[1], cv2.IMREAD_COLOR
    ),
    "half the size": lambda i: cv2.resize(i, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA),
    "other aspect": lambda i: cv2.resize(i, (160, 120), interpolation=cv2.INTER_AREA),
    "mirrored": lambda i: cv2.flip(i, 0),
    "turned": np.rot90,
    "turned and mirrored": lambda i: np.rot90(i[:, ::-1], 3),
    "cropped by 5%": lambda i: i[8:, 3:-5],
    "cropped and turned": lambda i: np.rot90(i[10:-2, 2:-10]),
    "letterbox": lambda i: cv2.copyMakeBorder(i, 20, 24, 0, 0, cv2.BORDER_CONSTANT),
    "white frame": lambda i: cv2.copyMakeBorder(
        i, 9, 9, 12, 12, cv2.BORDER_CONSTANT, value=(255, 255, 255)
    ),
    "grey bar": lambda i: cv2.copyMakeBorder(
        i, 0, 0, 0, 40, cv2.BORDER_CONSTANT, value=(114, 114, 114)
    ),
    "brighter": lambda i: np.clip(i * 1.1 + 8, 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_found_and_other_pictures_are_not(name):
    originals = [picture(number) for number in range(12)]
    copies = [np.ascontiguousarray(COPIES[name](image)) for image in originals]
    thumbs = np.stack([fingerprint(image).thumb for image in [*originals, *copies]])
    found = near_duplicates(thumbs, np.repeat([0, 1], 12))
    assert sorted((near.first % 12, near.second % 12) for near in found) == [
        (i, i) for i in range(12)
    ]


def test_a_frame_that_compression_touched_is_taken_off():
    framed = cv2.copyMakeBorder(picture(0), 20, 24, 0, 0, cv2.BORDER_CONSTANT)
    kept = unframed(cv2.cvtColor(decode(encode(framed, format="JPEG")), cv2.COLOR_RGB2GRAY))
    assert abs(kept.shape[0] - picture(0).shape[0]) <= 4
    dark = np.zeros((90, 90), np.uint8)
    dark[40:44, 40:44] = 200
    assert unframed(dark).shape == (90, 90)  # almost nothing would be left


def test_pictures_of_one_colour_are_not_near_duplicates():
    thumbs = np.stack([np.full((96, 96), grey, np.uint8) for grey in (10, 10, 200)])
    assert near_duplicates(thumbs, np.arange(3)) == []


def test_equal_pictures_are_all_found():
    thumbs = np.repeat(fingerprint(picture(0)).thumb[None], 12, axis=0)
    assert len(near_duplicates(thumbs, np.arange(12))) == 12 * 11 / 2


def test_many_equal_pictures_end_in_time():
    """Looks are dear, and grow with the pictures, not with their square; none is left out."""
    thumbs = np.repeat(fingerprint(picture(0)).thumb[None], 300, axis=0)
    pairs = candidates(thumbs, np.arange(300), per_picture=5)
    assert len(pairs.first) <= 300 * 5
    assert {*pairs.first.tolist(), *pairs.second.tolist()} == set(range(300))


def test_pixels_count_and_files_do_not():
    image = picture(0)
    assert fingerprint(image).pixels == fingerprint(image.copy()).pixels
    changed = image.copy()
    changed[0, 0, 0] ^= 1
    assert fingerprint(image).pixels != fingerprint(changed).pixels
