"""What a message has to say at the moment it is sent, or why it says nothing any more.

The courier turns a `Letter` into subject, text and HTML; here it is decided what goes into it, from the present state
of the database rather than from that of the moment it was queued.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.branding.models import Brand, Site
from app.db import Session
from app.environment import environment
from app.kit import clock
from app.models import Account, AddressRow, Consent, ContactPoint, Message, Notice, OptInItem, OptInRequest
from app.services import changes, deliverability, suppressions, tokens
from app.services.changes import Change
from app.services.deliverability import Column
from app.services.items import ItemRef, items
from app.services.messages import MessageKind
from app.services.tokens import LeaveTarget

ITEMS = "items"
"""Key of a welcome's context: ids of the items just agreed to; without it all granted ones of the brand are listed."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing is sent, for this reason."""

    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """One item as a mail lists it: `statement` is the wording seen, `since` when it was confirmed."""

    brand: Brand
    item: ItemRef
    statement: str = ""
    since: datetime | None = None
    change: Change | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything a mail is made of. Links that a kind does not offer are empty."""

    kind: MessageKind
    site: Site
    locale: str
    to: str
    message_id: str
    lines: tuple[Line, ...] = ()
    action: str = ""
    request_id: uuid.UUID | None = None
    expires_at: datetime | None = None
    never: str = ""
    manage: str = ""
    unsubscribe: str = ""


@dataclass(frozen=True, slots=True)
class _Desk:
    """What every kind of letter starts from."""

    session: Session
    message: Message
    site: Site
    to: str

    def letter(self, kind: MessageKind, **parts: Any) -> Letter:
        locale = self.site.locale(self.message.locale)
        return Letter(kind, self.site, locale, self.to, self.message.message_id, **parts)


def prepare(session: Session, message: Message) -> Letter | Drop:
    """Decide what `message` says now: its cause must still stand, and no suppression stand in its way."""
    site = environment(session).group.site(message.brand)
    if site is None:
        return Drop("retired")
    to = _typed_address(session, message.address_digest)
    if to is None:
        return Drop("unknown")
    return _WRITERS[MessageKind(message.kind)](_Desk(session, message, site, to))


def _confirm(desk: _Desk) -> Letter | Drop:
    query = select(OptInRequest).where(
        OptInRequest.address_digest == desk.message.address_digest,
        OptInRequest.id == desk.message.request_id,
        OptInRequest.outcome == "pending",
        OptInRequest.expires_at > clock.now(),
    )
    request = desk.session.scalar(query)
    return _confirmation(desk, request) if request else Drop("superseded")


def _confirmation(desk: _Desk, request: OptInRequest) -> Letter | Drop:
    refused = deliverability.refusal(desk.session, desk.message, Column.CONFIRMATION)
    if refused:
        return Drop(refused)
    lines = _asked(desk, request)
    if not lines:
        return Drop("superseded")
    return desk.letter(
        MessageKind.CONFIRM,
        lines=lines,
        request_id=request.id,
        action=tokens.confirm_link(desk.session, request.brand, request.id),
        expires_at=request.expires_at,
        never=tokens.never_link(desk.session, request.brand, desk.message.address_digest),
    )


def _asked(desk: _Desk, request: OptInRequest) -> tuple[Line, ...]:
    query = (
        select(OptInItem.item_id, Notice.text)
        .outerjoin(Notice, Notice.digest == OptInItem.notice_digest)
        .where(
            OptInItem.address_digest == request.address_digest,
            OptInItem.request_id == request.id,
            OptInItem.confirmed_at.is_(None),
            OptInItem.cancelled_at.is_(None),
        )
        .order_by(OptInItem.item_id)
    )
    return _lines(desk.session, ((item_id, {"statement": text or ""}) for item_id, text in desk.session.execute(query)))


def _access(desk: _Desk) -> Letter | Drop:
    """Write an access link; to an address that has only asked so far, the confirmation again, which is what it needs.

    The public answer was the same for all; only the mailbox's owner learns which case it is.
    """
    account = _account(desk)
    if account is None:
        return _access_of_stranger(desk)
    refused = deliverability.refusal(desk.session, desk.message)
    if refused:
        return Drop(refused)
    return _access_link(desk)


def _access_of_stranger(desk: _Desk) -> Letter | Drop:
    """Write to an address without account: the way back for one that asked never to be contacted."""
    if suppressions.is_stopped(desk.session, [desk.message.address_digest]):
        return _access_link(desk)
    request = _live_request(desk)
    return _confirmation(desk, request) if request else Drop("unknown")


def _access_link(desk: _Desk) -> Letter:
    link = tokens.access_link(desk.session, desk.site.slug, desk.message.id)
    return desk.letter(MessageKind.ACCESS, action=link, expires_at=clock.now() + tokens.ACCESS_MAX_AGE)


def _live_request(desk: _Desk) -> OptInRequest | None:
    query = select(OptInRequest).where(
        OptInRequest.address_digest == desk.message.address_digest,
        OptInRequest.outcome == "pending",
        OptInRequest.expires_at > clock.now(),
    )
    if isinstance(desk.site, Brand):
        query = query.where(OptInRequest.brand == desk.site.slug)
    return desk.session.scalar(query.order_by(OptInRequest.created_at.desc()).limit(1))


def _welcome(desk: _Desk) -> Letter | Drop:
    account = _account(desk)
    if account is None:
        return Drop("unknown")
    only = desk.message.context.get(ITEMS)
    query = select(Consent).where(Consent.account_id == account.id, Consent.status == "granted")
    rows = {row.item_id: row for row in desk.session.scalars(query) if only is None or row.item_id in only}
    told = _of_site(desk, sorted(rows))
    if not told:
        return Drop("superseded")
    facts: list[tuple[int, dict[str, Any]]] = [
        (item_id, {"since": rows[item_id].confirmed_at or rows[item_id].granted_at}) for item_id in told
    ]
    return _about(desk, account, MessageKind.WELCOME, _lines(desk.session, facts))


def _summary(desk: _Desk) -> Letter | Drop:
    account = _account(desk)
    if account is None:
        return Drop("unknown")
    found = changes.since(desk.session, account.id, desk.message.created_at, desk.message.context)
    told = _of_site(desk, sorted(found))
    if not told:
        return Drop("nothing_changed")
    facts = [(item_id, {"since": found[item_id].at, "change": found[item_id]}) for item_id in told]
    return _about(desk, account, MessageKind.SUMMARY, _lines(desk.session, facts))


def _about(desk: _Desk, account: Account, kind: MessageKind, lines: tuple[Line, ...]) -> Letter | Drop:
    refused = deliverability.refusal(desk.session, desk.message)
    if refused or account.status != "active":
        return Drop(refused or account.status)
    slug = desk.site.slug
    manage = tokens.manage_link(desk.session, slug, account.id)
    leave = tokens.unsubscribe_link(desk.session, slug, LeaveTarget(account.id, brand=slug))
    return desk.letter(kind, lines=lines, action=manage, manage=manage, unsubscribe=leave)


def _account(desk: _Desk) -> Account | None:
    query = (
        select(Account)
        .join(ContactPoint, ContactPoint.account_id == Account.id)
        .where(ContactPoint.address_digest == desk.message.address_digest, Account.status != "erased")
    )
    return desk.session.scalar(query)


def _typed_address(session: Session, digest: bytes) -> str | None:
    sealed = session.scalar(select(AddressRow.sealed).where(AddressRow.digest == digest, AddressRow.kind == "email"))
    return environment(session).sealer.open(sealed) if sealed else None


def _of_site(desk: _Desk, item_ids: Iterable[int]) -> list[int]:
    """Keep the subscriptions of the brand the mail comes from; of all brands when it comes from the group."""
    known, is_brand = items(desk.session), isinstance(desk.site, Brand)
    found = [known.get(item_id) for item_id in item_ids]
    return [item.id for item in found if item.channel and (item.brand == desk.site.slug or not is_brand)]


def _lines(session: Session, facts: Iterable[tuple[int, dict[str, Any]]]) -> tuple[Line, ...]:
    group, known = environment(session).group, items(session)
    found = [(known.get(item_id), parts) for item_id, parts in facts]
    return tuple(Line(group.brands[item.brand], item, **parts) for item, parts in found if item.brand in group.brands)


_WRITERS: dict[MessageKind, Callable[[_Desk], Letter | Drop]] = {
    MessageKind.CONFIRM: _confirm,
    MessageKind.WELCOME: _welcome,
    MessageKind.ACCESS: _access,
    MessageKind.SUMMARY: _summary,
}
