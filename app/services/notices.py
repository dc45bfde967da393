"""Notices: the exact words people saw, each stored once under the digest of its locale and text."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterable
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as upsert

from app.branding.models import Brand
from app.branding.wording import notice_digest, notice_text
from app.db import Session
from app.environment import Environment, environment
from app.kit import clock
from app.models import Notice
from app.services.items import ItemRef


class Seen(NamedTuple):
    """Words that a person saw beside a box."""

    digest: bytes
    locale: str


_kept: weakref.WeakKeyDictionary[Environment, dict[tuple[int, str], bytes]] = weakref.WeakKeyDictionary()
"""The digests of what is in the database already, by item and locale: wording does not change while a process lives."""


def keep(session: Session, brand: Brand, wanted: Iterable[ItemRef], locale: str) -> dict[int, Seen]:
    """See to it that the wording of each item in `locale` is stored; give its digest by item id.

    New wording is stored in a transaction of its own, and stays when the caller's is rolled back: it was shown.
    """
    env = environment(session)
    kept = _kept.setdefault(env, {})
    wanted = list(wanted)
    new = {item.id: _wording(brand, item, locale) for item in wanted if (item.id, locale) not in kept}
    if new:
        with env.database.transaction() as own:
            _store(own, set(new.values()), locale)
        kept.update({(item_id, locale): notice_digest(text, locale) for item_id, text in new.items()})
    return {item.id: Seen(kept[item.id, locale], locale) for item in wanted}


def texts(session: Session, digests: Collection[bytes]) -> dict[bytes, str]:
    """Read wordings back, by digest."""
    query = select(Notice.digest, Notice.text).where(Notice.digest.in_(digests))
    return {row.digest: row.text for row in session.execute(query)}


def find(session: Session, digest: bytes) -> Notice | None:
    """Read a notice back."""
    return session.get(Notice, digest)


def _wording(brand: Brand, item: ItemRef, locale: str) -> str:
    topic = brand.topic(item.key)
    assert topic is not None and item.channel is not None  # noqa: S101, PT018 - callers pass offered subscriptions
    return notice_text(brand, topic, item.channel, locale)


def _store(session: Session, texts: Collection[str], locale: str) -> None:
    rows = sorted((notice_digest(text, locale), text) for text in texts)
    now = clock.now()
    values = [{"digest": digest, "locale": locale, "text": text, "created_at": now} for digest, text in rows]
    session.execute(upsert(Notice).on_conflict_do_nothing(), values)
