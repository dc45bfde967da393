"""People with subscriptions, what they do, and a transport that keeps their mails."""

from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes, policy

from sqlalchemy import delete, update

from app.courier.delivery import deliver
from app.courier.mail import encode
from app.flows.preferences import change
from app.flows.subscribe import subscribe
from app.kit import clock
from app.kit.addresses import parse_email
from app.models import ContactPoint, Message, OptInItem
from app.services import accounts
from app.services.items import items
from app.services.suppressions import Scope, add
from tests.post import FORM, queue, sign_up


class Outbox:
    """A transport that keeps what it is given, and what that is as bytes."""

    def __init__(self):
        self.mails = []

    def send(self, mail):
        self.mails.append(mail)
        return "250 OK"

    def parsed(self):
        return message_from_bytes(encode(self.mails[-1]), policy=policy.default)


def make_member(env, address):
    def act(session):
        subscribe(session, env.group.brands["camille"], address, ("newsletter:email", "private-sales:email"), FORM)
        digest = env.digester.newest(parse_email(address))
        accounts.create_lite(session, digest, "en", verified_at=clock.now() - timedelta(days=1))

    env.database.write(act)
    for topic in ("newsletter", "private-sales"):
        turn(env, address, topic, on=True)
    with env.database.transaction() as session:
        session.execute(delete(Message))
        session.execute(update(OptInItem).values(cancelled_at=clock.now()))


def turn(env, address, topic, *, on):
    def act(session):
        owner = session.get(ContactPoint, env.digester.newest(parse_email(address))).account_id
        change(session, owner, {items(session).subscription("camille", topic, "email"): on}, FORM)

    env.database.write(act)


def cause(env, address, kind):
    if kind == "confirm":
        sign_up(env, address)
    elif kind == "summary":
        turn(env, address, "newsletter", on=False)
    else:
        queue(env, address, kind)


def suppress(env, address, reason, scope=None):
    digest = env.digester.newest(parse_email(address))
    env.database.write(lambda session: add(session, digest, scope or Scope(), reason, FORM))


def outcome(env, outbox, message):
    deliver(env, outbox, message.id)
    with env.database.transaction() as session:
        row = session.get(Message, message.id)
        return row.state, row.state_reason
