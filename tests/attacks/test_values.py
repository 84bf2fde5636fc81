"""Every value that a client can send, in every place, found from the running site."""

import resource
from itertools import islice

import pytest

from tests.attacks.asking import ask_event
from tests.attacks.enumerated import events
from tests.attacks.valid import inputs
from tests.attacks.values import (
    Tally,
    envelope_shots,
    event_shots,
    header_shots,
    route_shots,
    shoot,
    some,
)

FAST, MAX_GROWTH_KB = 40, 300_000
# All values in so many parts, so that none takes an hour.
SHARES = 8
_KINDS = {
    "events": event_shots,
    "events by name": lambda stage: event_shots(stage, by_name=True),
    "envelopes": envelope_shots,
    "parameters": route_shots,
    "headers": header_shots,
}


@pytest.fixture
def nothing_else(stage, errors):
    """After the test: no error in the log, and no memory lost without end."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    yield
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MAX_GROWTH_KB
    assert [record.getMessage() for record in errors] == []


@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.usefixtures("nothing_else")
def test_some_values_reach_nothing_and_break_nothing(stage, kind):
    _send(stage, kind, some(_KINDS[kind](stage), FAST))


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("kind", _KINDS)
@pytest.mark.usefixtures("nothing_else")
def test_no_value_reaches_or_breaks_anything(stage, kind, share):
    _send(stage, kind, islice(_KINDS[kind](stage), share, None, SHARES))


def _send(stage, kind, shots):
    tally = Tally()
    shoot(stage, shots, kind, tally)
    print(tally)
    assert not tally.faults, "\n".join(tally.faults)


@pytest.mark.parametrize(
    "path",
    [
        "/admin-api/alpha/preview/{}/view/1",
        "/admin-api/alpha/preview/1/view/{}",
        "/admin-api/alpha/preview/1/support/{}",
    ],
)
@pytest.mark.parametrize("number", ["9" * 40, "1000001", "-1"])
def test_a_number_that_nothing_has_is_refused(stage, path, number, errors):
    answer = stage.as_("owner", "alpha").get(path.format(number))
    assert answer.status_code == 422
    assert errors == []


@pytest.mark.parametrize("handler", ["revoke_invitation", "approve_request", "refuse_request"])
@pytest.mark.parametrize("number", ["9" * 40, "\u00b2", "\u0663", "-1", "1 or 1"])
def test_a_number_that_no_list_offers_is_a_sentence(stage, handler, number, errors):
    event = next(e for e in events(stage.site.app) if e.handler == handler)
    study, data = inputs(event, stage)
    data[1] = number
    answer = ask_event(stage.as_("owner", study), event, data)
    assert "choose one of the list" in answer.text
    assert errors == []
