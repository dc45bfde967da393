"""Consents: granting and leaving, each change through the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, literal, select

from app.branding.models import BY_RELATION, LegalBasis
from app.db import Session
from app.environment import environment
from app.kit import clock
from app.kit.provenance import Provenance
from app.models import Account, Consent, ConsentEvent
from app.services import ledger
from app.services.folding import Action, Line, State, Status
from app.services.items import ItemRef, items
from app.services.ledger import Entry
from app.services.notices import Seen
from app.services.refusals import basis_to_end, ending

DOCUMENT = "document"
"""Attribute of a line by which something went on under another version of a document: the document's slug."""


@dataclass(frozen=True, slots=True)
class Grant:
    """An item that a person agreed to, with the words seen and the evidence of the act or acts.

    `is_confirmed` says that the act came from the mailbox, or from a session opened from it.
    """

    item: ItemRef
    seen: Seen | None
    """The words; None where somebody else recorded the act and told none."""
    is_confirmed: bool
    asked_at: datetime | None = None
    """When it was asked for, if that was another act than this one."""
    occurred_at: datetime | None = None
    """When the person acted, if not just now."""
    evidence: Mapping[str, Any] | None = None
    document_version: str | None = None


def current(session: Session, account_id: uuid.UUID) -> dict[int, State]:
    """Give the state of every item that the account ever said something about, by item id."""
    return {item_id: state for item_id, state in ledger.present(session, account_id).items() if state is not None}


def grant(session: Session, account: Account, grants: Iterable[Grant], provenance: Provenance) -> list[Line]:
    """Write a `granted` line for each item, or `renewed` where it runs already, which keeps its dates.

    The legal basis is consent, whatever basis the topic has for people who never said anything: they acted.
    The account row must be locked by the caller.
    """
    present = current(session, account.id)
    entries = [yes(each, present.get(each.item.id)) for each in grants]
    return ledger.append(session, account, entries, provenance)


def yes(grant_: Grant, state: State | None) -> Entry:
    """Make the entry of a yes to an item that is in `state`: `granted`, or `renewed` where it runs already."""
    is_granted = is_running(state)
    attributes: dict[str, Any] = {"confirmed": True} if grant_.is_confirmed else {}
    if grant_.asked_at is not None:
        attributes["asked_at"] = grant_.asked_at.isoformat()
    return Entry(
        item_id=grant_.item.id,
        action=Action.RENEWED if is_granted else Action.GRANTED,
        occurred_at=grant_.occurred_at,
        notice_digest=grant_.seen.digest if grant_.seen else None,
        attributes=attributes,
        document_version=_newer(grant_.document_version, state.document_version if state and is_granted else None),
        detail=grant_.evidence or {},
    )


def rely(
    session: Session, account: Account, item: ItemRef, state: State | None, basis: LegalBasis, until: datetime,
    country: str, at: datetime, version: str | None, evidence: Mapping[str, Any], provenance: Provenance,
) -> list[Line]:  # fmt: skip
    """Write that an item is sent on a ground of `BY_RELATION` until a moment; `renewed` where it is sent on it already.

    `at` is when that happened which it rests on. The account row must be locked by the caller.
    """
    action = Action.RENEWED if is_running(state) else Action.GRANTED
    entry = Entry(
        item.id, action, legal_basis=basis, occurred_at=at, document_version=version, detail=evidence,
        attributes={"expires_at": until.isoformat(), "country": country},
    )  # fmt: skip
    return ledger.append(session, account, [entry], provenance)


def accept(
    session: Session, account: Account, document: str, seen: Seen, version: str, provenance: Provenance
) -> None:  # fmt: skip
    """Write that a version of a document of the group was accepted: a contract, not a consent (GDPR art. 6(1)(b)).

    The account row must be locked by the caller.
    """
    item = items(session).document(document)
    action = Action.RENEWED if item.id in current(session, account.id) else Action.GRANTED
    entry = Entry(
        item_id=item.id, action=action, legal_basis=LegalBasis.CONTRACT, notice_digest=seen.digest,
        document_version=version, attributes={"confirmed": True},
    )  # fmt: skip
    ledger.append(session, account, [entry], provenance)


def keep(
    session: Session, account: Account, states: Mapping[int, State], seen: Mapping[int, Seen], provenance: Provenance
) -> list[Line]:
    """Write that the person wants to keep items, by item id, which are agreed to: all their dates stay.

    The account row must be locked by the caller.
    """
    entries = [
        Entry(
            item_id, Action.RENEWED, states[item_id].legal_basis, notice_digest=words.digest,
            attributes=_runs_out(states[item_id]),
        )
        for item_id, words in seen.items()
    ]  # fmt: skip
    return ledger.append(session, account, entries, provenance)


def agree_anew(
    session: Session, account: Account, wanted: Iterable[ItemRef], seen: Seen, document: str, version: str,
    provenance: Provenance,
) -> list[Line]:  # fmt: skip
    """Write that those of `wanted` that run go on under another version of a document; all else stays as it was.

    The basis too: nobody is asked for another ground, but whether things go on under other words. A day on which
    something runs out is not moved either. The account row must be locked by the caller.
    """
    present = current(session, account.id)
    going_on = [(item.id, present.get(item.id)) for item in wanted]
    entries = [
        Entry(
            item_id, Action.RENEWED, state.legal_basis, notice_digest=seen.digest, document_version=version,
            attributes={"confirmed": True, DOCUMENT: document, **_runs_out(state)},
        )
        for item_id, state in going_on
        if state is not None and is_running(state)
    ]  # fmt: skip
    return ledger.append(session, account, entries, provenance)


def withdraw(
    session: Session, account: Account, wanted: Iterable[ItemRef], provenance: Provenance,
    attributes: Mapping[str, Any] | None = None, occurred_at: datetime | None = None,
) -> list[Line]:  # fmt: skip
    """Withdraw those of `wanted` that are granted, and object to those that need no consent.

    What has run out is refused, so that nothing but a new yes brings it back. Others stay as they are.
    The account row must be locked by the caller, so that a racing grant can't slip between reading and writing.
    GDPR art. 7(3): withdrawing is as easy as giving, hence no confirmation step. Where the basis is another than
    consent the act is an objection (art. 21).
    """
    present = current(session, account.id)
    group = environment(session).group
    bases = [(item, basis_to_end(group, item, present.get(item.id))) for item in wanted]
    entries = [
        Entry(
            item_id=item.id,
            action=ending(basis, present.get(item.id)),
            legal_basis=basis,
            occurred_at=occurred_at,
            attributes=attributes or {},
        )
        for item, basis in bases
        if basis
    ]
    return ledger.append(session, account, entries, provenance)


def refuse(
    session: Session, account: Account, wanted: Iterable[ItemRef], provenance: Provenance,
    occurred_at: datetime | None = None,
) -> list[Line]:  # fmt: skip
    """Say no to all of `wanted`: end those that run, and write an explicit no where nothing was said yet.

    The account row must be locked by the caller.
    """
    wanted, present = list(wanted), current(session, account.id)
    ended = withdraw(session, account, wanted, provenance, occurred_at=occurred_at)
    told = {line.item_id for line in ended}
    unsaid = [item for item in wanted if item.id not in present and item.id not in told]
    entries = [Entry(item.id, Action.REFUSED, occurred_at=occurred_at) for item in unsaid]
    return ended + ledger.append(session, account, entries, provenance)


def last_yes(session: Session, account_id: uuid.UUID, item: ItemRef) -> datetime | None:
    """Give when the person last said yes to an item, renewals included; what rests on a purchase is none."""
    said = select(func.max(ConsentEvent.occurred_at)).where(
        ConsentEvent.account_id == account_id, ConsentEvent.item_id == item.id,
        ConsentEvent.action.in_((Action.GRANTED, Action.RENEWED)),
        ConsentEvent.legal_basis.not_in([basis.value for basis in BY_RELATION]),
    )  # fmt: skip
    return session.scalar(said)


def running(session: Session, account_id: uuid.UUID, item: ItemRef) -> State | None:
    """Give the state of an item that is agreed to and has not run out; None for every other."""
    state = ledger.present(session, account_id, [item.id]).get(item.id)
    return state if is_running(state) else None


def is_running(state: State | None) -> bool:
    """Tell whether something is agreed to and has not run out."""
    if state is None or state.status is not Status.GRANTED:
        return False
    return state.expires_at is None or state.expires_at > clock.now()


def adjust(
    session: Session, account: Account, item: ItemRef, state: State, action: Action, attributes: Mapping[str, Any],
    provenance: Provenance,
) -> list[Line]:  # fmt: skip
    """Pause, resume or change how often an item comes that is in `state`: granted, and it stays so.

    The account row must be locked by the caller.
    """
    entry = Entry(item_id=item.id, action=action, legal_basis=state.legal_basis, attributes=attributes)
    return ledger.append(session, account, [entry], provenance)


def pause(
    session: Session, account: Account, wanted: Iterable[ItemRef], until: datetime, provenance: Provenance
) -> list[Line]:  # fmt: skip
    """Pause those of `wanted` that are agreed to and not paused for as long already; others stay as they are.

    The account row must be locked by the caller.
    """
    states = [(item, running(session, account.id, item)) for item in wanted]
    told = {"paused_until": until.isoformat()}
    entries = [
        Entry(item.id, Action.PAUSED, state.legal_basis, attributes=told)
        for item, state in states
        if state and (state.paused_until is None or state.paused_until < until)
    ]
    return ledger.append(session, account, entries, provenance)


def pauses_over(session: Session, limit: int, but: Collection[uuid.UUID] = ()) -> list[uuid.UUID]:
    """List accounts, up to `limit`, with pauses that are over and of which the ledger does not say so yet."""
    over = select(Consent.account_id).where(Consent.paused_until <= clock.now(), Consent.account_id.not_in(but))
    return list(dict.fromkeys(session.scalars(over.order_by(Consent.paused_until).limit(limit))))


def end_pauses(session: Session, account: Account, provenance: Provenance) -> list[Line]:
    """Write that the pauses of an account that are over have ended, each at its moment.

    The account row must be locked by the caller.
    """
    now = clock.now()
    entries = [
        Entry(item_id, Action.RESUMED, state.legal_basis, occurred_at=state.paused_until)
        for item_id, state in current(session, account.id).items()
        if state.paused_until is not None and state.paused_until <= now
    ]
    return ledger.append(session, account, entries, provenance)


def ends_over(session: Session, limit: int, but: Collection[uuid.UUID] = ()) -> list[uuid.UUID]:
    """List accounts, up to `limit`, with consents that have run out and of which the ledger does not say so yet."""
    over = select(Consent.account_id).where(
        Consent.status == literal(Status.GRANTED.value, literal_execute=True),
        Consent.expires_at <= clock.now(),
        Consent.account_id.not_in(but),
    )
    return list(dict.fromkeys(session.scalars(over.order_by(Consent.expires_at).limit(limit))))


def end_over(session: Session, account: Account, provenance: Provenance) -> list[Line]:
    """Write that the consents of an account that have run out did so, each at its moment.

    The account row must be locked by the caller.
    """
    now = clock.now()
    entries = [
        Entry(item_id, Action.EXPIRED, state.legal_basis, occurred_at=state.expires_at)
        for item_id, state in current(session, account.id).items()
        if state.status is Status.GRANTED and state.expires_at is not None and state.expires_at <= now
    ]
    return ledger.append(session, account, entries, provenance)


def expire(
    session: Session, account: Account, wanted: Iterable[ItemRef], provenance: Provenance, attributes: Mapping[str, Any]
) -> list[Line]:
    """Let those of `wanted` that are granted run out, by no act of the person; `attributes` say why.

    The account row must be locked by the caller.
    """
    present = current(session, account.id)
    granted = [item.id for item in wanted if item.id in present and present[item.id].status is Status.GRANTED]
    entries = [
        Entry(item_id=each, action=Action.EXPIRED, legal_basis=present[each].legal_basis, attributes=attributes)
        for each in granted
    ]
    return ledger.append(session, account, entries, provenance)


def _newer(version: str | None, agreed: str | None) -> str | None:
    """Give the newer of two versions: who agreed to one that is still to come goes on having done so."""
    return max(version, agreed) if version and agreed else version or agreed


def _runs_out(state: State) -> dict[str, str]:
    # Folding takes the date from the line, so that what leaves it out would make it last for ever.
    return {"expires_at": state.expires_at.isoformat()} if state.expires_at else {}
