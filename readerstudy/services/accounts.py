"""Accounts of those who run studies, and the sessions of everybody."""

from readerstudy import clock, ids, passwords
from readerstudy.db import Database, Session, audit
from readerstudy.db import queries_accounts as queries
from readerstudy.db import queries_studies as studies
from readerstudy.db.tables import Account, SignedIn
from readerstudy.entities import SYSTEM, Actor, Role
from readerstudy.errors import SignInError, StudyError
from readerstudy.rules import (
    ACCOUNT_SESSION,
    READER_SESSION,
    Permission,
    authorise,
    network_of,
)
from readerstudy.services.throttling import WINDOW_MINUTES, may_try

FIRST_ADMIN = "admin"
_MAX_NAME = 60


def create_admin(
    db: Database,
    *,
    actor: Actor,
    name: str,
    password: str,
    role: Role = Role.OWNER,
    study: str | None = None,
) -> None:
    """`study` None gives the role in every study, else only in the one with that slug."""
    authorise(actor, Permission.MANAGE)
    key = _account_name(name)
    if role is Role.READER:
        raise StudyError("Expected owner, analyst or monitor; readers come by invitation.")
    password_hash = passwords.hash_password(password)
    with db.transaction() as session:
        if queries.account_by_name(session, key) is not None:
            raise StudyError(f"Expected a new name, but there is an account {key!r}; choose one.")
        study_id = studies.study_by_slug(session, study).id if study else None
        session.add(
            Account(
                name=key,
                role=role,
                study_id=study_id,
                password_hash=password_hash,
                created_at=clock.now(),
            )
        )
        audit.record(session, actor=actor, verb="create_admin", subject=key, new={"role": role})


def ensure_first_admin(db: Database, *, password: str | None) -> str | None:
    """Makes the account `admin` where there is none; returns the password if it was drawn."""
    with db.reading() as session:
        if queries.has_accounts(session):
            return None
    drawn = None if password else ids.new_password()
    create_admin(db, actor=SYSTEM, name=FIRST_ADMIN, password=password or drawn or "")
    return drawn


def sign_in(db: Database, *, name: str, password: str, address: str = "") -> str:
    """`address` of the caller: guesses from one must not lock the name for the others."""
    key, whence = name.strip().casefold()[:_MAX_NAME], network_of(address)
    account_id, stored = _count_attempt(db, key, whence)
    # Outside a transaction: hashing takes long on purpose.
    if not passwords.is_right_password(password, stored) or account_id is None:
        raise SignInError("Expected a known name with its password; check both and try again.")
    with db.transaction() as session:
        queries.forget_attempts(session, key, address=whence)
        token = open_session(session, account_id=account_id)
        account = queries.account(session, account_id)
        audit.record(session, actor=_account_actor(account), verb="sign_in", subject=key)
    return token


def sign_out(db: Database, *, token: str) -> None:
    with db.transaction() as session:
        queries.forget_session(session, ids.hash_token(token))


def actor_for(db: Database, *, token: str) -> Actor | None:
    with db.reading() as session:
        found = queries.signed_in(session, ids.hash_token(token))
        if found is None or found.expires_at <= clock.now():
            return None
        if found.account_id is not None:
            return _account_actor(queries.account(session, found.account_id))
        return _reader_actor(session, found)


def open_session(
    session: Session, *, account_id: int | None = None, reader_id: int | None = None
) -> str:
    """Inside a transaction of another verb; returns the raw token, which is not stored."""
    token, now = ids.new_token(), clock.now()
    queries.forget_expired_sessions(session, now)
    session.add(
        SignedIn(
            token_hash=ids.hash_token(token),
            account_id=account_id,
            reader_id=reader_id,
            created_at=now,
            expires_at=now + (READER_SESSION if account_id is None else ACCOUNT_SESSION),
        )
    )
    return token


def _count_attempt(db: Database, name: str, address: str) -> tuple[int | None, str | None]:
    """Counted before the password is checked, so that parallel guesses count too."""
    with db.transaction() as session:
        if not may_try(session, name, address=address):
            raise SignInError(f"Too many attempts for this name; wait {WINDOW_MINUTES} minutes.")
        account = queries.account_by_name(session, name)
        return (account.id, account.password_hash) if account else (None, None)


def _account_name(name: str) -> str:
    key = name.strip().casefold()
    if not key or len(key) > _MAX_NAME or not key.isprintable():
        raise StudyError(
            f"Expected a name of 1 to {_MAX_NAME} characters, but got {name!r}; choose another."
        )
    return key


def _account_actor(account: Account) -> Actor:
    return Actor(
        role=account.role, account_id=account.id, study_id=account.study_id, name=account.name
    )


def _reader_actor(session: Session, found: SignedIn) -> Actor:
    reader = queries.reader(session, found.reader_id or 0)
    return Actor(role=Role.READER, reader_id=reader.id, study_id=reader.study_id, name=reader.code)
