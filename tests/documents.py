"""Documents that change: a group with new versions, and what people do about them, in few words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select

from app.branding.models import Site, SiteGroup
from app.branding.texts import Document, DocumentVersion
from app.environment import _KEY, Environment
from app.kit import clock
from app.models import ConsentEvent, ContactPoint, Message
from app.services import reconsent, tokens
from app.services.reconsent import Question
from tests import journeys


def today() -> date:
    """Give today."""
    return clock.now().date()


def version(day: date, *, asks: bool = True, **texts: str) -> DocumentVersion:
    """Make a version that comes into force on its day; in English, unless `texts` say."""
    words = {"en": "Other words.\n", **texts}
    return DocumentVersion(version=day, effective=day, requires_reconsent=asks, texts=words, digest="")


def with_version(group: SiteGroup, new: DocumentVersion, house: str | None = None, slug: str = "privacy") -> SiteGroup:
    """Give the group with one more version of a document, its own or a house's."""
    site: Site = group.brands[house] if house else group
    known = site.document(slug)
    versions = sorted((*(known.versions if known else ()), new), key=lambda each: each.version)
    title = known.title if known else {"en": "Our own notice"}
    ordered = Document(slug=slug, title=title, versions=tuple(versions))
    others = [each for each in site.documents if each.slug != slug]
    site = site.model_copy(update={"documents": (*others, ordered)})
    return group.model_copy(update={"brands": {**group.brands, house: site}}) if house else site  # type: ignore[return-value]


@contextmanager
def published(env: Environment, group: SiteGroup, app: Any = None) -> Iterator[Environment]:
    """Go on with another state of the brand folder, as after a restart."""
    info = env.database._sessions.kw["info"]
    changed = replace(env, group=group)
    info[_KEY] = changed
    if app is not None:
        app.extensions["parley"] = changed
    yield changed
    info[_KEY] = env
    if app is not None:
        app.extensions["parley"] = env


def owner(env: Environment, email: str) -> Any:
    """Give the account that an address belongs to."""
    with env.database.transaction() as session:
        query = select(ContactPoint.account_id).where(ContactPoint.address_digest == journeys.digest(env, email))
        return session.scalars(query).one()


def asked(env: Environment, email: str) -> list[Question]:
    """List what somebody is asked."""
    account = owner(env, email)
    with env.database.transaction() as session:
        return reconsent.questions(session, account)


def answers(page: str) -> list[str]:
    """Read the answers that a page offers."""
    return re.findall(r'name="answer" value="([^"]+)"', page)


def answer(client: Any, said: str = "yes", site: str = "camille", path: str = "preferences") -> Any:
    """Answer the first question that a page puts."""
    page = client.get(f"/{site}/{path}").text
    value = next(each for each in answers(page) if each.startswith(said))
    form = {"csrf_token": journeys.form_token(page), "answer": value}
    return client.post(f"/{site}/preferences/agree", data=form)


def link(env: Environment, email: str) -> str:
    """Make the link of the newest mail about a document, as it would carry it."""
    with env.database.transaction() as session:
        query = select(Message).where(
            Message.address_digest == journeys.digest(env, email), Message.kind == "reconsent"
        )
        mail = session.scalars(query.order_by(Message.id.desc())).first()
        assert mail, "no such mail was queued"
        return journeys.path(env, tokens.reconsent_link(session, mail.brand, mail.id))


def lines(env: Environment, email: str, action: str) -> list[ConsentEvent]:
    """List the lines of the ledger about somebody with an action, oldest first."""
    account = owner(env, email)
    with env.database.transaction() as session:
        query = select(ConsentEvent).where(ConsentEvent.account_id == account, ConsentEvent.action == action)
        found = list(session.scalars(query.order_by(ConsentEvent.sequence)))
        session.expunge_all()
    return found
