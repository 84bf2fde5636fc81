"""A study under every order of its verbs, with odd texts: answers only grow, exports agree."""

import csv
import io
import tempfile
import zipfile
from contextlib import ExitStack
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from data.errors import UserError
from data.taxonomy import DEMO8
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, ContactData, Given, Measured, SignOff
from readerstudy.domain.protocol import Policies, Protocol
from readerstudy.services import accounts
from readerstudy.services.people import identities, invitations
from readerstudy.services.reading import answering, joining, own_data, revising
from readerstudy.services.results import results
from readerstudy.services.study import drafts, lifecycle, summaries, trail
from tests.hostile.texts import HOSTILE, LEGITIMATE, MARKUP
from tests.support.making import draw_nothing, write_cases

SLUGS = ("one", "two")
TEXTS = st.sampled_from([*HOSTILE.values(), *LEGITIMATE, MARKUP, "=1+1", "", "plain"]) | st.text(
    max_size=30
)
SLUG = st.sampled_from(SLUGS)
CODES = st.sampled_from([*DEMO8.codes, "XX", ""])
PROTOCOL = Protocol(policies=Policies(back=True, revise=True))


class StudyMachine(RuleBasedStateMachine):
    """`answers` is the model: what each reader said of each position, revision by revision."""

    @initialize()
    def start(self):
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        # Drawing takes seconds; figures of odd texts are drawn in another test.
        patch = self.stack.enter_context(pytest.MonkeyPatch.context())
        draw_nothing(patch)
        self.db = Database(f"sqlite:///{folder / 'a.db'}")
        self.stack.callback(self.db.close)
        self.db.migrate()
        self.manifest = write_cases(folder, n_cases=2)
        self.readers, self.answers, self.number = [], {}, 0

    def teardown(self):
        if hasattr(self, "stack"):
            self.stack.close()

    def attempt(self, act, *args, **given):
        """What the verb gives, or None where it is refused in words; any other error is a fault."""
        try:
            return act(self.db, *args, **given)
        except UserError as error:
            assert str(error).startswith(("Expected", "Too many"))
            return None

    def state(self, slug):
        found = {s.slug: s.state for s in summaries.list_studies(self.db, actor=SYSTEM)}
        return found.get(slug)

    @rule(slug=SLUG, title=TEXTS)
    def create(self, slug, title):
        self.attempt(
            drafts.create_study,
            actor=SYSTEM,
            slug=slug,
            title=title,
            taxonomy=DEMO8,
            synthetic=True,
            protocol=PROTOCOL,
        )

    @rule(slug=SLUG)
    def fill_and_open(self, slug):
        self.attempt(
            drafts.create_study,
            actor=SYSTEM,
            slug=slug,
            title="Plain",
            taxonomy=DEMO8,
            synthetic=True,
            protocol=PROTOCOL,
        )
        self.attempt(drafts.import_cases, actor=SYSTEM, slug=slug, manifest=self.manifest)
        self.attempt(drafts.open_study, actor=SYSTEM, slug=slug)

    @rule(slug=SLUG, name=TEXTS, country=TEXTS)
    def join(self, slug, name, country):
        contact = ContactData(name=name, email="a@example.org", note=name)
        token = self.attempt(
            invitations.invite_person, actor=SYSTEM, slug=slug, days=9, contact=contact
        )
        session = token and self.attempt(joining.accept_invitation, token=token)
        if not session:
            return
        actor = accounts.actor_for(self.db, token=session)
        joining.give_consent(self.db, actor=actor, version="2")
        for value in (country, "plain"):
            self.attempt(joining.save_profile, actor=actor, profile={"country": value})
        self.readers.append((actor, slug))
        self.answers[actor.reader_id] = []

    @precondition(lambda self: getattr(self, "readers", None))
    @rule(data=st.data(), code=CODES, token=TEXTS)
    def answer(self, data, code, token):
        actor, _ = data.draw(st.sampled_from(self.readers))
        case = self.attempt(answering.current_case, actor=actor)
        if case is None:
            return
        self.number += 1
        saved = self.attempt(
            answering.submit_answer,
            actor=actor,
            case_token=case.case_token,
            given=Given(code, confidence=50),
            client_token=f"{self.number}{token}",
            measured=Measured(screen=token),
        )
        if saved:
            assert code in DEMO8.codes
            self.answers[actor.reader_id].append((case.position, code))

    @precondition(lambda self: getattr(self, "readers", None))
    @rule(data=st.data(), code=CODES)
    def revise(self, data, code):
        actor, _ = data.draw(st.sampled_from(self.readers))
        token = joining.status(self.db, actor=actor).back
        earlier = token and self.attempt(revising.earlier_case, actor=actor, case_token=token)
        if not earlier:
            return
        self.number += 1
        given = Given(code, confidence=50)
        saved = self.attempt(
            revising.revise_answer,
            actor=actor,
            case_token=token,
            given=given,
            client_token=f"revised-{self.number}",
            measured=Measured(),
        )
        if saved and given != earlier.given:
            self.answers[actor.reader_id].append((earlier.position, code))

    @precondition(lambda self: getattr(self, "readers", None))
    @rule(data=st.data())
    def withdraw(self, data):
        chosen = data.draw(st.sampled_from(self.readers))
        own_data.withdraw(self.db, actor=chosen[0])
        self.readers.remove(chosen)

    @rule(slug=SLUG, text=TEXTS)
    def close(self, slug, text):
        for statement in (text, "Done."):
            signed = SignOff(name="Ada", statement=statement)
            self.attempt(lifecycle.close_study, actor=SYSTEM, slug=slug, sign_off=signed)

    @rule(slug=SLUG, reason=TEXTS)
    def reopen(self, slug, reason):
        self.attempt(lifecycle.reopen_study, actor=SYSTEM, slug=slug, reason=reason)

    @rule(slug=SLUG)
    def export(self, slug):
        """Always works, is text, and holds the last answer of everybody of this study alone."""
        if self.state(slug) is None:
            return
        trail.trail_csv(self.db, actor=SYSTEM, slug=slug).encode()
        identities.export_identities(self.db, actor=SYSTEM, slug=slug).decode()
        bundle = results.export_bundle(self.db, actor=SYSTEM, slug=slug)
        with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
            rows = list(csv.DictReader(archive.read("readings.csv").decode().splitlines()))
        wanted = {
            (actor.name, str(position), code)
            for actor, its in self.readers
            if its == slug
            for position, code in dict(self.answers[actor.reader_id]).items()
        }
        present = {actor.name for actor, _ in self.readers}
        found = {(r["reader_id"], r["position"], r["answer"]) for r in rows if r["answer"]}
        assert {row for row in found if row[0] in present} == wanted
        assert {r["study"] for r in rows} <= {slug}

    @invariant()
    def everybody_sees_the_own_answers_alone(self):
        for actor, slug in getattr(self, "readers", []):
            found = own_data.own_data(self.db, actor=actor)
            assert [s["slug"] for s in found["study"]] == [slug]
            shown = {r["position"]: r["answer"] for r in found["readings"] if r["answer"]}
            assert shown == dict(self.answers[actor.reader_id])

    @invariant()
    def answers_are_only_added(self):
        if not hasattr(self, "db"):
            return
        with self.db.connect() as connection:
            rows = connection.exec_driver_sql("SELECT reader_id, answer FROM answers ORDER BY id")
            stored = [tuple(row) for row in rows]
        for reader, said in self.answers.items():
            assert [code for its, code in stored if its == reader] == [code for _, code in said]


def _machine(examples, steps):
    test = StudyMachine.TestCase
    return type(
        "Test",
        (test,),
        {
            "settings": settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
        },
    )


TestStudy = _machine(4, 20)
TestStudyLong = pytest.mark.slow(_machine(60, 40))
