"""Re-consent: which of a person's consents rest on an older version of a document than one that asks anew.

Decisions say `reconsent_required` from the day on which such a version comes into force. People are asked before: whose
consent counts today, or would but for this. Never for what they left or paused, or what may not be sent anyway.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import InstrumentedAttribute

from app.branding.models import Kind, Site, SiteGroup
from app.branding.texts import Document, DocumentVersion
from app.db import Session
from app.environment import environment
from app.kit import clock
from app.models import Account, Consent, ReconsentRequest
from app.services import accounts, consents
from app.services.decisions import PRIVACY, Reason
from app.services.folding import State, Status
from app.services.items import ItemRef, items
from app.services.verdicts import verdicts


@dataclass(frozen=True, slots=True)
class Change:
    """A version of a document that asks anew: whose document, which, and its newest version that does."""

    site: Site
    document: Document
    version: DocumentVersion

    @property
    def name(self) -> str:
        """Name the version: `luxe/privacy/2027-01-15`."""
        return f"{self.site.slug}/{self.document.slug}/{self.version.version}"

    @property
    def is_of_account(self) -> bool:
        """Whether it is about the terms of a full account, a contract, rather than about consents."""
        return self.document.slug == accounts.TERMS


@dataclass(frozen=True, slots=True)
class Question:
    """What one person is asked about one change."""

    change: Change
    items: tuple[ItemRef, ...]
    since: date
    """From this day on nothing of it counts without a yes."""
    held: DocumentVersion | None
    """The oldest version that any of the items rests on; None where that is no version of this document."""

    @property
    def name(self) -> str:
        """Name the version that is asked about."""
        return self.change.name

    @property
    def is_past(self) -> bool:
        """Whether that day has come."""
        return self.since <= clock.now().date()


def questions(
    session: Session, account_id: uuid.UUID, states: Mapping[int, State] | None = None
) -> list[Question]:  # fmt: skip
    """List what an account is asked: about the group's documents, then those of its houses, in their order.

    `states` are the account's consents, where the caller has read them.
    """
    group, now = environment(session).group, clock.now()
    asking = list(changes(group))
    if not asking:
        return []
    if states is None:
        states = consents.current(session, account_id)
    registry = items(session, needed=states)
    resting = {
        item_id: change
        for item_id, state in states.items()
        if (change := _change_behind(group, registry.find(item_id))) and _is_older(state, change)
        and consents.is_running(state) and not (state.paused_until and state.paused_until > now)
    }  # fmt: skip
    counting = _counting(session, account_id, [registry.get(item_id) for item_id in resting]) if resting else []
    return [
        _question(change, [(item, states[item.id]) for item in counting if resting[item.id] == change])
        for change in asking
        if any(resting[item.id] == change for item in counting)
    ]


def changes(group: SiteGroup) -> Iterator[Change]:
    """List the newest versions that ask anew, of each notice and of the terms of accounts."""
    found = [(site, site.document(PRIVACY)) for site in (group, *group.brands.values())]
    for site, document in (*found, (group, group.document(accounts.TERMS))):
        if document and document.asking:
            yield Change(site, document, document.asking[-1])


def due(group: SiteGroup) -> list[Change]:
    """List the changes of notices that people are mailed about today: those that come into force in some days."""
    today = clock.now().date()
    latest = today + timedelta(days=group.reconsent.mail_days_before)
    found = []
    for change in changes(group):
        coming = [each.effective for each in change.document.asking if each.effective > today]
        if coming and min(coming) <= latest and not change.is_of_account:
            found.append(change)
    return found


def candidates(session: Session, change: Change, after: uuid.UUID, limit: int) -> Sequence[uuid.UUID]:
    """List accounts that may have to be mailed about a change, by ascending id after `after`, up to `limit`.

    Whether they do is for `questions` to tell; here those are left out who surely don't.
    """
    group, now = environment(session).group, clock.now()
    resting = [item.id for item in items(session) if _change_behind(group, item) == change]
    query = (
        select(Consent.account_id)
        .join(Account, Account.id == Consent.account_id)
        .where(
            Consent.item_id.in_(resting), Consent.status == Status.GRANTED.value, Consent.account_id > after,
            func.coalesce(Consent.document_version, "") < change.version.version.isoformat(),
            or_(Consent.paused_until.is_(None), Consent.paused_until <= now),
            or_(Consent.expires_at.is_(None), Consent.expires_at > now),
            Account.status == accounts.ACTIVE, ~exists().where(*_of(change, Consent.account_id)),
        )
    )  # fmt: skip
    return session.scalars(query.distinct().order_by(Consent.account_id).limit(limit)).all()


def note_asked(session: Session, account_id: uuid.UUID, change: Change) -> bool:
    """Note that an account is mailed about a change; False where it was before."""
    row = upsert(ReconsentRequest).values(
        account_id=account_id, site=change.site.slug, document=change.document.slug,
        version=change.version.version.isoformat(), asked_at=clock.now(),
    )  # fmt: skip
    return session.scalar(row.on_conflict_do_nothing().returning(ReconsentRequest.account_id)) is not None


def asked(session: Session, account_id: uuid.UUID) -> Sequence[ReconsentRequest]:
    """List what an account was mailed about, oldest first."""
    query = select(ReconsentRequest).where(ReconsentRequest.account_id == account_id)
    return session.scalars(query.order_by(ReconsentRequest.asked_at)).all()


def writer(session: Session, question: Question) -> Site:
    """Give who writes to the person: the one house that it concerns, else whose document it is."""
    group = environment(session).group
    houses = {item.brand for item in question.items}
    only = houses.pop() if len(houses) == 1 else None
    return group.brands.get(only or "") or question.change.site


def difference(question: Question) -> str:
    """Give the path, below its site, of the page that shows what changes; of the new text where none is older."""
    version, path = question.change.version, f"documents/{question.change.document.slug}"
    earlier = [each for each in question.change.document.versions if each.version < version.version]
    against = question.held or (earlier[-1] if earlier else None)
    shown = f"{path}?version={version.version}"
    return f"{shown}&against={against.version}" if against else shown


def _change_behind(group: SiteGroup, item: ItemRef | None) -> Change | None:
    """Find the change of what an item rests on: of a house's own notice, else the group's; of accounts, the terms."""
    if item is None or item.is_retired or (item.brand and item.brand not in group.brands):
        return None
    site: Site = group.brands[item.brand] if item.brand else group
    if item.kind is Kind.DOCUMENT:
        document = group.document(item.key) if item.key == accounts.TERMS and item.brand is None else None
    else:
        site = site if site.document(PRIVACY) else group
        document = site.document(PRIVACY)
    return Change(site, document, document.asking[-1]) if document and document.asking else None


def _is_older(state: State, change: Change) -> bool:
    return (state.document_version or "") < change.version.version.isoformat()


def _counting(session: Session, account_id: uuid.UUID, wanted: Sequence[ItemRef]) -> list[ItemRef]:
    """Keep what counts today, or would but for this: by the very decision that senders get."""
    account = accounts.find(session, account_id)
    if account is None or account.status != accounts.ACTIVE:
        return []
    brand = next(iter(environment(session).group.brands))
    judged = verdicts(session, account_id, wanted, brand)
    return [item for item in wanted if judged[item.id].allowed or judged[item.id].reason is Reason.RECONSENT_REQUIRED]


def _question(change: Change, resting: Sequence[tuple[ItemRef, State]]) -> Question:
    oldest = min(state.document_version or "" for _, state in resting)
    newer = [each.effective for each in change.document.asking if each.version.isoformat() > oldest]
    held = next((each for each in change.document.versions if each.version.isoformat() == oldest), None)
    return Question(change, tuple(item for item, _ in resting), min(newer), held)


def _of(change: Change, account_id: InstrumentedAttribute[uuid.UUID]) -> tuple[ColumnElement[bool], ...]:
    return (
        ReconsentRequest.account_id == account_id, ReconsentRequest.site == change.site.slug,
        ReconsentRequest.document == change.document.slug,
        ReconsentRequest.version == change.version.version.isoformat(),
    )  # fmt: skip
