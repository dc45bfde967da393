"""What browsers say of themselves, in words that people know."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import ua_parser


class Device(NamedTuple):
    """A browser and what it runs on, by name; empty where it did not say."""

    browser: str = ""
    system: str = ""


@lru_cache(maxsize=1_024)
def device(user_agent: str | None) -> Device:
    """Name the browser and the system of a `User-Agent` (RFC 9110, 10.1.5), without their versions."""
    if not user_agent:
        return Device()
    browser, system = ua_parser.parse_user_agent(user_agent), ua_parser.parse_os(user_agent)
    return Device(browser.family if browser else "", system.family if system else "")
