"""How often strangers may try something, by name and by address."""

import ipaddress
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

# Of one name: from one address, and from all addresses together. The second is wide, since anybody
# who knows a name can use it up and keep its owner out.
MAX_ATTEMPTS = 5


MAX_ATTEMPTS_OF_NAME = 50


# Of one address with all names together: each costs a hash. Wide enough for a hospital behind one
# address, since a success is not counted any more.
MAX_ATTEMPTS_OF_ADDRESS = 30


ATTEMPT_WINDOW = timedelta(minutes=15)


def is_throttled(
    attempts: Sequence[tuple[str, datetime]], *, address: str, now: datetime, of_address: int = 0
) -> bool:
    """`attempts` with one name: from which address, and when. `of_address`: with any name."""
    recent = [whence for whence, at in attempts if at > now - ATTEMPT_WINDOW]
    return (
        recent.count(address) >= MAX_ATTEMPTS
        or len(recent) >= MAX_ATTEMPTS_OF_NAME
        or of_address >= MAX_ATTEMPTS_OF_ADDRESS
    )


def window_of(moment: datetime) -> datetime:
    """When the quarter of an hour began that failed sign-ins of this moment are told under."""
    return moment - (moment - datetime(1970, 1, 1, tzinfo=UTC)) % ATTEMPT_WINDOW


def network_of(address: str) -> str:
    """What one person can have: an IPv4 address, or the 64 bits that an IPv6 provider hands out."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    return str(ip.ipv4_mapped or ipaddress.IPv6Network((int(ip), 64), strict=False))
