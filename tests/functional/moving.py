"""What people do to move to another address."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.courier.delivery import deliver
from app.models import ContactPoint
from tests import journeys
from tests.post import mails_to

ANA, NEW = "ana@example.com", "ana.new@example.org"


def ask(client, email=NEW, site="camille", **form):
    path = f"/{site}/preferences/address"
    token = journeys.form_token(client.get(path).text)
    return client.post(path, data={"email": email, "sure": "1", "csrf_token": token, **form})


def ask_for_link(client):
    """Ask for a link to the centre of all houses; Camille has written often enough today."""
    token = journeys.form_token(client.get("/luxe/preferences/link").text)
    client.post("/luxe/preferences/link", data={"email": ANA, "csrf_token": token})


def post(env, outbox, email):
    """Deliver all that waits for an address, and give the text of all its mails."""
    for message in mails_to(env, email):
        deliver(env, outbox, message.id)
    return "\n".join(mail.text for mail in outbox.mails if mail.to == email)


def link(text, action):
    found = re.search(rf"http://localhost:8000(/\w+/{action}/[\w.-]+)", text)
    assert found, f"no link to {action}"
    return found.group(1)


def owner(env, email):
    with env.database.transaction() as session:
        return session.scalar(
            select(ContactPoint.account_id).where(ContactPoint.address_digest == journeys.digest(env, email))
        )
