"""What a person did with their consents, as the ledger tells it: act by act, newest first, page by page.

A line that came from an opt-in request tells of two acts, the asking and the confirming, each with its own time
(invariant 12). Nothing is told that the ledger does not hold.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import CTE, DateTime, Integer, Select, cast, literal, select, tuple_, union_all

from app.db import Session, run
from app.models import ConsentEvent, EventDetail, Notice
from app.services.folding import Action
from app.services.items import ItemRef, items

PER_PAGE = 50
_CURSOR = re.compile(r"([0-9]{1,15})(a?)")


ANSWERS = (Action.GRANTED, Action.RENEWED, Action.MERGED)
"""Lines that came from something the person asked for, `asked_at`. What ran out may be dated so by our own question."""


class Cursor(NamedTuple):
    """The last act of a page: its line, and whether it is the asking (`17a`) or what the line itself did (`17`)."""

    sequence: int
    is_asking: bool

    def __str__(self) -> str:
        return f"{self.sequence}{'a' if self.is_asking else ''}"

    @classmethod
    def read(cls, text: str) -> Cursor | None:
        """Read a cursor back; None for anything that is none."""
        found = _CURSOR.fullmatch(text)
        return cls(int(found[1]), bool(found[2])) if found else None


@dataclass(frozen=True, slots=True)
class Act:
    """One act. `page` is the path of the page it came from, while its detail is kept."""

    cursor: Cursor
    item: ItemRef | None
    action: Action
    at: datetime
    source: str
    actor_kind: str
    locale: str
    page: str
    attributes: Mapping[str, Any]
    legal_basis: str
    document_version: str | None
    words: str
    """The exact words then seen, a line each; empty where none were."""
    words_locale: str

    @property
    def is_asking(self) -> bool:
        """Tell whether this is the asking, which another act confirmed."""
        return self.cursor.is_asking


@dataclass(frozen=True, slots=True)
class Agreement:
    """How an item was last agreed to, and what became of that by itself."""

    through: str = ""
    """What the yes came through; later lines of other kinds don't count."""
    kept_at: datetime | None = None
    """When the person last said that it is still right."""
    ended_at: datetime | None = None
    """When it ran out by a line of its own, rather than by its date."""
    ended: Mapping[str, Any] = field(default_factory=dict)
    """Why: the attributes of that line."""


NOTHING_KNOWN = Agreement()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of acts, and where the next older one begins."""

    acts: tuple[Act, ...]
    older: Cursor | None


def page(
    session: Session, account_id: uuid.UUID, brand: str | None, before: Cursor | None = None, size: int = PER_PAGE
) -> Page:
    """Give the acts of an account older than `before`, over all items or those of one brand.

    One statement. A cursor that is not of this account leads to an empty page.
    """
    only = None if brand is None else [item.id for item in items(session).of_brand(brand)]
    acts = _acts(account_id, only)
    rows = session.execute(_page(acts, account_id, before).limit(size + 1)).mappings().all()
    registry = items(session, needed={row["item_id"] for row in rows})
    found = tuple(act_of(row, registry.find(row["item_id"])) for row in rows[:size])
    return Page(found, found[-1].cursor if len(rows) > size else None)


def agreements(session: Session, account_id: uuid.UUID) -> dict[int, Agreement]:
    """Tell what is known of the account's last yes to each item, by item id, in one statement."""
    found: dict[int, Agreement] = {}
    for item_id, action, source, occurred_at, attributes in run(session, _AGREEMENTS, {"account": account_id}):
        if action == Action.GRANTED:
            found[item_id] = Agreement(source)
        elif action == Action.RENEWED:
            found[item_id] = replace(found.get(item_id, NOTHING_KNOWN), kept_at=occurred_at)
        else:
            found[item_id] = replace(found.get(item_id, NOTHING_KNOWN), ended_at=occurred_at, ended=attributes)
    return found


_AGREEMENTS = """
    SELECT item_id, action, source, occurred_at, attributes FROM consent_event
     WHERE account_id = %(account)s
       AND (action IN ('granted', 'expired') OR action = 'renewed' AND source = 'check_in')
     ORDER BY sequence"""


def refused_through(session: Session, account_id: uuid.UUID, source: str) -> set[int]:
    """Tell which items the account ever said no to through `source`, by item id."""
    no = [Action.REFUSED.value, Action.WITHDRAWN.value, Action.OBJECTED.value]
    query = select(ConsentEvent.item_id).where(
        ConsentEvent.account_id == account_id, ConsentEvent.source == source, ConsentEvent.action.in_(no)
    )
    return set(session.scalars(query))


def act_of(row: Mapping[Any, Any], item: ItemRef | None) -> Act:
    """Tell an act by a row of its line, joined to detail and words: `part` is 0 for the asking, `at` its time."""
    is_asking = row["part"] == 0
    detail = row["detail"] or {}
    # The detail, and with it how it was asked for, is gone after an erasure; the line alone tells of the time.
    origin = detail.get("opt_in_request", {}) if is_asking else {**detail, **_origin(row)}
    return Act(
        cursor=Cursor(row["sequence"], is_asking),
        item=item,
        action=Action(row["action"]),
        at=row["at"],
        source=origin.get("source", ""),
        actor_kind=origin.get("actor") or row["actor_kind"],
        locale=origin.get("locale") or row["locale"],
        page=origin.get("page", ""),
        attributes=row["attributes"],
        legal_basis=row["legal_basis"],
        document_version=row["document_version"],
        words=row["text"] or "",
        words_locale=row["words_locale"] or row["locale"],
    )


def _acts(account_id: uuid.UUID, only: Collection[int] | None) -> CTE:
    """Name all acts by line, part (1 what the line did, 0 the asking before it) and time."""
    event = ConsentEvent
    lines = select(event.sequence, literal(1, Integer).label("part"), event.occurred_at.label("at"))
    asked_at = cast(event.attributes["asked_at"].astext, DateTime(timezone=True))
    askings = select(event.sequence, literal(0, Integer).label("part"), asked_at.label("at"))
    own = [event.account_id == account_id, *([event.item_id.in_(only)] if only is not None else [])]
    was_asked = event.attributes.has_key("asked_at") & event.action.in_([action.value for action in ANSWERS])
    return union_all(lines.where(*own), askings.where(*own, was_asked)).cte("acts")


def _page(acts: CTE, account_id: uuid.UUID, before: Cursor | None) -> Select[Any]:
    order = (acts.c.at, acts.c.sequence, acts.c.part)
    event = ConsentEvent
    query = (
        select(acts.c.part, acts.c.at, event.sequence, event.item_id, event.action, event.source, event.actor_kind,
               event.locale, event.attributes, event.legal_basis, event.document_version, EventDetail.detail,
               Notice.text, Notice.locale.label("words_locale"))
        .join(event, (event.account_id == account_id) & (event.sequence == acts.c.sequence))
        .outerjoin(EventDetail, (EventDetail.account_id == account_id) & (EventDetail.sequence == event.sequence))
        .outerjoin(Notice, Notice.digest == event.notice_digest)
        .order_by(*(column.desc() for column in order))
    )  # fmt: skip
    if before is None:
        return query
    last = select(*order).where(acts.c.sequence == before.sequence, acts.c.part == int(not before.is_asking))
    return query.where(tuple_(*order) < last.scalar_subquery())


def _origin(row: Mapping[Any, Any]) -> dict[str, str]:
    return {"source": row["source"], "actor": row["actor_kind"], "locale": row["locale"]}
