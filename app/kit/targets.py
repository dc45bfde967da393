"""Web addresses that other systems name for us to call, and which of them we call: never our own house."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

LONGEST_URL = 2_000
WELL_KNOWN_PORTS = (80, 443)
FIRST_FREE_PORT = 1024

# RFC 3986 without "#": what follows it is never sent. No backslash either, which browsers read as a slash.
_URL = re.compile(r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]+")

_SPECIAL = tuple(
    ip_network(network)
    for network in (
        "::/96",  # IPv4-compatible (RFC 4291, section 2.5.5.1)
        "::ffff:0:0/96",  # IPv4-mapped (the same, section 2.5.5.2)
        "64:ff9b::/96", "64:ff9b:1::/48",  # NAT64 (RFC 6052, RFC 8215)
        "2001::/23",  # Teredo (RFC 4380) and other protocols of the IETF
        "2002::/16", "192.88.99.0/24",  # 6to4 (RFC 3056, RFC 3068)
        "192.0.0.0/24",  # protocols of the IETF (RFC 6890), of which older Pythons know a part
        "fec0::/10",  # site-local (RFC 3879)
    )
)  # fmt: skip
"""Networks that `ipaddress` takes for public, in some release, and that may end at somebody's own network."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address belongs to the public internet and to one machine there.

    After the IANA registries of special addresses, as `ipaddress` knows them: neither private, loopback, link-local
    (where clouds keep credentials), unspecified nor reserved; and neither multicast nor an IPv4 address in disguise.
    """
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    return not any(address in network for network in _SPECIAL if network.version == address.version)


def check_url(url: str, *, https_only: bool, public_only: bool) -> None:
    """Raise `ValueError`, with words for people, for what is no address that we would call.

    What a name leads to is not looked up here: that counts, and is checked, at the moment of each call.
    """
    if len(url) > LONGEST_URL or not _URL.fullmatch(url):
        raise ValueError(f"must be a URL of at most {LONGEST_URL} characters of ASCII, without a fragment")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError("is no URL") from None
    if parts.scheme != "https" and (https_only or parts.scheme != "http"):
        raise ValueError("must begin with https://")
    if not parts.hostname or "@" in parts.netloc:
        raise ValueError("must name a host, and no user")
    if port is not None and port not in WELL_KNOWN_PORTS and port < FIRST_FREE_PORT:
        raise ValueError(f"must be at port 80, 443, or {FIRST_FREE_PORT} and above")
    if public_only and _is_private(parts.hostname):
        raise ValueError("must be at a public address")


def _is_private(host: str) -> bool:
    """Tell of a host that is written as a number; a name is neither yet."""
    try:
        return not is_public(ip_address(host))
    except ValueError:
        return False
