"""Those who run studies: who may sign in, passwords, sessions. For owners of every study."""

from dataclasses import dataclass
from datetime import datetime

from readerstudy import clock
from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import accounts as queries
from readerstudy.db.tables import Account
from readerstudy.domain import Actor, Role
from readerstudy.domain.errors import NotFoundError, StateError
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.security import passwords


@dataclass(frozen=True)
class StaffMember:
    """`study` None means every study; `n_sessions`: where the account is signed in now."""

    name: str
    role: Role
    study: str | None
    created_at: datetime
    is_disabled: bool
    n_sessions: int


def list_accounts(db: Database, *, actor: Actor) -> list[StaffMember]:
    """By name."""
    authorise(actor, Permission.MANAGE)
    with db.reading() as session:
        return [
            StaffMember(
                name=account.name,
                role=account.role,
                study=study,
                created_at=account.created_at,
                is_disabled=account.disabled_at is not None,
                n_sessions=n_sessions,
            )
            for account, study, n_sessions in queries.accounts(session, clock.now())
        ]


def set_password(db: Database, *, actor: Actor, name: str, password: str) -> None:
    """Another's, who is signed out everywhere. One's own asks for the old one."""
    authorise(actor, Permission.MANAGE)
    password_hash = passwords.hash_password(password)
    with db.transaction() as session:
        account = _account(session, name)
        _require_another(actor, account, doing="set a password without the old one")
        account.password_hash = password_hash
        queries.end_sessions(session, account.id)
        audit.record(session, actor=actor, verb="set_password", subject=account.name)


def disable_account(db: Database, *, actor: Actor, name: str) -> None:
    """It is signed out everywhere and cannot sign in. What it did stays in the trail."""
    authorise(actor, Permission.MANAGE)
    with db.transaction() as session:
        owners = queries.lock_owners(session)
        account = _account(session, name)
        _require_another(actor, account, doing="disable an account")
        if account.disabled_at is not None:
            raise StateError(f"Expected an account that may sign in, but {name!r} is disabled.")
        if owners == [account.id]:
            raise StateError(
                f"Expected another owner of every study who may sign in, but {name!r} is the last; "
                "make or enable one first."
            )
        account.disabled_at = clock.now()
        queries.end_sessions(session, account.id)
        audit.record(session, actor=actor, verb="disable_account", subject=account.name)


def enable_account(db: Database, *, actor: Actor, name: str) -> None:
    """With the password of before."""
    authorise(actor, Permission.MANAGE)
    with db.transaction() as session:
        account = _account(session, name)
        if account.disabled_at is None:
            raise StateError(f"Expected a disabled account, but {name!r} may sign in already.")
        account.disabled_at = None
        audit.record(session, actor=actor, verb="enable_account", subject=account.name)


def end_sessions(db: Database, *, actor: Actor, name: str) -> None:
    """The account is signed out everywhere, and may sign in again."""
    authorise(actor, Permission.MANAGE)
    with db.transaction() as session:
        account = _account(session, name)
        queries.end_sessions(session, account.id)
        audit.record(session, actor=actor, verb="end_sessions", subject=account.name)


def _account(session: Session, name: str) -> Account:
    """Locked, so that no sign-in that is under way slips through."""
    key = name.strip().casefold()
    found = queries.account_by_name(session, key, lock=True) if key.isprintable() else None
    if found is None:
        raise NotFoundError(
            f"Expected an account, but there is none named {name[:60]!r}; choose one of the list."
        )
    return found


def _require_another(actor: Actor, account: Account, *, doing: str) -> None:
    if actor.account_id == account.id:
        raise StateError(f"Expected somebody else's name to {doing}, but got your own.")
