"""What people do about their own data, in few words."""

from __future__ import annotations

import re

from app.courier.delivery import deliver
from tests import journeys
from tests.post import mails_to

ANA, BEA = "ana@example.com", "bea@example.com"
DATA, CHECK = "/camille/account/data", "/camille/account/data/check"


def token(client, path=DATA):
    """Read the token of the form on a page."""
    return {"csrf_token": journeys.form_token(client.get(path).text)}


def code(env, outbox, email=ANA):
    """Deliver the newest mail with a code and read it."""
    mail = [each for each in mails_to(env, email) if each.kind == "step_up"][-1]
    assert deliver(env, outbox, mail.id) == "sent"
    return re.search(r"\b\d{6}\b", outbox.parsed().get_body(("plain",)).get_content())[0]


def step_up(client, env, outbox, email=ANA):
    """Have a code mailed and type it."""
    client.post(f"{CHECK}/code", data=token(client, CHECK))
    return client.post(CHECK, data={**token(client, CHECK), "code": code(env, outbox, email)})


def wrong(good):
    """Give six other digits."""
    return f"{(int(good) + 1) % 10**6:06d}"
