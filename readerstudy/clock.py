"""The one place that knows the time of day (UTC); tests replace `now`."""

from datetime import UTC, datetime


def now() -> datetime:
    return datetime.now(UTC)  # noqa: TID251 -- this is the one place
