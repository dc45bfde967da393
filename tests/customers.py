"""What full customers do, in few words."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from app.environment import Environment
from app.kit.signing import Purpose
from app.models import Message
from app.services import tokens
from app.services.messages import MessageKind
from tests import journeys

PASSWORD = "quiet umbrella seven anchovies"
OTHER = "seven anchovies under a lamp"


def ask(client: Any, email: str, path: str = "register", site: str = "camille") -> Any:
    """Ask for a full account, or for another password (`password/reset`)."""
    token = journeys.form_token(client.get(f"/{site}/{path}").text)
    return client.post(f"/{site}/{path}", data={"email": email, "csrf_token": token})


def link(env: Environment, email: str, kind: MessageKind = MessageKind.REGISTER, site: str = "camille") -> str:
    """Make the link of the newest mail of a kind, as it would carry it."""
    purpose = Purpose.REGISTER if kind is MessageKind.REGISTER else Purpose.RESET
    with env.database.transaction() as session:
        query = select(Message.id).where(Message.address_digest == journeys.digest(env, email), Message.kind == kind)
        message_id = session.scalars(query.order_by(Message.id.desc())).first()
        assert message_id, "no such mail was queued"
        return journeys.path(env, tokens.account_link(session, site, purpose, message_id))


def register(client: Any, env: Environment, email: str, password: str = PASSWORD, site: str = "camille") -> Any:
    """Ask for a full account, follow the mail's link and choose a password; the client is signed in then."""
    ask(client, email, site=site)
    return client.post(link(env, email, site=site), data={"password": password, "terms": "1"})


def sign_in(client: Any, email: str, password: str = PASSWORD, site: str = "camille", **more: Any) -> Any:
    """Sign in."""
    token = journeys.form_token(client.get(f"/{site}/sign-in").text)
    form = {"email": email, "password": password, "csrf_token": token}
    return client.post(f"/{site}/sign-in", data=form, **more)


def is_signed_in(client: Any) -> bool:
    """Tell whether a browser gets to see its account."""
    return client.get("/camille/account").status_code == 200
