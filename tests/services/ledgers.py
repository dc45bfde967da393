"""Accounts with ledger lines, written as the application writes them; and the owner, who tampers."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine, func, select, text

from app.environment import Environment
from app.kit.provenance import PERSON, Provenance, Source
from app.models import Account, FeedPending
from app.services import accounts, feed, ledger
from app.services.folding import Action
from app.services.ledger import Entry

PATIENCE_SECONDS = 60
FORM = Provenance(PERSON, Source.FORM, "fr", ip="192.0.2.1", user_agent="Ünicode “browser” \\ 1.0")


def open_account(env: Environment) -> uuid.UUID:
    """Make an account without lines."""
    with env.database.transaction() as session:
        return accounts.create_lite(session, os.urandom(32), "fr", None).id


def write(env: Environment, account_id: uuid.UUID, *entries: Entry) -> None:
    """Append entries to an account in a transaction of their own."""
    with env.database.transaction() as session:
        ledger.append(session, session.get(Account, account_id, with_for_update=True), entries, FORM)


def account_with_lines(env: Environment, lines: int = 4) -> uuid.UUID:
    """Make an account that grants item 1, leaves it, grants it again, and so on, and at last grants item 2."""
    account_id = open_account(env)
    for number in range(lines - 1):
        write(env, account_id, granted(number) if number % 2 == 0 else Entry(1, Action.WITHDRAWN))
    write(env, account_id, Entry(2, Action.GRANTED))
    return account_id


def place(env: Environment, limit: int = feed.BATCH) -> int:
    """Place lines; wait for older transactions of other tests, which run in the same cluster, to end first."""
    total, deadline = 0, time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with env.database.transaction() as session:
            placed = feed.place(session, limit - total)
            waiting = session.scalar(select(func.count()).select_from(FeedPending))
        total += placed
        if not waiting or total >= limit:
            return total
        time.sleep(0.05)
    raise AssertionError("older transactions never ended")


def granted(number: int = 0) -> Entry:
    """Give a grant with attributes and a detail that JSON and COPY have to escape."""
    words = {"page": 'a\tb "c" \\ é', "number": number}
    return Entry(1, Action.GRANTED, attributes={"frequency": "weekly", "confirmed": True}, detail=words)


@contextmanager
def owner(urls) -> Iterator[Connection]:
    """Yield a connection of the owner of the tables, with the guards of the ledger down."""
    engine = create_engine(urls.owner)
    with engine.begin() as connection:
        for table in ("consent_event", "event_feed"):
            connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER append_only"))
        yield connection
        for table in ("consent_event", "event_feed"):
            connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER append_only"))
    engine.dispose()


def tamper(urls, *statements: str, **values: object) -> None:
    """Run statements as the owner; `%L` stands for the line `:account`, `:sequence`."""
    with owner(urls) as connection:
        for statement in statements:
            line = "account_id = :account AND sequence = :sequence"
            connection.execute(text(statement.replace("%L", line)), values)
