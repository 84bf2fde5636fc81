"""One study from its file to the bundle: three readers, second reading, practice, check, repeat.

The first reads on a phone.

Everything that people do is done in the browser; the database only says what is at which place.
"""

import csv
import os
import subprocess
import sys
import zipfile

import pandas as pd
import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from data.images import encode
from data.phantom import draw_phantom
from data.taxonomy import DEMO8
from readerstudy.db.tables import Assignment, Case, Reader, ReferenceStandard
from readerstudy.domain import SYSTEM
from readerstudy.services.intake import supports
from readerstudy.services.study import drafts
from tests.browser.test_study_browser import sign_in
from tests.support.making import write_predictions
from tests.support.serving import ROOT, write_phantoms

SLUG = "whole"
STUDY = f"""
slug: {SLUG}
title: The whole study
taxonomy: DEMO8
synthetic: true
protocol:
  aid: {{design: second-read, model: net, top_k: 3, support: [similar]}}
  analysis: {{max_attention_errors: 0}}
"""
N_READERS = 3
PATIENCE_MS = 90_000  # much is computed on the way, and other tests may share the cores
# As the page calls them, and as results.csv does.
SUBJECTS = {
    "net": "model:net",
    "mean reader": "mean_reader",
    "net minus mean reader": "model:net - mean_reader",
}
# Nine test cases read twice, one of them a third time; practice 2, attention 1.
N_READINGS = 2 + 9 * 2 + 1 + 1


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """What the owner brings: a study file, one zip of cases, and predictions."""
    manifest = write_phantoms(tmp_path_factory.mktemp("whole") / "cases", n_cases=12)
    table = pd.read_csv(manifest, dtype=str, keep_default_na=False)
    table["role"] = [*["practice"] * 2, "attention", *["test"] * 9]
    table["repeat"] = ["no"] * 11 + ["yes"]
    table.to_csv(manifest, index=False)
    folder = manifest.parent.parent
    with zipfile.ZipFile(folder / "cases.zip", "w") as archive:
        for path in manifest.parent.iterdir():
            archive.write(path, path.name)
    write_predictions(folder / "net.csv", manifest=manifest)
    write_similar(folder, table["case_id"])
    (folder / "study.yaml").write_text(STUDY)
    return folder


def write_similar(folder, case_ids):
    (folder / "similar.jpg").write_bytes(encode(draw_phantom("LP", seed=5, size=64).image))
    lines = [f"{case_id},similar,similar.jpg,lichen planus" for case_id in case_ids]
    (folder / "supports.csv").write_text("\n".join(["case_id,kind,path,caption", *lines]))


@pytest.fixture
def admin(browser, served):
    context = browser.new_context(base_url=served.url, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    sign_in(page)
    yield page
    context.close()


@pytest.mark.timeout(600)
def test_from_the_study_file_to_numbers_that_anybody_can_compute_again(
    files, admin, browser, served, tmp_path
):
    make(admin, files, served)
    clicked = {}
    for number, link in enumerate(invite(admin)):
        size = {"width": 390, "height": 844} if number == 0 else {"width": 1280, "height": 900}
        page = browser.new_context(base_url=served.url, viewport=size).new_page()
        page.set_default_timeout(PATIENCE_MS)
        code = begin(page, link)
        # The last reader misses the attention check, and the protocol leaves that reader out.
        is_attentive = number < N_READERS - 1
        clicked[code] = read(page, plan_of(served, code), number, is_attentive=is_attentive)
        expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
        page.context.close()
    close(admin)
    shown = accuracy_shown(admin)
    folder = export(admin, tmp_path / "bundle")
    *kept, left_out = clicked.items()
    assert readings_of(folder, "readings.csv") == dict(kept)
    assert readings_of(folder, "readings_left_out.csv") == dict([left_out])
    assert shown == accuracy_of(folder)
    recompute(folder)


def make(admin, files, served):
    """The study as its owner makes it; only the predictions come by the command line."""
    admin.get_by_role("tab", name="New study").click()
    admin.get_by_role("button", name="From one file").click()
    said = send(admin, "/admin-api/study-file", files / "study.yaml")
    expect(said).to_contain_text("Made the draft whole")
    admin.reload()
    admin.locator("#sr-study input").click()
    admin.get_by_role("option", name="The whole study").click()
    expect(admin.locator("h2", has_text="The whole study")).to_be_visible()
    admin.get_by_role("tab", name="Study", exact=True).click()
    said = send(admin, f"/admin-api/{SLUG}/cases", files / "cases.zip")
    expect(said).to_have_text("Imported 12 cases.")
    db = served.database()
    csv_file = files / "net.csv"
    drafts.import_predictions(db, actor=SYSTEM, slug=SLUG, name="net", csv=csv_file)
    csv_file = files / "supports.csv"
    supports.import_supports(db, actor=SYSTEM, slug=SLUG, model="net", csv=csv_file)
    db.close()
    admin.locator("#sr-sure input").check()
    admin.locator("#sr-open").click()
    expect(admin.locator("#sr-life-said")).to_contain_text("The study is open, sealed with")


def send(admin, address, path):
    """Returns where the page says what became of the file."""
    form = admin.locator(f'form[data-upload="{address}"]')
    form.locator("input[type=file]").set_input_files(path)
    form.get_by_role("button", name="Send").click()
    return form.locator("[role=status]")


def invite(admin):
    admin.get_by_role("tab", name="Invite", exact=True).click()
    admin.locator("#sr-invite").click()
    links = admin.locator("#sr-links textarea")
    expect(links).not_to_have_value("")
    found = links.input_value().splitlines()
    assert len(found) == N_READERS
    return found


def begin(page, link):
    page.goto(link)
    page.get_by_role("button", name="Begin").click()
    page.locator("#sr-agree input").check()
    page.locator("#sr-agree-go").click()
    page.locator("#sr-profession label").first.click()
    page.locator("#sr-profile-go").click()
    expect(page.locator(".sq-count")).to_have_text(f"Case 1 of {N_READINGS}")
    return page.evaluate("fetch('/study-api/status').then(r => r.json()).then(s => s.code)")


def plan_of(served, code):
    """Arm and reference standard at each place of a reader's order."""
    db = served.database()
    query = (
        sa.select(Assignment.arm, Case.case_id, ReferenceStandard.label)
        .join(Reader, Reader.id == Assignment.reader_id)
        .join(Case, Case.id == Assignment.case_id)
        .join(ReferenceStandard, ReferenceStandard.case_id == Case.id)
        .where(Reader.code == code)
        .order_by(Assignment.position)
    )
    with db.reading() as session:
        found = [tuple(row) for row in session.execute(query)]
    db.close()
    return found


def read(page, plan, number, *, is_attentive):
    """Answers each case by the keys; returns what was answered at which place."""
    answers = {}
    for position, (arm, case_id, truth) in enumerate(plan, start=1):
        expect(page.locator(".sq-count")).to_have_text(f"Case {position} of {N_READINGS}")
        expect(page.locator("fieldset:not([disabled])")).to_be_attached()
        assert page.locator(".sq-practice").count() == (arm == "practice")
        assert page.locator(".sq-advice li").count() == (3 if arm == "aided" else 0)
        if arm == "aided":
            expect_answers_in_view(page)
        is_right = is_attentive if arm == "attention" else (position + number) % (3 + number) > 0
        at = (DEMO8.codes.index(truth) + (0 if is_right else 1 + position % 7)) % len(DEMO8)
        page.keyboard.press(str(at + 1))
        page.keyboard.press("Enter")
        answers[position] = (case_id, arm, DEMO8.codes[at])
    return answers


def expect_answers_in_view(page):
    """Beside advice, at least the first two rows of answers can be pressed without scrolling."""
    fourth = page.locator(".sq-option").nth(3).bounding_box()
    bar = page.locator(".sq-actions").bounding_box()
    assert fourth["y"] + fourth["height"] <= min(bar["y"], page.viewport_size["height"])


def close(admin):
    admin.get_by_role("tab", name="Study", exact=True).click()
    admin.locator("#sr-signed textarea, #sr-signed input").fill("Ada Example")
    admin.locator("#sr-statement textarea").fill("All readings are in.")
    admin.locator("#sr-close").click()
    expect(admin.locator("#sr-life-said")).to_contain_text("signed off by Ada Example")


def accuracy_shown(admin):
    """The page's own words for each subject."""
    admin.locator("#sr-refresh").click()
    admin.get_by_role("tab", name="Results").click()
    table = admin.locator("#sr-results table").first
    expect(table).to_contain_text("9 cases, 2 readers")
    expect(admin.locator("#sr-plot .plotly .scatterlayer").first).to_be_visible()
    cells = [row.locator("td") for row in table.locator("tbody tr").all()]
    return {c.nth(1).inner_text(): c.nth(2).locator("b").inner_text() for c in cells}


def export(admin, folder):
    admin.get_by_role("tab", name="Export").click()
    with admin.expect_download(timeout=200_000) as download:  # the first draws all figures
        admin.locator("#sr-export a").first.click()
    with zipfile.ZipFile(download.value.path()) as bundle:
        assert bundle.testzip() is None
        bundle.extractall(folder)
    return folder


def readings_of(folder, name):
    """Answers by reader and place, as `read` returns them."""
    found = {}
    with (folder / name).open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            answer = (row["case_id"], row["arm"], row["answer"])
            found.setdefault(row["reader_id"], {})[int(row["position"])] = answer
    return found


def accuracy_of(folder):
    """The same from results.csv: by the first method that gave an interval, else the first."""
    table = pd.read_csv(folder / "results.csv")
    found = {}
    for name, subject in SUBJECTS.items():
        its = table[(table["quantity"] == "accuracy") & (table["subject"] == subject)]
        ranked = [its[its["method"] == method] for method in ("or-rrrc-capped", "wilson")]
        rows = pd.concat(ranked)
        row = pd.concat([rows[rows["ci_low"].notna()], rows]).iloc[0]
        found[name] = format(row["estimate"], "+.1%" if " - " in subject else ".1%")
    return found


def recompute(folder):
    """By the bundle's own script, in a process that knows the project and the folder alone."""
    environment = {
        "PYTHONPATH": str(ROOT),
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, str(folder / "recompute.py")]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for name in ("results.json", "results.csv"):
        assert (folder / "again" / name).read_bytes() == (folder / name).read_bytes()
