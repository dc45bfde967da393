"""Notices: the exact words people saw, each stored once under the digest of its locale and text."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.branding.models import Brand, Channel, Kind, Site, SiteGroup, Topic
from app.branding.texts import Document
from app.branding.wording import centre_notice_text, notice_digest, notice_text, purpose_notice_text, terms_text
from app.db import Session
from app.environment import Environment, environment
from app.kit import clock
from app.models import Notice
from app.services import offers
from app.services.items import ItemRef

Wording = Callable[[Brand, Topic, Channel, str], str]
"""What gives all that stands at one place of a page about a topic on a channel, in a locale."""


Offered = Callable[[Brand], Iterable[tuple[Topic, Channel]]]
"""What gives all that such a page offers of a house."""


class Seen(NamedTuple):
    """Words that a person saw beside a box."""

    digest: bytes
    locale: str


_kept: weakref.WeakKeyDictionary[Environment, dict[tuple[int, str, Wording], bytes]] = weakref.WeakKeyDictionary()
"""The digests of what is in the database already, by item, locale and place: wording stays while a process lives."""

_pages: weakref.WeakKeyDictionary[Environment, dict[tuple[str, str, Wording], str]] = weakref.WeakKeyDictionary()
"""The digests of all words of a form or a centre, by site, locale and place."""


def digest_of_form(env: Environment, site: Site, locale: str) -> str:
    """Give one digest (hexadecimal) of all that the sign-up form of `site` in `locale` tells about what it offers."""
    return _digest_of_page(env, site, locale, notice_text, offers.on_sign_up)


def digest_of_centre(env: Environment, site: Site, locale: str) -> str:
    """Give the same of all that stands at the switches of the preference centre, those of uses of data too."""
    return _digest_of_page(env, site, locale, centre_notice_text, offers.in_centre)


def keep(
    session: Session, brand: Site, wanted: Iterable[ItemRef], locale: str, place: Wording = notice_text
) -> dict[int, Seen]:
    """See to it that the wording of each item at `place` is stored; give its digest by item id.

    `brand` is whose items they are: a house, or the group. The wording of a use of data is the same at every place.

    A house that does not speak `locale` spoke its own first language, and the notice says so. New wording is stored in
    a transaction of its own, and stays when the caller's is rolled back: it was shown.
    """
    env, locale = environment(session), brand.locale(locale)
    kept = _kept.setdefault(env, {})
    wanted = list(wanted)
    new = {item.id: _wording(brand, item, locale, place) for item in wanted if (item.id, locale, place) not in kept}
    if new:
        with env.database.transaction() as own:
            _store(own, set(new.values()), locale)
        kept.update({(item_id, locale, place): notice_digest(text, locale) for item_id, text in new.items()})
    return {item.id: Seen(kept[item.id, locale, place], locale) for item in wanted}


def keep_terms(session: Session, group: SiteGroup, terms: Document, version: date, locale: str) -> Seen:
    """See to it that what stands at the box for the terms of an account is stored."""
    locale = group.locale(locale)
    return store(session, terms_text(group, terms, version, locale), locale)


def store(session: Session, text: str, locale: str) -> Seen:
    """See to it that a wording is stored, which was shown in `locale`."""
    _store(session, [text], locale)
    return Seen(notice_digest(text, locale), locale)


def keep_words(session: Session, text: str, locale: str) -> Seen:
    """See to it that words which only one person was shown like this are stored."""
    _store(session, [text], locale)
    return Seen(notice_digest(text, locale), locale)


def keep_told(session: Session, text: str, locale: str) -> Seen:
    """See to it that words are stored of which another system tells that somebody saw them."""
    _store(session, [text], locale)
    return Seen(notice_digest(text, locale), locale)


def texts(session: Session, digests: Collection[bytes]) -> dict[bytes, str]:
    """Read wordings back, by digest."""
    query = select(Notice.digest, Notice.text).where(Notice.digest.in_(digests))
    return {row.digest: row.text for row in session.execute(query)}


def _wording(site: Site, item: ItemRef, locale: str, place: Wording) -> str:
    if item.kind is Kind.PURPOSE:
        purpose = site.purpose(item.key)
        assert purpose is not None  # noqa: S101 - callers pass what is offered
        return purpose_notice_text(site, purpose, locale)
    topic = site.topic(item.key) if isinstance(site, Brand) else None
    assert isinstance(site, Brand) and topic is not None and item.channel is not None  # noqa: S101, PT018 - the same
    return place(site, topic, item.channel, locale)


def _digest_of_page(env: Environment, site: Site, locale: str, place: Wording, offered: Offered) -> str:
    known = _pages.setdefault(env, {})
    if (site.slug, locale, place) not in known:
        known[site.slug, locale, place] = _digest_of_words(env.group, site, locale, place, offered)
    return known[site.slug, locale, place]


def _digest_of_words(group: SiteGroup, site: Site, locale: str, place: Wording, offered: Offered) -> str:
    found = hashlib.sha256()
    brands = site.brands.values() if isinstance(site, SiteGroup) else [site] if isinstance(site, Brand) else []
    for brand in brands:
        spoken = brand.locale(locale)
        for topic, channel in offered(brand):
            found.update(f"{brand.slug}:{topic.key}:{channel}\n".encode())
            found.update(notice_digest(place(brand, topic, channel, spoken), spoken))
    for owner in offers.owners_of_uses(site, group) if offered is offers.in_centre else ():
        spoken = owner.locale(locale)
        for purpose in offers.uses(owner):
            found.update(f"{owner.slug}:{purpose.key}\n".encode())
            found.update(notice_digest(purpose_notice_text(owner, purpose, spoken), spoken))
    return found.hexdigest()


def _store(session: Session, texts: Collection[str], locale: str) -> None:
    rows = sorted((notice_digest(text, locale), text) for text in texts)
    now = clock.now()
    values = [{"digest": digest, "locale": locale, "text": text, "created_at": now} for digest, text in rows]
    session.execute(upsert(Notice).on_conflict_do_nothing(), values)
