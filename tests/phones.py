"""People's phones: numbers, and the texts that arrive."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from sqlalchemy import select

from app.courier.delivery import deliver
from app.courier.texting import Text
from app.models import Message, PhoneProof
from app.services.message_kinds import MessageKind
from tests import journeys
from tests.letters import Outbox

NUMBER, OTHER = "+33612345678", "+4915123456789"
PHONE = "/camille/preferences/phone"


@dataclass
class Handset:
    """Takes texts, as a gateway would."""

    texts: list[Text] = field(default_factory=list)

    def send(self, text: Text) -> str:
        self.texts.append(text)
        return "202 accepted"


def token(client, path=PHONE):
    """Give the token of a form of the session."""
    return {"csrf_token": journeys.form_token(client.get(path).text)}


def ask(client, number=NUMBER):
    """Ask for a code."""
    return client.post(PHONE, data={**token(client), "number": number})


def text(env):
    """Send the newest code out, and give the text."""
    handset = Handset()
    with env.database.transaction() as session:
        newest = select(Message.id).where(Message.kind == MessageKind.PHONE_CODE).order_by(Message.id.desc()).limit(1)
        message_id = session.scalar(newest)
    deliver(env, Outbox(), message_id, handset)
    return handset.texts[-1] if handset.texts else None


def code(env):
    """Give the code of the newest text."""
    return re.search(r"\d{6}", text(env).text)[0]


def enter(client, typed):
    """Type a code."""
    return client.post(f"{PHONE}/code", data={**token(client, f"{PHONE}/code"), "code": typed})


def prove(client, env, number=NUMBER):
    """Prove a number from the first page to the last."""
    ask(client, number)
    answer = enter(client, code(env))
    assert answer.location.endswith("proved=1"), answer.location
    return answer


def waits(env):
    """Give the digests of numbers that a code is waited for from."""
    with env.database.transaction() as session:
        return {bytes(each) for each in session.scalars(select(PhoneProof.address_digest))}


def wrong(right):
    """Give a code that is not the one."""
    return f"{(int(right) + 1) % 1_000_000:06}"
