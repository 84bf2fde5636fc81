"""Errors of the study; each message is a sentence that may be shown to whoever caused it."""

from typing import TYPE_CHECKING

from data.errors import UserError

if TYPE_CHECKING:
    from readerstudy.domain import Saved


class StudyError(UserError):
    """Anything the study refuses."""


class ConfigError(StudyError):
    """A setting that cannot be used."""


class NotFoundError(StudyError):
    """There is no such study, case or invitation."""


class PermissionDenied(StudyError):  # noqa: N818 -- named after what happened
    """The actor's role does not include this."""


class SignInError(StudyError):
    """Name or password are wrong, or there were too many attempts."""


class ThrottledError(StudyError):
    """There were too many requests from one address, or for one study."""


class FullError(StudyError):
    """The disk, or the number of imports at once, has no room for this."""


class InvitationError(StudyError):
    """The link is unknown, expired or revoked."""


class StateError(StudyError):
    """The study's state does not allow this (draft, open, closed)."""


class ImportRefused(StudyError):  # noqa: N818 -- named after what happened
    """A file that was to be imported does not fit the study; lists every reason."""


class AnswerError(StudyError):
    """The answer is not one that this study takes."""


class AlreadyAnswered(AnswerError):  # noqa: N818 -- named after what happened
    """The case has another answer already; `saved` is what stands."""

    def __init__(self, message: str, *, saved: "Saved") -> None:
        super().__init__(message)
        self.saved = saved


class RetryError(UserError):
    """Nothing was stored and nothing refused: sending the same again may well succeed.

    Not a StudyError, so that no page takes it for a final answer.
    """


class ConflictError(RetryError):
    """Somebody else stored the same thing first."""


class CrowdedError(RetryError):
    """Too many passwords wait to be checked."""


class BusyError(RetryError):
    """The database did not answer in time, or its disk is full."""


class LostError(RetryError):
    """The database's file was deleted, moved or replaced while the server runs."""
