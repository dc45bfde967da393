"""Record what somebody said to another system: at a till, on the telephone, on paper."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from app.branding.models import Brand
from app.db import Session
from app.environment import environment
from app.errors import Conflict, EvidenceNotTrusted, NotOffered, UnknownSubject
from app.kit.addresses import Address
from app.kit.provenance import Provenance
from app.kit.subjects import Subject
from app.models import Account
from app.services import accounts, consents, erased_addresses, ledger, notices, opt_in, refusals, subjects
from app.services.consents import Grant
from app.services.decisions import version_in_force
from app.services.folding import Line, Status
from app.services.items import ItemRef
from app.services.locks import Locked, lock_address
from app.services.tellings import Moment, Ruling, rule_on_no, rule_on_yes

_OVERTAKEN = "The person said no since, or it ran out."


@dataclass(frozen=True, slots=True)
class Told:
    """What another system tells: when the person acted, and what proves it. `wording` is what they were shown."""

    at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)
    wording: str = ""
    is_dated: bool = True
    """False where nobody said when, and `at` is now."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """The account, and the line that was written; none where all was so already."""

    account_id: uuid.UUID | None
    line: Line | None
    status: Status | None


def grant(
    session: Session, brand: Brand, item: ItemRef, subject: Subject, told: Told, provenance: Provenance, *,
    is_trusted: bool,
) -> Recorded:  # fmt: skip
    """Record a consent that was given elsewhere. An address that was never met gets a lite account.

    Raises `EvidenceNotTrusted` where the brand does not trust the teller (invariant 1), `Conflict` where the person
    said no at or after the act that is told of, or it ran out, or they were erased (invariant 7; which of these is
    nobody's to know), `NotOffered`, `UnknownSubject`.
    """
    if item.is_retired:
        raise NotOffered(f"“{item.key}” is no longer offered.")
    if not is_trusted:
        raise EvidenceNotTrusted(f"{brand.name} does not list this client under trusted_evidence; ask by “request”.")
    account = _met(session, subject, told.at, provenance)
    state = consents.current(session, account.id).get(item.id)
    ruling = rule_on_yes(state, Moment.exactly(told.at), consents.last_yes(session, account.id, item))
    if ruling is Ruling.CONFLICT:
        raise Conflict(_OVERTAKEN)
    if ruling is Ruling.KNOWN:
        return Recorded(account.id, None, state.status if state else None)
    group = environment(session).group
    version = version_in_force(group, group.owner(item.brand) or group, told.at.date())
    seen = notices.keep_told(session, told.wording, provenance.locale) if told.wording else None
    wanted = Grant(
        item, seen, is_confirmed=False, occurred_at=told.at, evidence=told.evidence, document_version=version
    )
    (line,) = consents.grant(session, account, [wanted], provenance)
    return Recorded(account.id, line, line.status)


def withdraw(session: Session, item: ItemRef, subject: Subject, told: Told, provenance: Provenance) -> Recorded:
    """Record that somebody left, objected, or said no where nothing was said before.

    Raises `Conflict` where they agreed after the act that is told of. Of somebody who is not known nothing is kept, but
    what they asked for and did not confirm ends.
    """
    locked = subjects.lock(session, subject)
    if locked is None:
        return Recorded(None, None, None)
    account = locked.account(session)
    known = account if account is not None and account.status != accounts.ERASED else None
    state = consents.current(session, known.id).get(item.id) if known else None
    yes_at = consents.last_yes(session, known.id, item) if known else None
    ruling = rule_on_no(state, Moment.exactly(told.at), yes_at)
    if ruling is Ruling.CONFLICT:
        raise Conflict("The person agreed since.")
    opt_in.cancel(session, locked.digests, [item.id], provenance)
    if known is None:
        return Recorded(None, None, None)
    entry = refusals.no(environment(session).group, item, state, told.at)
    if entry is None and state is not None and ruling is Ruling.APPLIES and told.is_dated:
        # Said once more, and later: no yes between the two counts. Without a date it is somebody's list, sent again.
        entry = refusals.again(item, state, told.at)
    if entry is None:
        return Recorded(known.id, None, state.status if state else None)
    (line,) = ledger.append(session, known, [replace(entry, detail=told.evidence)], provenance)
    return Recorded(known.id, line, line.status)


def _met(session: Session, subject: Subject, at: datetime, provenance: Provenance) -> Account:
    if isinstance(subject, Address) and subject.kind == "email":
        locked: Locked | None = lock_address(session, subject)
    else:
        locked = subjects.lock(session, subject)
    if isinstance(subject, Address) and erased_addresses.is_before(session, subject, at):
        raise Conflict(_OVERTAKEN)
    account = locked.account(session) if locked else None
    if account is not None and account.status != accounts.ERASED:
        return account
    if locked is None or not isinstance(subject, Address) or subject.kind != "email":
        raise UnknownSubject("Nobody is known under this subject; only an e-mail address can be new.")
    return accounts.create_lite(session, locked.digest, provenance.locale, verified_at=None)
