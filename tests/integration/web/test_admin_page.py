"""The admin page's events: of a page loaded before a restart, and with what no person types."""

import uuid

import pytest

from data.taxonomy import DEMO8
from readerstudy.domain import SYSTEM, Role
from readerstudy.services.study import drafts
from tests.support.live import call

OUT_OF_DATE = "This page is out of date. Reload it."


@pytest.fixture(scope="module")
def staff(site):
    return site.staff()


def handlers(site, page="/admin"):
    """Handler name -> index on the running page."""
    mounted = next(r for r in site.app.routes if getattr(r, "path", None) == page)
    return {fn.fn.__name__: i for i, fn in mounted.app.get_blocks().fns.items()}


def ask(site, staff, handler, *data):
    """One event under a session name that this server has never seen, as after a restart."""
    return call(staff, "/admin", handlers(site)[handler], data)


@pytest.mark.parametrize(
    ("handler", "data", "shown"),
    [
        ("show_overview", ("alpha",), "Study alpha"),
        ("show_overview", ("beta",), "Study beta"),
        ("show_study", ("alpha",), "roc_BCC"),
        ("show_results", ("alpha", None), "roc_BCC"),
        ("show_progress", ("unread",), "No reader yet"),
        ("show_cases", ("alpha",), "Hardest cases"),
        ("show_groups", ("unread", "site"), "Nobody has read"),
        ("show_groups", ("alpha", "gone"), "out of date"),
        ("show_exports", ("alpha",), "export.zip"),
        ("choose_picture", ("alpha", None, "roc_BCC"), "plotly"),
        ("invite", ("alpha", 2), "/invite/"),
    ],
)
def test_a_page_of_before_a_restart_goes_on(site, staff, handler, data, shown):
    done = ask(site, staff, handler, *data)
    assert done["success"], done["output"]
    assert shown in str(done["output"]["data"])


def test_a_monitor_sees_progress_and_no_reference_standard(site):
    monitor = site.staff(Role.MONITOR)
    assert "Flow of readers" in str(ask(site, monitor, "show_progress", "alpha")["output"]["data"])
    [shown] = ask(site, monitor, "show_cases", "alpha")["output"]["data"]
    assert "see and export results" in shown
    assert "BCC" not in shown
    [groups] = ask(site, monitor, "show_groups", "alpha", "family")["output"]["data"]
    assert "see and export results" in groups


def test_an_empty_draft_is_shown(site, staff):
    drafts.create_study(
        site.db, actor=SYSTEM, slug="empty", title="Empty", taxonomy=DEMO8, synthetic=True
    )
    done = ask(site, staff, "show_study", "empty")
    assert done["success"], done["output"]
    assert "Nobody has read a case yet" in str(done["output"]["data"])


@pytest.mark.parametrize(
    ("handler", "data"),
    [
        ("show_overview", ("gone",)),
        ("show_overview", (None,)),  # loaded before the first study was made
        ("show_results", (["alpha"], None)),
        ("choose_picture", ("alpha", None, "GONE")),
        ("choose_picture", ("alpha", None, None)),
    ],
)
def test_a_choice_that_is_gone_says_reload(site, staff, handler, data):
    done = ask(site, staff, handler, *data)
    assert (done["success"], done["output"]["error"]) == (False, OUT_OF_DATE)


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (None, "whole number of links, but got nothing"),
        (1.5, "whole number of links, but got 1.5"),
        ("many", "whole number of links, but got something else"),
        (0, "from 1 to 1000, but got 0"),
        (-3, "from 1 to 1000, but got -3"),
        (1001, "from 1 to 1000, but got 1001"),
        (1e30, "from 1 to 1000, but got 1"),
    ],
)
def test_a_number_of_links_that_cannot_be_is_a_sentence(site, staff, count, said):
    done = ask(site, staff, "invite", "alpha", count)
    assert not done["success"]
    assert said in done["output"]["error"]
    assert "log" not in done["output"]["error"]


def test_a_demo_page_of_before_a_restart_says_choose_again(site):
    mounted = next(r for r in site.app.routes if getattr(r, "path", None) == "")
    fns = mounted.app.get_blocks().fns
    index = next(i for i, fn in fns.items() if fn.fn.__name__ == "explain")
    shown = call(site.anonymous(), "", index, [uuid.uuid4().hex, "BCC", "gradient"])
    assert "Choose it again" in str(shown["output"]["data"])


def test_studies_of_one_title_are_told_apart(site, staff):
    for slug in ("twin-1", "twin-2"):
        drafts.create_study(
            site.db, actor=SYSTEM, slug=slug, title="Twin", taxonomy=DEMO8, synthetic=True
        )
    [box] = ask(site, staff, "reload", "alpha")["output"]["data"]
    named = {slug: words for words, slug in box["choices"]}
    assert (named["twin-1"], named["twin-2"]) == ("Twin (twin-1)", "Twin (twin-2)")
    assert named["alpha"] == "Study alpha"
