"""The record of one item of one account: what the ledger holds of it, up to a line, with where that led.

A record is named by its newest line, `<account id>.<sequence>`: what was recorded up to then never changes, so neither
does the record. Only the personal details of lines may be gone from it, once they were erased.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.branding.models import Brand, Kind, LegalBasis, Site, SiteGroup
from app.branding.texts import Document, Words
from app.db import Session
from app.environment import environment
from app.models import Account, ConsentEvent, EventDetail, Notice
from app.services import dpv, folding, ledger
from app.services.accounts import ERASED
from app.services.decisions import PRIVACY
from app.services.folding import Action, Line, State
from app.services.history import ANSWERS, Act, act_of
from app.services.items import ItemRef, items

_ID = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([1-9][0-9]{0,14})")
MOST = 10**15
"""No ledger of one person is as long; the database takes no number of any length."""

_ADJUSTING = frozenset({Action.PAUSED, Action.RESUMED, Action.CHANGED})
"""What leaves standing what was said before."""


@dataclass(frozen=True, slots=True)
class Step:
    """One act of the item's history. A line that came from a request tells of two: the asking, and itself."""

    act: Act
    line: Line
    actor: str
    notice: bytes | None
    """The digest of the words seen."""
    mac: bytes

    @property
    def term(self) -> str:
        """Where it led, in the vocabulary's words."""
        if self.act.is_asking:
            return dpv.REQUESTED
        return dpv.outcome(self.line.action, self.line.status, self.line.legal_basis)


@dataclass(frozen=True, slots=True)
class NoticeVersion:
    """A version of a document of a site."""

    site: Site
    document: Document
    version: date


@dataclass(frozen=True, slots=True)
class Record:
    """The record of an item as of its line `sequence`; `newest` is the item's last line by now."""

    account_id: uuid.UUID
    sequence: int
    newest: int
    item: ItemRef
    steps: Sequence[Step]
    state: State | None
    """Where it stood after that line; None where that was struck out."""

    @property
    def id(self) -> str:
        """The name of the record."""
        return id_of(self.account_id, self.sequence)

    @property
    def legal_basis(self) -> LegalBasis:
        """What it rests on."""
        return LegalBasis(self.steps[-1].line.legal_basis)

    @property
    def deciding(self) -> Step:
        """The last step that said yes or no, or ended it."""
        said = [step for step in self.steps if step.line.action not in _ADJUSTING]
        return (said or self.steps)[-1]

    @property
    def since(self) -> datetime:
        """When the person said what holds: confirmed, left, or said no."""
        if self.state and self.is_yes:
            return self.state.confirmed_at or self.state.granted_at or self.deciding.act.at
        return self.deciding.act.at

    @property
    def is_yes(self) -> bool:
        """Whether it stood at yes after its last line; its date of expiry may be over all the same."""
        return self.steps[-1].term in dpv.YES_TERMS


def id_of(account_id: uuid.UUID, sequence: int) -> str:
    """Name the record that ends with a line."""
    return f"{account_id}.{sequence}"


def read_id(text: str) -> tuple[uuid.UUID, int] | None:
    """Read account and line from the name of a record; None from anything else."""
    found = _ID.fullmatch(text)
    return (uuid.UUID(found[1]), int(found[2])) if found else None


def find(session: Session, account_id: uuid.UUID, sequence: int) -> Record | None:
    """Give the record that ends with a line; None where there is no such line or the account was erased.

    One statement for account and lines, however many there are.
    """
    if not 0 < sequence < MOST:
        return None
    rows = [dict(row) for row in session.execute(_lines(account_id, sequence)).mappings()]
    if not rows:
        return None
    item = items(session, needed={rows[0]["item_id"]}).get(rows[0]["item_id"])
    told = [row for row in rows if row["sequence"] <= sequence]
    return Record(
        account_id=account_id,
        sequence=sequence,
        newest=rows[-1]["sequence"],
        item=item,
        steps=[step for row in told for step in _steps(row, item)],
        state=folding.fold(ledger.line_of(row) for row in told),
    )


def site_of(group: SiteGroup, record: Record) -> Site:
    """Give the house that is answerable; the group for its own items, and for those of a house that is gone."""
    return group.brands.get(record.item.brand or "") or group


def privacy_notice(session: Session, record: Record) -> NoticeVersion | None:
    """Find the version of the privacy notice that the record rests on: as the ledger has it, else as it was in force.

    None where there was none yet. A document that was accepted is no privacy notice; its record tells of both.
    """
    noted = record.state.document_version if record.state and record.item.kind is not Kind.DOCUMENT else None
    if found := version_of(session, record, noted):
        return found
    group = environment(session).group
    house, day = site_of(group, record), record.since.date()
    site = house if house.document(PRIVACY) else group
    document = site.document(PRIVACY)
    in_force = document.in_force(day) if document else None
    if document is None or in_force is None or in_force.effective > day:
        return None
    return NoticeVersion(site, document, in_force.version)


def accepted(session: Session, record: Record) -> NoticeVersion | None:
    """Find the version of the document that was accepted; None where the record is about something else."""
    if record.item.kind is not Kind.DOCUMENT or record.state is None:
        return None
    return version_of(session, record, record.state.document_version)


def version_of(session: Session, record: Record, noted: str | None) -> NoticeVersion | None:
    """Find the version that a line notes: of the privacy notice, or of the document that the record is about.

    None where none is noted, or where `brands/` has it no longer.
    """
    group = environment(session).group
    slug = record.item.key if record.item.kind is Kind.DOCUMENT else PRIVACY
    house = site_of(group, record)
    site = house if house.document(slug) else group
    document = site.document(slug)
    version = _version(document, noted) if document else None
    return NoticeVersion(site, document, version) if document and version else None


def words_of(site: Site, item: ItemRef) -> tuple[Words, Words]:
    """Give what a site calls an item of its own and how it describes it, by locale; empty where it no longer has it."""
    if item.kind is Kind.DOCUMENT:
        document = site.document(item.key)
        return (document.title, {}) if document else ({}, {})
    if item.kind is Kind.PURPOSE:
        purpose = site.purpose(item.key)
        return (purpose.name, purpose.description) if purpose else ({}, {})
    topic = site.topic(item.key) if isinstance(site, Brand) else None
    return (topic.name, topic.description) if topic else ({}, {})


def _version(document: Document, noted: str | None) -> date | None:
    return next((each.version for each in document.versions if each.version.isoformat() == noted), None)


def _lines(account_id: uuid.UUID, sequence: int) -> Any:
    event = ConsentEvent
    own = event.account_id == account_id
    item = select(event.item_id).where(own, event.sequence == sequence).correlate(None).scalar_subquery()
    return (
        select(*event.__table__.columns, EventDetail.detail, Notice.text, Notice.locale.label("words_locale"))
        .join(Account, (Account.id == event.account_id) & (Account.status != ERASED))
        .outerjoin(EventDetail, (EventDetail.account_id == event.account_id) & (EventDetail.sequence == event.sequence))
        .outerjoin(Notice, Notice.digest == event.notice_digest)
        .where(own, event.item_id == item)
        .order_by(event.sequence)
    )


def _steps(row: Mapping[Any, Any], item: ItemRef) -> list[Step]:
    """Give the acts a line tells of, oldest first."""
    line = ledger.line_of(row)
    asked_at = line.attributes.get("asked_at") if line.action in ANSWERS else None
    moments = [(0, datetime.fromisoformat(asked_at))] if asked_at else []
    return [
        Step(act_of({**row, "part": part, "at": at}, item), line, row["actor_kind"], row["notice_digest"], row["mac"])
        for part, at in (*moments, (1, line.occurred_at))
    ]
