"""Open studies whose readers could ask the model under test on the public page."""

from collections.abc import Collection, Mapping

from readerstudy.db import Database
from readerstudy.domain import SYSTEM, StudyState, StudySummary
from readerstudy.services.study.drafts import DEMO_SLUG
from readerstudy.services.study.summaries import list_studies


def exposed_models(study: StudySummary, *, served: Collection[str]) -> tuple[str, ...]:
    """Its models that the public page serves too, by name; the demo study is there to be tried."""
    if study.state is not StudyState.OPEN or study.slug == DEMO_SLUG:
        return ()
    return tuple(name for name in study.models if name in served)


def exposed_studies(db: Database, *, served: Collection[str]) -> Mapping[str, tuple[str, ...]]:
    """Of all studies, by their short names."""
    found = {
        study.slug: exposed_models(study, served=served) for study in list_studies(db, actor=SYSTEM)
    }
    return {slug: names for slug, names in found.items() if names}


def exposed_words(title: str, names: Collection[str]) -> str:
    return (
        f"Readers of {title} can ask the model under test ({', '.join(names)}) on the public page "
        "while the study is open: restart the server with SKINREADER_DEMO=off, or without this "
        "checkpoint."
    )
