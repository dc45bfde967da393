"""The mail that asks before a document changes whether things shall go on."""

from __future__ import annotations

from app.environment import environment
from app.services import deliverability, reconsent, reconsent_words, tokens
from app.services.messages import QUESTION, MessageKind
from app.services.stationery import Desk, Drop, Letter
from app.services.tokens import LeaveTarget


def ask_anew(desk: Desk) -> Letter | Drop:
    """Ask, unless it was answered meanwhile, or the day has come: then decisions, the centre and sign-in say so."""
    account = desk.account()
    if account is None or account.id != desk.message.account_id:
        return Drop("unknown")
    refused = deliverability.refusal(desk.session, desk.message)
    if refused or account.status != "active":
        return Drop(refused or account.status)
    name = desk.message.context.get(QUESTION)
    question = next((each for each in reconsent.questions(desk.session, account.id) if each.name == name), None)
    if question is None:
        return Drop("answered")
    if question.is_past:
        return Drop("too_late")
    slug, group = desk.site.slug, environment(desk.session).group
    locale = desk.letter(MessageKind.RECONSENT).locale
    target = LeaveTarget(account.id, everywhere=True) if slug == group.slug else LeaveTarget(account.id, brand=slug)
    return desk.letter(
        MessageKind.RECONSENT,
        asked=reconsent_words.told(group, question, locale),
        action=tokens.reconsent_link(desk.session, slug, desk.message.id),
        manage=tokens.manage_link(desk.session, slug, account.id),
        unsubscribe=tokens.unsubscribe_link(desk.session, slug, target),
        differs=tokens.page_link(desk.session, question.change.site.slug, reconsent.difference(question)),
    )
