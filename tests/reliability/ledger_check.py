"""What must hold of ledger, consents, requests and accounts after any storm; each breach is told in words.

Written against the tables and the definition of a line, without the code that `parley ledger verify` runs.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import func, select

from app.environment import Environment
from app.kit.digests import key_id
from app.models import Account, Consent, ConsentEvent, ContactPoint, OptInItem
from app.services import folding, ledger
from app.services.folding import Action, State, Status
from app.services.ledger import FIRST_MAC


@dataclass(frozen=True, slots=True)
class Storm:
    """What the tables hold afterwards: sizes, and everything that must not be."""

    accounts: int
    lines: int
    breaches: tuple[str, ...]


def judge(env: Environment) -> Storm:
    """Read everything and find the breaches. Nobody may write meanwhile."""
    with env.database.transaction() as session:
        accounts = {row.id: row for row in session.scalars(select(Account))}
        lines = session.execute(select(ConsentEvent.__table__).order_by("account_id", "sequence")).all()
        consents = list(session.scalars(select(Consent).order_by(Consent.account_id)))
        owned = session.scalar(select(func.count(ContactPoint.account_id.distinct())))
        asked = list(session.scalars(select(OptInItem)))
    present = sum(row.status != "erased" for row in accounts.values())
    breaches = [*_strangers(present, owned), *_requests(asked)]
    keys = {key_id(key): key for key in env.settings.ledger_keys}
    projected = {account: list(rows) for account, rows in groupby(consents, key=attrgetter("account_id"))}
    told = {account: [row._mapping for row in rows] for account, rows in groupby(lines, key=attrgetter("account_id"))}
    for account in accounts.keys() | told.keys() | projected.keys():
        its_lines = told.get(account, [])
        breaches += _chain(accounts.get(account), account, its_lines, keys)
        breaches += _projection(account, its_lines, projected.get(account, []))
        breaches += _revivals(account, its_lines)
    return Storm(len(accounts), len(lines), tuple(breaches))


def _strangers(accounts: int, owned: int) -> Iterator[str]:
    # An address can have but one contact point, so a second account for it is one that has none.
    if accounts != owned:
        yield f"{accounts} accounts for {owned} addresses"


def _requests(asked: list[OptInItem]) -> Iterator[str]:
    for item in asked:
        if item.confirmed_at is not None and item.cancelled_at is not None:
            yield f"request {item.request_id}: item {item.item_id} is both cancelled and confirmed"


def _chain(
    head: Account | None, account: uuid.UUID, lines: list[Mapping[str, Any]], keys: dict[str, str]
) -> Iterator[str]:
    if head is None:
        yield f"account {account}: lines or consents without the account"
        return
    previous = FIRST_MAC
    for expected, line in enumerate(lines, start=1):
        if line["sequence"] != expected:
            yield f"account {account}: line {expected} is missing"
            return
        if ledger.mac(keys[line["ledger_key_id"]], previous, line) != line["mac"]:
            yield f"account {account}: line {expected} does not fit its mac"
            return
        previous = line["mac"]
    if (head.last_sequence, bytes(head.last_mac)) != (len(lines), previous):
        yield f"account {account}: its head is not its last line"


def _projection(account: uuid.UUID, lines: list[Mapping[str, Any]], consents: list[Consent]) -> Iterator[str]:
    folded: dict[int, State | None] = {}
    for line in lines:
        folded[line["item_id"]] = folding.apply(folded.get(line["item_id"]), ledger.line_of(line))
    kept = {row.item_id: _state_of(row) for row in consents}
    for item_id in folded.keys() | kept.keys():
        if folded.get(item_id) != kept.get(item_id):
            yield f"account {account}: consent {item_id} is not the fold of its lines"


def _state_of(row: Consent) -> State:
    values = {name: getattr(row, name) for name in State._fields}
    return State(**{**values, "status": Status(row.status)})


def _revivals(account: uuid.UUID, lines: list[Mapping[str, Any]]) -> Iterator[str]:
    """Find grants by a request that was made before a leaving which had come first (invariant 2)."""
    left: dict[int, datetime] = {}
    for line in lines:
        item_id, asked_at = line["item_id"], line["attributes"].get("asked_at")
        if line["action"] in {Action.WITHDRAWN, Action.OBJECTED}:
            left[item_id] = line["occurred_at"]
        elif asked_at and item_id in left and left[item_id] >= datetime.fromisoformat(asked_at):
            yield f"account {account}: line {line['sequence']} revives item {item_id} after a later leaving"
