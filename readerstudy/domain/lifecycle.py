"""What a study and a reader may do in which state."""

from readerstudy.domain import Stage, StudyState
from readerstudy.domain.errors import StateError
from readerstudy.domain.protocol import Protocol


def require_state(state: StudyState, *allowed: StudyState, doing: str) -> None:
    if state not in allowed:
        raise StateError(
            f"Expected a study that is {' or '.join(allowed)} in order to {doing}, "
            f"but this one is {state}."
        )


def keeps_closed(protocol: Protocol) -> str:
    """Settings for which a study cannot be reopened, or nothing.

    Once closed, readers were told how right they were: no answer of before may change by it.
    """
    told = {
        "policies.revise": protocol.policies.revise,
        "feedback.missed_cases": protocol.feedback.missed_cases,
    }
    return " and ".join(name for name, is_set in told.items() if is_set)


def require_reopenable(protocol: Protocol) -> None:
    if named := keeps_closed(protocol):
        raise StateError(
            f"Expected a protocol without {named} in order to reopen: readers may have seen their "
            "results since the study was closed and would answer by them; copy the study and "
            "invite readers to the copy."
        )


def current_stage(
    *, state: StudyState, has_consent: bool, has_profile: bool, answered: int, total: int
) -> Stage:
    if 0 < total <= answered:
        return Stage.DONE
    if state is not StudyState.OPEN:
        return Stage.CLOSED
    if not has_consent:
        return Stage.CONSENT
    return Stage.QUIZ if has_profile else Stage.PROFILE
