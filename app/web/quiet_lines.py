"""The quiet line under a switch: since when, how and how it was agreed, or why nothing comes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from app.branding.catalogue import N_, translations
from app.branding.models import BY_RELATION, Brand, Channel
from app.branding.wording import channel_words
from app.kit.provenance import Source
from app.services import check_ins
from app.services.decisions import CONTACT_KIND, Reason
from app.services.folding import State, Status
from app.services.history import Agreement
from app.services.items import ItemRef
from app.services.standing import Standing
from app.web.sayings import day, listing

AGREED = {
    Source.CONFIRMATION.value: N_("Yes since %(date)s, %(channel)s, confirmed from your inbox."),
    Source.CENTRE.value: N_("Yes since %(date)s, %(channel)s, switched on here."),
    Source.FORM.value: N_("Yes since %(date)s, %(channel)s, asked for on our site."),
    Source.API.value: N_("Yes since %(date)s, %(channel)s, as %(house)s noted it."),
    Source.FILE.value: N_("Yes since %(date)s, %(channel)s, from the records of %(house)s."),
}
"""How an item was agreed to, by what it came through."""

NOTHING_COMES = {
    Reason.SUPPRESSED: N_("Nothing is sent, for the reason at the top of this page."),
    Reason.UNVERIFIED_CONTACT: N_("Nothing is sent: we have no confirmed address for this channel."),
    Reason.EXPIRED: N_("Nothing is sent: your yes has run out."),
    Reason.RESTRICTED: N_("Nothing is sent: you asked us to hold your data still."),
    Reason.RECONSENT_REQUIRED: N_("Nothing is sent until you have agreed to our new terms."),
    Reason.RETIRED: N_("This is no longer offered, so nothing is sent."),
}

_NO_NUMBER = N_("Needs a telephone number, and we have none of yours.")
_NUMBER = N_("Also %(ways)s, once we have your telephone number: write to %(contact)s.")
_ADDRESS = N_("Also %(ways)s, once we have your postal address: write to %(contact)s.")
_HERE = {
    "phone": N_("Also %(ways)s, once we have your phone number."),
    "post": N_("Also %(ways)s, once we have your postal address."),
}

NEEDS = {
    Channel.SMS: _NO_NUMBER,
    Channel.WHATSAPP: _NO_NUMBER,
    Channel.PHONE: _NO_NUMBER,
    Channel.POST: N_("Needs a postal address, and we have none of yours."),
}
"""What a channel needs that the person has not given."""

ONCE_KNOWN = {Channel.SMS: _NUMBER, Channel.WHATSAPP: _NUMBER, Channel.PHONE: _NUMBER, Channel.POST: _ADDRESS}
"""How a channel can be had all the same."""


def is_on(known: Standing) -> bool:
    """Tell whether the switch of an item stands on: it was agreed to and has not run out, or needs no asking."""
    if known.state is None:
        return known.effective is not None and known.effective.allowed
    return known.state.status is Status.GRANTED and not has_run_out(known)


def line(brand: Brand, known: Standing, agreed: Agreement, channel: str, locale: str) -> str:
    """Say where an item stands. `channel` are its words, "by e-mail"."""
    state, _ = known.state, translations(locale).gettext
    if known.pending_since is not None and not is_on(known):
        sentence = _("You asked for this on %(date)s; the mail to confirm it is in your inbox.")
        return sentence % {"date": day(known.pending_since, locale)}
    if state is None:
        return _("Sent without your asking, since you are our customer. Switch it off and it ends.")
    if state.status is Status.EXPIRED and agreed.ended.get("cause"):
        return ended(agreed, locale)
    if state.status is Status.EXPIRED or has_run_out(known):
        return _("Your yes from %(date)s has run out.") % {"date": day(state.confirmed_at or state.granted_at, locale)}
    if state.status is Status.GRANTED:
        return _granted(brand, state, agreed, channel, locale)
    sentence = _("You said no on %(date)s.") if state.status is Status.REFUSED else _("You left on %(date)s.")
    return sentence % {"date": day(state.withdrawn_at, locale)}


def warning(item: ItemRef, known: Standing | None, locale: str, *, can_turn_on: bool) -> str:
    """Say why nothing comes although the switch is on, or why it can't be turned on."""
    effective, _ = known.effective if known else None, translations(locale).gettext
    if known and effective and is_on(known):
        if effective.reason is Reason.PAUSED and known.state:
            return _("Paused until %(date)s.") % {"date": day(known.state.paused_until, locale)}
        reason = NOTHING_COMES.get(effective.reason)
        return _(reason) if reason else ""
    lacking = None if can_turn_on else NEEDS.get(item.channel or Channel.EMAIL)
    return _(lacking) if lacking else ""


def needs(channel: Channel, locale: str) -> str:
    """Say what has to be there on the person's side. No contact point stands for a device: nobody can tell for sure."""
    return translations(locale).gettext("Needs our app on your phone.") if channel is Channel.PUSH else ""


def out_of_reach(brand: Brand, channels: Iterable[Channel], locale: str, ways: Collection[str]) -> list[str]:
    """Say how to get what comes over channels for which the person has given no number or address.

    Where there is a page for a kind of address (`ways`), a link beside these words leads there.
    """
    told: dict[str, list[str]] = {}
    for channel in channels:
        kind = CONTACT_KIND[channel]
        sentence = _HERE[kind] if kind in ways else ONCE_KNOWN[channel]
        told.setdefault(sentence, []).append(channel_words(channel, locale))
    gettext, contact = translations(locale).gettext, brand.controller.contact
    return [
        gettext(sentence) % {"ways": listing(found, locale), "contact": contact} for sentence, found in told.items()
    ]  # fmt: skip


def _granted(brand: Brand, state: State, agreed: Agreement, channel: str, locale: str) -> str:
    since, _ = day(state.confirmed_at or state.granted_at, locale), translations(locale).gettext
    if state.legal_basis in BY_RELATION:
        sentence = _("Since %(date)s, %(channel)s, because you are a customer. Switch it off and it ends.")
    elif agreed.through in AGREED:
        sentence = _(AGREED[agreed.through])
    else:
        sentence = _("Yes since %(date)s, %(channel)s.")
    return kept(sentence % {"date": since, "channel": channel, "house": brand.name}, agreed, locale)


def kept(since: str, agreed: Agreement, locale: str) -> str:
    """Add to what says since when, that it was kept when the person was asked."""
    if agreed.kept_at is None:
        return since
    gettext = translations(locale).gettext
    told = gettext("You kept this on %(date)s.") % {"date": day(agreed.kept_at, locale)}
    return gettext("%(since)s %(kept)s") % {"since": since, "kept": told}


def ended(agreed: Agreement, locale: str) -> str:
    """Say why something ended by itself, of which the ledger names the cause."""
    gettext = translations(locale).gettext
    if agreed.ended["cause"] != check_ins.CAUSE:
        return gettext("It ended when your number went to somebody else.")
    asked = datetime.fromisoformat(agreed.ended["asked_at"])
    sentence = gettext("It ended on %(date)s, as we asked on %(asked)s and heard nothing.")
    return sentence % {"date": day(agreed.ended_at, locale), "asked": day(asked, locale)}


def has_run_out(known: Standing) -> bool:
    """Tell whether a yes has run out."""
    return known.effective is not None and known.effective.reason is Reason.EXPIRED
