"""What stands on every figure of a study, so that it can be traced to what was sealed."""

from collections.abc import Mapping
from typing import Any

NOT_CLINICAL = "simulated reading, not clinical data"


def stamp_of(meta: Mapping[str, Any]) -> str:
    """`meta` of a study's analysis."""
    seal = f"seal {meta['seal']}" if meta["seal"] else "not sealed"
    readers = "; simulated readers" if meta.get("n_simulated") else ""
    return f"{meta['study']}; {seal}; {NOT_CLINICAL}{readers}"
