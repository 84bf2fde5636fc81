"""The audit trail names readers by an id that their withdrawal forgets, and holds no answer.

What was there before: events under readers' codes, with the answers of before and after, which
stayed when the reader withdrew. All events are rewritten: codes of readers who take part become
their new id; any other code becomes one that leads nowhere.
"""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from alembic import op

from readerstudy.db.migrations.building import changes_of_events, text
from readerstudy.security import tokens

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_READER = "reader:"
_STUDIES = sa.table("studies", sa.column("id"), sa.column("slug"))
_READERS = sa.table(
    "readers",
    *map(sa.column, ("id", "study_id", "code", "kind", "withdrawn_at", "withdrawal", "trail_id")),
)
_EVENTS = sa.table(
    "events",
    *map(sa.column, ("id", "study_id", "actor", "verb", "subject")),
    sa.column("old", sa.JSON()),
    sa.column("new", sa.JSON()),
)


def upgrade() -> None:
    op.add_column("readers", text("trail_id", 40, nullable=True))
    connection = op.get_bind()
    names = _name_readers(connection)
    slugs = dict(connection.execute(sa.select(_STUDIES.c.id, _STUDIES.c.slug)).tuples().all())
    found = sa.select(_EVENTS).where(_EVENTS.c.actor.like(f"{_READER}%"))
    with changes_of_events():
        for event in connection.execute(found).mappings().all():
            mended = _mended(event, names, slugs)
            connection.execute(
                sa.update(_EVENTS).where(_EVENTS.c.id == event["id"]).values(**mended)
            )


def _name_readers(connection: sa.Connection) -> dict[tuple[int, str], str]:
    """What the trail calls people from now on, by study and code."""
    names = {}
    people = sa.select(_READERS).where(_READERS.c.kind == "human")
    for reader in connection.execute(people).mappings().all():
        trail_id = tokens.new_trail_id()
        names[reader["study_id"], reader["code"]] = trail_id
        changed: dict[str, Any] = {"trail_id": trail_id}
        if reader["withdrawn_at"] is not None:
            changed = {"code": tokens.new_reader_code()} if reader["withdrawal"] == "delete" else {}
        if changed:
            where = _READERS.c.id == reader["id"]
            connection.execute(sa.update(_READERS).where(where).values(**changed))
    return names


def _mended(
    event: Mapping[str, Any], names: dict[tuple[int, str], str], slugs: Mapping[int, str]
) -> dict[str, Any]:
    code = event["actor"].removeprefix(_READER)
    name = names.setdefault((event["study_id"], code), tokens.new_trail_id()) if code else ""
    mended: dict[str, Any] = {"actor": f"{_READER}{name}"}
    if event["verb"] == "accept_invitation":
        mended["subject"] = slugs[event["study_id"]]
    elif event["verb"] == "withdraw":
        mended |= {"actor": _READER, "subject": "a reader"}
    elif event["verb"] == "revise_answer":
        mended |= {side: {"revision": event[side]["revision"]} for side in ("old", "new")}
    return mended
