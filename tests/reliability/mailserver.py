"""A mail server on loopback that remembers who got which Message-ID."""

from __future__ import annotations

import asyncio
import email
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import policy
from typing import Any, NamedTuple

from aiosmtpd.controller import Controller

from tests.reliability.installation import free_port


class Received(NamedTuple):
    """One mail that was taken."""

    to: str
    sender: str
    subject: str
    message_id: str


@dataclass(slots=True)
class PostOffice:
    """Takes every mail after a moment, so that a kill finds some half delivered."""

    port: int
    seconds: float = 0.03
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The setting that makes a courier deliver here."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a mail."""
        mail = email.message_from_bytes(envelope.content, policy=policy.default)
        for to in envelope.rcpt_tos:
            self.received.append(Received(to, envelope.mail_from, str(mail["Subject"]), str(mail["Message-ID"])))
        await asyncio.sleep(self.seconds)
        return "250 taken"


@contextmanager
def listening() -> Iterator[PostOffice]:
    """Yield a mail server for the duration."""
    office = PostOffice(free_port())
    controller = Controller(office, hostname="127.0.0.1", port=office.port)
    controller.start()
    try:
        yield office
    finally:
        controller.stop()
