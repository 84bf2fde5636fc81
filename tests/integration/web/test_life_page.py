"""The tabs about a study's life: what they do for owners, and refuse everybody else."""

import io
import zipfile

import pytest
import yaml

from readerstudy.domain import SYSTEM, Role, StudyState
from readerstudy.services.study import summaries
from readerstudy.ui.admin.protocol_form import SETTINGS
from tests.integration.web.test_admin_page import ask
from tests.support.making import make_study, write_cases

# Consent text and protocol of the form, all left as they are.
EMPTY = [None] * (3 + len(SETTINGS))
CHANGES = [
    ("open_study", ("beta", True)),
    ("close_study", ("beta", "Ada", "Done.")),
    ("reopen_study", ("beta", "why")),
    ("archive_study", ("beta",)),
    ("amend", ("beta", "case-00", "SK", "histology", "why")),
    ("copy_study", ("beta", "stolen", "Stolen", True)),
    ("make_study", ("made", "Made", "DEMO8", "strict", False, *EMPTY)),
    ("paste_study", ("slug: made\ntitle: Made\ntaxonomy: DEMO8", "YAML")),
    ("preview_this", ("beta", 1)),
    ("preview_before", ("beta", 2)),
    ("preview_after", ("beta", 1)),
]


@pytest.fixture(scope="module")
def staff(site):
    return site.staff()


@pytest.fixture(scope="module")
def own(site, tmp_path_factory):
    make_study(site.db, "own", write_cases(tmp_path_factory.mktemp("own"), n_cases=8))
    return "own"


def state(site, slug):
    found = summaries.list_studies(site.db, actor=SYSTEM)
    return next((s.state for s in found if s.slug == slug), None)


@pytest.mark.parametrize(("handler", "data"), CHANGES)
@pytest.mark.parametrize("role", [Role.ANALYST, Role.MONITOR, "owner of another"])
def test_others_are_refused_by_the_server(site, role, handler, data):
    client = site.staff(study="alpha") if role == "owner of another" else site.staff(role)
    done = ask(site, client, handler, *data)
    assert not done["success"]
    assert "Expected somebody who may" in done["output"]["error"]
    assert state(site, "beta") is StudyState.OPEN
    assert state(site, "made") is state(site, "stolen") is None


@pytest.mark.parametrize("path", ["trail.csv", "preview/1/view/1"])
def test_files_are_for_owners_of_the_study(site, path):
    for role in (Role.ANALYST, Role.MONITOR):
        assert site.staff(role).get(f"/admin-api/beta/{path}").status_code == 403
    assert site.staff(study="alpha").get(f"/admin-api/beta/{path}").status_code == 403
    assert site.anonymous().get(f"/admin-api/beta/{path}").status_code == 401
    assert site.staff().get(f"/admin-api/beta/{path}").status_code == 200


def test_the_trail_is_refused_in_words_where_a_role_has_none(site):
    done = ask(site, site.staff(Role.MONITOR), "show_trail", "beta")
    assert "Expected somebody who may" in str(done["output"]["data"])


def test_a_study_from_paste_to_archive(site, staff, own):
    def press(handler, *data):
        done = ask(site, staff, handler, own, *data)
        assert done["success"], done["output"]
        return str(done["output"]["data"])

    assert "signed off by Ada" in press("close_study", "Ada", "All in.")
    assert "SK now" in press("amend", "case-00", "SK", "histology", "why")
    assert "open again" in press("reopen_study", "late readers")
    press("close_study", "Ada", "Now all.")
    assert "archived" in press("archive_study")
    assert state(site, own) is StudyState.ARCHIVED
    trail = press("show_trail")
    assert all(word in trail for word in ("late readers", "amend reference", "Now all."))
    assert "Archived" in press("show_life")


def test_a_draft_is_opened_only_by_who_has_read_what_is_sealed(site, staff, own):
    made = ask(site, staff, "copy_study", own, "draft", "Draft", True)
    assert made["success"], made["output"]
    assert "What opening seals" in str(ask(site, staff, "show_life", "draft")["output"]["data"])
    refused = ask(site, staff, "open_study", "draft", False)
    assert "tick the box" in refused["output"]["error"]
    assert state(site, "draft") is StudyState.DRAFT
    assert ask(site, staff, "open_study", "draft", True)["success"]


def test_the_form_makes_a_study_with_its_whole_protocol(site, staff):
    typed = {"top3": True, "design": "second-read", "model": "b4", "margin": "0.05"}
    settings = [typed.get(its.name) for its in SETTINGS]
    consent = ["7", "I agree.", ""]
    done = ask(
        site, staff, "make_study", "formed", "F", "DEMO8", "strict", True, *consent, *settings
    )
    assert done["success"], done["output"]
    exported = staff.get("/admin-api/formed/export.zip").content
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        made = yaml.safe_load(archive.read("study.yaml"))
    assert (made["rule"], made["synthetic"]) == ("strict", True)
    assert made["consent"] == {"version": "7", "text": "I agree.", "text_zh": None}
    assert made["protocol"]["questions"]["top3"] is True
    assert made["protocol"]["aid"]["model"] == "b4"
    assert made["protocol"]["analysis"]["margin"] == 0.05


@pytest.mark.parametrize(
    ("handler", "data", "said"),
    [
        ("close_study", ("alpha", "", "Done."), "a name"),
        ("close_study", ("alpha", "Ada", None), "a statement"),
        ("amend", ("alpha", "case-00", "SK", "histology", "why"), "but this one is open"),
        ("reopen_study", ("alpha", "why"), "but this one is open"),
        ("open_study", ("alpha", True), "but this one is open"),
        ("make_study", ("A B", "T", "DEMO8", "strict", False, *EMPTY), "small letters"),
        ("make_study", ("ab", "T", "/etc/passwd", "strict", False, *EMPTY), "written out"),
        ("make_study", ("ab", "T", "DEMO8", "odd", False, *EMPTY), "rule"),
        ("paste_study", ("slug: [", "YAML"), "cannot be read"),
        ("paste_study", (None, None), "YAML or TOML"),
        ("preview_this", ("alpha", 99), "from 1 to 16"),
        ("preview_before", ("alpha", 1), "from 1 to 16"),
    ],
)
def test_what_cannot_be_is_a_sentence(site, staff, handler, data, said):
    done = ask(site, staff, handler, *data)
    assert not done["success"]
    assert said in done["output"]["error"]


def test_a_pasted_study_and_a_preview(site, staff):
    text = 'slug = "pasted"\ntitle = "P"\ntaxonomy = "DEMO8"\n'
    done = ask(site, staff, "paste_study", text, "TOML")
    said, chosen = done["output"]["data"]
    assert "Made the draft pasted" in said
    assert chosen["value"] == "pasted"
    assert ["P", "pasted"] in [list(choice) for choice in chosen["choices"]]
    [again] = ask(site, staff, "reload", "beta")["output"]["data"]
    assert (again["value"], ["P", "pasted"] in [list(c) for c in again["choices"]]) == (
        "beta",
        True,
    )
    shown = str(ask(site, staff, "preview_after", "alpha", 1)["output"]["data"])
    assert "Case 2 of 16" in shown
    assert "preview/2/view/1" in shown
    assert "case-" not in shown
