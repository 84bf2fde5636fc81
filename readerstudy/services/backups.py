"""Backup and restore, for owners."""

from pathlib import Path

from readerstudy.db import Database
from readerstudy.db import backup as copies
from readerstudy.domain import Actor
from readerstudy.domain.permissions import Permission, authorise


def back_up(db: Database, *, actor: Actor, out: Path) -> int:
    authorise(actor, Permission.MANAGE)
    return copies.backup(db, out=out)


def restore(db: Database, *, actor: Actor, source: Path) -> int:
    authorise(actor, Permission.MANAGE)
    return copies.restore(db, source=source)
