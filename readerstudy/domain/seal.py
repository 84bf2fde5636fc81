"""The text of a study's content, and its hash."""

import hashlib
import json
from typing import Any


def canonical_json(content: dict[str, Any]) -> str:
    """Sorted keys, no spaces, UTF-8: one text for one content."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def seal_of(content: dict[str, Any]) -> str:
    """SHA-256 of the canonical JSON."""
    return _digest(canonical_json(content))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
