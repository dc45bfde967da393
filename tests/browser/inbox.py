"""Everybody's mail: wait for one, and pull the links out of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.message import EmailMessage

from tests.reliability.installation import await_true

SECONDS = 20.0
_LINK = re.compile(r"https?://[^\s<>\"]+")


class Inbox:
    """What a mail server has taken."""

    def __init__(self, received: Sequence[EmailMessage]) -> None:
        self._received = received

    def wait_for(self, address: str, action: str, about: str = "") -> EmailMessage:
        """Wait for a mail to an address that holds a link to `/{site}/{action}/…`, and give the newest.

        `about` stands in its subject.
        """
        found: list[EmailMessage] = []

        def arrived() -> bool:
            ours = [mail for mail in list(self._received) if mail["To"] == address and about in mail["Subject"]]
            found[:] = [mail for mail in ours if action in links(mail)]
            return bool(found)

        assert await_true(arrived, SECONDS), f"no mail with a link to {action}"
        return found[-1]


def links(mail: EmailMessage) -> dict[str, str]:
    """List the links of a mail's text by what they do: `confirm`, `access`, `never`, …"""
    text = mail.get_body(("plain",)).get_content()
    return {url.split("/")[4]: url for url in _LINK.findall(text) if url.count("/") >= 5}


def one_click_url(mail: EmailMessage) -> str:
    """Give the address that mail programs post to (RFC 8058)."""
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    return re.fullmatch(r"<(http[^>]+)>", mail["List-Unsubscribe"]).group(1)
