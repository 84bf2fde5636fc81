"""Whom the sealed protocol leaves out of the analysis."""

from collections.abc import Mapping, Sequence
from typing import Any

from readerstudy.domain import Arm
from readerstudy.domain.protocol import Analysis


def why_excluded(assigned: Sequence[Mapping[str, Any]], analysis: Analysis) -> str:
    """Why the protocol leaves a reader out, or nothing.

    `assigned`: one row per case of the reader's plan with arm, is_answered, answer and truth.
    """
    test = [row for row in assigned if row["arm"] in (Arm.UNAIDED, Arm.AIDED)]
    answered = sum(row["is_answered"] for row in test)
    if answered < analysis.min_answered * len(test):
        return f"answered {answered} of {len(test)} cases, below {analysis.min_answered:.0%}"
    checks = [row for row in assigned if row["arm"] is Arm.ATTENTION and row["is_answered"]]
    wrong = sum(row["answer"] != row["truth"] for row in checks)
    most = analysis.max_attention_errors
    if most is not None and wrong > most:
        return f"{wrong} of {len(checks)} attention checks wrong, at most {most} allowed"
    return ""
