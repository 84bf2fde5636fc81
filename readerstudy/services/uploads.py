"""Cases from one zip: manifest.csv and the images it names."""

from pathlib import Path

from readerstudy.db import Database
from readerstudy.entities import Actor
from readerstudy.services import archives, studies


def import_archive(db: Database, *, actor: Actor, slug: str, archive: Path) -> int:
    """As `import_cases`; the manifest may name files of the zip only. Returns their number."""
    studies.check_draft(db, actor=actor, slug=slug)
    with archives.scratch(db.images) as folder:
        manifest = archives.unpack(archive, folder=folder)
        return studies.import_cases(
            db, actor=actor, slug=slug, manifest=manifest, is_closed_folder=True
        )
