"""What owners send as one zip: a table of a fixed name, and the files that belong to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from readerstudy.db import Database
from readerstudy.domain import Actor
from readerstudy.services.intake import supports, zip_files
from readerstudy.services.intake.staging import scratch
from readerstudy.services.study import drafts


def import_cases_zip(db: Database, *, actor: Actor, slug: str, archive: Path) -> int:
    """As `import_cases`, from manifest.csv and images, which must be of the zip itself."""
    with _unpacked(db, actor, slug, archive, table="manifest.csv") as manifest:
        return drafts.import_cases(
            db, actor=actor, slug=slug, manifest=manifest, is_closed_folder=True
        )


def import_predictions_zip(
    db: Database, *, actor: Actor, slug: str, name: str, archive: Path
) -> int:
    """As `import_predictions`, from predictions.csv and predictions.json."""
    with _unpacked(db, actor, slug, archive, table="predictions.csv") as csv:
        return drafts.import_predictions(db, actor=actor, slug=slug, name=name, csv=csv)


def import_supports_zip(db: Database, *, actor: Actor, slug: str, model: str, archive: Path) -> int:
    """As `import_supports`, from supports.csv and pictures, which must be of the zip itself."""
    with _unpacked(db, actor, slug, archive, table="supports.csv") as csv:
        return supports.import_supports(
            db, actor=actor, slug=slug, model=model, csv=csv, is_closed_folder=True
        )


@contextmanager
def _unpacked(
    db: Database, actor: Actor, slug: str, archive: Path, *, table: str
) -> Iterator[Path]:
    """The table's path; nothing is unpacked for somebody who may not import it."""
    drafts.check_draft(db, actor=actor, slug=slug)
    with scratch(db.images, min_free=db.min_free) as folder:
        yield zip_files.unpack(archive, folder=folder, table=table, min_free=db.min_free)
