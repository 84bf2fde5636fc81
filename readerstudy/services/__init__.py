"""Use cases: keyword-only verbs, one transaction each; every verb with an actor authorises it."""
