"""Take in what a file tells of many people, a batch in each transaction; or tell what would come of it."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.db import Session
from app.environment import Environment, environment
from app.errors import StaleLocks
from app.kit.addresses import Address
from app.kit.provenance import ActorKind, Provenance
from app.services import (
    consents,
    crowds,
    erased_addresses,
    import_rehearsals,
    notices,
    opt_in,
    refusals,
    stored_digests,
    suppressions,
)
from app.services.consents import Grant
from app.services.crowds import Crowd, Person
from app.services.decisions import version_in_force
from app.services.import_layouts import Meaning
from app.services.import_rows import Refused, Reject, Telling, reject
from app.services.notices import Seen
from app.services.suppressions import Noted, Reason, Scope, Wish
from app.services.tellings import Ruling, rule_on_no, rule_on_yes

UNCHANGED = "unchanged"
UNKNOWN = "unknown"
"""A no about somebody who is not known, by a teller whom the brand does not trust."""
SUPPRESSED = "suppressed"
CHANNELS = {"email": "email", "phone": "sms"}
"""What a bounce or a complaint stops, by the kind of its address."""
REASONS = {Meaning.BOUNCED: Reason.HARD_BOUNCE, Meaning.COMPLAINED: Reason.COMPLAINT}


@dataclass(slots=True)
class Taken:
    """What came of some rows: how many, by what was done, and those that were not taken."""

    counts: Counter[str] = field(default_factory=Counter)
    rejects: list[Reject] = field(default_factory=list)


@dataclass(slots=True)
class _Batch:
    """Rows on their way in."""

    crowd: Crowd
    provenance: Provenance
    seen: Mapping[tuple[str, str], Seen]
    erased: Mapping[bytes, datetime]
    """When the owners of addresses were erased, by digest."""
    taken: Taken = field(default_factory=Taken)
    left: list[tuple[Sequence[bytes], Telling]] = field(default_factory=list)
    """The addresses of people who said no, with what told so."""
    _spoken: dict[str, Provenance] = field(default_factory=dict)

    def provenance_in(self, locale: str) -> Provenance:
        """Give the provenance of a row in a language."""
        if locale not in self._spoken:
            self._spoken[locale] = replace(self.provenance, locale=locale)
        return self._spoken[locale]


def take(
    session: Session, told: Sequence[Telling], provenance: Provenance, rehearsal: uuid.UUID | None = None
) -> Taken:  # fmt: skip
    """Take in rows under the locks of all whom they are about, in their order, and tell what came of each.

    Mails are never sent for it. In a `rehearsal`, named by its job, nothing is locked and nothing changes but what is
    remembered of it. Raises `StaleLocks`.
    """
    batch = _begin(session, told, provenance, is_rehearsal=rehearsal is not None)
    if rehearsal is not None:
        import_rehearsals.recall(session, rehearsal, batch.crowd.people)
    about_consents = [each for each in told if each.item is not None]
    about_addresses = [each for each in told if each.item is None]
    for each in about_consents:
        try:
            batch.taken.counts[_take_one(session, batch, each)] += 1
        except Refused as refused:
            batch.taken.rejects.append(reject(each.row, refused.code, refused.words))
    if rehearsal is not None:
        wishes = import_rehearsals.unknown(session, rehearsal, _wishes(batch, about_addresses))
        noted = suppressions.foresee(session, wishes, provenance)
        import_rehearsals.remember(session, rehearsal, batch.crowd.people, wishes)
        noted += [Noted.STANDING] * (len(about_addresses) - len(wishes))
    else:
        _end_requests(session, batch)
        crowds.write(session, batch.crowd.people)
        noted = suppressions.note(session, _wishes(batch, about_addresses), provenance)
    batch.taken.counts.update(SUPPRESSED if each is Noted.ADDED else UNCHANGED for each in noted)
    return batch.taken


def _begin(session: Session, told: Sequence[Telling], provenance: Provenance, *, is_rehearsal: bool) -> _Batch:
    env = environment(session)
    by_address = [(each.subject, each) for each in told if isinstance(each.subject, Address)]
    accounts = {each.subject for each in told if isinstance(each.subject, uuid.UUID)}
    addresses = {address.normal: address for address, _each in by_address}.values()
    erased = erased_addresses.among(session, addresses)
    gone = _gone(env, told, erased)
    some = [(address, each) for address, each in by_address if each.item and address.normal not in gone]
    met = [(address, each.locale) for address, each in some if each.introduces or is_rehearsal]
    noted = [address for address, each in by_address if each.item is None]
    noted += stored_digests.known(session, [address for address, each in some if not each.introduces])
    crowd = crowds.gather(session, met, noted, accounts, is_rehearsal=is_rehearsal)
    if _gone(env, told, erased_meanwhile := erased_addresses.among(session, addresses)) != gone:
        raise StaleLocks  # somebody was erased before their address was locked
    words = {(each.wording, each.locale) for each in told if each.wording and each.meaning is Meaning.GRANT}
    seen = {} if is_rehearsal else {each: notices.keep_told(session, *each) for each in sorted(words)}
    return _Batch(crowd, provenance, seen, erased_meanwhile)


def _gone(env: Environment, told: Sequence[Telling], erased: Mapping[bytes, datetime]) -> set[str]:
    """Find the addresses of which no row is of after their owner was erased: they are not even met again."""
    if not erased:
        return set()
    by_address = [(each.subject.normal, each) for each in told if isinstance(each.subject, Address)]
    since = {normal for normal, each in by_address if not _is_before_erasure(env, each, erased)}
    return {normal for normal, _each in by_address} - since


def _is_before_erasure(env: Environment, told: Telling, erased: Mapping[bytes, datetime]) -> bool:
    if not erased or not isinstance(told.subject, Address):
        return False
    at = max((erased[probe] for probe in env.digester.probes(told.subject) if probe in erased), default=None)
    return at is not None and (told.moment.at <= at or not told.moment.is_of_act)


def _take_one(session: Session, batch: _Batch, told: Telling) -> str:
    """Take one row in; give the action of its line, or that nothing had to be written. Raises `Refused`."""
    assert told.item is not None  # noqa: S101 - the caller saw to it
    person = batch.crowd.find(told.subject)
    if not told.introduces and isinstance(told.subject, Address) and _is_stranger(person):
        if told.subject.normal in batch.crowd.digests:
            batch.left.append(((batch.crowd.digests[told.subject.normal],), told))
        return UNKNOWN
    if _is_before_erasure(environment(session), told, batch.erased):
        raise _erased(batch.provenance, told)
    if person is None:
        raise Refused(
            "unknown_subject", "Nobody is known by this account or number; only an e-mail address can be new."
        )
    state, yes_at = person.state(told.item.id), person.yes_at.get(told.item.id)
    is_yes = told.meaning is Meaning.GRANT
    ruling = (rule_on_yes if is_yes else rule_on_no)(state, told.moment, yes_at)
    if ruling is Ruling.CONFLICT:
        raise _conflict(told)
    if not is_yes:
        batch.left.append((person.digests, told))
    return UNCHANGED if ruling is Ruling.KNOWN else _write(session, batch, person, told)


def _conflict(told: Telling) -> Refused:
    if told.moment.is_of_act:
        return Refused("conflict", "The person said otherwise since, or it ran out.")
    return Refused("conflict", "The person said otherwise or it ran out, and nothing proves that this is later.")


def _erased(provenance: Provenance, told: Telling) -> Refused:
    """Say that somebody was erased, to the operator alone: what a client may not know looks like any other conflict."""
    if provenance.actor.kind is ActorKind.CLIENT:
        return _conflict(told)
    return Refused("erased", "The person was erased since, and the row does not prove that this is later.")


def _is_stranger(person: Person | None) -> bool:
    return person is None or (person.is_new and not person.head.states)


def _write(session: Session, batch: _Batch, person: Person, told: Telling) -> str:
    env, item = environment(session), told.item
    assert item is not None  # noqa: S101 - the caller saw to it
    state, at = person.state(item.id), told.moment.at
    came = batch.provenance_in(told.locale)
    if told.meaning is Meaning.GRANT:
        version = version_in_force(env.group, env.group.owner(item.brand) or env.group, at.date())
        grant = Grant(
            item, batch.seen.get((told.wording, told.locale)), is_confirmed=told.asked_at is not None,
            asked_at=told.asked_at, occurred_at=at, evidence=told.detail, document_version=version,
        )  # fmt: skip
        entry = consents.yes(grant, state)
        person.yes_at[item.id] = max(at, person.yes_at.get(item.id, at))
    else:
        first = refusals.no(env.group, item, state, at)
        repeated = refusals.again(item, state, at) if state is not None and first is None else None
        entry = first or repeated  # type: ignore[assignment] # without a state there is always a first no
        entry = replace(entry, detail=told.detail)
    return person.add(entry, came, env.settings.ledger_keys[-1])


def _end_requests(session: Session, batch: _Batch) -> None:
    """Cancel what people asked for before they said no, and have not confirmed (invariant 2)."""
    digests = [digest for own, _told in batch.left for digest in own]
    live = opt_in.live_items(session, digests) if digests else ()
    asked = {(each.digest, each.item_id): each.asked_at for each in live}
    for own, told in batch.left:
        item_id = told.item.id if told.item else 0
        before = [digest for digest in own
                  if (digest, item_id) in asked and asked[digest, item_id] <= told.moment.at]  # fmt: skip
        if before:
            opt_in.cancel(session, before, [item_id], batch.provenance)


def _wishes(batch: _Batch, told: Sequence[Telling]) -> list[Wish]:
    """Make wishes of bounces and complaints, each for its brand alone: others are not the teller's."""
    return [
        Wish(
            batch.crowd.digests[each.subject.normal], Scope(each.brand.slug, CHANNELS[each.subject.kind]),
            REASONS[each.meaning], each.moment.at, each.detail, is_dated=each.moment.is_of_act,
        )
        for each in told
        if isinstance(each.subject, Address)
    ]  # fmt: skip
