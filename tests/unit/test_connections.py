"""How many may be inside: the numbers, and who counts as one."""

import asyncio
import resource

import pytest

from readerstudy.ui.security import connections
from readerstudy.ui.security.connections import Limits, Shares, limits_here
from tests.support.coroutines import finish


@pytest.mark.parametrize(
    ("soft", "hard", "raised", "total"),
    [
        (1_024, 1_024, None, 640),
        (1_024, 2_000, 2_000, 1_616),
        (1_024, 1_048_576, 4_480, 4_096),
        (1_024, resource.RLIM_INFINITY, 4_480, 4_096),
        (100_000, 100_000, None, 4_096),
        (64, 64, None, 16),
    ],
)
def test_connections_stay_below_the_files_that_may_be_open(monkeypatch, soft, hard, raised, total):
    said = []
    monkeypatch.setattr(connections.resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(connections.resource, "setrlimit", lambda _, both: said.append(both))
    assert limits_here(()).total == total
    assert said == ([(raised, hard)] if raised else [])


def test_three_hundred_readers_behind_one_address_fit():
    assert Limits(4_096).per_address >= 300 * 6


def asked(shares, *addresses):
    """The status that each of these requests gets while all are open."""

    async def one(address):
        sent = []

        async def send(message):
            sent.append(message)

        scope = {"type": "http", "client": (address, 1), "headers": []}
        await shares(scope, None, send)
        return sent[0]["status"]

    async def ask():
        return await asyncio.gather(*map(one, addresses))

    return finish(ask())


async def slow(scope, receive, send):
    await asyncio.sleep(0.05)
    await send({"type": "http.response.start", "status": 200})


def test_one_visitor_of_a_proxy_has_a_share():
    shares = Shares(slow, Limits(total=4))
    assert asked(shares, "10.0.0.1", "10.0.0.1", "10.0.0.1", "10.0.0.2") == [200, 200, 503, 200]
    assert asked(shares, "10.0.0.1") == [200]


def test_a_network_of_ipv6_is_one_visitor():
    shares = Shares(slow, Limits(total=4))
    one, other = "2001:db8::{}", "2001:db8:0:1::{}"
    addresses = one.format(1), one.format(2), one.format(3), other.format(1)
    assert asked(shares, *addresses) == [200, 200, 503, 200]


def test_a_share_comes_back_when_the_application_fails():
    async def broken(scope, receive, send):
        raise ValueError

    shares = Shares(broken, Limits(total=2))
    for _ in range(3):
        with pytest.raises(ValueError):
            asked(shares, "10.0.0.1")


@pytest.mark.parametrize(
    ("address", "is_proxy"), [("127.0.0.1", True), ("10.1.2.3", True), ("11.0.0.1", False), ("", 0)]
)
def test_trusted_proxies_are_many_visitors(address, is_proxy):
    assert Limits(4, ("127.0.0.1", "10.0.0.0/8")).is_proxy(address) == is_proxy
