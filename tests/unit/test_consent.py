"""The default consent text."""

import hashlib

from readerstudy.domain.consent import DEFAULT_CONSENT

# Whoever changes a text gives it a new version, and that version's hashes here.
VERSION = "2"
HASHES = (
    "27a213bd87198d08fa1c84611084bc1757f68de845fc1f468b21b8569693f74f",
    "e2674f4f5e7602a50b378eca423f94e6cba606525109e3a0b68b0c7c897a2bc6",
)


def test_a_version_names_one_wording() -> None:
    texts = (DEFAULT_CONSENT.text, DEFAULT_CONSENT.text_zh or "")
    found = tuple(hashlib.sha256(text.encode()).hexdigest() for text in texts)
    assert (DEFAULT_CONSENT.version, found) == (VERSION, HASHES)
