"""The question everything exists for: may brand B contact subject S about T over C?

`decide` is pure and first match wins; `ask` gathers its facts in one prepared statement. An address that is known
under an older digest key is found too, because the statement probes all keys in force.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache

from app.branding.models import Brand, Channel, Kind, LegalBasis, Purpose, Site, SiteGroup, Topic
from app.branding.texts import Document
from app.environment import Environment
from app.kit.addresses import Address
from app.kit.subjects import ExternalId, Subject
from app.services.folding import Status
from app.services.items import ItemRef

APPLIES_WITHOUT_ASKING = frozenset({LegalBasis.LEGITIMATE_INTEREST, LegalBasis.CONTRACT})
"""Bases that need no act of the person. `soft_opt_in` and `implied` need a recorded relation, hence a row."""

PRIVACY = "privacy"
"""The slug of the document that every consent rests on; a brand's own stands before the group's."""

CONTACT_KIND = {Channel.EMAIL: "email", Channel.SMS: "phone", Channel.WHATSAPP: "phone", Channel.PHONE: "phone",
                Channel.POST: "post"}  # fmt: skip
"""The kind of address a channel uses; push needs none. A postal one lies in the profile, others are contact points."""

POSTAL = CONTACT_KIND[Channel.POST]


class Reason(StrEnum):
    """Why something is allowed or not."""

    SUPPRESSED = "suppressed"
    RESTRICTED = "restricted"
    RETIRED = "retired"
    PENDING = "pending"
    UNKNOWN_SUBJECT = "unknown_subject"
    NEVER_ASKED = "never_asked"
    REFUSED = "refused"
    OBJECTED = "objected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    UNVERIFIED_CONTACT = "unverified_contact"
    RECONSENT_REQUIRED = "reconsent_required"
    PAUSED = "paused"
    GRANTED = "granted"
    LEGITIMATE_INTEREST = "legitimate_interest"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class Rules:
    """What brand data says about an item; the same for every subject."""

    kind: Kind
    channel: Channel | None
    is_retired: bool
    legal_basis: LegalBasis
    must_be_verified: bool
    required_version: str | None
    """The newest document version in force that requires re-consent."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the database says about a subject and an item."""

    account_id: uuid.UUID | None = None
    account_status: str | None = None
    status: Status | None = None
    granted_at: datetime | None = None
    confirmed_at: datetime | None = None
    withdrawn_at: datetime | None = None
    expires_at: datetime | None = None
    paused_until: datetime | None = None
    frequency: str | None = None
    legal_basis: str | None = None
    document_version: str | None = None
    is_suppressed: bool = False
    is_pending: bool = False
    has_contact: bool = False
    is_verified: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, with its one reason."""

    allowed: bool
    reason: Reason


def applies_without_asking(group: SiteGroup, item: ItemRef) -> bool:
    """Tell whether an item may be sent, or data be used for it, without a word of the person, until they object."""
    return basis_of(group, item) in APPLIES_WITHOUT_ASKING


def decide(rules: Rules, facts: Facts, now: datetime) -> Decision:
    """Decide by the table of the domain; the order of the lines below is the table's."""
    reason = _obstacle(rules, facts, now)
    if reason is not None:
        return Decision(allowed=False, reason=reason)
    if facts.status is None:
        return Decision(allowed=True, reason=Reason(rules.legal_basis.value))
    return Decision(allowed=True, reason=Reason.GRANTED)


def _obstacle(rules: Rules, facts: Facts, now: datetime) -> Reason | None:  # noqa: PLR0911 - one line a rule
    if rules.channel and facts.is_suppressed:
        return Reason.SUPPRESSED
    if facts.account_status not in (None, "active"):
        return Reason.RESTRICTED
    if rules.is_retired:
        return Reason.RETIRED
    if facts.account_id is None:
        return Reason.PENDING if facts.is_pending else Reason.UNKNOWN_SUBJECT
    if facts.status is None:
        if rules.legal_basis not in APPLIES_WITHOUT_ASKING:
            return Reason.PENDING if facts.is_pending else Reason.NEVER_ASKED
    elif facts.status is not Status.GRANTED:
        return Reason(facts.status.value)
    if facts.expires_at is not None and facts.expires_at <= now:
        return Reason.EXPIRED
    if rules.channel and _lacks_contact(rules, facts):
        return Reason.UNVERIFIED_CONTACT
    if rules.required_version and facts.status and (facts.document_version or "") < rules.required_version:
        return Reason.RECONSENT_REQUIRED
    if facts.paused_until is not None and facts.paused_until > now:
        return Reason.PAUSED
    return None


def _lacks_contact(rules: Rules, facts: Facts) -> bool:
    if rules.channel is Channel.PUSH:
        return False
    return not facts.has_contact or (rules.must_be_verified and not facts.is_verified)


def rules_for(group: SiteGroup, brand: Brand, item: ItemRef, on: date) -> Rules:
    """Give what `brands/` says of an item on a day."""
    return Rules(
        kind=item.kind,
        channel=item.channel,
        is_retired=item.is_retired,
        legal_basis=basis_of(group, item),
        must_be_verified=brand.verified_contact_required,
        required_version=required_version(group, brand if item.brand else group, on, _rests_on(item)),
    )


def required_version(group: SiteGroup, brand: Site, on: date, document: str = PRIVACY) -> str | None:
    """Give the newest version in force of the privacy notice, or another, that asks for consent anew, as ISO date."""
    found = _document(group, brand, document)
    asking = [each for each in found.asking if each.effective <= on] if found else []
    return asking[-1].version.isoformat() if asking else None


def version_in_force(group: SiteGroup, brand: Site, on: date) -> str | None:
    """Give the version of the privacy notice that a consent given on that day rests on, as ISO date."""
    notice = _document(group, brand, PRIVACY)
    return notice.in_force(on).version.isoformat() if notice else None


def _document(group: SiteGroup, brand: Site, slug: str) -> Document | None:
    # One document, so that versions can be compared: the dates of two say nothing of each other.
    return brand.document(slug) or group.document(slug)


def _rests_on(item: ItemRef) -> str:
    """Give the document that an item rests on: what was accepted of a document rests on that one itself."""
    return item.key if item.kind is Kind.DOCUMENT else PRIVACY


def basis_of(group: SiteGroup, item: ItemRef) -> LegalBasis:
    """Give the ground that `brands/` names for an item; consent where it is not known any more."""
    site = group.owner(item.brand)
    if item.kind is Kind.PURPOSE:
        found: Topic | Purpose | None = site.purpose(item.key) if site else None
    else:
        found = site.topic(item.key) if isinstance(site, Brand) else None
    return found.legal_basis if found else LegalBasis.CONSENT


def ask(env: Environment, item: ItemRef, brand: str, subject: Subject, now: datetime) -> Facts:
    """Gather the facts about a subject and an item.

    One prepared statement in autocommit on the primary: it sees every write acknowledged before it (invariant 5).
    Raises `psycopg.OperationalError` when the database is away; nothing is ever answered from memory.
    """
    if subject is None:
        return Facts()
    wanted = CONTACT_KIND.get(item.channel) if item.channel else None
    if isinstance(subject, Address):
        probes = env.digester.probes(subject)
        fits = wanted == subject.kind or item.channel is None
        form = "address" if len(probes) == 1 else "addresses"
        query = _statement(form, wanted if not fits else "asked", form if subject.kind == "email" else "account")
        who = [_bytea(probes[0]) if len(probes) == 1 else b"{" + b",".join(map(_quoted, probes)) + b"}"]
    elif isinstance(subject, ExternalId):
        query = _statement("external", wanted, "account")
        who = [subject.client_id.encode(), subject.system.encode(), subject.value.encode()]
    else:
        query = _statement("account", wanted, "account")
        who = [subject.hex.encode()]
    channel = item.channel.encode() if item.channel else None
    row = env.database.read(query, [b"%d" % item.id, brand.encode(), channel, now.isoformat().encode(), *who])
    return Facts() if row is None else _facts(row)


def _bytea(value: bytes) -> bytes:
    return b"\\x" + value.hex().encode()


def _quoted(value: bytes) -> bytes:
    return b'"\\' + _bytea(value) + b'"'


def _facts(row: Sequence[bytes | None]) -> Facts:
    """Read the row of `_statement`, in PostgreSQL's text form; its times are in UTC."""
    texts = [None if value is None else value.decode() for value in row]
    granted_at, confirmed_at, withdrawn_at, expires_at, paused_until = map(_moment, texts[3:8])
    is_suppressed, is_pending, has_contact, is_verified = (text == "t" for text in texts[11:])
    return Facts(
        account_id=uuid.UUID(texts[0]) if texts[0] else None, account_status=texts[1],
        status=Status(texts[2]) if texts[2] else None,
        granted_at=granted_at, confirmed_at=confirmed_at, withdrawn_at=withdrawn_at, expires_at=expires_at,
        paused_until=paused_until, frequency=texts[8], legal_basis=texts[9], document_version=texts[10],
        is_suppressed=is_suppressed, is_pending=is_pending, has_contact=has_contact, is_verified=is_verified,
    )  # fmt: skip


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


_SUBJECTS = {
    "address": """
        SELECT p.account_id, p.address_digest, p.verified_at
        FROM (SELECT $5::bytea AS digest) d LEFT JOIN contact_point p ON p.address_digest = d.digest""",
    "addresses": """
        SELECT p.account_id, p.address_digest, p.verified_at
        FROM unnest($5::bytea[]) d(digest) LEFT JOIN contact_point p ON p.address_digest = d.digest
        ORDER BY p.account_id NULLS LAST LIMIT 1""",
    "account": "SELECT $5::uuid AS account_id",
    "external": """
        SELECT x.account_id FROM external_id x JOIN oauth_client c ON c.name = x.client
        WHERE c.id = $5::text AND x.system = $6::text AND x.value = $7::text""",
}
"""Whom it is about. An array for one key would be planned anew at each question: PostgreSQL takes its generic plan for
dearer than it is, and planning takes ten times as long as the look-up."""

OF_ACCOUNT = "IN (SELECT address_digest FROM contact_point WHERE account_id = {account})"
"""The addresses of an account."""

_ASKED = {
    "address": "= $5::bytea",
    "addresses": "= ANY($5::bytea[])",
    "account": OF_ACCOUNT.format(account="subject.account_id"),
    "external": OF_ACCOUNT.format(account="subject.account_id"),
}

SUPPRESSED = """EXISTS (
    SELECT FROM suppression s WHERE s.address_digest {digests} AND s.lifted_at IS NULL
    AND (s.lapses_at IS NULL OR s.lapses_at > {now})
    AND (s.brand IS NULL OR s.brand = {brand}) AND (s.channel IS NULL OR s.channel = {channel}))"""

PENDING = """EXISTS (
    SELECT FROM opt_in_request r JOIN opt_in_item i ON i.address_digest = r.address_digest AND i.request_id = r.id
    WHERE r.address_digest {digests} AND r.outcome = 'pending' AND r.expires_at > {now}
    AND i.item_id = {item} AND i.confirmed_at IS NULL AND i.cancelled_at IS NULL)"""

HAS_POSTAL = "EXISTS (SELECT FROM profile_field f WHERE f.account_id = {account} AND f.kind = 'address')"
"""Nobody can prove a postal address, and none is suppressed: for both, the account's primary address stands."""

_ASKED_ABOUT = {"item": "$1::integer", "brand": "$2::text", "channel": "$3::text", "now": "$4::timestamptz"}


@lru_cache
def _statement(subject: str, contact: str | None, asked_by: str) -> bytes:
    """Build the statement for one form of subject and one way to find the address that the channel would use.

    `contact` is `asked` (the address asked about), a kind (the account's primary one of it), or None: the channel
    has no kind of address, and the account's primary one stands for the person. So it does for a postal address.
    Requests are looked for by `asked_by`, a form of subject: they are made with e-mail addresses, so those of somebody
    known by a phone number are found through the account.
    """
    target, found, digests = "", "subject", _ASKED[subject]
    if contact != "asked":
        kind = f"AND c.kind = '{contact}'" if contact not in (None, POSTAL) else ""
        target = f"""LEFT JOIN LATERAL (SELECT * FROM contact_point c WHERE c.account_id = subject.account_id {kind}
                     ORDER BY c.is_primary DESC LIMIT 1) t ON true"""  # noqa: S608 - the same
        found, digests = "t", "= t.address_digest"
    has_contact = f"{found}.address_digest IS NOT NULL" if contact != POSTAL else HAS_POSTAL.format(account="a.id")
    return f"""
        SELECT a.id, a.status, k.status, k.granted_at, k.confirmed_at, k.withdrawn_at, k.expires_at, k.paused_until,
               k.frequency, k.legal_basis, k.document_version,
               {SUPPRESSED.format(digests=digests, **_ASKED_ABOUT)},
               {PENDING.format(digests=_ASKED[asked_by], **_ASKED_ABOUT)},
               {has_contact}, {found}.verified_at IS NOT NULL
        FROM ({_SUBJECTS[subject]}) subject
        LEFT JOIN account a ON a.id = subject.account_id
        LEFT JOIN consent k ON k.account_id = subject.account_id AND k.item_id = $1::integer
        {target}""".encode()  # noqa: S608 - built from the constants above alone
