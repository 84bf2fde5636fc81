"""Who may call what: every verb of every service, for everybody in a world of two studies."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.errors import UserError
from data.taxonomy import DEMO8
from readerstudy import services
from readerstudy.domain import Actor, ContactData, Given, Measured, SignOff
from readerstudy.domain.errors import PermissionDenied
from readerstudy.services import accounts, backups, readiness, setup
from readerstudy.services.intake import supports
from readerstudy.services.people import identities, invitations, requests, staff
from readerstudy.services.reading import answering, joining, own_data, revising
from readerstudy.services.results import (
    coverage,
    hardest_cases,
    own_result,
    reader_flow,
    results,
    simulation,
)
from readerstudy.services.study import (
    amendments,
    drafts,
    exposure,
    lifecycle,
    preview,
    summaries,
    trail,
    uploads,
)
from tests.support.making import World

# Verbs that somebody calls who is nobody yet, or that only the server itself asks.
PUBLIC = {
    accounts.ensure_first_admin,
    accounts.sign_in,
    accounts.sign_out,
    accounts.actor_for,
    exposure.exposed_studies,
    readiness.readiness,
    joining.look_up_invitation,
    joining.accept_invitation,
    requests.look_up_join,
    requests.ask_access,
    setup.initialise,
}

OWNERS = {"owner everywhere", "owner alpha"}
ANALYSTS = OWNERS | {"analyst everywhere", "analyst alpha"}
MONITORS = ANALYSTS | {"monitor everywhere", "monitor alpha"}
READER = {"reader alpha"}
EVERYWHERE = {"owner everywhere"}
# A list of what one may see: those of the other study get theirs.
LISTS = {
    f"{role} {where}"
    for role in ("owner", "analyst", "monitor")
    for where in ("everywhere", "alpha", "beta")
}
# A reader's verbs know the study from the reader.
READERS = {f"{who} {slug}" for who in ("reader", "second reader") for slug in ("alpha", "beta")}

Call = Callable[[World, Actor, Path], Any]

ALLOWED: dict[Callable[..., Any], tuple[set[str], Call]] = {
    accounts.create_admin: (
        EVERYWHERE,
        lambda w, a, _: accounts.create_admin(w.db, actor=a, name="new", password="x" * 10),
    ),
    accounts.change_password: (
        LISTS,
        lambda w, a, _: accounts.change_password(w.db, actor=a, old="wrong", new="x" * 10),
    ),
    staff.list_accounts: (EVERYWHERE, lambda w, a, _: staff.list_accounts(w.db, actor=a)),
    staff.set_password: (
        EVERYWHERE,
        lambda w, a, _: staff.set_password(
            w.db, actor=a, name="monitor-beta", password="another password"
        ),
    ),
    staff.disable_account: (
        EVERYWHERE,
        lambda w, a, _: staff.disable_account(w.db, actor=a, name="monitor-beta"),
    ),
    staff.enable_account: (
        EVERYWHERE,
        lambda w, a, _: staff.enable_account(w.db, actor=a, name="monitor-beta"),
    ),
    staff.end_sessions: (
        EVERYWHERE,
        lambda w, a, _: staff.end_sessions(w.db, actor=a, name="monitor-beta"),
    ),
    backups.back_up: (
        EVERYWHERE,
        lambda w, a, p: backups.back_up(w.db, actor=a, out=p / "backup.zip"),
    ),
    backups.restore: (
        EVERYWHERE,
        lambda w, a, p: backups.restore(w.db, actor=a, source=p / "backup.zip"),
    ),
    drafts.create_study: (
        EVERYWHERE,
        lambda w, a, _: drafts.create_study(
            w.db, actor=a, slug="new", title="New", taxonomy=DEMO8, synthetic=True
        ),
    ),
    drafts.import_cases: (
        OWNERS,
        lambda w, a, p: drafts.import_cases(w.db, actor=a, slug="alpha", manifest=p / "m.csv"),
    ),
    drafts.check_draft: (
        OWNERS,
        lambda w, a, _: drafts.check_draft(w.db, actor=a, slug="alpha"),
    ),
    uploads.import_cases_zip: (
        OWNERS,
        lambda w, a, p: uploads.import_cases_zip(w.db, actor=a, slug="alpha", archive=p / "c.zip"),
    ),
    uploads.import_predictions_zip: (
        OWNERS,
        lambda w, a, p: uploads.import_predictions_zip(
            w.db, actor=a, slug="alpha", name="other", archive=p / "p.zip"
        ),
    ),
    uploads.import_supports_zip: (
        OWNERS,
        lambda w, a, p: uploads.import_supports_zip(
            w.db, actor=a, slug="alpha", model="net", archive=p / "s.zip"
        ),
    ),
    drafts.import_predictions: (
        OWNERS,
        lambda w, a, p: drafts.import_predictions(
            w.db, actor=a, slug="alpha", name="other", csv=p / "p.csv"
        ),
    ),
    supports.import_supports: (
        OWNERS,
        lambda w, a, p: supports.import_supports(
            w.db, actor=a, slug="alpha", model="net", csv=p / "s.csv"
        ),
    ),
    drafts.open_study: (
        OWNERS,
        lambda w, a, _: drafts.open_study(w.db, actor=a, slug="alpha"),
    ),
    lifecycle.close_study: (
        OWNERS,
        lambda w, a, _: lifecycle.close_study(
            w.db, actor=a, slug="alpha", sign_off=SignOff(name="A", statement="B")
        ),
    ),
    lifecycle.reopen_study: (
        OWNERS,
        lambda w, a, _: lifecycle.reopen_study(w.db, actor=a, slug="alpha", reason="late readers"),
    ),
    lifecycle.archive_study: (
        OWNERS,
        lambda w, a, _: lifecycle.archive_study(w.db, actor=a, slug="alpha"),
    ),
    lifecycle.copy_study: (
        EVERYWHERE,
        lambda w, a, _: lifecycle.copy_study(
            w.db, actor=a, slug="alpha", new_slug="new", title="New"
        ),
    ),
    amendments.amend_reference: (
        OWNERS,
        lambda w, a, _: amendments.amend_reference(
            w.db,
            actor=a,
            slug="alpha",
            case_id="case-00",
            label="SK",
            basis="histology",
            reason="second opinion",
        ),
    ),
    preview.preview_case: (
        OWNERS,
        lambda w, a, _: preview.preview_case(w.db, actor=a, slug="alpha", position=1),
    ),
    preview.preview_image: (
        OWNERS,
        lambda w, a, _: preview.preview_image(w.db, actor=a, slug="alpha", position=1),
    ),
    preview.preview_support: (
        OWNERS,
        lambda w, a, _: preview.preview_support(w.db, actor=a, slug="alpha", position=1, number=1),
    ),
    trail.trail: (OWNERS, lambda w, a, _: trail.trail(w.db, actor=a, slug="alpha")),
    trail.trail_csv: (EVERYWHERE, lambda w, a, _: trail.trail_csv(w.db, actor=a)),
    drafts.invite: (
        OWNERS,
        lambda w, a, _: drafts.invite(w.db, actor=a, slug="alpha", count=1),
    ),
    invitations.invite_person: (
        OWNERS,
        lambda w, a, _: invitations.invite_person(
            w.db, actor=a, slug="alpha", days=9, contact=ContactData()
        ),
    ),
    invitations.list_invitations: (
        OWNERS,
        lambda w, a, _: invitations.list_invitations(w.db, actor=a, slug="alpha"),
    ),
    invitations.revoke_invitation: (
        OWNERS,
        lambda w, a, _: invitations.revoke_invitation(w.db, actor=a, slug="alpha", number=1),
    ),
    requests.allow_requests: (
        OWNERS,
        lambda w, a, _: requests.allow_requests(w.db, actor=a, slug="alpha", is_allowed=True),
    ),
    requests.list_requests: (
        OWNERS,
        lambda w, a, _: requests.list_requests(w.db, actor=a, slug="alpha"),
    ),
    requests.approve_request: (
        OWNERS,
        lambda w, a, _: requests.approve_request(w.db, actor=a, slug="alpha", number=1),
    ),
    requests.refuse_request: (
        OWNERS,
        lambda w, a, _: requests.refuse_request(w.db, actor=a, slug="alpha", number=1),
    ),
    summaries.progress: (
        MONITORS,
        lambda w, a, _: summaries.progress(w.db, actor=a, slug="alpha"),
    ),
    hardest_cases.hardest_cases: (
        ANALYSTS,
        lambda w, a, _: hardest_cases.hardest_cases(w.db, actor=a, slug="alpha"),
    ),
    hardest_cases.thumbnail: (
        ANALYSTS,
        lambda w, a, _: hardest_cases.thumbnail(w.db, actor=a, slug="alpha", case_id="case-00"),
    ),
    coverage.coverage: (
        MONITORS,
        lambda w, a, _: coverage.coverage(w.db, actor=a, slug="alpha"),
    ),
    reader_flow.left_out: (
        ANALYSTS,
        lambda w, a, _: reader_flow.left_out(w.db, actor=a, slug="alpha"),
    ),
    reader_flow.flow: (MONITORS, lambda w, a, _: reader_flow.flow(w.db, actor=a, slug="alpha")),
    summaries.list_studies: (LISTS, lambda w, a, _: summaries.list_studies(w.db, actor=a)),
    summaries.study_names: (LISTS, lambda w, a, _: summaries.study_names(w.db, actor=a)),
    summaries.study_summary: (
        MONITORS,
        lambda w, a, _: summaries.study_summary(w.db, actor=a, slug="alpha"),
    ),
    simulation.simulate_readers: (
        OWNERS,
        lambda w, a, _: simulation.simulate_readers(w.db, actor=a, slug="alpha", readers=1, seed=1),
    ),
    results.study_results: (
        ANALYSTS,
        lambda w, a, _: results.study_results(w.db, actor=a, slug="alpha"),
    ),
    results.pictures: (
        ANALYSTS,
        lambda w, a, _: results.pictures(w.db, actor=a, slug="alpha"),
    ),
    results.subgroups: (
        ANALYSTS,
        lambda w, a, _: results.subgroups(w.db, actor=a, slug="alpha", factor="site"),
    ),
    results.export_bundle: (
        ANALYSTS,
        lambda w, a, _: results.export_bundle(w.db, actor=a, slug="alpha"),
    ),
    identities.export_identities: (
        OWNERS,
        lambda w, a, _: identities.export_identities(w.db, actor=a, slug="alpha"),
    ),
    identities.forget_contacts: (
        OWNERS,
        lambda w, a, _: identities.forget_contacts(w.db, actor=a, slug="alpha"),
    ),
    results.study_report: (
        ANALYSTS,
        lambda w, a, _: results.study_report(w.db, actor=a, slug="alpha"),
    ),
    joining.status: (READERS, lambda w, a, _: joining.status(w.db, actor=a)),
    joining.give_consent: (
        READERS,
        lambda w, a, _: joining.give_consent(w.db, actor=a, version="2"),
    ),
    joining.save_profile: (
        READERS,
        lambda w, a, _: joining.save_profile(w.db, actor=a, profile={}),
    ),
    own_result.misled_at: (READERS, lambda w, a, _: own_result.misled_at(w.db, actor=a)),
    own_result.own_result: (READERS, lambda w, a, _: own_result.own_result(w.db, actor=a)),
    own_result.missed_image: (
        READERS,
        lambda w, a, _: own_result.missed_image(w.db, actor=a, case_token=w.case_tokens["alpha"]),
    ),
    own_data.own_data: (READERS, lambda w, a, _: own_data.own_data(w.db, actor=a)),
    own_data.withdraw: (READERS, lambda w, a, _: own_data.withdraw(w.db, actor=a)),
    answering.current_case: (READERS, lambda w, a, _: answering.current_case(w.db, actor=a)),
    answering.submit_answer: (
        READER,
        lambda w, a, _: answering.submit_answer(
            w.db,
            actor=a,
            case_token=w.case_tokens["alpha"],
            given=Given(answer="BCC"),
            client_token="again",
            measured=Measured(),
        ),
    ),
    revising.earlier_case: (
        READER,
        lambda w, a, _: revising.earlier_case(w.db, actor=a, case_token=w.case_tokens["alpha"]),
    ),
    revising.revise_answer: (
        READER,
        lambda w, a, _: revising.revise_answer(
            w.db,
            actor=a,
            case_token=w.case_tokens["alpha"],
            given=Given(answer="BCC"),
            client_token="again",
            measured=Measured(),
        ),
    ),
    answering.support_image: (
        READER,
        lambda w, a, _: answering.support_image(
            w.db, actor=a, case_token=w.case_tokens["alpha"], number=1
        ),
    ),
    answering.case_image: (
        READER,
        lambda w, a, _: answering.case_image(w.db, actor=a, case_token=w.case_tokens["alpha"]),
    ),
}


def verbs() -> set[Callable[..., Any]]:
    """Every public function of a service module whose first parameter is the database."""
    found = set()
    for module_info in pkgutil.walk_packages(services.__path__, services.__name__ + "."):
        module = importlib.import_module(module_info.name)
        for name, function in inspect.getmembers(module, inspect.isfunction):
            is_own = function.__module__ == module.__name__ and not name.startswith("_")
            if is_own and next(iter(inspect.signature(function).parameters), "") == "db":
                found.add(function)
    return found


def test_every_verb_is_listed_here() -> None:
    assert verbs() == PUBLIC | set(ALLOWED)


def test_every_verb_is_keyword_only_and_names_its_actor() -> None:
    for verb in verbs():
        _, *rest = inspect.signature(verb).parameters.values()
        assert all(p.kind is p.KEYWORD_ONLY for p in rest), verb.__name__
        assert ("actor" in {p.name for p in rest}) == (verb not in PUBLIC), verb.__name__


@pytest.mark.parametrize("verb", ALLOWED, ids=lambda verb: verb.__name__)
def test_only_those_who_may_call_it_can(
    verb: Callable[..., Any], world: World, tmp_path: Path
) -> None:
    allowed, call = ALLOWED[verb]
    passed = {
        name for name, actor in world.actors.items() if was_let_in(call, world, actor, tmp_path)
    }
    assert passed == allowed


def was_let_in(call: Call, world: World, actor: Actor, folder: Path) -> bool:
    """Being told that a file or state is wrong means having been let in."""
    try:
        call(world, actor, folder)
    except PermissionDenied:
        return False
    except UserError as error:
        return not is_hidden(error)
    return True


def is_hidden(error: UserError) -> bool:
    """Another reader's case does not exist for a reader."""
    return "a case of yours" in str(error)


def test_a_list_holds_only_what_one_may_see(world: World) -> None:
    def slugs(name: str) -> list[str]:
        return [s.slug for s in summaries.list_studies(world.db, actor=world.actors[name])]

    assert slugs("monitor everywhere") == ["alpha", "beta"]
    assert slugs("owner alpha") == ["alpha"]
    assert slugs("analyst beta") == ["beta"]
