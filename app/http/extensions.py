"""Flask extensions, made here once and bound to an application by its factory."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Network, ip_address
from math import ceil

from flask_babel import Babel
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_login import LoginManager

from app.kit import clock

babel = Babel()


def origin_of_request() -> str:
    """Give the address that limits count by; of IPv6 its first 64 bits, since a subscriber has all that follow."""
    found = get_remote_address()
    try:
        address = ip_address(found)
    except ValueError:  # a socket of the file system has none
        return found
    if isinstance(address, IPv4Address):
        return found
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), 64), strict=False))


limiter = Limiter(key_func=origin_of_request, strategy="moving-window")
"""Coarse limits per IP. The limits that protect a mailbox are rows in PostgreSQL (`services.messages`).

Without headers that count: answers to sign-ups must be alike to the byte.
"""

login_manager = LoginManager()


def seconds_to_wait() -> int:
    """Give the seconds until a limit that was just hit lets the next request pass, for `Retry-After`.

    Never too few. `reset_at` is a whole second, rounded up, so it may lie after the end of the window.
    """
    hit = limiter.current_limit
    return min(hit.limit.get_expiry(), max(1, ceil(hit.reset_at - clock.unix()))) if hit else 1
