"""What people do, in few words, for tests of pages and flows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from app.environment import Environment
from app.flows import admit as flow
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.provenance import PERSON, Provenance, Source
from app.models import ContactPoint, Message, OptInRequest
from app.services import decisions, tokens
from app.services.items import items

FORM = Provenance(PERSON, Source.FORM)


def form_token(page: str) -> str:
    """Read the token of the form on a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, "the page has no form token"
    return found.group(1)


def sign_up(
    client: Any, email: str, wanted: Sequence[str] = ("newsletter:email",), site: str = "camille", **more: str
) -> Any:  # fmt: skip
    """Fill in the form of a site and send it."""
    token = form_token(client.get(f"/{site}/").text)
    return client.post(f"/{site}/", data={"email": email, "items": list(wanted), "csrf_token": token, **more})


def confirmation_path(env: Environment, email: str, brand: str = "camille") -> str:
    """Make the link of the newest request for an address, as its mail would carry it."""
    with env.database.transaction() as session:
        request_id = session.scalars(
            select(OptInRequest.id)
            .where(OptInRequest.address_digest == digest(env, email), OptInRequest.brand == brand)
            .order_by(OptInRequest.created_at.desc())
        ).first()
        assert request_id, "nothing was asked for"
        return path(env, tokens.confirm_link(session, brand, request_id))


def admit(env: Environment, email: str, brand: str) -> None:
    """Do what the courier does with the newest request for single opt-in items."""
    with env.database.transaction() as session:
        query = select(OptInRequest.id).where(
            OptInRequest.address_digest == digest(env, email), OptInRequest.brand == brand
        )
        request_id = session.scalars(query.order_by(OptInRequest.created_at.desc())).first()
        assert request_id, "nothing was asked for"
        flow.admit(session, request_id)


def subscribe(client: Any, env: Environment, email: str, wanted: Sequence[str] = ("newsletter:email",),
              brand: str = "camille") -> Any:  # fmt: skip
    """Sign up and press the button from the mail; the client holds a preference session afterwards."""
    sign_up(client, email, wanted, brand)
    return client.post(confirmation_path(env, email, brand))


def press(client: Any, site: str = "camille", **button: str) -> Any:
    """Press a button in the preference centre."""
    shown = client.get(f"/{site}/preferences").text
    return client.post(f"/{site}/preferences", data={**centre_fields(shown), **button})


def tell_age(client: Any, item: str, born: str = "1984-05-06", site: str = "camille", **more: str) -> Any:
    """Tell one's date of birth to switch on what is from a certain age."""
    page = client.get(f"/{site}/preferences/age?item={item}").text
    return client.post(f"/{site}/preferences/age", data={**centre_fields(page), "item": item, "born": born, **more})


def centre_fields(page: str) -> dict[str, str]:
    """Read what the form of a preference centre sends along with every button but its language."""
    found = re.search(r'name="words" value="([^"]+)"', page)
    assert found, "the page does not say which words it shows"
    return {"csrf_token": form_token(page), "words": found.group(1)}


def undo_id(page: str) -> str:
    """Read what the Undo button of a page would take back."""
    found = re.search(r'name="undo" value="([^"]+)"', page)
    assert found, "the page offers no undo"
    return found.group(1)


def access_path(env: Environment, email: str, site: str = "camille") -> str:
    """Make the link of the newest access mail for an address."""
    with env.database.transaction() as session:
        message_id = session.scalars(
            select(Message.id)
            .where(Message.address_digest == digest(env, email), Message.kind == "access", Message.brand == site)
            .order_by(Message.created_at.desc())
        ).first()
        assert message_id, "no access mail was queued"
        return path(env, tokens.access_link(session, site, message_id))


def unsubscribe_path(env: Environment, email: str, brand: str = "camille", item: str | None = None) -> str:
    """Make a link that leaves all e-mail of a brand, or one of its items (`topic:channel`)."""
    with env.database.transaction() as session:
        account_id = session.scalars(
            select(ContactPoint.account_id).where(ContactPoint.address_digest == digest(env, email))
        ).one()
        if item:
            ref = items(session).subscription(brand, *item.split(":"))
            target = tokens.LeaveTarget(account_id, item_id=ref.id)
        else:
            target = tokens.LeaveTarget(account_id, brand=brand)
        return path(env, tokens.unsubscribe_link(session, brand, target))


def never_path(env: Environment, email: str, brand: str = "camille") -> str:
    """Make the "never mail me again" link of a confirmation mail."""
    with env.database.transaction() as session:
        return path(env, tokens.never_link(session, brand, digest(env, email)))


def manage_path(env: Environment, email: str, brand: str = "camille") -> str:
    """Make the ever-lasting link of other systems' mails."""
    with env.database.transaction() as session:
        account_id = session.scalars(
            select(ContactPoint.account_id).where(ContactPoint.address_digest == digest(env, email))
        ).one()
        return path(env, tokens.manage_link(session, brand, account_id))


def decision(env: Environment, email: str, topic: str = "newsletter", channel: str = "email",
             brand: str = "camille") -> str:  # fmt: skip
    """Ask for a decision and give its reason."""
    now = clock.now()
    with env.database.transaction() as session:
        item = items(session).subscription(brand, topic, channel)
    rules = decisions.rules_for(env.group, env.group.brands[brand], item, now.date())
    facts = decisions.ask(env, item, brand, parse_email(email), now)
    return decisions.decide(rules, facts, now).reason.value


def mails(env: Environment, email: str) -> list[str]:
    """List the kinds of mail queued for an address, oldest first."""
    with env.database.transaction() as session:
        query = select(Message.kind).where(Message.address_digest == digest(env, email)).order_by(Message.created_at)
        return list(session.scalars(query))


def digest(env: Environment, email: str) -> bytes:
    """Give the digest of an address."""
    return env.digester.newest(parse_email(email))


def path(env: Environment, link: str) -> str:
    """Cut the origin off a link."""
    assert link.startswith(env.settings.origin)
    return link.removeprefix(env.settings.origin)
