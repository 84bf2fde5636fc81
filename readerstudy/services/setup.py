"""The first start: tables, the first administrator and the demo study; repeating it is harmless."""

import json
from dataclasses import dataclass
from pathlib import Path

from data.taxonomy import DEMO8
from readerstudy.config import Settings
from readerstudy.db import Database
from readerstudy.domain import SYSTEM, StudyState, StudySummary
from readerstudy.domain.errors import ImportRefused
from readerstudy.services.accounts import ensure_first_admin
from readerstudy.services.study import drafts, summaries
from readerstudy.services.study.drafts import DEMO_SLUG

DEMO_FILES = Path(__file__).resolve().parents[1] / "demo"
_DEMO_TITLE = "Demo: eight skin diseases (synthetic images)"


@dataclass(frozen=True)
class Setup:
    """`drawn_password` is known only now; without `demo`, `why_no_demo` says why."""

    drawn_password: str | None
    demo: StudySummary | None
    why_no_demo: str = ""


def open_database(settings: Settings) -> Database:
    settings.make_var()
    return Database(settings.database_url, files=settings.cases, min_free=settings.min_free)


def initialise(db: Database, *, password: str | None, demo: Path = DEMO_FILES) -> Setup:
    """Each step looks at what is there, so that an interrupted start is finished by the next."""
    db.migrate()
    drawn = ensure_first_admin(db, password=password)
    if (found := _find_demo(db)) is not None and not _is_ours(found):
        return Setup(drawn, None, f"a study of your own is named {DEMO_SLUG}; it stays as it is")
    if (demo / "manifest.csv").is_file():
        _ensure_demo(db, demo)
    return Setup(drawn, _find_demo(db), "its files are missing")


def _ensure_demo(db: Database, files: Path) -> None:
    found = _find_demo(db)
    if found is None:
        drafts.create_study(
            db,
            actor=SYSTEM,
            slug=DEMO_SLUG,
            title=_DEMO_TITLE,
            taxonomy=DEMO8,
            synthetic=True,
            is_demo=True,
        )
    elif found.state is not StudyState.DRAFT:
        return
    if found is None or found.n_cases == 0:
        drafts.import_cases(db, actor=SYSTEM, slug=DEMO_SLUG, manifest=files / "manifest.csv")
    predictions = files / "predictions.csv"
    if predictions.is_file() and (found is None or not found.models):
        name = _model_name(predictions.with_suffix(".json"))
        drafts.import_predictions(db, actor=SYSTEM, slug=DEMO_SLUG, name=name, csv=predictions)
    drafts.open_study(db, actor=SYSTEM, slug=DEMO_SLUG)


def _is_ours(study: StudySummary) -> bool:
    """Studies of this name could be made by anybody once; nobody else gave one this title."""
    return study.title == _DEMO_TITLE


def _model_name(sidecar: Path) -> str:
    try:
        return str(json.loads(sidecar.read_text("utf-8"))["name"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ImportRefused(
            f"Expected {sidecar} to name the model, but reading it failed ({error}); "
            "restore the demo's files."
        ) from error


def _find_demo(db: Database) -> StudySummary | None:
    found = summaries.list_studies(db, actor=SYSTEM)
    return next((study for study in found if study.slug == DEMO_SLUG), None)
