"""People in the centre: with consents in several houses, in every state; and what a request costs the database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from app.db import Database
from app.environment import Environment
from app.kit.provenance import PERSON, Provenance, Source
from app.models import ContactPoint
from app.services import ledger
from app.services.folding import Action
from app.services.items import ItemRef, items
from app.services.ledger import Entry
from app.services.locks import lock_account
from tests import journeys

CENTRE = Provenance(PERSON, Source.CENTRE)


def join(client: Any, env: Environment, email: str, wanted: Mapping[str, Sequence[str]]) -> None:
    """Sign up for items of several houses and press the button in each mail; a session is open afterwards."""
    for brand, chosen in wanted.items():
        journeys.subscribe(client, env, email, chosen, brand)


def join_everything(client: Any, env: Environment, email: str) -> int:
    """Get everything that comes by e-mail from every house, as the centre gives it; tell how many things that are."""
    journeys.subscribe(client, env, email)
    offered = [(brand.slug, topic.key) for brand in env.group.brands.values() for topic in brand.topics
               if "email" in topic.channels]  # fmt: skip
    for brand, topic in offered:
        answer = journeys.press(client, "luxe", set=f"{brand}:{topic}:email=on")
        if "/preferences/age" in answer.location:
            journeys.tell_age(client, f"{brand}:{topic}:email", site="luxe")
    return len(offered)


def record(
    env: Environment, email: str, item: str | ItemRef, *actions: Action, provenance: Provenance = CENTRE, **more: Any
) -> None:
    """Write lines of the ledger about an item (maybe as `brand:topic:channel`), as some other part of Parley would."""

    def act(session: Any) -> None:
        digest = journeys.digest(env, email)
        owner = session.scalars(select(ContactPoint.account_id).where(ContactPoint.address_digest == digest)).one()
        account = lock_account(session, owner).account(session)
        about = items(session).subscription(*item.split(":")) if isinstance(item, str) else item
        ledger.append(session, account, [Entry(about.id, action, **more) for action in actions], provenance)

    env.database.write(act)


def group_items(session: Any) -> list[ItemRef]:
    """List the items of the whole group."""
    return [item for item in items(session) if item.brand is None]


def plain(page: str) -> str:
    """Take out of a page what only keeps words on one line."""
    return re.sub(r'<span class="unbroken">(.*?)</span>', r"\1", page)


class Counter:
    """Counts statements that ask or write; savepoints and their like are not counted."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def note(self, query: object) -> None:
        """Note a statement."""
        words = query if isinstance(query, str) else bytes(query).decode()  # type: ignore[call-overload]
        if words.split(maxsplit=1)[0].upper() in {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE"}:
            self.asked.append(words)


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    """Count the statements of this process, whether they come through SQLAlchemy, psycopg or the fast reader."""
    counter, execute, read = Counter(), psycopg.Cursor.execute, Database.read

    def noting(cursor: Any, query: Any, *arguments: Any, **options: Any) -> Any:
        counter.note(query)
        return execute(cursor, query, *arguments, **options)

    def reading(database: Database, query: bytes, values: Any) -> Any:
        counter.note(query)
        return read(database, query, values)

    with monkeypatch.context() as patched:
        patched.setattr(psycopg.Cursor, "execute", noting)
        patched.setattr(Database, "read", reading)
        yield counter


def part(page: str, house: str) -> str:
    """Cut the section of a house out of the group's page."""
    found = re.search(rf'<(section|details) class="house-section[^"]*theme-{house} .*?</\1>', page, re.DOTALL)
    assert found, f"{house} is not shown"
    return found.group(0)


def row(page: str, item: str) -> str:
    """Cut one switch with its lines out of a page."""
    found = re.search(rf'<li class="channel">\s*<span class="channel-name" id="{item}-name">.*?</li>', page, re.DOTALL)
    assert found, f"{item} is not shown"
    return found.group(0)


def topic(page: str, name: str) -> str:
    """Cut a topic with its switches out of a page."""
    found = re.search(rf'id="topic-{name}".*?(?=id="topic-|</section>|<div class="small print)', page, re.DOTALL)
    assert found, f"{name} is not shown"
    return found.group(0)
