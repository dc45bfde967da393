"""What people, staff and the courier do, and what becomes of the model by it."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.talk.house import House, Item
from tests.talk.model import BOUNCE_LASTS, KEPT, LIFTABLE, MAILS_KEPT, SESSION, Consent, Person, Request, Session, Stop

Houses = Mapping[str, House]


@dataclass
class Link:
    """The link of a mail that asks to confirm; `listed` is what its page showed when it was looked at last."""

    person: int
    house: str
    request: Request
    path: str
    sent_at: datetime
    listed: str | None = None
    shown: frozenset[Item] = frozenset()

    def is_old(self, house: House, now: datetime) -> bool:
        """Tell whether the link itself has run out, whatever became of its request."""
        return now - self.sent_at > timedelta(days=house.confirmation_days)


def sign_up(houses: Houses, person: Person, wanted: Collection[Item], now: datetime) -> Request:
    """Ask for items of one house: they join its live request, or begin one."""
    (slug,) = {item.house for item in wanted}
    ends = now + timedelta(days=houses[slug].confirmation_days)
    request = next((each for each in person.requests if each.house == slug and each.is_live(now)), None)
    for each in person.requests:
        if each.house == slug and each.outcome == "pending" and each is not request:
            each.outcome = "expired"
    if request is None:
        request = Request(slug, now, ends)
        person.requests.append(request)
    request.ends_at = ends
    request.ask(wanted, now)
    return request


def admit(houses: Houses, person: Person, request: Request, now: datetime) -> None:
    """Agree at once to what needs no confirmation, of an address without account and suppression."""
    house = houses[request.house]
    is_free = not person.has_account and not any(stop.stands(now) for stop in person.stops)
    single = [item for item in request.open() if item.topic in house.single]
    if not request.is_live(now) or not is_free or not single:
        return
    person.has_account, person.is_proved = True, False
    for item in single:
        asked_at = request.items[item].at
        person.grant(item, asked_at, house.version(asked_at.date()), asked_at=None, is_confirmed=False)
        person.says(now, asked_at)
    request.settle(single, "confirmed")


def confirm(houses: Houses, person: Person, link: Link, now: datetime) -> bool:
    """Press the button behind a link, which confirms what its page listed, if there was one; tell whether it did."""
    house, request = houses[link.house], link.request
    wanted = [item for item in person.still_wants(request) if link.listed is None or item in link.shown]
    if not request.is_live(now) or link.is_old(house, now) or not wanted:
        return False
    person.has_account = person.is_proved = True
    for item in wanted:
        person.grant(item, now, house.version(now.date()), asked_at=request.items[item].at, is_confirmed=True)
    request.settle(wanted, "confirmed")
    person.session = Session(now)
    return True


def again(houses: Houses, person: Person, link: Link, now: datetime) -> Request | None:
    """Ask once more for what an outdated link was about; give the request where that was done."""
    request = link.request
    is_over = link.is_old(houses[link.house], now) or not request.is_live(now)
    wanted = person.still_wants(request)
    if request.outcome in {"confirmed", "cancelled", "purged"} or not wanted or not is_over:
        return None
    return sign_up(houses, person, wanted, now)


def enter(person: Person, now: datetime) -> None:
    """Press the button of an access link: it opens the centre, or lifts what stops an address nobody knows."""
    if person.has_account:
        person.is_proved, person.session = True, Session(now)
        person.says(now)
        return
    for stop in person.stops:
        if stop.stands(now) and stop.reason in LIFTABLE:
            stop.lifted_at = now


def turn(houses: Houses, person: Person, on: Iterable[Item], off: Iterable[Item], now: datetime) -> None:
    """Turn items on and off in the centre; the session remembers what changed."""
    wanted = [item for item in on if person.can_have(item)]
    turned_on = [item for item in wanted if not (person.consents.get(item) and person.consents[item].is_running(now))]
    for item in turned_on:
        person.grant(item, now, houses[item.house].version(now.date()), asked_at=None, is_confirmed=True)
    off = list(off)
    refused = [item for item in off if (held := person.consents.get(item)) and held.status == "expired"]
    turned_off = leave(houses, person, off, now)
    if (turned_on or turned_off or refused) and person.session:
        person.session.turned, person.session.adjusted = (turned_on, turned_off), None


def leave(houses: Houses, person: Person, unwanted: Iterable[Item], now: datetime) -> list[Item]:
    """Leave items, whether agreed to or only asked for; give those that changed."""
    unwanted = list(unwanted)
    person.cancel(unwanted)
    return [item for item in unwanted if person.withdraw(item, now, by_right=item.topic in houses[item.house].by_right)]


def pause(person: Person, item: Item, until: datetime, now: datetime, *, by_link: bool = False) -> None:
    """Pause what is agreed to; a link can only pause it for longer than it is."""
    held = person.consents.get(item)
    if not held or not held.is_running(now) or held.paused_until == until:
        return
    if by_link and held.paused_until and held.paused_until > until:
        return
    if not by_link:
        _remember(person, item, "paused")
    person.says(now)
    held.paused_until = until


def resume(person: Person, item: Item, now: datetime) -> None:
    """Go on with what is paused."""
    held = person.consents.get(item)
    if held and held.is_running(now) and held.paused_until:
        _remember(person, item, "resumed")
        person.says(now)
        held.paused_until = None


def often(houses: Houses, person: Person, item: Item, wanted: str, now: datetime, *, by_link: bool = False) -> None:
    """Get something as often as is wanted; by a link only more rarely."""
    held, offered = person.consents.get(item), list(houses[item.house].frequencies[item.topic])
    if not held or not held.is_running(now) or wanted not in offered:
        return
    present = held.frequency if held.frequency in offered else offered[0]
    if present == wanted or (by_link and offered.index(wanted) < offered.index(present)):
        return
    if not by_link:
        _remember(person, item, "changed")
    person.says(now)
    held.frequency = wanted


def undo(houses: Houses, person: Person, now: datetime) -> None:
    """Take back the last press of the session."""
    session = person.session
    if session is None or (session.turned is None and session.adjusted is None):
        return
    if session.turned:
        on, off = session.turned
        turn(houses, person, off, on, now)
    elif session.adjusted:
        _undo_adjustment(person, *session.adjusted, now)


def _undo_adjustment(
    person: Person, item: Item, what: str, frequency: str | None, paused: datetime | None, now: datetime
) -> None:
    held = person.consents.get(item)
    again = paused if paused and paused > now else None
    if not held or not held.is_running(now) or (what != "changed" and not again and not held.paused_until):
        return
    person.says(now)
    if what == "changed":
        _remember(person, item, "changed")
        held.frequency = frequency
    else:
        _remember(person, item, "paused" if again else "resumed")
        held.paused_until = again


def _remember(person: Person, item: Item, what: str) -> None:
    held = person.consents[item]
    if person.session:
        person.session.turned = None
        person.session.adjusted = (item, what, held.frequency, held.paused_until)


def lift(person: Person, house: str | None, now: datetime) -> None:
    """Let mails come again that the owner may allow; of bounces, those before the mail that opened the session."""
    assert person.session
    is_from_mailbox = person.session.lasts == SESSION
    for stop in person.own_stops():
        is_shown = house is None or stop.house in {None, house}
        was_reached = stop.reason != "hard_bounce" or (is_from_mailbox and person.session.opened_at > stop.at)
        if stop.stands(now) and stop.reason in LIFTABLE and is_shown and was_reached:
            stop.lifted_at = now


def suppress(person: Person, stop: Stop, now: datetime) -> None:
    """Note that an address must not be contacted; by a wish or a law, what it is only asked ends as well."""
    is_new = person.stop(stop, now)
    if is_new and stop.reason in {"do_not_contact", "legal"} and stop.channel in {None, "email"}:
        for request in person.requests:
            if request.is_live(now) and stop.house in {None, request.house}:
                person.cancel(request.open())


def never(person: Person, now: datetime) -> None:
    """Never be mailed again: by no house, and nothing that is asked for comes of it."""
    person.stop(Stop(None, None, "do_not_contact", now, None), now)
    person.cancel([item for request in person.requests for item in request.open()])


def reported(reason: str, at: datetime) -> Stop:
    """Give what a mail provider tells of an address, without showing a mail of ours."""
    return Stop(None, "email", reason, at, at + BOUNCE_LASTS if reason == "hard_bounce" else None)


def end_by_date(people: Iterable[Person], now: datetime) -> None:
    """Do what the courier does every hour: what has run out is told so, and pauses that are over end."""
    for person in people:
        for held in person.consents.values():
            if held.status == "granted" and held.expires_at and held.expires_at <= now:
                held.status, held.paused_until = "expired", None
            if held.paused_until and held.paused_until <= now:
                held.paused_until = None


def purge(people: Iterable[Person], now: datetime) -> None:
    """Do what the courier does with old requests and mails."""
    for person in people:
        for check_in in person.check_ins:
            check_in.is_mail_kept &= check_in.mailed_at >= now - MAILS_KEPT
        for request in person.requests:
            if request.outcome != "confirmed" and request.created_at < now - KEPT and request.ends_at < now:
                request.outcome = "purged"
                request.items = {}


def months_later(now: datetime, months: int) -> datetime:
    """Give the midnight on which a pause of so many months is over."""
    return by_months(now, months).replace(hour=0, minute=0, second=0, microsecond=0)


def by_months(now: datetime, months: int) -> datetime:
    """Give the same day and time so many months later, or earlier; the last day of a shorter month."""
    year, month = now.year, now.month + months
    while month > 12:
        year, month = year + 1, month - 12
    while month < 1:
        year, month = year - 1, month + 12
    return now.replace(year=year, month=month, day=min(now.day, monthrange(year, month)[1]))


def grant_until(person: Person, item: Item, until: datetime, version: date, now: datetime) -> None:
    """Take in a grant that ends; it was given elsewhere, so nothing of it was confirmed here."""
    held = person.consents.get(item)
    frequency = held.frequency if held else None
    person.consents[item] = Consent("granted", now, expires_at=until, frequency=frequency, version=version)
