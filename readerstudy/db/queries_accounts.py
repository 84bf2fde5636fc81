"""Accounts, sessions and sign-in attempts."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from readerstudy.db.tables import Account, Reader, SignedIn, SignInAttempt


def account_by_name(session: Session, name: str) -> Account | None:
    return session.scalar(sa.select(Account).where(Account.name == name))


def has_accounts(session: Session) -> bool:
    return session.scalar(sa.select(Account.id).limit(1)) is not None


def lock_name(session: Session, name: str) -> None:
    """Attempts with one name wait for each other, so that each is counted (SQLite has locked)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(name, 0))))


def attempts_since(session: Session, name: str, since: datetime) -> list[tuple[str, datetime]]:
    """From which address, and when."""
    query = sa.select(SignInAttempt.address, SignInAttempt.at)
    query = query.where(SignInAttempt.name == name, SignInAttempt.at > since)
    return list(session.execute(query).tuples())


def forget_attempts(session: Session, name: str, *, address: str) -> None:
    whose = (SignInAttempt.name == name, SignInAttempt.address == address)
    session.execute(sa.delete(SignInAttempt).where(*whose))


def forget_old_attempts(session: Session, before: datetime) -> None:
    session.execute(sa.delete(SignInAttempt).where(SignInAttempt.at <= before))


def signed_in(session: Session, token_hash: str) -> SignedIn | None:
    return session.scalar(sa.select(SignedIn).where(SignedIn.token_hash == token_hash))


def forget_session(session: Session, token_hash: str) -> None:
    session.execute(sa.delete(SignedIn).where(SignedIn.token_hash == token_hash))


def forget_expired_sessions(session: Session, now: datetime) -> None:
    session.execute(sa.delete(SignedIn).where(SignedIn.expires_at <= now))


def account(session: Session, account_id: int) -> Account:
    return session.get_one(Account, account_id)


def reader(session: Session, reader_id: int) -> Reader:
    return session.get_one(Reader, reader_id)
