"""Take in what mail servers report: a mail that came back, or that somebody complained about."""

from __future__ import annotations

from dataclasses import dataclass

from app.db import Session
from app.environment import environment
from app.errors import InvalidAddress, StaleLocks
from app.kit import clock
from app.kit.addresses import parse_email
from app.kit.mail_reports import Recipient, Report
from app.kit.provenance import Provenance
from app.services import returned, suppressions
from app.services.locks import lock_digest
from app.services.returned import Proof
from app.services.suppressions import Noted, Reason, Scope, Wish

NOT_OURS, NOTHING = "not_ours", "nothing"
"""What came of a report that shows no mail of ours, and of one that says nothing against the address."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What was made of a report: the reason it gives, if any, and what came of it."""

    outcome: str
    reason: Reason | None = None


def take_back(session: Session, report: Report, provenance: Provenance) -> Taken:
    """Suppress the address that a mail came back from, or whose owner complained about it; consents stay as they are.

    A bounce holds for the whole group, for 90 days; a complaint for the house whose mail it was. The same report twice
    is one. Nothing is believed that does not show a mail that was sent (`services.returned`). Raises `StaleLocks`.
    """
    reason = _reason(report)
    if reason is None:
        return Taken(NOTHING)
    proof = returned.find(session, report.message_ids, report.links)
    if proof is None:
        return Taken(NOT_OURS, reason)
    digest = _meant(session, report, proof, reason)
    if digest is None:
        return Taken(NOTHING, reason)
    lock_digest(session, digest)
    if returned.find(session, report.message_ids, report.links) != proof:
        raise StaleLocks  # the person was erased, or has moved, a moment before
    (noted,) = suppressions.note(session, [_wish(report, proof, digest, reason)], provenance)
    if noted is Noted.ADDED and proof.message is not None:
        what = returned.BOUNCED if reason is Reason.HARD_BOUNCE else returned.COMPLAINED
        returned.mark(session, proof.message, what)
    return Taken(noted.value, reason)


def _reason(report: Report) -> Reason | None:
    if report.is_complaint:
        return Reason.COMPLAINT
    return Reason.HARD_BOUNCE if any(each.is_gone for each in report.recipients) else None


def _meant(session: Session, report: Report, proof: Proof, reason: Reason) -> bytes | None:
    """Give the address that a report speaks of; None where it says nothing against any address of the person.

    A mail of ours has one recipient, wherever it was forwarded to from there. A mail of another sender may have had
    several, so it has to name one that belongs to the person whose link it carried.
    """
    if proof.message is not None:
        return proof.digests[0] if reason is Reason.COMPLAINT or report.is_hard_bounce else None
    named = [each for each in report.recipients if reason is Reason.COMPLAINT or each.is_gone]
    found = [digest for each in named for digest in _digests(session, each) if digest in proof.digests]
    if found:
        return found[0]
    # Complaints come without the recipient, to protect the one who complained (RFC 6590); the link names one person.
    is_single = reason is Reason.COMPLAINT and not report.recipients and len(proof.digests) == 1
    return proof.digests[0] if is_single else None


def _digests(session: Session, recipient: Recipient) -> list[bytes]:
    found = []
    for each in recipient.addresses:
        try:
            found += environment(session).digester.probes(parse_email(each))
        except InvalidAddress:
            continue
    return found


def _wish(report: Report, proof: Proof, digest: bytes, reason: Reason) -> Wish:
    told = {"reporter": report.reporter, "status": report.status, "feedback": report.feedback}
    brand = proof.brand if reason is Reason.COMPLAINT else None
    now = clock.now()
    at = min(proof.sent_at or report.arrived_at or now, now)
    evidence = {key: value for key, value in told.items() if value}
    return Wish(digest, Scope(brand, "email"), reason, at, evidence)
