"""The attacked site: studies in each state of their life, and whoever may knock at it."""

import itertools
import ssl
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from data.images import encode
from data.taxonomy import DEMO8
from readerstudy.domain import SYSTEM, Actor, Role, StudyState
from readerstudy.services import accounts
from readerstudy.services.people import requests
from readerstudy.services.reading import joining
from readerstudy.services.study import drafts, summaries
from tests.attacks.canary import Canary
from tests.support.live import ADMIN_COOKIE, STUDY_COOKIE, Site
from tests.support.making import (
    PASSWORD,
    answer_next,
    close,
    make_study,
    write_cases,
    write_predictions,
)

# The columns of the matrix; each is made for the study that a row is about.
WHO = (
    "anonymous", "reader", "other reader", "reader elsewhere", "monitor", "analyst", "owner",
    "owner elsewhere", "owner everywhere",
)  # fmt: skip
_ELSEWHERE = "beta"
_TLS = ssl.create_default_context()  # takes longer to make than a whole request
_HELD_S = 60  # shorter than the demo keeps a picture


@dataclass
class Stage:
    """`alpha` has results and takes no more answers here; `quiz` is read; `beta` is another's."""

    site: Site
    canary: Canary
    folder: Path
    _people: dict[tuple[str, str], str] = field(default_factory=dict)
    _clients: dict[str, httpx.Client] = field(default_factory=dict)
    _numbers: Any = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        db = self.site.db
        self._manifest = write_cases(Path(tempfile.mkdtemp(dir=self.folder)), n_cases=8)
        predictions = write_predictions(self.folder / "net.csv", manifest=self._manifest)
        make_study(db, "alpha", self._manifest, predictions)
        for slug in ("beta", "quiz"):
            make_study(db, slug, self._manifest)
        answer_next(db, self._actor(self.token("first reader", "alpha")))
        self.picture = encode(np.full((64, 64, 3), (200, 40, 40), np.uint8))
        self._handle, self._handle_since = "", 0.0
        self._states = {StudyState.DRAFT: "", StudyState.OPEN: "", StudyState.CLOSED: ""}

    @property
    def draft(self) -> str:
        """A study that is a draft now; a new one if the last was opened."""
        return self._in_state(StudyState.DRAFT)

    @property
    def opened(self) -> str:
        """A study that may be closed."""
        return self._in_state(StudyState.OPEN)

    @property
    def closed(self) -> str:
        return self._in_state(StudyState.CLOSED)

    @property
    def handle(self) -> str:
        """Of a picture that the demo holds."""
        if not self._handle or time.monotonic() - self._handle_since > _HELD_S:
            sent = self.client("").put("/demo-api/picture", content=self.picture)
            self._handle, self._handle_since = sent.json()["handle"], time.monotonic()
        return self._handle

    @property
    def asked(self) -> str:
        """A study that one can ask to take part in."""
        requests.allow_requests(self.site.db, actor=SYSTEM, slug="quiz", is_allowed=True)
        return "quiz"

    def invitation(self, slug: str = "quiz") -> str:
        [token] = drafts.invite(self.site.db, actor=SYSTEM, slug=slug, count=1)
        return token

    def new_name(self) -> str:
        return f"made-{next(self._numbers)}"

    def token(self, who: str, slug: str) -> str:
        """The session token of somebody of the study; made when first asked for."""
        if who == "anonymous":
            return ""
        if who.endswith("elsewhere"):
            slug = _ELSEWHERE
        elif "reader" in who and slug not in ("alpha", "quiz"):
            slug = "quiz"  # a study that nobody can join
        key = (who, "" if who.endswith("everywhere") else slug)
        if key not in self._people or self._is_gone(self._people[key]):
            self._people[key] = self.new_token(who, slug)
        return self._people[key]

    def new_token(self, who: str, slug: str) -> str:
        """Of somebody new."""
        if "reader" in who:
            return self._new_reader(slug)
        role, study = Role(who.split(maxsplit=1)[0]), None if who.endswith("everywhere") else slug
        name = f"{role}-{uuid.uuid4().hex[:8]}"
        accounts.create_admin(
            self.site.db, actor=SYSTEM, name=name, password=PASSWORD, role=role, study=study
        )
        return accounts.sign_in(self.site.db, name=name, password=PASSWORD)

    def client(self, token: str) -> httpx.Client:
        """One token in both places: neither zone may take the other's."""
        if token not in self._clients:
            self._clients[token] = httpx.Client(base_url=self.site.url, timeout=30, verify=_TLS)
        client = self._clients[token]
        client.cookies.clear()  # what an answer set is not sent back
        client.cookies.update({STUDY_COOKIE: token, ADMIN_COOKIE: token} if token else {})
        return client

    def as_(self, who: str, slug: str = "quiz") -> httpx.Client:
        return self.client(self.token(who, slug))

    def case_token(self, reader: str) -> str:
        """Of the case that a reader (a session token) has before them, or had last."""
        found = self.client(reader).get("/study-api/current").json()
        return found["case"]["case_token"] if found["case"] else "gone"

    def _actor(self, token: str) -> Actor:
        actor = accounts.actor_for(self.site.db, token=token)
        assert actor is not None
        return actor

    def _is_gone(self, token: str) -> bool:
        return accounts.actor_for(self.site.db, token=token) is None

    def _new_reader(self, slug: str) -> str:
        db = self.site.db
        token = joining.accept_invitation(db, token=self.invitation(slug))
        actor = self._actor(token)
        joining.give_consent(db, actor=actor, version="2")
        joining.save_profile(db, actor=actor, profile={"profession": "student"})
        return token

    def _in_state(self, state: StudyState) -> str:
        slug = self._states[state]
        if not slug or self._state_of(slug) is not state:
            slug = self._states[state] = f"{state}-{next(self._numbers)}"
            self._make(slug, state)
        return slug

    def _state_of(self, slug: str) -> StudyState:
        found = summaries.list_studies(self.site.db, actor=SYSTEM)
        return next(study.state for study in found if study.slug == slug)

    def _make(self, slug: str, state: StudyState) -> None:
        db = self.site.db
        drafts.create_study(db, actor=SYSTEM, slug=slug, title=slug, taxonomy=DEMO8, synthetic=True)
        drafts.import_cases(db, actor=SYSTEM, slug=slug, manifest=self._manifest)
        if state is not StudyState.DRAFT:
            drafts.open_study(db, actor=SYSTEM, slug=slug)
        if state is StudyState.CLOSED:
            close(db, slug)

    @cached_property
    def database(self) -> str:
        return str(self.site.db.path)
