"""A study until it is opened: made, filled with cases and predictions, sealed. Then: life.py."""

import re
from pathlib import Path

from data.taxonomy import Taxonomy, check_classes
from data.texts import quoted
from readerstudy import clock
from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import studies as queries
from readerstudy.db.tables import Invitation, Model, ModelPrediction, Study
from readerstudy.domain import Actor, Rule, StudyState
from readerstudy.domain.consent import DEFAULT_CONSENT, ConsentText
from readerstudy.domain.errors import StateError, StudyError
from readerstudy.domain.lifecycle import require_state
from readerstudy.domain.lifetimes import INVITATION_LIFE
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.domain.protocol import DEFAULT_PROTOCOL, Protocol
from readerstudy.domain.seal import seal_of
from readerstudy.domain.texts import checked_text, required_text
from readerstudy.security import tokens as ids
from readerstudy.services.intake import cases as importing
from readerstudy.services.intake.predictions import PredictionsFile, read_predictions
from readerstudy.services.intake.staging import staged
from readerstudy.services.study.seal_content import check_complete, seal_content

DEMO_SLUG = "demo"
_MAX_INVITATIONS = 1000
_MAX_CODE, _MAX_MODEL, _MAX_CHOICES = 40, 60, 20
_MAX_VERSION, _MAX_CONSENT = 20, 100_000


def create_study(
    db: Database,
    *,
    actor: Actor,
    slug: str,
    title: str,
    taxonomy: Taxonomy,
    synthetic: bool,
    rule: str = Rule.RENORMALISE,
    protocol: Protocol = DEFAULT_PROTOCOL,
    consent: ConsentText = DEFAULT_CONSENT,
    is_demo: bool = False,
) -> None:
    """`is_demo`: this is the first start, which alone may use the name of the demo study."""
    authorise(actor, Permission.MANAGE)
    check_classes(taxonomy)
    _check_protocol(protocol)
    _check_consent(consent)
    with db.transaction() as session:
        check_new_name(session, slug, title, is_demo=is_demo)
        study = Study(
            slug=slug,
            title=title.strip(),
            state=StudyState.DRAFT,
            synthetic=synthetic,
            stored_taxonomy=taxonomy.to_dict(),
            rule=_rule(rule),
            stored_protocol=protocol.to_dict(),
            consent_text=consent.text,
            consent_text_zh=consent.text_zh,
            consent_version=consent.version,
            created_at=clock.now(),
        )
        session.add(study)
        session.flush()
        _record(session, actor, study, "create_study")


def check_draft(db: Database, *, actor: Actor, slug: str) -> None:
    """Before anything is taken or unpacked from somebody who may not import it."""
    with db.reading() as session:
        _draft(queries.study_by_slug(session, slug), actor, doing="add to it")


def import_cases(
    db: Database, *, actor: Actor, slug: str, manifest: Path, is_closed_folder: bool = False
) -> int:
    """All or none; images are read before the transaction, so that nobody waits for them.

    `is_closed_folder`: the manifest comes from outside and may name nothing beyond its own folder.
    """
    with db.reading() as session:
        study = _draft(queries.study_by_slug(session, slug), actor, doing="import cases")
        _check_no_models(session, study)
        known = importing.known(session, study.id)
    taxonomy = study.taxonomy
    with staged(db.images, min_free=db.min_free) as folder:
        cases = importing.read_cases(
            manifest, taxonomy, known=known, folder=folder, is_closed_folder=is_closed_folder
        )
    with db.transaction() as session:
        study = _manageable(session, actor, slug, doing="import cases")
        _check_no_models(session, study)
        for case in cases:
            queries.add_case(
                session,
                importing.new_case(study.id, case),
                label=case.row["label"],
                basis=case.row["basis"],
                views=importing.further_views(case),
            )
        _record(session, actor, study, "import_cases", new={"n_cases": len(cases)})
    return len(cases)


def _check_no_models(session: Session, study: Study) -> None:
    if queries.models(session, study.id):
        raise StateError(
            "Expected all cases before the first predictions, but this study holds predictions "
            "that would not cover the new cases; import the cases into a new study, then predict."
        )


def import_predictions(db: Database, *, actor: Actor, slug: str, name: str, csv: Path) -> int:
    """The sidecar is the file of the same name that ends in .json."""
    with db.transaction() as session:
        study = _manageable(session, actor, slug, doing="import predictions")
        _check_model_name(name, {model.name for model in queries.models(session, study.id)})
        cases = {case.case_id: case.id for case in queries.cases(session, study.id)}
        file = read_predictions(csv, cases=cases.keys(), classes=study.taxonomy.codes)
        _add_model(session, study, name, file, cases)
        _record(
            session,
            actor,
            study,
            "import_predictions",
            new={"model": name, "checkpoint_sha256": file.checkpoint_sha256},
        )
    return len(cases)


def open_study(db: Database, *, actor: Actor, slug: str) -> str:
    """Seals the study; returns the hash."""
    with db.transaction() as session:
        study = _manageable(session, actor, slug, doing="open it")
        check_complete(session, study)
        study.seal_hash = seal_of(seal_content(session, study))
        study.state, study.opened_at = StudyState.OPEN, clock.now()
        _record(session, actor, study, "open_study", new={"seal": study.seal_hash})
        return study.seal_hash


def invite(db: Database, *, actor: Actor, slug: str, count: int) -> list[str]:
    """Raw tokens, shown once; the link is {public_url}/invite/{token}."""
    if not 1 <= count <= _MAX_INVITATIONS:
        raise StudyError(
            f"Expected a count from 1 to {_MAX_INVITATIONS}, but got {count}; choose one."
        )
    with db.transaction() as session:
        study = queries.study_by_slug(session, slug)
        authorise(actor, Permission.MANAGE, study_id=study.id)
        require_state(study.state, StudyState.DRAFT, StudyState.OPEN, doing="invite readers")
        tokens, now = [ids.new_token() for _ in range(count)], clock.now()
        session.add_all(
            Invitation(
                study_id=study.id,
                token_hash=ids.hash_token(token),
                created_at=now,
                expires_at=now + INVITATION_LIFE,
            )
            for token in tokens
        )
        _record(session, actor, study, "invite", new={"count": count})
        return tokens


def _manageable(session: Session, actor: Actor, slug: str, *, doing: str) -> Study:
    """The study, locked, if the actor may change it and it is still a draft."""
    return _draft(queries.lock_study(session, slug), actor, doing=doing)


def _draft(study: Study, actor: Actor, *, doing: str) -> Study:
    authorise(actor, Permission.MANAGE, study_id=study.id)
    require_state(study.state, StudyState.DRAFT, doing=doing)
    return study


def _add_model(
    session: Session, study: Study, name: str, file: PredictionsFile, cases: dict[str, int]
) -> None:
    model = Model(
        study_id=study.id,
        name=name,
        checkpoint_sha256=file.checkpoint_sha256,
        card=file.card,
        imported_at=clock.now(),
    )
    session.add(model)
    session.flush()
    rows = [
        {"model_id": model.id, "case_id": cases[case_id], "probabilities": probabilities}
        for case_id, probabilities in file.probabilities.items()
    ]
    queries.add_rows(session, ModelPrediction, rows)


def _record(
    session: Session, actor: Actor, study: Study, verb: str, *, new: dict[str, object] | None = None
) -> None:
    audit.record(session, actor=actor, verb=verb, subject=study.slug, study_id=study.id, new=new)


def _rule(rule: str) -> Rule:
    if rule not in list(Rule):
        raise StudyError(
            f"Expected the rule {' or '.join(Rule)}, but got {quoted(rule)}; choose one."
        )
    return Rule(rule)


def check_new_name(session: Session, slug: str, title: str, *, is_demo: bool = False) -> None:
    """Refuses names that cannot be, are kept, or are taken."""
    _check_names(slug, title)
    if slug == DEMO_SLUG and not is_demo:
        raise StudyError(
            f"Expected another name than {slug!r}, which is kept for the demo study that `init` "
            "makes; choose another."
        )
    if queries.find_study(session, slug) is not None:
        raise StudyError(f"Expected a new name, but there is a study {slug!r}; choose another.")


def _check_names(slug: str, title: str) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,59}", slug):
        raise StudyError(
            "Expected a name of small letters, digits and '-' (at most 60), but got "
            f"{quoted(slug)}; for example derm-2025."
        )
    required_text(title, what="a title", most=200)


def _check_protocol(protocol: Protocol) -> None:
    """Not part of a Protocol itself: what was stored before must still be read."""
    checked_text(protocol.aid.model, what="a model's name", most=_MAX_MODEL)
    choices = protocol.questions.management
    if len(choices) > _MAX_CHOICES:
        raise StudyError(
            f"Expected at most {_MAX_CHOICES} choices of management, but got {len(choices):,}; "
            "leave some out."
        )
    for text in choices:
        checked_text(text, what="choices of management", most=_MAX_CODE)


def _check_consent(consent: ConsentText) -> None:
    checked_text(consent.version, what="a version of the consent text", most=_MAX_VERSION)
    for text in (consent.text, consent.text_zh or ""):
        checked_text(text, what="a consent text", most=_MAX_CONSENT, has_lines=True)


def _check_model_name(name: str, taken: set[str]) -> None:
    # The name becomes part of file names of the export.
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}", name):
        raise StudyError(
            f"Expected a model name of letters, digits, '.', '_' and '-', but got {quoted(name)}."
        )
    if name in taken:
        raise StudyError(f"Expected a new model name, but the study has {name!r}; choose another.")
