"""Fills a database with invented people, by COPY, under the same rules as acts of real ones.

Lines are made by `ledger.build`, chained by `ledger.mac` and folded by `folding.apply`, so that what verifies a ledger
can't tell them from others. The transaction of the caller holds it all: it is there whole or not at all.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from operator import attrgetter
from random import Random
from typing import Any

from psycopg import Connection, sql
from sqlalchemy import exists, select, text

from app.branding.models import Kind, OptIn
from app.db import Session
from app.environment import Environment, environment
from app.kit import clock, ids
from app.models import AddressRow, Consent, ConsentEvent, EventDetail
from app.services import accounts, feed, folding, ledger, notices, streaming
from app.services.biographies import CHANNELS, Act, Biography, Offer, address, biography
from app.services.decisions import version_in_force
from app.services.folding import RESULT, State
from app.services.items import items
from app.services.ledger import FIRST_MAC

CHUNK = 2_000
"""People in memory at a time."""

Row = Sequence[Any]
COLUMNS: Mapping[str, Sequence[str]] = {
    "address": ("digest", "digest_key_id", "kind", "abuse_digest", "sealed", "created_at"),
    "account": ("id", "kind", "status", "locale", "profile", "created_at", "registered_at", "last_seen_at",
                "last_sequence", "last_mac"),
    "contact_point": ("address_digest", "account_id", "kind", "verified_at", "is_primary"),
    "consent_event": [column.name for column in ConsentEvent.__table__.columns],
    "event_detail": [column.name for column in EventDetail.__table__.columns],
    "consent": [column.name for column in Consent.__table__.columns],
    "new_line": ("recorded_at", "account_id", "sequence"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filled:
    """How much was added: people numbered from `first`, and their ledger lines."""

    first: int
    people: int
    lines: int


@dataclass(slots=True)
class Chunk:
    """Rows of some people, by table."""

    rows: dict[str, list[Row]] = field(default_factory=lambda: {table: [] for table in COLUMNS})


def fill(session: Session, people: int, seed: int = 1, advance: Callable[[int], None] = lambda _: None) -> Filled:
    """Add `people` invented people, with consents over three years up to now; the numbering continues.

    `advance` is told how many have been written, chunk by chunk. The same seed tells the same stories of the same
    numbers. The new lines take their places in the feed in the order of time, after all that has a place.
    """
    now, first, env = clock.now(), next_number(session), environment(session)
    offers, random = _offers(session), Random(f"{seed}:{first}")  # noqa: S311 - stories, not secrets
    session.execute(text("SET LOCAL statement_timeout = 0"))
    session.execute(_NEW_LINE)
    connection = streaming.driver(session)
    told = (biography(random, number, offers, now) for number in range(first, first + people))
    lines = 0
    while some := list(islice(told, CHUNK)):
        chunk = _chunk(env, some)
        for table, rows in chunk.rows.items():
            _copy(connection, table, rows)
        lines += len(chunk.rows["new_line"])
        advance(len(some))
    feed.hold(session)
    session.execute(_PLACE)
    return Filled(first, people, lines)


def next_number(session: Session) -> int:
    """Give the first number that no invented person has; numbers are found by their addresses' digests."""
    if not _is_met(session, 1):
        return 1
    known = 1
    while _is_met(session, known * 2):
        known *= 2
    unknown = known * 2
    while unknown - known > 1:
        middle = (known + unknown) // 2
        known, unknown = (middle, unknown) if _is_met(session, middle) else (known, middle)
    return unknown


_STATE = attrgetter(*COLUMNS["consent"][2:])
_NEW_LINE = text(
    "CREATE TEMPORARY TABLE new_line (recorded_at timestamptz, account_id uuid, sequence bigint) ON COMMIT DROP"
)
_PLACE = text("""
    INSERT INTO event_feed (position, account_id, sequence)
    SELECT (SELECT coalesce(max(position), 0) FROM event_feed)
           + row_number() OVER (ORDER BY recorded_at, account_id, sequence), account_id, sequence
      FROM new_line
""")


def _is_met(session: Session, number: int) -> bool:
    probes = environment(session).digester.probes(address(number))
    return bool(session.scalar(select(exists().where(AddressRow.digest.in_(probes)))))


def _offers(session: Session) -> dict[str, list[Offer]]:
    found: dict[str, list[Offer]] = {}
    for brand in environment(session).group.brands.values():
        wanted = [
            item for item in items(session).of_brand(brand.slug)
            if item.kind is Kind.SUBSCRIPTION and item.channel in CHANNELS and not item.is_retired
        ]  # fmt: skip
        seen = {locale: notices.keep(session, brand, wanted, locale) for locale in brand.locales if wanted}
        topics = {topic.key: topic for topic in brand.topics}
        for item in wanted:
            offer = Offer(
                brand=brand.slug,
                item_id=item.id,
                is_single=topics[item.key].opt_in is OptIn.SINGLE,
                frequencies=[frequency.value for frequency in topics[item.key].frequencies],
                document_version=version_in_force(environment(session).group, brand, clock.now().date()),
                notices={locale: words[item.id].digest for locale, words in seen.items()},
            )
            found.setdefault(brand.slug, []).append(offer)
    return found


def _chunk(env: Environment, people: Iterable[Biography]) -> Chunk:
    chunk = Chunk()
    for person in people:
        _add(chunk.rows, env, person)
    return chunk


def _add(rows: dict[str, list[Row]], env: Environment, person: Biography) -> None:
    account_id, joined, digest = ids.new_id(), person.acts[0].at, env.digester.newest(person.address)
    sealed, abuse = env.sealer.seal(person.address.typed), env.digester.abuse(person.address)
    rows["address"].append((digest, env.digester.key_id, person.address.kind, abuse, sealed, joined))
    states: dict[int, State | None] = {}
    previous, sequence = FIRST_MAC, 0
    for event, detail in _lines(account_id, person.acts, env.settings.ledger_keys[-1], states):
        previous, sequence = event["mac"], event["sequence"]
        rows["consent_event"].append(_values("consent_event", event, "attributes"))
        rows["event_detail"].append(_values("event_detail", detail, "detail"))
        rows["new_line"].append((event["recorded_at"], account_id, sequence))
    rows["consent"] += [(account_id, item_id, *_STATE(state)) for item_id, state in states.items() if state]
    rows["contact_point"].append((digest, account_id, "email", _verified_at(person.acts), True))
    rows["account"].append(
        (account_id, accounts.LITE, accounts.ACTIVE, person.locale, "{}", joined, None, None, sequence, previous)
    )


def _lines(
    account_id: uuid.UUID, acts: Sequence[Act], key: str, states: dict[int, State | None]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Build, chain and fold the lines of one account; `states` is brought up to date on the way."""
    previous = FIRST_MAC
    for sequence, act in enumerate(acts, start=1):
        item_id = act.entry.item_id
        state = states.get(item_id)
        status = RESULT.get(act.entry.action, state.status if state else None)
        event, detail = ledger.build(account_id, sequence, act.entry, status, act.provenance, key)
        event["recorded_at"] = act.at
        event["mac"] = previous = ledger.mac(key, previous, event)
        states[item_id] = folding.apply(state, ledger.line_of(event))
        yield event, detail


def _verified_at(acts: Sequence[Act]) -> datetime | None:
    """Give the first act at the mailbox, if there was one."""
    return next((act.at for act in acts if act.entry.attributes.get("confirmed")), None)


def _values(table: str, row: Mapping[str, Any], json_column: str) -> Row:
    return [json.dumps(row[name]) if name == json_column else row[name] for name in COLUMNS[table]]


def _copy(connection: Connection[Any], table: str, rows: Iterable[Row]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table]))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), names)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            copy.write_row(row)
