"""What houses ask of people, and what becomes of the model by it: new documents, check-ins; and what people buy."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from tests import decision_table
from tests.talk import acts
from tests.talk.acts import Houses
from tests.talk.house import Item
from tests.talk.model import (
    ASKED_AFTER,
    BOUGHT_LASTS,
    GRACE,
    REMINDED_AFTER,
    CheckIn,
    Consent,
    Person,
    case,
    stands_in_the_way,
)

REST = timedelta(days=90)
"""How long nobody is asked again after a check-in that may not have reached them."""


def concerned(houses: Houses, person: Person, slug: str, now: datetime) -> list[Item]:
    """List what rests on an older notice of a house than its newest that asks anew, and counts but for that."""
    newest = houses[slug].newest_asking()
    found = []
    for item, held in person.consents.items():
        is_of = item.house == slug and newest is not None and held.version is not None and held.version < newest
        is_paused = held.paused_until is not None and held.paused_until > now
        if is_of and held.is_running(now) and not is_paused:
            allowed, reason = decision_table.answer(case(houses, person, item, now))
            found += [item] if allowed or reason == "reconsent_required" else []
    return found


def agree(houses: Houses, person: Person, slug: str, now: datetime) -> None:
    """Go on under the new notice; ground, end and dates stay."""
    for item in concerned(houses, person, slug, now):
        person.says(now)
        held = person.consents[item]
        held.version, held.confirmed_at = houses[slug].newest_asking(), held.confirmed_at or now


def disagree(houses: Houses, person: Person, slug: str, now: datetime) -> None:
    """Leave what the question was about."""
    acts.turn(houses, person, [], concerned(houses, person, slug, now), now)


def buy(houses: Houses, person: Person, item: Item, at: datetime, now: datetime) -> None:
    """Note a purchase, which lets something come for a while unless the person said no or more."""
    until, held = acts.by_months(at, BOUGHT_LASTS), person.consents.get(item)
    # A no to anything of the house over the same channel counts for what rests on no yes.
    alike = [
        each for other, each in person.consents.items() if (other.house, other.channel) == (item.house, item.channel)
    ]
    said_no = any(each.status in {"refused", "withdrawn", "objected"} for each in alike)
    if until <= now or person.is_restricted or said_no:
        return
    is_running = held is not None and held.is_running(now)
    if held and is_running and (held.basis == "consent" or (held.expires_at and held.expires_at >= until)):
        return
    if not person.has_account:
        person.has_account, person.is_proved = True, False
    person.says(now, at)
    version = houses[item.house].version(at.date())
    if held and is_running:
        held.expires_at, held.version = until, max(version, held.version or version)
        return
    frequency = held.frequency if held else None
    person.consents[item] = Consent(
        "granted", at, expires_at=until, frequency=frequency, basis="soft_opt_in", version=version
    )


def check_in(houses: Houses, people: Iterable[Person], now: datetime) -> None:
    """Do what the courier does every night: first what is due about those who were asked, then ask others."""
    everybody = [person for person in people if person.has_account]
    for person in everybody:
        for each in person.check_ins:
            if each.outcome == "open" and each.next_at <= now:
                _follow_up(houses, person, each, now)
    for person in everybody:
        if _is_due(person, now) and (about := _may_be_asked(houses, person, now)):
            person.check_ins.append(CheckIn(about, now, now + REMINDED_AFTER, now))


def _is_due(person: Person, now: datetime) -> bool:
    long_ago = acts.by_months(now, -ASKED_AFTER)
    agreed = [item for item, held in person.consents.items() if _is_agreed(held, now) and not _is_paused(held, now)]
    was_asked = any(_counts_as_asked(each, long_ago, now) for each in person.check_ins)
    has_acted = any(at > long_ago for _, at in person.spoke)
    is_reached = any(not stands_in_the_way(person, item.house, now) for item in agreed)
    return person.is_proved and not person.is_restricted and not was_asked and not has_acted and is_reached


def _counts_as_asked(each: CheckIn, long_ago: datetime, now: datetime) -> bool:
    if each.outcome == "called off":
        return each.closed_at is not None and each.closed_at > now - REST
    return each.outcome == "open" or each.asked_at > long_ago


def _follow_up(houses: Houses, person: Person, each: CheckIn, now: datetime) -> None:
    about = [item for item in _may_be_asked(houses, person, now) if item in each.items]
    if any(recorded > each.asked_at for recorded, _ in person.spoke):
        is_held = any(_is_agreed(person.consents.get(item), now) for item in each.items)
        each.close("changed" if is_held else "left", now)
    elif person.is_restricted or not about or not each.is_mail_kept:
        each.close("called off", now)
    elif not each.is_reminded:
        each.is_reminded, each.next_at, each.mailed_at = True, now + GRACE, now
    else:
        for item in about:
            person.consents[item].status, person.consents[item].paused_until = "expired", None
        each.close("expired", now)


def keep(person: Person, each: CheckIn, now: datetime) -> None:
    """Say that all is still right; nothing else changes."""
    if each.outcome != "kept" and (held := still_held(person, each, now)):
        for _ in held:
            person.says(now)
        each.close("kept", now)


def still_held(person: Person, each: CheckIn, now: datetime) -> list[Item]:
    """List what a check-in asked about and is still agreed to, paused or not."""
    return [item for item in each.items if _is_agreed(person.consents.get(item), now)]


def _may_be_asked(houses: Houses, person: Person, now: datetime) -> list[Item]:
    """List what is agreed to, counts now, and is of a house that may write."""
    return [
        item
        for item, held in person.consents.items()
        if _is_agreed(held, now) and not _is_paused(held, now)
        and decision_table.answer(case(houses, person, item, now))[0]
        and not stands_in_the_way(person, item.house, now)
    ]  # fmt: skip


def _is_agreed(held: Consent | None, now: datetime) -> bool:
    return held is not None and held.basis == "consent" and held.is_running(now)


def _is_paused(held: Consent, now: datetime) -> bool:
    return held.paused_until is not None and held.paused_until > now
