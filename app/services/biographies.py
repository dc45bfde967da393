"""Invented people and what they did with their consents; nothing here touches the database."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from app.branding.models import Channel
from app.kit.addresses import Address
from app.kit.provenance import PERSON, Provenance, Source
from app.services.folding import Action
from app.services.ledger import Entry

YEARS = timedelta(days=3 * 365)
DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org", "inbox.example.net")
USER_AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/138.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
)
REASONS = ("too_often", "not_relevant", "never_asked", "other")
# Nobody can be rung, texted or found in the demonstration: it has e-mail addresses only.
CHANNELS = (Channel.EMAIL, Channel.POST, Channel.PUSH)
SPAN = "192.0.2."
"""Addresses for documentation (RFC 5737)."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A topic on a channel as a sign-up form offers it; `notices` are the digests of its words by locale."""

    brand: str
    item_id: int
    is_single: bool
    frequencies: Sequence[str]
    document_version: str | None
    notices: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Act:
    """One line to be: when, what and how."""

    at: datetime
    entry: Entry
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Biography:
    """A person: an address, a language, and acts from the oldest to the newest; the first act is a grant."""

    address: Address
    locale: str
    acts: Sequence[Act]


def address(number: int) -> Address:
    """Give the address of the person with this number."""
    typed = f"person-{number:06}@{DOMAINS[number % len(DOMAINS)]}"
    return Address("email", typed, typed)


def biography(random: Random, number: int, offers: Mapping[str, Sequence[Offer]], until: datetime) -> Biography:
    """Invent a person who met one to three houses within the last three years. `offers` are by house."""
    houses = random.sample(list(offers), k=min(len(offers), random.choices((1, 2, 3), (70, 22, 8))[0]))
    locale = random.choice(sorted(offers[houses[0]][0].notices))
    acts = [act for house in houses for act in _with_house(random, offers[house], locale, until)]
    return Biography(address(number), locale, sorted(acts, key=lambda act: act.at))


def _with_house(random: Random, offers: Sequence[Offer], locale: str, until: datetime) -> Iterator[Act]:
    met = until - YEARS * random.random() ** 1.3 - timedelta(minutes=10)
    provenance = _provenance(random, offers[0].brand, locale)
    for offer in random.sample(offers, k=min(len(offers), random.choices((1, 2, 3), (55, 30, 15))[0])):
        yield from _with_offer(random, offer, provenance, met, until)


def _with_offer(random: Random, offer: Offer, provenance: Provenance, met: datetime, until: datetime) -> Iterator[Act]:
    """Grant, and perhaps change, pause, renew, leave and come back, as long as the moment has come by then."""
    granted = _grant(random, offer, provenance, met)
    yield granted
    at = granted.at
    for action in _fate(random, offer):
        at += timedelta(seconds=random.randint(1, 400 * 86_400))
        if at > until - timedelta(days=1):
            return
        if action is Action.GRANTED:
            yield _grant(random, offer, provenance, at)
        else:
            yield _later(random, offer, provenance, action, at)


def _fate(random: Random, offer: Offer) -> Sequence[Action]:
    fates: tuple[Sequence[Action], ...] = (
        (),
        (Action.WITHDRAWN,),
        (Action.WITHDRAWN, Action.GRANTED),
        (Action.RENEWED,),
        (Action.CHANGED, Action.WITHDRAWN) if offer.frequencies else (Action.WITHDRAWN,),
        (Action.CHANGED,) if offer.frequencies else (),
        (Action.PAUSED, Action.RESUMED),
    )
    return random.choices(fates, (52, 20, 6, 8, 3, 7, 4))[0]


def _grant(random: Random, offer: Offer, provenance: Provenance, asked: datetime) -> Act:
    notice = offer.notices.get(provenance.locale) or next(iter(offer.notices.values()))
    if offer.is_single:
        entry = Entry(
            offer.item_id, Action.GRANTED, occurred_at=asked, notice_digest=notice,
            document_version=offer.document_version,
        )  # fmt: skip
        return Act(asked, entry, provenance)
    confirmed = asked + timedelta(seconds=random.randint(20, 500), microseconds=random.randint(0, 999_999))
    attributes: dict[str, Any] = {"confirmed": True, "asked_at": asked.isoformat()}
    if offer.frequencies and random.random() < 0.3:
        attributes["frequency"] = random.choice(offer.frequencies)
    entry = Entry(
        offer.item_id, Action.GRANTED, occurred_at=confirmed, notice_digest=notice,
        document_version=offer.document_version, attributes=attributes,
        detail=_evidence(random, offer, provenance, asked),
    )  # fmt: skip
    return Act(confirmed, entry, _through(provenance, Source.CONFIRMATION, f"/{offer.brand}/confirm"))


def _later(random: Random, offer: Offer, provenance: Provenance, action: Action, at: datetime) -> Act:
    attributes: dict[str, Any] = {}
    source = Source.CENTRE
    if action is Action.WITHDRAWN:
        source = random.choice((Source.ONE_CLICK, Source.LEAVE_PAGE, Source.CENTRE))
        attributes = {"reason": random.choice(REASONS)} if random.random() < 0.4 else {}
    elif action is Action.CHANGED:
        attributes = {"frequency": random.choice(offer.frequencies)}
    elif action is Action.PAUSED:
        attributes = {"paused_until": (at + timedelta(days=random.choice((30, 60, 90)))).isoformat()}
    entry = Entry(offer.item_id, action, occurred_at=at, attributes=attributes)
    return Act(at, entry, _through(provenance, source, f"/{offer.brand}/preferences"))


def _evidence(random: Random, offer: Offer, provenance: Provenance, asked: datetime) -> dict[str, Any]:
    request = uuid.UUID(int=random.getrandbits(128), version=4)
    asking = {"id": str(request), "asked_at": asked.isoformat(), **provenance.as_record()}
    mail = {
        "message_id": f"<{request}@{offer.brand}.example>",
        "sent_at": (asked + timedelta(seconds=2)).isoformat(),
        "server_answer": "250 2.0.0 Ok: queued",
    }
    return {"opt_in_request": asking, "mail": mail}


def _provenance(random: Random, brand: str, locale: str) -> Provenance:
    return Provenance(
        PERSON, Source.FORM, locale, f"{SPAN}{random.randint(1, 254)}", random.choice(USER_AGENTS), f"/{brand}/"
    )


def _through(asked: Provenance, source: Source, page: str) -> Provenance:
    return Provenance(asked.actor, source, asked.locale, asked.ip, asked.user_agent, page)
