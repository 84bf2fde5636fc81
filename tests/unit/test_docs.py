"""Documents cannot drift from what they describe."""

import re
from pathlib import Path

import pandas as pd
import pytest

from data.commands.import_cases import SOURCES
from data.commands.main import make_parser
from data.label_maps import shipped
from readerstudy.stats import analyse
from tests.support.stats_helpers import simulate

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def names(requirements):
    lines = (ROOT / requirements).read_text("utf-8").splitlines()
    return {line.split("==")[0] for line in lines if line and line[0] not in "#-"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_relative_links_and_pictures_exist(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text("utf-8")):
        if not target.startswith(("http:", "https:", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


@pytest.mark.parametrize("requirements", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_says_why(requirements):
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8").lower()
    assert names(requirements)
    stubs = {"pandas-stubs", "scipy-stubs", "types-pyyaml", "types-tqdm"}
    missing = {
        n for n in names(requirements) if n.lower() not in text and n.lower() not in stubs
    } - {"pytest-timeout", "pytest-xdist"}
    assert missing == set()


@pytest.mark.parametrize("requirements", ["requirements.txt", "requirements-dev.txt"])
def test_every_dependency_is_pinned(requirements):
    lines = (ROOT / requirements).read_text("utf-8").splitlines()
    assert [line for line in lines if line and line[0] not in "#-" and "==" not in line] == []


def test_readme_and_ci_use_the_same_two_commands():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert "make run" in readme
    assert "make test" in readme
    assert "make test" in (ROOT / ".ci" / "run").read_text("utf-8")


def test_make_targets_are_listed_in_the_readme():
    makefile = (ROOT / "Makefile").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    for target in re.findall(r"^([a-z-]+):.*##", makefile, flags=re.MULTILINE):
        assert f"make {target}" in readme, target


def test_commands_and_label_maps_of_data_are_documented():
    text = (ROOT / "docs" / "data.md").read_text("utf-8")
    commands = next(a for a in make_parser()._actions if a.choices).choices
    assert len(commands) == 4
    for name, command in commands.items():
        assert f"python -m data {name}" in text, name
        flags = {flag for action in command._actions for flag in action.option_strings}
        for flag in flags - {"-h", "--help"}:
            assert flag in text, f"{name} {flag}"
    for name in [*SOURCES, *shipped()]:
        assert f"`{name}`" in text, name


def test_settings_are_documented():
    config = (ROOT / "readerstudy" / "config.py").read_text("utf-8")
    text = "".join(page.read_text("utf-8") for page in PAGES)
    # Prefixes such as SKINREADER_ alone are not settings.
    for name in set(re.findall(r"SKINREADER_[A-Z_]*[A-Z]", config)):
        assert name in text, name


def test_every_quantity_and_method_of_the_statistics_is_explained():
    text = (ROOT / "docs" / "statistics.md").read_text("utf-8")
    readings, models = simulate(5, missing=0.1)
    several = [readings.assign(arm=arm) for arm in ("unaided", "aided")]
    several.append(readings[readings["reader_id"] == "r001"].assign(arm="repeat"))
    patients = readings.assign(patient_id=readings["case_id"].str[:3])
    found = (
        *analyse(pd.concat(several), models, margin=0.05).records,
        *analyse(patients, models, cluster="patient_id").records,
    )
    # Names of components and counts: `or:cov2:...`, `both-right`, explained as a kind.
    found = [r for r in found if r.quantity not in ("variance_component", "mcnemar_count")]
    words = {r.quantity for r in found} | {r.method.name for r in found}
    assert {word for word in words if f"`{word}" not in text} == set()
