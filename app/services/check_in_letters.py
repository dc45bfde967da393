"""What the mails of a check-in say: all that one gets, and until when an answer counts."""

from __future__ import annotations

import uuid

from app.branding.models import CheckIn as Settings
from app.branding.models import SiteGroup
from app.environment import environment
from app.models import Account, CheckIn
from app.services import accounts, check_in_words, check_ins, deliverability, tokens
from app.services.changes import Change, Kind
from app.services.check_ins import About, Outcome
from app.services.messages import MessageKind
from app.services.stationery import Desk, Drop, Letter, Line
from app.services.tokens import LeaveTarget


def check_in(desk: Desk) -> Letter | Drop:
    """Write the question, or the reminder; nothing to whoever has answered meanwhile, in whatever way."""
    account = desk.account()
    named = desk.message.context.get(check_ins.CONTEXT, "")
    row = check_ins.find(desk.session, account.id, uuid.UUID(named)) if account and named else None
    settings = environment(desk.session).group.check_in
    if account is None or row is None or settings is None:
        return Drop("unknown")
    if row.outcome != Outcome.OPEN or check_ins.has_acted(desk.session, row, account):
        return Drop("answered")
    refused = deliverability.refusal(desk.session, desk.message)
    if refused or account.status != accounts.ACTIVE:
        return Drop(refused or account.status)
    about = check_ins.asked_about(desk.session, account.id, desk.message.address_digest)
    about = [each for each in about if each.item.id in row.item_ids]
    return _letter(desk, account, row, about, settings) if about else Drop("superseded")


def _letter(desk: Desk, account: Account, row: CheckIn, about: list[About], settings: Settings) -> Letter:
    slug = desk.site.slug
    is_group = isinstance(desk.site, SiteGroup)
    target = LeaveTarget(account.id, everywhere=True) if is_group else LeaveTarget(account.id, brand=slug)
    return desk.letter(
        MessageKind(desk.message.kind),
        lines=tuple(_line(desk, each) for each in check_in_words.in_order(desk.session, about)),
        action=tokens.check_in_link(desk.session, slug, account.id, row.id),
        manage=tokens.manage_link(desk.session, slug, account.id),
        unsubscribe=tokens.unsubscribe_link(desk.session, slug, target),
        expires_at=check_ins.ends(desk.session, row, settings),
    )


def _line(desk: Desk, about: About) -> Line:
    state = about.state
    since = state.confirmed_at or state.granted_at or state.updated_at
    change = Change(Kind.JOINED, since, frequency=state.frequency)
    return Line(check_in_words.site_of(desk.session, about.item), about.item, change=change)
