import json
import subprocess
import sys
from pathlib import Path

import pytest

from data.images import encode
from model.commands.main import main
from tests.support.model_world import noise, tiny_checkpoint

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def place(tmp_path):
    """A checkpoint, and a folder with two good images and a bad one."""
    tiny_checkpoint(tmp_path)
    (tmp_path / "in").mkdir()
    for number in range(2):
        (tmp_path / "in" / f"{number}.png").write_bytes(encode(noise(seed=number)))
    (tmp_path / "in" / "bad.png").write_bytes(b"<svg/>")
    return tmp_path


def run(place, *arguments):
    return main([*map(str, arguments), "--checkpoint", "tiny", "--folder", str(place)])


def test_predicting_with_an_unreadable_image_ends_with_3_and_its_reason(place, capsys):
    code = run(
        place, "predict", place / "in", "--out", place / "p.csv", "--errors", place / "e.csv"
    )
    assert code == 3
    assert len((place / "p.csv").read_text().splitlines()) == 3
    assert "bad.png" in (place / "e.csv").read_text()
    captured = capsys.readouterr()
    assert "Random weights for tests." in captured.out
    assert "1 could not be read" in captured.err


def test_predicting_only_readable_images_ends_with_0_and_an_empty_table_of_errors(place):
    code = run(
        place, "predict", place / "in" / "0.png", "--out", place / "p.csv", "--errors",
        place / "e.csv",
    )  # fmt: skip
    assert code == 0
    assert (place / "e.csv").read_text() == "case_id,reason\n"
    assert (place / "p.json").is_file()


def test_without_the_flag_errors_go_beside_the_table(place):
    assert run(place, "predict", place / "in", "--out", place / "p.csv") == 3
    assert "bad.png" in (place / "p.errors.csv").read_text()


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "nowhere", "--out", "p.csv"),
        ("evaluate", "--data", "nowhere", "--out", "out"),
    ],
)
def test_a_users_error_is_one_sentence_and_2(place, capsys, arguments):
    assert run(place, *arguments) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: Expected ")
    assert "Traceback" not in message


def test_a_place_that_cannot_be_written_is_a_sentence(place, capsys):
    (place / "file").write_text("")
    code = run(place, "predict", place / "in" / "0.png", "--out", place / "file" / "p.csv")
    assert code == 2
    assert "error: " in capsys.readouterr().err


def test_evaluating_prints_the_families_apart(place, capsys):
    (place / "in" / "bad.png").unlink()
    for number, code in enumerate(("BCC", "MN")):
        (place / "cases" / code).mkdir(parents=True)
        (place / "in" / f"{number}.png").rename(place / "cases" / code / "0.png")
    assert run(place, "evaluate", "--data", place / "cases", "--out", place / "out") == 0
    printed = capsys.readouterr().out
    assert "argmax: top-1 accuracy" in printed
    assert "threshold: macro specificity" in printed
    assert "n = 2, Wilson 95%" in printed


def test_the_card_is_shown_for_people_and_for_programs(place, capsys):
    assert main(["card", "tiny", "--folder", str(place)]) == 0
    assert "Random weights for tests." in capsys.readouterr().out
    assert main(["card", "tiny", "--folder", str(place), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["backbone"] == "test_efficientnet"


def test_training_with_an_unknown_setting_is_a_sentence(tmp_path, capsys):
    (tmp_path / "c.yaml").write_text("data: phantom\nepocs: 1\n")
    code = main(["train", "--config", str(tmp_path / "c.yaml"), "--out", str(tmp_path / "run")])
    assert code == 2
    assert "epocs" in capsys.readouterr().err


def test_every_command_and_setting_is_in_the_docs(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    flags = {word.strip(",[]") for word in capsys.readouterr().out.split() if word[:2] == "--"}
    text = (ROOT / "docs" / "model.md").read_text("utf-8")
    positive = {flag for flag in flags if not flag.startswith("--no-")} - {"--help"}
    assert [flag for flag in sorted(positive) if f"`{flag}`" not in text] == []


def test_the_module_runs_from_the_shell():
    done = subprocess.run(
        [sys.executable, "-m", "model", "card", "nowhere"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("error: Expected the name of a checkpoint")
