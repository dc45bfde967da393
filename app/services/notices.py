"""Notices: the exact words people saw, each stored once under the digest of its locale and text."""

from __future__ import annotations

import hashlib
import weakref
from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.branding.models import Brand, Channel, Site, SiteGroup, Topic
from app.branding.wording import notice_digest, notice_text
from app.db import Session
from app.environment import Environment, environment
from app.kit import clock
from app.models import Notice
from app.services import offers
from app.services.items import ItemRef

Wording = Callable[[Brand, Topic, Channel, str], str]
"""What gives all that stands at one place of a page about a topic on a channel, in a locale."""


class Seen(NamedTuple):
    """Words that a person saw beside a box."""

    digest: bytes
    locale: str


_kept: weakref.WeakKeyDictionary[Environment, dict[tuple[int, str, Wording], bytes]] = weakref.WeakKeyDictionary()
"""The digests of what is in the database already, by item, locale and place: wording stays while a process lives."""

_forms: weakref.WeakKeyDictionary[Environment, dict[tuple[str, str], str]] = weakref.WeakKeyDictionary()
"""The digests of whole sign-up forms, by site and locale."""


def digest_of_form(env: Environment, site: Site, locale: str) -> str:
    """Give one digest (hexadecimal) of all that the sign-up form of `site` in `locale` tells about what it offers."""
    known = _forms.setdefault(env, {})
    if (site.slug, locale) not in known:
        known[site.slug, locale] = _digest_of_form(site, locale)
    return known[site.slug, locale]


def keep(
    session: Session, brand: Brand, wanted: Iterable[ItemRef], locale: str, place: Wording = notice_text
) -> dict[int, Seen]:
    """See to it that the wording of each item at `place` is stored; give its digest by item id.

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


def texts(session: Session, digests: Collection[bytes]) -> dict[bytes, str]:
    """Read wordings back, by digest."""
    query = select(Notice.digest, Notice.text).where(Notice.digest.in_(digests))
    return {row.digest: row.text for row in session.execute(query)}


def find(session: Session, digest: bytes) -> Notice | None:
    """Read a notice back."""
    return session.get(Notice, digest)


def _wording(brand: Brand, item: ItemRef, locale: str, place: Wording) -> str:
    topic = brand.topic(item.key)
    assert topic is not None and item.channel is not None  # noqa: S101, PT018 - callers pass offered subscriptions
    return place(brand, topic, item.channel, locale)


def _digest_of_form(site: Site, locale: str) -> str:
    found = hashlib.sha256()
    brands = site.brands.values() if isinstance(site, SiteGroup) else [site] if isinstance(site, Brand) else []
    for brand in brands:
        spoken = brand.locale(locale)
        for topic, channel in offers.on_sign_up(brand):
            found.update(f"{brand.slug}:{topic.key}:{channel}\n".encode())
            found.update(notice_digest(notice_text(brand, topic, channel, spoken), spoken))
    return found.hexdigest()


def _store(session: Session, texts: Collection[str], locale: str) -> None:
    rows = sorted((notice_digest(text, locale), text) for text in texts)
    now = clock.now()
    values = [{"digest": digest, "locale": locale, "text": text, "created_at": now} for digest, text in rows]
    session.execute(upsert(Notice).on_conflict_do_nothing(), values)
