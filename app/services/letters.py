"""What a message has to say at the moment it is sent, or why it says nothing any more.

The courier turns a `Letter` into subject, text and HTML; here it is decided what goes into it, from the present state
of the database rather than from that of the moment it was queued.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select

from app.branding.models import Brand
from app.db import Session
from app.environment import environment
from app.kit import clock
from app.models import Account, Consent, Message, Notice, OptInItem, OptInRequest
from app.services import (
    account_letters,
    address_letters,
    changes,
    check_in_letters,
    deliverability,
    messages,
    offers,
    phones,
    privacy_letters,
    reconsent_letters,
    suppressions,
    tokens,
)
from app.services.deliverability import Column
from app.services.items import items
from app.services.message_kinds import TEXTS
from app.services.messages import MessageKind
from app.services.stationery import Desk, Drop, Letter, Line, typed_address
from app.services.tokens import LeaveTarget

__all__ = ["Drop", "Letter", "Line", "prepare"]

ITEMS = "items"
"""Key of a welcome's context: ids of the items just agreed to; without it all granted ones of the brand are listed."""


LINKS = (MessageKind.CONFIRM, MessageKind.ACCESS, MessageKind.REGISTER, MessageKind.PASSWORD_RESET)
"""Kinds of which the newest says all that older ones would."""


def prepare(session: Session, message: Message) -> Letter | Drop:
    """Decide what `message` says now: its cause must still stand, and no suppression stand in its way."""
    site = environment(session).group.site(message.brand)
    if site is None:
        return Drop("retired")
    to = typed_address(session, message.address_digest, "phone" if message.kind in TEXTS else "email")
    if to is None:
        return Drop("unknown")
    if message.kind in LINKS and messages.is_followed(session, message):
        # After hours without a courier, or a mail server, one link is as good as three (invariant 11).
        return Drop("superseded")
    return _WRITERS[MessageKind(message.kind)](Desk(session, message, site, to))


def _confirm(desk: Desk) -> Letter | Drop:
    query = select(OptInRequest).where(
        OptInRequest.address_digest == desk.message.address_digest,
        OptInRequest.id == desk.message.request_id,
        OptInRequest.outcome == "pending",
        OptInRequest.expires_at > clock.now(),
    )
    request = desk.session.scalar(query)
    return _confirmation(desk, request) if request else Drop("superseded")


def _confirmation(desk: Desk, request: OptInRequest) -> Letter | Drop:
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


def _asked(desk: Desk, request: OptInRequest) -> tuple[Line, ...]:
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


def _access(desk: Desk) -> Letter | Drop:
    """Write an access link; to an address that has only asked so far, the confirmation again, which is what it needs.

    The public answer was the same for all; only the mailbox's owner learns which case it is.
    """
    account = desk.account()
    if account is None:
        return _access_of_stranger(desk)
    refused = deliverability.refusal(desk.session, desk.message)
    if refused:
        return Drop(refused)
    return _access_link(desk)


def _access_of_stranger(desk: Desk) -> Letter | Drop:
    """Write to an address without account: the way back for one that must not be contacted, where its owner may."""
    if suppressions.liftable(desk.session, [desk.message.address_digest]):
        refused = deliverability.refusal(desk.session, desk.message)
        return Drop(refused) if refused else _access_link(desk)
    request = _live_request(desk)
    return _confirmation(desk, request) if request else Drop("unknown")


def _access_link(desk: Desk) -> Letter:
    link = tokens.access_link(desk.session, desk.site.slug, desk.message.id)
    return desk.letter(MessageKind.ACCESS, action=link, expires_at=clock.now() + tokens.ACCESS_MAX_AGE)


def _live_request(desk: Desk) -> OptInRequest | None:
    query = select(OptInRequest).where(
        OptInRequest.address_digest == desk.message.address_digest,
        OptInRequest.outcome == "pending",
        OptInRequest.expires_at > clock.now(),
    )
    if isinstance(desk.site, Brand):
        query = query.where(OptInRequest.brand == desk.site.slug)
    return desk.session.scalar(query.order_by(OptInRequest.created_at.desc()).limit(1))


def _welcome(desk: Desk) -> Letter | Drop:
    account = desk.account()
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


def _summary(desk: Desk) -> Letter | Drop:
    account = desk.account()
    if account is None:
        return Drop("unknown")
    found = changes.since(desk.session, account.id, desk.message.created_at, desk.message.context)
    told = _of_site(desk, sorted(found))
    if not told:
        return Drop("nothing_changed")
    facts = [(item_id, {"since": found[item_id].at, "change": found[item_id]}) for item_id in told]
    return _about(desk, account, MessageKind.SUMMARY, _lines(desk.session, facts))


def _about(desk: Desk, account: Account, kind: MessageKind, lines: tuple[Line, ...]) -> Letter | Drop:
    refused = deliverability.refusal(desk.session, desk.message)
    if refused or account.status != "active":
        return Drop(refused or account.status)
    slug = desk.site.slug
    manage = tokens.manage_link(desk.session, slug, account.id)
    is_brand = isinstance(desk.site, Brand)
    target = LeaveTarget(account.id, brand=slug) if is_brand else LeaveTarget(account.id, everywhere=True)
    leave = tokens.unsubscribe_link(desk.session, slug, target)
    return desk.letter(kind, lines=lines, action=manage, manage=manage, unsubscribe=leave)


def _of_site(desk: Desk, item_ids: Iterable[int]) -> list[int]:
    """Keep the subscriptions of the brand the mail comes from; of all brands when it comes from the group."""
    known, is_brand = items(desk.session), isinstance(desk.site, Brand)
    found = [known.get(item_id) for item_id in item_ids]
    return [item.id for item in found if item.channel and (item.brand == desk.site.slug or not is_brand)]


def _lines(session: Session, facts: Iterable[tuple[int, dict[str, Any]]]) -> tuple[Line, ...]:
    group, known = environment(session).group, items(session)
    found = [(known.get(item_id), parts) for item_id, parts in facts]
    return tuple(
        Line(brand, item, **parts)
        for brand in group.brands.values()
        for item, parts in sorted(found, key=lambda fact: offers.place(brand, fact[0]))
        if item.brand == brand.slug
    )


def _phone_code(desk: Desk) -> Letter | Drop:
    """Tell the code that the account waits for; nothing where it waits no more, or for a younger one."""
    asker = desk.message.account_id
    code = phones.code_of(desk.session, asker, desk.message.id) if asker else None
    if code is None:
        return Drop("superseded")
    refused = deliverability.refusal(desk.session, desk.message)
    return Drop(refused) if refused else desk.letter(MessageKind.PHONE_CODE, code=code)


_WRITERS: dict[MessageKind, Callable[[Desk], Letter | Drop]] = {
    MessageKind.CONFIRM: _confirm,
    MessageKind.WELCOME: _welcome,
    MessageKind.ACCESS: _access,
    MessageKind.SUMMARY: _summary,
    MessageKind.ADDRESS_AGREE: address_letters.agree,
    MessageKind.ADDRESS_PROVE: address_letters.prove,
    MessageKind.ADDRESS_MOVED: address_letters.moved,
    MessageKind.ADDRESS_LEFT: address_letters.left,
    MessageKind.REGISTER: account_letters.register,
    MessageKind.PASSWORD_RESET: lambda desk: account_letters.reset(desk) or _access(desk),
    MessageKind.PASSWORD_CHANGED: account_letters.password_changed,
    MessageKind.NEW_DEVICE: account_letters.new_device,
    MessageKind.STEP_UP: privacy_letters.step_up_letter,
    MessageKind.EXPORT_READY: privacy_letters.export_ready,
    MessageKind.ERASURE_ASKED: privacy_letters.erasure_asked,
    MessageKind.PRIVACY_REFERRAL: privacy_letters.referral,
    MessageKind.SECURITY_CHANGED: account_letters.security_changed,
    MessageKind.PHONE_CODE: _phone_code,
    MessageKind.CHECK_IN: check_in_letters.check_in,
    MessageKind.CHECK_IN_REMINDER: check_in_letters.check_in,
    MessageKind.RECONSENT: reconsent_letters.ask_anew,
}
