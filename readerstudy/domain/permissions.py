"""Who may do what: roles, and the one question that every service asks."""

from enum import StrEnum

from readerstudy.domain import Actor, Role
from readerstudy.domain.errors import PermissionDenied


class Permission(StrEnum):
    MANAGE = "change studies and accounts"
    SEE_PROGRESS = "see the progress of a study"
    SEE_RESULTS = "see and export results"
    SEE_IDENTITIES = "see who is behind a reader's code"
    READ = "read cases"


_GRANTED: dict[Role, frozenset[Permission]] = {
    Role.OWNER: frozenset(
        {
            Permission.MANAGE,
            Permission.SEE_PROGRESS,
            Permission.SEE_RESULTS,
            Permission.SEE_IDENTITIES,
        }
    ),
    Role.ANALYST: frozenset({Permission.SEE_PROGRESS, Permission.SEE_RESULTS}),
    Role.MONITOR: frozenset({Permission.SEE_PROGRESS}),
    Role.READER: frozenset({Permission.READ}),
}


def may(actor: Actor, permission: Permission) -> bool:
    """Whether the role includes it, in whichever study."""
    return permission in _GRANTED[actor.role]


def authorise(actor: Actor, permission: Permission, *, study_id: int | None = None) -> None:
    """`study_id` None means something that belongs to no study, such as making one."""
    if not may(actor, permission):
        raise PermissionDenied(
            f"Expected somebody who may {permission}, but got the role {actor.role}; "
            "sign in with another account."
        )
    if actor.study_id is not None and actor.study_id != study_id:
        raise PermissionDenied(
            f"Expected somebody who may {permission} here, but {actor.name} belongs to another "
            "study; sign in with another account."
        )


def reader_of(actor: Actor) -> int:
    """The reader's id; refuses everybody else."""
    if actor.role is not Role.READER or actor.reader_id is None:
        raise PermissionDenied(
            f"Expected a reader, but got the role {actor.role}; open your invitation link."
        )
    return actor.reader_id
