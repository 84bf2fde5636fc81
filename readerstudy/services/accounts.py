"""Accounts of those who run studies, and the sessions of everybody."""

from readerstudy import clock
from readerstudy.db import Database, Session, audit
from readerstudy.db.queries import accounts as queries
from readerstudy.db.queries import studies
from readerstudy.db.tables import Account, SignedIn
from readerstudy.domain import SYSTEM, Actor, Role
from readerstudy.domain.errors import PermissionDenied, SignInError, StudyError
from readerstudy.domain.lifetimes import ACCOUNT_SESSION, READER_SESSION
from readerstudy.domain.permissions import Permission, authorise
from readerstudy.domain.throttling import network_of
from readerstudy.security import passwords, tokens
from readerstudy.services.throttling import UNKNOWN, WINDOW_MINUTES, may_try, note_failure

FIRST_ADMIN = "admin"
_MAX_NAME = 60
_WRONG = "Expected a known name with its password; check both and try again."


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
    drawn = None if password else tokens.new_password()
    create_admin(db, actor=SYSTEM, name=FIRST_ADMIN, password=password or drawn or "")
    return drawn


def sign_in(db: Database, *, name: str, password: str, address: str = "") -> str:
    """`address` of the caller: guesses from one must not lock the name for the others."""
    key, whence = name.strip().casefold(), network_of(address)
    account_id, stored = _checked(db, key, password, whence)
    with db.transaction() as session:
        account = _unchanged(session, account_id, stored)
        queries.forget_attempts(session, key, address=whence)
        audit.record(session, actor=_account_actor(account), verb="sign_in", subject=key)
        return open_session(session, account_id=account_id)


def change_password(db: Database, *, actor: Actor, old: str, new: str, address: str = "") -> str:
    """One's own. Ends every session of the account; returns the token of the one that goes on."""
    if actor.account_id is None:
        raise PermissionDenied(
            f"Expected somebody with an account, but got the role {actor.role}; "
            "there is no password to change."
        )
    whence = network_of(address)
    account_id, stored = _checked(db, actor.name, old, whence)
    password_hash = passwords.hash_password(new)
    with db.transaction() as session:
        account = _unchanged(session, account_id, stored)
        account.password_hash = password_hash
        queries.forget_attempts(session, account.name, address=whence)
        queries.end_sessions(session, account_id)
        audit.record(session, actor=actor, verb="change_password", subject=account.name)
        return open_session(session, account_id=account_id)


def sign_out(db: Database, *, token: str) -> None:
    with db.transaction() as session:
        queries.forget_session(session, tokens.hash_token(token))


def actor_for(db: Database, *, token: str) -> Actor | None:
    with db.reading() as session:
        found = queries.signed_in(session, tokens.hash_token(token))
        if found is None or found.expires_at <= clock.now():
            return None
        if found.account_id is not None:
            account = queries.account(session, found.account_id)
            return _account_actor(account) if account.disabled_at is None else None
        return _reader_actor(session, found)


def open_session(
    session: Session, *, account_id: int | None = None, reader_id: int | None = None
) -> str:
    """Inside a transaction of another verb; returns the raw token, which is not stored."""
    token, now = tokens.new_token(), clock.now()
    queries.forget_expired_sessions(session, now)
    session.add(
        SignedIn(
            token_hash=tokens.hash_token(token),
            account_id=account_id,
            reader_id=reader_id,
            created_at=now,
            expires_at=now + (READER_SESSION if account_id is None else ACCOUNT_SESSION),
        )
    )
    return token


def _checked(db: Database, name: str, password: str, address: str) -> tuple[int, str]:
    """The account's id and the hash that the password fits. Whatever is wrong reads alike."""
    known, account_id, stored = _count_attempt(db, name, address)
    # Outside a transaction: hashing takes long on purpose.
    if passwords.is_right_password(password, stored) and account_id and stored:
        return account_id, stored
    with db.transaction() as session:
        note_failure(session, known, is_checked=True)
    raise SignInError(_WRONG)


def _count_attempt(db: Database, name: str, address: str) -> tuple[str, int | None, str | None]:
    """Counted before the password is checked, so that parallel guesses count too."""
    with db.transaction() as session:
        account = queries.account_by_name(session, name) if _may_be_name(name) else None
        known = account.name if account else UNKNOWN
        is_let_in = may_try(session, known or tokens.passing_name(name), address=address)
        if not is_let_in:
            note_failure(session, known, is_checked=False)
    if not is_let_in:
        raise SignInError(f"Too many attempts; wait {WINDOW_MINUTES} minutes.")
    if account is None or account.disabled_at is not None:
        return known, None, None
    return known, account.id, account.password_hash


def _unchanged(session: Session, account_id: int, stored: str) -> Account:
    """Locked; refuses who was disabled, or got another password, while this one was checked."""
    account = queries.account(session, account_id, lock=True)
    if account.password_hash != stored or account.disabled_at is not None:
        raise SignInError(_WRONG)
    return account


def _may_be_name(key: str) -> bool:
    return 0 < len(key) <= _MAX_NAME and key.isprintable()


def _account_name(name: str) -> str:
    key = name.strip().casefold()
    if not _may_be_name(key):
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
