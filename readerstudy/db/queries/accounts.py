"""Accounts, sessions, sign-in attempts and what is told of those that failed."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import (
    Account,
    Reader,
    SignedIn,
    SignInAttempt,
    SignInFailures,
    Study,
)
from readerstudy.domain import Role


def account_by_name(session: Session, name: str, *, lock: bool = False) -> Account | None:
    query = sa.select(Account).where(Account.name == name)
    return session.scalar(query.with_for_update() if lock else query)


def has_accounts(session: Session) -> bool:
    return session.scalar(sa.select(Account.id).limit(1)) is not None


def lock_name(session: Session, name: str) -> None:
    """Attempts with one name wait for each other, so that each is counted (SQLite has locked)."""
    _lock(session, name, 0)


def lock_address(session: Session, address: str) -> None:
    """After the name, so that no two wait for each other."""
    _lock(session, address, 1)


def _lock(session: Session, text: str, seed: int) -> None:
    if session.get_bind().dialect.name == "postgresql":
        key = sa.func.hashtextextended(text, seed)
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def attempts_since(session: Session, name: str, since: datetime) -> list[tuple[str, datetime]]:
    """From which address, and when."""
    query = sa.select(SignInAttempt.address, SignInAttempt.at)
    query = query.where(SignInAttempt.name == name, SignInAttempt.at > since)
    return list(session.execute(query).tuples())


def n_attempts_from(session: Session, address: str, since: datetime) -> int:
    query = sa.select(sa.func.count()).select_from(SignInAttempt)
    query = query.where(SignInAttempt.address == address, SignInAttempt.at > since)
    return session.scalar(query) or 0


def forget_attempts(session: Session, name: str, *, address: str) -> None:
    whose = (SignInAttempt.name == name, SignInAttempt.address == address)
    session.execute(sa.delete(SignInAttempt).where(*whose))


def forget_old_attempts(session: Session, before: datetime) -> None:
    session.execute(sa.delete(SignInAttempt).where(SignInAttempt.at <= before))


def failures_in(session: Session, name: str, since: datetime) -> SignInFailures:
    """The row to count in, made where there is none; under the lock of the name."""
    found = session.get(SignInFailures, (name, since))
    if found is None:
        found = SignInFailures(name=name, since=since, wrong=0, unchecked=0)
        session.add(found)
    return found


def failures(session: Session, *, most: int | None) -> list[SignInFailures]:
    """Newest first."""
    query = sa.select(SignInFailures).order_by(SignInFailures.since.desc(), SignInFailures.name)
    return list(session.scalars(query.limit(most)))


def n_failures(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(SignInFailures)) or 0


def signed_in(session: Session, token_hash: str) -> SignedIn | None:
    return session.scalar(sa.select(SignedIn).where(SignedIn.token_hash == token_hash))


def forget_session(session: Session, token_hash: str) -> None:
    session.execute(sa.delete(SignedIn).where(SignedIn.token_hash == token_hash))


def forget_expired_sessions(session: Session, now: datetime) -> None:
    session.execute(sa.delete(SignedIn).where(SignedIn.expires_at <= now))


def end_sessions(session: Session, account_id: int) -> None:
    session.execute(sa.delete(SignedIn).where(SignedIn.account_id == account_id))


def account(session: Session, account_id: int, *, lock: bool = False) -> Account:
    return session.get_one(Account, account_id, with_for_update=lock or None)


def lock_owners(session: Session) -> list[int]:
    """Of every study, who may sign in. Waits for whoever disables one of them just now."""
    query = sa.select(Account.id).where(
        Account.role == Role.OWNER, Account.study_id.is_(None), Account.disabled_at.is_(None)
    )
    return list(session.scalars(query.order_by(Account.id).with_for_update()))


def accounts(session: Session, now: datetime) -> list[tuple[Account, str | None, int]]:
    """By name, with the study they belong to and how many sessions they have."""
    n_sessions = (
        sa.select(sa.func.count())
        .where(SignedIn.account_id == Account.id, SignedIn.expires_at > now)
        .scalar_subquery()
    )
    query = sa.select(Account, Study.slug, n_sessions)
    query = query.outerjoin(Study, Study.id == Account.study_id).order_by(Account.name)
    return list(session.execute(query).tuples())


def reader(session: Session, reader_id: int) -> Reader:
    return session.get_one(Reader, reader_id)
