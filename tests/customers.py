"""What full customers do, in few words."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from sqlalchemy import select

from app.environment import Environment
from app.kit import one_time_codes
from app.kit.signing import Purpose
from app.models import Message
from app.services import tokens
from app.services.messages import MessageKind
from tests import journeys

ANA, BEA = "ana@example.com", "bea@example.com"
SECOND_FACTOR = "/camille/account/security/second-factor"
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


class Protected(NamedTuple):
    """Somebody whose account asks for a code: their browser, the secret of their app, their recovery codes."""

    browser: Any
    secret: str
    codes: list[str]


def offered(page: str) -> tuple[str, dict[str, str]]:
    """Read the secret that a page offers to an app, and what its form sends along."""
    secret = re.search(r"secret=([A-Z2-7]+)", page)
    offer = re.search(r'name="offer" value="([^"]+)"', page)
    assert secret, "no secret is offered"
    assert offer, "no secret is offered"
    return secret.group(1), {"csrf_token": journeys.form_token(page), "offer": offer.group(1)}


def code(secret: str) -> str:
    """Give the code that an app shows now."""
    return one_time_codes.code_at(secret, one_time_codes.present_step())


def recovery_codes(page: str) -> list[str]:
    """Read the recovery codes of the page that shows them."""
    return re.findall(r"<li><code>([\d ]+)</code></li>", page)


def protect(client: Any, site: str = "camille") -> tuple[str, list[str]]:
    """Have a code asked for from now on; give the secret and the recovery codes."""
    path = f"/{site}/account/security/second-factor"
    secret, fields = offered(client.get(path).text)
    return secret, recovery_codes(client.post(path, data={**fields, "code": code(secret)}).text)


def second_step(client: Any, typed: str, site: str = "camille", **more: Any) -> Any:
    """Give the code after the password."""
    path = f"/{site}/sign-in/code"
    return client.post(path, data={"csrf_token": journeys.form_token(client.get(path).text), "code": typed}, **more)


def change_second_factor(client: Any, act: str, site: str = "camille", **sent: str) -> Any:
    """Ask for other recovery codes (`renew`), or for no code any more (`off`)."""
    path = f"/{site}/account/security/second-factor"
    form = {"csrf_token": journeys.form_token(client.get(path).text), "act": act, **sent}
    return client.post(f"{path}/change", data=form)


def wrong_code(secret: str) -> str:
    """Give six digits that an app with this secret shows neither now nor a moment before or after."""
    return next(each for each in ("000000", "111111", "222222") if one_time_codes.step_of(secret, each) is None)


def tell(client: Any, field: str, site: str = "camille", **typed: Any) -> Any:
    """Fill in a field of one's profile."""
    path = f"/{site}/account/profile/{field}"
    return client.post(path, data={"csrf_token": journeys.form_token(client.get(path).text), **typed})


def untell(client: Any, field: str, site: str = "camille") -> Any:
    """Remove a field of one's profile."""
    path = f"/{site}/account/profile"
    return client.post(f"{path}/{field}/remove", data={"csrf_token": journeys.form_token(client.get(path).text)})
