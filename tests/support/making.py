"""What several tests make: a study on disk, an open study, a reader, an answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa

from data.images import encode
from data.manifest import write_manifest
from data.taxonomy import DEMO8, PUMCH14, Taxonomy
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, Actor, Given, Measured, Role, SignOff
from readerstudy.report import figures
from readerstudy.services import accounts
from readerstudy.services.reading import answering, joining
from readerstudy.services.study import drafts, lifecycle

PASSWORD = "a long password"


def write_cases(folder: Path, *, n_cases: int, taxonomy: Taxonomy = DEMO8) -> Path:
    """A manifest of tiny noise images whose labels go round the classes."""
    rng = np.random.default_rng(0)
    rows = []
    for number in range(n_cases):
        pixels = rng.integers(0, 255, (16, 24, 3), dtype=np.uint8)
        (folder / f"{number}.png").write_bytes(encode(pixels))
        label = taxonomy.codes[number % len(taxonomy)]
        rows.append({"case_id": f"case-{number:02d}", "path": f"{number}.png", "label": label})
    write_manifest(rows, folder / "manifest.csv")
    return folder / "manifest.csv"


def write_predictions(
    path: Path, *, manifest: Path, taxonomy: Taxonomy = PUMCH14, name: str = "net"
) -> Path:
    """Random probabilities that favour the truth, and the sidecar."""
    rng = np.random.default_rng(1)
    cases = pd.read_csv(manifest)
    weights = [
        [6.0 if code == label else 1.0 for code in taxonomy.codes] for label in cases["label"]
    ]
    table = pd.DataFrame(
        [rng.dirichlet(row) for row in weights], columns=[f"p_{code}" for code in taxonomy.codes]
    )
    table.insert(0, "case_id", cases["case_id"])
    table.to_csv(path, index=False)
    card = {"name": name, "checkpoint_sha256": "ab" * 32, "taxonomy": taxonomy.to_dict()}
    path.with_suffix(".json").write_text(json.dumps(card))
    return path


def make_study(db: Database, slug: str, manifest: Path, predictions: Path | None = None) -> None:
    """An open study named `slug`."""
    drafts.create_study(
        db, actor=SYSTEM, slug=slug, title=f"Study {slug}", taxonomy=DEMO8, synthetic=True
    )
    drafts.import_cases(db, actor=SYSTEM, slug=slug, manifest=manifest)
    if predictions is not None:
        drafts.import_predictions(db, actor=SYSTEM, slug=slug, name="net", csv=predictions)
    drafts.open_study(db, actor=SYSTEM, slug=slug)


def close(db: Database, slug: str) -> None:
    signed = SignOff(name="Ada Example", statement="All readings are in.")
    lifecycle.close_study(db, actor=SYSTEM, slug=slug, sign_off=signed)


def make_reader(db: Database, slug: str) -> Actor:
    """A reader who stands before the first case."""
    [token] = drafts.invite(db, actor=SYSTEM, slug=slug, count=1)
    actor = accounts.actor_for(db, token=joining.accept_invitation(db, token=token))
    assert actor is not None
    joining.give_consent(db, actor=actor, version="2")
    joining.save_profile(db, actor=actor, profile={"profession": "student"})
    return actor


def answer_next(db: Database, actor: Actor, answer: str = "BCC") -> str:
    """Answers the current case; returns its token."""
    case = answering.current_case(db, actor=actor)
    assert case is not None
    answering.submit_answer(
        db,
        actor=actor,
        case_token=case.case_token,
        given=Given(answer=answer, confidence=60),
        client_token=f"client-{case.case_token}",
        measured=Measured(active_ms=1200),
    )
    return case.case_token


def make_account(db: Database, role: Role, study: str | None) -> Actor:
    name = f"{role}-{study or 'everywhere'}"
    accounts.create_admin(db, actor=SYSTEM, name=name, password=PASSWORD, role=role, study=study)
    token = accounts.sign_in(db, name=name, password=PASSWORD)
    actor = accounts.actor_for(db, token=token)
    assert actor is not None
    return actor


@dataclass(frozen=True)
class World:
    """Two studies; everybody named after role and study."""

    db: Database
    actors: dict[str, Actor]
    case_tokens: dict[str, str]


def make_world(db: Database) -> World:
    actors = {}
    for role in (Role.OWNER, Role.ANALYST, Role.MONITOR):
        actors[f"{role} everywhere"] = make_account(db, role, None)
        for slug in ("alpha", "beta"):
            actors[f"{role} {slug}"] = make_account(db, role, slug)
    for slug in ("alpha", "beta"):
        for name in (f"reader {slug}", f"second reader {slug}"):
            actors[name] = make_reader(db, slug)
    tokens = {slug: answer_next(db, actors[f"reader {slug}"]) for slug in ("alpha", "beta")}
    actors["stranger"] = Actor(role=Role.READER, name="stranger")
    return World(db, actors, tokens)


_DRAWING = {name: getattr(figures, name) for name in ("render", "_draw", "save")}


def draw(patch: pytest.MonkeyPatch) -> None:
    """Also while a site stands that draws nothing."""
    for name, function in _DRAWING.items():
        patch.setattr(figures, name, function)


def draw_nothing(patch: pytest.MonkeyPatch) -> None:
    """Files of pictures say their kind and stamp alone, whoever holds `render` by its name."""
    draw(patch)

    def save(_: object, kind: str, *, stamp: str) -> bytes:
        return f"<{kind}><desc>{stamp}</desc></{kind}>".encode()

    patch.setattr(figures, "_draw", lambda _: None)
    patch.setattr(figures, "save", save)


def dump(db: Database) -> str:
    """Everything that the database holds, as text."""
    with db.connect() as connection:
        tables = sa.MetaData()
        tables.reflect(connection)
        rows = [
            str(row)
            for table in tables.sorted_tables
            for row in connection.execute(sa.select(table)).tuples()
        ]
    return "\n".join(rows)


def statements(db: Database, act: Callable[[], object]) -> list[str]:
    seen: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        seen.append(statement)

    sa.event.listen(db._engine, "before_cursor_execute", note)
    act()
    sa.event.remove(db._engine, "before_cursor_execute", note)
    return seen
