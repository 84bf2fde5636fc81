"""Odd texts at every entrance: refused in words or dropped; and what is stored already leaves."""

import inspect
import io
import json
import pkgutil
import re
import sqlite3
import zipfile
from dataclasses import fields, is_dataclass, replace
from importlib import import_module
from itertools import count

import pytest

import readerstudy.services
from data.errors import UserError
from data.taxonomy import DEMO8, Disease, Taxonomy
from data.texts import problem
from readerstudy.commands.main import main
from readerstudy.domain import SYSTEM, ContactData, Given, Measured, Role, SignOff
from readerstudy.domain.consent import DEFAULT_CONSENT, ConsentText
from readerstudy.domain.protocol import Aid, Protocol, Questions
from readerstudy.files.own_data import own_csv, own_json
from readerstudy.services import accounts
from readerstudy.services.people import identities, invitations, requests
from readerstudy.services.reading import answering, joining, own_data
from readerstudy.services.results import own_result, results
from readerstudy.services.study import drafts, summaries, trail
from tests.hostile.archives import packed
from tests.hostile.texts import HOSTILE, LEGITIMATE, MARKUP
from tests.support.making import PASSWORD, answer_next, close, make_reader, write_cases

OF_READERS = ("answering", "own_data", "own_results", "reading", "revising")
# Called by the start of the program and by commands alone; their one text is a password.
NOT_FOR_OTHERS = ("ensure_first_admin", "initialise")
STATES = {
    "check_draft": "draft",
    "import_cases": "draft",
    "import_predictions": "draft",
    "import_supports": "draft",
    "import_cases_zip": "draft",
    "import_predictions_zip": "draft",
    "import_supports_zip": "draft",
    "amend_reference": "beta",
    "reopen_study": "beta",
    "archive_study": "beta",
    "forget_contacts": "beta",
}
# A few of each kind; the slow test sends all.
FEW = ("half a sign", "NUL", "escape of a terminal", "override to the left", "too long")


@pytest.fixture
def backend():
    return "sqlite"


def verbs():
    """Everything that pages and commands can ask of the services, found in the code."""
    for module in pkgutil.walk_packages(readerstudy.services.__path__, "readerstudy.services."):
        found = import_module(module.name)
        for name, verb in vars(found).items():
            is_own = inspect.isfunction(verb) and verb.__module__ == found.__name__
            if is_own and not name.startswith("_") and next(iter(_parameters(verb)), "") == "db":
                yield module.name, verb


def _parameters(verb):
    return inspect.signature(verb).parameters


class Entrances:
    """A study in each state, and for every parameter of every verb a value that is taken."""

    def __init__(self, db, folder):
        self.db, self._count = db, count()
        drafts.create_study(
            db, actor=SYSTEM, slug="draft", title="Draft", taxonomy=DEMO8, synthetic=True
        )
        manifest = write_cases(folder, n_cases=2)
        archive = folder / "sent.zip"
        archive.write_bytes(packed({"x": b"x"}))
        close(db, "beta")
        requests.allow_requests(db, actor=SYSTEM, slug="alpha", is_allowed=True)
        self.reader, self.beginner = make_reader(db, "alpha"), make_reader(db, "alpha")
        answer_next(db, self.reader)
        case = answering.current_case(db, actor=self.reader)
        self.values = {
            "name": "somebody",
            "password": PASSWORD,
            "old": PASSWORD,
            "new": PASSWORD,
            "role": Role.OWNER,
            "study": "alpha",
            "address": "127.0.0.1",
            "token": "x",
            "case_id": "case-00",
            "label": "MN",
            "basis": "histology",
            "reason": "why",
            "case_token": case.case_token,
            "given": Given("BCC"),
            "client_token": "client-1",
            "measured": Measured(),
            "contact": ContactData("A", "a@example.org", "a note"),
            "sign_off": SignOff(name="Ada", statement="All is well."),
            "title": "A title",
            "language": "en",
            "version": "2",
            "profile": {"profession": "student", "country": "China"},
            "factor": "profession",
            "taxonomy": DEMO8,
            "protocol": Protocol(),
            "consent": DEFAULT_CONSENT,
            "rule": "strict",
            "synthetic": True,
            "model": "net",
            "manifest": manifest,
            "csv": manifest,
            "archive": archive,
            "out": folder / "out.zip",
            "source": archive,
            **dict.fromkeys(("days", "number", "view", "position", "count", "readers", "seed"), 1),
            "is_allowed": True,
            "served": ("net",),
        }

    def arguments(self, module, verb):
        slug = STATES.get(verb.__name__, "alpha")
        given = {**self.values, "slug": slug, "new_slug": f"new-{next(self._count)}"}
        given["slug"] = f"new-{next(self._count)}" if verb.__name__ == "create_study" else slug
        of_reader = self.beginner if verb.__name__ == "save_profile" else self.reader
        given["actor"] = of_reader if module in OF_READERS else SYSTEM
        wanted = [p for p in _parameters(verb).values() if p.name != "db"]
        return {p.name: given[p.name] for p in wanted if p.name in given or p.default is p.empty}

    def every(self, text):
        """(what, call) for each text that anything takes."""
        for module, verb in verbs():
            if verb.__name__ in NOT_FOR_OTHERS:
                continue
            given = self.arguments(module, verb)
            for secret in ("password", "old", "new"):  # hashed, and tested with passwords
                given.pop(secret, None)
            for name, value in given.items():
                for place, odd in odd_ones(value, text):
                    yield f"{verb.__name__}.{name}{place}", verb, module, {name: odd}

    def call(self, verb, module, given):
        return verb(self.db, **{**self.arguments(module, verb), **given})


def odd_ones(value, text):
    """The value with the text in the place of each of its own texts."""
    if isinstance(value, Taxonomy):
        first, *rest = value.diseases
        yield ".name", Taxonomy(text, value.diseases)
        for its in ("code", "name_en", "name_zh"):
            changed: Disease = replace(first, **{its: text})
            yield f".{its}", Taxonomy(value.name, (changed, *rest))
    elif isinstance(value, Protocol):
        yield ".management", Protocol(questions=Questions.model_construct(management=(text,)))
        yield ".model", Protocol(aid=Aid.model_construct(design="second-read", model=text))
    elif isinstance(value, dict):
        yield from ((f".{key}", {**value, key: text}) for key in value)
        yield ".key", {text: "x"}
    elif isinstance(value, ContactData | SignOff | Given | ConsentText):
        assert is_dataclass(value)
        texts = [f.name for f in fields(value) if "str" in str(f.type)]
        yield from ((f".{name}", replace(value, **{name: text})) for name in texts)
    elif isinstance(value, str) and not isinstance(value, Role):
        yield "", text


def strings(db):
    """Every text that the database holds, those inside of JSON too, by table and column."""
    with sqlite3.connect(db.path) as connection:
        names = [
            n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        for table in names:
            found = connection.execute(f"SELECT * FROM {table}")
            columns = [column for column, *_ in found.description]
            for row in found:
                for column, value in zip(columns, row, strict=True):
                    for text in _texts(value):
                        yield f"{table}.{column}", text


def _texts(value):
    if isinstance(value, str) and value[:1] in ("{", "["):
        yield json.dumps(json.loads(value), ensure_ascii=False).replace("\\n", " ")
    elif isinstance(value, str):
        yield value


def send(entrances, texts):
    """How many calls were refused and how many taken; what is stored afterwards can be read."""
    refused, taken, faults = 0, [], {}
    for text in texts:
        for what, verb, module, given in entrances.every(HOSTILE[text]):
            try:
                entrances.call(verb, module, given)
                taken.append(what)
            except UserError as error:
                refused += 1
                assert len(str(error)) < 12_000
                assert problem(str(error), most=12_000, has_lines=True) == "", what
            except Exception as error:  # noqa: BLE001 -- all of them are listed
                faults[f"{what}: {text}"] = f"{type(error).__name__}: {str(error)[:200]}"
    assert faults == {}
    return refused, set(taken)


def check_stored(db):
    # Counted by, for minutes, and shown to nobody.
    odd = {
        f"{place}: {text[:50]!r}"
        for place, text in strings(db)
        if problem(text, most=200_000, has_lines=True) and place != "sign_in_attempts.name"
    }
    assert odd == set()


def test_every_entrance_refuses_odd_text_or_drops_it(db, study, tmp_path):
    entrances = Entrances(db, tmp_path)
    refused, taken = send(entrances, FEW)
    assert refused > 400
    # Nobody's session, no address, and a language that no text has: nothing of them is stored.
    assert taken <= {"sign_out.token", "actor_for.token", "ask_access.address", "status.language"}
    check_stored(db)
    assert_all_leaves(db, entrances.reader)


def test_what_the_browser_measured_is_dropped_if_it_is_odd(db, reader):
    case = answering.current_case(db, actor=reader)
    answering.submit_answer(
        db,
        actor=reader,
        case_token=case.case_token,
        given=Given("BCC"),
        client_token="client-1",
        measured=Measured(screen=HOSTILE["half a sign"]),
    )
    assert {row["screen"] for row in own_data.own_data(db, actor=reader)["readings"]} == {None}


@pytest.mark.slow
def test_every_entrance_refuses_every_odd_text(db, study, tmp_path):
    entrances = Entrances(db, tmp_path)
    assert send(entrances, HOSTILE)[0] > 1_500
    check_stored(db)
    assert_all_leaves(db, entrances.reader)


def test_names_of_all_countries_are_taken_as_they_are(db, study):
    for number, name in enumerate(LEGITIMATE):
        drafts.create_study(
            db, actor=SYSTEM, slug=f"s{number}", title=name, taxonomy=DEMO8, synthetic=True
        )
        contact = ContactData(name=name, email="a@example.org", note=f"{name}\n{name}")
        invitations.invite_person(db, actor=SYSTEM, slug="alpha", days=9, contact=contact)
        reader = make_reader(db, "alpha")
        joining.save_profile(db, actor=reader, profile={"country": name})
    titles = {its.title for its in summaries.list_studies(db, actor=SYSTEM)}
    assert titles >= set(LEGITIMATE)
    written = identities.export_identities(db, actor=SYSTEM, slug="alpha").decode()
    assert all(name in written for name in LEGITIMATE)


def test_a_manifest_with_odd_cells_is_refused_line_by_line(db, tmp_path):
    drafts.create_study(db, actor=SYSTEM, slug="odd", title="Odd", taxonomy=DEMO8, synthetic=True)
    manifest = write_cases(tmp_path, n_cases=2)
    head, one, two = manifest.read_text().splitlines()
    columns = head.split(",")
    for column in ("case_id", "path", "site", "source", "licence", "patient_id"):
        for text in ("a\0b", "abc\u202egnp", "\x1b[2J", "a\u2028b", "x" * 5_000):
            cells = one.split(",")
            cells[columns.index(column)] = text
            manifest.write_text("\n".join([head, ",".join(cells), two]), "utf-8")
            with pytest.raises(UserError, match="line 2") as told:
                drafts.import_cases(db, actor=SYSTEM, slug="odd", manifest=manifest)
            assert len(str(told.value)) < 2_000
    manifest.write_text(f"{head}\n{one}\n{two}")
    assert drafts.import_cases(db, actor=SYSTEM, slug="odd", manifest=manifest) == 2


ODD = "\ud800x \u202e\u2028\x1b\0" + MARKUP


@pytest.fixture
def stored(db, study):
    """A study in which every text that a person writes is odd, as older versions let through."""
    reader = make_reader(db, study)
    contact = ContactData("A", "a@example.org", "note")
    token = invitations.invite_person(db, actor=SYSTEM, slug=study, days=9, contact=contact)
    accounts.actor_for(db, token=joining.accept_invitation(db, token=token))
    requests.allow_requests(db, actor=SYSTEM, slug=study, is_allowed=True)
    requests.ask_access(db, slug=study, contact=contact)
    while answering.current_case(db, actor=reader):
        answer_next(db, reader)
    close(db, study)
    odd, raw = json.dumps(ODD), ODD.encode("utf-8", "surrogatepass")
    with sqlite3.connect(db.path) as connection:
        (taxonomy,) = connection.execute("SELECT taxonomy FROM studies").fetchone()
        named = json.loads(taxonomy)
        for disease in named["diseases"]:
            disease["name_en"] = disease["name_zh"] = ODD
        values = json.dumps({"profession": ODD, "country": ODD, "years_dermoscopy": ODD})
        for trigger, _ in connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type='trigger'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("UPDATE profiles SET fields=?", (values,))
        for table, column in (
            ("studies", "title"),
            ("studies", "consent_text"),
            ("studies", "consent_text_zh"),
            ("cases", "site"),
            ("cases", "source"),
            ("cases", "licence"),
            ("cases", "clinical_text"),
            ("cases", "patient_id"),
            ("reference_standards", "basis"),
            ("contacts", "name"),
            ("contacts", "email"),
            ("contacts", "note"),
            ("access_requests", "name"),
            ("access_requests", "message"),
            ("events", "reason"),
            ("events", "subject"),
        ):
            connection.execute(f"UPDATE {table} SET {column} = CAST(? AS TEXT)", (raw,))
        connection.execute("UPDATE cases SET case_id = CAST(? || id AS TEXT)", (raw,))
        connection.execute("UPDATE studies SET taxonomy=?", (json.dumps(named),))
        sign_off = json.dumps({"name": ODD, "statement": ODD, "at": "2026-01-01T00:00:00+00:00"})
        connection.execute("UPDATE studies SET sign_off=?", (sign_off,))
        connection.execute(f"UPDATE models SET card='{{\"note\": {odd}}}'")
        connection.execute("UPDATE events SET new=?, old=?", (values, values))
    return reader


def assert_all_leaves(db, reader, slug="alpha"):
    """Every door by which text leaves gives a file that can be read again; returns them."""
    files = {
        "trail.csv": trail.trail_csv(db, actor=SYSTEM, slug=slug).encode(),
        "identities.csv": identities.export_identities(db, actor=SYSTEM, slug=slug),
        "report.html": results.study_report(db, actor=SYSTEM, slug=slug).encode(),
        "my-data.json": own_json(own_data.own_data(db, actor=reader)).encode(),
        "my-data.csv": own_csv(own_data.own_data(db, actor=reader)).encode(),
    }
    results.study_results(db, actor=SYSTEM, slug=slug)
    results.pictures(db, actor=SYSTEM, slug=slug)
    bundle = results.export_bundle(db, actor=SYSTEM, slug=slug)
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        assert archive.testzip() is None
        files |= {name: archive.read(name) for name in archive.namelist()}
    for name, content in files.items():
        if not name.endswith((".pdf", ".xlsx")):
            content.decode("utf-8")
        if name.endswith(".json"):
            json.loads(content)
    return files


def test_what_is_stored_already_leaves_by_every_door(db, stored, tmp_path, monkeypatch):
    files = assert_all_leaves(db, stored)
    assert len(files) > 20
    report = files["report.html"].decode()
    assert MARKUP not in report
    assert re.search("&lt;img src=x", report)
    own_result.own_result(db, actor=stored)
    joining.status(db, actor=stored)
    assert summaries.list_studies(db, actor=SYSTEM)[0].title
    assert len(requests.list_requests(db, actor=SYSTEM, slug="alpha")) == 1
    assert len(invitations.list_invitations(db, actor=SYSTEM, slug="alpha")) >= 2
    monkeypatch.setenv("SKINREADER_DATABASE_URL", f"sqlite:///{db.path}")
    monkeypatch.setenv("SKINREADER_VAR", str(tmp_path))
    for command in (["export"], ["export", "--identified"], ["trail"]):
        out = tmp_path / "out"
        assert main([*command, "--study", "alpha", "--out", str(out)]) == 0
        assert out.stat().st_size > 100
    assert main(["requests", "--study", "alpha"]) == 0


def test_figures_of_what_is_stored_are_drawn(db, stored, drawn):
    files = assert_all_leaves(db, stored)
    assert sum(name.endswith(".svg") for name in files) > 3


def test_a_bundle_of_what_is_stored_computes_again(db, stored, tmp_path):
    from readerstudy.analyse import recompute

    for name, content in assert_all_leaves(db, stored).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert recompute.main(tmp_path) == 0
