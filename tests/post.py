"""A real mail server on loopback that can misbehave, and the acts that cause mails."""

from __future__ import annotations

import asyncio
import email
import secrets
import socket
import uuid
from collections import deque
from contextlib import contextmanager
from email import policy

from aiosmtpd.controller import Controller
from sqlalchemy import select, text

from app.flows.subscribe import subscribe
from app.kit.addresses import parse_email
from app.kit.provenance import PERSON, Provenance, Source
from app.models import Message
from app.services import messages
from app.services.locks import lock_address

FORM = Provenance(PERSON, Source.FORM)


def new_address():
    """Give an address nobody used before."""
    return f"ana-{secrets.token_hex(6)}@example.com"


class MailServer:
    """Takes mails, and misbehaves once for each entry of `script`: a reply, `drop` or `hang`."""

    def __init__(self):
        self.received = []
        self.script = deque()
        self.refusals = deque()
        self.tries = 0

    async def handle_RCPT(self, _server, _session, envelope, address, _options):  # noqa: N802
        if self.refusals:
            return self.refusals.popleft()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, _session, envelope):  # noqa: N802
        self.tries += 1
        self.received.append(email.message_from_bytes(envelope.content, policy=policy.default))
        act = self.script.popleft() if self.script else "250 taken as 12345"
        if act == "drop":
            server.transport.abort()
        if act == "hang":
            await asyncio.sleep(1.5)
        return act if act[0].isdigit() else "451 late"

    @property
    def message_ids(self):
        return [mail["Message-ID"] for mail in self.received]

    def only(self):
        (mail,) = self.received
        return mail


@contextmanager
def listening():
    """Yield a mail server on loopback."""
    server = MailServer()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server.port = probe.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


def sign_up(parley, address, *values, brand="camille"):
    """Ask for items as the form does."""
    wanted = values or ("newsletter:email",)
    parley.database.write(lambda session: subscribe(session, parley.group.brands[brand], address, wanted, FORM))


def queue(parley, address, kind="confirm", brand="camille", **more):
    """Queue one mail under the locks that its callers take."""

    def act(session):
        locked = lock_address(session, parse_email(address))
        return messages.queue(
            session, kind=kind, brand=brand, address_digest=locked.digest, abuse_digest=locked.abuse_digest,
            locale="en", account_id=locked.account_id, **more,
        )  # fmt: skip

    return parley.database.write(act)


def mails_to(parley, address):
    """List the messages to an address, oldest first."""
    digest = parley.digester.newest(parse_email(address))
    with parley.database.transaction() as session:
        return list(session.scalars(select(Message).where(Message.address_digest == digest).order_by(Message.id)))


def jobs_for(parley, message_id: uuid.UUID):
    """List the queue's jobs for a message."""
    with parley.database.transaction() as session:
        query = text("SELECT id, scheduled_at FROM procrastinate_jobs WHERE args ->> 'message_id' = :id")
        return list(session.execute(query, {"id": str(message_id)}))
