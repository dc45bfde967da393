"""What is asked after years without a word, for tests of the job and of the page."""

from __future__ import annotations

import re

from sqlalchemy import select

from app.courier import check_ins as courier
from app.models import CheckIn, ConsentEvent
from app.services import tokens
from tests import journeys
from tests.letters import outcome
from tests.post import mails_to

ANA = "ana@example.com"


def rounds(env, outbox=None):
    """Do a round, and deliver its mails; give what it counted."""
    counted = dict(courier.run(env))
    for message in mails_to(env, ANA) if outbox is not None else []:
        if message.kind.startswith("check_in") and message.state == "queued":
            outcome(env, outbox, message)
    return counted


def row(session):
    return session.scalars(select(CheckIn).execution_options(populate_existing=True)).one()


def actions(session):
    rows = session.execute(select(ConsentEvent.action, ConsentEvent.source).order_by(ConsentEvent.sequence))
    return [tuple(row) for row in rows]


def link(env, session):
    asked = row(session)
    return journeys.path(env, tokens.check_in_link(session, asked.brand, asked.account_id, asked.id))


def keep(browser, path):
    shown = browser.get(path).text
    words = re.search(r'name="words" value="([^"]+)"', shown)[1]
    return browser.post(path, data={"keep": "all", "words": words})


def open_centre(client, env, session):
    """Come to the centre by a link from a mail."""
    journeys_link = client.get("/camille/preferences/link").text
    client.post("/camille/preferences/link", data={"email": ANA, "csrf_token": journeys.form_token(journeys_link)})
    client.post(journeys.access_path(env, ANA))
    return client
